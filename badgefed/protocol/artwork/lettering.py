"""Setting text as outlines, so that a picture looks the same where our font is not installed."""

from __future__ import annotations

import functools
import importlib.resources
import json
import math
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from badgefed.protocol.artwork.svg import element, fine, number

CAP_HEIGHT = 0.728
LINE_HEIGHT = 1.14
_ELLIPSIS = "…"
_WHOLE_WORDS, _BROKEN_WORDS, _SMALLEST = 52, 76, 40

Room = Callable[[int, float], list[float] | None]
"""How wide each line may be: for a number of lines and a size; None when they don't fit in height."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """Lines of text and the size in pixels at which they fit."""

    lines: tuple[str, ...]
    size: float


@functools.cache
def _glyphs() -> dict[str, tuple[int, str]]:
    source = importlib.resources.files("badgefed.protocol.artwork").joinpath("inter-bold.json")
    table = json.loads(source.read_text("utf-8"))
    return {char: (advance, path) for char, (advance, path) in table["glyphs"].items()}


def legible(text: str) -> str:
    """The text as our face can set it, without emoji and other pictures; empty if any letter is missing."""
    composed = unicodedata.normalize("NFC", text)
    folded = " ".join("".join(_replace(char) for char in composed).split())
    return folded if all(char in _glyphs() for char in folded) else ""


def missing_letters(text: str) -> str:
    """The characters, white space apart, that our face cannot set."""
    return "".join(char for char in text if not char.isspace() and char not in _glyphs())


def _replace(char: str) -> str:
    """What stands for a character: nothing for invisible ones, a space for pictures, else itself."""
    if char in _glyphs():
        return char
    category = unicodedata.category(char)
    if category in {"Cf", "Me"} or "\ufe00" <= char <= "\ufe0f":
        return ""
    return " " if category in {"So", "Sk", "Cc", "Cs", "Cn", "Co"} else char


def capitals(text: str) -> str:
    """Upper case; Greek without accents, as Greek capitals are written."""
    spread = unicodedata.normalize("NFD", text.upper())
    kept, greek = [], False
    for char in spread:
        if not unicodedata.combining(char):
            greek = "\u0370" <= char <= "\u03ff"
        if not (greek and char == "\u0301"):
            kept.append(char)
    return unicodedata.normalize("NFC", "".join(kept))


def measure(text: str, *, size: float, tracking: float = 0.0) -> float:
    """Width in pixels; `tracking` is space between letters in em. Every character must be one we have."""
    advances = sum(_glyphs()[char][0] for char in text) / 1000
    return size * (advances + tracking * max(len(text) - 1, 0))


def set_line(text: str, *, x: float, y: float, size: float, tracking: float = 0.0) -> str:
    """Outlines of one line, centred on `x`, with its baseline at `y`."""
    glyphs, at, drawn = _glyphs(), 0.0, []
    for char in text:
        advance, path = glyphs[char]
        if path:
            drawn.append(element("path", d=path, **({"transform": f"translate({number(at)})"} if at else {})))
        at += advance + 1000 * tracking
    left = x - measure(text, size=size, tracking=tracking) / 2
    return element("g", *drawn, transform=f"translate({number(left)} {number(y)}) scale({fine(size / 1000)})")


def set_arc(text: str, *, radius: float, size: float, tracking: float, top: bool) -> str:
    """Outlines along a circle around the origin: over its top, or upright along its bottom."""
    glyphs, drawn = _glyphs(), []
    sign = 1 if top else -1
    at = -measure(text, size=size, tracking=tracking) / 2
    for char in text:
        advance, path = glyphs[char]
        width = size * advance / 1000
        angle = sign * math.degrees((at + width / 2) / radius)
        if path:
            move = f"rotate({fine(angle)}) translate({number(-width / 2)} {number(-sign * radius)}) scale({fine(size / 1000)})"
            drawn.append(element("path", d=path, transform=move))
        at += width + size * tracking
    return "".join(drawn)


def shorten(text: str, *, width: float, size: float, tracking: float = 0.0) -> str:
    """The text, or as much of it as fits, with an ellipsis."""
    if _reach(text, width, size, tracking) == len(text):
        return text
    rest = width - measure(_ELLIPSIS, size=size) - size * tracking
    cut = text[: _reach(text, rest, size, tracking)].rstrip(" ,;:-–—")
    return cut and cut + _ELLIPSIS


def _reach(text: str, width: float, size: float, tracking: float) -> int:
    """How many of the first characters are no wider together than this."""
    glyphs, at = _glyphs(), 0.0
    for index, char in enumerate(text):
        at += size * glyphs[char][0] / 1000
        if at > width:
            return index
        at += size * tracking
    return len(text)


def fit_line(text: str, *, width: float, sizes: Sequence[int], tracking: float) -> tuple[int, str]:
    """The first size, of falling ones, at which the text is no wider, or the last one and the shortened text."""
    for size in sizes:
        if measure(text, size=size, tracking=tracking) <= width:
            return size, text
    return sizes[-1], shorten(text, width=width, size=sizes[-1], tracking=tracking)


def fit(text: str, *, room: Room, sizes: Sequence[int], tracking: float) -> Setting:
    """Break and size the text as large as the room allows.

    `sizes` has the largest size for one line, for two lines and so on. Words are broken only where they
    would become small otherwise, and what is too long even at the smallest size is cut.
    """
    whole = [(size, False) for size in range(sizes[0], _WHOLE_WORDS - 1, -2)]
    broken = [(size, True) for size in range(_BROKEN_WORDS, _SMALLEST - 1, -2)]
    lines: tuple[str, ...] = ()
    for size, breaking in (*whole, *broken):
        for widths in _widths(room, sizes, size):
            lines = _break(text, widths, size, tracking)
            if not lines and breaking:
                lines, rest = _fill(text, widths, size, tracking)
                lines = () if rest else lines
            if lines:
                return Setting(lines=lines, size=size)
    for widths in _widths(room, sizes, _SMALLEST):
        lines, _ = _fill(text, widths, _SMALLEST, tracking)
    return Setting(lines=lines, size=_SMALLEST)


def _widths(room: Room, sizes: Sequence[int], size: int) -> Iterator[list[float]]:
    for count, largest in enumerate(sizes, start=1):
        widths = room(count, size) if size <= largest else None
        if widths:
            yield widths


def _break(text: str, widths: list[float], size: float, tracking: float) -> tuple[str, ...]:
    """The most even division of the words into lines that fit the widths; empty if there is none."""
    best = _pack(text, widths, size, tracking)
    low, high = 0.0, 1.0
    for _ in range(8 if best else 0):
        middle = (low + high) / 2
        tighter = _pack(text, [width * middle for width in widths], size, tracking)
        low, high, best = (low, middle, tighter) if tighter else (middle, high, best)
    return best if len(best) == len(widths) else ()


def _pack(text: str, widths: list[float], size: float, tracking: float) -> tuple[str, ...]:
    """Each line takes the words that fit; empty if words are left over."""
    lines: list[str] = []
    for width in widths:
        line, text = _take(text, width, size, tracking)
        lines.append(line)
    return () if text else tuple(line for line in lines if line)


def _take(text: str, width: float, size: float, tracking: float) -> tuple[str, str]:
    """As many words as fit, and the rest."""
    end = _reach(text, width, size, tracking)
    if end < len(text) and text[end] != " ":
        end = max(text.rfind(" ", 0, end), 0)
    return text[:end], text[end:].lstrip()


def _fill(text: str, widths: list[float], size: float, tracking: float) -> tuple[tuple[str, ...], str]:
    """Lines filled one after the other, words broken where they must be, and what had no place."""
    lines: list[str] = []
    for width in widths[:-1]:
        line, rest = _take(text, width, size, tracking)
        if text and not line:
            end = max(_reach(text, width - measure("-", size=size) - size * tracking, size, tracking), 1)
            line, rest = text[:end] + "-", text[end:]
        lines.append(line)
        text = rest
    last = shorten(text, width=widths[-1], size=size, tracking=tracking) if widths else ""
    return tuple(line for line in (*lines, last) if line), "" if last == text else text
