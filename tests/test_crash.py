"""Real processes that are really killed, and real requests over loopback."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from badgefed.model.issuer import Issuer
from badgefed.settings import Settings
from badgefed.store.database import Database, Transaction
from badgefed.store.migrate import migrate, open_database
from tests.conftest import make_services, make_world
from tests.sinks import follow
from tests.world import Clock, Mailbox, Network

KILLS = 20
ACTIVITIES = 120
SERVERS = 8


class Peers:
    """Servers on loopback, each with a shared inbox. Counts what arrives and what is under way at the same time."""

    def __init__(self) -> None:
        self.bases: list[str] = []
        self.arrived: Counter[tuple[str, str]] = Counter()
        self.overlaps = 0
        self._active: set[tuple[str, str]] = set()

    async def handle(self, request: web.Request) -> web.Response:
        activity = json.loads(await request.read())
        key = (f"http://{request.host}{request.path}", activity["id"])
        self.overlaps += key in self._active
        self._active.add(key)
        try:
            await asyncio.sleep(0.01)
        finally:
            self._active.discard(key)
        self.arrived[key] += 1
        return web.Response(status=202)


@pytest.fixture
async def peers() -> AsyncIterator[Peers]:
    peers = Peers()
    app = web.Application()
    app.router.add_post("/{path:.*}", peers.handle)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    for _ in range(SERVERS):
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        assert site._server is not None
        port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
        peers.bases.append(f"http://127.0.0.1:{port}")
    yield peers
    await runner.cleanup()


async def prepare(settings: Settings, url: str, peers: Peers) -> tuple[Database, Issuer, set[str]]:
    """An issuer with a follower on each server and a recipient on the first; returns all of their inboxes too."""
    database = await open_database(url)
    await migrate(database)
    services = make_services(settings, database, Clock(), Network(), Mailbox())
    world = await make_world(services)
    actors = [f"{base}/users/follower" for base in peers.bases]
    await follow(services, world.issuer, actors, shared=False)
    recipient = f"{peers.bases[0]}/users/recipient"
    await follow(services, world.issuer, [recipient], shared=False)

    async def share(tx: Transaction) -> None:
        """Shared inboxes, for which there is no pace; the recipient is no follower."""
        await tx.execute("DELETE FROM followers WHERE actor_id = ?", recipient)
        await tx.execute("UPDATE followers SET is_shared = 1")

    await database.write(share)
    return database, world.issuer, {f"{actor}/inbox" for actor in (*actors, recipient)}


async def start(
    settings: Settings, url: str, role: str = "publish", *, lease: int, timeout: int
) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.crash_worker",
        str(ACTIVITIES),
        role,
        cwd=Path(__file__).parents[1],
        stdout=asyncio.subprocess.PIPE,
        env={
            "BADGEFED_BASE_URL": settings.base_url,
            "BADGEFED_ALLOW_PRIVATE_NETWORK": "1",
            "BADGEFED_DATABASE_URL": url,
            "BADGEFED_DATA_DIR": str(settings.data_dir),
            "BADGEFED_SECRET_KEY": settings.secret_key,
            "BADGEFED_LEASE_SECONDS": str(lease),
            "BADGEFED_DELIVERY_TIMEOUT_SECONDS": str(timeout),
        },
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    return process


async def assert_all_arrived(database: Database, issuer: Issuer, peers: Peers, inboxes: set[str]) -> None:
    ids = {f"{issuer.actor_id}/statuses/{number}/activity" for number in range(ACTIVITIES)}
    assert {row["uri"] for row in await database.all("SELECT uri FROM activities")} == ids
    assert set(peers.arrived) == {(inbox, activity) for inbox in inboxes for activity in ids}
    assert await database.all("SELECT * FROM deliveries") == []
    assert await database.all("SELECT * FROM jobs WHERE kind <> 'clean'") == []


async def test_twenty_kills_lose_nothing_and_leave_nothing_stuck(settings: Settings, peers: Peers) -> None:
    chance = random.Random(2026)
    database, issuer, inboxes = await prepare(settings, settings.database_url, peers)
    for _ in range(KILLS):
        process = await start(settings, settings.database_url, lease=2, timeout=1)
        await asyncio.sleep(chance.uniform(0, 0.3))
        process.send_signal(signal.SIGKILL)
        assert await process.wait() == -signal.SIGKILL, "it was still at work"
    process = await start(settings, settings.database_url, lease=2, timeout=1)
    async with asyncio.timeout(60):
        assert await process.wait() == 0
    await assert_all_arrived(database, issuer, peers, inboxes)
    await database.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_two_processes_send_each_delivery_once(
    settings: Settings, peers: Peers, kind: str, request: pytest.FixtureRequest
) -> None:
    url = settings.database_url if kind == "sqlite" else request.getfixturevalue("postgresql_url")
    database, issuer, inboxes = await prepare(settings, url, peers)
    roles = ("publish", "deliver")
    processes = [await start(settings, url, role, lease=60, timeout=30) for role in roles]
    async with asyncio.timeout(60):
        assert [await process.wait() for process in processes] == [0, 0]
    await assert_all_arrived(database, issuer, peers, inboxes)
    assert peers.overlaps == 0
    assert set(peers.arrived.values()) == {1}
    await database.close()
