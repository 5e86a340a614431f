"""What somebody who means harm hands in, or serves: each refused with its reason, and with little work."""

from __future__ import annotations

import base64
import copy
import hmac
import io
import json
import struct
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from badgefed.errors import BadgefedError, Invalid, TooLarge, Unprocessable, UnsupportedMedia
from badgefed.net.transport import Request, Response
from badgefed.protocol import keys, raster
from badgefed.verification.results import CheckName, Outcome, Verdict, Verification
from badgefed.verification.sources import MAX_REQUESTS
from badgefed.verification.verify import verify
from badgefed.work.services import Services
from tests.remote import rsa_key
from tests.verification.school import CONTEXTS, Document, School, multikey_pair
from tests.world import Network, answer


@pytest.fixture
def school(network: Network) -> School:
    return School(network=network)


def worst(result: Verification) -> tuple[str, str]:
    found = next(
        (check for check in result.checks if check.outcome in (Outcome.FAIL, Outcome.COULD_NOT_CHECK)), None
    )
    return (f"{found.name} {found.outcome}", found.detail or "") if found else ("", "")


Change = Callable[[Document], Any]

CHANGES: dict[str, tuple[Change, str]] = {
    "an unsigned extra member": (lambda d: d.update(extra="unsigned"), "extra"),
    "an unsigned extra type": (lambda d: d["type"].append("Platinum"), "Platinum"),
    "a respelled expiry": (
        lambda d: d.update({"https://www.w3.org/2018/credentials#validUntil": d.pop("validUntil")}),
        "credentials#validUntil",
    ),
    "an expiry moved into another object": (
        lambda d: d.update(
            evidence=[{"id": d["id"], "type": ["Evidence"], "validUntil": d.pop("validUntil")}]
        ),
        "another object",
    ),
    "a status in nested arrays": (lambda d: d.update(evidence=[[{"type": ["Evidence"]}]]), "array"),
    "a relative id": (lambda d: d.update(id="credentials/1"), "credentials/1"),
    "an inline context": (
        lambda d: d["@context"].append({"extra": "https://evil.example/extra"}),
        "context",
    ),
    "an unknown context": (lambda d: d["@context"].append("https://evil.example/context"), "evil.example"),
    "a null": (lambda d: d.update(description=None), "null"),
    "two proofs": (lambda d: d["proof"].append(copy.deepcopy(d["proof"][0])), "one proof"),
    "a proof with a context": (lambda d: d["proof"][0].update({"@context": CONTEXTS}), "context"),
    "a proof for another purpose": (
        lambda d: d["proof"][0].update(proofPurpose="authentication"),
        "authentication",
    ),
    "six thousand values": (
        lambda d: d.update(evidence=[{"type": ["Evidence"], "narrative": "same"}] * 999, tags=["x"] * 999),
        "more than",
    ),
    "named blank nodes": (
        lambda d: d["credentialSubject"]["achievement"].update(
            related=[{"id": f"_:b{n}", "type": ["Related"]} for n in range(7)]
        ),
        "_:b0",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
async def test_a_changed_credential(services: Services, school: School, network: Network, name: str) -> None:
    change, reason = CHANGES[name]
    document = school.credential(validUntil="2025-02-01T00:00:00Z")
    change(document)
    result = await verify(services, json.dumps(document))
    assert result.verdict in (Verdict.INVALID, Verdict.COULD_NOT_CHECK)
    check, detail = worst(result)
    assert check.startswith("integrity")
    assert reason in detail
    assert all(school.host in request.url for request in network.requests)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('{"a": 1, "a": 2}', Invalid),
        ('{"type": "VerifiableCredential", "validUntil": "x", "validUntil": "y"}', Invalid),
        ('{"a":' * 5000 + "1" + "}" * 5000, Invalid),
        ('{"a": ' + "[1," * 40 + "1" + "]" * 40 + "}", Invalid),
        ("{" + '"a": "' + "x" * 3_000_000 + '"}', TooLarge),
        ("x" * 11_000_000, TooLarge),
        ("hello", Invalid),
        ("", Invalid),
        ("<!--" * 2_000 + "-->", Invalid),
        ("<!--a-->" * 1_200 + "<html></html>", Invalid),
        ("{}", Unprocessable),
        ('{"type": "VerifiablePresentation", "@context": []}', Unprocessable),
        ('{"uid": "1", "recipient": {}, "badge": {}, "verify": {}}', Unprocessable),
        ("\x00\x01\x02", Invalid),
        (b"\xff\xfe\x00", UnsupportedMedia),
        (b"\x89PNG\r\n\x1a\nnothing", BadgefedError),
        (b"\xff\xd8\xff\xe0 no picture", BadgefedError),
        ('<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>', Invalid),
    ],
)
async def test_no_badge_at_all(services: Services, text: str | bytes, error: type[BadgefedError]) -> None:
    with pytest.raises(error) as refused:
        await verify(services, text)
    assert str(refused.value)


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


async def test_a_picture_whose_text_inflates_to_a_gigabyte(services: Services) -> None:
    packer = zlib.compressobj(9)
    bomb = b"".join(packer.compress(b"\0" * 1_000_000) for _ in range(200)) + packer.flush()
    plain = raster.render_png(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><rect width="1" height="1"/></svg>', size=8
    )
    header, rest = plain[:33], plain[33:]
    png = io.BytesIO(header + chunk(b"iTXt", b"openbadgecredential\0\1\0\0\0" + bomb) + rest).getvalue()
    with pytest.raises(BadgefedError, match="more than"):
        await verify(services, png)


PLACES: dict[str, Callable[[str], dict[str, Any]]] = {
    "status list": lambda url: {
        "credentialStatus": {
            "id": f"{url}#1",
            "type": "BitstringStatusListEntry",
            "statusPurpose": "revocation",
            "statusListIndex": "1",
            "statusListCredential": url,
        }
    },
    "revocation list": lambda url: {"credentialStatus": {"id": url, "type": "1EdTechRevocationList"}},
    "refresh": lambda url: {"refreshService": {"id": url, "type": "1EdTechCredentialRefresh"}},
    "own address": lambda url: {"id": url},
}
INTERNAL = (
    "https://127.0.0.1/admin",
    "https://[::1]/admin",
    "http://school.example/plain",
    "https://localhost/admin",
    "https://169.254.169.254/latest",
    "https://school.example:8443/x",
)


@pytest.mark.parametrize("place", PLACES)
async def test_internal_addresses_are_not_asked(
    services: Services, school: School, network: Network, place: str
) -> None:
    for url in INTERNAL:
        result = await verify(services, json.dumps(school.credential(**PLACES[place](url))))
        assert result.verdict is not Verdict.VALID
        assert any(
            check.outcome is Outcome.COULD_NOT_CHECK and url in (check.detail or "")
            for check in result.checks
        )
    assert {request.url.split("/")[2] for request in network.requests} == {school.host}


@pytest.mark.parametrize(
    "did", ["did:web:127.0.0.1", "did:web:localhost%3A8000", "did:web:internal:x", "did:web:..%2Fx"]
)
async def test_a_did_that_leads_inside(
    services: Services, school: School, network: Network, did: str
) -> None:
    issuer = {"id": did, "type": ["Profile"], "name": "Inside"}
    document = school.sign(school.unsigned(issuer=issuer), method=f"{did}#{school.multikey}")
    result = await verify(services, json.dumps(document))
    assert result.verdict in (Verdict.COULD_NOT_CHECK, Verdict.INVALID)
    assert network.requests == []


@pytest.mark.parametrize("url", [*INTERNAL, "https://user:pass@school.example/"])
async def test_a_link_that_leads_inside(services: Services, network: Network, url: str) -> None:
    result = await verify(services, url)
    assert (result.verdict, result.source) == (Verdict.COULD_NOT_CHECK, url)
    assert network.requests == []


async def test_redirects_are_bounded_and_do_not_speak_for_others(
    services: Services, school: School, network: Network
) -> None:
    loop = school.url("/loop")
    school.answers[loop] = answer(302, b"", "text/plain", location=loop)
    assert (await verify(services, loop)).verdict is Verdict.COULD_NOT_CHECK
    evil = School(network=network, host="evil.example")
    did_url = school.url("/issuers/art/did.json")
    stolen = evil.url("/did.json")
    evil.documents[stolen] = json.loads(
        json.dumps(school.did_document).replace(school.multikey, evil.multikey)
    )
    school.answers[did_url] = answer(302, b"", "text/plain", location=stolen)
    forged = school.sign(
        school.unsigned(), method=f"{school.did}#{evil.multikey}", private_key=evil.private_key
    )
    result = await verify(services, json.dumps(forged))
    assert worst(result)[0] == "issuer-identity could-not-check"
    assert "another host" in worst(result)[1]


async def test_the_method_of_another_controller(services: Services, school: School) -> None:
    private, multikey = multikey_pair("evil")
    method = f"did:key:{multikey}#{multikey}"
    document = school.sign(school.unsigned(), method=method, private_key=private)
    result = await verify(services, json.dumps(document))
    assert worst(result)[0] == "issuer-identity fail"
    assert [str(check.name) for check in result.checks][:2] == ["integrity", "issuer-identity"]


async def test_a_key_that_is_listed_for_something_else(services: Services, school: School) -> None:
    document = school.did_document
    document["authentication"] = document.pop("assertionMethod")
    school.documents[school.url("/issuers/art/did.json")] = document
    result = await verify(services, json.dumps(school.credential()))
    assert worst(result)[0] == "issuer-identity fail"


async def test_a_did_document_with_another_id(services: Services, school: School) -> None:
    school.documents[school.url("/issuers/art/did.json")] = school.did_document | {
        "id": "did:web:other.example"
    }
    assert worst(await verify(services, json.dumps(school.credential())))[0] == "issuer-identity fail"


def with_header(token: str, header: Document) -> str:
    parts = token.split(".")
    first = _b64(json.dumps(header).encode())
    return ".".join((first, *parts[1:]))


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


async def test_alg_none(services: Services, school: School) -> None:
    result = await verify(services, with_header(school.token(), {"alg": "none", "kid": school.rsa_method}))
    assert (result.verdict, worst(result)[0]) == (Verdict.INVALID, "integrity fail")


async def test_the_public_key_as_a_shared_secret(services: Services, school: School) -> None:
    pem = keys.public_pem(rsa_key(school.host).public_key())
    header = _b64(json.dumps({"alg": "HS256", "kid": school.rsa_method}).encode())
    signed = f"{header}.{_b64(json.dumps(school.unsigned()).encode())}"
    token = f"{signed}.{_b64(hmac.digest(pem.encode(), signed.encode(), 'sha256'))}"
    result = await verify(services, token)
    assert (result.verdict, worst(result)[0]) == (Verdict.INVALID, "integrity fail")


async def test_claims_that_contradict_the_credential(services: Services, school: School) -> None:
    token = school.token()
    payload = json.loads(_decode(token.split(".")[1]))
    payload["iss"] = "did:web:famous.example"
    header, _, signature = token.split(".")
    result = await verify(services, f"{header}.{_b64(json.dumps(payload).encode())}.{signature}")
    assert worst(result)[0] == "integrity fail"


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


async def test_a_jwk_in_the_header_proves_nothing(
    services: Services, school: School, network: Network
) -> None:
    evil = School(network=network, host="evil.example")
    payload = json.dumps(evil.unsigned(issuer={"id": school.did, "type": ["Profile"]})).encode()
    header = {"alg": "RS256", "jwk": evil.rsa_jwk}
    first, second = _b64(json.dumps(header).encode()), _b64(payload)
    signature = keys.sign(rsa_key(evil.host), f"{first}.{second}".encode())
    result = await verify(services, f"{first}.{second}.{_b64(signature)}")
    assert worst(result)[0] == "issuer-identity fail"
    integrity = result.check(CheckName.INTEGRITY)
    assert integrity is not None
    assert integrity.outcome is Outcome.PASS


async def test_a_status_list_that_inflates_without_end(services: Services, school: School) -> None:
    packer = zlib.compressobj(9, wbits=31)
    packed = b"".join(packer.compress(b"\0" * 1_000_000) for _ in range(100)) + packer.flush()
    served = {name: value for name, value in school.list_of([]).items() if name != "proof"}
    served["credentialSubject"]["encodedList"] = "u" + _b64(packed)
    school.documents[school.url("/status/1")] = school.sign(served)
    result = await verify(services, json.dumps(school.credential(credentialStatus=school.status())))
    assert worst(result)[0] == "not-revoked could-not-check"
    assert "more than" in worst(result)[1]


async def test_requests_are_counted(services: Services, school: School, network: Network) -> None:
    """A badge that wants many things to be asked for."""

    async def handle(request: Request) -> Response:
        number = int(request.url.rpartition("/")[2]) if request.url[-1].isdigit() else 0
        return answer(302, b"", "text/plain", location=f"https://maze.example/{number + 1}")

    network.mount("maze.example", handle)
    entries = [PLACES["status list"](f"https://maze.example/{100 * n}")["credentialStatus"] for n in range(4)]
    endorsements = [school.endorsement("urn:x:1", id=f"https://school.example/e/{n}") for n in range(30)]
    for number, endorsement in enumerate(endorsements):
        del endorsement["proof"]
        issuer = f"https://maze.example/{1000 * (number + 5)}"
        endorsement["issuer"] = {"id": issuer, "type": ["Profile"]}
        endorsements[number] = school.sign(endorsement, method=f"{issuer}#{school.multikey}")
    document = school.credential(credentialStatus=entries, endorsement=endorsements)
    result = await verify(services, json.dumps(document))
    assert result.verdict is not Verdict.VALID
    assert len(network.requests) <= MAX_REQUESTS


async def test_a_host_in_another_case_is_another_name(services: Services, school: School) -> None:
    """An issuer has one id; the same host in capitals in the method is none of its keys."""
    method = f"did:web:SCHOOL.example:issuers:art#{school.multikey}"
    result = await verify(services, json.dumps(school.sign(school.unsigned(), method=method)))
    assert worst(result)[0] == "issuer-identity fail"
