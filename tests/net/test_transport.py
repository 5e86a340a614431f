"""The aiohttp transport against real servers: what goes over the wire, bounds, and every way to fail."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
import zlib
from collections.abc import AsyncIterator

import pytest

from badgefed.errors import AddressRefused, FetchFailed
from badgefed.net.transport import AiohttpTransport, Request, Response, ThreadResolver
from tests.net.servers import (
    Answer,
    Authority,
    Names,
    Received,
    drip,
    listen,
    serve,
    write,
    write_bytes,
    write_gzip,
)

MEGABYTE = 1_000_000


@pytest.fixture
async def transport() -> AsyncIterator[AiohttpTransport]:
    transport = AiohttpTransport(user_agent="badgefed/0 (+https://badges.example)", allow_private=True)
    yield transport
    await transport.close()


async def _get(transport: AiohttpTransport, url: str, *, max_bytes: int = MEGABYTE) -> Response:
    return await transport.send(Request(method="GET", url=url, headers={}), max_bytes=max_bytes, timeout=5)


async def _fail(transport: AiohttpTransport, answer: Answer, *, timeout: float = 5) -> FetchFailed:
    async with serve(answer) as server:
        request = Request(method="GET", url=server.url(), headers={})
        with pytest.raises(FetchFailed) as caught:
            await transport.send(request, max_bytes=MEGABYTE, timeout=timeout)
    return caught.value


async def test_what_goes_over_the_wire(transport: AiohttpTransport) -> None:
    async with serve(write(202)) as server:
        headers = {"Host": "inbox.example", "Content-Type": "application/activity+json", "Signature": "k=v"}
        url = server.url("/a%7Eb/%c3%a4/../c?x=%20y+z&a=[1]")
        request = Request(method="POST", url=url, headers=headers, body=b'{"a":1}')
        answer = await transport.send(request, max_bytes=10, timeout=5)
    [received] = server.requests
    assert (answer.status, answer.body, answer.url) == (202, b"", url)
    assert (received.method, received.target) == ("POST", "/a%7Eb/%c3%a4/../c?x=%20y+z&a=[1]")
    assert received.body == b'{"a":1}'
    assert received.headers == {
        "host": "inbox.example",
        "content-type": "application/activity+json",
        "content-length": "7",
        "signature": "k=v",
        "user-agent": "badgefed/0 (+https://badges.example)",
        "accept-encoding": "gzip, deflate",
    }


@pytest.mark.parametrize(("path", "target"), [("", "/"), ("?a=1", "/?a=1"), ("/a??", "/a??")])
async def test_targets(transport: AiohttpTransport, path: str, target: str) -> None:
    async with serve(write()) as server:
        await _get(transport, server.url(path))
    assert server.requests[0].target == target


async def test_header_names_are_lower_case_and_repeated_headers_joined(transport: AiohttpTransport) -> None:
    raw = b"HTTP/1.1 200 OK\r\nX-One: 1\r\nLINK: <a>\r\nLink: <b>\r\nContent-Length: 2\r\n\r\nok"
    async with serve(write_bytes(raw)) as server:
        answer = await _get(transport, server.url())
    assert answer.headers == {"x-one": "1", "link": "<a>, <b>", "content-length": "2"}
    assert answer.body == b"ok"


async def test_redirect_is_an_answer(transport: AiohttpTransport) -> None:
    async with serve(write(302, {"Location": "/elsewhere"})) as server:
        answer = await _get(transport, server.url())
    assert (answer.status, answer.headers["location"]) == (302, "/elsewhere")
    assert len(server.requests) == 1


async def test_cookies_are_forgotten(transport: AiohttpTransport) -> None:
    async with serve(write(headers={"Set-Cookie": "a=b; Path=/"})) as server:
        await _get(transport, server.url())
        await _get(transport, server.url())
    assert "cookie" not in server.requests[1].headers


async def test_proxies_of_the_environment_are_not_used(
    transport: AiohttpTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serve(write()) as proxy, serve(write()) as server:
        monkeypatch.setenv("http_proxy", proxy.url())
        await _get(transport, server.url())
    assert (proxy.connections, server.connections) == (0, 1)


async def test_connections_are_kept_open(transport: AiohttpTransport) -> None:
    async with serve(write()) as server:
        for _ in range(5):
            await _get(transport, server.url())
    assert (server.connections, len(server.requests)) == (1, 5)


async def test_at_most_two_connections_to_one_host(transport: AiohttpTransport) -> None:
    async with serve(write()) as server:
        await asyncio.gather(*(_get(transport, server.url()) for _ in range(20)))
    assert server.connections <= 2
    assert len(server.requests) == 20


async def test_body_of_exactly_the_limit(transport: AiohttpTransport) -> None:
    async with serve(write(body=b"x" * MEGABYTE)) as server:
        assert len((await _get(transport, server.url())).body) == MEGABYTE


async def test_one_byte_too_much_by_its_length(transport: AiohttpTransport) -> None:
    error = await _fail(transport, write(404, body=b"x" * (MEGABYTE + 1)))
    assert (error.reason, error.http_status) == ("too-large", 404)


async def test_one_byte_too_much_without_length(transport: AiohttpTransport) -> None:
    error = await _fail(transport, write_bytes(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (MEGABYTE + 1)))
    assert error.reason == "too-large"


async def test_one_byte_too_much_in_chunks(transport: AiohttpTransport) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"3e8\r\n" + b"x" * 1_000 + b"\r\n"
    error = await _fail(transport, write_bytes(head + chunk * 1_000 + b"1\r\nx\r\n0\r\n\r\n"))
    assert error.reason == "too-large"


async def test_rest_of_a_too_large_answer_is_never_read(transport: AiohttpTransport) -> None:
    async with serve(write(body=b"x" * 20 * MEGABYTE)) as server:
        for _ in range(2):
            with pytest.raises(FetchFailed, match="more than 1,000,000 bytes"):
                await _get(transport, server.url())
    assert server.connections == 2


async def test_packed_bodies(transport: AiohttpTransport) -> None:
    text = b"text " * 100
    for encoding, packed in (("gzip", gzip.compress(text)), ("deflate", zlib.compress(text))):
        async with serve(write(headers={"Content-Encoding": encoding}, body=packed)) as server:
            assert (await _get(transport, server.url())).body == text


async def test_gzip_bomb_is_left_packed(transport: AiohttpTransport) -> None:
    bomb = write_gzip(bytes(200 * MEGABYTE))
    tracemalloc.start()
    try:
        error = await _fail(transport, bomb)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert error.reason == "too-large"
    assert peak < 8 * MEGABYTE


async def test_gzip_bomb_in_many_members(transport: AiohttpTransport) -> None:
    members = gzip.compress(bytes(MEGABYTE)) * 50
    answer = write(headers={"Content-Encoding": "gzip"}, body=members)
    assert (await _fail(transport, answer)).reason in ("too-large", "malformed")


BROKEN: dict[str, tuple[Answer, str]] = {
    "nothing": (write_bytes(b""), "network"),
    "half a head": (write_bytes(b"HTTP/1.1 200 OK\r\nContent-Le"), "network"),
    "half a body": (write_bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"), "network"),
    "half a chunk": (
        write_bytes(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\nhalf"),
        "network",
    ),
    "no HTTP": (write_bytes(b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n\r\n"), "malformed"),
    "bad length": (write_bytes(b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n"), "malformed"),
    "two lengths": (
        write_bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx"),
        "malformed",
    ),
    "endless header": (write_bytes(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000, close=False), "malformed"),
    "10,000 headers": (write_bytes(b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 10_000, close=False), "malformed"),
    "no gzip": (write(headers={"Content-Encoding": "gzip"}, body=b"plain text"), "malformed"),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_broken_answers(transport: AiohttpTransport, name: str) -> None:
    answer, reason = BROKEN[name]
    error = await _fail(transport, answer)
    assert error.reason == reason
    assert "127.0.0.1" in str(error)


@pytest.mark.parametrize("answer", [drip(), write_bytes(b"", close=False), drip(b"")])
async def test_slow_answers_end_at_the_deadline(transport: AiohttpTransport, answer: Answer) -> None:
    assert (await _fail(transport, answer, timeout=0.1)).reason == "timeout"


async def test_silence_ends_at_the_read_timeout() -> None:
    transport = AiohttpTransport(user_agent="test", allow_private=True, read_timeout=0.05)
    assert (await _fail(transport, write_bytes(b"", close=False), timeout=60)).reason == "timeout"
    await transport.close()


async def test_refused_connection(transport: AiohttpTransport) -> None:
    async with serve(write()) as server:
        url = server.url()
    with pytest.raises(FetchFailed, match=r"127\.0\.0\.1") as caught:
        await _get(transport, url)
    assert caught.value.reason == "network"


async def test_unknown_name() -> None:
    names = Names({})
    transport = AiohttpTransport(user_agent="test", resolver=names)
    with pytest.raises(FetchFailed, match=r"gone\.example has no address") as caught:
        await _get(transport, "https://gone.example/")
    assert caught.value.reason == "dns"
    assert names.asked == ["gone.example"]
    await transport.close()


@pytest.mark.parametrize(
    "url", ["", "/path", "ftp://127.0.0.1/", "http://", "http://h:99999/", "http://[::g]/"]
)
async def test_what_is_no_url(transport: AiohttpTransport, url: str) -> None:
    with pytest.raises(AddressRefused):
        await _get(transport, url)


async def test_name_that_cannot_be_looked_up(transport: AiohttpTransport) -> None:
    with pytest.raises(FetchFailed) as caught:
        await _get(transport, f"http://{'a' * 70}.example/")
    assert caught.value.reason == "dns"


async def test_own_resolver_finds_loopback() -> None:
    resolver = ThreadResolver()
    addresses = {result["host"] for result in await resolver.resolve("localhost", 80, 0)}  # type: ignore[arg-type]
    await resolver.close()
    assert addresses & {"127.0.0.1", "::1"}


async def test_stale_connection_is_replaced_once(transport: AiohttpTransport) -> None:
    """Like snac, which closes after an answer without saying so."""

    async def close_at_second(request: Received, writer: asyncio.StreamWriter) -> None:
        if len(server.requests) == 2:
            writer.close()
        else:
            await write(202)(request, writer)

    async with serve(close_at_second) as server:
        request = Request(method="POST", url=server.url(), headers={}, body=b"{}")
        first = await transport.send(request, max_bytes=10, timeout=5)
        second = await transport.send(request, max_bytes=10, timeout=5)
    assert (first.status, second.status) == (202, 202)
    assert [received.connection for received in server.requests] == [1, 1, 2]


async def test_new_connection_that_breaks_is_not_tried_again(transport: AiohttpTransport) -> None:
    async with serve(write_bytes(b"")) as server:
        request = Request(method="POST", url=server.url(), headers={}, body=b"{}")
        with pytest.raises(FetchFailed):
            await transport.send(request, max_bytes=10, timeout=5)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "begun", [b"HTTP/1.1 202 Accepted\r\nX: ", b"HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\n\r\nab"]
)
async def test_answer_that_has_begun_is_not_asked_for_again(
    transport: AiohttpTransport, begun: bytes
) -> None:
    async def break_off_at_second(request: Received, writer: asyncio.StreamWriter) -> None:
        answer = write_bytes(begun) if len(server.requests) == 2 else write(202)
        await answer(request, writer)

    async with serve(break_off_at_second) as server:
        request = Request(method="POST", url=server.url(), headers={}, body=b"{}")
        await transport.send(request, max_bytes=10, timeout=5)
        with pytest.raises(FetchFailed):
            await transport.send(request, max_bytes=10, timeout=5)
    assert len(server.requests) == 2


async def test_answer_before_the_body_was_read(transport: AiohttpTransport) -> None:
    """A server may refuse a large body unread; its answer counts."""
    received = asyncio.Event()

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await received.wait()
        writer.close()

    async with listen(refuse) as port:
        request = Request(method="POST", url=f"http://127.0.0.1:{port}/", headers={}, body=b"x" * MEGABYTE)
        answer = await transport.send(request, max_bytes=10, timeout=5)
        received.set()
    assert answer.status == 413


async def test_tls_of_a_trusted_authority() -> None:
    authority = Authority()
    names = Names({"peer.example": [["127.0.0.1"]]})
    transport = AiohttpTransport(
        user_agent="test", allow_private=True, resolver=names, ssl_context=authority.client_context()
    )
    async with serve(write(204), tls=authority.server_context("peer.example")) as server:
        answer = await _get(transport, server.url(host="peer.example", scheme="https"))
    await transport.close()
    assert answer.status == 204
    assert server.requests[0].headers["host"] == f"peer.example:{server.port}"


@pytest.mark.parametrize(("certified", "trusted"), [("other.example", True), ("peer.example", False)])
async def test_tls_that_proves_nothing(certified: str, trusted: bool) -> None:
    authority = Authority()
    context = authority.client_context() if trusted else None
    names = Names({"peer.example": [["127.0.0.1"]]})
    transport = AiohttpTransport(user_agent="test", allow_private=True, resolver=names, ssl_context=context)
    async with serve(write(), tls=authority.server_context(certified)) as server:
        with pytest.raises(FetchFailed, match=r"peer\.example") as caught:
            await _get(transport, server.url(host="peer.example", scheme="https"))
    await transport.close()
    assert caught.value.reason == "tls"
    assert not server.requests


async def test_tls_to_a_server_without_it(transport: AiohttpTransport) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    async with listen(answer) as port:
        with pytest.raises(FetchFailed) as caught:
            await _get(transport, f"https://127.0.0.1:{port}/")
    assert caught.value.reason == "tls"


async def test_closing_twice_and_unopened() -> None:
    transport = AiohttpTransport(user_agent="test")
    await transport.close()
    await transport.close()
