from __future__ import annotations

from typing import Any

import httpx
import pytest

from badgefed.issuing.issuers import NewIssuer, create_issuer
from badgefed.model.times import HOUR
from badgefed.protocol.activities import AS2
from badgefed.store import blocks, inbox_log
from badgefed.store.blocks import BlockKind
from badgefed.work import outbox
from badgefed.work.outbox import Target
from badgefed.work.services import Services
from tests.conftest import World
from tests.inbox.steps import follower_ids, offer_badge, work
from tests.remote import RemotePerson, RemoteServer, make_door
from tests.world import Clock

INSTANCE = "https://badges.example/actor"


@pytest.mark.parametrize("path", ["/inbox", "/actor/org/inbox"])
@pytest.mark.parametrize("scheme", ["cavage", "rfc9421"])
async def test_a_follow_is_accepted(
    door: httpx.AsyncClient,
    services: Services,
    world: World,
    social: RemoteServer,
    bob: RemotePerson,
    path: str,
    scheme: str,
) -> None:
    follow = bob.activity("Follow", world.issuer.actor_id)
    answer = await bob.post(door, follow, path=path, scheme="rfc9421" if scheme == "rfc9421" else "cavage")
    assert (answer.status_code, answer.content) == (202, b"")
    assert await follower_ids(services, world) == [bob.id]
    await work(services)
    [(inbox, accept)] = social.received
    assert inbox == "/users/bob/inbox"
    assert accept["type"] == "Accept"
    assert accept["actor"] == world.issuer.actor_id
    assert accept["id"].startswith(f"{world.issuer.actor_id}/accepts/")
    assert accept["to"] == [bob.id]
    assert accept["object"] == {name: value for name, value in follow.items() if name != "@context"}


async def test_the_copies_go_to_the_shared_inbox(
    door: httpx.AsyncClient, services: Services, world: World, bob: RemotePerson
) -> None:
    await bob.post(door, bob.activity("Follow", world.issuer.actor_id))
    row = await services.database.one("SELECT delivery_inbox, is_shared FROM followers")
    assert row == {"delivery_inbox": "https://social.example/inbox", "is_shared": 1}


async def test_a_follower_without_shared_inbox(
    door: httpx.AsyncClient, services: Services, world: World, bob: RemotePerson
) -> None:
    bob.extra = {"endpoints": None}
    await bob.post(door, bob.activity("Follow", world.issuer.actor_id))
    row = await services.database.one("SELECT delivery_inbox, is_shared FROM followers")
    assert row == {"delivery_inbox": f"{bob.id}/inbox", "is_shared": 0}


@pytest.mark.parametrize("same_id", [True, False])
async def test_a_repeated_follow_is_accepted_again_and_counts_once(
    door: httpx.AsyncClient,
    services: Services,
    world: World,
    social: RemoteServer,
    bob: RemotePerson,
    same_id: bool,
) -> None:
    first = bob.activity("Follow", world.issuer.actor_id)
    second = first if same_id else bob.activity("Follow", world.issuer.actor_id)
    await bob.post(door, first)
    await bob.post(door, second)
    await work(services)
    assert await follower_ids(services, world) == [bob.id]
    assert [accept["object"]["id"] for accept in social.answers] == [first["id"], second["id"]]
    assert len({accept["id"] for accept in social.answers}) == 2


async def test_a_seen_id_with_another_body_is_ignored(
    door: httpx.AsyncClient, services: Services, world: World, social: RemoteServer, bob: RemotePerson
) -> None:
    like = bob.activity("Like", "https://badges.example/nothing")
    await bob.post(door, like)
    answer = await bob.post(door, like | {"type": "Follow", "object": world.issuer.actor_id})
    assert answer.status_code == 202
    assert await follower_ids(services, world) == []
    await work(services)
    assert social.received == []


@pytest.mark.parametrize("form", ["id", "embedded", "embedded without id", "embedded, id unknown to us"])
async def test_undo_of_a_follow(
    door: httpx.AsyncClient, services: Services, world: World, bob: RemotePerson, form: str
) -> None:
    follow = bob.activity("Follow", world.issuer.actor_id)
    await bob.post(door, follow)
    undone = {
        "id": follow["id"],
        "embedded": follow,
        "embedded without id": {name: value for name, value in follow.items() if name != "id"},
        "embedded, id unknown to us": follow | {"id": bob.new_id()},
    }[form]
    assert (await bob.post(door, bob.activity("Undo", undone))).status_code == 202
    assert await follower_ids(services, world) == []


@pytest.mark.parametrize("what", ["unknown id", "somebody else's", "of another verb", "nonsense"])
async def test_an_undo_that_concerns_nothing(
    door: httpx.AsyncClient,
    services: Services,
    world: World,
    bob: RemotePerson,
    eve: RemotePerson,
    what: str,
) -> None:
    follow = bob.activity("Follow", world.issuer.actor_id)
    await bob.post(door, follow)
    undone = {
        "unknown id": bob.new_id(),
        "somebody else's": follow,
        "of another verb": follow | {"id": None, "type": "Like"},
        "nonsense": [{"type": {}}, 7],
    }[what]
    sender = eve if what == "somebody else's" else bob
    assert (await sender.post(door, sender.activity("Undo", undone))).status_code == 202
    assert await follower_ids(services, world) == [bob.id]


async def test_an_id_alone_undoes_nothing_of_others(
    door: httpx.AsyncClient, services: Services, world: World, bob: RemotePerson, eve: RemotePerson
) -> None:
    follow = bob.activity("Follow", world.issuer.actor_id)
    await bob.post(door, follow)
    await eve.post(door, eve.activity("Undo", follow["id"]))
    assert await follower_ids(services, world) == [bob.id]


async def test_a_follow_that_its_undo_overtook_does_not_count(
    door: httpx.AsyncClient,
    services: Services,
    world: World,
    social: RemoteServer,
    bob: RemotePerson,
    clock: Clock,
) -> None:
    follow = bob.activity("Follow", world.issuer.actor_id)
    await bob.post(door, bob.activity("Undo", follow))
    clock.advance(60)
    assert (await bob.post(door, follow)).status_code == 202
    assert await follower_ids(services, world) == []
    await work(services)
    assert social.received == []
    clock.now += 6 * HOUR
    await bob.post(door, follow)
    assert await follower_ids(services, world) == [bob.id]


async def test_following_again_with_the_same_id(
    door: httpx.AsyncClient, services: Services, world: World, bob: RemotePerson, clock: Clock
) -> None:
    """Misskey's Follows have one id for each pair of actors. A replay of the first request must not count."""
    follow = bob.activity("Follow", world.issuer.actor_id, id="https://social.example/follows/1/2")
    await bob.post(door, follow)
    clock.advance(60)
    await bob.post(door, bob.activity("Undo", follow))
    clock.advance(-60)
    await bob.post(door, follow)
    assert await follower_ids(services, world) == []
    clock.advance(120)
    await bob.post(door, follow)
    assert await follower_ids(services, world) == [bob.id]


async def test_nobody_follows_the_instance_actor(
    door: httpx.AsyncClient, services: Services, world: World, social: RemoteServer, bob: RemotePerson
) -> None:
    follow = bob.activity("Follow", INSTANCE)
    await bob.post(door, follow, path="/actor/inbox")
    await bob.post(door, follow)
    await work(services)
    assert [(reject["type"], reject["actor"]) for reject in social.answers] == [("Reject", INSTANCE)] * 2
    assert social.answers[0]["object"]["id"] == follow["id"]


@pytest.mark.parametrize("target", ["https://badges.example/actor/nobody", "https://other.example/", None, 5])
async def test_a_follow_of_nobody_here_is_ignored(
    door: httpx.AsyncClient, services: Services, social: RemoteServer, bob: RemotePerson, target: object
) -> None:
    assert (await bob.post(door, bob.activity("Follow", target))).status_code == 202
    await work(services)
    assert social.received == []


async def test_a_deleted_issuer(
    door: httpx.AsyncClient, services: Services, world: World, bob: RemotePerson
) -> None:
    follow = bob.activity("Follow", world.issuer.actor_id)
    assert (await bob.post(door, follow, path="/actor/nobody/inbox")).status_code == 404
    await services.database.write(lambda tx: tx.execute("UPDATE issuers SET deleted_at = 1"))
    assert (await bob.post(door, follow, path="/actor/org/inbox")).status_code == 410
    assert (await bob.post(door, follow)).status_code == 202
    assert await follower_ids(services, world) == []


async def test_an_inbox_that_was_there_a_second_ago(
    door: httpx.AsyncClient, services: Services, world: World, bob: RemotePerson
) -> None:
    await bob.post(door, bob.activity("Like", "https://badges.example/x"), path="/actor/org/inbox")
    await services.database.write(lambda tx: tx.execute("UPDATE issuers SET deleted_at = 1"))
    follow = bob.activity("Follow", world.issuer.actor_id)
    assert (await bob.post(door, follow, path="/actor/org/inbox")).status_code == 410


async def test_whom_an_issuer_blocked_gets_a_reject(
    door: httpx.AsyncClient, services: Services, world: World, social: RemoteServer, bob: RemotePerson
) -> None:
    await services.database.write(
        lambda tx: blocks.add_block(tx, BlockKind.ACTOR, bob.id, issuer_id=world.issuer.id, now=1)
    )
    await bob.post(door, bob.activity("Follow", world.issuer.actor_id))
    await work(services)
    assert await follower_ids(services, world) == []
    assert [reject["type"] for reject in social.answers] == ["Reject"]


async def test_who_blocks_an_issuer_does_not_follow_it_any_more(
    door: httpx.AsyncClient, services: Services, world: World, bob: RemotePerson, eve: RemotePerson
) -> None:
    for person in (bob, eve):
        await person.post(door, person.activity("Follow", world.issuer.actor_id))
    await bob.post(door, bob.activity("Block", world.issuer.actor_id))
    assert await follower_ids(services, world) == [eve.id]


async def _publish(services: Services, issuer_id: int, name: str, inbox: str, **more: Any) -> None:
    """One delivery that waits at the inbox."""
    kind, _, rest = name.partition(" ")
    details = {"is_public": True} | more
    await services.database.write(
        lambda tx: outbox.publish(
            tx,
            uri=f"https://badges.example/{name.replace(' ', '-')}",
            issuer_id=issuer_id,
            activity_type=kind,
            object_uri=f"https://badges.example/{rest}",
            body=b"{}",
            inboxes=[Target(inbox=inbox)],
            now=services.clock(),
            **details,
        )
    )


async def _waiting(services: Services) -> list[str]:
    rows = await services.database.all(
        "SELECT uri FROM deliveries JOIN activities ON activities.id = activity_id ORDER BY deliveries.id"
    )
    return [row["uri"].rpartition("/")[2] for row in rows]


@pytest.mark.parametrize("verb", ["Undo", "Block"])
async def test_what_waits_for_a_follower_alone_goes_with_the_follow(
    any_services: Services, any_world: World, social: RemoteServer, verb: str
) -> None:
    services, world = any_services, any_world
    bob, eve = social.person("bob"), social.person("eve")
    bob.extra = {"endpoints": None}
    eve.extra = {"endpoints": None}
    second = NewIssuer(username="second", name="Second")
    other = await create_issuer(services, organization_id=world.organization.id, new=second)
    own, _ = await offer_badge(services, world, bob)
    others, _ = await offer_badge(services, world, eve)
    follow = bob.activity("Follow", world.issuer.actor_id)
    async with make_door(services) as door:
        await bob.post(door, follow)
        await eve.post(door, eve.activity("Follow", world.issuer.actor_id))
        await work(services)
        inbox, issuer = f"{bob.id}/inbox", world.issuer.id
        await _publish(services, issuer, "Create tried", inbox)
        await services.database.write(lambda tx: tx.execute("UPDATE deliveries SET attempt = 1"))
        await _publish(services, issuer, "Create n1", inbox, grant_id=others.id)
        await _publish(services, issuer, "Update n2", inbox)
        await _publish(services, issuer, "Delete n3", inbox)
        await _publish(services, issuer, "Create own", inbox, grant_id=own.id)
        await _publish(services, issuer, "Create message", inbox, is_public=False)
        await _publish(services, other.id, "Create of-another", inbox)
        await _publish(services, issuer, "Create for-eve", f"{eve.id}/inbox")
        before = await _waiting(services)
        await bob.post(door, bob.activity(verb, follow if verb == "Undo" else world.issuer.actor_id))
    left = await _waiting(services)
    assert [uri for uri in before if uri not in left] == ["Create-n1", "Update-n2"]
    assert await follower_ids(services, world) == [eve.id]


@pytest.mark.parametrize("extra", [{}, {"endpoints": None, "inbox": "https://social.example/inbox"}])
async def test_what_waits_for_others_too_stays(
    door: httpx.AsyncClient,
    services: Services,
    world: World,
    bob: RemotePerson,
    eve: RemotePerson,
    extra: dict[str, Any],
) -> None:
    """A shared inbox, and one that two actors give as their own."""
    follow = bob.activity("Follow", world.issuer.actor_id)
    for person in (bob, eve):
        person.extra = extra
        await person.post(door, person.activity("Follow", world.issuer.actor_id))
    await bob.post(door, follow)
    await work(services)
    await _publish(services, world.issuer.id, "Create n1", "https://social.example/inbox")
    await bob.post(door, bob.activity("Undo", follow))
    assert await follower_ids(services, world) == [eve.id]
    assert await _waiting(services) == ["Create-n1"]


async def test_a_block_of_one_who_does_not_follow_drops_nothing(
    door: httpx.AsyncClient, services: Services, world: World, bob: RemotePerson
) -> None:
    await _publish(services, world.issuer.id, "Create n1", f"{bob.id}/inbox")
    await bob.post(door, bob.activity("Block", world.issuer.actor_id))
    assert await _waiting(services) == ["Create-n1"]


async def test_a_follow_without_an_id(
    door: httpx.AsyncClient, services: Services, world: World, social: RemoteServer, bob: RemotePerson
) -> None:
    follow = bob.activity("Follow", world.issuer.actor_id, id=None)
    assert (await bob.post(door, follow)).status_code == 202
    assert await follower_ids(services, world) == [bob.id]
    await work(services)
    assert social.answers[0]["object"] == {
        "type": "Follow",
        "actor": bob.id,
        "object": world.issuer.actor_id,
    }


async def test_the_actor_may_be_embedded_and_the_type_a_list(
    door: httpx.AsyncClient, services: Services, world: World, bob: RemotePerson
) -> None:
    follow = bob.activity(
        "Follow",
        {"id": world.issuer.actor_id, "type": "Organization"},
        actor={"id": bob.id, "type": "Person"},
    )
    await bob.post(
        door, follow | {"type": ["Follow"], "@context": [AS2, {"toot": "http://joinmastodon.org/ns#"}]}
    )
    assert await follower_ids(services, world) == [bob.id]


async def test_each_activity_is_logged_once(
    door: httpx.AsyncClient, services: Services, world: World, bob: RemotePerson, clock: Clock
) -> None:
    follow = bob.activity("Follow", world.issuer.actor_id)
    for _ in range(3):
        await bob.post(door, follow)
    entry = await inbox_log.find_entry(services.database, activity_id=follow["id"], actor_id=bob.id)
    assert entry is not None
    assert (entry.activity_type, entry.received_at) == ("Follow", clock.now)
    rows = await services.database.all("SELECT * FROM inbox_log")
    assert len(rows) == 1
