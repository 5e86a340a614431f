"""The job `account_mail`: letters to people with an account, to those who are invited, and to addresses of new issuers.

A request for a link puts in a job whether the address has an account or not, and the job finds out: neither the answer to
the request nor its time tells. A link's secret stands in no job; it is derived when the letter is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from enum import StrEnum

import structlog

from badgefed.model.organization import Organization, User
from badgefed.model.session import LinkKind
from badgefed.model.times import MINUTE
from badgefed.net import mail
from badgefed.net.mail import MailRefused
from badgefed.store import (
    account_links,
    invitations,
    issuer_verifications,
    issuers,
    jobs,
    organizations,
    users,
    webhooks,
)
from badgefed.store.database import Reader, Transaction
from badgefed.store.jobs import Job, JobKind
from badgefed.work.account_links import invitation_url, link_url
from badgefed.work.issuer_codes import issuer_code, verification_url
from badgefed.work.leases import LeaseLost
from badgefed.work.services import Services

LINKS_AT_ONCE = 3
COUNTED_OVER = 15 * MINUTE

log = structlog.get_logger(__name__)


class Letter(StrEnum):
    """The letters, by the names of their templates."""

    SIGN_IN = "sign-in"
    PASSWORD = "password"  # noqa: S105 - a name
    EMAIL = "email"
    KEEP_EMAIL = "keep-email"
    PASSWORD_CHANGED = "password-changed"  # noqa: S105 - a name
    INVITATION = "invitation"
    ISSUER = "issuer"
    WEBHOOK_DISABLED = "webhook-disabled"
    DOMAIN_LOST = "domain-lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A letter ready to be composed: where it goes, and what its template is filled with."""

    letter: Letter
    email: str
    values: Mapping[str, object]


async def ask_for_link(
    tx: Transaction, kind: LinkKind, email: str, *, now: int, language: str | None = None
) -> None:
    """Whoever has an account with this address gets a link, in the language of who asks; nobody learns whether there is one."""
    payload = {"ask": kind, "email": email.lower(), "language": language}
    await jobs.add_job(tx, JobKind.ACCOUNT_MAIL, payload=payload, now=now)


async def send_link(
    tx: Transaction, kind: LinkKind, user: User, *, email: str | None, now: int, language: str | None = None
) -> None:
    """A letter with a new link of this kind; `email` as in `AccountLink`."""
    link = await account_links.add_link(tx, kind, user_id=user.id, email=email, now=now)
    if link is not None:
        await jobs.add_job(
            tx, JobKind.ACCOUNT_MAIL, payload={"link": link.uuid, "language": language}, now=now
        )


async def send_invitation(tx: Transaction, uuid: str, *, now: int) -> None:
    """A letter with the link of an invitation."""
    await jobs.add_job(tx, JobKind.ACCOUNT_MAIL, payload={"invitation": uuid}, now=now)


async def send_issuer_verification(tx: Transaction, uuid: str, nonce: str, *, now: int) -> None:
    """A letter with the code and the link that prove an issuer's address; pointless once there is a newer `nonce`."""
    await jobs.add_job(tx, JobKind.ACCOUNT_MAIL, payload={"issuer": uuid, "nonce": nonce}, now=now)


async def send_password_changed(tx: Transaction, user: User, *, now: int) -> None:
    """Tells the user that the account has a new password."""
    await jobs.add_job(tx, JobKind.ACCOUNT_MAIL, payload={"password_changed": user.uuid}, now=now)


async def send_webhook_disabled(tx: Transaction, endpoint_id: int, user: User, *, now: int) -> None:
    """Tells an owner that nothing is sent to a webhook endpoint any more."""
    payload = {"webhook_disabled": endpoint_id, "user": user.uuid}
    await jobs.add_job(tx, JobKind.ACCOUNT_MAIL, payload=payload, now=now)


async def send_domain_lost(tx: Transaction, organization: Organization, user: User, *, now: int) -> None:
    """Tells an owner that the organization's domain isn't verified any more."""
    payload = {"domain_lost": organization.id, "user": user.uuid}
    await jobs.add_job(tx, JobKind.ACCOUNT_MAIL, payload=payload, now=now)


async def send_account_mail(services: Services, job: Job) -> None:
    """A refusal for good fails the job; any other trouble is for the worker to retry."""
    if "ask" in job.payload:
        await services.database.write(lambda tx: _answer(tx, job, services.clock()))
        services.wake.set()
        return
    written = await services.database.read(lambda reader: _write(reader, services, job))
    if written is not None:
        try:
            await services.mailer.send(compose(services, written, job))
        except MailRefused as refusal:
            reason = str(refusal)
            log.warning("account mail refused", letter=written.letter, reason=reason)
            await services.database.write(lambda tx: jobs.fail_job(tx, job, error=reason))
            return
    await services.database.write(lambda tx: jobs.finish_job(tx, job))


async def _answer(tx: Transaction, job: Job, now: int) -> None:
    """At most three links of a kind in a quarter of an hour; whoever asks for more has them already."""
    if not await jobs.finish_job(tx, job):
        raise LeaseLost(job)
    user = await users.find_user(tx, job.payload["email"])
    if user is None or not user.is_active:
        return
    kind = LinkKind(job.payload["ask"])
    recent = await account_links.count_recent_links(tx, user.id, kind, since=now - COUNTED_OVER)
    if recent < LINKS_AT_ONCE:
        await send_link(tx, kind, user, email=None, now=now, language=job.payload.get("language"))


async def _write(reader: Reader, services: Services, job: Job) -> Written | None:
    """None where the letter has become pointless."""
    payload, now = job.payload, services.clock()
    if "invitation" in payload:
        return await _write_invitation(reader, services, payload["invitation"], now)
    if "issuer" in payload:
        return await _write_issuer(reader, services, payload, now)
    if "password_changed" in payload:
        user = await users.find_user_by_uuid(reader, payload["password_changed"])
        if user is None:
            return None
        return Written(letter=Letter.PASSWORD_CHANGED, email=user.email, values={"user": user, "url": None})
    if "webhook_disabled" in payload:
        return await _write_webhook_disabled(reader, payload["webhook_disabled"], payload["user"])
    if "domain_lost" in payload:
        return await _write_domain_lost(reader, services, payload["domain_lost"], payload["user"])
    return await _write_link(reader, services, payload["link"], now)


async def _write_webhook_disabled(reader: Reader, endpoint_id: int, user_uuid: str) -> Written | None:
    endpoint = await webhooks.find_endpoint_by_id(reader, endpoint_id)
    user = await users.find_user_by_uuid(reader, user_uuid)
    if endpoint is None or user is None:
        return None
    organization = await organizations.get_organization(reader, endpoint.organization_id)
    values = {"endpoint": endpoint, "user": user, "organization": organization, "url": None}
    return Written(letter=Letter.WEBHOOK_DISABLED, email=user.email, values=values)


async def _write_domain_lost(
    reader: Reader, services: Services, organization_id: int, user_uuid: str
) -> Written | None:
    organization = await organizations.get_organization(reader, organization_id)
    user = await users.find_user_by_uuid(reader, user_uuid)
    if user is None or organization.domain_verified_at is not None:
        return None
    url = f"{services.addresses.base}/console/o/{organization.slug}/domain"
    values = {"user": user, "organization": organization, "url": url}
    return Written(letter=Letter.DOMAIN_LOST, email=user.email, values=values)


async def _write_invitation(reader: Reader, services: Services, uuid: str, now: int) -> Written | None:
    invitation = await invitations.find_open_invitation(reader, uuid, now=now)
    if invitation is None:
        return None
    organization = await organizations.get_organization(reader, invitation.organization_id)
    values = {
        "invitation": invitation,
        "organization": organization,
        "url": invitation_url(services, invitation),
    }
    return Written(letter=Letter.INVITATION, email=invitation.email, values=values)


async def _write_issuer(
    reader: Reader, services: Services, payload: Mapping[str, str], now: int
) -> Written | None:
    issuer = await issuers.find_issuer_by_uuid(reader, payload["issuer"])
    verification = (
        await issuer_verifications.find_verification(reader, issuer.id, now=now) if issuer else None
    )
    if issuer is None or verification is None or verification.nonce != payload["nonce"]:
        return None
    values = {
        "issuer": issuer,
        "code": issuer_code(services.settings.secret_key, verification),
        "url": verification_url(services, issuer, verification),
    }
    return Written(letter=Letter.ISSUER, email=verification.email, values=values)


async def _write_link(reader: Reader, services: Services, uuid: str, now: int) -> Written | None:
    link = await account_links.find_live_link(reader, uuid, now=now)
    user = await users.find_user_by_id(reader, link.user_id or 0) if link else None
    if link is None or user is None:
        return None
    email = link.email if link.email is not None else user.email
    return Written(
        letter=Letter(link.kind.value),
        email=email,
        values={"user": user, "link": link, "url": link_url(services, link)},
    )


def compose(services: Services, written: Written, job: Job) -> EmailMessage:
    """From one template: its first line is the subject, its second the button's words, each further line a paragraph."""
    name = f"mail/account/{written.letter}.txt"
    tongue = services.templates.tongue(job.payload.get("language"))
    text = tongue.environment.get_template(name).render({**written.values, "addresses": services.addresses})
    subject, button, *lines = text.splitlines()
    paragraphs = [line for line in lines if line.strip()]
    url = written.values["url"]
    html = tongue.environment.get_template("mail/account.html").render(
        {"subject": subject, "button": button, "paragraphs": paragraphs, "url": url}
    )
    sender = services.settings.mail_from
    return mail.compose(
        sender=sender,
        sender_name=services.addresses.host,
        recipient=written.email,
        subject=subject,
        text="\n\n".join(paragraphs) + "\n",
        html=html,
        message_id=f"account.{job.id}.{job.created_at}@{sender.rpartition('@')[2]}",
        now=services.clock(),
    )
