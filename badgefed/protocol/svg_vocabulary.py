"""What a cleaned SVG may contain: elements, attributes, and style properties with their values.

Lists of what is allowed: whatever SVG and CSS will gain later stays out until it stands here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_FILTER_PRIMITIVES = """
    feBlend feColorMatrix feComponentTransfer feComposite feDisplacementMap feDropShadow feFlood feFuncA feFuncB feFuncG
    feFuncR feGaussianBlur feMerge feMergeNode feMorphology feOffset feTile feTurbulence
"""
ELEMENTS = _words(
    f"""
    circle clipPath defs desc ellipse filter g image line linearGradient marker mask path pattern polygon polyline
    radialGradient rect stop style svg switch symbol text title tspan use {_FILTER_PRIMITIVES}
    """
)
WORDS = frozenset({"title", "desc", "text", "tspan"})
REFERRING = frozenset(
    {"use", "image", "linearGradient", "radialGradient", "pattern", "filter", "mask", "clipPath"}
)

PROPERTIES = _words(
    """
    clip-path clip-rule color color-interpolation color-interpolation-filters display dominant-baseline fill fill-opacity
    fill-rule filter flood-color flood-opacity font-family font-size font-stretch font-style font-variant font-weight
    image-rendering isolation letter-spacing marker-end marker-mid marker-start mask mask-type mix-blend-mode opacity
    overflow paint-order shape-rendering stop-color stop-opacity stroke stroke-dasharray stroke-dashoffset stroke-linecap
    stroke-linejoin stroke-miterlimit stroke-opacity stroke-width text-anchor text-decoration text-rendering transform
    transform-origin vector-effect visibility word-spacing writing-mode
    """
)
ATTRIBUTES = PROPERTIES | _words(
    """
    amplitude azimuth baseFrequency class clipPathUnits cx cy d dx dy exponent fr fx fy gradientTransform gradientUnits height
    id in in2 intercept k1 k2 k3 k4 lengthAdjust markerHeight markerUnits markerWidth maskContentUnits maskUnits mode
    numOctaves offset operator orient pathLength patternContentUnits patternTransform patternUnits points
    preserveAspectRatio primitiveUnits r radius refX refY result rotate rx ry scale seed slope spreadMethod stdDeviation
    stitchTiles style tableValues textLength type values viewBox width x x1 x2 xChannelSelector y y1 y2 yChannelSelector
    """
)

_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_SELECTOR = re.compile(r"[\w\s.#,>*+~-]{1,500}")
_UNSAFE_VALUE = re.compile(
    r"[\\<>{};@\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|/\*|expression\s*\(|javascript:", re.IGNORECASE
)
_URL = re.compile(r"url\(", re.IGNORECASE)
_OWN_URL = re.compile(r"url\(\s*(['\"]?)#([\w:.-]{1,200})\1\s*\)", re.IGNORECASE)
_IMPORTANT = re.compile(r"\s*!\s*important\s*$", re.IGNORECASE)
_MAX_RULES = 500


def is_safe_value(value: str) -> bool:
    """Whether an attribute or property names nothing but parts of its own document."""
    return not _UNSAFE_VALUE.search(value) and len(_URL.findall(value)) == len(_OWN_URL.findall(value))


def own_references(value: str) -> list[str]:
    """The ids in the value's `url(#id)`."""
    return [match[2] for match in _OWN_URL.finditer(value)]


def clean_declarations(text: str) -> str:
    """The allowed ones of `property: value; …`."""
    kept = []
    for declaration in _COMMENT.sub("", text).split(";"):
        name, _, value = declaration.partition(":")
        name, value = name.strip().lower(), value.strip()
        if name in PROPERTIES and value and is_safe_value(_IMPORTANT.sub("", value)):
            kept.append(f"{name}:{value}")
    return ";".join(kept)


def clean_sheet(text: str) -> str:
    """The allowed rules of a style sheet; at-rules, and rules inside of them, are left out."""
    rules = []
    for selector, body in _rules(_COMMENT.sub("", text)):
        declarations = clean_declarations(body)
        if declarations and _SELECTOR.fullmatch(selector):
            rules.append(f"{selector}{{{declarations}}}")
    return "".join(rules[:_MAX_RULES])


def _rules(text: str) -> Iterator[tuple[str, str]]:
    """Selector and body of each rule that stands outside of others."""
    depth, start, opened = 0, 0, 0
    for match in re.finditer(r"[{};]", text):
        if match[0] == "{":
            depth += 1
            opened = match.start() if depth == 1 else opened
        elif match[0] == ";" and depth == 0:
            start = match.end()
        elif match[0] == "}":
            if depth == 1:
                yield text[start:opened].strip(), text[opened + 1 : match.start()]
            depth = max(depth - 1, 0)
            start = match.end() if depth == 0 else start
