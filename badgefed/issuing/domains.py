"""A domain that an organization shows to be its own: by a TXT record that names the organization's token, or by a link with
`rel="me"` on the domain's front page to one of its issuers.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import StrEnum

from badgefed.errors import FetchFailed, Invalid, RateLimited, Unprocessable
from badgefed.model.audit import Action, Author, Target
from badgefed.model.hosts import normal_host
from badgefed.model.issuer import Issuer
from badgefed.model.organization import Organization
from badgefed.model.times import SECOND
from badgefed.protocol.rel_me import rel_me_links
from badgefed.protocol.sealing import derive_token, tokens_match
from badgefed.settings import ISSUER_HOST
from badgefed.store import audit, issuers, organizations, throttles
from badgefed.store.database import Reader, Transaction
from badgefed.texts import Message, say
from badgefed.work.services import Services

MAX_BYTES = 500_000
PAGES = ("text/html", "application/xhtml+xml")
LABEL = "_badgefed"
KEY = "badgefed-domain-verification="
MAX_DOMAIN = 253 - len(f"{LABEL}.")
FREE_ATTEMPTS = 10


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
    without_record = await _look_for_record(services, wanted)
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
    await audit.record(
        tx,
        by=by,
        action=Action.ORGANIZATION_VERIFY_DOMAIN,
        target=Target(id=organization.id, label=organization.slug),
        organization_id=organization.id,
        now=now,
        details={"domain": host, "proof": proof},
    )
    return await organizations.get_organization(tx, organization.id)


async def _look_for_record(services: Services, wanted: Instructions) -> Message | None:
    """None where the record is there; else what is wrong and what would be right."""
    name, value = wanted.record_name, wanted.record_value
    try:
        texts = await services.text_records.find_texts(name)
    except FetchFailed as failure:
        return say(
            "The TXT record %(name)s could not be looked up: %(failure)s. It should be %(value)s.",
            name=name,
            failure=failure.message,
            value=value,
        )
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
