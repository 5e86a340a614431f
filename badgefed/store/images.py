"""Pictures, by their content."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from badgefed.model.image import PNG, Image, Rendition
from badgefed.store.database import Reader, Row, Transaction, placeholders

COLUMNS = "id, sha256, media_type, width, height, blurhash"


def _image(row: Row) -> Image:
    return Image(**{name: row[name] for name in COLUMNS.split(", ")})


async def add_image(
    tx: Transaction, *, data: bytes, media_type: str, width: int, height: int, blurhash: str | None, now: int
) -> Image:
    """Stores the picture once, however often it is added."""
    row = await tx.one(
        "INSERT INTO images (sha256, media_type, width, height, blurhash, data, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)"
        f" ON CONFLICT (sha256) DO UPDATE SET sha256 = EXCLUDED.sha256 RETURNING {COLUMNS}",
        hashlib.sha256(data).hexdigest(),
        media_type,
        width,
        height,
        blurhash,
        data,
        now,
    )
    assert row is not None
    return _image(row)


async def get_image(reader: Reader, image_id: int) -> Image:
    row = await reader.one(f"SELECT {COLUMNS} FROM images WHERE id = ?", image_id)
    if row is None:
        raise LookupError(f"image {image_id}")
    return _image(row)


async def list_images(reader: Reader, ids: Sequence[int]) -> dict[int, Image]:
    """By id."""
    rows = await reader.all(
        f"SELECT {COLUMNS} FROM images WHERE id IN ({placeholders(len(ids)) or 'NULL'})", *ids
    )
    return {row["id"]: _image(row) for row in rows}


async def get_image_data(reader: Reader, image_id: int) -> tuple[str, bytes]:
    """Media type and bytes."""
    row = await reader.one("SELECT media_type, data FROM images WHERE id = ?", image_id)
    if row is None:
        raise LookupError(f"image {image_id}")
    return row["media_type"], row["data"]


async def find_image_data(reader: Reader, sha256: str, media_type: str) -> bytes | None:
    row = await reader.one("SELECT data FROM images WHERE sha256 = ? AND media_type = ?", sha256, media_type)
    return row["data"] if row else None


async def find_image(reader: Reader, sha256: str) -> Image | None:
    """A PNG by its content."""
    row = await reader.one(f"SELECT {COLUMNS} FROM images WHERE sha256 = ? AND media_type = ?", sha256, PNG)
    return _image(row) if row else None


async def add_rendition(tx: Transaction, image_id: int, kind: Rendition, rendition_id: int) -> None:
    """Says that the one picture was made from the other; keeps what was said first."""
    await tx.execute(
        "INSERT INTO renditions (image_id, kind, rendition_id) VALUES (?, ?, ?)"
        " ON CONFLICT (image_id, kind) DO NOTHING",
        image_id,
        kind,
        rendition_id,
    )


async def find_rendition_data(reader: Reader, image_id: int, kind: Rendition) -> bytes | None:
    row = await reader.one(
        "SELECT images.data FROM renditions JOIN images ON images.id = renditions.rendition_id"
        " WHERE renditions.image_id = ? AND renditions.kind = ?",
        image_id,
        kind,
    )
    return row["data"] if row else None


async def find_svg(reader: Reader, image_id: int) -> Image | None:
    """The SVG that a PNG was drawn from."""
    row = await reader.one(
        f"SELECT {', '.join(f'images.{name}' for name in COLUMNS.split(', '))}"
        " FROM renditions JOIN images ON images.id = renditions.rendition_id"
        " WHERE renditions.image_id = ? AND renditions.kind = ?",
        image_id,
        Rendition.SVG,
    )
    return _image(row) if row else None
