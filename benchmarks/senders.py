"""Actors on the sink's hosts, and signed requests of theirs that are made before any clock starts."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from badgefed.protocol import digests, keys, signatures
from badgefed.protocol.signatures import OutboundRequest
from benchmarks.load import raw_request
from benchmarks.sinks import Sink, document_answer

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
CONTEXT = ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"]
MEDIA_TYPE = "application/activity+json"
THREADS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Senders:
    """One actor on each host of a sink. They share a key pair, which whoever verifies can't see."""

    actors: Sequence[str]
    private_key: RSAPrivateKey

    def sign(self, inbox: str, actor: str, activity: Mapping[str, Any]) -> bytes:
        """A whole request that delivers the activity."""
        body = json.dumps(activity, separators=(",", ":")).encode()
        request = OutboundRequest(
            method="POST", url=inbox, body_digest=digests.sha256_base64(body), content_type=MEDIA_TYPE
        )
        headers = signatures.sign(
            request,
            scheme="cavage",
            key_id=f"{actor}#main-key",
            private_key=self.private_key,
            now=time.time(),
        )
        return raw_request("POST", inbox, {**headers, "User-Agent": "benchmarks"}, body)

    def sign_all(self, inbox: str, activities: Iterable[Mapping[str, Any]]) -> list[bytes]:
        with ThreadPoolExecutor(THREADS) as threads:
            return list(threads.map(lambda one: self.sign(inbox, one["actor"], one), activities))


def make_senders(sink: Sink, paths: str = "/users/sender") -> Senders:
    """Publishes the actors' documents on the sink."""
    key = keys.generate_rsa()
    pem = keys.public_pem(key.public_key())
    actors = [f"{origin}{paths}{number}" for number, origin in enumerate(sink.origins)]
    for actor in actors:
        document = json.dumps(_actor_document(actor, pem)).encode()
        sink.documents[urlsplit(actor).path] = document_answer(document, MEDIA_TYPE)
    return Senders(actors=actors, private_key=key)


def _actor_document(actor: str, pem: str) -> dict[str, Any]:
    origin, _, name = actor.partition("/users/")
    return {
        "@context": CONTEXT,
        "id": actor,
        "type": "Person",
        "preferredUsername": name,
        "inbox": f"{actor}/inbox",
        "outbox": f"{actor}/outbox",
        "endpoints": {"sharedInbox": f"{origin}/inbox"},
        "publicKey": {"id": f"{actor}#main-key", "owner": actor, "publicKeyPem": pem},
    }


def like(actor: str, number: int, note: str) -> dict[str, Any]:
    return {
        "@context": CONTEXT[0],
        "id": f"{actor}/likes/{number}",
        "type": "Like",
        "actor": actor,
        "object": note,
        "to": [note.partition("/statuses/")[0]],
        "cc": [PUBLIC],
    }


def follow(actor: str, followed: str) -> dict[str, Any]:
    return {
        "@context": CONTEXT[0],
        "id": f"{actor}/follows/1",
        "type": "Follow",
        "actor": actor,
        "object": followed,
    }
