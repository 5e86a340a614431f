"""Each way to cheat at a sign-in, by the front door: another browser, another server, another person."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest

from badgefed.work.services import Services
from tests.conftest import World
from tests.html_pages import browse, check_page
from tests.oauth_server import OauthServer
from tests.test_fediverse_sign_in import (
    AMARA,
    RETURN,
    allow,
    assert_refused,
    depart,
    link,
    mount,
    offer_to,
    walk,
    with_query,
)
from tests.world import Clock, Network


@pytest.fixture
def server(network: Network) -> OauthServer:
    return mount(network, OauthServer())


@pytest.fixture
async def browser(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    async with browse(services) as client:
        yield client


async def test_a_state_of_another_browser_changes_nothing_and_burns_nothing(
    services: Services, world: World, server: OauthServer, browser: httpx.AsyncClient
) -> None:
    grant = await offer_to(services, world)
    back = await allow(server, await depart(browser, services, grant))
    async with browse(services) as other:
        stolen = await other.get(back)
    await assert_refused(services, grant, stolen, 403, "begun in another browser")
    assert "/oauth/token" not in server.seen
    assert (await browser.get(back)).status_code == 303


@pytest.mark.parametrize("state", ["", "x", "x" * 5000, "é"])
async def test_a_state_that_we_never_gave_leads_nowhere(browser: httpx.AsyncClient, state: str) -> None:
    response = await browser.get(
        f"/sign-in/fediverse/social.example?{urlencode({'state': state, 'code': 'c'})}"
    )
    assert response.status_code == 403


async def test_a_state_works_once_even_with_its_cookie(
    services: Services, world: World, server: OauthServer, browser: httpx.AsyncClient
) -> None:
    departure = await depart(browser, services, await offer_to(services, world))
    back = await allow(server, departure)
    cookie = departure.headers["set-cookie"].partition(";")[0]
    assert (await browser.get(back)).status_code == 303
    again = await browser.get(back, headers={"cookie": cookie})
    assert again.status_code == 410
    assert "used already" in check_page(again).text
    assert server.seen.count("/oauth/token") == 1


async def test_a_sign_in_takes_ten_minutes_at_most(
    services: Services, world: World, server: OauthServer, browser: httpx.AsyncClient, clock: Clock
) -> None:
    grant = await offer_to(services, world)
    back = await allow(server, await depart(browser, services, grant))
    clock.advance(600)
    await assert_refused(services, grant, await browser.get(back), 410, "more than ten minutes")
    assert "/oauth/token" not in server.seen


async def test_a_code_of_another_sign_in_is_the_servers_to_refuse_and_its_words_are_shown(
    services: Services, world: World, server: OauthServer, browser: httpx.AsyncClient
) -> None:
    grant = await offer_to(services, world)
    first = await allow(server, await depart(browser, services, grant))
    second = await allow(server, await depart(browser, services, grant))
    code = dict(parse_qsl(urlsplit(first).query))["code"]
    response = await browser.get(with_query(second, code=code))
    await assert_refused(
        services, grant, response, 422, "social.example says: The provided authorization grant is invalid"
    )
    [back] = check_page(response).all("a", href=link(services, grant))
    assert "try again" in back.text


async def test_an_answer_by_the_address_of_another_server_is_not_sent_on(
    services: Services, world: World, network: Network, browser: httpx.AsyncClient
) -> None:
    """The mix-up: evil.example sends the browser on to the honest server, in the hope to be given its code."""
    evil = mount(network, OauthServer(origin="https://evil.example"))
    grant = await offer_to(services, world, "https://evil.example/users/amara")
    back = await allow(evil, await depart(browser, services, grant))
    response = await browser.get(f"{RETURN}?{urlsplit(back).query}")
    await assert_refused(services, grant, response, 403, "did not come from the server")
    assert "/oauth/token" not in evil.seen


@pytest.mark.parametrize("issuer", ["https://evil.example/", "https://social.example.evil.example", "", None])
async def test_an_issuer_that_the_server_promised_has_to_be_its_own(
    services: Services, world: World, network: Network, browser: httpx.AsyncClient, issuer: str | None
) -> None:
    server = mount(network, OauthServer(sends_issuer=True))
    grant = await offer_to(services, world)
    back = await allow(server, await depart(browser, services, grant))
    response = await browser.get(with_query(back, iss=issuer))
    await assert_refused(services, grant, response, 403, "did not come from the server")
    assert "/oauth/token" not in server.seen


async def test_the_issuer_that_the_server_promised_is_accepted(
    services: Services, world: World, network: Network, browser: httpx.AsyncClient
) -> None:
    server = mount(network, OauthServer(sends_issuer=True))
    assert (await walk(browser, services, server, await offer_to(services, world))).status_code == 303


@pytest.mark.parametrize(
    "claimed",
    [
        f"{AMARA}/",
        f"{AMARA}#main-key",
        f"{AMARA}?",
        "https://social.example/users/Amara",
        "https://SOCIAL.example/users/amara",
        "http://social.example/users/amara",
        "https://social.example/@amara",
        "https://bank.example/users/amara",
        "https://social.example/users/mallory",
    ],
)
async def test_the_actor_has_to_be_the_recipient_to_the_letter(
    services: Services, world: World, server: OauthServer, browser: httpx.AsyncClient, claimed: str
) -> None:
    server.identity = {"sub": claimed}
    grant = await offer_to(services, world)
    response = await walk(browser, services, server, grant)
    await assert_refused(services, grant, response, 403, "you are signed in as @amara@social.example")
    assert server.tokens == {}


async def test_who_is_signed_in_as_somebody_else_is_told_so(
    services: Services, world: World, server: OauthServer, browser: httpx.AsyncClient
) -> None:
    server.signed_in = "mallory"
    grant = await offer_to(services, world)
    response = await walk(browser, services, server, grant)
    await assert_refused(
        services, grant, response, 403, "signed in as @mallory@social.example, but this is for"
    )
    assert "@amara@social.example" in check_page(response).text
    server.signed_in = "amara"
    assert (await walk(browser, services, server, grant)).status_code == 303


async def test_a_host_that_is_not_the_actors_own_has_to_have_its_name_confirmed(
    services: Services, world: World, network: Network, browser: httpx.AsyncClient
) -> None:
    mount(network, OauthServer(origin="https://ap.example", handle_host="example.org", has_api=False))
    api = OauthServer(origin="https://example.org", identity={"preferred_username": "mallory"})
    api.actor_id = lambda username: f"https://ap.example/users/{username}"  # type: ignore[method-assign]
    mount(network, api)
    grant = await offer_to(services, world, "@amara@example.org")
    response = await walk(browser, services, api, grant)
    await assert_refused(services, grant, response, 403, "signed in as @mallory@example.org")
