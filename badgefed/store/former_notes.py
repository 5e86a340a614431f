"""Ids under which grants' Notes were published before they were withdrawn by their recipients."""

from __future__ import annotations

from dataclasses import dataclass

from badgefed.model.grant import Grant
from badgefed.store.database import Reader, Transaction
from badgefed.store.grants import read_grant


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerNote:
    note_uri: str
    grant_id: int
    withdrawn_at: int


async def add_former_note(tx: Transaction, grant: Grant, *, now: int) -> None:
    """The id of the Note of a grant that is about to get another one."""
    await tx.execute(
        "INSERT INTO former_notes (note_id, note_uri, grant_id, withdrawn_at) VALUES (?, ?, ?, ?)",
        grant.note_id,
        grant.note_uri,
        grant.id,
        now,
    )


async def find_former_note(reader: Reader, note_id: str) -> FormerNote | None:
    """By the last segment of its id."""
    row = await reader.one("SELECT * FROM former_notes WHERE note_id = ?", note_id)
    if row is None:
        return None
    return FormerNote(note_uri=row["note_uri"], grant_id=row["grant_id"], withdrawn_at=row["withdrawn_at"])


async def find_grant(reader: Reader, note: str) -> Grant | None:
    """The grant whose Note had this id (or last segment of an id) before."""
    row = await reader.one(
        "SELECT grants.* FROM grants JOIN former_notes ON former_notes.grant_id = grants.id"
        " WHERE former_notes.note_uri = ? OR former_notes.note_id = ?",
        note,
        note,
    )
    return read_grant(row) if row else None
