"""The document doors with their clients, and grants in every state that they may be asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from starlette.applications import Starlette

from badgefed.issuing import grants
from badgefed.issuing.grants import Offer, Proof
from badgefed.model.grant import Grant, ProofKind
from badgefed.model.times import MINUTE
from badgefed.model.visibility import Visibility
from badgefed.store import grants as stored_grants
from badgefed.store import jobs
from badgefed.store.jobs import JobKind
from badgefed.web import activitypub, discovery, errors, images, openbadges, pages
from badgefed.work.process import process
from badgefed.work.services import Services
from tests.conftest import BASE, World

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
ACTIVITY = "application/activity+json"
REASON = "It was given by mistake"


def make_app(services: Services) -> Starlette:
    routes = [
        *activitypub.routes,
        *discovery.routes,
        *openbadges.routes,
        *images.routes,
        *pages.routes,
    ]
    app = Starlette(routes=routes, exception_handlers=errors.handlers)
    app.router.redirect_slashes = False
    app.state.services = services
    return app


@asynccontextmanager
async def browse(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the doors that sends no Accept header of its own and follows no redirects."""
    transport = httpx.ASGITransport(app=make_app(services))
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
        del client.headers["accept"]
        yield client


async def fetch(client: httpx.AsyncClient, url: str, accept: str = ACTIVITY) -> dict[str, Any]:
    """The document at this address; it must be there."""
    response = await client.get(url, headers={"accept": accept})
    assert response.status_code == 200, (url, response.status_code, response.text)
    document: dict[str, Any] = response.json()
    return document


async def offer(services: Services, world: World, name: str) -> Grant:
    wanted = Offer(
        organization_id=world.organization.id,
        badge_id=world.badge.id,
        profile=f"https://social.example/users/{name}",
        name=name.title(),
    )
    offered = await services.database.write(lambda tx: grants.offer(tx, wanted, services))
    return offered.grant


async def accept(
    services: Services, grant: Grant, visibility: Visibility = Visibility.PUBLIC
) -> Grant | None:
    proof = Proof(kind=ProofKind.LINK, details={})
    return await services.database.write(
        lambda tx: grants.accept(tx, grant.id, visibility=visibility, proof=proof, now=services.clock())
    )


async def decline(services: Services, grant: Grant) -> None:
    await services.database.write(lambda tx: grants.decline(tx, grant.id, reason=None, now=services.clock()))


async def revoke(services: Services, grant: Grant) -> None:
    await services.database.write(lambda tx: grants.revoke(tx, grant.id, reason=REASON, now=services.clock()))


async def process_accepted(services: Services) -> None:
    now = services.clock()
    claimed = await services.database.write(lambda tx: jobs.claim_jobs(tx, limit=1000, now=now, lease=MINUTE))
    for job in claimed:
        if job.kind is JobKind.PROCESS:
            await process(services, job)


async def publish(
    services: Services, world: World, name: str = "jane", visibility: Visibility = Visibility.PUBLIC
) -> Grant:
    """A processed grant."""
    offered = await offer(services, world, name)
    await accept(services, offered, visibility)
    await process_accepted(services)
    grant = await stored_grants.find_grant(services.database, offered.id)
    assert grant is not None
    return grant


async def delete_issuer(services: Services, world: World) -> None:
    now = services.clock()
    await services.database.write(
        lambda tx: tx.execute("UPDATE issuers SET deleted_at = ? WHERE id = ?", now, world.issuer.id)
    )
