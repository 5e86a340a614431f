"""One small sign per badge type, in a box of 100 by 100 around the origin."""

from __future__ import annotations

from badgefed.protocol.artwork.shapes import circle, closed, polar, scallop, star
from badgefed.protocol.artwork.svg import element, fine, number, points

_STAR = star(5, 50, 23, corner=5)
_TROPHY = (
    "M-27 -46H27Q30 -46 30 -43V-40H43Q47 -40 47 -36C47 -14 37 -2 22 1C17 8 11 12 5 13V27H10Q19 27 21 36V37H-21V36"
    "Q-19 27 -10 27H-5V13C-11 12 -17 8 -22 1C-37 -2 -47 -14 -47 -36Q-47 -40 -43 -40H-30V-43Q-30 -46 -27 -46Z"
    "M30 -31V-22C30 -17 29 -13 28 -9C34 -13 37 -20 38 -31ZM-30 -31H-38C-37 -20 -34 -13 -28 -9C-29 -13 -30 -17 -30 -22Z"
    "M-24 41H24Q27 41 27 44V47Q27 50 24 50H-24Q-27 50 -27 47V44Q-27 41 -24 41Z"
)
_HEART = "M0 44C-34 19 -48 1 -48 -18C-48 -34 -37 -43 -24 -43C-14 -43 -5 -38 0 -28C5 -38 14 -43 24 -43C37 -43 48 -34 48 -18C48 1 34 19 0 44Z"
_SUMMIT = (
    "M-50 42L-17 -10Q-14 -15 -11 -10L-2 4L14 -20Q17 -24 20 -20L50 36Q52 42 46 42Z"
    "M13 -28V-50H17V-49L38 -41L17 -33V-28Z"
)
_KEY = (
    "M-50 0A25 25 0 0 1 -1.5 -8H44L50 -2V8H42V20H32V8H25V15H16V8H-1.5A25 25 0 0 1 -50 0Z"
    "M-35 0A9 9 0 1 0 -17 0A9 9 0 1 0 -35 0Z"
)
_CHECK = closed(((-23, -1), (-14, -10), (-5, -1), (16, -22), (25, -13), (-5, 17)))
_CROWN = (
    "M-42 24L-48 -16Q-48 -21 -44 -19L-24 -5L-3 -34Q0 -38 3 -34L24 -5L44 -19Q48 -21 48 -16L42 24Z"
    "M-41 31H41V37Q41 41 37 41H-37Q-41 41 -41 37Z"
)
_LEAF = "M0 0C6.5 -5 7 -13 0 -22C-7 -13 -6.5 -5 0 0Z"


def draw_emblem(badge_type: str, *, x: float, y: float, size: float, paint: str) -> str:
    """The sign of a badge type (a star for one unknown), centred on the point, `size` pixels wide and high."""
    move = f"translate({number(x)} {number(y)}) scale({fine(size / 100)})"
    return element("g", _sign(badge_type.strip().lower()), transform=move, fill=paint, fill_rule="evenodd")


def _sign(badge_type: str) -> str:
    match badge_type:
        case "achievement":
            return element("path", d=_TROPHY)
        case "credential":
            return element("path", d=_KEY, transform="rotate(-45) scale(1.2)")
        case "recognition":
            return element("path", d=_HEART)
        case "milestone":
            return element("path", d=_SUMMIT)
        case "honor" | "honour":
            return _laurel()
        case "certification":
            return element("path", d=scallop(12, 46, 1.02) + _CHECK)
        case "distinction":
            balls = circle(6, -46, -25) + circle(6, 46, -25) + circle(6.5, 0, -43)
            return element("path", d=_CROWN) + element("path", d=balls)
        case _:
            return element("path", d=_STAR)


def _laurel() -> str:
    """Two branches of paired leaves around a star."""
    leaves = []
    for index in range(6):
        angle = 164 - 25 * index
        x, y = polar(37, angle)
        for lean, length in ((42, 1.0), (-34, 0.82)):
            move = f"translate({points((x, y))}) rotate({angle - 90 + lean}) scale({fine(length)})"
            leaves.append(element("path", d=_LEAF, transform=move))
    branch = "".join(leaves)
    small = element("path", d=_STAR, transform="scale(0.4)")
    return branch + element("g", branch, transform="scale(-1 1)") + small
