"""The Issuers API's badges: defining, listing, changing and deleting them."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from badgefed.api.authentication import author_of
from badgefed.api.idempotency import IDEMPOTENCY_KEY, REPEATED, carry_out_once
from badgefed.api.issuers_api.badge_definitions import (
    BADGE_CHANGES,
    BADGE_CHANGES_EXAMPLE,
    NEW_BADGE,
    NEW_BADGE_EXAMPLE,
)
from badgefed.api.issuers_api.dialect import (
    UNREADABLE,
    broken,
    carry_out,
    enveloped,
    read_picture,
    refusing_pictures,
    succeed,
    wrap,
)
from badgefed.api.issuers_api.parameters import MAX_PICTURE_BYTES, read_changes, read_parameters
from badgefed.api.issuers_api.references import BADGE_ID, find_own_badge, find_own_issuer
from badgefed.api.issuers_api.views import (
    BadgeReference,
    BadgeSummaries,
    BadgeUpdate,
    Deletion,
    view_badge,
)
from badgefed.api.operations import Keyed, Operation, Refusal
from badgefed.api.requests import services_of
from badgefed.issuing import badges
from badgefed.issuing.badges import HAS_AWARDS, UNVERIFIED_ISSUER, NewBadge
from badgefed.issuing.quotas import LIMIT_REACHED
from badgefed.model.badge import Badge
from badgefed.model.issuer import Issuer
from badgefed.model.organization import ApiKey, Permission
from badgefed.store.badges import list_badges
from badgefed.store.database import Reader, Transaction
from badgefed.store.issuers import get_issuer, list_issuers

_MEMBERS = {"name": "title", "shareText": "share_text"}


async def create_badge(request: Request, key: ApiKey) -> Response:
    services = services_of(request)
    values = await read_parameters(request, NEW_BADGE, max_bytes=MAX_PICTURE_BYTES)
    issuer = await find_own_issuer(services.database, values["issuerId"], key, services.addresses)
    badges.check_verified(issuer)
    new = NewBadge(
        title=values["name"],
        description=values["description"],
        criteria=values["criteria"],
        image=await read_picture(values["image"], "image"),
        share_text=values["shareText"],
    )
    with refusing_pictures("image"):
        prepared = await badges.prepare_badge(issuer, new)

    async def work(tx: Transaction) -> object:
        by = author_of(request, key)
        badge = await badges.add_badge(tx, issuer, prepared, by=by, now=services.clock())
        return wrap(BadgeReference(badge_id=services.addresses.badge_class(badge.uuid)))

    return await carry_out_once(request, key, "createBadge", values, work)


async def list_own_badges(request: Request, key: ApiKey) -> Response:
    services = services_of(request)

    async def load(reader: Reader) -> tuple[list[Badge], list[Issuer]]:
        found = await list_badges(reader, key.organization_id)
        return found, await list_issuers(reader, organization_id=key.organization_id)

    found, own = await services.database.read(load)
    issuers = {issuer.id: issuer for issuer in own}
    views = [
        view_badge(badge, issuers[badge.issuer_id], services.addresses)
        for badge in found
        if badge.issuer_id in issuers
    ]
    return succeed(BadgeSummaries(badges=views))


async def edit_badge(request: Request, key: ApiKey) -> Response:
    services, wanted = services_of(request), request.path_params[BADGE_ID.name]
    given = await read_changes(request, BADGE_CHANGES, clearable=("shareText",), max_bytes=MAX_PICTURE_BYTES)

    async def load(reader: Reader) -> tuple[Badge, Issuer]:
        badge = await find_own_badge(reader, wanted, key, services.addresses)
        return badge, await get_issuer(reader, badge.issuer_id)

    badge, issuer = await services.database.read(load)
    changes: dict[str, Any] = {_MEMBERS.get(name, name): value for name, value in given.items()}
    if "image" in changes:
        changes["image"] = await read_picture(changes["image"], "image")
    with refusing_pictures("image"):
        await badges.edit_badge(
            services, badge=badge, issuer=issuer, changes=changes, by=author_of(request, key)
        )
    return succeed(BadgeUpdate(badge_id=services.addresses.badge_class(badge.uuid), updated=True))


async def delete_badge(request: Request, key: ApiKey) -> Response:
    services, wanted = services_of(request), request.path_params[BADGE_ID.name]

    async def work(tx: Transaction) -> None:
        badge = await find_own_badge(tx, wanted, key, services.addresses)
        issuer = await get_issuer(tx, badge.issuer_id)
        await badges.delete_badge(tx, badge, issuer, by=author_of(request, key), now=services.clock())

    return await carry_out(request, work, Deletion(deleted=True))


_NOT_FOUND = Refusal(status=404, texts=("badge not found",))
_EXAMPLE_ID = f"https://badges.example/certify-badge/badge/{BADGE_ID.example}"

OPERATIONS = (
    Operation(
        id="createBadge",
        method="POST",
        path="/badges",
        summary="Define a badge",
        description="A badge of a verified issuer.",
        door=Keyed(scope="badges:write", handle=create_badge),
        parameters=(IDEMPOTENCY_KEY,),
        body=NEW_BADGE,
        body_example=NEW_BADGE_EXAMPLE,
        success=enveloped(BadgeReference, "The new badge.", {"badgeId": _EXAMPLE_ID}),
        refusals=(
            *UNREADABLE,
            *REPEATED,
            broken(NEW_BADGE, UNVERIFIED_ISSUER, "invalid image: …"),
            Refusal(status=403, texts=(LIMIT_REACHED.format(things="badge"),)),
            Refusal(status=404, texts=("issuer not found",)),
        ),
    ),
    Operation(
        id="listOwnBadges",
        method="GET",
        path="/badges",
        summary="List badges",
        description="Those of the key's organization, by age.",
        door=Keyed(scope="badges:read", handle=list_own_badges),
        success=enveloped(
            BadgeSummaries,
            "The badges.",
            {
                "badges": [
                    {
                        "id": _EXAMPLE_ID,
                        "name": "Advanced Training",
                        "description": "Finished the advanced training.",
                        "criteria": {"narrative": "Pass the final exam."},
                        "image": "https://badges.example/badge-image/1",
                        "issuer": f"https://badges.example/certify-badge/issuer/{BADGE_ID.example}",
                        "timestamp": "2025-01-15T10:30:00.000Z",
                    }
                ]
            },
        ),
    ),
    Operation(
        id="editBadge",
        method="PUT",
        path="/badges/{badgeId}",
        summary="Change a badge",
        description="Only what is given changes. What was awarded before stays as it was, the picture too.",
        door=Keyed(scope="badges:write", permission=Permission.EDIT, handle=edit_badge),
        parameters=(BADGE_ID,),
        body=BADGE_CHANGES,
        body_example=BADGE_CHANGES_EXAMPLE,
        success=enveloped(BadgeUpdate, "It was changed.", {"badgeId": _EXAMPLE_ID, "updated": True}),
        refusals=(
            *UNREADABLE,
            broken(BADGE_CHANGES, "invalid image: …"),
            _NOT_FOUND,
            Refusal(status=409, texts=("somebody else has edited this badge meanwhile; look at it again",)),
        ),
    ),
    Operation(
        id="deleteBadge",
        method="DELETE",
        path="/badges/{badgeId}",
        summary="Delete a badge",
        description="One that was never awarded.",
        door=Keyed(scope="badges:write", permission=Permission.EDIT, handle=delete_badge),
        parameters=(BADGE_ID,),
        success=enveloped(Deletion, "It is gone.", {"deleted": True}),
        refusals=(Refusal(status=400, texts=(HAS_AWARDS,)), _NOT_FOUND),
    ),
)
