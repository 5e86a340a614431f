"""Collections can be walked to their end, say their size and stay on our host (T29)."""

from __future__ import annotations

from typing import Any

from badgefed.protocol import jsonld
from badgefed.protocol.activities import AS2, create
from badgefed.protocol.collections import inline_collection, ordered_collection, ordered_page
from tests.protocol import peers
from tests.protocol.badge_values import ISSUER
from tests.protocol.test_notes import make_message, make_note

OUTBOX = f"{ISSUER.actor_id}/outbox"
FOLLOWERS = f"{ISSUER.actor_id}/followers"


def check(document: dict[str, Any]) -> None:
    assert peers.wire_problems(document, host="badges.example") == []
    if "totalItems" in document:
        assert type(document["totalItems"]) is int


def walk_pages(pages: dict[str, dict[str, Any]], head: dict[str, Any]) -> list[Any]:
    items, address = [], head["first"]
    while address is not None:
        page = pages.pop(address)
        assert page["partOf"] == head["id"]
        items += page["orderedItems"]
        address = page.get("next")
    return items


def test_a_paged_collection_gives_each_item_once() -> None:
    members = [f"https://m.example/ap/users/{number}" for number in range(5)]
    head = ordered_collection(FOLLOWERS, total=5, first=f"{FOLLOWERS}?page=1", last=f"{FOLLOWERS}?page=3")
    pages = {
        f"{FOLLOWERS}?page={number}": ordered_page(
            f"{FOLLOWERS}?page={number}",
            part_of=FOLLOWERS,
            total=5,
            items=members[2 * number - 2 : 2 * number],
            next_page=f"{FOLLOWERS}?page={number + 1}" if number < 3 else None,
            previous_page=f"{FOLLOWERS}?page={number - 1}" if number > 1 else None,
        )
        for number in (1, 2, 3)
    }
    for document in (head, *pages.values()):
        check(document)
        assert document["@context"] == AS2
    assert "next" not in pages[f"{FOLLOWERS}?page=3"]
    assert "prev" not in pages[f"{FOLLOWERS}?page=1"]
    assert walk_pages(pages, head) == members


def test_a_collection_that_only_counts() -> None:
    head = ordered_collection(FOLLOWERS, total=0)
    assert head == {"@context": AS2, "id": FOLLOWERS, "type": "OrderedCollection", "totalItems": 0}
    check(head)


def test_documents_in_a_page_leave_their_context_at_the_top() -> None:
    note = make_note()
    activity = create(f"{note['id']}/activity", note)
    page = ordered_page(
        f"{OUTBOX}?page=1", part_of=OUTBOX, total=2, items=[activity, "https://badges.example/2"]
    )
    check(page)
    assert page["@context"] == note["@context"]
    assert page["orderedItems"][0]["object"]["openbadges:assertion"] == note["openbadges:assertion"]


def test_featured_holds_its_items() -> None:
    note, message = make_note(), make_message()
    featured = inline_collection(f"{ISSUER.actor_id}/featured", [message, note])
    check(featured)
    assert featured["totalItems"] == 2
    assert [item["id"] for item in featured["orderedItems"]] == [message["id"], note["id"]]
    (expanded,) = jsonld.expand(featured)
    (listed,) = expanded["https://www.w3.org/ns/activitystreams#items"]
    alone = [jsonld.expand(document)[0] for document in (message, note)]
    assert listed["@list"] == alone
    check(inline_collection(f"{ISSUER.actor_id}/featured", []))


def test_items_without_a_context_or_with_a_single_one() -> None:
    page = inline_collection("https://badges.example/c", [{"id": "https://badges.example/1", "type": "Note"}])
    assert page["@context"] == AS2
    page = inline_collection("https://badges.example/c", [{"@context": AS2, "type": "Note"}])
    assert page["@context"] == AS2
