"""Other servers: who follows the issuers, and how what is sent to each server arrives."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from badgefed.errors import NotFound
from badgefed.issuing import federation
from badgefed.model.organization import Permission
from badgefed.store import followers, issuers
from badgefed.store.database import Reader
from badgefed.store.host_health import list_health
from badgefed.web.console.access import (
    Desk,
    Visit,
    for_member,
    for_user,
    read_visit_form,
    redirect,
    render_console,
)
from badgefed.web.templating import services_of

FEDERATION = "/console/o/{organization}/federation"
SERVER = "/console/server/federation"
PER_PAGE = 50
MAX_HOST = 255
NOTICES = frozenset({"retried", "nothing"})


@for_member(Permission.READ)
async def show_federation(request: Request, desk: Desk) -> Response:
    """The organization's issuers with their followers, and the servers that it has to do with."""
    context = await _load_hosts(request, desk.organization.id)

    async def load(reader: Reader) -> dict[str, Any]:
        return {
            "issuers": await issuers.list_issuers(reader, organization_id=desk.organization.id),
            "counts": await followers.count_by_issuer(reader, desk.organization.id),
        }

    return render_console(
        request,
        "console/federation.html",
        desk.visit,
        desk=desk,
        may_retry=desk.may(Permission.EDIT),
        **context,
        **await services_of(request).database.read(load),
    )


@for_user
async def show_server_federation(request: Request, visit: Visit) -> Response:
    """All servers, for operators."""
    _require_operator(visit)
    return render_console(
        request,
        "console/federation.html",
        visit,
        may_retry=True,
        issuers=[],
        counts={},
        **await _load_hosts(request, None),
    )


def _require_operator(visit: Visit) -> None:
    if not visit.user.is_operator:
        raise NotFound("There is nothing here.")


async def _load_hosts(request: Request, organization_id: int | None) -> dict[str, Any]:
    services, asked = services_of(request), request.query_params
    only_failing = asked.get("show") == "failing"
    hosts = await services.database.read(
        lambda reader: list_health(
            reader,
            organization_id=organization_id,
            only_failing=only_failing,
            after=asked.get("after", "")[:MAX_HOST],
            limit=PER_PAGE + 1,
        )
    )
    shown, more = hosts[:PER_PAGE], None
    if len(hosts) > PER_PAGE:
        show = {"show": "failing"} if only_failing else {}
        more = "?" + urlencode({**show, "after": shown[-1].host})
    done = asked.get("done", "")
    return {
        "hosts": shown,
        "more": more,
        "only_failing": only_failing,
        "now": services.clock(),
        "done": done if done in NOTICES else "",
    }


@for_member(Permission.EDIT)
async def retry(request: Request, desk: Desk) -> Response:
    """Retrying twice does no harm."""
    return await _retry(request, desk.visit, desk.organization.id, f"{desk.root}/federation")


@for_user
async def retry_for_server(request: Request, visit: Visit) -> Response:
    """By operators."""
    _require_operator(visit)
    return await _retry(request, visit, None, SERVER)


async def _retry(request: Request, visit: Visit, organization_id: int | None, page: str) -> Response:
    services = services_of(request)
    form = await read_visit_form(request, visit)
    host = form.get("host", "")[:MAX_HOST]
    retried = await services.database.write(
        lambda tx: federation.retry_host(
            tx, host, organization_id=organization_id, by=visit.author, now=services.clock()
        )
    )
    services.wake.set()
    return redirect(f"{page}?done={'retried' if retried else 'nothing'}")


routes: list[BaseRoute] = [
    Route(FEDERATION, show_federation),
    Route(f"{FEDERATION}/retry", retry, methods=["POST"]),
    Route(SERVER, show_server_federation),
    Route(f"{SERVER}/retry", retry_for_server, methods=["POST"]),
]
