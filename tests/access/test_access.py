"""Every route for everybody: strangers, wrong keys, keys without scope, other organizations, people who are out, viewers."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import httpx
import pytest

from badgefed.api.errors import CODES
from badgefed.app import ROUTES, create_app
from badgefed.store.database import Database
from badgefed.store.migrate import open_database
from badgefed.work.services import Services
from tests.access.doors import SAME, THEIRS, Row, Tongue
from tests.access.people import Pass, Scene, Who, make_scene
from tests.access.requests import addresses, fill_in, knock
from tests.access.table import ROWS
from tests.access.things import SECRET
from tests.conftest import BASE, PreparedWorld, make_services, make_settings
from tests.html_pages import Page
from tests.world import Clock, Mailbox, Network

# What may be noted of a request that is refused: that a key was used, that somebody was seen, that there was an attempt.
NOTED = frozenset({"api_keys", "sessions", "throttles"})
OUR_OWN = {Who.VIEWER_SESSION, Who.VIEWER_TOKEN, Who.VIEWER_KEY, Who.OWNER, Who.UNSCOPED}


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A store with the scene in it."""

    scene: Scene
    file: Path


@pytest.fixture(scope="module")
def stage(prepared_world: PreparedWorld, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    folder = tmp_path_factory.mktemp("access")
    settings = make_settings(folder)
    shutil.copyfile(prepared_world.file, folder / "badgefed.db")

    async def prepare() -> Scene:
        database = await open_database(settings.database_url)
        mailbox = Mailbox()
        services = make_services(settings, database, Clock(), Network(), mailbox)
        scene = await make_scene(services, prepared_world.world, mailbox)
        await database.close()
        return scene

    with ThreadPoolExecutor(1) as executor:
        scene = executor.submit(lambda: asyncio.run(prepare())).result()
    return Stage(scene=scene, file=folder / "badgefed.db")


@pytest.fixture
async def served(stage: Stage, tmp_path: Path) -> AsyncIterator[Services]:
    shutil.copyfile(stage.file, tmp_path / "badgefed.db")
    settings = make_settings(tmp_path)
    database = await open_database(settings.database_url)
    yield make_services(settings, database, Clock(), Network(), Mailbox())
    await database.close()


def test_the_table_has_every_route_once() -> None:
    rows = [(row.address, row.browsers) for row in ROWS]
    assert len(rows) == len(set(rows))
    assert set(rows) == set(addresses(ROUTES))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.address}{' (page)' if row.browsers else ''}")
async def test_everybody_gets_what_the_table_says(row: Row, stage: Stage, served: Services) -> None:
    app = create_app(served)
    answers: dict[Who, httpx.Response] = {}
    tables = await _tables(served.database)
    for number, who in enumerate(Who):
        transport = httpx.ASGITransport(
            app=app, client=(f"192.0.2.{number}", 40000), raise_app_exceptions=False
        )
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
            before = served.database.changes.commits(tables)
            is_page = row.tongue is Tongue.PAGE and (row.browsers or _is_page(row))
            answers[who] = await knock(
                client, stage.scene.names, row.address, _pass_of(stage.scene, row, who), is_page=is_page
            )
        if answers[who].status_code >= 300:
            assert served.database.changes.commits(tables) == before, who
    for who, response in answers.items():
        _check(row, who, response, answers[Who.OWNER], stage.scene)


def _is_page(row: Row) -> bool:
    return not any(word in row.cells[Who.OWNER] for word in ("json", "image", "text/plain"))


async def _tables(database: Database) -> list[str]:
    rows = await database.all("SELECT name FROM sqlite_master WHERE type = 'table'")
    return [row["name"] for row in rows if row["name"] not in NOTED]


def _pass_of(scene: Scene, row: Row, who: Who) -> Pass:
    if who is Who.UNSCOPED:
        return scene.unscoped[row.scope or "badges:read"]
    return scene.passes[who]


def _check(row: Row, who: Who, response: httpx.Response, owner: httpx.Response, scene: Scene) -> None:
    cell = row.cells[who]
    shown = (who, response.status_code, response.text[:500])
    if who not in OUR_OWN and cell != row.cells[Who.OWNER]:
        assert SECRET not in response.text or (who is Who.FOREIGN and cell == THEIRS), shown
    if cell == SAME:
        assert (response.status_code, response.content) == (owner.status_code, owner.content), shown
    elif cell == THEIRS:
        assert (response.status_code, response.content != owner.content) == (owner.status_code, True), shown
    else:
        status, _, words = cell.partition(" ")
        assert response.status_code == int(status), shown
        _check_words(row, who, response, int(status), words, scene)


def _check_words(row: Row, who: Who, response: httpx.Response, status: int, words: str, scene: Scene) -> None:
    if status == 303:
        own = "other" if who is Who.FOREIGN else "org"
        location = unquote(response.headers["location"])
        assert location == fill_in(scene.names, row.address.partition(" ")[2], words.replace("{own}", own)), (
            who
        )
    elif re.fullmatch(r"[a-z]+/[a-z+-]+", words):
        assert response.headers["content-type"].partition(";")[0] == words, who
    elif row.tongue is Tongue.PAGE:
        assert words in " ".join(Page(response.text).text.split()), (who, Page(response.text).text)
    elif words:
        assert response.json() == refusal(row.tongue, status, words, response), who


def refusal(tongue: Tongue, status: int, words: str, response: httpx.Response) -> dict[str, object]:
    """The whole body in which an API says no."""
    if tongue is Tongue.CODED:
        return {"error": CODES[status], "message": words}
    return {"error": words}
