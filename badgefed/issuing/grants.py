"""The life of a grant: offered, accepted or declined by its recipient, revoked by its issuer.

Each function that takes a transaction writes the fact and the work that it causes in it, and calls nobody.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from badgefed.errors import Conflict, NotFound
from badgefed.model.badge import Badge
from badgefed.model.grant import Grant, ProofKind, Status
from badgefed.model.identifiers import new_credential_code, new_note_id, new_uuid
from badgefed.model.issuer import Issuer
from badgefed.model.recipient import email_alias, profile_alias
from badgefed.model.times import DAY
from badgefed.model.visibility import Visibility
from badgefed.store import badges, grants, issuers, jobs, organizations, remote_actors
from badgefed.store.database import Reader, Transaction
from badgefed.store.jobs import JobKind
from badgefed.work import withdraw
from badgefed.work.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a caller asks for, already checked for form. `profile` or `email` is set.

    `granted_by` is a person's name, shown to everybody; the organization's if there is none.
    """

    organization_id: int
    badge_id: int
    profile: str | None = None
    email: str | None = None
    name: str | None = None
    evidence: str | None = None
    granted_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """`is_new` is False where the recipient had this grant waiting already."""

    grant: Grant
    badge: Badge
    issuer: Issuer
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """How it was proved that the recipient accepted, with the evidence for it."""

    kind: ProofKind
    details: Mapping[str, Any]


async def offer(tx: Transaction, wanted: Offer, services: Services) -> Offered:
    """A pending grant and the work to tell its recipient; the waiting one if there is one.

    The recipient of a waiting one is told only if that had failed.

    Raises `NotFound` for a badge that isn't there for this organization, `Conflict` if the recipient has accepted it.
    """
    now = services.clock()
    badge = await badges.find_badge(tx, wanted.badge_id, organization_id=wanted.organization_id)
    if badge is None or not badge.is_active:
        raise NotFound("Badge not found")
    issuer = await issuers.get_issuer(tx, badge.issuer_id)
    names, actor_id = await _recipient_names(tx, wanted)
    existing = await grants.find_active_grant(tx, badge.id, names)
    grant = existing or await _add(tx, wanted, badge, issuer, names[0], actor_id, now)
    if grant is None:
        grant = await grants.find_active_grant(tx, badge.id, names)
        existing = grant
    if grant is None or grant.status is not Status.PENDING:
        raise Conflict("This badge has already been granted to this recipient")
    if existing is None:
        await _announce(tx, grant, now)
    else:
        await jobs.revive_jobs_of_grant(tx, grant.id, JobKind.NOTIFY, JobKind.MAIL, now=now)
    return Offered(grant=grant, badge=badge, issuer=issuer, is_new=existing is None)


async def _recipient_names(reader: Reader, wanted: Offer) -> tuple[tuple[str, ...], str | None]:
    """The names under which the recipient may have this badge, the one to store first, and the actor if known."""
    if wanted.profile is None:
        return (email_alias(wanted.email or ""),), None
    alias = profile_alias(wanted.profile)
    actor = await remote_actors.find_actor_by_alias(reader, alias)
    if actor is None:
        return (alias,), None
    return (actor.id, *remote_actors.aliases_of(actor)), actor.id


async def _add(
    tx: Transaction,
    wanted: Offer,
    badge: Badge,
    issuer: Issuer,
    recipient: str,
    actor_id: str | None,
    now: int,
) -> Grant | None:
    note_id = new_note_id()
    organization = await organizations.get_organization(tx, wanted.organization_id)
    return await grants.add_grant(
        tx,
        uuid=new_uuid(now),
        code=new_credential_code(),
        organization_id=wanted.organization_id,
        issuer_id=issuer.id,
        badge_id=badge.id,
        note_id=note_id,
        note_uri=f"{issuer.actor_id}/statuses/{note_id}",
        active_recipient=recipient,
        name=wanted.name,
        profile=wanted.profile,
        actor_id=actor_id,
        email=wanted.email,
        evidence=wanted.evidence,
        granted_by=wanted.granted_by or organization.name,
        expires_at=now + badge.expires_in_days * DAY if badge.expires_in_days else None,
        now=now,
    )


async def _announce(tx: Transaction, grant: Grant, now: int) -> None:
    if grant.profile is not None:
        await jobs.add_job(tx, JobKind.NOTIFY, grant_id=grant.id, now=now)
    if grant.email is not None:
        await jobs.add_job(tx, JobKind.MAIL, grant_id=grant.id, now=now)


async def accept(
    tx: Transaction, grant_id: int, *, visibility: Visibility, proof: Proof, now: int
) -> Grant | None:
    """The accepted grant, with the job that signs and publishes it; None if it was not pending any more."""
    grant = await grants.move_grant(
        tx,
        grant_id,
        Status.ACCEPTED,
        visibility=visibility,
        accepted_at=now,
        proof_kind=proof.kind,
        proof=json.dumps(proof.details, ensure_ascii=False, sort_keys=True),
    )
    if grant is not None:
        await jobs.drop_jobs_of_grant(tx, grant_id, JobKind.NOTIFY, JobKind.MAIL)
        await jobs.add_job(tx, JobKind.PROCESS, grant_id=grant_id, now=now)
    return grant


async def decline(tx: Transaction, grant_id: int, *, reason: str | None, now: int) -> Grant | None:
    """The declined grant, which no longer stands in the way of another; None if it was not pending any more."""
    grant = await grants.move_grant(
        tx, grant_id, Status.DECLINED, closed_at=now, closed_reason=reason, active_recipient=None
    )
    if grant is not None:
        await jobs.drop_jobs_of_grant(tx, grant_id, JobKind.NOTIFY, JobKind.MAIL)
    return grant


async def revoke(tx: Transaction, grant_id: int, *, reason: str, now: int) -> Grant:
    """The revoked grant; what was published of it is withdrawn.

    Raises `NotFound` if there is none, `Conflict` if it can't be revoked (any more).
    """
    before = await grants.find_grant(tx, grant_id)
    if before is None:
        raise NotFound(f"there is no grant {grant_id}")
    grant = await grants.move_grant(
        tx, grant_id, Status.REVOKED, closed_at=now, closed_reason=reason, active_recipient=None
    )
    if grant is None:
        raise Conflict(f"grant {grant_id} is {before.status} and can't be revoked")
    await jobs.drop_jobs_of_grant(tx, grant_id, JobKind.NOTIFY, JobKind.MAIL, JobKind.PROCESS)
    await withdraw.withdraw(tx, before, now=now)
    return grant
