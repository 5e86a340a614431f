"""New keys for an issuer: who learns of them and how, what they sign, and that what the old ones signed holds."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from badgefed.errors import Conflict, RateLimited, SignatureRejected
from badgefed.issuing.key_rotation import find_key_number, rotate_keys
from badgefed.model.audit import COMMAND
from badgefed.model.times import HOUR, SECOND
from badgefed.net.transport import Request, Response
from badgefed.protocol import data_integrity, keys, signatures, status_list
from badgefed.protocol.signed_request import Authorities, InboundRequest
from badgefed.protocol.verification_keys import from_multikey
from badgefed.store import audit, documents, issuers, signing_keys, status_lists
from badgefed.store.documents import DocumentKind
from badgefed.store.migrate import open_database
from badgefed.store.signing_keys import KeyKind
from badgefed.work.keyring import TRUSTED, Keyring
from badgefed.work.services import Services
from tests.conftest import World
from tests.doors import browse, fetch, publish
from tests.sinks import follow
from tests.sinks import publish as send
from tests.workers import run_until_idle
from tests.world import Clock, Network, answer

INBOX = "https://peer.example/inbox"


async def rotate(services: Services, world: World) -> int:
    return await rotate_keys(services, world.issuer, by=COMMAND)


def key_id_of(request: Request) -> str:
    return signatures.parse(inbound(request)).key_id


def inbound(request: Request) -> InboundRequest:
    return InboundRequest(
        method=request.method,
        target="/inbox",
        headers={name.lower(): (value,) for name, value in request.headers.items()},
        body=request.body,
    )


def verify(services: Services, request: Request, pem: str) -> None:
    signatures.verify(
        signatures.parse(inbound(request)),
        inbound(request),
        keys.load_public_pem(pem),
        authorities=Authorities.of([INBOX]),
        now=services.clock() / SECOND,
    )


async def test_followers_get_the_new_key_from_the_old_one_and_the_rest_from_the_new(
    any_services: Services, any_world: World, network: Network, clock: Clock
) -> None:
    services, world = any_services, any_world
    received: list[Request] = []

    async def peer(request: Request) -> Response:
        received.append(request)
        return answer(202)

    network.mount("peer.example", peer)
    await follow(services, world.issuer, ["https://peer.example/users/bob"], shared=True)
    old = await services.keyring.rsa(world.issuer.id)
    clock.advance(HOUR / SECOND)
    assert await rotate(services, world) == 2
    await send(services, world.issuer, "later", to_followers=False, inboxes=[INBOX])
    await run_until_idle(services)
    by_type = {json.loads(request.body)["type"]: request for request in received}
    update = by_type.pop("Update")
    later = by_type.pop("Create")
    assert not by_type
    verify(services, update, old.public_key)
    assert key_id_of(update) == f"{world.issuer.actor_id}#main-key"
    actor = json.loads(update.body)["object"]
    assert actor["publicKey"]["id"] == f"{world.issuer.actor_id}#main-key-2"
    assert actor["assertionMethod"][0]["id"].endswith("#ed25519-key-2")
    verify(services, later, actor["publicKey"]["publicKeyPem"])
    assert key_id_of(later) == actor["publicKey"]["id"]
    with pytest.raises(SignatureRejected):
        verify(services, later, old.public_key)


async def test_a_server_that_knows_the_new_key_only_gets_the_update_too(
    services: Services, world: World, network: Network, clock: Clock
) -> None:
    knocks: list[tuple[str, int]] = []

    async def peer(request: Request) -> Response:
        status = 202 if key_id_of(request).endswith("-2") else 401
        knocks.append((key_id_of(request).partition("#")[2], status))
        return answer(status)

    network.mount("peer.example", peer)
    await follow(services, world.issuer, ["https://peer.example/users/bob"], shared=True)
    clock.advance(HOUR / SECOND)
    await rotate(services, world)
    await run_until_idle(services)
    assert knocks == [("main-key", 401), ("main-key", 401), ("main-key-2", 202)]


async def test_documents_have_the_old_keys_still_and_status_lists_are_signed_anew(
    services: Services, world: World, clock: Clock
) -> None:
    grant = await publish(services, world)
    stored = await documents.find_document(services.database, grant.id, DocumentKind.CREDENTIAL)
    assert stored is not None
    credential = json.loads(stored.body)
    old = await services.keyring.ed25519(world.issuer.id)
    clock.advance(HOUR / SECOND)
    await rotate(services, world)
    await run_until_idle(services)
    new = await services.keyring.ed25519(world.issuer.id)
    assert new.public_key != old.public_key
    async with browse(services) as client:
        did = await fetch(client, "/issuers/org/did.json", "application/did+json")
        profile = await fetch(client, f"/certify-badge/issuer/{world.issuer.uuid}", "application/ld+json")
    listed = [one.get("publicKeyMultibase") for one in did["verificationMethod"]]
    assert {old.public_key, new.public_key} <= set(listed)
    assert {old.public_key, new.public_key} <= {name.rpartition("#")[2] for name in did["assertionMethod"]}
    assert len(profile["publicKey"]) == 2
    data_integrity.verify(credential, key=from_multikey(old.public_key), now=clock())
    entry = status_list.read_entry(credential["credentialStatus"])
    body = await status_lists.find_body(services.database, entry.list_url.rpartition("/")[2])
    assert body is not None
    data_integrity.verify(json.loads(body), key=from_multikey(new.public_key), now=clock())


async def test_keys_are_changed_once_by_one_form_and_not_within_an_hour(
    any_services: Services, any_world: World, clock: Clock
) -> None:
    services, world = any_services, any_world
    with pytest.raises(RateLimited, match="60 minutes") as early:
        await rotate(services, world)
    assert early.value.retry_after == 3600
    clock.advance(HOUR / SECOND)
    both = await asyncio.gather(
        *(rotate_keys(services, world.issuer, number=1, by=COMMAND) for _ in range(2)), return_exceptions=True
    )
    assert sorted(map(type, both), key=str) == sorted([int, Conflict], key=str)
    assert await find_key_number(services.database, world.issuer.id) == 2
    for kind in KeyKind:
        found = await signing_keys.list_keys(services.database, world.issuer.id, kind)
        assert [key.retired_at is None for key in found] == [True, False]
    clock.advance(HOUR / SECOND)
    with pytest.raises(Conflict):
        await rotate_keys(services, world.issuer, number=1, by=COMMAND)
    assert await rotate(services, world) == 3
    assert (await services.keyring.rsa(world.issuer.id)).key_id.endswith("#main-key-3")


async def test_a_deleted_issuer_gets_no_keys_and_a_change_is_written_down(
    services: Services, world: World, clock: Clock
) -> None:
    clock.advance(HOUR / SECOND)
    await rotate(services, world)
    (entry,) = await audit.list_entries(services.database, organization_id=world.organization.id, limit=1)
    assert (entry.action, entry.target.label, entry.details) == ("issuer.rotate-keys", "org", {"number": 2})
    clock.advance(HOUR / SECOND)
    await services.database.write(lambda tx: issuers.delete_issuer(tx, world.issuer.id, now=clock()))
    with pytest.raises(Conflict):
        await rotate(services, world)
    assert await find_key_number(services.database, world.issuer.id) == 2


async def test_another_process_signs_with_the_new_key_within_a_second(
    services: Services, world: World, clock: Clock
) -> None:
    ticks = [0.0]
    database = await open_database(services.settings.database_url)
    other = Keyring(database, services.settings.secret_key, monotonic=lambda: ticks[0])
    before = await other.rsa(world.issuer.id)
    clock.advance(HOUR / SECOND)
    await rotate(services, world)
    ticks[0] = TRUSTED * 0.9
    assert (await other.rsa(world.issuer.id)).key_id == before.key_id
    ticks[0] = TRUSTED
    assert (await other.rsa(world.issuer.id)).key_id == f"{world.issuer.actor_id}#main-key-2"
    assert await _public(services, world) == (await other.rsa(world.issuer.id)).public_key
    await database.close()


async def _public(services: Services, world: World) -> Any:
    return (await services.keyring.rsa(world.issuer.id)).public_key
