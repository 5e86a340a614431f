"""The tests' edges: a clock that is set by hand, a network without sockets, a mailbox."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

import httpx

from badgefed.errors import FetchFailed
from badgefed.model.times import SECOND
from badgefed.net.transport import Request, Response

START = 1_780_000_000 * SECOND  # 2026-05-28T20:26:40Z

Handler = Callable[[Request], Awaitable[Response]]


@dataclass
class Clock:
    """Call it for the instant now, in microseconds; it moves only by `advance`."""

    now: int = START

    def __call__(self) -> int:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += int(seconds * SECOND)


@dataclass
class Network:
    """A transport whose hosts are functions or ASGI apps in this process. Unknown hosts don't resolve."""

    handlers: dict[str, Handler] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)

    def mount(self, host: str, handler: Handler) -> None:
        self.handlers[host] = handler

    def mount_app(self, host: str, app: Any) -> None:
        self.handlers[host] = asgi_handler(app)

    async def send(self, request: Request, *, max_bytes: int, timeout: float) -> Response:
        self.requests.append(request)
        handler = self.handlers.get(urlsplit(request.url).netloc)
        if handler is None:
            raise FetchFailed("dns", f"{urlsplit(request.url).netloc} does not resolve.")
        response = await handler(request)
        if len(response.body) > max_bytes:
            raise FetchFailed("too-large", "the answer is too large")
        return replace(response, url=request.url)

    async def close(self) -> None:
        await asyncio.sleep(0)

    def sent_to(self, url: str) -> list[Request]:
        return [request for request in self.requests if request.url == url]


def asgi_handler(app: Any) -> Handler:
    async def handle(request: Request) -> Response:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=True)
        headers = {name: value for name, value in request.headers.items() if name.lower() != "content-length"}
        async with httpx.AsyncClient(transport=transport) as client:
            answer = await client.request(request.method, request.url, headers=headers, content=request.body)
        return Response(
            status=answer.status_code,
            headers={name.lower(): value for name, value in answer.headers.items()},
            body=answer.content,
            url=request.url,
        )

    return handle


def answer(
    status: int = 202, body: bytes = b"", content_type: str = "application/activity+json", **headers: str
) -> Response:
    """A response for handlers; underscores in header names become hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status=status, headers={"content-type": content_type, **named}, body=body, url="")


@dataclass
class Mailbox:
    """A mailer that keeps what it is given."""

    messages: list[EmailMessage] = field(default_factory=list)

    async def send(self, message: EmailMessage) -> None:
        self.messages.append(message)


@dataclass
class Records:
    """TXT records by name."""

    texts: dict[str, tuple[str, ...]] = field(default_factory=dict)

    async def find_texts(self, name: str) -> tuple[str, ...]:
        return self.texts.get(name, ())
