"""Badges of this server: found by every name that they have, verified as anybody's, asked of the store and never over HTTP."""

from __future__ import annotations

import json

import pytest

from badgefed.errors import NotFound
from badgefed.issuing import grants
from badgefed.model.grant import Grant
from badgefed.model.visibility import Visibility
from badgefed.protocol import baking, qr, raster
from badgefed.store import documents, remote_actors
from badgefed.store.documents import DocumentKind
from badgefed.verification.results import CheckName, Kind, Outcome, Verdict, Verification
from badgefed.verification.verify import verify
from badgefed.work.services import Services
from tests.conftest import World
from tests.test_process import ANN, accepted, current
from tests.workers import run_until_idle
from tests.world import Network

EMAIL = "jane@example.org"


async def award(services: Services, world: World, *, visibility: Visibility = Visibility.PUBLIC) -> Grant:
    grant = await accepted(services, world, email=EMAIL, visibility=visibility)
    await run_until_idle(services)
    return await current(services, grant)


async def stored(services: Services, grant: Grant, kind: DocumentKind) -> str:
    document = await documents.find_document(services.database, grant.id, kind)
    assert document is not None
    return document.body.decode()


def outcome(result: Verification, name: CheckName) -> Outcome | None:
    found = result.check(name)
    return found.outcome if found else None


@pytest.fixture
async def grant(services: Services, world: World) -> Grant:
    return await award(services, world)


async def test_by_every_name(services: Services, grant: Grant, network: Network) -> None:
    before = len(network.requests)
    addresses = services.addresses
    for name in (
        grant.uuid,
        grant.uuid.upper(),
        grant.code,
        grant.code.lower(),
        grant.note_uri,
        addresses.verify(grant.code),
        addresses.verify(grant.uuid),
        addresses.credential(grant.uuid),
        addresses.credential_jwt(grant.uuid),
        addresses.baked_png(grant.uuid),
        await stored(services, grant, DocumentKind.CREDENTIAL),
    ):
        result = await verify(services, name, recipient=EMAIL)
        assert (result.verdict, result.kind, result.grant_id) == (
            Verdict.VALID,
            Kind.OB3_PROOF,
            grant.id,
        ), (name, result.checks)
    assert network.requests[before:] == []


async def test_a_recipient_by_handle_whose_actors_id_does_not_show_it(
    services: Services, world: World
) -> None:
    await services.database.write(lambda tx: remote_actors.save_actor(tx, ANN, is_handle_confirmed=True))
    grant = await accepted(services, world, profile="@ann@social.example")
    await run_until_idle(services)
    for recipient, expected in (
        ("@Ann@social.example", Outcome.PASS),
        ("https://social.example/@ann", Outcome.PASS),
        (ANN.id, Outcome.PASS),
        ("@bob@social.example", Outcome.FAIL),
    ):
        result = await verify(services, grant.uuid, recipient=recipient)
        assert outcome(result, CheckName.RECIPIENT) is expected, recipient


async def test_as_token_and_as_assertion(services: Services, grant: Grant) -> None:
    token = await verify(services, await stored(services, grant, DocumentKind.JWT))
    assert (token.verdict, token.kind) == (Verdict.VALID, Kind.OB3_JWT)
    for text in (
        services.addresses.assertion(grant.uuid),
        await stored(services, grant, DocumentKind.ASSERTION),
    ):
        hosted = await verify(services, text, recipient=EMAIL)
        assert (hosted.verdict, hosted.kind) == (Verdict.VALID, Kind.OB2_HOSTED), hosted.checks


async def test_in_a_picture_and_by_a_photographed_code(services: Services, grant: Grant) -> None:
    picture = raster.render_png(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><rect width="1" height="1"/></svg>',
        size=64,
    )
    credential = await stored(services, grant, DocumentKind.CREDENTIAL)
    baked = await verify(services, baking.bake_png(picture, credential=credential))
    assert baked.verdict is Verdict.VALID
    photo = raster.render_png(qr.qr_svg(services.addresses.verify(grant.code)), size=400)
    assert (await verify(services, photo)).verdict is Verdict.VALID


async def test_revoked(services: Services, grant: Grant) -> None:
    texts = [
        grant.uuid,
        await stored(services, grant, DocumentKind.CREDENTIAL),
        await stored(services, grant, DocumentKind.JWT),
        await stored(services, grant, DocumentKind.ASSERTION),
    ]
    await services.database.write(
        lambda tx: grants.revoke(tx, grant.id, reason="Awarded in error", now=services.clock())
    )
    for text in texts:
        result = await verify(services, text)
        assert result.verdict is Verdict.INVALID
        found = result.check(CheckName.NOT_REVOKED)
        assert found is not None
        assert found.sentence.render() == "Its issuer has revoked it: Awarded in error"
        assert result.badge.name == "Advanced Training" or text == texts[3]


async def test_suspended_and_reinstated(services: Services, grant: Grant) -> None:
    await services.database.write(
        lambda tx: grants.suspend(tx, grant.id, reason="Under review", now=services.clock())
    )
    for text in (grant.uuid, services.addresses.assertion(grant.uuid)):
        result = await verify(services, text)
        assert result.verdict is Verdict.INVALID
        assert outcome(result, CheckName.NOT_SUSPENDED) is Outcome.FAIL
        assert outcome(result, CheckName.NOT_REVOKED) is Outcome.PASS
    await services.database.write(lambda tx: grants.reinstate(tx, grant.id, now=services.clock()))
    assert (await verify(services, grant.uuid)).verdict is Verdict.VALID


async def test_a_private_badge_is_found_by_nobody_but_holds_in_its_holders_hand(
    services: Services, world: World
) -> None:
    grant = await award(services, world, visibility=Visibility.PRIVATE)
    for name in (grant.uuid, grant.code, grant.note_uri, services.addresses.assertion(grant.uuid)):
        with pytest.raises(NotFound):
            await verify(services, name)
    result = await verify(services, await stored(services, grant, DocumentKind.CREDENTIAL))
    assert result.verdict is Verdict.VALID


async def test_what_is_not_there(services: Services, world: World) -> None:
    for name in ("CRD-22222222", "0190a000-0000-7000-8000-000000000005", "https://badges.example/actor/org"):
        with pytest.raises(NotFound):
            await verify(services, name)


async def test_the_stores_bytes_are_really_verified(services: Services, grant: Grant) -> None:
    credential = json.loads(await stored(services, grant, DocumentKind.CREDENTIAL))
    credential["credentialSubject"]["achievement"]["name"] = "Another"
    result = await verify(services, json.dumps(credential))
    assert (result.verdict, [str(check.name) for check in result.checks]) == (Verdict.INVALID, ["integrity"])
