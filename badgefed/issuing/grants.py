"""The life of a grant: offered, accepted or declined by its recipient, revoked by its issuer.

Each function that takes a transaction writes the fact and the work that it causes in it, and calls nobody.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from badgefed.errors import Conflict, NotFound
from badgefed.issuing import quotas
from badgefed.model.audit import RECIPIENT, SYSTEM, Action, Author, Target
from badgefed.model.badge import Badge
from badgefed.model.grant import NO_DETAILS, Details, Grant, ProofKind, Status
from badgefed.model.identifiers import new_credential_code, new_note_id, new_uuid
from badgefed.model.issuer import Issuer
from badgefed.model.recipient import email_alias, profile_alias
from badgefed.model.times import DAY, SECOND
from badgefed.model.visibility import Visibility
from badgefed.model.webhook import Event
from badgefed.store import audit, badges, grants, issuers, jobs, organizations, remote_actors
from badgefed.store.database import Reader, Transaction
from badgefed.store.jobs import JobKind, Priority
from badgefed.texts import N_, Message, say
from badgefed.work import status_lists, webhooks, withdraw
from badgefed.work.services import Services

BADGE_NOT_FOUND = "Badge not found"
ALREADY_GRANTED = "This badge has already been granted to this recipient"
SUPERSEDED = "superseded by renewal"
SIGNED_WITHIN = 10 * SECOND


class Repeat(Enum):
    """What it means to grant a badge to somebody who has it.

    `REFUSE`: a waiting grant is the answer, an accepted one a conflict, an expired one is renewed. `RENEW`: a grant that
    expires is renewed at any time and revoked by that, one that was revoked is followed, one that lasts is a conflict.
    `ADD`: everybody may have any number of it.
    """

    REFUSE = auto()
    RENEW = auto()
    ADD = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a caller asks for, already checked for form. `profile` or `email` is set.

    `granted_by` is a person's name, shown to everybody; the organization's if there is none. `expires_at` (microseconds)
    stands in the place of the badge's own expiry, `issued_at` in that of now. `is_verifiable` has the credential signed now, not when it is accepted;
    whoever asks for that calls `sign_grants.sign_grant` after the commit, and a job does it if they don't come to it.
    """

    organization_id: int
    badge_id: int
    profile: str | None = None
    email: str | None = None
    name: str | None = None
    evidence: str | None = None
    granted_by: str | None = None
    details: Details = NO_DETAILS
    expires_at: int | None = None
    issued_at: int | None = None
    repeat: Repeat = Repeat.REFUSE
    is_verifiable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Recipient:
    """`names` are those under which the recipient may have a badge, the first the one to store."""

    names: tuple[str, ...]
    actor_id: str | None


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


async def offer(tx: Transaction, wanted: Offer, services: Services, *, by: Author = SYSTEM) -> Offered:
    """A pending grant and the work to tell its recipient, or the one that waits already; see `Repeat`.

    The recipient of a waiting one is told only if that had failed.

    Raises `NotFound` for a badge that isn't there for this organization, `Conflict` if the recipient has it,
    `PaymentRequired` where the organization's plan has no more awards for this month.
    """
    now = services.clock()
    badge = await badges.find_badge(tx, wanted.badge_id, organization_id=wanted.organization_id)
    if badge is None or not badge.is_active:
        raise NotFound(BADGE_NOT_FOUND)
    issuer = await issuers.get_issuer(tx, badge.issuer_id)
    recipient = await _find_recipient(tx, wanted)
    held = None if wanted.repeat is Repeat.ADD else await _find_held(tx, wanted, recipient)
    if held is not None and _is_waiting(held, wanted):
        return await _remind(tx, held, badge, issuer, now)
    if held is not None:
        await _make_way(tx, held, wanted.repeat, by=by, now=now)
    grant = await _add(tx, wanted, badge, issuer, recipient, supersedes=held, now=now)
    if grant is not None:
        await record_grant(
            tx, Action.GRANT_OFFER, grant, by=by, now=now, recipient=wanted.email or wanted.profile
        )
        await _announce(tx, grant, now)
        await _emit_offered(tx, grant, now)
        if wanted.is_verifiable:
            later = now + SIGNED_WITHIN
            await jobs.add_job(tx, JobKind.SIGN, grant_id=grant.id, not_before=later, now=now)
        return Offered(grant=grant, badge=badge, issuer=issuer, is_new=True)
    rival = await grants.find_active_grant(tx, badge.id, recipient.names)
    if rival is None or not _is_waiting(rival, wanted):
        raise Conflict(ALREADY_GRANTED)
    return await _remind(tx, rival, badge, issuer, now)


async def foresee(reader: Reader, wanted: Offer, *, now: int) -> Grant | None:
    """What `offer` would answer now, changing nothing: the grant that waits already, None for a new one. Raises as `offer`."""
    badge = await badges.find_badge(reader, wanted.badge_id, organization_id=wanted.organization_id)
    if badge is None or not badge.is_active:
        raise NotFound(BADGE_NOT_FOUND)
    if wanted.repeat is Repeat.ADD:
        return None
    held = await _find_held(reader, wanted, await _find_recipient(reader, wanted))
    if held is None or held.status is Status.REVOKED:
        return None
    if _is_waiting(held, wanted):
        return held
    _check_way(held, wanted.repeat, now)
    return None


async def _find_recipient(reader: Reader, wanted: Offer) -> _Recipient:
    """By the profile, where one is given; where renewing, first of all by the e-mail address."""
    by_email = (email_alias(wanted.email),) if wanted.email is not None else ()
    if wanted.profile is None:
        return _Recipient(names=by_email, actor_id=None)
    first = by_email if wanted.repeat is Repeat.RENEW else ()
    alias = profile_alias(wanted.profile)
    actor = await remote_actors.find_actor_by_alias(reader, alias)
    if actor is None:
        return _Recipient(names=(*first, alias), actor_id=None)
    return _Recipient(names=(*first, actor.id, *remote_actors.aliases_of(actor)), actor_id=actor.id)


async def _find_held(reader: Reader, wanted: Offer, recipient: _Recipient) -> Grant | None:
    """The grant of this badge that the recipient has; where renewing, also one that was revoked and not followed yet."""
    active = await grants.find_active_grant(reader, wanted.badge_id, recipient.names)
    if active is not None or wanted.repeat is not Repeat.RENEW:
        return active
    last = await grants.find_latest_grant(
        reader, wanted.badge_id, email=wanted.email, actor_id=recipient.actor_id
    )
    return last if last is not None and last.status is Status.REVOKED else None


def _is_waiting(grant: Grant, wanted: Offer) -> bool:
    return wanted.repeat is Repeat.REFUSE and grant.status is Status.PENDING


async def _remind(tx: Transaction, grant: Grant, badge: Badge, issuer: Issuer, now: int) -> Offered:
    await jobs.revive_jobs_of_grant(tx, grant.id, JobKind.NOTIFY, JobKind.MAIL, now=now)
    return Offered(grant=grant, badge=badge, issuer=issuer, is_new=False)


async def _make_way(tx: Transaction, held: Grant, repeat: Repeat, *, by: Author, now: int) -> None:
    """Ends what the recipient holds, as far as it may be followed by another. Raises `Conflict` if it may not."""
    if held.status is Status.REVOKED:
        return
    _check_way(held, repeat, now)
    if held.expires_at is not None and held.expires_at <= now:
        await grants.release_recipient(tx, held.id)
    else:
        await revoke(tx, held.id, reason=SUPERSEDED, by=by, now=now)


def _check_way(held: Grant, repeat: Repeat, now: int) -> None:
    """Only what has expired, or may be renewed before it does, can be followed by another grant."""
    if held.expires_at is None or (held.expires_at > now and repeat is not Repeat.RENEW):
        raise Conflict(ALREADY_GRANTED)


async def _add(
    tx: Transaction,
    wanted: Offer,
    badge: Badge,
    issuer: Issuer,
    recipient: _Recipient,
    *,
    supersedes: Grant | None,
    now: int,
) -> Grant | None:
    """None if somebody else granted the recipient this badge in the same instant. Raises `PaymentRequired`."""
    note_id = new_note_id()
    organization = await organizations.get_organization(tx, wanted.organization_id)
    await quotas.count_award(tx, organization, now=now)
    issued_at = now if wanted.issued_at is None else wanted.issued_at
    lifetime = badge.expires_in_days * DAY if badge.expires_in_days else None
    grant = await grants.add_grant(
        tx,
        uuid=new_uuid(now),
        code=new_credential_code(),
        organization_id=wanted.organization_id,
        issuer_id=issuer.id,
        badge_id=badge.id,
        note_id=note_id,
        note_uri=f"{issuer.actor_id}/statuses/{note_id}",
        active_recipient=None if wanted.repeat is Repeat.ADD else recipient.names[0],
        name=wanted.name,
        profile=wanted.profile,
        actor_id=recipient.actor_id,
        email=wanted.email,
        evidence=wanted.evidence,
        granted_by=wanted.granted_by or organization.name,
        expires_at=wanted.expires_at or (issued_at + lifetime if lifetime else None),
        details=wanted.details,
        badge_version=badge.version,
        supersedes_id=supersedes.id if supersedes else None,
        issued_at=issued_at,
    )
    if grant is None:
        await quotas.give_back_award(tx, organization, now=now)
    return grant


async def _announce(tx: Transaction, grant: Grant, now: int) -> None:
    if grant.profile is not None:
        await jobs.add_job(tx, JobKind.NOTIFY, grant_id=grant.id, now=now)
    if grant.email is not None:
        await jobs.add_job(tx, JobKind.MAIL, grant_id=grant.id, now=now)


async def _emit_offered(tx: Transaction, grant: Grant, now: int) -> None:
    await webhooks.emit_grant(tx, Event.GRANT_CREATED, grant, now=now)
    if grant.supersedes_id is not None:
        await webhooks.emit_grant(tx, Event.GRANT_RENEWED, grant, now=now)


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
        details = {"proof": proof.kind, "visibility": visibility}
        await record_grant(tx, Action.GRANT_ACCEPT, grant, by=RECIPIENT, now=now, **details)
        await webhooks.emit_grant(tx, Event.GRANT_ACCEPTED, grant, now=now)
    return grant


async def decline(tx: Transaction, grant_id: int, *, reason: str | None, now: int) -> Grant | None:
    """The declined grant, which no longer stands in the way of another; None if it was not pending any more."""
    grant = await grants.move_grant(
        tx, grant_id, Status.DECLINED, closed_at=now, closed_reason=reason, active_recipient=None
    )
    if grant is not None:
        await jobs.drop_jobs_of_grant(tx, grant_id, JobKind.NOTIFY, JobKind.MAIL, JobKind.SIGN)
        await status_lists.queue_status_list(tx, grant_id, now=now)
        await record_grant(tx, Action.GRANT_DECLINE, grant, by=RECIPIENT, now=now, reason=reason)
        await webhooks.emit_grant(tx, Event.GRANT_DECLINED, grant, now=now)
    return grant


async def revoke(tx: Transaction, grant_id: int, *, reason: str, by: Author = SYSTEM, now: int) -> Grant:
    """The revoked grant; what was published of it is withdrawn.

    Raises `NotFound` if there is none, `Conflict` if it can't be revoked (any more).
    """
    before = await grants.find_grant(tx, grant_id)
    grant = await grants.move_grant(
        tx, grant_id, Status.REVOKED, closed_at=now, closed_reason=reason, active_recipient=None
    )
    if grant is None or before is None:
        raise await _refusal(tx, grant_id, "revoked")
    await jobs.drop_jobs_of_grant(tx, grant_id, JobKind.NOTIFY, JobKind.MAIL, JobKind.SIGN, JobKind.PROCESS)
    await withdraw.withdraw(tx, before, now=now)
    await status_lists.queue_status_list(tx, grant_id, now=now)
    await record_grant(tx, Action.GRANT_REVOKE, grant, by=by, now=now, reason=reason)
    await webhooks.emit_grant(tx, Event.GRANT_REVOKED, grant, now=now)
    return grant


async def suspend(tx: Transaction, grant_id: int, *, reason: str, by: Author = SYSTEM, now: int) -> Grant:
    """The grant, which is not to be accepted by anybody until it is reinstated: its Note, status list and documents say so.

    Raises `NotFound` if there is none, `Conflict` if it isn't published, or suspended already.
    """
    grant = await grants.suspend_grant(tx, grant_id, reason=reason, now=now)
    if grant is None:
        raise await _refusal(tx, grant_id, "suspended")
    await _announce_change(tx, grant, now)
    await record_grant(tx, Action.GRANT_SUSPEND, grant, by=by, now=now, reason=reason)
    await webhooks.emit_grant(tx, Event.GRANT_SUSPENDED, grant, now=now)
    return grant


async def reinstate(tx: Transaction, grant_id: int, *, by: Author = SYSTEM, now: int) -> Grant:
    """The grant, which is valid again. Raises `NotFound` if there is none, `Conflict` if it isn't suspended."""
    grant = await grants.reinstate_grant(tx, grant_id)
    if grant is None:
        raise await _refusal(tx, grant_id, "reinstated")
    await _announce_change(tx, grant, now)
    await record_grant(tx, Action.GRANT_REINSTATE, grant, by=by, now=now)
    await webhooks.emit_grant(tx, Event.GRANT_REINSTATED, grant, now=now)
    return grant


async def _announce_change(tx: Transaction, grant: Grant, now: int) -> None:
    await status_lists.queue_status_list(tx, grant.id, now=now)
    await jobs.add_job(tx, JobKind.REPUBLISH, grant_id=grant.id, priority=Priority.CHANGE, now=now)


async def record_grant(
    tx: Transaction, action: Action, grant: Grant, *, by: Author, now: int, **details: str | None
) -> None:
    """Writes what was done to a grant into the audit log of its organization."""
    await audit.record(
        tx,
        by=by,
        action=action,
        target=Target(id=grant.id, label=grant.code),
        organization_id=grant.organization_id,
        now=now,
        details=details,
    )


_IMPOSSIBLE: Mapping[str, str] = {
    "revoked": N_("grant %(grant_id)s is %(state)s and can't be revoked"),
    "suspended": N_("grant %(grant_id)s is %(state)s and can't be suspended"),
    "reinstated": N_("grant %(grant_id)s is %(state)s and can't be reinstated"),
}


async def _refusal(reader: Reader, grant_id: int, verb: str) -> NotFound | Conflict:
    """Why a grant can't be moved."""
    grant = await grants.find_grant(reader, grant_id)
    if grant is None:
        return NotFound(say("there is no grant %(grant_id)s", grant_id=grant_id))
    state = "suspended" if grant.suspended_at is not None else grant.status
    return Conflict(Message(text=_IMPOSSIBLE[verb], values={"grant_id": grant_id, "state": state}))
