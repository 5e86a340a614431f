"""Requests that a Fedify server signed and somebody changed, or that somebody signed for somebody else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.interop.fedify import CAVAGE, RFC9421, Peer
from tests.interop.our import Issuer, OurServer
from tests.interop.processes import eventually

AS2 = "https://www.w3.org/ns/activitystreams"


def follow_by(peer: Peer, user: str, issuer: Issuer) -> dict[str, Any]:
    return {
        "@context": AS2,
        "id": f"{peer.actor(user)}#follows/by-hand-{issuer.username}",
        "type": "Follow",
        "actor": peer.actor(user),
        "object": issuer.actor,
    }


@pytest.fixture(params=[RFC9421, CAVAGE])
def spec(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["/inbox", "/actor/{username}/inbox"])
def inbox(request: pytest.FixtureRequest, our: OurServer, issuer: Issuer) -> str:
    path: str = request.param
    return our.base + path.format(username=issuer.username)


def test_an_honest_request_is_accepted(
    our: OurServer, fedify: Peer, issuer: Issuer, spec: str, inbox: str
) -> None:
    answer = fedify.tell(
        "send-raw", user="u1", inbox=inbox, activity=follow_by(fedify, "u1", issuer), spec=spec
    )
    assert answer["status"] == 202
    eventually(lambda: our.count_followers(issuer) == 1)


# What is changed in an order to send a Follow by u1, and the status and words that answer it.
FORGERIES: dict[str, tuple[dict[str, Any], int, str]] = {
    "another body": ({"tamperBody": "{follow by u2}"}, 401, "match the body"),
    "no activity": ({"tamperBody": "{}"}, 400, "actor"),
    "two hours old": ({"ageSeconds": 7200}, 401, "too old"),
    "another's key id": ({"keyId": "{u2}#main-key"}, 401, "actor's"),
    "unknown key id": ({"keyId": "{u1}#other-key"}, 401, "not among"),
    "key id elsewhere": ({"keyId": "https://elsewhere.example/u1#main-key"}, 401, "not on the host"),
    "no signature": ({"spec": "none"}, 401, "not signed"),
    "signed by another": ({"user": "u3", "keyId": "{u3}#main-key"}, 401, "actor's"),
    "signed with another's key": ({"user": "u3", "keyId": "{u1}#main-key"}, 401, "does not verify"),
    "signed within by another": (
        {"user": "u3", "keyId": "{u3}#main-key", "ldSignature": True},
        401,
        "actor's",
    ),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_request_is_refused_and_does_nothing(
    our: OurServer, fedify: Peer, quiet_issuer: Issuer, spec: str, forgery: str
) -> None:
    change, status, words = FORGERIES[forgery]
    names = {user: fedify.actor(user) for user in ("u1", "u2", "u3")}
    order = {
        "user": "u1",
        "inbox": f"{our.base}/inbox",
        "activity": follow_by(fedify, "u1", quiet_issuer),
        "spec": spec,
    } | change
    if "keyId" in order:
        order["keyId"] = order["keyId"].format_map(names)
    if order.get("tamperBody") == "{follow by u2}":
        order["tamperBody"] = json.dumps(follow_by(fedify, "u2", quiet_issuer))
    answer = fedify.tell("send-raw", **order)
    assert answer["status"] == status, answer
    assert words in answer["body"]
    assert ("accept-signature" in answer["headers"]) == (status == 401)
    assert our.count_followers(quiet_issuer) == 0


def test_a_replayed_request_counts_once(our: OurServer, fedify: Peer, issuer: Issuer) -> None:
    like = {**follow_by(fedify, "u1", issuer), "type": "Flag", "content": "once"}
    for _ in range(2):
        answer = fedify.tell("send-raw", user="u1", inbox=f"{our.base}/inbox", activity=like)
        assert answer["status"] == 202
    assert our.rows("SELECT COUNT(*) FROM reports WHERE activity_id = ?", like["id"]) == [(1,)]
