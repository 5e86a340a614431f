"""The badges of an organization: listing, showing, defining, changing and deleting them."""

from __future__ import annotations

import hashlib
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from badgefed.api.credentials_api.callers import Actor
from badgefed.api.credentials_api.definitions import BADGE_BODY, BADGE_CHANGES, BADGE_ID, LOCKED, NO_BADGE
from badgefed.api.credentials_api.incoming import Incoming, find_picture, picture_faults, read_definition
from badgefed.api.credentials_api.queries import is_uuid, read_active, read_page
from badgefed.api.credentials_api.views import (
    CatalogueBadge,
    CatalogueBadges,
    Deleted,
    paginate,
    view_badge,
)
from badgefed.api.errors import json_response
from badgefed.api.idempotency import carry_out_once
from badgefed.api.requests import services_of
from badgefed.errors import Conflict, NotFound
from badgefed.issuing.badge_standing import set_standing
from badgefed.issuing.badges import (
    NewBadge,
    add_badge,
    apply_edit,
    delete_badge,
    prepare_badge,
    prepare_edit,
)
from badgefed.model.badge import Badge
from badgefed.model.issuer import Issuer
from badgefed.protocol.bodies import Values
from badgefed.store import catalogue
from badgefed.store.catalogue import ListedBadge, find_listed_badge, page_badges
from badgefed.store.database import Reader, Transaction
from badgefed.store.issuers import get_issuer, list_issuers
from badgefed.store.organizations import get_organization
from badgefed.work.services import Services

NO_ISSUER = "This organization has no issuer."

_MEMBERS = {
    "name": "title",
    "description": "description",
    "criteria": "criteria",
    "expiresInDays": "expires_in_days",
}
_CLEARABLE = ("expiresInDays", "tags")


async def list_badges(request: Request, actor: Actor) -> Response:
    services = services_of(request)
    page, is_active = read_page(request), read_active(request)
    found, total = await services.database.read(
        lambda reader: page_badges(
            reader, actor.organization_id, is_active=is_active, limit=page.limit, offset=page.offset
        )
    )
    views = [view_badge(one, services.addresses) for one in found]
    return json_response(CatalogueBadges(data=views, pagination=paginate(page, total)))


async def get_badge(request: Request, actor: Actor) -> Response:
    services = services_of(request)
    found = await _find(services.database, actor, request.path_params[BADGE_ID.name])
    return json_response(view_badge(found, services.addresses))


async def _find(reader: Reader, actor: Actor, uuid: str) -> ListedBadge:
    """Raises `NotFound`, also for another organization's."""
    found = await find_listed_badge(reader, actor.organization_id, uuid) if is_uuid(uuid) else None
    if found is None:
        raise NotFound(NO_BADGE)
    return found


async def default_issuer(reader: Reader, organization_id: int) -> Issuer:
    """The one with the organization's name, else its first. Raises `Conflict` where there is none."""
    organization = await get_organization(reader, organization_id)
    issuers = await list_issuers(reader, organization_id=organization_id)
    if not issuers:
        raise Conflict(NO_ISSUER)
    return next((issuer for issuer in issuers if issuer.username == organization.slug), issuers[0])


async def create_badge(request: Request, actor: Actor) -> Response:
    services = services_of(request)
    incoming = await read_definition(request, BADGE_BODY)
    issuer = await services.database.read(lambda reader: default_issuer(reader, actor.organization_id))
    with picture_faults():
        prepared = await prepare_badge(issuer, _new_badge(incoming, await find_picture(services, incoming)))

    async def work(tx: Transaction) -> CatalogueBadge:
        now = services.clock()
        badge = await add_badge(tx, issuer, prepared, by=actor.author, now=now)
        return await _finish(tx, services, actor, badge, is_active=incoming.values["isActive"], now=now)

    asked = {**incoming.values, "file": hashlib.sha256(incoming.file or b"").hexdigest()}
    return await carry_out_once(request, actor, "createBadge", asked, work, status=201)


async def _finish(
    tx: Transaction,
    services: Services,
    actor: Actor,
    badge: Badge,
    *,
    slug: str | None = None,
    is_active: bool | None,
    now: int,
) -> CatalogueBadge:
    """The badge as it is answered, with the standing that was asked for."""
    await set_standing(
        tx,
        badge,
        organization_id=actor.organization_id,
        slug=slug,
        is_active=is_active,
        by=actor.author,
        now=now,
    )
    return view_badge(await _find(tx, actor, badge.uuid), services.addresses)


def _new_badge(incoming: Incoming, picture: bytes | None) -> NewBadge:
    values = incoming.values
    members = {name: values[member] for member, name in _MEMBERS.items()}
    return NewBadge(**members, image=picture, slug=values["slug"], hashtags=_hashtags(values["tags"]))


def _hashtags(tags: list[str] | None) -> str | None:
    words = dict.fromkeys("-".join(tag.replace(",", " ").lstrip("#").split()) for tag in tags or ())
    return " ".join(f"#{word}" for word in words if word) or None


async def replace_badge(request: Request, actor: Actor) -> Response:
    """All members are set; a picture, a slug or a state that isn't given stays."""
    incoming = await read_definition(request, BADGE_BODY)
    return await _change(request, actor, incoming, {*_MEMBERS, "tags"})


async def change_badge(request: Request, actor: Actor) -> Response:
    incoming = await read_definition(request, BADGE_CHANGES)
    given = {name for name in incoming.sent if incoming.values[name] is not None or name in _CLEARABLE}
    return await _change(request, actor, incoming, given)


async def _change(request: Request, actor: Actor, incoming: Incoming, given: set[str]) -> Response:
    services, values = services_of(request), incoming.values

    async def load(reader: Reader) -> tuple[ListedBadge, Issuer]:
        found = await _find(reader, actor, request.path_params[BADGE_ID.name])
        await _check_lock(reader, found.badge, values)
        return found, await get_issuer(reader, found.badge.issuer_id)

    found, issuer = await services.database.read(load)
    with picture_faults():
        picture = await find_picture(services, incoming, present=services.addresses.image(found.image))
        edit = await prepare_edit(found.badge, issuer, _changes(values, given, picture))

    async def work(tx: Transaction) -> CatalogueBadge:
        await _check_lock(tx, found.badge, values)
        now = services.clock()
        badge = await apply_edit(tx, edit, issuer, by=actor.author, now=now)
        return await _finish(
            tx, services, actor, badge, slug=values["slug"], is_active=values["isActive"], now=now
        )

    return json_response(await services.database.write(work))


async def _check_lock(reader: Reader, badge: Badge, values: Values) -> None:
    """Raises `Conflict` where what was granted would get another name or slug."""
    wanted = (values["name"] or badge.title, values["slug"] or badge.slug)
    if wanted != (badge.title, badge.slug) and await catalogue.was_granted(reader, badge.id):
        raise Conflict(LOCKED)


def _changes(values: Values, given: set[str], picture: bytes | None) -> dict[str, Any]:
    changes = {name: values[member] for member, name in _MEMBERS.items() if member in given}
    if "tags" in given:
        changes["hashtags"] = _hashtags(values["tags"])
    if picture is not None:
        changes["image"] = picture
    return changes


async def remove_badge(request: Request, actor: Actor) -> Response:
    """Gone if it was never issued, else deactivated."""
    services = services_of(request)

    async def work(tx: Transaction) -> Deleted:
        badge = (await _find(tx, actor, request.path_params[BADGE_ID.name])).badge
        now = services.clock()
        if await catalogue.was_granted(tx, badge.id):
            await set_standing(
                tx, badge, organization_id=actor.organization_id, is_active=False, by=actor.author, now=now
            )
            return Deleted(id=badge.uuid, deleted=False, is_active=False)
        issuer = await get_issuer(tx, badge.issuer_id)
        await delete_badge(tx, badge, issuer, by=actor.author, now=now)
        return Deleted(id=badge.uuid, deleted=True, is_active=False)

    return json_response(await services.database.write(work))
