"""QuoteRequest (FEP-044f): who may quote a badge's Note, and how long."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from badgefed.inbox import moderation
from badgefed.inbox.quotes import MAX_OWN_QUOTES
from badgefed.model.grant import Grant
from badgefed.store import blocks
from badgefed.store.blocks import BlockKind
from badgefed.work.services import Services
from tests.conftest import World
from tests.doors import browse, revoke
from tests.inbox.steps import offer_badge, work
from tests.remote import Document, RemotePerson, RemoteServer
from tests.world import Clock


@pytest.fixture(autouse=True)
def heard(grant: Grant, social: RemoteServer) -> None:
    """What came to the server before there was anything to quote doesn't count."""
    social.received.clear()


def quoting(person: RemotePerson, grant: Grant, **members: Any) -> Document:
    return person.note(None, "<p>Look!</p>", quote=grant.note_uri, **members)


def request(person: RemotePerson, grant: Grant, instrument: Any, **members: Any) -> Document:
    return person.activity("QuoteRequest", grant.note_uri, instrument=instrument, **members)


async def ask(
    door: httpx.AsyncClient, services: Services, person: RemotePerson, activity: Document
) -> Document | None:
    """What the person's server gets as the answer."""
    assert (await person.post(door, activity)).status_code == 202
    await work(services)
    answers = person.server.answers
    person.server.received.clear()
    assert len(answers) <= 1
    return answers[0] if answers else None


async def status_of(services: Services, url: str) -> int:
    async with browse(services) as client:
        return (await client.get(url)).status_code


@pytest.mark.parametrize("form", ["id", "embedded"])
@pytest.mark.parametrize("path", ["/inbox", "/actor/org/inbox"])
async def test_a_public_badge_may_be_quoted(
    door: httpx.AsyncClient,
    services: Services,
    world: World,
    grant: Grant,
    social: RemoteServer,
    bob: RemotePerson,
    form: str,
    path: str,
) -> None:
    note = quoting(bob, grant)
    activity = request(bob, grant, note if form == "embedded" else note["id"])
    assert (await bob.post(door, activity, path=path)).status_code == 202
    await work(services)
    [(inbox, answer)] = social.received
    assert inbox == "/users/bob/inbox"
    assert (answer["type"], answer["actor"], answer["to"]) == ("Accept", world.issuer.actor_id, [bob.id])
    assert answer["object"] == {
        "id": activity["id"],
        "type": "QuoteRequest",
        "actor": bob.id,
        "object": grant.note_uri,
        "instrument": note["id"],
    }
    async with browse(services) as client:
        stamp = (await client.get(answer["result"])).json()
    assert stamp["id"] == answer["result"]
    assert stamp["type"] == "QuoteAuthorization"
    assert stamp["attributedTo"] == world.issuer.actor_id
    assert (stamp["interactingObject"], stamp["interactionTarget"]) == (note["id"], grant.note_uri)


@pytest.mark.parametrize("same_id", [True, False])
async def test_a_repeated_request_gets_the_same_authorization(
    door: httpx.AsyncClient, services: Services, grant: Grant, bob: RemotePerson, same_id: bool
) -> None:
    note = quoting(bob, grant)
    first = request(bob, grant, note)
    second = first if same_id else request(bob, grant, note["id"])
    one, two = [await ask(door, services, bob, activity) for activity in (first, second)]
    other = await ask(door, services, bob, request(bob, grant, quoting(bob, grant)))
    assert one is not None
    assert two is not None
    assert other is not None
    assert one["result"] == two["result"] != other["result"]
    assert one["id"] != two["id"]
    assert two["object"]["id"] == second["id"]
    assert len(await services.database.all("SELECT uuid FROM quotes")) == 2


@pytest.mark.parametrize("why", ["unlisted", "revoked", "actor blocked by the issuer", "host blocked by it"])
async def test_what_may_not_be_quoted_is_refused(
    door: httpx.AsyncClient, services: Services, world: World, grant: Grant, bob: RemotePerson, why: str
) -> None:
    activity = request(bob, grant, quoting(bob, grant))
    if why == "revoked":
        await revoke(services, grant)
        await work(services)
        bob.server.received.clear()
    elif why == "unlisted":
        await services.database.write(lambda tx: tx.execute("UPDATE grants SET visibility = 'unlisted'"))
    else:
        kind, target = (BlockKind.ACTOR, bob.id) if "actor" in why else (BlockKind.HOST, "other.example")
        await services.database.write(
            lambda tx: blocks.add_block(tx, kind, target, issuer_id=world.issuer.id, now=1)
        )
        if kind is BlockKind.HOST:
            bob = RemoteServer(network=bob.server.network, clock=bob.server.clock, host=target).person("bob")
            activity = request(bob, grant, quoting(bob, grant))
    answer = await ask(door, services, bob, activity)
    if why == "host blocked by it":
        assert answer is None, "a blocked host gets nothing at all"
    else:
        assert answer is not None
        assert (answer["type"], answer["actor"]) == ("Reject", world.issuer.actor_id)
        assert answer["object"]["id"] == activity["id"]
        assert "result" not in answer
    assert await services.database.all("SELECT * FROM quotes") == []


@pytest.mark.parametrize("what", ["private", "pending", "unknown", "another's", "nothing", "issuer gone"])
async def test_what_nobody_can_know_of_gets_no_answer(
    door: httpx.AsyncClient,
    services: Services,
    world: World,
    grant: Grant,
    social: RemoteServer,
    bob: RemotePerson,
    what: str,
) -> None:
    activity = request(bob, grant, quoting(bob, grant))
    if what == "private":
        await services.database.write(lambda tx: tx.execute("UPDATE grants SET visibility = 'private'"))
    elif what == "issuer gone":
        await services.database.write(lambda tx: tx.execute("UPDATE issuers SET deleted_at = 1"))
    elif what == "pending":
        pending, _ = await offer_badge(services, world, bob)
        social.received.clear()
        activity["object"] = pending.note_uri
    else:
        activity["object"] = {
            "unknown": f"{world.issuer.actor_id}/statuses/0",
            "another's": "https://other.example/notes/1",
            "nothing": [],
        }[what]
    assert await ask(door, services, bob, activity) is None
    assert await services.database.all("SELECT * FROM quotes") == []


@pytest.mark.parametrize(
    "instrument",
    [
        None,
        5,
        "x",
        "javascript:alert(1)",
        "https://other.example/notes/1",
        "https://social.example/notes/é",
        "https://social.example/" + "1" * 2048,
        ["https://social.example/notes/1"],
        {"type": "Note", "attributedTo": "https://social.example/users/bob"},
        {"id": "https://social.example/notes/1", "type": "Note"},
        {"id": "https://social.example/notes/1", "attributedTo": "https://social.example/users/eve"},
        {
            "id": "https://social.example/notes/1",
            "attributedTo": ["https://social.example/users/bob", "https://social.example/users/eve"],
        },
        {"id": "https://other.example/notes/1", "attributedTo": "https://social.example/users/bob"},
    ],
    ids=lambda value: str(value)[:60],
)
async def test_a_note_that_is_not_the_actors_gets_no_answer(
    door: httpx.AsyncClient, services: Services, grant: Grant, bob: RemotePerson, instrument: Any
) -> None:
    assert await ask(door, services, bob, request(bob, grant, instrument)) is None
    assert await services.database.all("SELECT * FROM quotes") == []


async def test_a_request_with_an_id_on_another_host_is_no_activity(
    door: httpx.AsyncClient, services: Services, grant: Grant, bob: RemotePerson
) -> None:
    forged = request(bob, grant, quoting(bob, grant), id="https://other.example/requests/1")
    assert (await bob.post(door, forged)).status_code == 400
    await work(services)
    assert bob.server.received == []
    assert await services.database.all("SELECT * FROM quotes") == []


@pytest.mark.parametrize("end", ["delete by id", "delete of a tombstone", "undo by id", "undo, embedded"])
async def test_its_author_takes_the_quote_back(
    door: httpx.AsyncClient,
    services: Services,
    grant: Grant,
    bob: RemotePerson,
    eve: RemotePerson,
    end: str,
) -> None:
    note = quoting(bob, grant)
    activity = request(bob, grant, note)
    accept = await ask(door, services, bob, activity)
    assert accept is not None
    verb, target = {
        "delete by id": ("Delete", note["id"]),
        "delete of a tombstone": ("Delete", {"id": note["id"], "type": "Tombstone"}),
        "undo by id": ("Undo", activity["id"]),
        "undo, embedded": ("Undo", activity),
    }[end]
    await eve.post(door, eve.activity(verb, target))
    assert await status_of(services, accept["result"]) == 200
    await bob.post(door, bob.activity(verb, target))
    assert await status_of(services, accept["result"]) == 404
    again = await ask(door, services, bob, activity)
    assert again is None or again["type"] == "Reject", "a replay brings nothing back"
    assert await services.database.all("SELECT * FROM quotes") == []


async def test_a_note_that_was_deleted_before_its_request_came(
    door: httpx.AsyncClient, services: Services, grant: Grant, bob: RemotePerson
) -> None:
    note = quoting(bob, grant)
    await bob.post(door, bob.activity("Delete", note["id"]))
    assert await ask(door, services, bob, request(bob, grant, note)) is None


async def test_an_id_that_was_another_activitys(
    door: httpx.AsyncClient, services: Services, grant: Grant, bob: RemotePerson
) -> None:
    like = bob.activity("Like", grant.note_uri)
    await bob.post(door, like)
    assert await ask(door, services, bob, request(bob, grant, quoting(bob, grant), id=like["id"])) is None


@pytest.mark.parametrize("end", ["deleted", "blocked", "host blocked"])
async def test_what_an_actor_was_given_goes_with_it(
    door: httpx.AsyncClient, services: Services, grant: Grant, bob: RemotePerson, end: str
) -> None:
    accept = await ask(door, services, bob, request(bob, grant, quoting(bob, grant)))
    assert accept is not None
    if end == "deleted":
        await bob.post(door, bob.activity("Delete", bob.id))
    else:
        kind, target = (BlockKind.ACTOR, bob.id) if end == "blocked" else (BlockKind.HOST, "social.example")
        await services.database.write(lambda tx: moderation.block(tx, kind, target, now=1))
    assert await status_of(services, accept["result"]) == 404


async def test_a_flood_of_quotes_of_one_actor(
    door: httpx.AsyncClient,
    services: Services,
    grant: Grant,
    bob: RemotePerson,
    eve: RemotePerson,
    clock: Clock,
) -> None:
    notes = [quoting(bob, grant) for _ in range(MAX_OWN_QUOTES + 1)]
    answers = [await ask(door, services, bob, request(bob, grant, note["id"])) for note in notes]
    kinds = [answer["type"] for answer in answers if answer is not None]
    assert kinds == ["Accept"] * MAX_OWN_QUOTES + ["Reject"]
    known = await ask(door, services, bob, request(bob, grant, notes[0]["id"]))
    of_another = await ask(door, services, eve, request(eve, grant, quoting(eve, grant)))
    assert [answer and answer["type"] for answer in (known, of_another)] == ["Accept", "Accept"]
