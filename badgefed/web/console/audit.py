"""Who did what: the audit log of an organization, and of the whole server for its operators."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from badgefed.errors import NotFound
from badgefed.model.audit import Action
from badgefed.model.organization import Permission
from badgefed.store.audit import find_end, list_entries
from badgefed.web.console.access import Desk, Visit, for_member, for_user, render_console
from badgefed.web.console.paging import read_before
from badgefed.web.templating import services_of

PER_PAGE = 50
SEARCHED = 10_000
MAX_TEXT = 100
KINDS = tuple(dict.fromkeys(action.target_kind for action in Action))


@for_member(Permission.READ_AUDIT)
async def show_log(request: Request, desk: Desk) -> Response:
    context = await _load(request, desk.organization.id)
    return render_console(request, "console/audit.html", desk.visit, desk=desk, **context)


@for_user
async def show_server_log(request: Request, visit: Visit) -> Response:
    if not visit.user.is_operator:
        raise NotFound("There is nothing here.")
    return render_console(request, "console/audit.html", visit, **await _load(request, None))


async def _load(request: Request, organization_id: int | None) -> dict[str, Any]:
    """A page, in which a kind or a text is looked for in some thousand entries at a time."""
    asked, before, database = request.query_params, read_before(request), services_of(request).database
    kind = asked.get("kind", "") if asked.get("kind") in KINDS else ""
    text = asked.get("q", "").strip()[:MAX_TEXT]
    end = None
    if kind or text:
        end = await find_end(database, organization_id=organization_id, before=before, within=SEARCHED)
    entries = await list_entries(
        database,
        organization_id=organization_id,
        kind=kind or None,
        text=text or None,
        before=before,
        until=end,
        limit=PER_PAGE + 1,
    )
    following = entries[PER_PAGE - 1].id if len(entries) > PER_PAGE else end
    older = "?" + urlencode({"kind": kind, "q": text, "before": following}) if following else None
    return {"entries": entries[:PER_PAGE], "older": older, "kinds": KINDS, "kind": kind, "text": text}


routes: list[BaseRoute] = [
    Route("/console/o/{organization}/audit", show_log),
    Route("/console/server/audit", show_server_log),
]
