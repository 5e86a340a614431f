"""What happens around every request: an id, limits, safe headers, a line in the log, a count in the metrics."""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import Mapping
from functools import lru_cache

import structlog
from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from badgefed.errors import TooLarge

MAX_BODY = 8_000_000
REQUESTS = Counter("badgefed_requests", "Answered HTTP requests", ["method", "endpoint", "status"])
SECONDS = Histogram(
    "badgefed_request_seconds",
    "Time to the end of the answer",
    buckets=(0.001, 0.005, 0.02, 0.05, 0.1, 0.5, 2, 10),
)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
DEFAULT_HEADERS: Mapping[bytes, bytes] = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"strict-origin-when-cross-origin",
    b"content-security-policy": (
        b"default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; font-src 'self'; connect-src 'self';"
        b" form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
}
_DEFAULTS = tuple(DEFAULT_HEADERS.items())
_NOSNIFF = (b"x-content-type-options", b"nosniff")
_SECRET_IN_PATH = re.compile(
    r"^(/(?:(?:accept/grant|grants|unsubscribe|verify-issuer|console/(?:link|invitation))/[^/]*|me/link)/).+",
    re.DOTALL,
)

log = structlog.get_logger(__name__)


@lru_cache(maxsize=2048)
def _counter(method: str, endpoint: str, status: int) -> Counter:
    return REQUESTS.labels(method, endpoint, status)


def count_request(method: str, endpoint: str, status: int, seconds: float) -> None:
    _counter(method, endpoint, status).inc()
    SECONDS.observe(seconds)


class RequestMiddleware:
    """`names` gives each endpoint its name in the metrics. Doesn't log the query: it may carry an API key."""

    def __init__(self, app: ASGIApp, names: Mapping[object, str] | None = None) -> None:
        self._app = app
        self._names = names or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = secrets.token_hex(8)
        scope["request_id"] = request_id
        status = 500

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _complete(message, request_id)
            await send(message)

        try:
            await self._app(scope, _limited(receive), send_with_headers)
        finally:
            self._record(scope, status, started)

    def _record(self, scope: Scope, status: int, started: float) -> None:
        method = scope["method"] if scope["method"] in METHODS else "other"
        seconds = time.perf_counter() - started
        count_request(method, self._names.get(scope.get("endpoint"), "none"), status, seconds)
        if status < 400 and not log.is_enabled_for(logging.DEBUG):
            return
        write = log.debug if status < 400 else log.info
        write(
            "request",
            request_id=scope["request_id"],
            method=method,
            path=loggable_path(scope["path"]),
            status=status,
            milliseconds=round(seconds * 1000, 1),
        )


def loggable_path(path: str) -> str:
    """The path without the secret that stands in the addresses of recipients' pages."""
    return _SECRET_IN_PATH.sub(r"\1…", path)[:300]


def _complete(message: Message, request_id: str) -> None:
    """An answer that says `nosniff` has chosen all its safe headers itself."""
    headers = message["headers"]
    headers.append((b"x-request-id", request_id.encode()))
    if _NOSNIFF in headers:
        return
    present = {name.lower() for name, _ in headers}
    headers += [(name, value) for name, value in _DEFAULTS if name not in present]


def _limited(receive: Receive) -> Receive:
    """Refuses a body of more than MAX_BODY bytes, whatever its declared length; doors have tighter limits of their own."""
    read = 0

    async def count() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > MAX_BODY:
            raise TooLarge(f"The request has more than {MAX_BODY} bytes.")
        return message

    return count
