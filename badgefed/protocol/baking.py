"""Baking: badges inside of pictures, as Open Badges 2.0 (Baked Badges Specification) and 3.0 (§5.3) have it.

A picture may carry both versions. Large ones take some 10 ms: not for the event loop.
"""

from __future__ import annotations

from badgefed.protocol.baked import Baked
from badgefed.protocol.baking_png import bake_png, unbake_png
from badgefed.protocol.baking_svg import bake_svg, unbake_svg

__all__ = ["Baked", "bake_png", "bake_svg", "unbake_png", "unbake_svg"]
