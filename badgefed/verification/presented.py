"""What somebody hands in to be verified: a file, a paste or a link, and what is in it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from badgefed.errors import BadgefedError, Invalid, TooLarge, UnsupportedMedia
from badgefed.protocol import baking, qr, strict_json
from badgefed.texts import Message, say

MAX_BYTES = 10_000_000
MAX_CHARACTERS = 2_000_000
FIELD = "badge"

_PNG = b"\x89PNG\r\n\x1a\n"
_PICTURES = (_PNG, b"\xff\xd8\xff", b"RIFF", b"GIF8")
_SVG = re.compile(r"(?><\?xml[^>]*\?>|<!--.*?-->|<!DOCTYPE[^>]*>|\s)*+<(?:[A-Za-z]+:)?svg[\s>]", re.DOTALL)
_URL = re.compile(r"https?://\S+", re.IGNORECASE)
_TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_CODE = re.compile(r"CRD-[0-9A-Z]{8}", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """The UUID or code of a badge of this server."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A JSON object."""

    members: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What has the form of a compact JWS."""

    text: str


Presented = Link | Identifier | Document | Token


def read_presented(presented: bytes | str) -> Presented:
    """Recognises what was handed in, and takes a badge out of a picture that carries one.

    Reading a picture takes a while: not for the event loop. Raises Invalid, UnsupportedMedia or TooLarge with what
    would be right.
    """
    data = presented.encode("utf-8", "replace") if isinstance(presented, str) else presented
    if len(data) > MAX_BYTES:
        raise TooLarge(
            say("That is more than %(count)s MB, which no badge needs.", count=MAX_BYTES // 1_000_000)
        )
    if data.startswith(_PICTURES):
        return _read_picture(data)
    return _read_text(_decode(data))


def _decode(data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnsupportedMedia(
            "This file is no badge: it must be a PNG or SVG picture with a badge inside, JSON, or a signed token.",
            field=FIELD,
        ) from error
    return text.strip()


def _read_text(text: str) -> Presented:
    if _SVG.match(text[:10_000]):
        return _read_svg(text)
    if len(text) > MAX_CHARACTERS:
        raise TooLarge(
            say(
                "That is more than %(count)s MB of text, which no badge needs.",
                count=MAX_CHARACTERS // 1_000_000,
            )
        )
    found = _recognise(text)
    if found is None:
        raise Invalid(
            "This is no badge: it must be a link, JSON, a signed token (JWS), or the number of a badge of this server.",
            field=FIELD,
        )
    return found


def _recognise(text: str) -> Presented | None:
    text = text.strip()
    if text.startswith("{"):
        return Document(members=_read_json(text))
    if _TOKEN.fullmatch(text):
        return Token(text=text)
    if _URL.fullmatch(text):
        return Link(url=text)
    if _UUID.fullmatch(text):
        return Identifier(text=text.lower())
    if _CODE.fullmatch(text):
        return Identifier(text=text.upper())
    return None


def _read_json(text: str) -> dict[str, Any]:
    try:
        return strict_json.loads(text.encode("utf-8", "surrogatepass"), all_unique=True)
    except Invalid as error:
        raise Invalid(str(error), field=FIELD) from error


def _read_picture(data: bytes) -> Presented:
    """A baked PNG's badge, else what a code in the picture says (a photo of a poster, a screenshot)."""
    if data.startswith(_PNG):
        baked = baking.unbake_png(data)
        if baked.credential or baked.assertion:
            return _first((baked.credential, baked.assertion), say("The badge inside this picture"))
    return _first(
        _codes(data),
        say("This picture carries no badge, and no QR code that leads to one. The code in it"),
    )


def _codes(data: bytes) -> Iterable[str]:
    texts = qr.read_qr(data)
    if not texts:
        raise Invalid(
            "This picture carries no badge inside, and no QR code that leads to one. Was it edited or converted? "
            "That takes the badge out; use the file as it was issued.",
            field=FIELD,
        )
    return texts


def _read_svg(text: str) -> Presented:
    baked = baking.unbake_svg(text)
    if not (baked.credential or baked.assertion):
        raise Invalid("This SVG picture carries no badge inside.", field=FIELD)
    return _first((baked.credential, baked.assertion), say("The badge inside this picture"))


def _first(texts: Iterable[str | None], what: Message) -> Presented:
    """The first text that can be read; a picture may carry an Open Badges 2.0 and a 3.0 form, of which the 3.0 one is first."""
    problem: BadgefedError | None = None
    for text in texts:
        if not text:
            continue
        try:
            found = _recognise(text)
        except Invalid as error:
            problem = problem or error
            continue
        if found is not None:
            return found
    if problem is None:
        raise Invalid(say("%(what)s can't be read.", what=what), field=FIELD)
    raise Invalid(say("%(what)s can't be read: %(problem)s", what=what, problem=problem.message), field=FIELD)
