from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from badgefed.model.addresses import Addresses
from badgefed.net.client import Client
from badgefed.settings import Settings
from badgefed.store.database import Database
from badgefed.store.migrate import migrate, open_database
from badgefed.work.keyring import Keyring
from badgefed.work.services import Services
from tests.postgresql import Cluster, find_binaries, start_cluster, stop_cluster
from tests.world import Clock, Mailbox, Network

BASE = "https://badges.example"
_numbers = itertools.count()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def network() -> Network:
    return Network()


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        base_url=BASE,
        database_url=f"sqlite:///{tmp_path / 'badgefed.db'}",
        data_dir=tmp_path,
        secret_key="a secret key of the tests, thirty-two characters long",
        mail_from="badges@badges.example",
    )


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    binaries = find_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL's server is not installed: its half of the store and queue tests is NOT run")
    cluster = start_cluster(binaries)
    yield cluster
    stop_cluster(cluster)


@pytest.fixture
def postgresql_url(cluster: Cluster) -> str:
    """A new, empty database."""
    name = f"test{next(_numbers)}"
    cluster.sql(f"CREATE DATABASE {name}")
    return cluster.url(name)


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    database = await open_database(settings.database_url)
    await migrate(database)
    yield database
    await database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
async def any_database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'any.db'}"
    else:
        url = request.getfixturevalue("postgresql_url")
    database = await open_database(url)
    await migrate(database)
    yield database
    await database.close()


def make_services(
    settings: Settings, database: Database, clock: Clock, network: Network, mailbox: Mailbox
) -> Services:
    return Services(
        settings=settings,
        addresses=Addresses(base=settings.base_url),
        database=database,
        client=Client(network, allow_private=settings.allow_private_network, clock=clock),
        mailer=mailbox,
        keyring=Keyring(database, settings.secret_key),
        clock=clock,
    )


@pytest.fixture
def services(
    settings: Settings, database: Database, clock: Clock, network: Network, mailbox: Mailbox
) -> Services:
    return make_services(settings, database, clock, network, mailbox)


@pytest.fixture
def any_services(
    settings: Settings, any_database: Database, clock: Clock, network: Network, mailbox: Mailbox
) -> Services:
    """As `services`, on each of the two databases in turn."""
    return make_services(settings, any_database, clock, network, mailbox)
