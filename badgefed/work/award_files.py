"""The files of one award: its hosted Assertion, and its picture with Assertion and credential inside."""

from __future__ import annotations

import json
from dataclasses import dataclass

from badgefed.model.addresses import Addresses
from badgefed.model.badge import Badge
from badgefed.model.grant import Grant
from badgefed.model.image import Image
from badgefed.protocol import openbadges2
from badgefed.protocol.baking import bake_png, bake_svg
from badgefed.protocol.openbadges import clean_text
from badgefed.protocol.svg_frame import frame_png
from badgefed.store import badges, images
from badgefed.store.database import Reader
from badgefed.work.artwork import baked_picture_source


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The picture of a badge as it was granted, not baked yet; `label` says in words what it shows."""

    png: bytes
    svg: str | None
    image: Image
    label: str


def hosted_assertion(stored: bytes, grant: Grant, badge: Badge, addresses: Addresses) -> bytes:
    """The OB 2.0 Assertion: the stored bytes, unless `badge`, as it is now, was edited since it was granted."""
    version = grant.badge_version
    if version == badge.version:
        return stored
    document = openbadges2.with_version(json.loads(stored), badge, version, addresses)
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


async def load_picture(reader: Reader, grant: Grant) -> Picture:
    """Raises LookupError for a grant of no badge."""
    granted = await badges.get_granted_badge(reader, grant)
    png, svg = await baked_picture_source(reader, granted.image_id)
    image = await images.get_image(reader, granted.image_id)
    return Picture(png=png, svg=svg, image=image, label=granted.image_alt or granted.title)


def baked_png(picture: Picture, assertion: str, credential: str) -> bytes:
    """Takes a moment: call it in a thread."""
    return bake_png(picture.png, assertion=assertion, credential=credential)


def baked_svg(picture: Picture, assertion: str, credential: str) -> bytes:
    """The drawing if the picture is one, else around the PNG. Takes a moment: call it in a thread."""
    image = picture.image
    svg = picture.svg or frame_png(
        picture.png, width=image.width, height=image.height, label=clean_text(picture.label)
    )
    return bake_svg(svg, assertion=assertion, credential=credential).encode()
