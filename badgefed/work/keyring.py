"""Our private keys, ready to sign: loaded once, kept in a bounded cache."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from badgefed.protocol import keys
from badgefed.protocol.sealing import seal, unseal
from badgefed.store import signing_keys
from badgefed.store.database import Database, Transaction
from badgefed.store.signing_keys import KeyKind, StoredKey

CACHED_KEYS = 1000
SEALING_PURPOSE = "signing-key"


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """`public_key`: PEM for RSA, Multikey for Ed25519."""

    key_id: str
    public_key: str
    private_key: keys.PrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKeys:
    """Both keys of an actor, made and not yet stored."""

    rsa: RSAPrivateKey
    ed25519: Ed25519PrivateKey


def _generate() -> NewKeys:
    return NewKeys(rsa=keys.generate_rsa(), ed25519=keys.generate_ed25519())


async def generate_keys() -> NewKeys:
    """RSA-2048 and Ed25519; the 50 ms of it are spent in a thread."""
    return await asyncio.to_thread(_generate)


class Keyring:
    """Keys by issuer; issuer None is the instance actor."""

    def __init__(self, database: Database, secret_key: str) -> None:
        self._database = database
        self._secret_key = secret_key
        self._cache: OrderedDict[tuple[int | None, KeyKind], SigningKey] = OrderedDict()

    async def rsa(self, issuer_id: int | None) -> SigningKey:
        """The key for HTTP signatures."""
        return await self._current(issuer_id, KeyKind.RSA)

    async def ed25519(self, issuer_id: int) -> SigningKey:
        """The key for credentials."""
        return await self._current(issuer_id, KeyKind.ED25519)

    async def add(
        self, tx: Transaction, new: NewKeys, *, issuer_id: int | None, actor_id: str, now: int
    ) -> None:
        """Stores the keys of a new actor; does nothing where it has keys."""
        public = new.ed25519.public_key()
        multikey = keys.multikey(public)
        for kind, key_id, text, private in (
            (KeyKind.RSA, f"{actor_id}#main-key", keys.public_pem(new.rsa.public_key()), new.rsa),
            (KeyKind.ED25519, f"{actor_id}#{multikey}", multikey, new.ed25519),
        ):
            sealed = seal(
                self._secret_key,
                purpose=SEALING_PURPOSE,
                plaintext=keys.private_pem(private),
            )
            stored = StoredKey(
                issuer_id=issuer_id,
                kind=kind,
                key_id=key_id,
                public_key=text,
                sealed_private_key=sealed,
                retired_at=None,
            )
            await signing_keys.add_key(tx, stored, now=now)

    def forget(self, issuer_id: int | None) -> None:
        """Drops cached keys, for use after a rotation."""
        for kind in KeyKind:
            self._cache.pop((issuer_id, kind), None)

    async def _current(self, issuer_id: int | None, kind: KeyKind) -> SigningKey:
        cached = self._cache.get((issuer_id, kind))
        if cached is not None:
            self._cache.move_to_end((issuer_id, kind))
            return cached
        stored = await signing_keys.find_current_key(self._database, issuer_id, kind)
        if stored is None:
            raise LookupError(f"no {kind} key for issuer {issuer_id}")
        pem = unseal(self._secret_key, purpose=SEALING_PURPOSE, sealed=stored.sealed_private_key)
        key = SigningKey(
            key_id=stored.key_id, public_key=stored.public_key, private_key=keys.load_private_pem(pem)
        )
        self._cache[(issuer_id, kind)] = key
        if len(self._cache) > CACHED_KEYS:
            self._cache.popitem(last=False)
        return key
