"""The picture that other sites show beside a link to a badge: 1200 by 630, in the issuer's colour.

Letters are outlines, as on the badges that we draw. Words in a script that our face lacks are left out; without a title
the badge stands alone in the middle.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import astuple, dataclass

from badgefed.protocol.artwork import colour as colours
from badgefed.protocol.artwork.choice import Choices
from badgefed.protocol.artwork.colour import Oklch
from badgefed.protocol.artwork.lettering import (
    CAP_HEIGHT,
    LINE_HEIGHT,
    capitals,
    fit,
    fit_line,
    legible,
    measure,
    set_line,
)
from badgefed.protocol.artwork.patterns import PATTERNS
from badgefed.protocol.artwork.svg import Definitions, element
from badgefed.protocol.raster import compose, render_png

WIDTH, HEIGHT = 1200, 630
_VERSION = "1"
_PICTURE = 456
_LEFT, _MIDDLE = 320, HEIGHT // 2
_TEXT, _TEXT_WIDTH = 612, 516
_TITLE_SIZES = (84, 74, 62, 52)
_TIGHT, _WIDE = -0.018, 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What is shown. `image` is the SHA-256 of the badge's PNG, `colour` the issuer's `#rrggbb`.

    `kind` stands above the title; `recipient` and `issuer` are lines of a label and a name, the first one of awards only.
    """

    image: str
    colour: str
    kind: str
    title: str
    issuer: tuple[str, str]
    recipient: tuple[str, str] | None = None
    host: str

    @property
    def digest(self) -> str:
        """Names what is shown: 16 hexadecimal digits that are others for every other card."""
        return hashlib.sha256(repr((_VERSION, astuple(self))).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Inks:
    """Colours of the ground, from its light to its far corner, and of what stands on it."""

    ground: tuple[str, str, str]
    ink: str
    soft: str
    accent: str


def draw_card(card: Card, picture: bytes) -> bytes:
    """PNG of the card with the badge's PNG on it. Takes 0.2 s and more: call it in a thread. Raises Invalid."""
    has_words = bool(legible(card.title))
    ground = render_png(_ground(card, has_words=has_words), size=WIDTH, height=HEIGHT)
    middle = _LEFT if has_words else WIDTH // 2
    return compose(ground, picture, centre=(middle, _MIDDLE), side=_PICTURE if has_words else _PICTURE + 60)


def _ground(card: Card, *, has_words: bool) -> str:
    """SVG of all but the badge."""
    inks = _mix(colours.parse(card.colour))
    defs = Definitions("c")
    middle = _LEFT if has_words else WIDTH // 2
    drawn = _backdrop(card, inks, middle, defs) + (_words(card, inks) if has_words else "")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}"'
        f' viewBox="0 0 {WIDTH} {HEIGHT}">{defs}{drawn}</svg>'
    )


def _mix(colour: Oklch) -> _Inks:
    """Deep tones of the hue: a badge of any colour stands out from them, and white words can be read."""
    grey = colour.chroma < 0.025
    hue = colour if not 42 < colour.hue < 122 else colour.at(colour.lightness, turn=(42 - colour.hue) * 0.35)
    chroma = 0.02 if grey else 0.11
    return _Inks(
        ground=(
            hue.at(0.44, chroma).hex,
            hue.at(0.29, chroma * 0.82).hex,
            hue.at(0.19, chroma * 0.55).hex,
        ),
        ink="#ffffff",
        soft=colour.at(0.88, 0.01 if grey else 0.045).hex,
        accent=colour.at(0.83, 0.02 if grey else 0.13).hex,
    )


def _backdrop(card: Card, inks: _Inks, middle: int, defs: Definitions) -> str:
    """A light behind the badge, falling off over an engraved pattern around it."""
    centre = (middle, _MIDDLE)
    first, second, third = inks.ground
    fall = defs.radial((0, first, 1), (0.45, second, 1), (1, third, 1), centre=centre, radius=980)
    fade = defs.radial(
        (0.28, inks.accent, 0.02), (0.5, inks.accent, 0.17), (1, inks.accent, 0), centre=(0, 0), radius=560
    )
    choices = Choices(card.title, card.kind)
    pattern = choices.pick("backdrop", ("guilloche", "rays", "rings"))
    texture = PATTERNS[pattern](540, fade, choices, defs)
    halo = defs.radial(
        (0, "#ffffff", 0.3), (0.5, "#ffffff", 0.1), (1, "#ffffff", 0), centre=centre, radius=330
    )
    return (
        element("path", d=f"M0 0H{WIDTH}V{HEIGHT}H0Z", fill=fall)
        + element("g", texture, transform=f"translate({middle} {_MIDDLE})")
        + element("path", d=f"M0 0H{WIDTH}V{HEIGHT}H0Z", fill=halo)
        + element("path", d=f"M0 {HEIGHT - 10}H{WIDTH}V{HEIGHT}H0Z", fill=inks.accent)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A line of text: `above` is the space to what stands before it."""

    text: str
    size: float
    ink: str
    above: float = 0.0
    tracking: float = _TIGHT

    @property
    def height(self) -> float:
        return self.size * CAP_HEIGHT


def _words(card: Card, inks: _Inks) -> str:
    """The block of words, centred in height, and the server's name below it."""
    rows = [*_head(card, inks), *_names(card, inks)]
    y = (HEIGHT - 24 - sum(row.above + row.height for row in rows)) / 2
    drawn = []
    for row in rows:
        y += row.above + row.height
        drawn.append(_set(row, y))
    host = legible(card.host)
    if host:
        size, text = fit_line(host, width=_TEXT_WIDTH, sizes=(22, 20, 18), tracking=0.01)
        drawn.append(_set(_Row(text=text, size=size, ink=inks.accent, tracking=0.01), HEIGHT - 48))
    return "".join(drawn)


def _head(card: Card, inks: _Inks) -> Iterator[_Row]:
    kind = legible(capitals(card.kind))
    if kind:
        size, text = fit_line(kind, width=_TEXT_WIDTH, sizes=(22, 20, 18), tracking=_WIDE)
        yield _Row(text=text, size=size, ink=inks.accent, tracking=_WIDE)
    lines = 3 if card.recipient else 4
    setting = fit(
        legible(card.title),
        room=lambda count, size: [_TEXT_WIDTH] * count if count <= lines else None,
        sizes=_TITLE_SIZES,
        tracking=_TIGHT,
    )
    for at, line in enumerate(setting.lines):
        above = setting.size * (LINE_HEIGHT - CAP_HEIGHT) if at else (26.0 if kind else 0.0)
        yield _Row(text=line, size=setting.size, ink=inks.ink, above=above)


def _names(card: Card, inks: _Inks) -> Iterator[_Row]:
    """Who was awarded it, and by whom; the name of the first of them is set larger."""
    small = (30, 28, 26, 24, 22)
    sizes = ((40, 36, 32, *small), small) if card.recipient else ((34, 32, *small),)
    for (label, name), larger in zip(filter(None, (card.recipient, card.issuer)), sizes, strict=True):
        words = legible(name)
        if not words:
            continue
        yield _Row(
            text=legible(label), size=21, ink=inks.soft, above=44 if larger is sizes[0] else 30, tracking=0
        )
        size, text = fit_line(words, width=_TEXT_WIDTH, sizes=larger, tracking=-0.01)
        yield _Row(text=text, size=size, ink=inks.ink, above=14, tracking=-0.01)


def _set(row: _Row, y: float) -> str:
    """The row from the left edge of the words, its baseline at `y`."""
    middle = _TEXT + measure(row.text, size=row.size, tracking=row.tracking) / 2
    return element("g", set_line(row.text, x=middle, y=y, size=row.size, tracking=row.tracking), fill=row.ink)
