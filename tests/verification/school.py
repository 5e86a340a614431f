"""An issuer elsewhere, made by hand: a did:web with keys, a status list, and credentials signed with them."""

from __future__ import annotations

import copy
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from badgefed.net.transport import Request, Response
from badgefed.protocol import dids, jose, keys, proofs, status_list
from tests.remote import rsa_key
from tests.world import START, Network, answer

Document = dict[str, Any]

CONTEXTS = [
    "https://www.w3.org/ns/credentials/v2",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
    "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json",
]
EMAIL = "jane@example.org"
SALT = "Kosher"


def multikey_pair(name: str) -> tuple[Ed25519PrivateKey, str]:
    private = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())
    return private, keys.multikey(private.public_key())


@dataclass(kw_only=True)
class School:
    """Mounted on the network as `host`. `documents` and `answers` are what it serves, by URL."""

    network: Network
    host: str = "school.example"
    documents: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, Response] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.private_key, self.multikey = multikey_pair(self.host)
        self.network.mount(self.host, self._handle)
        self.documents[self.url("/issuers/art/did.json")] = self.did_document
        self.documents[self.url("/status/1")] = self.list_of([])
        for number in range(1, 4):
            self.documents[self.url(f"/credentials/{number}")] = {"id": self.url(f"/credentials/{number}")}

    async def _handle(self, request: Request) -> Response:
        if request.url in self.answers:
            return self.answers[request.url]
        if request.url in self.documents:
            return answer(200, json.dumps(self.documents[request.url]).encode(), "application/json")
        return answer(404, b"", "text/plain")

    def url(self, path: str) -> str:
        return f"https://{self.host}{path}"

    @property
    def did(self) -> str:
        return f"did:web:{self.host}:issuers:art"

    @property
    def method(self) -> str:
        return f"{self.did}#{self.multikey}"

    @property
    def rsa_jwk(self) -> dict[str, str]:
        return jose.public_jwk(rsa_key(self.host).public_key())

    @property
    def rsa_method(self) -> str:
        return f"{self.did}#{jose.thumbprint(rsa_key(self.host).public_key())}"

    @property
    def did_document(self) -> Document:
        thumbprint = jose.thumbprint(rsa_key(self.host).public_key())
        return dids.did_document(self.did, multikeys=[self.multikey], jwks={thumbprint: self.rsa_jwk})

    def unsigned(self, number: int = 1, **members: Any) -> Document:
        """A credential without status; members that are None are left out."""
        whole = {
            "@context": CONTEXTS,
            "id": self.url(f"/credentials/{number}"),
            "type": ["VerifiableCredential", "OpenBadgeCredential"],
            "name": "Printmaster",
            "issuer": {"id": self.did, "type": ["Profile"], "name": "School of Art"},
            "validFrom": "2025-01-01T00:00:00Z",
            "credentialSubject": {
                "type": ["AchievementSubject"],
                "identifier": [
                    {
                        "type": "IdentityObject",
                        "hashed": True,
                        "identityHash": "sha256$" + hashlib.sha256((EMAIL + SALT).encode()).hexdigest(),
                        "identityType": "emailAddress",
                        "salt": SALT,
                    }
                ],
                "achievement": {
                    "id": self.url("/achievements/5"),
                    "type": ["Achievement"],
                    "name": "Printmaster",
                    "description": "Prints.",
                    "criteria": {"narrative": "Print something."},
                },
            },
        }
        whole |= members
        return copy.deepcopy({name: value for name, value in whole.items() if value is not None})

    def sign(
        self, document: Document, *, method: str | None = None, private_key: Ed25519PrivateKey | None = None
    ) -> Document:
        return proofs.sign(
            document,
            private_key=private_key or self.private_key,
            verification_method=method or self.method,
            created=START - 1_000_000,
        )

    def credential(self, number: int = 1, **members: Any) -> Document:
        return self.sign(self.unsigned(number, **members))

    def token(self, number: int = 1, *, kid: str | None = None, **members: Any) -> str:
        return jose.sign_credential(
            self.unsigned(number, **members), private_key=rsa_key(self.host), kid=kid or self.rsa_method
        )

    def status(self, position: int = 7, purpose: str = "revocation") -> Document:
        return status_list.status_entry(self.url("/status/1"), position, purpose)

    def list_of(
        self, positions: list[int], *, purpose: str = "revocation", issuer: str | None = None
    ) -> Document:
        return self.sign(
            status_list.list_credential(
                status_list.encode(positions),
                url=self.url("/status/1"),
                issuer=issuer or self.did,
                valid_from=START - 3_600_000_000,
                purpose=purpose,
            )
        )

    def endorsement(self, subject: str, **members: Any) -> Document:
        return self.sign(
            {
                "@context": CONTEXTS,
                "id": self.url("/endorsements/1"),
                "type": ["VerifiableCredential", "EndorsementCredential"],
                "name": "Endorsement",
                "issuer": {"id": self.did, "type": ["Profile"], "name": "School of Art"},
                "validFrom": "2025-01-01T00:00:00Z",
                "credentialSubject": {"id": subject, "type": ["EndorsementSubject"]},
            }
            | members
        )
