"""The job `mail`: the offer of a badge, and one reminder, to an e-mail address."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import EmailMessage

import structlog

from badgefed.model.badge import Badge
from badgefed.model.grant import Grant, ProofKind, Status
from badgefed.model.issuer import Issuer
from badgefed.model.times import DAY
from badgefed.net import mail
from badgefed.net.mail import MailRefused
from badgefed.store import badges, grants, issuers, jobs, mail_optouts
from badgefed.store.database import Reader, Transaction
from badgefed.store.jobs import Job, JobKind, Priority
from badgefed.work.accept_links import accept_url, unsubscribe_url
from badgefed.work.leases import LeaseLost
from badgefed.work.services import Services

REMINDER_AFTER = 7 * DAY

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What a mail is about. `email` is the address that it goes to."""

    grant: Grant
    badge: Badge
    issuer: Issuer
    email: str
    is_reminder: bool


async def send_mail(services: Services, job: Job) -> None:
    """Mails the offer of a pending grant. A refusal for good fails the job; any other trouble is for the worker to retry."""
    is_reminder = bool(job.payload.get("reminder"))
    letter = await services.database.read(lambda reader: _load(reader, job.grant_id or 0, is_reminder))
    if letter is not None:
        try:
            await services.mailer.send(compose(services, letter))
        except MailRefused as refusal:
            reason = str(refusal)
            log.warning("mail refused", grant=letter.grant.id, reason=reason)
            await services.database.write(lambda tx: jobs.fail_job(tx, job, error=reason))
            return
    await services.database.write(lambda tx: _finish(tx, job, letter, services.clock()))


async def _load(reader: Reader, grant_id: int, is_reminder: bool) -> Letter | None:
    grant = await grants.find_grant(reader, grant_id)
    if grant is None or grant.status is not Status.PENDING or grant.email is None:
        return None
    if is_reminder and await mail_optouts.has_opted_out(reader, grant.email):
        return None
    badge = await badges.find_badge(reader, grant.badge_id)
    if badge is None:
        raise LookupError(f"badge {grant.badge_id}")
    issuer = await issuers.get_issuer(reader, grant.issuer_id)
    return Letter(grant=grant, badge=badge, issuer=issuer, email=grant.email, is_reminder=is_reminder)


async def _finish(tx: Transaction, job: Job, letter: Letter | None, now: int) -> None:
    if not await jobs.finish_job(tx, job):
        raise LeaseLost(job)
    if letter is not None and not letter.is_reminder:
        await jobs.add_job(
            tx,
            JobKind.MAIL,
            payload={"reminder": True},
            grant_id=letter.grant.id,
            priority=Priority.BACKGROUND,
            not_before=now + REMINDER_AFTER,
            now=now,
        )


def compose(services: Services, letter: Letter) -> EmailMessage:
    """The mail as text and HTML. Its Message-ID is the same at each attempt, so that a repeated one is seen as such."""
    sender = services.settings.mail_from
    kind = "reminder" if letter.is_reminder else "offer"
    unsubscribe = unsubscribe_url(services, letter.grant) if letter.is_reminder else None
    values = {
        "grant": letter.grant,
        "badge": letter.badge,
        "issuer": letter.issuer,
        "is_reminder": letter.is_reminder,
        "addresses": services.addresses,
        "accept_url": accept_url(services, letter.grant, ProofKind.MAIL_LINK),
        "image_url": services.addresses.badge_image(letter.badge.id),
        "unsubscribe_url": unsubscribe,
    }
    message = mail.compose(
        sender=sender,
        sender_name=letter.issuer.name,
        recipient=letter.email,
        subject=_subject(letter),
        text=services.templates.get_template("mail/offer.txt").render(values),
        html=services.templates.get_template("mail/offer.html").render(values),
        message_id=f"{letter.grant.uuid}.{kind}@{sender.rpartition('@')[2]}",
        now=services.clock(),
    )
    if letter.issuer.email:
        message["Reply-To"] = letter.issuer.email
    if unsubscribe:
        message["List-Unsubscribe"] = f"<{unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return message


def _subject(letter: Letter) -> str:
    if letter.is_reminder:
        return f"Still waiting for you: the badge “{letter.badge.title}”"
    return f"A badge for you: {letter.badge.title}"
