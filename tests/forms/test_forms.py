"""Every form: there without scripts, refused from elsewhere, given back with what is wrong, harmless when it is sent twice."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.routing import Route

from badgefed.api.resources import Resource
from badgefed.app import ROUTES, create_app
from badgefed.model.times import HOUR, MINUTE
from badgefed.store.database import Database
from badgefed.store.migrate import open_database
from badgefed.work.services import Services
from tests.access.requests import addresses, fill_in
from tests.conftest import BASE, PreparedWorld, make_services, make_settings
from tests.forms.markup import Control, Form, FormPage, Value
from tests.forms.rows import Bad, Row
from tests.forms.stage import Stage, make_stage, mount, set_record
from tests.forms.table import EXEMPT, ROWS
from tests.html_pages import BROWSER, check_page
from tests.world import START, Clock, Mailbox, Network

# What may be noted of a request that is refused: that somebody was seen, that there was an attempt.
NOTED = frozenset({"sessions", "throttles"})
NOW = START + 2 * HOUR
"""So long after the first keys were made that new ones may be."""
FOREIGN = {"origin": "https://elsewhere.example", "sec-fetch-site": "cross-site"}
_SENTENCE = re.compile(r"\S.*[.?!]", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A store with the stage in it."""

    stage: Stage
    file: Path


@pytest.fixture(scope="module")
def prepared(prepared_world: PreparedWorld, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    folder = tmp_path_factory.mktemp("forms")
    settings = make_settings(folder)
    shutil.copyfile(prepared_world.file, folder / "badgefed.db")

    async def prepare() -> Stage:
        database = await open_database(settings.database_url)
        network, mailbox = Network(), Mailbox()
        services = make_services(settings, database, Clock(now=NOW), network, mailbox)
        try:
            return await make_stage(services, prepared_world.world, network, mailbox)
        finally:
            await database.close()

    with ThreadPoolExecutor(1) as executor:
        stage = executor.submit(lambda: asyncio.run(prepare())).result()
    return Prepared(stage=stage, file=folder / "badgefed.db")


@pytest.fixture
async def served(
    prepared: Prepared, prepared_world: PreparedWorld, tmp_path: Path
) -> AsyncIterator[Services]:
    shutil.copyfile(prepared.file, tmp_path / "badgefed.db")
    settings = make_settings(tmp_path)
    database = await open_database(settings.database_url)
    network = Network()
    mount(network, prepared_world.world)
    services = make_services(settings, database, Clock(now=NOW + MINUTE), network, Mailbox())
    set_record(services, prepared.stage)
    yield services
    await database.close()


@dataclass(frozen=True, kw_only=True)
class Browser:
    """Somebody with a form before them, in a browser without scripts."""

    row: Row
    stage: Stage
    client: httpx.AsyncClient
    database: Database

    def say(self, typed: Mapping[str, Value]) -> dict[str, Value]:
        """What the table types, with the names of the stage."""
        names, route = self.stage.names, self.row.route
        return {
            name: fill_in(names, route, text) if isinstance(text, str) and text.startswith("{") else text
            for name, text in typed.items()
        }

    async def open(self) -> tuple[Form, str]:
        """The form, and the address that it is sent to by the row's button."""
        address = fill_in(self.stage.names, self.row.route, self.row.page or self.row.route)
        if self.row.through:
            response = await self._go_through()
        else:
            response = await self.client.get(address)
        return find_form(self, response)

    async def _go_through(self) -> httpx.Response:
        (row,) = [one for one in ROWS if one.route == self.row.through]
        earlier = Browser(row=row, stage=self.stage, client=self.client, database=self.database)
        form, url = await earlier.open()
        return await self.client.send(form.request(self.client, url, earlier.say(row.typed)))

    async def send(self, form: Form, url: str, typed: Mapping[str, Value], **headers: str) -> httpx.Response:
        pressed = dict([self.row.press]) if self.row.press else {}
        request = form.request(self.client, url, {**self.say(typed), **pressed})
        request.headers.update({"origin": BASE, **headers})
        return await self.client.send(request)

    async def commits(self, *besides: str) -> int:
        """A number that is another one after each change of the store, but for these tables."""
        tables = await self.tables()
        return self.database.changes.commits(tables - NOTED - set(besides))

    async def tables(self) -> set[str]:
        rows = await self.database.all("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {row["name"] for row in rows}

    async def sizes(self) -> dict[str, int]:
        return {
            table: (await self.database.all(f"SELECT COUNT(*) AS n FROM {table}"))[0]["n"]
            for table in await self.tables()
        }


@pytest.fixture
async def browser(row: Row, prepared: Prepared, served: Services) -> AsyncIterator[Browser]:
    transport = httpx.ASGITransport(app=create_app(served), raise_app_exceptions=False)
    async with httpx.AsyncClient(
        transport=transport,
        base_url=BASE,
        headers={"accept": BROWSER, "accept-language": "en"},
        cookies=dict(prepared.stage.cookies[row.sender]),
    ) as client:
        yield Browser(row=row, stage=prepared.stage, client=client, database=served.database)


def name_of(row: Row) -> str:
    return f"{row.route} {row.page} {row.press[1] if row.press else ''}".strip()


with_each_form = pytest.mark.parametrize("row", ROWS, ids=name_of)


def test_the_table_has_every_form() -> None:
    pages = [one for one in ROUTES if isinstance(one, Route) and not isinstance(one.endpoint, Resource)]
    served = {address.removeprefix("POST ") for address, _ in addresses(list(pages)) if address[:4] == "POST"}
    assert {row.route for row in ROWS} | set(EXEMPT) == served
    assert not {row.route for row in ROWS} & set(EXEMPT)


@with_each_form
async def test_a_form_needs_no_script_and_comes_from_its_page_alone(browser: Browser) -> None:
    form, url = await browser.open()
    assert form.element.get("method") == "post"
    assert form.buttons
    assert all(one.has_label for one in form.controls if one.kind != "hidden")
    visible = {one.name for one in form.controls if one.kind != "hidden"}
    assert set(browser.row.typed) | {name for bad in browser.row.bad for name in bad.typed} <= visible
    before = await browser.commits()
    without = {**browser.row.typed, "token": ""}
    for typed, headers in ((without, {}), (without | {"token": "x" * 43}, {}), (browser.row.typed, FOREIGN)):
        response = await browser.send(form, url, typed, **headers)
        check_page(response)
        assert response.status_code == 403
        assert await browser.commits() == before


@with_each_form
async def test_bad_input_comes_back_with_what_is_wrong(browser: Browser) -> None:
    for bad in browser.row.bad:
        form, url = await browser.open()
        before = await browser.commits(*bad.counts)
        typed = {**browser.row.typed, **bad.typed}
        response = await browser.send(form, url, typed)
        german = await browser.send(form, url, typed, **{"accept-language": "de"})
        assert (response.status_code, german.status_code) == (bad.status, bad.status), bad
        assert await browser.commits(*bad.counts) == before, bad
        said = check_given_back(browser, bad, response)
        assert said != check_given_back(browser, bad, german), bad


def check_given_back(browser: Browser, bad: Bad, response: httpx.Response) -> str:
    """The form is there with what was typed; what it says at the field."""
    check_page(response)
    form, _ = find_form(browser, response)
    for name, text in browser.say({**browser.row.typed, **bad.typed}).items():
        kept = [one for one in form.named(name) if one.kind not in ("password", "file", "radio", "select")]
        assert not kept or kept[0].value == text, (bad, name, kept[0].value)
    controls = form.named(bad.field)
    assert any(is_marked(one) for one in controls), bad
    said = FormPage(response.text).error_at(controls[0])
    assert _SENTENCE.fullmatch(said), (bad, said)
    return said


def is_marked(control: Control) -> bool:
    return "true" in (
        control.element.get("aria-invalid"),
        control.group and control.group.get("aria-invalid"),
    )


@with_each_form
async def test_a_form_that_is_sent_twice_does_no_harm(browser: Browser) -> None:
    form, url = await browser.open()
    cookies = dict(browser.client.cookies)
    done = await browser.send(form, url, browser.row.typed)
    assert done.status_code == browser.row.status, heading(done)
    sizes = await browser.sizes()
    browser.client.cookies = httpx.Cookies(cookies)
    again = await browser.send(form, url, browser.row.typed)
    assert again.status_code == browser.row.again, heading(again)
    if again.status_code != 303:
        check_page(again)
    grown = {name for name, size in (await browser.sizes()).items() if size > sizes[name]}
    assert grown == browser.row.adds


def heading(response: httpx.Response) -> str:
    return FormPage(response.text).text[:400] if response.text else ""


def find_form(browser: Browser, response: httpx.Response) -> tuple[Form, str]:
    """The row's form on a page, and its address."""
    row = browser.row
    pattern = re.sub(r"{\w+}", "[^/]+", row.route)
    assert response.headers["content-type"] == "text/html; charset=utf-8", response.headers
    about = browser.say(row.about)
    for form in FormPage(response.text, url=str(response.url)).forms:
        values = {one.name: one.value for one in form.controls}
        pressed = {(one.get("name"), one.get("value")) for one in form.buttons}
        found = [url for url in form.urls if re.fullmatch(pattern, urlsplit(url).path)]
        if found and about.items() <= values.items() and (row.press is None or row.press in pressed):
            return form, found[0]
    raise AssertionError(f"no form for {row.route} at {response.url}: {response.status_code}")
