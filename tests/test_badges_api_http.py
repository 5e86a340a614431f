"""How the Badges API meets browsers, proxies and the curious: CORS, methods, paths, headers, trouble."""

from __future__ import annotations

import pytest
from starlette.types import Message

from badgefed.work.services import Services
from tests.api import MISSING_KEY, PROFILE, call, make_app
from tests.conftest import World

GRANT = "/api/badges/grant"


@pytest.mark.parametrize(
    ("path", "method", "allowed"),
    [
        ("/api/badges", "GET", "GET, HEAD, OPTIONS"),
        ("/api/badges/1", "GET", "GET, HEAD, OPTIONS"),
        (GRANT, "POST", "OPTIONS, POST"),
        ("/api/badges/grant/abc/status", "GET", "GET, HEAD, OPTIONS"),
    ],
)
async def test_a_browser_may_ask_from_anywhere(
    services: Services, path: str, method: str, allowed: str
) -> None:
    headers = {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "content-type,x-apikey",
    }
    async with call(services) as client:
        response = await client.options(path, headers=headers)
    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["access-control-allow-methods"] == response.headers["allow"] == allowed
    names = {name.strip().lower() for name in response.headers["access-control-allow-headers"].split(",")}
    assert names >= {"x-apikey", "x-api-key", "content-type", "authorization", "idempotency-key"}
    assert "access-control-allow-credentials" not in response.headers


async def test_every_answer_can_be_read_by_a_page_from_anywhere(services: Services, world: World) -> None:
    async with call(services) as client:
        good = await client.get("/api/badges", headers={"X-ApiKey": world.key})
        answers = [
            good,
            await client.get("/api/badges"),
            await client.post(GRANT, headers={"X-ApiKey": world.key}),
            await client.delete(GRANT),
            await client.get("/api/badges/a/b/c"),
        ]
    assert [answer.status_code for answer in answers] == [200, 401, 400, 405, 404]
    for answer in answers:
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "retry-after" in answer.headers["access-control-expose-headers"].lower()
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/api/badges", "GET, HEAD, OPTIONS"),
        ("DELETE", "/api/badges/1", "GET, HEAD, OPTIONS"),
        ("PATCH", "/api/badges/grant/abc/status", "GET, HEAD, OPTIONS"),
        ("GET", GRANT, "OPTIONS, POST"),
        ("HEAD", GRANT, "OPTIONS, POST"),
        ("PUT", GRANT, "OPTIONS, POST"),
        ("BREW", GRANT, "OPTIONS, POST"),
    ],
)
async def test_other_methods_are_not_allowed(
    services: Services, method: str, path: str, allowed: str
) -> None:
    async with call(services) as client:
        response = await client.request(method, path)
    assert (response.status_code, response.headers["allow"]) == (405, allowed)
    assert method == "HEAD" or response.text == f'{{"error":"Allowed here: {allowed}."}}'


async def test_head_is_get_without_the_body(services: Services, world: World) -> None:
    async with call(services, world.key) as client:
        for path in ("/api/badges", f"/api/badges/{world.badge.id}", "/api/badges/999"):
            get = await client.get(path)
            head = await client.head(path)
            assert (head.status_code, head.content) == (get.status_code, b"")
            assert head.headers["content-length"] == get.headers["content-length"]


@pytest.mark.parametrize(
    "path", ["/api/badges/a/b", "/api/badges/grant/abc", "/api/badges/grant/abc/status/x"]
)
async def test_unknown_paths_are_not_found_in_json(services: Services, world: World, path: str) -> None:
    async with call(services, world.key) as client:
        response = await client.get(path)
    assert (response.status_code, response.text) == (404, '{"error":"There is no such path in this API."}')


@pytest.mark.parametrize(
    "path", ["/api/badges/", "/API/Badges", "/api/badges/{id}/", "/Api/Badges/{id}", "/api/badges//"]
)
async def test_paths_are_taken_as_the_original_takes_them(
    services: Services, world: World, path: str
) -> None:
    async with call(services, world.key) as client:
        response = await client.get(path.format(id=world.badge.id))
    assert response.status_code == (404 if path.endswith("//") else 200)


async def test_a_grant_goes_through_in_any_spelling_of_its_path(services: Services, world: World) -> None:
    body = {"badgeId": world.badge.id, "profileUri": PROFILE}
    async with call(services, world.key) as client:
        answers = [await client.post(path, json=body) for path in (GRANT, "/api/Badges/Grant/")]
    assert [answer.status_code for answer in answers] == [200, 200]


async def test_the_key_is_asked_for_before_anything_else(services: Services, world: World) -> None:
    async with call(services) as client:
        answers = [
            await client.get("/api/badges/abc"),
            await client.get("/api/badges/grant/abc/status"),
            await client.post(GRANT, content=b"{", headers={"content-type": "text/plain"}),
            await client.post(GRANT, content=b"x" * 100_000, headers={"Idempotency-Key": ""}),
        ]
    assert {(answer.status_code, answer.text) for answer in answers} == {(401, MISSING_KEY)}


async def test_trouble_inside_is_an_error_in_json(services: Services, world: World) -> None:
    await services.database.write(lambda tx: tx.execute("DROP TABLE api_keys"))
    async with call(services, world.key) as client:
        response = await client.get("/api/badges")
    assert (response.status_code, response.text) == (500, '{"error":"Internal server error."}')


async def test_a_client_that_goes_away_gets_no_answer(services: Services, world: World) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": GRANT,
        "query_string": b"",
        "headers": [(b"x-apikey", world.key.encode()), (b"content-type", b"application/json")],
        "client": ("192.0.2.1", 40000),
    }
    await make_app(services)(scope, receive, send)
    assert sent == []
