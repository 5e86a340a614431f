"""The job `sign_in`: sends the link by which somebody shows that an address or a profile is theirs.

A request for a link puts in a job whether there are badges or not, and the job finds out: neither the answer to the request
nor its time tells. A link's secret is derived from the server's and a random value of the job; the store has its hash only.
"""

from __future__ import annotations

import hashlib
import secrets
from email.message import EmailMessage

import structlog

from badgefed.errors import FetchFailed
from badgefed.model.actor import RemoteActor
from badgefed.model.holder import HolderLinkKind
from badgefed.model.identifiers import new_note_id
from badgefed.model.recipient import profile_alias
from badgefed.model.times import DAY, HOUR
from badgefed.net import mail
from badgefed.net.mail import MailRefused
from badgefed.protocol.messages import sign_in_message
from badgefed.protocol.notes import Mentioned
from badgefed.protocol.sealing import derive_token
from badgefed.store import held_grants, holders, issuers, jobs, remote_actors
from badgefed.store.database import Reader, Transaction
from badgefed.store.held_grants import Names
from badgefed.store.holders import Identity
from badgefed.store.jobs import Job, JobKind
from badgefed.texts import say
from badgefed.work import directory
from badgefed.work.leases import LeaseLost
from badgefed.work.notify import send_direct
from badgefed.work.services import Services

LIFETIME = DAY
LINKS_AT_ONCE = 3
COUNTED_OVER = HOUR
PATIENCE = HOUR
"""A link that could not be sent for so long is not waited for any more."""

_MAILTO = "mailto:"
_SUBJECTS = {
    HolderLinkKind.SIGN_IN: say("Your link to your badges"),
    HolderLinkKind.ADD: say("Is this your address, too?"),
    HolderLinkKind.ERASE: say("Erase everything about you?"),
}

log = structlog.get_logger(__name__)


async def ask_for_link(
    tx: Transaction,
    identity: str,
    *,
    holder_id: int | None,
    kind: HolderLinkKind,
    now: int,
    language: str | None = None,
) -> None:
    """`identity`: `mailto:` and an address in lower case, a handle or a profile's URL. While one is being sent, no other is.

    `holder_id`: who wants to add the identity to theirs, or to erase everything; None for somebody who wants to sign in.
    `language`: of the mail.
    """
    name = identity if identity.startswith(_MAILTO) else profile_alias(identity)
    await jobs.add_job(
        tx,
        JobKind.SIGN_IN,
        payload={
            "identity": identity,
            "holder_id": holder_id,
            "kind": kind,
            "nonce": secrets.token_urlsafe(16),
            "language": language,
        },
        unique_key=f"sign_in:{kind}:{holder_id or ''}:{name}",
        now=now,
    )


def hash_token(token: str) -> str:
    """SHA-256 in hex; a token has at least 160 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()


def link_url(services: Services, token: str) -> str:
    return f"{services.addresses.base}/me/link/{token}"


async def send_link(services: Services, job: Job) -> None:
    """Sends nothing where there are no badges, and at most three links an hour to one identity."""
    if services.clock() - job.created_at > PATIENCE:
        await services.database.write(lambda tx: _finish(tx, job))
    elif job.payload["identity"].startswith(_MAILTO):
        await _send_mail(services, job, job.payload["identity"])
    else:
        await _send_message(services, job, job.payload["identity"])


def _token(services: Services, job: Job) -> str:
    return derive_token(services.settings.secret_key, purpose="sign-in", subject=job.payload["nonce"])


async def _send_mail(services: Services, job: Job, alias: str) -> None:
    async def prepare(tx: Transaction) -> bool:
        has_reason = job.payload["holder_id"] is not None or await _has_badges(
            tx, Identity(alias=alias, proved_at=0)
        )
        return has_reason and await _make_link(tx, services, job, alias)

    if await services.database.write(prepare):
        try:
            await services.mailer.send(_compose(services, job, alias))
        except MailRefused as refusal:
            reason = str(refusal)
            log.warning("sign-in mail refused", job=job.id, reason=reason)
            await services.database.write(lambda tx: jobs.fail_job(tx, job, error=reason))
            return
    await services.database.write(lambda tx: _finish(tx, job))


def _kind(job: Job) -> HolderLinkKind:
    """Jobs of earlier versions don't say it."""
    known = HolderLinkKind.SIGN_IN if job.payload["holder_id"] is None else HolderLinkKind.ADD
    return HolderLinkKind(job.payload.get("kind", known))


async def _has_badges(reader: Reader, identity: Identity) -> bool:
    """Whether there is a collection of this identity, or a grant to it."""
    if await holders.find_holder_by_alias(reader, identity.alias) is not None:
        return True
    names = await held_grants.load_names(reader, [identity])
    return bool(await held_grants.list_held(reader, names, limit=1))


async def _make_link(tx: Transaction, services: Services, job: Job, alias: str) -> bool:
    """False where this identity got its links for this hour, or where who asked is not there any more."""
    now, token_hash, holder_id = services.clock(), hash_token(_token(services, job)), job.payload["holder_id"]
    if holder_id is not None and not await holders.has_holder(tx, holder_id):
        return False
    sent = await holders.count_links(tx, alias, since=now - COUNTED_OVER, besides=token_hash)
    if sent >= LINKS_AT_ONCE:
        return False
    await holders.add_link(
        tx,
        token_hash=token_hash,
        alias=alias,
        holder_id=holder_id,
        kind=_kind(job),
        expires_at=now + LIFETIME,
        now=now,
    )
    return True


async def _finish(tx: Transaction, job: Job) -> None:
    if not await jobs.finish_job(tx, job):
        raise LeaseLost(job)


def _compose(services: Services, job: Job, alias: str) -> EmailMessage:
    """The same at each attempt but for its date."""
    token, sender = _token(services, job), services.settings.mail_from
    kind = _kind(job)
    email = alias.removeprefix(_MAILTO)
    tongue = services.templates.tongue(job.payload.get("language"))
    values = {
        "addresses": services.addresses,
        "email": email,
        "link": link_url(services, token),
        "kind": kind,
    }
    return mail.compose(
        sender=sender,
        sender_name=services.addresses.host,
        recipient=email,
        subject=tongue.tell(_SUBJECTS[kind]),
        text=tongue.environment.get_template("mail/sign_in.txt").render(values),
        html=tongue.environment.get_template("mail/sign_in.html").render(values),
        message_id=f"{hash_token(token)[:32]}.sign-in@{sender.rpartition('@')[2]}",
        now=services.clock(),
    )


async def _send_message(services: Services, job: Job, profile: str) -> None:
    """By direct message from the issuer of the last badge. A profile that can't be found ends the job."""
    holder_id = job.payload["holder_id"]
    if holder_id is None and not await services.database.read(lambda reader: _is_known(reader, profile)):
        await services.database.write(lambda tx: _finish(tx, job))
        return
    try:
        actor = await directory.find_profile(services, profile)
    except FetchFailed as failure:
        if failure.reason in directory.TRANSIENT:
            raise
        log.info("profile not found", job=job.id, reason=failure.reason)
        await services.database.write(lambda tx: _finish(tx, job))
        return
    await services.database.write(lambda tx: _message(tx, services, job, actor))
    services.wake.set()


async def _is_known(reader: Reader, profile: str) -> bool:
    """Whether there are badges for what this names, as far as the store tells: nobody makes us ask other servers."""
    alias = profile_alias(profile)
    actor = await remote_actors.find_actor_by_alias(reader, alias)
    if actor is not None:
        return await _has_badges(reader, Identity(alias=actor.id, proved_at=0))
    return bool(await held_grants.list_held(reader, Names(aliases=(alias,)), limit=1))


async def _message(tx: Transaction, services: Services, job: Job, actor: RemoteActor) -> None:
    await _finish(tx, job)
    issuer_id = await _find_sender(tx, actor.id, job.payload["holder_id"])
    if issuer_id is None or not await _make_link(tx, services, job, actor.id):
        return
    issuer = await issuers.get_issuer(tx, issuer_id)
    tongue = services.templates.tongue(job.payload.get("language"))
    note = sign_in_message(
        note_id=services.addresses.note(issuer.actor_id, new_note_id()),
        now=services.clock(),
        issuer=issuer,
        recipient=Mentioned(
            actor_id=actor.id, name=actor.handle or f"@{actor.host}", url=actor.url or actor.id
        ),
        host=services.addresses.host,
        link_url=link_url(services, _token(services, job)),
        kind=_kind(job),
        language=tongue.tag,
        translate=tongue.translate,
    )
    await send_direct(tx, issuer, actor, note, now=services.clock())


async def _find_sender(reader: Reader, actor_id: str, holder_id: int | None) -> int | None:
    """The issuer of the last badge of the profile; where it has none, of the collection that it is, or shall be, part of."""
    own = await held_grants.load_names(reader, [Identity(alias=actor_id, proved_at=0)])
    issuer_id = await held_grants.find_last_issuer(reader, own)
    if issuer_id is not None:
        return issuer_id
    holder = holder_id or await holders.find_holder_by_alias(reader, actor_id)
    if holder is None:
        return None
    identities = await holders.list_identities(reader, holder)
    return await held_grants.find_last_issuer(reader, await held_grants.load_names(reader, identities))
