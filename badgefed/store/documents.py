"""Published bytes of a grant: the Note, the OB 2.0 assertion, the OB 3.0 credential."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from badgefed.store.database import Reader, Transaction, Value, placeholders


class DocumentKind(StrEnum):
    NOTE = "note"
    ASSERTION = "assertion"
    CREDENTIAL = "credential"
    JWT = "jwt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    grant_id: int
    kind: DocumentKind
    body: bytes


async def find_document(reader: Reader, grant_id: int, kind: DocumentKind) -> Document | None:
    row = await reader.one("SELECT * FROM documents WHERE grant_id = ? AND kind = ?", grant_id, kind)
    if row is None:
        return None
    return Document(grant_id=row["grant_id"], kind=kind, body=row["body"])


async def list_documents(reader: Reader, grant_ids: Sequence[int], kind: DocumentKind) -> dict[int, bytes]:
    """The documents of one kind, by their grants."""
    rows = await reader.all(
        "SELECT grant_id, body FROM documents"
        f" WHERE kind = ? AND grant_id IN ({placeholders(len(grant_ids)) or 'NULL'})",
        kind,
        *grant_ids,
    )
    return {row["grant_id"]: row["body"] for row in rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedNote:
    """A Note that may be listed; `processed_at` and `grant_id` are its place in the order."""

    grant_id: int
    processed_at: int
    body: bytes


async def list_notes(
    reader: Reader, issuer_id: int, *, before: tuple[int, int] | None = None, limit: int
) -> list[ListedNote]:
    """Notes of an issuer's public grants, the last published first; `before` is the place of the last one seen."""
    condition = "" if before is None else " AND (grants.processed_at, grants.id) < (?, ?)"
    parameters: list[Value] = [issuer_id, *(before or ())]
    rows = await reader.all(
        "SELECT grants.id, grants.processed_at, documents.body FROM grants"
        " JOIN documents ON documents.grant_id = grants.id AND documents.kind = 'note'"
        " WHERE grants.issuer_id = ? AND grants.status = 'processed' AND grants.visibility = 'public'"
        f"{condition} ORDER BY grants.processed_at DESC, grants.id DESC LIMIT ?",
        *parameters,
        limit,
    )
    return [
        ListedNote(grant_id=row["id"], processed_at=row["processed_at"], body=row["body"]) for row in rows
    ]


async def add_document(tx: Transaction, document: Document, *, now: int) -> None:
    """Keeps the first bytes of a kind for a grant; only a Note may be replaced later."""
    await tx.execute(
        "INSERT INTO documents (grant_id, kind, body, created_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (grant_id, kind) DO NOTHING",
        document.grant_id,
        document.kind,
        document.body,
        now,
    )


async def replace_note(tx: Transaction, grant_id: int, body: bytes) -> None:
    """Puts an edited Note in place of the one before."""
    await tx.execute(
        "UPDATE documents SET body = ? WHERE grant_id = ? AND kind = ?", body, grant_id, DocumentKind.NOTE
    )
