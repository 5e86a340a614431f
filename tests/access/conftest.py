from __future__ import annotations

import asyncio
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest

from badgefed.store.migrate import open_database
from tests.access.house import Stage
from tests.access.people import Scene, make_scene
from tests.conftest import PreparedWorld, make_services, make_settings
from tests.verification.school import School
from tests.world import Clock, Mailbox, Network


@pytest.fixture(scope="session")
def stage(prepared_world: PreparedWorld, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    folder = tmp_path_factory.mktemp("access")
    settings = make_settings(folder)
    shutil.copyfile(prepared_world.file, folder / "badgefed.db")

    async def prepare() -> Scene:
        database = await open_database(settings.database_url)
        mailbox, network = Mailbox(), Network()
        services = make_services(settings, database, Clock(), network, mailbox)
        scene = await make_scene(services, prepared_world.world, mailbox, School(network=network))
        await database.close()
        return scene

    with ThreadPoolExecutor(1) as executor:
        scene = executor.submit(lambda: asyncio.run(prepare())).result()
    return Stage(scene=scene, file=folder / "badgefed.db")
