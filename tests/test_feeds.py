"""Feeds: Atom and JSON, of everything that has one."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from badgefed.web.feeds import ENTRIES
from badgefed.work.services import Services
from tests.conftest import BASE, World
from tests.doors import publish, revoke
from tests.html_pages import check_page
from tests.lookers import STATES, browse, grant_in, show_tags
from tests.test_pages import HOSTILE, grant_badge
from tests.world import Clock

ATOM = "{http://www.w3.org/2005/Atom}"
KINDS = ("/feed", "/actor/org/feed", "/badge/{badge}/feed", "/tags/training/feed")


@pytest.mark.parametrize("kind", KINDS)
async def test_both_formats_say_the_same(any_services: Services, any_world: World, kind: str) -> None:
    await show_tags(any_services)
    await publish(any_services, any_world, "adele")
    grant = await publish(any_services, any_world, "jane")
    base = kind.format(badge=any_world.badge.id)
    async with browse(any_services) as client:
        atom, feed = await client.get(f"{base}.atom"), await client.get(f"{base}.json")
    assert atom.headers["content-type"] == "application/atom+xml; charset=utf-8"
    assert feed.headers["content-type"] == "application/feed+json; charset=utf-8"
    root, document = ElementTree.fromstring(atom.content), feed.json()
    assert root.findtext(f"{ATOM}id") == f"{BASE}{base}.atom"
    assert document["feed_url"] == f"{BASE}{base}.json"
    assert document["version"] == "https://jsonfeed.org/version/1.1"
    ids = [entry.findtext(f"{ATOM}id") for entry in root.findall(f"{ATOM}entry")]
    assert ids == [item["id"] for item in document["items"]]
    assert ids[0] == grant.note_uri
    assert document["items"][0]["title"] == "Jane: Advanced Training"
    assert document["items"][0]["date_published"] == root.find(f"{ATOM}entry").findtext(f"{ATOM}published")  # type: ignore[union-attr]
    assert document["items"][0]["authors"] == [{"name": "The Organization", "url": any_world.issuer.actor_id}]


@pytest.mark.parametrize("state", STATES)
async def test_only_what_is_public_is_in_a_feed(services: Services, world: World, state: str) -> None:
    await show_tags(services)
    await grant_in(services, world, state)
    for kind in KINDS:
        async with browse(services) as client:
            feed = await client.get(f"{kind.format(badge=world.badge.id)}.json")
        if state == "no issuer" and "actor" in kind:
            assert feed.status_code == 404
            continue
        assert [item["title"][:5] for item in feed.json()["items"]] == (
            ["Zadie"] if state == "public" else []
        )


async def test_a_revoked_badge_leaves_with_the_next_request(
    services: Services, world: World, clock: Clock
) -> None:
    await publish(services, world, "adele")
    clock.advance(3600)
    grant = await publish(services, world, "jane")
    async with browse(services) as client:
        before = await client.get("/feed.atom")
        known = {"if-none-match": before.headers["etag"]}
        unchanged = await client.get("/feed.atom", headers=known)
        await revoke(services, grant)
        after = await client.get(
            "/feed.atom", headers={**known, "if-modified-since": before.headers["last-modified"]}
        )
    assert before.headers["last-modified"] == "Thu, 28 May 2026 21:26:40 GMT"
    assert unchanged.status_code == 304
    assert after.status_code == 200
    assert grant.note_uri not in after.text
    assert "Adele" in after.text


@pytest.mark.parametrize("text", [*HOSTILE, "a\x00b\x0bc\ufffe"], ids=lambda text: text[:12])
async def test_no_text_breaks_a_feed(services: Services, world: World, text: str) -> None:
    await grant_badge(services, world, name="Amara")
    await services.database.write(
        lambda tx: tx.execute("UPDATE badges SET title = ?, description = ?", text, text)
    )
    await services.database.write(lambda tx: tx.execute("UPDATE issuers SET name = ?", text))
    async with browse(services) as client:
        for kind in ("/feed", "/actor/org/feed", f"/badge/{world.badge.id}/feed"):
            root = ElementTree.fromstring((await client.get(f"{kind}.atom")).content)
            item = (await client.get(f"{kind}.json")).json()["items"][0]
            content = root.findtext(f"{ATOM}entry/{ATOM}content") or ""
            assert content == item["content_html"]
            assert "<script" not in content
            assert "onerror=alert(1)>" not in content or "&gt;" in content


async def test_a_feed_ends_somewhere_and_an_empty_one_is_whole(services: Services, world: World) -> None:
    async with browse(services) as client:
        root = ElementTree.fromstring((await client.get("/actor/org/feed.atom")).content)
        for number in range(ENTRIES + 1):
            await publish(services, world, f"person{number}")
        feed = await client.get("/feed.json")
    assert root.findtext(f"{ATOM}updated", "").startswith("20")
    assert len(feed.json()["items"]) == ENTRIES


@pytest.mark.parametrize(
    "path",
    ["/actor/nobody/feed.atom", "/badge/999/feed.json", f"/badge/{2**70}/feed.atom", "/tags/none/feed.json"],
)
async def test_there_is_no_feed_of_nothing(services: Services, world: World, path: str) -> None:
    async with browse(services) as client:
        assert (await client.get(path)).status_code == 404


async def test_pages_name_their_feeds(services: Services, world: World) -> None:
    await show_tags(services)
    await publish(services, world)
    pages = {"/": "/feed", "/explore": "/feed", "/awards": "/feed", "/actor/org": "/actor/org/feed"}
    pages |= {
        f"/badge/{world.badge.id}": f"/badge/{world.badge.id}/feed",
        "/tags/training": "/tags/training/feed",
    }
    async with browse(services) as client:
        for path, feed in pages.items():
            page = check_page(await client.get(path))
            named = [
                link.get("href") for link in page.all("link", rel="alternate") if "feed" in link.get("href")
            ]
            assert named == [f"{BASE}{feed}.atom", f"{BASE}{feed}.json"]
            assert all([(await client.get(link)).status_code == 200 for link in named])
