"""The badges of an organization: listing, showing, defining, changing and deleting them."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from badgefed.api.credentials_api.callers import Actor, by_key, by_session
from badgefed.api.credentials_api.definitions import (
    BADGE_BODY,
    BADGE_CHANGES,
    BADGE_EXAMPLE_BODY,
    BADGE_ID,
    IDEMPOTENCY_KEY,
    LOCKED,
    NO_BADGE,
    NO_ORGANIZATION_REFUSAL,
    ONCE_REFUSAL,
    ORGANIZATION_ID,
    body_refusals,
)
from badgefed.api.credentials_api.incoming import MEDIA, Incoming, find_picture, read_definition
from badgefed.api.credentials_api.queries import (
    ACTIVE_TEXT,
    LIMIT,
    LIMIT_TEXT,
    OFFSET,
    OFFSET_TEXT,
    read_active,
    read_page,
)
from badgefed.api.credentials_api.views import (
    CatalogueBadge,
    CatalogueBadges,
    Deleted,
    paginate,
    view_badge,
)
from badgefed.api.errors import json_response
from badgefed.api.idempotency import Answer, answer_once, check_idempotency_key, identify, respond
from badgefed.api.operations import Content, Keyed, Operation, Parameter, Personal, Refusal, Success
from badgefed.api.requests import services_of
from badgefed.errors import Conflict, NotFound
from badgefed.issuing.badge_standing import SLUG_TAKEN, set_standing
from badgefed.issuing.badges import NewBadge, add_badge, delete_badge, edit_badge, prepare_badge
from badgefed.model.issuer import Issuer
from badgefed.model.organization import Permission
from badgefed.protocol import multipart
from badgefed.protocol.bodies import Body
from badgefed.store import catalogue
from badgefed.store.catalogue import ListedBadge, find_listed_badge, page_badges
from badgefed.store.database import Reader, Transaction
from badgefed.store.issuers import get_issuer, list_issuers
from badgefed.store.organizations import get_organization
from badgefed.work.services import Services

NO_ISSUER = "This organization has no issuer."


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
    found = await _find(services.database, request, actor)
    return json_response(view_badge(found, services.addresses))


async def _find(reader: Reader, request: Request, actor: Actor) -> ListedBadge:
    found = await find_listed_badge(reader, actor.organization_id, request.path_params[BADGE_ID.name])
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
    key = check_idempotency_key(request)
    incoming = await read_definition(request, BADGE_BODY)
    picture = await find_picture(services, incoming)
    issuer = await services.database.read(lambda reader: default_issuer(reader, actor.organization_id))
    prepared = await prepare_badge(issuer, _new_badge(incoming, picture))
    is_active = incoming.values["isActive"]

    async def work(tx: Transaction) -> Answer:
        now = services.clock()
        badge = await add_badge(tx, issuer, prepared, by=actor.author, now=now)
        await set_standing(
            tx, badge, organization_id=actor.organization_id, is_active=is_active, by=actor.author, now=now
        )
        view = await _view(tx, services, actor, badge.uuid)
        return Answer(status=201, body=msgspec.json.encode(view))

    asked = {**incoming.values, "file": hashlib.sha256(incoming.file or b"").hexdigest()}
    once = await asyncio.to_thread(identify, "createBadge", actor, key, asked)
    answer = await services.database.write(lambda tx: answer_once(tx, services, once, work))
    return respond(answer)


async def _view(reader: Reader, services: Services, actor: Actor, uuid: str) -> CatalogueBadge:
    found = await find_listed_badge(reader, actor.organization_id, uuid)
    if found is None:
        raise NotFound(NO_BADGE)
    return view_badge(found, services.addresses)


def _new_badge(incoming: Incoming, picture: bytes | None) -> NewBadge:
    values = incoming.values
    return NewBadge(
        title=values["name"],
        description=values["description"],
        criteria=values["criteria"],
        image=picture,
        slug=values["slug"],
        hashtags=_hashtags(values["tags"]),
        expires_in_days=values["expiresInDays"],
    )


def _hashtags(tags: list[str] | None) -> str | None:
    words = dict.fromkeys("-".join(tag.replace(",", " ").lstrip("#").split()) for tag in tags or ())
    return " ".join(f"#{word}" for word in words if word) or None


async def replace_badge(request: Request, actor: Actor) -> Response:
    """All members are set; a picture, a slug or a state that isn't given stays."""
    incoming = await read_definition(request, BADGE_BODY)
    named = {"name", "description", "criteria", "expiresInDays", "tags"}
    return await _change(request, actor, incoming, named | incoming.sent)


async def change_badge(request: Request, actor: Actor) -> Response:
    incoming = await read_definition(request, BADGE_CHANGES)
    required = {"name", "description", "criteria"}
    given = {name for name in incoming.sent if incoming.values[name] is not None or name not in required}
    return await _change(request, actor, incoming, given)


async def _change(request: Request, actor: Actor, incoming: Incoming, given: set[str]) -> Response:
    services, values = services_of(request), incoming.values

    async def load(reader: Reader) -> tuple[ListedBadge, Issuer, bool]:
        found = await _find(reader, request, actor)
        issuer = await get_issuer(reader, found.badge.issuer_id)
        return found, issuer, await catalogue.was_granted(reader, found.badge.id)

    found, issuer, was_granted = await services.database.read(load)
    badge = found.badge
    name, slug = values["name"] or badge.title, values["slug"] or badge.slug
    if was_granted and (name, slug) != (badge.title, badge.slug):
        raise Conflict(LOCKED)
    picture = await find_picture(services, incoming, present=services.addresses.image(found.image))
    changes: dict[str, Any] = {"title": name}
    changes |= {member: values[member] for member in ("description", "criteria") if member in given}
    if "expiresInDays" in given:
        changes["expires_in_days"] = values["expiresInDays"]
    if "tags" in given:
        changes["hashtags"] = _hashtags(values["tags"])
    if picture is not None:
        changes["image"] = picture
    edited = await edit_badge(services, badge=badge, issuer=issuer, changes=changes, by=actor.author)

    async def finish(tx: Transaction) -> CatalogueBadge:
        await set_standing(
            tx,
            edited,
            organization_id=actor.organization_id,
            slug=slug,
            is_active=values["isActive"],
            by=actor.author,
            now=services.clock(),
        )
        return await _view(tx, services, actor, badge.uuid)

    return json_response(await services.database.write(finish))


async def remove_badge(request: Request, actor: Actor) -> Response:
    """Gone if it was never issued, else deactivated."""
    services = services_of(request)

    async def work(tx: Transaction) -> Deleted:
        badge = (await _find(tx, request, actor)).badge
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


ACTIVE = Parameter(
    name="active",
    place="query",
    description="Only badges that can be issued, or only those that can't.",
    schema={"type": "boolean"},
    example="true",
)
BADGE_EXAMPLE: dict[str, Any] = {
    "id": BADGE_ID.example,
    "name": "AWS Fundamentals",
    "slug": "aws-fundamentals",
    "description": "Knows the basics of AWS.",
    "criteria": "Pass the exam with 80 % or more.",
    "imageUrl": "https://badges.example/images/6f0c….png",
    "expiresInDays": 730,
    "tags": ["aws", "cloud"],
    "isActive": True,
    "createdAt": "2026-01-15T10:00:00.000Z",
    "publicUrl": "https://badges.example/o/acme/badges/aws-fundamentals",
    "achievementUrl": "https://badges.example/achievements/acme/aws-fundamentals",
}
_LIST_EXAMPLE = {"data": [BADGE_EXAMPLE], "pagination": {"limit": 50, "offset": 0, "total": 1}}
_PLAIN = "^[A-Za-z0-9][A-Za-z0-9 .,-]*$"


def _multipart(body: Body) -> Content:
    """What clients should send; what is read is a little more."""
    schema = body.schema()
    texts = {
        name: {"type": "string", "maxLength": schema["properties"][name]["maxLength"], "pattern": _PLAIN}
        for name in ("name", "description", "criteria")
    }
    return Content(
        media_type=multipart.MEDIA_TYPE,
        description="The members as fields, `tags` with commas between them, and the picture as file `image`.",
        schema={
            "type": "object",
            "properties": texts,
            "required": schema.get("required", []),
            "additionalProperties": False,
        },
    )


_NOT_FOUND = Refusal(status=404, texts=(NO_BADGE,))
_CONFLICT = Refusal(status=409, texts=(SLUG_TAKEN, LOCKED, NO_ISSUER))
_QUERY = Refusal(status=400, texts=(LIMIT_TEXT, OFFSET_TEXT, ACTIVE_TEXT))
_PLAN = Refusal(status=403, texts=("badge limit reached for your plan",))
_PICTURE = (
    Refusal(status=400, texts=("The picture could not be fetched: …",)),
    Refusal(status=415, texts=(MEDIA, "the image is not PNG, JPEG, …")),
)

Doors = tuple[Keyed | Personal, ...]


def _operations(prefix: str, root: str, doors: Doors, extra: tuple[Parameter, ...]) -> tuple[Operation, ...]:
    """The same for programs and for people."""
    of_organization = (NO_ORGANIZATION_REFUSAL,) if extra else ()
    one = f"{root}/{{{BADGE_ID.name}}}"
    shown = Success(shape=CatalogueBadge, description="The badge.", example=BADGE_EXAMPLE)
    reading, showing, creating, replacing, changing, removing = doors
    return (
        Operation(
            id=f"list{prefix}Badges",
            method="GET",
            path=root,
            summary="List badges",
            description="The organization's badges.",
            door=reading,
            parameters=(*extra, LIMIT, OFFSET, ACTIVE),
            success=Success(shape=CatalogueBadges, description="The badges.", example=_LIST_EXAMPLE),
            refusals=(_QUERY, *of_organization),
        ),
        Operation(
            id=f"create{prefix}Badge",
            method="POST",
            path=root,
            summary="Define a badge",
            description="A badge of the organization's default issuer.",
            door=creating,
            parameters=(*extra, IDEMPOTENCY_KEY),
            body=BADGE_BODY,
            body_example=BADGE_EXAMPLE_BODY,
            contents=(_multipart(BADGE_BODY),),
            success=Success(
                shape=CatalogueBadge, description="The badge.", example=BADGE_EXAMPLE, status=201
            ),
            refusals=(
                *body_refusals(BADGE_BODY),
                *_PICTURE,
                _PLAN,
                _CONFLICT,
                ONCE_REFUSAL,
                *of_organization,
            ),
        ),
        Operation(
            id=f"get{prefix}Badge",
            method="GET",
            path=one,
            summary="Show a badge",
            description="One badge, active or not.",
            door=showing,
            parameters=(*extra, BADGE_ID),
            success=shown,
            refusals=(_NOT_FOUND, *of_organization),
        ),
        *(
            Operation(
                id=f"{verb}{prefix}Badge",
                method=method,
                path=one,
                summary=summary,
                description="What was issued stays as it was. " + description,
                door=door,
                parameters=(*extra, BADGE_ID),
                body=body,
                body_example=example,
                contents=(_multipart(body),),
                success=shown,
                refusals=(*body_refusals(body), *_PICTURE, _NOT_FOUND, _CONFLICT, *of_organization),
            )
            for verb, method, summary, description, door, body, example in (
                (
                    "replace",
                    "PUT",
                    "Replace a badge",
                    "All members are set anew; picture, slug and state stay where they aren't given.",
                    replacing,
                    BADGE_BODY,
                    BADGE_EXAMPLE_BODY,
                ),
                (
                    "change",
                    "PATCH",
                    "Change a badge",
                    "Only the members that are given change.",
                    changing,
                    BADGE_CHANGES,
                    {"isActive": False},
                ),
            )
        ),
        Operation(
            id=f"delete{prefix}Badge",
            method="DELETE",
            path=one,
            summary="Delete a badge",
            description="Gone if it was never issued; else it is deactivated, and what was issued stays.",
            door=removing,
            parameters=(*extra, BADGE_ID),
            success=Success(
                shape=Deleted,
                description="What became of it.",
                example={"id": BADGE_ID.example, "deleted": True, "isActive": False},
            ),
            refusals=(_NOT_FOUND, *of_organization),
        ),
    )


OPERATIONS = (
    *_operations(
        "Catalogue",
        "/api/v1/badges",
        (
            by_key("badges:read", list_badges),
            by_key("badges:read", get_badge),
            by_key("badges:write", create_badge),
            by_key("badges:write", replace_badge),
            by_key("badges:write", change_badge),
            by_key("badges:write", remove_badge),
        ),
        (),
    ),
    *_operations(
        "Organization",
        f"/api/organizations/{{{ORGANIZATION_ID.name}}}/badges",
        (
            by_session(Permission.READ, list_badges),
            by_session(Permission.READ, get_badge),
            by_session(Permission.ISSUE, create_badge),
            by_session(Permission.EDIT, replace_badge),
            by_session(Permission.EDIT, change_badge),
            by_session(Permission.EDIT, remove_badge),
        ),
        (ORGANIZATION_ID,),
    ),
)
