"""Credentials: issuing them one by one and many at once, listing, showing and revoking them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from badgefed.api.credential_lookup import CREDENTIAL_ID, NO_CREDENTIAL, check_identifier
from badgefed.api.credentials_api.callers import Actor
from badgefed.api.credentials_api.definitions import (
    BULK_BODY,
    INACTIVE,
    ISSUE_BODY,
    NO_BADGE,
    REASON_BODY,
    REVOKED_ALREADY,
)
from badgefed.api.credentials_api.queries import read_badge_filter, read_page, read_status
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
from badgefed.api.idempotency import (
    REPLAYED,
    Answer,
    Once,
    answer_once,
    check_idempotency_key,
    identify,
    respond,
)
from badgefed.api.requests import read_body, services_of
from badgefed.errors import BadgefedError, Conflict, NotFound, Unprocessable
from badgefed.issuing import grants
from badgefed.issuing.grants import Offer, Repeat
from badgefed.model.grant import Status
from badgefed.protocol.bodies import Values
from badgefed.store.catalogue import ListedGrant, find_listed_badge, find_listed_grant, page_grants
from badgefed.store.database import Reader, Transaction
from badgefed.store.documents import DocumentKind, find_document
from badgefed.work.services import Services
from badgefed.work.sign_grants import sign_grant

BULK_MAX_BYTES = 256 * 1024


async def issue_credential(request: Request, actor: Actor) -> Response:
    services = services_of(request)
    key = check_idempotency_key(request)
    values = await read_body(request, ISSUE_BODY)
    once = identify("issueCredential", actor, key, values)
    return respond(await _issue(services, actor, values["badgeId"], values["recipient"], once))


async def _issue(
    services: Services, actor: Actor, badge_uuid: str, recipient: Values, once: Once | None
) -> Answer:
    """Issues and signs, in this order: what was issued is signed by a job if this process ends in between."""
    grant_ids: list[int] = []

    async def work(tx: Transaction) -> Answer:
        listed = await _offer(tx, services, actor, badge_uuid, recipient)
        grant_ids[:] = [listed.grant.id]
        view = view_credential(listed, services.addresses, now=services.clock())
        return Answer(status=201, body=msgspec.json.encode(view))

    answer = await services.database.write(lambda tx: answer_once(tx, services, once, work))
    if not answer.is_replay:
        await sign_grant(services, grant_ids[0])
        services.wake.set()
    return answer


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
    listed = await find_listed_grant(reader, actor.organization_id, check_identifier(identifier))
    if listed is None:
        raise NotFound(NO_CREDENTIAL)
    return listed


async def issue_credentials(request: Request, actor: Actor) -> Response:
    """One transaction for each recipient, so that one's trouble is nobody else's."""
    services = services_of(request)
    key = check_idempotency_key(request)
    values = await read_body(request, BULK_BODY, max_bytes=BULK_MAX_BYTES)
    whole = identify("issueCredentials", actor, key, values)
    rows = [
        await _issue_row(
            services, actor, index, {"badgeId": values["badgeId"], "recipient": recipient}, whole
        )
        for index, recipient in enumerate(values["recipients"])
    ]
    results = [row.result for row in rows]
    issued = sum(result.credential is not None for result in results)
    return json_response(
        BulkResults(data=results, issued=issued, failed=len(results) - issued),
        headers={REPLAYED: "true"} if any(row.is_replay for row in rows) else {},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    result: BulkResult
    is_replay: bool = False


async def _issue_row(
    services: Services, actor: Actor, index: int, document: Values, whole: Once | None
) -> _Row:
    """As a request for this recipient alone. Raises `Unprocessable`."""
    try:
        values = ISSUE_BODY.read(document)
        issued = await _issue(
            services, actor, values["badgeId"], values["recipient"], _row_once(whole, index)
        )
    except Unprocessable:
        raise
    except BadgefedError as error:
        return _Row(
            result=BulkResult(index=index, status=error.status, credential=None, error=coded_body(error))
        )
    credential = msgspec.json.decode(issued.body, type=IssuedCredential)
    result = BulkResult(index=index, status=issued.status, credential=credential, error=None)
    return _Row(result=result, is_replay=issued.is_replay)


def _row_once(whole: Once | None, index: int) -> Once | None:
    """Each row is carried out once; the whole request is in its hash."""
    if whole is None:
        return None
    return replace(whole, key=f"{hashlib.sha256(whole.key.encode()).hexdigest()}:{index}")


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
        if listed.grant.status is Status.REVOKED:
            raise Conflict(REVOKED_ALREADY)
        await grants.revoke(tx, listed.grant.id, reason=reason, by=actor.author, now=services.clock())
        return await _get(tx, actor, listed.grant.uuid)

    listed = await services.database.write(work)
    services.wake.set()
    return json_response(view_credential(listed, services.addresses, now=services.clock()))
