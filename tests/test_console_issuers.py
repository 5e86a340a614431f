"""Issuers at the console: making them, their profiles, the proofs of address and website, keys, deleting them."""

from __future__ import annotations

import io
from typing import Any

import httpx
import pytest
from PIL import Image

from badgefed.issuing.issuers import NewIssuer, create_issuer
from badgefed.issuing.organizations import change_organization
from badgefed.model.audit import COMMAND
from badgefed.model.issuer import Issuer
from badgefed.model.organization import Role
from badgefed.model.times import HOUR, SECOND
from badgefed.model.visibility import Posting
from badgefed.net.transport import Request, Response
from badgefed.store import audit, issuers
from badgefed.work.services import Services
from tests.api import make_stranger
from tests.conftest import World
from tests.console import add_person, browse, open_page, sign_in, submit
from tests.html_pages import Page, check_page
from tests.issuers_api import code_in, last_letter
from tests.world import Clock, Mailbox, Network, answer

ROOT = "/console/o/org/issuers"
OWNER = "chief@example.org"
CLUB = {
    "username": "club",
    "name": "The Club",
    "summary": "We climb.",
    "url": "https://club.example/",
    "email": OWNER,
    "colour": "#0b7285",
    "posting": "public",
    "linkedin_organization_id": "",
}


def png(colour: str = "navy") -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(written, "PNG")
    return written.getvalue()


@pytest.fixture(autouse=True)
async def staff(services: Services, world: World) -> None:
    await add_person(services, world, OWNER, Role.OWNER)


async def find(services: Services, username: str) -> Issuer:
    issuer = await issuers.find_issuer(services.database, username)
    assert issuer is not None
    return issuer


async def create(client: httpx.AsyncClient, **changes: str) -> httpx.Response:
    page = await open_page(client, f"{ROOT}/new")
    hidden = {"token": page.value("token"), "once": page.value("once")}
    return await client.post(f"{ROOT}/new", data={**hidden, **CLUB, **changes})


async def actions(services: Services, world: World) -> list[str]:
    entries = await audit.list_entries(
        services.database, organization_id=world.organization.id, kind="issuer", limit=50
    )
    return [entry.action for entry in reversed(entries)]


async def test_an_issuer_with_ones_own_address_is_verified_at_once(services: Services, world: World) -> None:
    async with browse(services) as client:
        await sign_in(client, OWNER)
        page = await open_page(client, f"{ROOT}/new")
        assert page.value("email") == OWNER
        response = await create(client)
        club = await find(services, "club")
        assert response.headers["location"] == f"{ROOT}/{club.uuid}?done=created"
        shown = await open_page(client, response.headers["location"])
        for text in ("The issuer is there", "@club@badges.example", "We climb.", "Verified", "Publicly"):
            assert text in shown.text
        listed = await open_page(client, ROOT)
        assert "The Club" in listed.text
        assert "1 badge, 0 followers" in listed.text
    assert club.is_verified
    assert (club.colour, club.posting, club.url) == ("#0b7285", Posting.PUBLIC, "https://club.example/")
    assert (await actions(services, world))[-2:] == ["issuer.create", "issuer.verify"]


async def test_the_form_that_comes_twice_makes_one_issuer(services: Services, world: World) -> None:
    async with browse(services) as client:
        await sign_in(client, OWNER)
        page = await open_page(client, f"{ROOT}/new")
        form = {"token": page.value("token"), "once": page.value("once"), **CLUB}
        answers = [await client.post(f"{ROOT}/new", data=form) for _ in range(2)]
    assert len({one.headers["location"] for one in answers}) == 1
    assert await issuers.count_issuers(services.database) == 2


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"username": "The Club"}, "username", "1 to 30 of the characters"),
        ({"username": "org"}, "username", "is or was taken"),
        ({"name": ""}, "name", "Give the issuer a name"),
        ({"url": "club"}, "url", "https://example.org"),
        ({"email": ""}, "email", "needs an e-mail address"),
        ({"email": "nobody"}, "email", "mail"),
        ({"posting": "loud"}, "posting", "quietly or publicly"),
        ({"colour": "blue"}, "colour", "#2f6fed"),
        ({"linkedin_organization_id": "x"}, "linkedin_organization_id", "digits only"),
    ],
)
async def test_what_is_wrong_comes_back_with_what_was_typed_and_the_error_at_its_field(
    services: Services, world: World, changes: dict[str, str], field: str, words: str
) -> None:
    async with browse(services) as client:
        await sign_in(client, OWNER)
        response = await create(client, summary="Typed with care", **changes)
        page = check_page(response)
    assert response.status_code in (400, 409)
    (error,) = [one for one in page.elements if one.get("id") == f"error-{field}"]
    assert words in error.text
    assert "Typed with care" in page.text
    if field != "posting":
        (wrong,) = [one for one in page.elements if one.get("aria-invalid") == "true"]
        assert (wrong.get("name"), wrong.get("aria-describedby")) == (field, f"error-{field}")
    assert await issuers.count_issuers(services.database) == 1


async def test_a_plan_has_an_end(services: Services, world: World) -> None:
    await change_organization(services, "org", plan="free", by=COMMAND)
    async with browse(services) as client:
        await sign_in(client, OWNER)
        assert (await create(client)).status_code == 303
        refused = await create(client, username="other")
        assert refused.status_code == 403
        assert "issuer limit reached for your plan" in check_page(refused).text
        assert 'value="other"' in refused.text


async def test_another_address_is_proved_by_the_code_from_the_mail(
    services: Services, world: World, mailbox: Mailbox
) -> None:
    async with browse(services) as client:
        await sign_in(client, OWNER)
        page_url = (await create(client, email="post@club.example")).headers["location"].partition("?")[0]
        assert "post@club.example" in (await open_page(client, page_url)).text
        first = code_in(await last_letter(services, mailbox))
        wrong = await submit(client, page_url, f"{page_url}/verify", code="AAAA-AAAA")
        assert wrong.status_code == 400
        assert "isn't the code" in check_page(wrong).text
        again = await submit(client, page_url, f"{page_url}/send-code")
        assert again.headers["location"] == f"{page_url}?done=sent"
        second = code_in(await last_letter(services, mailbox))
        assert (await submit(client, page_url, f"{page_url}/verify", code=first)).status_code == 400
        done = await submit(client, page_url, f"{page_url}/verify", code=second)
        assert done.headers["location"] == f"{page_url}?done=verified"
        assert (await find(services, "club")).is_verified
        for path in ("verify", "send-code"):
            repeated = await submit(client, page_url, f"{page_url}/{path}", code=second)
            assert repeated.status_code == 303


async def test_a_profile_is_changed_and_followers_hear_of_it(services: Services, world: World) -> None:
    url = f"{ROOT}/{world.issuer.uuid}"
    before = await find(services, "org")
    async with browse(services) as client:
        await sign_in(client, OWNER)
        form = await open_page(client, f"{url}/edit")
        assert form.value("name") == "The Organization"
        assert not form.all("input", name="username")
        sent = {**CLUB, "token": form.value("token"), "name": "New Name"}
        picture = {"image": ("a.png", png(), "image/png")}
        answers = [await client.post(f"{url}/edit", data=sent, files=picture) for _ in range(2)]
        assert {one.headers["location"] for one in answers} == {f"{url}?done=changed"}
        after = await find(services, "org")
        assert (after.name, after.summary, after.url, after.email) == (
            "New Name",
            "We climb.",
            "https://club.example/",
            OWNER,
        )
        assert (after.image_generated, after.is_verified) == (False, True)
        assert after.image_id != before.image_id
        await client.post(f"{url}/edit", data={**sent, "draw": "yes"})
        assert (await find(services, "org")).image_generated
        locked = await client.post(f"{url}/edit", data={**sent, "email": "other@club.example"})
        assert locked.status_code == 400
        assert "once the issuer is verified" in check_page(locked).text
        bad = await client.post(f"{url}/edit", data=sent, files={"image": ("a.png", b"no", "image/png")})
        page = check_page(bad)
        assert [one for one in page.elements if one.get("id") == "error-image"]
    updates = await services.database.all(
        "SELECT body FROM activities WHERE activity_type = 'Update' AND object_uri = ?", after.actor_id
    )
    assert any(b"New Name" in row["body"] for row in updates)


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ('<a rel="me" href="https://badges.example/actor/org">us</a>', None),
        ('<a href="https://badges.example/actor/org">us</a>', "has no link back"),
        ('<link rel="me" href="https://badges.example/actor/other">', "has no link back"),
        (None, "could not be read"),
    ],
)
async def test_a_website_is_verified_by_its_link_back(
    services: Services, world: World, network: Network, html: str | None, words: str | None
) -> None:
    async def site(_request: Request) -> Response:
        return answer(200, (html or "").encode(), "text/html") if html else answer(500)

    network.mount("club.example", site)
    url = f"{ROOT}/{world.issuer.uuid}"
    async with browse(services) as client:
        await sign_in(client, OWNER)
        page = await open_page(client, f"{url}/edit")
        sent = {**CLUB, "token": page.value("token")}
        await client.post(f"{url}/edit", data=sent)
        response = await submit(client, url, f"{url}/website")
        if words is None:
            assert response.headers["location"] == f"{url}?done=website"
            assert "links back" in (await open_page(client, url)).text
            await client.post(f"{url}/edit", data={**sent, "url": "https://elsewhere.example/"})
            assert (await find(services, "org")).url_verified_at is None
        else:
            assert response.status_code == 422
            assert words in check_page(response).text
            assert (await find(services, "org")).url_verified_at is None


async def test_keys_are_changed_by_owners_once_per_form(
    services: Services, world: World, clock: Clock
) -> None:
    url = f"{ROOT}/{world.issuer.uuid}"
    async with browse(services) as client:
        await sign_in(client, OWNER)
        early = await submit(client, f"{url}/keys", f"{url}/keys", number="1")
        assert early.status_code == 429
        assert "less than an hour old" in check_page(early).text
        clock.advance(HOUR / SECOND)
        page = await open_page(client, f"{url}/keys")
        form = {"token": page.value("token"), "number": page.value("number")}
        first, second = [await client.post(f"{url}/keys", data=form) for _ in range(2)]
        assert first.headers["location"] == f"{url}?done=keys"
        assert second.headers["location"] == url
        assert "has new keys" in (await open_page(client, f"{url}?done=keys")).text
    assert (await services.keyring.rsa(world.issuer.id)).key_id.endswith("#main-key-2")


async def test_an_issuer_goes_only_while_it_has_nothing(services: Services, world: World) -> None:
    club = await create_issuer(
        services, organization_id=world.organization.id, new=NewIssuer(username="club", name="The Club")
    )
    async with browse(services) as client:
        await sign_in(client, OWNER)
        refused = await submit(
            client, f"{ROOT}/{world.issuer.uuid}/delete", f"{ROOT}/{world.issuer.uuid}/delete"
        )
        assert refused.status_code == 400
        assert "has badges or awards" in check_page(refused).text
        page = await open_page(client, f"{ROOT}/{club.uuid}/delete")
        form = {"token": page.value("token")}
        answers = [await client.post(f"{ROOT}/{club.uuid}/delete", data=form) for _ in range(2)]
        assert [one.headers["location"] for one in answers] == [f"{ROOT}?done=deleted", ROOT]
        await open_page(client, f"{ROOT}/{club.uuid}", 404)
    row = await services.database.one(
        "SELECT body FROM activities WHERE activity_type = 'Delete' AND object_uri = ?", club.actor_id
    )
    assert row is not None


async def test_issuers_of_others_are_not_there(services: Services, world: World) -> None:
    other = await make_stranger(services, world)
    async with browse(services) as client:
        await sign_in(client, OWNER)
        for path in ("", "/edit", "/keys", "/delete"):
            await open_page(client, f"{ROOT}/{other.issuer.uuid}{path}", 404)


def links_of(page: Page) -> list[Any]:
    return [one.get("href") for one in page.all("a")]


async def test_viewers_see_no_way_to_change_anything(services: Services, world: World) -> None:
    await add_person(services, world, "viewer@example.org", Role.VIEWER)
    async with browse(services) as client:
        await sign_in(client, "viewer@example.org")
        for url in (ROOT, f"{ROOT}/{world.issuer.uuid}"):
            page = await open_page(client, url)
            assert not [one for one in links_of(page) if one.endswith(("/new", "/edit", "/keys", "/delete"))]
            assert [one.get("action") for one in page.all("form")] == ["/console/sign-out"]
