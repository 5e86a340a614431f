"""Actors that change, and actors that go."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from badgefed.model.times import DAY, MINUTE
from badgefed.protocol.activities import AS2
from badgefed.store import remote_actors
from badgefed.work.services import Services
from tests.conftest import World
from tests.inbox.steps import follower_ids
from tests.remote import RemotePerson, RemoteServer
from tests.world import Clock, Network


@pytest.mark.parametrize("verb", ["Delete", "Update"])
@pytest.mark.parametrize("form", ["id", "embedded"])
async def test_a_strangers_farewell_costs_no_request(
    door: httpx.AsyncClient, services: Services, bob: RemotePerson, network: Network, verb: str, form: str
) -> None:
    target = bob.id if form == "id" else bob.document
    assert (await bob.post(door, bob.activity(verb, target))).status_code == 202
    assert network.requests == []
    assert await services.database.all("SELECT * FROM inbox_log") == []


async def known_and_gone(
    door: httpx.AsyncClient, services: Services, world: World, bob: RemotePerson, clock: Clock
) -> None:
    """Bob follows; his key is forgotten, as if he had taken another one since."""
    await bob.post(door, bob.activity("Follow", world.issuer.actor_id))
    bob.key_name = "bob's last key"
    clock.now += 10 * MINUTE


@pytest.mark.parametrize(("status", "answered", "left"), [(410, 202, 0), (404, 401, 1), (500, 503, 1)])
async def test_a_known_actor_deletes_itself_and_its_key_is_away(
    door: httpx.AsyncClient,
    services: Services,
    world: World,
    social: RemoteServer,
    bob: RemotePerson,
    clock: Clock,
    status: int,
    answered: int,
    left: int,
) -> None:
    await known_and_gone(door, services, world, bob, clock)
    social.fail("/users/bob", status)
    answer = await bob.post(door, bob.activity("Delete", bob.id))
    assert answer.status_code == answered
    assert len(await follower_ids(services, world)) == left
    assert (await remote_actors.find_actor(services.database, bob.id) is not None) == bool(left)


async def test_a_tombstone_where_the_key_was(
    door: httpx.AsyncClient,
    services: Services,
    world: World,
    social: RemoteServer,
    bob: RemotePerson,
    clock: Clock,
) -> None:
    await known_and_gone(door, services, world, bob, clock)
    social.serve("/users/bob", {"@context": AS2, "id": bob.id, "type": "Tombstone"})
    assert (await bob.post(door, bob.activity("Delete", bob.id))).status_code == 202
    assert await follower_ids(services, world) == []


async def test_an_actor_that_is_gone_can_do_nothing_but_delete_itself(
    door: httpx.AsyncClient,
    services: Services,
    world: World,
    social: RemoteServer,
    bob: RemotePerson,
    clock: Clock,
) -> None:
    await known_and_gone(door, services, world, bob, clock)
    social.fail("/users/bob", 410)
    for activity in (
        bob.activity("Update", bob.id),
        bob.activity("Delete", f"{bob.id}/1"),
        bob.activity("Like", "x"),
    ):
        assert (await bob.post(door, activity)).status_code == 401
    assert await follower_ids(services, world) == [bob.id]


async def test_an_actor_deletes_itself_with_its_key(
    door: httpx.AsyncClient,
    services: Services,
    world: World,
    social: RemoteServer,
    bob: RemotePerson,
    clock: Clock,
) -> None:
    await bob.post(door, bob.activity("Follow", world.issuer.actor_id))
    social.fail("/users/bob", 404)
    clock.now += DAY
    assert (await bob.post(door, bob.activity("Delete", bob.id))).status_code == 202
    assert await follower_ids(services, world) == []
    assert await remote_actors.find_key(services.database, bob.key_id) is None
    assert (await bob.post(door, bob.activity("Follow", world.issuer.actor_id))).status_code == 401


async def test_nobody_deletes_another_actor(
    door: httpx.AsyncClient, services: Services, world: World, bob: RemotePerson, eve: RemotePerson
) -> None:
    await bob.post(door, bob.activity("Follow", world.issuer.actor_id))
    assert (await eve.post(door, eve.activity("Delete", bob.id))).status_code == 202
    assert await follower_ids(services, world) == [bob.id]


async def test_an_update_with_the_new_document_takes_the_new_key_over(
    door: httpx.AsyncClient, services: Services, world: World, bob: RemotePerson, network: Network
) -> None:
    """After a rotation peers announce the new key, signed with the old one."""
    await bob.post(door, bob.activity("Follow", world.issuer.actor_id))
    fetched = len(network.requests)
    old_key, bob.key_name = bob.key_name, "bob's fourth key"
    new_document = bob.document | {"name": "Bob the Second", "endpoints": {}}
    bob.key_name = old_key
    assert (await bob.post(door, bob.activity("Update", new_document))).status_code == 202
    assert (await bob.post(door, bob.activity("Like", "x"))).status_code == 401
    bob.key_name = "bob's fourth key"
    assert (await bob.post(door, bob.activity("Like", "x"))).status_code == 202
    actor = await remote_actors.find_actor(services.database, bob.id)
    assert actor is not None
    assert (actor.name, actor.shared_inbox) == ("Bob the Second", None)
    row = await services.database.one("SELECT delivery_inbox FROM followers")
    assert row == {"delivery_inbox": f"{bob.id}/inbox"}
    assert len(network.requests) == fetched


@pytest.mark.parametrize("form", ["id", "without id of its own", "half a document"])
async def test_an_update_without_a_document_is_looked_up_by_the_worker(
    door: httpx.AsyncClient, services: Services, world: World, bob: RemotePerson, network: Network, form: str
) -> None:
    await bob.post(door, bob.activity("Follow", world.issuer.actor_id))
    fetched = len(network.requests)
    target: Any = {"id": bob.id, "type": "Person"} if form == "half a document" else bob.id
    own_id = None if form == "without id of its own" else bob.new_id()
    assert (await bob.post(door, bob.activity("Update", target, id=own_id))).status_code == 202
    assert len(network.requests) == fetched
    rows = await services.database.all("SELECT payload FROM jobs WHERE kind = 'check_actor'")
    assert [json.loads(row["payload"]) for row in rows] == [{"inbox": f"{bob.id}/inbox"}]
