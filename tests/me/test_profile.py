"""The public profile: what a holder shows, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from badgefed.issuing import grants
from badgefed.model.holder import RESERVED_HANDLES
from badgefed.model.visibility import Visibility
from badgefed.net.transport import Request, Response
from badgefed.work.services import Services
from tests.conftest import BASE, World
from tests.html_pages import check_page
from tests.me.browsing import JANE, browse, collection, follow, links_to, own, post, sign_in
from tests.me.test_collection import another_world
from tests.verification.school import EMAIL, School
from tests.workers import run_until_idle
from tests.world import Mailbox, Network, answer

PAGE = "/me/profile"
SITE = "https://jane.example/about"


async def save(client: httpx.AsyncClient, **fields: str) -> httpx.Response:
    return await post(client, PAGE, PAGE, **{"handle": "jane", "public": "1", **fields})


async def test_it_shows_what_is_public_in_the_holders_order(
    any_services: Services, any_world: World, mailbox: Mailbox
) -> None:
    services = any_services
    shown = {}
    for title, visibility in (
        ("First", Visibility.PUBLIC),
        ("Second", Visibility.PUBLIC),
        ("Unlisted one", Visibility.UNLISTED),
        ("Private one", Visibility.PRIVATE),
        ("Kept off", Visibility.PUBLIC),
        ("Suspended one", Visibility.PUBLIC),
        ("Revoked one", Visibility.PUBLIC),
    ):
        world = await another_world(services, any_world, title)
        shown[title] = await own(services, world, visibility=visibility)

    async def change(tx: Any) -> None:
        await grants.suspend(tx, shown["Suspended one"].id, reason="x", now=services.clock())
        await grants.revoke(tx, shown["Revoked one"].id, reason="x", now=services.clock())

    await services.database.write(change)
    async with browse(services) as client, browse(services, address="192.0.2.9") as stranger:
        assert (await stranger.get("/u/jane")).status_code == 404
        await sign_in(services, client, mailbox)
        saved = await save(client, name="Jane Doe", bio="I make things.\nAll day.")
        assert (saved.status_code, saved.headers["location"]) == (303, f"{PAGE}?notice=saved")
        token = (await collection(client)).value("token")
        hide = f"/me/badges/{shown['Kept off'].uuid}/hide"
        assert (await client.post(hide, data={"token": token, "hidden": "1"})).status_code == 303
        first = f"/me/badges/{shown['First'].uuid}/move"
        assert (await client.post(first, data={"token": token, "direction": "first"})).status_code == 303
        assert "not on your profile" in (await collection(client)).text
        response = await stranger.get("/u/jane")
        page = check_page(response)
        assert response.headers["x-robots-tag"] == "noindex"
        for text in ("Jane Doe", "I make things."):
            assert text in page.text
        assert page.text.index("First") < page.text.index("Second")
        for title in ("Unlisted one", "Private one", "Kept off", "Suspended one", "Revoked one"):
            assert title not in page.html, title
        assert JANE not in page.html
        feed = (await stranger.get("/u/jane/feed.json")).json()
        assert [item["url"] for item in feed["items"]] == [
            shown["Second"].note_uri,
            shown["First"].note_uri,
        ]
        assert (await stranger.get("/u/jane/feed.atom")).status_code == 200
        again = await stranger.get("/u/JANE")
        assert (again.status_code, again.headers["location"]) == (301, f"{BASE}/u/jane")
        await client.post(hide, data={"token": token, "hidden": "0"})
        assert "Kept off" in check_page(await stranger.get("/u/jane")).text


async def test_it_can_be_switched_off_and_on(services: Services, world: World, mailbox: Mailbox) -> None:
    await own(services, world)
    async with browse(services) as client:
        await sign_in(services, client, mailbox)
        await save(client, indexed="1")
        assert "x-robots-tag" not in (await client.get("/u/jane")).headers
        await save(client, public="")
        assert (await client.get("/u/jane")).status_code == 404
        assert (await client.get("/u/jane/feed.json")).status_code == 404
        assert "switched off" in check_page(await client.get(PAGE)).text
        await save(client, handle="jane-d")
        assert (await client.get("/u/jane")).status_code == 404
        assert (await client.get("/u/jane-d")).status_code == 200


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"handle": ""}, "2 to 30 letters"),
        ({"handle": "jane doe"}, "2 to 30 letters"),
        ({"handle": "jäne"}, "2 to 30 letters"),
        ({"handle": "-jane"}, "2 to 30 letters"),
        ({"handle": "j" * 31}, "2 to 30 letters"),
        ({"handle": "Admin"}, "reserved"),
        ({"handle": "org"}, "Somebody else has this name"),
        ({"name": "n" * 81}, "At most 80"),
        ({"bio": "b" * 501}, "At most 500"),
        ({"link0": "javascript:alert(1)"}, "is no web address"),
        ({"link0": "https://jane@evil.example/"}, "is no web address"),
    ],
)
async def test_bad_input_comes_back_with_what_was_typed(
    services: Services, world: World, mailbox: Mailbox, fields: dict[str, str], sentence: str
) -> None:
    await own(services, world)
    async with browse(services) as client:
        await sign_in(services, client, mailbox)
        response = await save(client, **fields)
        page = check_page(response)
        assert response.status_code in (400, 409)
        assert sentence in page.text
        [typed] = fields.values()
        assert typed in page.html
        assert (await client.get("/u/jane")).status_code == 404


async def test_a_name_is_one_persons(services: Services, world: World, mailbox: Mailbox) -> None:
    await own(services, world)
    await own(services, world, email="june@example.org")
    async with browse(services) as jane, browse(services, address="192.0.2.9") as june:
        await sign_in(services, jane, mailbox)
        await sign_in(services, june, mailbox, "june@example.org")
        assert (await save(jane)).status_code == 303
        assert (await save(june)).status_code == 409
        assert (await save(jane, name="Still me")).status_code == 303
        assert (await save(june, handle="june")).status_code == 303
        taken = await save(june, handle="jane")
        assert "Somebody else has this name" in check_page(taken).text
        assert (await june.get("/u/june")).status_code == 200


async def test_names_that_could_deceive_are_reserved() -> None:
    assert {"admin", "support", "security", "official"} <= RESERVED_HANDLES


async def test_links_are_checked(
    services: Services, world: World, mailbox: Mailbox, network: Network
) -> None:
    pages = {"body": b"<a href='https://badges.example/u/jane'>Badges</a>"}

    async def site(request: Request) -> Response:
        return answer(200, pages["body"], "text/html")

    network.mount("jane.example", site)
    await own(services, world)
    async with browse(services) as client:
        await sign_in(services, client, mailbox)
        await save(client, link0=SITE, link2="https://gone.example/")
        public = check_page(await client.get("/u/jane"))
        assert "Checked on" not in public.text
        [link] = [a for a in public.all("a") if a.get("href") == SITE]
        assert {"me", "nofollow", "ugc", "noopener"} <= set(link.get("rel").split())
        refused = await post(client, PAGE, f"{PAGE}/check", url=SITE)
        assert refused.status_code == 422
        assert "has no link back" in check_page(refused).text
        pages["body"] = b"<a rel='me nofollow' href='https://badges.example/u/jane'>Badges</a>"
        assert (await post(client, PAGE, f"{PAGE}/check", url=SITE)).status_code == 303
        assert "Checked on" in check_page(await client.get("/u/jane")).text
        unreachable = await post(client, PAGE, f"{PAGE}/check", url="https://gone.example/")
        assert "could not be read" in check_page(unreachable).text
        assert (await post(client, PAGE, f"{PAGE}/check", url="https://x.example/")).status_code == 404
        await save(client, link0=SITE, name="Jane")
        assert "Checked on" in check_page(await client.get("/u/jane")).text
        pages["body"] = b"nothing"
        await post(client, PAGE, f"{PAGE}/check", url=SITE)
        assert "Checked on" not in check_page(await client.get("/u/jane")).text


async def test_badges_from_elsewhere_are_shown_if_chosen(
    services: Services, world: World, mailbox: Mailbox, network: Network
) -> None:
    school = School(network=network)
    await own(services, world, email=EMAIL)
    async with browse(services) as client:
        await sign_in(services, client, mailbox, EMAIL)
        await save(client)
        imported = await post(client, "/me", "/me/imported", badge=json.dumps(school.credential()))
        path = imported.headers["location"]
        assert "Printmaster" not in (await client.get("/u/jane")).text
        assert (await post(client, path, f"{path}/show", shown="1")).status_code == 303
        page = check_page(await client.get("/u/jane"))
        assert "Printmaster" in page.text
        assert "Checked on" in page.text
        await post(client, path, f"{path}/show", shown="0")
        assert "Printmaster" not in (await client.get("/u/jane")).text


async def test_what_people_type_is_never_markup(services: Services, world: World, mailbox: Mailbox) -> None:
    await own(services, world)
    evil = '"><script>alert(1)</script>'
    async with browse(services) as client:
        await sign_in(services, client, mailbox)
        await save(client, name=evil, bio=evil, link0='https://x.example/"><script>')
        response = await client.get("/u/jane")
        page = check_page(response) if response.status_code == 200 else check_page(await client.get(PAGE))
    assert "<script>alert" not in page.html


async def test_two_holders_who_become_one_keep_one_profile(
    any_services: Services, any_world: World, mailbox: Mailbox
) -> None:
    services = any_services
    await own(services, any_world)
    await own(services, any_world, email="june@example.org")
    async with browse(services) as client, browse(services, address="192.0.2.9") as june:
        await sign_in(services, june, mailbox, "june@example.org")
        await save(june, handle="june", link0="https://june.example/")
        await sign_in(services, client, mailbox)
        await post(client, "/me", "/me/identities", identity="june@example.org")
        await run_until_idle(services)
        assert (await follow(client, links_to(mailbox, "june@example.org")[-1])).status_code == 303
        page = check_page(await client.get(PAGE))
        assert page.value("handle") == "june"
        assert page.value("link0") == "https://june.example/"
        public = check_page(await client.get("/u/june"))
    assert len([a for a in public.all("a") if "/statuses/" in a.get("href")]) == 2


async def test_the_export_has_it(services: Services, world: World, mailbox: Mailbox) -> None:
    await own(services, world)
    async with browse(services) as client:
        await sign_in(services, client, mailbox)
        await save(client, bio="I make things.", link0=SITE)
        data = (await client.get("/me/export.json")).json()
    assert data["public_profiles"][0]["bio"] == "I make things."
    assert data["public_profile_links"][0]["url"] == SITE
