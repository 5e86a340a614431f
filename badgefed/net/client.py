"""Requests to servers that strangers choose: which URLs, which redirects, which answers.

A document belongs to the URL that it was fetched from: `get_activitypub` returns it only if its `id`, without
fragment, is the final URL. If it is another one on the same origin (a GoToSocial key document has its actor's
id; a page of a profile redirects) that id is fetched, once, and must then be its own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urljoin

from badgefed.errors import FetchFailed, Invalid
from badgefed.model.times import Clock, system_clock
from badgefed.net import media_types
from badgefed.net.addresses import clean_url, read_origin
from badgefed.net.failures import Asked, Budget, Failures
from badgefed.net.transport import Request, Response, Transport
from badgefed.protocol import strict_json
from badgefed.texts import say

Sign = Callable[[Request], Mapping[str, str]]

MAX_DOCUMENT_BYTES = 1_000_000
MAX_IMAGE_BYTES = 5_000_000
MAX_POST_ANSWER_BYTES = 64_000
MAX_REDIRECTS = 3

_ACCEPT_ACTIVITYPUB = ", ".join(media_types.ACTIVITYPUB)
_REDIRECTS = frozenset((301, 302, 303, 307, 308))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """`url` is where the document was found, after redirects and without fragment."""

    document: dict[str, Any]
    url: str


class Client:
    """Every method raises FetchFailed, or AddressRefused for an URL or address that this server does not ask.

    `sign` returns the headers to add to a request; it is called for each hop anew.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        allow_private: bool = False,
        clock: Clock = system_clock,
        deadline: float = 30.0,
    ) -> None:
        self._transport = transport
        self._allow_private = allow_private
        self._deadline = deadline
        self._failures = Failures(clock=clock)

    async def get(
        self,
        url: str,
        *,
        accept: str,
        content_types: Collection[str],
        max_bytes: int = MAX_DOCUMENT_BYTES,
        sign: Sign | None = None,
        budget: Budget | None = None,
        also: Collection[int] = (),
    ) -> Response:
        """A 2xx answer of one of the `content_types`; redirects are followed, `Response.url` is the last URL.

        An entry of `content_types` with a profile parameter asks for that profile. `also`: other statuses whose answer
        is wanted too, of whatever type.
        """
        url = clean_url(url, allow_private=self._allow_private)
        with self._remembering(url, accept, sign):
            answer = await self._follow(url, accept, max_bytes, sign, budget)
            if answer.status not in also:
                _check_answer(answer, content_types)
        return answer

    async def get_activitypub(
        self, url: str, *, sign: Sign | None = None, budget: Budget | None = None
    ) -> Fetched:
        """An ActivityStreams object or actor that is its own authority (see the module's text)."""
        url = clean_url(url, allow_private=self._allow_private)
        with self._remembering(url, _ACCEPT_ACTIVITYPUB, sign):
            fetched = await self._get_activity(url, sign, budget)
            declared = self._read_id(fetched)
            if declared == fetched.url:
                return fetched
            if read_origin(declared) != read_origin(fetched.url):
                raise FetchFailed(
                    "id-mismatch",
                    say("The document at %(url)s has an id of another server.", url=fetched.url),
                )
            fetched = await self._get_activity(declared, sign, budget)
            if self._read_id(fetched) != fetched.url:
                raise FetchFailed(
                    "id-mismatch", say("The document at %(url)s has another document's id.", url=fetched.url)
                )
        return fetched

    async def get_json(
        self,
        url: str,
        *,
        accept: str = "application/json, application/ld+json",
        content_types: Collection[str] = media_types.JSON,
        sign: Sign | None = None,
        budget: Budget | None = None,
    ) -> Fetched:
        """Any JSON object; that it was found at the URL is all that is known about it."""
        url = clean_url(url, allow_private=self._allow_private)
        with self._remembering(url, accept, sign):
            answer = await self.get(url, accept=accept, content_types=content_types, sign=sign, budget=budget)
            return _parse(answer)

    async def get_jrd(self, url: str, *, sign: Sign | None = None, budget: Budget | None = None) -> Fetched:
        """A WebFinger document (RFC 7033); some servers call it ActivityPub."""
        accept = "application/jrd+json, application/json"
        return await self.get_json(
            url, accept=accept, content_types=media_types.JRD, sign=sign, budget=budget
        )

    async def get_image(
        self, url: str, *, sign: Sign | None = None, budget: Budget | None = None
    ) -> Response:
        """Up to 5 MB that claim to be an image of a kind that `protocol.raster` reads; nobody has decoded them yet."""
        return await self.get(
            url,
            accept=", ".join(media_types.IMAGES),
            content_types=media_types.IMAGES,
            max_bytes=MAX_IMAGE_BYTES,
            sign=sign,
            budget=budget,
        )

    async def post(
        self,
        url: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        sign: Sign | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> Response:
        """The answer, whatever its status; an over-long one without headers and body. Redirects aren't followed."""
        url = clean_url(url, allow_private=self._allow_private)
        request = Request(method="POST", url=url, headers=headers, body=body)
        try:
            return await self._send(request, MAX_POST_ANSWER_BYTES, sign, timeout or self._deadline)
        except FetchFailed as failure:
            if failure.reason != "too-large" or failure.http_status is None:
                raise
            return Response(status=failure.http_status, headers={}, body=b"", url=url)

    async def ask(
        self,
        url: str,
        headers: Mapping[str, str],
        *,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> Response:
        """A GET in somebody's name (a token in `headers`): up to 64 kB, whatever the status.

        Redirects aren't followed, for they could carry the token elsewhere, and a failure is remembered for nobody else.
        """
        url = clean_url(url, allow_private=self._allow_private)
        request = Request(method="GET", url=url, headers=headers)
        return await self._send(request, MAX_POST_ANSWER_BYTES, None, timeout or self._deadline)

    async def close(self) -> None:
        await self._transport.close()

    async def _follow(
        self, url: str, accept: str, max_bytes: int, sign: Sign | None, budget: Budget | None
    ) -> Response:
        seen: list[str] = []
        while url not in seen and len(seen) <= MAX_REDIRECTS:
            seen.append(url)
            if budget is not None:
                budget.spend()
            request = Request(method="GET", url=url, headers={"Accept": accept})
            answer = await self._send(request, max_bytes, sign, self._deadline)
            location = answer.headers.get("location")
            if answer.status not in _REDIRECTS or location is None:
                return answer
            url = clean_url(_join(url, location), allow_private=self._allow_private)
        raise FetchFailed("redirects", say("%(host)s redirects too often.", host=read_origin(seen[0])[1]))

    async def _send(self, request: Request, max_bytes: int, sign: Sign | None, deadline: float) -> Response:
        if sign is not None:
            request = replace(request, headers={**request.headers, **sign(request)})
        return await self._transport.send(request, max_bytes=max_bytes, timeout=deadline)

    async def _get_activity(self, url: str, sign: Sign | None, budget: Budget | None) -> Fetched:
        return await self.get_json(
            url,
            accept=_ACCEPT_ACTIVITYPUB,
            content_types=media_types.ACTIVITYPUB,
            sign=sign,
            budget=budget,
        )

    def _read_id(self, fetched: Fetched) -> str:
        declared = fetched.document.get("id")
        if not isinstance(declared, str):
            raise FetchFailed("id-mismatch", say("The document at %(url)s has no id.", url=fetched.url))
        return clean_url(declared, allow_private=self._allow_private)

    @contextmanager
    def _remembering(self, url: str, accept: str, sign: Sign | None) -> Iterator[None]:
        asked = Asked(url=url, accept=accept, signed=sign is not None)
        self._failures.raise_known(asked)
        try:
            yield
        except FetchFailed as failure:
            if failure.reason != "budget":
                self._failures.add(asked, failure)
            raise


def _check_answer(answer: Response, content_types: Collection[str]) -> None:
    host = read_origin(answer.url)[1]
    if not 200 <= answer.status < 300:
        raise FetchFailed(
            "status",
            say("%(host)s answered %(status)s.", host=host, status=answer.status),
            http_status=answer.status,
        )
    content_type = answer.headers.get("content-type", "")
    if not media_types.matches(content_type, content_types):
        shown = content_type.partition(";")[0].strip() or "something without a type"
        raise FetchFailed(
            "content-type",
            say("%(host)s sent %(shown)s, which is not what was asked for.", host=host, shown=shown[:80]),
        )


def _parse(answer: Response) -> Fetched:
    try:
        document = strict_json.loads(answer.body)
    except Invalid as error:
        raise FetchFailed(
            "malformed", say("%(host)s: %(error)s", host=read_origin(answer.url)[1], error=error)
        ) from error
    return Fetched(document=document, url=answer.url)


def _join(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError as error:
        raise FetchFailed(
            "malformed", say("%(host)s redirects to what is no URL.", host=read_origin(url)[1])
        ) from error
