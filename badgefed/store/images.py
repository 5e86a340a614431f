"""Pictures, by their content."""

from __future__ import annotations

import hashlib

from badgefed.model.image import Image
from badgefed.store.database import Reader, Row, Transaction

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


async def get_image_data(reader: Reader, image_id: int) -> tuple[str, bytes]:
    """Media type and bytes."""
    row = await reader.one("SELECT media_type, data FROM images WHERE id = ?", image_id)
    if row is None:
        raise LookupError(f"image {image_id}")
    return row["media_type"], row["data"]


async def find_image_data(reader: Reader, sha256: str) -> tuple[str, bytes] | None:
    """Media type and bytes."""
    row = await reader.one("SELECT media_type, data FROM images WHERE sha256 = ?", sha256)
    return (row["media_type"], row["data"]) if row else None
