"""Cleaning of uploaded SVG: what comes out draws the same picture and can do nothing else.

The document is built anew from lists of what is allowed (`svg_vocabulary`). Nothing in it runs, moves, or leads out of it;
embedded pictures are decoded and written again. It takes up to a second for large files: call it in a thread.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from badgefed.errors import Invalid, TooLarge, UnsupportedMedia
from badgefed.protocol.artwork.lettering import missing_letters
from badgefed.protocol.data_uris import read_base64
from badgefed.protocol.raster import UPLOAD_BYTES, inspect_image, to_png
from badgefed.protocol.svg_vocabulary import (
    ATTRIBUTES,
    ELEMENTS,
    REFERRING,
    WORDS,
    clean_declarations,
    clean_sheet,
    is_safe_value,
    own_references,
)

MAX_ELEMENTS = 20_000
MAX_DEPTH = 100
MAX_DRAWN = 60_000
"""Elements when each reference is followed: what a small file with nested `use` grows to."""
MAX_EMBEDDED = 8
MAX_EMBEDDED_PIXELS = 8_000_000
EMBEDDED_SIDE = 1200
MAX_RATIO = 20

_NAMESPACE = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_PREFIXES: dict[str, str] = {None: _NAMESPACE, "xlink": _XLINK}  # type: ignore[dict-item]
_HREFS = ("href", f"{{{_XLINK}}}href")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_DOCTYPE = re.compile(r"<!DOCTYPE[^<>\[\]]*>", re.IGNORECASE)
_OPAQUE = re.compile(r"<!--.*?-->|<!\[CDATA\[.*?\]\]>", re.DOTALL)
_EMBEDDED = re.compile(r"data:image/(?:png|jpe?g|webp);", re.IGNORECASE)
_LENGTH = re.compile(r"\s*\+?(\d{0,6}(?:\.\d{1,10})?)\s*(px|pt|pc|mm|cm|in)?\s*")
_PIXELS = {"px": 1.0, "pt": 96 / 72, "pc": 16.0, "mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96.0}
_SPACES = re.compile(r"[\s,]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanSvg:
    """A safe document and its natural size in pixels."""

    text: str
    width: float
    height: float


def is_svg(data: bytes) -> bool:
    """Whether a file looks like SVG text rather than like a raster picture."""
    head = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    return head.startswith(b"<") and (b"<svg" in data[:65_536] or b":svg" in data[:65_536])


def clean_svg(data: bytes, *, max_bytes: int = UPLOAD_BYTES) -> CleanSvg:
    """The document without what it must not carry: scripts, events, animation, links, foreign content, outer references.

    Raises TooLarge, UnsupportedMedia for what is no UTF-8 SVG, and Invalid for entities, for what is broken, and for more
    elements, depth, references or embedded pixels than are drawn.
    """
    if len(data) > max_bytes:
        raise TooLarge(f"the image has {len(data)} bytes, at most {max_bytes} are accepted")
    source = _parse(data)
    width, height, box = _measure(source)
    clean = _Cleaner().clean(source)
    clean.attrib.update({"width": _plain(width), "height": _plain(height), "viewBox": box})
    _check_growth(clean)
    etree.cleanup_namespaces(clean)
    text = etree.tostring(clean, encoding="unicode")
    if len(text.encode()) > max_bytes:
        raise TooLarge(
            f"the image has more than {max_bytes} bytes once its embedded pictures are written anew"
        )
    return CleanSvg(text=text, width=width, height=height)


def _parse(data: bytes) -> etree._Element:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnsupportedMedia("the SVG is not encoded in UTF-8", field="image") from error
    text = _DOCTYPE.sub("", _DECLARATION.sub("", text), count=1)
    if "<!" in _OPAQUE.sub("", text):
        raise Invalid("an SVG may not declare entities or parts of a document type", field="image")
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        root = etree.fromstring(text.encode(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Invalid("the SVG is not well-formed XML", field="image") from error
    if _name(root) != "svg":
        raise UnsupportedMedia("the root of the SVG is not an svg element", field="image")
    return root


def _name(node: etree._Element) -> str:
    """The local name of an SVG element; empty for anything else."""
    if not isinstance(node.tag, str):
        return ""
    namespace, _, name = node.tag.rpartition("}")
    return name if namespace in ("", "{" + _NAMESPACE) else ""


def _measure(root: etree._Element) -> tuple[float, float, str]:
    """Natural width and height in pixels, and the view box."""
    box = [_number(part) for part in _SPACES.split(root.get("viewBox", "").strip()) if part]
    width, height = _length(root.get("width")), _length(root.get("height"))
    if len(box) == 4 and box[2] > 0 and box[3] > 0:
        width, height = (width, height) if width and height else (box[2], box[3])
    elif width and height:
        box = [0, 0, width, height]
    else:
        raise Invalid("the SVG must say its size, by viewBox or by width and height in pixels", field="image")
    if (
        max(width, height) > 100_000
        or min(width, height) < 0.01
        or max(width / height, height / width) > MAX_RATIO
    ):
        raise Invalid(
            f"the SVG's size is {width:g} by {height:g}; one side may be at most {MAX_RATIO} times the other",
            field="image",
        )
    return width, height, " ".join(map(_plain, box))


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return 0.0
    return value if abs(value) < 1e6 else 0.0


def _length(text: str | None) -> float:
    """Pixels; 0 where it is absent or relative."""
    match = _LENGTH.fullmatch(text or "")
    return float(match[1] or 0) * _PIXELS[match[2] or "px"] if match else 0.0


def _plain(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".")


class _Cleaner:
    """Builds the clean document, counting what it takes over."""

    def __init__(self) -> None:
        self._elements = 0
        self._embedded = 0
        self._pixels = 0

    def clean(self, root: etree._Element) -> etree._Element:
        clean = etree.Element(f"{{{_NAMESPACE}}}svg", nsmap=_PREFIXES)
        self._fill(clean, root, depth=1)
        return clean

    def _fill(self, clean: etree._Element, source: etree._Element, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise Invalid(f"the SVG's elements are nested deeper than {MAX_DEPTH}", field="image")
        self._elements += 1
        if self._elements > MAX_ELEMENTS:
            raise Invalid(f"the SVG has more than {MAX_ELEMENTS} elements", field="image")
        name = _name(source)
        self._copy_attributes(clean, source, name)
        if name == "style":
            clean.text = clean_sheet("".join(map(str, source.itertext()))) or None
            return
        keeps_words = name in WORDS
        if name in ("text", "tspan"):
            _check_letters(source)
        clean.text = source.text if keeps_words else None
        for child in _children(source, name):
            kind = "g" if _name(child) in ("a", "switch") else _name(child)
            added = etree.SubElement(clean, f"{{{_NAMESPACE}}}{kind}")
            added.tail = child.tail if keeps_words else None
            self._fill(added, child, depth + 1)

    def _copy_attributes(self, clean: etree._Element, source: etree._Element, name: str) -> None:
        for key, value in source.attrib.items():
            if key in _HREFS and name in REFERRING:
                reference = self._reference(str(value).strip(), name)
                if reference:
                    clean.set(key, reference)
            elif key == "style":
                declarations = clean_declarations(str(value))
                if declarations:
                    clean.set("style", declarations)
            elif key in ATTRIBUTES and is_safe_value(str(value)):
                clean.set(key, value)

    def _reference(self, target: str, name: str) -> str | None:
        """The target as it may stay: a part of this document, or of `image` a picture that is written anew."""
        if name != "image":
            return target if re.fullmatch(r"#[\w:.-]{1,200}", target) else None
        if not _EMBEDDED.match(target):
            return None
        self._embedded += 1
        if self._embedded > MAX_EMBEDDED:
            raise Invalid(f"the SVG has more than {MAX_EMBEDDED} embedded pictures", field="image")
        data = read_base64(target)
        info = inspect_image(data, max_pixels=MAX_EMBEDDED_PIXELS)
        self._pixels += info.width * info.height
        if self._pixels > MAX_EMBEDDED_PIXELS:
            raise TooLarge(f"the SVG's embedded pictures have more than {MAX_EMBEDDED_PIXELS} pixels in all")
        png = to_png(data, max_side=EMBEDDED_SIDE)
        return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def _check_letters(source: etree._Element) -> None:
    missing = missing_letters("".join(map(str, source.itertext())))
    if missing:
        raise Invalid(
            f"the SVG has text that cannot be set here, for example {missing[0]!r}: turn its texts into paths",
            field="image",
        )


def _children(source: etree._Element, name: str) -> Iterator[etree._Element]:
    """The elements to take over; of a `switch` the first one, as a renderer of no particular language takes it."""
    allowed = (child for child in source if _name(child) in ELEMENTS or _name(child) == "a")
    if name != "switch":
        yield from allowed
        return
    chosen = next((child for child in allowed if not child.get("systemLanguage")), None)
    if chosen is not None:
        yield chosen


def _check_growth(root: etree._Element) -> None:
    """Raises Invalid for references that go round in a circle, or that multiply without end."""
    by_id: dict[str, etree._Element] = {}
    for node in root.iter():
        by_id.setdefault(str(node.get("id", "")), node)
    by_id.pop("", None)
    known: dict[etree._Element, int] = {}
    _grow(root, by_id, known, frozenset(), depth=0)


def _grow(
    node: etree._Element,
    by_id: dict[str, etree._Element],
    known: dict[etree._Element, int],
    above: frozenset[etree._Element],
    depth: int,
) -> int:
    """How many elements are drawn for this one."""
    if node in known:
        return known[node]
    if node in above or depth > 2 * MAX_DEPTH:
        raise Invalid("the SVG's parts refer to each other in a circle or too deeply", field="image")
    inner = above | {node}
    drawn = 1
    for part in (*node, *(by_id[target] for target in _targets(node) if target in by_id)):
        drawn += _grow(part, by_id, known, inner, depth + 1)
        if drawn > MAX_DRAWN:
            raise Invalid(
                f"the SVG draws more than {MAX_DRAWN} elements by repeating its parts", field="image"
            )
    known[node] = drawn
    return drawn


def _targets(node: etree._Element) -> Iterator[str]:
    for key, value in node.attrib.items():
        if key in _HREFS and str(value).startswith("#"):
            yield str(value)[1:]
        else:
            yield from own_references(str(value))
