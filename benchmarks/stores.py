"""Stores to measure on: an organization with issuer, badge and key, its followers, and badges that people accepted.

They are filled through the server's own use cases and store functions, so that every row and document is what it would be.
"""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from badgefed.app import open_services
from badgefed.issuing.api_keys import create_key
from badgefed.issuing.badges import NewBadge, create_badge
from badgefed.issuing.grants import Offer, Proof, accept, offer
from badgefed.issuing.job_handlers import JOB_HANDLERS
from badgefed.issuing.organizations import create_organization, create_user
from badgefed.model.badge import Badge
from badgefed.model.grant import Grant, ProofKind, Status
from badgefed.model.issuer import Issuer
from badgefed.model.organization import Dialect, Organization, Role
from badgefed.model.visibility import Visibility
from badgefed.settings import load_settings
from badgefed.store import followers, grants
from badgefed.store.database import Transaction
from badgefed.work.services import Services
from badgefed.work.worker import Worker
from tests.interop.processes import HOST, free_port

OWNER = "owner@example.org"
CHUNK = 5_000


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A folder with a store, and what is in it. `environment` is for processes on the same store."""

    folder: Path
    base: str
    port: int
    environment: Mapping[str, str]
    services: Services
    organization: Organization
    issuer: Issuer
    badge: Badge
    key: str
    _numbers: Iterable[int] = field(default_factory=itertools.count)

    async def add_followers(self, inboxes: Iterable[str]) -> None:
        """One follower behind each of these shared inboxes."""
        waiting = iter(inboxes)
        while chunk := list(itertools.islice(waiting, CHUNK)):

            async def add(tx: Transaction, chunk: list[str] = chunk) -> None:
                now = self.services.clock()
                for inbox in chunk:
                    actor = f"{inbox}#follower"
                    await followers.add_follower(
                        tx,
                        issuer_id=self.issuer.id,
                        actor_id=actor,
                        follow_id=f"{actor}/follow",
                        delivery_inbox=inbox,
                        is_shared=True,
                        now=now,
                    )

            await self.services.database.write(add)

    async def publish_notes(self, count: int) -> list[Grant]:
        """Offers, accepts and processes as many badges, and queues their deliveries."""
        made = [await self.services.database.write(self._offer_and_accept) for _ in range(count)]
        worker = Worker(self.services, JOB_HANDLERS)
        while await worker.step("jobs"):
            pass
        found = [await grants.find_grant(self.services.database, grant_id) for grant_id in made]
        processed = [grant for grant in found if grant and grant.status is Status.PROCESSED]
        if len(processed) != count:
            raise RuntimeError(f"{len(processed)} of {count} badges were processed")
        return processed

    async def publish_note_unsent(self) -> None:
        """One badge, processed; its fan-out waits for a worker."""
        await self.services.database.write(self._offer_and_accept)
        await Worker(self.services, JOB_HANDLERS).step("jobs")

    async def _offer_and_accept(self, tx: Transaction) -> int:
        number = next(iter(self._numbers))
        wanted = Offer(
            organization_id=self.organization.id,
            badge_id=self.badge.id,
            email=f"person{number}@example.org",
            name=f"Person {number}",
            evidence="Was there from the first minute to the last.",
        )
        offered = await offer(tx, wanted, self.services)
        proof = Proof(kind=ProofKind.MAIL_LINK, details={})
        await accept(
            tx,
            offered.grant.id,
            visibility=Visibility.PUBLIC,
            proof=proof,
            now=self.services.clock(),
        )
        return offered.grant.id


@contextlib.asynccontextmanager
async def open_stage(folder: Path, **variables: str) -> AsyncIterator[Stage]:
    """A new store in an empty folder; further `BADGEFED_` variables by their names without it."""
    port = free_port()
    base = f"http://{HOST}:{port}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BADGEFED_")}
    environment = {
        **kept,
        "BADGEFED_BASE_URL": base,
        "BADGEFED_ALLOW_PRIVATE_NETWORK": "1",
        "BADGEFED_DATA_DIR": str(folder / "data"),
        **{f"BADGEFED_{name}": value for name, value in variables.items()},
    }
    services = await open_services(load_settings(environment))
    try:
        organization, issuer = await create_organization(services, slug="club", name="The Club")
        await create_user(services, email=OWNER, organization=organization, role=Role.OWNER)
        new = NewBadge(
            title="Advanced Training",
            description="Finished the advanced training, with all its exercises.",
            criteria="Completed each of the twelve units and passed the exam.",
            hashtags="#training #advanced",
        )
        badge = await create_badge(services, issuer=issuer, new=new)
        key = await create_key(services, email=OWNER, name="benchmarks", dialect=Dialect.BADGES, rate=0)
        yield Stage(
            folder=folder,
            base=base,
            port=port,
            environment=environment,
            services=services,
            organization=organization,
            issuer=issuer,
            badge=badge,
            key=key.key,
        )
    finally:
        await services.close()
