from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from badgefed.model.grant import Grant, Status
from badgefed.work.services import Services
from tests.conftest import World
from tests.inbox.steps import get_grant, offer_badge, work
from tests.remote import RemotePerson, RemoteServer, make_door
from tests.world import Clock, Network


@pytest.fixture
async def door(services: Services, world: World) -> AsyncIterator[httpx.AsyncClient]:
    """Our inboxes, with issuer `org` behind them."""
    async with make_door(services) as client:
        yield client


@pytest.fixture
def social(network: Network, clock: Clock) -> RemoteServer:
    """`social.example`, a server with a shared inbox."""
    return RemoteServer(network=network, clock=clock)


@pytest.fixture
def bob(social: RemoteServer) -> RemotePerson:
    return social.person("bob")


@pytest.fixture
def eve(social: RemoteServer) -> RemotePerson:
    """On the same server as bob, and up to no good."""
    return social.person("eve")


@pytest.fixture
async def grant(door: httpx.AsyncClient, services: Services, world: World, social: RemoteServer) -> Grant:
    """A published badge of somebody's."""
    ann = social.person("ann")
    grant, message = await offer_badge(services, world, ann)
    await ann.post(door, ann.activity("Like", message))
    await work(services)
    processed = await get_grant(services, grant.id)
    assert processed.status is Status.PROCESSED
    return processed
