"""The doors of the inboxes: the shared one, one for each issuer, and the instance actor's."""

from __future__ import annotations

import asyncio

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from badgefed.errors import BadgefedError, TooLarge, Unavailable, UnsupportedMedia
from badgefed.inbox.pipeline import Inbox
from badgefed.protocol.signed_request import InboundRequest
from badgefed.web.problems import problem

MAX_BODY = 1_000_000
MAX_SECONDS = 30
MEDIA_TYPES = ("application/activity+json", "application/ld+json", "application/json")


async def receive(request: Request) -> Response:
    """202 without a body for all that is accepted or deliberately ignored (ActivityPub §7)."""
    try:
        _check_media(request)
        body = await _read_body(request)
        await _inbox(request).receive(
            InboundRequest.from_asgi(request.scope, body),
            address=request.client.host if request.client else "",
            username=request.path_params.get("username"),
        )
    except BadgefedError as error:
        return problem(error)
    return Response(status_code=202)


def _inbox(request: Request) -> Inbox:
    """One for each application: it remembers whom it has turned away."""
    state = request.app.state
    if not hasattr(state, "inbox"):
        state.inbox = Inbox(state.services)
    inbox: Inbox = state.inbox
    return inbox


def _check_media(request: Request) -> None:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in MEDIA_TYPES:
        raise UnsupportedMedia("Activities come as application/activity+json.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMedia("Activities come without a Content-Encoding.")


async def _read_body(request: Request) -> bytes:
    """At most a megabyte, within half a minute."""
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared) > MAX_BODY:
        raise TooLarge(f"An activity has at most {MAX_BODY} bytes.")
    body = bytearray()
    try:
        async with asyncio.timeout(MAX_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_BODY:
                    raise TooLarge(f"An activity has at most {MAX_BODY} bytes.")
    except (TimeoutError, ClientDisconnect) as error:
        raise Unavailable("The body did not come to its end.") from error
    return bytes(body)


routes: list[BaseRoute] = [
    Route("/inbox", receive, methods=["POST"]),
    Route("/actor/inbox", receive, methods=["POST"]),
    Route("/actor/{username}/inbox", receive, methods=["POST"]),
]
