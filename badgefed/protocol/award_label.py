"""An award as a small picture for READMEs and pages of people's own: the badge's title beside who issued it, 28 pixels high.

Letters are outlines, as on the badges that we draw, so that it looks the same everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

from badgefed.protocol.artwork import colour as colours
from badgefed.protocol.artwork.lettering import CAP_HEIGHT, legible, measure, set_line, shorten
from badgefed.protocol.artwork.svg import element, number, words

HEIGHT = 28
_SIZE = 12
_TRACKING = 0.01
_PADDING = 11
_ICON = 15
_GAP = 6
_LONGEST = 230
_INK, _PAPER = "#1d1b22", "#ffffff"
_WARN, _BAD = "#7a4800", "#9c241c"


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """`title` stands left, `issuer` right in the `colour` (`#rrggbb`), or else the `state` where there is one.

    `is_withdrawn` gives the state the colour of what is not valid any more.
    """

    title: str
    issuer: str
    colour: str
    state: str = ""
    is_withdrawn: bool = False

    @property
    def text(self) -> str:
        """The same for people who can't see it."""
        return f"{self.title} – {self.state or self.issuer}"


def draw_label(label: Label) -> str:
    """The SVG. Words in a script that our face lacks are left out; its accessible name has them all."""
    left, right = _fit(label.title), _fit(label.state or label.issuer)
    start = _PADDING + _ICON + (_GAP + _width(left) if left else 0) + _PADDING
    width = start + (2 * _PADDING + _width(right) if right else 0)
    drawn = [
        element("path", d=f"M0 0H{number(start)}V{HEIGHT}H0Z", fill=_INK),
        element(
            "path", d=f"M{number(start)} 0H{number(width)}V{HEIGHT}H{number(start)}Z", fill=_ground(label)
        ),
        _medal(),
        _set(left, _PADDING + _ICON + _GAP),
        _set(right, start + _PADDING),
    ]
    name = words(label.text)
    clip = element("clipPath", element("rect", width=width, height=HEIGHT, rx=8), id="r")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{number(width)}" height="{HEIGHT}"'
        f' viewBox="0 0 {number(width)} {HEIGHT}" role="img" aria-labelledby="t"><title id="t">{name}</title>'
        f"{clip}{element('g', *drawn, clip_path='url(#r)')}</svg>"
    )


def _ground(label: Label) -> str:
    """Dark enough for white letters, whatever the issuer's colour is."""
    if label.state:
        return _BAD if label.is_withdrawn else _WARN
    colour = colours.parse(label.colour)
    return colour.at(min(colour.lightness, 0.46)).hex


def _fit(text: str) -> str:
    return shorten(legible(text), width=_LONGEST, size=_SIZE, tracking=_TRACKING)


def _width(text: str) -> float:
    return measure(text, size=_SIZE, tracking=_TRACKING)


def _set(text: str, left: float) -> str:
    if not text:
        return ""
    baseline = (HEIGHT + _SIZE * CAP_HEIGHT) / 2
    line = set_line(text, x=left + _width(text) / 2, y=baseline, size=_SIZE, tracking=_TRACKING)
    return element("g", line, fill=_PAPER)


def _medal() -> str:
    """The sign of our pages, small."""
    return element(
        "g",
        element("circle", cx=12, cy=9, r=6.25),
        element("path", d="m8.3 14.3-1.6 7 5.3-3 5.3 3-1.6-7"),
        element("path", d="m9.6 9 1.7 1.7 3.1-3.4"),
        transform=f"translate({number(_PADDING - 2)} {number((HEIGHT - _ICON - 3) / 2)}) scale(.75)",
        fill="none",
        stroke=_PAPER,
        stroke_width=2,
        stroke_linecap="round",
        stroke_linejoin="round",
    )
