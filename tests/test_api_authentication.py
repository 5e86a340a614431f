"""API keys: where they may stand, when they hold, how often they may be used, and that nobody sees them."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.requests import Request
from structlog.testing import capture_logs

from badgefed.api.authentication import FAILURES_PER_MINUTE, REQUESTS_PER_MINUTE, Gate, network_of
from badgefed.errors import RateLimited
from badgefed.issuing.api_keys import make_key as make_clear_key
from badgefed.model.identifiers import new_uuid
from badgefed.model.organization import Dialect
from badgefed.store.api_keys import add_key, find_live_key, hash_key
from badgefed.work.rate_limits import Decision
from badgefed.work.services import Services
from tests.api import INVALID_KEY, MISSING_KEY, PROFILE, call, make_key
from tests.conftest import World
from tests.world import Clock

Headers = list[tuple[str, str]]


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ([("X-ApiKey", "KEY")], ""),
        ([("x-apikey", "KEY")], ""),
        ([("X-APIKEY", "KEY")], ""),
        ([("X-Api-Key", "KEY")], ""),
        ([("Authorization", "Bearer KEY")], ""),
        ([("authorization", "bearer  KEY ")], ""),
        ([], "?apiKey=KEY"),
        ([], "?APIkEY=KEY"),
        ([], "?x=1&apikey=KEY"),
        ([], "?apiKey=%20KEY%20"),
        ([("X-ApiKey", "  KEY\t")], ""),
        ([("X-ApiKey", "")], "?apiKey=KEY"),
        ([("X-ApiKey", "   ")], "?apiKey=KEY"),
        ([("X-ApiKey", " "), ("X-Api-Key", "KEY")], ""),
        ([("X-ApiKey", "KEY")], "?apiKey=wrong"),
        ([("X-ApiKey", "KEY"), ("Authorization", "Bearer wrong")], ""),
        ([("Authorization", "Basic eDp5"), ("X-ApiKey", "KEY")], ""),
        ([("Authorization", "Basic eDp5")], "?apiKey=KEY"),
        ([("Authorization", "Bearer ")], "?apiKey=KEY"),
    ],
)
async def test_where_a_key_may_stand(services: Services, world: World, headers: Headers, query: str) -> None:
    filled = [(name, value.replace("KEY", world.key)) for name, value in headers]
    async with call(services) as client:
        response = await client.get(f"/api/badges{query.replace('KEY', world.key)}", headers=filled)
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ([], ""),
        ([("X-ApiKey", "")], ""),
        ([("X-ApiKey", " "), ("Authorization", "Bearer")], "?apiKey="),
        ([("Authorization", "KEY")], ""),
        ([("Authorization", "Basic KEY")], ""),
        ([("Cookie", "apiKey=KEY")], "?key=KEY"),
        ([], "?apiKey=%20&apiKey=KEY"),
    ],
)
async def test_where_there_is_no_key(services: Services, world: World, headers: Headers, query: str) -> None:
    filled = [(name, value.replace("KEY", world.key)) for name, value in headers]
    async with call(services) as client:
        response = await client.get(f"/api/badges{query.replace('KEY', world.key)}", headers=filled)
    assert (response.status_code, response.text) == (401, MISSING_KEY)
    assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ([("X-ApiKey", "wrong")], ""),
        ([("X-ApiKey", "wrong")], "?apiKey=KEY"),
        ([("X-ApiKey", "wrong"), ("Authorization", "Bearer KEY")], ""),
        ([("X-ApiKey", "KEY ")], ""),
        ([("Authorization", "Bearer KEY extra")], ""),
        ([("X-ApiKey", "UPPER")], ""),
        ([("X-ApiKey", "HASH")], ""),
        ([("X-ApiKey", "KEYKEY")], ""),
        ([("X-ApiKey", "k" * 8000)], ""),
        ([("X-ApiKey", "' OR 1=1 --")], ""),
        ([], "?apiKey=%00%FF%ED%A0%80"),
        ([], "?apiKey=wrong&apiKey=KEY"),
    ],
)
async def test_keys_that_are_none(services: Services, world: World, headers: Headers, query: str) -> None:
    replaced = {"HASH": hash_key(world.key), "UPPER": world.key.upper(), "KEY ": world.key[:-1]}
    replaced["KEY"] = world.key

    def fill(text: str) -> str:
        for name, value in replaced.items():
            text = text.replace(name, value)
        return text

    async with call(services) as client:
        response = await client.get(
            f"/api/badges{fill(query)}", headers=[(name, fill(value)) for name, value in headers]
        )
    assert (response.status_code, response.text) == (401, INVALID_KEY)


async def test_a_header_that_is_not_ascii_is_no_key(services: Services, world: World) -> None:
    async with call(services) as client:
        response = await client.get("/api/badges", headers={b"X-ApiKey": b"\xff\xfe"})
    assert (response.status_code, response.text) == (401, INVALID_KEY)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE users SET is_active = 0",
        "UPDATE api_keys SET revoked_at = 1",
        "UPDATE api_keys SET expires_at = 1780000000000000",
        "DELETE FROM api_keys",
    ],
)
async def test_a_key_that_ends_is_out_at_once(services: Services, world: World, change: str) -> None:
    body = {"badgeId": world.badge.id, "profileUri": PROFILE}
    async with call(services, world.key) as client:
        assert (await client.post("/api/badges/grant", json=body)).status_code == 200
        await services.database.write(lambda tx: tx.execute(change))
        answers = [await client.get("/api/badges"), await client.post("/api/badges/grant", json=body)]
    assert {(answer.status_code, answer.text) for answer in answers} == {(401, INVALID_KEY)}


async def test_a_key_holds_until_it_expires(services: Services, world: World, clock: Clock) -> None:
    expires_at = clock() + 10_000_000
    await services.database.write(lambda tx: tx.execute("UPDATE api_keys SET expires_at = ?", expires_at))
    async with call(services, world.key) as client:
        clock.advance(9.9)
        before = await client.get("/api/badges")
        clock.advance(0.1)
        after = await client.get("/api/badges")
    assert (before.status_code, after.status_code) == (200, 401)


async def test_the_store_does_not_have_the_key(services: Services, world: World) -> None:
    row = await services.database.one("SELECT * FROM api_keys")
    assert row is not None
    assert row["key_hash"] == hash_key(world.key)
    assert (row["prefix"], row["last4"]) == (world.key[:8], world.key[-4:])
    assert not any(world.key in str(value) for value in row.values())


@pytest.mark.parametrize("dialect", list(Dialect))
async def test_any_live_key_works_in_any_form(services: Services, world: World, dialect: Dialect) -> None:
    new = make_clear_key(dialect)
    await services.database.write(
        lambda tx: add_key(
            tx,
            uuid=new_uuid(services.clock()),
            organization_id=world.organization.id,
            user_id=world.owner.id,
            name="n",
            key=new.key,
            prefix=new.prefix,
            scopes=("badges:read",),
            rate=0,
            expires_at=None,
            now=services.clock(),
        )
    )
    async with call(services, new.key) as client:
        assert (await client.get("/api/badges")).status_code == 200
    async with call(services) as client:
        bearer = await client.get("/api/badges", headers={"Authorization": f"Bearer {new.key}"})
    assert bearer.status_code == 200


async def test_a_wrong_key_is_never_logged(services: Services, world: World) -> None:
    secret = "the-key-of-somebody-else"
    with capture_logs() as logs:
        async with call(services) as client:
            await client.get("/api/badges", headers={"X-ApiKey": secret})
            await client.get(f"/api/badges?apiKey={secret}")
            await client.get("/api/badges", headers={"Authorization": f"Bearer {secret}"})
    assert [entry["event"] for entry in logs] == ["api key refused"] * 3
    assert secret not in str(logs)


async def test_use_is_noted_once_a_minute(services: Services, world: World, clock: Clock) -> None:
    async def last_used() -> Any:
        key = await find_live_key(services.database, world.key, now=clock())
        assert key is not None
        return key.last_used_at

    seen = [await last_used()]
    async with call(services, world.key) as client:
        for seconds in (0, 60, 1):
            clock.advance(seconds)
            await client.get("/api/badges")
            seen.append(await last_used())
    start = clock() - 61_000_000
    assert seen == [None, start, start, start + 61_000_000]


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [("badges:read", {"list", "show"}), ("grants:write", {"grant"}), ("grants:read", {"status"})],
)
async def test_a_key_may_do_what_its_scopes_say(
    services: Services, world: World, scope: str, allowed: set[str]
) -> None:
    needed = {"list": "badges:read", "show": "badges:read", "grant": "grants:write", "status": "grants:read"}
    key = await make_key(services, world.owner.email, scopes=(scope,))
    async with call(services, key) as client:
        answers = {
            "list": await client.get("/api/badges"),
            "show": await client.get(f"/api/badges/{world.badge.id}"),
            "grant": await client.post(
                "/api/badges/grant", json={"badgeId": world.badge.id, "profileUri": PROFILE}
            ),
            "status": await client.get("/api/badges/grant/x/status"),
        }
    for name, answer in answers.items():
        if name in allowed:
            assert answer.status_code in (200, 404)
        else:
            text = f'{{"error":"This API key lacks the scope {needed[name]}."}}'
            assert (answer.status_code, answer.text) == (403, text)


async def test_a_key_has_its_rate(services: Services, world: World, clock: Clock) -> None:
    key = await make_key(services, world.owner.email, rate=3)
    other = await make_key(services, world.owner.email, rate=3)
    async with call(services, key) as client:
        answers = [await client.get("/api/badges") for _ in range(4)]
        another = await client.get("/api/badges", headers={"X-ApiKey": other})
        clock.advance(20)
        later = await client.get("/api/badges")
        clock.advance(120)
        rested = await client.get("/api/badges")
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["2", "1", "0", "0"]
    assert {answer.headers["x-ratelimit-limit"] for answer in answers} == {"3"}
    start = clock() // 1_000_000 - 140
    assert [int(answer.headers["x-ratelimit-reset"]) - start for answer in answers] == [20, 40, 60, 60]
    assert answers[3].headers["retry-after"] == "20"
    assert answers[3].text == '{"error":"Too many requests. Try again in 20 seconds."}'
    assert [another.status_code, later.status_code, rested.status_code] == [200, 200, 200]
    assert rested.headers["x-ratelimit-remaining"] == "2"


async def test_errors_count_and_say_so(services: Services, world: World) -> None:
    key = await make_key(services, world.owner.email, rate=2)
    async with call(services, key) as client:
        answers = [await client.post("/api/badges/grant") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [400, 400, 429]
    assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["1", "0", "0"]


async def test_a_key_without_limit_has_no_quota(services: Services, world: World) -> None:
    async with call(services, world.key) as client:
        answers = [await client.get("/api/badges") for _ in range(50)]
    assert {answer.status_code for answer in answers} == {200}
    assert not any("x-ratelimit" in name for name in answers[0].headers)


@pytest.mark.parametrize("rate", [59_000_000, 2**31 - 1])
async def test_no_rate_is_too_high(services: Services, world: World, rate: int) -> None:
    key = await make_key(services, world.owner.email, rate=rate)
    async with call(services, key) as client:
        assert (await client.get("/api/badges")).status_code == 200


async def test_guessing_is_slowed_down_for_one_address(
    services: Services, world: World, clock: Clock
) -> None:
    async with call(services, "wrong") as client:
        answers = [await client.get("/api/badges") for _ in range(FAILURES_PER_MINUTE + 1)]
        good = await client.get("/api/badges", headers={"X-ApiKey": world.key})
        none = await client.get("/api/badges", headers={"X-ApiKey": ""})
        clock.advance(2)
        later = await client.get("/api/badges")
    assert [answer.status_code for answer in answers] == [401] * FAILURES_PER_MINUTE + [429]
    assert answers[-1].headers["retry-after"] == "2"
    assert (good.status_code, none.status_code, later.status_code) == (200, 401, 401)


async def test_addresses_are_counted_apart(services: Services) -> None:
    gate = Gate(services)
    quota = Decision(allowed=True, limit=10, remaining=9, retry_after=0, reset=0)
    for _ in range(REQUESTS_PER_MINUTE):
        gate.check(_request("192.0.2.1"), quota)
    with pytest.raises(RateLimited):
        gate.check(_request("192.0.2.1"), quota)
    gate.check(_request("192.0.2.2"), quota)
    gate.check(_request("192.0.2.1"), None)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("unix", "unix"),
    ],
)
def test_one_sender_has_one_network(address: str, network: str) -> None:
    assert network_of(_request(address)) == network


def test_a_sender_without_address_has_a_network_too() -> None:
    assert network_of(Request({"type": "http", "headers": [], "client": None})) == ""


def _request(address: str) -> Request:
    return Request({"type": "http", "headers": [], "client": (address, 1)})
