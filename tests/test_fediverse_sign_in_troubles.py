"""Servers at which a sign-in does not work: what is said of it, and that nothing is changed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import NoReturn
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from badgefed.errors import FetchFailed
from badgefed.issuing import grants
from badgefed.model.grant import Status
from badgefed.model.times import HOUR, SECOND
from badgefed.store.blocks import BlockKind, add_block
from badgefed.work.services import Services
from tests.conftest import World
from tests.html_pages import browse, check_page
from tests.oauth_server import OauthServer
from tests.test_accept_page import submit
from tests.test_fediverse_sign_in import (
    RETURN,
    allow,
    assert_refused,
    depart,
    find,
    link,
    mount,
    offer_to,
    walk,
    way_to,
)
from tests.world import Clock, Network


@pytest.fixture
def server(network: Network) -> OauthServer:
    return mount(network, OauthServer())


@pytest.fixture
async def browser(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    async with browse(services) as client:
        yield client


async def test_who_says_no_over_there_is_brought_back_kindly(
    services: Services, world: World, server: OauthServer, browser: httpx.AsyncClient
) -> None:
    server.denies = True
    grant = await offer_to(services, world)
    response = await walk(browser, services, server, grant)
    await assert_refused(services, grant, response, 422, "You did not allow it at social.example")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        (
            {"error": "server_error", "error_description": "<b>Broken</b>\x00\n  today"},
            "says: <b>Broken</b> today",
        ),
        ({"error": "temporarily_unavailable"}, "says: temporarily_unavailable"),
        ({"error": ""}, "says: no"),
        ({}, "without a code"),
        ({"code": "c" * 5000}, "without a code"),
    ],
)
async def test_whatever_else_the_server_sends_the_browser_back_with_is_said(
    services: Services,
    world: World,
    server: OauthServer,
    browser: httpx.AsyncClient,
    query: dict[str, str],
    words: str,
) -> None:
    grant = await offer_to(services, world)
    departure = await depart(browser, services, grant)
    state = dict(parse_qsl(urlsplit(way_to(departure)).query))["state"]
    response = await browser.get(f"{RETURN}?{urlencode({'state': state, **query})}")
    await assert_refused(services, grant, response, 422, words)


def reply(status: int, body: object, **headers: str) -> Callable[[Request], Awaitable[Response]]:
    """The same answer always: JSON, or a text as HTML."""

    async def answer(request: Request) -> Response:
        if isinstance(body, str):
            return Response(body, status, headers, media_type="text/html")
        return JSONResponse(body, status, headers)

    return answer


async def redirect(request: Request) -> Response:
    return RedirectResponse("https://evil.example/collect", 307)


TOKEN = {"access_token": "t", "token_type": "Bearer"}
TROUBLES = [
    ("/oauth/token", redirect, 502, "sends our question elsewhere"),
    ("/oauth/token", reply(200, {"a": "x" * 70_000}), 502, "too large"),
    ("/oauth/token", reply(200, "<h1>hello</h1>"), 502, "no JSON"),
    ("/oauth/token", reply(200, []), 502, "not an object"),
    ("/oauth/token", reply(200, {**TOKEN, "access_token": "a\r\nb"}), 502, "no token"),
    ("/oauth/token", reply(200, {**TOKEN, "access_token": "x" * 5000}), 502, "no token"),
    ("/oauth/token", reply(200, {**TOKEN, "token_type": "mac"}), 502, "no token"),
    ("/oauth/token", reply(500, "oh"), 422, "answers with status 500"),
    ("/oauth/userinfo", redirect, 502, "sends our question elsewhere"),
    (
        "/oauth/userinfo",
        reply(403, {"error": "Your login is currently disabled"}),
        422,
        "social.example says: Your login is currently disabled",
    ),
    ("/oauth/userinfo", reply(200, {"sub": 7, "a": ["x" * 70_000]}), 502, "too large"),
]


@pytest.mark.parametrize(("path", "answer", "status", "words"), TROUBLES)
async def test_trouble_at_the_server_is_said_and_changes_nothing(
    services: Services,
    world: World,
    server: OauthServer,
    network: Network,
    browser: httpx.AsyncClient,
    path: str,
    answer: Callable[[Request], Awaitable[Response]],
    status: int,
    words: str,
) -> None:
    server.replies[path] = answer
    grant = await offer_to(services, world)
    response = await walk(browser, services, server, grant)
    await assert_refused(services, grant, response, status, words)
    assert not [request for request in network.requests if "evil.example" in request.url]
    assert server.tokens == {}


async def test_a_server_that_falls_silent_is_not_waited_for(
    services: Services, world: World, server: OauthServer, network: Network, browser: httpx.AsyncClient
) -> None:
    grant = await offer_to(services, world)
    back = await allow(server, await depart(browser, services, grant))

    async def silence(request: object) -> NoReturn:
        raise FetchFailed("timeout", "social.example did not answer in time.")

    network.mount("social.example", silence)
    await assert_refused(services, grant, await browser.get(back), 502, "did not answer in time")


async def test_a_token_that_can_not_be_revoked_is_no_trouble(
    services: Services, world: World, server: OauthServer, browser: httpx.AsyncClient
) -> None:
    server.replies["/oauth/revoke"] = reply(500, "oh")
    assert (await walk(browser, services, server, await offer_to(services, world))).status_code == 303


async def test_a_server_whose_userinfo_names_no_actor_is_asked_the_older_way(
    services: Services, world: World, server: OauthServer, browser: httpx.AsyncClient
) -> None:
    server.replies["/oauth/userinfo"] = reply(200, {"sub": "12345"})
    assert (await walk(browser, services, server, await offer_to(services, world))).status_code == 303


REFUSALS = [
    (reply(422, {"error": "Validation failed"}), 422, "social.example says: Validation failed"),
    (reply(403, "no"), 422, "answers with status 403"),
    (reply(404, "no"), 422, "no sign-in that this server knows"),
    (reply(200, "<h1>Welcome</h1>"), 422, "no sign-in that this server knows"),
    (redirect, 422, "no sign-in that this server knows"),
    (reply(429, {}), 503, "is busy (429)"),
    (reply(503, "no"), 503, "is busy (503)"),
    (reply(200, {"client_id": "c"}), 502, "no client id and secret"),
    (reply(200, {"client_id": "c", "client_secret": "a b"}), 502, "no client id and secret"),
]


@pytest.mark.parametrize(("answer", "status", "words"), REFUSALS)
async def test_a_server_that_does_not_register_us_is_named_on_the_page_which_still_works(
    services: Services,
    world: World,
    server: OauthServer,
    network: Network,
    browser: httpx.AsyncClient,
    answer: Callable[[Request], Awaitable[Response]],
    status: int,
    words: str,
) -> None:
    server.replies["/api/v1/apps"] = answer
    grant = await offer_to(services, world)
    response = await depart(browser, services, grant, visibility="private")
    await assert_refused(services, grant, response, status, words)
    page = check_page(response)
    [chosen] = [radio for radio in page.all("input", type="radio") if "checked" in radio.attributes]
    assert chosen.get("value") == "private"
    assert not [request for request in network.requests if "evil.example" in request.url]
    done = await submit(browser, link(services, grant), page, answer="accept", visibility="private")
    assert done.status_code == 303


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ({"issuer": "https://evil.example/"}, "the sign-in of another server"),
        ({"issuer": None}, "the sign-in of another server"),
        (
            {"token_endpoint": "https://evil.example/oauth/token"},
            "its token_endpoint is not on its own origin",
        ),
        ({"token_endpoint": "https://social.example.evil.example/t"}, "its token_endpoint"),
        ({"authorization_endpoint": "https://social.example@evil.example/"}, "its authorization_endpoint"),
        ({"userinfo_endpoint": "http://social.example/u"}, "its userinfo_endpoint"),
        ({"revocation_endpoint": "https://127.0.0.1/r"}, "its revocation_endpoint"),
        ({"app_registration_endpoint": 7}, "its app_registration_endpoint"),
    ],
)
async def test_a_description_that_leads_elsewhere_is_not_believed(
    services: Services,
    world: World,
    server: OauthServer,
    browser: httpx.AsyncClient,
    metadata: dict[str, object],
    words: str,
) -> None:
    server.metadata = metadata
    grant = await offer_to(services, world)
    response = await depart(browser, services, grant)
    await assert_refused(services, grant, response, 422, words)
    assert server.clients == {}


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "10.0.0.7", "localhost", "intranet", "[::1]", "social.example:8443"]
)
async def test_a_private_place_is_never_asked(
    services: Services, world: World, network: Network, browser: httpx.AsyncClient, host: str
) -> None:
    grant = await offer_to(services, world, f"https://{host}/users/amara")
    response = await depart(browser, services, grant)
    assert response.status_code == 502
    assert network.requests == []
    assert check_page(response).all("div", role="alert")


async def test_a_blocked_server_is_not_asked(
    services: Services, world: World, server: OauthServer, network: Network, browser: httpx.AsyncClient
) -> None:
    grant = await offer_to(services, world)
    await depart(browser, services, grant)
    network.requests.clear()
    await services.database.write(
        lambda tx: add_block(tx, BlockKind.HOST, "social.example", now=services.clock())
    )
    assert "blocked by this server" in check_page(await depart(browser, services, grant)).text
    assert network.requests == []


async def test_a_registration_that_the_server_forgot_is_made_anew_on_the_way(
    services: Services, world: World, server: OauthServer, browser: httpx.AsyncClient
) -> None:
    grant = await offer_to(services, world)
    back = await allow(server, await depart(browser, services, grant))
    server.clients.clear()
    onward = await browser.get(back)
    assert "client-3" in way_to(onward)
    response = await browser.get(await allow(server, onward))
    assert response.status_code == 303
    assert (await find(services, grant)).status is Status.ACCEPTED


async def test_a_server_that_forgets_us_again_and_again_is_given_up(
    services: Services, world: World, server: OauthServer, browser: httpx.AsyncClient
) -> None:
    grant = await offer_to(services, world)
    back = await allow(server, await depart(browser, services, grant))
    server.clients.clear()
    back = await allow(server, await browser.get(back))
    server.clients.clear()
    response = await browser.get(back)
    await assert_refused(services, grant, response, 422, "does not keep the registration")


async def test_where_nobody_comes_back_from_we_register_anew(
    services: Services, world: World, server: OauthServer, browser: httpx.AsyncClient
) -> None:
    """A server that forgot us shows its error to the person it concerns, and not to us."""
    grant = await offer_to(services, world)
    for _ in range(6):
        await depart(browser, services, grant)
    assert list(server.clients) == ["client-1", "client-2"]


async def test_an_older_server_is_registered_at_again_after_half_a_day(
    services: Services, world: World, network: Network, browser: httpx.AsyncClient, clock: Clock
) -> None:
    server = mount(network, OauthServer(is_old=True))
    grant = await offer_to(services, world)
    await depart(browser, services, grant)
    clock.advance(12 * HOUR / SECOND)
    await depart(browser, services, grant)
    assert len(server.clients) == 2


async def test_a_sender_may_begin_ten_sign_ins_a_minute(
    services: Services, world: World, server: OauthServer, browser: httpx.AsyncClient
) -> None:
    grant = await offer_to(services, world)
    answers = [await depart(browser, services, grant) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert answers[-1].headers["retry-after"] == "6"
    assert "Too many requests" in check_page(answers[-1]).text


async def test_a_badge_that_was_answered_meanwhile_is_not_accepted_twice(
    services: Services, world: World, server: OauthServer, browser: httpx.AsyncClient
) -> None:
    grant = await offer_to(services, world)
    back = await allow(server, await depart(browser, services, grant))
    await services.database.write(lambda tx: grants.decline(tx, grant.id, reason=None, now=services.clock()))
    response = await browser.get(back)
    assert response.status_code == 404
    assert (await find(services, grant)).status is Status.DECLINED
