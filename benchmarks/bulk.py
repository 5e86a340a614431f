"""Row: how long a list of 10,000 recipients takes to be accepted, and what memory that needs."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from benchmarks.processes import read_resident_megabytes, running_serve
from benchmarks.report import Row
from benchmarks.sizes import Sizes
from benchmarks.stores import Stage, open_stage

ROWS = 10_000
TARGET_SECONDS = 10.0
TARGET_GROWTH = 100.0
SAMPLE_SECONDS = 0.05


async def measure_bulk(_: Sizes) -> list[Row]:
    """Over HTTP, with no worker: the rows stay to be granted."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_stage(Path(folder), EMBEDDED_WORKER="0") as stage, running_serve(stage) as running:
            before = read_resident_megabytes(running.process.pid)
            sending = asyncio.create_task(_send(stage))
            samples = [before]
            while not sending.done():
                samples.append(read_resident_megabytes(running.process.pid))
                await asyncio.wait((sending,), timeout=SAMPLE_SECONDS)
            seconds = await sending
    growth = max(samples) - before
    return [
        Row(
            name=f"a list of {ROWS:,} rows accepted",
            figure=seconds,
            unit=" s",
            target=f"≤ {TARGET_SECONDS:.0f} s, ≤ {TARGET_GROWTH:.0f} MB more",
            is_met=seconds <= TARGET_SECONDS and growth <= TARGET_GROWTH,
            notes=f"memory {before:.0f} MB, {growth:+.0f} MB at most",
        )
    ]


async def _send(stage: Stage) -> float:
    text = "email,name,evidence\n" + "".join(
        f"person{number}@example.org,Person {number},https://example.org/work/{number}\n"
        for number in range(ROWS)
    )
    async with httpx.AsyncClient(timeout=120) as client:
        started = time.perf_counter()
        response = await client.post(
            f"{stage.base}/api/bulk?badge={stage.badge.id}",
            content=text.encode(),
            headers={"X-ApiKey": stage.key, "Content-Type": "text/csv"},
        )
    answer: dict[str, Any] = response.json()
    if response.status_code != 200 or answer["bulk"]["total"] != ROWS:
        raise RuntimeError(f"the list was not accepted: {response.status_code} {response.text[:200]}")
    return time.perf_counter() - started
