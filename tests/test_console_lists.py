"""Granting by a list at the console: file, columns, trial, start, report."""

from __future__ import annotations

import json

import httpx
import pytest

from badgefed.model.organization import Role
from badgefed.store.organization_grants import list_grants
from badgefed.work.services import Services
from tests.conftest import World
from tests.console import add_person, browse, open_page, sign_in
from tests.html_pages import Page, check_page
from tests.workers import run_until_idle

LISTS = "/console/o/org/lists"
FILE = (
    "Wer;Learner;Irrelevant;mail\r\n"
    "x;Jane;=1+1;jane@mail.example\r\n"
    "x;Mary;;mary@mail.example\r\n"
    "x;Bad;;no address\r\n"
    "x;Jane again;;JANE@mail.example\r\n"
)


async def upload(client: httpx.AsyncClient, data: bytes, **fields: str) -> httpx.Response:
    page = await open_page(client, LISTS)
    return await client.post(
        LISTS, data={"token": page.value("token"), **fields}, files={"file": ("people.csv", data, "text/csv")}
    )


async def names(services: Services, world: World) -> set[str | None]:
    rows = await list_grants(services.database, world.organization.id, now=services.clock(), limit=100)
    return {row.grant.name for row in rows}


def choices(page: Page) -> dict[str, str]:
    """What is chosen in each select of the columns, by its name."""
    found: dict[str, str] = {}
    name = ""
    for element in page.elements:
        if element.tag == "select":
            name = element.get("name")
            found[name] = ""
        if element.tag == "option" and "selected" in element.attributes:
            found[name] = element.get("value")
    return found


async def test_from_the_file_to_the_failed_rows(any_services: Services, any_world: World) -> None:
    services, world = any_services, any_world
    await add_person(services, world, "ivy@example.org", Role.ISSUER)
    async with browse(services) as client:
        await sign_in(client, "ivy@example.org")
        sent = await upload(client, FILE.encode("utf-16"), badge=str(world.badge.id))
        draft = sent.headers["location"]
        page = await open_page(client, draft)
        assert choices(page) == {"column-0": "", "column-1": "name", "column-2": "", "column-3": "email"}
        token = page.value("token")
        chosen = {"column-0": "ignore", "column-1": "name", "column-2": "ignore", "column-3": "ignore"}
        refused = await client.post(draft, data={"token": token, **chosen})
        assert refused.status_code == 400
        assert "Say which column has the e-mail addresses" in check_page(refused).text
        chosen["column-3"] = "email"
        tried = await client.post(draft, data={"token": token, **chosen})
        assert tried.headers["location"] == f"{draft}/trial"
        trial = await open_page(client, f"{draft}/trial")
        assert "2 badges would be granted" in trial.text
        cells = [row.text for row in trial.all("tr")]
        assert "no e-mail address" in cells[1]
        assert "row 1 has the same recipient" in cells[2]
        assert await names(services, world) == set()
        started = await client.post(f"{draft}/start", data={"token": token})
        again = await client.post(f"{draft}/start", data={"token": token})
        assert again.headers["location"] == LISTS
        report = started.headers["location"]
        page = await open_page(client, report)
        assert page.all("progress")
        assert page.all("script")
        await run_until_idle(services)
        page = await open_page(client, report)
        assert not page.all("progress")
        assert "What was not granted" in page.text
        failed = await client.get(f"{report}/failed.csv")
        events = await client.get(f"{report}/events")
        assert report in [one.get("href") for one in (await open_page(client, LISTS)).all("a")]
    assert await names(services, world) == {"Jane", "Mary"}
    assert failed.text.count("\r\n") == 3
    assert "no address" in failed.text
    assert events.headers["content-type"].startswith("text/event-stream")
    data = events.text.partition("data: ")[2].partition("\n")[0]
    assert json.loads(data) == {"done": 4, "total": 4}


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"", "Choose a CSV file."), (b"\n\n", "The file is empty"), (b"a,\x00b\n", "NUL characters")],
)
async def test_what_is_no_file_is_refused(services: Services, world: World, data: bytes, words: str) -> None:
    await add_person(services, world, "ivy@example.org", Role.ISSUER)
    async with browse(services) as client:
        await sign_in(client, "ivy@example.org")
        response = await upload(client, data, badge=str(world.badge.id))
    assert response.status_code == 400
    page = check_page(response)
    assert words in page.text
    assert choices(page)["badge"] == str(world.badge.id)


async def test_a_draft_is_its_uploaders_alone_and_is_forgotten(services: Services, world: World) -> None:
    for name in ("ivy", "eve"):
        await add_person(services, world, f"{name}@example.org", Role.ISSUER)
    async with browse(services) as ivy, browse(services) as eve:
        await sign_in(ivy, "ivy@example.org")
        await sign_in(eve, "eve@example.org")
        draft = (await upload(ivy, FILE.encode())).headers["location"]
        await open_page(eve, draft, status=404)
        newer = (await upload(ivy, FILE.encode())).headers["location"]
        await open_page(ivy, draft, status=404)
        await open_page(ivy, newer)


async def test_viewers_see_lists_and_start_none(services: Services, world: World) -> None:
    await add_person(services, world, "view@example.org", Role.VIEWER)
    async with browse(services) as client:
        await sign_in(client, "view@example.org")
        assert not (await open_page(client, LISTS)).all("input", type="file")
        assert (await upload(client, FILE.encode())).status_code == 403
