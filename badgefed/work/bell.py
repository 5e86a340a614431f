"""Waking a loop that looks for work."""

from __future__ import annotations

import asyncio

POLL_SECONDS = 0.5


class Bell:
    """Silence it, look for work, and wait if there was none: what rang in between is not missed."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self) -> None:
        self._event.set()

    def silence(self) -> None:
        self._event.clear()

    async def wait(self) -> None:
        """Until it rings, or half a second: other processes make work too, and instants pass."""
        try:
            async with asyncio.timeout(POLL_SECONDS):
                await self._event.wait()
        except TimeoutError:
            return
