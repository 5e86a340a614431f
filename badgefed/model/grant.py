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
    """How it was proved that the recipient accepted."""

    REPLY = "activitypub-reply"
    LIKE = "activitypub-like"
    MAIL_LINK = "email-link"
    DIRECT_MESSAGE_LINK = "dm-link"
    OAUTH = "oauth"
    LINK = "link"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One badge for one recipient. `note_uri` is the id of the public Note, fixed at the moment of the grant.

    `profile` is what the integrator gave; `actor_id` and `handle` are known once the profile was found.
    `proof` is JSON text with what proves the acceptance; `closed_*` say when and why it was declined or revoked. Instants in microseconds.
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


class Presence(StrEnum):
    """What a stranger finds of a grant: it, the word that it was taken back, or no sign of it."""

    SHOWN = "shown"
    WITHDRAWN = "withdrawn"
    HIDDEN = "hidden"


def presence(grant: Grant, surface: Surface) -> Presence:
    """The one rule for every surface: only what was published shows, and only that can be seen to be revoked."""
    if not is_visible(grant.visibility, surface):
        return Presence.HIDDEN
    if grant.status is Status.PROCESSED:
        return Presence.SHOWN
    was_published = grant.status is Status.REVOKED and grant.processed_at is not None
    return Presence.WITHDRAWN if was_published and surface is Surface.LINK else Presence.HIDDEN
