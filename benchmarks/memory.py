"""Row: resident memory of `badgefed serve` with its worker while an activity goes to 100,000 followers."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
from pathlib import Path

from benchmarks.processes import read_resident_megabytes, running_serve
from benchmarks.report import Row
from benchmarks.sinks import Sink, open_sink
from benchmarks.sizes import Sizes
from benchmarks.stores import Stage, open_stage

TARGET_MEGABYTES = 200
TARGET_GROWTH = 10.0
SAMPLE_SECONDS = 0.25


async def measure_memory(sizes: Sizes) -> list[Row]:
    """Every follower has an inbox of its own; nothing is sent before the server starts."""
    sink = await open_sink(sizes.hosts)
    try:
        with tempfile.TemporaryDirectory() as folder:
            async with open_stage(Path(folder)) as stage:
                origins = itertools.cycle(sink.origins)
                await stage.add_followers(
                    f"{next(origins)}/users/{number}/inbox" for number in range(sizes.followers)
                )
                await stage.publish_note_unsent()
                samples = await _watch(sizes, sink, stage)
    finally:
        await sink.close()
    peak, growth = max(samples), _growth(samples)
    return [
        Row(
            name=f"resident memory, 1 activity to {sizes.followers:,} followers",
            figure=peak,
            unit=" MB",
            target=f"≤ {TARGET_MEGABYTES} MB, flat (± {TARGET_GROWTH:.0f} MB)",
            is_met=peak <= TARGET_MEGABYTES and growth <= TARGET_GROWTH,
            notes=f"from {samples[0]:.0f} MB at the start; second half against first: {growth:+.1f} MB;"
            f" {sink.rate:,.0f} deliveries/s",
        )
    ]


async def _watch(sizes: Sizes, sink: Sink, stage: Stage) -> list[float]:
    """Megabytes, four times a second, from the server's start until every delivery has come."""
    samples: list[float] = []
    async with running_serve(stage) as running:
        arrived = asyncio.create_task(sink.wait_for(sizes.followers, seconds=2 * sizes.patience))
        while not arrived.done():
            samples.append(read_resident_megabytes(running.process.pid))
            await asyncio.wait((arrived,), timeout=SAMPLE_SECONDS)
        await arrived
    return samples


def _growth(samples: list[float]) -> float:
    """How much more the second half has at most than the first, its first tenth left out."""
    settled = samples[len(samples) // 10 :]
    middle = len(settled) // 2
    return max(settled[middle:]) - max(settled[:middle] or settled)
