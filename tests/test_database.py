from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from badgefed.errors import Conflict, SettingsError
from badgefed.store.database import Database, Reader, Transaction
from badgefed.store.migrate import is_current, migrate, migrations, open_database, statements
from badgefed.store.postgresql import DIALECT as POSTGRESQL
from badgefed.store.sqlite import DIALECT as SQLITE
from tests.postgresql import Cluster


async def add(tx: Transaction, slug: str) -> int:
    row = await tx.one(
        "INSERT INTO organizations (uuid, slug, name, created_at) VALUES (?, ?, ?, ?) RETURNING id",
        slug,
        slug,
        "N",
        1,
    )
    assert row is not None
    return int(row["id"])


async def slugs(reader: Reader) -> list[str]:
    return [row["slug"] for row in await reader.all("SELECT slug FROM organizations ORDER BY slug")]


async def test_a_write_returns_its_result_after_the_commit(any_database: Database) -> None:
    number = await any_database.write(lambda tx: add(tx, "a"))
    row = await any_database.one("SELECT slug FROM organizations WHERE id = ?", number)
    assert row == {"slug": "a"}


async def test_a_failed_transaction_leaves_nothing(any_database: Database) -> None:
    async def fail(tx: Transaction) -> None:
        await add(tx, "a")
        raise Conflict("no")

    with pytest.raises(Conflict, match="no"):
        await any_database.write(fail)
    assert await slugs(any_database) == []


async def test_one_of_many_at_once_fails_alone(any_database: Database) -> None:
    async def add_or_fail(tx: Transaction, number: int) -> int:
        await add(tx, f"{number:02d}")
        if number % 3 == 0:
            raise Conflict(str(number))
        return number

    async def one(number: int) -> int:
        return await any_database.write(lambda tx: add_or_fail(tx, number))

    outcomes = await asyncio.gather(*(one(number) for number in range(30)), return_exceptions=True)
    good = [number for number in range(30) if number % 3]
    assert [outcome for outcome in outcomes if isinstance(outcome, int)] == good
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 10
    assert await slugs(any_database) == [f"{number:02d}" for number in good]


async def test_brief_transactions_are_as_good_as_others(any_database: Database) -> None:
    async def add_or_fail(tx: Transaction, number: int) -> int:
        await add(tx, f"{number:03d}")
        if number % 5 == 0:
            raise Conflict(str(number))
        return number

    async def one(number: int) -> int:
        return await any_database.write(lambda tx: add_or_fail(tx, number), is_brief=number % 7 != 0)

    for numbers in (range(100), range(101, 105), range(106, 107)):
        outcomes = await asyncio.gather(*(one(number) for number in numbers), return_exceptions=True)
        assert [isinstance(outcome, Conflict) for outcome in outcomes] == [
            not number % 5 for number in numbers
        ]
    kept = [f"{number:03d}" for number in (*range(100), *range(101, 105), 106) if number % 5]
    assert await slugs(any_database) == kept


async def test_a_brief_group_that_is_cut_off_leaves_nothing(database: Database) -> None:
    async def slow(tx: Transaction) -> None:
        await add(tx, "a")
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await database.write(slow, is_brief=True)
    await database.write(lambda tx: add(tx, "b"), is_brief=True)
    assert await slugs(database) == ["b"]


async def test_a_broken_statement_is_its_transactions_alone(any_database: Database) -> None:
    outcomes = await asyncio.gather(
        any_database.write(lambda tx: add(tx, "same")),
        any_database.write(lambda tx: tx.execute("SELECT nonsense FROM nowhere")),
        any_database.write(lambda tx: add(tx, "other")),
        return_exceptions=True,
    )
    assert [isinstance(outcome, Exception) for outcome in outcomes] == [False, True, False]
    assert await slugs(any_database) == ["other", "same"]


async def test_a_read_sees_one_snapshot(any_database: Database) -> None:
    async def count_twice(reader: Reader) -> tuple[int, int]:
        return len(await slugs(reader)), len(await slugs(reader))

    async def write_some() -> None:
        for number in range(20):
            await any_database.write(lambda tx, number=number: add(tx, str(number)))  # type: ignore[misc]

    async def read_some() -> None:
        for _ in range(20):
            first, second = await any_database.read(count_twice)
            assert first == second

    await asyncio.gather(write_some(), read_some())


async def test_execute_counts_and_many_repeats(any_database: Database) -> None:
    async def work(tx: Transaction) -> int:
        await tx.many(
            "INSERT INTO organizations (uuid, slug, name, created_at) VALUES (?, ?, ?, ?)",
            [(str(number), str(number), "N", number) for number in range(5)],
        )
        return await tx.execute("UPDATE organizations SET name = ? WHERE created_at >= ?", "M", 3)

    assert await any_database.write(work) == 2


async def test_sqlite_refuses_a_transaction_that_waits_for_something_else(database: Database) -> None:
    async def wait(tx: Transaction) -> None:
        await add(tx, "a")
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="awaited something other"):
        await database.write(wait)
    assert await slugs(database) == []


async def test_a_caller_that_gave_up_disturbs_nobody(any_database: Database) -> None:
    task = asyncio.create_task(any_database.write(lambda tx: add(tx, "a")))
    await asyncio.sleep(0)
    task.cancel()
    await any_database.write(lambda tx: add(tx, "b"))
    assert "b" in await slugs(any_database)


@pytest.mark.parametrize("is_brief", [False, True])
async def test_nobody_waits_for_ever_for_a_writer_that_is_gone(tmp_path: Path, is_brief: bool) -> None:
    database = await open_database(f"sqlite:///{tmp_path / 'x.db'}")
    await migrate(database)
    await database.close()
    async with asyncio.timeout(10):
        with pytest.raises(ValueError, match=r"(?i)closed|no active connection"):
            await database.write(lambda tx: add(tx, "late"), is_brief=is_brief)


async def test_closing_waits_for_what_was_handed_in(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'x.db'}"
    database = await open_database(url)
    await migrate(database)
    task = asyncio.create_task(database.write(lambda tx: add(tx, "a")))
    await asyncio.sleep(0)
    await database.close()
    assert await task == 1


async def test_migrating_twice_changes_nothing(any_database: Database) -> None:
    await any_database.write(lambda tx: add(tx, "a"))
    assert await is_current(any_database)
    assert await migrate(any_database) == max(migrations())
    assert await slugs(any_database) == ["a"]


async def test_two_processes_migrate_at_once(tmp_path: Path, cluster: Cluster) -> None:
    cluster.sql("CREATE DATABASE two_at_once")
    for url in (f"sqlite:///{tmp_path / 'x.db'}", cluster.url("two_at_once")):
        databases = [await open_database(url) for _ in range(4)]
        versions = await asyncio.gather(*(migrate(database) for database in databases))
        assert versions == [max(migrations())] * 4
        for database in databases:
            await database.close()


async def test_tables_newer_than_the_program_are_refused(any_database: Database) -> None:
    await any_database.write(lambda tx: tx.execute("INSERT INTO schema_version (version) VALUES (?)", 999))
    with pytest.raises(SettingsError, match="update it"):
        await migrate(any_database)
    assert not await is_current(any_database)


@pytest.mark.parametrize("version", sorted(migrations()))
async def test_migrates_from_each_version_with_data_in_it(
    version: int, tmp_path: Path, cluster: Cluster
) -> None:
    cluster.sql(f"CREATE DATABASE from_version_{version}")
    for url in (f"sqlite:///{tmp_path / 'x.db'}", cluster.url(f"from_version_{version}")):
        database = await open_database(url)
        assert await migrate(database, to=version) == version
        await database.write(lambda tx: add(tx, "kept"))
        assert await migrate(database) == max(migrations())
        assert await slugs(database) == ["kept"]
        await database.close()


def test_statements_are_split_and_translated() -> None:
    sql = "-- a comment;\nCREATE TABLE a (\n    id $ID,\n    b $BLOB\n);\n\nCREATE INDEX c ON a (b);\n"
    assert statements(sql, SQLITE) == [
        "CREATE TABLE a (\n    id INTEGER PRIMARY KEY AUTOINCREMENT,\n    b BLOB\n)",
        "CREATE INDEX c ON a (b);",
    ]


def test_a_statement_can_be_for_one_database_alone() -> None:
    sql = "$SQLITE CREATE TRIGGER a BEGIN\n    DELETE FROM b; END;\n$POSTGRESQL\nCREATE c $ID;\nCREATE d;\n"
    assert statements(sql, SQLITE) == ["CREATE TRIGGER a BEGIN\n    DELETE FROM b; END", "CREATE d;"]
    assert statements(sql, POSTGRESQL)[0].startswith("CREATE c BIGINT GENERATED")
    assert len(statements(sql, POSTGRESQL)) == 2


def test_versions_have_no_gaps() -> None:
    assert list(migrations()) == list(range(1, len(migrations()) + 1))
