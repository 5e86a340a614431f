"""Ten thousand activities that nobody should send: none of them may crash the inbox or be told a wrong thing."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

import httpx

from badgefed.work.services import Services
from tests.conftest import World
from tests.inbox.steps import offer_badge
from tests.remote import RemotePerson, RemoteServer, make_door

ROUNDS = 10_000
AT_ONCE = 50
ALLOWED = {202, 400, 401, 403, 413}
ODD: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    2**53,
    1e300,
    0.5,
    "",
    " ",
    "x",
    "https://",
    "https://social.example/users/bob",
    "https://social.example/users/eve",
    "https://badges.example/actor/org",
    "http://[::1",
    "//social.example",
    "javascript:alert(1)",
    "acct:bob@social.example",
    "\U0001f3c5" * 40,
    "\u202e\u0000".replace("\u0000", ""),
    "a" * 5000,
    [],
    [[]],
    [None],
    {},
    {"id": None},
    {"id": "https://social.example/x", "type": "Note"},
    {"@id": "https://social.example/x"},
    [{"id": "https://social.example/users/bob"}],
    ["https://www.w3.org/ns/activitystreams#Public"],
    {"type": ["Follow", 5]},
    {"a": {"b": {"c": {"d": {"e": {"f": []}}}}}},
)
BREAKAGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    lambda body, dice: body[: dice.randrange(len(body))],
    lambda body, dice: b"\xef\xbb\xbf" + body,
    lambda body, dice: body.replace(b'"', b"'", 1),
    lambda body, dice: body[:-1] + b',"id":"https://social.example/again"}',
    lambda body, dice: body[:-1] + b',"x":' + b"[" * 40 + b"]" * 40 + b"}",
    lambda body, dice: body[:-1] + b',"x":' + b'{"a":' * 500 + b"1" + b"}" * 500 + b"}",
    lambda body, dice: body[:-1] + b',"x":' + b"9" * 400 + b"}",
    lambda body, dice: body[:-1] + b',"x":1e999}',
    lambda body, dice: body[:-1] + b',"x":"\\ud800"}',
    lambda body, dice: body[:-1] + b',"x":"\\u0000"}',
    lambda body, dice: body[:-1] + b',"x":"\xc3\x28"}',
    lambda body, dice: body[:-1] + b',"x":[' + b"0," * 1001 + b"0]}",
    lambda body, dice: body[:-1] + b',"x":NaN}',
    lambda body, dice: b"[" + body + b"]",
    lambda body, dice: bytes(dice.randrange(256) for _ in range(50)),
    lambda body, dice: body + b"x" * 1_000_000,
)


def places(value: Any, found: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Each (container, key) in a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in items:
        found.append((value, key))
        places(member, found)
    return found


def copy(value: Any) -> Any:
    return json.loads(json.dumps(value))


def mutate(document: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    changed: dict[str, Any] = copy(document)
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        spots = places(changed, [])
        if not spots:
            break
        container, key = dice.choice(spots)
        what = dice.randrange(6)
        if what == 0:
            del container[key]
        elif what == 1:
            container[key] = [container[key]]
        elif what == 2:
            container[key] = {"id": container[key]}
        elif what == 3:
            container[key] = copy(document)
        else:
            container[key] = copy(dice.choice(ODD))
    return changed


def samples(bob: RemotePerson, world: World, note_uri: str, message: str) -> list[dict[str, Any]]:
    org = world.issuer.actor_id
    follow = bob.activity("Follow", org)
    reply = bob.reply(note_uri, "<p>Well done!</p>", url="https://social.example/@bob/1")
    like = bob.activity("Like", note_uri)
    return [
        follow,
        bob.activity("Undo", follow),
        bob.activity("Undo", like),
        like,
        bob.activity("EmojiReact", note_uri, content="🎉"),
        bob.activity("Announce", note_uri),
        reply,
        bob.reply(message, "<p>what?</p>", public=False),
        bob.activity("Update", reply["object"]),
        bob.activity("Update", bob.document),
        bob.activity("Delete", {"id": reply["object"]["id"], "type": "Tombstone"}),
        bob.activity("Accept", message),
        bob.activity("Reject", {"id": message, "type": "Note"}),
        bob.activity("Block", org),
        bob.activity("Flag", [org, note_uri], content="spam"),
        bob.activity("QuoteRequest", note_uri, instrument=bob.note(None, "Look!", quote=note_uri)),
        bob.activity("Move", bob.id, target=f"{bob.id}2"),
    ]


async def test_mutated_activities(
    services: Services, world: World, social: RemoteServer, bob: RemotePerson
) -> None:
    dice = random.Random(20260528)
    grant, message = await offer_badge(services, world, bob)
    originals = samples(bob, world, grant.note_uri, message)
    statuses: Counter[int] = Counter()
    waiting: list[Coroutine[Any, Any, httpx.Response]] = []
    async with make_door(services) as door:
        await bob.post(door, originals[0])
        for number in range(ROUNDS):
            activity = mutate(dice.choice(originals), dice)
            if number % 2 and "id" in activity:
                activity["id"] = bob.new_id()
            body = json.dumps(activity).encode()
            if dice.randrange(10) == 0:
                body = dice.choice(BREAKAGES)(body, dice)
            waiting.append(bob.post(door, body))
            if len(waiting) == AT_ONCE or number == ROUNDS - 1:
                statuses.update(answer.status_code for answer in await asyncio.gather(*waiting))
                waiting.clear()
    assert statuses.keys() <= ALLOWED
    assert statuses[202] > ROUNDS / 3
    assert statuses[400] > ROUNDS / 20
