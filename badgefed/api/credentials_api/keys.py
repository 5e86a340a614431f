"""The keys of an organization's programs, for its owners: listing, making and revoking them. A key can't manage keys."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from badgefed.api.authentication import REQUESTS_PER_MINUTE
from badgefed.api.credentials_api.callers import Actor, by_session
from badgefed.api.credentials_api.definitions import NO_ORGANIZATION_REFUSAL, ORGANIZATION_ID, body_refusals
from badgefed.api.credentials_api.queries import LIMIT, LIMIT_TEXT, OFFSET, OFFSET_TEXT, read_page
from badgefed.api.credentials_api.views import Instant, Pagination, paginate
from badgefed.api.errors import json_response
from badgefed.api.idempotency import IDEMPOTENCY_KEY, REPEATED, carry_out_once
from badgefed.api.operations import Operation, Parameter, Refusal, Success
from badgefed.api.requests import read_body, services_of
from badgefed.errors import Invalid
from badgefed.issuing.api_keys import (
    DEFAULT_RATE,
    DEFAULT_RATES,
    MAX_DAYS,
    MAX_NAME,
    NO_KEY,
    SCOPES,
    WantedKey,
    add_key,
    make_key,
    revoke_own_key,
)
from badgefed.model.organization import ApiKey, Dialect, Permission
from badgefed.model.times import DAY, format_milliseconds, from_rfc3339
from badgefed.protocol.bodies import Body, Field, Kind, Rule, Values, longest, matching, plain, required
from badgefed.store.api_keys import page_keys
from badgefed.store.database import Transaction
from badgefed.work.services import Services

DIALECT_TEXT = f"dialect must be one of {', '.join(Dialect)}"
SCOPES_TEXT = f"scopes must be a list of at least one of {', '.join(SCOPES)}"
DAYS_TEXT = f"expiresInDays must be a whole number from 1 to {MAX_DAYS}"
INSTANT_TEXT = "expiresAt must be a time like 2027-01-15T10:30:00Z"
FUTURE_TEXT = "expiresAt must be in the future"
RATE_TEXT = f"ratePerMinute must be a whole number from 1 to {REQUESTS_PER_MINUTE}"

_INSTANT = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})"


def _are_scopes(values: Values) -> bool:
    return bool(values["scopes"]) and all(scope in SCOPES for scope in values["scopes"])


def _is_instant(values: Values) -> bool:
    try:
        return values["expiresAt"] is None or from_rfc3339(values["expiresAt"]) is not None
    except (TypeError, ValueError):
        return False


def _between(name: str, most: int, text: str) -> Rule:
    return Rule(
        fields=(name,),
        text=text,
        holds=lambda values: values[name] is None or 1 <= values[name] <= most,
        schema={"properties": {name: {"minimum": 1, "maximum": most}}},
    )


NEW_KEY = Body(
    name="NewApiKey",
    description="A key for a program.",
    fields=(
        Field(
            name="name",
            kind=Kind.TEXT,
            wrong_kind="name must be a string",
            description="What it is for.",
            example="Course system",
        ),
        Field(
            name="scopes",
            kind=Kind.LIST,
            wrong_kind=SCOPES_TEXT,
            description="What it may do, as long as the role of who makes it covers that.",
            example=["badges:read", "grants:write"],
        ),
        Field(
            name="dialect",
            kind=Kind.TEXT,
            wrong_kind=DIALECT_TEXT,
            description=f"Which API's keys it looks like, `{Dialect.CREDENTIALS}` without; it works in all of them.",
            example=Dialect.CREDENTIALS,
            is_exact=True,
        ),
        Field(
            name="expiresInDays",
            kind=Kind.INTEGER,
            wrong_kind=DAYS_TEXT,
            description="For how long it works; without this and `expiresAt`, until it is revoked.",
            example=365,
        ),
        Field(
            name="expiresAt",
            kind=Kind.TEXT,
            wrong_kind=INSTANT_TEXT,
            description="Until when it works, instead of `expiresInDays`; RFC 3339.",
            example="2027-01-15T10:30:00Z",
            format="date-time",
            is_exact=True,
        ),
        Field(
            name="ratePerMinute",
            kind=Kind.INTEGER,
            wrong_kind=RATE_TEXT,
            description=f"How often it may be used; {DEFAULT_RATES[Dialect.CREDENTIALS]} without, {DEFAULT_RATE} in the"
            " other dialects.",
            example=60,
        ),
    ),
    rules=(
        required("name", "name is required"),
        longest("name", MAX_NAME, f"name cannot exceed {MAX_NAME} characters"),
        plain("name", "name cannot contain control characters"),
        Rule(
            fields=("scopes",),
            text=SCOPES_TEXT,
            holds=_are_scopes,
            schema={
                "required": ["scopes"],
                "properties": {"scopes": {"minItems": 1, "items": {"enum": list(SCOPES)}}},
            },
        ),
        Rule(
            fields=("dialect",),
            text=DIALECT_TEXT,
            holds=lambda values: values["dialect"] in (None, *Dialect),
            schema={"properties": {"dialect": {"enum": [*Dialect, None]}}},
        ),
        _between("expiresInDays", MAX_DAYS, DAYS_TEXT),
        matching("expiresAt", _INSTANT, INSTANT_TEXT),
        Rule(fields=("expiresAt",), text=INSTANT_TEXT, holds=_is_instant),
        Rule(
            fields=("expiresAt",),
            text="Give either expiresInDays or expiresAt",
            holds=lambda values: values["expiresInDays"] is None or values["expiresAt"] is None,
            schema={
                "not": {
                    "required": ["expiresInDays", "expiresAt"],
                    "properties": {
                        name: {"not": {"type": "null"}} for name in ("expiresInDays", "expiresAt")
                    },
                }
            },
        ),
        _between("ratePerMinute", REQUESTS_PER_MINUTE, RATE_TEXT),
    ),
)


class KeyView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A key of a program; the key itself is known to its owner alone."""

    id: str
    name: str
    prefix: Annotated[str, Meta(description="What it begins with.")]
    last4: Annotated[str, Meta(description="What it ends with.")]
    scopes: Annotated[
        list[str], Meta(description="What it may do: as far as its maker's role covers it today.")
    ]
    rate_per_minute: Annotated[int | None, Meta(description="Null: without limit.")]
    created_at: Instant
    created_by: Annotated[str, Meta(description="Its maker's e-mail address.")]
    last_used_at: Instant | None
    expires_at: Instant | None
    revoked_at: Instant | None


class KeyMade(KeyView, frozen=True, kw_only=True):
    """A new key, shown this once."""

    key: str


class KeyPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of keys, also of those that work no more, the first made in front."""

    data: list[KeyView]
    pagination: Pagination


def _members(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.uuid,
        "name": key.name,
        "prefix": key.prefix,
        "last4": key.last4,
        "scopes": list(key.scopes),
        "rate_per_minute": key.rate or None,
        "created_at": format_milliseconds(key.created_at),
        "created_by": key.maker,
        "last_used_at": _instant(key.last_used_at),
        "expires_at": _instant(key.expires_at),
        "revoked_at": _instant(key.revoked_at),
    }


def _instant(value: int | None) -> str | None:
    return None if value is None else format_milliseconds(value)


async def list_keys(request: Request, actor: Actor) -> Response:
    page = read_page(request)
    found, total = await services_of(request).database.read(
        lambda reader: page_keys(reader, actor.organization_id, limit=page.limit, offset=page.offset)
    )
    views = [KeyView(**_members(key)) for key in found]
    return json_response(KeyPage(data=views, pagination=paginate(page, total)))


async def create_key(request: Request, actor: Actor) -> Response:
    values = await read_body(request, NEW_KEY)
    work = partial(_create, services_of(request), actor, values)
    return await carry_out_once(request, actor, "createKey", values, work, status=201)


async def _create(services: Services, actor: Actor, values: Values, tx: Transaction) -> KeyMade:
    now = services.clock()
    wanted = _want(values, now)
    new = make_key(wanted.dialect)
    key = await add_key(tx, actor.organization_id, actor.user_id, wanted, new, by=actor.author, now=now)
    return KeyMade(key=new.key, **_members(key))


def _want(values: Values, now: int) -> WantedKey:
    days, until = values["expiresInDays"], values["expiresAt"]
    expires_at = None if until is None else from_rfc3339(until)
    if expires_at is not None and expires_at <= now:
        raise Invalid(FUTURE_TEXT, field="expiresAt")
    return WantedKey(
        name=values["name"],
        dialect=Dialect(values["dialect"] or Dialect.CREDENTIALS),
        scopes=tuple(values["scopes"]),
        rate=values["ratePerMinute"],
        expires_at=expires_at if days is None else now + days * DAY,
    )


async def revoke_key(request: Request, actor: Actor) -> Response:
    """Revoking one twice does no harm."""
    services, uuid = services_of(request), request.path_params[KEY_ID.name]
    key = await services.database.write(
        lambda tx: revoke_own_key(
            tx, uuid, organization_id=actor.organization_id, by=actor.author, now=services.clock()
        )
    )
    return json_response(KeyView(**_members(key)))


KEY_ID = Parameter(
    name="keyId",
    place="path",
    description="The key's id.",
    schema={"type": "string", "minLength": 1},
    example="0199e0a0-5a11-7a52-9d0c-3f7c7c1f6b10",
)
_EXAMPLE: dict[str, Any] = {
    "id": KEY_ID.example,
    "name": "Course system",
    "prefix": "crd_live_",
    "last4": "Zk4x",
    "scopes": ["badges:read", "grants:write"],
    "ratePerMinute": 60,
    "createdAt": "2026-03-12T10:30:00.000Z",
    "createdBy": "owner@example.org",
    "lastUsedAt": None,
    "expiresAt": "2027-03-12T10:30:00.000Z",
    "revokedAt": None,
}
_ROOT = f"/api/organizations/{{{ORGANIZATION_ID.name}}}/keys"

OPERATIONS = (
    Operation(
        id="listKeys",
        method="GET",
        path=_ROOT,
        summary="List API keys",
        description="The organization's keys, however they were made, for all of the APIs.",
        door=by_session(Permission.MANAGE_KEYS, list_keys),
        parameters=(ORGANIZATION_ID, LIMIT, OFFSET),
        success=Success(
            shape=KeyPage,
            description="The keys.",
            example={"data": [_EXAMPLE], "pagination": {"limit": 50, "offset": 0, "total": 1}},
        ),
        refusals=(Refusal(status=400, texts=(LIMIT_TEXT, OFFSET_TEXT)), NO_ORGANIZATION_REFUSAL),
    ),
    Operation(
        id="createKey",
        method="POST",
        path=_ROOT,
        summary="Make an API key",
        description="The key stands in this answer and nowhere else. No key can make another: this takes a session.",
        door=by_session(Permission.MANAGE_KEYS, create_key),
        parameters=(ORGANIZATION_ID, IDEMPOTENCY_KEY),
        body=NEW_KEY,
        body_example={
            "name": "Course system",
            "scopes": ["badges:read", "grants:write"],
            "expiresInDays": 365,
        },
        success=Success(
            shape=KeyMade,
            description="The key, with the secret that is shown this once.",
            example={**_EXAMPLE, "key": "crd_live_8Jq2mW0sT5vYb7NcR4xKd1LfG9hPZk4x"},
            status=201,
        ),
        refusals=(
            *body_refusals(NEW_KEY),
            Refusal(status=400, texts=(FUTURE_TEXT,)),
            Refusal(status=403, texts=("API key limit reached for your plan",)),
            *REPEATED,
            NO_ORGANIZATION_REFUSAL,
        ),
    ),
    Operation(
        id="revokeKey",
        method="DELETE",
        path=f"{_ROOT}/{{{KEY_ID.name}}}",
        summary="Revoke an API key",
        description="It works nowhere any more, from now on. It stays in the list.",
        door=by_session(Permission.MANAGE_KEYS, revoke_key),
        parameters=(ORGANIZATION_ID, KEY_ID),
        success=Success(
            shape=KeyView,
            description="The key.",
            example={**_EXAMPLE, "revokedAt": "2026-04-01T08:00:00.000Z"},
        ),
        refusals=(Refusal(status=404, texts=(NO_KEY,)), NO_ORGANIZATION_REFUSAL),
    ),
)
