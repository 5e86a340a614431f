"""The grants of one person, by everything that the person is known by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from badgefed.model.grant import Grant
from badgefed.model.recipient import profile_alias
from badgefed.store import remote_actors
from badgefed.store.database import Reader, Value, placeholders
from badgefed.store.grants import read_grant
from badgefed.store.holders import Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Addresses in lower case, ids of actors, and the other names of these (as `model.recipient.profile_alias` makes them)."""

    emails: tuple[str, ...] = ()
    actor_ids: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


async def load_names(reader: Reader, identities: Iterable[Identity]) -> Names:
    """All the names of these identities."""
    known = list(identities)
    actor_ids = tuple(identity.alias for identity in known if identity.email is None)
    actors = await remote_actors.find_actors(reader, actor_ids)
    aliases = [profile_alias(actor_id) for actor_id in actor_ids]
    for actor in actors.values():
        aliases += remote_actors.aliases_of(actor)
    return Names(
        emails=tuple(identity.email for identity in known if identity.email is not None),
        actor_ids=actor_ids,
        aliases=tuple(dict.fromkeys(aliases)),
    )


async def list_held(reader: Reader, names: Names, *, limit: int, before: int | None = None) -> list[Grant]:
    """Grants in every state, newest first, those with an id below `before`.

    The sum in the order keeps planners from going through all grants of the store until the limit is reached.
    """
    ids, parameters = _ids(names)
    condition = "" if before is None else " AND id < ?"
    rows = await reader.all(
        f"SELECT * FROM grants WHERE id IN ({ids}){condition} ORDER BY id + 0 DESC LIMIT ?",
        *parameters,
        *(() if before is None else (before,)),
        limit,
    )
    return [read_grant(row) for row in rows]


async def find_held(reader: Reader, names: Names, uuid: str) -> Grant | None:
    """One of them, by its UUID."""
    ids, parameters = _ids(names)
    row = await reader.one(f"SELECT * FROM grants WHERE uuid = ? AND id IN ({ids})", uuid, *parameters)
    return read_grant(row) if row else None


async def find_last_issuer(reader: Reader, names: Names) -> int | None:
    """The issuer of the newest grant whose issuer is still there."""
    ids, parameters = _ids(names)
    row = await reader.one(
        "SELECT grants.issuer_id FROM grants JOIN issuers ON issuers.id = grants.issuer_id"
        f" WHERE grants.id IN ({ids}) AND issuers.deleted_at IS NULL ORDER BY grants.id DESC LIMIT 1",
        *parameters,
    )
    return row["issuer_id"] if row else None


def _ids(names: Names) -> tuple[str, list[Value]]:
    """A SELECT of the grants' ids, each part of which has its index."""
    parts = (
        ("email IS NOT NULL AND LOWER(email)", names.emails),
        ("actor_id", names.actor_ids),
        ("active_recipient", (*names.actor_ids, *names.aliases)),
    )
    selects = [
        f"SELECT id FROM grants WHERE {column} IN ({placeholders(len(values))})"
        for column, values in parts
        if values
    ]
    parameters: list[Value] = [value for _, values in parts for value in values]
    return " UNION ".join(selects) or "NULL", parameters
