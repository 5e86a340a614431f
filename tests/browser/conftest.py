from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser import accessibility
from tests.browser import scene as scenes
from tests.browser.scene import Scene
from tests.browser.town import Town, open_town
from tests.browser.visitor import NARROW, WIDE, Equipment, Look, Visitor, open_window
from tests.interop.npm import SCRATCH, CannotInstall
from tests.interop.our import start_server, stop_server
from tests.interop.processes import Running

CHROMIUM = Path("/usr/bin/chromium")
LOOKS = (
    Look(width=WIDE, scheme="light"),
    Look(width=NARROW, scheme="dark"),
    Look(width=WIDE, scheme="dark", scripts=False),
    Look(width=NARROW, scheme="light", scripts=False),
)
_addresses = (f"192.0.2.{number}" for number in itertools.count(1))

OpenWindow = Callable[[Look], Visitor]
_running: list[Running] = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure comes with the end of the server's log."""
    report = yield
    if report.failed:
        report.sections.extend((f"log of {running.name}", running.output) for running in _running)
    return report


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Ended with the package, because a loop runs in this thread for as long as it is there."""
    if not os.access(CHROMIUM, os.X_OK):
        pytest.skip(f"{CHROMIUM} is not installed, so pages are NOT tested in a browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def axe() -> str | None:
    """None where it can't be installed; `test_axe_is_there` says so."""
    try:
        return accessibility.install()
    except CannotInstall:
        return None


@pytest.fixture(scope="package")
def scene(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Asked for after the browser, so that nothing starts where there is none. Each visitor has an address of their own."""
    our = start_server(
        tmp_path_factory.mktemp("browser"),
        organization_name="The Makers of the Harbour",
        settings={"BADGEFED_TRUSTED_PROXIES": "127.0.0.1"},
    )
    _running.append(our.running)
    try:
        yield scenes.build(our)
    finally:
        assert stop_server(our) == 0
    assert "Traceback" not in our.running.log.read_text(), our.running.output


@pytest.fixture(scope="package")
def town(browser: Browser) -> Iterator[Town]:
    """The other server, where some visitors are at home. Asked for after the browser, as the scene is."""
    with open_town() as town:
        yield town


@pytest.fixture(scope="package")
def equipment(browser: Browser, scene: Scene, axe: str | None) -> Equipment:
    screenshots = SCRATCH / "screenshots"
    screenshots.mkdir(parents=True, exist_ok=True)
    return Equipment(browser=browser, axe=axe, base=scene.base, screenshots=screenshots)


@pytest.fixture
def open_visitor(equipment: Equipment) -> Iterator[OpenWindow]:
    """Opens windows, which must not have done anything wrong by the end of the test."""
    visitors: list[Visitor] = []

    def open_one(look: Look) -> Visitor:
        visitors.append(open_window(equipment, look, address=next(_addresses)))
        return visitors[-1]

    yield open_one
    try:
        for visitor in visitors:
            visitor.check()
    finally:
        for visitor in visitors:
            visitor.context.close()


@pytest.fixture(params=LOOKS, ids=lambda look: look.name)
def any_visitor(request: pytest.FixtureRequest, open_visitor: OpenWindow) -> Visitor:
    """A new window of each size, with scripts and without: for the main story of each person."""
    look: Look = request.param
    return open_visitor(look)


@pytest.fixture(params=LOOKS[1:3], ids=lambda look: look.name)
def visitor(request: pytest.FixtureRequest, open_visitor: OpenWindow) -> Visitor:
    """A new window, small with scripts and large without: for what is beside the main stories."""
    look: Look = request.param
    return open_visitor(look)
