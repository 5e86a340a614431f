"""Erasing a holder (GDPR, article 17): everything that tells who held a badge goes; that one was granted stays.

The holder confirms by a link; the job `erase` then takes a few grants at a time. Whatever it has done isn't found again, so it
may be interrupted and repeated at any time.
"""

from __future__ import annotations

from badgefed.issuing import holders as holding
from badgefed.issuing.grants import record_grant
from badgefed.issuing.holders import Holder
from badgefed.model.audit import RECIPIENT, Action
from badgefed.model.grant import Grant, Status
from badgefed.model.holder import HolderLinkKind
from badgefed.model.webhook import Event
from badgefed.store import erasure, external_badges, held_grants, holders, jobs, public_profiles, search
from badgefed.store.database import Transaction
from badgefed.store.holders import Session
from badgefed.store.jobs import Job, JobKind
from badgefed.texts import N_
from badgefed.work import status_lists, webhooks, withdraw
from badgefed.work.leases import LeaseLost
from badgefed.work.services import Services

BATCH = 20
REASON = N_("Erased because its recipient asked for it.")


async def confirm(tx: Transaction, token: str, session: Session | None, *, now: int) -> bool:
    """Uses the link up and begins to erase its holder, who is signed out everywhere; False if it is worth nothing here."""
    link = await holding.take_link(tx, token, session, now=now)
    if link is None or link.kind is not HolderLinkKind.ERASE or link.holder_id is None:
        return False
    await public_profiles.delete_profile(tx, link.holder_id)
    await holders.delete_sessions(tx, link.holder_id)
    await jobs.add_job(
        tx,
        JobKind.ERASE,
        payload={"holder": link.holder_id},
        unique_key=f"erase:{link.holder_id}",
        now=now,
    )
    return True


async def erase(services: Services, job: Job) -> None:
    """The job: erases some grants, and comes again until there are none; then the holder."""

    async def take(tx: Transaction) -> None:
        holder = await holding.load_holder(tx, job.payload["holder"])
        now = services.clock()
        found = await _list_grants(tx, holder)
        for grant in found:
            await _erase_grant(tx, grant, now=now)
        if found:
            if not await jobs.continue_job(tx, job, payload=job.payload, not_before=now):
                raise LeaseLost(job)
            return
        await _erase_holder(tx, holder)
        if not await jobs.finish_job(tx, job):
            raise LeaseLost(job)

    await services.database.write(take)
    services.wake.set()


async def _list_grants(tx: Transaction, holder: Holder) -> list[Grant]:
    """Also those that name a profile that was never found."""
    known = await held_grants.list_held(tx, holder.names, limit=BATCH)
    return known or await erasure.list_named(tx, _profiles(holder), limit=BATCH)


def _profiles(holder: Holder) -> list[str]:
    """How a grant may spell the holder's profiles, in lower case."""
    names = {name.lower() for name in (*holder.spellings, *holder.names.aliases) if not _is_address(name)}
    return sorted(names | {f"@{name.removeprefix('acct:')}" for name in names if name.startswith("acct:")})


def _is_address(name: str) -> bool:
    return "://" not in name and not name.startswith(("@", "acct:"))


async def _erase_grant(tx: Transaction, grant: Grant, *, now: int) -> None:
    """Takes back what was published, forgets the recipient, and says so to the organization."""
    await withdraw.withdraw(tx, grant, now=now)
    if grant.status is not Status.PENDING:
        await withdraw.withdraw_messages(tx, grant, now=now)
    erased = await erasure.clear_grant(tx, grant.id, reason=REASON, now=now)
    if grant.actor_id is not None:
        await erasure.clear_deletes(tx, grant.id, grant.actor_id)
        await erasure.forget_actor(tx, grant.actor_id)
    await status_lists.queue_status_list(tx, grant.id, now=now)
    await erasure.clear_copies(tx, grant.id)
    await record_grant(tx, Action.GRANT_ERASE, erased, by=RECIPIENT, now=now)
    if grant.status is not Status.REVOKED:
        await webhooks.emit_grant(tx, Event.GRANT_REVOKED, erased, now=now)
    await webhooks.emit_grant(tx, Event.GRANT_ERASED, erased, now=now)


async def _erase_holder(tx: Transaction, holder: Holder) -> None:
    """What is left when the grants are gone."""
    await erasure.clear_lists(tx, emails=holder.names.emails, profiles=_profiles(holder))
    aliases = [identity.alias for identity in holder.identities]
    await erasure.clear_requests(tx, dict.fromkeys([*aliases, *holder.spellings, *_profiles(holder)]))
    for image_id in await erasure.delete_imports(tx, holder.id):
        await external_badges.delete_image(tx, image_id)
    await erasure.clear_actors(tx, holder.names.actor_ids)
    await holders.forget_holder(tx, holder.id)
    await search.forget_removed(tx, "grants")
