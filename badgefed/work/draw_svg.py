"""The program that draws one uploaded SVG, in a process of its own with little time and memory: see `svg_rendering`.

Its arguments are width and height in pixels and the seconds that it may compute; the cleaned SVG comes on standard input, the PNG goes to standard output.
"""

from __future__ import annotations

import resource
import sys

from badgefed.protocol.raster import render_png

MEMORY = 2 * 1024**3


def main() -> None:
    width, height, seconds = map(int, sys.argv[1:4])
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    svg = sys.stdin.buffer.read().decode()
    sys.stdout.buffer.write(render_png(svg, size=width, height=height))


if __name__ == "__main__":
    main()
