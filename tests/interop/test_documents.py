"""What a Fedify server makes of the documents by which it finds us."""

from __future__ import annotations

import pytest

from tests.interop.fedify import Peer
from tests.interop.our import Issuer, OurServer


@pytest.mark.parametrize("signed", [True, False])
def test_the_actor_is_understood(our: OurServer, fedify: Peer, quiet_issuer: Issuer, signed: bool) -> None:
    found = fedify.tell("lookup", id=quiet_issuer.actor, signed=signed)
    assert (found["type"], found["err"]) == ("Organization", None)
    read = found["typed"]
    assert read["id"] == quiet_issuer.actor
    assert read["preferredUsername"] == quiet_issuer.username
    assert read["inbox"] == f"{quiet_issuer.actor}/inbox"
    assert read["endpoints"]["sharedInbox"] == f"{our.base}/inbox"
    assert read["publicKey"]["id"] == f"{quiet_issuer.actor}#main-key"
    assert read["publicKey"]["owner"] == quiet_issuer.actor
    assert "assertionMethod" in read


def test_the_server_s_own_actor_is_understood(our: OurServer, fedify: Peer) -> None:
    found = fedify.tell("lookup", id=f"{our.base}/actor")
    assert (found["type"], found["err"]) == ("Application", None)


def test_webfinger_is_understood(our: OurServer, fedify: Peer, quiet_issuer: Issuer) -> None:
    """Asked for by the actor's id: Fedify asks for handles over https only."""
    host = our.base.partition("://")[2]
    found = fedify.tell("webfinger", resource=quiet_issuer.actor)
    assert found["subject"] == f"acct:{quiet_issuer.username}@{host}"
    links = [link for link in found["links"] if link["rel"] == "self"]
    assert [(link["type"], link["href"]) for link in links] == [
        ("application/activity+json", quiet_issuer.actor)
    ]
    by_handle = our.client.get("/.well-known/webfinger", params={"resource": found["subject"]})
    assert by_handle.json() == found


def test_nobody_is_found_where_nobody_is(our: OurServer, fedify: Peer) -> None:
    nobody = f"{our.base}/actor/nobody"
    assert fedify.tell("webfinger", resource=nobody) is None
    assert fedify.tell("lookup", id=nobody)["type"] is None


def test_nodeinfo_is_understood(our: OurServer, fedify: Peer) -> None:
    found = fedify.tell("nodeinfo", url=our.base)
    assert found["raw"]["software"]["name"] == "badgefed"
    assert found["parsed"]["protocols"] == ["activitypub"]


@pytest.mark.parametrize("collection", ["outbox", "followers", "following", "featured"])
def test_empty_collections_are_understood(fedify: Peer, quiet_issuer: Issuer, collection: str) -> None:
    found = fedify.tell("collection", id=f"{quiet_issuer.actor}/{collection}")
    assert found["type"] == "OrderedCollection"
    assert (found["totalItems"], found["items"]) == (0, [])
