"""Join the subsets under static/fonts to the two faces that uploaded SVGs' text is set in.

Needs `fonttools` and `brotli`, which the server itself does not. Run it again after changing the fonts:

    python tools/build_fonts.py
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from fontTools.merge import Merger
from fontTools.ttLib import TTFont

ROOT = Path(__file__).resolve().parents[1]
FONTS = ROOT / "static" / "fonts"
FACES = ROOT / "badgefed" / "protocol" / "artwork"
SUBSETS = ("latin", "latin-ext", "vietnamese", "greek", "greek-ext", "cyrillic", "cyrillic-ext")
# Layout of single subsets, which cannot be joined, and instructions for screens.
LEFT_OUT = ("GSUB", "GDEF", "GPOS", "STAT", "gasp", "meta", "prep", "fpgm", "cvt ")


def plain(path: Path) -> BytesIO:
    """The subset as TrueType with its outlines and widths alone."""
    font = TTFont(path)
    font.flavor = None
    for table in LEFT_OUT:
        if table in font:
            del font[table]
    written = BytesIO()
    font.save(written)
    written.seek(0)
    return written


def main() -> None:
    for weight, name in (("400", "inter-regular.ttf"), ("700", "inter-bold.ttf")):
        faces = [plain(FONTS / f"inter-{subset}-{weight}-normal.woff2") for subset in SUBSETS]
        Merger().merge(faces).save(FACES / name)


if __name__ == "__main__":
    main()
