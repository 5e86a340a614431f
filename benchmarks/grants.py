"""Row: grants a second over HTTP, each with its job in one transaction."""

from __future__ import annotations

import itertools
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.load import limited, raw_request, repeated
from benchmarks.processes import running_bare, running_serve
from benchmarks.report import Row
from benchmarks.sides import BARE, Result, Side, describe, make_documents, measure_by_turns
from benchmarks.sizes import Sizes
from benchmarks.stores import Stage, open_stage

TARGET_RATE = 1_500
TARGET_MILLISECONDS = 50.0


async def measure_grants(sizes: Sizes) -> list[Row]:
    """Each to another Fediverse profile. The notifications stay queued: no worker runs."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with (
            open_stage(folder, EMBEDDED_WORKER="0") as stage,
            running_serve(stage) as ours,
            running_bare(make_documents(folder), folder=folder) as (bare, origin),
        ):
            results = await measure_by_turns(
                sizes,
                _our_side(sizes, stage, ours.process.pid),
                _bare_side(sizes, stage, bare.process.pid, origin),
            )
    return [_row(sizes, *results)]


def _our_side(sizes: Sizes, stage: Stage, pid: int) -> Side:
    requests = _requests(stage)
    return Side(pid=pid, origin=stage.base, status=200, requests=lambda _: limited(requests, sizes.seconds))


def _bare_side(sizes: Sizes, stage: Stage, pid: int, origin: str) -> Side:
    request = raw_request("POST", f"{origin}/json", _headers(stage), _body(stage, 0))
    return Side(pid=pid, origin=origin, status=202, requests=lambda _: repeated(request, sizes.seconds))


def _requests(stage: Stage) -> Iterator[bytes]:
    for number in itertools.count():
        yield raw_request("POST", f"{stage.base}/api/badges/grant", _headers(stage), _body(stage, number))


def _headers(stage: Stage) -> dict[str, str]:
    return {"x-apikey": stage.key, "content-type": "application/json", "user-agent": "benchmarks"}


def _body(stage: Stage, number: int) -> bytes:
    wanted = {
        "badgeId": stage.badge.id,
        "name": f"Person {number}",
        "profileUri": f"https://social.example/@person{number}",
        "evidence": "Was there from the first minute to the last.",
    }
    return json.dumps(wanted).encode()


def _row(sizes: Sizes, ours: Result, bare: Result) -> Row:
    return Row(
        name=f"grants over HTTP, {sizes.connections} connections",
        figure=ours.rate,
        ceiling=bare.rate,
        ceiling_name=f"{BARE} JSON POST",
        target=f"≥ {TARGET_RATE:,}/s, p99 ≤ {TARGET_MILLISECONDS:.0f} ms",
        is_met=ours.rate >= TARGET_RATE and ours.p99 <= TARGET_MILLISECONDS,
        notes=describe(ours, bare),
    )
