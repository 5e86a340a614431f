"""API keys by the API: made, listed and revoked by owners, with no more power than they have."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from badgefed.api.authentication import ROLE_TOO_LOW
from badgefed.api.credentials_api import keys
from badgefed.api.openapi import APIS
from badgefed.api.operations import Keyed, Operation
from badgefed.api.sessions import NO_TOKEN
from badgefed.issuing import people
from badgefed.issuing.api_sessions import make_token
from badgefed.issuing.organizations import change_organization, create_user
from badgefed.model.audit import COMMAND
from badgefed.model.organization import Role, User, may
from badgefed.model.times import DAY, SECOND, format_milliseconds
from badgefed.store.api_keys import list_live_keys
from badgefed.store.audit import list_entries
from badgefed.work.services import Services
from tests.api import call, count, grant, make_key, make_stranger
from tests.conftest import World
from tests.world import Clock

KEYS = "/api/organizations/org/keys"
NEW: dict[str, Any] = {"name": "Courses", "scopes": ["badges:read"]}
KEYED = [one for api in APIS for one in api.operations if isinstance(one.door, Keyed)]


def bearer(services: Services, user: User) -> dict[str, str]:
    """The header of a session of the user's."""
    return {"Authorization": f"Bearer {make_token(services, user, None, now=services.clock())}"}


@pytest.fixture
async def client(services: Services, world: World) -> AsyncIterator[httpx.AsyncClient]:
    """The owner's program."""
    async with call(services) as client:
        client.headers.update(bearer(services, world.owner))
        yield client


async def make(client: httpx.AsyncClient, **members: Any) -> dict[str, Any]:
    response = await client.post(KEYS, json={**NEW, **members})
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    return made


async def listed(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    """The keys that were made by the API."""
    data: list[dict[str, Any]] = (await client.get(KEYS)).json()["data"]
    return data[1:]


async def test_a_key_is_shown_once_and_known_by_its_ends(
    services: Services, world: World, client: httpx.AsyncClient, clock: Clock
) -> None:
    made = await make(client, expiresInDays=30, ratePerMinute=5)
    key = made.pop("key")
    assert made == {
        "id": made["id"],
        "name": "Courses",
        "prefix": "crd_live_",
        "last4": key[-4:],
        "scopes": ["badges:read"],
        "ratePerMinute": 5,
        "createdAt": format_milliseconds(clock()),
        "createdBy": world.owner.email,
        "lastUsedAt": None,
        "expiresAt": format_milliseconds(clock() + 30 * DAY),
        "revokedAt": None,
    }
    assert await listed(client) == [made]
    async with call(services, key) as program:
        used = await program.get("/api/v1/badges")
        assert (used.status_code, used.headers["x-ratelimit-limit"]) == (200, "5")
        assert (await program.post("/api/v1/badges", json={})).status_code == 403
        assert (await listed(client))[0]["lastUsedAt"] == format_milliseconds(clock())
        clock.advance(30 * DAY // SECOND)
        assert (await program.get("/api/v1/badges")).status_code == 401


@pytest.mark.parametrize(
    ("wanted", "prefix", "rate"), [("badges", "", 600), ("issuers", "bws_", 600), (None, "crd_live_", 60)]
)
async def test_a_key_looks_like_those_of_its_dialect(
    client: httpx.AsyncClient, clock: Clock, wanted: str | None, prefix: str, rate: int
) -> None:
    made = await make(client, dialect=wanted, scopes=["grants:write", "badges:read", "badges:read"])
    assert made["key"].startswith(made["prefix"])
    assert made["prefix"].startswith(prefix)
    assert (made["ratePerMinute"], made["expiresAt"]) == (rate, None)
    assert made["scopes"] == ["badges:read", "grants:write"]


async def test_a_key_may_end_at_an_instant(
    services: Services, client: httpx.AsyncClient, clock: Clock
) -> None:
    instant = format_milliseconds(clock() + 90 * SECOND)
    made = await make(client, expiresAt=instant.replace("Z", "+00:00"))
    assert made["expiresAt"] == instant
    async with call(services, made["key"]) as program:
        clock.advance(89)
        assert (await program.get("/api/badges")).status_code == 200
        clock.advance(1)
        assert (await program.get("/api/badges")).status_code == 401


BAD: tuple[tuple[dict[str, Any], str, str], ...] = (
    ({"name": None}, "name", "name is required"),
    ({"name": "n" * 101}, "name", "name cannot exceed 100 characters"),
    ({"name": "a\u0000b"}, "name", "name cannot contain control characters"),
    ({"scopes": None}, "scopes", keys.SCOPES_TEXT),
    ({"scopes": []}, "scopes", keys.SCOPES_TEXT),
    ({"scopes": ["badges:read", "everything"]}, "scopes", keys.SCOPES_TEXT),
    ({"scopes": [["badges:read"]]}, "scopes", keys.SCOPES_TEXT),
    ({"scopes": "badges:read"}, "scopes", keys.SCOPES_TEXT),
    ({"dialect": "latin"}, "dialect", keys.DIALECT_TEXT),
    ({"expiresInDays": 0}, "expiresInDays", keys.DAYS_TEXT),
    ({"expiresInDays": 36_501}, "expiresInDays", keys.DAYS_TEXT),
    ({"expiresAt": "tomorrow"}, "expiresAt", keys.INSTANT_TEXT),
    ({"expiresAt": "2027-01-15"}, "expiresAt", keys.INSTANT_TEXT),
    ({"expiresAt": "2027-01-15T10:30:00"}, "expiresAt", keys.INSTANT_TEXT),
    ({"expiresAt": "2027-02-30T10:30:00Z"}, "expiresAt", keys.INSTANT_TEXT),
    ({"expiresAt": "2001-01-15T10:30:00Z"}, "expiresAt", keys.FUTURE_TEXT),
    (
        {"expiresAt": "2099-01-15T10:30:00Z", "expiresInDays": 1},
        "expiresAt",
        "Give either expiresInDays or expiresAt",
    ),
    ({"ratePerMinute": 0}, "ratePerMinute", keys.RATE_TEXT),
    ({"ratePerMinute": 6_001}, "ratePerMinute", keys.RATE_TEXT),
)


async def test_what_is_wrong_is_said_of_its_field(services: Services, client: httpx.AsyncClient) -> None:
    for wrong, field, text in BAD:
        response = await client.post(KEYS, json={**NEW, **wrong})
        assert (response.status_code, response.json()) == (
            400,
            {"error": "VALIDATION_ERROR", "message": text, "details": {"field": field}},
        ), wrong
    assert await count(services, "api_keys") == 1


async def test_keys_come_in_pages(client: httpx.AsyncClient) -> None:
    names = [(await make(client, name=f"Key {number}"))["name"] for number in range(3)]
    page = (await client.get(f"{KEYS}?limit=2&offset=1")).json()
    assert [one["name"] for one in page["data"]] == names[:2]
    assert page["pagination"] == {"limit": 2, "offset": 1, "total": 4}
    assert (await client.get(f"{KEYS}?limit=0")).json()["details"] == {"field": "limit"}


async def test_the_same_request_makes_one_key_whose_secret_is_not_stored(
    any_services: Services, any_world: World
) -> None:
    headers = {**bearer(any_services, any_world.owner), "Idempotency-Key": "once"}
    async with call(any_services) as client:
        client.headers.update(headers)
        answers = await asyncio.gather(*(client.post(KEYS, json=NEW) for _ in range(10)))
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.content for answer in answers}) == 1
        made = answers[0].json()
        assert (await client.post(KEYS, json={**NEW, "name": "Other"})).status_code == 422
        assert (await client.delete(f"{KEYS}/{made['id']}")).status_code == 200
        again = await client.post(KEYS, json=NEW)
    assert (again.content, again.headers["idempotency-replayed"]) == (answers[0].content, "true")
    assert await count(any_services, "api_keys") == 2
    for table in ("idempotency_keys", "api_keys", "audit_log"):
        rows = await any_services.database.all(f"SELECT * FROM {table}")
        assert made["key"] not in str([dict(row) for row in rows])
    async with call(any_services, made["key"]) as program:
        assert (await program.get("/api/badges")).status_code == 401


def example(operation: Operation) -> str:
    path = operation.path
    for parameter in operation.parameters:
        path = path.replace(f"{{{parameter.name}}}", parameter.example)
    return path


async def test_a_revoked_key_works_nowhere(
    services: Services, world: World, client: httpx.AsyncClient, clock: Clock
) -> None:
    made = await make(client)
    key = made["key"]
    ways: list[dict[str, Any]] = [
        {"headers": {"X-ApiKey": key}},
        {"headers": {"X-Api-Key": key}},
        {"headers": {"Authorization": f"Bearer {key}"}},
        {"params": {"apiKey": key}},
    ]
    async with call(services) as program:
        for way in ways:
            for path in ("/api/badges", "/badges", "/api/v1/badges"):
                assert (await program.get(path, **way)).status_code == 200
        revoked = await client.delete(f"{KEYS}/{made['id']}")
        assert (revoked.status_code, revoked.json()["revokedAt"]) == (200, format_milliseconds(clock()))
        for way in ways:
            assert (await program.get("/api/badges", **way)).status_code == 401
        for operation in KEYED:
            clock.advance(2)  # or the address would have had its share of guesses
            response = await program.request(operation.method, example(operation), **ways[0])
            assert response.status_code == 401, operation.id
        client.headers.update(bearer(services, world.owner))
        again = await client.delete(f"{KEYS}/{made['id'].upper()}")
    assert (again.status_code, again.json()) == (200, revoked.json())
    assert [one["revokedAt"] for one in await listed(client)] == [revoked.json()["revokedAt"]]
    log = await list_entries(services.database, organization_id=world.organization.id, kind="key", limit=9)
    assert [entry.action for entry in log] == ["key.revoke", "key.create", "key.create"]
    assert {entry.author.label for entry in log[:2]} == {world.owner.email}


async def test_no_key_manages_keys(services: Services, world: World) -> None:
    """Not even an owner's, whichever way it is sent."""
    refused = {"error": "UNAUTHORIZED", "message": NO_TOKEN}
    assert "no API key" in NO_TOKEN
    async with call(services, world.key) as client:
        for headers in ({}, {"Authorization": f"Bearer {world.key}"}):
            for response in (
                await client.get(KEYS, headers=headers),
                await client.post(KEYS, json=NEW, headers=headers),
                await client.delete(f"{KEYS}/x", headers=headers),
            ):
                assert (response.status_code, response.json()) == (401, refused)
    assert await count(services, "api_keys") == 1


async def test_admins_do_not_manage_keys(services: Services, world: World) -> None:
    admin = await create_user(
        services, email="admin@example.org", organization=world.organization, role=Role.ADMIN
    )
    async with call(services) as client:
        client.headers.update(bearer(services, admin))
        assert (await client.get(KEYS)).status_code == 403
        assert (await client.post(KEYS, json=NEW)).status_code == 403


async def test_a_key_of_another_organization_is_not_there(
    services: Services, world: World, client: httpx.AsyncClient
) -> None:
    other = (await make_stranger(services, world)).organization
    theirs = await list_live_keys(services.database, other.id, now=services.clock())
    response = await client.delete(f"{KEYS}/{theirs[0].uuid}")
    assert (response.status_code, response.json()["error"]) == (404, "NOT_FOUND")
    assert await list_live_keys(services.database, other.id, now=services.clock()) == theirs


async def test_a_plan_limits_keys_and_a_revoked_one_does_not_count(
    services: Services, client: httpx.AsyncClient
) -> None:
    await change_organization(services, "org", plan="free", by=COMMAND)
    made = [await make(client) for _ in range(4)]
    refused = await client.post(KEYS, json=NEW)
    assert (refused.status_code, refused.json()["message"]) == (403, "API key limit reached for your plan")
    await client.delete(f"{KEYS}/{made[0]['id']}")
    await make(client)


ABOVE_ISSUERS = {
    "POST /api/badges/grant/{noteId}/revoke",
    "POST /api/badges/grant/{noteId}/suspend",
    "POST /api/badges/grant/{noteId}/reinstate",
    "DELETE /awards/{awardId}",
    "POST /api/v1/credentials/{id}/revoke",
    "PUT /api/v1/badges/{badgeId}",
    "PATCH /api/v1/badges/{badgeId}",
    "DELETE /api/v1/badges/{badgeId}",
    "PUT /badges/{badgeId}",
    "DELETE /badges/{badgeId}",
}
"""What a key with `grants:write` and `badges:write` may do if its maker is an admin."""


def is_above_issuers(operation: Operation) -> bool:
    door = operation.door
    return isinstance(door, Keyed) and door.permission is not None and not may(Role.ISSUER, door.permission)


async def test_an_issuers_key_revokes_and_edits_through_no_api(services: Services, world: World) -> None:
    """A role that is too low on pages is too low for a key with all scopes."""
    guarded = [one for one in KEYED if is_above_issuers(one)]
    assert {f"{one.method} {one.path}" for one in guarded} == ABOVE_ISSUERS
    tried = {}
    for role in (Role.ISSUER, Role.ADMIN):
        user = await create_user(
            services, email=f"{role}@example.org", organization=world.organization, role=role
        )
        key = await make_key(services, user.email)
        async with call(services, key) as client:
            tried[role] = [
                await client.request(one.method, example(one), json=one.body_example) for one in guarded
            ]
    assert {answer.status_code for answer in tried[Role.ISSUER]} == {403}
    assert all(ROLE_TOO_LOW in answer.json().values() for answer in tried[Role.ISSUER])
    assert 403 not in {answer.status_code for answer in tried[Role.ADMIN]}


async def test_a_key_keeps_to_what_its_maker_is_today(services: Services, world: World) -> None:
    ben = await create_user(
        services, email="ben@example.org", organization=world.organization, role=Role.OWNER
    )
    body = {"badgeId": world.badge.id, "email": "jane@example.org"}
    async with call(services, await make_key(services, ben.email)) as client:
        await people.set_role(services, world.organization, ben, Role.ISSUER, by=COMMAND)
        granted = await grant(client, body)
        path = f"/api/badges/grant/{granted['badgeRecord']['noteId']}/revoke"
        reason = {"reason": "A mistake"}
        assert (await client.post(path, json=reason)).json() == {"error": ROLE_TOO_LOW}
        await people.set_role(services, world.organization, ben, Role.ADMIN, by=COMMAND)
        assert (await client.post(path, json=reason)).status_code == 200
