"""Changing and deleting issuers. A verified one keeps the name, URL and e-mail address that were proved to be its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from badgefed.errors import Conflict, Invalid
from badgefed.issuing import issuer_verification
from badgefed.issuing.issuers import NewIssuer, check_issuer, record_issuer
from badgefed.model.addresses import Addresses
from badgefed.model.audit import SYSTEM, Action, Author
from badgefed.model.issuer import Issuer
from badgefed.protocol import activities
from badgefed.store import issuers, organizations
from badgefed.store.database import Transaction, Value
from badgefed.store.jobs import Priority
from badgefed.work import outbox
from badgefed.work.actor_documents import issuer_document
from badgefed.work.artwork import Picture, draw_avatar_picture, read_upload, store_picture
from badgefed.work.services import Services

LOCKED = frozenset({"name", "url", "email"})
IS_LOCKED = "{field} can't be changed once the issuer is verified"
HAS_BADGES = "issuer has badges or awards"
IS_DEFAULT = "the organization's own issuer can't be deleted"


async def edit_issuer(
    services: Services,
    issuer: Issuer,
    changes: Mapping[str, Any],
    *,
    account_email: str,
    locked: frozenset[str] = LOCKED,
    draws_picture: bool = False,
    by: Author = SYSTEM,
) -> Issuer:
    """The issuer with some of its profile changed: by the names of `NewIssuer`, but for `username` and `actor_type`.

    A changed e-mail address is to be proved anew, a changed website too; followers are told. A picture of ours is drawn anew
    for a new name or colour, an uploaded one gives way to ours by `draws_picture`. `locked`: what a verified issuer keeps.
    Raises `Invalid`; `Conflict` where somebody else changed or verified the issuer meanwhile; `RateLimited` as
    `issuer_verification.begin`.
    """
    logo = changes.get("logo")
    columns = {
        name: value for name, value in changes.items() if name != "logo" and value != getattr(issuer, name)
    }
    kept = sorted(locked & columns.keys())
    if issuer.is_verified and kept:
        raise Invalid(IS_LOCKED.format(field=kept[0]), field=kept[0])
    after = replace(issuer, **columns)
    _check(after)
    picture = await _make_picture(issuer, after, logo, draws_picture)
    now = services.clock()

    async def store(tx: Transaction) -> Issuer:
        values: dict[str, Value] = {**columns}
        if picture is not None:
            image = await store_picture(tx, picture, now=now)
            values |= {"image_id": image.id, "image_generated": int(logo is None)}
        if not values:
            return issuer
        if "url" in columns:
            values["url_verified_at"] = None
        edited = await issuers.edit_issuer(tx, issuer.id, values, only_unverified=bool(kept), now=now)
        if edited is None:
            raise Conflict("somebody else has changed this issuer meanwhile; look at it again")
        await record_issuer(
            tx, Action.ISSUER_CHANGE, edited, by=by, now=now, details={"changed": ", ".join(changes)}
        )
        await _announce_change(tx, edited, services.addresses, now)
        if "email" in columns:
            return await issuer_verification.begin(tx, edited, account_email=account_email, by=by, now=now)
        return edited

    return await services.database.write(store)


def _check(issuer: Issuer) -> None:
    check_issuer(
        NewIssuer(
            username=issuer.username,
            name=issuer.name,
            url=issuer.url,
            email=issuer.email,
            summary=issuer.summary,
            colour=issuer.colour,
            linkedin_organization_id=issuer.linkedin_organization_id,
        )
    )


async def _make_picture(
    before: Issuer, after: Issuer, logo: bytes | None, draws_picture: bool
) -> Picture | None:
    if logo is not None:
        return await read_upload(logo)
    differs = (after.name, after.colour) != (before.name, before.colour)
    if (before.image_generated and differs) or (draws_picture and not before.image_generated):
        return await draw_avatar_picture(name=after.name, colour=after.colour)
    return None


async def _announce_change(tx: Transaction, issuer: Issuer, addresses: Addresses, now: int) -> None:
    document = await issuer_document(tx, issuer, addresses)
    update = activities.update(f"{issuer.actor_id}#updates/{now}", document)
    await publish_change(tx, issuer, update, now=now)


async def publish_change(
    tx: Transaction,
    issuer: Issuer,
    activity: Mapping[str, Any],
    *,
    signing_key_id: int | None = None,
    now: int,
) -> None:
    """Sends an activity about the issuer itself to its followers; `signing_key_id`: see `Activity`."""
    await outbox.publish(
        tx,
        uri=activity["id"],
        issuer_id=issuer.id,
        activity_type=activity["type"],
        object_uri=issuer.actor_id,
        body=json.dumps(activity, ensure_ascii=False, separators=(",", ":")).encode(),
        is_public=True,
        to_followers=True,
        priority=Priority.CHANGE,
        signing_key_id=signing_key_id,
        now=now,
    )


async def delete_issuer(tx: Transaction, issuer: Issuer, *, by: Author = SYSTEM, now: int) -> None:
    """Deletes an issuer that never had a badge or a grant; its username is never given again, its followers are told.

    Raises `Invalid` for any other, and for the one that an organization is made with.
    """
    await organizations.lock_organization(tx, issuer.organization_id)
    organization = await organizations.get_organization(tx, issuer.organization_id)
    if not await issuers.is_unused(tx, issuer.id):
        raise Invalid(HAS_BADGES, field="issuerId")
    if issuer.username == organization.slug:
        raise Invalid(IS_DEFAULT, field="issuerId")
    await issuers.delete_issuer(tx, issuer.id, now=now)
    await record_issuer(tx, Action.ISSUER_DELETE, issuer, by=by, now=now)
    followers = f"{issuer.actor_id}/followers"
    delete = activities.delete(issuer.actor_id, actor=issuer.actor_id, to=[activities.PUBLIC], cc=[followers])
    await publish_change(tx, issuer, delete, now=now)
