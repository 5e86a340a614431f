"""The story of somebody who issues: getting in, looking after what was granted, working with others."""

from __future__ import annotations

from tests.browser.conftest import LOOKS, OpenWindow
from tests.browser.scene import Scene
from tests.browser.steps import enter_console, make_owner
from tests.browser.visitor import Visitor
from tests.interop.our import ORGANIZATION

PASSWORD = "a password that is long enough"
ROOT = f"/console/o/{ORGANIZATION}"


def test_a_password_is_chosen_and_signs_in(visitor: Visitor, scene: Scene) -> None:
    owner = make_owner(scene)
    visitor.open("/console/password")
    visitor.fill("E-mail address", owner)
    visitor.press("Mail me the link")
    visitor.inspect("console-sent")
    visitor.open(scene.mailed_link(owner, "/console/link"))
    visitor.inspect("console-link")
    visitor.fill("New password", "short")
    visitor.press("Save it and sign in", status=400)
    visitor.fill("New password", PASSWORD)
    visitor.press("Save it and sign in")
    visitor.open(f"{ROOT}/grants")
    visitor.sees_heading("Grants")
    visitor.press("Sign out", within="nav")
    visitor.sees_heading("Sign in")
    form = visitor.page.get_by_role("form", name="With a password")
    form.get_by_label("E-mail address").fill(owner)
    form.get_by_label("Password").fill("not the password")
    visitor.press("Sign in", status=401)
    visitor.inspect("console-wrong-password")
    form.get_by_label("Password").fill(PASSWORD)
    visitor.press("Sign in")
    visitor.open(f"{ROOT}/grants")
    visitor.sees_heading("Grants")


def test_a_badge_is_suspended_reinstated_and_revoked(any_visitor: Visitor, scene: Scene) -> None:
    visitor = any_visitor
    address = f"ivo.{visitor.look.name}@example.org"
    offered = scene.award("First Patch", name=f"Ivo {visitor.look.name}", address=address)
    enter_console(visitor, scene)
    visitor.fill("Recipient, badge or code", offered.code)
    visitor.press("Show")
    visitor.follow_tile(f"Ivo {visitor.look.name}")
    grant = visitor.page.url
    change(visitor, "Suspend", "A witness has doubts.", button="Suspend the badge")
    visitor.sees("A witness has doubts.")
    visitor.inspect("console-grant-suspended")
    visitor.open(scene.note(offered))
    visitor.sees("It is not valid at present. A witness has doubts.")
    visitor.inspect("award-suspended")
    visitor.open(f"/verify/{offered.code}")
    visitor.sees_heading("This badge is suspended")
    visitor.inspect("verified-suspended")
    visitor.open(grant)
    visitor.press("Reinstate the badge")
    visitor.open(f"/verify/{offered.code}")
    visitor.sees_heading("This badge is valid")
    visitor.open(grant)
    change(visitor, "Revoke", "The patch was somebody else's.", button="Revoke the badge")
    visitor.sees("The patch was somebody else's.")
    assert scene.state(offered) == "revoked"
    visitor.open(scene.note(offered), status=410)
    visitor.inspect("award-revoked")
    visitor.open(f"{ROOT}/audit")
    visitor.sees("The patch was somebody else's.")


def change(visitor: Visitor, form: str, reason: str, *, button: str) -> None:
    """First with a reason of spaces only, which comes back with a word about it."""
    region = visitor.page.get_by_role("region", name=form)
    region.get_by_label("Reason").fill("   ")
    visitor.press(button, status=400)
    visitor.sees("Say why")
    region.get_by_label("Reason").fill(reason)
    visitor.press(button)


def test_people(visitor: Visitor, open_visitor: OpenWindow, scene: Scene) -> None:
    address = f"newcomer.{visitor.look.name}@example.org"
    enter_console(visitor, scene)
    visitor.follow("People")
    visitor.fill("E-mail address", "nonsense@")
    if visitor.look.scripts:
        visitor.page.eval_on_selector("form[action$=invite]", "form => { form.noValidate = true; }")
        visitor.press("Invite", status=400)
        visitor.inspect("console-people-refused")
    visitor.fill("E-mail address", address)
    visitor.choose("Viewer")
    visitor.press("Invite")
    visitor.sees("The invitation is on its way.")
    newcomer = open_visitor(LOOKS[1])
    newcomer.open(scene.mailed_link(address, "/console/invitation"))
    newcomer.inspect("console-invitation")
    newcomer.fill("Your name", "A Newcomer")
    newcomer.press("Join")
    newcomer.open(f"{ROOT}/grants")
    newcomer.sees_heading("Grants")
    visitor.open(f"{ROOT}/people")
    visitor.page.get_by_label(f"Role of {address}").select_option("admin")
    visitor.page.get_by_role("listitem").filter(has_text=address).get_by_role("button", name="Change").click()
    visitor.sees("The role is changed.")
    visitor.press(f"Remove {address}")
    visitor.sees("That person is out")
    newcomer.open(f"{ROOT}/grants", status=404)
