"""Signing in at one's own server to accept a badge, or to put a profile on one, by the front door."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from badgefed.issuing import grants
from badgefed.issuing.grants import Offer
from badgefed.model.grant import Grant, ProofKind, Status
from badgefed.model.visibility import Visibility
from badgefed.net.client import Client
from badgefed.net.transport import AiohttpTransport
from badgefed.store import grants as stored_grants
from badgefed.work.accept_links import accept_url, manage_url
from badgefed.work.services import Services
from tests.conftest import BASE, World
from tests.html_pages import browse, check_page
from tests.oauth_server import OauthServer, listening, visit
from tests.test_accept_page import EMAIL, offer, submit
from tests.test_pages import sign
from tests.workers import run_until_idle
from tests.world import Clock, Network

AMARA = "https://social.example/users/amara"
RETURN = f"{BASE}/sign-in/fediverse/social.example"


@pytest.fixture
def server(network: Network) -> OauthServer:
    return mount(network, OauthServer())


def mount(network: Network, server: OauthServer) -> OauthServer:
    """`has_api` has to be set before."""
    network.mount_app(server.host, server.app)
    return server


@pytest.fixture
async def browser(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    async with browse(services) as client:
        yield client


async def offer_to(services: Services, world: World, profile: str = AMARA) -> Grant:
    wanted = Offer(organization_id=world.organization.id, badge_id=world.badge.id, profile=profile)
    return (await services.database.write(lambda tx: grants.offer(tx, wanted, services))).grant


async def find(services: Services, grant: Grant) -> Grant:
    found = await stored_grants.find_grant(services.database, grant.id)
    assert found is not None
    return found


def link(services: Services, grant: Grant) -> str:
    return accept_url(services, grant, ProofKind.LINK)


async def depart(
    browser: httpx.AsyncClient, services: Services, grant: Grant, *, visibility: str = "public"
) -> httpx.Response:
    """Presses the button on the accept page."""
    url = link(services, grant)
    page = check_page(await browser.get(url))
    return await submit(browser, url, page, answer="sign-in", visibility=visibility)


def way_to(response: httpx.Response) -> str:
    """Where the page in between sends the browser; it says so twice."""
    assert response.status_code == 200, response.text
    page = check_page(response)
    [refresh] = page.all("meta", http_equiv="refresh")
    url = refresh.get("content").removeprefix("0; url=")
    assert [a for a in page.all("a", rel="noreferrer") if a.get("href") == url]
    return url


async def allow(server: OauthServer, response: httpx.Response) -> str:
    """Goes on to the server; where that sends the browser back to."""
    back = await visit(server, way_to(response))
    assert back.status_code == 302
    return back.headers["location"]


def with_query(url: str, **changes: str | None) -> str:
    query = dict(parse_qsl(urlsplit(url).query)) | changes
    return f"{url.partition('?')[0]}?{urlencode({k: v for k, v in query.items() if v is not None})}"


async def walk(
    browser: httpx.AsyncClient, services: Services, server: OauthServer, grant: Grant
) -> httpx.Response:
    """The whole way; the answer to the browser that came back."""
    return await browser.get(await allow(server, await depart(browser, services, grant)))


async def assert_refused(
    services: Services, grant: Grant, response: httpx.Response, status: int, words: str
) -> None:
    assert response.status_code == status, response.text
    assert words in check_page(response).text
    found = await find(services, grant)
    assert (found.status, found.proof) == (Status.PENDING, None)


async def test_a_badge_is_accepted_by_signing_in_at_ones_own_server(
    services: Services, world: World, server: OauthServer, browser: httpx.AsyncClient, clock: Clock
) -> None:
    grant = await offer_to(services, world)
    departure = await depart(browser, services, grant, visibility="unlisted")
    way = way_to(departure)
    query = dict(parse_qsl(urlsplit(way).query))
    back = await visit(server, way)
    clock.advance(60)
    services.wake.clear()
    response = await browser.get(back.headers["location"])
    found = await find(services, grant)
    await run_until_idle(services)
    own = check_page(await browser.get(response.headers["location"]))
    assert way.startswith("https://social.example/oauth/authorize?")
    assert query["scope"] == "profile"
    assert query["redirect_uri"] == RETURN
    assert len(query["state"]) >= 43
    assert response.headers["location"] == manage_url(services, grant)
    assert (found.status, found.visibility, found.proof_kind, found.actor_id) == (
        Status.ACCEPTED,
        Visibility.UNLISTED,
        ProofKind.OAUTH,
        AMARA,
    )
    assert json.loads(found.proof or "") == {
        "channel": "link",
        "actor": AMARA,
        "host": "social.example",
        "time": "2026-05-28T20:27:40Z",
    }
    assert services.wake.is_set()
    assert "It's yours." in own.text


async def test_the_server_learns_only_what_it_needs_and_gets_its_token_back(
    services: Services, world: World, server: OauthServer, browser: httpx.AsyncClient
) -> None:
    await walk(browser, services, server, await offer_to(services, world))
    assert server.forms["/api/v1/apps"] == [
        {
            "client_name": "badges.example",
            "redirect_uris": RETURN,
            "scopes": "profile",
            "website": "https://badges.example",
        }
    ]
    assert server.tokens == {}
    assert len(server.revoked) == 1
    assert "/api/v1/accounts/verify_credentials" not in server.seen


async def test_no_secret_stands_in_the_store_or_in_the_log(
    services: Services,
    world: World,
    server: OauthServer,
    browser: httpx.AsyncClient,
    capfd: pytest.CaptureFixture[str],
) -> None:
    grant = await offer_to(services, world)
    departure = await depart(browser, services, grant)
    state = dict(parse_qsl(urlsplit(way_to(departure)).query))["state"]
    before = await stored(services)
    back = await allow(server, departure)
    code = dict(parse_qsl(urlsplit(back).query))["code"]
    await browser.get(back)
    verifier = server.forms["/oauth/token"][0]["code_verifier"]
    printed = "".join(capfd.readouterr())
    for secret in (state, verifier, code, "secret-1", server.revoked[0]):
        assert secret not in before + await stored(services) + printed, secret


async def stored(services: Services) -> str:
    tables = ("oauth_apps", "oauth_sign_ins", "grants", "jobs")
    return repr([await services.database.all(f"SELECT * FROM {table}") for table in tables])


async def test_the_button_names_whose_server_is_meant(
    services: Services, world: World, server: OauthServer, browser: httpx.AsyncClient
) -> None:
    for profile, name in (
        ("@amara@social.example", "@amara@social.example"),
        ("https://other.example/@Bo", "@bo@other.example"),
        ("https://third.example/people/7", "https://third.example/people/7"),
    ):
        named = await offer_to(services, world, profile)
        page = check_page(await browser.get(link(services, named)))
        assert f"Accept with the server of {name}" in page.text
    by_mail = await offer(services, world, email=EMAIL)
    plain = check_page(await browser.get(link(services, by_mail)))
    assert plain.all("button", value="sign-in") == []
    refused = await submit(browser, link(services, by_mail), plain, answer="sign-in", visibility="public")
    assert refused.status_code == 400


async def test_a_handle_is_found_before_anybody_is_sent_anywhere(
    services: Services, world: World, server: OauthServer, browser: httpx.AsyncClient
) -> None:
    grant = await offer_to(services, world, "@amara@social.example")
    response = await walk(browser, services, server, grant)
    found = await find(services, grant)
    assert response.status_code == 303
    assert (found.actor_id, found.handle) == (AMARA, "@amara@social.example")


async def test_the_cookie_is_for_this_server_alone_and_gone_afterwards(
    services: Services, world: World, server: OauthServer, browser: httpx.AsyncClient
) -> None:
    departure = await depart(browser, services, await offer_to(services, world))
    cookie = departure.headers["set-cookie"]
    for attribute in ("Secure", "HttpOnly", "Path=/;", "Max-Age=600", "SameSite=lax"):
        assert attribute in cookie, attribute
    assert cookie.startswith("__Host-badgefed-sign-in-")
    assert "Domain" not in cookie
    response = await browser.get(await allow(server, departure))
    assert "Max-Age=0" in response.headers["set-cookie"]
    assert list(browser.cookies.jar) == []
    assert (departure.headers["cache-control"], departure.headers["referrer-policy"]) == (
        "no-store",
        "no-referrer",
    )


async def test_we_register_once_and_two_windows_do_not_disturb_each_other(
    services: Services, world: World, server: OauthServer, browser: httpx.AsyncClient
) -> None:
    grant = await offer_to(services, world)
    first = await depart(browser, services, grant)
    second = await depart(browser, services, grant)
    assert (await browser.get(await allow(server, first))).status_code == 303
    again = await browser.get(await allow(server, second))
    assert again.status_code == 404
    assert len(server.clients) == 1


async def test_an_older_server_is_asked_where_mastodon_has_its_doors(
    services: Services, world: World, network: Network, browser: httpx.AsyncClient
) -> None:
    server = mount(network, OauthServer(is_old=True))
    grant = await offer_to(services, world)
    response = await walk(browser, services, server, grant)
    assert response.status_code == 303
    assert [form["scopes"] for form in server.forms["/api/v1/apps"]] == ["read:accounts"]
    assert "/api/v1/accounts/verify_credentials" in server.seen
    assert (await find(services, grant)).proof_kind is ProofKind.OAUTH


async def test_an_older_server_that_gives_no_actor_id_is_believed_as_far_as_webfinger_goes(
    services: Services, world: World, network: Network, browser: httpx.AsyncClient
) -> None:
    server = mount(network, OauthServer(is_old=True, signed_in="mallory"))
    grant = await offer_to(services, world)
    response = await walk(browser, services, server, grant)
    await assert_refused(services, grant, response, 403, "signed in as @mallory@social.example")


async def test_a_server_that_allows_no_narrow_scope_is_asked_for_the_next(
    services: Services, world: World, network: Network, browser: httpx.AsyncClient
) -> None:
    server = OauthServer(is_old=True)

    async def only_read(request: Request) -> Response:
        if server.forms["/api/v1/apps"][-1]["scopes"] != "read":
            return JSONResponse({"error": "Unknown scope"}, 422)
        return await server._register(request)

    server.replies["/api/v1/apps"] = only_read
    mount(network, server)
    response = await walk(browser, services, server, await offer_to(services, world))
    assert response.status_code == 303
    assert [form["scopes"] for form in server.forms["/api/v1/apps"]] == ["read:accounts", "read"]


async def test_a_server_whose_handles_are_of_another_host_may_have_its_sign_in_there(
    services: Services, world: World, network: Network, browser: httpx.AsyncClient
) -> None:
    """Actors on ap.example, handles and API on the parent; both confirm each other by WebFinger."""
    mount(network, OauthServer(origin="https://ap.example", handle_host="example.org", has_api=False))
    api = OauthServer(origin="https://example.org")
    api.actor_id = lambda username: f"https://ap.example/users/{username}"  # type: ignore[method-assign]
    mount(network, api)
    grant = await offer_to(services, world, "@amara@example.org")
    response = await walk(browser, services, api, grant)
    assert response.status_code == 303, response.text
    proof = json.loads((await find(services, grant)).proof or "")
    assert (proof["actor"], proof["host"]) == ("https://ap.example/users/amara", "example.org")


async def own_by_mail(services: Services, world: World, browser: httpx.AsyncClient) -> tuple[Grant, str]:
    """A signed badge that was granted to an e-mail address, and its recipient's page."""
    grant = await offer(services, world)
    url = accept_url(services, grant, ProofKind.MAIL_LINK)
    page = check_page(await browser.get(url))
    await submit(browser, url, page, answer="accept", visibility="public")
    await sign(services, grant.id)
    return grant, manage_url(services, grant)


async def name_profile(
    browser: httpx.AsyncClient, own_page: str, profile: str = "@amara@social.example"
) -> httpx.Response:
    page = check_page(await browser.get(own_page))
    form = {"token": page.value("token"), "profile": profile, "by": "sign-in"}
    return await browser.post(f"{own_page}/profile", data=form)


async def test_a_profile_is_put_on_a_badge_by_signing_in(
    services: Services, world: World, server: OauthServer, browser: httpx.AsyncClient
) -> None:
    grant, own_page = await own_by_mail(services, world, browser)
    response = await browser.get(await allow(server, await name_profile(browser, own_page)))
    await run_until_idle(services)
    found = await find(services, grant)
    public = check_page(await browser.get(grant.note_uri))
    assert response.headers["location"] == own_page
    assert (found.profile, found.actor_id, found.handle) == (AMARA, AMARA, "@amara@social.example")
    assert found.proof_kind is ProofKind.MAIL_LINK
    assert "@amara@social.example" in public.text


async def test_somebody_elses_profile_is_put_on_no_badge(
    services: Services, world: World, server: OauthServer, browser: httpx.AsyncClient
) -> None:
    grant, own_page = await own_by_mail(services, world, browser)
    server.signed_in = "mallory"
    response = await browser.get(await allow(server, await name_profile(browser, own_page)))
    assert response.status_code == 403
    assert check_page(response).all("a", href=own_page)
    assert (await find(services, grant)).actor_id is None


async def test_what_hinders_the_sign_in_for_a_profile_is_said_at_its_field(
    services: Services, world: World, server: OauthServer, browser: httpx.AsyncClient
) -> None:
    _, own_page = await own_by_mail(services, world, browser)
    for profile, status, words in (
        ("amara", 400, "Write it like"),
        ("@amara@nowhere.example", 502, "does not resolve"),
    ):
        response = await name_profile(browser, own_page, profile)
        page = check_page(response)
        [typed] = page.all("input", id="profile")
        assert (response.status_code, typed.get("value")) == (status, profile)
        assert words in page.text


async def test_a_badge_that_is_being_signed_takes_no_profile_yet(
    services: Services, world: World, server: OauthServer, browser: httpx.AsyncClient
) -> None:
    grant = await offer(services, world)
    url = accept_url(services, grant, ProofKind.MAIL_LINK)
    await submit(browser, url, check_page(await browser.get(url)), answer="accept", visibility="public")
    response = await name_profile(browser, manage_url(services, grant))
    assert response.status_code == 503
    assert "still being signed" in check_page(response).text
    assert server.seen == []


async def test_the_whole_way_over_real_sockets(services: Services, world: World) -> None:
    settings = replace(services.settings, allow_private_network=True)
    transport = AiohttpTransport(user_agent="tests", allow_private=True)
    client = Client(transport, allow_private=True, clock=services.clock)
    over_sockets = replace(services, settings=settings, client=client)
    server = OauthServer()
    async with listening(server), browse(over_sockets) as browser, httpx.AsyncClient() as outside:
        grant = await offer_to(over_sockets, world, server.actor_id("amara"))
        departure = await depart(browser, over_sockets, grant)
        back = await outside.get(way_to(departure))
        response = await browser.get(back.headers["location"])
        await client.close()
    assert response.status_code == 303, response.text
    found = await find(services, grant)
    assert (found.status, found.proof_kind) == (Status.ACCEPTED, ProofKind.OAUTH)
    assert json.loads(found.proof or "")["host"] == server.host
    assert server.tokens == {}
