"""Issuers: making them, with keys and a picture."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from badgefed.errors import Conflict, Invalid
from badgefed.model.issuer import COLOUR, ActorType, Issuer, check_username
from badgefed.model.recipient import check_email
from badgefed.model.visibility import Posting
from badgefed.store import issuers
from badgefed.store.database import Transaction
from badgefed.work.artwork import Picture, draw_avatar_picture, store_picture
from badgefed.work.keyring import NewKeys, generate_keys
from badgefed.work.services import Services

MAX_NAME = 128
MAX_SUMMARY = 2048
PALETTE = ("#2f6fed", "#0f8a6d", "#b4471f", "#7a3fd1", "#b3261e", "#0b7285", "#9c6b00", "#a61e6a")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewIssuer:
    """What may be said of an issuer when it is made. `colour` is `#rrggbb`; None takes one by the name."""

    username: str
    name: str
    url: str | None = None
    email: str | None = None
    summary: str = ""
    actor_type: ActorType = ActorType.ORGANIZATION
    colour: str | None = None
    posting: Posting = Posting.QUIET


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
        raise Invalid(f"name must have 1 to {MAX_NAME} characters", field="name")
    if len(new.summary) > MAX_SUMMARY:
        raise Invalid(f"summary must have at most {MAX_SUMMARY} characters", field="summary")
    if new.url is not None:
        parts = urlsplit(new.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or len(new.url) > 500:
            raise Invalid("url must be an address like https://example.org", field="url")
    if new.email is not None:
        check_email(new.email)
    if new.colour is not None and not COLOUR.fullmatch(new.colour.lower()):
        raise Invalid("colour must look like #2f6fed", field="colour")


async def prepare(services: Services, new: NewIssuer) -> PreparedIssuer:
    """Checks the issuer, makes its keys and draws its picture, before any transaction."""
    check_issuer(new)
    digest = hashlib.sha256(new.username.encode()).digest()
    colour = new.colour.lower() if new.colour else PALETTE[digest[0] % len(PALETTE)]
    return PreparedIssuer(
        new=new,
        colour=colour,
        keys=await generate_keys(),
        picture=await draw_avatar_picture(name=new.name, colour=colour),
    )


async def add_issuer(
    tx: Transaction, services: Services, organization_id: int, prepared: PreparedIssuer
) -> Issuer:
    """Raises `Conflict` if the username is or was taken."""
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
        image_generated=True,
        now=now,
    )
    if issuer is None:
        raise Conflict(f"the username {new.username!r} is or was taken on this server")
    await services.keyring.add(tx, prepared.keys, issuer_id=issuer.id, actor_id=actor_id, now=now)
    return issuer


async def create_issuer(services: Services, *, organization_id: int, new: NewIssuer) -> Issuer:
    """Raises `Invalid`, `Conflict`."""
    prepared = await prepare(services, new)
    return await services.database.write(lambda tx: add_issuer(tx, services, organization_id, prepared))


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
