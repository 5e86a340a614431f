"""A recipient answers the direct message about a badge, and that decides the grant."""

from __future__ import annotations

import hashlib
import json
from typing import Any, cast

import httpx
import pytest

from badgefed.model.grant import ProofKind, Status
from badgefed.model.times import SECOND
from badgefed.protocol import keys, signatures
from badgefed.protocol.signatures import Authorities, InboundRequest, Scheme
from badgefed.store import messages
from badgefed.store.messages import Message, MessageKind
from badgefed.work.services import Services
from tests.conftest import World
from tests.inbox.steps import get_grant, offer_badge, work
from tests.remote import Document, RemotePerson, RemoteServer
from tests.world import Clock

MENTION = '<p><span class="h-card"><a href="https://badges.example/actor/org" class="u-url mention">@<span>org</span></a></span> %s</p>'


@pytest.mark.parametrize(
    "text",
    ["yes", "Accept", "ok", "Sí", "oui", "Ja!", "sim", "tak", "ja graag", "Sì, grazie"],
)
async def test_a_reply_accepts_in_eight_languages(
    door: httpx.AsyncClient, services: Services, world: World, bob: RemotePerson, text: str
) -> None:
    grant, message = await offer_badge(services, world, bob)
    reply = bob.reply(message, MENTION % text, public=False)
    assert (await bob.post(door, reply)).status_code == 202
    accepted = await get_grant(services, grant.id)
    assert (accepted.status, accepted.proof_kind) == (Status.ACCEPTED, ProofKind.REPLY)


@pytest.mark.parametrize("text", ["no", "decline", "Non", "nein danke", "No, thanks"])
async def test_a_reply_declines(
    door: httpx.AsyncClient, services: Services, world: World, bob: RemotePerson, text: str
) -> None:
    grant, message = await offer_badge(services, world, bob)
    await bob.post(door, bob.reply(message, MENTION % text, public=False))
    declined = await get_grant(services, grant.id)
    assert (declined.status, declined.proof) == (Status.DECLINED, None)


async def test_an_accepted_badge_is_published(
    door: httpx.AsyncClient, services: Services, world: World, social: RemoteServer, bob: RemotePerson
) -> None:
    grant, message = await offer_badge(services, world, bob)
    await bob.post(door, bob.reply(message, "<p>yes</p>", public=False))
    await work(services)
    assert (await get_grant(services, grant.id)).status is Status.PROCESSED
    assert [document["object"]["id"] for document in social.answers] == [message, grant.note_uri]


@pytest.mark.parametrize("content", [None, "", "👍", "❤️", "❤", "⭐"])
async def test_a_like_accepts(
    door: httpx.AsyncClient, services: Services, world: World, bob: RemotePerson, content: str | None
) -> None:
    grant, message = await offer_badge(services, world, bob)
    like = bob.activity("Like", message, content=content or None)
    await bob.post(door, like)
    accepted = await get_grant(services, grant.id)
    assert (accepted.status, accepted.proof_kind) == (Status.ACCEPTED, ProofKind.LIKE)


@pytest.mark.parametrize("content", ["👎", "😡", ":blobcat:", "?", ["👍"], 7])
async def test_a_reaction_that_does_not_approve_is_no_answer(
    door: httpx.AsyncClient, services: Services, world: World, bob: RemotePerson, content: Any
) -> None:
    grant, message = await offer_badge(services, world, bob)
    assert (await bob.post(door, bob.activity("Like", message, content=content))).status_code == 202
    assert (await bob.post(door, bob.activity("EmojiReact", message, content=content))).status_code == 202
    assert (await get_grant(services, grant.id)).status is Status.PENDING


@pytest.mark.parametrize(("verb", "status"), [("Accept", Status.ACCEPTED), ("Reject", Status.DECLINED)])
@pytest.mark.parametrize("form", ["id", "id of the Create", "embedded", "embedded with a wrong actor"])
async def test_accept_and_reject_by_verb(
    door: httpx.AsyncClient,
    services: Services,
    world: World,
    bob: RemotePerson,
    verb: str,
    status: Status,
    form: str,
) -> None:
    grant, message = await offer_badge(services, world, bob)
    create = {"id": f"{message}/activity", "type": "Create", "actor": world.issuer.actor_id}
    target = {
        "id": message,
        "id of the Create": create["id"],
        "embedded": create,
        "embedded with a wrong actor": create | {"actor": "https://other.example/actor"},
    }[form]
    await bob.post(door, bob.activity(verb, target))
    assert (await get_grant(services, grant.id)).status is status


ANSWERS = ["reply", "like", "Accept", "Reject", "no"]


def answer_with(person: RemotePerson, message: str, form: str) -> Document:
    if form == "like":
        return person.activity("Like", message)
    if form in ("Accept", "Reject"):
        return person.activity(form, message)
    return person.reply(message, "no" if form == "no" else "yes", public=False)


@pytest.mark.parametrize("form", ANSWERS)
async def test_anybody_elses_answer_is_nothing(
    door: httpx.AsyncClient,
    services: Services,
    world: World,
    social: RemoteServer,
    bob: RemotePerson,
    eve: RemotePerson,
    form: str,
) -> None:
    grant, message = await offer_badge(services, world, bob)
    social.received.clear()
    assert (await eve.post(door, answer_with(eve, message, form))).status_code == 202
    await work(services)
    assert (await get_grant(services, grant.id)).status is Status.PENDING
    assert social.received == []


FORGERIES: dict[str, dict[str, Any]] = {
    "attributed to another actor": {"attributedTo": "https://social.example/users/eve"},
    "attributed to several": {
        "attributedTo": ["https://social.example/users/bob", "https://social.example/users/eve"]
    },
    "attributed to nobody": {"attributedTo": None},
    "a note on another host": {"id": "https://other.example/notes/1"},
    "a note without an id": {"id": None},
    "no content": {"content": None},
    "content of another type": {"content": ["yes"]},
    "no reply": {"inReplyTo": None},
    "a reply to something else": {"inReplyTo": "https://badges.example/actor/org/statuses/0"},
}


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_notes_that_do_not_count(
    door: httpx.AsyncClient, services: Services, world: World, bob: RemotePerson, forgery: str
) -> None:
    grant, message = await offer_badge(services, world, bob)
    reply = bob.reply(message, "yes", public=False, **FORGERIES[forgery])
    assert (await bob.post(door, reply)).status_code == 202
    assert (await get_grant(services, grant.id)).status is Status.PENDING


async def test_a_note_that_is_only_named_is_not_fetched(
    door: httpx.AsyncClient, services: Services, world: World, social: RemoteServer, bob: RemotePerson
) -> None:
    grant, message = await offer_badge(services, world, bob)
    note = bob.note(message, "yes", public=False)
    social.serve(note["id"].removeprefix("https://social.example"), note)
    fetched = len(social.network.requests)
    assert (await bob.post(door, bob.activity("Create", note["id"]))).status_code == 202
    assert (await get_grant(services, grant.id)).status is Status.PENDING
    assert len(social.network.requests) == fetched


async def test_an_unclear_reply_is_answered_three_times_at_most(
    door: httpx.AsyncClient, services: Services, world: World, social: RemoteServer, bob: RemotePerson
) -> None:
    """Bots that answer everything must not go on for ever."""
    grant, message = await offer_badge(services, world, bob)
    social.received.clear()
    replies = [bob.reply(message, MENTION % "What is this?", public=False) for _ in range(5)]
    for reply in replies:
        await bob.post(door, reply)
        await bob.post(door, reply)
    await work(services)
    assert [path for path, _ in social.received] == ["/users/bob/inbox"] * 3
    notes = [create["object"] for create in social.answers]
    assert [note["inReplyTo"] for note in notes] == [reply["object"]["id"] for reply in replies[:3]]
    assert all(note["to"] == [bob.id] and note["cc"] == [] for note in notes)
    assert all(f"https://badges.example/accept/grant/{grant.id}/" in note["content"] for note in notes)
    assert (await get_grant(services, grant.id)).status is Status.PENDING


async def test_messages_and_post_speak_the_badges_language(
    door: httpx.AsyncClient, services: Services, world: World, social: RemoteServer, bob: RemotePerson
) -> None:
    await services.database.write(
        lambda tx: tx.execute("UPDATE badges SET language = 'de' WHERE id = ?", world.badge.id)
    )
    _, message = await offer_badge(services, world, bob)
    await bob.post(door, bob.reply(message, "hm?", public=False))
    await work(services)
    await bob.post(door, bob.reply(message, "ja", public=False))
    await work(services)
    offered, explained, post = [document["object"]["contentMap"]["de"] for document in social.answers]
    assert "möchte dir das Badge" in offered
    assert "Bitte antworte nur mit „ja“ oder „nein“" in explained
    assert "erhalten" in post
    assert "Dieses Badge prüfen" in post


async def test_a_reply_to_the_help_counts(
    door: httpx.AsyncClient, services: Services, world: World, social: RemoteServer, bob: RemotePerson
) -> None:
    grant, message = await offer_badge(services, world, bob)
    await bob.post(door, bob.reply(message, "hmm?", public=False))
    await work(services)
    help_id = social.answers[-1]["object"]["id"]
    await bob.post(door, bob.reply(help_id, "yes", public=False))
    assert (await get_grant(services, grant.id)).status is Status.ACCEPTED


async def test_a_reply_to_a_code_is_no_answer(
    door: httpx.AsyncClient, services: Services, world: World, bob: RemotePerson
) -> None:
    grant, message = await offer_badge(services, world, bob)
    code = Message(uri=f"{message}0", grant_id=grant.id, kind=MessageKind.CODE, actor_id=bob.id, body=b"{}")
    await services.database.write(lambda tx: messages.add_message(tx, code, now=1))
    await bob.post(door, bob.reply(code.uri, "yes", public=False))
    assert (await get_grant(services, grant.id)).status is Status.PENDING


@pytest.mark.parametrize("second", ["no", "yes", "What?"])
async def test_only_the_first_answer_counts(
    door: httpx.AsyncClient,
    services: Services,
    world: World,
    social: RemoteServer,
    bob: RemotePerson,
    clock: Clock,
    second: str,
) -> None:
    grant, message = await offer_badge(services, world, bob)
    await bob.post(door, bob.reply(message, "yes", public=False))
    first = await get_grant(services, grant.id)
    await work(services)
    social.received.clear()
    clock.advance(60)
    await bob.post(door, bob.reply(message, second, public=False))
    await work(services)
    now = await get_grant(services, grant.id)
    assert (now.status, now.proof, now.accepted_at) == (Status.PROCESSED, first.proof, first.accepted_at)
    assert social.received == []


async def test_undoing_the_like_takes_nothing_back(
    door: httpx.AsyncClient, services: Services, world: World, bob: RemotePerson
) -> None:
    grant, message = await offer_badge(services, world, bob)
    like = bob.activity("Like", message)
    await bob.post(door, like)
    await bob.post(door, bob.activity("Undo", like))
    assert (await get_grant(services, grant.id)).status is Status.ACCEPTED


@pytest.mark.parametrize("scheme", ["cavage", "rfc9421"])
async def test_the_proof_can_be_checked_by_anybody_who_has_the_activity(
    door: httpx.AsyncClient,
    services: Services,
    world: World,
    bob: RemotePerson,
    clock: Clock,
    scheme: str,
) -> None:
    grant, message = await offer_badge(services, world, bob)
    reply = bob.reply(message, "yes", public=False)
    body = json.dumps(reply).encode()
    headers = bob.headers("https://badges.example/inbox", body, scheme=cast("Scheme", scheme))
    await door.post("/inbox", content=body, headers=headers)
    accepted = await get_grant(services, grant.id)
    proof = json.loads(accepted.proof or "")
    assert proof["activity"] == reply["id"]
    assert proof["note"] == reply["object"]["id"]
    assert (proof["actor"], proof["key_id"]) == (bob.id, bob.key_id)
    assert (proof["signature_scheme"], proof["received_at"]) == (scheme, "2026-05-28T20:26:40Z")
    assert reply["object"]["content"] not in (accepted.proof or "")
    assert hashlib.sha256(body).hexdigest() == proof["request"]["body_sha256"]
    kept = InboundRequest(
        method=proof["request"]["method"],
        target=proof["request"]["target"],
        headers={name: tuple(values) for name, values in proof["request"]["headers"].items()},
        body=body,
    )
    signatures.verify(
        signatures.parse(kept),
        kept,
        keys.load_public_pem(proof["public_key"]),
        authorities=Authorities.of(["https://badges.example"]),
        now=clock.now / SECOND,
    )


async def test_an_answer_may_come_to_the_issuers_own_inbox(
    door: httpx.AsyncClient, services: Services, world: World, bob: RemotePerson
) -> None:
    grant, message = await offer_badge(services, world, bob)
    await bob.post(door, bob.reply(message, "yes", public=False), path="/actor/org/inbox")
    assert (await get_grant(services, grant.id)).status is Status.ACCEPTED
