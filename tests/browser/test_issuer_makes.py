"""The story of somebody who issues, its beginning: an issuer with a profile, its keys and followers, and a badge."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.scene import Scene
from tests.browser.steps import choose_picture, enter_console, write
from tests.browser.town import Town
from tests.browser.visitor import Visitor
from tests.interop.our import ORGANIZATION
from tests.interop.processes import eventually

ROOT = f"/console/o/{ORGANIZATION}"
KEPT = "The picture that you chose is kept."


@pytest.fixture
def visitor(any_visitor: Visitor, town: Town) -> Visitor:
    any_visitor.elsewhere.add(town.origin)
    return any_visitor


def test_an_issuer_and_who_follows_it(visitor: Visitor, scene: Scene, town: Town) -> None:
    username = visitor.look.name.replace("-", "_")
    enter_console(visitor, scene)
    make_issuer(visitor, scene, username, website=f"{town.origin}/pages/{username}")
    page = visitor.page.url
    actor = f"{scene.base}/actor/{username}"
    verify_website(visitor, town, username, actor)
    town.post(username, "Follow", actor, inbox=f"{actor}/inbox")
    eventually(lambda: town.documents(username, "Accept"))
    visitor.follow("Change the keys")
    visitor.press("Change the keys", status=429)
    visitor.sees("These keys are less than an hour old")
    visitor.inspect("console-new-keys")
    scene.our.age_own_keys(actor, seconds=3600)
    visitor.press("Change the keys")
    visitor.sees("The issuer has new keys.")
    (update,) = eventually(lambda: town.documents(username, "Update"))
    assert "#keys/2" in update["id"]
    town.is_down = True
    try:
        visitor.follow("Edit the profile")
        write(visitor, name="The Choir of the Harbour")
        visitor.press("Save")
        visitor.sees("Saved. Followers are told.")
        visitor.open(f"{ROOT}/federation")
        visitor.reload_until("Failing")
        visitor.inspect("console-federation-failing")
    finally:
        town.is_down = False
    visitor.press(f"Try now: {town.sign_in.host}")
    visitor.sees("What waits for that server is sent now.")
    eventually(lambda: len(town.documents(username, "Update")) == 2)
    visitor.open(f"{ROOT}/followers/{username}")
    visitor.sees(town.handle(username))
    visitor.inspect("console-followers")
    visitor.page.locator("main").get_by_role("button", name="Remove").click()
    visitor.sees("Nobody follows yet")
    eventually(lambda: town.documents(username, "Reject"))
    visitor.open(page)
    visitor.sees_heading("The Choir of the Harbour")


def make_issuer(visitor: Visitor, scene: Scene, username: str, *, website: str) -> None:
    """First with a name that can't be, which costs neither what was typed nor the picture."""
    visitor.follow("Issuers")
    visitor.follow("New issuer")
    write(visitor, username="no name!", name="The Choir", summary="We sing at the harbour.", url=website)
    choose_picture(visitor, scene.our.picture)
    visitor.press("Make the issuer", status=400)
    visitor.sees("One of the fields needs another look")
    visitor.sees(KEPT)
    visitor.inspect("console-issuer-refused")
    write(visitor, username=username)
    visitor.press("Make the issuer")
    visitor.sees("The issuer is there.")
    visitor.inspect("console-issuer-made")
    made = scene.our.rows("SELECT summary, image_generated FROM issuers WHERE username = ?", username)
    assert made == [("We sing at the harbour.", 0)]


def verify_website(visitor: Visitor, town: Town, name: str, actor: str) -> None:
    town.pages[name] = "<p>Nothing here.</p>"
    visitor.press("Look at the page", status=422)
    visitor.sees("has no link back")
    visitor.inspect("console-website-refused")
    town.pages[name] = f'<a rel="me" href="{actor}">our badges</a>'
    visitor.press("Look at the page")
    visitor.sees("The website links back: it is verified.")


def test_a_badge_and_its_next_version(visitor: Visitor, scene: Scene) -> None:
    title = f"Diver {visitor.look.name}"
    enter_console(visitor, scene)
    visitor.follow("Badges")
    visitor.follow("New badge")
    visitor.page.get_by_label("Issuer").select_option(label="Harbour Radio (@radio)")
    write(visitor, title="   ", description="Dives where the boats are.", criteria="Dive to 20 metres.")
    choose_picture(visitor, scene.our.picture)
    if visitor.look.scripts:
        sees_live_preview(visitor)
    visitor.press("Make the badge", status=400)
    visitor.sees("Give the badge a title")
    visitor.sees(KEPT)
    visitor.inspect("console-badge-refused")
    write(visitor, title=title)
    visitor.press("Preview")
    expect(visitor.page.locator(".preview-title")).to_have_text(title)
    expect(visitor.page.locator(".preview-page .medal")).to_have_attribute("src", kept_picture(visitor))
    visitor.inspect("console-badge-preview")
    visitor.press("Make the badge")
    visitor.sees("The badge is there: it can be granted.")
    page = visitor.page.url.partition("?")[0]
    query = "SELECT id, version, image_generated, description FROM badges WHERE title = ?"
    ((badge_id, *made),) = scene.our.rows(query, title)
    assert made == [1, 0, "Dives where the boats are."]
    visitor.follow("Edit the badge")
    write(visitor, description="Dives where nobody else does.")
    visitor.choose("Draw a medal instead of the uploaded picture")
    visitor.press("Save")
    visitor.sees("Saved. What was granted before stays as it was.")
    visitor.sees("Version 1")
    visitor.inspect("console-badge-versions")
    assert scene.our.rows(query, title) == [(badge_id, 2, 1, "Dives where nobody else does.")]
    visitor.press("Stop granting it")
    visitor.sees("The badge can’t be granted any more.")
    visitor.open(f"{page}/delete")
    visitor.inspect("console-badge-delete")
    visitor.press("Delete the badge")
    visitor.sees("The badge is deleted.")
    assert scene.our.rows(query, title) == []


def sees_live_preview(visitor: Visitor) -> None:
    """What is typed and chosen appears beside the form by itself."""
    preview = visitor.page.locator(".preview-page")
    expect(preview).to_contain_text("Dive to 20 metres.")
    expect(preview.locator(".medal")).to_have_attribute("src", kept_picture(visitor))
    expect(preview).to_contain_text("Harbour Radio")


def kept_picture(visitor: Visitor) -> str:
    """Where the picture is that the form keeps; waits for it."""
    field = visitor.page.locator("input[name=kept]").last
    field.wait_for(state="attached")
    return f"{ROOT}/pictures/{field.get_attribute('value')}.png"
