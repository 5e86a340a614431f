"""Fedify servers as peers: where their program comes from, how one is started, what its control API answers.

The program is not part of this repository. It is copied to a folder that git ignores and gets its npm packages there.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.interop import npm
from tests.interop.processes import HOST, Running, free_port, start

SOURCE = npm.ROOT.parent / "shared" / "peers" / "fedify"
CAVAGE = "draft-cavage-http-signatures-12"
RFC9421 = "rfc9421"
SHARED = "(shared)"


def install() -> Path:
    """The folder with the program and its packages; installs them the first time. Raises `CannotInstall`."""
    sources = [SOURCE / "package.json", SOURCE / "peer.mjs"]
    if not all(path.is_file() for path in sources):
        raise npm.CannotInstall(f"{SOURCE} with the program of the peer is missing")
    return npm.install("fedify", sources, check=[str(_node(Path())), "--version"])


def _node(folder: Path) -> Path:
    return folder / "node_modules" / ".bin" / "node"


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A running peer. `origin` is where others see it, `control` where it takes orders."""

    origin: str
    control: str
    running: Running
    client: httpx.Client

    def actor(self, user: str) -> str:
        return f"{self.origin}/users/{user}"

    def handle(self, user: str) -> str:
        return f"@{user}@{self.origin.partition('://')[2]}"

    def tell(self, order: str, **arguments: Any) -> Any:
        """An order and its answer; `user` says who it is for, else the first user."""
        return self._read(self.client.post(f"{self.control}/{order}", json=arguments))

    def send(self, order: str, **arguments: Any) -> Any:
        """An order that sends an activity, which must be accepted at the first knock."""
        sent = self.tell(order, **arguments)
        posts = [entry for entry in sent["http"] if entry["method"] == "POST"]
        assert sent["ok"], sent
        assert {entry["status"] for entry in posts} == {202}, sent
        return sent

    def ask(self, what: str) -> Any:
        return self._read(self.client.get(f"{self.control}/{what}"))

    def received(
        self, activity_type: str, *, sender: str, inbox: str = "", about: str = ""
    ) -> list[dict[str, Any]]:
        """Verified activities, oldest first: `inbox` is a user's name or `SHARED`, `about` the object's id."""
        entries: list[dict[str, Any]] = self.ask(f"received?type={activity_type}")
        return [
            entry
            for entry in entries
            if entry["actor"] == sender
            and inbox in ("", entry["recipient"])
            and about in ("", entry["object"])
        ]

    def posts(self, path: str) -> list[dict[str, Any]]:
        """The POST requests that came to a path, accepted or not, oldest first."""
        entries: list[dict[str, Any]] = self.ask("raw")
        return [entry for entry in entries if entry["method"] == "POST" and entry["path"] == path]

    def following(self, user: str) -> dict[str, str]:
        """Whom the user follows: actor id and `pending`, `accepted` or `rejected`."""
        users = {entry["u"]: entry for entry in self.ask("state")["users"]}
        states: dict[str, str] = users[user]["following"]
        return states

    @staticmethod
    def _read(response: httpx.Response) -> Any:
        body = response.json()
        assert response.status_code == 200, body
        return body


def start_peer(
    name: str,
    *,
    program: Path,
    folder: Path,
    users: Sequence[str],
    first_knock: str = RFC9421,
    port: int | None = None,
    origin: str | None = None,
) -> Peer:
    """Starts a peer whose log is in `folder`. `origin`: others reach it through another door.

    Its keys are those of the run before, because making them takes a while.
    """
    port = port or free_port()
    keys, known_keys = folder / f"{name}-keys.json", program / f"{name}-keys.json"
    if known_keys.is_file():
        shutil.copy(known_keys, keys)
    control = f"http://{HOST}:{port}/control"
    environment = {
        **os.environ,
        "PORT": str(port),
        "HOST": HOST,
        "ORIGIN": origin or f"http://{HOST}:{port}",
        "USERS": ",".join(users),
        "FIRST_KNOCK": first_knock,
        "KEYFILE": str(keys),
    }
    running = start(
        name,
        [str(_node(program)), str(program / "peer.mjs")],
        folder=folder,
        environment=environment,
        ready_url=f"{control}/state",
    )
    draft = Path(shutil.copy(keys, program / f"{folder.name}-{name}-{port}.json"))
    draft.rename(known_keys)
    return Peer(
        origin=environment["ORIGIN"],
        control=control,
        running=running,
        client=httpx.Client(timeout=60),
    )


def stop_peer(peer: Peer) -> None:
    peer.client.close()
    peer.running.stop()
