"""Looking for a text, on both databases: anywhere in some columns, or by its words in a full-text index."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from badgefed.store.database import Dialect, Reader, Transaction, Value

INDEXED: Mapping[str, tuple[str, ...]] = {
    "issuers": ("name", "username", "summary"),
    "badges": ("title", "description", "criteria", "hashtags"),
    "grants": ("name", "handle", "profile"),
}
MAX_WORDS = 8
MAX_WORD = 64
SHORTEST_START = 2
FREQUENT = 5_000
_COLUMNS = 4
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A condition on a table's rows, with its one parameter."""

    condition: str
    query: str


def contains(dialect: Dialect, columns: tuple[str, ...], text: str) -> tuple[str, list[Value]]:
    """A condition and its parameters: one of the columns has the text in it, in any case."""
    escaped = text.lower().replace("!", "!!").replace("%", "!%").replace("_", "!_")
    fold = "" if text.isascii() else dialect.fold
    parts = [f"{fold}({column}) {dialect.like} ? ESCAPE '!'" for column in columns]
    return f"({' OR '.join(parts)})", [f"%{escaped}%"] * len(columns)


async def forget_removed(tx: Transaction, table: str) -> None:
    """Takes words out of the index that are in no row any more; SQLite's leaves them in place until it is tidied up."""
    if tx.dialect.name == "sqlite":
        await tx.execute(f"INSERT INTO {table}_search ({table}_search) VALUES ('optimize')")


async def match(reader: Reader, table: str, text: str) -> Match | None:
    """The condition that a row has all words of `text` in what is indexed of it; None if there is no word in it.

    Words are found by their beginnings, in any case and with or without accents.
    """
    words = _WORD.findall(unicodedata.normalize("NFC", text))[:MAX_WORDS]
    if not words:
        return None
    index = reader.dialect.full_text
    query = index.both.join(
        (index.start if len(word) >= SHORTEST_START else index.whole).format(word=word[:MAX_WORD])
        for word in words
    )
    names = {"table": table, "columns": _columns(table, table), "found": _columns(table, "found")}
    if index.each is not None:
        each = Match(condition=index.each.format(**names), query=query)
        if await _is_frequent(reader, table, each):
            return each
    return Match(condition=index.condition.format(**names), query=query)


def _columns(table: str, alias: str) -> str:
    indexed = [f"{alias}.{name}" for name in INDEXED[table]]
    return ", ".join(indexed + ["NULL"] * (_COLUMNS - len(indexed)))


async def _is_frequent(reader: Reader, table: str, match: Match) -> bool:
    row = await reader.one(
        f"SELECT COUNT(*) AS n FROM (SELECT 1 FROM {table} WHERE {match.condition} LIMIT {FREQUENT}) AS hits",
        match.query,
    )
    return row is not None and row["n"] == FREQUENT
