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
from badgefed.store.audit import list_entries
from badgefed.web.console.access import Desk, Visit, for_member, for_user, render_console
from badgefed.web.console.paging import read_before
from badgefed.web.templating import services_of

PER_PAGE = 50
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
    asked = request.query_params
    kind = asked.get("kind", "") if asked.get("kind") in KINDS else ""
    text = asked.get("q", "").strip()[:MAX_TEXT]
    entries = await list_entries(
        services_of(request).database,
        organization_id=organization_id,
        kind=kind or None,
        text=text or None,
        before=read_before(request),
        limit=PER_PAGE + 1,
    )
    shown = entries[:PER_PAGE]
    older = None
    if len(entries) > PER_PAGE:
        older = "?" + urlencode({"kind": kind, "q": text, "before": shown[-1].id})
    return {"entries": shown, "older": older, "kinds": KINDS, "kind": kind, "text": text}


routes: list[BaseRoute] = [
    Route("/console/o/{organization}/audit", show_log),
    Route("/console/server/audit", show_server_log),
]
