"""The guarded client: redirects, content types, identity of documents, budget and memory of failures."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping

import pytest

from badgefed.errors import AddressRefused, FetchFailed
from badgefed.model.times import DAY, HOUR, MINUTE, SECOND
from badgefed.net import media_types
from badgefed.net.client import Client
from badgefed.net.failures import Asked, Budget, Failures
from badgefed.net.transport import AiohttpTransport, Request
from tests.net.mounted import App, Message, MountedTransport
from tests.net.servers import Answer, Names, route, serve, write, write_gzip, write_json

ACTIVITY = "application/activity+json"
AS2 = "https://www.w3.org/ns/activitystreams"

Page = tuple[int, dict[str, str], bytes]


class Clock:
    def __init__(self) -> None:
        self.now = 1_700_000_000 * SECOND

    def __call__(self) -> int:
        return self.now


class Remote:
    """An application that answers by path, `(status, headers, body)`."""

    def __init__(self, pages: Mapping[str, Page]) -> None:
        self.pages = dict(pages)
        self.asked: list[str] = []

    async def __call__(self, scope: Message, receive: object, send: object) -> None:
        self.asked.append(scope["path"])
        status, headers, body = self.pages.get(scope["path"], (404, {}, b""))
        raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})  # type: ignore[operator]
        await send({"type": "http.response.body", "body": body})  # type: ignore[operator]


def _document(content_type: str = ACTIVITY, **members: object) -> Page:
    return 200, {"Content-Type": content_type}, json.dumps(members).encode()


def _redirect(location: str, status: int = 302) -> Page:
    return status, {"Location": location}, b""


def _world(**pages: Mapping[str, Page]) -> tuple[Client, MountedTransport]:
    apps: dict[str, App] = {f"{host}.example": Remote(paths) for host, paths in pages.items()}
    transport = MountedTransport(apps)
    return Client(transport, clock=Clock()), transport


def _asked(transport: MountedTransport) -> list[str]:
    return [request.url for request in transport.requests]


@pytest.fixture
async def private() -> AsyncIterator[Client]:
    transport = AiohttpTransport(
        user_agent="test", allow_private=True, resolver=Names({"peer.example": [["127.0.0.1"]]})
    )
    client = Client(transport, allow_private=True, deadline=5)
    yield client
    await client.close()


async def test_actor_is_fetched() -> None:
    actor = {"id": "https://remote.example/users/a", "type": "Person"}
    client, transport = _world(remote={"/users/a": _document(**actor)})
    fetched = await client.get_activitypub("https://remote.example/users/a#main-key")
    assert (fetched.document, fetched.url) == (actor, "https://remote.example/users/a")
    [request] = transport.requests
    assert request.method == "GET"
    assert request.headers == {"Accept": f'{ACTIVITY}, application/ld+json; profile="{AS2}"'}


async def test_each_hop_is_signed_anew() -> None:
    client, transport = _world(
        remote={"/@a": _redirect("https://other.example/users/a")},
        other={"/users/a": _document(id="https://other.example/users/a")},
    )
    seen: list[str] = []

    def sign(request: Request) -> dict[str, str]:
        seen.append(request.url)
        return {"Signature": f"for {request.url}"}

    await client.get_activitypub("https://remote.example/@a", sign=sign)
    assert seen == ["https://remote.example/@a", "https://other.example/users/a"]
    assert [request.headers["Signature"] for request in transport.requests] == [f"for {url}" for url in seen]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_followed(status: int) -> None:
    client, _ = _world(
        remote={"/a": _redirect("b#x", status), "/b": _document(id="https://remote.example/b")}
    )
    assert (await client.get_activitypub("https://remote.example/a")).url == "https://remote.example/b"


async def test_three_redirects_are_enough() -> None:
    pages = {f"/{n}": _redirect(f"/{n + 1}") for n in range(3)}
    client, _ = _world(remote=pages | {"/3": _document(id="https://remote.example/3")})
    assert (await client.get_activitypub("https://remote.example/0")).url.endswith("/3")


REDIRECTS_REFUSED: dict[str, tuple[dict[str, Page], str, int]] = {
    "endless": ({f"/{n}": _redirect(f"/{n + 1}") for n in range(100)}, "redirects", 4),
    "loop": ({"/0": _redirect("/1"), "/1": _redirect("/0")}, "redirects", 2),
    "itself": ({"/0": _redirect("/0#again")}, "redirects", 1),
    "to http": ({"/0": _redirect("http://remote.example/1")}, "address", 1),
    "to another port": ({"/0": _redirect("https://remote.example:8443/1")}, "address", 1),
    "to a literal": ({"/0": _redirect("https://169.254.169.254/latest/meta-data")}, "address", 1),
    "to localhost": ({"/0": _redirect("//localhost/")}, "address", 1),
    "to a file": ({"/0": _redirect("file:///etc/passwd")}, "address", 1),
    "to what is no URL": ({"/0": _redirect("https://[::g]/")}, "malformed", 1),
    "to a user": ({"/0": _redirect("https://a:b@remote.example/1")}, "address", 1),
    "nowhere": ({"/0": (302, {}, b"")}, "status", 1),
}


@pytest.mark.parametrize("name", REDIRECTS_REFUSED)
async def test_bad_redirects(name: str) -> None:
    pages, reason, requests = REDIRECTS_REFUSED[name]
    client, transport = _world(remote=pages)
    with pytest.raises(FetchFailed) as caught:
        await client.get_activitypub("https://remote.example/0")
    assert caught.value.reason == reason
    assert isinstance(caught.value, AddressRefused) == (reason == "address")
    assert len(transport.requests) == requests


@pytest.mark.parametrize(
    ("content_type", "good"),
    [
        ("application/activity+json", True),
        ("application/activity+json; charset=utf-8", True),
        ("Application/Activity+JSON ;charset=utf-8", True),
        (f'application/ld+json; profile="{AS2}"', True),
        (f'application/ld+json;charset=utf-8;profile="{AS2}"', True),
        (f'application/ld+json; profile="https://example.org/x {AS2}"', True),
        (f"application/ld+json; profile={AS2}", True),
        ("application/ld+json", False),
        ('application/ld+json; profile="https://www.w3.org/ns/activitystreams-fake"', False),
        (f'application/ld+json; other="; profile={AS2}"', False),
        (f'application/ld+json; x="profile={AS2}"', False),
        ("application/json", False),
        (f'application/json; profile="{AS2}"', False),
        ("text/html", False),
        ("text/plain; application/activity+json", False),
        ("application/activity+json-fake", False),
        ("xapplication/activity+json", False),
        ("image/png", False),
        ("", False),
    ],
)
async def test_content_types_of_activitypub(content_type: str, good: bool) -> None:
    assert media_types.matches(content_type, media_types.ACTIVITYPUB) == good
    url = "https://remote.example/a"
    client, _ = _world(remote={"/a": _document(content_type, id=url)})
    if good:
        assert (await client.get_activitypub(url)).document == {"id": url}
    else:
        with pytest.raises(FetchFailed) as caught:
            await client.get_activitypub(url)
        assert caught.value.reason == "content-type"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 429, 500, 503])
async def test_statuses(status: int) -> None:
    client, _ = _world(
        remote={"/a": (status, {"Content-Type": ACTIVITY}, b'{"id":"https://remote.example/a"}')}
    )
    with pytest.raises(FetchFailed, match=f"remote.example answered {status}") as caught:
        await client.get_activitypub("https://remote.example/a")
    assert (caught.value.reason, caught.value.http_status) == ("status", status)


BODIES = {
    "no JSON": b"<html>",
    "array": b"[]",
    "two ids": b'{"id":"https://remote.example/a","id":"https://remote.example/a"}',
    "too deep": b'{"id":"https://remote.example/a","a":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    "100,000 items": json.dumps({"id": "https://remote.example/a", "items": [1] * 100_000}).encode(),
    "not UTF-8": b'{"id":"https://remote.example/a","name":"\xff"}',
}


@pytest.mark.parametrize("name", BODIES)
async def test_bodies_that_mean_nothing(name: str) -> None:
    client, _ = _world(remote={"/a": (200, {"Content-Type": ACTIVITY}, BODIES[name])})
    with pytest.raises(FetchFailed, match=r"^remote\.example: ") as caught:
        await client.get_activitypub("https://remote.example/a")
    assert caught.value.reason == "malformed"


async def test_key_stub_leads_to_its_actor() -> None:
    """GoToSocial answers at a key's URL with a part of the actor, under the actor's id."""
    actor = {"id": "https://remote.example/users/a", "inbox": "https://remote.example/users/a/inbox"}
    client, transport = _world(
        remote={"/users/a/main-key": _document(id=actor["id"]), "/users/a": _document(**actor)}
    )
    fetched = await client.get_activitypub("https://remote.example/users/a/main-key")
    assert (fetched.document, fetched.url) == (actor, actor["id"])
    assert len(transport.requests) == 2


async def test_id_with_a_fragment_belongs_to_its_document() -> None:
    document = _document(id="https://remote.example/did#key-1", owner="https://remote.example/a")
    client, _ = _world(remote={"/did": document})
    fetched = await client.get_activitypub("https://remote.example/did#key-1")
    assert fetched.url == "https://remote.example/did"


IDENTITIES_REFUSED: dict[str, tuple[dict[str, Page], str, int]] = {
    "of another server": ({"/a": _document(id="https://other.example/a")}, "id-mismatch", 1),
    "of another port": ({"/a": _document(id="https://remote.example:444/a")}, "address", 1),
    "by http": ({"/a": _document(id="http://remote.example/a")}, "address", 1),
    "none": ({"/a": _document(type="Person")}, "id-mismatch", 1),
    "null": ({"/a": _document(id=None)}, "id-mismatch", 1),
    "a list": ({"/a": _document(id=["https://remote.example/a"])}, "id-mismatch", 1),
    "no URL": ({"/a": _document(id="acct:a@remote.example")}, "address", 1),
    "a bad port": ({"/a": _document(id="https://remote.example:99999/")}, "address", 1),
    "in brackets": ({"/a": _document(id="https://[x/")}, "address", 1),
    "of nothing": ({"/a": _document(id="https://remote.example/b")}, "status", 2),
    "in a chain": (
        {
            "/a": _document(id="https://remote.example/b"),
            "/b": _document(id="https://remote.example/c"),
            "/c": _document(id="https://remote.example/c"),
        },
        "id-mismatch",
        2,
    ),
    "in a circle": (
        {
            "/a": _document(id="https://remote.example/b"),
            "/b": _document(id="https://remote.example/a"),
        },
        "id-mismatch",
        2,
    ),
    "redirected away": (
        {
            "/a": _document(id="https://remote.example/b"),
            "/b": _redirect("https://other.example/evil"),
        },
        "id-mismatch",
        3,
    ),
    "redirected at first": ({"/a": _redirect("https://other.example/evil")}, "id-mismatch", 2),
}


@pytest.mark.parametrize("name", IDENTITIES_REFUSED)
async def test_foreign_identities(name: str) -> None:
    pages, reason, requests = IDENTITIES_REFUSED[name]
    evil = {"/evil": _document(id="https://remote.example/a")}
    client, transport = _world(remote=pages, other=evil)
    with pytest.raises(FetchFailed) as caught:
        await client.get_activitypub("https://remote.example/a")
    assert caught.value.reason == reason
    assert len(transport.requests) == requests


@pytest.mark.parametrize(
    "content_type", ["application/jrd+json", "application/json; charset=utf-8", ACTIVITY]
)
async def test_webfinger(content_type: str) -> None:
    client, transport = _world(remote={"/.well-known/webfinger": _document(content_type, subject="acct:a@b")})
    url = "https://remote.example/.well-known/webfinger?resource=acct%3Aa%40remote.example"
    fetched = await client.get_jrd(url)
    assert fetched.document == {"subject": "acct:a@b"}
    assert _asked(transport) == [url]


async def test_json_needs_no_id_but_a_json_type() -> None:
    pages = {"/vc": _document("application/vc", a=1), "/page": _document("text/html", a=1)}
    client, _ = _world(remote=pages)
    assert (await client.get_json("https://remote.example/vc")).document == {"a": 1}
    with pytest.raises(FetchFailed, match="sent text/html"):
        await client.get_json("https://remote.example/page")


@pytest.mark.parametrize(
    ("content_type", "good"),
    [("image/png", True), ("image/webp", True), ("image/svg+xml", False), ("text/html", False)],
)
async def test_images(content_type: str, good: bool) -> None:
    client, _ = _world(remote={"/i": (200, {"Content-Type": content_type}, b"x" * 2_000_000)})
    if good:
        assert len((await client.get_image("https://remote.example/i")).body) == 2_000_000
    else:
        with pytest.raises(FetchFailed):
            await client.get_image("https://remote.example/i")


async def test_budget_counts_every_request() -> None:
    pages = {"/a": _redirect("/b"), "/b": _document(id="https://remote.example/b"), "/c": _document(a=1)}
    client, transport = _world(remote=pages)
    budget = Budget(3)
    await client.get_activitypub("https://remote.example/a", budget=budget)
    await client.get_activitypub("https://remote.example/b", budget=budget)
    with pytest.raises(FetchFailed) as caught:
        await client.get_activitypub("https://remote.example/a", budget=budget)
    assert caught.value.reason == "budget"
    assert len(transport.requests) == 3
    assert (await client.get_activitypub("https://remote.example/a")).url == "https://remote.example/b"


@pytest.mark.parametrize(
    ("page", "lifetime"),
    [
        ((404, {}, b""), HOUR),
        ((410, {}, b""), DAY),
        ((500, {}, b""), 5 * MINUTE),
        ((401, {}, b""), 5 * MINUTE),
        (_document("text/html"), 5 * MINUTE),
        (_document(id="https://other.example/"), 5 * MINUTE),
        ((200, {"Content-Type": ACTIVITY}, b"no json"), 5 * MINUTE),
        (_redirect("https://127.0.0.1/"), 5 * MINUTE),
    ],
)
async def test_failures_are_remembered(page: Page, lifetime: int) -> None:
    url = "https://remote.example/a"
    remote, clock = Remote({"/a": page}), Clock()
    client = Client(MountedTransport({"remote.example": remote}), clock=clock)

    async def fail() -> FetchFailed:
        with pytest.raises(FetchFailed) as caught:
            await client.get_activitypub(url + "#main-key")
        return caught.value

    first = await fail()
    remote.pages["/a"] = _document(id=url)
    clock.now += lifetime - 1
    again = await fail()
    assert (type(again), again.reason, again.http_status) == (type(first), first.reason, first.http_status)
    assert (str(again), remote.asked) == (str(first), ["/a"])
    clock.now += 1
    assert (await client.get_activitypub(url)).url == url


async def test_unreachable_host_is_remembered_for_five_minutes() -> None:
    clock, transport = Clock(), MountedTransport()
    client = Client(transport, clock=clock)
    for _ in range(3):
        with pytest.raises(FetchFailed, match="has no address"):
            await client.get_activitypub("https://gone.example/a")
    assert len(transport.requests) == 1
    clock.now += 5 * MINUTE
    with pytest.raises(FetchFailed):
        await client.get_activitypub("https://gone.example/a")
    assert len(transport.requests) == 2


async def test_failure_of_one_question_is_none_of_another() -> None:
    """Refused unsigned but answered signed; no ActivityPub but an image; no URL in common."""
    pages = {"/a": (200, {"Content-Type": "image/png"}, b"png")}
    client, transport = _world(remote=pages)
    with pytest.raises(FetchFailed):
        await client.get_activitypub("https://remote.example/a")
    with pytest.raises(FetchFailed):
        await client.get_activitypub("https://remote.example/a", sign=lambda request: {})
    assert (await client.get_image("https://remote.example/a")).body == b"png"
    assert len(transport.requests) == 3


def test_memory_of_failures_is_bounded() -> None:
    failures = Failures(clock=Clock(), size=2)
    asked = [Asked(url=f"https://remote.example/{n}", accept="*/*", signed=False) for n in range(3)]
    for one in asked:
        failures.add(one, FetchFailed("network", "gone"))
    failures.raise_known(asked[0])
    for one in asked[1:]:
        with pytest.raises(FetchFailed):
            failures.raise_known(one)


async def test_post_to_a_real_server(private: Client) -> None:
    async with serve(write(401, {"Retry-After": "5"}, b'{"error":"no"}')) as server:
        url = server.url("/inbox?a=1", host="peer.example")
        headers = {"Content-Type": ACTIVITY}
        answer = await private.post(url, b"{}", headers, sign=lambda request: {"Signature": request.method})
    assert (answer.status, answer.headers["retry-after"], answer.body) == (401, "5", b'{"error":"no"}')
    [received] = server.requests
    assert (received.method, received.target, received.body) == ("POST", "/inbox?a=1", b"{}")
    assert (received.headers["signature"], received.headers["content-type"]) == ("POST", ACTIVITY)


async def test_post_follows_no_redirect(private: Client) -> None:
    async with serve(write(308, {"Location": "/elsewhere"})) as server:
        assert (await private.post(server.url("/inbox"), b"{}", {})).status == 308
    assert len(server.requests) == 1


async def test_post_counts_even_if_the_answer_is_a_book(private: Client) -> None:
    async with serve(write(202, body=b"x" * 100_000)) as server:
        answer = await private.post(server.url("/inbox"), b"{}", {})
    assert (answer.status, answer.body) == (202, b"")


async def test_post_to_nobody(private: Client) -> None:
    with pytest.raises(FetchFailed) as caught:
        await private.post("http://gone.example/inbox", b"{}", {})
    assert caught.value.reason == "dns"
    with pytest.raises(AddressRefused):
        await private.post("http://user@peer.example/inbox", b"{}", {})


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (write(headers={"Content-Type": ACTIVITY}, body=b"x" * 1_000_001), "too-large"),
        (write_gzip(b" " * 5_000_000), "too-large"),
        (write(302, {"Location": "ftp://peer.example/"}), "address"),
        (write(204), "content-type"),
    ],
)
async def test_get_from_a_real_server(private: Client, answer: Answer, reason: str) -> None:
    async with serve(answer) as server:
        with pytest.raises(FetchFailed) as caught:
            await private.get_activitypub(server.url("/a", host="peer.example"))
    assert caught.value.reason == reason


async def test_private_operation_fetches_from_loopback(private: Client) -> None:
    pages: dict[str, Answer] = {}
    async with serve(route(pages)) as server:
        url = server.url("/users/a")
        pages["/@a"] = write(302, {"Location": "/users/a"})
        pages["/users/a"] = write_json({"id": url, "name": "grüße"})
        fetched = await private.get_activitypub(server.url("/@a"))
    assert fetched.document == {"id": url, "name": "grüße"}
    assert server.requests[0].headers["accept"].startswith(ACTIVITY)
