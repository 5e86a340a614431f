"""Errors as pages for people, and as problem documents (RFC 9457) for programs where no other dialect is spoken."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from http import HTTPStatus
from typing import Any

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from badgefed.errors import BadgefedError, RateLimited
from badgefed.protocol.negotiation import Representation, preferred
from badgefed.texts import N_
from badgefed.web.middleware import DEFAULT_HEADERS, loggable_path
from badgefed.web.problems import MEDIA_TYPE, problem
from badgefed.web.templating import render

API_PREFIX = "/api/"
NOT_FOUND = N_("There is nothing here.")
Handler = Callable[[Request], Awaitable[Response]]

log = structlog.get_logger(__name__)


def error_page(request: Request, error: BadgefedError) -> Response:
    """The page that tells a person what went wrong."""
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, RateLimited) else {}
    return _page(request, error.status, error, headers)


def as_page(handler: Handler) -> Handler:
    """For handlers whose errors are always pages, whatever the client asks for."""

    @wraps(handler)
    async def handle(request: Request) -> Response:
        try:
            return await handler(request)
        except BadgefedError as error:
            return error_page(request, error)

    return handle


async def _on_domain_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, BadgefedError)
    if _wants_page(request):
        return error_page(request, error)
    return problem(error)


async def _on_http_error(request: Request, error: Exception) -> Response:
    """What the router says: no such address, no such method."""
    assert isinstance(error, HTTPException)
    return _answer(request, error.status_code, error.headers or {})


async def _on_crash(request: Request, error: Exception) -> Response:
    """A bug of ours. This answer passes no middleware any more, so that it brings the safe headers along."""
    log.error("request failed", path=loggable_path(request.url.path), exc_info=error)
    return _answer(request, 500, {name.decode(): value.decode() for name, value in DEFAULT_HEADERS.items()})


def _answer(request: Request, status: int, headers: Mapping[str, str]) -> Response:
    """In the words that the address speaks: the APIs', else what the client asks for."""
    title = HTTPStatus(status).phrase
    if request.url.path.startswith(API_PREFIX):
        return JSONResponse({"error": title}, status, headers)
    if _wants_page(request):
        return _page(request, status, None, headers)
    document = {"type": "about:blank", "title": title, "status": status}
    return JSONResponse(document, status, headers, media_type=MEDIA_TYPE)


def _wants_page(request: Request) -> bool:
    return preferred(request.headers.get("accept")) is Representation.HTML


def _page(request: Request, status: int, error: BadgefedError | None, headers: Mapping[str, str]) -> Response:
    return render(
        request,
        "error.html",
        status=status,
        headers={"Cache-Control": "no-store", **headers},
        code=status,
        error=error,
    )


handlers: Mapping[Any, Any] = {
    BadgefedError: _on_domain_error,
    HTTPException: _on_http_error,
    Exception: _on_crash,
}
