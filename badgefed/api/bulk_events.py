"""The progress of a list as server-sent events (HTML Standard §9.2)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from badgefed.api.bulk_views import view_bulk
from badgefed.issuing.bulk_progress import Streams, follow_bulk
from badgefed.model.bulk import Bulk, BulkState
from badgefed.work.services import Services

MEDIA_TYPE = "text/event-stream"


def streams_of(request: Request) -> Streams:
    """The application's."""
    state = request.app.state
    if not hasattr(state, "bulk_streams"):
        state.bulk_streams = Streams()
    streams: Streams = state.bulk_streams
    return streams


def stream_progress(services: Services, streams: Streams, bulk: Bulk) -> StreamingResponse:
    """Ends when the list is completed, and after ten minutes, when the client asks again. Raises `RateLimited`."""
    streams.take(bulk.organization_id)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return _Stream(_events(services, bulk), streams, bulk.organization_id, headers)


class _Stream(StreamingResponse):
    """Gives its place back however it ends, also where nobody began to read it."""

    def __init__(
        self, events: AsyncIterator[bytes], streams: Streams, organization_id: int, headers: dict[str, str]
    ) -> None:
        super().__init__(events, headers=headers, media_type=MEDIA_TYPE)
        self._streams = streams
        self._organization_id = organization_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._streams.give_back(self._organization_id)


async def _events(services: Services, bulk: Bulk) -> AsyncIterator[bytes]:
    async for now in follow_bulk(services, bulk):
        yield b": still here\n\n" if now is None else _event(now)


def _event(bulk: Bulk) -> bytes:
    name = b"completed" if bulk.state is BulkState.COMPLETED else b"progress"
    return b"event: %b\nid: %d\ndata: %b\n\n" % (name, bulk.counts.done, msgspec.json.encode(view_bulk(bulk)))
