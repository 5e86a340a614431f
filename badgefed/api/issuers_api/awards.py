"""The Issuers API's awards: making them, finding them, mailing them again and taking them back."""

from __future__ import annotations

from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from badgefed.api.authentication import author_of
from badgefed.api.idempotency import IDEMPOTENCY_KEY, REPEATED, carry_out_once
from badgefed.api.issuers_api.award_definitions import (
    FILTER,
    FILTER_PARAMETER,
    MAX_FILTER,
    NEW_AWARD,
    NEW_AWARD_EXAMPLE,
    PAGE_PARAMETER,
    REASON,
    REASON_PARAMETER,
    SEARCH_FIELDS,
)
from badgefed.api.issuers_api.dialect import (
    UNREADABLE,
    broken,
    carry_out,
    enveloped,
    succeed,
    wrap,
)
from badgefed.api.issuers_api.parameters import read_optional, read_parameters
from badgefed.api.issuers_api.references import (
    AWARD_ID,
    Noun,
    find_own_award,
    find_own_badge,
    not_found,
)
from badgefed.api.issuers_api.views import (
    AwardReference,
    AwardSummaries,
    AwardSummary,
    Revoked,
    Sent,
    view_award,
)
from badgefed.api.operations import Keyed, Operation, Refusal
from badgefed.api.requests import parse_json, services_of
from badgefed.errors import Gone, Invalid
from badgefed.issuing import awards, grants
from badgefed.issuing.awards import REVOKED
from badgefed.issuing.grants import Offer
from badgefed.issuing.quotas import QUOTA_REACHED
from badgefed.model.addresses import Addresses
from badgefed.model.grant import Grant, Status
from badgefed.model.organization import ApiKey, Permission
from badgefed.model.times import DAY, from_iso8601
from badgefed.protocol.bodies import InvalidBody, Values
from badgefed.store.award_lists import AwardSearch, ListedAward, list_awards
from badgefed.store.badges import get_granted_badge
from badgefed.store.database import Reader, Transaction
from badgefed.work.services import Services

PAGE = 50
NO_REASON = "Revoked by the issuer"
TOO_EARLY = "issuedOn must not be before 1970"
AHEAD = "issuedOn must not be in the future"
ORDER = "expires must be later than issuedOn"


async def create_award(request: Request, key: ApiKey) -> Response:
    values = await read_parameters(request, NEW_AWARD)
    work = partial(_award, request, key, values)
    return await carry_out_once(request, key, "createAward", values, work)


async def _award(request: Request, key: ApiKey, values: Values, tx: Transaction) -> object:
    services = services_of(request)
    badge = await find_own_badge(tx, values["badgeId"], key, services.addresses)
    if not badge.is_active:
        raise not_found(Noun.BADGE)
    issued_at, expires_at = _read_times(values, services.clock())
    wanted = Offer(
        organization_id=key.organization_id,
        badge_id=badge.id,
        name=values["recipient"]["name"],
        email=values["recipient"]["email"],
        issued_at=issued_at,
        expires_at=expires_at,
    )
    awarded = await awards.award(tx, wanted, services, by=author_of(request, key))
    return wrap(AwardReference(award_id=services.addresses.assertion(awarded.grant.uuid)))


def _read_times(values: Values, now: int) -> tuple[int, int | None]:
    issued_at = from_iso8601(values["issuedOn"])
    if issued_at < 0:
        raise Invalid(TOO_EARLY, field="issuedOn")
    if issued_at > now + DAY:
        raise Invalid(AHEAD, field="issuedOn")
    expires_at = from_iso8601(values["expires"]) if values["expires"] is not None else None
    if expires_at is not None and expires_at <= issued_at:
        raise Invalid(ORDER, field="expires")
    return min(issued_at, now), expires_at


async def list_own_awards(request: Request, key: ApiKey) -> Response:
    services = services_of(request)
    wanted = _read_filter(request.query_params.get(FILTER_PARAMETER.name, ""))
    last = request.query_params.get(PAGE_PARAMETER.name)

    async def load(reader: Reader) -> list[ListedAward]:
        search = await _make_search(reader, wanted, key, services.addresses)
        before = (await find_own_award(reader, last, key, services.addresses)).id if last else None
        return await list_awards(reader, key.organization_id, search, before=before, limit=PAGE + 1)

    found = await services.database.read(load)
    page = found[:PAGE]
    views = [view_award(one.grant, one.badge_uuid, services.addresses, now=services.clock()) for one in page]
    following = page[-1].grant.uuid if len(found) > PAGE else None
    return succeed(AwardSummaries(awards=views, count=len(views), last_evaluated_key=following))


def _read_filter(text: str) -> Values:
    """Raises `Invalid`."""
    try:
        if len(text) > MAX_FILTER:
            raise Invalid(f"more than {MAX_FILTER} characters")
        return FILTER.read(parse_json(text.encode()) if text.strip() else {})
    except (Invalid, InvalidBody) as error:
        raise Invalid(f"invalid filter: {error}", field="filter") from error


async def _make_search(reader: Reader, wanted: Values, key: ApiKey, addresses: Addresses) -> AwardSearch:
    badge = None
    if wanted["badgeId"] is not None:
        badge = await find_own_badge(reader, wanted["badgeId"], key, addresses)
    field = wanted["searchField"]
    return AwardSearch(
        badge_id=badge.id if badge else None,
        text=wanted["search"],
        columns=(field,) if field else SEARCH_FIELDS,
    )


async def get_award(request: Request, key: ApiKey) -> Response:
    services, wanted = services_of(request), request.path_params[AWARD_ID.name]

    async def load(reader: Reader) -> AwardSummary:
        grant = await _find_live(reader, wanted, key, services)
        badge = await get_granted_badge(reader, grant)
        return view_award(grant, badge.uuid, services.addresses, now=services.clock())

    return succeed(await services.database.read(load))


async def _find_live(reader: Reader, wanted: str, key: ApiKey, services: Services) -> Grant:
    """Raises `NotFound`; `Gone` for a revoked one."""
    grant = await find_own_award(reader, wanted, key, services.addresses)
    if grant.status is Status.REVOKED:
        raise Gone(REVOKED)
    return grant


async def mail_award(request: Request, key: ApiKey) -> Response:
    services, wanted = services_of(request), request.path_params[AWARD_ID.name]

    async def work(tx: Transaction) -> None:
        grant = await _find_live(tx, wanted, key, services)
        await awards.send_again(tx, grant, by=author_of(request, key), now=services.clock())

    return await carry_out(request, work, Sent(sent=True))


async def revoke_award(request: Request, key: ApiKey) -> Response:
    services, wanted = services_of(request), request.path_params[AWARD_ID.name]
    sent = await read_optional(request, REASON)
    in_query = REASON.read({"reason": request.query_params.get(REASON_PARAMETER.name)})
    reason: str = sent["reason"] or in_query["reason"] or NO_REASON

    async def work(tx: Transaction) -> None:
        grant = await _find_live(tx, wanted, key, services)
        by = author_of(request, key)
        await grants.revoke(tx, grant.id, reason=reason, by=by, now=services.clock())

    return await carry_out(request, work, Revoked(deleted=True, revoked=True))


_NOT_FOUND = Refusal(status=404, texts=("award not found",))
_GONE = Refusal(status=410, texts=(REVOKED,))
_EXAMPLE_ID = f"https://badges.example/certify-badge/award/{AWARD_ID.example}"
_EXAMPLE = {
    "id": _EXAMPLE_ID,
    "badgeId": f"https://badges.example/certify-badge/badge/{AWARD_ID.example}",
    "recipient": {"name": "Jane Doe", "email": "jane@example.org"},
    "issuedOn": "2025-01-15T10:30:00Z",
    "expires": None,
    "status": "issued",
    "revocationReason": None,
    "url": f"https://badges.example/awards/{AWARD_ID.example}",
}

OPERATIONS = (
    Operation(
        id="createAward",
        method="POST",
        path="/awards",
        summary="Award a badge",
        description="The award is live at once: it is signed and published without anybody's acceptance, and its recipient gets"
        " a mail. Each request makes a new award, also for somebody who has the badge.",
        door=Keyed(scope="grants:write", handle=create_award),
        parameters=(IDEMPOTENCY_KEY,),
        body=NEW_AWARD,
        body_example=NEW_AWARD_EXAMPLE,
        success=enveloped(AwardReference, "The new award.", {"awardId": _EXAMPLE_ID}),
        refusals=(
            *UNREADABLE,
            *REPEATED,
            broken(NEW_AWARD, TOO_EARLY, AHEAD, ORDER),
            Refusal(status=402, texts=(QUOTA_REACHED,)),
            Refusal(status=404, texts=("badge not found",)),
        ),
    ),
    Operation(
        id="listAwards",
        method="GET",
        path="/awards",
        summary="List awards",
        description=f"Those of the key's organization, the newest first, {PAGE} at a time. New ones move no page.",
        door=Keyed(scope="grants:read", handle=list_own_awards),
        parameters=(FILTER_PARAMETER, PAGE_PARAMETER),
        success=enveloped(AwardSummaries, "A page of awards.", {"awards": [_EXAMPLE], "count": 1}),
        refusals=(
            Refusal(status=400, texts=("invalid filter: …",)),
            Refusal(status=404, texts=("badge not found", "award not found")),
        ),
    ),
    Operation(
        id="mailAward",
        method="POST",
        path="/awards/{awardId}/email",
        summary="Mail an award again",
        description="To its recipient. However often it is asked for before the mail goes out, it goes once.",
        door=Keyed(scope="grants:write", handle=mail_award),
        parameters=(AWARD_ID,),
        success=enveloped(Sent, "The mail is on its way.", {"sent": True}),
        refusals=(
            Refusal(status=400, texts=("award has nobody to send mail to",)),
            _NOT_FOUND,
            _GONE,
        ),
    ),
    Operation(
        id="getAward",
        method="GET",
        path="/awards/{awardId}",
        summary="Show an award",
        description="One award of the key's organization.",
        door=Keyed(scope="grants:read", handle=get_award),
        parameters=(AWARD_ID,),
        success=enveloped(AwardSummary, "The award.", _EXAMPLE),
        refusals=(_NOT_FOUND, _GONE),
    ),
    Operation(
        id="revokeAward",
        method="DELETE",
        path="/awards/{awardId}",
        summary="Take an award back",
        description="For good: its documents, its status list and its page say so, with the reason.",
        door=Keyed(scope="grants:write", permission=Permission.CLOSE_GRANTS, handle=revoke_award),
        parameters=(AWARD_ID, REASON_PARAMETER),
        success=enveloped(Revoked, "It was taken back.", {"deleted": True, "revoked": True}),
        refusals=(
            broken(REASON),
            _NOT_FOUND,
            Refusal(status=409, texts=("grant … is … and can't be revoked",)),
            _GONE,
            Refusal(status=413, texts=("Request body cannot exceed 65536 bytes",)),
        ),
    ),
)
