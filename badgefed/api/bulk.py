"""Granting by a list: accept it, follow it, and look at its rows."""

from __future__ import annotations

import asyncio
from functools import partial
from operator import attrgetter

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute

from badgefed.api.authentication import author_of
from badgefed.api.badges_dialect import speak_badges
from badgefed.api.bulk_definitions import (
    ACCEPTED_EXAMPLE,
    BULK_BODY,
    BULK_EXAMPLE,
    BULK_ID,
    BULK_REQUEST_EXAMPLE,
    CONTENTS,
    CREATE_DESCRIPTION,
    CREATE_PARAMETERS,
    CREATE_REFUSALS,
    CSV,
    DESCRIPTION,
    EVENTS_DESCRIPTION,
    LIST_EXAMPLE,
    MAX_BULK_BYTES,
    NOT_FOUND,
    PAGE_REFUSAL,
    ROWS_EXAMPLE,
    ROWS_REFUSAL,
    STATUS,
    STATUS_REFUSAL,
    STATUS_TEXT,
)
from badgefed.api.bulk_events import MEDIA_TYPE as EVENT_STREAM
from badgefed.api.bulk_events import stream_progress, streams_of
from badgefed.api.bulk_requests import read_bulk
from badgefed.api.bulk_views import (
    BulkAccepted,
    BulkAnswer,
    BulkList,
    BulkRows,
    view_bulk,
    view_dry_run,
    view_row,
)
from badgefed.api.cursors import (
    CURSOR_PARAMETER,
    LIMIT_PARAMETER,
    cut_page,
    read_choice,
    read_cursor,
    read_limit,
)
from badgefed.api.errors import json_bytes, json_response
from badgefed.api.idempotency import carry_out_once, check_idempotency_key
from badgefed.api.operations import Keyed, Operation, Refusal, Success
from badgefed.api.requests import read_bytes, services_of
from badgefed.api.resources import make_routes
from badgefed.errors import NotFound
from badgefed.issuing.bulk import BULK_NOT_FOUND, accept_rows, foresee_rows, judge_list
from badgefed.issuing.bulk_progress import STREAMS_TEXT
from badgefed.issuing.bulk_report import write_rows
from badgefed.issuing.bulk_rows import ReadList
from badgefed.model.audit import Author
from badgefed.model.bulk import FAILED, Bulk, RowState
from badgefed.model.organization import ApiKey
from badgefed.store.bulk import count_states, find_bulk, list_bulks, list_rows
from badgefed.store.database import Transaction
from badgefed.work.services import Services


async def create_bulk(request: Request, key: ApiKey) -> Response:
    services = services_of(request)
    check_idempotency_key(request)
    data = await read_bytes(request, max_bytes=MAX_BULK_BYTES)
    async with services.reading:
        wanted = await read_bulk(request, data)
        given = await asyncio.to_thread(wanted.read)
        found = await judge_list(services, key.organization_id, given, badge=wanted.options.badge)
        if wanted.options.dry_run:
            return await _try(services, key, found)
        work = partial(_accept, services, key, found, author_of(request, key))
        return await carry_out_once(request, key, "createBulk", {"digest": wanted.digest}, work)


async def _accept(
    services: Services, key: ApiKey, found: ReadList, by: Author, tx: Transaction
) -> BulkAccepted:
    bulk = await accept_rows(tx, services, key.organization_id, found.rows, by=by)
    return BulkAccepted(
        success=True, dryRun=False, bulk=view_bulk(bulk), ignoredColumns=list(found.ignored), rows=[]
    )


async def _try(services: Services, key: ApiKey, found: ReadList) -> Response:
    rows = await foresee_rows(services, key.organization_id, found.rows)
    tried = BulkAccepted(
        success=True,
        dryRun=True,
        bulk=view_dry_run(count_states(row.state for row in rows)),
        ignoredColumns=list(found.ignored),
        rows=[view_row(row) for row in rows],
    )
    return json_bytes(await asyncio.to_thread(msgspec.json.encode, tried))


async def get_bulk(request: Request, key: ApiKey) -> Response:
    bulk = await _find(request, key)
    return json_response(BulkAnswer(success=True, bulk=view_bulk(bulk)))


async def get_bulks(request: Request, key: ApiKey) -> Response:
    limit, before = read_limit(request), read_cursor(request)
    found = await list_bulks(
        services_of(request).database, key.organization_id, before=before, limit=limit + 1
    )
    page, following = cut_page(found, limit, attrgetter("id"))
    return json_response(
        BulkList(success=True, bulks=[view_bulk(bulk) for bulk in page], nextCursor=following)
    )


async def get_events(request: Request, key: ApiKey) -> Response:
    bulk = await _find(request, key)
    if request.method == "HEAD":
        return Response(media_type=EVENT_STREAM)
    return stream_progress(services_of(request), streams_of(request), bulk)


async def get_rows(request: Request, key: ApiKey) -> Response:
    limit, after, states = read_limit(request), read_cursor(request), _read_states(request)
    bulk = await _find(request, key)
    database = services_of(request).database
    found = await list_rows(database, bulk.id, states=states, after=after or 0, limit=limit + 1)
    page, following = cut_page(found, limit, attrgetter("number"))
    return json_response(BulkRows(success=True, rows=[view_row(row) for row in page], nextCursor=following))


async def get_rows_csv(request: Request, key: ApiKey) -> Response:
    states = _read_states(request)
    bulk = await _find(request, key)
    headers = {
        "Content-Disposition": f'attachment; filename="bulk-{bulk.uuid}.csv"',
        "Cache-Control": "no-store",
    }
    if request.method == "HEAD":
        return Response(media_type=CSV, headers=headers)
    return StreamingResponse(write_rows(services_of(request), bulk, states), media_type=CSV, headers=headers)


async def _find(request: Request, key: ApiKey) -> Bulk:
    bulk = await find_bulk(
        services_of(request).database,
        request.path_params[BULK_ID.name].lower(),
        organization_id=key.organization_id,
    )
    if bulk is None:
        raise NotFound(BULK_NOT_FOUND)
    return bulk


def _read_states(request: Request) -> tuple[RowState, ...]:
    """Empty for all."""
    value = read_choice(request, STATUS, STATUS_TEXT)
    if value is None:
        return ()
    return FAILED if value == "failed" else (RowState(value),)


OPERATIONS = (
    Operation(
        id="listBulks",
        method="GET",
        path="/api/bulk",
        summary="List the lists",
        description="What was accepted, newest first. Kept for 90 days after it was completed.",
        door=Keyed(scope="grants:read", handle=get_bulks),
        parameters=(LIMIT_PARAMETER, CURSOR_PARAMETER),
        success=Success(shape=BulkList, description="The lists.", example=LIST_EXAMPLE),
        refusals=(PAGE_REFUSAL,),
    ),
    Operation(
        id="createBulk",
        method="POST",
        path="/api/bulk",
        summary="Grant by a list",
        description=CREATE_DESCRIPTION,
        door=Keyed(scope="grants:write", handle=create_bulk),
        parameters=CREATE_PARAMETERS,
        body=BULK_BODY,
        body_example=BULK_REQUEST_EXAMPLE,
        contents=CONTENTS,
        success=Success(
            shape=BulkAccepted, description="The list as it was accepted.", example=ACCEPTED_EXAMPLE
        ),
        refusals=CREATE_REFUSALS,
    ),
    Operation(
        id="getBulk",
        method="GET",
        path="/api/bulk/{bulkId}",
        summary="Ask how far a list has come",
        description="How many rows are done, and what became of them.",
        door=Keyed(scope="grants:read", handle=get_bulk),
        parameters=(BULK_ID,),
        success=Success(shape=BulkAnswer, description="The list.", example=BULK_EXAMPLE),
        refusals=(NOT_FOUND,),
    ),
    Operation(
        id="followBulk",
        method="GET",
        path="/api/bulk/{bulkId}/events",
        summary="Follow a list",
        description=EVENTS_DESCRIPTION,
        door=Keyed(scope="grants:read", handle=get_events),
        parameters=(BULK_ID,),
        success=Success(shape=None, description="The events.", example={}, media_type=EVENT_STREAM),
        refusals=(NOT_FOUND, Refusal(status=429, texts=(STREAMS_TEXT,))),
    ),
    Operation(
        id="listBulkRows",
        method="GET",
        path="/api/bulk/{bulkId}/rows",
        summary="List a list's rows",
        description="In the order of the list, each with its result.",
        door=Keyed(scope="grants:read", handle=get_rows),
        parameters=(BULK_ID, STATUS, LIMIT_PARAMETER, CURSOR_PARAMETER),
        success=Success(shape=BulkRows, description="The rows.", example=ROWS_EXAMPLE),
        refusals=(ROWS_REFUSAL, NOT_FOUND),
    ),
    Operation(
        id="downloadBulkRows",
        method="GET",
        path="/api/bulk/{bulkId}/rows.csv",
        summary="Download a list's rows",
        description="The same as a CSV file, e.g. `?status=failed`: correct it and send it in again.",
        door=Keyed(scope="grants:read", handle=get_rows_csv),
        parameters=(BULK_ID, STATUS),
        success=Success(shape=None, description="The file.", example={}, media_type=CSV),
        refusals=(STATUS_REFUSAL, NOT_FOUND),
    ),
)

API = speak_badges(name="Bulk", root="/api/bulk", description=DESCRIPTION, operations=OPERATIONS)

routes: list[BaseRoute] = make_routes(API)
