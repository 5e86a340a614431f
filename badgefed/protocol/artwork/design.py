"""What a medal looks like, apart from its colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from badgefed.protocol.artwork.choice import Choices
from badgefed.protocol.artwork.patterns import PATTERNS
from badgefed.protocol.artwork.shapes import BACKINGS, PLATES, Plate

_LONG_TITLE = 44


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """What is written on a medal; each may be empty."""

    title: str
    issuer: str
    kind: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Design:
    """`ground`, of about `radius`, is the plate on which the title stands; `edge` the ornament behind a round one.

    `name_at` is where the issuer's name goes: around the rim, on a banner, or on a line under the title.
    """

    ground: Plate
    radius: float
    pattern: str
    name_at: Literal["rim", "banner", "line", "nowhere"]
    edge: str = ""
    tails: bool = False

    @property
    def banner_height(self) -> float:
        """Height of the banner's middle."""
        return self.radius * 0.62


def choose(choices: Choices, words: Words) -> Design:
    """One of the designs: a banner needs a name to carry, a long title the larger ground."""
    pattern = choices.pick("pattern", sorted(PATTERNS))
    if choices.share("family") < 0.5 and len(words.title) <= _LONG_TITLE:
        return Design(
            ground=PLATES["round"](372),
            radius=372,
            pattern=pattern,
            name_at="rim",
            edge=choices.pick("edge", (*BACKINGS, "", "")),
            tails=choices.share("tails") < 0.4,
        )
    shape = choices.pick("shape", ("hexagon", "hexagon", "shield", "shield", "octagon", "squircle", "round"))
    places: tuple[Literal["banner", "line"], ...] = ("banner", "line")
    name_at = choices.pick("name", places) if words.issuer else "nowhere"
    return Design(ground=PLATES[shape](470), radius=470, pattern=pattern, name_at=name_at)
