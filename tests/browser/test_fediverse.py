"""The story of somebody who is at home on another server: a message there, signing in there, following and sharing from there."""

from __future__ import annotations

import re

import pytest

from tests.browser.scene import Scene
from tests.browser.town import Town
from tests.browser.visitor import Visitor
from tests.interop.processes import eventually

ACCEPT_LINK = re.compile(r'http://[^"<\s]+/accept/grant/[^"<\s]+')


@pytest.fixture
def visitor(any_visitor: Visitor, town: Town) -> Visitor:
    any_visitor.elsewhere.add(town.origin)
    return any_visitor


def test_a_badge_by_direct_message_is_accepted_at_ones_own_server(
    visitor: Visitor, scene: Scene, town: Town
) -> None:
    name, other = f"nadia-{visitor.look.name}", f"work-{visitor.look.name}"
    offered = scene.offer("Mentor", name="Nadia", address=town.actor(name))
    scene.award("Night Shift", name="Nadia", address=town.actor(other))
    found = ACCEPT_LINK.search(town.message(name))
    assert found
    visitor.open(found[0])
    visitor.inspect("accept-by-message")
    town.sign_in.signed_in = name
    visitor.press_and_travel(f"Accept with the server of {town.handle(name)}", "**/grants/**")
    visitor.reload_until("It's yours.")
    assert scene.our.rows("SELECT proof_kind, actor_id FROM grants WHERE id = ?", offered.id) == [
        ("oauth", town.actor(name))
    ]
    visitor.follow("See your badge")
    visitor.sees("The recipient signed in with their profile.")
    share(visitor, scene, town, name)

    visitor.open("/me")
    visitor.fill("Your e-mail address, or your profile", town.handle(name))
    visitor.press_and_travel("Sign in at my server", "**/me")
    visitor.sees("Your addresses and profiles")
    town.sign_in.signed_in = other
    visitor.fill("Another one that is yours", town.handle(other))
    visitor.press_and_travel("Sign in at that server", "**/me*")
    visitor.sees("Night Shift")
    visitor.inspect("my-badges-of-two-profiles")
    identities = scene.our.rows(
        "SELECT count(*), count(DISTINCT holder_id) FROM holder_identities WHERE alias IN (?, ?)",
        *(town.actor(one) for one in (name, other)),
    )
    assert identities == [(2, 1)]
    assert not town.sign_in.tokens, "each token was given back"


def share(visitor: Visitor, scene: Scene, town: Town, name: str) -> None:
    """From the badge's page to the form of one's own server."""
    note = visitor.page.locator("link[rel=canonical]").get_attribute("href")
    visitor.fill("Share from your own server", town.handle(name))
    visitor.press("Share")
    visitor.inspect("share-departure")
    visitor.follow(f"Continue at {town.sign_in.host}")
    visitor.sees_heading("Do you want to?")
    assert town.wanted[-1] == note


def test_an_issuer_is_followed(visitor: Visitor, scene: Scene, town: Town) -> None:
    name = f"bruno-{visitor.look.name}"
    actor = f"{scene.base}/actor/academy"
    visitor.open("/actor/academy")
    visitor.fill("Your Fediverse handle", "nonsense")
    visitor.press("Follow", status=400)
    visitor.inspect("follow-refused")
    visitor.fill("Your Fediverse handle", town.handle(name))
    visitor.press("On to my server")
    visitor.inspect("follow-departure")
    visitor.follow(f"Continue at {town.sign_in.host}")
    visitor.sees_heading("Do you want to?")
    assert town.wanted[-1] == actor
    town.post(name, "Follow", actor, inbox=f"{actor}/inbox")
    eventually(lambda: town.documents(name, "Accept"))
    offered = scene.award("First Patch", name=f"News {name}", address=f"{name}@example.org")
    eventually(lambda: scene.note(offered) in news_of(town, name))


def news_of(town: Town, name: str) -> list[str]:
    """The ids of the posts that came."""
    return [document["object"]["id"] for document in town.documents(name, "Create")]


def test_what_people_answer_stands_below_the_badge(visitor: Visitor, scene: Scene, town: Town) -> None:
    """Cleaned: of a stranger's page, text remains."""
    name = f"olga-{visitor.look.name}"
    offered = scene.award("Mentor", name="Ines", address=f"ines.{name}@example.org")
    note, inbox = scene.note(offered), f"{scene.base}/inbox"
    content = (
        "<p>Well deserved <script>alert(1)</script><img src='http://127.0.0.2:9/x.png' onerror='alert(1)'>"
        "<a href='javascript:alert(1)'>indeed</a></p>"
    )
    town.post(name, "Like", note, inbox=inbox)
    town.post(name, "Announce", note, inbox=inbox)
    town.post(name, "Create", town.note(name, note, content), inbox=inbox)
    visitor.open(note)
    for words in ("1 like", "1 boost", "1 reply", "Well deserved", "indeed"):
        visitor.sees(words)
    assert visitor.page.locator(".foreign :is(script, img, [onerror], [href^=javascript])").count() == 0
    visitor.inspect("award-with-responses")
    kinds = scene.our.rows("SELECT kind FROM interactions WHERE grant_id = ? ORDER BY kind", offered.id)
    assert kinds == [("boost",), ("like",), ("reply",)]
