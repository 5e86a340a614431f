"""Stored pictures."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

PNG = "image/png"
SVG = "image/svg+xml"


class Rendition(StrEnum):
    """What else there is of a stored PNG: the SVG that it was drawn from, and a small PNG for lists."""

    SVG = "svg"
    THUMBNAIL = "thumbnail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A picture by its content: `sha256` in hex, width and height in pixels, without its bytes."""

    id: int
    sha256: str
    media_type: str
    width: int
    height: int
    blurhash: str | None
