"""What turns a request away before anything is spent on it: blocks, and inboxes that aren't there.

It may be a few seconds old. What counts is asked again in the transaction that writes.
"""

from __future__ import annotations

from badgefed.errors import Gone, NotFound
from badgefed.model.times import SECOND, Clock
from badgefed.store import blocks, issuers
from badgefed.store.blocks import ServerBlocks
from badgefed.store.database import Database, Reader

FRESH = 5 * SECOND
MAX_USERNAMES = 10_000


class Standing:
    """One for each process."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._blocks = ServerBlocks(hosts=frozenset(), actors=frozenset())
        self._blocks_until = 0
        self._usernames: dict[str, int] = {}

    async def is_blocked(self, actor_id: str) -> bool:
        """Whether the whole server wants nothing from this actor."""
        now = self._clock()
        if now >= self._blocks_until:
            self._blocks = await blocks.load_server_blocks(self._database)
            self._blocks_until = now + FRESH
        return self._blocks.cover(actor_id)

    async def require_inbox(self, username: str) -> None:
        """Raises `NotFound` or `Gone` if no issuer has this inbox."""
        now = self._clock()
        if now < self._usernames.get(username, 0):
            return
        await require_inbox(self._database, username)
        if len(self._usernames) >= MAX_USERNAMES:
            self._usernames.clear()
        self._usernames[username] = now + FRESH


async def require_inbox(reader: Reader, username: str) -> None:
    """Raises `NotFound` or `Gone` if no issuer has this inbox."""
    if await issuers.find_issuer(reader, username) is not None:
        return
    if await issuers.deleted_at(reader, username) is not None:
        raise Gone("This inbox was deleted with its actor.")
    raise NotFound("There is no such inbox.")
