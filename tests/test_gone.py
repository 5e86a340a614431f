from __future__ import annotations

import pytest

from badgefed.work.services import Services
from tests.conftest import World
from tests.sinks import (
    Sink,
    actor_document,
    follow,
    make_worker,
    publish,
    queue,
    run_due,
    waiting_jobs,
)
from tests.world import Clock, Network, answer

INBOX = "https://peer.example/inbox"
PERSONAL = "https://peer.example/users/bob/inbox"


@pytest.fixture
def sink(network: Network) -> Sink:
    sink = Sink()
    network.mount("peer.example", sink)
    return sink


async def test_an_actor_that_is_gone_is_forgotten_with_what_waits_for_it(
    any_services: Services, any_world: World, sink: Sink
) -> None:
    actor = "https://peer.example/users/bob"
    sink.always = 410
    sink.documents[actor] = answer(410)
    await follow(any_services, any_world.issuer, [actor], shared=False)
    await publish(any_services, any_world.issuer, "n1")
    await run_due(make_worker(any_services))
    assert await queue(any_services) == []
    assert await any_services.database.all("SELECT id FROM followers") == []
    assert await any_services.database.all("SELECT id FROM remote_actors") == []


async def test_a_tombstone_counts_as_gone(services: Services, world: World, sink: Sink) -> None:
    actor = "https://peer.example/users/bob"
    sink.always = 404
    sink.documents[actor] = answer(200, f'{{"id":"{actor}","type":"Tombstone"}}'.encode())
    await follow(services, world.issuer, [actor], shared=False)
    await publish(services, world.issuer, "n1")
    await run_due(make_worker(services))
    assert await services.database.all("SELECT id FROM followers") == []


async def test_an_actor_that_is_not_found_has_a_week(
    services: Services, world: World, sink: Sink, clock: Clock
) -> None:
    actor = "https://peer.example/users/bob"
    sink.always = 404
    await follow(services, world.issuer, [actor], shared=False)
    worker = make_worker(services)
    for day in range(8):
        assert len(await services.database.all("SELECT id FROM followers")) == 1, f"day {day}"
        await publish(services, world.issuer, f"n{day}")
        await run_due(worker)
        clock.advance(24 * 3600)
    assert await services.database.all("SELECT id FROM followers") == []


async def test_a_shared_inbox_that_is_no_more_is_replaced_by_personal_ones(
    any_services: Services, any_world: World, sink: Sink, network: Network, clock: Clock
) -> None:
    actors = [f"https://peer.example/users/{name}" for name in ("ann", "bob")]
    sink.answers = [404]
    for actor in actors:
        sink.documents[actor] = actor_document(actor, shared_inbox=INBOX)
    await follow(any_services, any_world.issuer, actors, shared=True)
    await publish(any_services, any_world.issuer, "n1")
    worker = make_worker(any_services)
    await run_due(worker)
    clock.advance(1)
    await run_due(worker)
    assert sink.urls == [f"{actor}/inbox" for actor in actors]
    await publish(any_services, any_world.issuer, "n2")
    for _ in range(3):
        await run_due(worker)
        clock.advance(1)
    assert sink.urls[2:] == [f"{actor}/inbox" for actor in actors]
    assert len([request for request in network.requests if request.method == "GET"]) == 1


async def test_an_inbox_that_moved_is_followed(services: Services, world: World, sink: Sink) -> None:
    actor = "https://peer.example/users/bob"
    sink.answers = [404]
    sink.documents[actor] = actor_document(actor, inbox="https://peer.example/new/bob")
    await follow(services, world.issuer, [actor], shared=False)
    await publish(services, world.issuer, "n1", to_followers=False, inboxes=[PERSONAL])
    await run_due(make_worker(services))
    assert sink.urls == ["https://peer.example/new/bob"]


async def test_an_actor_that_lives_changes_nothing(services: Services, world: World, sink: Sink) -> None:
    actor = "https://peer.example/users/bob"
    sink.always = 404
    sink.documents[actor] = actor_document(actor)
    await follow(services, world.issuer, [actor], shared=False)
    await publish(services, world.issuer, "n1")
    await run_due(make_worker(services))
    assert await queue(services) == [(PERSONAL, "ready", 1)]
    assert await waiting_jobs(services) == []
