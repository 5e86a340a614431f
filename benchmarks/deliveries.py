"""Rows: signed deliveries a second by one worker process, over kept-alive connections and over cold TLS."""

from __future__ import annotations

import itertools
import json
import os
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.ceilings import measure_signatures
from benchmarks.processes import read_cpu_seconds, run_ceiling, running_worker
from benchmarks.report import Row, middle, spread
from benchmarks.sinks import Sink, make_certificates, open_sink
from benchmarks.sizes import Sizes
from benchmarks.stores import Stage, open_stage

WARM_TARGET = 0.5
COLD_TARGET = 0.8
IN_FLIGHT = 64
BODY_BYTES = 3_000
SIGNATURE_SECONDS = 1.0
STATIC_SIGNATURE = f'keyId="https://example.org/actor#main-key",signature="{"A" * 344}"'

Ceiling = Callable[[], Awaitable[float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """Activities that wait when the worker starts: `notes` of them for each inbox. `variables` are the worker's."""

    sink: Sink
    inboxes: list[str]
    notes: int
    variables: dict[str, str]

    @property
    def count(self) -> int:
        return self.notes * len(self.inboxes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """`ceiling` was measured just before; `repeats` are POSTs that came twice."""

    rate: float
    ceiling: float
    cpu_milliseconds: float
    repeats: int


async def measure_deliveries(sizes: Sizes) -> list[Row]:
    """Many activities to the shared inbox of each host, and one activity to many inboxes."""

    async def ceiling() -> float:
        return measure_signatures(min(SIGNATURE_SECONDS, sizes.seconds))

    sink = await open_sink(sizes.hosts)
    shared = [f"{origin}/inbox" for origin in sink.origins]
    numbered = (f"{inbox}/{number}" for number in itertools.count() for inbox in shared)
    inboxes = list(itertools.islice(numbered, sizes.inboxes))
    try:
        many = await _measure(
            sizes, Burst(sink=sink, inboxes=shared, notes=sizes.notes, variables={}), ceiling
        )
        one = await _measure(sizes, Burst(sink=sink, inboxes=inboxes, notes=1, variables={}), ceiling)
    finally:
        await sink.close()
    name = "RSA-2048 signatures, one core"
    return [
        _row(f"{sizes.notes} activities to {sizes.hosts} hosts each", many, name, WARM_TARGET),
        _row(f"1 activity to {sizes.inboxes:,} inboxes on {sizes.hosts} hosts", one, name, WARM_TARGET),
    ]


async def measure_cold_deliveries(sizes: Sizes) -> list[Row]:
    """As many activities to each host, whose server closes each connection after one answer."""
    with tempfile.TemporaryDirectory() as folder:
        authority = Path(folder) / "authority.pem"
        certificates = make_certificates(sizes.hosts, authority)
        trust = {"SSL_CERT_FILE": str(authority)}
        sink = await open_sink(sizes.hosts, certificates=certificates, closes=True)
        shared = [f"{origin}/inbox" for origin in sink.origins]
        try:
            runs = await _measure(
                sizes,
                Burst(sink=sink, inboxes=shared, notes=sizes.cold, variables=trust),
                lambda: _post_cold(shared * sizes.cold, trust),
            )
        finally:
            await sink.close()
    what = f"{sizes.cold} activities to {sizes.hosts} hosts each, cold TLS"
    return [_row(what, runs, "aiohttp, cold TLS, unsigned", COLD_TARGET)]


async def _post_cold(urls: list[str], trust: dict[str, str]) -> float:
    """What plain aiohttp does of the same a second."""
    given = {
        "urls": urls,
        "headers": {"Content-Type": "application/activity+json", "Signature": STATIC_SIGNATURE},
        "body": "x" * BODY_BYTES,
        "in_flight": IN_FLIGHT,
    }
    output = await run_ceiling(
        ["cold"], given=json.dumps(given).encode(), environment={**os.environ, **trust}
    )
    answer: dict[str, Any] = json.loads(output)
    if answer["statuses"] != [202]:
        raise RuntimeError(f"the sink answered {answer['statuses']}")
    return float(answer["count"] / answer["seconds"])


async def _measure(sizes: Sizes, burst: Burst, ceiling: Ceiling) -> list[Run]:
    with tempfile.TemporaryDirectory() as folder:
        async with open_stage(Path(folder)) as stage:
            await stage.add_followers(burst.inboxes)
            return [await _measure_run(sizes, stage, burst, await ceiling()) for _ in range(sizes.runs)]


async def _measure_run(sizes: Sizes, stage: Stage, burst: Burst, ceiling: float) -> Run:
    """Activities are published and queued; then a worker starts and sends them all."""
    sink = burst.sink
    await stage.publish_notes(burst.notes)
    sink.reset()
    async with running_worker(stage, **burst.variables) as worker:
        await sink.wait_for(1, seconds=sizes.patience)
        before = read_cpu_seconds(worker.process.pid)
        await sink.wait_for(burst.count, seconds=sizes.patience)
        cpu_seconds = read_cpu_seconds(worker.process.pid) - before
    if b"\r\nSignature: " not in sink.sample:
        raise RuntimeError("the deliveries are not signed")
    return Run(
        rate=sink.rate,
        ceiling=ceiling,
        cpu_milliseconds=cpu_seconds * 1000 / burst.count,
        repeats=sink.requests - len(sink.distinct),
    )


def _row(what: str, runs: list[Run], ceiling_name: str, target: float) -> Row:
    rate, ceiling = middle([run.rate for run in runs]), middle([run.ceiling for run in runs])
    cpu = middle([run.cpu_milliseconds for run in runs])
    repeats = sum(run.repeats for run in runs)
    twice = f"; {repeats} came twice" if repeats else ""
    return Row(
        name=f"deliveries, {what}",
        figure=rate,
        ceiling=ceiling,
        ceiling_name=ceiling_name,
        target=f"ratio ≥ {target}",
        is_met=rate / ceiling >= target,
        notes=f"{cpu:.2f} ms of CPU each; {spread([run.rate for run in runs])}{twice}",
    )
