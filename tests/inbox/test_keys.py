"""Where peers keep their keys, and how often we ask for them."""

from __future__ import annotations

import json

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from badgefed.errors import FetchFailed
from badgefed.model.times import DAY, MINUTE
from badgefed.net.transport import Request, Response
from badgefed.protocol import keys
from badgefed.protocol.activities import AS2
from badgefed.work.services import Services
from tests.conftest import World
from tests.inbox.handmade import Handmade, follow_body
from tests.inbox.steps import follower_ids
from tests.remote import RemotePerson, RemoteServer, rsa_key
from tests.world import Clock, Network

PROBLEM = "application/problem+json"


async def test_a_key_at_a_path_of_its_own_with_a_stub_of_its_actor(
    door: httpx.AsyncClient, services: Services, world: World, social: RemoteServer, bob: RemotePerson
) -> None:
    """As GoToSocial does it: the stub has the actor's id and no inbox."""
    bob.key_id = f"{bob.id}/main-key"
    stub = {name: bob.document[name] for name in ("@context", "id", "type", "preferredUsername", "publicKey")}
    social.serve("/users/bob/main-key", stub)
    assert (await Handmade(person=bob, body=follow_body(bob, world)).post(door)).status_code == 202
    assert await follower_ids(services, world) == [bob.id]


async def test_the_first_of_several_keys_is_another_one(
    door: httpx.AsyncClient, services: Services, world: World, bob: RemotePerson
) -> None:
    other = keys.public_pem(rsa_key("other").public_key())
    first = {"id": f"{bob.id}#first", "owner": bob.id, "publicKeyPem": other}
    bob.extra = {"publicKey": [first, bob.public_key]}
    assert (await Handmade(person=bob, body=follow_body(bob, world)).post(door)).status_code == 202
    assert await follower_ids(services, world) == [bob.id]


@pytest.mark.parametrize("confirmed", [True, False])
async def test_a_key_in_a_document_of_its_own(
    door: httpx.AsyncClient,
    services: Services,
    world: World,
    social: RemoteServer,
    bob: RemotePerson,
    confirmed: bool,
) -> None:
    bob.key_id = "https://social.example/keys/7"
    social.serve("/keys/7", {"@context": AS2, "type": "Key", **bob.public_key})
    bob.extra = {"publicKey": bob.key_id if confirmed else "https://social.example/keys/8"}
    answer = await Handmade(person=bob, body=follow_body(bob, world)).post(door)
    assert answer.status_code == (202 if confirmed else 401)
    assert await follower_ids(services, world) == ([bob.id] if confirmed else [])


async def test_a_key_in_pkcs1_form(
    door: httpx.AsyncClient, services: Services, world: World, bob: RemotePerson
) -> None:
    pem = bob.private_key.public_key().public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode()
    bob.extra = {"publicKey": bob.public_key | {"publicKeyPem": pem}}
    assert (await Handmade(person=bob, body=follow_body(bob, world)).post(door)).status_code == 202
    assert await follower_ids(services, world) == [bob.id]


async def test_an_actor_whose_id_has_a_query(
    door: httpx.AsyncClient, services: Services, world: World, social: RemoteServer, bob: RemotePerson
) -> None:
    """As WordPress does it: only the fragment of the key's id is cut off."""
    actor_id = "https://social.example/?author=1"
    bob.key_id = f"{actor_id}#main-key"
    document = bob.document | {"id": actor_id, "publicKey": bob.public_key | {"owner": actor_id}}
    social.serve("/?author=1", document)
    body = json.dumps(bob.activity("Follow", world.issuer.actor_id, actor=actor_id)).encode()
    assert (await Handmade(person=bob, body=body).post(door)).status_code == 202
    assert await follower_ids(services, world) == [actor_id]


@pytest.mark.parametrize("by", ["fetch", "Update"])
async def test_the_id_of_another_actors_key_is_not_to_be_had(
    door: httpx.AsyncClient,
    services: Services,
    world: World,
    bob: RemotePerson,
    eve: RemotePerson,
    by: str,
) -> None:
    """Eve publishes a key of hers under the id of bob's before bob is known."""
    squatted = [eve.public_key, eve.public_key | {"id": bob.key_id}]
    if by == "fetch":
        eve.extra = {"publicKey": squatted}
    await eve.post(door, eve.activity("Like", "https://badges.example/x"))
    if by == "Update":
        await eve.post(door, eve.activity("Update", eve.document | {"publicKey": squatted}))
    assert (await bob.post(door, bob.activity("Follow", world.issuer.actor_id))).status_code == 202
    assert await follower_ids(services, world) == [bob.id]


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ('application/ld+json; profile="https://www.w3.org/ns/activitystreams"', 202),
        ("application/activity+json; charset=utf-8", 202),
        ("application/json", 401),
        ("text/html", 401),
    ],
)
async def test_only_activitypub_documents_have_keys(
    door: httpx.AsyncClient,
    world: World,
    social: RemoteServer,
    bob: RemotePerson,
    content_type: str,
    status: int,
) -> None:
    social.serve("/users/bob", bob.document, content_type=content_type)
    answer = await Handmade(person=bob, body=follow_body(bob, world)).post(door)
    assert answer.status_code == status


async def test_an_actor_document_of_another_id(
    door: httpx.AsyncClient, services: Services, world: World, social: RemoteServer, bob: RemotePerson
) -> None:
    """A file that somebody uploaded says that it is bob, with a key of the uploader's."""
    eve = RemotePerson(
        server=social, name="bob", key_name="eve's", key_id="https://social.example/media/1#main-key"
    )
    social.serve("/media/1", eve.document)
    answer = await Handmade(person=eve, body=follow_body(bob, world)).post(door)
    assert answer.status_code == 401
    assert await follower_ids(services, world) == []


async def test_a_key_document_that_redirects_to_another_host(
    door: httpx.AsyncClient,
    world: World,
    social: RemoteServer,
    bob: RemotePerson,
    network: Network,
    clock: Clock,
) -> None:
    evil = RemoteServer(network=network, clock=clock, host="evil.example")
    evil.serve("/users/bob", bob.document)
    social.documents["/users/bob"] = Response(
        status=302, headers={"location": "https://evil.example/users/bob"}, body=b"", url=""
    )
    assert (await Handmade(person=bob, body=follow_body(bob, world)).post(door)).status_code == 401


async def test_gets_are_signed_by_the_instance_actor(
    door: httpx.AsyncClient, world: World, bob: RemotePerson, network: Network
) -> None:
    await Handmade(person=bob, body=follow_body(bob, world)).post(door)
    [request] = network.requests
    assert (request.method, request.url) == ("GET", bob.id)
    assert 'keyId="https://badges.example/actor#main-key"' in request.headers["Signature"]


async def test_one_fetch_for_many_requests(
    door: httpx.AsyncClient,
    services: Services,
    world: World,
    bob: RemotePerson,
    network: Network,
    clock: Clock,
) -> None:
    for _ in range(5):
        assert (await Handmade(person=bob, body=follow_body(bob, world)).post(door)).status_code == 202
    clock.now += 2 * DAY
    assert (await Handmade(person=bob, body=follow_body(bob, world)).post(door)).status_code == 202
    assert [request.url for request in network.requests] == [bob.id]


async def test_a_rotated_key_is_fetched_again_but_not_more_often_than_every_five_minutes(
    door: httpx.AsyncClient,
    services: Services,
    world: World,
    bob: RemotePerson,
    network: Network,
    clock: Clock,
) -> None:
    assert (await bob.post(door, bob.activity("Follow", world.issuer.actor_id))).status_code == 202
    bob.key_name = "bob's second key"
    statuses = []
    for minutes in (1, 3, 2, 1, 1):
        clock.now += minutes * MINUTE
        answer = await bob.post(door, bob.activity("Like", "https://badges.example/x"))
        statuses.append(answer.status_code)
    assert statuses == [401, 401, 202, 202, 202]
    assert len(network.requests) == 2


async def test_forged_signatures_do_not_make_us_fetch_over_and_over(
    door: httpx.AsyncClient,
    world: World,
    social: RemoteServer,
    bob: RemotePerson,
    network: Network,
    clock: Clock,
) -> None:
    await bob.post(door, bob.activity("Follow", world.issuer.actor_id))
    forger = RemotePerson(server=social, name="bob", key_name="forger's")
    for _ in range(20):
        clock.now += MINUTE
        assert (await forger.post(door, forger.activity("Delete", forger.id))).status_code == 401
    assert len(network.requests) == 1 + 4


async def test_invented_key_ids_of_a_known_actor(
    door: httpx.AsyncClient, world: World, bob: RemotePerson, network: Network, clock: Clock
) -> None:
    await bob.post(door, bob.activity("Follow", world.issuer.actor_id))
    for number in range(10):
        bob.key_id = f"{bob.id}#key-{number}"
        bob.extra = {"publicKey": []}
        clock.advance(10)
        assert (await bob.post(door, bob.activity("Like", "https://badges.example/x"))).status_code == 401
    assert len(network.requests) == 1


@pytest.mark.parametrize("status", [404, 410, 403, 401])
async def test_an_unknown_key_is_unauthorized_and_remembered(
    door: httpx.AsyncClient,
    world: World,
    social: RemoteServer,
    bob: RemotePerson,
    network: Network,
    status: int,
) -> None:
    social.fail("/users/bob", status)
    for _ in range(3):
        assert (await Handmade(person=bob, body=follow_body(bob, world)).post(door)).status_code == 401
    assert len(network.requests) == 1


@pytest.mark.parametrize("status", [429, 500, 502, 503])
async def test_trouble_at_the_key_owners_server_is_worth_another_try(
    door: httpx.AsyncClient, world: World, social: RemoteServer, bob: RemotePerson, clock: Clock, status: int
) -> None:
    social.fail("/users/bob", status)
    answer = await Handmade(person=bob, body=follow_body(bob, world)).post(door)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "300"
    assert answer.headers["content-type"] == PROBLEM
    del social.documents["/users/bob"]
    clock.advance(301)
    assert (await Handmade(person=bob, body=follow_body(bob, world)).post(door)).status_code == 202


@pytest.mark.parametrize(
    ("reason", "status"), [("network", 503), ("timeout", 503), ("tls", 503), ("dns", 401)]
)
async def test_a_server_that_cannot_be_reached(
    door: httpx.AsyncClient, world: World, bob: RemotePerson, network: Network, reason: str, status: int
) -> None:
    async def refuse(request: Request) -> Response:
        raise FetchFailed(reason, "out of reach")

    network.mount("social.example", refuse)
    answer = await Handmade(person=bob, body=follow_body(bob, world)).post(door)
    assert answer.status_code == status


async def test_a_rotated_key_while_its_server_has_no_address(
    door: httpx.AsyncClient, world: World, bob: RemotePerson, network: Network, clock: Clock
) -> None:
    await bob.post(door, bob.activity("Follow", world.issuer.actor_id))
    bob.key_name = "bob's third key"
    del network.handlers["social.example"]
    clock.now += 10 * MINUTE
    assert (await bob.post(door, bob.activity("Like", "https://badges.example/x"))).status_code == 503
