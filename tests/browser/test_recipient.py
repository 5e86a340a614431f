"""The story of somebody who is given badges: from the mail to the file that they take along."""

from __future__ import annotations

import io
import json
import zipfile

from tests.browser.conftest import LOOKS, OpenWindow
from tests.browser.elsewhere import foreign_credential
from tests.browser.scene import EVIDENCE, Scene
from tests.browser.steps import open_my_badges
from tests.browser.visitor import Visitor

FILES = ("Picture with the badge inside", "The same as a drawing", "Open Badges 3.0", "Open Badges 2.0")


def address_of(visitor: Visitor, name: str) -> str:
    """One for each window, for they all come to the same server."""
    return f"{name}.{visitor.look.name}@example.org"


def test_a_badge_from_the_mail_to_the_files(any_visitor: Visitor, scene: Scene) -> None:
    visitor = any_visitor
    address = address_of(visitor, "ada")
    offered = scene.offer("First Patch", name="Ada Quist", address=address)
    visitor.open(scene.mailed_link(address, "/accept/grant"))
    visitor.sees("Offered by Academy of Free Software")
    visitor.sees(EVIDENCE.partition("http")[0])
    visitor.inspect("accept")
    visitor.choose("Unlisted")
    visitor.press("Accept the badge")
    visitor.reload_until("It's yours.")
    visitor.sees("It has a page that opens for those to whom you give its link.")
    visitor.inspect("accepted")
    visitor.follow("See your badge")
    visitor.sees_heading("First Patch")
    visitor.sees("The recipient opened the link that was sent to their e-mail address.")
    visitor.inspect("award-unlisted")
    for name in FILES:
        file, content = visitor.download(name)
        assert offered.code in file
        assert len(content) > 500
    visitor.open("/awards")
    assert "Ada Quist" not in visitor.page.locator("main").inner_text()


def test_a_private_badge_has_no_page(visitor: Visitor, scene: Scene) -> None:
    address = address_of(visitor, "kim")
    offered = scene.offer("Mentor", name="Kim", address=address)
    visitor.open(scene.mailed_link(address, "/accept/grant"))
    visitor.choose("Private")
    visitor.press("Accept the badge")
    visitor.reload_until("It's yours.")
    file, content = visitor.download("Download the credential")
    assert file == f"{offered.code}.json"
    assert json.loads(content)["credentialSubject"]["achievement"]["name"] == "Mentor"
    visitor.open(scene.note(offered), status=404)


def test_not_me(visitor: Visitor, scene: Scene) -> None:
    address = address_of(visitor, "notme")
    offered = scene.offer("Mentor", name="Somebody Else", address=address)
    link = scene.mailed_link(address, "/accept/grant")
    visitor.open(link)
    visitor.page.get_by_text("I don't want it, or this isn't me").click()
    visitor.choose("This isn't me")
    visitor.fill("Anything that you would like the issuer to know", "I was never there.")
    visitor.inspect("decline")
    visitor.press("Decline the badge")
    visitor.sees_heading("You have declined this badge.")
    visitor.inspect("declined")
    assert scene.our.rows("SELECT status, closed_reason FROM grants WHERE id = ?", offered.id) == [
        ("declined", "This isn't me: I was never there.")
    ]
    visitor.open(link, status=404)


def test_my_badges(visitor: Visitor, scene: Scene) -> None:
    address = address_of(visitor, "rosa")
    scene.award("First Patch", name="Rosa Vidal", address=address)
    scene.award("Night Shift", name="Rosa Vidal", address=address, visibility="private")
    scene.offer("Translator", name="Rosa Vidal", address=address)
    open_my_badges(visitor, scene, address)
    visitor.sees("Waiting for your answer")
    for title in ("First Patch", "Night Shift", "Translator"):
        visitor.sees(title)
    _, archive = visitor.download("All badges, all files")
    names = zipfile.ZipFile(io.BytesIO(archive)).namelist()
    assert len([name for name in names if name.endswith(".png")]) == 2
    _, data = visitor.download("Everything that is stored here about you")
    assert address in data.decode()


def test_a_badge_from_elsewhere(visitor: Visitor, scene: Scene) -> None:
    address = address_of(visitor, "nia")
    scene.award("Mentor", name="Nia", address=address)
    open_my_badges(visitor, scene, address)
    visitor.press("Verify and keep it", status=400)
    visitor.sees("Give a link, the text of a badge, or a file.")
    visitor.inspect("import-refused")
    visitor.page.locator("input[type=file]").set_input_files(
        {"name": "badge.json", "mimeType": "application/json", "buffer": foreign_credential(address)}
    )
    visitor.press("Verify and keep it")
    visitor.sees_heading("Lifesaver")
    visitor.sees(f"It was issued to {address}.")
    visitor.inspect("imported")
    visitor.press("Check again")
    visitor.sees_heading("Lifesaver")
    visitor.follow("To all my badges")
    visitor.inspect("my-badges-with-an-import")
    visitor.follow("Lifesaver")
    visitor.press("Remove it")
    visitor.sees("The badge is not in your collection any more.")
    assert "Lifesaver" not in visitor.page.locator("main").inner_text()


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
