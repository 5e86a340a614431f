"""Public keys of other servers' actors in memory, read and ready to verify."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass

from badgefed.model.times import DAY, MINUTE
from badgefed.protocol.keys import PublicKey

LIFETIME = DAY
PAUSE = 5 * MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownKey:
    """`published` is the key as its owner's document has it: PEM or Multikey. `fetched_at`: when it was read there."""

    id: str
    owner: str
    public_key: PublicKey
    published: str
    fetched_at: int


class KeyCache:
    """The `size` keys used last, each for a day; and which key documents were read within the last five minutes.

    `fetching` has the fetch of each document that is under way, so that many requests with one key ask for it once.
    """

    def __init__(self, *, size: int = 10_000) -> None:
        self._size = size
        self._keys: OrderedDict[str, tuple[KnownKey, int]] = OrderedDict()
        self._read: OrderedDict[str, int] = OrderedDict()
        self.fetching: dict[str, asyncio.Task[None]] = {}

    def find(self, key_id: str, *, now: int) -> KnownKey | None:
        entry = self._keys.get(key_id)
        if entry is None:
            return None
        key, until = entry
        if now >= until:
            del self._keys[key_id]
            return None
        self._keys.move_to_end(key_id)
        return key

    def add(self, key: KnownKey, *, now: int) -> None:
        self._keys[key.id] = (key, now + LIFETIME)
        self._keys.move_to_end(key.id)
        if len(self._keys) > self._size:
            self._keys.popitem(last=False)

    def forget_owner(self, owner: str) -> None:
        """Drops the actor's keys, for use after its document changed or went."""
        for key_id in [key_id for key_id, (key, _) in self._keys.items() if key.owner == owner]:
            del self._keys[key_id]

    def note_read(self, url: str, *, now: int) -> None:
        """Remembers that the document at `url` was read, whatever keys it had."""
        self._read[url] = now
        self._read.move_to_end(url)
        if len(self._read) > self._size:
            self._read.popitem(last=False)

    def was_read(self, url: str, *, now: int) -> bool:
        """Whether that was less than five minutes ago: it is too early to ask for it again."""
        read_at = self._read.get(url)
        return read_at is not None and now - read_at < PAUSE
