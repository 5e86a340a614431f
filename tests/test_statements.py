"""No page asks the database once for each row: many rows take as many statements as few."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from badgefed.app import create_app
from badgefed.store.migrate import open_database
from benchmarks.crowds import Crowd, fill_store
from benchmarks.pages import ask, list_addresses
from tests.access.people import Scene, Who, make_scene
from tests.access.things import JANE
from tests.conftest import PreparedWorld, make_services, make_settings
from tests.statements import CountingDatabase
from tests.verification.school import School
from tests.world import Clock, Mailbox, Network

FEW = Crowd(issuers=3, badges=20, grants=90, held=9, holder=JANE)
# Files are made as they are sent, some rows at a time; pictures show no rows.
FILES = (".csv", ".zip", "presentation.json", "export.json", ".png")
MANY = Crowd(issuers=12, badges=60, grants=500, held=80, holder=JANE)


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[CountingDatabase]:
    database = CountingDatabase(await open_database(f"sqlite:///{folder / 'badgefed.db'}"))
    try:
        yield database
    finally:
        await database.close()


async def count(folder: Path, scene: Scene, crowd: Crowd) -> dict[str, int]:
    """The statements of each page, in a copy of the store with the crowd in it."""
    copied = folder / str(crowd.grants)
    copied.mkdir()
    shutil.copyfile(folder / "badgefed.db", copied / "badgefed.db")
    counted = {}
    async with opened(copied) as database:
        clock = Clock()
        await fill_store(database, crowd, now=clock())
        app = create_app(make_services(make_settings(copied), database, clock, Network(), Mailbox()))
        for address in list_addresses(scene):
            if urlsplit(address.path).path.endswith(FILES):
                continue
            clock.advance(10)
            database.count = 0
            assert await ask(app, address, scene.passes[Who.OWNER]) < 500, address
            counted[address.name] = database.count
    return counted


async def test_many_rows_take_as_many_statements_as_few(
    prepared_world: PreparedWorld, tmp_path: Path
) -> None:
    shutil.copyfile(prepared_world.file, tmp_path / "badgefed.db")
    async with opened(tmp_path) as database:
        mailbox, network = Mailbox(), Network()
        services = make_services(make_settings(tmp_path), database, Clock(), network, mailbox)
        scene = await make_scene(services, prepared_world.world, mailbox, School(network=network))
    few, many = [await count(tmp_path, scene, crowd) for crowd in (FEW, MANY)]
    more = {name: (few[name], count) for name, count in many.items() if count > few[name]}
    assert more == {}
