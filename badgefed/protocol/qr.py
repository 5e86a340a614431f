"""QR codes: drawn for pages and print, and read from photographs and screenshots.

Drawing takes some milliseconds, reading up to a second for a large photograph: call both in a thread.
"""

from __future__ import annotations

import io
from functools import lru_cache

import segno
import zxingcpp
from PIL import Image

from badgefed.errors import Invalid
from badgefed.protocol.raster import UPLOAD_BYTES, UPLOAD_PIXELS, open_pixels

MAX_TEXT_BYTES = 1000
MAX_CODES = 10
_READING_SIDE = 2400
_FORMATS = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)


@lru_cache(maxsize=1000)
def qr_svg(text: str, *, title: str | None = None) -> str:
    """A standalone SVG of black modules on a white ground with its quiet zone: scanners need it in dark pages as well.

    It has a `viewBox` and no size, and no style: it may stand in an HTML page under a strict policy. Raises Invalid for
    more than `MAX_TEXT_BYTES`.
    """
    if not text or len(text.encode()) > MAX_TEXT_BYTES:
        raise Invalid(f"a QR code can carry 1 to {MAX_TEXT_BYTES} bytes here", field="text")
    written = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        written,
        kind="svg",
        border=4,
        dark="#000",
        light="#fff",
        title=title,
        omitsize=True,
        xmldecl=False,
        svgclass="qr",
        lineclass=None,
        nl=False,
    )
    return written.getvalue().decode()


def read_qr(data: bytes, *, max_bytes: int = UPLOAD_BYTES, max_pixels: int = UPLOAD_PIXELS) -> list[str]:
    """The texts of the QR codes in a PNG, JPEG or WebP file, each once, at most `MAX_CODES`; empty where there are none.

    Raises as `raster.inspect_image`.
    """
    image = open_pixels(data, max_side=_READING_SIDE, max_bytes=max_bytes, max_pixels=max_pixels)
    ground = Image.new("RGBA", image.size, "white")
    seen = Image.alpha_composite(ground, image.convert("RGBA")).convert("L")
    found = zxingcpp.read_barcodes(seen, formats=_FORMATS)
    texts = (code.text for code in found if code.valid and code.text)
    return list(dict.fromkeys(texts))[:MAX_CODES]
