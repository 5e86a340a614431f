"""Writing SVG text: numbers, elements, and definitions with ids of their own."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

Stop = tuple[float, str, float]

_UNWRITABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def number(value: float) -> str:
    """At most one decimal, without `-0` and trailing zeros, so that equal pictures have equal bytes."""
    text = f"{value:.1f}"
    text = text.removesuffix(".0")
    return "0" if text == "-0" else text


def fine(value: float) -> str:
    """Like `number`, with four decimals: for scales, opacities and angles."""
    text = f"{value:.4f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def points(*pairs: tuple[float, float]) -> str:
    return " ".join(f"{number(x)} {number(y)}" for x, y in pairs)


def element(name: str, /, *children: str, **attributes: str | float) -> str:
    """An element; `_` in attribute names stands for `-`. Children are markup, attribute values are escaped."""
    written = "".join(
        f" {key.replace('_', '-')}={quoteattr(value if isinstance(value, str) else fine(value))}"
        for key, value in attributes.items()
    )
    inside = "".join(children)
    return f"<{name}{written}>{inside}</{name}>" if inside else f"<{name}{written}/>"


def words(text: str) -> str:
    """Character data: without what XML cannot carry, white space folded, escaped."""
    return escape(" ".join(_UNWRITABLE.sub(" ", text).split()))


class Definitions:
    """Collects gradients, clips and shared paths; ids carry a prefix, so that pictures can share one HTML page."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._known: dict[str, tuple[str, str]] = {}

    def __str__(self) -> str:
        return element("defs", *(written for _, written in self._known.values()))

    def linear(self, *stops: Stop, start: tuple[float, float], end: tuple[float, float]) -> str:
        """Paint: a gradient between two points of the user space; stops are (offset, colour, opacity)."""
        return self._add(
            "linearGradient",
            *_stops(stops),
            gradientUnits="userSpaceOnUse",
            x1=start[0],
            y1=start[1],
            x2=end[0],
            y2=end[1],
        )

    def radial(self, *stops: Stop, centre: tuple[float, float], radius: float) -> str:
        return self._add(
            "radialGradient",
            *_stops(stops),
            gradientUnits="userSpaceOnUse",
            cx=centre[0],
            cy=centre[1],
            r=radius,
        )

    def clip(self, d: str) -> str:
        return self._add("clipPath", element("path", d=d))

    def shape(self, d: str) -> str:
        """Reference, for `use`, to a path that is drawn more than once."""
        return self._add("path", d=d).removeprefix("url(").removesuffix(")")

    def _add(self, name: str, *children: str, **attributes: str | float) -> str:
        drawn = element(name, *children, **attributes)
        identifier, _ = self._known.get(drawn, (f"{self._prefix}{len(self._known)}", ""))
        self._known[drawn] = identifier, element(name, *children, id=identifier, **attributes)
        return f"url(#{identifier})"


def _stops(stops: tuple[Stop, ...]) -> list[str]:
    return [
        element(
            "stop", offset=offset, stop_color=colour, **({} if opacity == 1 else {"stop_opacity": opacity})
        )
        for offset, colour, opacity in stops
    ]


def cast_shadow(d: str, defs: Definitions, *, drop: float, spread: float = 0.0) -> str:
    """A soft shadow around an outline, `spread` pixels outside of it, falling down by `drop`.

    Stacked strokes: to renderers they cost a quarter of what a blur filter does.
    """
    shape = defs.shape(d)
    layers = (
        element(
            "use",
            href=shape,
            stroke_width=2 * (spread + drop * (1 + index * 0.3)),
            stroke_opacity=0.05 - 0.006 * index,
        )
        for index in range(8)
    )
    move = f"translate(0 {number(drop)})"
    return element("g", *layers, transform=move, fill="none", stroke="#000000", stroke_linejoin="round")
