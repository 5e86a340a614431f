"""From acceptance to the published badge."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
import rfc8785

from badgefed.issuing import grants
from badgefed.issuing.grants import Offer, Proof
from badgefed.model.actor import RemoteActor
from badgefed.model.grant import Grant, ProofKind, Status
from badgefed.model.visibility import Visibility
from badgefed.protocol import data_integrity, verification_keys
from badgefed.store import documents, remote_actors
from badgefed.store import grants as stored_grants
from badgefed.store.documents import DocumentKind
from badgefed.work.services import Services
from tests.conftest import World
from tests.protocol import peers
from tests.workers import run_until_idle
from tests.world import Clock, Network, answer

ANN = RemoteActor(
    id="https://social.example/ap/users/7",
    host="social.example",
    actor_type="Person",
    inbox="https://social.example/ap/users/7/inbox",
    shared_inbox="https://social.example/inbox",
    username="ann",
    handle="@ann@social.example",
    name="Ann",
    url="https://social.example/@ann",
    icon=None,
    fetched_at=1,
)


async def accepted(
    services: Services, world: World, *, visibility: Visibility = Visibility.PUBLIC, **wanted: Any
) -> Grant:
    whole = Offer(organization_id=world.organization.id, badge_id=world.badge.id, **wanted)
    offered = await services.database.write(lambda tx: grants.offer(tx, whole, services))
    proof = Proof(kind=ProofKind.LINK, details={})
    grant = await services.database.write(
        lambda tx: grants.accept(
            tx, offered.grant.id, visibility=visibility, proof=proof, now=services.clock()
        )
    )
    assert grant is not None
    return grant


async def current(services: Services, grant: Grant) -> Grant:
    found = await stored_grants.find_grant(services.database, grant.id)
    assert found is not None
    return found


async def document(services: Services, grant: Grant, kind: DocumentKind) -> dict[str, Any]:
    found = await documents.find_document(services.database, grant.id, kind)
    assert found is not None
    parsed: dict[str, Any] = json.loads(found.body)
    return parsed


async def know_ann(services: Services, network: Network) -> None:
    await services.database.write(lambda tx: remote_actors.save_actor(tx, ANN))

    async def take(_request: object) -> Any:
        return answer(202)

    network.mount("social.example", take)


def bodies(network: Network, inbox: str) -> list[dict[str, Any]]:
    return [json.loads(request.body) for request in network.sent_to(inbox)]


async def test_an_accepted_grant_becomes_processed_with_three_documents(
    any_services: Services, any_world: World
) -> None:
    grant = await accepted(any_services, any_world, email="ann@example.org", name="Ann")
    await run_until_idle(any_services)
    done = await current(any_services, grant)
    assert done.status is Status.PROCESSED
    credential = await document(any_services, grant, DocumentKind.CREDENTIAL)
    assert done.fingerprint == hashlib.sha256(rfc8785.dumps(credential)).hexdigest()
    key = await any_services.keyring.ed25519(grant.issuer_id)
    public = verification_keys.from_multikey(key.public_key)
    data_integrity.verify(credential, key=public, now=any_services.clock())
    assert credential["proof"][0]["verificationMethod"].startswith("did:web:badges.example:issuers:org#z6Mk")
    assertion = await document(any_services, grant, DocumentKind.ASSERTION)
    assert assertion["recipient"]["identity"].startswith("sha256$")
    note = await document(any_services, grant, DocumentKind.NOTE)
    assert note["id"] == grant.note_uri
    assert "ann@example.org" not in json.dumps([credential, assertion, note])


async def test_the_note_reaches_the_recipient_and_passes_every_peers_rules(
    services: Services, world: World, network: Network
) -> None:
    await know_ann(services, network)
    grant = await accepted(services, world, profile="https://social.example/@ann")
    await run_until_idle(services)
    (create,) = bodies(network, ANN.inbox)
    assert create["type"] == "Create"
    assert create["object"]["id"] == grant.note_uri
    assert ANN.id in create["cc"]
    assert create["object"]["attachment"][0]["mediaType"] == "image/png"
    stored = await document(services, grant, DocumentKind.NOTE)
    assert {name: value for name, value in stored.items() if name != "@context"} == create["object"]
    assert peers.wire_problems(create, host="badges.example") == []
    assert peers.note_problems(stored) == []


@pytest.mark.parametrize("visibility", [Visibility.UNLISTED, Visibility.PRIVATE])
async def test_what_is_not_public_goes_to_the_recipient_alone(
    services: Services, world: World, network: Network, visibility: Visibility
) -> None:
    await know_ann(services, network)
    await accepted(services, world, profile=ANN.id, visibility=visibility)
    await run_until_idle(services)
    (create,) = bodies(network, ANN.inbox)
    assert (create["to"], create["cc"]) == ([ANN.id], [])
    assert await services.database.all("SELECT id FROM jobs WHERE kind = 'fan_out'") == []


async def test_processing_twice_changes_nothing(services: Services, world: World, network: Network) -> None:
    await know_ann(services, network)
    grant = await accepted(services, world, profile=ANN.id)
    await run_until_idle(services)
    before = await document(services, grant, DocumentKind.CREDENTIAL)
    await services.database.write(
        lambda tx: tx.execute(
            "INSERT INTO jobs (kind, payload, grant_id, state, priority, attempt, not_before, created_at)"
            " VALUES ('process', '{}', ?, 'ready', 0, 0, 0, 0)",
            grant.id,
        )
    )
    await run_until_idle(services)
    assert await document(services, grant, DocumentKind.CREDENTIAL) == before
    assert len(bodies(network, ANN.inbox)) == 1


async def test_revoking_deletes_the_note_where_it_went(
    services: Services, world: World, network: Network
) -> None:
    await know_ann(services, network)
    grant = await accepted(services, world, profile=ANN.id)
    await run_until_idle(services)
    await services.database.write(lambda tx: grants.revoke(tx, grant.id, reason="x", now=services.clock()))
    await run_until_idle(services)
    delete = bodies(network, ANN.inbox)[-1]
    assert (delete["type"], delete["object"]) == ("Delete", grant.note_uri)


async def test_a_note_that_never_went_out_is_not_deleted_but_cancelled(
    services: Services, world: World, network: Network
) -> None:
    await services.database.write(lambda tx: remote_actors.save_actor(tx, ANN))
    grant = await accepted(services, world, profile=ANN.id)
    await run_until_idle(services, only="jobs")
    await services.database.write(lambda tx: grants.revoke(tx, grant.id, reason="x", now=services.clock()))
    await know_ann(services, network)
    await run_until_idle(services)
    assert bodies(network, ANN.inbox) == []


async def test_an_edited_note_goes_out_as_an_update_with_a_newer_time(
    services: Services, world: World, network: Network, clock: Clock
) -> None:
    await know_ann(services, network)
    grant = await accepted(services, world, email="ann@example.org")
    await run_until_idle(services)
    assert bodies(network, ANN.inbox) == []
    bound = await services.database.write(
        lambda tx: stored_grants.bind_profile(tx, grant.id, actor_id=ANN.id, handle=ANN.handle)
    )
    assert bound is not None
    for _ in range(2):
        await services.database.write(
            lambda tx: tx.execute(
                "INSERT INTO jobs (kind, payload, grant_id, state, priority, attempt, not_before, created_at)"
                " VALUES ('republish', '{}', ?, 'ready', 0, 0, 0, 0)",
                grant.id,
            )
        )
        await run_until_idle(services)
    first, second = bodies(network, ANN.inbox)
    assert (first["type"], first["object"]["id"]) == ("Update", grant.note_uri)
    assert first["object"]["published"] < first["object"]["updated"] < second["object"]["updated"]
    assert first["id"] != second["id"]
    assert ANN.id in first["cc"]
    assert await document(services, grant, DocumentKind.NOTE) == {
        "@context": second["@context"],
        **second["object"],
    }
