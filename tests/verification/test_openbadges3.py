"""Credentials of an issuer elsewhere: what is found of good ones, and of bad ones."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from badgefed.verification.json_report import to_json
from badgefed.verification.results import CheckName, Kind, Outcome, Verdict, Verification
from badgefed.verification.verify import verify
from badgefed.work.services import MAX_VERIFICATIONS, Services
from tests.verification.school import EMAIL, Document, School, multikey_pair
from tests.world import START, Network, answer


@pytest.fixture
def school(network: Network) -> School:
    return School(network=network)


@pytest.fixture
def knowing(services: Services) -> Services:
    """An operator who knows the school."""
    return replace(services, settings=replace(services.settings, known_issuers=frozenset({"school.example"})))


async def check(services: Services, document: Document | str, **options: Any) -> Verification:
    text = document if isinstance(document, str) else json.dumps(document)
    return await verify(services, text, **options)


def outcomes(result: Verification) -> dict[str, str]:
    return {str(check.name): str(check.outcome) for check in result.checks}


def failing(result: Verification) -> list[str]:
    return [str(check.name) for check in result.checks if check.outcome is Outcome.FAIL]


def detail(result: Verification, name: CheckName) -> str:
    found = result.check(name)
    assert found is not None
    return found.detail or ""


async def test_everything_passes(knowing: Services, school: School) -> None:
    result = await check(knowing, school.credential(credentialStatus=school.status()), recipient=EMAIL)
    assert outcomes(result) == {
        "integrity": "pass",
        "issuer-identity": "pass",
        "issuer-known": "pass",
        "not-revoked": "pass",
        "dates": "pass",
        "recipient": "pass",
        "schema": "pass",
        "published": "pass",
    }
    assert result.verdict is Verdict.VALID
    assert result.kind is Kind.OB3_PROOF
    assert (result.badge.name, result.badge.issuer.name) == ("Printmaster", "School of Art")
    assert result.status is not None
    assert result.status.as_of == START - 3_600_000_000


async def test_a_token(knowing: Services, school: School) -> None:
    result = await check(knowing, school.token(credentialStatus=school.status()))
    assert (result.verdict, result.kind) == (Verdict.VALID, Kind.OB3_JWT)
    assert result.token is not None
    assert "iss" not in result.document


async def test_an_unknown_issuer_is_a_warning(services: Services, school: School) -> None:
    result = await check(services, school.credential())
    assert result.verdict is Verdict.WARNING
    assert [str(found.name) for found in result.checks if found.outcome is not Outcome.PASS] == [
        "issuer-known"
    ]


async def test_an_issuer_that_is_a_key_proves_no_organization(services: Services, school: School) -> None:
    private, multikey = multikey_pair("somebody")
    did = f"did:key:{multikey}"
    issuer = {"id": did, "type": ["Profile"], "name": "A famous university"}
    document = school.sign(school.unsigned(issuer=issuer), method=f"{did}#{multikey}", private_key=private)
    result = await check(services, document)
    assert result.verdict is Verdict.WARNING
    known = result.check(CheckName.ISSUER_KNOWN)
    assert known is not None
    assert "key alone" in known.sentence.render()


@pytest.mark.parametrize(
    ("recipient", "outcome"),
    [(EMAIL, "pass"), (EMAIL.upper(), "pass"), (f"mailto:{EMAIL}", "pass"), ("joe@example.org", "fail")],
)
async def test_recipient(services: Services, school: School, recipient: str, outcome: str) -> None:
    result = await check(services, school.credential(), recipient=f" {recipient} ")
    assert outcomes(result)["recipient"] == outcome


@pytest.mark.parametrize(
    ("subject", "recipient"),
    [
        ("https://social.example/users/ann", "@ann@social.example"),
        ("https://social.example/@ann", "https://Social.example/users/ann"),
        ("acct:ann@social.example", "@Ann@social.example"),
        ("mailto:jane@example.org", "jane@example.org"),
        ("did:key:z6Mk", "did:key:z6Mk"),
    ],
)
async def test_a_recipient_in_clear(services: Services, school: School, subject: str, recipient: str) -> None:
    members = school.unsigned()["credentialSubject"]
    del members["identifier"]
    result = await check(
        services, school.credential(credentialSubject={"id": subject, **members}), recipient=recipient
    )
    assert outcomes(result)["recipient"] == "pass"
    assert result.badge.recipient == subject


async def test_revoked(services: Services, school: School) -> None:
    school.documents[school.url("/status/1")] = school.list_of([7])
    result = await check(services, school.credential(credentialStatus=school.status()))
    assert (result.verdict, failing(result)) == (Verdict.INVALID, ["not-revoked"])


async def test_suspended(services: Services, school: School) -> None:
    school.documents[school.url("/status/1")] = school.list_of([7], purpose="suspension")
    result = await check(services, school.credential(credentialStatus=school.status(purpose="suspension")))
    assert (result.verdict, failing(result)) == (Verdict.INVALID, ["not-suspended"])


@pytest.mark.parametrize(
    ("serve", "reason"),
    [
        (lambda school: None, "404"),
        (lambda school: school.list_of([], issuer="did:web:other.example"), "another issuer"),
        (lambda school: school.list_of([]) | {"validFrom": "2025-02-02T00:00:00Z"}, "does not fit"),
        (lambda school: school.list_of([], purpose="suspension"), "suspension"),
        (lambda school: {"id": "x"}, "credentialSubject"),
        (lambda school: {k: v for k, v in school.list_of([]).items() if k != "proof"}, "proof"),
    ],
    ids=["missing", "other-issuer", "tampered", "other-purpose", "nonsense", "unsigned"],
)
async def test_a_list_that_says_nothing_leaves_it_open(
    services: Services, school: School, serve: Callable[[School], Document | None], reason: str
) -> None:
    served = serve(school)
    if served is None:
        del school.documents[school.url("/status/1")]
    else:
        school.documents[school.url("/status/1")] = served
    result = await check(services, school.credential(credentialStatus=school.status()))
    assert result.verdict is Verdict.COULD_NOT_CHECK
    assert outcomes(result)["not-revoked"] == "could-not-check"
    assert reason in detail(result, CheckName.NOT_REVOKED)


async def test_1edtech_revocation_list(services: Services, school: School) -> None:
    url = school.url("/revoked")
    credential = school.credential(credentialStatus={"id": url, "type": "1EdTechRevocationList"})
    school.documents[url] = {"id": url, "issuer": school.did, "revokedCredential": []}
    assert outcomes(await check(services, credential))["not-revoked"] == "pass"
    entry = {"id": credential["id"], "revoked": True, "revocationReason": "A mistake"}
    school.documents[url]["revokedCredential"] = [entry]
    result = await check(services, credential)
    found = result.check(CheckName.NOT_REVOKED)
    assert found is not None
    assert (found.outcome, found.sentence.render()) == (
        Outcome.FAIL,
        "Its issuer has revoked it: A mistake",
    )


@pytest.mark.parametrize(
    ("members", "outcome"),
    [
        ({"validUntil": "2026-01-01T00:00:00Z"}, "fail"),
        ({"validUntil": "2026-05-28T20:24:00Z"}, "pass"),
        ({"validUntil": "2027-01-01T00:00:00Z"}, "pass"),
        ({"validFrom": "2026-05-28T20:30:00Z"}, "pass"),
        ({"validFrom": "2026-05-29T00:00:00Z"}, "fail"),
        ({"validUntil": "2024-01-01T00:00:00Z"}, "fail"),
    ],
)
async def test_dates(services: Services, school: School, members: Document, outcome: str) -> None:
    assert outcomes(await check(services, school.credential(**members)))["dates"] == outcome


async def test_a_refreshed_credential_takes_the_place_of_the_old_one(
    services: Services, school: School
) -> None:
    service = {"id": school.url("/refresh"), "type": "1EdTechCredentialRefresh"}
    old = school.credential(refreshService=service, validUntil="2026-01-01T00:00:00Z")
    newer = school.credential(refreshService=service, validFrom="2026-01-01T00:00:00Z", name="Renewed")
    school.documents[school.url("/refresh")] = newer
    result = await check(services, old)
    assert (outcomes(result)["dates"], result.document["name"]) == ("pass", "Renewed")
    school.documents[school.url("/refresh")] = school.credential(2, validFrom="2026-01-01T00:00:00Z")
    result = await check(services, old)
    assert outcomes(result)["dates"] == "fail"
    assert "another badge" in detail(result, CheckName.PUBLISHED)


async def test_endorsements(services: Services, school: School) -> None:
    good = school.endorsement(school.url("/credentials/1"))
    assert outcomes(await check(services, school.credential(endorsement=[good])))["endorsements"] == "pass"
    broken = good | {"name": "Another name"}
    elsewhere = school.endorsement(school.url("/credentials/2"))
    result = await check(services, school.credential(endorsement=[good | {"id": "urn:x:1"}, elsewhere]))
    assert outcomes(result)["endorsements"] == "warning"
    found = result.check(CheckName.ENDORSEMENTS)
    assert found is not None
    assert found.sentence.values == {"good": "0", "total": "2"}
    result = await check(services, school.credential(endorsement=[broken]))
    assert result.verdict is Verdict.WARNING


@pytest.mark.parametrize(("status", "outcome"), [(404, "warning"), (410, "fail"), (500, "could-not-check")])
async def test_published(services: Services, school: School, status: int, outcome: str) -> None:
    school.answers[school.url("/credentials/1")] = answer(status, b"", "text/plain")
    result = await check(services, school.credential())
    assert outcomes(result)["published"] == outcome
    assert result.verdict is (Verdict.INVALID if outcome == "fail" else Verdict.WARNING)


async def test_something_else_is_published(services: Services, school: School) -> None:
    school.documents[school.url("/credentials/1")] = school.credential(validUntil="2030-01-01T00:00:00Z")
    assert outcomes(await check(services, school.credential()))["published"] == "warning"
    school.documents[school.url("/credentials/1")] = school.credential()
    assert outcomes(await check(services, school.credential()))["published"] == "pass"


async def test_only_so_many_at_once(services: Services, school: School, network: Network) -> None:
    for _ in range(MAX_VERIFICATIONS):
        await services.verifications.acquire()
    waiting = asyncio.create_task(check(services, school.credential()))
    await asyncio.sleep(0)
    assert (waiting.done(), network.requests) == (False, [])
    services.verifications.release()
    assert (await waiting).verdict is Verdict.WARNING
    assert services.verifications.locked() is False


async def test_a_broken_signature_leaves_nothing_else_to_say(services: Services, school: School) -> None:
    result = await check(services, school.credential() | {"name": "Another"})
    assert (result.verdict, outcomes(result)) == (Verdict.INVALID, {"integrity": "fail"})


async def test_without_the_issuers_document_the_signature_alone_is_known(
    services: Services, school: School
) -> None:
    del school.documents[school.url("/issuers/art/did.json")]
    result = await check(services, school.credential())
    found = outcomes(result)
    assert (found["integrity"], found["issuer-identity"]) == ("pass", "could-not-check")
    assert "not-revoked" not in found
    assert result.verdict is Verdict.COULD_NOT_CHECK


async def test_the_issuers_own_document_decides_about_a_tokens_key(
    services: Services, school: School
) -> None:
    key_url = school.url("/keys/1")
    school.documents[key_url] = school.rsa_jwk
    listed = await check(services, school.token(kid=key_url))
    assert outcomes(listed)["issuer-identity"] == "pass"
    document = school.did_document
    school.documents[school.url("/issuers/art/did.json")] = document | {"assertionMethod": [school.method]}
    result = await check(services, school.token(kid=key_url))
    assert (outcomes(result)["integrity"], outcomes(result)["issuer-identity"]) == ("pass", "could-not-check")


async def test_a_key_on_another_server_is_nobodys(
    services: Services, school: School, network: Network
) -> None:
    evil = School(network=network, host="evil.example")
    evil.documents[evil.url("/keys/1")] = evil.rsa_jwk
    forged = evil.token(
        kid=evil.url("/keys/1"), issuer={"id": school.did, "type": ["Profile"], "name": "School of Art"}
    )
    result = await check(services, forged)
    assert (result.verdict, failing(result)) == (Verdict.INVALID, ["issuer-identity"])


async def test_it_can_be_given_as_json(services: Services, school: School) -> None:
    result = await check(services, school.credential(credentialStatus=school.status()))
    report = json.loads(json.dumps(to_json(result)))
    assert report["verdict"] == "warning"
    assert report["kind"] == "ob3-proof"
    assert report["checks"][0] == {
        "name": "integrity",
        "outcome": "pass",
        "sentence": "Its signature is intact: nothing was changed.",
        "detail": school.method,
    }
    assert report["badge"]["issuer"]["id"] == school.did
    assert report["status"] == {"url": school.url("/status/1"), "asOf": "2026-05-28T19:26:40Z"}


async def test_nothing_is_fetched_twice_or_for_a_context(
    services: Services, school: School, network: Network
) -> None:
    await check(services, school.credential(credentialStatus=school.status()))
    urls = [request.url for request in network.requests]
    assert len(urls) == len(set(urls)) == 3
    assert {url.split("/")[2] for url in urls} == {school.host}
