"""Keys of an organization's programs: made, shown once, and revoked."""

from __future__ import annotations

import secrets
import string
from collections.abc import Iterable
from dataclasses import dataclass

from badgefed.errors import Conflict, Invalid, NotFound
from badgefed.issuing import quotas
from badgefed.model.audit import SYSTEM, Action, Author, Target
from badgefed.model.identifiers import new_uuid
from badgefed.model.organization import ApiKey, Dialect
from badgefed.store import api_keys, audit, members, users
from badgefed.store.database import Transaction
from badgefed.work.services import Services

SCOPES = (
    "badges:read",
    "badges:write",
    "grants:read",
    "grants:write",
    "issuers:read",
    "issuers:write",
    "webhooks:read",
    "webhooks:write",
)
DEFAULT_RATE = 600
DEFAULT_RATES = {Dialect.CREDENTIALS: 60}
"""Requests per minute of a key that is made without a rate, where the dialect has one of its own."""

KEY_MADE = "This key was made already, and shown once. Revoke it and make another if it got lost."

_ALPHANUMERIC = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """The only place where a key stands in clear."""

    key: str
    prefix: str


def make_key(dialect: Dialect) -> NewKey:
    """A random key in the form that the dialect's clients expect, at least 128 bits."""
    if dialect is Dialect.ISSUERS:
        return NewKey(key=f"bws_{secrets.token_hex(16)}", prefix="bws_")
    if dialect is Dialect.CREDENTIALS:
        characters = "".join(secrets.choice(_ALPHANUMERIC) for _ in range(32))
        return NewKey(key=f"crd_live_{characters}", prefix="crd_live_")
    key = secrets.token_hex(32)
    return NewKey(key=key, prefix=key[:8])


def check_scopes(scopes: Iterable[str]) -> None:
    """Raises `Invalid` for a scope that there isn't."""
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown:
        raise Invalid(f"unknown scope {', '.join(unknown)}; there are {', '.join(SCOPES)}", field="scope")


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedKey:
    """What a key is to be: all scopes if none are named, the dialect's rate if none is given.

    `uuid` is chosen by whoever may ask twice for one and the same key.
    """

    name: str
    dialect: Dialect
    scopes: tuple[str, ...] = ()
    rate: int | None = None
    expires_at: int | None = None
    uuid: str | None = None


async def add_key(
    tx: Transaction,
    organization_id: int,
    user_id: int,
    wanted: WantedKey,
    new: NewKey,
    *,
    by: Author,
    now: int,
) -> ApiKey:
    """Raises `Forbidden` where the plan has no more keys, `Conflict` where the key was made already."""
    await quotas.check_keys(tx, organization_id, now=now)
    rate = DEFAULT_RATES.get(wanted.dialect, DEFAULT_RATE) if wanted.rate is None else wanted.rate
    key = await api_keys.add_key(
        tx,
        uuid=wanted.uuid or new_uuid(now),
        organization_id=organization_id,
        user_id=user_id,
        name=wanted.name,
        key=new.key,
        prefix=new.prefix,
        scopes=wanted.scopes or SCOPES,
        rate=rate,
        expires_at=wanted.expires_at,
        now=now,
    )
    if key is None:
        raise Conflict(KEY_MADE)
    await record_key(tx, Action.KEY_CREATE, key, by=by, now=now)
    return key


async def create_key(
    services: Services,
    *,
    email: str,
    name: str,
    dialect: Dialect,
    scopes: tuple[str, ...] = (),
    rate: int | None = None,
    by: Author = SYSTEM,
) -> NewKey:
    """A key for the user's organization, with all scopes if none are named. Raises `NotFound`, `Invalid`, `Forbidden`."""
    check_scopes(scopes)
    new, now = make_key(dialect), services.clock()
    wanted = WantedKey(name=name, dialect=dialect, scopes=scopes, rate=rate)

    async def add(tx: Transaction) -> None:
        user = await users.find_user(tx, email)
        organization = await members.first_organization(tx, user.id) if user else None
        if user is None or organization is None:
            raise NotFound(f"there is no user {email}; `badgefed create-user` makes one")
        await add_key(tx, organization.id, user.id, wanted, new, by=by, now=now)

    await services.database.write(add)
    return new


async def revoke_key(services: Services, key_id: int, *, by: Author = SYSTEM) -> ApiKey:
    """Raises `NotFound` where there is no such key, or where it was revoked already."""
    now = services.clock()

    async def revoke(tx: Transaction) -> ApiKey:
        key = await api_keys.revoke_key(tx, key_id, now=now)
        if key is None:
            raise NotFound(f"there is no key {key_id} that works")
        await record_key(tx, Action.KEY_REVOKE, key, by=by, now=now)
        return key

    return await services.database.write(revoke)


async def revoke_own_key(
    tx: Transaction, uuid: str, *, organization_id: int, by: Author, now: int
) -> ApiKey | None:
    """The key of the organization, which works no more; None where it was revoked already. Raises `NotFound`."""
    found = await api_keys.find_own_key(tx, uuid, organization_id=organization_id)
    if found is None:
        raise NotFound("There is no such key here.")
    key = await api_keys.revoke_key(tx, found.id, now=now)
    if key is not None:
        await record_key(tx, Action.KEY_REVOKE, key, by=by, now=now)
    return key


async def record_key(tx: Transaction, action: Action, key: ApiKey, *, by: Author, now: int) -> None:
    """Writes what was done to a key into the audit log; of the key itself, its prefix."""
    await audit.record(
        tx,
        by=by,
        action=action,
        target=Target(id=key.id, label=key.name),
        organization_id=key.organization_id,
        now=now,
        details={"prefix": key.prefix, "scopes": " ".join(key.scopes)},
    )
