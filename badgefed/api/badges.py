"""The Badges API: the badges of the key's organization, granting one, and how far a grant has come."""

from __future__ import annotations

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from badgefed.api import grant_states
from badgefed.api.authentication import author_of
from badgefed.api.badge_definitions import (
    BADGE_ID,
    BADGES_DESCRIPTION,
    BADGES_EXAMPLE,
    BODY_REFUSALS,
    GRANT_BODY,
    GRANT_DESCRIPTION,
    GRANT_EXAMPLE,
    GRANT_REQUEST_EXAMPLE,
    NOTE_ID,
    ONE_BADGE_EXAMPLE,
    STATUS_DESCRIPTION,
    STATUS_EXAMPLE,
)
from badgefed.api.badge_views import (
    BadgeAnswer,
    BadgeList,
    GrantAnswer,
    GrantStatus,
    view_badge,
    view_offered,
    view_status,
)
from badgefed.api.badges_dialect import speak_badges
from badgefed.api.errors import json_response
from badgefed.api.grant_lookup import GRANT_NOT_FOUND, find_own_grant
from badgefed.api.idempotency import IDEMPOTENCY_KEY, carry_out_once
from badgefed.api.operations import Keyed, Operation, Refusal, Success
from badgefed.api.requests import read_body, read_path_integer, services_of
from badgefed.api.resources import make_routes
from badgefed.errors import NotFound
from badgefed.issuing import grants
from badgefed.issuing.grants import ALREADY_GRANTED, Offer
from badgefed.model.audit import Author
from badgefed.model.badge import Badge
from badgefed.model.grant import ProofKind
from badgefed.model.issuer import Issuer
from badgefed.model.organization import ApiKey
from badgefed.store.badges import find_badge, list_active_badges
from badgefed.store.database import Reader, Transaction
from badgefed.store.issuers import get_issuer, list_issuers
from badgefed.work.accept_links import accept_url
from badgefed.work.services import Services

BADGE_NOT_FOUND = "Badge not found or not authorized."


async def list_badges(request: Request, key: ApiKey) -> Response:
    services = services_of(request)
    badges, issuers = await services.database.read(partial(_read_badges, organization_id=key.organization_id))
    views = [
        view_badge(badge, issuers[badge.issuer_id], services.addresses)
        for badge in badges
        if badge.issuer_id in issuers
    ]
    return json_response(BadgeList(success=True, count=len(views), badges=views))


async def _read_badges(reader: Reader, *, organization_id: int) -> tuple[list[Badge], dict[int, Issuer]]:
    badges = await list_active_badges(reader, organization_id)
    issuers = await list_issuers(reader, organization_id=organization_id)
    return badges, {issuer.id: issuer for issuer in issuers}


async def get_badge(request: Request, key: ApiKey) -> Response:
    services = services_of(request)
    badge_id = read_path_integer(request, BADGE_ID.name)

    async def read(reader: Reader) -> tuple[Badge, Issuer]:
        badge = await find_badge(reader, badge_id, organization_id=key.organization_id)
        if badge is None:
            raise NotFound(BADGE_NOT_FOUND)
        return badge, await get_issuer(reader, badge.issuer_id)

    badge, issuer = await services.database.read(read)
    return json_response(BadgeAnswer(success=True, badge=view_badge(badge, issuer, services.addresses)))


async def grant_badge(request: Request, key: ApiKey) -> Response:
    values = await read_body(request, GRANT_BODY)
    offer = Offer(
        organization_id=key.organization_id,
        badge_id=values["badgeId"],
        profile=values["profileUri"],
        email=values["email"],
        name=values["name"],
        evidence=values["evidence"],
    )
    work = partial(_grant, services_of(request), offer, author_of(request, key))
    return await carry_out_once(request, key, "grantBadge", values, work, is_brief=True)


async def _grant(services: Services, offer: Offer, by: Author, tx: Transaction) -> GrantAnswer:
    offered = await grants.offer(tx, offer, services, by=by)
    return view_offered(offered, accept_url(services, offered.grant, ProofKind.LINK))


async def get_status(request: Request, key: ApiKey) -> Response:
    grant = await find_own_grant(services_of(request).database, request.path_params[NOTE_ID.name], key)
    return json_response(view_status(grant))


OPERATIONS = (
    Operation(
        id="listBadges",
        method="GET",
        path="/api/badges",
        summary="List badges",
        description="The active badges of the key's organization, by id.",
        door=Keyed(scope="badges:read", handle=list_badges),
        success=Success(shape=BadgeList, description="The badges.", example=BADGES_EXAMPLE),
    ),
    Operation(
        id="grantBadge",
        method="POST",
        path="/api/badges/grant",
        summary="Grant a badge",
        description=GRANT_DESCRIPTION,
        door=Keyed(scope="grants:write", handle=grant_badge),
        parameters=(IDEMPOTENCY_KEY,),
        body=GRANT_BODY,
        body_example=GRANT_REQUEST_EXAMPLE,
        success=Success(
            shape=GrantAnswer, description="The grant that waits for its recipient.", example=GRANT_EXAMPLE
        ),
        refusals=(
            *BODY_REFUSALS,
            Refusal(status=404, texts=("Badge not found",)),
            Refusal(status=409, texts=(ALREADY_GRANTED,)),
        ),
    ),
    Operation(
        id="getGrantStatus",
        method="GET",
        path="/api/badges/grant/{noteId}/status",
        summary="Ask how far a grant has come",
        description=STATUS_DESCRIPTION,
        door=Keyed(scope="grants:read", handle=get_status),
        parameters=(NOTE_ID,),
        success=Success(shape=GrantStatus, description="The grant's status.", example=STATUS_EXAMPLE),
        refusals=(Refusal(status=404, texts=(GRANT_NOT_FOUND,)),),
    ),
    *grant_states.OPERATIONS,
    Operation(
        id="getBadge",
        method="GET",
        path="/api/badges/{badgeId}",
        summary="Show a badge",
        description="One badge of the key's organization, active or not.",
        door=Keyed(scope="badges:read", handle=get_badge),
        parameters=(BADGE_ID,),
        success=Success(shape=BadgeAnswer, description="The badge.", example=ONE_BADGE_EXAMPLE),
        refusals=(
            Refusal(status=400, texts=("The value 'abc' is not valid.",)),
            Refusal(status=404, texts=(BADGE_NOT_FOUND,)),
        ),
    ),
)

API = speak_badges(name="Badges", root="/api/badges", description=BADGES_DESCRIPTION, operations=OPERATIONS)

routes: list[BaseRoute] = make_routes(API)
