"""The job `code`: sends a profile the code that proves it to be the recipient's."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from badgefed.errors import FetchFailed
from badgefed.model.actor import RemoteActor
from badgefed.model.badge import Badge
from badgefed.model.grant import Grant
from badgefed.model.identifiers import new_note_id
from badgefed.model.issuer import Issuer
from badgefed.protocol.messages import code_message
from badgefed.protocol.notes import Mentioned
from badgefed.store import badges, grants, issuers, jobs, profile_challenges
from badgefed.store.database import Reader, Transaction
from badgefed.store.jobs import Job
from badgefed.store.messages import MessageKind
from badgefed.store.profile_challenges import Challenge
from badgefed.work import directory
from badgefed.work.leases import LeaseLost
from badgefed.work.notify import send_message
from badgefed.work.profile_codes import profile_code
from badgefed.work.services import Services

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A challenge that still waits for its code."""

    challenge: Challenge
    grant: Grant
    badge: Badge
    issuer: Issuer


async def send_code(services: Services, job: Job) -> None:
    """A profile that can't be found ends the job: the recipient, who waits at the page, reads why and may try another."""
    asked = await services.database.read(lambda reader: _load(reader, job))
    if asked is None:
        await services.database.write(lambda tx: jobs.finish_job(tx, job))
        return
    try:
        actor = await directory.find_profile(services, asked.challenge.profile)
    except FetchFailed as failure:
        log.info("profile not found", grant=asked.grant.id, reason=failure.reason)
        problem = f"{asked.challenge.profile} could not be found: {failure}"
        await services.database.write(lambda tx: _give_up(tx, job, asked.challenge, problem))
        return
    await services.database.write(lambda tx: _send(tx, services, job, asked, actor))
    services.wake.set()


async def _load(reader: Reader, job: Job) -> Asked | None:
    challenge = await profile_challenges.find_challenge(reader, job.grant_id or 0)
    grant = await grants.find_grant(reader, job.grant_id or 0)
    if challenge is None or grant is None or challenge.created_at != job.payload["asked_at"]:
        return None
    badge = await badges.find_badge(reader, grant.badge_id)
    if badge is None:
        raise LookupError(f"badge {grant.badge_id}")
    issuer = await issuers.get_issuer(reader, grant.issuer_id)
    return Asked(challenge=challenge, grant=grant, badge=badge, issuer=issuer)


async def _give_up(tx: Transaction, job: Job, challenge: Challenge, problem: str) -> None:
    if not await jobs.finish_job(tx, job):
        raise LeaseLost(job)
    await profile_challenges.set_problem(tx, challenge, problem=problem)


async def _send(tx: Transaction, services: Services, job: Job, asked: Asked, actor: RemoteActor) -> None:
    if not await jobs.finish_job(tx, job):
        raise LeaseLost(job)
    if not await profile_challenges.set_sent(tx, asked.challenge, actor_id=actor.id, handle=actor.handle):
        return
    tongue = services.templates.tongue(asked.badge.language)
    note = code_message(
        note_id=services.addresses.note(asked.issuer.actor_id, new_note_id()),
        now=services.clock(),
        issuer=asked.issuer,
        badge=asked.badge,
        recipient=Mentioned(
            actor_id=actor.id, name=actor.handle or f"@{actor.host}", url=actor.url or actor.id
        ),
        code=profile_code(services.settings.secret_key, asked.grant, asked.challenge),
        language=tongue.tag,
        translate=tongue.translate,
    )
    await send_message(tx, asked.grant, asked.issuer, actor, note, MessageKind.CODE, now=services.clock())
