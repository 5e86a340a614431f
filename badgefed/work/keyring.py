"""Our private keys, ready to sign: loaded once, kept in a bounded cache."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from badgefed.protocol import keys
from badgefed.protocol.actors import main_key_id
from badgefed.protocol.sealing import seal, unseal
from badgefed.store import signing_keys
from badgefed.store.database import Database, Transaction
from badgefed.store.signing_keys import KeyKind, StoredKey

CACHED_KEYS = 1000
PAST_KEYS = 32
TRUSTED = 1.0
"""Seconds for which a key counts as the present one without a look into the store."""

SEALING_PURPOSE = "signing-key"
_TABLES = ("signing_keys",)


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


@dataclass(slots=True, kw_only=True)
class _Held:
    """A loaded key, and when it was found to be the present one."""

    key: SigningKey
    commits: int
    seen_at: float


class Keyring:
    """Keys by issuer; issuer None is the instance actor.

    A rotation by this process counts at once, one by another process after `TRUSTED` seconds at the latest.
    """

    def __init__(
        self, database: Database, secret_key: str, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._secret_key = secret_key
        self._monotonic = monotonic
        self._present: OrderedDict[tuple[int | None, KeyKind], _Held] = OrderedDict()
        self._past: OrderedDict[int, SigningKey] = OrderedDict()

    async def rsa(self, issuer_id: int | None) -> SigningKey:
        """The key for HTTP signatures."""
        return await self._current(issuer_id, KeyKind.RSA)

    async def ed25519(self, issuer_id: int) -> SigningKey:
        """The key for credentials."""
        return await self._current(issuer_id, KeyKind.ED25519)

    async def past(self, row_id: int) -> SigningKey:
        """A key by its row in the store, retired or not. Raises `LookupError`."""
        key = self._past.get(row_id)
        if key is None:
            stored = await signing_keys.find_key(self._database, row_id)
            if stored is None:
                raise LookupError(f"no signing key {row_id}")
            key = await asyncio.to_thread(self._load, stored)
        self._past[row_id] = key
        if len(self._past) > PAST_KEYS:
            self._past.popitem(last=False)
        return key

    async def add(
        self, tx: Transaction, new: NewKeys, *, issuer_id: int | None, actor_id: str, now: int
    ) -> None:
        """Stores the keys of a new actor, or those that follow upon retired ones; does nothing where there are present ones."""
        multikey = keys.multikey(new.ed25519.public_key())
        number = await signing_keys.count_keys(tx, issuer_id, KeyKind.RSA) + 1
        for kind, key_id, text, private in (
            (
                KeyKind.RSA,
                main_key_id(actor_id, number),
                keys.public_pem(new.rsa.public_key()),
                new.rsa,
            ),
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

    async def rotate(
        self, tx: Transaction, new: NewKeys, *, issuer_id: int, actor_id: str, now: int
    ) -> int | None:
        """Retires both keys of an issuer for new ones; the row's id of the retired RSA key."""
        await signing_keys.retire_key(tx, issuer_id, KeyKind.ED25519, now=now)
        retired = await signing_keys.retire_key(tx, issuer_id, KeyKind.RSA, now=now)
        await self.add(tx, new, issuer_id=issuer_id, actor_id=actor_id, now=now)
        return retired

    async def _current(self, issuer_id: int | None, kind: KeyKind) -> SigningKey:
        commits, now = self._database.changes.commits(_TABLES), self._monotonic()
        held = self._present.get((issuer_id, kind))
        if held is not None and held.commits == commits:
            self._present.move_to_end((issuer_id, kind))
            if now - held.seen_at < TRUSTED:
                return held.key
            held.seen_at = now  # one looks, the others go on
        stored = await signing_keys.find_current_key(self._database, issuer_id, kind)
        if stored is None:
            raise LookupError(f"no {kind} key for issuer {issuer_id}")
        if held is not None and held.key.key_id == stored.key_id:
            key = held.key
        else:
            key = await asyncio.to_thread(self._load, stored)
        self._present[(issuer_id, kind)] = _Held(key=key, commits=commits, seen_at=now)
        if len(self._present) > CACHED_KEYS:
            self._present.popitem(last=False)
        return key

    def _load(self, stored: StoredKey) -> SigningKey:
        pem = unseal(self._secret_key, purpose=SEALING_PURPOSE, sealed=stored.sealed_private_key)
        return SigningKey(
            key_id=stored.key_id, public_key=stored.public_key, private_key=keys.load_private_pem(pem)
        )
