from __future__ import annotations

import hashlib
import io
import itertools
import json
import os
import re
import subprocess
import sys
from importlib import resources
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image

from badgefed.errors import Invalid
from badgefed.protocol.artwork import colour as colours
from badgefed.protocol.artwork import palette as palettes
from badgefed.protocol.artwork.choice import Choices
from badgefed.protocol.artwork.design import Words, choose
from badgefed.protocol.artwork.lettering import Setting, capitals, fit, legible, measure, shorten
from badgefed.protocol.artwork.shapes import BACKINGS, PLATES
from badgefed.protocol.badge_art import draw_avatar, draw_badge
from badgefed.protocol.raster import render_png

FONTS = Path(__file__).parents[2] / "static" / "fonts"
TYPES = (
    "Achievement",
    "Badge",
    "Credential",
    "Recognition",
    "Milestone",
    "Honor",
    "Certification",
    "Distinction",
)
TITLES = (
    "Go",
    "Community Builder",
    "Donaudampfschifffahrtsgesellschaftskapitän",
    "Mistrz Języka Żółw",
    "Ηγέτης Κοινότητας",
    "Лучший разработчик",
    "Đại sứ cộng đồng",
    "優秀賞",
    "شارة",
    "🏆🎉",
    "",
    "x" * 400,
    "An extremely long title that goes on and on, " * 3,
    'R&D <b>"lead"</b>',
    "control\x00\x1b and \ud800 surrogate \ufffe",
)
SVG = "{http://www.w3.org/2000/svg}"


def draw(title: str = "Pioneer", badge_type: str = "Badge", colour: str = "#2b5fd9") -> str:
    return draw_badge(title=title, issuer_name="Łódź & Co", colour=colour, badge_type=badge_type)


@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize("badge_type", ["Achievement", "Honor", "no such type", ""])
def test_picture_is_well_formed_and_refers_only_to_itself(title: str, badge_type: str) -> None:
    svg = draw(title, badge_type)
    root = ElementTree.fromstring(svg.encode())
    names = {element.tag.removeprefix(SVG) for element in root.iter()}
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    used = set(re.findall(r'(?:url\(|href=")#([^)"]+)', svg))
    assert root.get("viewBox") == "0 0 1200 1200"
    assert names <= {"svg", "title", "desc", "defs", "g", "path", "use", "clipPath"} | {
        "linearGradient",
        "radialGradient",
        "stop",
    }
    assert len(ids) == len(set(ids))
    assert used == set(ids)
    assert svg.count("http") == 1


def test_title_and_description_carry_the_words() -> None:
    root = ElementTree.fromstring(draw('R&D <b>"lead"</b>\n', "Badge"))
    assert root.findtext(f"{SVG}title") == 'R&D <b>"lead"</b>'
    assert root.findtext(f"{SVG}desc") == "Badge, issued by Łódź & Co"


def test_same_input_gives_the_same_bytes_in_another_process() -> None:
    code = (
        "import sys; from badgefed.protocol.badge_art import draw_badge, draw_avatar;"
        "sys.stdout.buffer.write((draw_badge(title='Žluťoučký kůň', issuer_name='Łódź', colour='#2b5fd9',"
        " badge_type='Honor') + draw_avatar(name='Łódź', colour='#2b5fd9')).encode())"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-X", "utf8", "-c", code],
            check=True,
            capture_output=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    here = draw_badge(title="Žluťoučký kůň", issuer_name="Łódź", colour="#2b5fd9", badge_type="Honor")
    assert outputs == {(here + draw_avatar(name="Łódź", colour="#2b5fd9")).encode()}


def test_pictures_on_one_page_share_no_ids() -> None:
    first, second = draw("One"), draw("Two")
    assert set(re.findall(r' id="([^"]+)"', first)).isdisjoint(re.findall(r' id="([^"]+)"', second))


def test_titles_types_and_colours_vary_the_picture() -> None:
    pictures = {
        draw(title, badge_type, colour)
        for title, badge_type, colour in itertools.product(
            ("One", "Two"), TYPES, ("#2b5fd9", "#c13832", "#888")
        )
    }
    assert len(pictures) == 48


def test_every_shape_edge_and_place_is_chosen_sometimes() -> None:
    designs = [
        choose(Choices(str(index)), Words(title="Title", issuer="Issuer", kind="BADGE"))
        for index in range(300)
    ]
    assert {design.edge for design in designs} == {*BACKINGS, ""}
    assert {design.name_at for design in designs} == {"rim", "banner", "line"}
    assert {design.ground.d for design in designs} >= {draw_plate(470).d for draw_plate in PLATES.values()}


def test_designs_suit_their_words() -> None:
    for index in range(50):
        nameless = choose(Choices(str(index)), Words(title="Title", issuer="", kind=""))
        wordy = choose(Choices(str(index)), Words(title="long " * 12, issuer="Issuer", kind=""))
        assert nameless.name_at in {"rim", "nowhere"}
        assert wordy.name_at in {"banner", "line"}


@pytest.mark.parametrize("title", ["Go", "優秀賞", "This is a rather long title for a badge, isn't it?"])
def test_medal_stands_on_transparent_ground(title: str) -> None:
    image = Image.open(io.BytesIO(render_png(draw(title), size=200)))
    assert [image.getpixel(corner) for corner in ((0, 0), (199, 0), (0, 199), (199, 199))] == [
        (0, 0, 0, 0)
    ] * 4
    middle = image.getpixel((100, 95))
    assert isinstance(middle, tuple)
    assert middle[3] == 255


def test_title_is_drawn_as_outlines_and_unknown_scripts_are_not() -> None:
    table = json.loads((resources.files("badgefed.protocol.artwork") / "inter-bold.json").read_text("utf-8"))
    outlines = {char: path for char, (_, path) in table["glyphs"].items() if path}

    def lettering(title: str) -> set[str]:
        svg = draw_badge(title=title, issuer_name="", colour="#2b5fd9", badge_type="")
        return set(re.findall(r' d="([^"]+)"', svg)) & set(outlines.values())

    assert lettering("Pioneer") == {outlines[char] for char in "Pioneer"}
    assert lettering("🏆 Winner") == {outlines[char] for char in "Winner"}
    for title in ("優秀賞", "شارة", "🏆🎉", "Pioneer 優秀賞", ""):
        assert lettering(title) == set()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Zażółć gęślą jaźń", "Zażółć gęślą jaźń"),
        ("Cafe\u0301", "Café"),
        ("  two \n lines ", "two lines"),
        ("🏆 Winner 🎉", "Winner"),
        ("1️⃣ first", "1 first"),
        ("Love ❤️ it", "Love it"),
        ("soft\u00adhyphen", "softhyphen"),
        ("Ђђ Ўў Її Ґґ Ққ", "Ђђ Ўў Її Ґґ Ққ"),
        ("Ένας ώμος ΐ", "Ένας ώμος ΐ"),
        ("Nguyễn Thị Ước", "Nguyễn Thị Ước"),
        ("€ 5 – “quoted” №1 ½…", "€ 5 – “quoted” №1 ½…"),
        ("優秀賞", ""),
        ("Python 入門", ""),
        ("عربي", ""),
        ("🏆🎉", ""),
    ],
)
def test_legible_text(text: str, shown: str) -> None:
    assert legible(text) == shown


@pytest.mark.parametrize(
    ("text", "upper"),
    [("Łódź", "ŁÓDŹ"), ("Αθήνα", "ΑΘΗΝΑ"), ("προϊόν", "ΠΡΟΪΟΝ"), ("Straße", "STRASSE"), ("йод", "ЙОД")],
)
def test_capitals(text: str, upper: str) -> None:
    assert capitals(text) == upper


def set_title(text: str) -> Setting:
    """Set in a field of 600 by 400."""

    def room(lines: int, size: float) -> list[float] | None:
        return [600.0] * lines if lines * size <= 400 else None

    setting = fit(text, room=room, sizes=(150, 118, 98, 76), tracking=0)
    assert all(measure(line, size=setting.size) <= 600 for line in setting.lines)
    assert room(len(setting.lines), setting.size)
    return setting


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("Go", ("Go",)),
        ("Community Builder", ("Community", "Builder")),
        ("Volunteer of the Year", ("Volunteer", "of the Year")),
        ("Certified Accessibility Specialist", ("Certified", "Accessibility", "Specialist")),
    ],
)
def test_titles_break_evenly_between_words(text: str, lines: tuple[str, ...]) -> None:
    assert set_title(text).lines == lines


def test_shorter_titles_are_larger() -> None:
    sizes = [set_title("word " * count).size for count in (1, 2, 6, 16)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == 150


def test_long_words_are_hyphenated() -> None:
    word = "Donaudampfschifffahrtsgesellschaftskapitän"
    lines = set_title(word).lines
    assert "".join(line.removesuffix("-") for line in lines) == word
    assert all(line.endswith("-") for line in lines[:-1])


@pytest.mark.parametrize("text", ["many words " * 40, "x" * 500])
def test_extreme_titles_are_cut_with_an_ellipsis(text: str) -> None:
    setting = set_title(text)
    assert len(setting.lines) == 4
    assert setting.lines[-1].endswith("…")


def test_shorten() -> None:
    assert shorten("Mozilla", width=1000, size=50) == "Mozilla"
    cut = shorten("Mozilla Foundation", width=300, size=50)
    assert cut.endswith("…")
    assert measure(cut, size=50) <= 300
    assert shorten("Mozilla", width=1, size=50) == ""


@pytest.mark.parametrize("text", ["", "blue", "#12345", "#gggggg", "#2b5fd9aa", 'red" onload="x'])
def test_bad_colours_are_refused(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        draw(colour=text)
    assert caught.value.field == "colour"
    with pytest.raises(Invalid):
        draw_avatar(name="x", colour=text)


def test_oklch_of_known_colours() -> None:
    red = colours.parse("#ff0000")
    assert (red.lightness, red.chroma, red.hue) == pytest.approx((0.62796, 0.25768, 29.234), abs=1e-3)
    assert colours.parse("#fff").lightness == pytest.approx(1, abs=1e-4)
    assert colours.contrast("#ffffff", "#000000") == pytest.approx(21)


@pytest.mark.parametrize(
    "text", ["#2b5fd9", "#c13832", "#00ff00", "#ffff00", "#0000ff", "#808080", "#000000"]
)
def test_colours_survive_the_round_trip(text: str) -> None:
    assert colours.parse(text).hex == text


def all_palettes() -> list[palettes.Palette]:
    """Each character at all hues, in strong, weak and no colour."""
    starts = [
        colours.Oklch(lightness=0.6, chroma=chroma, hue=hue)
        for hue in range(0, 360, 4)
        for chroma in (0.2, 0.09, 0)
    ]
    derive = (palettes.derive, palettes.derive_solid)
    return [make(start, Choices(str(seed))) for start in starts for seed in range(12) for make in derive]


def test_lettering_contrasts_with_its_ground_at_every_hue() -> None:
    for palette in all_palettes():
        assert min(colours.contrast(palette.ink, ground) for ground in palette.ground) >= 4.5
        assert min(colours.contrast(palette.band_ink, band) for band in palette.band) >= 4.5
        assert min(colours.contrast(palette.ribbon_ink, cloth) for cloth in palette.ribbon[:2]) >= 4.5
        assert (
            min(colours.contrast(paint, ground) for paint in palette.emblem for ground in palette.ground) >= 3
        )


@pytest.mark.parametrize(
    "name", ["Fedi Academy", "i", "東京大学", "🎈", "", "W3C", "Πανεπιστήμιο", "a-b (c)"]
)
def test_avatar_fills_its_square(name: str) -> None:
    svg = draw_avatar(name=name, colour="#0f766e")
    image = Image.open(io.BytesIO(render_png(svg, size=100)))
    assert ElementTree.fromstring(svg).get("viewBox") == "0 0 400 400"
    assert image.getchannel("A").getextrema() == (255, 255)


def test_avatar_shows_initials_or_a_star() -> None:
    def letters(name: str) -> int:
        return draw_avatar(name=name, colour="#0f766e").count("scale(0.")

    initials = re.compile(r"scale\(0\.\d+\)")
    assert initials.search(draw_avatar(name="Fedi Academy", colour="#0f766e"))
    assert not initials.search(draw_avatar(name="東京大学", colour="#0f766e"))
    assert letters("Fedi Academy") == 2


def test_font_files_are_those_recorded() -> None:
    recorded = dict(re.findall(r"\| `([0-9a-f]{64})` \| `(\S+)` \|", (FONTS / "README.md").read_text()))
    found = {hashlib.sha256(path.read_bytes()).hexdigest(): path.name for path in FONTS.glob("*.woff2")}
    assert found == recorded
    assert "SIL OPEN FONT LICENSE" in (FONTS / "OFL.txt").read_text()
    styled = set(re.findall(r'url\("([^"]+)"\)', (FONTS / "inter.css").read_text()))
    assert styled == set(found.values())
