from __future__ import annotations

import pytest

from badgefed.store import blocks, followers
from badgefed.store.blocks import BlockKind
from badgefed.store.database import Transaction
from badgefed.work import outbox
from badgefed.work.fan_out import PAGE
from badgefed.work.services import Services
from tests.conftest import World
from tests.sinks import Sink, follow, make_worker, publish, queue, run_due, waiting_jobs
from tests.world import Clock, Network


def people(host: str, count: int) -> list[str]:
    return [f"https://{host}/users/u{number:05}" for number in range(count)]


async def follow_many(services: Services, issuer_id: int, count: int) -> None:
    """One follower with a shared inbox on each of `count` hosts."""
    rows = [
        (issuer_id, f"https://h{n}.example/u", f"f{n}", f"https://h{n}.example/inbox", 1, 0)
        for n in range(count)
    ]
    sql = (
        "INSERT INTO followers (issuer_id, actor_id, follow_id, delivery_inbox, is_shared, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?)"
    )
    await services.database.write(lambda tx: tx.many(sql, rows))


async def test_followers_behind_one_shared_inbox_get_one_request(
    services: Services, world: World, network: Network
) -> None:
    sink = Sink()
    network.mount("big.example", sink)
    await follow(services, world.issuer, people("big.example", 1000), shared=True)
    await publish(services, world.issuer, "n1")
    await run_due(make_worker(services))
    assert sink.urls == ["https://big.example/inbox"]
    assert await queue(services) == []


async def test_followers_without_shared_inbox_get_one_request_a_second(
    services: Services, world: World, network: Network, clock: Clock
) -> None:
    sink = Sink()
    network.mount("gts.example", sink)
    await follow(services, world.issuer, people("gts.example", 5), shared=False)
    await publish(services, world.issuer, "n1")
    worker = make_worker(services)
    counts = []
    for _ in range(5):
        await run_due(worker)
        counts.append(len(sink.urls))
        clock.advance(0.5)
        await run_due(worker)
        assert len(sink.urls) == counts[-1], "half a second later is too early"
        clock.advance(0.5)
    assert counts == [1, 2, 3, 4, 5]
    assert len(set(sink.urls)) == 5
    assert await queue(services) == []


async def test_a_direct_message_does_not_wait_for_paced_deliveries(
    services: Services, world: World, network: Network
) -> None:
    sink = Sink()
    network.mount("gts.example", sink)
    await follow(services, world.issuer, people("gts.example", 5), shared=False)
    await publish(services, world.issuer, "n1")
    worker = make_worker(services)
    await run_due(worker)
    await publish(services, world.issuer, "dm", to_followers=False, inboxes=["https://gts.example/x/inbox"])
    await run_due(worker)
    assert sink.urls[1:] == ["https://gts.example/x/inbox"]


async def test_publishing_to_many_followers_adds_one_job_and_no_rows(
    any_services: Services, any_world: World
) -> None:
    await follow_many(any_services, any_world.issuer.id, 10_000)
    before = await waiting_jobs(any_services)
    await publish(any_services, any_world.issuer, "n1")
    assert await waiting_jobs(any_services) == [*before, "fan_out"]
    assert await queue(any_services) == []


async def test_a_page_is_one_transaction_and_the_job_knows_where_to_go_on(
    any_services: Services, any_world: World
) -> None:
    await follow_many(any_services, any_world.issuer.id, 2 * PAGE + 7)
    await publish(any_services, any_world.issuer, "n1")
    worker = make_worker(any_services)
    counts = []
    while await worker.step(only="jobs"):
        counts.append(len(await queue(any_services)))
    assert counts == [PAGE, 2 * PAGE, 2 * PAGE + 7]
    row = await any_services.database.one("SELECT COUNT(*) AS n FROM hosts WHERE next_at IS NOT NULL")
    assert row == {"n": 2 * PAGE + 7}
    assert await waiting_jobs(any_services) == []


async def test_a_follower_added_twice_or_a_recipient_who_follows_gets_it_once(
    any_services: Services, any_world: World, network: Network
) -> None:
    sink = Sink()
    network.mount("a.example", sink)
    await follow(any_services, any_world.issuer, people("a.example", 2), shared=True)
    await follow(any_services, any_world.issuer, people("a.example", 2), shared=True)
    await publish(any_services, any_world.issuer, "n1", inboxes=["https://a.example/inbox"])
    await run_due(make_worker(any_services))
    assert sink.urls == ["https://a.example/inbox"]


@pytest.mark.parametrize("target", ["evil.example", "EVIL.example."])
async def test_blocked_hosts_and_our_own_get_nothing(
    any_services: Services, any_world: World, target: str
) -> None:
    hosts = ("evil.example", "sub.evil.example", "badges.example", "good.example", "notevil.example")
    for host in hosts:
        await follow(any_services, any_world.issuer, people(host, 1), shared=True)
    await any_services.database.write(
        lambda tx: blocks.add_block(tx, BlockKind.HOST, target, issuer_id=None, now=0)
    )
    direct = [f"https://{host}/users/x/inbox" for host in hosts]
    await publish(any_services, any_world.issuer, "n1", inboxes=direct)
    await make_worker(any_services).step(only="jobs")
    assert sorted(inbox for inbox, _, _ in await queue(any_services)) == [
        "https://good.example/inbox",
        "https://good.example/users/x/inbox",
        "https://notevil.example/inbox",
        "https://notevil.example/users/x/inbox",
    ]


async def test_what_waits_for_a_host_that_is_blocked_is_dropped(
    any_services: Services, any_world: World, network: Network
) -> None:
    good = Sink()
    network.mount("good.example", good)
    direct = [f"https://{host}/inbox" for host in ("sub.evil.example", "good.example", "evil.example:8443")]
    await publish(any_services, any_world.issuer, "n1", to_followers=False, inboxes=direct)

    async def block(tx: Transaction) -> None:
        await blocks.add_block(tx, BlockKind.HOST, "evil.example", now=0)
        await outbox.drop_blocked(tx)

    await any_services.database.write(block)
    await run_due(make_worker(any_services))
    assert [request.url for request in network.requests] == ["https://good.example/inbox"]


async def test_an_inbox_that_is_no_url_does_not_hold_up_the_others(
    any_services: Services, any_world: World
) -> None:
    await follow(any_services, any_world.issuer, people("a.example", 1), shared=True)
    await any_services.database.write(
        lambda tx: followers.add_follower(
            tx,
            issuer_id=any_world.issuer.id,
            actor_id="https://odd.example/u",
            follow_id="f",
            delivery_inbox="https://odd.example/in box",
            is_shared=False,
            now=0,
        )
    )
    await publish(any_services, any_world.issuer, "n1")
    await make_worker(any_services).step(only="jobs")
    assert [inbox for inbox, _, _ in await queue(any_services)] == ["https://a.example/inbox"]


async def test_former_followers_hear_of_deletions_only(
    any_services: Services, any_world: World, network: Network
) -> None:
    sink = Sink()
    network.mount("a.example", sink)
    (actor,) = people("a.example", 1)
    await follow(any_services, any_world.issuer, [actor], shared=True)
    worker = make_worker(any_services)
    await publish(any_services, any_world.issuer, "n1")
    await run_due(worker)

    async def unfollow(tx: Transaction) -> bool:
        return await followers.end_follower(tx, issuer_id=any_world.issuer.id, actor_id=actor, now=1)

    assert await any_services.database.write(unfollow)
    await publish(any_services, any_world.issuer, "n2")
    await publish(any_services, any_world.issuer, "n1", "Delete")
    await run_due(worker)
    assert sink.received == [("Create", "n1"), ("Delete", "n1")]


async def test_an_update_is_not_fanned_out_before_its_create(
    any_services: Services, any_world: World, clock: Clock
) -> None:
    """Two pages of the Create have to be there before the first one of the Update."""
    await follow_many(any_services, any_world.issuer.id, PAGE + 1)
    await publish(any_services, any_world.issuer, "n1")
    await publish(any_services, any_world.issuer, "n1", "Update")
    worker = make_worker(any_services)
    while await worker.step(only="jobs"):
        assert len(await queue(any_services)) <= PAGE + 1
    clock.advance(1)
    while await worker.step(only="jobs"):
        pass
    rows = await any_services.database.all(
        "SELECT activity_type FROM deliveries JOIN activities ON activities.id = activity_id ORDER BY deliveries.id"
    )
    assert [row["activity_type"] for row in rows] == ["Create"] * (PAGE + 1) + ["Update"] * (PAGE + 1)


async def test_a_delete_before_anything_went_out_cancels_everything(
    any_services: Services, any_world: World, network: Network
) -> None:
    sink = Sink()
    network.mount("a.example", sink)
    await follow(any_services, any_world.issuer, people("a.example", 3), shared=True)
    personal = ["https://a.example/users/r/inbox"]
    await publish(any_services, any_world.issuer, "n1", inboxes=personal)
    await publish(any_services, any_world.issuer, "n1", "Update", inboxes=personal)
    await publish(any_services, any_world.issuer, "n1", "Delete", inboxes=personal)
    await run_due(make_worker(any_services))
    assert sink.requests == []
    assert await queue(any_services) == [("https://a.example/users/r/inbox", "void", 0)]
    assert await waiting_jobs(any_services) == []


async def test_a_delete_goes_where_the_create_went_and_nowhere_else(
    any_services: Services, any_world: World, network: Network
) -> None:
    """The Create's first page is there, of which one inbox got it; the second page is not."""
    await follow_many(any_services, any_world.issuer.id, PAGE + 10)
    sink, down = Sink(), Sink(always=500)
    network.mount("h0.example", sink)
    network.mount("h1.example", down)
    await publish(any_services, any_world.issuer, "n1")
    worker = make_worker(any_services)
    await worker.step(only="jobs")
    turns = "UPDATE hosts SET next_at = next_at + 1000000 WHERE host NOT IN ('h0.example', 'h1.example')"
    await any_services.database.write(lambda tx: tx.execute(turns))
    await worker.step(only="deliveries")
    assert sink.received == [("Create", "n1")]
    assert len(down.requests) == 1
    await publish(any_services, any_world.issuer, "n1", "Delete")
    while await worker.step(only="jobs"):
        pass
    rows = await queue(any_services)
    assert {inbox: attempt for inbox, state, attempt in rows if state == "ready"} == {
        "https://h0.example/inbox": 0,
        "https://h1.example/inbox": 0,
    }
    assert len([1 for _, state, _ in rows if state == "void"]) == PAGE - 2


async def test_a_delete_while_the_create_is_under_way_follows_it(
    any_services: Services, any_world: World, network: Network, clock: Clock
) -> None:
    """The host is leased, by a worker that may have sent the Create: it gets the Delete, once the lease is over."""
    sink = Sink()
    network.mount("a.example", sink)
    await publish(any_services, any_world.issuer, "n1", to_followers=False, inboxes=["https://a.example/i"])
    lease = "UPDATE hosts SET lease_owner = 'other', lease_until = ?"
    await any_services.database.write(lambda tx: tx.execute(lease, clock.now + 60_000_000))
    await publish(
        any_services, any_world.issuer, "n1", "Delete", to_followers=False, inboxes=["https://a.example/i"]
    )
    worker = make_worker(any_services)
    await run_due(worker)
    assert sink.requests == []
    clock.advance(61)
    await run_due(worker)
    assert sink.received == [("Delete", "n1")]


async def test_a_delete_after_a_crash_is_sent_since_nobody_knows_what_went_out(
    any_services: Services, any_world: World, network: Network, clock: Clock
) -> None:
    sink = Sink(always=500)
    network.mount("a.example", sink)
    inbox = ["https://a.example/i"]
    await publish(any_services, any_world.issuer, "n1", to_followers=False, inboxes=inbox)
    crash = "UPDATE hosts SET lease_owner = 'dead', lease_until = ?"
    await any_services.database.write(lambda tx: tx.execute(crash, clock.now - 1))
    await publish(any_services, any_world.issuer, "n2", to_followers=False, inboxes=inbox)
    await make_worker(any_services).step(only="deliveries")
    await publish(any_services, any_world.issuer, "n1", "Delete", to_followers=False, inboxes=inbox)
    assert [state for _, state, _ in await queue(any_services)] == ["ready", "ready"]
