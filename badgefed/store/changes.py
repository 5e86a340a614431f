"""Which tables this process has written to, for caches of what was read from them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

_WRITES = re.compile(r"\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+(\w+)")


@lru_cache(maxsize=1024)
def written_tables(sql: str) -> frozenset[str]:
    """The tables that a statement writes to; may name a few more words, never too few tables."""
    return frozenset(_WRITES.findall(sql))


class Changes:
    """Counts the commits of this process that wrote to each table.

    A value read from some tables is as new as the database, other processes apart, while `commits` of these tables is
    what it was before the value was read.
    """

    def __init__(self) -> None:
        self._commits: dict[str, int] = {}

    def commits(self, tables: Iterable[str]) -> int:
        commits = self._commits
        total = 0
        for table in tables:
            total += commits.get(table, 0)
        return total

    def record(self, tables: Iterable[str]) -> None:
        """To be called after each commit, before its writer learns of it."""
        for table in tables:
            self._commits[table] = self._commits.get(table, 0) + 1
