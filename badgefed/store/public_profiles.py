"""Public profiles of holders, with their links."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from badgefed.model.holder import ProfileLink, PublicProfile
from badgefed.store.database import Reader, Row, Transaction, Value

_COLUMNS = [field.name for field in fields(PublicProfile) if field.name != "links"]
_FLAGS = ("is_public", "is_indexed")


async def _profile(reader: Reader, row: Row) -> PublicProfile:
    values: dict[str, Any] = {name: row[name] for name in _COLUMNS}
    links = await reader.all(
        "SELECT url, verified_at FROM public_profile_links WHERE holder_id = ? ORDER BY position",
        row["holder_id"],
    )
    return PublicProfile(
        **{**values, **{name: bool(values[name]) for name in _FLAGS}},
        links=tuple(ProfileLink(**link) for link in links),
    )


async def find_profile(reader: Reader, holder_id: int) -> PublicProfile | None:
    row = await reader.one("SELECT * FROM public_profiles WHERE holder_id = ?", holder_id)
    return await _profile(reader, row) if row else None


async def find_public_profile(reader: Reader, handle: str) -> PublicProfile | None:
    """One that is switched on; the handle in lower case."""
    row = await reader.one("SELECT * FROM public_profiles WHERE handle = ? AND is_public = 1", handle)
    return await _profile(reader, row) if row else None


async def put_profile(tx: Transaction, profile: PublicProfile) -> bool:
    """Stores it with its links; False if somebody else has the handle."""
    own = await tx.execute(
        "UPDATE public_profiles SET handle = ?, name = ?, bio = ?, is_public = ?, is_indexed = ?, updated_at = ?"
        " WHERE holder_id = ? AND NOT EXISTS"
        " (SELECT 1 FROM public_profiles AS other WHERE other.handle = ? AND other.holder_id <> ?)",
        *_said(profile),
        profile.updated_at,
        profile.holder_id,
        profile.handle,
        profile.holder_id,
    )
    added = await tx.one(
        "INSERT INTO public_profiles (handle, name, bio, is_public, is_indexed, holder_id, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING holder_id",
        *_said(profile),
        profile.holder_id,
        profile.created_at,
        profile.updated_at,
    )
    if not own and added is None:
        return False
    await tx.execute("DELETE FROM public_profile_links WHERE holder_id = ?", profile.holder_id)
    await tx.many(
        "INSERT INTO public_profile_links (holder_id, position, url, verified_at) VALUES (?, ?, ?, ?)",
        [
            (profile.holder_id, position, link.url, link.verified_at)
            for position, link in enumerate(profile.links)
        ],
    )
    return True


def _said(profile: PublicProfile) -> tuple[Value, ...]:
    flags = int(profile.is_public), int(profile.is_indexed)
    return profile.handle, profile.name, profile.bio, *flags


async def set_link_verified(tx: Transaction, holder_id: int, url: str, *, verified_at: int | None) -> None:
    await tx.execute(
        "UPDATE public_profile_links SET verified_at = ? WHERE holder_id = ? AND url = ?",
        verified_at,
        holder_id,
        url,
    )


async def merge_profile(tx: Transaction, holder_id: int, *, into: int) -> None:
    """The profile of one holder becomes the other's, unless the other has one: then that stays."""
    if await find_profile(tx, into) is not None:
        await delete_profile(tx, holder_id)
        return
    profile = await find_profile(tx, holder_id)
    if profile is not None:
        links = [(into, position, link.url, link.verified_at) for position, link in enumerate(profile.links)]
        await tx.execute("DELETE FROM public_profile_links WHERE holder_id = ?", holder_id)
        await tx.execute("UPDATE public_profiles SET holder_id = ? WHERE holder_id = ?", into, holder_id)
        await tx.many(
            "INSERT INTO public_profile_links (holder_id, position, url, verified_at) VALUES (?, ?, ?, ?)",
            links,
        )


async def delete_profile(tx: Transaction, holder_id: int) -> None:
    """Its handle is free from then on."""
    await tx.execute("DELETE FROM public_profile_links WHERE holder_id = ?", holder_id)
    await tx.execute("DELETE FROM public_profiles WHERE holder_id = ?", holder_id)
