"""Credentials: issuing them one by one and many at once, listing, showing and revoking them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from badgefed.api.credentials_api.callers import Actor, by_key, by_session
from badgefed.api.credentials_api.definitions import (
    BULK_BODY,
    BULK_EXAMPLE,
    CREDENTIAL_ID,
    IDEMPOTENCY_KEY,
    INACTIVE,
    ISSUE_BODY,
    ISSUE_EXAMPLE,
    MAX_BULK,
    NO_BADGE,
    NO_CREDENTIAL,
    NO_ORGANIZATION_REFUSAL,
    ONCE_REFUSAL,
    ORGANIZATION_ID,
    REASON_BODY,
    RECIPIENT,
    body_refusals,
)
from badgefed.api.credentials_api.queries import (
    LIMIT,
    LIMIT_TEXT,
    OFFSET,
    OFFSET_TEXT,
    STATUS_TEXT,
    UUID_TEXT,
    read_badge_filter,
    read_page,
    read_status,
)
from badgefed.api.credentials_api.views import (
    BulkResult,
    BulkResults,
    IssuedCredential,
    IssuedCredentials,
    WholeCredential,
    credential_members,
    paginate,
    view_credential,
)
from badgefed.api.errors import coded_body, json_response
from badgefed.api.idempotency import Answer, Once, answer_once, check_idempotency_key, identify, respond
from badgefed.api.operations import Keyed, Operation, Parameter, Personal, Refusal, Success
from badgefed.api.requests import read_body, services_of
from badgefed.errors import BadgefedError, Conflict, Invalid, NotFound, Unprocessable
from badgefed.issuing import grants
from badgefed.issuing.grants import ALREADY_GRANTED, Offer, Repeat
from badgefed.model.grant import CredentialStatus
from badgefed.model.organization import Permission
from badgefed.protocol.bodies import Values
from badgefed.store.catalogue import ListedGrant, find_listed_badge, find_listed_grant, page_grants
from badgefed.store.database import Reader, Transaction
from badgefed.store.documents import DocumentKind, find_document
from badgefed.work.services import Services
from badgefed.work.sign_grants import sign_grant

BULK_MAX_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class _Issued:
    """`grant_id` is None for a request that was carried out before."""

    answer: Answer
    grant_id: int | None


async def issue_credential(request: Request, actor: Actor) -> Response:
    services = services_of(request)
    key = check_idempotency_key(request)
    values = await read_body(request, ISSUE_BODY)
    once = identify("issueCredential", actor, key, values)
    issued = await _issue(services, actor, values["badgeId"], values["recipient"], once)
    return respond(issued.answer)


async def _issue(
    services: Services, actor: Actor, badge_uuid: str, recipient: Values, once: Once | None
) -> _Issued:
    """Issues and signs, in this order: what was issued is signed by a job if this process ends in between."""
    grant_ids: list[int] = []

    async def work(tx: Transaction) -> Answer:
        listed = await _offer(tx, services, actor, badge_uuid, recipient)
        grant_ids[:] = [listed.grant.id]
        view = view_credential(listed, services.addresses, now=services.clock())
        return Answer(status=201, body=msgspec.json.encode(view))

    answer = await services.database.write(lambda tx: answer_once(tx, services, once, work))
    if answer.is_replay:
        return _Issued(answer=answer, grant_id=None)
    await sign_grant(services, grant_ids[0])
    services.wake.set()
    return _Issued(answer=answer, grant_id=grant_ids[0])


async def _offer(
    tx: Transaction, services: Services, actor: Actor, badge_uuid: str, recipient: Values
) -> ListedGrant:
    found = await find_listed_badge(tx, actor.organization_id, badge_uuid)
    if found is None:
        raise NotFound(NO_BADGE)
    if not found.badge.is_active:
        raise Conflict(INACTIVE)
    offer = Offer(
        organization_id=actor.organization_id,
        badge_id=found.badge.id,
        profile=recipient["profileUri"],
        email=recipient["email"],
        name=recipient["name"],
        repeat=Repeat.RENEW,
        is_verifiable=True,
    )
    offered = await grants.offer(tx, offer, services, by=actor.author)
    return await _get(tx, actor, offered.grant.uuid)


async def _get(reader: Reader, actor: Actor, identifier: str) -> ListedGrant:
    """Raises `NotFound`, also for another organization's."""
    listed = await find_listed_grant(reader, actor.organization_id, identifier)
    if listed is None:
        raise NotFound(NO_CREDENTIAL)
    return listed


async def issue_credentials(request: Request, actor: Actor) -> Response:
    """One transaction for each recipient, so that one's trouble is nobody else's."""
    services = services_of(request)
    key = check_idempotency_key(request)
    values = await read_body(request, BULK_BODY, max_bytes=BULK_MAX_BYTES)
    whole = identify("issueCredentials", actor, key, values)
    results = [
        await _issue_row(services, actor, values["badgeId"], index, row, _row_once(whole, index))
        for index, row in enumerate(values["recipients"])
    ]
    issued = sum(result.credential is not None for result in results)
    return json_response(BulkResults(data=results, issued=issued, failed=len(results) - issued))


def _row_once(whole: Once | None, index: int) -> Once | None:
    """Each row is carried out once; the whole request is in its hash."""
    if whole is None:
        return None
    return replace(whole, key=f"{hashlib.sha256(whole.key.encode()).hexdigest()}:{index}")


async def _issue_row(
    services: Services, actor: Actor, badge_uuid: str, index: int, row: object, once: Once | None
) -> BulkResult:
    try:
        issued = await _issue(services, actor, badge_uuid, _read_row(row), once)
    except Unprocessable:
        raise
    except BadgefedError as error:
        return BulkResult(index=index, status=error.status, credential=None, error=coded_body(error))
    credential = msgspec.json.decode(issued.answer.body, type=IssuedCredential)
    return BulkResult(index=index, status=issued.answer.status, credential=credential, error=None)


def _read_row(row: object) -> Values:
    if not isinstance(row, dict):
        raise Invalid("recipient must be an object")
    return RECIPIENT.read(row)


async def list_credentials(request: Request, actor: Actor) -> Response:
    services = services_of(request)
    page, now = read_page(request), services.clock()
    badge_uuid, status = read_badge_filter(request), read_status(request)
    found, total = await services.database.read(
        lambda reader: page_grants(
            reader,
            actor.organization_id,
            badge_uuid=badge_uuid,
            status=status,
            now=now,
            limit=page.limit,
            offset=page.offset,
        )
    )
    views = [view_credential(one, services.addresses, now=now) for one in found]
    return json_response(IssuedCredentials(data=views, pagination=paginate(page, total)))


async def get_credential(request: Request, actor: Actor) -> Response:
    services = services_of(request)

    async def load(reader: Reader) -> tuple[ListedGrant, bytes | None]:
        listed = await _get(reader, actor, request.path_params[CREDENTIAL_ID.name])
        document = await find_document(reader, listed.grant.id, DocumentKind.CREDENTIAL)
        return listed, document.body if document else None

    listed, body = await services.database.read(load)
    members = credential_members(listed, services.addresses, now=services.clock())
    return json_response(WholeCredential(**members, ob3_credential=json.loads(body) if body else None))


async def revoke_credential(request: Request, actor: Actor) -> Response:
    services = services_of(request)
    reason = (await read_body(request, REASON_BODY))["reason"]

    async def work(tx: Transaction) -> ListedGrant:
        listed = await _get(tx, actor, request.path_params[CREDENTIAL_ID.name])
        await grants.revoke(tx, listed.grant.id, reason=reason, by=actor.author, now=services.clock())
        return await _get(tx, actor, listed.grant.uuid)

    listed = await services.database.write(work)
    services.wake.set()
    return json_response(view_credential(listed, services.addresses, now=services.clock()))


BADGE_FILTER = Parameter(
    name="badgeId",
    place="query",
    description="Only credentials of this badge.",
    schema={"type": "string", "format": "uuid"},
    example=str(ISSUE_EXAMPLE["badgeId"]),
)
STATUS_FILTER = Parameter(
    name="status",
    place="query",
    description="Only credentials with this status: the first that applies of revoked, suspended, expired, pending and valid.",
    schema={"type": "string", "enum": [str(status) for status in CredentialStatus]},
    example="valid",
)
CREDENTIAL_EXAMPLE: dict[str, Any] = {
    "id": "0199e0a0-7c55-7a52-9d0c-3f7c7c1f6b10",
    "credentialId": CREDENTIAL_ID.example,
    "badgeId": ISSUE_EXAMPLE["badgeId"],
    "verificationUrl": f"https://badges.example/verify/{CREDENTIAL_ID.example}",
    "status": "pending",
    "issuanceDate": "2026-03-12T10:30:00.000Z",
    "expirationDate": "2028-03-11T10:30:00.000Z",
    "recipientName": "Jane Doe",
    "recipientEmail": "jane@example.org",
    "recipientProfileUri": None,
    "supersedesCredentialId": None,
    "supersededByCredentialId": None,
    "revokedAt": None,
    "revocationReason": None,
}
_LIST_EXAMPLE = {"data": [CREDENTIAL_EXAMPLE], "pagination": {"limit": 50, "offset": 0, "total": 1}}
_OB3_EXAMPLE = {"ob3Credential": {"type": ["VerifiableCredential", "OpenBadgeCredential"]}}
_REVOKED = {
    "status": "revoked",
    "revokedAt": "2026-04-01T08:00:00.000Z",
    "revocationReason": "Issued by mistake",
}
_NOT_FOUND = Refusal(status=404, texts=(NO_CREDENTIAL,))
_PLAN = Refusal(status=402, texts=("monthly award quota reached",))
_QUERY = Refusal(status=400, texts=(LIMIT_TEXT, OFFSET_TEXT, STATUS_TEXT, UUID_TEXT))

ISSUE_DESCRIPTION = """\
Issues a credential: it is signed now and can be verified from now on, and stays `pending` until its recipient accepts it by
the link in their mail. Only then is it published.

The same badge for the same e-mail address again: where the credential has expired, another is issued and the two are linked;
where it will expire, it is revoked (`superseded by renewal`) and followed by another; where it was revoked, another is
issued and linked; one that never expires can't be issued again (409)."""


def _issue_operation(
    prefix: str, path: str, door: Keyed | Personal, extra: tuple[Parameter, ...]
) -> Operation:
    return Operation(
        id=f"issue{prefix}Credential",
        method="POST",
        path=path,
        summary="Issue a credential",
        description=ISSUE_DESCRIPTION,
        door=door,
        parameters=(*extra, IDEMPOTENCY_KEY),
        body=ISSUE_BODY,
        body_example=ISSUE_EXAMPLE,
        success=Success(
            shape=IssuedCredential, description="The credential.", example=CREDENTIAL_EXAMPLE, status=201
        ),
        refusals=(
            *body_refusals(ISSUE_BODY, RECIPIENT),
            _PLAN,
            Refusal(status=404, texts=(NO_BADGE,)),
            Refusal(status=409, texts=(ALREADY_GRANTED, INACTIVE)),
            ONCE_REFUSAL,
            *((NO_ORGANIZATION_REFUSAL,) if extra else ()),
        ),
    )


def _list_operation(
    prefix: str, path: str, door: Keyed | Personal, extra: tuple[Parameter, ...]
) -> Operation:
    return Operation(
        id=f"list{prefix}Credentials",
        method="GET",
        path=path,
        summary="List credentials",
        description="What the organization issued, through any of the APIs.",
        door=door,
        parameters=(*extra, LIMIT, OFFSET, BADGE_FILTER, STATUS_FILTER),
        success=Success(shape=IssuedCredentials, description="The credentials.", example=_LIST_EXAMPLE),
        refusals=(_QUERY, *((NO_ORGANIZATION_REFUSAL,) if extra else ())),
    )


def _get_operation(prefix: str, path: str, door: Keyed | Personal, extra: tuple[Parameter, ...]) -> Operation:
    return Operation(
        id=f"get{prefix}Credential",
        method="GET",
        path=f"{path}/{{{CREDENTIAL_ID.name}}}",
        summary="Show a credential",
        description="One credential with its signed Open Badges 3.0 document.",
        door=door,
        parameters=(*extra, CREDENTIAL_ID),
        success=Success(
            shape=WholeCredential,
            description="The credential.",
            example={**CREDENTIAL_EXAMPLE, **_OB3_EXAMPLE},
        ),
        refusals=(_NOT_FOUND, *((NO_ORGANIZATION_REFUSAL,) if extra else ())),
    )


def _revoke_operation(
    identifier: str, method: str, path: str, door: Keyed | Personal, extra: tuple[Parameter, ...]
) -> Operation:
    return Operation(
        id=identifier,
        method=method,
        path=path,
        summary="Revoke a credential",
        description="Takes it back for good: its documents, its status list and its page say so, and why.",
        door=door,
        parameters=(*extra, CREDENTIAL_ID),
        body=REASON_BODY,
        body_example={"reason": "Issued by mistake"},
        success=Success(
            shape=IssuedCredential, description="The credential.", example={**CREDENTIAL_EXAMPLE, **_REVOKED}
        ),
        refusals=(
            *body_refusals(REASON_BODY),
            _NOT_FOUND,
            Refusal(status=409, texts=("grant … is revoked and can't be revoked",)),
            *((NO_ORGANIZATION_REFUSAL,) if extra else ()),
        ),
    )


_V1 = "/api/v1/credentials"
_ORGANIZATION = f"/api/organizations/{{{ORGANIZATION_ID.name}}}/credentials"
_ONE = f"{{{CREDENTIAL_ID.name}}}"
_EXTRA = (ORGANIZATION_ID,)

OPERATIONS = (
    _issue_operation("", _V1, by_key("grants:write", issue_credential), ()),
    Operation(
        id="issueCredentials",
        method="POST",
        path=f"{_V1}/bulk",
        summary="Issue many credentials",
        description=f"One badge for up to {MAX_BULK} recipients, each as if issued alone; the answer has a result for each.",
        door=by_key("grants:write", issue_credentials),
        parameters=(IDEMPOTENCY_KEY,),
        body=BULK_BODY,
        body_example=BULK_EXAMPLE,
        success=Success(
            shape=BulkResults,
            description="What became of each recipient.",
            example={
                "data": [{"index": 0, "status": 201, "credential": CREDENTIAL_EXAMPLE, "error": None}],
                "issued": 1,
                "failed": 0,
            },
        ),
        refusals=(*body_refusals(BULK_BODY), ONCE_REFUSAL),
    ),
    _list_operation("", _V1, by_key("grants:read", list_credentials), ()),
    _get_operation("", _V1, by_key("grants:read", get_credential), ()),
    _revoke_operation(
        "revokeCredential", "POST", f"{_V1}/{_ONE}/revoke", by_key("grants:write", revoke_credential), ()
    ),
    _issue_operation("Organization", _ORGANIZATION, by_session(Permission.ISSUE, issue_credential), _EXTRA),
    _list_operation("Organization", _ORGANIZATION, by_session(Permission.READ, list_credentials), _EXTRA),
    _get_operation("Organization", _ORGANIZATION, by_session(Permission.READ, get_credential), _EXTRA),
    _revoke_operation(
        "deleteOrganizationCredential",
        "DELETE",
        f"{_ORGANIZATION}/{_ONE}",
        by_session(Permission.CLOSE_GRANTS, revoke_credential),
        _EXTRA,
    ),
)
