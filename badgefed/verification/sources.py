"""What one verification reads from elsewhere: each document once, within a number of requests and a time."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from urllib.parse import urldefrag

from badgefed.errors import FetchFailed, Invalid
from badgefed.model.hosts import same_host
from badgefed.net import media_types
from badgefed.net.client import Sign
from badgefed.net.failures import Budget
from badgefed.protocol import strict_json
from badgefed.texts import say
from badgefed.verification.own_documents import find_own, is_own
from badgefed.work.services import Services

MAX_REQUESTS = 20
PATIENCE = 10.0
MAX_BYTES = 1_000_000
MAX_ITEMS = 50_000

LINKED_DATA = "application/vc+ld+json, application/vc, application/ld+json, application/json"
TEXTS = ("text/plain", "application/jwt", "application/vc+jwt", "application/vc-ld+jwt", "application/jose")
ANYTHING = (
    f"{LINKED_DATA}, application/vc+jwt, application/jwt, application/activity+json;q=0.9, text/plain;q=0.8, "
    "image/png;q=0.8, image/svg+xml;q=0.8, text/html;q=0.1"
)
GONE = 410


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """`url` is where it was found in the end, without fragment; `asked` what was asked for. Status 200 to 299, or 410."""

    asked: str
    url: str
    body: bytes
    status: int = 200

    @property
    def is_elsewhere(self) -> bool:
        """Whether another host answered than the one that was asked."""
        return not same_host(self.asked, self.url)


class Sources:
    """Every method raises FetchFailed, with AddressRefused for what this server does not ask."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._budget = Budget(MAX_REQUESTS)
        self._deadline = asyncio.get_running_loop().time() + PATIENCE
        self._known: dict[tuple[str, str], Found | FetchFailed] = {}

    async def document(self, url: str) -> tuple[dict[str, Any], Found]:
        """A JSON object, and where it was found. For what must speak for itself, so without being asked to guess its type."""
        found = require_present(await self.get(url, accept=LINKED_DATA, content_types=media_types.JSON))
        return await read_object(found.body, url), found

    async def secured(self, url: str) -> Found:
        """A JSON document or a token."""
        accept = f"{LINKED_DATA}, {', '.join(TEXTS)}"
        return require_present(await self.get(url, accept=accept, content_types=(*media_types.JSON, *TEXTS)))

    async def get(
        self,
        url: str,
        *,
        accept: str,
        content_types: Collection[str],
        max_bytes: int = MAX_BYTES,
        sign: Sign | None = None,
    ) -> Found:
        """What stands at the URL, from the store if it is our own; asked for once in a verification."""
        bare = urldefrag(url)[0]
        known = self._known.get((bare, accept))
        if known is None:
            known = await self._ask(bare, accept, content_types, max_bytes, sign)
            self._known[bare, accept] = known
        if isinstance(known, FetchFailed):
            raise known
        return known

    async def _ask(
        self, url: str, accept: str, content_types: Collection[str], max_bytes: int, sign: Sign | None
    ) -> Found | FetchFailed:
        if is_own(self._services, url):
            own = await find_own(self._services, url)
            if own is None:
                return FetchFailed("status", "There is nothing here.", http_status=404)
            return Found(asked=url, url=url, body=own.body, status=own.status)
        try:
            async with asyncio.timeout_at(self._deadline):
                answer = await self._services.client.get(
                    url,
                    accept=accept,
                    content_types=content_types,
                    max_bytes=max_bytes,
                    sign=sign,
                    budget=self._budget,
                    also=(GONE,),
                )
        except TimeoutError:
            return FetchFailed(
                "timeout",
                say(
                    "The servers that were asked took more than %(patience)s seconds in all.",
                    patience=f"{PATIENCE:.0f}",
                ),
            )
        except FetchFailed as failure:
            return failure
        return Found(asked=url, url=answer.url, body=answer.body, status=answer.status)


def require_present(found: Found) -> Found:
    """What is gone says nothing any more, whatever body comes with that: raises FetchFailed."""
    if found.status == GONE:
        raise FetchFailed("status", say("%(asked)s is gone.", asked=found.asked), http_status=GONE)
    return found


async def read_object(body: bytes, url: str) -> dict[str, Any]:
    """The JSON object in an answer; repeated members of one name are refused. Raises FetchFailed."""
    try:
        return await asyncio.to_thread(strict_json.loads, body, max_items=MAX_ITEMS, all_unique=True)
    except Invalid as error:
        raise FetchFailed("malformed", say("%(url)s: %(error)s", url=url, error=error)) from error
