"""What people do in more than one story."""

from __future__ import annotations

import itertools

from tests.browser.scene import Scene
from tests.browser.visitor import Visitor
from tests.interop.our import ORGANIZATION

_numbers = itertools.count(1)


def open_my_badges(visitor: Visitor, scene: Scene, address: str) -> None:
    """Signs a recipient in by a mailed link."""
    visitor.open("/me")
    visitor.fill("Your e-mail address, or your profile", address)
    visitor.press("Send me a link")
    visitor.sees("a link is on its way")
    visitor.open(scene.mailed_link(address, "/me/link"))
    visitor.press("Open my badges")
    visitor.sees_heading("My badges")


def make_owner(scene: Scene) -> str:
    """The address of a new owner of the organization; links are mailed to one address only so often."""
    address = f"owner{next(_numbers)}@club.example"
    scene.our.command("create-user", address, "--organization", ORGANIZATION, "--role", "owner")
    return address


def enter_console(visitor: Visitor, scene: Scene) -> None:
    """Signs a new owner in by a mailed link."""
    address = make_owner(scene)
    visitor.open("/console/sign-in")
    form = visitor.page.get_by_role("region", name="Without a password")
    form.get_by_label("E-mail address").fill(address)
    visitor.press("Mail me a link")
    visitor.open(scene.mailed_link(address, "/console/link"))
    visitor.press("Sign in")
    visitor.open(f"/console/o/{ORGANIZATION}/grants")
    visitor.sees_heading("Grants")
