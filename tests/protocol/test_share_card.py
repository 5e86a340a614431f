from __future__ import annotations

import io
from dataclasses import replace

import pytest
from PIL import Image, ImageChops

from badgefed.errors import Invalid
from badgefed.protocol.badge_art import draw_badge
from badgefed.protocol.raster import render_png
from badgefed.protocol.share_card import Card, draw_card

CARD = Card(
    image="0" * 64,
    colour="#2f6fed",
    kind="Badge",
    title="Advanced Training",
    issuer=("Issued by", "The Organization"),
    recipient=("Awarded to", "Jane Doe"),
    host="badges.example",
)


@pytest.fixture(scope="module")
def medal() -> bytes:
    return render_png(draw_badge(title="A", issuer_name="B", colour="#b3261e", badge_type="Badge"), size=600)


def drawn(card: Card, picture: bytes) -> Image.Image:
    return Image.open(io.BytesIO(draw_card(card, picture))).convert("RGB")


def words(image: Image.Image) -> Image.Image:
    """The half of the card where words stand."""
    return image.crop((600, 40, 1200, 615))


@pytest.mark.parametrize(
    "card",
    [
        CARD,
        replace(CARD, recipient=None),
        replace(CARD, title="W" * 200, issuer=("Issued by", "M" * 128), recipient=("Awarded to", "W" * 200)),
        replace(CARD, title="A very long title that goes on and on " * 5),
        replace(CARD, title="日本語", issuer=("Issued by", "日本"), recipient=("Awarded to", "山田")),
        replace(CARD, colour="#ffffff", host="日本.example"),
        replace(CARD, colour="#000000", title="🎉 Party <&> \x00"),
        replace(CARD, kind="", issuer=("", "")),
    ],
)
def test_every_card_has_the_size_of_previews(card: Card, medal: bytes) -> None:
    data = draw_card(card, medal)
    image = Image.open(io.BytesIO(data))
    assert (image.format, image.mode, image.size) == ("PNG", "RGB", (1200, 630))
    assert len(data) < 1_000_000
    margin = image.crop((1140, 0, 1200, 600)).convert("L")
    assert max(margin.tobytes()) < 160


def test_the_same_words_give_the_same_bytes(medal: bytes) -> None:
    assert draw_card(CARD, medal) == draw_card(CARD, medal)


@pytest.mark.parametrize(
    "other",
    [
        replace(CARD, title="Basic Training"),
        replace(CARD, issuer=("Issued by", "Another")),
        replace(CARD, recipient=("Awarded to", "John Doe")),
        replace(CARD, recipient=None),
        replace(CARD, kind="Honor"),
        replace(CARD, host="other.example"),
        replace(CARD, colour="#b3261e"),
    ],
)
def test_everything_that_is_said_can_be_seen(other: Card, medal: bytes) -> None:
    assert other.digest != CARD.digest
    difference = ImageChops.difference(words(drawn(CARD, medal)), words(drawn(other, medal)))
    assert difference.getbbox() is not None


def test_digest_names_the_picture_too() -> None:
    assert replace(CARD, image="1" * 64).digest != CARD.digest
    assert replace(CARD).digest == CARD.digest


def place_of_green(card: Card, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Where a green rectangle of this size stands that is put in the badge's place."""
    written = io.BytesIO()
    Image.new("RGB", size, "#00ff00").save(written, "PNG")
    image = drawn(card, written.getvalue())
    difference = ImageChops.difference(image, Image.new("RGB", image.size, "#00ff00")).convert("L")
    box = difference.point(lambda value: 255 if value < 3 else 0).getbbox()
    assert box is not None
    return box


@pytest.mark.parametrize("size", [(600, 600), (900, 60), (40, 800), (3, 3)])
def test_the_badge_stands_on_it_undistorted(size: tuple[int, int]) -> None:
    left, top, right, bottom = place_of_green(CARD, size)
    assert max(right - left, bottom - top) == pytest.approx(456, abs=2)
    assert (right - left) / (bottom - top) == pytest.approx(size[0] / size[1], rel=0.1)
    assert (left + right) / 2 == pytest.approx(320, abs=2)
    assert (top + bottom) / 2 == pytest.approx(315, abs=2)


def test_without_words_the_badge_is_in_the_middle() -> None:
    left, _, right, _ = place_of_green(replace(CARD, title="日本語"), (600, 600))
    assert (left + right) / 2 == pytest.approx(600, abs=2)
    assert right - left > 500


def test_a_colour_that_is_none_is_refused(medal: bytes) -> None:
    with pytest.raises(Invalid):
        draw_card(replace(CARD, colour="blue"), medal)
