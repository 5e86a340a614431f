"""The job `mail`: the offer of a badge, one reminder, or the word that a badge was awarded, to an e-mail address."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import EmailMessage
from enum import StrEnum

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
from badgefed.texts import Message, say
from badgefed.work.accept_links import accept_url, manage_url, unsubscribe_url
from badgefed.work.leases import LeaseLost
from badgefed.work.services import Services

REMINDER_AFTER = 7 * DAY

log = structlog.get_logger(__name__)


class Kind(StrEnum):
    """`award`: of a badge that the recipient has, for nobody had to accept it."""

    OFFER = "offer"
    REMINDER = "reminder"
    AWARD = "award"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What a mail is about. `email` is the address that it goes to; `copy` makes one that was asked for another mail."""

    grant: Grant
    badge: Badge
    issuer: Issuer
    email: str
    kind: Kind
    copy: str = ""


async def send_mail(services: Services, job: Job) -> None:
    """Mails the offer of a pending grant, or an award. A refusal for good fails the job; any other trouble is for the worker to retry."""
    letter = await services.database.read(lambda reader: _load(reader, job))
    if letter is not None:
        try:
            await services.mailer.send(compose(services, letter))
        except MailRefused as refusal:
            reason = str(refusal)
            log.warning("mail refused", grant=letter.grant.id, reason=reason)
            await services.database.write(lambda tx: jobs.fail_job(tx, job, error=reason))
            return
    await services.database.write(lambda tx: _finish(tx, job, letter, services.clock()))


def _kind(job: Job) -> Kind:
    if job.payload.get("award"):
        return Kind.AWARD
    return Kind.REMINDER if job.payload.get("reminder") else Kind.OFFER


async def _load(reader: Reader, job: Job) -> Letter | None:
    kind = _kind(job)
    expected = (Status.ACCEPTED, Status.PROCESSED) if kind is Kind.AWARD else (Status.PENDING,)
    grant = await grants.find_grant(reader, job.grant_id or 0)
    if grant is None or grant.status not in expected or grant.email is None:
        return None
    if kind is Kind.REMINDER and await mail_optouts.has_opted_out(reader, grant.email):
        return None
    badge = await badges.find_badge(reader, grant.badge_id)
    if badge is None:
        raise LookupError(f"badge {grant.badge_id}")
    issuer = await issuers.get_issuer(reader, grant.issuer_id)
    copy = f".{job.id}" if job.payload.get("again") or kind is Kind.AWARD else ""
    return Letter(grant=grant, badge=badge, issuer=issuer, email=grant.email, kind=kind, copy=copy)


async def _finish(tx: Transaction, job: Job, letter: Letter | None, now: int) -> None:
    if not await jobs.finish_job(tx, job):
        raise LeaseLost(job)
    if letter is not None and letter.kind is Kind.OFFER and not letter.copy:
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
    """The mail as text and HTML, in the badge's language if it has one of ours. Its Message-ID is the same at each attempt, so that a repeated one is seen as such."""
    sender = services.settings.mail_from
    is_reminder = letter.kind is Kind.REMINDER
    unsubscribe = unsubscribe_url(services, letter.grant) if is_reminder else None
    template = "mail/award" if letter.kind is Kind.AWARD else "mail/offer"
    tongue = services.templates.tongue(letter.badge.language)
    values = {
        "grant": letter.grant,
        "badge": letter.badge,
        "issuer": letter.issuer,
        "is_reminder": is_reminder,
        "addresses": services.addresses,
        "accept_url": accept_url(services, letter.grant, ProofKind.MAIL_LINK),
        "manage_url": manage_url(services, letter.grant),
        "award_url": services.addresses.award_page(letter.grant.uuid),
        "image_url": services.addresses.badge_image(letter.badge.id),
        "unsubscribe_url": unsubscribe,
    }
    message = mail.compose(
        sender=sender,
        sender_name=letter.issuer.name,
        recipient=letter.email,
        subject=tongue.tell(_subject(letter)),
        text=tongue.environment.get_template(f"{template}.txt").render(values),
        html=tongue.environment.get_template(f"{template}.html").render(values),
        message_id=f"{letter.grant.uuid}.{letter.kind}{letter.copy}@{sender.rpartition('@')[2]}",
        now=services.clock(),
    )
    if letter.issuer.email:
        message["Reply-To"] = letter.issuer.email
    if unsubscribe:
        message["List-Unsubscribe"] = f"<{unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return message


def _subject(letter: Letter) -> Message:
    if letter.kind is Kind.AWARD:
        return say("You have been awarded a badge: %(title)s", title=letter.badge.title)
    if letter.kind is Kind.REMINDER:
        return say("Still waiting for you: the badge “%(title)s”", title=letter.badge.title)
    return say("A badge for you: %(title)s", title=letter.badge.title)
