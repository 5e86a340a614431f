"""Grants and their lifecycle."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from badgefed.model.visibility import Surface, Visibility, is_visible


class Status(StrEnum):
    """`processed`: credential signed, fingerprint made, Note published. `external`: came from another server."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    PROCESSED = "processed"
    DECLINED = "declined"
    REVOKED = "revoked"
    EXTERNAL = "external"


MOVES: dict[Status, frozenset[Status]] = {
    Status.PENDING: frozenset({Status.ACCEPTED, Status.DECLINED, Status.REVOKED}),
    Status.ACCEPTED: frozenset({Status.PROCESSED, Status.REVOKED}),
    Status.PROCESSED: frozenset({Status.REVOKED}),
    Status.DECLINED: frozenset({Status.REVOKED}),
    Status.REVOKED: frozenset(),
    Status.EXTERNAL: frozenset(),
}


def sources(target: Status) -> tuple[Status, ...]:
    """The states from which a grant may move to `target`, as an UPDATE must name them."""
    return tuple(status for status, targets in MOVES.items() if target in targets)


class ProofKind(StrEnum):
    """How it was proved that the recipient accepted. `direct`: the issuer awarded it without asking anybody."""

    REPLY = "activitypub-reply"
    LIKE = "activitypub-like"
    MAIL_LINK = "email-link"
    DIRECT_MESSAGE_LINK = "dm-link"
    OAUTH = "oauth"
    LINK = "link"
    DIRECT = "direct"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Something that shows what the badge was awarded for: a URL, a story, or both (OB 2.0 and OB 3.0 Evidence)."""

    url: str | None = None
    narrative: str | None = None
    name: str | None = None
    description: str | None = None
    genre: str | None = None
    audience: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What the recipient achieved, of the badge's `ResultDescription` with this key. `status` is an OB 3.0 ResultStatusType."""

    key: str
    value: str | None = None
    status: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What is said of one award beyond its badge. `activity_start` and `activity_end` are instants in microseconds."""

    narrative: str | None = None
    evidence: tuple[Evidence, ...] = ()
    license_number: str | None = None
    results: tuple[Result, ...] = ()
    activity_start: int | None = None
    activity_end: int | None = None


NO_DETAILS = Details()


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One badge for one recipient. `note_uri` is the id of the public Note, fixed at the moment of the grant.

    `profile` is what the integrator gave; `actor_id` and `handle` are known once the profile was found.
    `evidence` is the one text or URL of the Badges API, `details` all that the other doors can say.
    `proof` is JSON text with what proves the acceptance; `closed_*` say when and why it was declined or revoked. Instants in microseconds.
    A grant may be suspended for a time in any state; `supersedes_id` is the grant that this one renews.
    """

    id: int
    uuid: str
    code: str
    organization_id: int
    issuer_id: int
    badge_id: int
    note_id: str
    note_uri: str
    status: Status
    visibility: Visibility
    name: str | None
    profile: str | None
    actor_id: str | None
    handle: str | None
    email: str | None
    evidence: str | None
    granted_by: str | None
    issued_at: int
    accepted_at: int | None
    processed_at: int | None
    expires_at: int | None
    closed_at: int | None
    closed_reason: str | None
    proof_kind: ProofKind | None
    proof: str | None
    fingerprint: str | None
    details: Details = NO_DETAILS
    badge_version: int = 1
    suspended_at: int | None = None
    suspended_reason: str | None = None
    supersedes_id: int | None = None


class Presence(StrEnum):
    """What a stranger finds of a grant: it, the word that it was taken back, or no sign of it."""

    SHOWN = "shown"
    WITHDRAWN = "withdrawn"
    HIDDEN = "hidden"


def presence(grant: Grant, surface: Surface) -> Presence:
    """The one rule for every surface: only what was published shows, and only that can be seen to be revoked.

    What was signed before its recipient accepted it can be verified from then on; nothing else shows of it.
    """
    if not is_visible(grant.visibility, surface):
        return Presence.HIDDEN
    if grant.status is Status.PROCESSED:
        return Presence.SHOWN
    is_verifiable = surface is Surface.VERIFICATION and grant.fingerprint is not None
    if grant.status in (Status.PENDING, Status.ACCEPTED):
        return Presence.SHOWN if is_verifiable else Presence.HIDDEN
    was_shown = grant.processed_at is not None or is_verifiable
    if grant.status is Status.REVOKED and was_shown and surface is not Surface.LISTING:
        return Presence.WITHDRAWN
    return Presence.HIDDEN


class CredentialStatus(StrEnum):
    """What a grant is worth to who looks at its credential, the first that applies.

    `revoked`: also where its recipient declined it. `pending`: its recipient hasn't accepted it.
    """

    REVOKED = "revoked"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    PENDING = "pending"
    VALID = "valid"


def credential_status(grant: Grant, *, now: int) -> CredentialStatus:
    """At the instant `now`."""
    if grant.status in (Status.REVOKED, Status.DECLINED):
        return CredentialStatus.REVOKED
    if grant.suspended_at is not None:
        return CredentialStatus.SUSPENDED
    if grant.expires_at is not None and grant.expires_at <= now:
        return CredentialStatus.EXPIRED
    is_pending = grant.status is Status.PENDING or grant.fingerprint is None
    return CredentialStatus.PENDING if is_pending else CredentialStatus.VALID
