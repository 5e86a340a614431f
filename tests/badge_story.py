"""What is done with badges while workers are killed (`test_crash_story.py`), and who is told of it."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
from aiohttp import web

from badgefed.issuing import awards, grants
from badgefed.issuing.grants import Offer, Proof, Repeat
from badgefed.issuing.webhooks import Wanted, create_endpoint
from badgefed.model.audit import SYSTEM
from badgefed.model.grant import Grant, ProofKind
from badgefed.model.times import SECOND
from badgefed.model.visibility import Visibility
from badgefed.model.webhook import Event
from badgefed.store import remote_actors
from badgefed.store.database import Transaction
from badgefed.work.services import Services
from tests.conftest import World
from tests.me.browsing import JANE, browse, links_to, post, sign_in
from tests.me.browsing import follow as press
from tests.sinks import follow, remote_actor
from tests.workers import run_until_idle
from tests.world import Mailbox

SERVERS = 3
PROFILES = 4
PEOPLE = 30
HELD = 21
"""More than the job that erases takes at once."""

PROOF = Proof(kind=ProofKind.MAIL_LINK, details={})


@dataclass
class Outside:
    """Servers on loopback with followers, and a program that listens to webhooks: what came, in its order."""

    bases: list[str] = field(default_factory=list)
    activities: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    events: list[dict[str, Any]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        if request.path == "/hook":
            self.events.append(body)
        else:
            about = body["object"] if isinstance(body["object"], str) else body["object"]["id"]
            self.activities[f"http://{request.host}{request.path}", about].append(body)
        await asyncio.sleep(0.01)
        return web.Response(status=202)


@asynccontextmanager
async def run_outside() -> AsyncIterator[Outside]:
    outside = Outside()
    app = web.Application()
    app.router.add_post("/{path:.*}", outside.take)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    for _ in range(SERVERS):
        await web.TCPSite(runner, "127.0.0.1", 0).start()
    outside.bases = [f"http://{host}:{port}" for host, port in runner.addresses]
    try:
        yield outside
    finally:
        await runner.cleanup()


@dataclass
class Story:
    """What is done with badges between the kills. `states` and `told` are what has to come of it.

    Those `apart` stay as they were offered.
    """

    services: Services
    world: World
    chance: random.Random
    states: dict[int, str] = field(default_factory=dict)
    told: Counter[tuple[str, int]] = field(default_factory=Counter)
    apart: set[int] = field(default_factory=set)

    async def write(self, work: Callable[[Transaction], Awaitable[Any]]) -> Any:
        return await self.services.database.write(work)

    async def offer(self, *, awarded: bool = False, **wanted: Any) -> int:
        whole = Offer(
            organization_id=self.world.organization.id,
            badge_id=self.world.badge.id,
            repeat=Repeat.ADD,
            **wanted,
        )
        offer = awards.award if awarded else grants.offer
        grant: Grant = (await self.write(lambda tx: offer(tx, whole, self.services))).grant
        self.states[grant.id] = "processed" if awarded else "pending"
        self.told[Event.GRANT_CREATED, grant.id] += 1
        return grant.id

    async def do(
        self, event: Event, state: str, change: Callable[..., Awaitable[Any]], grant_id: int
    ) -> None:
        values: dict[str, Any] = {
            grants.accept: {"visibility": Visibility.PUBLIC, "proof": PROOF},
            grants.reinstate: {},
        }.get(change, {"reason": "so it is"})
        assert await self.write(lambda tx: change(tx, grant_id, now=self.services.clock(), **values))
        self.states[grant_id] = state
        self.told[event, grant_id] += 1

    def choose(self, state: str, count: int = 1) -> list[int]:
        """Some of those that are to be in this state."""
        able = [one for one, now in self.states.items() if now == state and one not in self.apart]
        return self.chance.sample(able, count)

    async def accept(self, grant_id: int) -> None:
        await self.do(Event.GRANT_ACCEPTED, "processed", grants.accept, grant_id)

    async def give(self, round_: int) -> None:
        """Badges are accepted, declined, awarded, and some of all of them revoked."""
        for grant_id in self.choose("pending", 6):
            await self.accept(grant_id)
        for grant_id in self.choose("pending"):
            await self.do(Event.GRANT_DECLINED, "declined", grants.decline, grant_id)
        for grant_id in self.choose("pending") + self.choose("processed"):
            await self.do(Event.GRANT_REVOKED, "revoked", grants.revoke, grant_id)
        await self.offer(email=f"awarded{round_}@example.org", awarded=True)
        expires_at = self.services.clock() + SECOND
        grant_id = await self.offer(email=f"late{round_}@example.org", expires_at=expires_at)
        self.told[Event.GRANT_EXPIRED, grant_id] += 1
        self.apart.add(grant_id)

    async def take_back(self) -> None:
        """Badges that people hold are suspended, reinstated and revoked."""
        for grant_id in self.choose("processed", 2):
            await self.do(Event.GRANT_SUSPENDED, "suspended", grants.suspend, grant_id)
        for grant_id in self.choose("suspended"):
            await self.do(Event.GRANT_REINSTATED, "processed", grants.reinstate, grant_id)
        for grant_id in self.choose("processed", 2) + self.choose("suspended"):
            await self.do(Event.GRANT_REVOKED, "revoked", grants.revoke, grant_id)


@dataclass(frozen=True)
class Jane:
    """Somebody who is signed in, with all her badges, and has got the link by which everything of hers is erased."""

    held: list[int]
    client: httpx.AsyncClient
    link: str

    async def erase(self, story: Story) -> None:
        assert (await press(self.client, self.link)).status_code == 200
        for grant_id in self.held:
            story.told[Event.GRANT_REVOKED, grant_id] += 1
            story.told[Event.GRANT_ERASED, grant_id] += 1


@asynccontextmanager
async def meet_jane(story: Story, mailbox: Mailbox) -> AsyncIterator[Jane]:
    held = [await story.offer(email=JANE, name="Jane Doe") for _ in range(HELD)]
    async with browse(story.services) as client:
        await sign_in(story.services, client, mailbox)
        await post(client, "/me/erase", "/me/erase", identity=f"mailto:{JANE}")
        await run_until_idle(story.services)
        yield Jane(held=held, client=client, link=links_to(mailbox, JANE)[-1])


async def open_doors(story: Story, outside: Outside) -> None:
    """Followers, profiles that are known, and a webhook, which hears of what comes from now on."""
    services, world = story.services, story.world
    await follow(services, world.issuer, [f"{base}/users/follower" for base in outside.bases], shared=False)
    profiles = [f"{outside.bases[0]}/users/profile{number}" for number in range(PROFILES)]
    for profile in profiles:
        known = replace(remote_actor(profile, shared=False), fetched_at=services.clock())
        await story.write(lambda tx, known=known: remote_actors.save_actor(tx, known))  # type: ignore[misc]
    await story.write(lambda tx: tx.execute("UPDATE followers SET is_shared = 1"))  # so that there is no pace
    wanted = Wanted(url=f"{outside.bases[-1]}/hook")
    await story.write(lambda tx: create_endpoint(tx, services, world.organization.id, wanted, by=SYSTEM))
    story.told.clear()
    for number in range(PEOPLE):
        await story.offer(email=f"person{number}@example.org")
    for number, profile in enumerate(profiles):
        grant_id = await story.offer(profile=profile)
        if number % 2:
            story.apart.add(grant_id)
