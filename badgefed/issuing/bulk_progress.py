"""How far a list has come, told to whoever follows it, by whichever door."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

from badgefed.errors import RateLimited
from badgefed.model.bulk import Bulk, BulkState
from badgefed.store.bulk import find_bulk_by_id
from badgefed.work.services import Services

STREAMS = 100
STREAMS_OF_ORGANIZATION = 5
LOOK_SECONDS = 0.5
KEEP_ALIVE_SECONDS = 15.0
LONGEST_SECONDS = 600.0
RETRY_AFTER = 5
STREAMS_TEXT = "Too many open streams. Ask for the progress with GET instead."


class Streams:
    """Counts the open streams of this process, by organization."""

    def __init__(self) -> None:
        self._open: Counter[int] = Counter()

    def take(self, organization_id: int) -> None:
        """Raises `RateLimited` where too many are open."""
        if self._open[organization_id] >= STREAMS_OF_ORGANIZATION or self._open.total() >= STREAMS:
            raise RateLimited(STREAMS_TEXT, retry_after=RETRY_AFTER)
        self._open[organization_id] += 1

    def give_back(self, organization_id: int) -> None:
        self._open[organization_id] -= 1
        if self._open[organization_id] <= 0:
            del self._open[organization_id]


async def follow_bulk(services: Services, bulk: Bulk) -> AsyncIterator[Bulk | None]:
    """The list now and after each change, None where nothing changed for a while.

    Ends when the list is completed or gone, and after ten minutes.
    """
    clock = asyncio.get_running_loop().time
    until, quiet_since = clock() + LONGEST_SECONDS, clock()
    yield bulk
    while bulk.state is not BulkState.COMPLETED and clock() < until:
        await asyncio.sleep(LOOK_SECONDS)
        found = await find_bulk_by_id(services.database, bulk.id)
        if found is None:
            return
        if found != bulk:
            bulk, quiet_since = found, clock()
            yield bulk
        elif clock() - quiet_since >= KEEP_ALIVE_SECONDS:
            quiet_since = clock()
            yield None
