"""Putting a medal together, layer by layer, around the origin, about 560 in radius."""

from __future__ import annotations

import math

from badgefed.protocol.artwork.choice import Choices
from badgefed.protocol.artwork.design import Design, Words
from badgefed.protocol.artwork.palette import Palette
from badgefed.protocol.artwork.patterns import PATTERNS
from badgefed.protocol.artwork.ribbons import draw_banner, draw_tails
from badgefed.protocol.artwork.rims import draw_lettered_ring, draw_plate_rim, draw_round_rim
from badgefed.protocol.artwork.svg import Definitions, element
from badgefed.protocol.artwork.title import draw_name_line, draw_title


def draw_medal(
    design: Design, words: Words, badge_type: str, palette: Palette, choices: Choices, defs: Definitions
) -> str:
    ground = _draw_ground(design, palette, choices, defs)
    title = draw_title(design, words, badge_type, palette, defs)
    match design.name_at:
        case "rim":
            tails = draw_tails(top=300, bottom=785, palette=palette, defs=defs) if design.tails else ""
            ring = draw_lettered_ring(words, palette, defs)
            return tails + draw_round_rim(design, palette, defs) + ring + ground + title
        case "banner":
            y = design.banner_height
            name = draw_banner(words.issuer, y=y, reach=430, palette=palette, defs=defs)
        case "line":
            name = draw_name_line(design, words, palette)
        case "nowhere":
            name = ""
    return draw_plate_rim(design, palette, defs) + ground + title + name


def _draw_ground(design: Design, palette: Palette, choices: Choices, defs: Definitions) -> str:
    """The plate with its pattern, light from above and shade along its edge."""
    reach = max(math.hypot(*corner) for corner in design.ground.corners)
    fill = defs.radial(
        (0, palette.ground[0], 1), (1, palette.ground[1], 1), centre=(0, -reach * 0.35), radius=reach * 1.35
    )
    opacity = palette.pattern_opacity
    fade = defs.radial(
        (0.3, palette.pattern, opacity * 0.14), (1, palette.pattern, opacity), centre=(0, 0), radius=reach
    )
    light = defs.radial(
        (0, "#ffffff", palette.gloss), (1, "#ffffff", 0), centre=(-reach * 0.3, -reach * 0.75), radius=reach
    )
    texture = PATTERNS[design.pattern](reach, fade, choices, defs)
    shade = [
        element(
            "path",
            d=design.ground.d,
            fill="none",
            stroke=palette.edge,
            stroke_opacity=0.07,
            stroke_width=width,
            transform="translate(0 5)",
        )
        for width in (8.0, 18.0, 30.0, 44.0, 60.0)
    ]
    return element(
        "g",
        element("path", d=design.ground.d, fill=fill),
        texture,
        element("path", d=design.ground.d, fill=light),
        *shade,
        clip_path=defs.clip(design.ground.d),
    )
