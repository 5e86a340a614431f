"""The first run of a server: from the link that it prints to the first badge that somebody wears."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import LOOKS
from tests.browser.steps import choose_badge, write
from tests.browser.visitor import Equipment, Look, Visitor, open_window
from tests.interop.our import OurServer, start_server, stop_server

OWNER = "ada@library.example"
ROOT = "/console/o/library"


@pytest.fixture
def our(browser: Browser, tmp_path: Path) -> Iterator[OurServer]:
    """A server that was never used."""
    our = start_server(tmp_path, organization_name=None)
    try:
        yield our
    finally:
        assert stop_server(our) == 0


@pytest.fixture(params=LOOKS[1:3], ids=lambda look: look.name)
def visitor(
    request: pytest.FixtureRequest, browser: Browser, equipment: Equipment, our: OurServer
) -> Iterator[Visitor]:
    look: Look = request.param
    fresh = Equipment(browser=browser, axe=equipment.axe, base=our.base, screenshots=equipment.screenshots)
    visitor = open_window(fresh, look, address="192.0.2.200")
    try:
        yield visitor
        visitor.check()
    finally:
        visitor.context.close()


def test_from_the_link_to_a_first_badge(visitor: Visitor, our: OurServer) -> None:
    link = our.command("set-up-link")["url"]
    visitor.open(link)
    visitor.inspect("console-set-up")
    write(visitor, organization_name="The Library", slug="library", name="Ada", email=OWNER, password="short")
    visitor.press("Make it", status=400)
    visitor.inspect("console-set-up-refused")
    write(visitor, password="a password that is long enough")
    visitor.press("Make it")
    visitor.sees("Five steps to your first badge")
    visitor.inspect("console-first-run")
    say_who_we_are(visitor)
    make_a_badge(visitor)
    grant_and_accept_it(visitor)
    visitor.follow("Ways to share it")
    visitor.sees("Reader")
    query = "SELECT grants.status, visibility, email FROM grants JOIN badges ON badges.id = badge_id"
    assert our.rows(query) == [("processed", "public", OWNER)]
    visitor.open(f"{ROOT}/granting")
    write(visitor, recipient="grace@library.example")
    grant(visitor)
    visitor.open(ROOT)
    visitor.sees("At a glance")
    assert "Five steps" not in visitor.page.locator("main").inner_text()
    visitor.inspect("console-after-the-first-run")
    visitor.open(link, status=404)


def is_next(visitor: Visitor, step: str) -> None:
    """The overview leads to this step."""
    visitor.open(ROOT)
    expect(visitor.page.locator("[aria-current=step] strong")).to_have_text(step)


def say_who_we_are(visitor: Visitor) -> None:
    is_next(visitor, "Say who you are")
    visitor.follow("To the issuers")
    visitor.follow_tile("The Library")
    visitor.follow("Edit the profile")
    write(visitor, summary="We lend books.")
    visitor.press("Save")
    visitor.sees("Saved.")


def make_a_badge(visitor: Visitor) -> None:
    is_next(visitor, "Make a badge")
    visitor.follow("To the badges")
    visitor.follow("New badge")
    write(visitor, title="Reader", description="Reads.", criteria="Read a book to its end.")
    visitor.press("Make the badge")
    visitor.sees("The badge is there: it can be granted.")


def grant_and_accept_it(visitor: Visitor) -> None:
    is_next(visitor, "Grant it to yourself")
    visitor.follow("Grant it")
    grant(visitor)
    is_next(visitor, "Accept it")
    visitor.inspect("console-four-steps-done")
    visitor.follow("To the grant")
    visitor.open(visitor.page.locator("#accept-link ~ .copyable code").inner_text())
    visitor.press("Accept the badge")
    visitor.reload_until("It's yours.")
    is_next(visitor, "Show it around")


def grant(visitor: Visitor) -> None:
    """To whoever stands in the form already."""
    choose_badge(visitor, "Reader")
    visitor.press("Look at it")
    visitor.press("Grant it")
    visitor.sees("The badge is granted")
