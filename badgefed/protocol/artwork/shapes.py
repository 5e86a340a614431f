"""Outlines around the origin, as path data."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from badgefed.protocol.artwork.svg import number, points

Point = tuple[float, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Plate:
    """A closed outline and the corners from which it was drawn."""

    d: str
    corners: tuple[Point, ...]

    def half_width(self, y: float) -> float:
        """Distance from the vertical axis to the outline at this height; 0 above and below it."""
        found = 0.0
        for index, (x1, y1) in enumerate(self.corners):
            x0, y0 = self.corners[index - 1]
            if (y0 <= y) != (y1 <= y):
                found = max(found, abs(x0 + (x1 - x0) * (y - y0) / (y1 - y0)))
        return found


def polar(radius: float, degrees: float) -> Point:
    """A point of the circle; 0 degrees is the top, clockwise."""
    angle = math.radians(degrees)
    return radius * math.sin(angle), -radius * math.cos(angle)


def ring(count: int, radius: float, turn: float = 0.0) -> tuple[Point, ...]:
    return tuple(polar(radius, turn + 360 * index / count) for index in range(count))


def rounded(corners: tuple[Point, ...], radius: float) -> str:
    """The closed polygon with its corners rounded off."""
    drawn: list[str] = []
    for index, corner in enumerate(corners):
        before = _towards(corner, corners[index - 1], radius)
        after = _towards(corner, corners[(index + 1) % len(corners)], radius)
        drawn.append(f"{'L' if drawn else 'M'}{points(before)}Q{points(corner, after)}")
    return "".join(drawn) + "Z"


def _towards(start: Point, end: Point, distance: float) -> Point:
    length = math.dist(start, end)
    share = min(distance / length, 0.5)
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


def closed(corners: tuple[Point, ...]) -> str:
    return f"M{'L'.join(points(corner) for corner in corners)}Z"


def circle(radius: float, x: float = 0.0, y: float = 0.0) -> str:
    size = number(radius)
    return (
        f"M{points((x - radius, y))}a{size} {size} 0 1 1 {number(2 * radius)} 0"
        f"a{size} {size} 0 1 1 {number(-2 * radius)} 0Z"
    )


def star(count: int, radius: float, inner: float, *, corner: float = 0.0, turn: float = 0.0) -> str:
    """A star whose points reach `radius` and whose notches go in to `inner`."""
    tips, notches = ring(count, radius, turn), ring(count, inner, turn + 180 / count)
    corners = tuple(point for pair in zip(tips, notches, strict=True) for point in pair)
    return rounded(corners, corner) if corner else closed(corners)


def scallop(count: int, radius: float, bulge: float) -> str:
    """A rosette of round petals, `bulge` times as deep as half circles."""
    joints = ring(count, radius, 180 / count)
    half = math.dist(joints[0], joints[1]) / 2
    size = number(half * bulge)
    arcs = "".join(f"A{size} {size} 0 0 1 {points(joint)}" for joint in (*joints[1:], joints[0]))
    return f"M{points(joints[0])}{arcs}Z"


def ripple(count: int, radius: float, swing: float) -> str:
    """A circle whose edge swings evenly in and out."""
    total = count * 12
    corners = tuple(
        polar(radius + swing * math.cos(2 * math.pi * count * index / total), 360 * index / total)
        for index in range(total)
    )
    return rounded(corners, radius)


def cog(count: int, radius: float, inner: float) -> str:
    """A wheel with soft trapezoid teeth."""
    step = 360 / count
    corners = tuple(
        polar(reach, step * (index + offset))
        for index in range(count)
        for reach, offset in ((inner, -0.34), (radius, -0.2), (radius, 0.2), (inner, 0.34))
    )
    return rounded(corners, 14)


def sector(inner: float, outer: float, start: float, end: float) -> str:
    """The part of a circular band between two angles, clockwise from the top."""
    wide = 1 if abs(end - start) > 180 else 0
    sweep = 1 if end > start else 0
    far, near = number(outer), number(inner)
    return (
        f"M{points(polar(outer, start))}A{far} {far} 0 {wide} {sweep} {points(polar(outer, end))}"
        f"L{points(polar(inner, end))}A{near} {near} 0 {wide} {1 - sweep} {points(polar(inner, start))}Z"
    )


def _round(radius: float) -> Plate:
    return Plate(d=circle(radius), corners=ring(72, radius))


def _hexagon(radius: float) -> Plate:
    corners = ring(6, radius * 1.06)
    return Plate(d=rounded(corners, radius * 0.1), corners=corners)


def _octagon(radius: float) -> Plate:
    corners = ring(8, radius * 1.03, 22.5)
    return Plate(d=rounded(corners, radius * 0.07), corners=corners)


def _squircle(radius: float) -> Plate:
    corners = tuple(_superellipse(radius * 0.93, 360 * index / 96) for index in range(96))
    return Plate(d=rounded(corners, radius), corners=corners)


def _superellipse(radius: float, degrees: float) -> Point:
    x, y = polar(1.0, degrees)
    stretch = (abs(x) ** 4.5 + abs(y) ** 4.5) ** (1 / 4.5)
    return radius * x / stretch, radius * y / stretch


def _shield(radius: float) -> Plate:
    side = _curve((0.9, -0.06), (0.9, 0.52), (0.48, 0.86), (0.0, 1.06), 16)
    shoulder = _curve((0.0, -0.98), (0.28, -0.82), (0.6, -0.78), (0.9, -0.84), 8)
    half = (*shoulder, *side[:-1])
    left = tuple((-x, y) for x, y in reversed(half[1:]))
    corners = tuple((radius * x, radius * y) for x, y in (*half, side[-1], *left))
    return Plate(d=rounded(corners, radius * 0.06), corners=corners)


def _curve(a: Point, b: Point, c: Point, d: Point, count: int) -> tuple[Point, ...]:
    """Points of a cubic Bézier curve."""
    shares = [index / count for index in range(count + 1)]
    return tuple(
        (
            (1 - t) ** 3 * a[0] + 3 * (1 - t) ** 2 * t * b[0] + 3 * (1 - t) * t**2 * c[0] + t**3 * d[0],
            (1 - t) ** 3 * a[1] + 3 * (1 - t) ** 2 * t * b[1] + 3 * (1 - t) * t**2 * c[1] + t**3 * d[1],
        )
        for t in shares
    )


PLATES: dict[str, Callable[[float], Plate]] = {
    "round": _round,
    "hexagon": _hexagon,
    "octagon": _octagon,
    "squircle": _squircle,
    "shield": _shield,
}


def backing(name: str, radius: float) -> str:
    """The ornamental edge behind a round plate of 0.9 `radius`."""
    match name:
        case "rosette":
            return scallop(24, radius * 0.945, 1.04)
        case "petals":
            return scallop(14, radius * 0.905, 1.06)
        case "seal":
            return star(40, radius, radius * 0.93, corner=10)
        case "sun":
            return star(20, radius * 1.02, radius * 0.885, corner=12)
        case "cog":
            return cog(24, radius, radius * 0.925)
        case _:
            return ripple(18, radius * 0.955, radius * 0.04)


BACKINGS = ("rosette", "petals", "seal", "sun", "cog", "ripple")
