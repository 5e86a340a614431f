"""Every route for everybody: strangers, wrong keys, keys without scope, other organizations, people who are out, each role."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import unquote

import httpx
import pytest
import pytest_asyncio

from badgefed.api.errors import CODES
from badgefed.app import ROUTES
from tests.access.doors import SAME, THEIRS, Row, Tongue
from tests.access.house import House, Stage, open_house
from tests.access.people import Scene, Who
from tests.access.requests import addresses, fill_in
from tests.access.table import ROWS
from tests.access.things import NOTHING, SECRET
from tests.html_pages import Page

STRANGERS = frozenset({Who.NOBODY, Who.WRONG, Who.FOREIGN, Who.DEACTIVATED})
COUNTING = frozenset({"GET /metrics", "GET /readyz"})
"""What they say is another thing with each request."""
_FORM_TOKEN = re.compile(rb'name="token" value="[^"]*"')


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One for all that is only looked at."""
    async with open_house(stage, tmp_path_factory.mktemp("house")) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def suspended(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with open_house(stage, tmp_path_factory.mktemp("suspended"), is_suspended=True) as opened:
        yield opened


in_one_loop = pytest.mark.asyncio(loop_scope="module")


def each_row(*rows: Row) -> pytest.MarkDecorator:
    names = [f"{row.address}{' (page)' if row.browsers else ''}" for row in rows]
    return pytest.mark.parametrize("row", rows, ids=names)


def test_the_table_has_every_route_once() -> None:
    rows = [(row.address, row.browsers) for row in ROWS]
    assert len(rows) == len(set(rows))
    assert set(rows) == set(addresses(ROUTES))


@each_row(*(row for row in ROWS if not row.writes))
@in_one_loop
async def test_everybody_gets_what_the_table_says(row: Row, house: House) -> None:
    answers = {who: await house.knock(row, who) for who in Who}
    for who, response in answers.items():
        _check(row, who, response, answers, house.scene)


@each_row(*(row for row in ROWS if row.writes))
@in_one_loop
async def test_only_who_may_changes_something(row: Row, stage: Stage, tmp_path: Path) -> None:
    """What the least who may has done, those above them don't do again."""
    answers: dict[Who, httpx.Response] = {}
    async with open_house(stage, tmp_path) as house:
        for who in Who:
            answers[who] = await house.knock(row, who)
            if answers[who].is_success and who not in STRANGERS and not row.public and row.lost is None:
                break
    for who, response in answers.items():
        _check(row, who, response, answers, stage.scene)


@each_row(*(row for row in ROWS if row.suspended is not None))
@in_one_loop
async def test_a_suspended_organization_is_only_looked_at(row: Row, suspended: House) -> None:
    response = await suspended.knock(row, Who.OWNER)
    _check_cell(row, Who.OWNER, response, row.suspended or "", suspended.scene)


@each_row(*(row for row in ROWS if row.lost is not None))
@in_one_loop
async def test_a_wrong_key_and_an_unknown_thing_are_the_same(row: Row, house: House) -> None:
    """Whoever tries keys learns nothing of what is there."""
    secret = "key" if "{key}" in row.address else "token"
    thing = {"uuid": NOTHING} if "{uuid}" in row.address else {"grant_id": "987654"}
    wrong = await house.knock(row, Who.NOBODY, **{secret: "wrong"})
    unknown = await house.knock(row, Who.OWNER, **thing, **{secret: "wrong"})
    _check_cell(row, Who.NOBODY, wrong, row.lost or "", house.scene)
    assert (_bare(wrong), wrong.status_code) == (_bare(unknown), unknown.status_code)


def _bare(response: httpx.Response) -> bytes:
    """Without what is new in every form."""
    return _FORM_TOKEN.sub(b"", response.content)


def _check(
    row: Row, who: Who, response: httpx.Response, answers: dict[Who, httpx.Response], scene: Scene
) -> None:
    cell, model = row.cells[who], list(answers.values())[-1]
    shown = (who, response.status_code, response.text[:500])
    if row.public or (who in STRANGERS and row.lost is None and cell != THEIRS):
        assert SECRET not in response.text, shown
    if row.public and row.address not in COUNTING:
        assert _bare(response) == _bare(answers[Who.NOBODY]), shown
    if cell == SAME:
        assert (response.status_code, response.content) == (model.status_code, model.content), shown
    elif cell == THEIRS:
        assert (response.status_code, response.content != model.content) == (model.status_code, True), shown
    else:
        _check_cell(row, who, response, cell, scene)


def _check_cell(row: Row, who: Who, response: httpx.Response, cell: str, scene: Scene) -> None:
    status, _, words = cell.partition(" ")
    assert response.status_code == int(status), (who, response.status_code, response.text[:500])
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
