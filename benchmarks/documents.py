"""Rows: GET of an actor and of a Note, beside a bare Starlette route that answers the same bytes."""

from __future__ import annotations

import tempfile
from pathlib import Path

import httpx

from benchmarks.load import raw_request, repeated
from benchmarks.processes import running_bare, running_serve
from benchmarks.report import Row
from benchmarks.sides import BARE, Result, Side, describe, make_documents, measure_by_turns
from benchmarks.sizes import Sizes
from benchmarks.stores import open_stage

TARGET = 0.75
ACCEPT = 'application/activity+json, application/ld+json; profile="https://www.w3.org/ns/activitystreams"'


async def measure_documents(sizes: Sizes) -> list[Row]:
    """The documents are fetched from ours first, so that the bare server can answer the same."""
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with open_stage(folder, EMBEDDED_WORKER="0") as stage:
            (grant,) = await stage.publish_notes(1)
            urls = {"actor": stage.issuer.actor_id, "Note": grant.note_uri}
            async with running_serve(stage) as ours:
                bodies = await _fetch(urls)
                async with running_bare(make_documents(folder, bodies), folder=folder) as (bare, origin):
                    for what, url in urls.items():
                        results = await measure_by_turns(
                            sizes,
                            _side(sizes, ours.process.pid, url),
                            _side(sizes, bare.process.pid, f"{origin}/document/{what}"),
                        )
                        rows.append(_row(what, *results, size=len(bodies[what])))
    return rows


async def _fetch(urls: dict[str, str]) -> dict[str, bytes]:
    async with httpx.AsyncClient(headers={"accept": ACCEPT}) as client:
        return {name: (await client.get(url)).raise_for_status().content for name, url in urls.items()}


def _side(sizes: Sizes, pid: int, url: str) -> Side:
    request = raw_request("GET", url, {"accept": ACCEPT, "user-agent": "benchmarks"})
    return Side(pid=pid, origin=url, status=200, requests=lambda _: repeated(request, sizes.seconds))


def _row(what: str, ours: Result, bare: Result, *, size: int) -> Row:
    return Row(
        name=f"GET {what}",
        figure=ours.rate,
        ceiling=bare.rate,
        ceiling_name=f"{BARE} route, same bytes",
        target=f"ratio ≥ {TARGET}",
        is_met=ours.rate / bare.rate >= TARGET,
        notes=f"{size:,} bytes; {describe(ours, bare)}",
    )
