"""Memory of GETs that failed, so that nobody can make us repeat them, and a limit on GETs for one cause."""

from __future__ import annotations

from dataclasses import dataclass

from badgefed.errors import AddressRefused, FetchFailed
from badgefed.model.times import DAY, HOUR, MINUTE, Clock
from badgefed.texts import Message

_LIFETIMES = {404: HOUR, 410: DAY}
_DEFAULT_LIFETIME = 5 * MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A GET as far as its outcome depends on it."""

    url: str
    accept: str
    signed: bool


class Budget:
    """How many requests one cause, such as one inbound activity, may still send; redirects count."""

    def __init__(self, limit: int = 20) -> None:
        self.left = limit

    def spend(self) -> None:
        if self.left <= 0:
            raise FetchFailed("budget", "Too many requests to other servers for one cause.")
        self.left -= 1


class Failures:
    """The latest `size` failures by what was asked; 404 counts for an hour, 410 for a day, others for 5 minutes."""

    def __init__(self, *, clock: Clock, size: int = 10_000) -> None:
        self._clock = clock
        self._size = size
        self._entries: dict[Asked, tuple[int, str, Message, int | None]] = {}

    def raise_known(self, asked: Asked) -> None:
        """Raises the failure that is remembered for `asked`, if there is one."""
        entry = self._entries.get(asked)
        if entry is None:
            return
        until, reason, text, http_status = entry
        if self._clock() >= until:
            del self._entries[asked]
        elif reason == "address":
            raise AddressRefused(text)
        else:
            raise FetchFailed(reason, text, http_status=http_status)

    def add(self, asked: Asked, failure: FetchFailed) -> None:
        lifetime = _LIFETIMES.get(failure.http_status or 0, _DEFAULT_LIFETIME)
        self._entries.pop(asked, None)
        while len(self._entries) >= self._size:
            del self._entries[next(iter(self._entries))]
        self._entries[asked] = (
            self._clock() + lifetime,
            failure.reason,
            failure.message,
            failure.http_status,
        )
