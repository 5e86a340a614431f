"""Many followers on few hosts, some of whom leave while a badge is on its way to them."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.interop.fedify import Peer
from tests.interop.our import Grant, Issuer, OurServer
from tests.interop.processes import eventually
from tests.interop.stories import CROWD, accepted, answer, follow, offer


def copies(peer: Peer, grant: Grant, path: str = "/inbox") -> list[dict[str, Any]]:
    """The POST requests with the grant's Create that came to a path."""
    return [post for post in peer.posts(path) if json.loads(post["body"])["id"] == f"{grant.note}/activity"]


def test_one_copy_for_all_followers_on_a_host(
    our: OurServer, fedify: Peer, cavage_fedify: Peer, strict_fedify: Peer, issuer: Issuer
) -> None:
    follow(our, fedify, issuer, "alice", "bob")
    follow(our, cavage_fedify, issuer, "alice", "bob")
    follow(our, strict_fedify, issuer, "alice")
    grant = accepted(our, fedify, issuer, "alice")
    for peer in (fedify, cavage_fedify, strict_fedify):
        assert [copy["status"] for copy in copies(peer, grant)] == [202]
        assert [copies(peer, grant, f"/users/{user}/inbox") for user in ("bob",)] == [[]]


def test_followers_who_leave_during_a_fan_out(
    our: OurServer, fedify: Peer, cavage_fedify: Peer, issuer: Issuer
) -> None:
    follow(our, fedify, issuer, *CROWD)
    follow(our, cavage_fedify, issuer, "bob")
    leaving, staying = CROWD[:20], CROWD[20:]
    grant, note = offer(our, fedify, issuer, "alice")
    with ThreadPoolExecutor(4) as people:
        gone = [people.submit(fedify.send, "unfollow", user=user, actor=issuer.actor) for user in leaving]
        answer(fedify, issuer, "alice", note, "yes")
        gone.append(people.submit(cavage_fedify.send, "unfollow", user="bob", actor=issuer.actor))
        for left in gone:
            left.result()
    our.await_status(grant, "processed")
    our.await_idle()
    remaining = our.document(f"{issuer.actor}/followers?page=true")["orderedItems"]
    assert sorted(remaining) == sorted(fedify.actor(user) for user in staying)
    assert len(copies(fedify, grant)) == 1
    assert len(copies(cavage_fedify, grant)) <= 1

    for user in staying:
        fedify.send("unfollow", user=user, actor=issuer.actor)
    eventually(lambda: our.count_followers(issuer) == 0)
    last = accepted(our, fedify, issuer, "bob")
    assert copies(fedify, last) == []
    assert copies(cavage_fedify, last) == []
    assert len(copies(fedify, last, "/users/bob/inbox")) == 1
