"""Variety without chance: decisions drawn from a hash."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Choices:
    """Picks by name from SHA-256 of the seed, so that one decision more leaves the others as they were."""

    def __init__(self, *seed: str) -> None:
        self._seed = "\x00".join(seed).encode("utf-8", "replace")

    def share(self, name: str) -> float:
        """A number from 0 up to, not including, 1."""
        digest = hashlib.sha256(self._seed + b"\x00" + name.encode()).digest()
        return int.from_bytes(digest[:6]) / 2**48

    def pick(self, name: str, options: Sequence[T]) -> T:
        return options[int(self.share(name) * len(options))]
