"""Signatures of any make, for what `protocol.signatures.sign` would never do."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from email.utils import formatdate

import httpx

from badgefed.model.times import SECOND
from badgefed.protocol import digests, keys
from tests.conftest import World
from tests.remote import RemotePerson


@dataclass(kw_only=True)
class Handmade:
    """A POST with a draft-cavage signature of any form. `lie` maps signed names to what is signed instead of what is sent."""

    person: RemotePerson
    body: bytes
    path: str = "/inbox"
    names: str = "(request-target) host date digest"
    algorithm: str | None = "rsa-sha256"
    created: int | None = None
    expires: int | None = None
    lie: dict[str, str] | None = None
    sent_body: bytes | None = None

    def __post_init__(self) -> None:
        now = self.person.server.clock() / SECOND
        self.sent = {
            "host": "badges.example",
            "date": formatdate(now, usegmt=True),
            "digest": f"SHA-256={digests.sha256_base64(self.body)}",
            "content-type": "application/activity+json",
        }

    def sign(self) -> dict[str, str]:
        special = {
            "(request-target)": f"post {self.path}",
            "(created)": str(self.created),
            "(expires)": str(self.expires),
        }
        values = self.sent | special | (self.lie or {})
        text = "\n".join(f"{name}: {values[name]}" for name in self.names.lower().split())
        value = base64.b64encode(keys.sign(self.person.private_key, text.encode())).decode()
        parameters = {
            "keyId": f'"{self.person.key_id}"',
            "algorithm": self.algorithm and f'"{self.algorithm}"',
            "created": self.created,
            "expires": self.expires,
            "headers": f'"{self.names}"',
            "signature": f'"{value}"',
        }
        return self.sent | {
            "Signature": ",".join(
                f"{name}={value}" for name, value in parameters.items() if value is not None
            )
        }

    async def post(self, door: httpx.AsyncClient) -> httpx.Response:
        return await door.post(self.path, content=self.sent_body or self.body, headers=self.sign())


def follow_body(bob: RemotePerson, world: World) -> bytes:
    return json.dumps(bob.activity("Follow", world.issuer.actor_id)).encode()
