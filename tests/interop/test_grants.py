"""A badge's way through the Fediverse: offered, answered, published, talked about, revoked."""

from __future__ import annotations

import pytest

from tests.interop.fedify import SHARED, Peer
from tests.interop.our import ACTIVITY_JSON, Issuer, OurServer
from tests.interop.processes import eventually
from tests.interop.stories import PEERS, accepted, answer, as_list, follow, messages, offer

PNG = b"\x89PNG\r\n\x1a\n"
PUBLIC = ("as:Public", "https://www.w3.org/ns/activitystreams#Public")


@pytest.mark.parametrize("name", PEERS)
@pytest.mark.parametrize("by_handle", [False, True])
def test_a_badge_is_offered_accepted_and_published(
    name: str, by_handle: bool, our: OurServer, issuer: Issuer, request: pytest.FixtureRequest
) -> None:
    peer: Peer = request.getfixturevalue(name)
    grant = our.grant(issuer, peer.handle("alice") if by_handle else peer.actor("alice"))
    assert our.status(grant) == "pending"
    [message] = eventually(lambda: messages(peer, issuer, "alice"))
    [mention] = [tag for tag in as_list(message["tag"]) if tag["type"] == "Mention"]
    assert as_list(message.get("cc")) == []
    assert mention["href"] == peer.actor("alice")
    assert mention["name"] == peer.handle("alice")
    assert grant.accept_url.rpartition("/")[0] in message["content"]

    answer(peer, issuer, "alice", message, "yes")
    our.await_status(grant, "processed")
    [create] = eventually(lambda: peer.received("Create", sender=issuer.actor, about=grant.note))
    assert create["recipient"] == "alice"
    assert peer.actor("alice") in as_list(create["json"]["cc"])


def test_followers_get_the_badge_with_its_picture(our: OurServer, fedify: Peer, issuer: Issuer) -> None:
    follow(our, fedify, issuer, "bob")
    grant = accepted(our, fedify, issuer, "alice")
    assert messages(fedify, issuer, "bob") == []
    copies = fedify.received("Create", sender=issuer.actor, about=grant.note)
    assert sorted(copy["recipient"] for copy in copies) == [SHARED, "alice"]
    note = copies[0]["json"]["object"]
    audience = as_list(note["to"]) + as_list(note["cc"])
    assert f"{issuer.actor}/followers" in audience
    assert any(name in audience for name in PUBLIC)
    [picture] = as_list(note["attachment"])
    assert picture["mediaType"] == "image/png"
    assert f"Badge of {issuer.username}" in picture["name"]
    image = our.client.get(picture["url"])
    assert image.headers["content-type"] == "image/png"
    assert image.content.startswith(PNG)


def test_what_is_published_can_be_fetched_by_its_id(our: OurServer, fedify: Peer, issuer: Issuer) -> None:
    grant = accepted(our, fedify, issuer, "alice")
    note = our.document(grant.note)
    assert note["id"] == grant.note
    assert our.document(f"{grant.note}/activity")["object"]["id"] == grant.note
    assert f"Badge of {issuer.username}" in our.page(grant.note)
    for signed in (True, False):
        found = fedify.tell("lookup", id=grant.note, signed=signed)
        assert found["type"] == "Note"
        assert found["err"] is None
    outbox = fedify.tell("collection", id=f"{issuer.actor}/outbox")
    assert [item["id"] for item in outbox["items"]] == [f"{grant.note}/activity"]
    featured = fedify.tell("collection", id=f"{issuer.actor}/featured")
    assert [item["id"] for item in featured["items"]] == [grant.note]


def test_a_message_is_for_nobody_but_its_recipient(our: OurServer, fedify: Peer, issuer: Issuer) -> None:
    grant, note = offer(our, fedify, issuer, "alice")
    assert our.client.get(note["id"], headers={"accept": ACTIVITY_JSON}).status_code == 404
    assert our.client.get(grant.note, headers={"accept": ACTIVITY_JSON}).status_code == 404
    assert fedify.tell("collection", id=f"{issuer.actor}/outbox")["items"] == []


def test_no_declines(our: OurServer, fedify: Peer, issuer: Issuer) -> None:
    grant, note = offer(our, fedify, issuer, "alice")
    answer(fedify, issuer, "alice", note, "no, thanks")
    eventually(lambda: our.client.get(grant.accept_url).status_code == 404)
    our.await_idle()
    assert fedify.received("Create", sender=issuer.actor, about=grant.note) == []
    assert our.grant(issuer, fedify.actor("alice")).id != grant.id


def test_an_unclear_answer_is_asked_about(our: OurServer, fedify: Peer, issuer: Issuer) -> None:
    grant, note = offer(our, fedify, issuer, "alice")
    reply = answer(fedify, issuer, "alice", note, "what is this?")
    question = eventually(lambda: messages(fedify, issuer, "alice")[1:])[0]
    assert question["inReplyTo"] == reply
    assert our.status(grant) == "pending"
    answer(fedify, issuer, "alice", question, "yes")
    our.await_status(grant, "processed")


def test_nobody_else_can_answer(our: OurServer, fedify: Peer, issuer: Issuer) -> None:
    grant, note = offer(our, fedify, issuer, "alice")
    answer(fedify, issuer, "bob", note, "yes")
    fedify.send("like", user="bob", object=note["id"], to=issuer.actor)
    our.await_idle()
    assert our.status(grant) == "pending"
    assert messages(fedify, issuer, "bob") == []
    answer(fedify, issuer, "alice", note, "yes")
    our.await_status(grant, "processed")


def test_a_like_of_the_message_accepts(our: OurServer, fedify: Peer, issuer: Issuer) -> None:
    grant, note = offer(our, fedify, issuer, "alice")
    fedify.send("like", user="alice", object=note["id"], to=issuer.actor)
    our.await_status(grant, "processed")


def test_an_accept_of_the_message_accepts(our: OurServer, fedify: Peer, issuer: Issuer) -> None:
    grant, note = offer(our, fedify, issuer, "alice")
    fedify.send("accept", user="alice", object=note["id"], to=issuer.actor)
    our.await_status(grant, "processed")


def test_a_reject_of_the_message_declines(our: OurServer, fedify: Peer, issuer: Issuer) -> None:
    grant, note = offer(our, fedify, issuer, "alice")
    fedify.send("reject", user="alice", object=note["id"], to=issuer.actor)
    eventually(lambda: our.client.get(grant.accept_url).status_code == 404)


def test_a_former_follower_gets_nothing_more(our: OurServer, fedify: Peer, issuer: Issuer) -> None:
    follow(our, fedify, issuer, "bob")
    fedify.send("unfollow", user="bob", actor=issuer.actor)
    eventually(lambda: our.count_followers(issuer) == 0)
    grant = accepted(our, fedify, issuer, "alice")
    copies = fedify.received("Create", sender=issuer.actor, about=grant.note)
    assert [copy["recipient"] for copy in copies] == ["alice"]


@pytest.mark.parametrize("name", PEERS)
def test_a_revoked_badge_is_deleted_everywhere(
    name: str, our: OurServer, issuer: Issuer, request: pytest.FixtureRequest
) -> None:
    peer: Peer = request.getfixturevalue(name)
    follow(our, peer, issuer, "alice")
    grant = accepted(our, peer, issuer, "alice")
    assert our.command("revoke", str(grant.id), "--reason", "a test") == {"id": grant.id, "status": "revoked"}
    eventually(lambda: len(peer.received("Delete", sender=issuer.actor, about=grant.note)) == 2)
    deletes = peer.received("Delete", sender=issuer.actor, about=grant.note)
    assert sorted(delete["recipient"] for delete in deletes) == [SHARED, "alice"]
    tombstone = our.document(grant.note, status=410)
    assert (tombstone["id"], tombstone["type"]) == (grant.note, "Tombstone")
    assert our.status(grant) == "not found"
    assert our.client.get(grant.note, headers={"accept": "text/html"}).status_code == 410


def test_a_withdrawn_offer_is_deleted(our: OurServer, fedify: Peer, issuer: Issuer) -> None:
    grant, note = offer(our, fedify, issuer, "alice")
    our.command("revoke", str(grant.id), "--reason", "a test")
    [delete] = eventually(lambda: fedify.received("Delete", sender=issuer.actor))
    assert (delete["object"], delete["recipient"]) == (note["id"], "alice")
    answer(fedify, issuer, "alice", note, "yes")
    our.await_idle()
    assert our.status(grant) == "not found"
