"""The story of somebody who is given a badge: from the mail to what is shown of it elsewhere."""

from __future__ import annotations

import json

from playwright.sync_api import expect

from tests.browser.scene import EVIDENCE, Scene
from tests.browser.steps import address_of
from tests.browser.visitor import Visitor

FILES = ("Picture with the badge inside", "The same as a drawing", "Open Badges 3.0", "Open Badges 2.0")
NOTHING = "Nothing. It is yours alone."


def test_a_badge_from_the_mail_to_the_files(any_visitor: Visitor, scene: Scene) -> None:
    visitor = any_visitor
    address = address_of(visitor, "ada")
    offered = scene.offer("First Patch", name="Ada Quist", address=address)
    visitor.open(scene.mailed_link(address, "/accept/grant"))
    visitor.sees("Offered by Academy of Free Software")
    visitor.sees(EVIDENCE.partition("http")[0])
    visitor.sees("Your e-mail address never does.")
    visitor.inspect("accept")
    choose_by_preview(visitor)
    visitor.press("Accept the badge")
    visitor.reload_until("It's yours.")
    visitor.sees("It has a page that opens for those to whom you give its link.")
    visitor.inspect("accepted")
    assert scene.our.rows("SELECT visibility, proof_kind FROM grants WHERE id = ?", offered.id) == [
        ("unlisted", "email-link")
    ]
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


def choose_by_preview(visitor: Visitor) -> None:
    """What others would see stands below the choice, with scripts or without."""
    preview = visitor.page.get_by_role("figure")
    expect(preview.get_by_text("Ada Quist")).to_be_visible()
    visitor.choose("Private")
    expect(preview.get_by_text(NOTHING)).to_be_visible()
    expect(preview.get_by_text("Ada Quist")).to_be_hidden()
    visitor.inspect("accept-private")
    visitor.choose("Unlisted")
    expect(preview.get_by_text(NOTHING)).to_be_hidden()


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


def test_showing_it_elsewhere(visitor: Visitor, scene: Scene) -> None:
    """A link to copy, LinkedIn, and snippets for pages of one's own."""
    offered = scene.awards["First Patch"]
    page = f"{scene.base}/awards/{offered.uuid}"
    visitor.open(f"/awards/{offered.uuid}/share")
    if visitor.look.scripts:
        assert copied(visitor) == page
    linkedin = visitor.page.get_by_role("link", name="Add to LinkedIn").get_attribute("href") or ""
    assert linkedin.startswith("https://www.linkedin.com/profile/add?")
    assert offered.code in linkedin
    label = f"{scene.base}/award-label/{offered.uuid}.svg"
    assert snippet(visitor, "Markdown, for a README") == f"[![First Patch]({label})]({page})"
    assert f'src="{label}"' in snippet(visitor, "HTML, as a label")
    assert f'src="{scene.base}/api/embed/{offered.uuid}"' in snippet(visitor, "HTML, as a card")
    visitor.inspect("share-snippets")
    for address, start in ((label, b"<svg"), (label.replace(".svg", ".png"), b"\x89PNG")):
        assert visitor.context.request.get(address).body().startswith(start)


def copied(visitor: Visitor) -> str:
    """What is in the clipboard after the first button of the section that copies."""
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    section = visitor.page.get_by_role("region", name="Where you are")
    button = section.get_by_role("button", name="Copy").first
    button.click()
    expect(visitor.page.get_by_role("button", name="Copied")).to_be_visible()
    text: str = visitor.page.evaluate("navigator.clipboard.readText()")
    return text


def snippet(visitor: Visitor, name: str) -> str:
    visitor.page.get_by_text(name, exact=True).click()
    opened = visitor.page.locator("details[open]").filter(has_text=name)
    return opened.locator("code").inner_text()
