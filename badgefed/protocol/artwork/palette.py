"""The colours of one medal, derived from the issuer's colour."""

from __future__ import annotations

from dataclasses import dataclass

from badgefed.protocol.artwork.choice import Choices
from badgefed.protocol.artwork.colour import Oklch

Metal = tuple[str, str, str, str, str]

_GOLD: Metal = ("#fff3c9", "#f1cb66", "#b57a1c", "#fbe19a", "#9a6212")
_SILVER: Metal = ("#ffffff", "#d7dde6", "#8d97a6", "#f4f7fb", "#707b8c")
_COPPER: Metal = ("#ffe6d3", "#f0b793", "#a15a33", "#f6c9a6", "#834322")


@dataclass(frozen=True, kw_only=True, slots=True)
class Palette:
    """`ground` and `band` run from light to dark; `metal` is a sheen of five stops."""

    ground: tuple[str, str]
    ink: str
    emblem: tuple[str, str]
    pattern: str
    pattern_opacity: float
    metal: Metal
    edge: str
    band: tuple[str, str]
    band_ink: str
    ribbon: tuple[str, str, str]
    ribbon_ink: str
    gloss: float


def derive(colour: Oklch, choices: Choices) -> Palette:
    """A palette in one of four characters; inks keep a contrast of 4.5 or more to what they stand on."""
    base = _tame(colour)
    characters = (
        (_sunny, _ivory, _midnight) if _golden(base) else (_enamel, _enamel, _vivid, _ivory, _midnight)
    )
    return choices.pick("character", characters)(base, choices)


def derive_solid(colour: Oklch, choices: Choices) -> Palette:
    """A palette whose ground is plainly the issuer's colour."""
    base = _tame(colour)
    return choices.pick("character", (_sunny,) if _golden(base) else (_enamel, _vivid))(base, choices)


def _tame(colour: Oklch) -> Oklch:
    """The hue with a chroma that neither screams nor, unless the issuer is grey, fades."""
    if colour.chroma < 0.025:
        return Oklch(lightness=colour.lightness, chroma=0.018, hue=255)
    return Oklch(lightness=colour.lightness, chroma=min(max(colour.chroma, 0.09), 0.2), hue=colour.hue)


def _companion(base: Oklch, choices: Choices) -> Oklch:
    """A second hue for ribbons: complementary or a third of the circle away; a warm red for greys."""
    if base.chroma < 0.05:
        return Oklch(lightness=0.5, chroma=0.14, hue=choices.pick("companion", (25.0, 250.0, 160.0)))
    turn = choices.pick("companion", (180.0, 150.0, 210.0, 40.0, -40.0))
    return Oklch(lightness=0.5, chroma=0.15, hue=(base.hue + turn) % 360)


def _deep(base: Oklch) -> Oklch:
    """The hue to use for dark tones: orange and yellow darken towards rust, not towards olive."""
    return base.at(base.lightness, turn=(42 - base.hue) * 0.6) if 42 < base.hue < 122 else base


def _ribbon(tone: Oklch) -> tuple[str, str, str]:
    if _golden(tone):
        return tone.at(0.84, turn=-4).hex, tone.at(0.7, turn=-14).hex, tone.at(0.46, turn=-28).hex
    deep = _deep(tone)
    return deep.at(0.545).hex, deep.at(0.43).hex, deep.at(0.28).hex


def _ribbon_ink(tone: Oklch) -> str:
    return _deep(tone).at(0.24, 0.06).hex if _golden(tone) else "#ffffff"


def _golden(tone: Oklch) -> bool:
    """Yellows, which only stay themselves while they are light."""
    return 78 <= tone.hue <= 118 and tone.chroma > 0.05


def _metal(base: Oklch, choices: Choices) -> Metal:
    warm = 15 <= base.hue <= 125 and base.chroma > 0.05
    return choices.pick("metal", (_SILVER, _GOLD) if warm else (_GOLD, _GOLD, _SILVER, _COPPER))


def _enamel(base: Oklch, choices: Choices) -> Palette:
    """Deep colour in a metal rim."""
    metal, deep = _metal(base, choices), _deep(base)
    return Palette(
        ground=(deep.at(0.505, 0.18).hex, deep.at(0.31, 0.13).hex),
        ink="#ffffff",
        emblem=(metal[0], metal[1]),
        pattern=base.at(0.85, 0.1).hex,
        pattern_opacity=0.26,
        metal=metal,
        edge=deep.at(0.2, 0.06).hex,
        band=(deep.at(0.34, 0.11).hex, deep.at(0.23, 0.08).hex),
        band_ink=metal[0],
        ribbon=_ribbon(_companion(base, choices)),
        ribbon_ink=_ribbon_ink(_companion(base, choices)),
        gloss=0.2,
    )


def _vivid(base: Oklch, choices: Choices) -> Palette:
    """Bright and modern: two neighbouring hues, a pale tonal rim."""
    turn = choices.pick("drift", (-45.0, 45.0))
    return Palette(
        ground=(base.at(0.545, 0.19).hex, base.at(0.4, 0.17, turn).hex),
        ink="#ffffff",
        emblem=("#ffffff", base.at(0.92, 0.06).hex),
        pattern="#ffffff",
        pattern_opacity=0.24,
        metal=(
            "#ffffff",
            base.at(0.93, 0.04).hex,
            base.at(0.78, 0.1).hex,
            "#ffffff",
            base.at(0.7, 0.13).hex,
        ),
        edge=base.at(0.3, 0.12, turn).hex,
        band=(base.at(0.42, 0.17, turn).hex, base.at(0.31, 0.14, turn).hex),
        band_ink="#ffffff",
        ribbon=_ribbon(base.at(0.5, 0.16, turn)),
        ribbon_ink=_ribbon_ink(base.at(0.5, 0.16, turn)),
        gloss=0.16,
    )


def _sunny(base: Oklch, choices: Choices) -> Palette:
    """Bright yellow with dark ink."""
    deep = _deep(base)
    return Palette(
        ground=(base.at(0.93, 0.15).hex, base.at(0.8, 0.17, -12).hex),
        ink=deep.at(0.27, 0.07).hex,
        emblem=(deep.at(0.42, 0.1).hex, deep.at(0.29, 0.08).hex),
        pattern="#ffffff",
        pattern_opacity=0.5,
        metal=choices.pick("metal", (_SILVER, _GOLD)),
        edge=deep.at(0.24, 0.06).hex,
        band=(deep.at(0.34, 0.07).hex, deep.at(0.22, 0.05).hex),
        band_ink=base.at(0.94, 0.1).hex,
        ribbon=(deep.at(0.46, 0.08).hex, deep.at(0.34, 0.07).hex, deep.at(0.22, 0.05).hex),
        ribbon_ink="#ffffff",
        gloss=0.3,
    )


def _ivory(base: Oklch, choices: Choices) -> Palette:
    """Paper ground, coloured ink and band."""
    deep = _deep(base)
    return Palette(
        ground=(base.at(0.99, 0.012).hex, base.at(0.92, 0.035).hex),
        ink=deep.at(0.3, 0.11).hex,
        emblem=(deep.at(0.56, 0.18).hex, deep.at(0.4, 0.15).hex),
        pattern=base.at(0.6, 0.13).hex,
        pattern_opacity=0.3,
        metal=_metal(base, choices),
        edge=deep.at(0.24, 0.08).hex,
        band=(deep.at(0.47, 0.16).hex, deep.at(0.34, 0.13).hex),
        band_ink="#ffffff",
        ribbon=_ribbon(base.at(0.5, 0.17)),
        ribbon_ink=_ribbon_ink(base.at(0.5, 0.17)),
        gloss=0.35,
    )


def _midnight(base: Oklch, choices: Choices) -> Palette:
    """Almost black, with rim and emblem in the issuer's colour."""
    light = base.at(0.8, 0.15)
    return Palette(
        ground=(base.at(0.33, 0.05).hex, base.at(0.17, 0.03).hex),
        ink="#ffffff",
        emblem=(base.at(0.92, 0.09).hex, base.at(0.76, 0.17).hex),
        pattern=light.hex,
        pattern_opacity=0.24,
        metal=(
            base.at(0.95, 0.06).hex,
            base.at(0.8, 0.15).hex,
            base.at(0.58, 0.16).hex,
            base.at(0.9, 0.1).hex,
            base.at(0.5, 0.14).hex,
        ),
        edge=base.at(0.13, 0.03).hex,
        band=(base.at(0.24, 0.045).hex, base.at(0.15, 0.03).hex),
        band_ink=base.at(0.93, 0.07).hex,
        ribbon=_ribbon(base.at(0.5, 0.15)),
        ribbon_ink=_ribbon_ink(base.at(0.5, 0.15)),
        gloss=0.14,
    )
