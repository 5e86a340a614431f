"""The story of somebody who holds badges: finding them without an account, arranging, showing, taking and erasing them."""

from __future__ import annotations

import io
import json
import zipfile

from tests.browser.conftest import LOOKS, OpenWindow
from tests.browser.elsewhere import foreign_credential
from tests.browser.scene import Scene
from tests.browser.steps import address_of, ask_for_link, open_my_badges
from tests.browser.town import Town
from tests.browser.visitor import Visitor
from tests.interop.processes import eventually

DAY = 86_400_000_000
HOME = "https://rosa.example/"


def test_a_link_works_once_and_the_answer_is_always_the_same(visitor: Visitor, scene: Scene) -> None:
    known, unknown = address_of(visitor, "lea"), address_of(visitor, "nobody")
    scene.offer("Translator", name="Lea", address=known)
    answers = []
    for address in (unknown, known):
        ask_for_link(visitor, address)
        answers.append(visitor.page.locator("main").inner_text().replace(address, "…"))
    assert answers[0] == answers[1]
    visitor.inspect("my-badges-asked")
    link = scene.mailed_link(known, "/me/link")
    visitor.open(link)
    visitor.inspect("my-badges-link")
    visitor.press("Open my badges")
    visitor.sees("Waiting for your answer")
    lifetimes = scene.our.rows(
        "SELECT alias, expires_at - created_at FROM holder_links WHERE alias LIKE '%' || ?",
        f".{visitor.look.name}@example.org",
    )
    assert (f"mailto:{known}", DAY) in lifetimes
    assert f"mailto:{unknown}" not in [alias for alias, _ in lifetimes]
    visitor.open(link, status=404)
    visitor.inspect("my-badges-link-used")


def test_a_collection_is_arranged_shown_taken_and_erased(
    any_visitor: Visitor, open_visitor: OpenWindow, scene: Scene
) -> None:
    visitor = any_visitor
    address, handle = address_of(visitor, "rosa"), f"rosa-{visitor.look.name}"
    older = scene.award("First Patch", name="Rosa Vidal", address=address)
    newer = scene.award("Night Shift", name="Rosa Vidal", address=address, visibility="private")
    scene.offer("Translator", name="Rosa Vidal", address=address)
    link = open_my_badges(visitor, scene, address)
    sections = visitor.page.locator("h2").all_inner_texts()
    assert sections[:2] == ["Waiting for your answer", "Yours"]
    assert shelf(visitor) == ["Night Shift", "First Patch"]
    visitor.press("Move First Patch up")
    assert shelf(visitor) == ["First Patch", "Night Shift"]
    _, archive = visitor.download("All badges, all files")
    names = zipfile.ZipFile(io.BytesIO(archive)).namelist()
    assert len([name for name in names if name.endswith(".png")]) == 2
    _, data = visitor.download("Everything that is stored here about you")
    assert address in data.decode()

    visitor.open(f"/me/badges/{newer.uuid}")
    visitor.choose("Everybody")
    visitor.press("Change it")
    make_profile(visitor, handle)
    stranger = open_visitor(LOOKS[1])
    stranger.open(f"/u/{handle}")
    stranger.sees_heading("Rosa Vidal")
    assert stranger.page.locator("main .tile strong").all_inner_texts() == ["First Patch", "Night Shift"]
    assert stranger.page.locator("a[rel~=me]").get_attribute("href") == HOME
    stranger.inspect("profile")

    visitor.open(f"/me/badges/{older.uuid}")
    visitor.press("Keep it off the profile")
    stranger.page.reload()
    assert stranger.page.locator("main .tile strong").all_inner_texts() == ["Night Shift"]

    erase(visitor, scene, address, after=link)
    stranger.open(f"/u/{handle}", status=404)
    rows = scene.our.rows("SELECT status, name, email FROM grants WHERE id IN (?, ?)", older.id, newer.id)
    assert rows == [("revoked", None, None)] * 2
    assert not scene.our.rows("SELECT 1 FROM public_profiles WHERE handle = ?", handle)


def shelf(visitor: Visitor) -> list[str]:
    return visitor.page.locator(".shelf-badge h3").all_inner_texts()


def make_profile(visitor: Visitor, handle: str) -> None:
    visitor.open("/me/profile")
    visitor.fill("Its name in the address", handle)
    visitor.fill("Your name", "Rosa Vidal")
    visitor.fill("Page 1", HOME)
    visitor.press("Save")
    visitor.sees("Saved.")
    visitor.inspect("profile-form")


def erase(visitor: Visitor, scene: Scene, address: str, *, after: str) -> None:
    visitor.open("/me")
    visitor.follow("Erase everything about me")
    visitor.press("Send the link")
    visitor.sees("until then nothing happens")
    visitor.open(scene.mailed_link(address, "/me/link", after=after))
    visitor.inspect("erase-link")
    visitor.press("Erase everything, for good")
    visitor.sees_heading("It is being erased")
    visitor.inspect("erased")
    eventually(lambda: not scene.our.rows("SELECT 1 FROM grants WHERE email = ?", address))


def test_a_badge_from_elsewhere(visitor: Visitor, scene: Scene, town: Town) -> None:
    """As a file, by its address, and as a text it is the same badge."""
    address = address_of(visitor, "nia")
    scene.award("Mentor", name="Nia", address=address)
    open_my_badges(visitor, scene, address)
    visitor.press("Verify and keep it", status=400)
    visitor.sees("Give a link, the text of a badge, or a file.")
    visitor.inspect("import-refused")
    badge = foreign_credential(address)
    visitor.page.locator("input[type=file]").set_input_files(
        {"name": "badge.json", "mimeType": "application/json", "buffer": badge}
    )
    visitor.press("Verify and keep it")
    visitor.sees_heading("Lifesaver")
    visitor.sees(f"It was issued to {address}.")
    visitor.inspect("imported")
    file = f"lifesaver-{visitor.look.name}"
    town.files[file] = badge
    for text in (f"{town.origin}/files/{file}", badge.decode()):
        visitor.open("/me")
        visitor.fill("Its link, or its text", text)
        visitor.press("Verify and keep it")
        visitor.sees_heading("Lifesaver")
    visitor.press("Check again")
    visitor.sees_heading("Lifesaver")
    visitor.follow("To all my badges")
    visitor.inspect("my-badges-with-an-import")
    assert shelf(visitor) == ["Mentor", "Lifesaver"]
    _, document = visitor.download("Everything that is stored here about you")
    assert "Lifesaver" in json.dumps(json.loads(document))
    visitor.follow("Lifesaver")
    visitor.press("Remove it")
    visitor.sees("The badge is not in your collection any more.")
    assert shelf(visitor) == ["Mentor"]


def test_a_further_address_and_signing_out(visitor: Visitor, scene: Scene) -> None:
    first, second = address_of(visitor, "one"), address_of(visitor, "two")
    scene.award("Mentor", name="Uma", address=first)
    scene.award("Night Shift", name="Uma", address=second)
    open_my_badges(visitor, scene, first)
    visitor.fill("Another one that is yours", "nonsense")
    visitor.press("Send the link", status=400)
    visitor.inspect("identity-refused")
    visitor.fill("Another one that is yours", second)
    visitor.press("Send the link")
    visitor.sees("A link is on its way")
    visitor.open(scene.mailed_link(second, "/me/link"))
    visitor.inspect("add-address")
    visitor.press("Yes, add it")
    visitor.sees("Night Shift")
    visitor.press("Sign out here")
    visitor.sees("we send you a link")
    visitor.open("/me/badges.zip")
    assert "Night Shift" not in visitor.page.locator("body").inner_text()


def test_a_link_that_somebody_else_asked_for(open_visitor: OpenWindow, scene: Scene) -> None:
    """Opened in another browser, it offers nothing to press."""
    scene.award("Mentor", name="Vera", address="vera@example.org")
    asking, other = open_visitor(LOOKS[0]), open_visitor(LOOKS[1])
    open_my_badges(asking, scene, "vera@example.org")
    asking.fill("Another one that is yours", "victim@example.org")
    asking.press("Send the link")
    other.open(scene.mailed_link("victim@example.org", "/me/link"))
    other.sees("Somebody asked to add")
    other.inspect("add-address-elsewhere")
    assert other.page.locator("main").get_by_role("button").count() == 0
