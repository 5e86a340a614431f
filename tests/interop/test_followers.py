"""Following our issuers from Fedify servers of each kind, and all ways in which that ends."""

from __future__ import annotations

import pytest

from tests.interop.fedify import Peer
from tests.interop.front import Door
from tests.interop.our import Issuer, OurServer
from tests.interop.processes import eventually
from tests.interop.stories import PEERS, follow


@pytest.mark.parametrize("name", PEERS)
def test_a_follow_is_accepted(
    name: str, our: OurServer, issuer: Issuer, request: pytest.FixtureRequest
) -> None:
    peer: Peer = request.getfixturevalue(name)
    sent = peer.send("follow", user="alice", actor=issuer.actor)
    schemes = [entry["spec"] for entry in sent["http"] if entry["method"] == "POST"]
    assert schemes == ["cavage" if name == "cavage_fedify" else "rfc9421"]
    eventually(lambda: peer.following("alice").get(issuer.actor) == "accepted")
    [accept] = peer.received("Accept", sender=issuer.actor)
    assert accept["json"]["object"]["id"] == sent["id"]
    [verified] = [entry for entry in peer.ask("verified?type=Accept") if entry["id"] == accept["id"]]
    assert verified["http_signatures.verified"] is True
    assert verified["http_signatures.key_id"] == f"{issuer.actor}#main-key"
    assert our.document(f"{issuer.actor}/followers?page=true")["orderedItems"] == [peer.actor("alice")]


def test_a_server_that_wants_rfc_9421_is_knocked_at_twice_only_once(
    our: OurServer, strict_fedify: Peer, door: Door
) -> None:
    door.knocks.clear()
    for username in ("twice1", "twice2"):
        follow(our, strict_fedify, our.create_issuer(username), "alice")
    assert door.knocks.count(("rfc9421", 202)) == 2
    assert door.knocks.count(("cavage", 401)) <= 1


def test_following_again_is_accepted_again(our: OurServer, fedify: Peer, issuer: Issuer) -> None:
    follow(our, fedify, issuer, "alice")
    again = fedify.send("follow", user="alice", actor=issuer.actor)
    eventually(lambda: len(fedify.received("Accept", sender=issuer.actor)) == 2)
    assert fedify.received("Accept", sender=issuer.actor)[-1]["json"]["object"]["id"] == again["id"]
    assert our.count_followers(issuer) == 1


@pytest.mark.parametrize("by_reference", [False, True])
@pytest.mark.parametrize("shared", [False, True])
def test_an_unfollow_ends_it(
    our: OurServer, fedify: Peer, issuer: Issuer, by_reference: bool, shared: bool
) -> None:
    """Through the issuer's inbox or the shared one, with the Follow or its id in it."""
    sent = fedify.send("follow", user="alice", actor=issuer.actor, sharedInbox=shared)
    inbox = f"{our.base}/inbox" if shared else f"{issuer.actor}/inbox"
    assert sent["http"][-1]["url"] == inbox
    eventually(lambda: fedify.following("alice").get(issuer.actor) == "accepted")
    fedify.send(
        "undo", user="alice", id=sent["id"], to=issuer.actor, byReference=by_reference, sharedInbox=shared
    )
    eventually(lambda: our.count_followers(issuer) == 0)


def test_only_the_follower_itself_can_unfollow(our: OurServer, fedify: Peer, issuer: Issuer) -> None:
    follow(our, fedify, issuer, "alice", "bob")
    follow_id = fedify.received("Accept", sender=issuer.actor, inbox="alice")[0]["json"]["object"]["id"]
    undo = {
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": f"{fedify.actor('bob')}#undos/not-mine",
        "type": "Undo",
        "actor": fedify.actor("bob"),
        "object": {
            "id": follow_id,
            "type": "Follow",
            "actor": fedify.actor("alice"),
            "object": issuer.actor,
        },
    }
    answer = fedify.tell("send-raw", user="bob", inbox=f"{issuer.actor}/inbox", activity=undo)
    assert answer["status"] == 202
    fedify.send("unfollow", user="bob", actor=issuer.actor)
    eventually(lambda: our.count_followers(issuer) == 1)
    assert our.document(f"{issuer.actor}/followers?page=true")["orderedItems"] == [fedify.actor("alice")]


def test_a_block_ends_it(our: OurServer, fedify: Peer, issuer: Issuer) -> None:
    follow(our, fedify, issuer, "frank")
    fedify.send("block", user="frank", to=issuer.actor)
    eventually(lambda: our.count_followers(issuer) == 0)


def test_a_deleted_actor_follows_no_more(our: OurServer, fedify: Peer, issuer: Issuer) -> None:
    follow(our, fedify, issuer, "grace")
    fedify.send("delete-actor", user="grace", to=issuer.actor)
    eventually(lambda: our.count_followers(issuer) == 0)


def test_the_server_s_own_actor_rejects_followers(our: OurServer, fedify: Peer) -> None:
    instance = f"{our.base}/actor"
    fedify.send("follow", user="bob", actor=instance)
    eventually(lambda: fedify.following("bob").get(instance) == "rejected")
