from __future__ import annotations

from badgefed.store import followers
from badgefed.store.database import Transaction
from badgefed.store.followers import FollowerInbox
from badgefed.work.services import Services
from tests.conftest import World
from tests.sinks import follow

ALICE = "https://a.example/users/alice"
BOB = "https://a.example/users/bob"


async def add(services: Services, issuer_id: int, actor_id: str, *, follow_id: str = "f1") -> None:
    async def write(tx: Transaction) -> None:
        await followers.add_follower(
            tx,
            issuer_id=issuer_id,
            actor_id=actor_id,
            follow_id=follow_id,
            delivery_inbox=f"{actor_id}/inbox",
            is_shared=False,
            now=services.clock(),
        )

    await services.database.write(write)


async def end(services: Services, issuer_id: int, actor_id: str) -> bool:
    async def write(tx: Transaction) -> bool:
        return await followers.end_follower(tx, issuer_id=issuer_id, actor_id=actor_id, now=services.clock())

    return await services.database.write(write)


async def test_a_follower_counts_once_and_keeps_the_newest_follow(
    any_services: Services, any_world: World
) -> None:
    issuer = any_world.issuer.id
    await add(any_services, issuer, ALICE, follow_id="f1")
    await add(any_services, issuer, ALICE, follow_id="f2")
    assert await followers.count_followers(any_services.database, issuer) == 1
    found = await followers.find_follower(any_services.database, issuer_id=issuer, actor_id=ALICE)
    assert found is not None
    assert (found.follow_id, found.ended_at) == ("f2", None)
    by_follow = await followers.find_follower_by_follow(any_services.database, actor_id=ALICE, follow_id="f2")
    assert by_follow == found
    assert (
        await followers.find_follower_by_follow(any_services.database, actor_id=ALICE, follow_id="f1") is None
    )


async def test_unfollowing_counts_once_and_following_again_takes_back(
    any_services: Services, any_world: World
) -> None:
    issuer = any_world.issuer.id
    await add(any_services, issuer, ALICE)
    assert await end(any_services, issuer, ALICE)
    assert not await end(any_services, issuer, ALICE)
    assert not await end(any_services, issuer, BOB)
    assert await followers.count_followers(any_services.database, issuer) == 0
    former = await followers.find_follower(any_services.database, issuer_id=issuer, actor_id=ALICE)
    assert former is not None
    assert former.ended_at == any_services.clock()
    await add(any_services, issuer, ALICE, follow_id="f9")
    assert await followers.count_followers(any_services.database, issuer) == 1


async def test_lists_are_newest_first_and_paged_by_id(any_services: Services, any_world: World) -> None:
    issuer = any_world.issuer.id
    names = [f"https://a.example/users/{number}" for number in range(5)]
    await follow(any_services, any_world.issuer, names, shared=False)
    await end(any_services, issuer, names[2])
    first = await followers.list_followers(any_services.database, issuer, before=None, limit=3)
    rest = await followers.list_followers(any_services.database, issuer, before=first[-1].id, limit=3)
    assert [one.actor_id for one in (*first, *rest)] == [names[4], names[3], names[1], names[0]]


async def test_inboxes_are_distinct_ascending_and_bounded(any_services: Services, any_world: World) -> None:
    issuer = any_world.issuer.id
    await follow(any_services, any_world.issuer, [ALICE, BOB], shared=True)
    await follow(
        any_services, any_world.issuer, ["https://b.example/u1", "https://b.example/u2"], shared=False
    )
    await end(any_services, issuer, "https://b.example/u2")

    async def inboxes(after: str = "", until: str | None = None, former: bool = False) -> list[FollowerInbox]:
        return await followers.list_inboxes(
            any_services.database, issuer, after=after, until=until, with_former=former, limit=10
        )

    shared = FollowerInbox(inbox="https://a.example/inbox", is_shared=True)
    first = FollowerInbox(inbox="https://b.example/u1/inbox", is_shared=False)
    second = FollowerInbox(inbox="https://b.example/u2/inbox", is_shared=False)
    assert await inboxes() == [shared, first]
    assert await inboxes(former=True) == [shared, first, second]
    assert await inboxes(after=shared.inbox, former=True) == [first, second]
    assert await inboxes(until=first.inbox, former=True) == [shared, first]


async def test_a_shared_inbox_that_is_no_more_gives_way_to_personal_ones(
    any_services: Services, any_world: World
) -> None:
    await follow(any_services, any_world.issuer, [ALICE, BOB], shared=True)
    await any_services.database.write(
        lambda tx: followers.use_personal_inboxes(tx, "https://a.example/inbox")
    )
    rows = await any_services.database.all("SELECT delivery_inbox, is_shared FROM followers ORDER BY id")
    assert [(row["delivery_inbox"], row["is_shared"]) for row in rows] == [
        (f"{ALICE}/inbox", 0),
        (f"{BOB}/inbox", 0),
    ]
