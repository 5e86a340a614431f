from __future__ import annotations

import itertools
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.interop import fedify as fedify_peers
from tests.interop.fedify import CAVAGE, Peer, start_peer, stop_peer
from tests.interop.front import Door, open_door
from tests.interop.npm import CannotInstall
from tests.interop.our import Issuer, OurServer, start_server, stop_server
from tests.interop.processes import Running, free_port
from tests.interop.stories import CROWD

_usernames = (f"issuer{number}" for number in itertools.count(1))
_running: list[Running] = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure comes with the ends of the servers' logs."""
    report = yield
    if report.failed:
        report.sections.extend((f"log of {running.name}", running.output) for running in _running)
    return report


@pytest.fixture(scope="session")
def program() -> Path:
    try:
        return fedify_peers.install()
    except CannotInstall as reason:
        pytest.skip(f"Fedify can't be installed, so interoperability is NOT tested: {reason}")


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("interop")


@pytest.fixture(scope="session")
def our(program: Path, folder: Path) -> Iterator[OurServer]:
    """Our server; asked for after the peer's program, so that nothing starts where there is no peer."""
    server = start_server(folder)
    _running.append(server.running)
    yield server
    assert stop_server(server) == 0


def _run_peer(peer: Peer) -> Iterator[Peer]:
    _running.append(peer.running)
    yield peer
    stop_peer(peer)


@pytest.fixture(scope="session")
def fedify(program: Path, folder: Path) -> Iterator[Peer]:
    """A peer that signs by RFC 9421 first, as most Fedify servers do."""
    users = ("alice", "bob", "carol", "dave", "erin", "frank", "grace", *CROWD)
    yield from _run_peer(start_peer("fedify", program=program, folder=folder, users=users))


@pytest.fixture(scope="session")
def cavage_fedify(program: Path, folder: Path) -> Iterator[Peer]:
    """A peer that signs by draft-cavage first."""
    yield from _run_peer(
        start_peer(
            "fedify-cavage", program=program, folder=folder, users=("alice", "bob"), first_knock=CAVAGE
        )
    )


@pytest.fixture(scope="session")
def strict_port() -> int:
    return free_port()


@pytest.fixture(scope="session")
def door(strict_port: int) -> Iterator[Door]:
    with open_door(strict_port) as door:
        yield door


@pytest.fixture(scope="session")
def strict_fedify(program: Path, folder: Path, strict_port: int, door: Door) -> Iterator[Peer]:
    """A peer behind a door that lets RFC 9421 in only."""
    yield from _run_peer(
        start_peer(
            "fedify-strict",
            program=program,
            folder=folder,
            users=("alice",),
            port=strict_port,
            origin=door.origin,
        )
    )


@pytest.fixture
def issuer(our: OurServer) -> Issuer:
    """A new issuer, known to nobody yet, with one badge."""
    return our.create_issuer(next(_usernames))


@pytest.fixture(scope="module")
def quiet_issuer(our: OurServer) -> Issuer:
    """One issuer for all tests of a module that leave it as it is."""
    return our.create_issuer(next(_usernames))
