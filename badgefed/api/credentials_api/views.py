"""What the Credentials API answers. Members stand in the order in which they are sent; what is unset is sent as null."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from badgefed.api.credentials_api.queries import Page
from badgefed.api.errors import CodedError
from badgefed.api.verify_views import Standing, VerificationReport
from badgefed.issuing.api_sessions import Person
from badgefed.model.addresses import Addresses
from badgefed.model.grant import CredentialStatus, credential_status
from badgefed.model.organization import Role
from badgefed.model.times import format_milliseconds
from badgefed.store.catalogue import ListedBadge, ListedGrant

Instant = Annotated[str, Meta(description="RFC 3339, UTC.", extra_json_schema={"format": "date-time"})]


class _View(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Members are in camel case outside."""


class Pagination(_View, frozen=True, kw_only=True):
    """Which page it is, of how many in all."""

    limit: int
    offset: int
    total: int


class CatalogueBadge(_View, frozen=True, kw_only=True):
    """A badge that can be issued while it is active."""

    id: str
    name: str
    slug: str
    description: str
    criteria: str
    image_url: Annotated[str, Meta(description="A PNG.")]
    expires_in_days: Annotated[
        int | None, Meta(description="Credentials expire so many days after issuance.")
    ]
    tags: list[str]
    is_active: bool
    created_at: Instant
    public_url: Annotated[str, Meta(description="Its page.")]
    achievement_url: Annotated[str, Meta(description="The Open Badges 3.0 Achievement.")]


class CatalogueBadges(_View, frozen=True, kw_only=True):
    """A page of badges, the first defined in front."""

    data: list[CatalogueBadge]
    pagination: Pagination


class Deleted(_View, frozen=True, kw_only=True):
    """What became of the badge: deleted where it was never issued, else deactivated."""

    id: str
    deleted: bool
    is_active: bool


class IssuedCredential(_View, frozen=True, kw_only=True):
    """A credential."""

    id: str
    credential_id: str
    badge_id: str
    verification_url: str
    status: CredentialStatus
    issuance_date: Instant
    expiration_date: Instant | None
    recipient_name: str | None
    recipient_email: str | None
    recipient_profile_uri: str | None
    supersedes_credential_id: Annotated[str | None, Meta(description="The UUID of the one that this renews.")]
    superseded_by_credential_id: Annotated[
        str | None, Meta(description="The UUID of the one that renews this.")
    ]
    revoked_at: Instant | None
    revocation_reason: str | None


class WholeCredential(IssuedCredential, frozen=True, kw_only=True):
    """A credential with its signed document."""

    ob3_credential: Annotated[dict[str, Any] | None, Meta(description="Null where it isn't signed yet.")]


class IssuedCredentials(_View, frozen=True, kw_only=True):
    """A page of credentials, the first issued in front."""

    data: list[IssuedCredential]
    pagination: Pagination


class BulkResult(_View, frozen=True, kw_only=True):
    """What became of one recipient: a credential, or an error as a request for that one alone would get."""

    index: Annotated[int, Meta(description="Its place in `recipients`, from 0.")]
    status: Annotated[int, Meta(description="201, or the status of the error.")]
    credential: IssuedCredential | None
    error: CodedError | None


class BulkResults(_View, frozen=True, kw_only=True):
    """A result for each recipient, in their order."""

    data: list[BulkResult]
    issued: int
    failed: int


class OrganizationView(_View, frozen=True, kw_only=True):
    """An organization that the user belongs to."""

    id: str
    slug: str
    name: str
    role: Role


class UserView(_View, frozen=True, kw_only=True):
    """Who is signed in."""

    id: str
    email: str
    name: str
    organizations: list[OrganizationView]


class SessionOpened(_View, frozen=True, kw_only=True):
    """A new session."""

    token: Annotated[str, Meta(description="A JWT, for `Authorization: Bearer`.")]
    expires_at: Instant
    user: UserView


class SessionUser(_View, frozen=True, kw_only=True):
    """Whose session it is."""

    user: UserView


class PictureVerification(VerificationReport, frozen=True, kw_only=True):
    """The report, with what clients of this API look at."""

    valid: bool
    verification: Standing
    ob3_credential: Annotated[dict[str, Any] | None, Meta(description="What was in the picture.")]


def view_badge(listed: ListedBadge, addresses: Addresses) -> CatalogueBadge:
    badge = listed.badge
    return CatalogueBadge(
        id=badge.uuid,
        name=badge.title,
        slug=badge.slug,
        description=badge.description,
        criteria=badge.criteria,
        image_url=addresses.image(listed.image),
        expires_in_days=badge.expires_in_days,
        tags=list(badge.hashtag_names),
        is_active=badge.is_active,
        created_at=format_milliseconds(badge.created_at),
        public_url=addresses.public_badge(listed.organization_slug, badge.slug),
        achievement_url=addresses.achievement(listed.organization_slug, badge.slug),
    )


def view_credential(listed: ListedGrant, addresses: Addresses, *, now: int) -> IssuedCredential:
    return IssuedCredential(**credential_members(listed, addresses, now=now))


def credential_members(listed: ListedGrant, addresses: Addresses, *, now: int) -> dict[str, Any]:
    """The members of `IssuedCredential`, as of `now`."""
    grant = listed.grant
    status = credential_status(grant, now=now)
    closed = grant.closed_at if status is CredentialStatus.REVOKED else None
    return {
        "id": grant.uuid,
        "credential_id": grant.code,
        "badge_id": listed.badge_uuid,
        "verification_url": addresses.verify(grant.code),
        "status": status,
        "issuance_date": format_milliseconds(grant.issued_at),
        "expiration_date": format_milliseconds(grant.expires_at) if grant.expires_at else None,
        "recipient_name": grant.name,
        "recipient_email": grant.email,
        "recipient_profile_uri": grant.profile,
        "supersedes_credential_id": listed.supersedes,
        "superseded_by_credential_id": listed.superseded_by,
        "revoked_at": format_milliseconds(closed) if closed else None,
        "revocation_reason": grant.closed_reason if closed else None,
    }


def view_user(person: Person) -> UserView:
    organizations = [
        OrganizationView(
            id=one.organization.uuid, slug=one.organization.slug, name=one.organization.name, role=one.role
        )
        for one in person.memberships
    ]
    user = person.user
    return UserView(id=user.uuid, email=user.email, name=user.name, organizations=organizations)


def paginate(page: Page, total: int) -> Pagination:
    return Pagination(limit=page.limit, offset=page.offset, total=total)
