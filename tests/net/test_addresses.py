"""The table of what may be asked and dialled, and that no connection is ever opened to the rest."""

from __future__ import annotations

import pytest

from badgefed.errors import AddressRefused
from badgefed.net.addresses import clean_url, read_origin, refuses_address
from badgefed.net.client import Client
from badgefed.net.transport import AiohttpTransport, Request, Response
from tests.net.mounted import MountedTransport
from tests.net.servers import Names, serve, write, write_json

NOBODYS = {
    "unspecified": "0.0.0.0",
    "this network": "0.1.2.3",
    "multicast": "224.0.0.1",
    "multicast, last": "239.255.255.255",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "v6 unspecified": "::",
    "v6 multicast": "ff02::1",
    "mapped unspecified": "::ffff:0.0.0.0",
    "mapped multicast": "::ffff:224.0.0.1",
    "NAT64 unspecified": "64:ff9b::0.0.0.0",
    "6to4 broadcast": "2002:ffff:ffff::1",
    "compatible reserved": "::240.0.0.1",
    "local NAT64 multicast": "64:ff9b:1::224.0.0.1",
    "Teredo to multicast": "2001:0:808:808:0:0:1fff:fffe",
}

PRIVATE = {
    "10/8": "10.0.0.1",
    "10/8, last": "10.255.255.255",
    "shared": "100.64.0.1",
    "shared, last": "100.127.255.255",
    "loopback": "127.0.0.1",
    "loopback, last": "127.255.255.254",
    "link-local": "169.254.0.1",
    "cloud metadata": "169.254.169.254",
    "172.16/12": "172.16.0.1",
    "172.16/12, last": "172.31.255.255",
    "IETF": "192.0.0.1",
    "IETF, anycast": "192.0.0.9",
    "TEST-NET-1": "192.0.2.1",
    "6to4 relay": "192.88.99.1",
    "192.168/16": "192.168.1.1",
    "benchmark": "198.18.0.1",
    "benchmark, last": "198.19.255.255",
    "TEST-NET-2": "198.51.100.1",
    "TEST-NET-3": "203.0.113.1",
    "v6 loopback": "::1",
    "mapped loopback": "::ffff:127.0.0.1",
    "mapped loopback, hex": "::ffff:7f00:1",
    "mapped private": "::ffff:10.0.0.1",
    "mapped metadata": "::ffff:169.254.169.254",
    "compatible loopback": "::127.0.0.1",
    "compatible private": "::10.0.0.1",
    "compatible public": "::8.8.8.8",
    "translated": "::ffff:0:127.0.0.1",
    "NAT64 loopback": "64:ff9b::127.0.0.1",
    "NAT64 private": "64:ff9b::192.168.1.1",
    "NAT64 metadata": "64:ff9b::a9fe:a9fe",
    "local NAT64": "64:ff9b:1::127.0.0.1",
    "local NAT64 public": "64:ff9b:1::8.8.8.8",
    "Teredo": "2001:0:7f00:1:0:0:80ff:fffe",
    "Teredo, public inside": "2001:0:808:808:0:0:f7f7:f7f7",
    "6to4 loopback": "2002:7f00:1::1",
    "6to4 private": "2002:c0a8:101::1",
    "6to4 public": "2002:808:808::1",
    "IETF v6": "2001:2::1",
    "ORCHID": "2001:20::1",
    "documentation v6": "2001:db8::1",
    "documentation v6, new": "3fff::1",
    "unique local": "fc00::1",
    "unique local, fd": "fd12:3456::1",
    "link-local v6": "fe80::1",
    "link-local v6 with zone": "fe80::1%1",
    "site-local": "fec0::1",
    "discard": "100::1",
    "segment routing": "5f00::1",
    "unassigned": "4000::1",
}

PUBLIC = {
    "v4": "8.8.8.8",
    "beside 10/8": "11.0.0.1",
    "beside shared": "100.128.0.1",
    "beside 172.16/12": "172.32.0.1",
    "last before multicast": "223.255.255.255",
    "v6": "2606:4700:4700::1111",
    "v6, 2a": "2a00:1450:4001:80b::200e",
    "mapped": "::ffff:8.8.8.8",
    "NAT64": "64:ff9b::8.8.8.8",
}

FORBIDDEN = NOBODYS | PRIVATE

REFUSED_URLS = {
    "http": "http://remote.example/",
    "ftp": "ftp://remote.example/",
    "file": "file:///etc/passwd",
    "gopher": "gopher://remote.example:70/1",
    "no scheme": "remote.example/",
    "scheme-relative": "//remote.example/",
    "empty": "",
    "no host": "https:///path",
    "port 80": "https://remote.example:80/",
    "port 8443": "https://remote.example:8443/",
    "port 0": "https://remote.example:0/",
    "port too high": "https://remote.example:65536/",
    "user": "https://user@remote.example/",
    "user and password": "https://user:pw@remote.example/",
    "name as user": "https://remote.example@127.0.0.1/",
    "backslash": "https://remote.example\\@127.0.0.1/",
    "backslash in path": "https://remote.example/a\\b",
    "space": "https://remote.example/a b",
    "line break": "https://remote.example/a\r\nHost: x",
    "tab": "https://remote.example/\ta",
    "NUL": "https://remote.example/\x00",
    "control character in the fragment": "https://remote.example/#\r\n",
    "not ASCII host": "https://rémote.example/",
    "full-width dot": "https://127。0。0。1/",
    "not ASCII path": "https://remote.example/ü",
    "single label": "https://intranet/",
    "localhost": "https://localhost/",
    "localhost as domain": "https://a.localhost/",
    "upper case": "https://A.LOCALHOST/",
    ".local": "https://printer.local/",
    ".internal": "https://metadata.google.internal/",
    ".onion": "https://abcdefgh.onion/",
    ".home.arpa": "https://nas.home.arpa/",
    ".lan": "https://nas.lan/",
    "trailing dot": "https://remote.example./",
    "empty label": "https://remote..example/",
    "hyphen first": "https://-remote.example/",
    "label of 64": f"https://{'a' * 64}.example/",
    "name of 254": f"https://{'a.' * 124}example/",
    "decimal address": "https://2130706433/",
    "octal address": "https://0177.0.0.1/",
    "hexadecimal address": "https://0x7f.0.0.0x1/",
    "short address": "https://127.1/",
    "too long": f"https://remote.example/{'a' * 2_048}",
}

KEPT_URLS = [
    "https://remote.example",
    "https://remote.example/",
    "https://Remote.Example/Users/A",
    "https://remote.example:443/a",
    "https://remote.example/a%7Eb%c3%a4/../c//d?x=%20y+z&a=[1]",
    "https://remote.example/?author=1",
    "https://remote.example?author=1",
    "https://remote.example/a??",
    "https://xn--rmote-bsa.example/@a",
    "https://under_score.remote.example/",
]


@pytest.mark.parametrize("name", FORBIDDEN)
def test_address_is_refused(name: str) -> None:
    assert refuses_address(FORBIDDEN[name])


@pytest.mark.parametrize("name", PUBLIC)
def test_public_address_is_allowed(name: str) -> None:
    assert not refuses_address(PUBLIC[name])
    assert not refuses_address(PUBLIC[name], allow_private=True)


@pytest.mark.parametrize("name", PRIVATE)
def test_private_operation_allows(name: str) -> None:
    assert not refuses_address(PRIVATE[name], allow_private=True)


@pytest.mark.parametrize("name", NOBODYS)
def test_private_operation_refuses(name: str) -> None:
    assert refuses_address(NOBODYS[name], allow_private=True)


@pytest.mark.parametrize("text", ["", "remote.example", "0x7f.1", "2130706433", "1.2.3", "::g"])
def test_what_is_no_address_is_refused(text: str) -> None:
    assert refuses_address(text, allow_private=True)


@pytest.mark.parametrize("name", REFUSED_URLS)
def test_url_is_refused(name: str) -> None:
    with pytest.raises(AddressRefused):
        clean_url(REFUSED_URLS[name])


@pytest.mark.parametrize("url", KEPT_URLS)
def test_url_is_kept_as_it_is(url: str) -> None:
    assert clean_url(url) == url


@pytest.mark.parametrize(
    ("url", "clean"),
    [
        ("https://remote.example/a#main-key", "https://remote.example/a"),
        ("https://remote.example/?author=1#main-key", "https://remote.example/?author=1"),
        ("https://remote.example/a?", "https://remote.example/a"),
        ("https://remote.example/a?#x", "https://remote.example/a"),
        ("https://remote.example/a#ü", "https://remote.example/a"),
    ],
)
def test_what_is_not_sent_is_cut_off(url: str, clean: str) -> None:
    assert clean_url(url) == clean


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8000/a",
        "http://127.0.0.1:8000/",
        "http://[::1]:8000/",
        "https://peer/",
        "http://a.lan",
    ],
)
def test_private_operation_allows_url(url: str) -> None:
    assert clean_url(url, allow_private=True) == url


@pytest.mark.parametrize(
    "name", ["ftp", "user", "backslash", "line break", "port too high", "not ASCII host"]
)
def test_private_operation_refuses_url(name: str) -> None:
    with pytest.raises(AddressRefused):
        clean_url(REFUSED_URLS[name], allow_private=True)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://Remote.Example/a", ("https", "remote.example", 443)),
        ("https://remote.example:443", ("https", "remote.example", 443)),
        ("http://remote.example:8000/", ("http", "remote.example", 8000)),
        ("http://[::1]/", ("http", "::1", 80)),
    ],
)
def test_origin(url: str, origin: tuple[str, str, int]) -> None:
    assert read_origin(url) == origin


def _as_host(address: str) -> str:
    return f"[{address}]" if ":" in address else address


class _FirstHop:
    """One public host in memory that redirects; everything else goes to the real transport."""

    def __init__(self, location: str, real: AiohttpTransport) -> None:
        self._location = location
        self._real = real

    async def send(self, request: Request, *, max_bytes: int, timeout: float) -> Response:
        if request.url == "https://redirect.example/":
            return Response(status=302, headers={"location": self._location}, body=b"", url=request.url)
        return await self._real.send(request, max_bytes=max_bytes, timeout=timeout)

    async def close(self) -> None:
        await self._real.close()


async def _get(client: Client, url: str) -> Response:
    return await client.get(url, accept="*/*", content_types=["text/plain"])


@pytest.mark.parametrize("name", FORBIDDEN)
async def test_no_connection_by_any_way(name: str) -> None:
    """As literal, as name, and as target of a redirect: the server that listens there never hears of it."""
    address = FORBIDDEN[name]
    async with serve(write(), host="127.0.0.1") as sink:
        names = Names({"evil.example": [[address.partition("%")[0]]]})
        real = AiohttpTransport(user_agent="test", resolver=names)
        literal = f"http://{_as_host(address.partition('%')[0])}:{sink.port}/"
        named = f"http://evil.example:{sink.port}/"
        clients = [
            Client(real),
            Client(_FirstHop(literal, real)),
            Client(_FirstHop(f"https://{_as_host(address)}/", real)),
            Client(_FirstHop("https://evil.example/", real)),
        ]
        with pytest.raises(AddressRefused):
            await real.send(Request(method="GET", url=literal, headers={}), max_bytes=10, timeout=5)
        with pytest.raises(AddressRefused):
            await real.send(Request(method="GET", url=named, headers={}), max_bytes=10, timeout=5)
        with pytest.raises(AddressRefused):
            await _get(clients[0], f"https://{_as_host(address)}/")
        with pytest.raises(AddressRefused):
            await clients[0].post("https://evil.example/inbox", b"{}", {})
        for client in clients[1:]:
            with pytest.raises(AddressRefused):
                await _get(client, "https://redirect.example/")
        await real.close()
        assert "evil.example" in names.asked
    assert sink.connections == 0


@pytest.mark.parametrize("address", ["127.0.0.1", "::ffff:127.0.0.1"])
async def test_the_same_server_is_there_for_private_operation(address: str) -> None:
    async with serve(write(204)) as sink:
        names = Names({"evil.example": [[address]]})
        transport = AiohttpTransport(user_agent="test", resolver=names, allow_private=True)
        url = f"http://evil.example:{sink.port}/"
        answer = await transport.send(Request(method="GET", url=url, headers={}), max_bytes=10, timeout=5)
        await transport.close()
    assert answer.status == 204
    assert sink.connections == 1


@pytest.mark.parametrize("url", ["http://2130706433:{}/", "http://127.1:{}/", "http://0x7f.0.0.1:{}/"])
async def test_odd_spellings_of_loopback(url: str) -> None:
    async with serve(write()) as sink:
        transport = AiohttpTransport(user_agent="test")
        with pytest.raises(AddressRefused):
            await transport.send(
                Request(method="GET", url=url.format(sink.port), headers={}), max_bytes=10, timeout=5
            )
        await transport.close()
    assert sink.connections == 0


def _treat_as_public(address: str) -> bool:
    return address != "127.0.0.2" and refuses_address(address)


async def test_rebinding_name_reaches_only_what_was_checked() -> None:
    """First the name is public (127.0.0.2 stands for that), then private."""
    async with serve(write(200, close=True), host="127.0.0.2") as public:
        async with serve(write()) as sink:
            names = Names({"evil.example": [["127.0.0.2"], ["127.0.0.1"]]})
            transport = AiohttpTransport(
                user_agent="test", resolver=names, refuses=_treat_as_public, dns_ttl=0
            )
            first = Request(method="GET", url=public.url(host="evil.example"), headers={})
            assert (await transport.send(first, max_bytes=10, timeout=5)).status == 200
            again = Request(method="GET", url=sink.url(host="evil.example"), headers={})
            with pytest.raises(AddressRefused):
                await transport.send(again, max_bytes=10, timeout=5)
            await transport.close()
        assert (public.connections, sink.connections) == (1, 0)


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1", "127.0.0.2"], ["127.0.0.2", "127.0.0.1"], ["::1", "10.0.0.1", "127.0.0.2", "127.0.0.1"]],
)
async def test_of_several_addresses_only_the_public_one_is_dialled(addresses: list[str]) -> None:
    async with serve(write(200), host="127.0.0.2") as public:
        names = Names({"mixed.example": [addresses]})
        transport = AiohttpTransport(user_agent="test", resolver=names, refuses=_treat_as_public)
        request = Request(method="GET", url=public.url(host="mixed.example"), headers={})
        assert (await transport.send(request, max_bytes=10, timeout=5)).status == 200
        await transport.close()
    assert public.connections == 1


async def test_of_several_private_addresses_none_is_dialled() -> None:
    async with serve(write()) as sink:
        names = Names({"evil.example": [["10.0.0.1", "::1", "127.0.0.1"]]})
        transport = AiohttpTransport(user_agent="test", resolver=names)
        request = Request(method="GET", url=sink.url(host="evil.example"), headers={})
        with pytest.raises(AddressRefused):
            await transport.send(request, max_bytes=10, timeout=5)
        await transport.close()
    assert sink.connections == 0


async def test_declared_id_at_a_private_address_is_not_asked() -> None:
    async with serve(write_json({})) as sink:
        secret = {"id": f"http://127.0.0.1:{sink.port}/secret", "type": "Person"}

        async def app(scope, receive, send) -> None:  # type: ignore[no-untyped-def]
            headers = [(b"content-type", b"application/activity+json")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": str(secret).replace("'", '"').encode()})

        client = Client(MountedTransport({"remote.example": app}))
        with pytest.raises(AddressRefused):
            await client.get_activitypub("https://remote.example/users/a")
    assert sink.connections == 0
