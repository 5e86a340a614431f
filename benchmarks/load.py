"""A load generator: raw requests over kept-alive connections, one at a time on each, with a parser in C."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

import httptools


@dataclass(kw_only=True)
class Load:
    """What came of it: answers by status, the seconds that each took, and from the first request to the last answer."""

    statuses: Counter[int] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    def percentile(self, percent: float) -> float:
        """Milliseconds in which this part of the answers came."""
        ordered = sorted(self.latencies)
        return ordered[min(int(len(ordered) * percent / 100), len(ordered) - 1)] * 1000

    def require(self, status: int) -> Load:
        """Itself if every answer had this status, else raises RuntimeError."""
        if not self.latencies or set(self.statuses) != {status}:
            raise RuntimeError(f"expected {status} only, got {dict(self.statuses)}")
        return self


def raw_request(method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    """The bytes of an HTTP/1.1 request; Host and Content-Length are added where they are missing."""
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    named = {"host": parts.netloc} | {name.lower(): value for name, value in headers.items()}
    if body:
        named["content-length"] = str(len(body))
    lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"{method} {target} HTTP/1.1\r\n{lines}\r\n".encode("latin-1") + body


def repeated(request: bytes, seconds: float) -> Iterator[bytes]:
    """The same request until the time is over."""
    deadline = time.perf_counter() + seconds
    while time.perf_counter() < deadline:
        yield request


def limited(requests: Iterable[bytes], seconds: float) -> Iterator[bytes]:
    """The requests, until there are no more or the time is over."""
    deadline = time.perf_counter() + seconds
    for request in requests:
        if time.perf_counter() > deadline:
            return
        yield request


async def send_load(origin: str, requests: Iterable[bytes], *, connections: int) -> Load:
    """Sends all requests to the server at `origin`, each connection the next one as soon as it has its answer.

    Raises ConnectionError if the server breaks a connection off.
    """
    parts = urlsplit(origin)
    host, port = parts.hostname or "", parts.port or 80
    load, shared = Load(), iter(requests)
    loop = asyncio.get_running_loop()
    opened = [
        await loop.create_connection(lambda: _Connection(load, shared), host, port)
        for _ in range(connections)
    ]
    protocols = [protocol for _, protocol in opened]
    started = time.perf_counter()
    for protocol in protocols:
        protocol.send_next()
    try:
        await asyncio.gather(*(protocol.done for protocol in protocols))
    finally:
        for transport, _ in opened:
            transport.close()
    load.seconds = time.perf_counter() - started
    return load


class _Connection(asyncio.Protocol):
    def __init__(self, load: Load, requests: Iterator[bytes]) -> None:
        self._load = load
        self._requests = requests
        self._parser = httptools.HttpResponseParser(self)
        self._sent_at = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def send_next(self) -> None:
        request = next(self._requests, None)
        if request is None:
            if not self.done.done():
                self.done.set_result(None)
            return
        self._sent_at = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        self._load.latencies.append(time.perf_counter() - self._sent_at)
        self._load.statuses[self._parser.get_status_code()] += 1
        self.send_next()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionResetError("the server closed the connection"))
