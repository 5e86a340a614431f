"""What tests of the inbox do again and again."""

from __future__ import annotations

from badgefed.issuing import grants as granting
from badgefed.issuing.grants import Offer
from badgefed.model.grant import Grant
from badgefed.store import followers, grants, messages
from badgefed.store.jobs import JobKind
from badgefed.store.messages import MessageKind
from badgefed.work.fan_out import fan_out
from badgefed.work.notify import notify
from badgefed.work.process import process
from badgefed.work.services import Services
from badgefed.work.worker import Worker
from tests.conftest import World
from tests.remote import RemotePerson


async def work(services: Services) -> None:
    """Until nothing is due."""
    worker = Worker(
        services,
        {JobKind.NOTIFY: notify, JobKind.PROCESS: process, JobKind.FAN_OUT: fan_out},
        random=lambda: 0.5,
    )
    while await worker.step():
        continue


async def offer_badge(services: Services, world: World, person: RemotePerson) -> tuple[Grant, str]:
    """A pending grant for the person, who has got the direct message; and that message's id."""
    wanted = Offer(
        organization_id=world.organization.id,
        badge_id=world.badge.id,
        profile=f"@{person.name}@{person.server.host}",
    )
    offered = await services.database.write(lambda tx: granting.offer(tx, wanted, services))
    await work(services)
    sent = await messages.list_messages(services.database, offered.grant.id)
    assert [message.kind for message in sent] == [MessageKind.GRANT]
    return await get_grant(services, offered.grant.id), sent[0].uri


async def get_grant(services: Services, grant_id: int) -> Grant:
    grant = await grants.find_grant(services.database, grant_id)
    assert grant is not None
    return grant


async def follower_ids(services: Services, world: World) -> list[str]:
    found = await followers.list_followers(services.database, world.issuer.id, before=None, limit=100)
    return [follower.actor_id for follower in found]
