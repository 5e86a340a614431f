"""The inbox's tables on each of the two databases."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from badgefed.inbox import moderation
from badgefed.model.actor import RemoteActor, RemoteKey
from badgefed.model.grant import ProofKind, Status
from badgefed.store import blocks, inbox_log, interactions, quotes, remote_actors, reports
from badgefed.store.blocks import BlockKind
from badgefed.store.database import Database
from badgefed.store.interactions import InteractionKind
from badgefed.work.services import Services
from tests.conftest import World
from tests.inbox.steps import follower_ids, get_grant, offer_badge, work
from tests.remote import RemoteServer, make_door

ANN = RemoteActor(
    id="https://social.example/users/ann",
    host="social.example",
    actor_type="Person",
    inbox="https://social.example/users/ann/inbox",
    shared_inbox=None,
    username="ann",
    handle="@ann@social.example",
    name="Ann",
    url="https://social.example/@ann",
    icon=None,
    fetched_at=1,
)


async def test_every_verb(any_services: Services, any_world: World, social: RemoteServer) -> None:
    services, world = any_services, any_world
    ann, bob, eve = (social.person(name) for name in ("ann", "bob", "eve"))
    async with make_door(services) as door:
        grant, message = await offer_badge(services, world, ann)
        await ann.post(door, ann.reply(message, "<p>who are you?</p>", public=False))
        await ann.post(door, ann.reply(message, "<p>yes</p>", public=False))
        await work(services)
        accepted = await get_grant(services, grant.id)
        assert (accepted.status, accepted.proof_kind) == (Status.PROCESSED, ProofKind.REPLY)
        follow = bob.activity("Follow", world.issuer.actor_id)
        like = bob.activity("Like", grant.note_uri)
        reply = bob.reply(grant.note_uri, "<p>Well done</p>")
        quote = bob.activity(
            "QuoteRequest", grant.note_uri, instrument="https://social.example/notes/quoting"
        )
        for activity in (
            follow,
            follow,
            like,
            reply,
            bob.activity("Announce", grant.note_uri),
            bob.activity("EmojiReact", grant.note_uri, content="🎉"),
            quote,
            quote,
            bob.activity("Update", reply["object"] | {"content": "Well done!"}),
            bob.activity("Update", bob.id),
            bob.activity("Flag", world.issuer.actor_id, content="spam"),
            bob.activity("Undo", like),
            eve.activity("Follow", world.issuer.actor_id),
            eve.activity("Like", grant.note_uri),
            eve.activity("Block", world.issuer.actor_id),
        ):
            person = eve if activity["actor"] == eve.id else bob
            assert (await person.post(door, activity)).status_code == 202
        assert await follower_ids(services, world) == [bob.id]
        assert await interactions.count_interactions(services.database, grant.id) == {
            InteractionKind.REPLY: 1,
            InteractionKind.LIKE: 1,
            InteractionKind.BOOST: 1,
            InteractionKind.REACTION: 1,
        }
        [kept] = await interactions.list_interactions(services.database, grant.id, InteractionKind.REPLY)
        assert kept.content == "Well done!"
        [authorized] = await services.database.all("SELECT * FROM quotes")
        found = await quotes.find_quote(services.database, authorized["uuid"])
        assert found is not None
        assert (found.grant_id, found.note_uri, found.actor_id, found.activity_id) == (
            grant.id,
            "https://social.example/notes/quoting",
            bob.id,
            quote["id"],
        )
        assert [one.content for one in await reports.list_reports(services.database)] == ["spam"]
        assert (await bob.post(door, bob.activity("Undo", follow["id"]))).status_code == 202
        assert (await bob.post(door, bob.activity("Delete", bob.id))).status_code == 202
        assert await quotes.find_quote(services.database, found.uuid) is None
        assert await follower_ids(services, world) == []
        await services.database.write(
            lambda tx: moderation.block(tx, BlockKind.HOST, "social.example", now=1)
        )
        assert (await eve.post(door, eve.activity("Like", grant.note_uri))).status_code == 403
        assert sum((await interactions.count_interactions(services.database, grant.id)).values()) == 0


async def test_blocks(any_database: Database, any_world: World) -> None:
    issuer_id = any_world.issuer.id
    evil, mallory = "https://eu.evil.example/users/m", "https://Social.example:443/users/mallory/"

    async def add(kind: BlockKind, target: str, by: int | None) -> None:
        await any_database.write(lambda tx: blocks.add_block(tx, kind, target, issuer_id=by, now=1))

    for _ in range(2):
        await add(BlockKind.HOST, "Evil.example", None)
        await add(BlockKind.ACTOR, mallory, issuer_id)
    assert [block.target for block in await blocks.list_blocks(any_database)] == ["evil.example"]
    assert [block.target for block in await blocks.list_blocks(any_database, issuer_id=issuer_id)] == [
        "social.example/users/mallory"
    ]
    assert await blocks.is_blocked(any_database, evil)
    assert await blocks.is_blocked(any_database, evil, issuer_id=issuer_id)
    same = "https://social.example/users/mallory"
    assert not await blocks.is_blocked(any_database, same)
    assert not await blocks.is_blocked(any_database, same, issuer_id=issuer_id + 1)
    assert await blocks.is_blocked(any_database, same, issuer_id=issuer_id)
    assert await blocks.list_blocked(any_database, issuer_id, BlockKind.HOST) == {"evil.example"}
    assert await blocks.list_blocked(any_database, None, BlockKind.ACTOR) == frozenset()
    whole = await blocks.load_server_blocks(any_database)
    assert whole.cover(evil)
    assert not whole.cover(same)
    gone = [
        await any_database.write(lambda tx: blocks.remove_block(tx, BlockKind.HOST, "EVIL.example"))
        for _ in range(2)
    ]
    assert gone == [True, False]


async def test_the_log_forgets_what_is_old(any_database: Database) -> None:
    for number in range(10):
        new = [
            await any_database.write(
                partial(
                    inbox_log.add_entry,
                    activity_id=f"a{number}",
                    actor_id="b",
                    activity_type="Like",
                    now=number,
                )
            )
            for _ in range(2)
        ]
        assert new == [True, False]
    counts = [
        await any_database.write(lambda tx: inbox_log.delete_old(tx, before=7, limit=4)) for _ in range(3)
    ]
    assert counts == [4, 3, 0]
    rows = await any_database.all("SELECT activity_id FROM inbox_log ORDER BY id")
    assert [row["activity_id"] for row in rows] == ["a7", "a8", "a9"]


@pytest.mark.parametrize(
    ("changes", "is_confirmed", "handle"),
    [
        ({"handle": "@ann@example.com"}, True, "@ann@example.com"),
        ({"handle": "@ann@example.com"}, False, "@ann@social.example"),
        ({"handle": None}, False, "@ann@social.example"),
        ({"handle": "@anna@social.example", "username": "anna"}, False, "@anna@social.example"),
        ({"handle": None, "username": None}, False, None),
    ],
)
async def test_when_a_handle_changes(
    any_database: Database, changes: dict[str, str | None], is_confirmed: bool, handle: str | None
) -> None:
    changed = replace(ANN, name="Anna", **changes)  # type: ignore[arg-type]
    await any_database.write(lambda tx: remote_actors.save_actor(tx, ANN))
    await any_database.write(
        lambda tx: remote_actors.save_actor(tx, changed, is_handle_confirmed=is_confirmed)
    )
    stored = await remote_actors.find_actor(any_database, ANN.id)
    assert stored is not None
    assert (stored.handle, stored.name) == (handle, "Anna")


async def test_actors_of_a_host(any_database: Database) -> None:
    hosts = ["evil.example", "eu.evil.example:8443", "notevil.example", "evil.example.org"]
    for host in hosts:
        actor = replace(ANN, id=f"https://{host}/a", host=host, url=None, handle=None)
        await any_database.write(partial(remote_actors.save_actor, actor=actor))
    found = await remote_actors.list_actor_ids(any_database, "evil.example")
    assert sorted(found) == ["https://eu.evil.example:8443/a", "https://evil.example/a"]


async def test_a_key_id_is_not_taken_over(any_database: Database) -> None:
    def key(owner: str) -> RemoteKey:
        return RemoteKey(id="https://social.example/key", owner=owner, public_key=owner, fetched_at=1)

    for owner in ("ann", "eve", "ann"):
        await any_database.write(partial(remote_actors.save_keys, owner=owner, keys=[key(owner)]))
        stored = await remote_actors.find_key(any_database, "https://social.example/key")
        assert stored == key("ann")
    await any_database.write(lambda tx: remote_actors.delete_actor(tx, "ann"))
    assert await remote_actors.find_key(any_database, "https://social.example/key") is None
