"""Hosted and signed badges of Open Badges 2.0."""

from __future__ import annotations

import json
from typing import Any

import pytest

from badgefed.errors import Unprocessable
from badgefed.protocol import jose, keys
from badgefed.verification.results import CheckName, Kind, Outcome, Verdict, Verification
from badgefed.verification.verify import verify
from badgefed.work.services import Services
from tests.remote import rsa_key
from tests.verification.corpus import Document, serve
from tests.world import Network, answer

OB2 = "https://w3id.org/openbadges/v2"
BASE = "https://makers.example"
ASSERTION = f"{BASE}/assertions/1"


def documents(**changes: Document) -> dict[str, Any]:
    """What the makers serve; `changes` go into the document of that name, members that are None are taken out."""
    whole: dict[str, Document] = {
        "assertion": {
            "@context": OB2,
            "id": ASSERTION,
            "type": "Assertion",
            "recipient": {"type": "email", "hashed": False, "identity": "jane@example.org"},
            "badge": f"{BASE}/badges/5",
            "verification": {"type": "HostedBadge"},
            "issuedOn": "2025-01-01T00:00:00Z",
        },
        "badge": {
            "@context": OB2,
            "id": f"{BASE}/badges/5",
            "type": "BadgeClass",
            "name": "Printmaster",
            "description": "Prints.",
            "image": f"{BASE}/badges/5/image.png",
            "criteria": {"narrative": "Print."},
            "issuer": f"{BASE}/issuer",
        },
        "issuer": {
            "@context": OB2,
            "id": f"{BASE}/issuer",
            "type": "Issuer",
            "name": "Makers",
            "url": BASE,
            "email": "contact@makers.example",
            "publicKey": f"{BASE}/keys/1",
            "revocationList": f"{BASE}/revoked",
        },
        "key": {
            "@context": OB2,
            "id": f"{BASE}/keys/1",
            "type": "CryptographicKey",
            "owner": f"{BASE}/issuer",
            "publicKeyPem": keys.public_pem(rsa_key("makers").public_key()),
        },
        "revoked": {
            "@context": OB2,
            "id": f"{BASE}/revoked",
            "type": "RevocationList",
            "issuer": f"{BASE}/issuer",
            "revokedAssertions": [],
        },
    }
    for name, change in changes.items():
        merged = whole[name] | change
        whole[name] = {member: value for member, value in merged.items() if value is not None}
    urls = (ASSERTION, f"{BASE}/badges/5", f"{BASE}/issuer", f"{BASE}/keys/1", f"{BASE}/revoked")
    return dict(zip(urls, whole.values(), strict=True))


def signed(**changes: Any) -> str:
    assertion = documents()[ASSERTION] | {
        "id": "urn:uuid:44d2728f-4581-4611-9750-0d83e7fbfb98",
        "verification": {"type": "SignedBadge", "creator": f"{BASE}/keys/1"},
    }
    return jose.sign_assertion(assertion | changes, private_key=rsa_key("makers"))


def failing(result: Verification) -> list[str]:
    return [str(check.name) for check in result.checks if check.outcome is Outcome.FAIL]


async def test_a_hosted_badge(services: Services, network: Network) -> None:
    serve(network, documents())
    for presented in (ASSERTION, json.dumps(documents()[ASSERTION])):
        result = await verify(services, presented, recipient="Jane@example.org")
        assert (result.verdict, result.kind) == (Verdict.WARNING, Kind.OB2_HOSTED), result.checks
        assert [str(check.name) for check in result.checks if check.outcome is not Outcome.PASS] == [
            "issuer-known"
        ]
    assert (result.badge.name, result.badge.issuer.name) == ("Printmaster", "Makers")
    assert result.badge.recipient == "jane@example.org"


@pytest.mark.parametrize(
    ("changes", "failed"),
    [
        ({"assertion": {"expires": "2025-06-01T00:00:00Z"}}, ["dates"]),
        ({"assertion": {"issuedOn": "2027-01-01T00:00:00Z"}}, ["dates"]),
        ({"assertion": {"recipient": None}}, ["schema"]),
        ({"assertion": {"revoked": True}}, ["not-revoked"]),
        ({"assertion": {"id": f"{BASE}/assertions/2"}}, ["integrity"]),
        ({"assertion": {"verification": {"type": "SignedBadge"}}}, ["integrity"]),
        ({"assertion": {"badge": "https://nowhere.makers.example/x"}}, []),
        ({"badge": {"issuer": "https://famous.example/issuer"}}, ["issuer-identity"]),
        ({"issuer": {"verification": {"startsWith": f"{BASE}/other/"}}}, ["issuer-identity"]),
        ({"issuer": {"verification": {"startsWith": [f"{BASE}/other/", f"{BASE}/assertions/"]}}}, []),
        ({"issuer": {"verification": {"allowedOrigins": "other.example"}}}, ["issuer-identity"]),
        ({"issuer": {"verification": {"allowedOrigins": ["other.example", "MAKERS.example"]}}}, []),
    ],
)
async def test_what_is_wrong_is_named(
    services: Services, network: Network, changes: dict[str, Document], failed: list[str]
) -> None:
    famous = documents()[f"{BASE}/issuer"] | {"id": "https://famous.example/issuer", "name": "Famous"}
    serve(network, documents(**changes) | {"https://famous.example/issuer": famous})
    result = await verify(services, ASSERTION)
    assert failing(result) == failed
    assert (result.verdict is Verdict.INVALID) is bool(failed)


async def test_gone_with_a_reason(services: Services, network: Network) -> None:
    serve(
        network,
        {ASSERTION: {"@context": OB2, "id": ASSERTION, "revoked": True, "revocationReason": "A mistake"}},
        statuses={ASSERTION: 410},
    )
    for presented in (ASSERTION, json.dumps(documents()[ASSERTION])):
        result = await verify(services, presented)
        found = result.check(CheckName.NOT_REVOKED)
        assert found is not None
        assert found.sentence.render() == "Its issuer has revoked it: A mistake"
        assert result.verdict is Verdict.INVALID


@pytest.mark.parametrize(
    ("status", "verdict"),
    [(404, Verdict.INVALID), (500, Verdict.COULD_NOT_CHECK), (503, Verdict.COULD_NOT_CHECK)],
)
async def test_an_outage_is_not_a_forgery(
    services: Services, network: Network, status: int, verdict: Verdict
) -> None:
    async def handle(_request: Any) -> Any:
        return answer(status, b"", "text/plain")

    network.mount("makers.example", handle)
    result = await verify(services, json.dumps(documents()[ASSERTION]))
    assert result.verdict is verdict
    assert [str(check.name) for check in result.checks] == ["integrity"]


async def test_a_doctored_copy_shows_what_the_issuer_publishes(services: Services, network: Network) -> None:
    serve(network, documents(assertion={"expires": "2025-06-01T00:00:00Z"}))
    copy = documents()[ASSERTION] | {"expires": "2099-01-01T00:00:00Z"}
    result = await verify(services, json.dumps(copy))
    assert failing(result) == ["dates"]
    integrity = result.check(CheckName.INTEGRITY)
    assert integrity is not None
    assert (integrity.outcome, integrity.detail) == (Outcome.WARNING, "different: expires")


async def test_somebody_elses_issuer(services: Services, network: Network) -> None:
    """An Assertion and a BadgeClass on one server that name the issuer of another."""
    evil = json.loads(json.dumps(documents()).replace(BASE, "https://evil.example"))
    evil["https://evil.example/badges/5"]["issuer"] = f"{BASE}/issuer"
    serve(network, documents())
    serve(network, evil)
    result = await verify(services, "https://evil.example/assertions/1")
    assert failing(result) == ["issuer-identity"]


async def test_a_redirect_to_another_server_is_told(services: Services, network: Network) -> None:
    serve(network, documents() | {"https://files.example/1": documents()[ASSERTION]})
    handler = network.handlers["makers.example"]

    async def handle(request: Any) -> Any:
        if request.url == ASSERTION:
            return answer(302, b"", "text/plain", location="https://files.example/1")
        return await handler(request)

    network.mount("makers.example", handle)
    result = await verify(services, ASSERTION)
    integrity = result.check(CheckName.INTEGRITY)
    assert integrity is not None
    assert integrity.outcome is Outcome.WARNING
    assert "another host" in (integrity.detail or "")


async def test_an_open_redirect_does_not_speak_for_the_issuer(services: Services, network: Network) -> None:
    """The famous server sends people wherever they ask; what stands there isn't the famous server's word."""
    issuer = "https://famous.example/go?to=evil"
    evil = json.loads(json.dumps(documents()).replace(BASE, "https://evil.example"))
    evil["https://evil.example/badges/5"]["issuer"] = issuer
    profile = evil["https://evil.example/issuer"]
    profile |= {"id": issuer, "name": "Famous", "verification": {"allowedOrigins": "evil.example"}}
    serve(network, evil)

    async def redirect(_request: Any) -> Any:
        return answer(302, b"", "text/plain", location="https://evil.example/issuer")

    network.mount("famous.example", redirect)
    result = await verify(services, "https://evil.example/assertions/1")
    identity = result.check(CheckName.ISSUER_IDENTITY)
    assert identity is not None
    assert identity.outcome is Outcome.COULD_NOT_CHECK
    assert "another host" in (identity.detail or "")


@pytest.mark.parametrize("path", ["/keys/1", "/revoked"])
async def test_what_is_gone_says_nothing_any_more(services: Services, network: Network, path: str) -> None:
    serve(network, documents(), statuses={BASE + path: 410})
    assert (await verify(services, signed())).verdict is Verdict.COULD_NOT_CHECK


async def test_a_signed_badge(services: Services, network: Network) -> None:
    serve(network, documents())
    result = await verify(services, signed(), recipient="jane@example.org")
    assert (result.verdict, result.kind) == (Verdict.WARNING, Kind.OB2_SIGNED), result.checks
    assert failing(result) == []


@pytest.mark.parametrize(
    ("changes", "failed"),
    [
        (
            {"revoked": {"revokedAssertions": ["urn:uuid:44d2728f-4581-4611-9750-0d83e7fbfb98"]}},
            ["not-revoked"],
        ),
        ({"key": {"owner": "https://other.example/issuer"}}, ["issuer-identity"]),
        ({"issuer": {"publicKey": f"{BASE}/keys/2"}}, ["issuer-identity"]),
        ({"issuer": {"publicKey": None}}, ["issuer-identity"]),
        ({"key": {"publicKeyPem": keys.public_pem(rsa_key("other").public_key())}}, ["integrity"]),
    ],
)
async def test_a_signed_badge_that_does_not_hold(
    services: Services, network: Network, changes: dict[str, Document], failed: list[str]
) -> None:
    serve(network, documents(**changes))
    result = await verify(services, signed())
    assert (result.verdict, failing(result)) == (Verdict.INVALID, failed)


async def test_a_revocation_list_that_cannot_be_read_leaves_it_open(
    services: Services, network: Network
) -> None:
    served = documents()
    del served[f"{BASE}/revoked"]
    serve(network, served)
    assert (await verify(services, signed())).verdict is Verdict.COULD_NOT_CHECK


async def test_a_definition_is_no_award(services: Services) -> None:
    with pytest.raises(Unprocessable, match="BadgeClass"):
        await verify(services, json.dumps(documents()[f"{BASE}/badges/5"]))


async def test_endorsements(services: Services, network: Network) -> None:
    endorsement = {
        "@context": OB2,
        "id": f"{BASE}/endorsements/1",
        "type": "Endorsement",
        "claim": {"id": f"{BASE}/badges/5", "endorsementComment": "Good."},
        "issuer": f"{BASE}/issuer",
        "issuedOn": "2025-01-01T00:00:00Z",
        "verification": {"type": "HostedBadge"},
    }
    for subject, outcome in ((f"{BASE}/badges/5", Outcome.PASS), (f"{BASE}/badges/6", Outcome.WARNING)):
        endorsement["claim"] = {"id": subject}
        served = documents(badge={"endorsement": endorsement["id"]})
        serve(network, served | {str(endorsement["id"]): endorsement})
        result = await verify(services, ASSERTION)
        found = result.check(CheckName.ENDORSEMENTS)
        assert found is not None
        assert found.outcome is outcome
