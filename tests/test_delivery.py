from __future__ import annotations

import asyncio
from collections.abc import Callable
from email.utils import format_datetime, parsedate_to_datetime

import pytest

from badgefed.errors import AddressRefused, FetchFailed
from badgefed.model.times import DAY, HOUR, SECOND, from_datetime, to_datetime
from badgefed.net.transport import Request, Response
from badgefed.protocol import keys, signatures
from badgefed.protocol.signed_request import Authorities, InboundRequest
from badgefed.store.jobs import Priority
from badgefed.work.lanes import PER_TURN
from badgefed.work.services import Services
from tests.conftest import World
from tests.sinks import (
    Sink,
    host_row,
    make_worker,
    publish,
    queue,
    run_due,
)
from tests.world import Clock, Network, answer

INBOX = "https://peer.example/inbox"
PERSONAL = "https://peer.example/users/bob/inbox"


@pytest.fixture
def sink(network: Network) -> Sink:
    sink = Sink()
    network.mount("peer.example", sink)
    return sink


async def send(services: Services, world: World, name: str = "n1", inbox: str = INBOX) -> None:
    await publish(services, world.issuer, name, to_followers=False, inboxes=[inbox])


def scheme_of(request: Request) -> str:
    return "rfc9421" if "Signature-Input" in request.headers else "cavage"


async def verify(services: Services, world: World, request: Request) -> None:
    """As a strict peer: raises SignatureRejected."""
    inbound = InboundRequest(
        method=request.method,
        target="/inbox",
        headers={name.lower(): (value,) for name, value in request.headers.items()},
        body=request.body,
    )
    key = await services.keyring.rsa(world.issuer.id)
    signature = signatures.parse(inbound)
    assert signature.key_id == f"{world.issuer.actor_id}#main-key"
    signatures.verify(
        signature,
        inbound,
        keys.load_public_pem(key.public_key),
        authorities=Authorities.of([INBOX]),
        now=services.clock() / SECOND,
    )


async def test_an_activity_arrives_signed_and_leaves_nothing_behind(
    any_services: Services, any_world: World, sink: Sink
) -> None:
    await send(any_services, any_world)
    await run_due(make_worker(any_services))
    (request,) = sink.requests
    await verify(any_services, any_world, request)
    assert request.headers["Content-Type"] == "application/activity+json"
    assert scheme_of(request) == "cavage"
    assert await queue(any_services) == []
    row = await host_row(any_services)
    assert (row["next_at"], row["lease_until"], row["delivered"], row["failed"]) == (None, 0, 1, 0)


async def test_each_attempt_is_signed_anew_with_a_fresh_date(
    services: Services, world: World, sink: Sink, clock: Clock
) -> None:
    sink.answers = [503, 503]
    await send(services, world)
    worker = make_worker(services)
    for _ in range(3):
        clock.advance(600)
        await run_due(worker)
        date = from_datetime(parsedate_to_datetime(sink.requests[-1].headers["Date"]))
        assert abs(clock.now - date) < SECOND
        await verify(services, world, sink.requests[-1])
    assert len(sink.requests) == 3
    assert await queue(services) == []


@pytest.mark.parametrize("status", [400, 401])
async def test_a_peer_that_wants_the_other_scheme_is_knocked_at_twice_and_remembered(
    services: Services, world: World, sink: Sink, status: int
) -> None:
    sink.answers = [status]
    await send(services, world, "n1")
    worker = make_worker(services)
    await run_due(worker)
    assert [scheme_of(request) for request in sink.requests] == ["cavage", "rfc9421"]
    await verify(services, world, sink.requests[1])
    await send(services, world, "n2")
    await run_due(worker)
    assert [scheme_of(request) for request in sink.requests[2:]] == ["rfc9421"]
    sink.answers = [status]
    await send(services, world, "n3")
    await run_due(worker)
    assert [scheme_of(request) for request in sink.requests[3:]] == ["rfc9421", "cavage"]
    assert (await host_row(services))["scheme"] == "cavage"
    assert [name for _, name in sink.received] == ["n1", "n2", "n3"]


async def test_a_peer_that_refuses_both_schemes_gets_no_third_knock(
    services: Services, world: World, sink: Sink
) -> None:
    sink.always = 401
    await send(services, world)
    await run_due(make_worker(services))
    assert [scheme_of(request) for request in sink.requests] == ["cavage", "rfc9421"]
    assert await queue(services) == [(INBOX, "ready", 1)]


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        ([400, 401], "failed"),
        ([401, 400], "ready"),
        ([400, 403], "failed"),
        ([401, 403], "failed"),
        ([401, 500], "ready"),
        ([401, FetchFailed("network", "gone away")], "ready"),
        ([400, FetchFailed("network", "gone away")], "failed"),
    ],
)
async def test_the_clearer_of_two_answers_counts(
    services: Services, world: World, sink: Sink, answers: list[int | Response | FetchFailed], state: str
) -> None:
    sink.answers = answers
    await send(services, world)
    await run_due(make_worker(services))
    assert await queue(services) == [(INBOX, state, 1)]


@pytest.mark.parametrize(
    ("reply", "state", "failures"),
    [
        (400, "failed", 0),
        (403, "failed", 0),
        (405, "failed", 0),
        (406, "failed", 0),
        (413, "failed", 0),
        (415, "failed", 0),
        (422, "failed", 0),
        (451, "failed", 0),
        (401, "ready", 0),
        (404, "ready", 0),
        (408, "ready", 0),
        (410, "ready", 0),
        (429, "ready", 0),
        (500, "ready", 1),
        (502, "ready", 1),
        (503, "ready", 1),
        (FetchFailed("network", ""), "ready", 1),
        (FetchFailed("tls", ""), "ready", 1),
        (FetchFailed("timeout", ""), "ready", 1),
        (FetchFailed("dns", ""), "ready", 1),
        (FetchFailed("malformed", ""), "ready", 1),
        (AddressRefused("private"), "failed", 0),
    ],
)
async def test_retry_table(
    any_services: Services,
    any_world: World,
    sink: Sink,
    reply: int | FetchFailed,
    state: str,
    failures: int,
) -> None:
    sink.always = reply
    await send(any_services, any_world)
    await run_due(make_worker(any_services))
    assert await queue(any_services) == [(INBOX, state, 1)]
    assert (await host_row(any_services))["failures"] == failures


async def test_a_delivery_is_tried_seventeen_times_over_two_to_four_days_and_given_up(
    services: Services, world: World, sink: Sink, clock: Clock
) -> None:
    sink.always = 401
    await send(services, world)
    worker = make_worker(services)
    start, hours = clock.now, 0
    while (await queue(services))[0][1] == "ready":
        await run_due(worker)
        clock.advance(900)
        hours += 1
        assert hours < 1000
    assert len(sink.requests) == 2 * 17
    assert 2 * DAY < clock.now - start < 4 * DAY
    assert (await host_row(services))["next_at"] is None


@pytest.mark.parametrize("form", ["seconds", "date"])
@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_holds_the_whole_host_back_and_is_no_failure(
    services: Services, world: World, sink: Sink, clock: Clock, form: str, status: int
) -> None:
    until = to_datetime(clock.now + 2 * HOUR)
    value = "7200" if form == "seconds" else format_datetime(until, usegmt=True)
    sink.answers = [answer(status, retry_after=value)]
    await send(services, world, "n1")
    worker = make_worker(services)
    await run_due(worker)
    await send(services, world, "n2", PERSONAL)
    clock.advance(7190)
    await run_due(worker)
    assert len(sink.requests) == 1
    clock.advance(20)
    await run_due(worker)
    assert sorted(name for _, name in sink.received) == ["n1", "n2"]
    assert (await host_row(services))["failures"] == 0


async def test_create_update_and_delete_arrive_in_order_whatever_the_peer_does(
    any_services: Services, any_world: World, sink: Sink, clock: Clock
) -> None:
    sink.answers = [500, 202, 503, 401, 401, 202, FetchFailed("timeout", ""), 429]
    for kind in ("Create", "Update"):
        for name in ("n1", "n2"):
            await publish(any_services, any_world.issuer, name, kind, to_followers=False, inboxes=[INBOX])
    worker = make_worker(any_services)
    for _ in range(30):
        await run_due(worker)
        clock.advance(60)
    for name in ("n1", "n2"):
        await publish(any_services, any_world.issuer, name, "Delete", to_followers=False, inboxes=[INBOX])
    sink.answers = [500]
    for _ in range(10):
        await run_due(worker)
        clock.advance(60)
    for name in ("n1", "n2"):
        kinds = [kind for kind, about in sink.received if about == name]
        assert kinds == ["Create", "Update", "Delete"]


async def test_one_inbox_that_fails_does_not_hold_up_another_one_of_its_host(
    services: Services, world: World, network: Network
) -> None:
    """Both get the same activity: nothing says that one has to come before the other."""
    seen: list[str] = []

    async def peer(request: Request) -> Response:
        seen.append(request.url)
        return answer(500 if "broken" in request.url else 202)

    network.mount("peer.example", peer)
    urls = ["https://peer.example/broken", "https://peer.example/fine"]
    await publish(services, world.issuer, "n1", to_followers=False, inboxes=urls)
    await run_due(make_worker(services))
    assert sorted(seen) == urls
    assert await queue(services) == [(urls[0], "ready", 1)]


async def test_what_is_for_a_person_goes_first(services: Services, world: World, sink: Sink) -> None:
    await services.keyring.rsa(world.issuer.id)
    priorities = [Priority.BACKGROUND, Priority.CHANGE, Priority.PUBLIC, Priority.PERSON]
    for priority in priorities:
        await publish(
            services,
            world.issuer,
            priority.name,
            to_followers=False,
            inboxes=[INBOX],
            priority=priority,
        )
    await run_due(make_worker(services))
    assert [name for _, name in sink.received] == ["PERSON", "PUBLIC", "CHANGE", "BACKGROUND"]


async def test_no_more_than_two_requests_at_once_to_a_host_and_twenty_in_a_turn(
    services: Services, world: World, network: Network
) -> None:
    active, most = 0, 0

    async def peer(_request: Request) -> Response:
        nonlocal active, most
        active += 1
        most = max(most, active)
        await asyncio.sleep(0)
        active -= 1
        return answer(202)

    network.mount("peer.example", peer)
    for number in range(50):
        await send(services, world, f"n{number}")
    worker = make_worker(services)
    await worker.step(only="deliveries")
    assert len(network.requests) == PER_TURN
    await run_due(worker)
    assert len(network.requests) == 50
    assert most == 2


async def test_a_peer_that_never_answers_does_not_hold_others_up(
    services: Services, world: World, network: Network, sink: Sink
) -> None:
    """The worker runs for real; the slow peer is let go only after everything else has arrived."""
    let_go, done = asyncio.Event(), asyncio.Event()
    arrived: list[str] = []

    async def slow(_request: Request) -> Response:
        await let_go.wait()
        return answer(202)

    async def quick(request: Request) -> Response:
        arrived.append(request.url)
        if len(arrived) == 600:
            done.set()
        return answer(202)

    network.mount("slow.example", slow)
    for number in range(200):
        network.mount(f"h{number}.example", quick)
    urls = ["https://slow.example/inbox", *(f"https://h{number}.example/inbox" for number in range(200))]
    for name in ("n1", "n2", "n3"):
        await publish(services, world.issuer, name, to_followers=False, inboxes=urls)
    stop = asyncio.Event()
    running = asyncio.create_task(make_worker(services).run(stop))
    async with asyncio.timeout(60):
        await done.wait()
    assert [inbox for inbox, _, _ in await queue(services) if "slow" in inbox] == [urls[0]] * 3
    let_go.set()
    stop.set()
    services.wake.set()
    await running
    assert len(arrived) == 600


async def test_a_worker_that_lost_its_lease_writes_nothing_but_arrivals(
    any_services: Services, any_world: World, network: Network
) -> None:
    """While the request is under way the lease runs out and another worker takes the host."""

    async def peer(request: Request) -> Response:
        steal = "UPDATE hosts SET lease_owner = 'thief', lease_until = lease_until + 1"
        await any_services.database.write(lambda tx: tx.execute(steal))
        return answer(202 if b"fine" in request.body else 500)

    network.mount("peer.example", peer)
    await send(any_services, any_world, "fine")
    await send(any_services, any_world, "bad")
    await make_worker(any_services).step(only="deliveries")
    rows = await any_services.database.all("SELECT attempt, state FROM deliveries")
    assert rows == [{"attempt": 0, "state": "ready"}]
    row = await host_row(any_services)
    assert (row["lease_owner"], row["delivered"], row["failures"]) == ("thief", 0, 0)


async def test_trouble_of_our_own_is_retried_and_not_the_hosts_fault(
    services: Services, world: World, network: Network
) -> None:
    async def peer(_request: Request) -> Response:
        raise RuntimeError("a bug")

    network.mount("peer.example", peer)
    await send(services, world)
    await run_due(make_worker(services))
    rows = await services.database.all("SELECT state, attempt, last_error FROM deliveries")
    assert rows == [{"state": "ready", "attempt": 1, "last_error": "our own error: RuntimeError"}]
    assert (await host_row(services))["failures"] == 0


async def test_two_workers_share_the_work_without_sending_anything_twice(
    any_services: Services, any_world: World, network: Network
) -> None:
    """Two workers on one database, interleaved as the event loop likes."""
    active: set[tuple[str, bytes]] = set()
    seen: list[tuple[str, bytes]] = []
    per_host: dict[str, int] = {}

    def peer(host: str) -> Callable[[Request], object]:
        async def handle(request: Request) -> Response:
            key = (request.url, request.body)
            assert key not in active
            active.add(key)
            per_host[host] = per_host.get(host, 0) + 1
            assert per_host[host] <= 2
            await asyncio.sleep(0.001)
            per_host[host] -= 1
            active.remove(key)
            seen.append(key)
            return answer(202)

        return handle

    hosts = [f"h{number}.example" for number in range(40)]
    for host in hosts:
        network.mount(host, peer(host))  # type: ignore[arg-type]
    for name in range(8):
        inboxes = [f"https://{host}/inbox" for host in hosts]
        await publish(any_services, any_world.issuer, f"n{name}", to_followers=False, inboxes=inboxes)
    stop = asyncio.Event()
    workers = [asyncio.create_task(make_worker(any_services).run(stop)) for _ in range(2)]
    async with asyncio.timeout(60):
        while await queue(any_services):
            await asyncio.sleep(0.01)
    stop.set()
    any_services.wake.set()
    await asyncio.gather(*workers)
    assert len(seen) == len(set(seen)) == 320
