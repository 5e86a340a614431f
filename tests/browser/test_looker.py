"""The story of somebody who looks: what is this, who has it, and is it true?"""

from __future__ import annotations

import json

from tests.browser.scene import Scene
from tests.browser.visitor import Visitor

RENAMED = {"name": "First Patch", "into": "Nobel Prize"}


def test_from_the_front_page_to_a_person(any_visitor: Visitor, scene: Scene) -> None:
    visitor = any_visitor
    visitor.open("/")
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
    visitor.inspect("verified")


def test_a_tag(visitor: Visitor, scene: Scene) -> None:
    visitor.open("/tags/opensource")
    visitor.sees("First Patch")
    assert "Night Shift" not in visitor.page.locator("main").inner_text()


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
