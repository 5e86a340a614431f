"""The job `notify`: tells the recipient's profile of a grant by direct message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog

from badgefed.errors import FetchFailed
from badgefed.model.actor import RemoteActor
from badgefed.model.badge import Badge
from badgefed.model.grant import Grant, ProofKind, Status
from badgefed.model.identifiers import new_note_id
from badgefed.model.issuer import Issuer
from badgefed.model.recipient import profile_alias
from badgefed.protocol import activities
from badgefed.protocol.messages import grant_message
from badgefed.store import badges, grants, issuers, jobs, messages, remote_actors
from badgefed.store.database import Reader, Transaction
from badgefed.store.jobs import Job, Priority
from badgefed.store.messages import Message, MessageKind
from badgefed.work import directory, outbox
from badgefed.work.accept_links import accept_url
from badgefed.work.leases import LeaseLost
from badgefed.work.outbox import Target
from badgefed.work.services import Services
from badgefed.work.sign_grants import encode

NOT_A_PROFILE = frozenset({"content-type", "malformed", "id-mismatch", "address"})

log = structlog.get_logger(__name__)


async def notify(services: Services, job: Job) -> None:
    """Tells the recipient of a pending grant by direct message, and notes who the recipient is.

    A profile that is none in the Fediverse fails the job; one that can't be reached now is for the worker to retry.
    """
    loaded = await services.database.read(lambda reader: _load(reader, job.grant_id or 0))
    if loaded is None:
        await services.database.write(lambda tx: jobs.finish_job(tx, job))
        return
    grant, badge, issuer = loaded
    try:
        actor = await directory.find_profile(services, grant.profile or "")
    except FetchFailed as failure:
        if failure.reason not in NOT_A_PROFILE and failure.http_status not in (404, 410):
            raise
        reason = f"{grant.profile} is no Fediverse profile that can be told: {failure}"
        log.warning("recipient not found", grant=grant.id, reason=reason)
        await services.database.write(lambda tx: jobs.fail_job(tx, job, error=reason))
        return
    await services.database.write(lambda tx: _tell(tx, services, job, grant, badge, issuer, actor))
    services.wake.set()


async def _load(reader: Reader, grant_id: int) -> tuple[Grant, Badge, Issuer] | None:
    grant = await grants.find_grant(reader, grant_id)
    if grant is None or grant.status is not Status.PENDING or grant.profile is None:
        return None
    badge = await badges.find_badge(reader, grant.badge_id)
    if badge is None:
        raise LookupError(f"badge {grant.badge_id}")
    return grant, badge, await issuers.get_issuer(reader, grant.issuer_id)


async def _tell(
    tx: Transaction,
    services: Services,
    job: Job,
    grant: Grant,
    badge: Badge,
    issuer: Issuer,
    actor: RemoteActor,
) -> None:
    if not await jobs.finish_job(tx, job):
        raise LeaseLost(job)
    names = (profile_alias(grant.profile or ""), *remote_actors.aliases_of(actor))
    await grants.set_recipient_actor(
        tx, grant.id, actor_id=actor.id, handle=actor.handle, aliases=tuple(dict.fromkeys(names))
    )
    known = await grants.find_grant(tx, grant.id)
    if known is None or known.status is not Status.PENDING:
        return
    tongue = services.templates.tongue(badge.language)
    note = grant_message(
        note_id=services.addresses.note(issuer.actor_id, new_note_id()),
        now=services.clock(),
        grant=known,
        badge=badge,
        issuer=issuer,
        accept_url=accept_url(services, known, ProofKind.DIRECT_MESSAGE_LINK),
        profile_url=actor.url,
        language=tongue.tag,
        translate=tongue.translate,
    )
    await send_message(tx, known, issuer, actor, note, MessageKind.GRANT, now=services.clock())


async def send_message(
    tx: Transaction,
    grant: Grant,
    issuer: Issuer,
    actor: RemoteActor,
    note: Mapping[str, Any],
    kind: MessageKind,
    *,
    now: int,
) -> None:
    """Keeps a direct message, so that answers to it are understood, and queues it for the recipient's own inbox."""
    message = Message(uri=note["id"], grant_id=grant.id, kind=kind, actor_id=actor.id, body=encode(note))
    await messages.add_message(tx, message, now=now)
    await send_direct(tx, issuer, actor, note, grant_id=grant.id, now=now)


async def send_direct(
    tx: Transaction,
    issuer: Issuer,
    actor: RemoteActor,
    note: Mapping[str, Any],
    *,
    grant_id: int | None = None,
    now: int,
) -> None:
    """Queues a direct message for the actor's own inbox; an answer to it is nothing that we wait for."""
    create = activities.create(f"{note['id']}/activity", note)
    await outbox.publish(
        tx,
        uri=create["id"],
        issuer_id=issuer.id,
        activity_type="Create",
        object_uri=note["id"],
        body=encode(create),
        grant_id=grant_id,
        is_public=False,
        to_followers=False,
        inboxes=[Target(inbox=actor.inbox, actor_id=actor.id)],
        ordering_key=note["id"],
        priority=Priority.PERSON,
        now=now,
    )
