"""Activities around our documents, under the rules of the peers that receive them."""

from __future__ import annotations

from typing import Any

import pytest

from badgefed.model.times import SECOND
from badgefed.protocol.activities import (
    PUBLIC,
    accept,
    accept_quote,
    create,
    delete,
    quote_authorization,
    reference,
    reject,
    reject_quote,
    undo,
    update,
)
from tests.protocol import peers
from tests.protocol.badge_values import ISSUER, NOW
from tests.protocol.test_notes import make_note

ACTOR = ISSUER.actor_id
FOLLOWER = "https://m.example/ap/users/1"
FOLLOW: dict[str, Any] = {
    "@context": ["https://www.w3.org/ns/activitystreams", "https://evil.example/context"],
    "id": "https://m.example/follows/9",
    "type": "Follow",
    "actor": FOLLOWER,
    "object": ACTOR,
    "signature": {"type": "RsaSignature2017"},
}
EMBEDDED_FOLLOW = {"id": FOLLOW["id"], "type": "Follow", "actor": FOLLOWER, "object": ACTOR}


def check(activity: dict[str, Any]) -> None:
    assert peers.wire_problems(activity, host="badges.example") == []
    assert isinstance(peers.badgefed_reads(activity), peers.BadgeFedActivity)


def test_create_embeds_the_note_and_takes_its_context_and_audience() -> None:
    note = make_note()
    activity = create(f"{note['id']}/activity", note)
    assert activity["object"] == {name: value for name, value in note.items() if name != "@context"}
    assert activity["@context"] == note["@context"]
    assert [activity[name] for name in ("to", "cc", "published")] == [
        note[name] for name in ("to", "cc", "published")
    ]
    assert activity["actor"] == note["attributedTo"]
    check(activity)


def test_update_of_a_note_goes_where_the_note_went() -> None:
    note = make_note(updated=NOW + SECOND)
    activity = update(f"{note['id']}#updates/1", note)
    assert (activity["type"], activity["actor"]) == ("Update", ACTOR)
    assert (activity["to"], activity["cc"]) == (note["to"], note["cc"])
    assert activity["object"]["updated"] > activity["object"]["published"]
    check(activity)


def test_delete_names_its_object_by_id() -> None:
    note = make_note()
    activity = delete(note["id"], actor=ACTOR, to=note["to"], cc=note["cc"])
    assert (activity["id"], activity["object"]) == (f"{note['id']}#delete", note["id"])
    assert (activity["to"], activity["cc"]) == (note["to"], note["cc"])
    check(activity)


@pytest.mark.parametrize(("answer", "name"), [(accept, "Accept"), (reject, "Reject")])
def test_answers_embed_the_follow_and_nothing_that_a_stranger_put_beside_it(answer: Any, name: str) -> None:
    activity = answer(f"{ACTOR}/answers/1", actor=ACTOR, follow=FOLLOW)
    assert activity["object"] == EMBEDDED_FOLLOW
    assert (activity["type"], activity["actor"], activity["to"]) == (name, ACTOR, [FOLLOWER])
    assert "evil" not in str(activity)
    check_answer(activity)


def check_answer(activity: dict[str, Any]) -> None:
    """The embedded Follow's actor is the follower's, on another host."""
    assert peers.wire_problems(activity | {"object": activity["object"]["id"]}, host="badges.example") == []
    assert peers.hosts(activity) == {"badges.example", "m.example"}
    assert isinstance(peers.badgefed_reads(activity), peers.BadgeFedActivity)


def test_a_follow_with_embedded_actor_and_object_is_reduced_to_ids() -> None:
    follow = FOLLOW | {"actor": {"id": FOLLOWER, "type": "Person"}, "object": {"id": ACTOR}}
    activity = accept(f"{ACTOR}/answers/1", actor=ACTOR, follow=follow)
    assert activity["object"] == EMBEDDED_FOLLOW
    assert activity["to"] == [FOLLOWER]


def test_a_follow_without_id_is_answered_without_a_null() -> None:
    follow = {name: value for name, value in FOLLOW.items() if name != "id"}
    activity = accept(f"{ACTOR}/answers/1", actor=ACTOR, follow=follow)
    assert activity["object"] == {"type": "Follow", "actor": FOLLOWER, "object": ACTOR}


def test_undo_takes_back_our_own_activity_before_the_same_audience() -> None:
    original = delete(f"{ACTOR}/statuses/1", actor=ACTOR, to=[PUBLIC], cc=[f"{ACTOR}/followers"])
    activity = undo(f"{ACTOR}/undos/1", original)
    assert activity["object"] == {
        name: value for name, value in original.items() if name in ("id", "type", "actor", "object")
    }
    assert (activity["to"], activity["cc"]) == ([PUBLIC], [f"{ACTOR}/followers"])
    check(activity)
    assert (
        undo("https://badges.example/u", {"type": "Follow", "actor": ACTOR, "object": FOLLOWER})["to"] == []
    )


def test_a_quote_is_approved_with_a_document_of_five_members_or_refused() -> None:
    quoting, quoted = "https://m.example/notes/3", f"{ACTOR}/statuses/1"
    stamp_id = f"{ACTOR}/quotes/1"
    request = {
        "@context": "https://evil.example/context",
        "id": "https://m.example/quotes/3",
        "type": "QuoteRequest",
        "actor": FOLLOWER,
        "object": quoted,
        "instrument": {"id": quoting, "type": "Note", "content": "look"},
    }
    activity = accept_quote(f"{ACTOR}/answers/2", actor=ACTOR, request=request, authorization_id=stamp_id)
    assert activity["object"] == {
        "id": "https://m.example/quotes/3",
        "type": "QuoteRequest",
        "actor": FOLLOWER,
        "object": quoted,
        "instrument": quoting,
    }
    assert (activity["to"], activity["result"]) == ([FOLLOWER], stamp_id)
    check_answer(activity)
    refusal = reject_quote(f"{ACTOR}/rejects/2", actor=ACTOR, request=request)
    assert refusal == {name: value for name, value in activity.items() if name != "result"} | {
        "id": f"{ACTOR}/rejects/2",
        "type": "Reject",
    }
    stamp = quote_authorization(stamp_id, issuer=ACTOR, quoting=quoting, quoted=quoted)
    assert {name: value for name, value in stamp.items() if name != "@context"} == {
        "id": stamp_id,
        "type": "QuoteAuthorization",
        "attributedTo": ACTOR,
        "interactingObject": quoting,
        "interactionTarget": quoted,
    }
    assert peers.wire_problems(stamp, host="badges.example") == []


@pytest.mark.parametrize(
    ("value", "found"),
    [("x", "x"), ({"id": "x"}, "x"), ({}, None), ({"id": 1}, None), (None, None), (["x"], None), (3, None)],
)
def test_reference(value: object, found: str | None) -> None:
    assert reference(value) == found
