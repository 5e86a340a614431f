"""The network edge in memory: each host is an ASGI application."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any
from urllib.parse import unquote, urlsplit

from badgefed.errors import FetchFailed
from badgefed.net.transport import Request, Response

Message = MutableMapping[str, Any]
App = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]


class MountedTransport:
    """Sends each request to the application mounted at its host (with its port, if the URL has one).

    `requests` keeps what was sent; a host that isn't mounted does not resolve.
    """

    def __init__(self, apps: Mapping[str, App] | None = None) -> None:
        self.apps: dict[str, App] = dict(apps or {})
        self.requests: list[Request] = []

    async def send(self, request: Request, *, max_bytes: int, timeout: float) -> Response:
        self.requests.append(request)
        host = urlsplit(request.url).netloc
        app = self.apps.get(host)
        if app is None:
            raise FetchFailed("dns", f"{host} has no address.")
        status, headers, body = await asyncio.wait_for(_call(app, request, host), timeout)
        if len(body) > max_bytes:
            raise FetchFailed("too-large", f"{host} sent more than {max_bytes:,} bytes.", http_status=status)
        return Response(status=status, headers=headers, body=body, url=request.url)

    async def close(self) -> None:
        pass


async def _call(app: App, request: Request, host: str) -> tuple[int, dict[str, str], bytes]:
    sent: list[Message] = []
    waiting = [{"type": "http.request", "body": request.body, "more_body": False}]

    async def receive() -> Message:
        return waiting.pop() if waiting else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(_build_scope(request, host), receive, send)
    headers: dict[str, str] = {}
    for name, value in sent[0].get("headers", ()):
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], headers, body


def _build_scope(request: Request, host: str) -> Message:
    parts = urlsplit(request.url)
    headers = {"host": host, "content-length": str(len(request.body))}
    headers |= {name.lower(): value for name, value in request.headers.items()}
    path = parts.path or "/"
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": parts.scheme,
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": parts.query.encode(),
        "root_path": "",
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()],
        "client": ("203.0.113.7", 40_000),
        "server": (parts.hostname, parts.port or 443),
    }
