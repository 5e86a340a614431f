"""Signed-in people: sessions, the links that sign in, and who is at the other end."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from badgefed.model.organization import User
from badgefed.model.times import DAY, HOUR, MINUTE

IDLE = 30 * DAY
LIFETIME = 365 * DAY


class SignInMethod(StrEnum):
    """How somebody proved to be the user."""

    PASSWORD = "password"  # noqa: S105 - a name
    LINK = "link"
    INVITATION = "invitation"
    SET_UP = "set-up"
    FEDIVERSE = "fediverse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Where a request comes from: what the browser calls itself, shortened, and its network."""

    device: str
    network: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A browser that is signed in. `seen_at` is exact to five minutes."""

    id: int
    uuid: str
    user_id: int
    method: SignInMethod
    device: str
    network: str
    created_at: int
    seen_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A live session with its user, as they are now."""

    session: Session
    user: User


class LinkKind(StrEnum):
    """What the holder of a mailed link may do, once.

    `password` chooses a new password; `email` makes `AccountLink.email` the account's address; `keep-email` makes it that
    again, after a change that its owner didn't want; `set-up` makes the server's first organization and its owner.
    """

    SIGN_IN = "sign-in"
    PASSWORD = "password"  # noqa: S105 - a name
    EMAIL = "email"
    KEEP_EMAIL = "keep-email"
    SET_UP = "set-up"


LINK_LIFETIMES = {
    LinkKind.SIGN_IN: 15 * MINUTE,
    LinkKind.PASSWORD: HOUR,
    LinkKind.EMAIL: DAY,
    LinkKind.KEEP_EMAIL: 7 * DAY,
    LinkKind.SET_UP: DAY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLink:
    """A link that works once, until `expires_at`. `user_id` is None for `set-up`."""

    uuid: str
    kind: LinkKind
    user_id: int | None
    email: str | None
    expires_at: int
