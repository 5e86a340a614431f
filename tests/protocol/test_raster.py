from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import resvg_py
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from badgefed.errors import BadgefedError, Invalid, TooLarge, UnsupportedMedia
from badgefed.protocol.badge_art import draw_badge
from badgefed.protocol.raster import (
    ImageInfo,
    blurhash,
    encode_blurhash,
    inspect_image,
    is_blank,
    name_source,
    render_png,
    to_png,
)

HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 10 10"'
)
ORIENTATION, MAKER = 0x0112, 0x010F
Colour = tuple[int, ...]


def svg(inside: str) -> str:
    return f'{HEAD} width="10" height="10">{inside}</svg>'


def picture(mode: str = "RGB", size: tuple[int, int] = (40, 20)) -> Image.Image:
    """Red on the left half, blue on the right."""
    image = Image.new("RGB", size, "blue")
    image.paste("red", (0, 0, size[0] // 2, size[1]))
    return image.convert(mode)


def encode(image: Image.Image, form: str, **options: object) -> bytes:
    written = io.BytesIO()
    image.save(written, form, **options)
    return written.getvalue()


def read(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def close_to(found: object, wanted: Colour, tolerance: int = 6) -> bool:
    assert isinstance(found, tuple)
    return all(abs(a - b) <= tolerance for a, b in zip(found, wanted, strict=True))


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_of_size(width: int, height: int) -> bytes:
    """A tiny file that claims a size and holds hardly any pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("size", [1, 96, 400])
def test_render_gives_a_png_of_the_size(size: int) -> None:
    image = read(render_png(svg('<rect width="5" height="10" fill="#ff0000"/>'), size=size))
    assert (image.format, image.size) == ("PNG", (size, size))
    if size > 1:
        assert image.getpixel((0, 0)) == (255, 0, 0, 255)
        assert image.getpixel((size - 1, 0)) == (0, 0, 0, 0)


def test_badge_rendering_is_small_and_repeatable() -> None:
    drawn = draw_badge(title="Summa cum laude", issuer_name="Uni", colour="#b45309", badge_type="Distinction")
    first = render_png(drawn, size=1200)
    assert len(first) < 1_000_000
    assert inspect_image(first) == ImageInfo(media_type="image/png", width=1200, height=1200)
    assert first == render_png(drawn, size=1200)


def test_renderer_would_load_files_if_we_let_it(tmp_path: Path) -> None:
    picture().save(tmp_path / "secret.png")
    loading = svg(f'<image width="10" height="10" href="{tmp_path}/secret.png"/>')
    drawn = read(resvg_py.svg_to_bytes(svg_string=loading, width=10, height=10, skip_system_fonts=True))
    assert drawn.getchannel("A").getextrema() != (0, 0)
    with pytest.raises(Invalid):
        render_png(loading, size=10)


@pytest.mark.parametrize(
    "inside",
    [
        '<image href="http://127.0.0.1/x.png"/>',
        '<image xlink:href="data:image/png;base64,AAAA"/>',
        '<image href="data:image/svg+xml;base64,PHN2Zy8+"/>',
        '<use href="data:image/png;base64,iVBORw0KGgo="/>',
        '<filter id="f"><feImage href="/etc/passwd"/></filter>',
        '<use href="other.svg#a"/>',
        '<use xlink:href="file:///etc/passwd"/>',
        '<rect fill="url(http://127.0.0.1/#a)"/>',
        "<rect style=\"fill: URL( 'other.svg#a' )\"/>",
        "<style>@import 'x.css'</style>",
        "<style>rect{fill:url(//127.0.0.1/#a)}</style>",
        "<style>rect{fill:u\\72l(//127.0.0.1/#a)}</style>",
        "<script>1</script>",
        "<foreignObject/>",
        "<a href='https://example.org'/>",
    ],
)
def test_svg_with_foreign_references_is_refused(inside: str) -> None:
    with pytest.raises(Invalid):
        render_png(svg(inside), size=10)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not xml",
        f"{HEAD}>",
        '<!DOCTYPE svg [<!ENTITY a "b">]>' + svg("&a;"),
        '<!doctype svg SYSTEM "http://127.0.0.1/x.dtd">' + svg(""),
        '<?xml-stylesheet href="x.css"?>' + svg(""),
        "<html/>",
    ],
)
def test_what_is_no_plain_svg_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        render_png(text, size=10)


def test_render_sets_text_and_embedded_pngs() -> None:
    data = base64.b64encode(encode(picture(), "PNG")).decode()
    shown = read(
        render_png(svg(f'<image width="10" height="10" href="data:image/png;base64,{data}"/>'), size=40)
    )
    assert close_to(shown.getpixel((10, 20)), (255, 0, 0, 255))
    letters = read(
        render_png(svg('<text x="0" y="9" font-size="9" font-family="Unknown">Ağ Ж</text>'), size=90)
    )
    assert letters.getchannel("A").getextrema() == (0, 255)


def test_render_takes_a_height() -> None:
    wide = (
        svg("<g/>").replace('viewBox="0 0 10 10"', 'viewBox="0 0 20 10"').replace('width="10"', 'width="20"')
    )
    assert read(render_png(wide, size=40, height=20)).size == (40, 20)
    for height in (0, 5000):
        with pytest.raises(Invalid):
            render_png(svg(""), size=40, height=height)


def test_blank_pictures_are_known() -> None:
    assert is_blank(render_png(svg('<rect width="0" height="5"/>'), size=40))
    assert not is_blank(render_png(svg('<rect width="1" height="1" fill-opacity=".1"/>'), size=40))
    assert not is_blank(encode(picture(), "PNG"))


def test_the_source_is_named_in_the_png() -> None:
    png = encode(picture("RGBA"), "PNG")
    named = name_source(png, b"<svg/>")
    assert named != name_source(png, b"<svg />")
    image = read(named)
    assert isinstance(image, PngImagePlugin.PngImageFile)
    assert image.text == {"Source": f"sha256:{hashlib.sha256(b'<svg/>').hexdigest()}"}
    assert image.tobytes() == read(png).tobytes()
    assert b"Source" not in to_png(named, max_side=100)


@pytest.mark.parametrize("form", ["WEBP", "PNG"])
def test_of_an_animation_the_first_frame_is_taken(form: str) -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue", "green")]
    data = encode(frames[0], form, save_all=True, append_images=frames[1:], duration=100)
    still = read(to_png(data, max_side=20))
    assert getattr(still, "n_frames", 1) == 1
    assert close_to(still.getpixel((10, 10)), (255, 0, 0))


@pytest.mark.parametrize("size", [0, -1, 5000])
def test_rendering_has_bounds(size: int) -> None:
    with pytest.raises(Invalid):
        render_png(svg(""), size=size)


@pytest.mark.parametrize(
    ("form", "media_type"), [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/webp")]
)
def test_inspect_reads_type_and_size(form: str, media_type: str) -> None:
    found = inspect_image(encode(picture(), form), max_bytes=10_000, max_pixels=800)
    assert found == ImageInfo(media_type=media_type, width=40, height=20)


@pytest.mark.parametrize("form", ["JPEG", "WEBP", "PNG"])
def test_size_is_told_and_written_upright(form: str) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    data = encode(picture(), form, exif=exif)
    assert (inspect_image(data).width, inspect_image(data).height) == (20, 40)
    upright = read(to_png(data, max_side=100))
    assert upright.size == (20, 40)
    assert close_to(upright.getpixel((10, 2)), (255, 0, 0))
    assert close_to(upright.getpixel((10, 37)), (0, 0, 255))


@pytest.mark.parametrize("check", [inspect_image, lambda data, **limits: to_png(data, max_side=10, **limits)])
def test_limits_hold_for_bytes_and_pixels(check: Callable[..., object]) -> None:
    data = encode(picture(), "PNG")
    with pytest.raises(TooLarge):
        check(data, max_bytes=len(data) - 1)
    with pytest.raises(TooLarge):
        check(data, max_pixels=799)


@pytest.mark.parametrize("size", [(6000, 6000), (12_000, 12_000), (60_000, 60_000)])
def test_pixel_bombs_are_refused_by_their_header(size: tuple[int, int]) -> None:
    with pytest.raises(TooLarge):
        inspect_image(png_of_size(*size))
    with pytest.raises(TooLarge):
        to_png(png_of_size(*size), max_side=10)


@pytest.mark.parametrize(
    "data", [b"", b"text", svg("").encode(), encode(picture(), "GIF"), encode(picture(), "TIFF")]
)
def test_other_formats_are_unsupported(data: bytes) -> None:
    with pytest.raises(UnsupportedMedia):
        inspect_image(data)
    with pytest.raises(UnsupportedMedia):
        to_png(data, max_side=10)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_truncated_files_are_refused(form: str) -> None:
    data = encode(Image.effect_noise((200, 200), 60).convert("RGB"), form)
    with pytest.raises(Invalid):
        to_png(data[: len(data) // 2], max_side=100)


def test_reencoding_leaves_only_pixels() -> None:
    exif = Image.Exif()
    exif[MAKER] = "secret camera"
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "secret comment")
    for data in (
        encode(picture(), "PNG", exif=exif, pnginfo=text, dpi=(300, 300)) + b"secret tail",
        encode(picture(), "JPEG", exif=exif, comment=b"secret comment"),
        encode(picture(), "WEBP", exif=exif, xmp=b"secret xmp"),
    ):
        assert b"secret" in data
        clean = to_png(data, max_side=100)
        assert b"secret" not in clean
        assert read(clean).info == {}


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "I;16"])
def test_png_modes_keep_their_look(mode: str) -> None:
    source = (
        Image.new("I;16", (4, 4), 0x8000)
        if mode == "I;16"
        else Image.new("RGB", (4, 4), "white").convert(mode)
    )
    wanted = (128, 128, 128) if mode == "I;16" else (255, 255, 255)
    result = read(to_png(encode(source, "PNG"), max_side=10))
    assert result.mode in {"RGB", "RGBA"}
    assert close_to(result.convert("RGB").getpixel((1, 1)), wanted)


def test_transparency_is_kept() -> None:
    image = Image.new("RGBA", (4, 4), (200, 0, 0, 100))
    assert read(to_png(encode(image, "PNG"), max_side=10)).getpixel((1, 1)) == (200, 0, 0, 100)
    flat = Image.new("P", (4, 4), 0)
    result = read(to_png(encode(flat, "PNG", transparency=0), max_side=10)).getpixel((1, 1))
    assert isinstance(result, tuple)
    assert result[3] == 0


def test_cmyk_and_profiles_become_srgb() -> None:
    cmyk = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    assert close_to(read(to_png(encode(cmyk, "JPEG"), max_side=10)).getpixel((1, 1)), (255, 0, 0))
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    same = to_png(encode(picture(), "PNG", icc_profile=lab), max_side=100)
    assert close_to(read(same).getpixel((1, 1)), (255, 0, 0), 2)
    broken = to_png(encode(picture(), "PNG", icc_profile=b"no profile"), max_side=100)
    assert read(broken).getpixel((1, 1)) == (255, 0, 0)


def test_animations_become_their_first_frame() -> None:
    frames = [Image.new("RGB", (10, 10), colour) for colour in ("red", "blue")]
    data = encode(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    result = read(to_png(data, max_side=10))
    assert getattr(result, "n_frames", 1) == 1
    assert result.convert("RGB").getpixel((5, 5)) == (255, 0, 0)


@pytest.mark.parametrize(("max_side", "size"), [(100, (40, 20)), (40, (40, 20)), (10, (10, 5)), (1, (1, 1))])
def test_sides_are_limited_and_never_enlarged(max_side: int, size: tuple[int, int]) -> None:
    assert read(to_png(encode(picture(), "PNG"), max_side=max_side)).size == size


SEEDS = [encode(picture(), form) for form in ("PNG", "JPEG", "WEBP")]


@settings(max_examples=300, deadline=None)
@given(
    seed=st.sampled_from(SEEDS),
    changes=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=8),
    length=st.integers(0, 10_000),
)
def test_damaged_files_give_a_picture_or_one_of_our_errors(
    seed: bytes, changes: list[tuple[int, int]], length: int
) -> None:
    data = bytearray(seed)
    for place, value in changes:
        data[place % len(data)] = value
    damaged = bytes(data[:length])
    for step in (inspect_image, blurhash, lambda data: to_png(data, max_side=20)):
        with contextlib.suppress(BadgefedError):
            assert step(damaged)


@pytest.mark.parametrize(
    ("size", "parts", "pixel", "wanted"),
    [
        ((8, 8), (4, 4), lambda x, y: (255, 255, 255), "UfTSUA~qfQ~q~qt7fQt7fQfQfQfQ~qt7fQt7"),
        ((8, 8), (4, 4), lambda x, y: (0, 0, 0), "U00000fQfQfQfQfQfQfQfQfQfQfQfQfQfQfQ"),
        ((16, 16), (1, 1), lambda x, y: (43, 95, 217), "004|q1"),
        (
            (32, 32),
            (4, 4),
            lambda x, y: (x * 8, y * 8, x * y % 256),
            "UxH2cZ2mwtX3l[WAjve?gFflfTflnhWrjvfO",
        ),
        (
            (32, 24),
            (4, 3),
            lambda x, y: (x * 37 % 256, y * 91 % 256, (x * x + y) % 256),
            "LNFiuiS:Jdorr=a}a}fRddf8fRf7",
        ),
    ],
)
def test_blurhash_agrees_with_the_reference_encoder(
    size: tuple[int, int], parts: tuple[int, int], pixel: Callable[[int, int], Colour], wanted: str
) -> None:
    width, height = size
    rgb = bytes(value for y in range(height) for x in range(width) for value in pixel(x, y))
    assert encode_blurhash(rgb, width=width, height=height, across=parts[0], down=parts[1]) == wanted


def test_blurhash_of_a_png_has_sixteen_components() -> None:
    white = blurhash(encode(Image.new("RGB", (300, 200), "white"), "PNG"))
    clear = blurhash(encode(Image.new("RGBA", (300, 200), (0, 0, 0, 0)), "PNG"))
    assert len(white) == 4 + 2 * 16
    assert white[0] == "U"
    assert white[2:6] == "TSUA"
    assert clear == white
    assert blurhash(encode(picture(), "PNG")) != white


def test_blurhash_refuses_what_is_no_image() -> None:
    with pytest.raises(UnsupportedMedia):
        blurhash(b"nothing")
    with pytest.raises(Invalid):
        blurhash(png_of_size(100, 100))
