"""A list that is granted by processes that are really killed."""

from __future__ import annotations

import asyncio
import random
import signal
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from badgefed.model.times import system_clock
from badgefed.settings import Settings
from badgefed.store.database import Database
from badgefed.store.migrate import migrate, open_database
from tests.api import call
from tests.conftest import make_services, make_world
from tests.world import Clock, Mailbox, Network

KILLS = 5
ROWS = 1_500


async def prepare(settings: Settings, url: str) -> Database:
    """A store with a list that was accepted and not begun."""
    database = await open_database(url)
    await migrate(database)
    services = make_services(settings, database, Clock(), Network(), Mailbox())
    world = await make_world(services)
    now = replace(services, clock=system_clock)
    text = "email\n" + "".join(f"{number}@example.org\n" for number in range(ROWS))
    async with call(now, world.key) as client:
        response = await client.post(
            f"/api/bulk?badge={world.badge.id}", content=text.encode(), headers={"Content-Type": "text/csv"}
        )
    assert response.status_code == 200
    return database


async def start(settings: Settings, url: str) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.bulk_worker",
        cwd=Path(__file__).parents[1],
        stdout=asyncio.subprocess.PIPE,
        env={
            "BADGEFED_BASE_URL": settings.base_url,
            "BADGEFED_ALLOW_PRIVATE_NETWORK": "1",
            "BADGEFED_DATABASE_URL": url,
            "BADGEFED_DATA_DIR": str(settings.data_dir),
            "BADGEFED_SECRET_KEY": settings.secret_key,
            "BADGEFED_LEASE_SECONDS": "2",
            "BADGEFED_DELIVERY_TIMEOUT_SECONDS": "1",
        },
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    return process


async def wait_for_more(database: Database, done: int) -> None:
    async with asyncio.timeout(60):
        while await database.one("SELECT created FROM bulks") == {"created": done}:
            await asyncio.sleep(0.01)


async def assert_rows_and_grants_agree(database: Database) -> int:
    """At any instant, each row that is done has its grant, and there is no grant besides; returns how many."""
    row = await database.one(
        "SELECT (SELECT created FROM bulks) AS counted, (SELECT COUNT(*) FROM grants) AS grants,"
        " (SELECT COUNT(DISTINCT grant_id) FROM bulk_rows WHERE state = 'created') AS done,"
        " (SELECT COUNT(*) FROM bulk_rows JOIN grants ON grants.id = grant_id"
        "  WHERE grants.email || '\"' <> SUBSTR(content, 11, LENGTH(grants.email) + 1)) AS wrong"
    )
    assert row is not None
    assert row["counted"] == row["grants"] == row["done"]
    assert row["wrong"] == 0
    return int(row["done"])


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_list_survives_kills_at_any_row(
    settings: Settings, kind: str, request: pytest.FixtureRequest
) -> None:
    chance = random.Random(2026)
    url = settings.database_url if kind == "sqlite" else request.getfixturevalue("postgresql_url")
    database = await prepare(settings, url)
    done = 0
    for _ in range(KILLS):
        process = await start(settings, url)
        await wait_for_more(database, done)
        await asyncio.sleep(chance.uniform(0, 0.05))
        process.send_signal(signal.SIGKILL)
        assert await process.wait() == -signal.SIGKILL, "it was still at work"
        before, done = done, await assert_rows_and_grants_agree(database)
        assert before < done < ROWS
    process = await start(settings, url)
    async with asyncio.timeout(120):
        assert await process.wait() == 0
    assert await assert_rows_and_grants_agree(database) == ROWS
    assert await database.one("SELECT state FROM bulks") == {"state": "completed"}
    assert await database.one("SELECT id FROM jobs WHERE kind = 'bulk'") is None
    await database.close()
