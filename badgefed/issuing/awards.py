"""Awards: grants that nobody is asked to accept."""

from __future__ import annotations

from dataclasses import replace

from badgefed.errors import Gone, Invalid
from badgefed.issuing import grants
from badgefed.issuing.grants import Offer, Offered, Repeat
from badgefed.model.audit import SYSTEM, Action, Author
from badgefed.model.grant import Grant, ProofKind, Status
from badgefed.model.visibility import Visibility
from badgefed.store import grants as stored_grants
from badgefed.store import jobs
from badgefed.store.database import Transaction
from badgefed.store.jobs import JobKind
from badgefed.work.services import Services

REVOKED = "award has been revoked"


async def award(tx: Transaction, wanted: Offer, services: Services, *, by: Author = SYSTEM) -> Offered:
    """A new grant that is live at once: it is signed and published by a job, and its recipient is told by mail.

    Whoever has the badge may be awarded it again. Raises as `grants.offer`.
    """
    offered = await grants.offer(tx, replace(wanted, repeat=Repeat.ADD), services, by=by)
    grant = await stored_grants.move_grant(
        tx,
        offered.grant.id,
        Status.ACCEPTED,
        visibility=Visibility.PUBLIC,
        proof_kind=ProofKind.DIRECT,
        proof="{}",
    )
    assert grant is not None
    now = services.clock()
    await jobs.drop_jobs_of_grant(tx, grant.id, JobKind.NOTIFY, JobKind.MAIL)
    await jobs.add_job(tx, JobKind.PROCESS, grant_id=grant.id, now=now)
    await mail_again(tx, grant, now=now)
    return replace(offered, grant=grant)


async def send_again(tx: Transaction, grant: Grant, *, by: Author, now: int) -> None:
    """`mail_again`, because the organization asks for it. Raises as that."""
    await mail_again(tx, grant, now=now)
    await grants.record_grant(tx, Action.GRANT_SEND_AGAIN, grant, by=by, now=now)


async def mail_again(tx: Transaction, grant: Grant, *, now: int) -> None:
    """Mails the recipient of an award their badge, or the offer where the grant still waits to be accepted.

    However often it is asked for before the mail goes out, it goes once. Raises `Gone` for a revoked grant, `Invalid`
    where there is nobody to write to.
    """
    if grant.status is Status.REVOKED:
        raise Gone(REVOKED)
    if grant.email is None or grant.status is Status.DECLINED:
        raise Invalid("award has nobody to send mail to", field="awardId")
    payload = {"again": True} if grant.status is Status.PENDING else {"award": True}
    await jobs.add_job(
        tx, JobKind.MAIL, payload=payload, grant_id=grant.id, unique_key=f"mail-again:{grant.id}", now=now
    )
