"""The middle of a medal: emblem, title and, on some, the issuer's name."""

from __future__ import annotations

from dataclasses import dataclass

from badgefed.protocol.artwork.design import Design, Words
from badgefed.protocol.artwork.emblems import draw_emblem
from badgefed.protocol.artwork.lettering import CAP_HEIGHT, LINE_HEIGHT, fit, fit_line, set_line
from badgefed.protocol.artwork.palette import Palette
from badgefed.protocol.artwork.shapes import Plate
from badgefed.protocol.artwork.svg import Definitions, element, fine, points

_TRACKING = -0.018
_SIZES = (150, 118, 98, 76, 62)
_EMBLEM_SHARES = (0.72, 0.4, 0.34, 0.28, 0.22, 0.18)
"""Height of the emblem, as a share of the block, for no line of title, one line, and so on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """Where emblem and title stand, centred between two heights."""

    top: float
    bottom: float
    plate: Plate
    padding: float

    def emblem(self, lines: int) -> float:
        return (self.bottom - self.top) * _EMBLEM_SHARES[lines]

    def height(self, lines: int, size: float) -> float:
        return self.emblem(lines) * 1.24 + size * (CAP_HEIGHT + LINE_HEIGHT * (lines - 1))

    def start(self, lines: int, size: float) -> float:
        return (self.top + self.bottom - self.height(lines, size)) / 2

    def baselines(self, lines: int, size: float) -> list[float]:
        first = self.start(lines, size) + self.emblem(lines) * 1.24 + size * CAP_HEIGHT
        return [first + size * LINE_HEIGHT * index for index in range(lines)]

    def room(self, lines: int, size: float) -> list[float] | None:
        """How wide each line may be inside the plate, or None if they don't fit in height."""
        if self.height(lines, size) > self.bottom - self.top:
            return None
        edges = [(y - size * CAP_HEIGHT, y + size * 0.2) for y in self.baselines(lines, size)]
        return [2 * (min(self.plate.half_width(y) for y in pair) - self.padding) for pair in edges]


def _block(design: Design) -> Block:
    radius = design.radius
    top, bottom, padding = {
        "rim": (-radius * 0.72, radius * 0.72, 30),
        "banner": (-radius * 0.74, design.banner_height - 128, 64),
        "line": (-radius * 0.74, radius * 0.43, 64),
        "nowhere": (-radius * 0.7, radius * 0.7, 64),
    }[design.name_at]
    return Block(top=top, bottom=bottom, plate=design.ground, padding=padding)


def draw_title(design: Design, words: Words, badge_type: str, palette: Palette, defs: Definitions) -> str:
    """Emblem over title; where there is no title that we can set, the emblem alone, large."""
    block = _block(design)
    if not words.title:
        middle = (block.top + block.bottom) / 2
        return _raise_emblem(badge_type, y=middle, size=block.emblem(0), palette=palette, defs=defs)
    setting = fit(words.title, room=block.room, sizes=_SIZES, tracking=_TRACKING)
    count, size = len(setting.lines), setting.size
    extent = block.emblem(count)
    middle = block.start(count, size) + extent / 2
    lines = [
        set_line(line, x=0, y=y, size=size, tracking=_TRACKING)
        for line, y in zip(setting.lines, block.baselines(count, size), strict=True)
    ]
    shade = {"fill": palette.edge, "fill_opacity": "0.35", "transform": "translate(0 4)"}
    return (
        _raise_emblem(badge_type, y=middle, size=extent, palette=palette, defs=defs)
        + (element("g", *lines, **shade) if palette.ink == "#ffffff" else "")
        + element("g", *lines, fill=palette.ink)
    )


def _raise_emblem(badge_type: str, *, y: float, size: float, palette: Palette, defs: Definitions) -> str:
    paint = defs.linear((0, palette.emblem[0], 1), (1, palette.emblem[1], 1), start=(0, -50), end=(0, 50))
    dropped = draw_emblem(badge_type, x=0, y=y + size * 0.035, size=size, paint=palette.edge)
    return element("g", dropped, opacity=0.4) + draw_emblem(badge_type, x=0, y=y, size=size, paint=paint)


def draw_name_line(design: Design, words: Words, palette: Palette) -> str:
    """The issuer's name at the foot of the plate, under a hairline."""
    y = design.radius * 0.67
    width = 2 * design.ground.half_width(y) - 110
    size, name = fit_line(words.issuer, width=width, sizes=range(48, 33, -2), tracking=0.08)
    half = min(width / 2, 150.0)
    rule = f"M{points((-half, 0))}H-22M22 0H{fine(half)}M0 -9L9 0L0 9L-9 0Z"
    paint = palette.emblem[1]
    place = f"translate(0 {fine(design.radius * 0.525)})"
    return element("path", d=rule, transform=place, fill=paint, stroke=paint, stroke_width=3) + element(
        "g", set_line(name, x=0, y=y, size=size, tracking=0.08), fill=palette.ink, fill_opacity=0.92
    )
