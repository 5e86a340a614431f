"""Uploaded SVG: what stays, what goes, and what is refused as a whole."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable

import pytest
from lxml import etree
from PIL import Image

from badgefed.errors import BadgefedError, Invalid, TooLarge, UnsupportedMedia
from badgefed.protocol.badge_art import draw_badge
from badgefed.protocol.qr import qr_svg
from badgefed.protocol.raster import render_png
from badgefed.protocol.svg import MAX_DEPTH, MAX_ELEMENTS, MAX_EMBEDDED, clean_svg, is_svg

HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 100 100"'
)
SVG = "{http://www.w3.org/2000/svg}"


def svg(inside: str, attributes: str = "") -> bytes:
    return f"{HEAD} {attributes}>{inside}</svg>".encode()


def cleaned(inside: str, attributes: str = "") -> str:
    """What is left between the tags of the root."""
    text = clean_svg(svg(inside, attributes)).text
    return re.sub(r"^<svg[^>]*/?>|</svg>$", "", text)


def pixels(inside: str | bytes) -> Image.Image:
    text = inside.decode() if isinstance(inside, bytes) else inside
    image = Image.open(io.BytesIO(render_png(text, size=200)))
    image.load()
    return image


def embedded(form: str = "PNG", size: tuple[int, int] = (4, 4)) -> str:
    written = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "secret camera"
    Image.new("RGB", size, "red").save(written, form, exif=exif)
    return f"data:image/{form.lower()};base64,{base64.b64encode(written.getvalue()).decode()}"


@pytest.mark.parametrize(
    "inside",
    [
        '<path d="M0 0h10v10z" fill="#f00" stroke-width="2"/>',
        '<g id="a" transform="rotate(3)"><circle cx="1" cy="2" r="3"/></g><use href="#a" x="4"/>',
        '<defs><linearGradient id="g"><stop offset="0" stop-color="red"/></linearGradient></defs><rect fill="url(#g)"/>',
        '<filter id="f"><feGaussianBlur stdDeviation="2"/></filter><g filter="url(#f)"/>',
        '<clipPath id="c"><rect width="3"/></clipPath><mask id="m"><rect/></mask><g clip-path="url(#c)" mask="url(#m)"/>',
        "<style>.a,#b &gt; g{fill:red;stroke:url(#g)}</style>",
        '<g style="fill:red;opacity:.5"/>',
        "<title>Größe &amp; Maß</title><desc>d</desc>",
        '<text x="1" font-size="9">Grüße <tspan fill="red">an</tspan> alle</text>',
        '<symbol id="s" viewBox="0 0 1 1"><rect/></symbol><marker id="k" orient="auto"/><pattern id="p"/>',
    ],
)
def test_what_draws_stays(inside: str) -> None:
    assert cleaned(inside) == inside


@pytest.mark.parametrize(
    ("inside", "left"),
    [
        ("<script>alert(1)</script>", ""),
        ('<script href="https://evil.example/x.js"/>', ""),
        ("<h:script xmlns:h='http://www.w3.org/1999/xhtml'>alert(1)</h:script>", ""),
        ("<foreignObject><body xmlns='http://www.w3.org/1999/xhtml'/></foreignObject>", ""),
        ('<rect onclick="x()" ONLOAD="y()" onmouseover="z()"/>', "<rect/>"),
        ('<a href="javascript:alert(1)"><rect/></a>', "<g><rect/></g>"),
        (
            '<rect id="r"/><animate href="#r" attributeName="x"/><set attributeName="href" to="javascript:1"/>',
            '<rect id="r"/>',
        ),
        ('<use><animate attributeName="href" to="https://evil.example/"/></use>', "<use/>"),
        ('<use href="https://evil.example/x.svg#a"/>', "<use/>"),
        ('<use xlink:href="data:image/svg+xml;base64,AAAA#a"/>', "<use/>"),
        ('<use href="javascript:alert(1)"/>', "<use/>"),
        ('<image href="https://evil.example/x.png" width="9"/>', '<image width="9"/>'),
        ('<image href="file:///etc/passwd"/>', "<image/>"),
        ('<image href="data:image/svg+xml;base64,PHN2Zy8+"/>', "<image/>"),
        ('<image href="data:text/html;base64,AAAA"/>', "<image/>"),
        ('<filter id="f"><feImage href="https://evil.example/x.png"/></filter>', '<filter id="f"/>'),
        ('<rect fill="url(https://evil.example/#a)" stroke="url(#b)"/>', '<rect stroke="url(#b)"/>'),
        ('<rect fill="url(#a) url(//evil.example)"/>', "<rect/>"),
        ('<rect style="fill:url(https://evil.example/#a);opacity:.5"/>', '<rect style="opacity:.5"/>'),
        ('<rect style="fill:u\\72l(https://evil.example)"/>', "<rect/>"),
        (
            '<rect style="background:red;behavior:url(#x);width:expression(alert(1));fill:red"/>',
            '<rect style="fill:red"/>',
        ),
        ('<rect style="fi/**/ll:red;fill:ur/**/l(//evil.example)"/>', '<rect style="fill:red"/>'),
        (
            "<style>@import 'https://evil.example/x.css'; rect{fill:red}</style>",
            "<style>rect{fill:red}</style>",
        ),
        ("<style>@import url(//evil.example)</style>", "<style/>"),
        (
            "<style>@font-face{font-family:x;src:url(//evil.example)} g{fill:red}</style>",
            "<style>g{fill:red}</style>",
        ),
        (
            "<style>@media screen{g{fill:url(//evil.example)} a{b:c}} g{fill:red}</style>",
            "<style>g{fill:red}</style>",
        ),
        ("<style>g{fill:url(//evil.example);stroke:red}</style>", "<style>g{stroke:red}</style>"),
        ("<style><![CDATA[ g{fill:red} ]]></style>", "<style>g{fill:red}</style>"),
        ("<style>g{fill:red}&lt;/style>&lt;script>x&lt;/script></style>", "<style>g{fill:red}</style>"),
        ("<style>g{fill:r\\65 d} [x=y]{fill:red} }{ g{</style>", "<style/>"),
        ("<!-- c --><?xml-stylesheet href='x.css'?><?php x ?><rect/>", "<rect/>"),
        (
            "<metadata><x xmlns='urn:x'/></metadata><x:y xmlns:x='urn:x' onload='1'/><rect xmlns:x='urn:x' x:z='1'/>",
            "<rect/>",
        ),
        ('<rect xml:base="https://evil.example/" data-x="1" class="a"/>', '<rect class="a"/>'),
        (
            "<switch><foreignObject/><g systemLanguage='de'/><g id='b'/><g id='c'/></switch>",
            '<g><g id="b"/></g>',
        ),
        ("<iframe/><object/><embed/><audio/><video/><handler/><listener/><link/><discard/><mpath/>", ""),
        ('<svg onload="x()"><rect/></svg>', "<svg><rect/></svg>"),
    ],
)
def test_what_could_do_more_goes(inside: str, left: str) -> None:
    assert cleaned(inside) == left


def test_the_root_is_cleaned_as_well() -> None:
    result = clean_svg(
        svg("<rect/>", 'onload="x()" style="fill:red;src:url(x)" xmlns:evil="urn:evil" evil:a="1"')
    )
    root = etree.fromstring(result.text)
    wanted = {"viewBox": "0 0 100 100", "style": "fill:red", "width": "100", "height": "100"}
    assert {name: root.get(name) for name in map(str, root.keys())} == wanted
    assert list(root.nsmap.values()) == [SVG[1:-1]]


def test_cleaning_again_changes_nothing() -> None:
    once = clean_svg(
        svg(f'<image xlink:href="{embedded()}"/><style>g{{fill:red}}</style><text>a</text>')
    ).text
    assert clean_svg(once.encode()).text == once


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_an_embedded_picture_is_written_anew(form: str) -> None:
    text = clean_svg(svg(f'<image width="100" height="100" xlink:href="{embedded(form)}"/>')).text
    [image] = etree.fromstring(text).iter(f"{SVG}image")
    reference = image.get("{http://www.w3.org/1999/xlink}href")
    assert reference is not None
    png = base64.b64decode(str(reference).removeprefix("data:image/png;base64,"))
    assert Image.open(io.BytesIO(png)).format == "PNG"
    assert b"secret camera" not in png
    shown = pixels(text).getpixel((100, 100))
    assert isinstance(shown, tuple)
    assert shown[0] > 240
    assert max(shown[1:3]) < 15


def test_drawn_pictures_look_as_before() -> None:
    for drawn in (
        draw_badge(title="Advanced", issuer_name="Org", colour="#2f6fed", badge_type="Badge"),
        qr_svg("https://badges.example/"),
        svg('<style>.a{fill:#0a0}</style><rect class="a" width="60" height="60"/>').decode(),
    ):
        assert pixels(clean_svg(drawn.encode()).text).tobytes() == pixels(drawn).tobytes()


@pytest.mark.parametrize(
    ("attributes", "size", "box"),
    [
        ('viewBox="0 0 30 20"', (30, 20), "0 0 30 20"),
        ('viewBox="-5,-5 30,20" width="60" height="40px"', (60, 40), "-5 -5 30 20"),
        ('width="25.4mm" height="1in"', (96, 96), "0 0 96 96"),
        ('viewBox="0 0 8 8" width="100%" height="100%"', (8, 8), "0 0 8 8"),
    ],
)
def test_size(attributes: str, size: tuple[int, int], box: str) -> None:
    result = clean_svg(f'<svg xmlns="http://www.w3.org/2000/svg" {attributes}><g/></svg>'.encode())
    assert (round(result.width, 3), round(result.height, 3)) == size
    assert etree.fromstring(result.text).get("viewBox") == box


@pytest.mark.parametrize(
    "attributes",
    [
        "",
        'width="10"',
        'width="100%" height="100%"',
        'viewBox="0 0 0 0"',
        'viewBox="a b c d"',
        'viewBox="0 0 nan 5"',
        'width="1" height="500"',
        'viewBox="0 0 1e999 1"',
    ],
)
def test_without_a_usable_size_it_is_refused(attributes: str) -> None:
    with pytest.raises(Invalid, match="size"):
        clean_svg(f'<svg xmlns="http://www.w3.org/2000/svg" {attributes}/>'.encode())


def test_headers_of_drawing_programs_are_no_obstacle() -> None:
    head = (
        '\ufeff<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n<!-- Generator: a program -->\n'
        '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">\n'
    )
    data = head.encode() + svg("<rect/>")
    assert is_svg(data)
    assert clean_svg(data).text == clean_svg(svg("<rect/>")).text


LAUGHS = '<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", Invalid),
        (b"<svg", Invalid),
        (b"text", Invalid),
        (b"<html><body><svg/></body></html>", UnsupportedMedia),
        (b"<svg xmlns='urn:other'/>", UnsupportedMedia),
        (svg("<rect/>").decode().encode("utf-16"), UnsupportedMedia),
        (svg("\xe4").decode().encode("latin-1"), UnsupportedMedia),
        (LAUGHS.encode() + svg("<text>&b;</text>"), Invalid),
        (
            b'<!DOCTYPE svg SYSTEM "x" [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + svg("<text>&x;</text>"),
            Invalid,
        ),
        (b'<!DOCTYPE svg [<!ENTITY % p SYSTEM "http://127.0.0.1/"> %p;]>' + svg(""), Invalid),
        (svg("<text>&undefined;</text>"), Invalid),
        (svg("<g>" * (MAX_DEPTH + 1) + "</g>" * (MAX_DEPTH + 1)), Invalid),
        (svg("<g>" * 5000 + "</g>" * 5000), Invalid),
        (svg("<g/>" * (MAX_ELEMENTS + 1)), Invalid),
        (svg("<text>日本</text>"), Invalid),
        (svg(f'<image href="{embedded()}"/>' * (MAX_EMBEDDED + 1)), Invalid),
        (svg(f'<image href="{embedded(size=(3000, 2000))}"/>' * 2), TooLarge),
        (svg('<image href="data:image/png;base64,AAAA"/>'), UnsupportedMedia),
        (svg('<image href="data:image/png;base64,!"/>'), Invalid),
        (svg(f'<path d="{"M0 0" * 2_000_000}"/>'), TooLarge),
    ],
)
def test_what_is_refused(data: bytes, error: type[BadgefedError]) -> None:
    with pytest.raises(error):
        clean_svg(data)


def doubling(levels: int, part: Callable[[int], str]) -> str:
    return '<g id="n0"><rect/></g>' + "".join(part(level) for level in range(1, levels))


@pytest.mark.parametrize(
    "inside",
    [
        doubling(40, lambda n: f'<g id="n{n}"><use href="#n{n - 1}"/><use href="#n{n - 1}"/></g>'),
        doubling(40, lambda n: f'<g id="n{n}"><use xlink:href="#n{n - 1}"/><use href="#n{n - 1}"/></g>'),
        '<pattern id="n0"><rect/></pattern>'
        + "".join(
            f'<pattern id="n{n}"><rect fill="url(#n{n - 1})"/><rect stroke="url(#n{n - 1})"/></pattern>'
            for n in range(1, 40)
        ),
        '<g id="a"><use href="#a"/></g>',
        '<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g>',
        '<mask id="m"><rect mask="url(#m)"/></mask>',
        '<linearGradient id="a" href="#b"/><linearGradient id="b" href="#a"/>',
        "".join(f'<g id="n{n}"><use href="#n{n + 1}"/></g>' for n in range(3000)),
    ],
)
def test_references_cannot_multiply(inside: str) -> None:
    with pytest.raises(Invalid):
        clean_svg(svg(inside))


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b"  <svg/>", True),
        (b"\xef\xbb\xbf<?xml version='1.0'?><svg:svg xmlns:svg='x'/>", True),
        (b"<!-- c --><svg/>", True),
        (b"\x89PNG\r\n<svg", False),
        (b"<html/>", False),
        (b"", False),
    ],
)
def test_svg_is_known_by_its_look(data: bytes, wanted: bool) -> None:
    assert is_svg(data) is wanted
