"""Foreign WebFinger documents (RFC 7033): the canonical handle and the actor that they lead to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from badgefed.model.recipient import Handle, parse_handle

ACTOR_TYPES = ("application/activity+json", "application/ld+json")


def read_jrd(document: Mapping[str, Any]) -> tuple[Handle | None, str | None]:
    """The handle in `subject` and the `href` of the first `self` link to an ActivityPub actor, each None if missing."""
    subject = document.get("subject")
    handle = parse_handle(subject) if isinstance(subject, str) else None
    links = document.get("links")
    for link in links if isinstance(links, list) else []:
        if isinstance(link, Mapping) and link.get("rel") == "self":
            kind, href = link.get("type"), link.get("href")
            if isinstance(kind, str) and isinstance(href, str) and kind.startswith(ACTOR_TYPES):
                return handle, href
    return handle, None
