"""Cloth: the banner that carries a name across a medal, and the tails that hang below it."""

from __future__ import annotations

import math

from badgefed.protocol.artwork.lettering import fit_line, set_arc
from badgefed.protocol.artwork.palette import Palette
from badgefed.protocol.artwork.shapes import closed, polar, sector
from badgefed.protocol.artwork.svg import Definitions, cast_shadow, element, points

_RADIUS = 1300.0
_HALF = 56.0
_DROP = 34.0
_FOLD, _TAIL = 2.6, 4.6
_TRACKING = 0.06


def draw_banner(text: str, *, y: float, reach: float, palette: Palette, defs: Definitions) -> str:
    """A smiling band, `2 * reach` pixels wide, its middle at height `y`, with folded ends."""
    size, shown = fit_line(text, width=2 * reach - 90, sizes=range(62, 39, -2), tracking=_TRACKING)
    span = math.degrees(reach / _RADIUS)
    light, middle, _ = palette.ribbon
    stops = ((0.0, middle, 1.0), (0.18, light, 1.0), (0.82, light, 1.0), (1.0, middle, 1.0))
    cloth = defs.linear(*stops, start=(-reach, 0), end=(reach, 0))
    band = sector(_RADIUS - _HALF, _RADIUS + _HALF, 180 - span, 180 + span)
    seams = "".join(element("path", d=_line(_RADIUS + offset, span)) for offset in (11 - _HALF, _HALF - 11))
    lettering = set_arc(shown, radius=_RADIUS + 0.364 * size, size=size, tracking=_TRACKING, top=False)
    return element(
        "g",
        _draw_end(-1, span, reach, palette, defs),
        _draw_end(1, span, reach, palette, defs),
        cast_shadow(band, defs, drop=7),
        element("path", d=band, fill=cloth),
        element("g", seams, fill="none", stroke=palette.ribbon_ink, stroke_opacity=0.45, stroke_width=2.5),
        element("g", lettering, fill=palette.ribbon_ink),
        transform=f"translate({points((0, y - _RADIUS))})",
    )


def _draw_end(side: int, span: float, reach: float, palette: Palette, defs: Definitions) -> str:
    """One end, folded behind the band and cut like a swallow's tail."""
    _, middle, dark = palette.ribbon
    low, high = _RADIUS + _HALF + _DROP, _RADIUS - _HALF + _DROP
    inner, outer = side * (span - _FOLD), side * (span + _TAIL)
    notch = _bottom((high + low) / 2, side * (span + _TAIL - 2))
    tail = (_bottom(high, inner), _bottom(high, outer), notch, _bottom(low, outer), _bottom(low, inner))
    fold = (_bottom(low - _DROP, side * span), _bottom(low - _DROP, inner), _bottom(low, inner))
    start, end = (side * (reach - 60), 0), (side * (reach + 60), 0)
    shaded = defs.linear((0, dark, 1), (1, middle, 1), start=start, end=end)
    return (
        element("path", d=closed(tail), fill=shaded)
        + element("path", d=closed(fold), fill=dark)
        + element("path", d=closed(fold), fill="#000000", fill_opacity=0.35)
    )


def _bottom(radius: float, degrees: float) -> tuple[float, float]:
    return polar(radius, 180 - degrees)


def _line(radius: float, span: float) -> str:
    return f"M{points(polar(radius, 180 - span))}A{points((radius, radius))} 0 0 1 {points(polar(radius, 180 + span))}"


def draw_tails(*, top: float, bottom: float, palette: Palette, defs: Definitions) -> str:
    """Two ends hanging apart from behind a medal, between two heights."""
    light, middle, dark = palette.ribbon
    drawn = []
    for side in (-1, 1):
        lean = side * -16
        length = bottom - top
        body = closed(((-95, 0), (95, 0), (95, length), (0, length - 62), (-95, length)))
        cloth = defs.linear((0.45, dark, 1), (0.72, middle, 1), (1, light, 1), start=(0, 0), end=(0, length))
        stripe = closed(((-62, 0), (-48, 0), (-48, length - 36), (-62, length - 26)))
        mirrored = closed(((62, 0), (48, 0), (48, length - 36), (62, length - 26)))
        drawn.append(
            element(
                "g",
                element("path", d=body, fill=cloth),
                element("path", d=stripe + mirrored, fill=palette.metal[1], fill_opacity=0.75),
                transform=f"translate({points((side * 120, top))}) rotate({lean})",
            )
        )
    return "".join(drawn)
