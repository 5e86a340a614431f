"""Pictures for badges and issuers that have none: standalone SVG, the same bytes for the same words and colour.

All lettering is drawn as outlines, so nothing depends on installed fonts. Text in a script that our
face lacks is left out, and the emblem of the badge type takes its place.
"""

from __future__ import annotations

import hashlib

from badgefed.protocol.artwork import colour as colours
from badgefed.protocol.artwork.choice import Choices
from badgefed.protocol.artwork.design import Words, choose
from badgefed.protocol.artwork.emblems import draw_emblem
from badgefed.protocol.artwork.lettering import CAP_HEIGHT, capitals, legible, measure, set_line
from badgefed.protocol.artwork.medal import draw_medal
from badgefed.protocol.artwork.palette import derive, derive_solid
from badgefed.protocol.artwork.patterns import PATTERNS
from badgefed.protocol.artwork.svg import Definitions, element, words

_BADGE = 1200
_AVATAR = 400


def draw_badge(*, title: str, issuer_name: str, colour: str, badge_type: str) -> str:
    """SVG of a medal, 1200 by 1200, transparent around it. `colour` is `#rrggbb`; raises Invalid if it is not."""
    choices = Choices(title, badge_type)
    palette = derive(colours.parse(colour), choices)
    defs = Definitions(_prefix("badge", title, issuer_name, colour, badge_type))
    lettering = Words(
        title=legible(title),
        issuer=legible(capitals(issuer_name)),
        kind=legible(capitals(badge_type)),
    )
    design = choose(choices, lettering)
    place = "translate(600 506) scale(.86)" if design.tails else "translate(600 600)"
    drawn = element("g", draw_medal(design, lettering, badge_type, palette, choices, defs), transform=place)
    return _document(_BADGE, title, f"{badge_type}, issued by {issuer_name}", defs, drawn)


def _prefix(*seed: str) -> str:
    digest = hashlib.sha256("\x00".join(seed).encode("utf-8", "replace")).hexdigest()
    return f"b{digest[:10]}-"


def _document(side: int, title: str, description: str, defs: Definitions, drawn: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{side}" height="{side}" viewBox="0 0 {side} {side}" role="img">'
        f"<title>{words(title)}</title><desc>{words(description)}</desc>{defs}{drawn}</svg>"
    )


def draw_avatar(*, name: str, colour: str) -> str:
    """SVG of a monogram, 400 by 400, filled to the edge, its centre safe for a round crop; raises Invalid as above."""
    choices = Choices(name, "avatar")
    palette = derive_solid(colours.parse(colour), choices)
    defs = Definitions(_prefix("avatar", name, colour))
    centre = _AVATAR / 2
    ground = defs.radial((0, palette.ground[0], 1), (1, palette.ground[1], 1), centre=(0, -90), radius=330)
    opacity = palette.pattern_opacity
    fade = defs.radial(
        (0.2, palette.pattern, opacity / 5), (1, palette.pattern, opacity), centre=(0, 0), radius=290
    )
    pattern = choices.pick("pattern", ("dots", "facets", "guilloche", "rays", "rings"))
    texture = PATTERNS[pattern](290, fade, choices, defs)
    drawn = element(
        "g",
        element("path", d="M-200 -200H200V200H-200Z", fill=ground),
        texture,
        element("g", _monogram(name), fill=palette.edge, fill_opacity=0.3, transform="translate(0 4)"),
        element("g", _monogram(name), fill=palette.ink),
        transform=f"translate({centre:g} {centre:g})",
        clip_path=defs.clip("M-200 -200H200V200H-200Z"),
    )
    return _document(_AVATAR, name, f"Monogram of {name}", defs, drawn)


def _monogram(name: str) -> str:
    """The initials of the first and last word, or a star where our face has no letters for them."""
    parts = ["".join(char for char in word if char.isalnum()) for word in legible(name).split()]
    letters = capitals("".join(part[0] for part in (parts[:1] + parts[1:][-1:]) if part))
    if not legible(letters):
        return draw_emblem("", x=0, y=0, size=210, paint="inherit")
    size = min(210.0, 210 * 240 / measure(letters, size=210, tracking=-0.02))
    return set_line(letters, x=0, y=size * CAP_HEIGHT / 2, size=size, tracking=-0.02)
