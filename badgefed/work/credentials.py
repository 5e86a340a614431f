"""Signing Open Badges: the credential of a grant with its embedded proof and as VC-JWT, the Assertion as JWS. In threads."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from badgefed.model.issuer import Issuer
from badgefed.protocol import dids, jose, proofs
from badgefed.protocol.jsonld import Document
from badgefed.work.keyring import SigningKey
from badgefed.work.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedCredential:
    """One credential in two forms. `fingerprint` is that of `document`, see `proofs.fingerprint`."""

    document: Document
    jwt: str
    fingerprint: str


async def sign_credential(services: Services, unsigned: Document, issuer: Issuer) -> SignedCredential:
    """With the issuer's present keys: Ed25519 for the embedded proof, RSA for the JWT."""
    did = services.addresses.did(issuer.username)
    ed25519 = await services.keyring.ed25519(issuer.id)
    rsa = await services.keyring.rsa(issuer.id)
    now = services.clock()

    def sign() -> SignedCredential:
        document = proofs.sign(
            unsigned,
            private_key=cast("Ed25519PrivateKey", ed25519.private_key),
            verification_method=dids.verification_method(did, ed25519.public_key),
            created=now,
        )
        return SignedCredential(
            document=document, jwt=_sign_jwt(unsigned, did, rsa), fingerprint=proofs.fingerprint(document)
        )

    return await asyncio.to_thread(sign)


async def make_jwt(services: Services, credential: Document, issuer: Issuer) -> str:
    """The VC-JWT of a credential that was signed before its JWT was kept."""
    unsigned, _ = proofs.take_proof(credential)
    rsa = await services.keyring.rsa(issuer.id)
    return await asyncio.to_thread(_sign_jwt, unsigned, services.addresses.did(issuer.username), rsa)


def _sign_jwt(unsigned: Document, did: str, key: SigningKey) -> str:
    private_key = cast("RSAPrivateKey", key.private_key)
    kid = dids.verification_method(did, jose.thumbprint(private_key.public_key()))
    return jose.sign_credential(unsigned, private_key=private_key, kid=kid)


async def sign_assertion(services: Services, assertion: Document, issuer: Issuer) -> str:
    """The compact JWS of an Assertion that names the issuer's present RSA key."""
    rsa = await services.keyring.rsa(issuer.id)
    return await asyncio.to_thread(
        jose.sign_assertion, assertion, private_key=cast("RSAPrivateKey", rsa.private_key)
    )
