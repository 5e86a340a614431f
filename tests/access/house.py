"""The application over the access table's world, and people who knock."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from starlette.applications import Starlette

from badgefed.app import create_app
from badgefed.issuing.organizations import change_organization
from badgefed.model.audit import SYSTEM
from badgefed.model.organization import OrganizationStatus
from badgefed.store.database import Database
from badgefed.store.migrate import open_database
from tests.access.doors import Row
from tests.access.people import Pass, Scene, Who
from tests.access.requests import knock
from tests.access.table import ROWS
from tests.conftest import BASE, make_services, make_settings
from tests.world import Clock, Mailbox, Network

# What may be noted of a request that is refused: that a key was used, that somebody was seen, that there was an attempt.
NOTED = frozenset({"api_keys", "sessions", "throttles"})


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A store with the scene in it."""

    scene: Scene
    file: Path


@dataclass(frozen=True, kw_only=True)
class House:
    """The application over a copy of the stage."""

    app: Starlette
    scene: Scene
    database: Database
    tables: tuple[str, ...]

    async def knock(self, row: Row, who: Who, **names: str) -> httpx.Response:
        """The answer to somebody's request, which changes nothing if it is no success. Each comes from an address of their own."""
        number = ROWS.index(row)
        address = f"10.{number // 250}.{number % 250}.{list(Who).index(who)}"
        transport = httpx.ASGITransport(app=self.app, client=(address, 40000), raise_app_exceptions=False)
        before = self.database.changes.commits(self.tables)
        route = row.address.partition(" ")[2]
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
            response = await knock(
                client,
                {**self.scene.names, route: {**self.scene.names.get(route, {}), **names}},
                row.address,
                self._pass_of(row, who),
                is_page=row.is_page,
            )
        if response.status_code >= 300:
            assert self.database.changes.commits(self.tables) == before, who
        return response

    def _pass_of(self, row: Row, who: Who) -> Pass:
        if who is Who.UNSCOPED:
            return self.scene.unscoped[row.scope or "badges:read"]
        return self.scene.passes[who]


@asynccontextmanager
async def open_house(stage: Stage, folder: Path, *, is_suspended: bool = False) -> AsyncIterator[House]:
    shutil.copyfile(stage.file, folder / "badgefed.db")
    database = await open_database(make_settings(folder).database_url)
    services = make_services(make_settings(folder), database, Clock(), Network(), Mailbox())
    if is_suspended:
        await change_organization(services, "org", status=OrganizationStatus.SUSPENDED, by=SYSTEM)
    rows = await database.all("SELECT name FROM sqlite_master WHERE type = 'table'")
    tables = tuple(row["name"] for row in rows if row["name"] not in NOTED)
    yield House(app=create_app(services), scene=stage.scene, database=database, tables=tables)
    await database.close()
