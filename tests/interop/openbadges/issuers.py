"""An issuer with keys of its own, and the web in which its documents stand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from badgefed.model.times import HOUR, system_clock
from badgefed.protocol import dids, jose, keys, proofs, status_list
from tests.interop.openbadges.answers import Fetch
from tests.protocol.badge_values import ADDRESSES

LIST_URL = ADDRESSES.status_list("0190a000-0000-7000-8000-0000000000aa")


def an_hour_ago() -> int:
    """By the machine's clock, which is the verifiers' clock."""
    return system_clock() - HOUR


@dataclass(frozen=True, kw_only=True)
class Signer:
    """A `did:web` issuer that signs with its Ed25519 key, or as JWT with its RSA key."""

    username: str = "makers"
    key: Ed25519PrivateKey = field(default_factory=keys.generate_ed25519)
    rsa: RSAPrivateKey = field(default_factory=keys.generate_rsa)

    @property
    def did(self) -> str:
        return ADDRESSES.did(self.username)

    @property
    def multikey(self) -> str:
        return keys.multikey(self.key.public_key())

    @property
    def kid(self) -> str:
        return f"{self.did}#{jose.thumbprint(self.rsa.public_key())}"

    def sign(self, document: dict[str, Any]) -> dict[str, Any]:
        return proofs.sign(
            document,
            private_key=self.key,
            verification_method=dids.verification_method(self.did, self.multikey),
            created=an_hour_ago(),
        )

    def sign_jwt(self, document: dict[str, Any]) -> str:
        return jose.sign_credential(document, private_key=self.rsa, kid=self.kid)

    def did_document(self, *, multikeys: Sequence[str] | None = None) -> dict[str, Any]:
        """With the present key, unless `multikeys` are given; and the RSA key."""
        public = self.rsa.public_key()
        return dids.did_document(
            self.did,
            multikeys=multikeys or [self.multikey],
            jwks={jose.thumbprint(public): jose.public_jwk(public)},
        )

    def status_list(self, *positions: int, purpose: str = "revocation") -> dict[str, Any]:
        """The signed list in which the bits at these positions are set."""
        unsigned = status_list.list_credential(
            status_list.encode(positions),
            url=LIST_URL,
            issuer=self.did,
            valid_from=an_hour_ago(),
            purpose=purpose,
        )
        return self.sign(unsigned)


def serve(*signers: Signer, **documents: Any) -> Fetch:
    """The DID documents of the signers, and `did_document` or `status_list` where given instead."""
    web = {ADDRESSES.did_document(signer.username): signer.did_document() for signer in signers}
    if "did_document" in documents:
        web[ADDRESSES.did_document("makers")] = documents["did_document"]
    if "status_list" in documents:
        web[LIST_URL] = documents["status_list"]

    def fetch(url: str) -> bytes:
        if web.get(url) is None:
            raise LookupError(f"nothing stands at {url}")
        return json.dumps(web[url]).encode()

    return fetch
