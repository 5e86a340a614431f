"""Who did what to which: the entries of the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from badgefed.model.organization import ApiKey, User


class AuthorKind(StrEnum):
    USER = "user"
    KEY = "key"
    COMMAND = "command"
    SYSTEM = "system"
    RECIPIENT = "recipient"


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who does something. `network` is where a request came from, None for what happens on the server itself."""

    kind: AuthorKind
    id: int | None = None
    label: str
    network: str | None = None


SYSTEM = Author(kind=AuthorKind.SYSTEM, label="this server")
COMMAND = Author(kind=AuthorKind.COMMAND, label="command line")
RECIPIENT = Author(kind=AuthorKind.RECIPIENT, label="its recipient")


def author_of_user(user: User, network: str | None) -> Author:
    return Author(kind=AuthorKind.USER, id=user.id, label=user.email, network=network)


def author_of_key(key: ApiKey, network: str | None) -> Author:
    return Author(kind=AuthorKind.KEY, id=key.id, label=key.name, network=network)


class Action(StrEnum):
    """What was done, as noun and verb; the noun is the kind of the target."""

    ORGANIZATION_CREATE = "organization.create"
    ORGANIZATION_CHANGE = "organization.change"
    ORGANIZATION_VERIFY_DOMAIN = "organization.verify-domain"
    ORGANIZATION_LOSE_DOMAIN = "organization.lose-domain"
    USER_CREATE = "user.create"
    USER_DEACTIVATE = "user.deactivate"
    USER_REACTIVATE = "user.reactivate"
    USER_SET_OPERATOR = "user.set-operator"
    USER_CHANGE_NAME = "user.change-name"
    USER_CHANGE_EMAIL = "user.change-email"
    USER_CHANGE_PASSWORD = "user.change-password"  # noqa: S105 - a name
    USER_LINK_PROFILE = "user.link-profile"
    USER_UNLINK_PROFILE = "user.unlink-profile"
    MEMBER_ADD = "member.add"
    MEMBER_CHANGE_ROLE = "member.change-role"
    MEMBER_REMOVE = "member.remove"
    INVITATION_CREATE = "invitation.create"
    INVITATION_WITHDRAW = "invitation.withdraw"
    INVITATION_ACCEPT = "invitation.accept"
    SESSION_SIGN_IN = "session.sign-in"
    SESSION_SIGN_OUT = "session.sign-out"
    SESSION_END = "session.end"
    KEY_CREATE = "key.create"
    KEY_REVOKE = "key.revoke"
    ISSUER_CREATE = "issuer.create"
    ISSUER_CHANGE = "issuer.change"
    ISSUER_SEND_CODE = "issuer.send-code"
    ISSUER_VERIFY = "issuer.verify"
    ISSUER_VERIFY_WEBSITE = "issuer.verify-website"
    ISSUER_ROTATE_KEYS = "issuer.rotate-keys"
    ISSUER_DELETE = "issuer.delete"
    BADGE_CREATE = "badge.create"
    BADGE_CHANGE = "badge.change"
    BADGE_DELETE = "badge.delete"
    GRANT_OFFER = "grant.offer"
    GRANT_ACCEPT = "grant.accept"
    GRANT_DECLINE = "grant.decline"
    GRANT_BIND_PROFILE = "grant.bind-profile"
    GRANT_REVOKE = "grant.revoke"
    GRANT_SUSPEND = "grant.suspend"
    GRANT_REINSTATE = "grant.reinstate"
    GRANT_CHANGE_VISIBILITY = "grant.change-visibility"
    GRANT_ERASE = "grant.erase"
    GRANT_SEND_AGAIN = "grant.send-again"
    GRANT_REMIND = "grant.remind"
    BULK_CREATE = "bulk.create"
    WEBHOOK_CREATE = "webhook.create"
    WEBHOOK_CHANGE = "webhook.change"
    WEBHOOK_DELETE = "webhook.delete"
    WEBHOOK_TEST = "webhook.test"
    WEBHOOK_REPLAY = "webhook.replay"
    FOLLOWER_REMOVE = "follower.remove"
    HOST_RETRY = "host.retry"
    WEBHOOK_ROTATE_SECRET = "webhook.rotate-secret"  # noqa: S105 - a name

    @property
    def target_kind(self) -> str:
        return self.partition(".")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What something was done to: its row's id and a name that people know it by."""

    id: int
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the log. `action` is a text, so that the log outlives the list of actions; `details` hold no secret."""

    id: int
    organization_id: int | None
    author: Author
    action: str
    target: Target
    details: Mapping[str, str | int | None]
    created_at: int
