"""How far a list has come, and what became of its rows."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from badgefed.errors import NotFound, RateLimited
from badgefed.issuing.bulk import BULK_NOT_FOUND
from badgefed.issuing.bulk_progress import Streams, follow_bulk
from badgefed.issuing.bulk_report import write_rows
from badgefed.model.bulk import FAILED, Bulk, BulkState
from badgefed.model.organization import Permission
from badgefed.store.bulk import find_bulk, list_rows
from badgefed.web.console.access import CONSOLE_HEADERS, Desk, for_member, render_console
from badgefed.web.templating import services_of
from badgefed.work.services import Services

LIST = "/console/o/{organization}/lists/{uuid}"
SHOWN_ROWS = 100
ASK_AGAIN = b"retry: 15000\n\n"


@for_member(Permission.READ)
async def show_list(request: Request, desk: Desk) -> Response:
    """Where it stands now; with scripts the page follows it."""
    bulk = await _find(request, desk)
    failed = await list_rows(services_of(request).database, bulk.id, states=FAILED, after=0, limit=SHOWN_ROWS)
    return render_console(
        request,
        "console/list.html",
        desk.visit,
        desk=desk,
        bulk=bulk,
        is_running=bulk.state is BulkState.RUNNING,
        failed=failed,
    )


async def _find(request: Request, desk: Desk) -> Bulk:
    """Raises `NotFound`, for another organization's too."""
    bulk = await find_bulk(
        services_of(request).database,
        request.path_params["uuid"],
        organization_id=desk.organization.id,
    )
    if bulk is None:
        raise NotFound(BULK_NOT_FOUND)
    return bulk


@for_member(Permission.READ)
async def download_failed(request: Request, desk: Desk) -> Response:
    """The rows that failed, with the reason, to be corrected and sent in again."""
    bulk = await _find(request, desk)
    headers = {**CONSOLE_HEADERS, "Content-Disposition": f'attachment; filename="failed-{bulk.uuid}.csv"'}
    return StreamingResponse(
        write_rows(services_of(request), bulk, FAILED), media_type="text/csv", headers=headers
    )


@for_member(Permission.READ)
async def follow(request: Request, desk: Desk) -> Response:
    """Server-sent events `progress` and `completed`; where too many are followed, the browser asks again later."""
    bulk = await _find(request, desk)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    events = _events(services_of(request), _streams_of(request), bulk)
    return StreamingResponse(events, media_type="text/event-stream", headers=headers)


def _streams_of(request: Request) -> Streams:
    state = request.app.state
    if not hasattr(state, "console_streams"):
        state.console_streams = Streams()
    streams: Streams = state.console_streams
    return streams


async def _events(services: Services, streams: Streams, bulk: Bulk) -> AsyncIterator[bytes]:
    try:
        streams.take(bulk.organization_id)
    except RateLimited:
        yield ASK_AGAIN
        return
    try:
        async for now in follow_bulk(services, bulk):
            yield b": still here\n\n" if now is None else _event(now)
    finally:
        streams.give_back(bulk.organization_id)


def _event(bulk: Bulk) -> bytes:
    name = "completed" if bulk.state is BulkState.COMPLETED else "progress"
    data = json.dumps({"done": bulk.counts.done, "total": bulk.counts.total})
    return f"event: {name}\ndata: {data}\n\n".encode()


routes: list[BaseRoute] = [
    Route(LIST, show_list),
    Route(f"{LIST}/failed.csv", download_failed),
    Route(f"{LIST}/events", follow),
]
