"""The story of somebody who issues, its middle: granting to one and to many, and looking after what was granted."""

from __future__ import annotations

import csv

import pytest
from playwright.sync_api import expect

from tests.browser.scene import Scene
from tests.browser.steps import address_of, choose_badge, enter_console, write
from tests.browser.town import Town
from tests.browser.visitor import Visitor
from tests.interop.our import ORGANIZATION
from tests.interop.processes import eventually

ROOT = f"/console/o/{ORGANIZATION}"


@pytest.fixture
def visitor(any_visitor: Visitor, scene: Scene) -> Visitor:
    enter_console(any_visitor, scene)
    return any_visitor


def test_to_a_profile_and_to_an_address(visitor: Visitor, scene: Scene, town: Town) -> None:
    name, address = f"mira-{visitor.look.name}", address_of(visitor, "tilda")
    look_at(visitor, "nobody")
    visitor.sees("Write a Fediverse profile like")
    visitor.inspect("console-granting-refused")
    look_at(visitor, town.handle(name), status=200)
    visitor.sees_heading("Grant this badge?")
    visitor.sees("Mira")
    visitor.sees("They get a direct message")
    visitor.inspect("console-granting-check")
    assert not town.documents(name, "Create"), "nothing is sent before it was looked at"
    visitor.press("Change something")
    assert visitor.page.locator("[name=evidence]").input_value() == "Sorted the archive."
    write(visitor, recipient=town.actor(name))
    visitor.press("Look at it")
    visitor.sees(town.handle(name))
    visitor.press("Grant it")
    visitor.sees("The badge is granted; its recipient is being told.")
    assert "/accept/grant/" in town.message(name)

    visitor.open(f"{ROOT}/granting")
    look_at(visitor, address, status=200)
    visitor.sees("They get a mail with a link")
    visitor.press("Grant it")
    visitor.sees("The badge is granted; its recipient is being told.")
    visitor.inspect("console-granted")
    first = scene.mailed_link(address, "/accept/grant")
    visitor.press("Send the offer again")
    visitor.sees("The offer goes out once more.")
    visitor.press("Remind by mail", status=429)
    visitor.sees("The recipient was told within the last hour.")
    assert eventually(lambda: scene.mailed_link(address, "/accept/grant")) == first
    find_among_grants(visitor, address)


def look_at(visitor: Visitor, recipient: str, *, status: int = 400) -> None:
    """Fills the form of a grant, and goes on to what will happen."""
    if "/granting" not in visitor.page.url:
        visitor.follow("Grant a badge")
    choose_badge(visitor, "First Patch")
    write(visitor, recipient=recipient, evidence="Sorted the archive.")
    visitor.press("Look at it", status=status)


def find_among_grants(visitor: Visitor, address: str) -> None:
    """By text, state and order; what is found is what the file has."""
    visitor.open(f"{ROOT}/grants")
    visitor.fill("Recipient, badge or code", address)
    visitor.page.get_by_label("State").select_option(label="Valid")
    visitor.press("Show")
    visitor.sees("Nothing found")
    visitor.page.get_by_label("State").select_option(label="Waiting")
    visitor.page.get_by_label("Order").select_option(label="Oldest first")
    visitor.press("Show")
    expect(visitor.page.locator(".rows > li")).to_have_count(1)
    visitor.inspect("console-grants-found")
    name, data = visitor.download("Download as CSV")
    assert name == f"grants-{ORGANIZATION}.csv"
    (row,) = csv.DictReader(data.decode("utf-8-sig").splitlines())
    assert (row["email"], row["status"], row["badge"]) == (address, "pending", "First Patch")


def test_a_list_from_the_file_to_what_failed(visitor: Visitor, scene: Scene) -> None:
    good = [address_of(visitor, f"list{number}") for number in range(3)]
    lines = ["Who;Post to;Shoe size", *(f"Person;{one};39" for one in good), "Nobody;not an address;40"]
    visitor.follow("Grant by a list")
    send_file(visitor, "", status=400)
    visitor.sees("Choose a CSV file.")
    visitor.inspect("console-list-refused")
    send_file(visitor, "\n".join(lines))
    visitor.sees_heading("What the columns mean")
    for column, meaning in (("Who", "Name"), ("Post to", "E-mail address")):
        visitor.page.get_by_label(f"What the column {column} means").select_option(label=meaning)
    visitor.inspect("console-list-columns")
    visitor.press("Next: try it")
    visitor.sees("3 badges would be granted.")
    visitor.sees("Columns that are left out: Shoe size")
    expect(visitor.page.locator("tbody tr").first).to_contain_text("not an address")
    visitor.inspect("console-list-trial")
    query = "SELECT count(*) FROM grants WHERE email IN (?, ?, ?)"
    assert scene.our.rows(query, *good) == [(0,)], "a trial grants nothing"
    visitor.press("Grant 3 badges")
    visitor.reload_until("Completed")
    visitor.sees("What was not granted")
    visitor.inspect("console-list-done")
    assert scene.our.rows(query, *good) == [(3,)]
    _, failed = visitor.download("Download as CSV")
    assert b"not an address" in failed
    assert good[0].encode() not in failed
    for address in good:
        assert scene.mailed_link(address, "/accept/grant")


def send_file(visitor: Visitor, text: str, *, status: int = 200) -> None:
    visitor.page.locator("input[type=file]").set_input_files(
        {"name": "people.csv", "mimeType": "text/csv", "buffer": text.encode()}
    )
    choose_badge(visitor, "Night Shift")
    visitor.press("Next: its columns", status=status)
