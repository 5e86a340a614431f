"""What the two databases have in common: reading, and writing in transactions.

SQL is one text for both, with `?` for parameters, in the subset that both understand (`ON CONFLICT`, `RETURNING`, CTEs,
partial indexes). Rows come as dicts. What differs stands in `Dialect`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from badgefed.store.changes import Changes

Row = dict[str, Any]
Value = str | int | bytes | None
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class FullText:
    """How full-text indexes are asked: `store.search` puts a query together from this.

    `condition` has places for `{table}`, its `{columns}`, and those of the table as `{found}`, and one parameter, the query. In a query, `whole` stands for one
    `{word}`, `start` for all that begin with it, and `both` between two that must both be there.

    `each` is a condition of the same meaning that is quicker for frequent words, where there is one: it looks at row after row in the
    order of the list.
    """

    condition: str
    each: str | None
    whole: str
    start: str
    both: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """`locked` ends a SELECT whose rows nobody may refer to anew before this transaction ends, `skip_locked` one whose rows are
    about to be claimed. `like` and `fold` compare texts in any case, see `store.search`; `integer_key` and `blob` are for
    migrations.
    """

    name: str
    full_text: FullText
    locked: str
    skip_locked: str
    like: str
    fold: str
    integer_key: str
    blob: str


class Reader(Protocol):
    """Something that answers SELECTs: a database or a transaction."""

    @property
    def dialect(self) -> Dialect: ...

    async def one(self, sql: str, *parameters: Value) -> Row | None: ...

    async def all(self, sql: str, *parameters: Value) -> list[Row]: ...


class Transaction(Reader, Protocol):
    """An open transaction. `INSERT … RETURNING` goes through `one` and `all`."""

    async def execute(self, sql: str, *parameters: Value) -> int:
        """The number of rows that changed."""
        ...

    async def many(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        """The statement once for each row."""
        ...


class Database(Reader, Protocol):
    @property
    def changes(self) -> Changes:
        """What was committed through this value."""
        ...

    async def read(self, work: Callable[[Reader], Awaitable[T]]) -> T:
        """Several SELECTs on one snapshot. `work` may await nothing but its reader."""
        ...

    async def write(self, work: Callable[[Transaction], Awaitable[T]], *, is_brief: bool = False) -> T:
        """Commits what `work` wrote if it returns, nothing of it if it raises.

        Raises `Conflict` where a key that must be unique, or refer to a row, is broken: somebody else was faster.

        `is_brief`: it runs a dozen statements on single rows at most, so that the event loop may run it itself.

        `work` may await nothing but its transaction, must not depend on being run once only (a deadlock repeats it), and
        its result is returned after the commit.
        """
        ...

    async def close(self) -> None: ...


def placeholders(count: int) -> str:
    """`?, ?, ?` for an IN list of `count` values."""
    return ", ".join("?" * count)
