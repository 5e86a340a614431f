"""Looking around, searching, and lists in pages; who finds what."""

from __future__ import annotations

import re

import pytest

from badgefed.store import search, showcase
from badgefed.store.database import Database
from badgefed.web.search import PER_MINUTE
from badgefed.work.services import Services
from tests.conftest import BASE, World
from tests.doors import publish
from tests.html_pages import Page, check_page
from tests.lookers import STATES, browse, copy, grant_in, show_tags
from tests.test_pages import HOSTILE
from tests.world import Clock


async def look(services: Services, url: str, status: int = 200) -> Page:
    async with browse(services) as client:
        response = await client.get(url)
    assert response.status_code == status, response.text
    return check_page(response)


async def test_explore_leads_everywhere(services: Services, world: World) -> None:
    empty = await look(services, "/explore")
    assert "No public badges yet" in empty.text
    await show_tags(services)
    grant = await publish(services, world)
    page = await look(services, "/explore")
    links = {link.get("href") for link in page.all("a")}
    assert {grant.note_uri, f"/badge/{world.badge.id}", world.issuer.actor_id} <= links
    assert {"/awards", "/badges", "/issuers", f"{BASE}/tags/training"} <= links
    for start in ("/", "/explore"):
        assert (await look(services, start)).all("form", action="/search")
        assert "/explore" in {link.get("href") for link in (await look(services, start)).all("a")}


@pytest.mark.parametrize("state", STATES)
async def test_a_search_finds_what_is_public_and_nothing_else(
    any_services: Services, any_world: World, state: str
) -> None:
    await grant_in(any_services, any_world, state)
    page = await look(any_services, "/search?q=zadie")
    assert ("Zadie" in page.text) is (state == "public")
    assert ("Nothing found" in page.text) is (state != "public")


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("advanced", True),
        ("ADVANCED training", True),
        ("adv train", True),
        ("#training", True),
        ("cours compl", True),
        ("müller", True),
        ("MULLER", True),
        ("Mu\u0308ller", True),
        ("nothing such", False),
        ("advanced nothing", False),
        ("raining", False),
        ("%", False),
        ("_", False),
        ("' OR 1=1 --", False),
        ("advanced AND NOT training", False),
        ('advanced" OR "x', False),
        ("advanced* (training)", True),
        ("advanced:* & !training", True),
        ("\x00advanced", True),
    ],
)
async def test_badges_are_found_by_their_words(
    any_services: Services, any_world: World, words: str, found: bool
) -> None:
    await any_services.database.write(
        lambda tx: tx.execute(
            "UPDATE badges SET description = 'Held by Jürgen Müller' WHERE id = ?", any_world.badge.id
        )
    )
    async with browse(any_services) as client:
        page = check_page(await client.get("/search", params={"q": words}))
    links = [link.get("href") for link in page.all("a")]
    assert (f"/badge/{any_world.badge.id}" in links) is found


@pytest.mark.parametrize("words", ["Jane", "@jane@social.example", "social.example jane", "jan"])
async def test_people_are_found_by_name_and_handle(
    any_services: Services, any_world: World, words: str
) -> None:
    grant = await publish(any_services, any_world)
    async with browse(any_services) as client:
        page = check_page(await client.get("/search", params={"q": words}))
    assert grant.note_uri in [link.get("href") for link in page.all("a")]


async def test_what_is_edited_or_erased_is_found_as_it_is_now(
    any_services: Services, any_world: World
) -> None:
    grant = await publish(any_services, any_world)
    database = any_services.database
    await database.write(
        lambda tx: tx.execute("UPDATE grants SET name = 'Ottilie', profile = NULL WHERE id = ?", grant.id)
    )
    await database.write(lambda tx: tx.execute("UPDATE issuers SET name = 'Sternwarte'"))
    assert "Nothing found" in (await look(any_services, "/search?q=jane")).text
    assert "Ottilie" in (await look(any_services, "/search?q=ottilie")).text
    assert any_world.issuer.actor_id in (await look(any_services, "/search?q=sternwarte")).html
    await database.write(lambda tx: tx.execute("UPDATE grants SET name = NULL WHERE id = ?", grant.id))
    assert "Nothing found" in (await look(any_services, "/search?q=ottilie")).text


async def test_unverified_issuers_and_inactive_badges_are_not_found(
    any_services: Services, any_world: World
) -> None:
    await any_services.database.write(lambda tx: tx.execute("UPDATE issuers SET verified_at = NULL"))
    await any_services.database.write(lambda tx: tx.execute("UPDATE badges SET is_active = 0"))
    for words in ("organization", "advanced"):
        assert "Nothing found" in (await look(any_services, f"/search?q={words}")).text


async def test_an_empty_search_is_a_form_and_a_long_one_is_cut(services: Services, world: World) -> None:
    assert "Nothing found" not in (await look(services, "/search")).text
    assert "Nothing found" in (await look(services, f"/search?q={'x' * 5000}")).text
    page = await look(services, "/search?q=advanced&in=nothing&from=nothing")
    assert "Advanced Training" in page.text


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:12])
async def test_no_words_break_the_page(services: Services, world: World, text: str) -> None:
    async with browse(services) as client:
        page = check_page(await client.get("/search", params={"q": text}))
    assert "<script>alert" not in page.html
    assert page.value("q") == " ".join(text[:200].split())


async def test_searching_has_a_limit(services: Services, world: World) -> None:
    async with browse(services) as client:
        statuses = [(await client.get("/search?q=x")).status_code for _ in range(PER_MINUTE + 1)]
        last = await client.get("/search?q=x")
        free = await client.get("/search")
    assert statuses == [200] * PER_MINUTE + [429]
    assert int(last.headers["retry-after"]) > 0
    assert free.status_code == 200


async def test_pages_follow_each_other_while_new_ones_come(
    any_services: Services, any_world: World, clock: Clock
) -> None:
    grants = []
    for number in range(5):
        clock.advance(60 if number % 2 else 0)
        grants.append(await publish(any_services, any_world, f"person{number}"))
    database, seen, before = any_services.database, [], None
    for number in range(3):
        rows = await showcase.list_shown(database, limit=2, before=before)
        seen += [row.grant_id for row in rows]
        before = showcase.parse_place(str(rows[-1].place))
        await publish(any_services, any_world, f"late{number}")
    assert seen == [grant.id for grant in reversed(grants)]


LISTS = [
    "/badges",
    "/awards",
    "/badge/{badge}",
    "/tags/training",
    "/search?q=jane&in=people",
    "/search?q=jane",
]


@pytest.mark.parametrize("start", [*LISTS, "/search?q=advanced&in=badges"])
async def test_each_list_has_a_next_page(services: Services, world: World, start: str) -> None:
    await show_tags(services)
    grant = await publish(services, world)
    await copy(services, "grants", grant.id, 110, "uuid", "code", "note_id", "note_uri", "active_recipient")
    await copy(services, "badges", world.badge.id, 110, "uuid", "slug")
    first = await look(services, start.format(badge=world.badge.id))
    following = [link.get("href") for link in first.all("a") if "from=" in link.get("href")]
    assert len(following) == 1
    second = await look(services, following[0])
    tiles = [{a.get("href") for a in page.all("a") if "tile" in a.get("class")} for page in (first, second)]
    assert len(tiles[0]) >= 12
    assert len(tiles[1]) >= 40
    assert not tiles[0] & tiles[1]


@pytest.mark.parametrize("place", ["1", "-", "1-", "-1-1", "1-2-3", "9" * 30 + "-1", "1-1;drop", None])
def test_a_place_that_is_none_begins_at_the_beginning(place: str | None) -> None:
    assert showcase.parse_place(place) is None


async def test_a_query_is_made_of_words_alone(database: Database) -> None:
    found = await search.match(database, "grants", 'a" OR b* NEAR(c)')
    assert found is not None
    assert re.sub(r'"\w+"\*?| AND ', "", found.query) == ""
    assert await search.match(database, "grants", "!%_\"'") is None
