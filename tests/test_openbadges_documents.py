"""What verifiers fetch, followed from document to document as they do it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest

from badgefed.model.grant import Grant
from badgefed.model.visibility import Visibility
from badgefed.protocol import data_integrity, dids, jsonld, keys, proofs
from badgefed.protocol.verification_keys import VerificationKey, from_multikey
from badgefed.store import documents
from badgefed.store.documents import DocumentKind
from badgefed.store.signing_keys import KeyKind, find_current_key
from badgefed.work.services import Services
from tests.conftest import BASE, World
from tests.doors import BROWSER, REASON, browse, delete_issuer, fetch, publish, revoke
from tests.protocol.official_schemas import check_official
from tests.protocol.test_openbadges2 import check

LD, JSON = "application/ld+json", "application/json"
CREDENTIAL, DID = "application/vc+ld+json", "application/did+json"
DID_ID = "did:web:badges.example:issuers:org"


def award(grant: Grant) -> str:
    return f"{BASE}/certify-badge/award/{grant.uuid}"


def credential(grant: Grant) -> str:
    return f"{BASE}/credentials/{grant.uuid}/ob3"


async def bytes_of(services: Services, grant: Grant, kind: DocumentKind) -> bytes:
    document = await documents.find_document(services.database, grant.id, kind)
    assert document is not None
    return document.body


async def test_everybody_gets_what_they_take(services: Services, world: World) -> None:
    grant = await publish(services, world)
    profile = f"{BASE}/certify-badge/issuer/{world.issuer.uuid}"
    badge_class = f"{BASE}/certify-badge/badge/{world.badge.uuid}"
    badge_page = f"{BASE}/badge/{world.badge.id}"
    table = [
        # address, media type by default, where a browser is sent
        (award(grant), LD, grant.note_uri),
        (badge_class, LD, badge_page),
        (profile, LD, world.issuer.actor_id),
        (credential(grant), CREDENTIAL, grant.note_uri),
        (f"{BASE}/achievements/org/advanced-training", LD, badge_page),
        (f"{BASE}/issuers/org", LD, world.issuer.actor_id),
        (f"{BASE}/issuers/org/did.json", DID, None),
    ]
    async with browse(services) as client:
        for url, default, page in table:
            for accept, media_type in (
                (None, default),
                ("*/*", default),
                (LD, LD),
                (f"{LD}, {JSON};q=0.9", LD),
                (JSON, JSON),
                ("application/json, text/plain, */*", JSON),
                ("image/png", default),
            ):
                response = await client.get(url, headers={"accept": accept} if accept else {})
                assert response.status_code == 200, (url, accept)
                assert response.headers["content-type"] == media_type, (url, accept)
                assert response.headers["vary"] == "Accept"
                assert response.headers["access-control-allow-origin"] == "*"
                assert response.json()["id"] in (url, DID_ID)
            response = await client.get(url, headers={"accept": BROWSER})
            assert response.headers.get("location") == page
            assert response.status_code == (302 if page else 200)
            if page:
                there = await client.get(page, headers={"accept": BROWSER})
                assert (there.status_code, there.headers["content-type"]) == (
                    200,
                    "text/html; charset=utf-8",
                )
        for accept in ("application/vc", CREDENTIAL):
            response = await client.get(credential(grant), headers={"accept": accept})
            assert response.headers["content-type"] == accept


class TestHosted:
    async def test_an_assertion_holds_from_end_to_end(self, services: Services, world: World) -> None:
        """The steps of hosted verification: the fetched copy counts, its id is in the issuer's scope and on its host."""
        grant = await publish(services, world)
        async with browse(services) as client:
            assertion = await fetch(client, award(grant), LD)
            badge = await fetch(client, assertion["badge"], LD)
            issuer = await fetch(client, badge["issuer"], LD)
            for document in (assertion, badge, issuer):
                check(document)
            assert assertion["id"] == award(grant)
            assert badge["id"] == assertion["badge"]
            assert issuer["id"] == badge["issuer"]
            assert assertion["id"].startswith(issuer["verification"]["startsWith"])
            assert urlsplit(assertion["id"]).netloc == urlsplit(issuer["id"]).netloc
            assert assertion["recipient"]["identity"] == "https://social.example/users/jane"
            for picture in (badge["image"], issuer["image"]):
                response = await client.get(picture)
                assert (response.status_code, response.headers["content-type"]) == (200, "image/png")

    async def test_the_stored_bytes_are_served_and_may_be_kept_for_an_hour(
        self, services: Services, world: World
    ) -> None:
        grant = await publish(services, world)
        async with browse(services) as client:
            response = await client.get(award(grant))
            assert response.content == await bytes_of(services, grant, DocumentKind.ASSERTION)
            for url in (award(grant), response.json()["badge"]):
                answer = await client.get(url)
                assert answer.headers["cache-control"] == "public, max-age=3600"
                again = await client.get(url, headers={"if-none-match": answer.headers["etag"]})
                assert again.status_code == 304

    @pytest.mark.parametrize("accept", [LD, JSON])
    async def test_a_revoked_one_says_so_and_why(self, services: Services, world: World, accept: str) -> None:
        grant = await publish(services, world)
        async with browse(services) as client:
            await fetch(client, award(grant), accept)
            await revoke(services, grant)
            response = await client.get(award(grant), headers={"accept": accept})
            page = await client.get(award(grant), headers={"accept": BROWSER})
        assert (response.status_code, response.headers["content-type"]) == (410, accept)
        document = response.json()
        assert (document["id"], document["revoked"]) == (award(grant), True)
        assert document["revocationReason"] == REASON
        assert (page.status_code, page.headers["location"]) == (302, grant.note_uri)

    @pytest.mark.parametrize(
        "path",
        [
            "/certify-badge/award/0",
            "/certify-badge/badge/0",
            "/certify-badge/issuer/0",
            "/credentials/0/ob3",
            "/achievements/org/unknown",
            "/achievements/unknown/advanced-training",
            "/issuers/unknown",
            "/issuers/unknown/did.json",
            "/issuers/ORG",
            "/issuers/ORG/did.json",
            "/certify-badge/badge/%00",
        ],
    )
    async def test_nothing_stands_at_other_addresses(
        self, services: Services, world: World, path: str
    ) -> None:
        async with browse(services) as client:
            response = await client.get(path)
        assert response.status_code == 404
        assert response.headers["content-type"] == "application/problem+json"

    async def test_what_was_awarded_outlives_its_issuer(self, services: Services, world: World) -> None:
        grant = await publish(services, world)
        await delete_issuer(services, world)
        async with browse(services) as client:
            assertion = await fetch(client, award(grant), LD)
            badge = await fetch(client, assertion["badge"], LD)
            await fetch(client, badge["issuer"], LD)
            await fetch(client, "/issuers/org/did.json", DID)
            await fetch(client, credential(grant), CREDENTIAL)
            await fetch(client, "/issuers/org", LD)


class TestCredentials:
    async def test_a_credential_verifies_with_the_key_from_its_issuers_did(
        self, services: Services, world: World
    ) -> None:
        grant = await publish(services, world)
        async with browse(services) as client:
            found = await fetch(client, credential(grant), CREDENTIAL)
            check_official("achievementcredential", found)
            assert found["id"] == credential(grant)
            issuer = found["issuer"]["id"]
            document = await fetch(client, dids.resolve_did_web(issuer), DID)
            assert (document["id"], document["alsoKnownAs"]) == (issuer, [world.issuer.actor_id])
            _, proof = proofs.take_proof(found)
            method = proof["verificationMethod"]
            assert method in document["assertionMethod"]
            assert method.partition("#")[0] == issuer
            _verify(found, _method(document, method), services)
            achievement = found["credentialSubject"]["achievement"]
            part = await fetch(client, achievement["id"], LD)
            own_picture = {"@context": part["@context"], "image": part["image"]}
            assert part == achievement | own_picture
            profile = await fetch(client, f"/issuers/{world.issuer.username}", LD)
            assert profile == {"@context": profile["@context"], **found["issuer"]}
            for whole in (part, profile):
                assert jsonld.expand(whole)
            picture = await client.get(achievement["image"]["id"])
            assert picture.headers["content-type"] == "image/png"

    async def test_the_stored_bytes_are_served_and_give_the_fingerprint(
        self, services: Services, world: World
    ) -> None:
        grant = await publish(services, world, visibility=Visibility.UNLISTED)
        async with browse(services) as client:
            response = await client.get(credential(grant))
        assert response.content == await bytes_of(services, grant, DocumentKind.CREDENTIAL)
        assert proofs.fingerprint(response.json()) == grant.fingerprint

    async def test_a_revoked_one_says_so_and_is_no_credential(self, services: Services, world: World) -> None:
        grant = await publish(services, world)
        async with browse(services) as client:
            await fetch(client, credential(grant), CREDENTIAL)
            await revoke(services, grant)
            response = await client.get(credential(grant), headers={"accept": CREDENTIAL})
        assert (response.status_code, response.headers["content-type"]) == (410, JSON)
        assert response.json() == {"id": credential(grant), "revoked": True, "revocationReason": REASON}

    async def test_retired_keys_stay_in_the_did_document(self, services: Services, world: World) -> None:
        """Else what they signed would fail."""
        grant = await publish(services, world)
        old = await find_current_key(services.database, world.issuer.id, KeyKind.ED25519)
        assert old is not None
        new = keys.multikey(keys.generate_ed25519().public_key())
        now = services.clock()
        async with browse(services) as client:
            before = await fetch(client, "/issuers/org/did.json", DID)
            await services.database.write(
                lambda tx: tx.execute(
                    "UPDATE signing_keys SET retired_at = ? WHERE key_id = ?", now, old.key_id
                )
            )
            await services.database.write(
                lambda tx: tx.execute(
                    "INSERT INTO signing_keys (issuer_id, kind, key_id, public_key, private_key, created_at)"
                    " VALUES (?, 'ed25519', 'new', ?, ?, ?)",
                    world.issuer.id,
                    new,
                    b"sealed",
                    now,
                )
            )
            after = await fetch(client, "/issuers/org/did.json", DID)
            found = await fetch(client, credential(grant), CREDENTIAL)
        rsa = before["assertionMethod"][1:]
        assert before["assertionMethod"] == [f"{DID_ID}#{old.public_key}", *rsa]
        assert after["assertionMethod"] == [f"{DID_ID}#{new}", f"{DID_ID}#{old.public_key}", *rsa]
        _, proof = proofs.take_proof(found)
        _verify(found, _method(after, proof["verificationMethod"]), services)


def _method(document: dict[str, Any], method: str) -> VerificationKey:
    [found] = [entry for entry in document["verificationMethod"] if entry["id"] == method]
    return from_multikey(found["publicKeyMultibase"])


def _verify(found: dict[str, Any], key: VerificationKey, services: Services) -> None:
    data_integrity.verify(found, key=key, now=services.clock())
