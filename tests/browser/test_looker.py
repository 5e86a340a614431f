"""The story of somebody who looks: what is this, who has it, and is it true?"""

from __future__ import annotations

import json
import re
from urllib.parse import urlencode

from playwright.sync_api import expect

from badgefed.protocol.snippets import html_frame
from tests.browser.conftest import LOOKS, OpenWindow
from tests.browser.scene import Scene
from tests.browser.town import Town
from tests.browser.visitor import Visitor

RENAMED = {"name": "First Patch", "into": "Nobel Prize"}


def test_from_the_front_page_to_a_person(any_visitor: Visitor, scene: Scene) -> None:
    visitor = any_visitor
    visitor.open("/")
    visitor.follow("Explore")
    visitor.follow("All issuers")
    visitor.follow_tile("Academy of Free Software")
    visitor.follow_tile("Mentor")
    visitor.follow_tile("Sofía Álvarez")
    visitor.sees_heading("Mentor")
    visitor.follow("Academy of Free Software")
    visitor.sees_heading("Academy of Free Software")
    visitor.follow_tile("First Patch")
    visitor.sees_heading("First Patch")
    visitor.sees("Jonas Lindqvist")
    assert "amara@example.org" not in visitor.page.content()
    visitor.follow_tile("Jonas Lindqvist")
    visitor.sees("Awarded to Jonas Lindqvist")
    visitor.follow("Share")
    visitor.inspect("share")


def test_an_award_is_verified_from_its_page(visitor: Visitor, scene: Scene) -> None:
    visitor.open(scene.note(scene.awards["Mentor"]))
    visitor.follow("Verify this badge")
    visitor.sees_heading("This badge is valid")
    for check in ("Genuine", "Issuer", "Not revoked", "Dates"):
        visitor.sees(check)
    expect(visitor.page.get_by_role("img", name="QR code of this page's address")).to_be_visible()
    visitor.inspect("verified")


def test_a_tag(visitor: Visitor, scene: Scene) -> None:
    visitor.open("/tags/opensource")
    visitor.sees("First Patch")
    assert "Night Shift" not in visitor.page.locator("main").inner_text()


def test_what_is_searched_for_is_found(visitor: Visitor, scene: Scene) -> None:
    """By a person's name, a badge, an issuer, a hashtag; in another language, too."""
    visitor.open("/explore")
    for words, found in (
        ("Lindqvist", "Jonas Lindqvist"),
        ("Translat", "Translator"),
        ("#radio", "Night Shift"),
    ):
        search(visitor, words)
        assert found in visitor.page.locator(".tile strong").all_inner_texts(), words
    search(visitor, "@radio")
    visitor.sees("Harbour Radio")
    visitor.inspect("search")
    search(visitor, "nobody at all")
    visitor.sees("Nothing found.")
    visitor.inspect("search-nothing")
    visitor.follow("Deutsch")
    visitor.sees("Stattdessen umsehen")
    assert visitor.page.locator("html").get_attribute("lang") == "de"
    visitor.follow("Entdecken")
    visitor.sees_heading("Entdecken")
    visitor.inspect("explore-in-german")


def search(visitor: Visitor, words: str) -> None:
    visitor.fill("Find a badge, a person or an issuer", words)
    visitor.press("Search")


def test_badges_on_a_page_of_another_server(visitor: Visitor, scene: Scene, town: Town) -> None:
    """By a script and in a frame, as the page of this server for that says."""
    profile = town.actor(f"zadie-{visitor.look.name}")
    name = f"Zadie {visitor.look.name}"
    offered = scene.award("Mentor", name=name, address=profile)
    visitor.open(f"/embed/demo?{urlencode({'recipient': profile})}")
    visitor.page.get_by_text("HTML with a script", exact=True).click()
    script = visitor.page.locator("details[open] code").inner_text()
    visitor.inspect("embed-demo")
    frame = html_frame("Mentor", url=f"{scene.base}/api/embed/{offered.uuid}")
    town.pages[visitor.look.name] = script + frame
    visitor.elsewhere.add(town.origin)
    visitor.context.set_extra_http_headers({})  # with headers of ours its request would not be a simple one
    visitor.open(f"{town.origin}/pages/{visitor.look.name}")
    expect(visitor.page.frame_locator("iframe").locator("body")).to_contain_text(name)
    if visitor.look.scripts:
        expect(visitor.page.locator(".badgefed-name").first).to_have_text("Mentor")
    visitor.inspect("embedded-elsewhere")


def test_what_programs_find_on_the_page_of_an_award(open_visitor: OpenWindow, scene: Scene) -> None:
    """Previews, feeds, oEmbed, the map for search engines."""
    visitor = open_visitor(LOOKS[2])
    note, uuid = scene.note(scene.awards["Mentor"]), scene.awards["Mentor"].uuid
    visitor.open(note)
    assert meta(visitor, "fediverse:creator") == f"@academy@{scene.base.partition('://')[2]}"
    assert meta(visitor, "og:title") == "Mentor, awarded to Sofía Álvarez"
    assert fetch(visitor, meta(visitor, "og:image")).startswith(b"\x89PNG")
    assert scene.base in json.loads(fetch(visitor, alternate(visitor, "application/json+oembed")))["html"]
    visitor.open("/")
    for kind in ("application/atom+xml", "application/feed+json"):
        assert note.encode() in fetch(visitor, alternate(visitor, kind))
    assert b"Sitemap: " in fetch(visitor, "/robots.txt")
    maps = re.findall(r"<loc>([^<]+)</loc>", fetch(visitor, "/sitemap.xml").decode())
    pages = b"".join(fetch(visitor, address) for address in maps)
    assert note.encode() in pages
    assert scene.note(scene.awards["Night Shift"]).encode() in pages
    assert uuid.encode() not in pages.replace(note.encode(), b"")


def meta(visitor: Visitor, name: str) -> str:
    found = visitor.page.locator(f'meta[name="{name}"], meta[property="{name}"]')
    return found.get_attribute("content") or ""


def alternate(visitor: Visitor, kind: str) -> str:
    return visitor.page.locator(f'link[rel=alternate][type="{kind}"]').get_attribute("href") or ""


def fetch(visitor: Visitor, address: str) -> bytes:
    answer = visitor.context.request.get(visitor.absolute(address))
    assert answer.status == 200, address
    return answer.body()


def test_an_award_is_printed_as_a_certificate(open_visitor: OpenWindow, scene: Scene) -> None:
    visitor = open_visitor(LOOKS[0])
    visitor.open(scene.note(scene.awards["Mentor"]))
    visitor.page.emulate_media(media="print")
    for words in ("Sofía Álvarez", "Issued by", "Fingerprint (SHA-256)", "The recipient opened"):
        expect(visitor.page.get_by_text(words).first).to_be_visible()
    for role in ("navigation", "form", "button"):
        assert visitor.page.get_by_role(role).count() == 0, role
    expect(visitor.page.get_by_text("Files to keep")).to_be_hidden()
    paper = visitor.page.pdf(path=visitor.equipment.screenshots / "award.pdf", format="A4")
    assert paper.count(b"/Type /Page\n") == 1


def test_verify_by_link(visitor: Visitor, scene: Scene) -> None:
    verify_text(visitor, scene.note(scene.awards["First Patch"]))
    visitor.sees_heading("This badge is valid")


def test_verify_by_number_for_somebody(visitor: Visitor, scene: Scene) -> None:
    offered = scene.awards["First Patch"]
    verify_text(visitor, offered.code, recipient="amara@example.org")
    visitor.sees_heading("This badge is valid")
    verify_text(visitor, offered.code, recipient="thief@example.org")
    visitor.sees_heading("This badge belongs to somebody else")
    visitor.inspect("verified-for-somebody-else")


def test_verify_pasted_json(visitor: Visitor, scene: Scene) -> None:
    verify_text(visitor, credential(scene))
    visitor.sees_heading("This badge is valid")


def test_verify_tampered_json(visitor: Visitor, scene: Scene) -> None:
    verify_text(visitor, credential(scene).replace(RENAMED["name"], RENAMED["into"]))
    visitor.sees_heading("This badge is not genuine")
    visitor.sees("None of this is proved")
    visitor.inspect("verified-tampered")


def test_verify_a_picture(visitor: Visitor, scene: Scene) -> None:
    uuid = scene.awards["First Patch"].uuid
    picture = scene.our.client.get(f"/credentials/{uuid}/badge.png").content
    verify_file(visitor, "badge.png", picture)
    visitor.sees_heading("This badge is valid")


def test_verify_something_else(visitor: Visitor, scene: Scene) -> None:
    verify_file(visitor, "cat.png", scene.our.picture.read_bytes(), status=400)
    visitor.inspect("verify-refused")
    visitor.open("/verify")
    visitor.press("Verify", status=400)
    assert visitor.page.locator("[aria-invalid=true]").count() == 1


def test_a_number_that_does_not_exist(visitor: Visitor, scene: Scene) -> None:
    visitor.open("/verify/CRD-AAAAAAAA", status=404)


def credential(scene: Scene) -> str:
    document = scene.our.client.get(f"/credentials/{scene.awards['First Patch'].uuid}/ob3")
    return json.dumps(document.json())


def verify_text(visitor: Visitor, text: str, *, recipient: str = "") -> None:
    visitor.open("/verify")
    visitor.fill("A link, a number, or the badge's text", text)
    visitor.fill("Who should it belong to?", recipient)
    visitor.press("Verify")


def verify_file(visitor: Visitor, name: str, content: bytes, *, status: int = 200) -> None:
    visitor.open("/verify")
    visitor.page.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "image/png", "buffer": content}
    )
    visitor.press("Verify", status=status)
