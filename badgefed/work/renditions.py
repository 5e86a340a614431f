"""Pictures made from pictures at the first request: thumbnails, kept for ever, and cards for link previews, kept for a month."""

from __future__ import annotations

import asyncio

from badgefed.model.image import PNG, Image, Rendition
from badgefed.protocol.raster import inspect_image
from badgefed.protocol.share_card import Card, draw_card
from badgefed.store import images, share_cards
from badgefed.store.database import Reader, Transaction
from badgefed.work.artwork import make_thumbnail
from badgefed.work.services import Services


async def thumbnail(services: Services, sha256: str) -> bytes | None:
    """The thumbnail of the PNG with this content; None if there is no such picture."""

    async def load(reader: Reader) -> tuple[Image | None, bytes | None]:
        image = await images.find_image(reader, sha256)
        found = await images.find_rendition_data(reader, image.id, Rendition.THUMBNAIL) if image else None
        return image, found

    image, found = await services.database.read(load)
    if image is None or found is not None:
        return found
    image_id = image.id
    _, png = await images.get_image_data(services.database, image_id)
    async with services.drawing:
        made = await asyncio.to_thread(make_thumbnail, png)
    info, now = inspect_image(made), services.clock()

    async def keep(tx: Transaction) -> None:
        stored = await images.add_image(
            tx, data=made, media_type=PNG, width=info.width, height=info.height, blurhash=None, now=now
        )
        await images.add_rendition(tx, image_id, Rendition.THUMBNAIL, stored.id)

    await services.database.write(keep)
    return made


async def share_card(
    services: Services, card: Card, *, image_id: int, badge_id: int, grant_id: int | None
) -> bytes:
    """The card as PNG, of a badge or of one award of it. Who may see it has to be asked before."""
    digest = card.digest
    found = await share_cards.find_card(services.database, badge_id, grant_id, digest)
    if found is not None:
        return found
    _, png = await images.get_image_data(services.database, image_id)
    async with services.drawing:
        made = await asyncio.to_thread(draw_card, card, png)
    now = services.clock()
    await services.database.write(
        lambda tx: share_cards.put_card(tx, badge_id, grant_id, digest=digest, data=made, now=now)
    )
    return made
