"""Stored pictures."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A picture by its content: `sha256` in hex, width and height in pixels, without its bytes."""

    id: int
    sha256: str
    media_type: str
    width: int
    height: int
    blurhash: str | None
