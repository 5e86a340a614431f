"""SVG around pictures that have none of their own."""

from __future__ import annotations

import base64
from xml.sax.saxutils import quoteattr


def frame_png(png: bytes, *, width: int, height: int, label: str) -> str:
    """An SVG that shows the PNG, embedded, in its size in pixels; `label` is its text for people who can't see it."""
    data = base64.b64encode(png).decode("ascii")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        f' role="img" aria-label={quoteattr(label)}>'
        f'<image width="{width}" height="{height}" href="data:image/png;base64,{data}"/></svg>'
    )
