"""Signatures of every make at the door: those that hold, and those that do not."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from badgefed.model.times import SECOND
from badgefed.protocol import digests, keys
from badgefed.work.services import Services
from tests.conftest import World
from tests.inbox.handmade import Handmade, follow_body
from tests.inbox.steps import follower_ids
from tests.remote import RemotePerson, RemoteServer
from tests.world import Clock, Network

PROBLEM = "application/problem+json"

GOOD: dict[str, dict[str, Any]] = {
    "rsa-sha256": {},
    "rsa-sha256 with content-type": {"names": "(request-target) host date digest content-type"},
    "hs2019 with date": {"algorithm": "hs2019"},
    "hs2019 with created": {
        "algorithm": "hs2019",
        "names": "(request-target) (created) host digest",
        "created": 0,
    },
    "hs2019 with created and expires": {
        "algorithm": "hs2019",
        "names": "(request-target) (created) (expires) host digest",
        "created": 0,
        "expires": 60,
    },
    "no algorithm": {"algorithm": None},
    "another order": {"names": "digest date host (request-target)"},
    "capitals": {"names": "(Request-Target) Host Date Digest"},
    "spaces": {"names": "  (request-target)   host date  digest "},
    "with the query": {"path": "/inbox?a=b%40c&d=%2F"},
    "without the query": {"path": "/inbox?a=b", "lie": {"(request-target)": "post /inbox"}},
}


@pytest.mark.parametrize("form", GOOD)
async def test_signatures_that_hold(
    door: httpx.AsyncClient, services: Services, world: World, bob: RemotePerson, clock: Clock, form: str
) -> None:
    options = dict(GOOD[form])
    for name in ("created", "expires"):
        if name in options:
            options[name] += clock.now // SECOND
    answer = await Handmade(person=bob, body=follow_body(bob, world), **options).post(door)
    assert (answer.status_code, answer.content) == (202, b"")
    assert await follower_ids(services, world) == [bob.id]


def _change_body(request: Handmade) -> None:
    request.sent_body = request.body.replace(b"Follow", b"Fallow")


def _wrong_digest(request: Handmade) -> None:
    request.sent["digest"] = f"SHA-256={digests.sha256_base64(b'else')}"


def _shift(request: Handmade, clock_seconds: int) -> None:
    now = request.person.server.clock() / SECOND
    request.sent["date"] = formatdate(now + clock_seconds, usegmt=True)


def _future_created(request: Handmade) -> None:
    request.algorithm, request.names = "hs2019", "(request-target) (created) host digest"
    request.created = request.person.server.clock() // SECOND + 2 * 3600


def _past_expiry(request: Handmade) -> None:
    request.algorithm, request.names = "hs2019", "(request-target) (created) (expires) host digest"
    request.created = request.person.server.clock() // SECOND - 20
    request.expires = request.created + 10


def _set(**values: Any) -> Callable[[Handmade], None]:
    def change(request: Handmade) -> None:
        for name, value in values.items():
            setattr(request, name, value)

    return change


def _send(**values: str) -> Callable[[Handmade], None]:
    return lambda request: request.sent.update(values)


def _other_key(request: Handmade) -> None:
    request.person = RemotePerson(
        server=request.person.server, name="bob", key_name="another key", key_id=request.person.key_id
    )


BAD: dict[str, Callable[[Handmade], None]] = {
    "wrong digest": _wrong_digest,
    "digest unsigned": _set(names="(request-target) host date"),
    "body changed by one byte": _change_body,
    "host unsigned": _set(names="(request-target) date digest"),
    "target unsigned": _set(names="host date digest"),
    "date unsigned": _set(names="(request-target) host digest"),
    "date two hours ago": lambda request: _shift(request, -7200),
    "date in two hours": lambda request: _shift(request, 7200),
    "date of no known form": _send(date="2026-05-28T20:26:40Z"),
    "created in two hours": _future_created,
    "expired": _past_expiry,
    "another host": _send(host="elsewhere.example"),
    "another path": _set(lie={"(request-target)": "post /actor/org/inbox"}),
    "another method": _set(lie={"(request-target)": "get /inbox"}),
    "rsa-sha512": _set(algorithm="rsa-sha512"),
    "hmac": _set(algorithm="hmac-sha256"),
    "signed by another key": _other_key,
    "a header that isn't there": _set(names="(request-target) host date digest x-none", lie={"x-none": ""}),
}


@pytest.mark.parametrize("fault", BAD)
async def test_signatures_that_do_not_hold(
    door: httpx.AsyncClient, services: Services, world: World, bob: RemotePerson, fault: str
) -> None:
    request = Handmade(person=bob, body=follow_body(bob, world))
    BAD[fault](request)
    answer = await request.post(door)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == PROBLEM
    assert answer.json()["status"] == 401
    assert "content-digest" in answer.headers["accept-signature"]
    assert answer.headers["www-authenticate"].startswith("Signature ")
    assert await follower_ids(services, world) == []
    assert await services.database.all("SELECT * FROM inbox_log") == []


@pytest.mark.parametrize("name", ["Signature", "Digest", "Date", "Host"])
async def test_a_header_that_stands_there_twice(
    door: httpx.AsyncClient, services: Services, world: World, bob: RemotePerson, name: str
) -> None:
    request = Handmade(person=bob, body=follow_body(bob, world))
    headers = [(key.title(), value) for key, value in request.sign().items()]
    again = next(value for key, value in headers if key == name)
    answer = await door.post("/inbox", content=request.body, headers=[*headers, (name, again)])
    assert answer.status_code == 401
    assert await follower_ids(services, world) == []


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        "nonsense",
        "keyId=",
        'keyId="https://social.example/users/bob#main-key"',
        "Signature é" * 2000,
    ],
)
async def test_no_signature_or_none_that_can_be_read(
    door: httpx.AsyncClient, world: World, bob: RemotePerson, network: Network, signature: str | None
) -> None:
    headers = Handmade(person=bob, body=follow_body(bob, world)).sent
    if signature is not None:
        headers["Signature"] = signature
    encoded = {name.encode(): value.encode() for name, value in headers.items()}
    answer = await door.post("/inbox", content=follow_body(bob, world), headers=encoded)
    assert answer.status_code == 401
    assert network.requests == []


async def test_key_of_another_actor_of_the_same_server(
    door: httpx.AsyncClient, services: Services, world: World, bob: RemotePerson, eve: RemotePerson
) -> None:
    answer = await Handmade(person=eve, body=follow_body(bob, world)).post(door)
    assert answer.status_code == 401
    assert answer.json()["type"] == "https://w3id.org/fep/c180#principal-actor-mismatch"
    assert await follower_ids(services, world) == []


async def test_key_of_another_server_is_not_even_fetched(
    door: httpx.AsyncClient, world: World, bob: RemotePerson, network: Network, clock: Clock
) -> None:
    mallory = RemoteServer(network=network, clock=clock, host="evil.example").person("mallory")
    answer = await Handmade(person=mallory, body=follow_body(bob, world)).post(door)
    assert answer.status_code == 401
    assert network.requests == []


async def test_a_key_that_names_another_owner(
    door: httpx.AsyncClient, world: World, bob: RemotePerson
) -> None:
    bob.extra = {"publicKey": bob.public_key | {"owner": "https://social.example/users/eve"}}
    assert (await Handmade(person=bob, body=follow_body(bob, world)).post(door)).status_code == 401


async def test_our_own_actors_do_not_write_to_us(
    door: httpx.AsyncClient, world: World, bob: RemotePerson, network: Network
) -> None:
    bob.key_id = f"{world.issuer.actor_id}#main-key"
    assert (await Handmade(person=bob, body=follow_body(bob, world)).post(door)).status_code == 403
    body = json.dumps(bob.activity("Like", "x", actor=world.issuer.actor_id, id=None)).encode()
    answer = await Handmade(person=bob, body=body).post(door)
    assert answer.status_code == 403
    assert answer.json()["type"] == "https://w3id.org/fep/c180#actor-not-authorized"
    assert network.requests == []


def message_headers(
    person: RemotePerson,
    body: bytes,
    *,
    components: str,
    key: keys.PrivateKey | None = None,
    algorithm: str | None = "rsa-v1_5-sha256",
    key_id: str | None = None,
) -> dict[str, str]:
    """RFC 9421 as Mastodon and Fedify make it: `components` separated by spaces."""
    now = int(person.server.clock() / SECOND)
    sent = {
        "Host": "badges.example",
        "Date": formatdate(now, usegmt=True),
        "Content-Digest": f"sha-256=:{digests.sha256_base64(body)}:",
        "Content-Type": "application/activity+json",
    }
    values = {name.lower(): value for name, value in sent.items()} | {
        "@method": "POST",
        "@target-uri": "https://badges.example/inbox",
        "@authority": "badges.example",
        "@path": "/inbox",
    }
    names = " ".join(f'"{name}"' for name in components.split())
    parameters = f'({names});created={now};keyid="{key_id or person.key_id}"'
    if algorithm:
        parameters += f';alg="{algorithm}"'
    lines = [f'"{name}": {values[name]}' for name in components.split()]
    base = "\n".join([*lines, f'"@signature-params": {parameters}'])
    value = base64.b64encode(keys.sign(key or person.private_key, base.encode())).decode()
    return sent | {"Signature-Input": f"sig1={parameters}", "Signature": f"sig1=:{value}:"}


@pytest.mark.parametrize(
    "components",
    [
        "@method @target-uri content-digest",
        "@method @target-uri @authority host date content-digest",
        "@method @authority @path content-digest",
    ],
)
@pytest.mark.parametrize("algorithm", ["rsa-v1_5-sha256", None])
async def test_message_signatures_that_hold(
    door: httpx.AsyncClient,
    services: Services,
    world: World,
    bob: RemotePerson,
    components: str,
    algorithm: str | None,
) -> None:
    body = follow_body(bob, world)
    headers = message_headers(bob, body, components=components, algorithm=algorithm)
    assert (await door.post("/inbox", content=body, headers=headers)).status_code == 202
    assert await follower_ids(services, world) == [bob.id]


async def test_an_ed25519_message_signature(
    door: httpx.AsyncClient, services: Services, world: World, bob: RemotePerson
) -> None:
    private = Ed25519PrivateKey.generate()
    multikey = {
        "id": f"{bob.id}#ed25519-key",
        "type": "Multikey",
        "controller": bob.id,
        "publicKeyMultibase": keys.multikey(private.public_key()),
    }
    bob.extra = {"assertionMethod": [multikey]}
    body = follow_body(bob, world)
    headers = message_headers(
        bob,
        body,
        components="@method @target-uri content-digest",
        key=private,
        algorithm="ed25519",
        key_id=multikey["id"],
    )
    assert (await door.post("/inbox", content=body, headers=headers)).status_code == 202
    assert await follower_ids(services, world) == [bob.id]


@pytest.mark.parametrize(
    "components", ["@method @target-uri", "@target-uri content-digest", "@method content-digest"]
)
async def test_message_signatures_that_cover_too_little(
    door: httpx.AsyncClient, world: World, bob: RemotePerson, components: str
) -> None:
    body = follow_body(bob, world)
    answer = await door.post(
        "/inbox", content=body, headers=message_headers(bob, body, components=components)
    )
    assert answer.status_code == 401
    assert answer.headers["accept-signature"] == 'sig1=("@method" "@target-uri" "content-digest");created'
