"""Pictures of issuers and badges that have none of their own: drawn, rendered to PNG and stored. In threads."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from badgefed.model.badge import Badge, BadgeType
from badgefed.model.image import Image
from badgefed.model.issuer import Issuer
from badgefed.protocol.badge_art import draw_avatar, draw_badge
from badgefed.protocol.raster import blurhash, inspect_image, render_png, to_png
from badgefed.store import images
from badgefed.store.database import Transaction

BADGE_SIDE = 1200
AVATAR_SIDE = 400
MAX_UPLOAD_BYTES = 5_000_000
MAX_UPLOAD_PIXELS = 33_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A PNG that is ready to be stored."""

    data: bytes
    width: int
    height: int
    blurhash: str


def badge_svg(badge: Badge, issuer: Issuer) -> str:
    """The drawn picture of a badge."""
    return draw_badge(
        title=badge.title, issuer_name=issuer.name, colour=issuer.colour, badge_type=badge.badge_type
    )


async def draw_badge_picture(*, title: str, issuer_name: str, colour: str, badge_type: BadgeType) -> Picture:
    svg = draw_badge(title=title, issuer_name=issuer_name, colour=colour, badge_type=badge_type)
    return await asyncio.to_thread(_render, svg, BADGE_SIDE)


async def draw_avatar_picture(*, name: str, colour: str) -> Picture:
    return await asyncio.to_thread(_render, draw_avatar(name=name, colour=colour), AVATAR_SIDE)


async def read_upload(data: bytes) -> Picture:
    """An uploaded PNG, JPEG or WebP as a clean PNG. Raises `Invalid` in words."""
    return await asyncio.to_thread(_convert, data)


def _render(svg: str, side: int) -> Picture:
    data = render_png(svg, size=side)
    return Picture(data=data, width=side, height=side, blurhash=blurhash(data))


def _convert(data: bytes) -> Picture:
    inspect_image(data, max_bytes=MAX_UPLOAD_BYTES, max_pixels=MAX_UPLOAD_PIXELS)
    png = to_png(data, max_side=BADGE_SIDE)
    info = inspect_image(png, max_bytes=len(png), max_pixels=MAX_UPLOAD_PIXELS)
    return Picture(data=png, width=info.width, height=info.height, blurhash=blurhash(png))


async def store_picture(tx: Transaction, picture: Picture, *, now: int) -> Image:
    return await images.add_image(
        tx,
        data=picture.data,
        media_type="image/png",
        width=picture.width,
        height=picture.height,
        blurhash=picture.blurhash,
        now=now,
    )
