"""The story of somebody who issues, its end: programs, the domain, the log, and the account."""

from __future__ import annotations

import json
import re

import httpx
import pytest

from badgefed.protocol import webhook_signatures
from tests.browser.conftest import LOOKS, OpenWindow
from tests.browser.scene import Scene
from tests.browser.steps import enter_console
from tests.browser.town import Town
from tests.browser.visitor import Visitor
from tests.interop.our import ORGANIZATION
from tests.interop.processes import eventually

ROOT = f"/console/o/{ORGANIZATION}"
PASSWORD = "a password that is long enough"


@pytest.fixture
def owner(any_visitor: Visitor, scene: Scene, town: Town) -> str:
    any_visitor.elsewhere.add(town.origin)
    return enter_console(any_visitor, scene)


@pytest.fixture
def visitor(any_visitor: Visitor, owner: str) -> Visitor:
    return any_visitor


def shown_secret(visitor: Visitor) -> str:
    return visitor.page.get_by_role("status").locator("code").inner_text()


def test_a_key_for_a_program(visitor: Visitor, scene: Scene) -> None:
    name = f"Courses {visitor.look.name}"
    visitor.follow("Keys")
    visitor.fill("What it is for", name)
    for scope in ("badges:read", "grants:read", "grants:write"):
        visitor.page.locator(f"[name='scope:{scope}']").uncheck()
    visitor.press("Make the key", status=400)
    visitor.sees("Choose at least one thing that the key may do.")
    visitor.inspect("console-key-refused")
    visitor.choose("See badges")
    visitor.press("Make the key")
    key = shown_secret(visitor)
    visitor.inspect("console-key-made")
    with httpx.Client(base_url=scene.base, headers={"x-apikey": key}, timeout=30) as program:
        assert program.get("/api/badges").status_code == 200
        visitor.open(f"{ROOT}/keys")
        assert key not in visitor.page.content()
        visitor.press(f"Revoke the key {name}")
        visitor.sees("The key is revoked")
        assert program.get("/api/badges").status_code == 401
    visitor.open(f"{ROOT}/audit")
    visitor.fill("Who or what", name)
    visitor.press("Show")
    visitor.sees("revoked the key")
    visitor.sees("made the key")


def test_a_webhook(visitor: Visitor, scene: Scene, town: Town) -> None:
    name = visitor.look.name
    visitor.follow("Webhooks")
    visitor.fill("Address", f"{town.origin}/hooks/{name}")
    visitor.choose("A list is completed")
    visitor.press("Add it")
    secret = shown_secret(visitor)
    visitor.inspect("console-webhook-made")
    visitor.page.locator("main a.row").filter(has_text=f"/hooks/{name}").click()
    visitor.inspect("console-webhook")
    town.is_down = True
    try:
        visitor.press("Send a test")
        visitor.reload_until("503")
        visitor.inspect("console-delivery-failed")
    finally:
        town.is_down = False
    visitor.open(visitor.page.url.rpartition("/deliveries")[0])
    visitor.press("Send a test")
    visitor.reload_until("thank you")
    delivery = visitor.page.url
    visitor.inspect("console-delivery")
    check_signature(town, name, secret, count=1)
    visitor.press("Send it again")
    eventually(lambda: len(told(town, name)) == 2)
    visitor.open(delivery.rpartition("/")[0])
    visitor.sees("Delivered")
    visitor.inspect("console-deliveries")
    visitor.open(delivery.rpartition("/deliveries")[0])
    visitor.press("Replace the secret")
    new = shown_secret(visitor)
    assert new != secret
    visitor.press("Send a test")
    visitor.reload_until("thank you")
    for one in (secret, new):
        check_signature(town, name, one, count=3)
    visitor.open(delivery.rpartition("/deliveries")[0])
    visitor.press("Delete the webhook")
    visitor.sees("The webhook is deleted; nothing is sent there any more.")


def told(town: Town, name: str) -> list[tuple[str, bytes]]:
    return [(signature, body) for place, signature, body in town.told if place == name]


def check_signature(town: Town, name: str, secret: str, *, count: int) -> None:
    """The newest one is of this secret."""
    eventually(lambda: len(told(town, name)) == count)
    signature, body = told(town, name)[-1]
    timestamp = int(re.findall(r"t=(\d+)", signature)[0])
    expected = webhook_signatures.sign([secret], timestamp=timestamp, body=body).partition("v1=")[2]
    assert expected in signature
    assert json.loads(body)


def test_the_domain_and_what_it_lacks(visitor: Visitor) -> None:
    visitor.follow("Domain")
    visitor.fill("Domain", "nonsense")
    visitor.press("Verify", status=400)
    visitor.sees("a name like")
    visitor.inspect("console-domain-refused")
    assert visitor.page.get_by_label("Domain").input_value() == "nonsense"


def test_the_account(
    visitor: Visitor, owner: str, open_visitor: OpenWindow, scene: Scene, town: Town
) -> None:
    profile, address = f"boss-{visitor.look.name}", f"new.{owner}"
    visitor.open("/console/account")
    visitor.fill("How others see you", "Olive Owner")
    visitor.press("Save")
    visitor.sees("Your name is changed.")
    town.sign_in.signed_in = profile
    visitor.fill("A profile to sign in with", town.handle(profile))
    visitor.press_and_travel("Link it", "**/console/account?done=linked")
    visitor.sees("From now on you can sign in with that profile.")
    visitor.inspect("console-account-linked")

    other = open_visitor(LOOKS[1])
    other.elsewhere.add(town.origin)
    other.open("/console/sign-in")
    other.fill("Your profile", town.handle(profile))
    other.press_and_travel("Sign in at my server", "**/console/o/**")
    other.sees("Olive Owner")
    visitor.open("/console/account")
    visitor.sees("with a Fediverse profile")
    visitor.press("Sign out all others")
    visitor.sees("Every other browser is signed out.")
    other.open(f"{ROOT}/grants")
    other.sees_heading("Sign in")

    visitor.fill("New address", address)
    visitor.press("Change it")
    visitor.sees("Look into the mail at the new address")
    visitor.open(scene.mailed_link(address, "/console/link"))
    visitor.inspect("console-confirm-address")
    visitor.press("Yes, it is mine")
    visitor.sees(f"The address of your account is {address}.")
    assert scene.our.rows("SELECT name FROM users WHERE email = ?", address) == [("Olive Owner",)]
    visitor.open("/console/account")
    visitor.press("Unlink")
    visitor.sees("That profile doesn't sign in to your account any more.")
    visitor.press("Sign out", within="nav")
    visitor.sees_heading("Sign in")
    visitor.open(scene.mailed_link(address, "/console/link"), status=404)
    visitor.inspect("console-link-used")
