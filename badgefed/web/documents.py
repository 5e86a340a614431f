"""Documents that many fetch: answers as bytes with an ETag, kept while what they were read from stays as it is.

An answer is kept for a second at most, so that another process's write is seen, and no longer than until this process
commits to one of the tables that it depends on. Its own writes therefore show with the next request.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from starlette.datastructures import State
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from badgefed.errors import BadgefedError
from badgefed.model.times import SECOND
from badgefed.protocol.negotiation import Representation, preferred
from badgefed.web.errors import error_page
from badgefed.web.middleware import count_request
from badgefed.web.problems import problem
from badgefed.work.services import Services

ACTIVITY = "application/activity+json"
LINKED_DATA = "application/ld+json"
JSON = "application/json"
HTML = "text/html"
CACHED_ANSWERS = 4096
CACHED_BYTES = 64_000_000

Headers = tuple[tuple[bytes, bytes], ...]
Key = tuple[str, bytes, str]
Document = Callable[[Request, str], Awaitable["Answer"]]
Page = Callable[[Request], Awaitable[Response]]

_VARY = (b"vary", b"Accept")
_NOT_IN_304 = frozenset({b"content-type", b"content-length"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is sent for a document; `etag` is empty where there is nothing to compare."""

    status: int
    headers: Headers
    body: bytes
    etag: bytes = b""

    async def send(self, scope: Scope, send: Send, *, if_none_match: bytes = b"") -> int:
        """Sends it, without its body to HEAD, or 304 where the client has this very body (RFC 9110 §13.1.2).

        The status that was sent.
        """
        status, headers, body = self.status, list(self.headers), self.body
        if self.etag and if_none_match and (self.etag in if_none_match or if_none_match.strip() == b"*"):
            status, body = 304, b""
            headers = [header for header in headers if header[0] not in _NOT_IN_304]
        elif scope["method"] == "HEAD":
            body = b""
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        return status

    def as_response(self) -> Response:
        """The same for handlers that answer with responses."""
        response = Response(self.body, self.status)
        response.raw_headers = list(self.headers)
        return response


def answer(
    body: bytes,
    media_type: str,
    *,
    max_age: int,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    immutable: bool = False,
) -> Answer:
    """A public answer for every origin, to be kept by others for `max_age` seconds. The ETag is strong, from SHA-256."""
    digest = hashlib.sha256(media_type.encode() + b"\n" + body).hexdigest()
    etag = f'"{digest}"' if status == 200 else ""
    named = {
        "content-type": media_type,
        "content-length": str(len(body)),
        "cache-control": f"public, max-age={max_age}{', immutable' if immutable else ''}",
        "access-control-allow-origin": "*",
        "x-content-type-options": "nosniff",
        **({"etag": etag} if etag else {}),
        **(headers or {}),
    }
    raw = tuple((name.encode(), value.encode("latin-1")) for name, value in named.items())
    return Answer(status=status, headers=raw, body=body, etag=etag.encode())


def json_answer(document: Mapping[str, Any], media_type: str, *, max_age: int, status: int = 200) -> Answer:
    """As `answer`, of a document that is yet to be encoded."""
    return answer(encode(document), media_type, max_age=max_age, status=status)


def redirect(url: str, *, status: int) -> Answer:
    return answer(b"", HTML, max_age=60, status=status, headers={"location": url})


def encode(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def activity_or_page(accept: str | None) -> str:
    """ActivityPub documents have one media type, whichever JSON was asked for: peers take no other."""
    return HTML if preferred(accept) is Representation.HTML else ACTIVITY


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    answer: Answer
    commits: int
    made_at: int


class Cache:
    """The least recently used go first when there are too many answers or bytes. `doors`: who answered at which path."""

    def __init__(self) -> None:
        self.doors: dict[str, Door] = {}
        self._entries: OrderedDict[Key, _Entry] = OrderedDict()
        self._bytes = 0
        self.making: dict[tuple[Key, int], asyncio.Task[Answer]] = {}

    def get(self, key: Key, *, commits: int, now: int, lifetime: int) -> Answer | None:
        entry = self._entries.get(key)
        if entry is None or entry.commits != commits or not 0 <= now - entry.made_at < lifetime:
            return None
        self._entries.move_to_end(key)
        return entry.answer

    def put(self, key: Key, answer: Answer, *, commits: int, now: int) -> None:
        self._drop(key)
        self._entries[key] = _Entry(answer=answer, commits=commits, made_at=now)
        self._bytes += len(answer.body)
        while len(self._entries) > CACHED_ANSWERS or self._bytes > CACHED_BYTES:
            self._drop(next(iter(self._entries)))

    def note_door(self, path: str, door: Door) -> None:
        if len(self.doors) >= CACHED_ANSWERS:
            self.doors.clear()
        self.doors[path] = door

    def _drop(self, key: Key) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._bytes -= len(entry.answer.body)


class Door:
    """The ASGI endpoint of a document, and of the page for people at the same address where there is one.

    `choose` gives the media type for an Accept header, `HTML` for the page; without it there is one representation.
    `tables` are those that the document is read from, `seconds` how long it may be kept, `by_query` whether the query
    makes a difference. A `BadgefedError` becomes a problem document, or the error page for who asked for a page.
    """

    def __init__(
        self,
        document: Document,
        *,
        tables: tuple[str, ...],
        choose: Callable[[str | None], str] | None = None,
        page: Page | None = None,
        seconds: int = 1,
        by_query: bool = False,
    ) -> None:
        self.__name__ = document.__name__
        self._document = document
        self._tables = tables
        self._choose = choose
        self._page = page
        self._lifetime = seconds * SECOND
        self._by_query = by_query

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        accept, if_none_match = _conditions(scope)
        wanted = self.choose(accept)
        try:
            if wanted != HTML or self._page is None:
                found = await self._find(scope, receive, wanted)
                await found.send(scope, send, if_none_match=if_none_match)
                return
            response = await self._page(Request(scope, receive))
        except BadgefedError as error:
            response = error_page(Request(scope), error) if wanted == HTML else problem(error)
            response.headers["access-control-allow-origin"] = "*"
        if self._choose is not None:
            response.headers.add_vary_header("Accept")
        await response(scope, receive, send)

    def choose(self, accept: str | None) -> str:
        """The media type that an Accept header asks for; empty where there is one representation."""
        return self._choose(accept) if self._choose is not None else ""

    def recall(self, scope: Scope, wanted: str) -> Answer | None:
        """What was answered to this request before, if it still holds."""
        state = scope["app"].state
        commits = state.services.database.changes.commits(self._tables)
        now = state.services.clock()
        return _cache_of(state).get(
            self._key(scope, wanted), commits=commits, now=now, lifetime=self._lifetime
        )

    def _key(self, scope: Scope, wanted: str) -> Key:
        return scope["path"], scope["query_string"] if self._by_query else b"", wanted

    async def _find(self, scope: Scope, receive: Receive, wanted: str) -> Answer:
        state = scope["app"].state
        services: Services = state.services
        cache, key = _cache_of(state), self._key(scope, wanted)
        now, commits = services.clock(), services.database.changes.commits(self._tables)
        found = cache.get(key, commits=commits, now=now, lifetime=self._lifetime)
        if found is None:
            found = await self._make_once(Request(scope, receive), cache, key, commits)
            cache.put(key, found, commits=commits, now=now)
            cache.note_door(scope["path"], self)
        return found

    async def _make_once(self, request: Request, cache: Cache, key: Key, commits: int) -> Answer:
        """Requests that come while an answer is made wait for it, unless something was written since it was begun."""
        turn = (key, commits)
        task = cache.making.get(turn)
        if task is None:
            task = asyncio.create_task(self._make(request, key[2]))
            cache.making[turn] = task
            task.add_done_callback(lambda _: cache.making.pop(turn, None))
        return await asyncio.shield(task)

    async def _make(self, request: Request, wanted: str) -> Answer:
        made = await self._document(request, wanted)
        return made if self._choose is None else replace(made, headers=(*made.headers, _VARY))


class Shortcut:
    """ASGI middleware, outermost: what a door would answer from its cache is answered at once.

    It has no request id and no line in the log, and is counted as any other. `names`: see `RequestMiddleware`.
    """

    def __init__(self, app: ASGIApp, names: Mapping[object, str]) -> None:
        self._app = app
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_read = scope["type"] == "http" and scope["method"] in ("GET", "HEAD")
        door = _cache_of(scope["app"].state).doors.get(scope["path"]) if is_read else None
        if door is not None:
            started = time.perf_counter()
            accept, if_none_match = _conditions(scope)
            found = door.recall(scope, door.choose(accept))
            if found is not None:
                status = await found.send(scope, send, if_none_match=if_none_match)
                seconds = time.perf_counter() - started
                count_request(scope["method"], self._names.get(door, "none"), status, seconds)
                return
        await self._app(scope, receive, send)


def _conditions(scope: Scope) -> tuple[str | None, bytes]:
    """The values of Accept and If-None-Match; several lines of one count as one list."""
    accept: str | None = None
    if_none_match = b""
    for name, value in scope["headers"]:
        if name == b"accept":
            text = value.decode("latin-1")
            accept = text if accept is None else f"{accept},{text}"
        elif name == b"if-none-match":
            if_none_match = if_none_match + b"," + value if if_none_match else value
    return accept, if_none_match


def _cache_of(state: State) -> Cache:
    try:
        cache: Cache = state.documents
    except AttributeError:
        cache = state.documents = Cache()
    return cache
