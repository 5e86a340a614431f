"""What people on a Fedify server do with a published badge: like, boost, reply, report; and actors that change."""

from __future__ import annotations

import re

import pytest

from tests.interop.fedify import Peer
from tests.interop.our import Grant, Issuer, OurServer
from tests.interop.processes import eventually
from tests.interop.stories import accepted, answer, follow, offer

TALLY = {"like": r"(\d+) likes?<", "boost": r"(\d+) boosts?<", "reply": r"(\d+) repl(?:y|ies)<"}


def count(our: OurServer, grant: Grant, kind: str) -> int:
    """How many likes, boosts or replies a badge's page counts."""
    found = re.search(TALLY[kind], our.page(grant.note))
    assert found
    return int(found[1])


@pytest.mark.parametrize(("order", "kind"), [("like", "like"), ("announce", "boost")])
def test_likes_and_boosts_count_until_they_are_taken_back(
    our: OurServer, fedify: Peer, issuer: Issuer, order: str, kind: str
) -> None:
    grant = accepted(our, fedify, issuer, "alice")
    sent = {
        user: fedify.send(order, user=user, object=grant.note, to=issuer.actor) for user in ("alice", "bob")
    }
    assert count(our, grant, kind) == 2
    fedify.send("undo", user="alice", id=sent["alice"]["id"], to=issuer.actor, byReference=True)
    fedify.send("undo", user="bob", id=sent["bob"]["id"], to=issuer.actor)
    assert count(our, grant, kind) == 0


def test_a_public_reply_is_kept_until_it_is_deleted(our: OurServer, fedify: Peer, issuer: Issuer) -> None:
    grant = accepted(our, fedify, issuer, "alice")
    sent = fedify.send("note", user="bob", content="<p>Well done!</p>", to=issuer.actor, inReplyTo=grant.note)
    fedify.send(
        "note", user="bob", content="<p>secret</p>", to=issuer.actor, inReplyTo=grant.note, public=False
    )
    page = our.page(grant.note)
    assert "Well done!" in page
    assert sent["note"] in page
    assert "secret" not in page
    assert count(our, grant, "reply") == 1
    fedify.send("delete-note", user="bob", note=sent["note"], to=issuer.actor)
    assert count(our, grant, "reply") == 0
    assert "Well done!" not in our.page(grant.note)


def test_a_report_is_kept(our: OurServer, fedify: Peer, issuer: Issuer) -> None:
    sent = fedify.send("flag", user="bob", to=issuer.actor, objects=[issuer.actor], content="Bad badges")
    [(objects, content)] = our.rows("SELECT objects, content FROM reports WHERE activity_id = ?", sent["id"])
    assert (objects, content) == (f'["{issuer.actor}"]', "Bad badges")


def test_an_actor_s_new_name_is_taken_over(our: OurServer, fedify: Peer, issuer: Issuer) -> None:
    follow(our, fedify, issuer, "erin")
    fedify.send("update-actor", user="erin", name="Ursula", to=issuer.actor)
    assert our.rows("SELECT name FROM remote_actors WHERE id = ?", fedify.actor("erin")) == [("Ursula",)]


def test_a_new_key_is_found(our: OurServer, fedify: Peer, issuer: Issuer) -> None:
    grant, note = offer(our, fedify, issuer, "carol")
    our.age_keys(fedify.actor("carol"), seconds=600)
    fedify.tell("rotate-key", user="carol")
    answer(fedify, issuer, "carol", note, "yes")
    our.await_status(grant, "processed")


def test_a_deleted_actor_s_words_go(our: OurServer, fedify: Peer, issuer: Issuer) -> None:
    grant = accepted(our, fedify, issuer, "alice")
    fedify.send("like", user="dave", object=grant.note, to=issuer.actor)
    assert count(our, grant, "like") == 1
    fedify.send("delete-actor", user="dave", to=issuer.actor)
    eventually(lambda: count(our, grant, "like") == 0)
