"""Another ActivityPub server, Fedify, under the same load: where one can be installed, for comparison."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.processes import running_server
from tests.interop.processes import HOST, free_port

USER = "alice"
FLOOD_CONCURRENCY = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A running Fedify server. Raises httpx.HTTPError where an order fails."""

    origin: str
    client: httpx.AsyncClient

    @property
    def actor(self) -> str:
        return f"{self.origin}/users/{USER}"

    async def count_followers(self) -> int:
        state = (await self.client.get(f"{self.origin}/control/state")).raise_for_status().json()
        return len(state["users"][0]["followers"])

    async def post_note(self) -> None:
        """One Note to the shared inbox of every follower, through its queue."""
        order = {"content": "<p>Hello</p>", "to": "followers", "sharedInbox": True}
        (await self.client.post(f"{self.origin}/control/note", json=order)).raise_for_status()

    async def flood(self, inbox: str, count: int) -> float:
        """Signs and posts as fast as it can, past its queue; how many a second."""
        order = {"inbox": inbox, "n": count, "concurrency": FLOOD_CONCURRENCY}
        answer = (await self.client.post(f"{self.origin}/control/flood", json=order)).raise_for_status()
        return float(answer.json()["perSecond"])


@contextlib.asynccontextmanager
async def running_peer(program: Path, folder: Path) -> AsyncIterator[Peer]:
    """With a queue in its memory, without the logs and records that tests look at."""
    port = free_port()
    origin = f"http://{HOST}:{port}"
    environment = {
        **os.environ,
        "PORT": str(port),
        "HOST": HOST,
        "ORIGIN": origin,
        "USERS": USER,
        "QUEUE": "1",
        "KEEP_RAW": "0",
        "LOG": "error",
        "FIRST_KNOCK": "draft-cavage-http-signatures-12",
        "KEYFILE": str(folder / "fedify-keys.json"),
    }
    async with (
        running_server(
            "fedify",
            [str(program / "node_modules" / ".bin" / "node"), str(program / "peer.mjs")],
            folder=folder,
            environment=environment,
            ready_url=f"{origin}/control/state",
        ),
        httpx.AsyncClient(timeout=60) as client,
    ):
        yield Peer(origin=origin, client=client)
