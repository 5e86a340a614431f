"""Rims: metal, ornament and the ring that carries lettering."""

from __future__ import annotations

import math

from badgefed.protocol.artwork.design import Design, Words
from badgefed.protocol.artwork.lettering import fit_line, measure, set_arc, shorten
from badgefed.protocol.artwork.palette import Palette
from badgefed.protocol.artwork.shapes import backing, circle, polar, star
from badgefed.protocol.artwork.svg import Definitions, cast_shadow, element, fine, points

_TRACKING = 0.12
_MIDDLE = 429.0
_KIND_SIZE = 54.0


def _metal(palette: Palette, defs: Definitions, reach: float, *, sunk: bool = False) -> str:
    bright, light, shade, glint, deep = palette.metal
    stops = ((0, bright, 1.0), (0.22, light, 1.0), (0.48, shade, 1.0), (0.66, glint, 1.0), (1, deep, 1.0))
    start, end = (-reach * 0.7, -reach * 0.7), (reach * 0.7, reach * 0.7)
    return defs.linear(*stops, start=end, end=start) if sunk else defs.linear(*stops, start=start, end=end)


def draw_round_rim(design: Design, palette: Palette, defs: Definitions) -> str:
    """Ornamental edge and metal around the lettered ring, in place of which it leaves a disc."""
    metal = _metal(palette, defs, 560)
    edge, paint = circle(530), metal
    if design.edge:
        edge = backing(design.edge, 556)
        light, _, dark = palette.ribbon
        paint = defs.linear((0, light, 1), (1, dark, 1), start=(0, -560), end=(0, 560))
    return (
        cast_shadow(edge, defs, drop=9, spread=3)
        + element("path", d=edge, fill=paint, stroke=metal, stroke_width=7)
        + element("path", d=circle(504), fill="#000000", fill_opacity=0.25)
        + element("path", d=circle(500), fill=metal)
        + element("path", d=circle(484), fill=_metal(palette, defs, 484, sunk=True))
    )


def draw_plate_rim(design: Design, palette: Palette, defs: Definitions) -> str:
    """Metal, a coloured groove and metal again, as ever narrower strokes of the plate's outline."""
    metal, sunk = _metal(palette, defs, 560), _metal(palette, defs, 500, sunk=True)
    groove = defs.linear((0, palette.band[0], 1), (1, palette.band[1], 1), start=(0, -500), end=(0, 500))
    layers = ((palette.edge, 112), (metal, 106), (sunk, 72), (groove, 62), (metal, 18), (palette.edge, 8))
    shape = defs.shape(design.ground.d)
    strokes = (element("use", href=shape, stroke=paint, stroke_width=width) for paint, width in layers)
    shadow = cast_shadow(design.ground.d, defs, drop=9, spread=56)
    return shadow + element("g", *strokes, fill="none", stroke_linejoin="round")


def draw_lettered_ring(words: Words, palette: Palette, defs: Definitions) -> str:
    """The band between the rims: the kind of badge over the top, the issuer along the bottom."""
    band = defs.linear((0, palette.band[0], 1), (1, palette.band[1], 1), start=(0, -478), end=(0, 478))
    kind = shorten(words.kind, width=900, size=_KIND_SIZE, tracking=_TRACKING)
    size, issuer = fit_line(words.issuer, width=1150, sizes=range(54, 39, -2), tracking=_TRACKING)
    lettering = (
        set_arc(kind, radius=_MIDDLE - 0.364 * _KIND_SIZE, size=_KIND_SIZE, tracking=_TRACKING, top=True),
        set_arc(issuer, radius=_MIDDLE + 0.364 * size, size=size, tracking=_TRACKING, top=False),
        _draw_stars(
            measure(kind, size=_KIND_SIZE, tracking=_TRACKING), measure(issuer, size=size, tracking=_TRACKING)
        ),
    )
    return (
        element("path", d=circle(478), fill=band)
        + element("g", *lettering, fill=palette.band_ink)
        + element("path", d=circle(386), fill=_metal(palette, defs, 386))
        + element("path", d=circle(376), fill=palette.edge)
    )


def _draw_stars(above: float, below: float) -> str:
    """One star on each side, halfway between words of these widths; seven where there are none below."""
    first, last = math.degrees(above / 2 / 410), 180 - math.degrees(below / 2 / 445)
    middle = (first + last) / 2
    angles = [middle, -middle] if below else [first + (360 - 2 * first) * place / 8 for place in range(1, 8)]
    return "".join(
        element(
            "path",
            d=star(5, 20, 9),
            transform=f"translate({points(polar(_MIDDLE, angle))}) rotate({fine(angle)})",
        )
        for angle in angles
    )
