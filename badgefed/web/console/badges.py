"""An organization's badges: a list, and each badge with its versions and what can be done with it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from badgefed.errors import BadgefedError, Invalid, NotFound
from badgefed.issuing.badge_standing import set_standing
from badgefed.issuing.badges import delete_badge as remove_badge
from badgefed.model.badge import Badge
from badgefed.model.grant import Status
from badgefed.model.organization import Permission
from badgefed.store import badges, images, issuers
from badgefed.store.badge_lists import count_grants, list_badge_rows
from badgefed.store.catalogue import find_listed_badge, was_granted
from badgefed.store.database import Reader
from badgefed.web.console.access import Desk, for_member, read_visit_form, redirect, render_console
from badgefed.web.console.paging import read_before
from badgefed.web.templating import services_of

BADGES = "/console/o/{organization}/badges"
BADGE = f"{BADGES}/{{uuid}}"
PER_PAGE = 50
MAX_TEXT = 100
MAX_VERSIONS = 100
NOTICES = frozenset({"created", "changed", "activated", "deactivated", "deleted"})
STATES = {"active": True, "inactive": False}


@for_member(Permission.READ)
async def show_badges(request: Request, desk: Desk) -> Response:
    """Newest first, by state and text. `?done=deleted` tells what was just done."""
    asked = request.query_params
    state, text = asked.get("state", ""), asked.get("q", "").strip()[:MAX_TEXT]
    rows = await list_badge_rows(
        services_of(request).database,
        desk.organization.id,
        is_active=STATES.get(state),
        text=text or None,
        before=read_before(request),
        limit=PER_PAGE + 1,
    )
    shown = rows[:PER_PAGE]
    older = None
    if len(rows) > PER_PAGE:
        older = "?" + urlencode({"state": state, "q": text, "before": shown[-1].badge.id})
    return render_console(
        request,
        "console/badges.html",
        desk.visit,
        desk=desk,
        rows=shown,
        older=older,
        state=state if state in STATES else "",
        text=text,
        may_issue=desk.may(Permission.ISSUE),
        done=_done(request),
    )


def _done(request: Request) -> str:
    done = request.query_params.get("done", "")
    return done if done in NOTICES else ""


async def find_own_badge(request: Request, desk: Desk) -> Badge:
    """The one in the path. Raises `NotFound`, for another organization's too."""
    found = await find_listed_badge(
        services_of(request).database, desk.organization.id, request.path_params["uuid"]
    )
    if found is None:
        raise NotFound("There is no such badge here.")
    return found.badge


@for_member(Permission.READ)
async def show_badge(request: Request, desk: Desk) -> Response:
    """`?done=` names what was just done."""
    return await _badge_page(request, desk, await find_own_badge(request, desk))


async def _badge_page(
    request: Request, desk: Desk, badge: Badge, *, error: BadgefedError | None = None
) -> Response:
    async def load(reader: Reader) -> dict[str, Any]:
        counts = await count_grants(reader, [badge.id])
        return {
            "image": await images.get_image(reader, badge.image_id),
            "issuer": await issuers.get_issuer(reader, badge.issuer_id),
            "versions": await badges.list_older_versions(reader, badge, limit=MAX_VERSIONS),
            "counts": {status: counts.get((badge.id, status), 0) for status in Status},
        }

    loaded = await services_of(request).database.read(load)
    may_edit = desk.may(Permission.EDIT)
    return render_console(
        request,
        "console/badge.html",
        desk.visit,
        desk=desk,
        error=error,
        badge=badge,
        done=_done(request),
        may_edit=may_edit,
        may_delete=may_edit and not any(loaded["counts"].values()),
        **loaded,
    )


@for_member(Permission.EDIT)
async def set_active(request: Request, desk: Desk) -> Response:
    """Whether it can be granted; what was granted stays."""
    services, badge = services_of(request), await find_own_badge(request, desk)
    is_active = (await read_visit_form(request, desk.visit)).get("active", "") == "yes"
    by, now = desk.visit.author, services.clock()
    await services.database.write(
        lambda tx: set_standing(
            tx, badge, organization_id=desk.organization.id, is_active=is_active, by=by, now=now
        )
    )
    done = "activated" if is_active else "deactivated"
    return redirect(f"{desk.root}/badges/{badge.uuid}?done={done}")


@for_member(Permission.EDIT)
async def show_deletion(request: Request, desk: Desk) -> Response:
    """What deleting means, and the button."""
    badge = await find_own_badge(request, desk)
    is_granted = await was_granted(services_of(request).database, badge.id)
    return render_console(
        request, "console/badge-delete.html", desk.visit, desk=desk, badge=badge, is_granted=is_granted
    )


@for_member(Permission.EDIT)
async def delete_badge(request: Request, desk: Desk) -> Response:
    """Of one that nobody was ever granted; of one that is deleted already, nothing."""
    services = services_of(request)
    await read_visit_form(request, desk.visit)
    try:
        badge = await find_own_badge(request, desk)
    except NotFound:
        return redirect(f"{desk.root}/badges")
    issuer = await issuers.get_issuer(services.database, badge.issuer_id)
    by, now = desk.visit.author, services.clock()
    try:
        await services.database.write(lambda tx: remove_badge(tx, badge, issuer, by=by, now=now))
    except Invalid as error:
        return await _badge_page(request, desk, badge, error=error)
    return redirect(f"{desk.root}/badges?done=deleted")


routes: list[BaseRoute] = [
    Route(BADGES, show_badges),
    Route(BADGE, show_badge),
    Route(f"{BADGE}/active", set_active, methods=["POST"]),
    Route(f"{BADGE}/delete", show_deletion),
    Route(f"{BADGE}/delete", delete_badge, methods=["POST"]),
]
