"""Signing in with a Fediverse profile: to one's badges, and to the console."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from badgefed.app import create_app
from badgefed.issuing import accounts, sessions
from badgefed.issuing.organizations import create_user
from badgefed.model.audit import SYSTEM
from badgefed.model.organization import Role, User
from badgefed.model.session import SignInMethod, Visitor
from badgefed.model.times import MINUTE, SECOND
from badgefed.store import sessions as stored_sessions
from badgefed.store import users
from badgefed.web.console.access import SESSION_COOKIE
from badgefed.web.cookies import cookie_name, sign_value
from badgefed.work.services import Services
from tests.conftest import BASE, World
from tests.html_pages import BROWSER, check_page
from tests.oauth_server import OauthServer
from tests.test_fediverse_sign_in import allow, mount, offer_to
from tests.world import Clock, Network

AMARA = "https://social.example/users/amara"
VISITOR = Visitor(device="Tests", network="192.0.2.1")


@pytest.fixture
def server(network: Network) -> OauthServer:
    return mount(network, OauthServer())


@pytest.fixture
async def browser(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=create_app(services))
    async with httpx.AsyncClient(transport=transport, base_url=BASE, headers={"accept": BROWSER}) as client:
        yield client


async def send_off(browser: httpx.AsyncClient, page: str, action: str, **form: str) -> httpx.Response:
    """Fills a form of a page in, whose button leads to a server."""
    token = check_page(await browser.get(page)).value("token")
    return await browser.post(action, data={"token": token, **form})


async def enter_collection(
    browser: httpx.AsyncClient, server: OauthServer, profile: str = "@amara@social.example"
) -> httpx.Response:
    departure = await send_off(browser, "/me", "/me", identity=profile, by="sign-in")
    return await browser.get(await allow(server, departure))


async def test_a_holder_signs_in_at_their_server(
    services: Services, world: World, server: OauthServer, browser: httpx.AsyncClient
) -> None:
    await offer_to(services, world)
    response = await enter_collection(browser, server)
    assert (response.status_code, response.headers["location"]) == (303, "/me")
    page = check_page(await browser.get("/me"))
    assert "Advanced Training" in page.text
    assert "@amara@social.example" in page.text


async def test_who_has_no_badges_here_has_nothing_to_sign_in_to(
    services: Services, world: World, server: OauthServer, browser: httpx.AsyncClient
) -> None:
    response = await enter_collection(browser, server)
    assert response.status_code == 404
    assert "no badges for this profile" in check_page(response).text
    assert await services.database.all("SELECT * FROM holders") == []


async def test_nobody_gets_into_the_collection_of_somebody_else(
    services: Services, world: World, server: OauthServer, browser: httpx.AsyncClient
) -> None:
    await offer_to(services, world)
    server.signed_in = "mallory"
    response = await enter_collection(browser, server)
    assert response.status_code == 403
    assert check_page(response).all("a", href="/me")
    assert "Send me a link" in (await browser.get("/me")).text


@pytest.mark.parametrize(
    ("typed", "status", "words"),
    [
        ("amara@mail.example", 400, "Only a profile has a server to sign in at"),
        ("nonsense", 400, "Write an e-mail address, or a profile"),
        ("@amara@nowhere.example", 502, "does not resolve"),
    ],
)
async def test_what_leads_to_no_server_is_said_where_it_was_typed(
    services: Services,
    world: World,
    server: OauthServer,
    browser: httpx.AsyncClient,
    typed: str,
    status: int,
    words: str,
) -> None:
    response = await send_off(browser, "/me", "/me", identity=typed, by="sign-in")
    page = check_page(response)
    assert response.status_code == status
    assert words in page.text
    assert page.value("identity") == typed


async def test_a_holder_adds_a_profile_by_signing_in_with_it(
    services: Services, world: World, server: OauthServer, browser: httpx.AsyncClient
) -> None:
    await offer_to(services, world)
    await enter_collection(browser, server)
    server.signed_in = "bo"
    departure = await send_off(browser, "/me", "/me/identities", identity="@bo@social.example", by="sign-in")
    response = await browser.get(await allow(server, departure))
    page = check_page(await browser.get("/me"))
    assert response.status_code == 303
    assert "@bo@social.example" in page.text
    assert "@amara@social.example" in page.text


async def test_a_profile_is_added_to_nobody_who_has_left(
    services: Services, world: World, server: OauthServer, browser: httpx.AsyncClient
) -> None:
    await offer_to(services, world)
    await enter_collection(browser, server)
    server.signed_in = "bo"
    departure = await send_off(browser, "/me", "/me/identities", identity="@bo@social.example", by="sign-in")
    await send_off(browser, "/me", "/me/sign-out")
    response = await browser.get(await allow(server, departure))
    assert response.status_code == 403
    rows = await services.database.all("SELECT alias FROM holder_identities")
    assert [row["alias"] for row in rows] == [AMARA]


async def sit_down(services: Services, browser: httpx.AsyncClient, user: User) -> None:
    """The browser is signed in to the console."""
    token = await services.database.write(
        lambda tx: sessions.sign_in(
            tx, user, method=SignInMethod.PASSWORD, visitor=VISITOR, now=services.clock()
        )
    )
    value = sign_value(services, SESSION_COOKIE, token)
    browser.cookies.set(cookie_name(services, SESSION_COOKIE), value, domain="badges.example", path="/")


async def link_profile(browser: httpx.AsyncClient) -> httpx.Response:
    return await send_off(
        browser,
        "/console/account",
        "/console/account/profiles/link",
        profile="@amara@social.example",
    )


async def enter_console(browser: httpx.AsyncClient, server: OauthServer) -> httpx.Response:
    departure = await send_off(
        browser,
        "/console/sign-in",
        "/console/sign-in/fediverse",
        profile="@amara@social.example",
        next="/console/account",
    )
    return await browser.get(await allow(server, departure))


async def test_a_user_links_a_profile_and_signs_in_with_it(
    services: Services, world: World, server: OauthServer, browser: httpx.AsyncClient
) -> None:
    await sit_down(services, browser, world.owner)
    linked = await browser.get(await allow(server, await link_profile(browser)))
    account = check_page(await browser.get(linked.headers["location"]))
    browser.cookies.clear()
    entered = await enter_console(browser, server)
    inside = await browser.get("/console/account")
    assert linked.headers["location"] == "/console/account?done=linked"
    assert "From now on you can sign in with that profile" in account.text
    assert "@amara@social.example" in account.text
    assert entered.headers["location"] == "/console/account"
    assert world.owner.email in inside.text
    found = await stored_sessions.list_sessions(
        services.database, world.owner.id, now=services.clock(), limit=10
    )
    assert {session.method for session in found} == {SignInMethod.PASSWORD, SignInMethod.FEDIVERSE}


async def test_linking_and_signing_in_stand_in_the_audit_log(
    services: Services, world: World, server: OauthServer, browser: httpx.AsyncClient
) -> None:
    await sit_down(services, browser, world.owner)
    await browser.get(await allow(server, await link_profile(browser)))
    await enter_console_anew(browser, server)
    rows = await services.database.all("SELECT action, details FROM audit_log ORDER BY id DESC LIMIT 2")
    assert [row["action"] for row in rows] == ["session.sign-in", "user.link-profile"]
    assert AMARA in rows[1]["details"]


async def enter_console_anew(browser: httpx.AsyncClient, server: OauthServer) -> httpx.Response:
    browser.cookies.clear()
    return await enter_console(browser, server)


async def give_profile(services: Services, user: User) -> None:
    await services.database.write(
        lambda tx: accounts.link_profile(
            tx, user, actor_id=AMARA, handle=None, by=SYSTEM, now=services.clock()
        )
    )


async def test_a_profile_that_is_linked_to_nobody_opens_nothing(
    services: Services, world: World, server: OauthServer, browser: httpx.AsyncClient
) -> None:
    response = await enter_console(browser, server)
    assert response.status_code == 403
    assert "No account here is linked to @amara@social.example" in check_page(response).text
    assert cookie_name(services, SESSION_COOKIE) not in browser.cookies


async def test_a_deactivated_user_is_not_let_in(
    services: Services, world: World, server: OauthServer, browser: httpx.AsyncClient
) -> None:
    await give_profile(services, world.owner)
    await services.database.write(
        lambda tx: tx.execute("UPDATE users SET is_active = 0 WHERE id = ?", world.owner.id)
    )
    response = await enter_console(browser, server)
    assert response.status_code == 401
    assert "deactivated" in check_page(response).text
    assert cookie_name(services, SESSION_COOKIE) not in browser.cookies


async def test_who_signs_in_there_as_somebody_else_is_not_let_in(
    services: Services, world: World, server: OauthServer, browser: httpx.AsyncClient
) -> None:
    await give_profile(services, world.owner)
    server.signed_in = "mallory"
    assert (await enter_console(browser, server)).status_code == 403
    assert cookie_name(services, SESSION_COOKIE) not in browser.cookies


async def test_a_profile_signs_in_to_one_account(
    services: Services, world: World, server: OauthServer, browser: httpx.AsyncClient
) -> None:
    other = await create_user(
        services, email="other@example.org", organization=world.organization, role=Role.VIEWER
    )
    await give_profile(services, other)
    await sit_down(services, browser, world.owner)
    response = await browser.get(await allow(server, await link_profile(browser)))
    assert response.status_code == 409
    assert "another account" in check_page(response).text
    assert await users.list_identities(services.database, world.owner.id) == []


async def test_a_session_that_is_not_fresh_links_nothing(
    services: Services, world: World, server: OauthServer, browser: httpx.AsyncClient, clock: Clock
) -> None:
    await sit_down(services, browser, world.owner)
    clock.advance(15 * MINUTE / SECOND + 1)
    response = await link_profile(browser)
    assert response.status_code == 403
    assert "within 15 minutes" in check_page(response).text
    assert server.seen == []


async def test_a_profile_is_linked_only_to_the_account_that_asked(
    services: Services, world: World, server: OauthServer, browser: httpx.AsyncClient
) -> None:
    other = await create_user(
        services, email="other@example.org", organization=world.organization, role=Role.VIEWER
    )
    await sit_down(services, browser, world.owner)
    departure = await link_profile(browser)
    back = await allow(server, departure)
    await sit_down(services, browser, other)
    response = await browser.get(back)
    assert response.status_code == 403
    assert await users.find_user_by_identity(services.database, AMARA) is None


async def test_what_is_no_profile_is_said_on_the_page_where_it_was_typed(
    services: Services, world: World, server: OauthServer, browser: httpx.AsyncClient
) -> None:
    response = await send_off(
        browser, "/console/sign-in", "/console/sign-in/fediverse", profile="amara", next=""
    )
    page = check_page(response)
    assert response.status_code == 400
    assert "Write it like @you@mastodon.example" in page.text
    assert page.value("profile") == "amara"
