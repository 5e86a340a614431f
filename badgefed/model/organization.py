"""Tenants, their people and what each of them may do, and the keys of their programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from badgefed.errors import Forbidden
from badgefed.texts import N_, Message, say


class Role(StrEnum):
    OWNER = N_("owner")
    ADMIN = N_("admin")
    ISSUER = N_("issuer")
    VIEWER = N_("viewer")


class Permission(StrEnum):
    """What can be done in an organization. `read`: see its badges, grants and people; `issue`: make badges and grant them."""

    READ = "read"
    ISSUE = "issue"
    EDIT = "edit"
    CLOSE_GRANTS = "close-grants"
    INVITE = "invite"
    READ_AUDIT = "read-audit"
    MANAGE_PEOPLE = "manage-people"
    MANAGE_KEYS = "manage-keys"
    MANAGE_ORGANIZATION = "manage-organization"


_VIEWER = frozenset({Permission.READ})
_ISSUER = _VIEWER | {Permission.ISSUE}
_ADMIN = _ISSUER | {
    Permission.EDIT,
    Permission.CLOSE_GRANTS,
    Permission.INVITE,
    Permission.READ_AUDIT,
}
_OWNER = _ADMIN | {Permission.MANAGE_PEOPLE, Permission.MANAGE_KEYS, Permission.MANAGE_ORGANIZATION}

PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.OWNER: _OWNER,
    Role.ADMIN: _ADMIN,
    Role.ISSUER: _ISSUER,
    Role.VIEWER: _VIEWER,
}

_SCOPE_PERMISSIONS: Mapping[str, Permission] = {
    "badges:read": Permission.READ,
    "badges:write": Permission.ISSUE,
    "grants:read": Permission.READ,
    "grants:write": Permission.ISSUE,
    "issuers:read": Permission.READ,
    "issuers:write": Permission.EDIT,
    "webhooks:read": Permission.EDIT,
    "webhooks:write": Permission.MANAGE_KEYS,
}


def may(role: Role | None, permission: Permission) -> bool:
    """Whether a member with this role may do that: the one rule for every door. None is the role of who is no member."""
    return role is not None and permission in PERMISSIONS[role]


def may_give(giver: Role, given: Role) -> bool:
    """Whether a member who invites may give this role: none that can do what their own can't."""
    return PERMISSIONS[given] <= PERMISSIONS[giver]


def allowed_scopes(scopes: Iterable[str], role: Role | None) -> tuple[str, ...]:
    """Those of a key's scopes that its maker's role covers today; a scope that isn't listed here is for owners."""
    return tuple(
        scope for scope in scopes if may(role, _SCOPE_PERMISSIONS.get(scope, Permission.MANAGE_KEYS))
    )


class Dialect(StrEnum):
    """Which of the APIs a key was made for. It decides the key's form only: a live key works in all of them."""

    BADGES = "badges"
    ISSUERS = "issuers"
    CREDENTIALS = "credentials"


class OrganizationStatus(StrEnum):
    """`suspended`: its keys don't work and its people can only look. What it issued stays valid."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """`domain` is a host name; it is proved to be the organization's where `domain_verified_at` is set."""

    id: int
    uuid: str
    slug: str
    name: str
    status: OrganizationStatus = OrganizationStatus.ACTIVE
    plan: str | None = None
    domain: str | None = None
    domain_verified_at: int | None = None

    @property
    def is_active(self) -> bool:
        return self.status is OrganizationStatus.ACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """`is_operator`: looks after the whole server."""

    id: int
    uuid: str
    email: str
    name: str
    is_active: bool
    is_operator: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """One user in one organization."""

    organization: Organization
    role: Role


_LOOKING = frozenset({Permission.READ, Permission.READ_AUDIT})


def check_permission(membership: Membership, permission: Permission) -> None:
    """Raises `Forbidden` with the reason: the role, or that the organization is suspended."""
    if not may(membership.role, permission):
        able = tuple(Message(text=role) for role in Role if may(role, permission))
        raise Forbidden(
            say(
                "Your role here is %(role)s; this needs one of these: %(able)s.",
                role=Message(text=membership.role),
                able=able,
            )
        )
    if not membership.organization.is_active and permission not in _LOOKING:
        raise Forbidden(
            say(
                "%(organization)s is suspended on this server: nothing can be changed in it.",
                organization=membership.organization.name,
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One of an organization's people."""

    user: User
    role: Role
    joined_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """A membership that waits for whoever reads the mail at `email`."""

    id: int
    uuid: str
    organization_id: int
    email: str
    role: Role
    invited_by: str
    created_at: int
    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key as the store knows it; the key itself is known to its owner alone.

    It begins with `prefix` and ends with `last4`. `maker` is an e-mail address, `role` what they are today, None where they
    are no member any more; `scopes` are those that this role covers. `rate` is in requests per minute, 0 for no limit;
    `last_used_at` is exact to a minute.
    """

    id: int
    uuid: str
    organization_id: int
    user_id: int
    maker: str
    role: Role | None
    name: str
    prefix: str
    last4: str
    scopes: tuple[str, ...]
    rate: int
    created_at: int
    last_used_at: int | None
    expires_at: int | None
    revoked_at: int | None

    @property
    def subject(self) -> str:
        """What no other caller of an API is called."""
        return f"key:{self.id}"
