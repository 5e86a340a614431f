from __future__ import annotations

import asyncio
import itertools
import shutil
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import pytest

from badgefed.issuing.api_keys import create_key
from badgefed.issuing.badges import NewBadge, create_badge
from badgefed.issuing.issuers import ensure_instance_keys
from badgefed.issuing.organizations import create_organization, create_user
from badgefed.model.addresses import Addresses
from badgefed.model.badge import Badge
from badgefed.model.issuer import Issuer
from badgefed.model.organization import Dialect, Organization, Role, User
from badgefed.net.client import Client
from badgefed.settings import Settings
from badgefed.store.database import Database
from badgefed.store.migrate import migrate, open_database
from badgefed.work.keyring import Keyring
from badgefed.work.services import Services
from tests.commands import Commands
from tests.postgresql import Cluster, find_binaries, start_cluster, stop_cluster
from tests.world import Clock, Mailbox, Network, Records

BASE = "https://badges.example"

# The same examples in each run, however slow the machine is: what fails is about what was changed.
hypothesis.settings.register_profile(
    "same", deadline=None, derandomize=True, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("same")
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
    return make_settings(tmp_path)


def make_settings(folder: Path) -> Settings:
    return Settings(
        base_url=BASE,
        database_url=f"sqlite:///{folder / 'badgefed.db'}",
        data_dir=folder,
        secret_key="a secret key of the tests, thirty-two characters long",
        mail_from="badges@badges.example",
    )


@pytest.fixture(scope="session")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commands]:
    commands = Commands(tmp_path_factory.mktemp("commands"))
    yield commands
    commands.close()


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
    return create_postgresql(cluster)


def create_postgresql(cluster: Cluster, *, template: str = "template0") -> str:
    name = f"test{next(_numbers)}"
    cluster.sql(f"CREATE DATABASE {name} TEMPLATE {template}")
    return cluster.url(name)


@pytest.fixture
async def database(settings: Settings, request: pytest.FixtureRequest) -> AsyncIterator[Database]:
    """SQLite, migrated; with a `world` in it for a test that asks for one."""
    if "world" in request.fixturenames:
        prepared: PreparedWorld = request.getfixturevalue("prepared_world")
        shutil.copyfile(prepared.file, settings.database_url.removeprefix("sqlite:///"))
    database = await open_database(settings.database_url)
    await migrate(database)
    yield database
    await database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
async def any_database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """Each of the two databases in turn, migrated; with an `any_world` in it for a test that asks for one."""
    wants_world = "any_world" in request.fixturenames
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'any.db'}"
        if wants_world:
            shutil.copyfile(request.getfixturevalue("prepared_world").file, tmp_path / "any.db")
    elif wants_world:
        template = request.getfixturevalue("prepared_postgresql")
        url = create_postgresql(request.getfixturevalue("cluster"), template=template)
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
        text_records=Records(),
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


@dataclass(frozen=True, kw_only=True)
class World:
    """An organization `org` with its owner, issuer `org`, one badge and one key."""

    organization: Organization
    owner: User
    issuer: Issuer
    badge: Badge
    key: str


async def make_world(services: Services) -> World:
    await ensure_instance_keys(services)
    organization, issuer = await create_organization(services, slug="org", name="The Organization")
    owner = await create_user(services, email="owner@example.org", organization=organization, role=Role.OWNER)
    badge = await create_badge(
        services,
        issuer=issuer,
        new=NewBadge(
            title="Advanced Training",
            description="Finished the advanced training.",
            criteria="Completed the advanced training course",
            hashtags="#training #advanced",
        ),
    )
    new = await create_key(services, email=owner.email, name="tests", dialect=Dialect.BADGES, rate=0)
    return World(organization=organization, owner=owner, issuer=issuer, badge=badge, key=new.key)


@dataclass(frozen=True, kw_only=True)
class PreparedWorld:
    """A world that was made once for all tests, and the SQLite file that it lives in."""

    world: World
    file: Path


async def _prepare(url: str, folder: Path) -> World:
    settings = make_settings(folder)
    database = await open_database(url)
    await migrate(database)
    services = make_services(settings, database, Clock(), Network(), Mailbox())
    world = await make_world(services)
    await database.close()
    return world


def _prepare_in_thread(url: str, folder: Path) -> World:
    """With a loop of its own: the fixture may be asked for while a test's loop runs."""
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(lambda: asyncio.run(_prepare(url, folder))).result()


@pytest.fixture(scope="session")
def prepared_world(tmp_path_factory: pytest.TempPathFactory) -> PreparedWorld:
    folder = tmp_path_factory.mktemp("world")
    file = folder / "world.db"
    return PreparedWorld(world=_prepare_in_thread(f"sqlite:///{file}", folder), file=file)


@pytest.fixture(scope="session")
def prepared_postgresql(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a PostgreSQL database to copy."""
    cluster.sql("CREATE DATABASE world_template")
    worlds["postgresql"] = _prepare_in_thread(cluster.url("world_template"), tmp_path_factory.mktemp("world"))
    return "world_template"


worlds: dict[str, World] = {}


@pytest.fixture
def world(database: Database, prepared_world: PreparedWorld) -> World:
    """What `database` has in it."""
    return prepared_world.world


@pytest.fixture
def any_world(request: pytest.FixtureRequest, any_database: Database) -> World:
    """What `any_database` has in it."""
    if any_database.dialect.name == "sqlite":
        prepared: PreparedWorld = request.getfixturevalue("prepared_world")
        return prepared.world
    return worlds["postgresql"]
