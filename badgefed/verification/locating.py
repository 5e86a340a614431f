"""From what was handed in to the document that is verified: links are followed, our own identifiers looked up."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from urllib.parse import urlsplit

from badgefed.errors import FetchFailed, NotFound, Unprocessable
from badgefed.model.grant import Grant, Presence, presence
from badgefed.model.visibility import Surface
from badgefed.net import media_types
from badgefed.store import former_notes, grants
from badgefed.store.database import Reader
from badgefed.verification.inquiry import Inquiry
from badgefed.verification.members import text_of
from badgefed.verification.own_documents import is_own
from badgefed.verification.own_grants import grant_uuid
from badgefed.verification.posts import badge_of_post, is_post
from badgefed.verification.presented import Document, Identifier, Link, Presented, Token, read_presented
from badgefed.verification.sources import ANYTHING, GONE, MAX_BYTES, TEXTS, Found
from badgefed.work.directory import instance_signature

MAX_PICTURE_BYTES = 5_000_000
MAX_HOPS = 3

_PICTURES = ("image/png", "image/svg+xml", "image/jpeg", "image/webp")
_ANY_TYPE = (*media_types.JSON, *TEXTS, *_PICTURES, "application/octet-stream")
_VERIFY_PAGE = "/verify/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """What is to be verified, and the URL under which it was found, None for what was handed in.

    `is_gone`: it came with the status 410.
    """

    badge: Document | Token
    source: str | None
    is_gone: bool = False


async def locate(inquiry: Inquiry, presented: Presented) -> Located:
    """Raises NotFound, Unprocessable or Invalid for what leads to no badge, FetchFailed for what can't be fetched."""
    source: str | None = None
    is_gone = False
    for _ in range(MAX_HOPS):
        if isinstance(presented, Document) and source is None and is_post(presented.members):
            presented = Link(url=text_of(presented.members, "id") or "")
        if isinstance(presented, Identifier):
            presented = Link(url=await _address_of(inquiry, presented.text))
        if not isinstance(presented, Link):
            return Located(badge=presented, source=source, is_gone=is_gone)
        source = presented.url
        presented, is_gone = await _follow(inquiry, presented.url)
    raise Unprocessable("This leads from link to link, but to no badge.")


async def _address_of(inquiry: Inquiry, identifier: str) -> str:
    """The credential of a grant of this server, by its UUID or its code."""

    async def load(reader: Reader) -> Grant | None:
        if identifier.startswith("CRD-"):
            return await grants.find_grant_by_code(reader, identifier)
        return await grants.find_grant_by_uuid(reader, identifier)

    return _require_shown(inquiry, await inquiry.services.database.read(load))


def _require_shown(inquiry: Inquiry, grant: Grant | None) -> str:
    if grant is None or presence(grant, Surface.VERIFICATION) is Presence.HIDDEN:
        raise NotFound("There is no such badge here.")
    return inquiry.services.addresses.credential(grant.uuid)


async def _follow(inquiry: Inquiry, url: str) -> tuple[Presented, bool]:
    """What stands there, and whether it is said to be gone."""
    if is_own(inquiry.services, url):
        url = await _own_address(inquiry, url)
    found = await _fetch(inquiry, url)
    presented = await asyncio.to_thread(read_presented, found.body)
    if isinstance(presented, Document) and is_post(presented.members):
        return Link(url=badge_of_post(presented.members, url=found.url)), False
    return presented, found.status == GONE


async def _own_address(inquiry: Inquiry, url: str) -> str:
    """The document behind a page, a post or a picture of this server. Raises NotFound."""
    services = inquiry.services
    path = urlsplit(url).path
    if path.startswith("/certify-badge/award/") and path.count("/") == 3:
        uuid = path.rpartition("/")[2]
        grant = await grants.find_grant_by_uuid(services.database, uuid)
        _require_shown(inquiry, grant)
        return services.addresses.assertion(uuid)
    if path.startswith(_VERIFY_PAGE):
        presented = read_presented(path.removeprefix(_VERIFY_PAGE))
        if isinstance(presented, Identifier):
            return await _address_of(inquiry, presented.text)
    uuid_of_grant = grant_uuid(services, f"{services.addresses.base}{path}")
    if uuid_of_grant is not None:
        grant = await grants.find_grant_by_uuid(services.database, uuid_of_grant)
    else:
        note = f"{services.addresses.base}{path}".removesuffix("/activity")
        grant = await grants.find_grant_by_note_uri(services.database, note)
        grant = grant or await former_notes.find_grant(services.database, note)
    return _require_shown(inquiry, grant)


async def _fetch(inquiry: Inquiry, url: str) -> Found:
    """Servers that show posts to nobody unknown are asked once more with our signature."""
    try:
        return await inquiry.sources.get(
            url, accept=ANYTHING, content_types=_ANY_TYPE, max_bytes=MAX_PICTURE_BYTES
        )
    except FetchFailed as failure:
        if failure.http_status not in (401, 403):
            raise
    return await inquiry.sources.get(
        url,
        accept=", ".join(media_types.ACTIVITYPUB),
        content_types=media_types.ACTIVITYPUB,
        max_bytes=MAX_BYTES,
        sign=await instance_signature(inquiry.services),
    )
