"""What people do in more than one story."""

from __future__ import annotations

import itertools
from pathlib import Path

from tests.browser.scene import Scene
from tests.browser.visitor import Visitor
from tests.interop.our import ORGANIZATION

_numbers = itertools.count(1)


def address_of(visitor: Visitor, name: str) -> str:
    """One for each window, for they all come to the same server."""
    return f"{name}.{visitor.look.name}@example.org"


def ask_for_link(visitor: Visitor, address: str) -> None:
    visitor.open("/me")
    visitor.fill("Your e-mail address, or your profile", address)
    visitor.press("Send me a link")
    visitor.sees("a link is on its way")


def open_my_badges(visitor: Visitor, scene: Scene, address: str) -> str:
    """Signs a recipient in by a mailed link; that link."""
    ask_for_link(visitor, address)
    link = scene.mailed_link(address, "/me/link")
    visitor.open(link)
    visitor.press("Open my badges")
    visitor.sees_heading("My badges")
    return link


def make_owner(scene: Scene) -> str:
    """The address of a new owner of the organization; links are mailed to one address only so often."""
    address = f"owner{next(_numbers)}@club.example"
    scene.our.command("create-user", address, "--organization", ORGANIZATION, "--role", "owner")
    return address


def enter_console(visitor: Visitor, scene: Scene) -> str:
    """Signs a new owner in by a mailed link; their address."""
    address = make_owner(scene)
    visitor.open("/console/sign-in")
    form = visitor.page.get_by_role("region", name="Without a password")
    form.get_by_label("E-mail address").fill(address)
    visitor.press("Mail me a link")
    visitor.open(scene.mailed_link(address, "/console/link"))
    visitor.press("Sign in")
    visitor.open(f"/console/o/{ORGANIZATION}/grants")
    visitor.sees_heading("Grants")
    return address


def write(visitor: Visitor, **fields: str) -> None:
    """Into the fields of the page's form, by their names."""
    for name, text in fields.items():
        visitor.page.locator(f"main form.stack [name='{name}']:not([type=hidden])").fill(text)


def choose_badge(visitor: Visitor, title: str) -> None:
    visitor.page.locator("main form.stack [name=badge]").select_option(label=title)


def choose_picture(visitor: Visitor, picture: Path) -> None:
    visitor.page.locator("input[type=file]").set_input_files(picture)
