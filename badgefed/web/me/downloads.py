"""What a holder carries away: the files of a badge whatever its visibility, all badges at once, all data about the holder."""

from __future__ import annotations

from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from badgefed.issuing import collections
from badgefed.issuing.collections import MEDIA_TYPES, FileKind
from badgefed.protocol import presentations
from badgefed.store import held_grants
from badgefed.web.me.visits import Visit, count_holder, limits_of, signed_in
from badgefed.web.recipients import HEADERS, lost
from badgefed.web.templating import services_of

_KINDS = {kind.value: kind for kind in FileKind}


@signed_in
async def download_file(request: Request, visit: Visit) -> Response:
    """One file of one of the holder's badges."""
    services = services_of(request)
    uuid, kind = request.path_params["uuid"], _KINDS.get(request.path_params["ending"])
    grant = await held_grants.find_held(services.database, visit.holder.names, uuid)
    if grant is None or kind is None:
        return lost(request)
    made = await collections.make_file(services, grant, kind)
    if made is None:
        return lost(request)
    name, body = made
    return Response(body, headers=_file_headers(name), media_type=MEDIA_TYPES[kind])


@signed_in
async def download_presentation(request: Request, visit: Visit) -> Response:
    """All signed credentials as one Verifiable Presentation."""
    count_holder(visit, limits_of(request).carried)
    body = collections.stream_presentation(services_of(request), visit.holder)
    return _stream(body, "badges.json", presentations.MEDIA_TYPE)


@signed_in
async def download_archive(request: Request, visit: Visit) -> Response:
    """All files of all badges, as ZIP."""
    count_holder(visit, limits_of(request).carried)
    body = collections.stream_archive(services_of(request), visit.holder)
    return _stream(body, "badges.zip", "application/zip")


@signed_in
async def download_data(request: Request, visit: Visit) -> Response:
    """Everything that the store has about the holder."""
    count_holder(visit, limits_of(request).carried)
    body = collections.stream_data(services_of(request), visit.holder)
    return _stream(body, "export.json", "application/json")


def _stream(body: AsyncIterator[bytes], name: str, media_type: str) -> Response:
    return StreamingResponse(body, headers=_file_headers(name), media_type=media_type)


def _file_headers(name: str) -> dict[str, str]:
    return {**HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}


routes: list[BaseRoute] = [
    Route("/me/badges.zip", download_archive),
    Route("/me/presentation.json", download_presentation),
    Route("/me/export.json", download_data),
    Route("/me/badges/{uuid}/badge.{ending}", download_file),
]
