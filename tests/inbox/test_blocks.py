"""Actors who are blocked get nothing from here: no message, no copy of a badge."""

from __future__ import annotations

import httpx
import pytest

from badgefed.inbox import moderation
from badgefed.issuing import grants as granting
from badgefed.issuing.grants import Offer, Proof
from badgefed.model.grant import ProofKind, Status
from badgefed.model.visibility import Visibility
from badgefed.store import blocks
from badgefed.store.blocks import BlockKind
from badgefed.work.services import Services
from tests.conftest import World
from tests.inbox.steps import follower_ids, get_grant, offer_badge, work
from tests.remote import RemotePerson, RemoteServer, make_door
from tests.sinks import make_worker, publish, queue

SPELLINGS = ("https://social.example/users/bob", "https://SOCIAL.example:443/users/bob/")


def offer_of(world: World, person: RemotePerson) -> Offer:
    return Offer(
        organization_id=world.organization.id,
        badge_id=world.badge.id,
        profile=f"@{person.name}@{person.server.host}",
    )


@pytest.mark.parametrize("is_known", [True, False])
@pytest.mark.parametrize("by", ["server", "issuer"])
async def test_a_blocked_recipient_is_not_told(
    door: httpx.AsyncClient,
    services: Services,
    world: World,
    social: RemoteServer,
    bob: RemotePerson,
    by: str,
    is_known: bool,
) -> None:
    if is_known:
        await bob.post(door, bob.activity("Like", "https://badges.example/x"))
    issuer_id = world.issuer.id if by == "issuer" else None
    await services.database.write(
        lambda tx: blocks.add_block(tx, BlockKind.ACTOR, SPELLINGS[1], issuer_id=issuer_id, now=1)
    )
    offered = await services.database.write(lambda tx: granting.offer(tx, offer_of(world, bob), services))
    await work(services)
    assert social.received == []
    assert await queue(services) == []
    assert (await get_grant(services, offered.grant.id)).status is Status.PENDING
    failed = await services.database.all("SELECT last_error FROM jobs WHERE state = 'failed'")
    assert ["blocked" in row["last_error"] for row in failed] == ([True] if by == "server" else [])


async def test_a_recipient_who_is_blocked_later_gets_no_note_and_no_delete(
    services: Services, world: World, social: RemoteServer, bob: RemotePerson
) -> None:
    grant, _ = await offer_badge(services, world, bob)
    social.received.clear()
    await services.database.write(lambda tx: moderation.block(tx, BlockKind.ACTOR, bob.id, now=1))
    proof = Proof(kind=ProofKind.LINK, details={})
    await services.database.write(
        lambda tx: granting.accept(
            tx, grant.id, visibility=Visibility.PUBLIC, proof=proof, now=services.clock()
        )
    )
    await work(services)
    assert (await get_grant(services, grant.id)).status is Status.PROCESSED
    await services.database.write(
        lambda tx: granting.revoke(tx, grant.id, reason="a mistake", now=services.clock())
    )
    await work(services)
    assert social.received == []


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_blocking_an_actor_ends_the_follow_and_what_waits_for_it(
    any_services: Services, any_world: World, social: RemoteServer, spelling: str
) -> None:
    services, world = any_services, any_world
    bob, eve = social.person("bob"), social.person("eve")
    async with make_door(services) as door:
        for person in (bob, eve):
            person.extra = {"endpoints": None}
            await person.post(door, person.activity("Follow", world.issuer.actor_id))
    await work(services)
    await publish(services, world.issuer, "n1")
    await make_worker(services).step(only="jobs")
    assert len(await queue(services)) == 2
    await services.database.write(lambda tx: moderation.block(tx, BlockKind.ACTOR, spelling, now=1))
    assert await follower_ids(services, world) == [eve.id]
    await publish(services, world.issuer, "n2")
    await make_worker(services).step(only="jobs")
    assert [inbox for inbox, _, _ in await queue(services)] == [f"{eve.id}/inbox"] * 2


async def test_an_inbox_of_many_is_not_emptied_for_one_of_them(
    door: httpx.AsyncClient, services: Services, world: World, bob: RemotePerson, eve: RemotePerson
) -> None:
    for person in (bob, eve):
        person.extra = {"endpoints": None, "inbox": "https://social.example/users/all/inbox"}
        await person.post(door, person.activity("Follow", world.issuer.actor_id))
    await work(services)
    await publish(services, world.issuer, "n1")
    await make_worker(services).step(only="jobs")
    await services.database.write(lambda tx: moderation.block(tx, BlockKind.ACTOR, bob.id, now=1))
    assert [inbox for inbox, _, _ in await queue(services)] == ["https://social.example/users/all/inbox"]
