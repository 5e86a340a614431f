"""Our server as its users meet it: the command line, the process, HTTP."""

from __future__ import annotations

import contextlib
import json
import os
import re
import sqlite3
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from PIL import Image

from tests.commands import Commands
from tests.interop.processes import HOST, Running, eventually, free_port, start

PROGRAM = str(Path(sys.executable).with_name("badgefed"))
ORGANIZATION = "club"
OWNER = "owner@club.example"
ACTIVITY_JSON = "application/activity+json"
QUEUED = re.compile(
    r"^badgefed_queue_(?:jobs|deliveries)\{(?!kind=\"(?:clean|expire)\")[^}]*state=\"ready\"\} (\S+)$",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """An issuer with one badge."""

    username: str
    actor: str
    badge_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What the API said of a new grant. `note` is the id of the Note that comes with acceptance."""

    id: int
    note: str
    accept_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OurServer:
    """The running server with one organization; `client` carries its API key."""

    base: str
    environment: Mapping[str, str]
    picture: Path
    running: Running
    commands: Commands
    client: httpx.Client

    def command(self, *arguments: str) -> Any:
        """What a command of the program prints, read as JSON."""
        return _run_command(self.commands, self.environment, *arguments)

    def create_issuer(self, username: str) -> Issuer:
        """A new issuer with a badge named after it."""
        name = f"The {username} club"
        made = self.command(
            "create-issuer", "--organization", ORGANIZATION, "--username", username, "--name", name
        )
        badge = self.command(
            "create-badge",
            *("--issuer", username),
            *("--title", f"Badge of {username}"),
            *("--description", "For the tests."),
            *("--criteria", "Be there."),
            *("--image", str(self.picture)),
        )
        return Issuer(username=username, actor=made["actor"], badge_id=badge["id"])

    def grant(self, issuer: Issuer, profile: str, **fields: Any) -> Grant:
        body = {"badgeId": issuer.badge_id, "profileUri": profile, **fields}
        response = self.client.post("/api/badges/grant", json=body)
        assert response.status_code == 200, response.text
        answer = response.json()
        record = answer["badgeRecord"]
        return Grant(
            id=record["id"],
            note=self.note_uri(issuer, record["noteId"]),
            accept_url=answer["acceptUrl"],
        )

    @staticmethod
    def note_uri(issuer: Issuer, note_id: str) -> str:
        return note_id if "://" in note_id else f"{issuer.actor}/statuses/{note_id}"

    def status(self, grant: Grant) -> str:
        """What the API says: a status, or `not found`."""
        response = self.client.get(f"/api/badges/grant/{quote(grant.note, safe='')}/status")
        if response.status_code == 404:
            return "not found"
        assert response.status_code == 200, response.text
        status: str = response.json()["status"]
        return status

    def await_status(self, grant: Grant, status: str) -> None:
        eventually(lambda: self.status(grant) == status)

    def document(self, url: str, *, status: int = 200) -> Any:
        """The ActivityPub document at an id."""
        response = self.client.get(url, headers={"accept": ACTIVITY_JSON})
        assert response.status_code == status, (url, response.status_code, response.text)
        assert response.headers["content-type"].startswith(ACTIVITY_JSON)
        return response.json()

    def page(self, url: str) -> str:
        """The HTML page at an address."""
        response = self.client.get(url, headers={"accept": "text/html"})
        assert response.status_code == 200, (url, response.status_code)
        assert response.headers["content-type"].startswith("text/html")
        return response.text

    def count_followers(self, issuer: Issuer) -> int:
        total: int = self.document(f"{issuer.actor}/followers")["totalItems"]
        return total

    def rows(self, query: str, *values: str | int) -> list[tuple[Any, ...]]:
        """Facts that no door shows, straight from the database."""
        with contextlib.closing(self._connect("ro")) as connection:
            return connection.execute(query, values).fetchall()

    def age_keys(self, actor: str, *, seconds: int) -> None:
        """As if the actor's stored keys had been fetched so much earlier."""
        with contextlib.closing(self._connect("rw")) as connection, connection:
            connection.execute(
                "UPDATE remote_keys SET fetched_at = fetched_at - ? WHERE owner = ?",
                (seconds * 1_000_000, actor),
            )

    def age_own_keys(self, actor: str, *, seconds: int) -> None:
        """As if an issuer's keys had been made so much earlier."""
        with contextlib.closing(self._connect("rw")) as connection, connection:
            connection.execute(
                "UPDATE signing_keys SET created_at = created_at - ?"
                " WHERE issuer_id = (SELECT id FROM issuers WHERE actor_id = ?)",
                (seconds * 1_000_000, actor),
            )

    def _connect(self, mode: str) -> sqlite3.Connection:
        database = Path(self.environment["BADGEFED_DATA_DIR"]) / "badgefed.db"
        return sqlite3.connect(f"file:{database}?mode={mode}", uri=True)

    def await_idle(self) -> None:
        """All queued work is done and all deliveries are made."""
        eventually(lambda: self._waiting() == 0)

    def _waiting(self) -> float:
        counts = QUEUED.findall(self.client.get("/metrics").text)
        assert counts
        return sum(map(float, counts))


def _run_command(commands: Commands, environment: Mapping[str, str], *arguments: str) -> Any:
    done = commands.run(arguments, environment=environment)
    assert done.returncode == 0, (arguments, done.stderr)
    return json.loads(done.stdout)


def start_server(
    folder: Path, *, organization_name: str | None = "The Club", settings: Mapping[str, str] | None = None
) -> OurServer:
    """Sets up an organization with an API key in an empty folder and serves it, with further `settings`.

    Without the organization's name, nobody has set anything up yet.
    """
    port = free_port()
    base = f"http://{HOST}:{port}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BADGEFED_")}
    environment = {
        **kept,
        "BADGEFED_BASE_URL": base,
        "BADGEFED_ALLOW_PRIVATE_NETWORK": "1",
        "BADGEFED_DATA_DIR": str(folder / "data"),
        **(settings or {}),
    }
    picture = folder / "badge.png"
    Image.new("RGB", (400, 400), "#2f6fed").save(picture)
    commands = Commands(folder)
    headers = {}
    if organization_name is not None:
        headers["x-apikey"] = _set_up(commands, environment, organization_name)
    running = start(
        "badgefed",
        [PROGRAM, "serve", "--host", HOST, "--port", str(port)],
        folder=folder,
        environment=environment,
        ready_url=f"{base}/readyz",
    )
    client = httpx.Client(base_url=base, headers=headers, timeout=30)
    return OurServer(
        base=base,
        environment=environment,
        picture=picture,
        running=running,
        commands=commands,
        client=client,
    )


def _set_up(commands: Commands, environment: Mapping[str, str], organization_name: str) -> str:
    """An organization with an owner, whose API key is returned."""
    organization = ("--organization", ORGANIZATION, "--organization-name", organization_name)
    _run_command(commands, environment, "create-user", OWNER, *organization)
    made = _run_command(commands, environment, "create-key", OWNER, "--name", "interop", "--rate", "0")
    key: str = made["key"]
    return key


def stop_server(server: OurServer) -> int:
    """Ends it as a service manager would; its exit code."""
    server.client.close()
    server.commands.close()
    return server.running.stop()
