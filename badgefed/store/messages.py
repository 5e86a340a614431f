"""Direct messages that we sent about a grant; answers to them are found by their uri."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from badgefed.store.database import Reader, Row, Transaction


class MessageKind(StrEnum):
    """`grant` tells of a badge and can be answered, `help` says how to answer, `code` proves a profile."""

    GRANT = "grant"
    HELP = "help"
    CODE = "code"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """`actor_id` is who it was sent to; `body` the Note's bytes."""

    uri: str
    grant_id: int
    kind: MessageKind
    actor_id: str
    body: bytes


def _message(row: Row) -> Message:
    return Message(
        uri=row["uri"],
        grant_id=row["grant_id"],
        kind=MessageKind(row["kind"]),
        actor_id=row["actor_id"],
        body=row["body"],
    )


async def find_message(reader: Reader, uri: str) -> Message | None:
    row = await reader.one("SELECT * FROM messages WHERE uri = ?", uri)
    return _message(row) if row else None


async def list_messages(reader: Reader, grant_id: int) -> list[Message]:
    """Oldest first."""
    rows = await reader.all("SELECT * FROM messages WHERE grant_id = ? ORDER BY id", grant_id)
    return [_message(row) for row in rows]


async def add_message(tx: Transaction, message: Message, *, now: int) -> None:
    await tx.execute(
        "INSERT INTO messages (uri, grant_id, kind, actor_id, body, created_at) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (uri) DO NOTHING",
        message.uri,
        message.grant_id,
        message.kind,
        message.actor_id,
        message.body,
        now,
    )


async def delete_messages(tx: Transaction, grant_id: int) -> None:
    await tx.execute("DELETE FROM messages WHERE grant_id = ?", grant_id)
