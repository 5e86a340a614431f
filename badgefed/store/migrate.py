"""Opening a database, and bringing its tables to this program's version. Forward only, by numbered SQL files."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

from badgefed.errors import SettingsError
from badgefed.store.database import Database, Dialect, Reader, Transaction
from badgefed.store.postgresql import PostgresqlDatabase
from badgefed.store.sqlite import SqliteDatabase

LOCK = 0x6261646765  # "badge"
_NAME = re.compile(r"(\d{4})_\w+\.sql")
_ONLY = re.compile(r"\$(SQLITE|POSTGRESQL)\s+")


async def open_database(url: str) -> Database:
    """The database behind `sqlite:///path` or `postgresql://…`, as it is: see `migrate`."""
    if url.startswith("sqlite:///"):
        return await SqliteDatabase.open(Path(url.removeprefix("sqlite:///")))
    return await PostgresqlDatabase.open(url)


def migrations() -> dict[int, str]:
    """The SQL of each version, ascending."""
    folder = resources.files("badgefed.store") / "migrations"
    found = {
        int(match[1]): entry.read_text(encoding="utf-8")
        for entry in folder.iterdir()
        if (match := _NAME.fullmatch(entry.name))
    }
    return dict(sorted(found.items()))


def statements(sql: str, dialect: Dialect) -> list[str]:
    """The statements of a migration in a dialect's words; one ends with a line.

    One that begins with `$SQLITE` or `$POSTGRESQL` is for that database alone.
    """
    code = "\n".join(line for line in sql.splitlines() if not line.startswith("--"))
    code = code.replace("$ID", dialect.integer_key).replace("$BLOB", dialect.blob)
    found = (statement.strip() for statement in code.split(";\n"))
    return [own for statement in found if (own := _own_part(statement, dialect))]


def _own_part(statement: str, dialect: Dialect) -> str:
    """The statement without its mark; empty if it is another database's."""
    match = _ONLY.match(statement)
    if match is None:
        return statement
    return statement[match.end() :] if match[1].lower() == dialect.name else ""


async def migrate(database: Database, *, to: int | None = None) -> int:
    """Brings the tables to version `to` (default: the newest) and returns the version; does nothing where they are there.

    Any number of processes may do this at once. Raises `SettingsError` if the tables are newer than this program.
    """
    known = migrations()
    target = max(known) if to is None else to

    async def apply(tx: Transaction) -> int:
        if tx.dialect.name == "postgresql":
            await tx.execute("SELECT pg_advisory_xact_lock(?)", LOCK)
        await tx.execute("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)")
        current = await _version(tx)
        if current > max(known):
            raise SettingsError(
                [f"The database is at version {current}, this program knows up to {max(known)}: update it."]
            )
        for version in (number for number in known if current < number <= target):
            for statement in statements(known[version], tx.dialect):
                await tx.execute(statement)
            await tx.execute("INSERT INTO schema_version (version) VALUES (?)", version)
        return max(current, target)

    return await database.write(apply)


async def _version(reader: Reader) -> int:
    row = await reader.one("SELECT MAX(version) AS version FROM schema_version")
    return int(row["version"] or 0) if row else 0


async def is_current(database: Database) -> bool:
    """Whether the tables are at this program's version. Raises what the database raises when it can't be reached."""
    return await _version(database) == max(migrations())
