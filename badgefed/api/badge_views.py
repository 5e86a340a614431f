"""What the Badges API answers. Members stand in the order in which they are sent; what is unset is sent as null."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from badgefed.issuing.grants import Offered
from badgefed.model.addresses import Addresses
from badgefed.model.badge import Badge, BadgeType
from badgefed.model.grant import Grant, Status
from badgefed.model.issuer import Issuer
from badgefed.model.times import format_rfc3339

GRANTED = "Badge granted successfully"


class _View(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Members are in camel case outside."""


class IssuerView(_View, frozen=True, kw_only=True):
    """The ActivityPub actor that grants a badge."""

    id: int
    full_name: str
    username: str
    domain: Annotated[str, Meta(description="The host behind the @ of its Fediverse address.")]


class BadgeView(_View, frozen=True, kw_only=True):
    """A badge that can be granted."""

    id: int
    title: str
    description: str | None
    badge_type: BadgeType
    earning_criteria: str | None
    image: Annotated[str, Meta(description="Absolute URL of a PNG.")]
    image_alt_text: str | None
    hashtags: Annotated[str | None, Meta(description="Space-separated.")]
    info_uri: str | None
    is_certificate: bool
    issuer: IssuerView


class BadgeList(_View, frozen=True, kw_only=True):
    """Badges by id, ascending."""

    success: bool
    count: int
    badges: list[BadgeView]


class BadgeAnswer(_View, frozen=True, kw_only=True):
    """One badge."""

    success: bool
    badge: BadgeView


class BadgeRecord(_View, frozen=True, kw_only=True):
    """A grant, as it is told to the program that granted."""

    id: int
    title: str
    issued_by: Annotated[str, Meta(description="The issuer's actor id.")]
    issued_on: Annotated[str, Meta(description="RFC 3339, UTC.", extra_json_schema={"format": "date-time"})]
    issued_to_name: Annotated[str, Meta(description="Empty where no name was given.")]
    issued_to_subject_uri: Annotated[
        str, Meta(description="The profile, as it was given; empty where none was given.")
    ]
    earning_criteria: Annotated[
        str, Meta(description="The evidence where it was given, else the badge's criteria.")
    ]
    note_id: Annotated[
        str, Meta(description="The id of the badge's public Note; the status can be asked by it.")
    ]
    status: Status


class GrantAnswer(_View, frozen=True, kw_only=True):
    """The grant, and the link by which its recipient may accept."""

    success: bool
    message: str
    accept_url: Annotated[
        str, Meta(description="Secret: whoever has it may accept the badge in the recipient's name.")
    ]
    badge_record: BadgeRecord


class GrantStatus(_View, frozen=True, kw_only=True):
    """How far a grant has come."""

    success: bool
    note_id: str
    profile_uri: Annotated[str, Meta(description="The recipient's profile; empty where only mail is known.")]
    badge_id: int
    status: Status


class GrantState(_View, frozen=True, kw_only=True):
    """A grant after it was revoked, suspended or reinstated."""

    success: bool
    note_id: str
    badge_id: int
    status: Status
    suspended: bool


def view_badge(badge: Badge, issuer: Issuer, addresses: Addresses) -> BadgeView:
    return BadgeView(
        id=badge.id,
        title=badge.title,
        description=badge.description or None,
        badge_type=badge.badge_type,
        earning_criteria=badge.criteria or None,
        image=addresses.badge_image(badge.id),
        image_alt_text=badge.image_alt,
        hashtags=badge.hashtags,
        info_uri=badge.info_uri,
        is_certificate=badge.is_certificate,
        issuer=IssuerView(
            id=issuer.id, full_name=issuer.name, username=issuer.username, domain=addresses.host
        ),
    )


def view_offered(offered: Offered, accept_url: str) -> GrantAnswer:
    grant = offered.grant
    return GrantAnswer(
        success=True,
        message=GRANTED,
        accept_url=accept_url,
        badge_record=BadgeRecord(
            id=grant.id,
            title=offered.badge.title,
            issued_by=offered.issuer.actor_id,
            issued_on=format_rfc3339(grant.issued_at),
            issued_to_name=grant.name or "",
            issued_to_subject_uri=grant.profile or "",
            earning_criteria=grant.evidence or offered.badge.criteria,
            note_id=grant.note_uri,
            status=grant.status,
        ),
    )


def view_status(grant: Grant) -> GrantStatus:
    return GrantStatus(
        success=True,
        note_id=grant.note_uri,
        profile_uri=grant.profile or "",
        badge_id=grant.badge_id,
        status=grant.status,
    )


def view_state(grant: Grant) -> GrantState:
    return GrantState(
        success=True,
        note_id=grant.note_uri,
        badge_id=grant.badge_id,
        status=grant.status,
        suspended=grant.suspended_at is not None,
    )
