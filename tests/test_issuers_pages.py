"""Where browsers and programs meet: pages at the addresses of the Issuers API, and the link that verifies an issuer."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from badgefed.model.visibility import Visibility
from badgefed.web.middleware import loggable_path
from badgefed.work.services import Services
from tests.conftest import BASE, World
from tests.doors import publish, revoke
from tests.html_pages import Page, check_page
from tests.issuers_api import (
    BROWSER,
    ISSUER,
    JANE,
    code_in,
    last_letter,
    link_in,
    path_of,
    school,
    serve,
)
from tests.workers import run_until_idle
from tests.world import Clock, Mailbox

KEY = {"X-Api-Key": "anything"}
PAGE, JSON = "text/html; charset=utf-8", "application/json; charset=utf-8"


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "media_type"),
    [
        ("GET", "/issuers", {"accept": BROWSER}, 200, PAGE),
        ("GET", "/badges", {"accept": BROWSER}, 200, PAGE),
        ("GET", "/awards", {"accept": BROWSER}, 200, PAGE),
        ("GET", "/awards/{award}", {"accept": BROWSER}, 200, PAGE),
        ("GET", "/awards/{award}/share", {"accept": BROWSER}, 200, PAGE),
        ("HEAD", "/issuers", {"accept": "text/html"}, 200, PAGE),
        ("GET", "/issuers", {"accept": "*/*"}, 401, JSON),
        ("GET", "/issuers", {"accept": "application/json"}, 401, JSON),
        ("GET", "/issuers", {"accept": "text/html;q=0, */*"}, 401, JSON),
        ("GET", "/issuers", {"accept": BROWSER, **KEY}, 401, JSON),
        ("GET", "/badges", {"accept": BROWSER, "X-ApiKey": "anything"}, 401, JSON),
        ("GET", "/awards", {"accept": BROWSER, "Authorization": "Bearer anything"}, 401, JSON),
        ("GET", "/issuers?apiKey=anything", {"accept": BROWSER}, 401, JSON),
        ("GET", "/awards/{award}", {"accept": "application/json"}, 401, JSON),
        ("GET", "/awards/{award}", {"accept": BROWSER, **KEY}, 401, JSON),
        ("POST", "/issuers", {"accept": BROWSER}, 401, JSON),
        ("DELETE", "/awards/{award}", {"accept": BROWSER}, 401, JSON),
        ("PUT", "/badges/{award}", {"accept": BROWSER}, 401, JSON),
        ("PUT", "/issuers/org", {"accept": BROWSER}, 401, JSON),
        ("PATCH", "/issuers/org", {"accept": BROWSER}, 405, JSON),
        ("GET", "/issuers/nothing/here", {"accept": BROWSER}, 405, JSON),
        ("DELETE", "/badges/nothing/here", {"accept": BROWSER}, 401, JSON),
        ("GET", "/awards/nothing/here", {"accept": BROWSER}, 401, JSON),
        ("GET", "/issuers/org", {"accept": "application/json"}, 200, "application/json"),
        ("GET", "/issuers/org", {"accept": BROWSER}, 302, None),
        ("GET", "/issuers/org", {"accept": "*/*", **KEY}, 200, "application/ld+json"),
        ("GET", "/issuers/org/did.json", {"accept": "*/*"}, 200, None),
        ("GET", "/awards/019ad8a4-5f0c-7f3e-9d2b-4a7f9e8d7c6b", {"accept": BROWSER}, 404, PAGE),
        ("OPTIONS", "/issuers", {"accept": BROWSER}, 204, None),
    ],
)
async def test_who_gets_what(
    services: Services,
    world: World,
    method: str,
    path: str,
    headers: dict[str, str],
    status: int,
    media_type: str | None,
) -> None:
    grant = await publish(services, world)
    async with serve(services) as client:
        response = await client.request(method, path.replace("{award}", grant.uuid), headers=headers)
    assert response.status_code == status
    assert media_type is None or response.headers["content-type"] == media_type
    if response.headers.get("content-type") == PAGE and method == "GET" and status == 200:
        assert "Accept" in response.headers["vary"]
        check_page(response)


async def look(client: httpx.AsyncClient, path: str) -> httpx.Response:
    return await client.get(path, headers={"accept": BROWSER})


@pytest.mark.parametrize(
    ("visibility", "status"),
    [(Visibility.PUBLIC, 200), (Visibility.UNLISTED, 200), (Visibility.PRIVATE, 404)],
)
@pytest.mark.parametrize("path", ["/awards/{uuid}", "/awards/{uuid}/share"])
async def test_an_awards_pages_show_what_may_be_seen(
    services: Services, world: World, visibility: Visibility, status: int, path: str
) -> None:
    grant = await publish(services, world, visibility=visibility)
    async with serve(services) as client:
        assert (await look(client, path.format(uuid=grant.uuid))).status_code == status
        listed = (await look(client, "/awards")).text
        await revoke(services, grant)
        gone = (await look(client, path.format(uuid=grant.uuid))).status_code
    assert (grant.note_uri in listed) is (visibility is Visibility.PUBLIC)
    assert gone == (410 if status == 200 else 404)


async def test_unverified_issuers_are_not_shown_in_lists(services: Services, world: World) -> None:
    async with school(services, world) as caller:
        await caller.info("POST", "/issuers", {**ISSUER, "name": "Pretender"})
        await caller.issuer(name="Genuine")
    async with serve(services) as client:
        for path in ("/issuers", "/"):
            page = (await look(client, path)).text
            assert "Genuine" in page
            assert "Pretender" not in page


async def test_linkedin_is_offered_where_the_issuer_has_a_page_there(
    services: Services, world: World
) -> None:
    async with school(services, world) as caller:
        issuer = await caller.issuer(linkedinOrganizationId="1234567")
        badge = await caller.badge(issuer)
        award = await caller.award(badge, expires="2028-03-01")
        plain = await caller.award(world.badge.uuid)
        await run_until_idle(services)
    async with serve(services) as client:
        for path in (f"/awards/{path_of(award)}", f"/awards/{path_of(award)}/share"):
            page = check_page(await look(client, path))
            (link,) = [one for one in page.all("a") if one.text == "Add to LinkedIn Profile"]
            query = {name: values[0] for name, values in parse_qs(urlsplit(link.get("href")).query).items()}
            code = query.pop("certId")
            assert re.fullmatch(r"CRD-\w{8}", code)
            assert query == {
                "startTask": "CERTIFICATION_NAME",
                "name": "Advanced",
                "organizationId": "1234567",
                "issueYear": "2026",
                "issueMonth": "1",
                "expirationYear": "2028",
                "expirationMonth": "3",
                "certUrl": f"{BASE}/awards/{path_of(award)}",
            }
        assert "LinkedIn Profile" not in (await look(client, f"/awards/{path_of(plain)}")).text


async def test_texts_of_strangers_are_escaped(services: Services, world: World) -> None:
    evil = "<script>alert(1)</script>\"'"
    async with school(services, world) as caller:
        badge = await caller.badge(await caller.issuer(name=evil), name=evil, shareText=evil)
        award = await caller.award(badge, recipient={**JANE, "name": evil})
        await run_until_idle(services)
    async with serve(services) as client:
        for path in (
            "/issuers",
            "/badges",
            "/awards",
            f"/awards/{path_of(award)}",
            f"/awards/{path_of(award)}/share",
        ):
            response = await look(client, path)
            check_page(response)
            assert "<script>alert" not in response.text


async def _register(services: Services, world: World, mailbox: Mailbox) -> str:
    """The link in the mail."""
    async with school(services, world) as caller:
        await caller.info("POST", "/issuers", ISSUER)
    return link_in(await last_letter(services, mailbox))


async def is_verified(services: Services) -> bool:
    row = await services.database.one("SELECT verified_at FROM issuers WHERE username = 'example_school'")
    assert row is not None
    return row["verified_at"] is not None


async def press(client: httpx.AsyncClient, link: str, page: Page) -> httpx.Response:
    return await client.post(link, data={"token": page.value("token")}, headers={"accept": BROWSER})


async def test_the_link_verifies_when_its_button_is_pressed(
    services: Services, world: World, mailbox: Mailbox
) -> None:
    link = await _register(services, world, mailbox)
    async with serve(services) as client:
        page = check_page(await look(client, link))
        assert not await is_verified(services)
        forged = await client.post(link, data={"token": "x"}, headers={"accept": BROWSER})
        assert forged.status_code == 403
        assert not await is_verified(services)
        done = await press(client, link, page)
        assert "can issue badges" in check_page(done).text
        assert await is_verified(services)
        assert (await look(client, link)).status_code == 404
    assert "no-store" in done.headers["cache-control"]
    assert loggable_path(urlsplit(link).path).endswith("/…")


async def test_links_that_open_nothing_all_look_the_same(
    services: Services, world: World, mailbox: Mailbox, clock: Clock
) -> None:
    link = await _register(services, world, mailbox)
    nobody = f"{BASE}/verify-issuer/019ad8a4-5f0c-7f3e-9d2b-4a7f9e8d7c6b/{link.rpartition('/')[2]}"
    async with serve(services) as client:
        good = check_page(await look(client, link))
        answers = [await look(client, wrong) for wrong in (f"{link}x", nobody)]
        clock.advance(24 * 3600 + 1)
        answers += [await look(client, link), await press(client, link, good)]
    assert {(answer.status_code, answer.text) for answer in answers} == {(404, answers[0].text)}
    assert not await is_verified(services)


async def test_the_letter_has_code_and_link_in_text_and_html(
    services: Services, world: World, mailbox: Mailbox
) -> None:
    link = await _register(services, world, mailbox)
    letter = mailbox.messages[-1]
    html = letter.get_body(("html",))
    assert html is not None
    assert link in html.get_content()
    assert code_in(letter) in html.get_content()
    assert "Example School" in html.get_content()
