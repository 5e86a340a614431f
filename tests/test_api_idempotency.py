"""Idempotency-Key: one grant and one answer for a request that comes again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from badgefed.api.openapi import APIS
from badgefed.issuing.api_sessions import make_token
from badgefed.store.idempotency import delete_answers
from badgefed.work.accept_links import NOBODY
from badgefed.work.services import Services
from tests.api import PROFILE, call, count, find, grant, make_key
from tests.conftest import World
from tests.doors import accept, revoke
from tests.world import Clock

GRANT = "/api/badges/grant"
KEY = {"Idempotency-Key": "a1b2"}
REUSED = '{"error":"This Idempotency-Key was used for another request within the last 24 hours"}'


async def test_the_same_request_gets_the_same_answer(services: Services, world: World) -> None:
    body = {"badgeId": world.badge.id, "profileUri": PROFILE}
    async with call(services, world.key) as client:
        first = await client.post(GRANT, json=body, headers=KEY)
        services.wake.clear()
        again = await client.post(GRANT, json=body, headers=KEY)
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["content-type"] == first.headers["content-type"]
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert (await count(services, "grants"), await count(services, "jobs")) == (1, 1)
    assert not services.wake.is_set()


async def test_the_answer_stays_the_same_whatever_happens_to_the_grant(
    services: Services, world: World
) -> None:
    body = {"badgeId": world.badge.id, "profileUri": PROFILE}
    async with call(services, world.key) as client:
        first = await client.post(GRANT, json=body, headers=KEY)
        stored = await find(services, first.json())
        await accept(services, stored)
        accepted = await client.post(GRANT, json=body, headers=KEY)
        await revoke(services, stored)
        revoked = await client.post(GRANT, json=body, headers=KEY)
        without = await client.post(GRANT, json=body)
    assert accepted.content == revoked.content == first.content
    assert without.json()["badgeRecord"]["id"] != stored.id


async def test_another_spelling_is_the_same_request(services: Services, world: World) -> None:
    async with call(services, world.key) as client:
        first = await grant(client, {"badgeId": world.badge.id, "profileUri": PROFILE}, **KEY)
        spelled = {"PROFILEURI": f" {PROFILE} ", "badgeid": str(world.badge.id), "name": ""}
        again = await grant(client, spelled, **KEY)
    assert again == first


async def test_another_request_with_the_same_key_is_refused(services: Services, world: World) -> None:
    async with call(services, world.key) as client:
        await grant(client, {"badgeId": world.badge.id, "profileUri": PROFILE}, **KEY)
        other = {"badgeId": world.badge.id, "email": "jane@example.org"}
        response = await client.post(GRANT, json=other, headers=KEY)
    assert (response.status_code, response.text) == (422, REUSED)
    assert await count(services, "grants") == 1


async def test_a_key_is_good_for_a_day(services: Services, world: World, clock: Clock) -> None:
    body = {"badgeId": world.badge.id, "profileUri": PROFILE}
    other = {"badgeId": world.badge.id, "email": "jane@example.org"}
    async with call(services, world.key) as client:
        first = await client.post(GRANT, json=body, headers=KEY)
        clock.advance(24 * 3600)
        last = await client.post(GRANT, json=body, headers=KEY)
        clock.advance(1)
        after = await client.post(GRANT, json=other, headers=KEY)
        again = await client.post(GRANT, json=other, headers=KEY)
        old = await client.post(GRANT, json=body, headers=KEY)
    assert last.content == first.content
    assert after.json()["badgeRecord"]["id"] != first.json()["badgeRecord"]["id"]
    assert again.content == after.content
    assert old.status_code == 422


async def test_each_api_key_has_its_own(services: Services, world: World) -> None:
    another = await make_key(services, world.owner.email)
    async with call(services, world.key) as client:
        await grant(client, {"badgeId": world.badge.id, "profileUri": PROFILE}, **KEY)
        other = {"badgeId": world.badge.id, "email": "jane@example.org"}
        response = await client.post(GRANT, json=other, headers={**KEY, "X-ApiKey": another})
    assert response.status_code == 200


async def test_a_request_that_failed_may_be_tried_again(services: Services, world: World) -> None:
    body = {"badgeId": world.badge.id, "profileUri": PROFILE}
    async with call(services, world.key) as client:
        missing = await client.post(GRANT, json=body | {"badgeId": 999}, headers=KEY)
        invalid = await client.post(GRANT, json=body | {"badgeId": 0}, headers=KEY)
        good = await client.post(GRANT, json=body, headers=KEY)
    assert [missing.status_code, invalid.status_code, good.status_code] == [404, 400, 200]
    assert "idempotency-replayed" not in good.headers


@pytest.mark.parametrize("value", ["", " ", "x" * 256, "ü", "a\tb"])
async def test_what_is_no_key(services: Services, world: World, value: str) -> None:
    body = {"badgeId": world.badge.id, "profileUri": PROFILE}
    async with call(services, world.key) as client:
        response = await client.post(GRANT, json=body, headers={b"Idempotency-Key": value.encode("latin-1")})
    text = "Idempotency-Key must have 1 to 255 printable ASCII characters"
    assert (response.status_code, response.json()["error"]) == (400, text)
    assert response.json()["errors"] == {"Idempotency-Key": [text]}


@pytest.mark.parametrize("value", ["x" * 255, '"8e03978e-40d5-43dd-bc93-6894a57f9324"', "a b", "' OR 1=1"])
async def test_what_is_a_key(services: Services, world: World, value: str) -> None:
    body = {"badgeId": world.badge.id, "profileUri": PROFILE}
    async with call(services, world.key) as client:
        for _ in range(2):
            response = await client.post(GRANT, json=body, headers={"Idempotency-Key": value})
    assert response.headers["idempotency-replayed"] == "true"


async def test_fifty_at_once_make_one_grant(any_services: Services, any_world: World) -> None:
    body = {"badgeId": any_world.badge.id, "profileUri": PROFILE}
    async with call(any_services, any_world.key) as client:
        answers = await asyncio.gather(*(client.post(GRANT, json=body, headers=KEY) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1
    assert (await count(any_services, "grants"), await count(any_services, "jobs")) == (1, 1)


async def test_fifty_different_requests_with_one_key_make_one_grant(
    any_services: Services, any_world: World
) -> None:
    bodies = [{"badgeId": any_world.badge.id, "email": f"p{number}@example.org"} for number in range(50)]
    async with call(any_services, any_world.key) as client:
        answers = await asyncio.gather(*(client.post(GRANT, json=body, headers=KEY) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [200] + [422] * 49
    assert await count(any_services, "grants") == 1


async def test_the_store_does_not_have_the_accept_link(services: Services, world: World) -> None:
    async with call(services, world.key) as client:
        answer = await grant(client, {"badgeId": world.badge.id, "profileUri": PROFILE}, **KEY)
    row = await services.database.one("SELECT response FROM idempotency_keys")
    assert row is not None
    assert answer["acceptUrl"].rpartition("/")[2].encode() not in row["response"]


async def test_old_answers_are_forgotten_a_few_at_a_time(
    any_services: Services, any_world: World, clock: Clock
) -> None:
    async with call(any_services, any_world.key) as client:
        for number in range(4):
            body = {"badgeId": any_world.badge.id, "email": f"p{number}@example.org"}
            await grant(client, body, **{"Idempotency-Key": str(number)})
            clock.advance(1)
    before = clock() - 1_000_000
    gone = [
        await any_services.database.write(lambda tx: delete_answers(tx, before=before, limit=2))
        for _ in range(3)
    ]
    assert gone == [2, 1, 0]
    assert await count(any_services, "idempotency_keys") == 1


CREATES_NOTHING = {
    "revokeGrant", "suspendGrant", "reinstateGrant", "revokeCredential", "verifyBadge", "verifyPicture", "login",
    "verifyIssuer", "rotateIssuerCode", "mailAward",
}  # fmt: skip


@pytest.mark.parametrize(
    ("path", "body", "table"),
    [
        ("/api/bulk", {"badge": "1", "rows": [{"email": "jane@example.org"}]}, "bulks"),
        ("/api/webhooks", {"url": "https://hooks.example/in"}, "webhook_endpoints"),
    ],
)
async def test_lists_and_webhooks_that_are_asked_for_at_once_are_made_once(
    any_services: Services, any_world: World, path: str, body: dict[str, Any], table: str
) -> None:
    async with call(any_services, any_world.key) as client:
        answers = await asyncio.gather(*(client.post(path, json=body, headers=KEY) for _ in range(5)))
        other = await client.post(
            path, json={**body, "dryRun": False, "badge": "", "events": []}, headers=KEY
        )
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1
    assert other.status_code == 422
    assert await count(any_services, table) == 1


async def test_what_is_done_with_a_webhook_is_done_once(services: Services, world: World) -> None:
    """A secret that is replaced twice would end the one that receivers still know."""
    async with call(services, world.key) as client:
        paths = []
        for _ in range(2):
            made = (await client.post("/api/webhooks", json={"url": "https://hooks.example/in"})).json()
            paths.append(f"/api/webhooks/{made['webhook']['id']}")
        once, other = {"Idempotency-Key": "rotate"}, {"Idempotency-Key": "test"}
        rotated = [await client.post(f"{paths[0]}/rotate-secret", json={}, headers=once) for _ in range(2)]
        tried = [await client.post(f"{paths[0]}/test", headers=other) for _ in range(2)]
        elsewhere = await client.post(f"{paths[1]}/test", headers=other)
    assert rotated[0].content == rotated[1].content
    assert tried[0].content == tried[1].content
    assert [answer.headers.get("idempotency-replayed") for answer in (*rotated, *tried)] == [None, "true"] * 2
    assert elsewhere.status_code == 422
    assert await count(services, "webhook_deliveries") == 1
    rows = await services.database.all("SELECT 1 FROM audit_log WHERE action = 'webhook.rotate-secret'")
    assert len(rows) == 1


def test_every_operation_that_creates_takes_an_idempotency_key() -> None:
    posts = [one for api in APIS for one in api.operations if one.method == "POST"]
    without = {one.id for one in posts if all(given.name != "Idempotency-Key" for given in one.parameters)}
    assert without == CREATES_NOTHING


@pytest.mark.parametrize(
    ("path", "times", "body"),
    [
        ("badges", 3, {"name": "New", "description": "D", "criteria": "C"}),
        ("credentials", 50, {"badgeId": "", "recipient": {"name": "Jane", "email": "jane@example.org"}}),
    ],
)
async def test_people_with_a_session_have_it_too(
    any_services: Services, any_world: World, path: str, times: int, body: dict[str, Any]
) -> None:
    token = make_token(any_services, any_world.owner, None, now=any_services.clock())
    headers = {**KEY, "Authorization": f"Bearer {token}"}
    asked = {**body, "badgeId": any_world.badge.uuid} if "badgeId" in body else body
    async with call(any_services) as client:
        address = f"/api/organizations/org/{path}"
        answers = await asyncio.gather(
            *(client.post(address, json=asked, headers=headers) for _ in range(times))
        )
        other = await client.post(
            address, json={**asked, "name": "Other", "badgeId": NOBODY}, headers=headers
        )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1
    assert other.status_code == 422
