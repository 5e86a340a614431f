"""Our actor documents from what the store has: one form for whoever fetches them and for the Updates that we send."""

from __future__ import annotations

from typing import Any

from badgefed.model.addresses import Addresses
from badgefed.model.issuer import Issuer
from badgefed.protocol import actors
from badgefed.store import signing_keys
from badgefed.store.database import Reader
from badgefed.store.signing_keys import KeyKind


async def issuer_document(reader: Reader, issuer: Issuer, addresses: Addresses) -> dict[str, Any]:
    """Raises `LookupError` for an issuer without keys."""
    return actors.issuer_actor(
        issuer,
        addresses,
        rsa_public_pem=await _public_key(reader, issuer.id, KeyKind.RSA),
        ed25519_multikey=await _public_key(reader, issuer.id, KeyKind.ED25519),
        key_number=await signing_keys.count_keys(reader, issuer.id, KeyKind.RSA),
    )


async def instance_document(reader: Reader, addresses: Addresses) -> dict[str, Any]:
    """Raises `LookupError` before the instance actor was given its keys."""
    return actors.instance_actor(
        addresses,
        rsa_public_pem=await _public_key(reader, None, KeyKind.RSA),
        name=addresses.host,
        created_at=await signing_keys.first_key_at(reader, None) or 0,
    )


async def _public_key(reader: Reader, issuer_id: int | None, kind: KeyKind) -> str:
    key = await signing_keys.find_current_key(reader, issuer_id, kind)
    if key is None:
        raise LookupError(f"no {kind} key for issuer {issuer_id}")
    return key.public_key
