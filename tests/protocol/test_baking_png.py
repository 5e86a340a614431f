"""Badges in PNG files: chunks read by others, pixels untouched, and damaged or hostile files refused."""

from __future__ import annotations

import io
import json
import struct
import zlib
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from badgefed.errors import BadgefedError, Invalid, TooLarge, UnsupportedMedia
from badgefed.protocol import baked
from badgefed.protocol.baking import Baked, bake_png, unbake_png
from badgefed.protocol.baking_png import MAX_BYTES, MAX_CHUNKS
from tests.protocol.bombs import GIGABYTE, at_most, deflated_zeros
from tests.protocol.samples import read_sample

SIGNATURE = b"\x89PNG\r\n\x1a\n"
JWS = "eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl"
ASSERTION = '{"id":"https://a.example/1","type":"Assertion"}'
CREDENTIAL = '{"id":"urn:uuid:1","name":"Grüße 🏅 ]]> <b>"}'


def draw(mode: str = "RGBA") -> Image.Image:
    picture = Image.radial_gradient("L").resize((40, 30))
    return picture.convert(mode)


def png(mode: str = "RGBA", **options: Any) -> bytes:
    written = io.BytesIO()
    draw(mode).save(written, "PNG", **options)
    return written.getvalue()


def chunk(kind: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def with_chunks(*chunks: bytes, before_end: bool = False) -> bytes:
    """The plain picture with chunks after its header, or before its end."""
    plain = png()
    position = len(plain) - 12 if before_end else 8 + 25
    return plain[:position] + b"".join(chunks) + plain[position:]


def kinds(data: bytes) -> list[bytes]:
    found, position = [], 8
    while position < len(data):
        found.append(data[position + 4 : position + 8])
        position += 12 + struct.unpack_from(">I", data, position)[0]
    return found


def other_chunks(data: bytes) -> list[bytes]:
    """Every chunk as it stands, without those of badges."""
    found, position = [], 8
    while position < len(data):
        end = position + 12 + struct.unpack_from(">I", data, position)[0]
        raw = data[position:end]
        if not raw[8:].startswith((b"openbadges\0", b"openbadgecredential\0")):
            found.append(raw)
        position = end
    return found


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_pixels_and_other_chunks_stay(mode: str) -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_itxt("Title", "Grüße", "de", "Titel", zip=True)
    texts.add_text("Comment", "kept")
    original = png(mode, pnginfo=texts, dpi=(72, 72))
    made = bake_png(original, assertion=ASSERTION, credential=CREDENTIAL)
    before, after = Image.open(io.BytesIO(original)), Image.open(io.BytesIO(made))
    assert after.mode == before.mode
    assert after.tobytes() == before.tobytes()
    assert other_chunks(made) == other_chunks(original)
    assert kinds(made)[:3] == [b"IHDR", b"iTXt", b"iTXt"]


def test_pillow_reads_what_we_bake() -> None:
    made = bake_png(png(), assertion=JWS, credential=CREDENTIAL)
    with Image.open(io.BytesIO(made)) as image:
        image.verify()
    with Image.open(io.BytesIO(made)) as image:
        assert isinstance(image, PngImagePlugin.PngImageFile)
        assert image.text == {"openbadges": JWS, "openbadgecredential": CREDENTIAL}


def test_the_chunk_is_the_standards_own() -> None:
    made = bake_png(png(), assertion=ASSERTION)
    assert chunk(b"iTXt", b"openbadges\0\0\0\0\0" + ASSERTION.encode()) in made
    assert bake_png(png(), credential=JWS).count(b"openbadgecredential\0\0\0\0\0" + JWS.encode()) == 1


@pytest.mark.parametrize("compressed", [False, True])
def test_we_read_what_pillow_bakes(compressed: bool) -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_itxt("openbadges", ASSERTION, "en", "Badge", zip=compressed)
    texts.add_itxt("openbadgecredential", CREDENTIAL, zip=compressed)
    assert unbake_png(png(pnginfo=texts)) == Baked(assertion=ASSERTION, credential=CREDENTIAL)


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("text", ["https://a.example/1.json", '{"name":"Gr\xfc\xdfe"}'])
def test_legacy_chunks(text: str, compressed: bool) -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("openbadges", text, zip=compressed)
    assert unbake_png(png(pnginfo=texts)).assertion == text
    sloppy = with_chunks(chunk(b"tEXt", b"openbadges\0" + text.encode()))
    assert unbake_png(sloppy).assertion == text


def test_baking_again_replaces() -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("openbadges", "https://old.example/1")
    texts.add_itxt("openbadgecredential", '{"id":"urn:old"}', zip=True)
    first = bake_png(png(pnginfo=texts), assertion=ASSERTION)
    assert unbake_png(first) == Baked(assertion=ASSERTION)
    second = bake_png(first, assertion=JWS, credential=CREDENTIAL)
    assert second == bake_png(png(), assertion=JWS, credential=CREDENTIAL)
    assert bake_png(second) == png()


def test_what_follows_the_end_is_cut_off() -> None:
    assert bake_png(png() + b"trailing bytes", assertion=JWS) == bake_png(png(), assertion=JWS)
    assert unbake_png(bake_png(png(), assertion=JWS) + b"trailing").assertion == JWS


def test_animations_stay() -> None:
    frames = [draw(), draw().rotate(90)]
    written = io.BytesIO()
    frames[0].save(written, "PNG", save_all=True, append_images=frames[1:])
    made = bake_png(written.getvalue(), credential=CREDENTIAL)
    assert b"fdAT" in kinds(made)
    assert other_chunks(made) == other_chunks(written.getvalue())


JSON_TEXTS = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=50),
    max_size=5,
).map(lambda members: json.dumps(members, ensure_ascii=False))


@given(st.none() | JSON_TEXTS, st.none() | JSON_TEXTS)
def test_round_trip(assertion: str | None, credential: str | None) -> None:
    made = bake_png(png("L"), assertion=assertion, credential=credential)
    assert unbake_png(made) == Baked(assertion=assertion, credential=credential)


@pytest.mark.parametrize(
    "text", ["", "words", "https://a.example/1", "[]", '{"id":1,"id":2}', "{", '{"a":"\ud800"}', "a.b"]
)
def test_texts_that_are_not_baked(text: str) -> None:
    with pytest.raises(Invalid):
        bake_png(png(), credential=text)


def test_long_texts_are_not_baked() -> None:
    with pytest.raises(TooLarge):
        bake_png(png(), credential='{"a":"' + "a" * baked.MAX_TEXT + '"}')


@pytest.mark.parametrize(
    ("name", "assertion", "credential"),
    [
        ("ob2/badge.png", None, None),
        ("ob2/baked-hosted.png", "http://127.0.0.1:8757/assertions/1", None),
        ("1edtech/ob20/simple-badge.png", "https://example.org/beths-robotics-badge.json", None),
        ("ob3/baked.png", None, "https://badges.example.org/credentials/web-3"),
        ("ob3/baked-ob2-and-ob3.png", "http://127.0.0.1:8755/assertions/1", "https://badges.example.org/credentials/web-3"),
        ("1edtech/ob30/simple-json.png", None, "http://example.com/credentials/3527"),
    ],
)  # fmt: skip
def test_published_pictures(name: str, assertion: str | None, credential: str | None) -> None:
    found = unbake_png(read_sample(name))
    for text, identifier in ((found.assertion, assertion), (found.credential, credential)):
        assert (json.loads(text)["id"] if text else None) == identifier


def test_published_pictures_with_tokens() -> None:
    assert (
        unbake_png(read_sample("ob3/baked-jwt.png")).credential
        == read_sample("ob3/vcjwt-jwk.jwt").decode().strip()
    )


def international(keyword: bytes, body: bytes, *, flags: bytes = b"\0\0") -> bytes:
    return chunk(b"iTXt", keyword + b"\0" + flags + b"\0\0" + body)


BOMB = deflated_zeros(GIGABYTE, wbits=15)

BOMBS = {
    "iTXt": international(b"openbadgecredential", BOMB, flags=b"\1\0"),
    "zTXt": chunk(b"zTXt", b"openbadges\0\0" + BOMB),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_not_inflated(name: str) -> None:
    picture = with_chunks(BOMBS[name])
    with at_most(16), pytest.raises(TooLarge):
        unbake_png(picture)


def test_many_small_bombs_are_not_inflated() -> None:
    one = international(b"openbadges", deflated_zeros(2, wbits=15), flags=b"\1\0")
    with at_most(32), pytest.raises(Invalid, match="more than 8"):
        unbake_png(with_chunks(*[one] * 5_000))


def test_bombs_about_other_things_are_left_alone() -> None:
    picture = with_chunks(chunk(b"zTXt", b"Comment\0\0" + BOMB))
    with at_most(16):
        assert unbake_png(picture) == Baked()


PLAIN = png()
BROKEN_TEXT = international(b"openbadges", b"\xff\xfe{}")

REFUSED: dict[str, tuple[bytes, type[BadgefedError], str]] = {
    "empty": (b"", UnsupportedMedia, "no PNG"),
    "JPEG": (b"\xff\xd8\xff\xe0", UnsupportedMedia, "no PNG"),
    "line breaks converted": (PLAIN.replace(b"\r\n", b"\n", 1), UnsupportedMedia, "no PNG"),
    "signature alone": (SIGNATURE, Invalid, "too early"),
    "no end": (PLAIN[:-12], Invalid, "too early"),
    "cut off in a chunk": (PLAIN[:-20], Invalid, "too early"),
    "cut off in a checksum": (PLAIN[:-2], Invalid, "too early"),
    "length beyond the file": (SIGNATURE + b"\xff\xff\xff\xffIHDR" + bytes(20), Invalid, "too early"),
    "no header": (SIGNATURE + chunk(b"IEND"), Invalid, "header"),
    "two headers": (with_chunks(PLAIN[8:33]), Invalid, "header"),
    "wrong checksum": (PLAIN[:40] + bytes([PLAIN[40] ^ 1]) + PLAIN[41:], Invalid, "checksum|early"),
    "wrong checksum of the badge": (with_chunks(international(b"openbadges", b"{}")[:-1] + b"?"), Invalid, "checksum"),
    "two badges": (with_chunks(international(b"openbadges", b"{}"), international(b"openbadges", b'{"a":1}')), Invalid, "2 different"),
    "two badges of two kinds of chunk": (
        with_chunks(international(b"openbadges", b"{}"), chunk(b"tEXt", b"openbadges\0https://b.example")),
        Invalid,
        "2 different",
    ),
    "text is not UTF-8": (with_chunks(BROKEN_TEXT), Invalid, "UTF-8"),
    "unknown compression": (with_chunks(international(b"openbadges", b"{}", flags=b"\1\1")), Invalid, "malformed"),
    "unknown flag": (with_chunks(international(b"openbadges", b"{}", flags=b"\2\0")), Invalid, "malformed"),
    "no text": (with_chunks(chunk(b"iTXt", b"openbadges\0\0\0")), Invalid, "malformed"),
    "keyword alone": (with_chunks(chunk(b"iTXt", b"openbadges")), Invalid, "malformed"),
    "not compressed": (with_chunks(international(b"openbadges", b"{}", flags=b"\1\0")), Invalid, "compressed"),
    "compressed text cut off": (
        with_chunks(international(b"openbadges", zlib.compress(b"{}" * 99)[:-5], flags=b"\1\0")),
        Invalid,
        "cut off",
    ),
    "long text": (with_chunks(international(b"openbadges", b" " * (baked.MAX_TEXT + 1))), TooLarge, "bytes"),
    "many chunks": (with_chunks(chunk(b"teST") * MAX_CHUNKS), TooLarge, "chunks"),
    "many bytes": (SIGNATURE + bytes(MAX_BYTES), TooLarge, "bytes"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    data, error, reason = REFUSED[name]
    with pytest.raises(error, match=reason):
        unbake_png(data)


def test_the_same_badge_twice_is_one() -> None:
    one = international(b"openbadges", b"{}")
    assert unbake_png(with_chunks(one, one)) == Baked(assertion="{}")


def test_badges_anywhere_in_the_file() -> None:
    parts = [
        international(b"openbadges", b"{}"),
        international(b"openbadgecredential", zlib.compress(b'{"a":1}'), flags=b"\1\0"),
        chunk(b"tEXt", b"openbadgesque\0something else"),
    ]
    for order in permutations(parts):
        found = unbake_png(with_chunks(*order, before_end=True))
        assert found == Baked(assertion="{}", credential='{"a":1}')


@given(
    st.lists(
        st.tuples(st.sampled_from([b"iTXt", b"tEXt", b"zTXt", b"IDAT", b"IEND"]), st.binary(max_size=30)),
        max_size=4,
    )
)
def test_any_chunks_are_read_or_refused(parts: list[tuple[bytes, bytes]]) -> None:
    made = [chunk(kind, b"openbadges\0" + body if kind.endswith(b"Xt") else body) for kind, body in parts]
    try:
        unbake_png(with_chunks(*made))
    except BadgefedError:
        return
