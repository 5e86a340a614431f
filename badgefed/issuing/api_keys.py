"""Keys of an organization's programs: made, shown once, and revoked."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass, replace

from badgefed.errors import Forbidden, Invalid, NotFound
from badgefed.issuing import quotas
from badgefed.model.audit import SYSTEM, Action, Author, Target
from badgefed.model.identifiers import new_uuid
from badgefed.model.organization import ApiKey, Dialect, Role, allowed_scopes
from badgefed.model.times import DAY
from badgefed.protocol.openbadges import clean_text
from badgefed.store import api_keys, audit, members, users
from badgefed.store.database import Reader, Transaction
from badgefed.texts import N_, say
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

MAX_NAME = 100
MAX_RATE = 1_000_000
MAX_DAYS = 36_500

NO_KEY = N_("There is no such key here.")

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


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedKey:
    """What a key is to be: all scopes that its maker's role covers if none are named, the dialect's rate if none is given."""

    name: str
    dialect: Dialect
    scopes: tuple[str, ...] = ()
    rate: int | None = None
    expires_at: int | None = None


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
    """Raises `Invalid`; `Forbidden` where the plan has no more keys, and for scopes that the user's role doesn't cover."""
    role = await members.find_role(tx, organization_id=organization_id, user_id=user_id)
    name, scopes = _read_name(wanted.name), _choose_scopes(wanted.scopes, role)
    await quotas.check_keys(tx, organization_id, now=now)
    rate = DEFAULT_RATES.get(wanted.dialect, DEFAULT_RATE) if wanted.rate is None else wanted.rate
    key = await api_keys.add_key(
        tx,
        uuid=new_uuid(now),
        organization_id=organization_id,
        user_id=user_id,
        name=name,
        key=new.key,
        prefix=new.prefix,
        scopes=scopes,
        rate=rate,
        expires_at=wanted.expires_at,
        now=now,
    )
    await record_key(tx, Action.KEY_CREATE, key, by=by, now=now)
    return key


def _read_name(text: str) -> str:
    name = clean_text(text).strip()
    if not 1 <= len(name) <= MAX_NAME:
        raise Invalid(
            say("Say what the key is for, in at most %(most)s characters.", most=MAX_NAME), field="name"
        )
    return name


def _choose_scopes(wanted: tuple[str, ...], role: Role | None) -> tuple[str, ...]:
    unknown = [scope for scope in wanted if scope not in SCOPES]
    if unknown:
        raise Invalid(f"unknown scope {', '.join(unknown)}; there are {', '.join(SCOPES)}", field="scopes")
    covered = allowed_scopes(SCOPES, role)
    beyond = tuple(scope for scope in wanted if scope not in covered)
    if beyond:
        raise Forbidden(
            say(
                "A key can do no more than who makes it, and their role does not cover %(scopes)s.",
                scopes=beyond,
            )
        )
    return tuple(scope for scope in covered if scope in (wanted or covered))


async def create_key(
    services: Services,
    *,
    email: str,
    name: str,
    dialect: Dialect,
    organization: str | None = None,
    scopes: tuple[str, ...] = (),
    rate: int | None = None,
    expires_in_days: int | None = None,
    by: Author = SYSTEM,
) -> NewKey:
    """A user's key for the organization with this slug, or for the one that they joined first.

    Raises `NotFound`, and as `add_key`.
    """
    new, now = make_key(dialect), services.clock()
    wanted = WantedKey(
        name=name,
        dialect=dialect,
        scopes=scopes,
        rate=rate,
        expires_at=None if expires_in_days is None else now + expires_in_days * DAY,
    )

    async def add(tx: Transaction) -> None:
        user_id, organization_id = await _find_maker(tx, email, organization)
        await add_key(tx, organization_id, user_id, wanted, new, by=by, now=now)

    await services.database.write(add)
    return new


async def _find_maker(reader: Reader, email: str, slug: str | None) -> tuple[int, int]:
    """The ids of the user and of their organization."""
    user = await users.find_user(reader, email)
    if user is None:
        raise NotFound(f"there is no user {email}; `badgefed create-user` makes one")
    if slug is None:
        home = await members.first_organization(reader, user.id)
    else:
        membership = await members.find_membership(reader, user.id, slug)
        home = membership.organization if membership else None
    if home is None:
        raise NotFound(f"{email} does not belong to {slug or 'any organization'}")
    return user.id, home.id


async def revoke_key(services: Services, key_id: int, *, by: Author = SYSTEM) -> ApiKey:
    """Raises `NotFound` where there is no such key, or where it was revoked already."""
    now = services.clock()

    async def revoke(tx: Transaction) -> ApiKey:
        key = await api_keys.find_key(tx, key_id)
        if key is None or key.revoked_at is not None:
            raise NotFound(f"there is no key {key_id} that works; `badgefed list-keys` shows those that do")
        return await _revoke(tx, key, by=by, now=now)

    return await services.database.write(revoke)


async def revoke_own_key(tx: Transaction, uuid: str, *, organization_id: int, by: Author, now: int) -> ApiKey:
    """The key of the organization, which works no more, also where it was revoked before. Raises `NotFound`."""
    key = await api_keys.find_own_key(tx, uuid.lower(), organization_id=organization_id)
    if key is None:
        raise NotFound(NO_KEY)
    return await _revoke(tx, key, by=by, now=now)


async def _revoke(tx: Transaction, key: ApiKey, *, by: Author, now: int) -> ApiKey:
    if await api_keys.revoke_key(tx, key.id, now=now):
        await record_key(tx, Action.KEY_REVOKE, key, by=by, now=now)
        return replace(key, revoked_at=now)
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
