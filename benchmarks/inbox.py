"""Row: verified inbox POSTs a second by one process that knows the keys."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path

from benchmarks.load import limited, repeated, send_load
from benchmarks.processes import running_bare, running_serve
from benchmarks.report import Row
from benchmarks.senders import Senders, like, make_senders
from benchmarks.sides import BARE, Result, Side, describe, make_documents, measure_by_turns
from benchmarks.sinks import open_sink
from benchmarks.sizes import Sizes
from benchmarks.stores import Stage, open_stage

TARGET_RATE = 2_000
TARGET_RATIO = 0.15
FETCHING = 8


async def measure_inbox(sizes: Sizes) -> list[Row]:
    """Likes of published badges, each of another actor or another badge, so that each is written down."""
    sink = await open_sink(sizes.hosts)
    try:
        with tempfile.TemporaryDirectory() as name:
            async with open_stage(Path(name), EMBEDDED_WORKER="0") as stage:
                return [await _measure(sizes, stage, make_senders(sink))]
    finally:
        await sink.close()


async def _measure(sizes: Sizes, stage: Stage, senders: Senders) -> Row:
    inbox = f"{stage.base}/inbox"
    posts = sizes.posts * sizes.runs
    grants = await stage.publish_notes(-(-posts // len(senders.actors)) + 1)
    notes = [grant.note_uri for grant in grants]
    first = senders.sign_all(inbox, [like(actor, 0, notes[0]) for actor in senders.actors])
    likes = (like(actor, n, notes[n]) for n in range(1, len(notes)) for actor in senders.actors)
    requests = senders.sign_all(inbox, itertools.islice(likes, posts))
    async with (
        running_serve(stage) as ours,
        running_bare(make_documents(stage.folder), folder=stage.folder) as (bare, origin),
    ):
        # The server fetches the key of each actor that it hears of for the first time.
        (await send_load(stage.base, first, connections=FETCHING)).require(202)
        results = await measure_by_turns(
            sizes,
            _our_side(sizes, stage, ours.process.pid, requests),
            _bare_side(sizes, senders, bare.process.pid, origin),
        )
    return _row(sizes, *results)


def _our_side(sizes: Sizes, stage: Stage, pid: int, requests: list[bytes]) -> Side:
    def of_run(run: int) -> list[bytes]:
        return requests[run * sizes.posts : (run + 1) * sizes.posts]

    return Side(
        pid=pid, origin=stage.base, status=202, requests=lambda run: limited(of_run(run), sizes.patience)
    )


def _bare_side(sizes: Sizes, senders: Senders, pid: int, origin: str) -> Side:
    actor = senders.actors[0]
    request = senders.sign(f"{origin}/json", actor, like(actor, 1, f"{origin}/actor/club/statuses/1"))
    return Side(pid=pid, origin=origin, status=202, requests=lambda _: repeated(request, sizes.seconds))


def _row(sizes: Sizes, ours: Result, bare: Result) -> Row:
    return Row(
        name=f"verified inbox POSTs (Like), {sizes.connections} connections",
        figure=ours.rate,
        ceiling=bare.rate,
        ceiling_name=f"{BARE} JSON POST",
        target=f"≥ {TARGET_RATE:,}/s, ratio ≥ {TARGET_RATIO}",
        is_met=ours.rate >= TARGET_RATE and ours.rate / bare.rate >= TARGET_RATIO,
        notes=describe(ours, bare),
    )
