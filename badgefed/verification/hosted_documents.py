"""Documents of Open Badges 2.0 as they stand at their own addresses; embedded copies count for nothing (OB 2.0 §6.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from badgefed.errors import FetchFailed
from badgefed.net import media_types
from badgefed.texts import say
from badgefed.verification.members import object_of, reference_of, text_of, web_only
from badgefed.verification.sources import GONE, LINKED_DATA, Found, Sources, read_object


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosted:
    """`id` is its address, equal to the `id` in it. `remark` says what was not straight on the way to it.

    `is_elsewhere`: another host answered than the one in its address.
    """

    id: str
    members: Mapping[str, Any]
    is_gone: bool = False
    is_elsewhere: bool = False
    remark: str | None = None


async def fetch_hosted(sources: Sources, url: str) -> Hosted:
    """The document at the URL; if it calls itself otherwise, the one at the id that it gives, which must then be its own.

    Raises FetchFailed.
    """
    hosted = await _fetch(sources, url)
    declared = text_of(hosted.members, "id")
    if hosted.is_gone or declared == url:
        return hosted
    if web_only(declared) is None or declared is None:
        raise FetchFailed("id-mismatch", say("The document at %(url)s has no address as its id.", url=url))
    again = await _fetch(sources, declared)
    if not again.is_gone and text_of(again.members, "id") != declared:
        raise FetchFailed(
            "id-mismatch", say("The document at %(declared)s has the id of another one.", declared=declared)
        )
    return Hosted(
        id=declared,
        members=again.members,
        is_gone=again.is_gone,
        is_elsewhere=again.is_elsewhere,
        remark=f"the document at {url} calls itself {declared}, and was read there",
    )


async def fetch_linked(sources: Sources, parent: Mapping[str, Any], name: str) -> Hosted:
    """The document that a member points to by URL, or by the id of an embedded copy. Raises FetchFailed."""
    url = reference_of(parent, name)
    if url is None or web_only(url) is None:
        raise FetchFailed("malformed", say("The member %(name)s does not give a web address.", name=name))
    return require_there(await fetch_hosted(sources, url))


def require_there(hosted: Hosted) -> Hosted:
    """Raises FetchFailed for what is gone, whatever came along with that word."""
    if hosted.is_gone:
        raise FetchFailed("status", say("%(id)s is gone.", id=hosted.id), http_status=GONE)
    return hosted


def embedded(parent: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The embedded copy, to be shown where the document itself can't be had."""
    return object_of(parent, name)


async def _fetch(sources: Sources, url: str) -> Hosted:
    found = await sources.get(url, accept=LINKED_DATA, content_types=media_types.JSON)
    is_gone = found.status == GONE
    members = await _read_leniently(found) if is_gone else await read_object(found.body, url)
    return Hosted(
        id=url,
        members=members,
        is_gone=is_gone,
        is_elsewhere=found.is_elsewhere,
        remark=_remark(found),
    )


async def _read_leniently(found: Found) -> Mapping[str, Any]:
    """What stands in an answer 410: perhaps nothing."""
    try:
        return await read_object(found.body, found.url)
    except FetchFailed:
        return {}


def _remark(found: Found) -> str | None:
    return f"{found.asked} redirects to another host: {found.url}" if found.is_elsewhere else None
