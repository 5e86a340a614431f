"""A collection of more badges than a page has room for."""

from __future__ import annotations

import json

import httpx
import pytest

from badgefed.model.grant import Grant
from badgefed.web.me.shelf import PER_PAGE
from badgefed.work.services import Services
from tests.conftest import World
from tests.html_pages import Page, check_page
from tests.lookers import copy
from tests.me.browsing import browse, collection, offer, own, sign_in
from tests.me.test_collection import another_world
from tests.verification.school import EMAIL, School
from tests.world import Mailbox, Network

HELD = 2 * PER_PAGE + 3
UNIQUE = ("uuid", "code", "note_id", "note_uri", "active_recipient")


@pytest.fixture
async def owned(services: Services, world: World) -> Grant:
    """The oldest of so many."""
    grant = await own(services, world)
    await copy(services, "grants", grant.id, HELD - 1, *UNIQUE)
    return grant


def badges_of(page: Page) -> list[str]:
    """UUIDs, in the order of the page."""
    ids = [element.get("id") for element in page.all("li")]
    return [name.removeprefix("badge-") for name in ids if name.startswith("badge-")]


def leads(page: Page, section: str) -> list[str]:
    """Where the pages beside this one are."""
    links = [link.get("href") for link in page.all("a")]
    return [link for link in links if link.startswith("/me?at=") and link.endswith(f"#{section}")]


async def turn_all(client: httpx.AsyncClient) -> list[Page]:
    pages = [await collection(client)]
    while len(leads(pages[-1], "held")) > (len(pages) > 1):
        pages.append(check_page(await client.get(leads(pages[-1], "held")[-1])))
    return pages


async def move(client: httpx.AsyncClient, token: str, uuid: str, direction: str) -> Page:
    """The page that the browser is sent to."""
    sent = await client.post(f"/me/badges/{uuid}/move", data={"token": token, "direction": direction})
    location = sent.headers["location"]
    assert (sent.status_code, location.endswith(f"#badge-{uuid}")) == (303, True)
    return check_page(await client.get(location))


async def test_all_badges_stand_on_some_page(
    services: Services, world: World, owned: Grant, mailbox: Mailbox
) -> None:
    waiting = "Waiting for your answer"
    await offer(services, await another_world(services, world, "Waiting one"))
    async with browse(services) as client:
        await sign_in(services, client, mailbox)
        first, second, third = pages = await turn_all(client)
        back = check_page(await client.get(leads(third, "held")[0]))
        lost = check_page(await client.get("/me?at=nothing"))
    grants = await services.database.all(
        "SELECT uuid FROM grants WHERE status = 'processed' ORDER BY id DESC"
    )
    assert [uuid for page in pages for uuid in badges_of(page)] == [grant["uuid"] for grant in grants]
    assert [len(badges_of(page)) for page in pages] == [PER_PAGE, PER_PAGE, 3]
    assert [waiting in page.text for page in pages] == [True, False, False]
    assert badges_of(back) == badges_of(second)
    assert badges_of(lost) == badges_of(first)
    ups, downs = ([len(page.all("button", value=way)) for page in pages] for way in ("up", "down"))
    assert (ups, downs) == ([PER_PAGE - 1, PER_PAGE, 3], [PER_PAGE, PER_PAGE, 2])


async def test_badges_are_moved_from_page_to_page(services: Services, owned: Grant, mailbox: Mailbox) -> None:
    async with browse(services) as client:
        await sign_in(services, client, mailbox)
        pages = await turn_all(client)
        token, order = pages[0].value("token"), [uuid for page in pages for uuid in badges_of(page)]
        last, following = order[PER_PAGE - 1 : PER_PAGE + 1]
        moved = badges_of(await move(client, token, last, "down"))
        assert moved == [last, *order[PER_PAGE + 1 : 2 * PER_PAGE]]
        moved = badges_of(await move(client, token, last, "up"))
        assert moved == order[:PER_PAGE]
        moved = badges_of(await move(client, token, following, "up"))
        assert moved == [*order[: PER_PAGE - 1], following]
        moved = badges_of(await move(client, token, owned.uuid, "first"))
        assert moved == [owned.uuid, *order[: PER_PAGE - 1]]
        assert sorted(uuid for page in await turn_all(client) for uuid in badges_of(page)) == sorted(order)


async def test_badges_from_elsewhere_have_pages_of_their_own(
    services: Services, owned: Grant, mailbox: Mailbox, network: Network
) -> None:
    school = School(network=network)
    async with browse(services) as client:
        await sign_in(services, client, mailbox, EMAIL)
        token = (await collection(client)).value("token")
        await client.post("/me/imported", data={"token": token, "badge": json.dumps(school.credential())})
        [row] = await services.database.all("SELECT id, uuid FROM external_badges")
        await copy(services, "external_badges", row["id"], PER_PAGE, "uuid", "badge_key")
        first = await collection(client)
        [further] = leads(first, "brought")
        second = check_page(await client.get(further))
    assert len([a for a in first.all("a") if a.get("href").startswith("/me/imported/")]) == PER_PAGE
    assert [a.get("href") for a in second.all("a") if a.get("href").startswith("/me/imported/")] == [
        f"/me/imported/{row['uuid']}"
    ]
    assert badges_of(second) == badges_of(first)
