"""Ids of the Issuers API: URLs outside, UUIDs in the store; both are taken, a percent-encoded URL too."""

from __future__ import annotations

import re
from enum import StrEnum
from urllib.parse import unquote

from badgefed.api.operations import Parameter
from badgefed.errors import NotFound
from badgefed.model.addresses import Addresses
from badgefed.model.badge import Badge
from badgefed.model.grant import Grant
from badgefed.model.issuer import Issuer
from badgefed.model.organization import ApiKey
from badgefed.store.badges import find_badge, find_badge_by_uuid
from badgefed.store.database import Reader
from badgefed.store.grants import find_grant_by_uuid
from badgefed.store.issuers import find_issuer_by_uuid

MAX_ID = 500
ID_CHARACTER = r"[^\x00-\x1f\x7f-\x9f]"
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
# Some proxies make one slash of two.
_URL = re.compile(r"https?:/+([^/]+)/certify-badge/([a-z]+)/([^/]+)")


class Noun(StrEnum):
    """What an id is of, as it stands in its URL."""

    ISSUER = "issuer"
    BADGE = "badge"
    AWARD = "award"


def _parameter(noun: Noun) -> Parameter:
    return Parameter(
        name=f"{noun}Id",
        place="path",
        description=f"The id of the {noun}: the URL that this API gave for it, percent-encoded or not, or the UUID at its end.",
        schema={"type": "string", "pattern": f"^{ID_CHARACTER}{{1,{MAX_ID}}}$"},
        example="019ad8a4-5f0c-7f3e-9d2b-4a7f9e8d7c6b",
        spans=True,
    )


ISSUER_ID = _parameter(Noun.ISSUER)
BADGE_ID = _parameter(Noun.BADGE)
AWARD_ID = _parameter(Noun.AWARD)


def not_found(noun: Noun) -> NotFound:
    return NotFound(f"{noun} not found")


def read_id(text: str, noun: Noun, addresses: Addresses) -> str:
    """The UUID. Raises `NotFound` for what can't be the id of one of ours."""
    plain = unquote(text).strip().rstrip("/").lower() if len(text) <= MAX_ID else ""
    url = _URL.fullmatch(plain)
    if url is not None and url[1] == addresses.host.lower() and url[2] == noun:
        plain = url[3]
    if not _UUID.fullmatch(plain):
        raise not_found(noun)
    return plain


async def find_own_issuer(reader: Reader, text: str, key: ApiKey, addresses: Addresses) -> Issuer:
    """Raises `NotFound`, also for another organization's."""
    issuer = await find_issuer_by_uuid(reader, read_id(text, Noun.ISSUER, addresses))
    if issuer is None or issuer.organization_id != key.organization_id:
        raise not_found(Noun.ISSUER)
    return issuer


async def find_own_badge(reader: Reader, text: str, key: ApiKey, addresses: Addresses) -> Badge:
    """Raises `NotFound`, also for another organization's."""
    found = await find_badge_by_uuid(reader, read_id(text, Noun.BADGE, addresses))
    badge = await find_badge(reader, found.id, organization_id=key.organization_id) if found else None
    if badge is None:
        raise not_found(Noun.BADGE)
    return badge


async def find_own_award(reader: Reader, text: str, key: ApiKey, addresses: Addresses) -> Grant:
    """Raises `NotFound`, also for another organization's."""
    grant = await find_grant_by_uuid(reader, read_id(text, Noun.AWARD, addresses))
    if grant is None or grant.organization_id != key.organization_id:
        raise not_found(Noun.AWARD)
    return grant
