"""The Verification API: anybody's badge in any of its forms, and a credential of this server by its number. No key is needed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from badgefed.api.credential_lookup import CREDENTIAL_ID, find_credential
from badgefed.api.errors import CodedError, coded_error, json_bytes, json_response
from badgefed.api.operations import Api, Open, Operation, Success
from badgefed.api.requests import is_json, read_bytes, services_of
from badgefed.api.resources import make_routes
from badgefed.api.verify_definitions import (
    COMMON_REFUSALS,
    CONTENTS,
    CREDENTIAL_REPORT_EXAMPLE,
    DESCRIPTION,
    FORMS,
    LOOK_UP_DESCRIPTION,
    LOOK_UP_REFUSALS,
    LOOKED_UP_PER_MINUTE,
    MAX_BYTES,
    MEDIA,
    NO_FILE,
    ONE_FORM,
    PRESENTED_PER_MINUTE,
    REPORT_EXAMPLE,
    VERIFY_BODY,
    VERIFY_DESCRIPTION,
    VERIFY_REFUSALS,
)
from badgefed.api.verify_views import (
    CredentialReport,
    Renewed,
    VerificationReport,
    view_credential,
    view_report,
    view_unpublished,
)
from badgefed.errors import Invalid, UnsupportedMedia
from badgefed.model.badge import Badge
from badgefed.model.grant import Grant, Presence, presence
from badgefed.model.issuer import Issuer
from badgefed.model.visibility import Surface
from badgefed.protocol import multipart, strict_json
from badgefed.store import badges, grants, issuers
from badgefed.store.database import Reader
from badgefed.verification.disclosure import without_withdrawn
from badgefed.verification.verify import verify

MAX_ITEMS = 50_000

_JSON_DOCUMENTS = ("application/vc", "application/json", "text/json")
_OTHERS = frozenset(
    (
        "application/jwt",
        "application/vc+jwt",
        "application/vc-ld+jwt",
        "application/jose",
        "text/plain",
        "image/png",
        "image/jpeg",
        "image/webp",
        "image/svg+xml",
        "application/octet-stream",
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is to be verified, and whom it should name."""

    presented: bytes | str
    recipient: str | None = None


async def verify_badge(request: Request) -> Response:
    services = services_of(request)
    content_type = request.headers.get("content-type", "")
    body = await read_bytes(request, max_bytes=MAX_BYTES)
    question = await asyncio.to_thread(_read, body, content_type)
    found = await verify(services, question.presented, recipient=question.recipient)
    report = without_withdrawn(found)
    encoded = await asyncio.to_thread(lambda: msgspec.json.encode(view_report(report)))
    return json_bytes(encoded)


def _read(body: bytes, content_type: str) -> Question:
    """What the body holds. Raises Invalid, UnsupportedMedia."""
    if not body.strip():
        raise Invalid("Request body is required")
    media_type = content_type.partition(";")[0].strip().lower()
    if is_json(content_type) or media_type in _JSON_DOCUMENTS:
        return _read_json(body)
    if media_type == multipart.MEDIA_TYPE:
        return _read_form(body, content_type)
    if media_type in _OTHERS:
        return Question(presented=body)
    raise UnsupportedMedia(MEDIA)


def _read_json(body: bytes) -> Question:
    document = strict_json.loads(body.removeprefix(b"\xef\xbb\xbf"), max_items=MAX_ITEMS, all_unique=True)
    if "@context" in document or "type" in document:
        return Question(presented=body)
    return _choose(VERIFY_BODY.read(document))


def _read_form(body: bytes, content_type: str) -> Question:
    parts = multipart.read_multipart(body, content_type)
    files = [part.data for part in parts if part.filename and part.name == "file"]
    fields = {part.name: part.data.decode("utf-8", "replace") for part in parts if part.filename is None}
    given = [name for name in FORMS if fields.get(name, "").strip()]
    if len(files) + len(given) > 1:
        raise Invalid(f"{ONE_FORM}, or a file")
    if files:
        return Question(presented=files[0], recipient=fields.get("recipient"))
    if not given:
        raise Invalid(NO_FILE, field="file")
    return _choose(VERIFY_BODY.read(fields))


def _choose(values: Mapping[str, Any]) -> Question:
    """The one form that is given."""
    value = next(values[name] for name in FORMS if values[name] is not None)
    presented = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return Question(presented=presented, recipient=values["recipient"])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Award:
    grant: Grant
    badge: Badge
    issuer: Issuer
    renewed: Renewed


async def verify_credential(request: Request) -> Response:
    services = services_of(request)
    identifier: str = request.path_params[CREDENTIAL_ID.name]

    async def load(reader: Reader) -> _Award:
        grant = await find_credential(reader, identifier)
        return _Award(
            grant=grant,
            badge=await badges.get_granted_badge(reader, grant),
            issuer=await issuers.get_issuer(reader, grant.issuer_id),
            renewed=await _find_renewed(reader, grant),
        )

    award = await services.database.read(load)
    grant = award.grant
    if presence(grant, Surface.VERIFICATION) is Presence.HIDDEN or grant.fingerprint is None:
        return json_response(view_unpublished(grant, services.addresses, now=services.clock()))
    found = without_withdrawn(await verify(services, grant.uuid))
    view = view_credential(grant, award.badge, award.issuer, award.renewed, found, services.addresses)
    return json_response(view)


async def _find_renewed(reader: Reader, grant: Grant) -> Renewed:
    """Its neighbours, as far as they may be named: the older one if it can be verified, the newer one once it is published."""
    older = await grants.find_grant(reader, grant.supersedes_id) if grant.supersedes_id is not None else None
    newer = await grants.find_successor(reader, grant.id)
    return Renewed(supersedes=_name(older, Surface.VERIFICATION), superseded_by=_name(newer, Surface.LINK))


def _name(grant: Grant | None, surface: Surface) -> str | None:
    if grant is None or presence(grant, surface) is Presence.HIDDEN:
        return None
    return grant.uuid


OPERATIONS = (
    Operation(
        id="verifyBadge",
        method="POST",
        path="/api/verify",
        summary="Verify anybody's badge",
        description=VERIFY_DESCRIPTION,
        door=Open(per_minute=PRESENTED_PER_MINUTE, handle=verify_badge),
        body=VERIFY_BODY,
        body_example={"id": CREDENTIAL_ID.example, "recipient": "jane@example.org"},
        contents=CONTENTS,
        success=Success(shape=VerificationReport, description="What was found.", example=REPORT_EXAMPLE),
        refusals=VERIFY_REFUSALS,
    ),
    Operation(
        id="verifyCredential",
        method="GET",
        path="/api/verify/{id}",
        summary="Verify a credential of this server",
        description=LOOK_UP_DESCRIPTION,
        door=Open(per_minute=LOOKED_UP_PER_MINUTE, handle=verify_credential),
        parameters=(CREDENTIAL_ID,),
        success=Success(
            shape=CredentialReport,
            description="The credential and its standing.",
            example=CREDENTIAL_REPORT_EXAMPLE,
        ),
        refusals=LOOK_UP_REFUSALS,
    ),
)

API = Api(
    name="Verification",
    roots=("/api/verify",),
    description=DESCRIPTION,
    operations=OPERATIONS,
    refusals=COMMON_REFUSALS,
    respond=coded_error,
    error_shapes={0: CodedError},
    sentence="message",
)

routes: list[BaseRoute] = make_routes(API)
