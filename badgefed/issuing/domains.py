"""A domain that an organization shows to be its own: by a TXT record that names the organization's token, or by a link with
`rel="me"` on the domain's front page to one of its issuers.

Whether the proof is still there is looked at every 30 days. One that is missing three times, a day apart, ends it. Name
servers that give no answer say neither.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import StrEnum

from badgefed.errors import FetchFailed, Invalid, RateLimited, Unprocessable
from badgefed.model.audit import SYSTEM, Action, Author, Target
from badgefed.model.hosts import normal_host
from badgefed.model.issuer import Issuer
from badgefed.model.organization import Organization
from badgefed.model.times import DAY, SECOND
from badgefed.protocol.rel_me import rel_me_links
from badgefed.protocol.sealing import derive_token, tokens_match
from badgefed.settings import ISSUER_HOST
from badgefed.store import audit, issuers, jobs, members, organizations, throttles
from badgefed.store.database import Reader, Transaction
from badgefed.store.jobs import Job, JobKind, Priority
from badgefed.texts import Message, say
from badgefed.work.account_mails import send_domain_lost
from badgefed.work.leases import LeaseLost
from badgefed.work.services import Services

MAX_BYTES = 500_000
PAGES = ("text/html", "application/xhtml+xml")
LABEL = "_badgefed"
KEY = "badgefed-domain-verification="
MAX_DOMAIN = 253 - len(f"{LABEL}.")
FREE_ATTEMPTS = 10
CHECKED_EVERY = 30 * DAY
MISSES = 3


class DomainProof(StrEnum):
    """How a domain was proved to be an organization's."""

    RECORD = "record"
    LINK = "link"


@dataclass(frozen=True, slots=True, kw_only=True)
class Instructions:
    """What proves a domain: a TXT record with this name and value, or a link to one of `links` on the front page."""

    domain: str
    record_name: str
    record_value: str
    links: tuple[str, ...]


def read_domain(text: str) -> str:
    """The domain in lower case and Punycode. Raises `Invalid`."""
    host = normal_host(text.strip())
    if not ISSUER_HOST.fullmatch(host) or "/" in text or len(host) > MAX_DOMAIN:
        raise Invalid("The domain must be a name like school.example.", field="domain")
    return host


async def load_instructions(
    reader: Reader, services: Services, organization: Organization, domain: str
) -> Instructions:
    """For a domain that may be any text; the token is the organization's own and stays the same."""
    token = derive_token(services.settings.secret_key, purpose="domain", subject=organization.uuid)
    own = await issuers.list_issuers(reader, organization_id=organization.id)
    addresses = tuple(address for issuer in own for address in _addresses(services, issuer))
    return Instructions(
        domain=domain,
        record_name=f"{LABEL}.{domain}",
        record_value=f"{KEY}{token}",
        links=addresses or (services.addresses.actor(organization.slug),),
    )


async def verify_domain(
    services: Services, organization: Organization, domain: str, *, by: Author
) -> Organization:
    """The organization with its verified domain; the record is looked at first.

    Raises `Invalid` for what is no domain; `Unprocessable`, with what to do, where neither proof is there; `RateLimited`
    after ten attempts without success.
    """
    host = read_domain(domain)
    await _count_attempt(services, organization)
    wanted = await services.database.read(
        lambda reader: load_instructions(reader, services, organization, host)
    )
    proof = await _find_proof(services, organization, wanted)
    return await services.database.write(lambda tx: _store(tx, services, organization, host, proof, by))


async def _find_proof(services: Services, organization: Organization, wanted: Instructions) -> DomainProof:
    try:
        without_record = await _look_for_record(services, wanted)
    except FetchFailed as failure:
        without_record = say(
            "The TXT record %(name)s could not be looked up: %(failure)s. It should be %(value)s.",
            name=wanted.record_name,
            failure=failure.message,
            value=wanted.record_value,
        )
    if without_record is None:
        return DomainProof.RECORD
    without_link = await _look_for_link(services, organization, wanted)
    if without_link is None:
        return DomainProof.LINK
    raise Unprocessable(say("%(record)s Nor by its page: %(link)s", record=without_record, link=without_link))


async def _store(
    tx: Transaction,
    services: Services,
    organization: Organization,
    host: str,
    proof: DomainProof,
    by: Author,
) -> Organization:
    now = services.clock()
    await throttles.forget_attempts(tx, _throttle(organization))
    await organizations.set_domain(tx, organization.id, domain=host, verified_at=now)
    await _schedule_check(tx, organization, now=now)
    action = Action.ORGANIZATION_VERIFY_DOMAIN
    await _record(tx, action, organization, by=by, now=now, domain=host, proof=proof)
    return await organizations.get_organization(tx, organization.id)


async def _record(
    tx: Transaction, action: Action, organization: Organization, *, by: Author, now: int, **details: str
) -> None:
    await audit.record(
        tx,
        by=by,
        action=action,
        target=Target(id=organization.id, label=organization.slug),
        organization_id=organization.id,
        now=now,
        details=details,
    )


async def _schedule_check(tx: Transaction, organization: Organization, *, now: int) -> None:
    """In the place of the check of a domain that was verified before, also of one that is under way."""
    key = f"domain:{organization.id}"
    await jobs.drop_unique(tx, key)
    await jobs.add_job(
        tx,
        JobKind.DOMAIN,
        payload={"organization": organization.id, "misses": 0},
        unique_key=key,
        priority=Priority.BACKGROUND,
        not_before=now + CHECKED_EVERY,
        now=now,
    )


async def check_again(services: Services, job: Job) -> None:
    """The job: looks whether the proof is still there. Where it has been missing too often, the domain is no longer verified."""
    organization, wanted = await services.database.read(
        lambda reader: _load_checked(reader, services, job.payload["organization"])
    )
    misses: int = job.payload["misses"]
    try:
        misses = 0 if await _is_proved(services, organization, wanted) else misses + 1
        pause = DAY if misses else CHECKED_EVERY
    except FetchFailed:
        pause = DAY
    await services.database.write(
        lambda tx: _end_check(tx, job, organization, misses, pause=pause, now=services.clock())
    )
    services.wake.set()


async def _load_checked(
    reader: Reader, services: Services, organization_id: int
) -> tuple[Organization, Instructions]:
    organization = await organizations.get_organization(reader, organization_id)
    return organization, await load_instructions(reader, services, organization, organization.domain or "")


async def _is_proved(services: Services, organization: Organization, wanted: Instructions) -> bool:
    """Raises `FetchFailed` where only the name servers could tell, and gave no answer."""
    if await _look_for_link(services, organization, wanted) is None:
        return True
    return await _look_for_record(services, wanted) is None


async def _end_check(
    tx: Transaction, job: Job, organization: Organization, misses: int, *, pause: int, now: int
) -> None:
    if misses < MISSES:
        payload = {**job.payload, "misses": misses}
        ended = await jobs.continue_job(tx, job, payload=payload, not_before=now + pause)
    else:
        ended = await jobs.finish_job(tx, job)
        await _take_away(tx, organization, now=now)
    if not ended:
        raise LeaseLost(job)


async def _take_away(tx: Transaction, organization: Organization, *, now: int) -> None:
    """The domain stands in the form of the console still, so that it is easily verified again."""
    domain = organization.domain or ""
    await organizations.set_domain(tx, organization.id, domain=domain, verified_at=None)
    action = Action.ORGANIZATION_LOSE_DOMAIN
    await _record(tx, action, organization, by=SYSTEM, now=now, domain=domain)
    for owner in await members.list_owners(tx, organization.id):
        await send_domain_lost(tx, organization, owner, now=now)


async def _look_for_record(services: Services, wanted: Instructions) -> Message | None:
    """None where the record is there; else what is wrong and what would be right. Raises `FetchFailed`."""
    name, value = wanted.record_name, wanted.record_value
    texts = await services.text_records.find_texts(name)
    if any(tokens_match(text.strip(), value) for text in texts):
        return None
    if any(text.strip().startswith(KEY) for text in texts):
        return say(
            "The TXT record %(name)s has another token: this organization's is %(value)s.",
            name=name,
            value=value,
        )
    return say("There is no TXT record %(name)s: set it to %(value)s.", name=name, value=value)


async def _look_for_link(
    services: Services, organization: Organization, wanted: Instructions
) -> Message | None:
    """The same for the link on the page at the very domain: one that it redirects to elsewhere says nothing about it."""
    host = wanted.domain
    try:
        page = await services.client.get(
            f"https://{host}/", accept="text/html", content_types=PAGES, max_bytes=MAX_BYTES
        )
    except FetchFailed as failure:
        return say("https://%(host)s/ could not be read: %(failure)s", host=host, failure=failure.message)
    if normal_host(page.url) != host:
        return say(
            "https://%(host)s/ leads to %(other)s; verify that one, or put a page of its own there.",
            host=host,
            other=normal_host(page.url),
        )
    links = await asyncio.to_thread(rel_me_links, page.body.decode("utf-8", "replace"))
    if set(wanted.links) & {link.rstrip("/") for link in links}:
        return None
    return say(
        'https://%(host)s/ has no link to %(organization)s: put <link rel="me" href="%(example)s"> on it.',
        host=host,
        organization=organization.name,
        example=wanted.links[0],
    )


async def _count_attempt(services: Services, organization: Organization) -> None:
    """Each attempt asks servers that somebody else chooses."""
    wait = await services.database.write(
        lambda tx: throttles.take_attempt(
            tx, _throttle(organization), free=FREE_ATTEMPTS, now=services.clock()
        )
    )
    if wait:
        seconds = -(-wait // SECOND)
        raise RateLimited(
            say("Too many attempts. Try again in %(seconds)s seconds.", seconds=seconds), retry_after=seconds
        )


def _throttle(organization: Organization) -> str:
    return throttles.throttle_name("domain", organization.uuid)


def _addresses(services: Services, issuer: Issuer) -> tuple[str, ...]:
    return issuer.actor_id, f"{services.addresses.base}/issuers/{issuer.username}"
