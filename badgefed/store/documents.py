"""Published bytes of a grant: the Note, the OB 2.0 assertion, the OB 3.0 credential."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from badgefed.store.database import Reader, Transaction


class DocumentKind(StrEnum):
    NOTE = "note"
    ASSERTION = "assertion"
    CREDENTIAL = "credential"


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


async def add_document(tx: Transaction, document: Document, *, now: int) -> None:
    """Keeps the first bytes of a kind for a grant: they are never replaced."""
    await tx.execute(
        "INSERT INTO documents (grant_id, kind, body, created_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (grant_id, kind) DO NOTHING",
        document.grant_id,
        document.kind,
        document.body,
        now,
    )
