"""What a recipient carries away: signed forms and baked pictures, and that they go on holding when the badge is edited."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from badgefed.issuing import badges, grants
from badgefed.issuing.grants import Offer
from badgefed.model.badge import Alignment
from badgefed.model.grant import Details, Evidence, Grant
from badgefed.model.visibility import Visibility
from badgefed.protocol import jose, jwt_claims, keys, proofs, status_list
from badgefed.protocol.baking import Baked, unbake_png, unbake_svg
from badgefed.protocol.revocation_lists import read_open_badges_2
from badgefed.store import badges as stored_badges
from badgefed.store import documents
from badgefed.store import grants as stored_grants
from badgefed.store.documents import DocumentKind
from badgefed.work.services import Services
from badgefed.work.status_lists import queue_status_list
from tests.conftest import BASE, World
from tests.doors import BROWSER, REASON, accept, browse, fetch, process_accepted, publish, revoke
from tests.protocol.official_schemas import check_official
from tests.protocol.test_openbadges2 import check
from tests.workers import run_until_idle

LD, JSON = "application/ld+json", "application/json"
FORMS = {
    "award/{}": ("/certify-badge/award/{}", "ob2.json"),
    "jws": ("/certify-badge/award/{}/jws", "jws"),
    "ob3": ("/credentials/{}/ob3", "json"),
    "jwt": ("/credentials/{}/jwt", "jwt"),
    "png": ("/credentials/{}/badge.png", "png"),
    "svg": ("/credentials/{}/badge.svg", "svg"),
}


def url(grant: Grant, form: str) -> str:
    return BASE + FORMS[form][0].format(grant.uuid)


async def edit(services: Services, world: World, **changes: Any) -> None:
    badge = await stored_badges.find_badge(services.database, world.badge.id)
    assert badge is not None
    await badges.edit_badge(services, badge=badge, issuer=world.issuer, changes=changes)


async def publish_whole(services: Services, world: World) -> Grant:
    """A grant with details, of a badge with an alignment."""
    skill = Alignment(target_name="Training", target_url="https://skills.example/1")
    await edit(services, world, alignments=(skill,), language="en")
    wanted = Offer(
        organization_id=world.organization.id,
        badge_id=world.badge.id,
        profile="https://social.example/users/jane",
        details=Details(
            narrative="She ran.",
            evidence=(Evidence(url="https://jane.example/run", name="The run"),),
            license_number="7",
        ),
    )
    offered = await services.database.write(lambda tx: grants.offer(tx, wanted, services))
    await accept(services, offered.grant)
    await process_accepted(services)
    grant = await stored_grants.find_grant(services.database, offered.grant.id)
    assert grant is not None
    return grant


async def suspend(services: Services, grant: Grant) -> None:
    now = services.clock()
    await services.database.write(lambda tx: grants.suspend(tx, grant.id, reason="Under review", now=now))
    await services.database.write(lambda tx: queue_status_list(tx, grant.id, now))
    await run_until_idle(services, only="jobs")


async def text_of(client: httpx.AsyncClient, address: str, **headers: str) -> str:
    response = await client.get(address, headers=headers)
    assert response.status_code == 200, (address, response.text)
    return response.text


class TestSignedAssertion:
    async def test_it_holds_from_end_to_end(self, services: Services, world: World) -> None:
        """The steps of signed verification: the key that it names is the issuer's, and fits; nothing revokes it."""
        grant = await publish_whole(services, world)
        async with browse(services) as client:
            signed = jose.read_jws(await text_of(client, url(grant, "jws")))
            assertion = signed.payload
            key = await fetch(client, assertion["verification"]["creator"], LD)
            badge = await fetch(client, assertion["badge"], LD)
            issuer = await fetch(client, badge["issuer"], LD)
            revocations = await fetch(client, issuer["revocationList"], LD)
            hosted = await fetch(client, url(grant, "award/{}"), LD)
        for document in (key, badge, issuer, revocations):
            check(document)
        assert signed.header == {"alg": "RS256"}
        assert issuer["publicKey"] == key["id"]
        assert key["owner"] == issuer["id"]
        public = keys.load_public_pem(key["publicKeyPem"])
        assert isinstance(public, RSAPublicKey)
        jose.verify_jws(signed, public)
        assert assertion["id"] == f"urn:uuid:{grant.uuid}"
        assert read_open_badges_2(revocations, issuer=issuer["id"]) == {}
        same = {"recipient", "issuedOn", "evidence", "narrative", "image"}
        assert {name: assertion[name] for name in same} == {name: hosted[name] for name in same}

    async def test_the_revocation_list_names_both_forms_and_why(
        self, services: Services, world: World
    ) -> None:
        taken, resting, held, hidden = [
            await publish(services, world, name, visibility)
            for name, visibility in (
                ("taken", Visibility.PUBLIC),
                ("resting", Visibility.UNLISTED),
                ("held", Visibility.PUBLIC),
                ("hidden", Visibility.PRIVATE),
            )
        ]
        await revoke(services, taken)
        await revoke(services, hidden)
        await suspend(services, resting)
        async with browse(services) as client:
            issuer = await fetch(client, f"/certify-badge/issuer/{world.issuer.uuid}", LD)
            document = await fetch(client, issuer["revocationList"], LD)
        check(document)
        listed = read_open_badges_2(document, issuer=issuer["id"])
        reasons = {identifier: revocation.reason for identifier, revocation in listed.items()}
        assert reasons == {
            url(taken, "award/{}"): REASON,
            f"urn:uuid:{taken.uuid}": REASON,
            url(resting, "award/{}"): "Suspended: Under review",
            f"urn:uuid:{resting.uuid}": "Suspended: Under review",
        }
        assert held.uuid not in json.dumps(document)

    @pytest.mark.parametrize("number", ["0", "2", "01", "-1", "x", "9" * 30])
    async def test_there_is_no_other_key(self, services: Services, world: World, number: str) -> None:
        async with browse(services) as client:
            response = await client.get(f"/certify-badge/issuer/{world.issuer.uuid}/keys/{number}")
        assert response.status_code == 404

    async def test_retired_keys_keep_their_numbers(self, services: Services, world: World) -> None:
        profile = f"/certify-badge/issuer/{world.issuer.uuid}"
        async with browse(services) as client:
            old = await fetch(client, f"{profile}/keys/1", LD)
            now = services.clock()
            await services.database.write(
                lambda tx: tx.execute("UPDATE signing_keys SET retired_at = ? WHERE kind = 'rsa'", now)
            )
            new = keys.public_pem(keys.generate_rsa().public_key())
            await services.database.write(
                lambda tx: tx.execute(
                    "INSERT INTO signing_keys (issuer_id, kind, key_id, public_key, private_key, created_at)"
                    " VALUES (?, 'rsa', 'new', ?, ?, ?)",
                    world.issuer.id,
                    new,
                    b"sealed",
                    now + 1,
                )
            )
            assert await fetch(client, f"{profile}/keys/1", LD) == old
            assert (await fetch(client, f"{profile}/keys/2", LD))["publicKeyPem"] == new
            issuer = await fetch(client, profile, LD)
            did = await fetch(client, "/issuers/org/did.json", "application/did+json")
        assert issuer["publicKey"] == [f"{BASE}{profile}/keys/2", f"{BASE}{profile}/keys/1"]
        thumbprints = {
            f"did:web:badges.example:issuers:org#{jose.thumbprint(loaded)}"
            for pem in (new, old["publicKeyPem"])
            if isinstance(loaded := keys.load_public_pem(pem), RSAPublicKey)
        }
        assert thumbprints < set(did["assertionMethod"])


class TestCredential:
    async def test_all_that_is_known_of_an_award_is_in_it(self, services: Services, world: World) -> None:
        grant = await publish_whole(services, world)
        async with browse(services) as client:
            found = await fetch(client, url(grant, "ob3"))
            status = found["credentialStatus"]
            lists = await fetch(client, status["statusListCredential"])
        check_official("achievementcredential", found)
        subject = found["credentialSubject"]
        assert (subject["narrative"], subject["licenseNumber"]) == ("She ran.", "7")
        assert found["evidence"][0]["id"] == "https://jane.example/run"
        assert subject["achievement"]["alignment"][0]["targetName"] == "Training"
        assert (subject["achievement"]["version"], subject["achievement"]["inLanguage"]) == ("2", "en")
        entry = status_list.read_entry(status)
        assert not status_list.read_status(lists, entry, issuer=found["issuer"]["id"])

    async def test_the_jwt_says_the_same_and_its_key_is_in_the_did_document(
        self, services: Services, world: World
    ) -> None:
        grant = await publish_whole(services, world)
        async with browse(services) as client:
            signed = jose.read_jws(await text_of(client, url(grant, "jwt")))
            found = await fetch(client, url(grant, "ob3"))
            did = await fetch(client, "/issuers/org/did.json", "application/did+json")
        unsigned, _ = proofs.take_proof(found)
        assert jwt_claims.credential_of(signed.payload) == unsigned
        assert signed.kid in did["assertionMethod"]
        [method] = [entry for entry in did["verificationMethod"] if entry["id"] == signed.kid]
        stored = await services.keyring.rsa(world.issuer.id)
        public = keys.load_public_pem(stored.public_key)
        assert isinstance(public, RSAPublicKey)
        assert method["publicKeyJwk"] == jose.public_jwk(public)
        jose.verify_jws(signed, public)

    @pytest.mark.parametrize("accept", ["text/plain", "application/vc+jwt"])
    async def test_the_stored_jwt_is_served(self, services: Services, world: World, accept: str) -> None:
        grant = await publish(services, world)
        stored = await documents.find_document(services.database, grant.id, DocumentKind.JWT)
        assert stored is not None
        async with browse(services) as client:
            response = await client.get(url(grant, "jwt"), headers={"accept": accept})
        assert (response.content, response.headers["content-type"]) == (stored.body, accept)

    async def test_what_was_signed_before_there_were_jwts_and_lists_is_served_as_it_is(
        self, services: Services, world: World
    ) -> None:
        grant = await publish(services, world)
        stored = await documents.find_document(services.database, grant.id, DocumentKind.JWT)
        assert stored is not None
        await services.database.write(lambda tx: tx.execute("DELETE FROM documents WHERE kind = 'jwt'"))
        await services.database.write(lambda tx: tx.execute("DELETE FROM status_entries"))
        async with browse(services) as client:
            for form in FORMS:
                assert (await client.get(url(grant, form))).status_code == 200
            assert await text_of(client, url(grant, "jwt")) == stored.body.decode()

    async def test_the_status_list_may_be_kept_for_a_minute(self, services: Services, world: World) -> None:
        grant = await publish(services, world)
        async with browse(services) as client:
            found = await fetch(client, url(grant, "ob3"))
            address = found["credentialStatus"]["statusListCredential"]
            before = await client.get(address)
            assert before.headers["content-type"] == "application/vc+ld+json"
            assert before.headers["cache-control"] == "public, max-age=60"
            etag = {"if-none-match": before.headers["etag"]}
            assert (await client.get(address, headers=etag)).status_code == 304
            await suspend(services, grant)
            after = await client.get(address, headers=etag)
            assert after.status_code == 200
            entry = status_list.read_entry(found["credentialStatus"])
            assert status_list.read_status(after.json(), entry, issuer=found["issuer"]["id"])
            assert (await client.get("/status-lists/unknown")).status_code == 404


class TestVersions:
    async def test_an_edit_of_the_badge_changes_no_award(self, services: Services, world: World) -> None:
        grant = await publish(services, world)
        bare = f"{BASE}/certify-badge/badge/{world.badge.uuid}"
        async with browse(services) as client:
            before = {form: await client.get(url(grant, form)) for form in FORMS}
            badge = await fetch(client, bare, LD)
            old_picture = await client.get(badge["image"])
            assert before["award/{}"].json()["badge"] == bare
            await edit(services, world, title="Basic Training", description="Came to the training.")
            hosted = await fetch(client, url(grant, "award/{}"), LD)
            check(hosted)
            assert hosted == before["award/{}"].json() | {"badge": f"{bare}/versions/1"}
            old = await fetch(client, hosted["badge"], LD)
            check(old)
            assert old == badge | {"id": f"{bare}/versions/1", "image": old["image"]}
            assert (await client.get(old["image"])).content == old_picture.content
            new = await fetch(client, bare, LD)
            assert (new["name"], new["version"]) == ("Basic Training", "2")
            assert (await client.get(new["image"])).content != old_picture.content
            latest = await fetch(client, f"{bare}/versions/2", LD)
            assert latest == new | {"id": f"{bare}/versions/2", "image": latest["image"]}
            for form in ("jws", "ob3", "jwt"):
                assert (await client.get(url(grant, form))).content == before[form].content
            baked = unbake_png((await client.get(url(grant, "png"))).content)
            assert json.loads(baked.assertion or "") == hosted
            page = await client.get(f"{bare}/versions/1", headers={"accept": BROWSER})
            assert (page.status_code, page.headers["location"]) == (302, f"{BASE}/badge/{world.badge.id}")
            for version in ("3", "0", "x"):
                assert (await client.get(f"{bare}/versions/{version}")).status_code == 404

    async def test_what_was_offered_is_what_is_awarded(self, services: Services, world: World) -> None:
        """Also where the badge was edited before it was accepted."""
        wanted = Offer(
            organization_id=world.organization.id,
            badge_id=world.badge.id,
            profile="https://social.example/users/jane",
        )
        offered = await services.database.write(lambda tx: grants.offer(tx, wanted, services))
        await edit(services, world, title="Basic Training")
        await accept(services, offered.grant)
        await process_accepted(services)
        async with browse(services) as client:
            found = await fetch(client, url(offered.grant, "ob3"))
            hosted = await fetch(client, url(offered.grant, "award/{}"), LD)
            badge = await fetch(client, hosted["badge"], LD)
        assert found["name"] == badge["name"] == world.badge.title
        assert badge["version"] == found["credentialSubject"]["achievement"]["version"] == "1"


class TestBaked:
    @pytest.mark.parametrize("form", ["png", "svg"])
    async def test_a_picture_carries_both_versions(self, services: Services, world: World, form: str) -> None:
        grant = await publish(services, world)
        async with browse(services) as client:
            hosted = await client.get(url(grant, "award/{}"))
            signed = await client.get(url(grant, "ob3"))
            picture = await client.get(url(grant, form))
            again = await client.get(url(grant, form), headers={"if-none-match": picture.headers["etag"]})
        media_type = {"png": "image/png", "svg": "image/svg+xml"}[form]
        assert picture.headers["content-type"] == media_type
        assert picture.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in picture.headers["content-security-policy"]
        assert again.status_code == 304
        baked = unbake_png(picture.content) if form == "png" else unbake_svg(picture.text)
        assert baked == Baked(assertion=hosted.text, credential=signed.text)
        if form == "png":
            assert hosted.json()["image"] == url(grant, "png")

    async def test_an_uploaded_picture_is_framed_by_an_svg(self, services: Services, world: World) -> None:
        grant = await publish(services, world)
        await services.database.write(lambda tx: tx.execute("DELETE FROM renditions"))
        async with browse(services) as client:
            picture = await text_of(client, url(grant, "svg"))
            signed = await text_of(client, url(grant, "ob3"))
        assert "data:image/png;base64," in picture
        assert unbake_svg(picture).credential == signed


class TestPresence:
    @pytest.mark.parametrize("form", FORMS)
    async def test_a_revoked_one_is_gone_and_says_why(
        self, services: Services, world: World, form: str
    ) -> None:
        grant = await publish(services, world)
        await revoke(services, grant)
        async with browse(services) as client:
            response = await client.get(url(grant, form), headers={"accept": "*/*"})
        assert response.status_code == 410
        assert (response.json()["revoked"], response.json()["revocationReason"]) == (True, REASON)

    async def test_a_suspended_one_is_revoked_for_a_while_in_version_2_and_kept_in_version_3(
        self, services: Services, world: World
    ) -> None:
        grant = await publish(services, world)
        await suspend(services, grant)
        async with browse(services) as client:
            answers = {form: await client.get(url(grant, form)) for form in FORMS}
            statuses = {form: answer.status_code for form, answer in answers.items()}
            assert statuses == {"award/{}": 410, "jws": 410, "ob3": 200, "jwt": 200, "png": 200, "svg": 200}
            for form in ("award/{}", "jws"):
                assert answers[form].json()["revocationReason"] == "Suspended: Under review"
                assert answers[form].headers["cache-control"] == "public, max-age=60"
            now = services.clock()
            await services.database.write(lambda tx: grants.reinstate(tx, grant.id, now=now))
            for form in FORMS:
                assert (await client.get(url(grant, form))).status_code == 200

    @pytest.mark.parametrize("form", FORMS)
    async def test_of_a_private_one_there_is_no_sign(
        self, services: Services, world: World, form: str
    ) -> None:
        grant = await publish(services, world, visibility=Visibility.PRIVATE)
        async with browse(services) as client:
            assert (await client.get(url(grant, form))).status_code == 404
            await revoke(services, grant)
            assert (await client.get(url(grant, form))).status_code == 404
        stored = await documents.find_document(services.database, grant.id, DocumentKind.ASSERTION)
        assert stored is not None
        assert "image" not in json.loads(stored.body)


class TestDownload:
    @pytest.mark.parametrize("accept", [None, "*/*", BROWSER])
    @pytest.mark.parametrize("form", FORMS)
    async def test_a_download_is_a_file_with_a_name(
        self, services: Services, world: World, form: str, accept: str | None
    ) -> None:
        grant = await publish(services, world)
        headers = {"accept": accept} if accept else {}
        async with browse(services) as client:
            plain = await client.get(url(grant, form))
            saved = await client.get(f"{url(grant, form)}?download", headers=headers)
        assert saved.status_code == 200
        assert saved.content == plain.content
        name = f"advanced-training-{grant.code}.{FORMS[form][1]}"
        assert saved.headers["content-disposition"] == f'attachment; filename="{name}"'
        assert "content-disposition" not in plain.headers
        assert saved.headers["content-type"] == plain.headers["content-type"]
