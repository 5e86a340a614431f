"""A database that counts the statements that it runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeVar

from badgefed.store.changes import Changes
from badgefed.store.database import Database, Dialect, Reader, Row, Transaction, Value

T = TypeVar("T")


class CountingDatabase:
    """As the database behind it; `count` may be set back at any time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.count = 0

    @property
    def dialect(self) -> Dialect:
        return self._database.dialect

    @property
    def changes(self) -> Changes:
        return self._database.changes

    async def one(self, sql: str, *parameters: Value) -> Row | None:
        self.count += 1
        return await self._database.one(sql, *parameters)

    async def all(self, sql: str, *parameters: Value) -> list[Row]:
        self.count += 1
        return await self._database.all(sql, *parameters)

    async def read(self, work: Callable[[Reader], Awaitable[T]]) -> T:
        return await self._database.read(lambda reader: work(_CountingReader(self, reader)))

    async def write(self, work: Callable[[Transaction], Awaitable[T]], *, is_brief: bool = False) -> T:
        return await self._database.write(lambda tx: work(_CountingTransaction(self, tx)), is_brief=is_brief)

    async def close(self) -> None:
        await self._database.close()


class _CountingReader:
    def __init__(self, counted: CountingDatabase, reader: Reader) -> None:
        self._counted = counted
        self._reader = reader

    @property
    def dialect(self) -> Dialect:
        return self._reader.dialect

    async def one(self, sql: str, *parameters: Value) -> Row | None:
        self._counted.count += 1
        return await self._reader.one(sql, *parameters)

    async def all(self, sql: str, *parameters: Value) -> list[Row]:
        self._counted.count += 1
        return await self._reader.all(sql, *parameters)


class _CountingTransaction(_CountingReader):
    def __init__(self, counted: CountingDatabase, tx: Transaction) -> None:
        super().__init__(counted, tx)
        self._tx = tx

    async def execute(self, sql: str, *parameters: Value) -> int:
        self._counted.count += 1
        return await self._tx.execute(sql, *parameters)

    async def many(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        self._counted.count += 1
        await self._tx.many(sql, rows)
