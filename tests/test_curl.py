"""The calls that the three products document, as lines for a shell: only host, key and ids are put in. A real curl, a real server."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.issuers_api import picture
from tests.test_cli import Cli, cli, port, server  # noqa: F401 - fixtures

REFERENCE = Path(__file__).parents[2] / "shared" / "reference"
CALL = re.compile(r"\b(GET|POST|PUT|PATCH|DELETE) (/[^\s`·?,;|\[(]*)")
URL = re.compile(r"https?://\S+")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z")
PASSWORD = "a password of the tests"

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


@dataclass(frozen=True, kw_only=True)
class Line:
    """`call`: as the product's documentation names it. `shape`: of the answer; `keeps`: where in it the ids for later lines are."""

    call: str
    curl: str
    shape: Any
    status: int = 200
    keeps: Mapping[str, str] = field(default_factory=dict)


OPTIONAL = (str, type(None))
BADGE = {
    "id": int, "title": str, "description": OPTIONAL, "badgeType": "Badge", "earningCriteria": OPTIONAL, "image": URL,
    "imageAltText": OPTIONAL, "hashtags": OPTIONAL, "infoUri": OPTIONAL, "isCertificate": bool,
    "issuer": {"id": int, "fullName": "Org", "username": "org", "domain": str},
}  # fmt: skip

BADGES = (
    Line(
        call="GET /api/badges",
        curl='curl -H "X-ApiKey: YOUR_API_KEY" https://your-host/api/badges',
        shape={"success": True, "count": 1, "badges": [BADGE]},
        keeps={"badgeId": "badges.0.id"},
    ),
    Line(
        call="GET /api/badges/{badgeId}",
        curl='curl "https://your-host/api/badges/{badgeId}?apiKey=YOUR_API_KEY"',
        shape={"success": True, "badge": BADGE},
    ),
    Line(
        call="GET /badge-image/{badgeId}",
        curl="curl -o {file} https://your-host/badge-image/{badgeId}",
        shape=None,
    ),
    Line(
        call="POST /api/badges/grant",
        curl="""curl -X POST https://your-host/api/badges/grant -H "X-ApiKey: YOUR_API_KEY" -H "Content-Type: application/json"
            -d '{"badgeId": {badgeId}, "name": "Jane Doe", "email": "jane@example.com", "evidence": "Completed the course"}'""",
        shape={
            "success": True,
            "message": "Badge granted successfully",
            "acceptUrl": re.compile(r"http://\S+/accept/grant/\d+/[\w-]+"),
            "badgeRecord": {
                "id": int, "title": "Advanced Training", "issuedBy": re.compile(r"http://\S+/actor/org"), "issuedOn": TIME,
                "issuedToName": "Jane Doe", "issuedToSubjectUri": "", "earningCriteria": "Completed the course",
                "noteId": URL, "status": "pending",
            },
        },
        keeps={"noteId": "badgeRecord.noteId"},
    ),
    Line(
        call="GET /api/badges/grant/{noteId}/status",
        curl='curl -H "X-ApiKey: YOUR_API_KEY" https://your-host/api/badges/grant/{noteId}/status',
        shape={"success": True, "noteId": URL, "profileUri": OPTIONAL, "badgeId": int, "status": "pending"},
    ),
)  # fmt: skip


def enveloped(**info: Any) -> dict[str, Any]:
    return {"statusCode": 200, "info": info}


def parameters(**values: Any) -> str:
    return shlex.quote(json.dumps({"parameters": values}))


SCHOOLS_KEY = 'curl -H "X-Api-Key: bws_YOUR_API_KEY"'
ISSUERS = (
    Line(
        call="POST /issuers",
        curl=f"{SCHOOLS_KEY} -X POST https://your-host/issuers -H 'Content-Type: application/json' -d "
        + parameters(name="Acme Academy", url="https://acme.example", email="ann@example.org"),
        shape=enveloped(issuerId=URL),
        keeps={"issuerId": "info.issuerId"},
    ),
    Line(
        call="GET /issuers",
        curl=f"{SCHOOLS_KEY} https://your-host/issuers",
        shape=enveloped(
            issuers=[
                {"id": URL, "name": str, "url": OPTIONAL, "email": OPTIONAL, "verified": True, "timestamp": TIME}
            ]
        ),
    ),
    Line(
        call="POST /issuers/{issuerId}/verify",
        curl=f"{SCHOOLS_KEY} -X POST https://your-host/issuers/{{issuerUuid}}/verify -H 'Content-Type: application/json' -d "
        + parameters(code="ABCD-EFGH"),
        shape=enveloped(verified=True),
    ),
    Line(
        call="PUT /issuers/{issuerId}",
        curl=f"{SCHOOLS_KEY} -X PUT https://your-host/issuers/{{issuerUuid}} -H 'Content-Type: application/json' -d "
        + parameters(linkedinOrganizationId="1234567"),
        shape=enveloped(issuerId=URL, updated=True),
    ),
    Line(
        call="POST /issuers/{issuerId}/rotate-code",
        curl=f"{SCHOOLS_KEY} -X POST https://your-host/issuers/{{issuerUuid}}/rotate-code",
        status=400,
        shape={"error": "issuer is verified already"},
    ),
    Line(
        call="POST /badges",
        curl=f"{SCHOOLS_KEY} -X POST https://your-host/badges -H 'Content-Type: application/json' -d "
        + parameters(
            name="First Aid", description="Can help.", criteria="Pass the exam.", image=picture(), issuerId="{issuerId}"
        ),
        shape=enveloped(badgeId=URL),
        keeps={"schoolBadgeId": "info.badgeId"},
    ),
    Line(
        call="GET /badges",
        curl=f"{SCHOOLS_KEY} https://your-host/badges",
        shape=enveloped(
            badges=[
                {
                    "id": URL, "name": str, "description": OPTIONAL, "criteria": {"narrative": OPTIONAL}, "image": URL,
                    "issuer": URL, "timestamp": TIME,
                }
            ]
        ),
    ),
    Line(
        call="PUT /badges/{badgeId}",
        curl=f"{SCHOOLS_KEY} -X PUT https://your-host/badges/{{schoolBadgeUuid}} -H 'Content-Type: application/json' -d "
        + parameters(shareText="I can help."),
        shape=enveloped(badgeId=URL, updated=True),
    ),
    Line(
        call="POST /awards",
        curl=f"{SCHOOLS_KEY} -X POST https://your-host/awards -H 'Content-Type: application/json' -d "
        + parameters(
            badgeId="{schoolBadgeId}",
            recipient={"name": "Jane Doe", "email": "jane@example.com"},
            issuedOn="2026-01-15T10:30:00Z",
        ),
        shape=enveloped(awardId=URL),
        keeps={"awardId": "info.awardId"},
    ),
    Line(
        call="GET /awards",
        curl=f"{SCHOOLS_KEY} -G https://your-host/awards --data-urlencode "
        + """'filter={"search":"jane","searchField":"name"}'""",
        shape=enveloped(awards=[dict], count=2),
    ),
    Line(call="GET /awards/{id}", curl=f"{SCHOOLS_KEY} https://your-host/awards/{{awardUuid}}", shape={"statusCode": 200, "info": dict}),
    Line(
        call="POST /awards/{id}/email",
        curl=f"{SCHOOLS_KEY} -X POST https://your-host/awards/{{awardUuid}}/email",
        shape=enveloped(sent=True),
    ),
    *(
        Line(
            call=f"GET /certify-badge/{kind}/{{uuid}}",
            curl=f"curl https://your-host/certify-badge/{kind}/{{{name}}}",
            shape=dict,
        )
        for kind, name in (("issuer", "issuerUuid"), ("badge", "schoolBadgeUuid"), ("award", "awardUuid"))
    ),
    Line(
        call="DELETE /awards/{id}",
        curl=f"{SCHOOLS_KEY} -X DELETE https://your-host/awards/{{awardUuid}}",
        shape=enveloped(deleted=True, revoked=True),
    ),
    Line(
        call="DELETE /badges/{badgeId}",
        curl=f"{SCHOOLS_KEY} -X DELETE https://your-host/badges/{{schoolBadgeUuid}}",
        status=400,
        shape={"error": "badge has awards"},
    ),
    Line(
        call="DELETE /issuers/{issuerId}",
        curl=f"{SCHOOLS_KEY} -X DELETE https://your-host/issuers/{{issuerUuid}}",
        status=400,
        shape={"error": str},
    ),
)  # fmt: skip

CATALOGUED = {
    "id": UUID, "name": str, "slug": str, "description": OPTIONAL, "criteria": OPTIONAL, "imageUrl": URL,
    "expiresInDays": (int, type(None)), "tags": list, "isActive": True, "createdAt": TIME, "publicUrl": URL,
    "achievementUrl": URL,
}  # fmt: skip
PAGINATION = {"limit": 50, "offset": 0, "total": int}
BEARER = 'curl -H "Authorization: Bearer crd_live_YOUR_API_KEY"'
SESSION = 'curl -H "Authorization: Bearer {token}"'
POST_JSON = "-X POST -H 'Content-Type: application/json'"
RECIPIENT = '"recipient": {"name": "Jane Doe", "email": "jane@example.com"}'

CREDENTIALS = (
    Line(
        call="GET /api/v1/badges",
        curl=f'{BEARER} "https://your-host/api/v1/badges?limit=50&offset=0&active=true"',
        shape={"data": [CATALOGUED], "pagination": PAGINATION},
        keeps={"badgeUuid": "data.-1.id", "slug": "data.-1.slug"},
    ),
    Line(
        call="GET /api/v1/badges/{badgeId}",
        curl=f"{BEARER} https://your-host/api/v1/badges/{{badgeUuid}}",
        shape=CATALOGUED,
    ),
    Line(
        call="POST /api/v1/credentials",
        curl=f"""{BEARER} {POST_JSON} https://your-host/api/v1/credentials -d '{{"badgeId": "{{badgeUuid}}", {RECIPIENT}}}'""",
        status=201,
        shape=dict,
        keeps={"credentialUuid": "id", "credentialId": "credentialId"},
    ),
    Line(
        call="POST /api/v1/credentials/bulk",
        curl=f"""{BEARER} {POST_JSON} https://your-host/api/v1/credentials/bulk
            -d '{{"badgeId": "{{badgeUuid}}", "recipients": [{{"name": "Joe Doe", "email": "joe@example.com"}}]}}'""",
        shape={"data": [dict], "issued": 1, "failed": 0},
    ),
    Line(
        call="GET /api/v1/credentials",
        curl=f'{BEARER} "https://your-host/api/v1/credentials?badgeId={{badgeUuid}}&status=pending"',
        shape={"data": [dict], "pagination": PAGINATION},
    ),
    Line(
        call="GET /api/v1/credentials/{UUID",
        curl=f"{BEARER} https://your-host/api/v1/credentials/{{credentialId}}",
        shape=dict,
    ),
    Line(
        call="GET /api/verify/{CRD-…",
        curl="curl https://your-host/api/verify/{credentialId}",
        shape={
            "status": "pending",
            "credential": dict,
            "verification": {"signatureValid": True, "notRevoked": True, "notExpired": True},
            "ob3Credential": dict,
            "...": None,
        },
    ),
    Line(call="GET /credentials/{id}/ob3", curl="curl https://your-host/credentials/{credentialUuid}/ob3", shape=dict),
    Line(
        call="GET /api/credentials/{id}/baked",
        curl="curl -o {file} https://your-host/api/credentials/{credentialId}/baked",
        shape=None,
    ),
    Line(
        call="POST /api/credentials/verify-image",
        curl="curl -X POST https://your-host/api/credentials/verify-image -F file=@{file}",
        shape={"verdict": "valid", "verification": dict, "ob3Credential": dict, "...": None},
    ),
    Line(call="GET /issuers/{slug}", curl="curl https://your-host/issuers/org", shape=dict),
    Line(call="GET /achievements/{org}/{badge}", curl="curl https://your-host/achievements/org/{slug}", shape=dict),
    Line(
        call="POST /api/auth/login",
        curl=f"""curl {POST_JSON} https://your-host/api/auth/login -d '{{"email": "ann@example.org", "password": "{PASSWORD}"}}'""",
        shape={"token": str, "user": dict, "...": None},
        keeps={"token": "token"},
    ),
    Line(call="GET /api/auth/me", curl=f"{SESSION} https://your-host/api/auth/me", shape=dict),
    Line(
        call="POST /api/organizations/{orgId}/badges",
        curl=f"""{SESSION} {POST_JSON} https://your-host/api/organizations/org/badges
            -d '{{"name": "AWS Fundamentals", "description": "Knows AWS.", "criteria": "Exam.", "expiresInDays": 730, "tags": ["aws"]}}'""",
        status=201,
        shape=CATALOGUED,
        keeps={"newBadge": "id"},
    ),
    Line(
        call="DELETE /api/v1/badges",
        curl=f"{BEARER} -X DELETE https://your-host/api/v1/badges/{{newBadge}}",
        shape={"id": UUID, "deleted": True, "isActive": False},
    ),
    Line(
        call="POST /api/v1/credentials/{id}/revoke",
        curl=f"""{BEARER} {POST_JSON} https://your-host/api/v1/credentials/{{credentialId}}/revoke -d '{{"reason": "By mistake"}}'""",
        shape=dict,
    ),
    Line(
        call="DELETE /api/organizations/{orgId}/credentials/{id}",
        curl=f"""{SESSION} -X DELETE -H 'Content-Type: application/json'
            https://your-host/api/organizations/org/credentials/{{credentialId}} -d '{{"reason": "Again"}}'""",
        status=409,
        shape={"error": "CONFLICT", "message": str},
    ),
    Line(
        call="GET /api/embed/{id}",
        curl="curl -o {file} https://your-host/api/embed/CRD-22222222",
        status=404,
        shape=None,
    ),
)  # fmt: skip

DOCUMENTS = {"badges-api.md": BADGES, "issuers-api.md": ISSUERS, "credentials-api.md": CREDENTIALS}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_documented_call_has_its_line(document: str) -> None:
    if not REFERENCE.is_dir():
        pytest.skip("the products' references are not here")
    calls = {
        f"{method} {path}".rstrip(".") for method, path in CALL.findall((REFERENCE / document).read_text())
    }
    assert calls
    assert calls - {line.call for line in DOCUMENTS[document]} == set()


@pytest.fixture
def keys(cli: Cli) -> dict[str, str]:  # noqa: F811
    """One of each kind, as they are put in."""
    cli.json(
        "create-user",
        "ann@example.org",
        "--organization",
        "org",
        "--organization-name",
        "Org",
        "--password-stdin",
        stdin=PASSWORD,
    )
    cli.json(
        "create-badge",
        "--issuer",
        "org",
        "--title",
        "Advanced Training",
        "--description",
        "D",
        "--criteria",
        "C",
    )
    made = {
        dialect: cli.json("create-key", "ann@example.org", "--name", dialect, "--dialect", dialect)["key"]
        for dialect in ("issuers", "credentials", "badges")
    }
    return {
        "bws_YOUR_API_KEY": made["issuers"],
        "crd_live_YOUR_API_KEY": made["credentials"],
        "YOUR_API_KEY": made["badges"],
    }


def test_the_documented_calls_work(server: str, keys: dict[str, str], tmp_path: Path) -> None:  # noqa: F811
    kept = {"file": str(tmp_path / "answer")}
    for line in (*BADGES, *ISSUERS, *CREDENTIALS):
        text = line.curl.replace("https://your-host", server)
        for name, value in (*keys.items(), *((f"{{{name}}}", value) for name, value in kept.items())):
            text = text.replace(name, value)
        status, answer = run(text)
        assert status == line.status, (line.call, answer)
        if line.shape is not None:
            assert fits(json.loads(answer), line.shape), (line.call, answer)
        for name, place in line.keeps.items():
            kept[name] = str(look_up(json.loads(answer), place))
            if URL.fullmatch(kept[name]):
                kept[name.replace("Id", "Uuid")] = kept[name].rpartition("/")[2]


def run(text: str) -> tuple[int, str]:
    """The status and body of what a shell would do."""
    arguments = [
        *shlex.split(text),
        "--silent",
        "--show-error",
        "--max-time",
        "20",
        "--write-out",
        "\n%{http_code}",
    ]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, (text, done.stderr)
    body, _, status = done.stdout.rpartition("\n")
    return int(status), body


def look_up(value: Any, place: str) -> Any:
    for step in place.split("."):
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value


def fits(value: Any, shape: Any) -> bool:
    """Whether a value has a shape: members (others too, with `...`), one shape for all of a list, types, patterns, values."""
    if isinstance(shape, dict):
        has_others = "..." in shape
        names = set(shape) - {"..."}
        return (
            isinstance(value, dict)
            and (names <= set(value) if has_others else names == set(value))
            and all(fits(value[name], shape[name]) for name in names)
        )
    if isinstance(shape, list):
        return isinstance(value, list) and bool(value) and all(fits(one, shape[0]) for one in value)
    if isinstance(shape, re.Pattern):
        return isinstance(value, str) and shape.fullmatch(value) is not None
    if isinstance(shape, type | tuple):
        return isinstance(value, shape)
    return bool(value == shape)
