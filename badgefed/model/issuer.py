"""Issuers: the ActivityPub actors under which an organization grants badges."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from badgefed.errors import Invalid
from badgefed.model.visibility import Posting

USERNAME = re.compile(r"[a-z0-9_]{1,30}")
COLOUR = re.compile(r"#[0-9a-f]{6}")
RESERVED_USERNAMES = frozenset({"actor", "instance", "inbox", "outbox", "admin", "api", "badgefed"})


class ActorType(StrEnum):
    ORGANIZATION = "Organization"
    SERVICE = "Service"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """`actor_id` is the id that was published and never changes; `colour` is `#rrggbb`; instants in microseconds."""

    id: int
    uuid: str
    organization_id: int
    username: str
    actor_id: str
    actor_type: ActorType
    name: str
    summary: str
    url: str | None
    email: str | None
    colour: str
    posting: Posting
    image_id: int
    image_generated: bool
    created_at: int
    updated_at: int


def check_username(username: str) -> str:
    """The username if it can be an actor's, else raises `Invalid` for field `username`."""
    if not USERNAME.fullmatch(username):
        raise Invalid("username must be 1 to 30 of the characters a-z, 0-9 and _", field="username")
    if username in RESERVED_USERNAMES:
        raise Invalid(f"username {username!r} is reserved; choose another", field="username")
    return username
