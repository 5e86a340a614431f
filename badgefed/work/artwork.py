"""Pictures of issuers and badges, drawn or uploaded: made in threads, then stored as PNG with the SVG behind it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from badgefed.model.badge import BadgeType
from badgefed.model.image import PNG, SVG, Image, Rendition
from badgefed.protocol.badge_art import draw_avatar, draw_badge
from badgefed.protocol.raster import (
    UPLOAD_BYTES,
    UPLOAD_PIXELS,
    blurhash,
    inspect_image,
    name_source,
    render_png,
    to_png,
)
from badgefed.protocol.svg import clean_svg, is_svg
from badgefed.store import images
from badgefed.store.database import Reader, Transaction
from badgefed.work.svg_rendering import draw_uploaded

BADGE_SIDE = 1200
AVATAR_SIDE = 400
THUMBNAIL_SIDE = 320


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A PNG that is ready to be stored, and the SVG that it was drawn from if there is one."""

    data: bytes
    width: int
    height: int
    blurhash: str
    svg: str | None = None


async def draw_badge_picture(*, title: str, issuer_name: str, colour: str, badge_type: BadgeType) -> Picture:
    svg = draw_badge(title=title, issuer_name=issuer_name, colour=colour, badge_type=badge_type)
    return await asyncio.to_thread(_render, svg, BADGE_SIDE)


async def draw_avatar_picture(*, name: str, colour: str) -> Picture:
    return await asyncio.to_thread(_render, draw_avatar(name=name, colour=colour), AVATAR_SIDE)


async def read_upload(data: bytes) -> Picture:
    """An uploaded PNG, JPEG or WebP as a clean PNG, or an SVG, cleaned and drawn. Raises `Invalid` or `TooLarge` in words."""
    return await asyncio.to_thread(_read, data)


def _render(svg: str, side: int) -> Picture:
    return _picture(render_png(svg, size=side), svg)


def _read(data: bytes) -> Picture:
    if is_svg(data):
        svg = clean_svg(data)
        return _picture(draw_uploaded(svg, side=BADGE_SIDE), svg.text)
    inspect_image(data, max_bytes=UPLOAD_BYTES, max_pixels=UPLOAD_PIXELS)
    return _picture(to_png(data, max_side=BADGE_SIDE), None)


def _picture(png: bytes, svg: str | None) -> Picture:
    data = png if svg is None else name_source(png, svg.encode())
    info = inspect_image(data)
    return Picture(data=data, width=info.width, height=info.height, blurhash=blurhash(data), svg=svg)


async def store_picture(tx: Transaction, picture: Picture, *, now: int) -> Image:
    """The stored PNG; its SVG is stored beside it."""
    size = {"width": picture.width, "height": picture.height}
    image = await images.add_image(
        tx, data=picture.data, media_type=PNG, blurhash=picture.blurhash, now=now, **size
    )
    if picture.svg is not None:
        source = await images.add_image(
            tx, data=picture.svg.encode(), media_type=SVG, blurhash=None, now=now, **size
        )
        await images.add_rendition(tx, image.id, Rendition.SVG, source.id)
    return image


async def baked_picture_source(reader: Reader, image_id: int) -> tuple[bytes, str | None]:
    """What a credential is baked into: the PNG, and the SVG if there is one. Raises `LookupError`."""
    _, png = await images.get_image_data(reader, image_id)
    svg = await images.find_rendition_data(reader, image_id, Rendition.SVG)
    return png, svg.decode() if svg is not None else None


def make_thumbnail(png: bytes) -> bytes:
    """For lists: no side longer than 320 pixels. Takes 0.05 to 0.2 s: call it in a thread."""
    return to_png(png, max_side=THUMBNAIL_SIDE)
