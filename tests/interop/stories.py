"""What people on a Fedify server do with our issuers, told once for all tests."""

from __future__ import annotations

from typing import Any

from tests.interop.fedify import Peer
from tests.interop.our import Grant, Issuer, OurServer
from tests.interop.processes import eventually

PEERS = ("fedify", "cavage_fedify", "strict_fedify")
"""Names of fixtures: a peer of each kind."""
CROWD = tuple(f"u{number}" for number in range(1, 31))
"""More users of the first one."""


def follow(our: OurServer, peer: Peer, issuer: Issuer, *users: str) -> None:
    """Each of the users follows the issuer and has been accepted."""
    before = our.count_followers(issuer)
    for user in users:
        peer.send("follow", user=user, actor=issuer.actor)
    eventually(lambda: {peer.following(user).get(issuer.actor) for user in users} == {"accepted"})
    assert our.count_followers(issuer) == before + len(users)


def as_list(value: Any) -> list[Any]:
    """JSON-LD writes a set of one as its member."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def messages(peer: Peer, issuer: Issuer, user: str) -> list[dict[str, Any]]:
    """The direct messages that came to a user from an issuer, oldest first."""
    creates = [entry["json"] for entry in peer.received("Create", sender=issuer.actor, inbox=user)]
    return [create["object"] for create in creates if as_list(create["to"]) == [peer.actor(user)]]


def offer(our: OurServer, peer: Peer, issuer: Issuer, user: str) -> tuple[Grant, dict[str, Any]]:
    """A grant to the user and the direct message that offers it."""
    before = len(messages(peer, issuer, user))
    grant = our.grant(issuer, peer.actor(user))
    [note] = eventually(lambda: messages(peer, issuer, user)[before:])
    return grant, note


def answer(peer: Peer, issuer: Issuer, user: str, note: dict[str, Any], text: str) -> str:
    """The user's direct reply; its id."""
    sent = peer.send(
        "note",
        user=user,
        content=f"<p>{text}</p>",
        to=issuer.actor,
        inReplyTo=note["id"],
        public=False,
    )
    reply: str = sent["note"]
    return reply


def accepted(our: OurServer, peer: Peer, issuer: Issuer, user: str) -> Grant:
    """A grant that the user has accepted and that was delivered to everybody."""
    grant, note = offer(our, peer, issuer, user)
    answer(peer, issuer, user, note, "yes")
    our.await_status(grant, "processed")
    our.await_idle()
    return grant
