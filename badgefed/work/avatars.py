"""The picture of a profile at another server, for somebody who is about to grant it a badge: fetched, made anew, not kept."""

from __future__ import annotations

import asyncio

from badgefed.errors import FetchFailed, Invalid, TooLarge
from badgefed.model.actor import RemoteActor
from badgefed.protocol.raster import UPLOAD_BYTES, UPLOAD_PIXELS, to_png
from badgefed.store import blocks
from badgefed.work.services import Services

SIDE = 160
PATIENCE = 5.0


async def fetch_avatar(services: Services, actor: RemoteActor) -> bytes | None:
    """PNG of at most 160 pixels a side; None where there is no picture, or none that can be had within seconds and read."""
    if actor.icon is None:
        return None
    for place in (actor.id, actor.icon):
        if await blocks.is_blocked(services.database, place):
            return None
    try:
        async with asyncio.timeout(PATIENCE):
            fetched = await services.client.get_image(actor.icon)
        async with services.drawing:
            return await asyncio.to_thread(_shrink, fetched.body)
    except (FetchFailed, TimeoutError, Invalid, TooLarge):
        return None


def _shrink(data: bytes) -> bytes:
    return to_png(data, max_side=SIDE, max_bytes=UPLOAD_BYTES, max_pixels=UPLOAD_PIXELS)
