"""What the Badges API takes in the body of a grant, and what it says of everything else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from badgefed.api.requests import MAX_BYTES
from badgefed.work.services import Services
from tests.api import PROFILE, call, count, grant
from tests.conftest import World

GRANT = "/api/badges/grant"


def problem(text: str, **failures: list[str]) -> str:
    """A 400's body: the error of the contract, and behind it what the original sends."""
    return json.dumps(
        {
            "error": text,
            "type": "https://tools.ietf.org/html/rfc9110#section-15.5.1",
            "title": "One or more validation errors occurred.",
            "status": 400,
            "errors": failures or {"": [text]},
        },
        separators=(",", ":"),
        ensure_ascii=False,
    )


@pytest.mark.parametrize(
    "body",
    [
        {"BADGEID": 1, "PROFILEURI": PROFILE, "NAME": "Jane"},
        {"badgeid": "1", "profileuri": PROFILE, "name": "Jane"},
        {"BadgeId": " 1 ", "ProfileUri": f"  {PROFILE}\n", "Name": "\tJane "},
        {"badgeId": 1.0, "profileUri": PROFILE, "name": "Jane", "unknown": {"a": [1, {}]}, "": None},
    ],
)
async def test_bodies_are_read_as_the_original_reads_them(
    services: Services, world: World, body: dict[str, Any]
) -> None:
    assert world.badge.id == 1
    async with call(services, world.key) as client:
        record = (await grant(client, body))["badgeRecord"]
    assert (record["issuedToName"], record["issuedToSubjectUri"]) == ("Jane", PROFILE)


@pytest.mark.parametrize(
    "email", ["o'brien@example.org", "Jane+tag@Example.ORG", "a.b_c-d@sub.example.museum"]
)
async def test_addresses_that_mail_can_be_sent_to(services: Services, world: World, email: str) -> None:
    async with call(services, world.key) as client:
        await grant(client, {"badgeId": world.badge.id, "email": email})


@pytest.mark.parametrize(
    "profile",
    [
        "https://social.example/users/jane",
        "HTTP://social.example:8080/@jane?tab=1#top",
        "https://[2001:db8::1]/jane",
        "https://www.linkedin.com/in/jane-doe-123/",
        "https://example.org",
        "https://пример.example/@jane",
        "@jane@social.example",
        "acct:jane@social.example",
        "https://social.example/" + "a" * 477,
    ],
)
async def test_profiles_are_urls_and_handles_and_are_echoed(
    services: Services, world: World, profile: str
) -> None:
    async with call(services, world.key) as client:
        answer = await grant(client, {"badgeId": world.badge.id, "profileUri": profile})
    assert answer["badgeRecord"]["issuedToSubjectUri"] == profile


ORDERED: list[tuple[str, tuple[str, ...], dict[str, Any]]] = [
    ("BadgeId is required and must be greater than 0", ("BadgeId",), {"badgeId": None}),
    (
        "Either ProfileUri or Email must be provided",
        ("ProfileUri", "Email"),
        {"profileUri": "", "email": " "},
    ),
    ("Invalid email format", ("Email",), {"email": "jane"}),
    ("Invalid ProfileUri format", ("ProfileUri",), {"profileUri": "ftp://social.example/jane"}),
    (
        "ProfileUri cannot exceed 500 characters",
        ("ProfileUri",),
        {"profileUri": "https://social.example/" + "a" * 478},
    ),
    ("Name cannot exceed 200 characters", ("Name",), {"name": "n" * 201}),
    ("Email cannot exceed 254 characters", ("Email",), {"email": "a" * 243 + "@example.org"}),
    ("Evidence cannot exceed 2000 characters", ("Evidence",), {"evidence": "e" * 2001}),
    ("Name cannot contain control characters", ("Name",), {"name": "Jane\x00Doe"}),
    ("Evidence cannot contain control characters", ("Evidence",), {"evidence": "a\x00b"}),
]


@pytest.mark.parametrize(("text", "fields", "change"), ORDERED, ids=[text for text, _, _ in ORDERED])
async def test_each_rule_has_its_text(
    services: Services, world: World, text: str, fields: tuple[str, ...], change: dict[str, Any]
) -> None:
    body = {"badgeId": world.badge.id, "profileUri": PROFILE} | change
    async with call(services, world.key) as client:
        response = await client.post(GRANT, json=body)
    assert response.status_code == 400
    assert response.text == problem(text, **{field: [text] for field in fields})
    assert await count(services, "grants") == 0


@pytest.mark.parametrize(("earlier", "later"), [(a, b) for a in range(10) for b in range(a + 1, 10)])
async def test_rules_are_checked_in_their_order(
    services: Services, world: World, earlier: int, later: int
) -> None:
    body = {"badgeId": world.badge.id, "profileUri": PROFILE} | ORDERED[later][2] | ORDERED[earlier][2]
    async with call(services, world.key) as client:
        answer = (await client.post(GRANT, json=body)).json()
    assert answer["error"] == ORDERED[earlier][0]
    assert all(ORDERED[earlier][0] in answer["errors"][field] for field in ORDERED[earlier][1])


async def test_all_failures_are_listed_by_field(services: Services, world: World) -> None:
    body = {"badgeId": -1, "email": "nobody", "name": "n" * 201, "evidence": "e" * 2001}
    async with call(services, world.key) as client:
        response = await client.post(GRANT, json=body)
    assert response.text == problem(
        "BadgeId is required and must be greater than 0",
        BadgeId=["BadgeId is required and must be greater than 0"],
        Email=["Invalid email format"],
        Name=["Name cannot exceed 200 characters"],
        Evidence=["Evidence cannot exceed 2000 characters"],
    )


@pytest.mark.parametrize(
    "badge_id", [0, -1, "0", "-5", "", "abc", "1.5", 1.5, True, [1], {}, 2**53, 10**30, "9" * 40, None]
)
async def test_what_is_no_badge_id(services: Services, world: World, badge_id: object) -> None:
    async with call(services, world.key) as client:
        response = await client.post(GRANT, json={"badgeId": badge_id, "profileUri": PROFILE})
    assert response.status_code == 400
    assert response.json()["error"] == "BadgeId is required and must be greater than 0"


@pytest.mark.parametrize(
    "email",
    [
        "jane",
        "@example.org",
        "jane@",
        "jane@@example.org",
        "Jane <jane@example.org>",
        "jane@example.org, joe@example.org",
        "jane @example.org",
        "jane@exa mple.org",
        "jane@example.org\r\nBcc: joe@example.org",
        "jane\x00@example.org",
        "j" * 260,
    ],
)
async def test_what_is_no_email_address(services: Services, world: World, email: str) -> None:
    async with call(services, world.key) as client:
        response = await client.post(GRANT, json={"badgeId": world.badge.id, "email": email})
    assert (response.status_code, response.json()["error"]) == (400, "Invalid email format")


@pytest.mark.parametrize(
    "profile",
    [
        "jane",
        "http://",
        "https:///@jane",
        "//social.example/@jane",
        "ftp://social.example/jane",
        "javascript:alert(1)",
        "https://social.example/@ja ne",
        "https://social.example/\x00",
        "https://social.example\n/@jane",
        "https://user:pass@social.example/@jane",
        "https://social.example\\@evil.example/",
        "https://[::1/",
        "https://social.example:99999/",
        'https://social.example/"><script>',
        "mailto:jane@example.org",
        "jane@social.example",
        "x" * 600,
    ],
)
async def test_what_is_no_profile(services: Services, world: World, profile: str) -> None:
    async with call(services, world.key) as client:
        response = await client.post(GRANT, json={"badgeId": world.badge.id, "profileUri": profile})
    assert (response.status_code, response.json()["error"]) == (400, "Invalid ProfileUri format")


@pytest.mark.parametrize("field", ["ProfileUri", "Name", "Email", "Evidence"])
@pytest.mark.parametrize("value", [5, True, ["x"], {"x": 1}])
async def test_texts_are_strings(services: Services, world: World, field: str, value: object) -> None:
    body = {"badgeId": world.badge.id, "profileUri": PROFILE, "email": "jane@example.org"}
    async with call(services, world.key) as client:
        response = await client.post(
            GRANT,
            json={name: text for name, text in body.items() if name.lower() != field.lower()}
            | {field: value},
        )
    text = f"{field} must be a string"
    assert (response.status_code, response.text) == (400, problem(text, **{field: [text]}))


@pytest.mark.parametrize("body", [b"", b" \n", b"null", b" null "])
async def test_a_body_is_required(services: Services, world: World, body: bytes) -> None:
    async with call(services, world.key) as client:
        response = await client.post(GRANT, content=body, headers={"content-type": "application/json"})
        bare = await client.post(GRANT)
    assert response.status_code == bare.status_code == 400
    assert response.text == bare.text == problem("Request body is required")


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"badgeId":1,}',
        b'{"badgeId":1} // comment',
        b'{"badgeId":1}{}',
        b"{'badgeId':1}",
        b'{"badgeId":NaN}',
        b'{"badgeId":-Infinity}',
        b'{"badgeId":1e999}',
        b'{"badgeId":' + b"9" * 5000 + b"}",
        b'{"badgeId":01}',
        b'{"name":"a\nb"}',
        b'{"name":"\xff"}',
        b'{"name":"\\ud800"}',
        b'{"name":["\\udfff"]}',
        b'{"x":"\xed\xa0\x80"}',
        b'{"badgeId":1,"badgeId":2,"profileUri":"https://social.example/@jane"}',
        b'{"badgeId":1,"BadgeID":2,"profileUri":"https://social.example/@jane"}',
        b'{"badgeId":1,"profileUri":"https://social.example/@jane","x":{"a":1,"a":2}}',
        b"[" * 30_000,
        b'{"x":' * 5_000 + b"1" + b"}" * 5_000,
        b'{"badgeId":1,"profileUri":"https://social.example/@jane","x":' + b"[" * 40 + b"]" * 40 + b"}",
        b"[]",
        b'"text"',
        b"1",
        b"true",
        "{}".encode("utf-16"),
    ],
    ids=lambda body: repr(body[:40]),
)
async def test_a_body_that_has_not_one_meaning_is_refused(
    services: Services, world: World, body: bytes
) -> None:
    async with call(services, world.key) as client:
        response = await client.post(GRANT, content=body, headers={"content-type": "application/json"})
    assert response.status_code == 400, response.text
    assert response.json()["error"].startswith("Request body ")
    assert response.json()["status"] == 400
    assert await count(services, "grants") == 0


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ('Application/JSON;charset="UTF-8"', 200),
        ("application/vnd.api+json", 200),
        ("text/json", 200),
        ("application/x-www-form-urlencoded", 415),
        ("text/plain", 415),
        ("multipart/form-data; boundary=x", 415),
        ("application/json; charset=utf-16", 415),
        ("application/jsonp", 415),
        ("", 415),
    ],
)
async def test_the_body_must_be_json(
    services: Services, world: World, content_type: str, status: int
) -> None:
    body = json.dumps({"badgeId": world.badge.id, "profileUri": PROFILE})
    async with call(services, world.key) as client:
        response = await client.post(GRANT, content=body, headers={"content-type": content_type})
    assert response.status_code == status
    assert status == 200 or response.text == '{"error":"Content-Type must be application/json"}'


async def test_a_byte_order_mark_is_skipped(services: Services, world: World) -> None:
    body = json.dumps({"badgeId": world.badge.id, "profileUri": PROFILE}).encode("utf-8-sig")
    async with call(services, world.key) as client:
        response = await client.post(GRANT, content=body, headers={"content-type": "application/json"})
    assert response.status_code == 200


async def test_a_body_has_a_limit(services: Services, world: World) -> None:
    body = json.dumps({"badgeId": world.badge.id, "profileUri": PROFILE})
    async with call(services, world.key) as client:
        headers = {"content-type": "application/json"}
        full = await client.post(GRANT, content=body.ljust(MAX_BYTES), headers=headers)
        over = await client.post(GRANT, content=body.ljust(MAX_BYTES + 1), headers=headers)
    assert full.status_code == 200
    assert (over.status_code, over.text) == (413, '{"error":"Request body cannot exceed 65536 bytes"}')
