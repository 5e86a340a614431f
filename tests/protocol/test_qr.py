"""What we draw as QR code is read again, by us and from photographs of it."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from badgefed.errors import Invalid, TooLarge, UnsupportedMedia
from badgefed.protocol.qr import MAX_TEXT_BYTES, qr_svg, read_qr
from badgefed.protocol.raster import render_png

ADDRESS = "https://badges.example/certify-badge/award/0198c7a2-77b1-7c44-9d2e-5f0c6f3e1d2b"


def photograph(png: bytes, form: str = "JPEG") -> bytes:
    """The code small, turned and on a busy table."""
    code = (
        Image.open(io.BytesIO(png)).convert("RGBA").rotate(17, expand=True, resample=Image.Resampling.BICUBIC)
    )
    table = Image.effect_noise((1600, 1200), 40).convert("RGB")
    table.paste(code, (500, 300), code)
    written = io.BytesIO()
    table.save(written, form)
    return written.getvalue()


@pytest.mark.parametrize("text", [ADDRESS, "x", "Grüße, 日本", "a" * MAX_TEXT_BYTES])
def test_a_drawn_code_is_read(text: str) -> None:
    assert read_qr(render_png(qr_svg(text, title="A badge"), size=900)) == [text]


@pytest.mark.parametrize("form", ["JPEG", "WEBP", "PNG"])
def test_a_photograph_is_read(form: str) -> None:
    assert read_qr(photograph(render_png(qr_svg(ADDRESS), size=400), form)) == [ADDRESS]


def test_light_on_dark_and_transparent_pictures_are_read() -> None:
    png = render_png(qr_svg(ADDRESS), size=400)
    inverted = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("L").point(lambda value: 255 - value).save(inverted, "PNG")
    bare = io.BytesIO()
    image = Image.open(io.BytesIO(png)).convert("L")
    clear = Image.new("RGBA", image.size, (0, 0, 0, 0))
    clear.paste("black", mask=image.point(lambda value: 255 - value))
    clear.save(bare, "PNG")
    assert read_qr(inverted.getvalue()) == [ADDRESS]
    assert read_qr(bare.getvalue()) == [ADDRESS]


def test_several_codes_are_told_once_each() -> None:
    sheet = Image.new("RGB", (1300, 450), "white")
    for place, text in enumerate(("one", "two", "one")):
        code = Image.open(io.BytesIO(render_png(qr_svg(text), size=400)))
        sheet.paste(code, (20 + 420 * place, 20))
    written = io.BytesIO()
    sheet.save(written, "PNG")
    assert sorted(read_qr(written.getvalue())) == ["one", "two"]


def test_a_picture_without_a_code_has_no_texts() -> None:
    written = io.BytesIO()
    Image.effect_noise((300, 300), 90).save(written, "PNG")
    assert read_qr(written.getvalue()) == []


def test_limits_and_formats() -> None:
    png = render_png(qr_svg(ADDRESS), size=400)
    with pytest.raises(TooLarge):
        read_qr(png, max_bytes=100)
    with pytest.raises(TooLarge):
        read_qr(png, max_pixels=1000)
    with pytest.raises(UnsupportedMedia):
        read_qr(b"no picture")


@pytest.mark.parametrize("text", ["", "ä" * (MAX_TEXT_BYTES // 2 + 1)])
def test_what_no_code_can_carry_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        qr_svg(text)


def test_the_svg_may_stand_in_a_page() -> None:
    drawn = qr_svg("https://a.example/?b=1&c=<d>", title="<script>alert(1)</script>")
    assert drawn.startswith("<svg ")
    assert "<script" not in drawn
    assert "style" not in drawn
    assert 'viewBox="' in drawn
    assert " width=" not in drawn
