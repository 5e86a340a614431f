"""Replies, likes, boosts and reactions to a badge's public Note."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from badgefed.inbox import moderation
from badgefed.model.grant import Grant, Status
from badgefed.store import blocks, interactions
from badgefed.store.blocks import BlockKind
from badgefed.store.interactions import Interaction, InteractionKind
from badgefed.work.services import Services
from tests.conftest import World
from tests.inbox.steps import get_grant, offer_badge
from tests.remote import RemotePerson, RemoteServer
from tests.world import Clock


async def counts(services: Services, grant: Grant) -> dict[str, int]:
    found = await interactions.count_interactions(services.database, grant.id)
    return {kind.value: count for kind, count in found.items() if count}


async def replies(services: Services, grant: Grant) -> list[Interaction]:
    return await interactions.list_interactions(services.database, grant.id, InteractionKind.REPLY)


@pytest.mark.parametrize(
    ("verb", "members", "kind", "content"),
    [
        ("Like", {}, "like", None),
        ("Like", {"content": "🎉"}, "like", None),
        ("Announce", {}, "boost", None),
        ("EmojiReact", {"content": "🎉"}, "reaction", "🎉"),
        ("EmojiReact", {"content": ":blobcat:"}, "reaction", ":blobcat:"),
        ("EmojiReact", {}, "like", None),
        ("EmojiReact", {"content": 5}, "like", None),
    ],
)
async def test_reactions_count_once_for_each_actor(
    door: httpx.AsyncClient,
    services: Services,
    grant: Grant,
    bob: RemotePerson,
    eve: RemotePerson,
    verb: str,
    members: dict[str, Any],
    kind: str,
    content: str | None,
) -> None:
    for person in (bob, eve, bob):
        activity = person.activity(verb, grant.note_uri, **members)
        for _ in range(2):
            assert (await person.post(door, activity)).status_code == 202
    assert await counts(services, grant) == {kind: 2}
    found = await interactions.list_interactions(services.database, grant.id, InteractionKind(kind))
    assert [(one.actor_id, one.content) for one in found] == [(bob.id, content), (eve.id, content)]


@pytest.mark.parametrize("form", ["id", "embedded", "without id"])
@pytest.mark.parametrize("verb", ["Like", "Announce", "EmojiReact"])
async def test_taking_a_reaction_back(
    door: httpx.AsyncClient, services: Services, grant: Grant, bob: RemotePerson, verb: str, form: str
) -> None:
    activity = bob.activity(verb, grant.note_uri, content="🎉" if verb == "EmojiReact" else None)
    await bob.post(door, activity)
    assert sum((await counts(services, grant)).values()) == 1
    undone = {"id": activity["id"], "embedded": activity, "without id": activity | {"id": None}}[form]
    await bob.post(door, bob.activity("Undo", undone))
    assert await counts(services, grant) == {}


async def test_one_of_several_emoji_is_taken_back(
    door: httpx.AsyncClient, services: Services, grant: Grant, bob: RemotePerson
) -> None:
    for emoji in ("🎉", "🏅"):
        await bob.post(door, bob.activity("EmojiReact", grant.note_uri, content=emoji))
    undone = {"type": "EmojiReact", "actor": bob.id, "object": grant.note_uri, "content": "🎉"}
    await bob.post(door, bob.activity("Undo", undone))
    found = await interactions.list_interactions(services.database, grant.id, InteractionKind.REACTION)
    assert [one.content for one in found] == ["🏅"]


async def test_a_flood_of_emoji_of_one_actor(
    door: httpx.AsyncClient, services: Services, grant: Grant, bob: RemotePerson
) -> None:
    for number in range(15):
        await bob.post(door, bob.activity("EmojiReact", grant.note_uri, content=f":e{number}:"))
    assert await counts(services, grant) == {"reaction": 10}


async def test_nobody_takes_back_what_others_did(
    door: httpx.AsyncClient, services: Services, grant: Grant, bob: RemotePerson, eve: RemotePerson
) -> None:
    like = bob.activity("Like", grant.note_uri)
    await bob.post(door, like)
    await eve.post(door, eve.activity("Undo", like))
    await eve.post(door, eve.activity("Undo", like["id"]))
    await eve.post(door, eve.activity("Undo", like | {"actor": eve.id}))
    await eve.post(door, eve.activity("Delete", like["id"]))
    assert await counts(services, grant) == {"like": 1}


async def test_a_boost_with_a_forged_body_is_a_boost(
    door: httpx.AsyncClient, services: Services, grant: Grant, world: World, bob: RemotePerson
) -> None:
    forged = {
        "id": grant.note_uri,
        "type": "Note",
        "attributedTo": world.issuer.actor_id,
        "content": "I never said that",
    }
    await bob.post(door, bob.activity("Announce", forged))
    assert await counts(services, grant) == {"boost": 1}


async def test_a_reply_is_kept_with_clean_html(
    door: httpx.AsyncClient, services: Services, grant: Grant, bob: RemotePerson, clock: Clock
) -> None:
    content = '<p>Well <strong>done</strong><script>alert(1)</script> <a href="javascript:x()" onclick="y()">x</a></p>'
    reply = bob.reply(grant.note_uri, content, url="https://social.example/@bob/1")
    await bob.post(door, reply)
    await bob.post(door, reply)
    await bob.post(door, bob.activity("Create", reply["object"]))
    [kept] = await replies(services, grant)
    assert (kept.actor_id, kept.activity_id, kept.object_id) == (bob.id, reply["id"], reply["object"]["id"])
    assert (kept.url, kept.created_at) == ("https://social.example/@bob/1", clock.now)
    assert kept.content is not None
    assert "<strong>done</strong>" in kept.content
    assert not any(word in kept.content for word in ("script", "javascript", "onclick"))


@pytest.mark.parametrize("url", ["https://evil.example/", "javascript:alert(1)", None, 5, {"href": "x"}])
async def test_the_page_of_a_reply_is_on_its_own_host(
    door: httpx.AsyncClient, services: Services, grant: Grant, bob: RemotePerson, url: Any
) -> None:
    reply = bob.reply(grant.note_uri, "<p>Hi</p>", url=url)
    await bob.post(door, reply)
    [kept] = await replies(services, grant)
    assert kept.url == reply["object"]["id"]


@pytest.mark.parametrize(
    ("to", "cc", "is_kept"),
    [
        (["https://www.w3.org/ns/activitystreams#Public"], [], True),
        (
            ["https://social.example/users/bob/followers"],
            ["https://www.w3.org/ns/activitystreams#Public"],
            True,
        ),
        ("as:Public", None, True),
        ("Public", [], True),
        (["https://social.example/users/bob/followers"], [], False),
        (["https://badges.example/actor/org"], None, False),
        (None, None, False),
        ({"x": 1}, 7, False),
    ],
)
async def test_only_what_is_public_is_kept(
    door: httpx.AsyncClient,
    services: Services,
    grant: Grant,
    bob: RemotePerson,
    to: Any,
    cc: Any,
    is_kept: bool,
) -> None:
    reply = bob.reply(grant.note_uri, "<p>Hi</p>", to=to, cc=cc)
    assert (await bob.post(door, reply)).status_code == 202
    assert len(await replies(services, grant)) == int(is_kept)


async def test_replies_to_replies_are_kept_too(
    door: httpx.AsyncClient, services: Services, grant: Grant, bob: RemotePerson, eve: RemotePerson
) -> None:
    first = bob.reply(grant.note_uri, "one")
    second = eve.reply(first["object"]["id"], "two")
    third = bob.reply(second["object"]["id"], "three")
    for person, reply in ((bob, first), (eve, second), (bob, third), (eve, eve.reply(eve.new_id(), "lost"))):
        await person.post(door, reply)
    assert [kept.content for kept in await replies(services, grant)] == ["one", "two", "three"]


async def test_a_flood_of_replies_of_one_actor(
    door: httpx.AsyncClient, services: Services, grant: Grant, bob: RemotePerson
) -> None:
    for number in range(55):
        await bob.post(door, bob.reply(grant.note_uri, str(number)))
    assert await counts(services, grant) == {"reply": 50}


async def test_an_author_edits_a_reply(
    door: httpx.AsyncClient,
    services: Services,
    grant: Grant,
    bob: RemotePerson,
    eve: RemotePerson,
    clock: Clock,
) -> None:
    reply = bob.reply(grant.note_uri, "first")
    note = reply["object"]
    await bob.post(door, reply)
    clock.advance(60)
    await eve.post(door, eve.activity("Update", note | {"content": "forged"}))
    await eve.post(door, eve.activity("Update", note | {"content": "forged", "attributedTo": eve.id}))
    [kept] = await replies(services, grant)
    assert kept.content == "first"
    await bob.post(door, bob.activity("Update", note | {"content": "second <script>x</script>"}))
    [kept] = await replies(services, grant)
    assert kept.content == "second "
    assert kept.updated_at == clock.now
    await bob.post(door, bob.activity("Update", note | {"to": [f"{bob.id}/followers"]}))
    assert await replies(services, grant) == []


@pytest.mark.parametrize("form", ["id", "tombstone", "whole"])
async def test_an_author_deletes_a_reply(
    door: httpx.AsyncClient,
    services: Services,
    grant: Grant,
    bob: RemotePerson,
    eve: RemotePerson,
    form: str,
) -> None:
    reply = bob.reply(grant.note_uri, "hello")
    note = reply["object"]
    await bob.post(door, reply)
    target = {"id": note["id"], "tombstone": {"id": note["id"], "type": "Tombstone"}, "whole": note}[form]
    await eve.post(door, eve.activity("Delete", target))
    assert len(await replies(services, grant)) == 1
    await bob.post(door, bob.activity("Delete", target))
    assert await replies(services, grant) == []


async def test_a_reply_that_was_deleted_before_it_came(
    door: httpx.AsyncClient, services: Services, grant: Grant, bob: RemotePerson
) -> None:
    reply = bob.reply(grant.note_uri, "hello")
    await bob.post(door, bob.activity("Delete", reply["object"]["id"]))
    await bob.post(door, reply)
    assert await replies(services, grant) == []


async def test_a_like_that_its_undo_overtook(
    door: httpx.AsyncClient, services: Services, grant: Grant, bob: RemotePerson
) -> None:
    like = bob.activity("Like", grant.note_uri)
    await bob.post(door, bob.activity("Undo", like))
    await bob.post(door, like)
    assert await counts(services, grant) == {}


@pytest.mark.parametrize("hidden_by", ["revoked", "private", "issuer's block"])
async def test_badges_that_nobody_may_see_get_nothing(
    door: httpx.AsyncClient, services: Services, grant: Grant, bob: RemotePerson, hidden_by: str
) -> None:
    if hidden_by == "issuer's block":
        await services.database.write(
            lambda tx: blocks.add_block(
                tx, BlockKind.HOST, "social.example", issuer_id=grant.issuer_id, now=1
            )
        )
    else:
        change = "status = 'revoked'" if hidden_by == "revoked" else "visibility = 'private'"
        await services.database.write(lambda tx: tx.execute(f"UPDATE grants SET {change}"))
    for activity in (bob.activity("Like", grant.note_uri), bob.reply(grant.note_uri, "hello")):
        assert (await bob.post(door, activity)).status_code == 202
    assert await counts(services, grant) == {}


async def test_a_pending_badge_has_no_note_yet(
    door: httpx.AsyncClient, services: Services, world: World, bob: RemotePerson, eve: RemotePerson
) -> None:
    pending, _ = await offer_badge(services, world, bob)
    await eve.post(door, eve.activity("Like", pending.note_uri))
    await eve.post(door, eve.reply(pending.note_uri, "yes"))
    assert await counts(services, pending) == {}
    assert (await get_grant(services, pending.id)).status is Status.PENDING


async def test_what_a_deleted_actor_did_goes_with_it(
    door: httpx.AsyncClient, services: Services, grant: Grant, bob: RemotePerson, eve: RemotePerson
) -> None:
    for person in (bob, eve):
        await person.post(door, person.reply(grant.note_uri, "hello"))
        await person.post(door, person.activity("Like", grant.note_uri))
    await bob.post(door, bob.activity("Delete", bob.id))
    assert await counts(services, grant) == {"like": 1, "reply": 1}
    assert [kept.actor_id for kept in await replies(services, grant)] == [eve.id]


@pytest.mark.parametrize("kind", list(BlockKind))
async def test_what_a_blocked_actor_did_goes(
    door: httpx.AsyncClient, services: Services, grant: Grant, bob: RemotePerson, kind: BlockKind
) -> None:
    await bob.post(door, bob.reply(grant.note_uri, "hello"))
    target = bob.id if kind is BlockKind.ACTOR else "example"
    await services.database.write(lambda tx: moderation.block(tx, kind, target, now=1))
    assert await counts(services, grant) == {}
    assert (await bob.post(door, bob.reply(grant.note_uri, "hello"))).status_code == 403


async def test_nothing_is_fetched_for_any_of_it(
    door: httpx.AsyncClient, services: Services, grant: Grant, bob: RemotePerson, social: RemoteServer
) -> None:
    await bob.post(door, bob.activity("Like", grant.note_uri))
    fetched = len(social.network.requests)
    for activity in (
        bob.reply(grant.note_uri, '<a href="https://other.example/page">look</a>'),
        bob.activity("Announce", "https://other.example/notes/1"),
        bob.activity("Create", "https://other.example/notes/1"),
        bob.activity("Update", "https://other.example/notes/1"),
    ):
        await bob.post(door, activity)
    assert len(social.network.requests) == fetched
