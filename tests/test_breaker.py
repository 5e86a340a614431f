from __future__ import annotations

import pytest

from badgefed.errors import FetchFailed
from badgefed.model.times import DAY, SECOND
from badgefed.work.services import Services
from tests.conftest import World
from tests.sinks import (
    Sink,
    hear_from,
    host_row,
    make_worker,
    publish,
    queue,
    run_due,
)
from tests.world import Clock, Network

INBOX = "https://peer.example/inbox"


@pytest.fixture
def sink(network: Network) -> Sink:
    sink = Sink()
    network.mount("peer.example", sink)
    return sink


async def send(services: Services, world: World, name: str = "n1", inbox: str = INBOX) -> None:
    await publish(services, world.issuer, name, to_followers=False, inboxes=[inbox])


async def break_host(services: Services, world: World, sink: Sink, *, failure: FetchFailed | int) -> None:
    """Five deliveries, each of which fails once."""
    sink.always = failure
    for number in range(5):
        await send(services, world, f"n{number}")
    await run_due(make_worker(services))
    assert len(sink.requests) == 5


@pytest.mark.parametrize(
    "failure", [500, FetchFailed("dns", ""), FetchFailed("tls", ""), FetchFailed("timeout", "")]
)
async def test_breaker_opens_after_five_failures_and_lets_one_probe_through_after_half_an_hour(
    any_services: Services, any_world: World, sink: Sink, clock: Clock, failure: FetchFailed | int
) -> None:
    await break_host(any_services, any_world, sink, failure=failure)
    worker = make_worker(any_services)
    await send(any_services, any_world, "late")
    for _ in range(29):
        clock.advance(60)
        assert not await worker.step(only="deliveries"), "an open breaker makes no work"
    clock.advance(60)
    await run_due(worker)
    assert len(sink.requests) == 6, "one probe"
    clock.advance(29 * 60)
    await run_due(worker)
    assert len(sink.requests) == 6, "it failed: open again"
    sink.always = 202
    clock.advance(60)
    await run_due(worker)
    assert len(sink.received) == 6
    assert await queue(any_services) == []
    assert (await host_row(any_services))["failures"] == 0


async def test_rows_of_an_open_breaker_are_not_touched(
    services: Services, world: World, sink: Sink, clock: Clock
) -> None:
    await break_host(services, world, sink, failure=500)
    await send(services, world, "late")
    before = await queue(services)
    clock.advance(20 * 60)
    await run_due(make_worker(services))
    assert await queue(services) == before
    assert before[-1] == (INBOX, "ready", 0)


async def test_an_inbound_request_closes_the_breaker(
    any_services: Services, any_world: World, sink: Sink, clock: Clock
) -> None:
    await break_host(any_services, any_world, sink, failure=500)
    sink.always = 202
    clock.advance(120)
    worker = make_worker(any_services)
    await run_due(worker)
    assert sink.received == []
    await hear_from(any_services, "other.example")
    await run_due(worker)
    assert sink.received == []
    await hear_from(any_services, "peer.example")
    await run_due(worker)
    assert len(sink.received) == 5


async def test_an_answer_in_between_starts_the_count_again(
    services: Services, world: World, sink: Sink
) -> None:
    sink.answers = [500, 500, 500, 500, 403]
    sink.always = 500
    for number in range(9):
        await send(services, world, f"n{number}")
    await run_due(make_worker(services))
    row = await host_row(services)
    assert row["failures"] == 4
    assert row["open_until"] is None


@pytest.mark.parametrize(
    ("age", "is_kept"), [(6 * DAY, True), (8 * DAY, False)], ids=["within a week", "after a week"]
)
async def test_what_waits_for_a_dead_host_is_given_up_after_a_week(
    any_services: Services, any_world: World, sink: Sink, clock: Clock, age: int, is_kept: bool
) -> None:
    await break_host(any_services, any_world, sink, failure=500)
    clock.advance(age / SECOND)
    await clean_up(any_services)
    states = {state for _, state, _ in await queue(any_services)}
    assert states == ({"ready"} if is_kept else {"failed"})


async def test_hosts_without_deliveries_are_forgotten_after_a_week(
    any_services: Services, any_world: World, sink: Sink, clock: Clock, network: Network
) -> None:
    network.mount("waiting.example", Sink(always=500))
    await send(any_services, any_world)
    await run_due(make_worker(any_services))
    clock.advance(6 * 24 * 3600)
    await clean_up(any_services)
    await host_row(any_services)
    await send(any_services, any_world, "n2", "https://waiting.example/inbox")
    await make_worker(any_services).step(only="deliveries")
    clock.advance(2 * 24 * 3600)
    await clean_up(any_services)
    assert await any_services.database.all("SELECT host FROM hosts") == [{"host": "waiting.example"}]


async def clean_up(services: Services) -> None:
    await services.database.write(
        lambda tx: tx.execute(
            "INSERT INTO jobs (kind, payload, state, priority, attempt, not_before, created_at)"
            " VALUES ('clean', '{}', 'ready', 3, 0, 0, 0)"
        )
    )
    await make_worker(services).step(only="jobs")
