"""Quiet textures for the ground of a medal; each fills a disc of the given radius around the origin."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

from badgefed.protocol.artwork.choice import Choices
from badgefed.protocol.artwork.shapes import circle, closed, polar, ring
from badgefed.protocol.artwork.svg import Definitions, element, fine, number, points

Pattern = Callable[[float, str, Choices, Definitions], str]


def _guilloche(radius: float, paint: str, choices: Choices, defs: Definitions) -> str:
    """Banknote engraving: one wavy loop, turned again and again."""
    lobes = choices.pick("lobes", (6, 7, 8, 9))
    swing = 0.2 + 0.1 * choices.share("swing")
    loops = []
    for reach in (0.8, 0.56):
        count = lobes * 24
        line = tuple(
            polar(
                radius * reach * (1 + swing * math.sin(2 * math.pi * lobes * index / count)),
                360 * index / count,
            )
            for index in range(count)
        )
        shape = defs.shape(_smooth(line))
        loops += [
            element("use", href=shape, transform=f"rotate({fine(36 / lobes * turn)})") for turn in range(10)
        ]
    return element("g", *loops, fill="none", stroke=paint, stroke_width=1.8)


def _smooth(line: tuple[tuple[float, float], ...]) -> str:
    """A closed curve through the middles of a polygon's sides."""
    middles = [
        ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2) for a, b in zip(line, (*line[1:], line[0]), strict=True)
    ]
    curves = "".join(
        f"Q{points(line[(at + 1) % len(line)], middles[(at + 1) % len(line)])}" for at in range(len(line))
    )
    return f"M{points(middles[0])}{curves}Z"


def _rays(radius: float, paint: str, choices: Choices, defs: Definitions) -> str:
    count = choices.pick("rays", (16, 20, 24, 32))
    step = 360 / count
    wedges = "".join(
        closed(
            (
                (0.0, 0.0),
                polar(radius * 1.3, step * index - step / 4),
                polar(radius * 1.3, step * index + step / 4),
            )
        )
        for index in range(count)
    )
    return element("path", d=wedges, fill=paint)


def _dots(radius: float, paint: str, choices: Choices, defs: Definitions) -> str:
    """A sunflower's spiral, its seeds growing towards the edge."""
    total = choices.pick("seeds", (300, 360, 420))
    seeds = []
    for index in range(12, total):
        share = math.sqrt(index / total)
        seeds.append(circle(1.5 + 6.5 * share * share, *polar(radius * 1.08 * share, 137.508 * index)))
    return element("path", d="".join(seeds), fill=paint)


def _waves(radius: float, paint: str, choices: Choices, defs: Definitions) -> str:
    length = choices.pick("length", (180, 240, 300))
    lines, y = [], -radius
    while y <= radius:
        rise = 26 + 20 * math.sin(y / radius * 2.2)
        start = -radius - length + length * 0.25 * math.sin(y / 130)
        curve = f"M{points((start, y))}q{points((length / 4, -rise), (length / 2, 0))}"
        lines.append(curve + f"t{number(length / 2)} 0" * math.ceil((2 * radius + 2 * length) / (length / 2)))
        y += 26
    return element("path", d="".join(lines), fill="none", stroke=paint, stroke_width=3)


def _facets(radius: float, paint: str, choices: Choices, defs: Definitions) -> str:
    """A cut gem, seen from above: rings of triangles, each catching its own light."""
    count = choices.pick("facets", (8, 10, 12))
    bands = [ring(count, radius * reach, turn * 180 / count) for turn, reach in enumerate((0.42, 0.8, 1.2))]
    drawn = []
    for level, (inner, outer) in enumerate(itertools.pairwise(bands)):
        for index in range(count):
            following = (index + 1) % count
            triangles = (
                (inner[index], inner[following], outer[index]),
                (inner[following], outer[index], outer[following]),
            )
            for part, triangle in enumerate(triangles):
                light = 0.15 + 0.85 * choices.share(f"facet {level} {index} {part}")
                drawn.append(element("path", d=closed(triangle), fill_opacity=light))
    return element("g", *drawn, fill=paint)


def _rings(radius: float, paint: str, choices: Choices, defs: Definitions) -> str:
    gap = choices.pick("gap", (22, 28, 34))
    count = int(radius * 1.2 / gap)
    return element(
        "path",
        d="".join(circle(gap * index) for index in range(4, count)),
        fill="none",
        stroke=paint,
        stroke_width=2.5,
    )


def _scales(radius: float, paint: str, choices: Choices, defs: Definitions) -> str:
    """Overlapping arcs like fish scales or art deco fans."""
    size = choices.pick("scale", (60, 72, 86))
    fans, row, y = [], 0, -radius
    while y <= radius + size:
        x = -radius - size + (size if row % 2 else 0)
        while x <= radius + size:
            for reach in (1.0, 0.66, 0.33):
                reach *= size
                fans.append(
                    f"M{points((x - reach, y))}a{number(reach)} {number(reach)} 0 0 1 {number(2 * reach)} 0"
                )
            x += 2 * size
        row, y = row + 1, y + size / 2
    return element("path", d="".join(fans), fill="none", stroke=paint, stroke_width=2.2)


def _lattice(radius: float, paint: str, choices: Choices, defs: Definitions) -> str:
    gap = choices.pick("lattice", (44, 54, 64))
    reach = int(radius * 1.5 / gap)
    lines = "".join(
        f"M{points((gap * index - radius * 1.2, -radius * 1.2), (gap * index + radius * 1.2, radius * 1.2))}"
        f"M{points((gap * index + radius * 1.2, -radius * 1.2), (gap * index - radius * 1.2, radius * 1.2))}"
        for index in range(-reach, reach + 1)
    )
    return element("path", d=lines, fill="none", stroke=paint, stroke_width=2)


PATTERNS: dict[str, Pattern] = {
    "guilloche": _guilloche,
    "rays": _rays,
    "dots": _dots,
    "waves": _waves,
    "facets": _facets,
    "rings": _rings,
    "scales": _scales,
    "lattice": _lattice,
}
