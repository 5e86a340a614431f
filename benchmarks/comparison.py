"""Rows: the inbox and delivery rates of a Fedify server, in the same run and under the same load."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
import time
from pathlib import Path

from benchmarks.fedify import Peer, running_peer
from benchmarks.load import Load, limited, send_load
from benchmarks.report import Row, middle, spread
from benchmarks.senders import follow, like, make_senders
from benchmarks.sinks import Sink, open_sink
from benchmarks.sizes import Sizes
from tests.interop import fedify as fedify_peers
from tests.interop.npm import CannotInstall

INBOX = "Fedify: verified inbox POSTs (Like)"
DELIVERIES = "Fedify: signed deliveries"
FLOOD = "Fedify: signed POSTs past its queue"
FLOODS = 5


async def measure_comparison(sizes: Sizes) -> list[Row]:
    """Not measured where Fedify's packages can't be had; the notes say why."""
    try:
        program = await asyncio.to_thread(fedify_peers.install)
    except CannotInstall as reason:
        return [Row(name=name, notes=str(reason)) for name in (INBOX, DELIVERIES, FLOOD)]
    sink = await open_sink(sizes.hosts)
    try:
        with tempfile.TemporaryDirectory() as name:
            async with running_peer(program, Path(name)) as peer:
                inbox = await _measure_inbox(sizes, sink, peer)
                deliveries = await _measure_deliveries(sizes, sink, peer)
                flood = await _measure_flood(sizes, sink, peer)
    finally:
        await sink.close()
    return [inbox, deliveries, flood]


async def _measure_inbox(sizes: Sizes, sink: Sink, peer: Peer) -> Row:
    senders = make_senders(sink)
    inbox = f"{peer.origin}/inbox"
    note = f"{peer.actor}/notes/1"
    first = senders.sign_all(inbox, [like(actor, 0, note) for actor in senders.actors])
    (await send_load(peer.origin, first, connections=8)).require(202)
    numbers = itertools.count(1)
    loads: list[Load] = []
    for _ in range(sizes.runs):
        actors = itertools.islice(itertools.cycle(senders.actors), sizes.peer_posts)
        requests = senders.sign_all(inbox, [like(actor, next(numbers), note) for actor in actors])
        load = await send_load(peer.origin, limited(requests, sizes.patience), connections=sizes.connections)
        loads.append(load.require(202))
    rates = [load.rate for load in loads]
    return Row(
        name=INBOX, figure=middle(rates), notes=f"queued in its memory when it answers; {spread(rates)}"
    )


async def _measure_deliveries(sizes: Sizes, sink: Sink, peer: Peer) -> Row:
    senders = make_senders(sink, "/users/follower")
    follows = [follow(actor, peer.actor) for actor in senders.actors]
    requests = senders.sign_all(f"{peer.origin}/inbox", follows)
    (await send_load(peer.origin, requests, connections=8)).require(202)
    await _await_followers(peer, len(follows), sizes.patience)
    rates = []
    for _ in range(sizes.runs):
        sink.reset()
        await asyncio.gather(*(peer.post_note() for _ in range(sizes.peer_notes)))
        await sink.wait_for(sizes.peer_notes * len(follows), seconds=sizes.patience)
        rates.append(sink.rate)
    return Row(
        name=DELIVERIES,
        figure=middle(rates),
        notes=f"{sizes.peer_notes} activities to each of {sizes.hosts} hosts; {spread(rates)}",
    )


async def _measure_flood(sizes: Sizes, sink: Sink, peer: Peer) -> Row:
    inbox = f"{sink.origins[0]}/inbox"
    rates = [await peer.flood(inbox, sizes.peer_posts * FLOODS) for _ in range(sizes.runs)]
    return Row(
        name=FLOOD, figure=middle(rates), notes=f"to one inbox, nothing is written down; {spread(rates)}"
    )


async def _await_followers(peer: Peer, count: int, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while await peer.count_followers() < count:
        if time.monotonic() > deadline:
            raise TimeoutError("Fedify did not take all Follows")
        await asyncio.sleep(0.1)
