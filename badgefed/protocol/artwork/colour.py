"""Colours in OKLCH (lightness 0 to 1, chroma, hue in degrees), brought into sRGB by lowering the chroma."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace

from badgefed.errors import Invalid

_HEX = re.compile(r"#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})")


@dataclass(frozen=True, kw_only=True, slots=True)
class Oklch:
    lightness: float
    chroma: float
    hue: float

    def at(self, lightness: float, chroma: float | None = None, turn: float = 0.0) -> Oklch:
        """The same colour at another lightness and (upper bound of) chroma, the hue turned by degrees."""
        limited = self.chroma if chroma is None else min(self.chroma, chroma)
        return replace(self, lightness=lightness, chroma=limited, hue=(self.hue + turn) % 360)

    @property
    def hex(self) -> str:
        """`#rrggbb`, with as much of the chroma as sRGB can show at this lightness and hue."""
        channels = _linear(self.lightness, self.chroma, self.hue)
        if not _shown(channels):
            low, high = 0.0, self.chroma
            for _ in range(16):
                middle = (low + high) / 2
                low, high = (
                    (middle, high) if _shown(_linear(self.lightness, middle, self.hue)) else (low, middle)
                )
            channels = _linear(self.lightness, low, self.hue)
        return "#" + "".join(f"{round(255 * _encode(channel)):02x}" for channel in channels)


def parse(colour: str) -> Oklch:
    """Read `#rrggbb` or `#rgb`. Raises Invalid for anything else."""
    match = _HEX.fullmatch(colour.strip())
    if match is None:
        raise Invalid(
            "a colour is written as # and six hexadecimal digits, for example #2b5fd9", field="colour"
        )
    digits = match[1] if len(match[1]) == 6 else "".join(digit * 2 for digit in match[1])
    red, green, blue = (_decode(int(digits[at : at + 2], 16) / 255) for at in (0, 2, 4))
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    lightness = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    return Oklch(lightness=lightness, chroma=math.hypot(a, b), hue=math.degrees(math.atan2(b, a)) % 360)


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two `#rrggbb` colours, 1 to 21 (WCAG 2.2, relative luminance)."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_decode(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(lightness: float, chroma: float, hue: float) -> tuple[float, float, float]:
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _shown(channels: tuple[float, float, float]) -> bool:
    return all(-0.0005 <= channel <= 1.0005 for channel in channels)


def _decode(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _encode(value: float) -> float:
    value = min(max(value, 0.0), 1.0)
    return 12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055
