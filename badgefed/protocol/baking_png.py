"""Badges in PNG files (W3C PNG §5, §11.3.3): one iTXt chunk per version of Open Badges. Pixels are never decoded."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from badgefed.errors import Invalid, TooLarge, UnsupportedMedia
from badgefed.protocol.baked import FIELD, MAX_TEXT, Baked, encode, only_one, read_bakeable
from badgefed.protocol.raster import MAX_BYTES as MAX_PICTURE

ASSERTION = "openbadges"
CREDENTIAL = "openbadgecredential"

MAX_BYTES = MAX_PICTURE + 2 * MAX_TEXT
MAX_CHUNKS = 20_000
MAX_BADGES = 8

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEAD = struct.Struct(">I4s")
_CRC = struct.Struct(">I")
_FRAME = _HEAD.size + _CRC.size
_TEXT_KINDS = frozenset({b"iTXt", b"tEXt", b"zTXt"})
_KEYWORDS = {ASSERTION.encode(): ASSERTION, CREDENTIAL.encode(): CREDENTIAL}


class _Chunk(NamedTuple):
    """`raw` is the whole of it, with length and CRC."""

    kind: bytes
    data: bytes
    raw: bytes


def bake_png(png: bytes, *, assertion: str | None = None, credential: str | None = None) -> bytes:
    """The picture with these texts (JSON objects or compact JWS) right after its header, all other chunks as they were.

    What was baked in before is taken out, as is anything behind the end of the picture. Raises as `unbake_png`, and Invalid
    for texts that are neither JSON object nor JWS.
    """
    parts = [_SIGNATURE]
    for chunk in _chunks(png):
        if _keyword(chunk) is None:
            parts.append(chunk.raw)
        if chunk.kind == b"IHDR":
            parts += [
                _international_text(keyword, text)
                for keyword, text in ((ASSERTION, assertion), (CREDENTIAL, credential))
                if text is not None
            ]
    return b"".join(parts)


def unbake_png(png: bytes) -> Baked:
    """What the picture carries in iTXt, tEXt and zTXt chunks, compressed or not.

    Raises UnsupportedMedia for what is no PNG, TooLarge, and Invalid for damaged files and for two different texts of one kind.
    """
    chunks = [chunk for chunk in _chunks(png) if _keyword(chunk) is not None]
    if len(chunks) > MAX_BADGES:
        raise Invalid(f"The picture carries more than {MAX_BADGES} badges.", field=FIELD)
    texts = [(_keyword(chunk), _read_text(chunk)) for chunk in chunks]
    return Baked(
        assertion=only_one([text for keyword, text in texts if keyword == ASSERTION], ASSERTION),
        credential=only_one([text for keyword, text in texts if keyword == CREDENTIAL], CREDENTIAL),
    )


def _international_text(keyword: str, text: str) -> bytes:
    """An uncompressed iTXt chunk without language and translated keyword."""
    read_bakeable(text)
    body = b"iTXt" + keyword.encode() + bytes(5) + encode(text)
    return _CRC.pack(len(body) - 4) + body + _CRC.pack(zlib.crc32(body))


def _chunks(png: bytes) -> Iterator[_Chunk]:
    """Every chunk from IHDR to IEND, each checked to be whole."""
    if len(png) > MAX_BYTES:
        raise TooLarge(f"The picture has {len(png)} bytes, at most {MAX_BYTES} are read.")
    if not png.startswith(_SIGNATURE):
        raise UnsupportedMedia("The picture is no PNG.", field=FIELD)
    position = len(_SIGNATURE)
    for number in range(MAX_CHUNKS):
        chunk = _read_chunk(png, position)
        if (number == 0) != (chunk.kind == b"IHDR"):
            raise _damaged("it must have one header, at its beginning")
        yield chunk
        if chunk.kind == b"IEND":
            return
        position += len(chunk.raw)
    raise TooLarge(f"The PNG has more than {MAX_CHUNKS} chunks.")


def _read_chunk(png: bytes, position: int) -> _Chunk:
    if len(png) < position + _FRAME:
        raise _damaged("it ends too early")
    length, kind = _HEAD.unpack_from(png, position)
    end = position + _FRAME + length
    if end > len(png):
        raise _damaged("it ends too early")
    raw = png[position:end]
    if zlib.crc32(raw[4:-4]) != _CRC.unpack(raw[-4:])[0]:
        raise _damaged("a checksum is wrong")
    return _Chunk(kind, raw[8:-4], raw)


def _keyword(chunk: _Chunk) -> str | None:
    """Which version of Open Badges the chunk is about, None for all others."""
    if chunk.kind not in _TEXT_KINDS:
        return None
    return _KEYWORDS.get(chunk.data.partition(b"\0")[0])


def _read_text(chunk: _Chunk) -> str:
    """The text of a chunk. Bakers have put UTF-8 into tEXt and zTXt too, which by the standard are Latin-1."""
    rest = chunk.data.partition(b"\0")[2]
    if chunk.kind == b"iTXt":
        rest = _international_body(rest)
    elif chunk.kind == b"zTXt":
        rest = _inflate(rest[1:])
    if len(rest) > MAX_TEXT:
        raise TooLarge(f"What is baked into the picture has more than {MAX_TEXT} bytes.")
    try:
        return rest.decode("utf-8")
    except UnicodeDecodeError as error:
        if chunk.kind == b"iTXt":
            raise _damaged("the text of the badge is not UTF-8") from error
        return rest.decode("latin-1")


def _international_body(rest: bytes) -> bytes:
    compressed, marked, texts = rest[:1], rest[:2], rest[2:].split(b"\0", 2)
    if len(texts) != 3 or marked not in (b"\0\0", b"\1\0"):
        raise _damaged("the chunk of the badge is malformed")
    return _inflate(texts[2]) if compressed == b"\1" else texts[2]


def _inflate(data: bytes) -> bytes:
    inflater = zlib.decompressobj()
    try:
        text = inflater.decompress(data, MAX_TEXT + 1)
    except zlib.error as error:
        raise _damaged("the compressed text of the badge can't be read") from error
    if len(text) <= MAX_TEXT and not inflater.eof:
        raise _damaged("the compressed text of the badge is cut off")
    return text


def _damaged(what: str) -> Invalid:
    return Invalid(f"The PNG is damaged: {what}.", field=FIELD)
