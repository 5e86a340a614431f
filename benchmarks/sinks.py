"""Two hundred hosts that take every delivery: one listener for each loopback address, with a parser in C and no framework."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import httptools
import trustme

ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
ACCEPTED_AND_CLOSED = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
HOSTS_PER_NETWORK = 250
QUIET_SECONDS = 8.0


def addresses(count: int) -> list[str]:
    """`count` loopback addresses, 127.0.1.1 and onwards."""
    return [f"127.0.{1 + n // HOSTS_PER_NETWORK}.{1 + n % HOSTS_PER_NETWORK}" for n in range(count)]


@dataclass(kw_only=True)
class Sink:
    """Counts POSTs and answers 202, or closes after each; GETs get a document of `documents`, by path.

    `instants` are of first and last POST since `reset`; `distinct` has one number for each different (host, path, body).
    """

    origins: list[str]
    closes: bool = False
    documents: dict[str, bytes] = field(default_factory=dict)
    requests: int = 0
    instants: list[float] = field(default_factory=lambda: [0.0, 0.0])
    distinct: set[int] = field(default_factory=set)
    sample: bytes = b""
    _servers: list[asyncio.Server] = field(default_factory=list)

    def reset(self) -> None:
        self.requests = 0
        self.instants = [0.0, 0.0]
        self.distinct = set()
        self.sample = b""

    def take(self, host: str, path: bytes, body: bytes) -> None:
        now = time.perf_counter()
        if not self.requests:
            self.instants[0] = now
        self.instants[1] = now
        self.requests += 1
        self.distinct.add(hash((host, path, body)))

    @property
    def seconds(self) -> float:
        """From the first POST to the last."""
        return self.instants[1] - self.instants[0]

    @property
    def rate(self) -> float:
        """Different POSTs a second."""
        return (len(self.distinct) - 1) / self.seconds if self.seconds else 0.0

    async def wait_for(self, count: int, *, seconds: float) -> None:
        """Until `count` different POSTs have come. Raises TimeoutError after `seconds`, or when none comes for a while."""
        deadline = quiet = time.perf_counter() + seconds
        seen = -1
        while len(self.distinct) < count:
            now = time.perf_counter()
            if self.requests != seen:
                seen, quiet = self.requests, now + QUIET_SECONDS
            if now > min(deadline, quiet):
                raise TimeoutError(f"{len(self.distinct)} of {count} deliveries came")
            await asyncio.sleep(0.02)

    async def close(self) -> None:
        for server in self._servers:
            server.close()
        await asyncio.sleep(0)


async def open_sink(
    hosts: int, *, certificates: Mapping[str, ssl.SSLContext] | None = None, closes: bool = False
) -> Sink:
    """Listens on `hosts` loopback addresses, all with one port; speaks TLS if there are certificates."""
    names = addresses(hosts)
    port = _shared_port(names)
    scheme = "https" if certificates else "http"
    sink = Sink(origins=[f"{scheme}://{name}:{port}" for name in names], closes=closes)
    loop = asyncio.get_running_loop()
    for name in names:
        server = await loop.create_server(
            lambda name=name: _Connection(sink, name),
            host=name,
            port=port,
            ssl=certificates[name] if certificates else None,
            backlog=1024,
        )
        sink._servers.append(server)
    return sink


def make_certificates(hosts: int, authority_file: Path) -> dict[str, ssl.SSLContext]:
    """A server context with a P-256 certificate of its own for each host; their authority's goes into the file."""
    authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
    authority.cert_pem.write_to_path(str(authority_file))
    contexts = {}
    for name in addresses(hosts):
        contexts[name] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name, key_type=trustme.KeyType.ECDSA).configure_cert(contexts[name])
    return contexts


def document_answer(body: bytes, media_type: str) -> bytes:
    """A whole HTTP answer, for `Sink.documents`."""
    return b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n%b" % (
        media_type.encode(),
        len(body),
        body,
    )


def _shared_port(names: list[str]) -> int:
    """A port that is free on the first address; others of these addresses are rarely used by anybody."""
    with socket.socket() as probe:
        probe.bind((names[0], 0))
        return int(probe.getsockname()[1])


class _Connection(asyncio.Protocol):
    def __init__(self, sink: Sink, host: str) -> None:
        self._sink = sink
        self._host = host
        self._parser = httptools.HttpRequestParser(self)
        self._path = b""
        self._body: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if not self._sink.sample and data.startswith(b"POST"):
            self._sink.sample = data
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._transport.close()

    def on_url(self, url: bytes) -> None:
        self._path = url

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        if self._parser.get_method() == b"POST":
            self._sink.take(self._host, self._path, b"".join(self._body))
            self._transport.write(ACCEPTED_AND_CLOSED if self._sink.closes else ACCEPTED)
        else:
            self._transport.write(self._sink.documents.get(self._path.decode("latin-1"), NOT_FOUND))
        self._body.clear()
        if self._sink.closes:
            self._transport.close()
