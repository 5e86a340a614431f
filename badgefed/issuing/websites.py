"""An issuer's website, shown to be its own: the page links back to the issuer with `rel="me"`, as the profile links to the page."""

from __future__ import annotations

import asyncio

from badgefed.errors import FetchFailed, Invalid, RateLimited, Unprocessable
from badgefed.issuing.domains import FREE_ATTEMPTS, MAX_BYTES, PAGES
from badgefed.issuing.issuers import record_issuer
from badgefed.model.audit import Action, Author
from badgefed.model.hosts import normal_host
from badgefed.model.issuer import Issuer
from badgefed.model.times import SECOND
from badgefed.protocol.rel_me import rel_me_links
from badgefed.store import issuers, throttles
from badgefed.store.database import Transaction
from badgefed.texts import say
from badgefed.work.services import Services


async def verify_website(services: Services, issuer: Issuer, *, by: Author) -> None:
    """Marks the website as the issuer's own.

    Raises `Invalid` for an issuer without one; `RateLimited` after many attempts; `Unprocessable`, with what to put on the
    page, where it has no such link or can't be read.
    """
    if issuer.url is None:
        raise Invalid("This issuer has no website yet; enter one first.", field="url")
    await _take_attempt(services, issuer)
    links = await fetch_links(services, issuer.url)
    own = {issuer.actor_id, f"{services.addresses.base}/issuers/{issuer.username}"}
    if not own & {link.rstrip("/") for link in links}:
        raise Unprocessable(
            say(
                '%(url)s has no link back: put <link rel="me" href="%(actor)s"> on it, or a link to that address'
                ' with rel="me".',
                url=issuer.url,
                actor=issuer.actor_id,
            )
        )
    now = services.clock()

    async def store(tx: Transaction) -> None:
        if await issuers.set_url_verified(tx, issuer.id, url=issuer.url or "", now=now):
            details = {"url": issuer.url}
            await record_issuer(tx, Action.ISSUER_VERIFY_WEBSITE, issuer, by=by, now=now, details=details)

    await services.database.write(store)


async def _take_attempt(services: Services, issuer: Issuer) -> None:
    """Each attempt asks a server that somebody else chooses."""
    name, now = throttles.throttle_name("website", issuer.uuid), services.clock()
    wait = await services.database.write(
        lambda tx: throttles.take_attempt(tx, name, free=FREE_ATTEMPTS, now=now)
    )
    if wait:
        seconds = -(-wait // SECOND)
        raise RateLimited(
            say("Too many attempts. Try again in %(seconds)s seconds.", seconds=seconds), retry_after=seconds
        )


async def fetch_links(services: Services, url: str) -> tuple[str, ...]:
    """The `rel="me"` links of the page at the address; one on another host that it redirects to says nothing about it. Raises `Unprocessable`."""
    try:
        page = await services.client.get(url, accept="text/html", content_types=PAGES, max_bytes=MAX_BYTES)
    except FetchFailed as failure:
        raise Unprocessable(
            say("%(url)s could not be read: %(failure)s", url=url, failure=failure.message)
        ) from failure
    if normal_host(page.url) != normal_host(url):
        raise Unprocessable(
            say(
                "%(url)s leads to %(host)s; enter the address there instead.",
                url=url,
                host=normal_host(page.url),
            )
        )
    return await asyncio.to_thread(rel_me_links, page.body.decode("utf-8", "replace"))
