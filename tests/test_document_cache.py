"""Documents from the cache: conditional requests, and how soon a change shows."""

from __future__ import annotations

import asyncio
import hashlib

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

from badgefed.store.changes import Changes, written_tables
from badgefed.store.database import Database, Reader, Transaction
from badgefed.store.migrate import open_database
from badgefed.web import documents
from badgefed.web.documents import Answer, Cache, Door, answer
from badgefed.work.services import Services
from tests.conftest import World
from tests.doors import ACTIVITY, BROWSER, browse, fetch, publish
from tests.world import Clock

ACTOR = "/actor/org"


async def rename(database: Database, world: World, name: str) -> None:
    async def work(tx: Transaction) -> None:
        await tx.execute("UPDATE issuers SET name = ? WHERE id = ?", name, world.issuer.id)

    await database.write(work)


class TestConditions:
    async def test_who_has_it_gets_304(self, services: Services, world: World) -> None:
        async with browse(services) as client:
            whole = await client.get(ACTOR)
            etag = whole.headers["etag"]
            digest = hashlib.sha256(ACTIVITY.encode() + b"\n" + whole.content)
            assert etag == f'"{digest.hexdigest()}"'
            for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
                response = await client.get(ACTOR, headers={"if-none-match": known})
                assert (response.status_code, response.content) == (304, b"")
                for name in ("etag", "cache-control", "vary", "access-control-allow-origin"):
                    assert response.headers[name] == whole.headers[name]
                assert "content-type" not in response.headers
            for other in ('"other"', etag[:-2] + '"', etag.strip('"')):
                response = await client.get(ACTOR, headers={"if-none-match": other})
                assert (response.status_code, response.content) == (200, whole.content)

    async def test_the_etag_changes_with_the_document_and_its_type(
        self, services: Services, world: World
    ) -> None:
        async with browse(services) as client:
            before = await client.get(ACTOR)
            await rename(services.database, world, "Renamed")
            after = await client.get(ACTOR, headers={"if-none-match": before.headers["etag"]})
            assert (after.status_code, after.json()["name"]) == (200, "Renamed")
            as_json = await client.get("/issuers/org", headers={"accept": "application/json"})
            as_ld = await client.get("/issuers/org", headers={"accept": "application/ld+json"})
        assert as_json.content == as_ld.content
        assert as_json.headers["etag"] != as_ld.headers["etag"]

    @pytest.mark.parametrize("accept", [ACTIVITY, BROWSER])
    async def test_head_is_get_without_the_body(self, services: Services, world: World, accept: str) -> None:
        async with browse(services) as client:
            whole = await client.get(ACTOR, headers={"accept": accept})
            head = await client.head(ACTOR, headers={"accept": accept})
        assert head.status_code == 200
        assert head.headers == whole.headers
        assert int(head.headers["content-length"]) == len(whole.content) > 0
        if accept == ACTIVITY:
            assert head.content == b""

    async def test_other_methods_are_refused(self, services: Services, world: World) -> None:
        async with browse(services) as client:
            response = await client.put(ACTOR)
        assert response.status_code == 405
        assert set(response.headers["allow"].split(", ")) == {"GET", "HEAD"}


class TestFreshness:
    async def test_own_writes_show_with_the_next_request(
        self, any_services: Services, any_world: World
    ) -> None:
        async with browse(any_services) as client:
            for name in ("One", "Two", "Three"):
                await rename(any_services.database, any_world, name)
                assert (await fetch(client, ACTOR))["name"] == name

    async def test_other_processes_writes_show_within_a_second(
        self, services: Services, world: World, clock: Clock
    ) -> None:
        async with browse(services) as client:
            await fetch(client, ACTOR)
            other = await open_database(services.settings.database_url)
            await rename(other, world, "Renamed elsewhere")
            await other.close()
            clock.advance(0.5)
            assert (await fetch(client, ACTOR))["name"] == world.issuer.name
            clock.advance(0.5)
            assert (await fetch(client, ACTOR))["name"] == "Renamed elsewhere"
            clock.advance(-3600)
            await fetch(client, ACTOR)

    async def test_writes_to_other_tables_leave_it_as_it_is(self, services: Services, world: World) -> None:
        """Seen by a change that nobody reported: it stays unseen while only other tables are written to."""
        async with browse(services) as client:
            await fetch(client, ACTOR)
            other = await open_database(services.settings.database_url)
            await rename(other, world, "Renamed elsewhere")
            await other.close()
            await publish(services, world)
            assert (await fetch(client, ACTOR))["name"] == world.issuer.name

    async def test_each_representation_is_kept_for_itself(self, services: Services, world: World) -> None:
        async with browse(services) as client:
            for _ in range(2):
                for accept in ("application/json", "application/ld+json"):
                    response = await client.get("/issuers/org", headers={"accept": accept})
                    assert response.headers["content-type"] == accept
                page = await client.get("/issuers/org", headers={"accept": BROWSER})
                assert page.status_code == 302

    async def test_an_answer_that_a_write_overtook_is_not_kept(self, services: Services) -> None:
        """The document is read, then something is written, then the answer is ready: it must not outlive its request."""
        read, go_on = asyncio.Event(), asyncio.Event()
        value = "old"

        async def document(_request: Request, _wanted: str) -> Answer:
            seen = value
            read.set()
            await go_on.wait()
            return answer(seen.encode(), "text/plain", max_age=1)

        async with browse_one(services, document) as client:
            slow = asyncio.create_task(client.get("/document"))
            await read.wait()
            value = "new"
            services.database.changes.record(["issuers"])
            fresh = asyncio.create_task(client.get("/document"))
            await asyncio.sleep(0)
            go_on.set()
            assert (await fresh).text == "new"
            assert (await slow).text == "old"
            assert (await client.get("/document")).text == "new"

    async def test_many_at_once_cost_one_making(self, services: Services) -> None:
        made = 0
        go_on = asyncio.Event()

        async def document(_request: Request, _wanted: str) -> Answer:
            nonlocal made
            made += 1
            await go_on.wait()
            return answer(b"x", "text/plain", max_age=1)

        async with browse_one(services, document) as client:
            waiting = [asyncio.create_task(client.get("/document")) for _ in range(20)]
            for _ in range(20):
                await asyncio.sleep(0)
            go_on.set()
            assert {response.text for response in await asyncio.gather(*waiting)} == {"x"}
        assert made == 1


def browse_one(services: Services, document: documents.Document) -> httpx.AsyncClient:
    app = Starlette(routes=[Route("/document", Door(document, tables=("issuers",)), methods=["GET"])])
    app.state.services = services
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="https://badges.example")


class TestCache:
    def put(self, cache: Cache, name: str, size: int = 10) -> None:
        cache.put((name, b"", ""), answer(b"x" * size, "text/plain", max_age=1), commits=0, now=0)

    def has(self, cache: Cache, name: str) -> bool:
        return cache.get((name, b"", ""), commits=0, now=0, lifetime=1) is not None

    def test_the_least_recently_used_goes_first(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(documents, "CACHED_ANSWERS", 2)
        cache = Cache()
        self.put(cache, "a")
        self.put(cache, "b")
        assert self.has(cache, "a")
        self.put(cache, "c")
        assert [self.has(cache, name) for name in "abc"] == [True, False, True]

    def test_bytes_are_bounded_too(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(documents, "CACHED_BYTES", 25)
        cache = Cache()
        for name in "abab":
            self.put(cache, name)
        assert [self.has(cache, name) for name in "ab"] == [True, True]
        self.put(cache, "c")
        assert [self.has(cache, name) for name in "abc"] == [False, True, True]
        self.put(cache, "d", size=26)
        assert not any(self.has(cache, name) for name in "abcd")


class TestChanges:
    @pytest.mark.parametrize(
        ("sql", "tables"),
        [
            ("SELECT * FROM issuers WHERE id = ?", set()),
            ("INSERT INTO grants (id) VALUES (?) RETURNING *", {"grants"}),
            ("UPDATE issuers SET name = ?", {"issuers"}),
            ("DELETE FROM messages WHERE id = ?", {"messages"}),
            ("WITH due AS (SELECT id FROM jobs) UPDATE jobs SET attempt = 1", {"jobs"}),
        ],
    )
    def test_statements_name_their_tables(self, sql: str, tables: set[str]) -> None:
        assert written_tables(sql) == tables

    def test_the_words_around_them_do_no_harm(self) -> None:
        upsert = "INSERT INTO hosts (host) VALUES (?) ON CONFLICT (host) DO UPDATE SET failures = 0"
        assert "hosts" in written_tables(upsert)

    async def test_commits_are_counted_and_nothing_else(
        self, any_database: Database, any_world: World
    ) -> None:
        changes: Changes = any_database.changes
        assert changes.commits(("issuers",)) == 0

        async def read(reader: Reader) -> None:
            await reader.all("SELECT * FROM issuers")

        async def fail(tx: Transaction) -> None:
            await tx.execute("UPDATE issuers SET name = ?", "x")
            raise ValueError("rolled back")

        async def batch(tx: Transaction) -> None:
            await tx.many("UPDATE badges SET title = ? WHERE id = ?", [("x", 1), ("y", 2)])
            await tx.one("UPDATE issuers SET name = ? RETURNING id", "y")

        await any_database.read(read)
        with pytest.raises(ValueError, match="rolled back"):
            await any_database.write(fail)
        assert changes.commits(("issuers", "badges")) == 0
        await any_database.write(batch)
        assert (changes.commits(("issuers",)), changes.commits(("badges",))) == (1, 1)
        await rename(any_database, any_world, "z")
        assert changes.commits(("issuers", "badges", "grants")) == 3
