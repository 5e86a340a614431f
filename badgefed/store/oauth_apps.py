"""What this server registered as an OAuth client at other servers, one row per host."""

from __future__ import annotations

from dataclasses import dataclass, fields

from badgefed.store.database import Reader, Row, Transaction, placeholders


@dataclass(frozen=True, slots=True, kw_only=True)
class OauthApp:
    """A host's doors and the client that was registered there. `sealed_secret` is encrypted; instants in microseconds.

    `unanswered` counts the sign-ins that were sent there since the last one that came back.
    """

    host: str
    issuer: str
    names_itself: bool
    authorization_endpoint: str
    token_endpoint: str
    revocation_endpoint: str
    userinfo_endpoint: str | None
    account_endpoint: str
    scope: str
    client_id: str
    sealed_secret: bytes
    unanswered: int
    registered_at: int
    used_at: int
    expires_at: int | None


_COLUMNS = {field.name: field.name for field in fields(OauthApp)} | {"sealed_secret": "client_secret"}


def _app(row: Row) -> OauthApp:
    values = {name: row[column] for name, column in _COLUMNS.items()}
    return OauthApp(**{**values, "names_itself": bool(row["names_itself"])})


async def find_app(reader: Reader, host: str) -> OauthApp | None:
    row = await reader.one("SELECT * FROM oauth_apps WHERE host = ?", host)
    return _app(row) if row else None


async def replace_app(tx: Transaction, app: OauthApp, *, replaces: OauthApp | None) -> None:
    """Stores the app in the place of the one that it was registered to replace; where another one stands by now, that one stays."""
    values = [getattr(app, name) for name in _COLUMNS]
    updates = ", ".join(f"{column} = EXCLUDED.{column}" for column in _COLUMNS.values() if column != "host")
    await tx.execute(
        f"INSERT INTO oauth_apps ({', '.join(_COLUMNS.values())}) VALUES ({placeholders(len(values))})"
        f" ON CONFLICT (host) DO UPDATE SET {updates} WHERE oauth_apps.client_id = ?",
        *(int(value) if isinstance(value, bool) else value for value in values),
        replaces.client_id if replaces else "",
    )


async def note_departure(tx: Transaction, host: str, *, now: int) -> None:
    """One more sign-in was sent to the host."""
    await tx.execute(
        "UPDATE oauth_apps SET unanswered = unanswered + 1, used_at = ? WHERE host = ?", now, host
    )


async def note_return(tx: Transaction, host: str) -> None:
    """One came back from it."""
    await tx.execute("UPDATE oauth_apps SET unanswered = 0 WHERE host = ?", host)


async def delete_app(tx: Transaction, host: str, client_id: str) -> None:
    """Forgets this registration, if it is still the host's."""
    await tx.execute("DELETE FROM oauth_apps WHERE host = ? AND client_id = ?", host, client_id)


async def delete_unused(tx: Transaction, *, before: int, limit: int) -> int:
    """Forgets up to `limit` registrations that were not used since an instant; the number of them."""
    return await tx.execute(
        "DELETE FROM oauth_apps WHERE host IN (SELECT host FROM oauth_apps WHERE used_at < ? LIMIT ?)",
        before,
        limit,
    )
