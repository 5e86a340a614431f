"""One HTTP exchange with another server: the edge that tests replace, and aiohttp behind it."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.http_exceptions import ContentEncodingError
from yarl import URL

from badgefed.errors import AddressRefused, FetchFailed
from badgefed.net.addresses import refuses_address
from badgefed.texts import Message, say

_AddressInfo = tuple[
    int | socket.AddressFamily,
    int | socket.SocketKind,
    int,
    str,
    tuple[str, int] | tuple[str, int, int, int],
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The URL goes over the wire as it is written here."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """Header names are in lower case, repeated headers joined by a comma; `body` is decompressed."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


class Transport(Protocol):
    async def send(self, request: Request, *, max_bytes: int, timeout: float) -> Response:  # noqa: ASYNC109
        """One answer of any status; never follows a redirect.

        `max_bytes` bounds the decompressed body, `timeout` in seconds the whole exchange. Raises FetchFailed.
        """
        ...

    async def close(self) -> None: ...


class AiohttpTransport:
    """Keeps connections open, and opens sockets only to addresses that `refuses` lets through.

    Open it and close it in the same event loop; the first `send` makes the session.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        allow_private: bool = False,
        refuses: Callable[[str], bool] | None = None,
        resolver: AbstractResolver | None = None,
        ssl_context: ssl.SSLContext | None = None,
        connections: int = 500,
        connections_per_host: int = 2,
        keep_alive: float = 15.0,
        connect_timeout: float = 5.0,
        read_timeout: float = 10.0,
        dns_ttl: int = 300,
    ) -> None:
        self._user_agent = user_agent
        self._refuses = refuses or partial(refuses_address, allow_private=allow_private)
        self._resolver = resolver or ThreadResolver()
        self._ssl_context = ssl_context
        self._connections = connections
        self._connections_per_host = connections_per_host
        self._keep_alive = keep_alive
        self._timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=connect_timeout, sock_read=read_timeout
        )
        self._dns_ttl = dns_ttl
        self._session: aiohttp.ClientSession | None = None

    async def send(self, request: Request, *, max_bytes: int, timeout: float) -> Response:  # noqa: ASYNC109
        url = _read_url(request)
        dial = _Dial()
        _dial.set(dial)
        try:
            async with asyncio.timeout(timeout):
                try:
                    return await self._exchange(request, url, max_bytes)
                except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
                    if dial.tried or not _is_stale(error):
                        raise
                return await self._exchange(request, url, max_bytes)
        except (aiohttp.ClientError, OSError, UnicodeError) as error:
            raise _explain(error, url.raw_host or "The server", dial) from error

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()
            await self._resolver.close()

    async def _exchange(self, request: Request, url: URL, max_bytes: int) -> Response:
        session = self._session or self._open_session()
        async with session.request(
            request.method,
            url,
            headers=request.headers,
            data=request.body or None,
            allow_redirects=False,
        ) as answer:
            body = await _read_body(answer, max_bytes)
        return Response(status=answer.status, headers=_join_headers(answer), body=body, url=request.url)

    def _open_session(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=self._connections,
            limit_per_host=self._connections_per_host,
            keepalive_timeout=self._keep_alive,
            ttl_dns_cache=self._dns_ttl,
            dns_cache_max_size=10_000,
            resolver=self._resolver,
            ssl=self._ssl_context or True,
            socket_factory=self._open_socket,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": self._user_agent, "Accept-Encoding": "gzip, deflate"},
            skip_auto_headers=("Accept", "Content-Type"),
            timeout=self._timeout,
            trust_env=False,
        )
        return self._session

    def _open_socket(self, info: _AddressInfo) -> socket.socket:
        family, kind, protocol, _, address = info
        dial = _dial.get()
        if self._refuses(address[0]):
            dial.refused = True
            raise PermissionError(errno.EACCES, "address refused")
        dial.tried = True
        return socket.socket(family, kind, protocol)


class ThreadResolver(AbstractResolver):
    """getaddrinfo in threads of its own: name servers that don't answer must not hold up other work."""

    def __init__(self, threads: int = 16) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="resolver")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        lookup = partial(
            socket.getaddrinfo, host, port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
        )
        answers = await asyncio.get_running_loop().run_in_executor(self._threads, lookup)
        return [
            ResolveResult(
                hostname=host, host=str(address[0]), port=port, family=found, proto=protocol, flags=0
            )
            for found, _, protocol, _, address in answers
        ]

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


class _Dial:
    """What one `send` did to get a connection; neither is set when it reused an open one."""

    __slots__ = ("refused", "tried")

    def __init__(self) -> None:
        self.refused = False
        self.tried = False


_dial: ContextVar[_Dial] = ContextVar("_dial")

_MEANINGS: tuple[tuple[tuple[type[BaseException], ...], str, Message], ...] = (
    ((TimeoutError,), "timeout", say("%(host)s did not answer in time.")),
    ((aiohttp.ClientConnectorDNSError, UnicodeError), "dns", say("%(host)s has no address.")),
    (
        (aiohttp.ClientSSLError, ssl.SSLError),
        "tls",
        say("%(host)s could not be reached by TLS with a valid certificate."),
    ),
    (
        (aiohttp.ClientResponseError, ContentEncodingError),
        "malformed",
        say("%(host)s sent what is not a valid HTTP answer."),
    ),
    ((aiohttp.ClientPayloadError,), "network", say("%(host)s broke off its answer.")),
)


def _explain(error: Exception, host: str, dial: _Dial) -> FetchFailed:
    if isinstance(error, aiohttp.InvalidURL | aiohttp.NonHttpUrlClientError):
        return AddressRefused(say("%(host)s is not the address of a server.", host=host))
    if dial.refused and not dial.tried:
        return AddressRefused(say("%(host)s has an address that this server does not connect to.", host=host))
    for kinds, reason, meaning in _MEANINGS:
        if isinstance(error, kinds) or isinstance(error.__cause__, kinds):
            return FetchFailed(reason, Message(text=meaning.text, values={"host": host}))
    return FetchFailed(
        "network", say("%(host)s could not be reached or broke off the connection.", host=host)
    )


def _is_stale(error: aiohttp.ClientError) -> bool:
    """Whether an open connection turned out to be closed: no byte of an answer came.

    aiohttp puts the head of a broken-off answer where the text of the error would be.
    """
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return isinstance(error.message, str)
    return not isinstance(error, aiohttp.ClientConnectorError)


async def _read_body(answer: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    size = answer.content_length or 0
    chunks = []
    if size <= max_bytes:
        size = 0
        while chunk := await answer.content.readany():
            size += len(chunk)
            if size > max_bytes:
                break
            chunks.append(chunk)
    if size > max_bytes:
        text = say(
            "%(host)s sent more than %(bytes)s bytes.", host=answer.url.raw_host, bytes=f"{max_bytes:,}"
        )
        raise FetchFailed("too-large", text, http_status=answer.status)
    return b"".join(chunks)


def _join_headers(answer: aiohttp.ClientResponse) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in answer.headers.items():
        key = name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    return headers


def _read_url(request: Request) -> URL:
    try:
        url = URL(request.url, encoded=True)
        complete = bool(url.raw_host) and url.port is not None
    except ValueError as error:
        raise AddressRefused("The URL is not valid.") from error
    if not complete:
        raise AddressRefused("The URL is not complete.")
    return url
