"""The Verification API: every form of a badge, every state of a credential, every refusal."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import jsonschema
import pytest

from badgefed.api.openapi import build_document
from badgefed.api.verify import API
from badgefed.api.verify_definitions import LOOKED_UP_PER_MINUTE, MAX_BYTES, PRESENTED_PER_MINUTE
from badgefed.issuing import grants
from badgefed.issuing.badges import NewBadge, create_badge
from badgefed.issuing.grants import Offer
from badgefed.model.grant import Grant, Status
from badgefed.model.times import DAY
from badgefed.model.visibility import Visibility
from badgefed.work.services import Services
from tests import doors
from tests.api import call
from tests.conftest import BASE, World
from tests.doors import REASON, accept, decline, offer, process_accepted, publish, revoke
from tests.verification.school import School
from tests.world import Clock, Network

SCHEMAS = {"components": build_document((API,), base=BASE)["components"]}

Files = dict[str, bytes]
JSON_TYPES = ["application/json", "application/ld+json", "application/vc+ld+json", "application/vc"]


@pytest.fixture
def school(network: Network) -> School:
    return School(network=network)


def conform(value: object, name: str) -> None:
    """Raises where the value breaks the documented schema of this name."""
    schema = {"$ref": f"#/components/schemas/{name}", **SCHEMAS}
    jsonschema.Draft202012Validator(schema).validate(value)


async def fetch_files(services: Services, grant: Grant) -> Files:
    """What the holder of a grant can download."""
    paths = {
        "credential": f"/credentials/{grant.uuid}/ob3",
        "jwt": f"/credentials/{grant.uuid}/jwt",
        "png": f"/credentials/{grant.uuid}/badge.png",
        "svg": f"/credentials/{grant.uuid}/badge.svg",
        "assertion": f"/certify-badge/award/{grant.uuid}",
    }
    async with doors.browse(services) as client:
        answers = {name: await client.get(path) for name, path in paths.items()}
    assert {answer.status_code for answer in answers.values()} == {200}
    return {name: answer.content for name, answer in answers.items()}


async def ask(services: Services, body: Any = None, **options: Any) -> httpx.Response:
    async with call(services) as client:
        if body is not None:
            options["json"] = body
        return await client.post("/api/verify", **options)


async def look_up(services: Services, identifier: str) -> httpx.Response:
    async with call(services) as client:
        return await client.get(f"/api/verify/{identifier}")


async def suspend(services: Services, grant: Grant) -> None:
    await services.database.write(
        lambda tx: grants.suspend(tx, grant.id, reason=REASON, now=services.clock())
    )


def report(response: httpx.Response) -> dict[str, Any]:
    """The report in an answer, which is as the documentation says."""
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    conform(answer, "VerificationReport")
    return answer


def outcomes(answer: dict[str, Any]) -> dict[str, str]:
    return {check["name"]: check["outcome"] for check in answer["checks"]}


MEMBERS: list[tuple[str, Callable[[Grant, Files], dict[str, Any]]]] = [
    ("code", lambda grant, _: {"id": grant.code}),
    ("code in lower case", lambda grant, _: {"id": grant.code.lower()}),
    ("uuid", lambda grant, _: {"ID": grant.uuid}),
    ("post", lambda grant, _: {"url": grant.note_uri}),
    ("page", lambda grant, _: {"url": f"{BASE}/verify/{grant.code}"}),
    ("address of the credential", lambda grant, _: {"url": f"{BASE}/credentials/{grant.uuid}/ob3"}),
    ("credential", lambda _, files: {"credential": json.loads(files["credential"])}),
    ("assertion", lambda _, files: {"assertion": json.loads(files["assertion"])}),
    ("token", lambda _, files: {"jwt": files["jwt"].decode()}),
    ("pasted token", lambda _, files: {"text": files["jwt"].decode(), "url": None}),
    ("pasted code", lambda grant, _: {"text": f"  {grant.code}\n"}),
    ("pasted JSON", lambda _, files: {"text": files["credential"].decode(), "more": 1}),
    ("pasted SVG", lambda _, files: {"text": files["svg"].decode()}),
]


@pytest.mark.parametrize(("name", "make"), MEMBERS, ids=[name for name, _ in MEMBERS])
async def test_a_badge_is_taken_in_every_form(
    services: Services, world: World, name: str, make: Callable[[Grant, Files], dict[str, Any]]
) -> None:
    grant = await publish(services, world)
    body = make(grant, await fetch_files(services, grant))
    answer = report(await ask(services, body))
    assert answer["verdict"] == "valid", answer["checks"]
    assert answer["kind"] == {"assertion": "ob2-hosted", "token": "ob3-jwt", "pasted token": "ob3-jwt"}.get(
        name, "ob3-proof"
    )
    assert answer["badge"]["name"] == "Advanced Training"
    assert answer["badge"]["issuer"]["name"] == "The Organization"


@pytest.mark.parametrize(
    ("file", "content_type"),
    [
        *(("credential", content_type) for content_type in JSON_TYPES),
        ("assertion", "application/ld+json; charset=utf-8"),
        ("jwt", "application/jwt"),
        ("jwt", "application/vc+jwt"),
        ("jwt", "text/plain"),
        ("png", "image/png"),
        ("svg", "image/svg+xml"),
        ("png", "application/octet-stream"),
    ],
)
async def test_a_file_is_taken_as_it_is(
    services: Services, world: World, file: str, content_type: str
) -> None:
    files = await fetch_files(services, await publish(services, world))
    response = await ask(services, content=files[file], headers={"content-type": content_type})
    assert report(response)["verdict"] == "valid"


async def test_a_form_brings_a_file_or_a_text_and_the_recipient(services: Services, world: World) -> None:
    grant = await publish(services, world)
    files = await fetch_files(services, grant)
    recipient = "https://social.example/users/jane"
    for fields, upload in (
        ({"recipient": recipient}, {"file": ("badge.png", files["png"])}),
        ({"recipient": recipient, "id": grant.code}, {"file": ("", b"")}),
    ):
        answer = report(await ask(services, data=fields, files=upload))
        assert answer["verdict"] == "valid"
        assert outcomes(answer)["recipient"] == "pass"


@pytest.mark.parametrize(
    ("recipient", "verdict"),
    [("@jane@social.example", "valid"), ("@joe@social.example", "invalid"), ("", "valid")],
)
async def test_the_badge_must_name_whom_the_caller_expects(
    services: Services, world: World, recipient: str, verdict: str
) -> None:
    grant = await publish(services, world)
    answer = report(await ask(services, {"id": grant.code, "recipient": recipient}))
    assert answer["verdict"] == verdict
    assert ("recipient" in outcomes(answer)) is bool(recipient)


async def test_a_badge_from_elsewhere(services: Services, school: School) -> None:
    answer = report(await ask(services, {"credential": school.credential()}))
    assert answer["verdict"] == "warning"
    assert answer["source"] is None
    assert answer["badge"]["issuer"] == {
        "id": school.did,
        "name": "School of Art",
        "url": None,
        "image": None,
    }
    assert outcomes(answer)["issuer-known"] == "warning"


async def test_of_a_changed_badge_only_that_is_said(services: Services, school: School) -> None:
    changed = school.credential() | {"validFrom": "2024-01-01T00:00:00Z"}
    answer = report(await ask(services, changed))
    assert answer["verdict"] == "invalid"
    assert outcomes(answer) == {"integrity": "fail"}


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "https://127.0.0.1/",
        "https://[::1]:8443/x",
        "https://10.0.0.1/badge",
        "https://nowhere.example/badge",
    ],
)
async def test_what_may_not_or_can_not_be_asked_is_neither_true_nor_false(
    services: Services, network: Network, url: str
) -> None:
    answer = report(await ask(services, {"url": url}))
    assert answer["verdict"] == "could-not-check"
    [check] = answer["checks"]
    assert check["outcome"] == "could-not-check"
    assert check["detail"]
    assert [request.url for request in network.requests if "nowhere" not in request.url] == []


REFUSED: list[tuple[str, bytes | str, int, str]] = [
    ("application/json", b"", 400, "required"),
    ("application/json", b"   ", 400, "required"),
    ("application/json", b"[]", 400, "not an object"),
    ("application/json", b"{}", 400, "exactly one"),
    ("application/json", b'{"url": "https://a.example/", "id": "CRD-22222222"}', 400, "exactly one"),
    ("application/json", b'{"url": 5}', 400, "Url must be a string"),
    ("application/json", b'{"url": "ftp://a.example/"}', 400, "http"),
    ("application/json", b'{"url": "https://a.example/' + b"x" * 2000 + b'"}', 400, "2000"),
    ("application/json", b'{"id": "7"}', 400, "CRD-"),
    ("application/json", b'{"credential": "text"}', 400, "JSON object"),
    ("application/json", b'{"text": "hello"}', 400, "no badge"),
    ("application/json", b'{"jwt": "hello"}', 400, "no badge"),
    ("application/json", b'{"id": "CRD-22222222", "id": "CRD-33333333"}', 400, "more than one"),
    ("application/json", b'{"id": "CRD-22222222", "recipient": "' + b"x" * 501 + b'"}', 400, "500"),
    ("application/json", b'{"a":' * 5000 + b"1" + b"}" * 5000, 400, "nested"),
    ("application/json", b'{"@context": NaN}', 400, "JSON"),
    ("application/json", b'{"id": "CRD-22222222"}', 404, "no such badge"),
    ("application/json", b'{"credential": {}}', 422, "no badge"),
    ("application/json", b'{"@context": "https://www.w3.org/ns/activitystreams", "type": "Person"}', 422, ""),
    ("application/vc", b'{"type": "VerifiablePresentation"}', 422, "one by one"),
    ("text/plain", b"\xff\xfe\x00", 415, "no badge"),
    ("image/png", b"\x89PNG\r\n\x1a\nbroken", 400, ""),
    ("image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'/>", 400, "no badge inside"),
    ("text/html", b"<p>", 415, "Content-Type"),
    ("", b"{}", 415, "Content-Type"),
    ("multipart/form-data; boundary=x", b"--x--\r\n", 400, "file"),
    ("multipart/form-data", b"--x--\r\n", 400, "form"),
    (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="id"\r\n\r\nCRD-22222222\r\n'
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nCRD-22222222\r\n--x--\r\n',
        400,
        "exactly one",
    ),
    ("application/json", b'{"text": "' + b"x" * MAX_BYTES + b'"}', 413, "cannot exceed"),
    ("image/png", b"\x89PNG\r\n\x1a\n" + b"x" * MAX_BYTES, 413, "cannot exceed"),
]
CODES = {
    400: "VALIDATION_ERROR",
    404: "NOT_FOUND",
    413: "TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    422: "UNPROCESSABLE",
}


@pytest.mark.parametrize(
    ("content_type", "body", "status", "words"), REFUSED, ids=[f"{row[0]} {row[1][:40]!r}" for row in REFUSED]
)
async def test_what_is_no_badge_is_refused_in_words(
    services: Services, content_type: str, body: bytes, status: int, words: str
) -> None:
    headers = {"content-type": content_type} if content_type else {}
    response = await ask(services, content=body, headers=headers)
    assert response.status_code == status, response.text
    answer = response.json()
    assert answer["error"] == CODES[status]
    assert answer["message"]
    assert words in answer["message"]
    conform(answer, "CodedError")


async def test_a_valid_credential(services: Services, world: World) -> None:
    grant = await publish(services, world)
    for identifier in (grant.code, grant.uuid, grant.code.lower(), grant.uuid.upper()):
        response = await look_up(services, identifier)
        answer = response.json()
        conform(answer, "CredentialReport")
        assert (answer["status"], answer["verdict"]) == ("valid", "valid")
        assert answer["verification"] == {"signatureValid": True, "notRevoked": True, "notExpired": True}
    credential = answer["credential"]
    assert credential["id"] == grant.uuid
    assert credential["credentialId"] == grant.code
    assert credential["verificationUrl"] == f"{BASE}/verify/{grant.code}"
    assert credential["recipientName"] == "Jane"
    assert credential["badge"]["name"] == "Advanced Training"
    assert credential["fingerprint"] == grant.fingerprint
    assert answer["ob3Credential"] == json.loads((await fetch_files(services, grant))["credential"])
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["cache-control"] == "no-store"


async def test_a_revoked_credential_says_why_but_not_whose(services: Services, world: World) -> None:
    grant = await publish(services, world)
    await suspend(services, grant)
    await revoke(services, grant)
    answer = (await look_up(services, grant.code)).json()
    conform(answer, "CredentialReport")
    assert (answer["status"], answer["verdict"]) == ("revoked", "invalid")
    assert answer["verification"] == {"signatureValid": True, "notRevoked": False, "notExpired": True}
    assert answer["credential"]["revocationReason"] == REASON
    assert answer["ob3Credential"] is None
    assert "jane" not in json.dumps(answer).lower()
    posted = await ask(services, {"id": grant.code})
    assert report(posted)["verdict"] == "invalid"
    assert "jane" not in posted.text.lower()


async def test_whoever_holds_a_revoked_credential_sees_what_is_in_it(
    services: Services, world: World
) -> None:
    grant = await publish(services, world)
    held = (await fetch_files(services, grant))["credential"]
    await revoke(services, grant)
    answer = report(await ask(services, content=held, headers={"content-type": "application/json"}))
    assert outcomes(answer)["not-revoked"] == "fail"
    assert answer["document"] == json.loads(held)


async def test_a_suspended_credential_and_a_reinstated_one(services: Services, world: World) -> None:
    grant = await publish(services, world)
    await suspend(services, grant)
    answer = (await look_up(services, grant.code)).json()
    assert (answer["status"], answer["verdict"]) == ("suspended", "invalid")
    assert answer["credential"]["suspensionReason"] == REASON
    await services.database.write(lambda tx: grants.reinstate(tx, grant.id, now=services.clock()))
    answer = (await look_up(services, grant.code)).json()
    assert (answer["status"], answer["verdict"]) == ("valid", "valid")


async def make_short(services: Services, world: World) -> Grant:
    """A grant of a badge that lasts for a day, not accepted yet."""
    new = NewBadge(title="Short", description="d", criteria="c", expires_in_days=1)
    badge = await create_badge(services, issuer=world.issuer, new=new)
    wanted = Offer(
        organization_id=world.organization.id, badge_id=badge.id, profile="https://social.example/users/jane"
    )
    return (await services.database.write(lambda tx: grants.offer(tx, wanted, services))).grant


async def test_an_expired_credential(services: Services, world: World, clock: Clock) -> None:
    grant = await make_short(services, world)
    await accept(services, grant)
    await process_accepted(services)
    clock.advance(2 * DAY / 1_000_000)
    answer = (await look_up(services, grant.code)).json()
    assert (answer["status"], answer["verdict"]) == ("expired", "invalid")
    assert answer["verification"] == {"signatureValid": True, "notRevoked": True, "notExpired": False}
    await suspend(services, grant)
    assert (await look_up(services, grant.code)).json()["status"] == "suspended"
    await revoke(services, grant)
    assert (await look_up(services, grant.code)).json()["status"] == "revoked"


async def test_of_what_nobody_accepted_yet_only_its_state_is_told(
    services: Services, world: World, clock: Clock
) -> None:
    grant = await make_short(services, world)
    states = []
    for change in (None, lambda: accept(services, grant), lambda: clock.advance(2 * DAY / 1_000_000)):
        if change is not None:
            done = change()
            if done is not None:
                await done
        answer = (await look_up(services, grant.code)).json()
        conform(answer, "CredentialReport")
        states.append(answer["status"])
        assert answer["verdict"] == "could-not-check"
        assert not answer["verification"]["signatureValid"]
        assert {name for name, value in answer["credential"].items() if value} == {
            "id",
            "credentialId",
            "verificationUrl",
            "status",
        }
    assert states == ["pending", "pending", "expired"]


async def test_what_strangers_may_not_know_of(services: Services, world: World) -> None:
    private = await publish(services, world, visibility=Visibility.PRIVATE)
    declined = await offer(services, world, "ann")
    await decline(services, declined)
    refused = {
        private.code: (403, "FORBIDDEN"),
        declined.code: (404, "NOT_FOUND"),
        "CRD-22222222": (404, "NOT_FOUND"),
        "0199e0a0-7c55-7a52-9d0c-3f7c7c1f6b10": (404, "NOT_FOUND"),
        "x" * 3000: (404, "NOT_FOUND"),
        "%00": (404, "NOT_FOUND"),
        "CRD-%F0%9F%8F%85": (404, "NOT_FOUND"),
    }
    for identifier, (status, code) in refused.items():
        response = await look_up(services, identifier)
        assert (response.status_code, response.json()["error"]) == (status, code)
        assert "jane" not in response.text.lower()
    await revoke(services, private)
    assert (await look_up(services, private.code)).status_code == 403
    assert (await ask(services, {"id": private.code})).status_code == 404


async def test_an_unlisted_badge_can_be_verified_by_its_number(services: Services, world: World) -> None:
    grant = await publish(services, world, visibility=Visibility.UNLISTED)
    assert grant.status is Status.PROCESSED
    assert (await look_up(services, grant.code)).json()["status"] == "valid"


async def test_one_address_may_ask_so_often_and_others_go_on(services: Services, clock: Clock) -> None:
    async with call(services) as client:
        for _ in range(PRESENTED_PER_MINUTE):
            assert (await client.post("/api/verify", json={})).status_code == 400
        refused = await client.post("/api/verify", json={})
        looked_up = await client.get("/api/verify/CRD-22222222")
    assert refused.status_code == 429
    assert refused.json()["error"] == "RATE_LIMITED"
    assert int(refused.headers["retry-after"]) > 0
    assert refused.headers["x-ratelimit-limit"] == str(PRESENTED_PER_MINUTE)
    assert looked_up.status_code == 404
    assert looked_up.headers["x-ratelimit-remaining"] == str(LOOKED_UP_PER_MINUTE - 1)
    async with call(services, address="192.0.2.2") as client:
        assert (await client.post("/api/verify", json={})).status_code == 400


async def test_browsers_may_ask_from_anywhere_and_other_methods_are_refused_in_the_dialect(
    services: Services,
) -> None:
    async with call(services) as client:
        preflight = await client.options("/api/verify", headers={"origin": "https://else.example"})
        wrong = await client.get("/api/verify")
        deeper = await client.get("/api/verify/a/b")
        head = await client.head("/api/verify/CRD-22222222")
    assert preflight.status_code == 204
    assert "POST" in preflight.headers["access-control-allow-methods"]
    assert (wrong.status_code, wrong.json()["error"]) == (405, "METHOD_NOT_ALLOWED")
    assert (deeper.status_code, deeper.json()["error"]) == (404, "NOT_FOUND")
    assert (head.status_code, head.content) == (404, b"")
    assert all(
        response.headers["access-control-allow-origin"] == "*" for response in (preflight, wrong, deeper)
    )
