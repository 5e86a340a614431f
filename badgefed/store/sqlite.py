"""SQLite: one writer, several readers, each a connection with a thread of its own.

A transaction runs as a whole in the writer's thread, so it costs one hop and no other coroutine can come between its
statements. Transactions that wait at the same time share one COMMIT, each in a SAVEPOINT of its own.

Where all of them are brief, their statements run in the event loop, and only BEGIN, which may wait for a lock, and
COMMIT, which waits for the disk, in the thread: else each statement would hand the interpreter's lock to and fro.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import aiosqlite

from badgefed.store.changes import Changes, written_tables
from badgefed.store.conflicts import conflict
from badgefed.store.database import Dialect, FullText, Reader, Row, Transaction, Value

A = TypeVar("A")
T = TypeVar("T")

DIALECT = Dialect(
    name="sqlite",
    locked="",
    skip_locked="",
    like="LIKE",
    fold="FOLD",
    integer_key="INTEGER PRIMARY KEY AUTOINCREMENT",
    blob="BLOB",
    full_text=FullText(
        # The sign keeps the planner from sorting all hits of a frequent word: it goes through the list in its order.
        condition="+{table}.id IN (SELECT rowid FROM {table}_search WHERE {table}_search MATCH ?)",
        each=None,
        whole='"{word}"',
        start='"{word}"*',
        both=" AND ",
    ),
)
BROKEN_KEYS = frozenset(
    {
        sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY,
        sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
        sqlite3.SQLITE_CONSTRAINT_UNIQUE,
    }
)
READERS = 4
GROUP = 256
BUSY_MILLISECONDS = 30_000
SLICE_SECONDS = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class _Write:
    work: Callable[[Transaction], Awaitable[Any]]
    future: asyncio.Future[Any]
    is_brief: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    result: Any = None
    error: BaseException | None = None
    tables: frozenset[str] = frozenset()


class SqliteTransaction:
    """Runs statements at once on the thread that it is called in; its coroutines never suspend."""

    dialect = DIALECT

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.tables: frozenset[str] = frozenset()

    async def one(self, sql: str, *parameters: Value) -> Row | None:
        self.tables |= written_tables(sql)
        cursor = self._connection.execute(sql, parameters)
        row = cursor.fetchone()
        names = cursor.description
        cursor.close()
        return None if row is None else {name[0]: value for name, value in zip(names, row, strict=True)}

    async def all(self, sql: str, *parameters: Value) -> list[Row]:
        self.tables |= written_tables(sql)
        cursor = self._connection.execute(sql, parameters)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    async def execute(self, sql: str, *parameters: Value) -> int:
        self.tables |= written_tables(sql)
        return self._connection.execute(sql, parameters).rowcount

    async def many(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        self.tables |= written_tables(sql)
        self._connection.executemany(sql, rows)


def _drive(awaitable: Awaitable[T]) -> T:
    coroutine = cast("Coroutine[Any, Any, T]", awaitable)
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return cast("T", stop.value)
    coroutine.close()
    raise RuntimeError("a transaction awaited something other than its own statements")


def _run_one(connection: sqlite3.Connection, write: _Write) -> _Outcome:
    transaction = SqliteTransaction(connection)
    connection.execute("SAVEPOINT one")
    try:
        result = _drive(write.work(transaction))
    except BaseException as error:  # noqa: BLE001 - it belongs to the caller who waits for this transaction
        connection.execute("ROLLBACK TO one")
        connection.execute("RELEASE one")
        return _Outcome(error=_as_conflict(error))
    connection.execute("RELEASE one")
    return _Outcome(result=result, tables=transaction.tables)


def _as_conflict(error: BaseException) -> BaseException:
    code = getattr(error, "sqlite_errorcode", None)
    if not isinstance(error, sqlite3.IntegrityError) or code not in BROKEN_KEYS:
        return error
    made = conflict(error)
    made.__cause__ = error
    return made


def _run_group(connection: sqlite3.Connection, group: list[_Write]) -> list[_Outcome]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        outcomes = [_run_one(connection, write) for write in group]
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return outcomes


def _begin(connection: sqlite3.Connection, _: None) -> None:
    connection.execute("BEGIN IMMEDIATE")


def _commit(connection: sqlite3.Connection, _: None) -> None:
    connection.execute("COMMIT")


def _run_read(connection: sqlite3.Connection, work: Callable[[Reader], Awaitable[T]]) -> T:
    connection.execute("BEGIN")
    try:
        return _drive(work(SqliteTransaction(connection)))
    finally:
        connection.execute("COMMIT")


def _fold(text: str | None) -> str | None:
    """Lower case of every script: SQLite's own LOWER and LIKE know ASCII only."""
    return None if text is None else text.lower()


async def _open(path: Path, *pragmas: str) -> aiosqlite.Connection:
    connection = await aiosqlite.connect(
        path, isolation_level=None, cached_statements=512, check_same_thread=False
    )
    await connection.create_function(DIALECT.fold, 1, _fold, deterministic=True)
    for pragma in (f"busy_timeout = {BUSY_MILLISECONDS}", "foreign_keys = ON", *pragmas):
        await connection.execute(f"PRAGMA {pragma}")
    return connection


async def _in_thread(
    connection: aiosqlite.Connection, function: Callable[[sqlite3.Connection, A], T], argument: A
) -> T:
    return cast("T", await connection._execute(function, connection._conn, argument))  # type: ignore[no-untyped-call]


class SqliteDatabase:
    """Open with `await SqliteDatabase.open(path)`."""

    dialect = DIALECT

    def __init__(self, writer: aiosqlite.Connection, readers: list[aiosqlite.Connection]) -> None:
        self._writer = writer
        self._readers: asyncio.LifoQueue[aiosqlite.Connection] = asyncio.LifoQueue()
        for reader in readers:
            self._readers.put_nowait(reader)
        self.changes = Changes()
        self._waiting: list[_Write] = []
        self._committer: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, path: Path) -> SqliteDatabase:
        """Opens or creates the file. Commits survive a crash of the machine (synchronous = FULL)."""
        writer = await _open(path, "journal_mode = WAL", "synchronous = FULL")
        readers = [await _open(path, "query_only = ON") for _ in range(READERS)]
        return cls(writer, readers)

    async def one(self, sql: str, *parameters: Value) -> Row | None:
        return await self.read(lambda reader: reader.one(sql, *parameters))

    async def all(self, sql: str, *parameters: Value) -> list[Row]:
        return await self.read(lambda reader: reader.all(sql, *parameters))

    async def read(self, work: Callable[[Reader], Awaitable[T]]) -> T:
        reader = await self._readers.get()
        try:
            return await _in_thread(reader, _run_read, work)
        finally:
            self._readers.put_nowait(reader)

    async def write(self, work: Callable[[Transaction], Awaitable[T]], *, is_brief: bool = False) -> T:
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Write(work=work, future=future, is_brief=is_brief))
        if self._committer is None or self._committer.done():
            self._committer = asyncio.create_task(self._commit_groups())
        return await future

    async def _commit_groups(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting[:GROUP], self._waiting[GROUP:]
            for write, outcome in zip(group, await self._run(group), strict=True):
                self.changes.record(outcome.tables)
                _settle(write.future, outcome)

    async def _run(self, group: list[_Write]) -> list[_Outcome]:
        """Whatever goes wrong with the group as a whole is each of its callers' to know: none of them may wait for ever."""
        try:
            if all(write.is_brief for write in group):
                return await self._run_brief(group)
            return await _in_thread(self._writer, _run_group, group)
        except BaseException as error:  # noqa: BLE001 - it is raised where the transactions are waited for
            return [_Outcome(error=error)] * len(group)

    async def _run_brief(self, group: list[_Write]) -> list[_Outcome]:
        """Gives the event loop its turn after each millisecond."""
        connection = self._writer._conn
        await _in_thread(self._writer, _begin, None)
        try:
            outcomes, until = [], time.perf_counter() + SLICE_SECONDS
            for write in group:
                outcomes.append(_run_one(connection, write))
                if time.perf_counter() > until:
                    await asyncio.sleep(0)
                    until = time.perf_counter() + SLICE_SECONDS
            await _in_thread(self._writer, _commit, None)
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return outcomes

    async def close(self) -> None:
        """Waits for what was handed in, then closes every connection."""
        if self._committer is not None:
            await self._committer
        for _ in range(READERS):
            await (await self._readers.get()).close()
        await self._writer.close()


def _settle(future: asyncio.Future[Any], outcome: _Outcome) -> None:
    if future.done():
        return
    if outcome.error is not None:
        future.set_exception(outcome.error)
    else:
        future.set_result(outcome.result)
