"""Telling the recipient of a waiting grant once more, because its organization's people ask for it."""

from __future__ import annotations

from badgefed.errors import Conflict, Invalid, NotFound
from badgefed.issuing import awards
from badgefed.model.audit import Action, Author, Target
from badgefed.model.grant import Grant, Status
from badgefed.store import audit, grants, jobs, mail_optouts
from badgefed.store.database import Transaction
from badgefed.store.jobs import JobKind

NOT_WAITING = "This badge doesn't wait for its recipient any more."
NO_ADDRESS = "There is no e-mail address to send a reminder to. Send the offer again instead."
OPTED_OUT = "The recipient wants no reminders at this address."


async def send_again(tx: Transaction, grant_id: int, *, by: Author, now: int) -> Grant:
    """The offer goes out once more, by each way that the grant names.

    However often it is asked for before it goes, it goes once. Raises `NotFound`, `Conflict` where the grant doesn't wait.
    """
    grant = await _find_waiting(tx, grant_id)
    await jobs.drop_jobs_of_grant(tx, grant_id, JobKind.NOTIFY)
    if grant.profile is not None:
        await jobs.add_job(tx, JobKind.NOTIFY, grant_id=grant_id, now=now)
    if grant.email is not None:
        await awards.mail_again(tx, grant, now=now)
    await _record(tx, Action.GRANT_SEND_AGAIN, grant, by=by, now=now)
    return grant


async def remind(tx: Transaction, grant_id: int, *, by: Author, now: int) -> Grant:
    """A reminder goes by mail now, in the place of the one that would go by itself.

    Raises `NotFound`, `Conflict` where the grant doesn't wait, `Invalid` where there is nobody to remind.
    """
    grant = await _find_waiting(tx, grant_id)
    if grant.email is None:
        raise Invalid(NO_ADDRESS)
    if await mail_optouts.has_opted_out(tx, grant.email):
        raise Invalid(OPTED_OUT)
    await jobs.drop_jobs_of_grant(tx, grant_id, JobKind.MAIL)
    await jobs.add_job(
        tx, JobKind.MAIL, payload={"reminder": True, "again": True}, grant_id=grant_id, now=now
    )
    await _record(tx, Action.GRANT_REMIND, grant, by=by, now=now)
    return grant


async def _find_waiting(tx: Transaction, grant_id: int) -> Grant:
    grant = await grants.find_grant(tx, grant_id)
    if grant is None:
        raise NotFound("There is no such grant here.")
    if grant.status is not Status.PENDING:
        raise Conflict(NOT_WAITING)
    return grant


async def _record(tx: Transaction, action: Action, grant: Grant, *, by: Author, now: int) -> None:
    target = Target(id=grant.id, label=grant.code)
    await audit.record(
        tx, by=by, action=action, target=target, organization_id=grant.organization_id, now=now
    )
