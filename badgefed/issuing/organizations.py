"""Organizations, their people, and the keys of their programs."""

from __future__ import annotations

import asyncio
import re
import secrets
import string
from dataclasses import dataclass

from badgefed.errors import Conflict, Invalid, NotFound
from badgefed.issuing.issuers import NewIssuer, add_issuer, prepare
from badgefed.model.issuer import USERNAME, Issuer
from badgefed.model.organization import Dialect, Organization, Role, User
from badgefed.model.recipient import check_email
from badgefed.protocol.passwords import check_password, hash_password
from badgefed.store import api_keys, organizations
from badgefed.store.database import Transaction
from badgefed.work.services import Services

SCOPES = ("badges:read", "badges:write", "grants:read", "grants:write", "issuers:read", "issuers:write")
DEFAULT_RATE = 600
_ALPHANUMERIC = string.ascii_letters + string.digits
_NOT_IN_SLUG = re.compile(r"[^a-z0-9_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """The only place where a key stands in clear."""

    key: str
    prefix: str


async def create_organization(
    services: Services, *, slug: str, name: str, issuer: NewIssuer | None = None
) -> tuple[Organization, Issuer]:
    """The organization with its default issuer, whose username is the slug. Raises `Invalid`, `Conflict`."""
    if not USERNAME.fullmatch(slug):
        raise Invalid("organization must be 1 to 30 of the characters a-z, 0-9 and _", field="organization")
    prepared = await prepare(services, issuer or NewIssuer(username=slug, name=name))
    now = services.clock()

    async def add(tx: Transaction) -> tuple[Organization, Issuer]:
        organization = await organizations.add_organization(tx, slug=slug, name=name, now=now)
        if organization is None:
            raise Conflict(f"there is an organization {slug!r} already")
        return organization, await add_issuer(tx, services, organization.id, prepared)

    return await services.database.write(add)


async def create_user(
    services: Services, *, email: str, organization: Organization, role: Role, password: str | None = None
) -> User:
    """The user as a member of the organization; one that is there already joins it, with this role and this password."""
    check_email(email)
    password_hash = None
    if password is not None:
        check_password(password)
        password_hash = await asyncio.to_thread(hash_password, password)
    now = services.clock()

    async def add(tx: Transaction) -> User:
        name = email.partition("@")[0]
        user = await organizations.add_user(tx, email=email, name=name, password_hash=password_hash, now=now)
        if user is None:
            user = await organizations.find_user(tx, email)
            if user is not None and password_hash is not None:
                await organizations.set_password(tx, user.id, password_hash)
        if user is None:
            raise LookupError(email)
        await organizations.set_member(
            tx, organization_id=organization.id, user_id=user.id, role=role, now=now
        )
        return user

    return await services.database.write(add)


def make_key(dialect: Dialect) -> NewKey:
    """A random key in the form that the dialect's clients expect, at least 128 bits."""
    if dialect is Dialect.ISSUERS:
        return NewKey(key=f"bws_{secrets.token_hex(16)}", prefix="bws_")
    if dialect is Dialect.CREDENTIALS:
        characters = "".join(secrets.choice(_ALPHANUMERIC) for _ in range(32))
        return NewKey(key=f"crd_live_{characters}", prefix="crd_live_")
    key = secrets.token_hex(32)
    return NewKey(key=key, prefix=key[:8])


async def create_key(
    services: Services,
    *,
    email: str,
    name: str,
    dialect: Dialect,
    scopes: tuple[str, ...] = (),
    rate: int = DEFAULT_RATE,
) -> NewKey:
    """A key for the user's organization, with all scopes if none are named. Raises `NotFound`, `Invalid`."""
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown:
        raise Invalid(f"unknown scope {', '.join(unknown)}; there are {', '.join(SCOPES)}", field="scope")
    new = make_key(dialect)
    now = services.clock()

    async def add(tx: Transaction) -> None:
        user = await organizations.find_user(tx, email)
        organization = await organizations.organization_of(tx, user.id) if user else None
        if user is None or organization is None:
            raise NotFound(f"there is no user {email}; `badgefed create-user` makes one")
        await api_keys.add_key(
            tx,
            organization_id=organization.id,
            user_id=user.id,
            name=name,
            key=new.key,
            prefix=new.prefix,
            scopes=scopes or SCOPES,
            rate=rate,
            now=now,
        )

    await services.database.write(add)
    return new


def make_slug(text: str) -> str:
    """A slug of up to 30 characters from a name; may be empty where the name has no Latin letters or digits."""
    return _NOT_IN_SLUG.sub("_", text.lower()).strip("_")[:30]
