"""The operations on badges, as they are described."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from badgefed.api.credentials_api import badges
from badgefed.api.credentials_api.callers import SIDES, Handle, Side
from badgefed.api.credentials_api.definitions import (
    BADGE_BODY,
    BADGE_CHANGES,
    BADGE_EXAMPLE_BODY,
    BADGE_ID,
    LOCKED,
    NO_BADGE,
    body_refusals,
)
from badgefed.api.credentials_api.incoming import IMAGE, MEDIA
from badgefed.api.credentials_api.queries import ACTIVE, ACTIVE_TEXT, LIMIT, LIMIT_TEXT, OFFSET, OFFSET_TEXT
from badgefed.api.credentials_api.views import CatalogueBadge, CatalogueBadges, Deleted
from badgefed.api.idempotency import IDEMPOTENCY_KEY, REPEATED
from badgefed.api.operations import Content, Operation, Refusal, Success
from badgefed.issuing.badge_standing import SLUG_TAKEN
from badgefed.model.organization import Permission
from badgefed.protocol import multipart
from badgefed.protocol.bodies import Body

_READ, _WRITE = "badges:read", "badges:write"

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

_NOT_FOUND = Refusal(status=404, texts=(NO_BADGE,))
_CONFLICT = Refusal(status=409, texts=(SLUG_TAKEN, LOCKED))
_QUERY = Refusal(status=400, texts=(LIMIT_TEXT, OFFSET_TEXT, ACTIVE_TEXT))
_PLAN = Refusal(status=403, texts=("badge limit reached for your plan",))
_PICTURE = (
    Refusal(status=400, texts=("The picture could not be fetched: …", "the image is not PNG, JPEG, …")),
    Refusal(status=415, texts=(MEDIA,)),
)


def _multipart(body: Body) -> Content:
    """The members as a form has them: texts, and a file."""
    schema = body.schema()
    fields = {
        name: {"type": "string", **{key: member[key] for key in _TEXT_KEYWORDS if key in member}}
        for name, member in schema["properties"].items()
    }
    fields["expiresInDays"]["pattern"] = "^[1-9][0-9]{0,4}$"
    fields["isActive"]["enum"] = ["true", "false"]
    fields["tags"]["description"] = "With commas between them."
    fields[IMAGE] = {
        "type": "string",
        "contentMediaType": "application/octet-stream",
        "description": "A file: PNG, JPEG, WebP or SVG of up to 5 MB.",
    }
    return Content(
        media_type=multipart.MEDIA_TYPE,
        description="The members as fields, and the picture as file `image`.",
        schema={"type": "object", "properties": fields, "required": schema.get("required", [])},
    )


_TEXT_KEYWORDS = ("description", "minLength", "maxLength", "pattern")


def _list(side: Side) -> Operation:
    return Operation(
        id=f"list{side.name or 'Catalogue'}Badges",
        method="GET",
        path=f"{side.root}/badges",
        summary="List badges",
        description="The organization's badges.",
        door=side.door(_READ, Permission.READ, badges.list_badges),
        parameters=(*side.parameters, LIMIT, OFFSET, ACTIVE),
        success=Success(shape=CatalogueBadges, description="The badges.", example=_LIST_EXAMPLE),
        refusals=(_QUERY, *side.refusals),
    )


def _create(side: Side) -> Operation:
    taken = "there is a badge with the slug … already"
    return Operation(
        id=f"create{side.name or 'Catalogue'}Badge",
        method="POST",
        path=f"{side.root}/badges",
        summary="Define a badge",
        description="A badge of the organization's default issuer.",
        door=side.door(_WRITE, Permission.ISSUE, badges.create_badge),
        parameters=(*side.parameters, IDEMPOTENCY_KEY),
        body=BADGE_BODY,
        body_example=BADGE_EXAMPLE_BODY,
        contents=(_multipart(BADGE_BODY),),
        success=Success(shape=CatalogueBadge, description="The badge.", example=BADGE_EXAMPLE, status=201),
        refusals=(
            *body_refusals(BADGE_BODY),
            *_PICTURE,
            _PLAN,
            Refusal(status=409, texts=(taken, badges.NO_ISSUER)),
            *REPEATED,
            *side.refusals,
        ),
    )


def _get(side: Side) -> Operation:
    return Operation(
        id=f"get{side.name or 'Catalogue'}Badge",
        method="GET",
        path=_one(side),
        summary="Show a badge",
        description="One badge, active or not.",
        door=side.door(_READ, Permission.READ, badges.get_badge),
        parameters=(*side.parameters, BADGE_ID),
        success=Success(shape=CatalogueBadge, description="The badge.", example=BADGE_EXAMPLE),
        refusals=(_NOT_FOUND, *side.refusals),
    )


def _one(side: Side) -> str:
    return f"{side.root}/badges/{{{BADGE_ID.name}}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edit:
    verb: str
    method: str
    description: str
    handle: Handle
    body: Body
    example: Mapping[str, Any]


_EDITS = (
    _Edit(
        verb="replace",
        method="PUT",
        description="All members are set anew; picture, slug and state stay where they aren't given.",
        handle=badges.replace_badge,
        body=BADGE_BODY,
        example=BADGE_EXAMPLE_BODY,
    ),
    _Edit(
        verb="change",
        method="PATCH",
        description="Only the members that are given change.",
        handle=badges.change_badge,
        body=BADGE_CHANGES,
        example={"isActive": False},
    ),
)


def _edit(side: Side, edit: _Edit) -> Operation:
    return Operation(
        id=f"{edit.verb}{side.name or 'Catalogue'}Badge",
        method=edit.method,
        path=_one(side),
        summary=f"{edit.verb.capitalize()} a badge",
        description=f"What was issued stays as it was. {edit.description}",
        door=side.door(_WRITE, Permission.EDIT, edit.handle),
        parameters=(*side.parameters, BADGE_ID),
        body=edit.body,
        body_example=edit.example,
        contents=(_multipart(edit.body),),
        success=Success(shape=CatalogueBadge, description="The badge.", example=BADGE_EXAMPLE),
        refusals=(*body_refusals(edit.body), *_PICTURE, _NOT_FOUND, _CONFLICT, *side.refusals),
    )


def _delete(side: Side) -> Operation:
    return Operation(
        id=f"delete{side.name or 'Catalogue'}Badge",
        method="DELETE",
        path=_one(side),
        summary="Delete a badge",
        description="Gone if it was never issued; else it is deactivated, and what was issued stays.",
        door=side.door(_WRITE, Permission.EDIT, badges.remove_badge),
        parameters=(*side.parameters, BADGE_ID),
        success=Success(
            shape=Deleted,
            description="What became of it.",
            example={"id": BADGE_ID.example, "deleted": True, "isActive": False},
        ),
        refusals=(_NOT_FOUND, *side.refusals),
    )


OPERATIONS = tuple(
    operation
    for side in SIDES
    for operation in (
        _list(side),
        _create(side),
        _get(side),
        *(_edit(side, edit) for edit in _EDITS),
        _delete(side),
    )
)
