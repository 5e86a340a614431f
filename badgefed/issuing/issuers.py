"""Issuers: making them, with keys and a picture."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from badgefed.errors import Conflict, Invalid
from badgefed.issuing import quotas
from badgefed.model.audit import SYSTEM, Action, Author, Target
from badgefed.model.issuer import COLOUR, ActorType, Issuer, check_username, usernames_for
from badgefed.model.recipient import check_email
from badgefed.model.visibility import Posting
from badgefed.store import audit, issuers
from badgefed.store.database import Transaction
from badgefed.texts import say
from badgefed.work.artwork import Picture, draw_avatar_picture, read_upload, store_picture
from badgefed.work.keyring import NewKeys, generate_keys
from badgefed.work.services import Services

MAX_NAME = 128
MAX_SUMMARY = 2048
PALETTE = ("#2f6fed", "#0f8a6d", "#b4471f", "#7a3fd1", "#b3261e", "#0b7285", "#9c6b00", "#a61e6a")
LINKEDIN_ID = re.compile(r"[0-9]{1,20}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewIssuer:
    """What may be said of an issuer when it is made. `colour` is `#rrggbb`; None takes one by the name.

    Without a `logo` (PNG, JPEG, WebP or SVG bytes) a picture is drawn.
    """

    username: str
    name: str
    url: str | None = None
    email: str | None = None
    summary: str = ""
    actor_type: ActorType = ActorType.ORGANIZATION
    colour: str | None = None
    posting: Posting = Posting.QUIET
    logo: bytes | None = None
    linkedin_organization_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedIssuer:
    """A checked issuer with its new keys and picture: all that takes time is done."""

    new: NewIssuer
    colour: str
    keys: NewKeys
    picture: Picture


def check_issuer(new: NewIssuer) -> None:
    """Raises `Invalid` with the field and what would be right."""
    check_username(new.username)
    if not 1 <= len(new.name.strip()) <= MAX_NAME or _CONTROL.search(new.name):
        raise Invalid(
            say("Give the issuer a name of at most %(most)s characters.", most=MAX_NAME), field="name"
        )
    if len(new.summary) > MAX_SUMMARY:
        raise Invalid(
            say("The text about the issuer may have at most %(most)s characters.", most=MAX_SUMMARY),
            field="summary",
        )
    if new.url is not None:
        parts = urlsplit(new.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or len(new.url) > 500:
            raise Invalid("Write the address of the website like https://example.org.", field="url")
    if new.email is not None:
        check_email(new.email)
    if new.linkedin_organization_id is not None and not LINKEDIN_ID.fullmatch(new.linkedin_organization_id):
        raise Invalid("The LinkedIn page number has digits only.", field="linkedinOrganizationId")
    if new.colour is not None and not COLOUR.fullmatch(new.colour.lower()):
        raise Invalid("Write the colour like #2f6fed.", field="colour")


async def prepare(services: Services, new: NewIssuer) -> PreparedIssuer:
    """Checks the issuer, makes its keys and its picture, before any transaction. Raises `Invalid`."""
    check_issuer(new)
    logo = await read_upload(new.logo) if new.logo is not None else None
    digest = hashlib.sha256(new.username.encode()).digest()
    colour = new.colour.lower() if new.colour else PALETTE[digest[0] % len(PALETTE)]
    return PreparedIssuer(
        new=new,
        colour=colour,
        keys=await generate_keys(),
        picture=logo or await draw_avatar_picture(name=new.name, colour=colour),
    )


async def add_issuer(
    tx: Transaction,
    services: Services,
    organization_id: int,
    prepared: PreparedIssuer,
    *,
    is_verified: bool = True,
    by: Author = SYSTEM,
) -> Issuer:
    """An issuer, by default one that counts as verified. Raises `Conflict` if the username is or was taken."""
    now = services.clock()
    verified_at = now if is_verified else None
    issuer = await _insert(tx, services, organization_id, prepared, verified_at=verified_at)
    if issuer is None:
        raise Conflict(
            say(
                "The username %(username)s is or was taken on this server.",
                username=repr(prepared.new.username),
            )
        )
    await record_issuer(tx, Action.ISSUER_CREATE, issuer, by=by, now=now)
    return issuer


async def register_issuer(
    tx: Transaction,
    services: Services,
    organization_id: int,
    prepared: PreparedIssuer,
    *,
    by: Author = SYSTEM,
) -> Issuer:
    """An unverified issuer, under the first username made from its name that is free.

    Raises `Forbidden` where the organization's plan has no more issuers.
    """
    await quotas.check_issuers(tx, organization_id)
    for username in usernames_for(prepared.new.name, secrets.token_hex(3)):
        named = replace(prepared, new=replace(prepared.new, username=username))
        issuer = await _insert(tx, services, organization_id, named, verified_at=None)
        if issuer is not None:
            await record_issuer(tx, Action.ISSUER_CREATE, issuer, by=by, now=services.clock())
            return issuer
    raise Conflict("too many issuers have this name; choose another one")


async def _insert(
    tx: Transaction,
    services: Services,
    organization_id: int,
    prepared: PreparedIssuer,
    *,
    verified_at: int | None,
) -> Issuer | None:
    """None if the username is or was taken."""
    now = services.clock()
    new = prepared.new
    image = await store_picture(tx, prepared.picture, now=now)
    actor_id = services.addresses.actor(new.username)
    issuer = await issuers.add_issuer(
        tx,
        organization_id=organization_id,
        username=new.username,
        actor_id=actor_id,
        actor_type=new.actor_type,
        name=new.name.strip(),
        summary=new.summary,
        url=new.url,
        email=new.email,
        colour=prepared.colour,
        posting=new.posting,
        image_id=image.id,
        image_generated=new.logo is None,
        verified_at=verified_at,
        linkedin_organization_id=new.linkedin_organization_id,
        now=now,
    )
    if issuer is not None:
        await services.keyring.add(tx, prepared.keys, issuer_id=issuer.id, actor_id=actor_id, now=now)
    return issuer


async def record_issuer(
    tx: Transaction,
    action: Action,
    issuer: Issuer,
    *,
    by: Author,
    now: int,
    details: audit.Details | None = None,
) -> None:
    """Writes what was done to an issuer into the audit log."""
    await audit.record(
        tx,
        by=by,
        action=action,
        target=Target(id=issuer.id, label=issuer.username),
        organization_id=issuer.organization_id,
        now=now,
        details=details,
    )


async def create_issuer(
    services: Services, *, organization_id: int, new: NewIssuer, by: Author = SYSTEM
) -> Issuer:
    """A verified issuer. Raises `Invalid`, `Conflict`, `Forbidden` where the plan has no more issuers."""
    prepared = await prepare(services, new)

    async def add(tx: Transaction) -> Issuer:
        await quotas.check_issuers(tx, organization_id)
        return await add_issuer(tx, services, organization_id, prepared, by=by)

    return await services.database.write(add)


async def ensure_instance_keys(services: Services) -> None:
    """Gives the instance actor its keys, once."""
    try:
        await services.keyring.rsa(None)
    except LookupError:
        new = await generate_keys()
        actor_id = services.addresses.instance_actor
        await services.database.write(
            lambda tx: services.keyring.add(tx, new, issuer_id=None, actor_id=actor_id, now=services.clock())
        )
