"""Documents of this server as its doors serve them, read from the store: a verification asks itself nothing over HTTP.

Lists of what is revoked are missing on purpose: for its own grants this server knows better (`own_grants`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from badgefed.errors import NotFound
from badgefed.model.addresses import Addresses
from badgefed.model.hosts import same_host
from badgefed.protocol.jsonld import Document
from badgefed.store.database import Reader
from badgefed.work import open_badges_documents as published
from badgefed.work.awards import load_award
from badgefed.work.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """`status` is 410 for what was taken back."""

    body: bytes
    status: int = 200


Load = Callable[..., Awaitable[Own]]
"""From a reader, the addresses and the parts of a path by their names. Raises `NotFound`."""


def is_own(services: Services, url: str) -> bool:
    return same_host(url, services.addresses.base)


async def find_own(services: Services, url: str) -> Own | None:
    """What stands at an URL of this server; None where a stranger would find nothing, or nothing that a verification needs."""
    path = urlsplit(url).path
    for pattern, load in _PATHS:
        match = pattern.fullmatch(path)
        if match is not None:
            return await _find(services, load, match.groupdict())
    return None


async def _find(services: Services, load: Load, parts: Mapping[str, str]) -> Own | None:
    named = {name: int(text) if name in _NUMBERS else text for name, text in parts.items()}
    try:
        return await services.database.read(lambda reader: load(reader, services.addresses, **named))
    except NotFound:
        return None


async def _assertion(reader: Reader, addresses: Addresses, *, uuid: str) -> Own:
    """Of a revoked or suspended one, 410 with the reason."""
    award = await load_award(reader, uuid)
    revoked = award.revoked_assertion(addresses)
    if revoked is not None:
        return _encode(revoked, status=410)
    return Own(body=award.hosted_assertion(addresses))


async def _credential(reader: Reader, addresses: Addresses, *, uuid: str) -> Own:
    """The signed bytes, of a revoked one too: what was revoked is told by them, that it was by the store.

    Raises `NotFound` for an erased one: there are no bytes of it.
    """
    award = await load_award(reader, uuid)
    if not award.credential:
        raise NotFound(published.NOT_FOUND)
    return Own(body=award.credential, status=410 if award.is_withdrawn else 200)


def _document(build: Callable[..., Awaitable[Document]]) -> Load:
    async def load(reader: Reader, addresses: Addresses, **parts: Any) -> Own:
        return _encode(await build(reader, addresses, **parts))

    return load


def _encode(document: Mapping[str, Any], *, status: int = 200) -> Own:
    return Own(body=json.dumps(document, ensure_ascii=False).encode(), status=status)


_NUMBERS = frozenset(("number", "version"))
_PART = re.compile(r"\{(\w+)\}")


def _pattern(path: str) -> re.Pattern[str]:
    """The path with a named group for each part in braces: a number without leading zeros, or one segment."""

    def group(part: re.Match[str]) -> str:
        accepted = "[1-9][0-9]{0,8}" if part[1] in _NUMBERS else "[A-Za-z0-9._~%-]{1,200}"
        return f"(?P<{part[1]}>{accepted})"

    return re.compile(_PART.sub(group, path))


_PATHS: tuple[tuple[re.Pattern[str], Load], ...] = tuple(
    (_pattern(path), load)
    for path, load in (
        ("/certify-badge/award/{uuid}", _assertion),
        ("/certify-badge/badge/{uuid}", _document(published.badge_class)),
        ("/certify-badge/badge/{uuid}/versions/{version}", _document(published.badge_class_version)),
        ("/certify-badge/issuer/{uuid}", _document(published.issuer_profile)),
        ("/certify-badge/issuer/{uuid}/keys/{number}", _document(published.cryptographic_key)),
        ("/credentials/{uuid}/ob3", _credential),
        ("/achievements/{organization}/{badge}", _document(published.achievement)),
        ("/issuers/{username}/did.json", _document(published.did_document)),
    )
)
