"""Uploaded SVGs to PNG, each in a process of its own, with none of our settings.

A small file can keep a renderer busy for hours, and nothing ends a thread.
"""

from __future__ import annotations

import os
import subprocess
import sys

from badgefed.errors import Invalid
from badgefed.protocol.raster import is_blank
from badgefed.protocol.svg import CleanSvg
from badgefed.work import draw_svg

SECONDS = 10


def draw_uploaded(svg: CleanSvg, *, side: int, seconds: int = SECONDS) -> bytes:
    """PNG whose longer side has `side` pixels, from at most so many seconds of computing. Raises `Invalid`.

    It takes 0.2 s and more: call it in a thread.
    """
    scale = side / max(svg.width, svg.height)
    width, height = (max(round(length * scale), 1) for length in (svg.width, svg.height))
    command = [sys.executable, "-m", draw_svg.__name__, str(width), str(height), str(seconds)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BADGEFED_")}
    try:
        done = subprocess.run(  # noqa: S603 - our own program, and numbers
            command,
            input=svg.text.encode(),
            capture_output=True,
            env=environment,
            timeout=3 * seconds,
            check=True,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise Invalid(
            "the SVG cannot be drawn, or not in the time and memory that there is for one picture: make it simpler,"
            " with fewer filters, patterns and masks",
            field="image",
        ) from error
    if is_blank(done.stdout):
        raise Invalid("the SVG draws nothing that can be seen", field="image")
    return done.stdout
