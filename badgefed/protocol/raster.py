"""Raster images: SVG to PNG, checks and re-encoding of uploads, blurhash.

Every function here computes for milliseconds to seconds and lets go of the GIL for most of it:
call them in a worker or a bounded thread, never on the event loop.
"""

from __future__ import annotations

import hashlib
import io
import math
import operator
import re
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import resvg_py
from PIL import Image, ImageCms, ImageFilter, ImageOps, UnidentifiedImageError

from badgefed.errors import Invalid, TooLarge, UnsupportedMedia

MAX_BYTES = 16 * 1024 * 1024
MAX_PIXELS = 33_177_600
"""What Mastodon takes: larger attachments are not shown there."""
UPLOAD_BYTES = 5_000_000
UPLOAD_PIXELS = 33_000_000

_MEDIA_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error, zlib.error)
_BOMB = (Image.DecompressionBombError, Image.DecompressionBombWarning)
_LOADING_ELEMENTS = frozenset({"feImage", "script", "foreignObject"})
_FOREIGN_URL = re.compile(r"url\(\s*['\"]?(?!#|['\"])|@|\\", re.IGNORECASE)
_OWN_PICTURE = "data:image/png;base64,iVBOR"
_FACES = tuple(
    str(Path(__file__).parent / "artwork" / name) for name in ("inter-regular.ttf", "inter-bold.ttf")
)
_FAMILY = "Inter"
_BLURHASH_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"
_BLURHASH_SIDE = 32
_MAX_SIDE = 4096
_HEADER = 33
"""Bytes of a PNG's signature and IHDR chunk."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageInfo:
    """Media type and size in pixels, as the picture is shown (EXIF orientation applied)."""

    media_type: str
    width: int
    height: int


def render_png(svg: str, *, size: int, height: int | None = None) -> bytes:
    """PNG of `size` by `size` pixels, or as large as fits into `size` by `height`; transparent where the SVG is.

    Raises Invalid for SVG that cannot be drawn or that points to anything outside of itself. Text is set in our own
    face, whatever fonts are installed. An uploaded SVG can take for ever: see `work.svg_rendering`.
    """
    height = size if height is None else height
    if not 1 <= min(size, height) <= max(size, height) <= _MAX_SIDE:
        raise Invalid("the size of a rendering is 1 to 4096 pixels", field="size")
    _require_standalone(svg)
    try:
        return resvg_py.svg_to_bytes(
            svg_string=svg,
            width=size,
            height=height,
            skip_system_fonts=True,
            font_files=list(_FACES) if "<text" in svg else None,
            font_family=_FAMILY,
            serif_family=_FAMILY,
            sans_serif_family=_FAMILY,
            cursive_family=_FAMILY,
            fantasy_family=_FAMILY,
            monospace_family=_FAMILY,
        )
    except ValueError as error:
        raise Invalid("the SVG cannot be drawn", field="image") from error


def _require_standalone(svg: str) -> None:
    if "<!" in re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL) or "<?xml-stylesheet" in svg:
        raise Invalid("an SVG may not declare document types, entities or style sheets", field="image")
    try:
        root = ElementTree.fromstring(svg)  # noqa: S314 - document types and entities are refused above
    except ElementTree.ParseError as error:
        raise Invalid("the SVG is not well-formed XML", field="image") from error
    for element in root.iter():
        kind = str(element.tag).rpartition("}")[2]
        if kind in _LOADING_ELEMENTS:
            raise Invalid("an SVG may not embed scripts or foreign documents", field="image")
        if kind == "style" and _FOREIGN_URL.search(element.text or ""):
            raise Invalid("an SVG's styles may only refer to its own parts", field="image")
        for name, value in element.attrib.items():
            own = ("#", _OWN_PICTURE) if kind == "image" else ("#",)
            if name.rpartition("}")[2] == "href":
                is_foreign = not value.startswith(own)
            else:
                is_foreign = _FOREIGN_URL.search(value) is not None
            if is_foreign:
                raise Invalid("an SVG may only refer to its own parts", field="image")


def is_blank(png: bytes) -> bool:
    """Whether nothing of the picture can be seen."""
    with _open(png, max_bytes=MAX_BYTES, max_pixels=MAX_PIXELS) as image:
        return image.has_transparency_data and image.convert("RGBA").getchannel("A").getextrema()[1] == 0


def name_source(png: bytes, source: bytes) -> bytes:
    """The PNG with the SHA-256 of what it was drawn from, so that its bytes stand for one source and no other."""
    text = b"Source\0sha256:" + hashlib.sha256(source).hexdigest().encode()
    chunk = struct.pack(">I", len(text)) + b"tEXt" + text + struct.pack(">I", zlib.crc32(b"tEXt" + text))
    return png[:_HEADER] + chunk + png[_HEADER:]


def inspect_image(data: bytes, *, max_bytes: int = MAX_BYTES, max_pixels: int = MAX_PIXELS) -> ImageInfo:
    """Read the header of a PNG, JPEG or WebP file, without decoding any pixels.

    Raises TooLarge for too many bytes or pixels, UnsupportedMedia for other formats, Invalid for broken files.
    """
    with _open(data, max_bytes=max_bytes, max_pixels=max_pixels) as image:
        width, height = reversed(image.size) if _lies_on_its_side(image) else image.size
        return ImageInfo(media_type=_MEDIA_TYPES[str(image.format)], width=width, height=height)


def _lies_on_its_side(image: Image.Image) -> bool:
    if image.format == "PNG" and "exif" not in image.info:
        return False  # here Pillow would decode the whole image to look behind it
    try:
        return image.getexif().get(0x0112) in {5, 6, 7, 8}
    except _BROKEN as error:
        raise Invalid("the image's EXIF data is damaged", field="image") from error


def to_png(data: bytes, *, max_side: int, max_bytes: int = MAX_BYTES, max_pixels: int = MAX_PIXELS) -> bytes:
    """Decode an upload and write it anew as PNG in sRGB, upright, no side longer than `max_side`.

    Nothing but pixels is carried over: no EXIF, comments, profiles, further frames or trailing bytes. Raises as
    `inspect_image`.
    """
    return _encode(open_pixels(data, max_side=max_side, max_bytes=max_bytes, max_pixels=max_pixels))


def open_pixels(
    data: bytes, *, max_side: int, max_bytes: int = MAX_BYTES, max_pixels: int = MAX_PIXELS
) -> Image.Image:
    """The pixels of an upload as `to_png` writes them: RGB or RGBA, of the first frame."""
    with _open(data, max_bytes=max_bytes, max_pixels=max_pixels) as image:
        try:
            image.load()
            clean = _to_srgb(ImageOps.exif_transpose(image))
            clean.thumbnail((max_side, max_side), Image.Resampling.LANCZOS)
        except _BROKEN as error:
            raise Invalid("the image is damaged and cannot be read", field="image") from error
    return clean


def _open(data: bytes, *, max_bytes: int, max_pixels: int) -> Image.Image:
    if len(data) > max_bytes:
        raise TooLarge(f"the image has {len(data)} bytes, at most {max_bytes} are accepted")
    try:
        image = Image.open(io.BytesIO(data), formats=tuple(_MEDIA_TYPES))
    except _BOMB as error:
        raise TooLarge(f"the image has too many pixels, at most {max_pixels} are accepted") from error
    except UnidentifiedImageError as error:
        raise UnsupportedMedia("the image is none of PNG, JPEG, WebP and SVG", field="image") from error
    except _BROKEN as error:
        raise Invalid("the image is damaged and cannot be read", field="image") from error
    if image.width * image.height > max_pixels:
        raise TooLarge(
            f"the image has {image.width} by {image.height} pixels, at most {max_pixels} in all are accepted"
        )
    return image


def _to_srgb(image: Image.Image) -> Image.Image:
    """The pixels alone, as RGB or RGBA in sRGB, whatever mode and profile they came in."""
    mode = "RGBA" if image.has_transparency_data else "RGB"
    if image.mode.startswith("I"):
        image = image.convert("I").point(lambda value: value / 257).convert("L")
    profile = image.info.get("icc_profile")
    if profile and image.mode in {"RGB", "RGBA", "CMYK", "L"}:
        image = _apply_profile(image, profile)
    pixels = Image.new(mode, image.size)
    pixels.paste(image.convert(mode))
    return pixels


def _apply_profile(image: Image.Image, profile: bytes) -> Image.Image:
    """The image in sRGB, or as it is if its profile is unusable."""
    output = "RGBA" if image.mode == "RGBA" else "RGB"
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(
            image, source, ImageCms.createProfile("sRGB"), outputMode=output
        )
    except (ImageCms.PyCMSError, OSError):
        return image
    return converted or image


def compose(ground: bytes, picture: bytes, *, centre: tuple[int, int], side: int) -> bytes:
    """PNG of the ground with the picture on it, its longer side `side` pixels, in a soft shadow. Both are PNGs of ours."""
    below = open_pixels(ground, max_side=_MAX_SIDE).convert("RGBA")
    above = open_pixels(picture, max_side=_MAX_SIDE).convert("RGBA")
    above = ImageOps.contain(above, (side, side), Image.Resampling.LANCZOS)
    left, top = centre[0] - above.width // 2, centre[1] - above.height // 2
    shadow = Image.new("L", below.size)
    shadow.paste(above.getchannel("A").point(lambda value: value * 0.45), (left, top + side // 32))
    below.paste("black", mask=shadow.filter(ImageFilter.GaussianBlur(side / 24)))
    below.alpha_composite(above, (left, top))
    return _encode(below.convert("RGB"))


def _encode(image: Image.Image) -> bytes:
    written = io.BytesIO()
    image.save(written, "PNG", compress_level=6)
    return written.getvalue()


def blurhash(png: bytes) -> str:
    """The placeholder string of an image, 4 by 4 components (blurha.sh), transparency shown on white."""
    with _open(png, max_bytes=MAX_BYTES, max_pixels=MAX_PIXELS) as image:
        try:
            small = image.convert("RGBA").resize((_BLURHASH_SIDE, _BLURHASH_SIDE), Image.Resampling.BOX)
        except _BROKEN as error:
            raise Invalid("the image is damaged and cannot be read", field="image") from error
    ground = Image.new("RGBA", small.size, "white")
    rows = Image.alpha_composite(ground, small).convert("RGB").tobytes()
    return encode_blurhash(rows, width=_BLURHASH_SIDE, height=_BLURHASH_SIDE, across=4, down=4)


def encode_blurhash(rgb: bytes, *, width: int, height: int, across: int, down: int) -> str:
    """Blurhash of 8-bit sRGB pixels, row by row, with 1 to 9 components in each direction."""
    linear = [_to_linear(value) for value in range(256)]
    pixels = [linear[value] for value in rgb]
    columns = [[math.cos(math.pi * i * x / width) for x in range(width)] for i in range(across)]
    lines = [[math.cos(math.pi * j * y / height) for y in range(height)] for j in range(down)]
    factors: list[list[float]] = []
    for line in lines:
        for column in columns:
            weight = (1 if not factors else 2) / (width * height)
            waves = [vertical * horizontal for vertical in line for horizontal in column]
            factors.append(
                [weight * sum(map(operator.mul, waves, pixels[channel::3])) for channel in range(3)]
            )
    return _write_blurhash(factors, across=across, down=down)


def _write_blurhash(factors: list[list[float]], *, across: int, down: int) -> str:
    """Size flag, largest amplitude, average colour, then each wave in 19 steps per channel."""
    average, *waves = factors
    loudest = max((abs(value) for wave in waves for value in wave), default=0.0)
    step = min(max(math.floor(loudest * 166 - 0.5), 0), 82)
    scale = (step + 1) / 166
    written = [_digits(across - 1 + (down - 1) * 9, 1), _digits(step if waves else 0, 1)]
    red, green, blue = (_from_linear(value) for value in average)
    written.append(_digits(red << 16 | green << 8 | blue, 4))
    for wave in waves:
        red, green, blue = (_quantise(value / scale) for value in wave)
        written.append(_digits(red * 361 + green * 19 + blue, 2))
    return "".join(written)


def _quantise(value: float) -> int:
    softened = math.copysign(math.sqrt(abs(value)), value)
    return min(max(math.floor(softened * 9 + 9.5), 0), 18)


def _digits(value: int, length: int) -> str:
    return "".join(_BLURHASH_DIGITS[value // 83**place % 83] for place in reversed(range(length)))


def _to_linear(value: int) -> float:
    share = value / 255
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4


def _from_linear(value: float) -> int:
    share = min(max(value, 0.0), 1.0)
    encoded = share * 12.92 if share <= 0.0031308 else 1.055 * share ** (1 / 2.4) - 0.055
    return math.floor(encoded * 255 + 0.5)
