"""Turn the bold faces under static/fonts into the outline table that badgefed.protocol.artwork.lettering reads.

Needs `fonttools` and `brotli`, which the server itself does not. Run it again after changing the fonts:

    python tools/build_glyphs.py
"""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

from fontTools.pens.svgPathPen import SVGPathPen
from fontTools.pens.transformPen import TransformPen
from fontTools.ttLib import TTFont

ROOT = Path(__file__).resolve().parents[1]
FONTS = ROOT / "static" / "fonts"
TABLE = ROOT / "badgefed" / "protocol" / "artwork" / "inter-bold.json"
UNITS_PER_EM = 1000
BLOCKS = (
    (0x0020, 0x024F),  # Latin
    (0x02B0, 0x02FF),  # spacing modifiers
    (0x0370, 0x045F),  # Greek, Cyrillic
    (0x048A, 0x052F),  # Cyrillic of other languages
    (0x1E00, 0x1EFF),  # Latin additional
    (0x2010, 0x2044),  # punctuation
    (0x2070, 0x209F),  # superscripts, subscripts
    (0x20A0, 0x20CF),  # currencies
    (0x2100, 0x2193),  # letterlike, fractions, arrows
    (0x2212, 0x2265),  # mathematics
)


def wanted(code: int) -> bool:
    """Whether titles may be set with this character; white space and controls are not outlines."""
    inside = any(first <= code <= last for first, last in BLOCKS)
    return inside and unicodedata.category(chr(code)) not in {"Cc", "Cf", "Cn", "Zl", "Zp", "Zs"}


def read_face(path: Path) -> dict[str, list[object]]:
    """`{character: [advance, path data]}` of one font file, y pointing down, in thousandths of an em."""
    font = TTFont(path)
    scale = UNITS_PER_EM / font["head"].unitsPerEm
    glyphs = font.getGlyphSet()
    found: dict[str, list[object]] = {}
    for code, name in font.getBestCmap().items():
        if wanted(code) or code == 0x20:
            pen = SVGPathPen(glyphs, ntos=lambda value: str(round(value)))
            glyphs[name].draw(TransformPen(pen, (scale, 0, 0, -scale, 0, 0)))
            found[chr(code)] = [round(glyphs[name].width * scale), pen.getCommands()]
    return found


def main() -> None:
    faces = sorted(FONTS.glob("inter-*-700-normal.woff2"))
    latin = TTFont(FONTS / "inter-latin-700-normal.woff2")
    table: dict[str, list[object]] = {}
    for face in faces:
        table.update(read_face(face))
    head = {
        "family": "Inter",
        "weight": 700,
        "units_per_em": UNITS_PER_EM,
        "cap_height": round(latin["OS/2"].sCapHeight * UNITS_PER_EM / latin["head"].unitsPerEm),
        "x_height": round(latin["OS/2"].sxHeight * UNITS_PER_EM / latin["head"].unitsPerEm),
    }
    lines = ",\n".join(
        f"{json.dumps(char)}:{json.dumps(table[char], separators=(',', ':'))}" for char in sorted(table)
    )
    TABLE.write_text(f'{json.dumps(head)[:-1]},\n"glyphs":{{\n{lines}\n}}}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
