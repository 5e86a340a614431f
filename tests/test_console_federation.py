"""Followers and other servers at the console."""

from __future__ import annotations

import pytest

from badgefed.model.actor import RemoteActor
from badgefed.model.organization import Role
from badgefed.model.times import HOUR
from badgefed.store import followers, remote_actors
from badgefed.store.database import Transaction
from badgefed.store.host_health import list_health
from badgefed.work import outbox
from badgefed.work.outbox import Target
from badgefed.work.services import Services
from tests.api import make_stranger
from tests.conftest import World
from tests.console import add_person, browse, open_page, sign_in, submit
from tests.remote import RemoteServer
from tests.workers import run_until_idle
from tests.world import Clock, Network

PAGE = "/console/o/org/federation"
FOLLOWERS = "/console/o/org/followers/org"


async def follow(services: Services, world: World, name: str, host: str = "social.example") -> None:
    actor = RemoteActor(
        id=f"https://{host}/users/{name}",
        host=host,
        actor_type="Person",
        inbox=f"https://{host}/users/{name}/inbox",
        shared_inbox=None,
        username=name,
        handle=f"@{name}@{host}",
        name=name.title(),
        url=f"https://{host}/@{name}",
        icon=None,
        fetched_at=services.clock(),
    )

    async def write(tx: Transaction) -> None:
        await remote_actors.save_actor(tx, actor, is_handle_confirmed=True)
        await followers.add_follower(
            tx,
            issuer_id=world.issuer.id,
            actor_id=actor.id,
            follow_id=f"https://{host}/follows/{name}",
            delivery_inbox=actor.inbox,
            is_shared=False,
            now=services.clock(),
        )

    await services.database.write(write)


async def send(services: Services, world: World, host: str, number: int = 1) -> None:
    uri = f"{world.issuer.actor_id}/things/{number}"
    await services.database.write(
        lambda tx: outbox.publish(
            tx,
            uri=uri,
            issuer_id=world.issuer.id,
            activity_type="Create",
            object_uri=uri,
            body=b"{}",
            inboxes=[Target(inbox=f"https://{host}/inbox")],
            now=services.clock(),
        )
    )


async def pause(services: Services, host: str) -> None:
    later = services.clock() + HOUR
    await services.database.write(
        lambda tx: tx.execute(
            "UPDATE hosts SET failures = 5, open_until = ?, next_at = ?, last_error = 'It is down.' WHERE host = ?",
            later,
            later,
            host,
        )
    )
    await services.database.write(
        lambda tx: tx.execute("UPDATE deliveries SET not_before = ? WHERE host = ?", later, host)
    )


async def test_a_follower_is_removed_and_their_server_told(
    services: Services, world: World, network: Network, clock: Clock
) -> None:
    await add_person(services, world, "ada@example.org", Role.ADMIN)
    server = RemoteServer(network=network, clock=clock)
    for name in ("jane", "bob"):
        await follow(services, world, name)
    async with browse(services) as client:
        await sign_in(client, "ada@example.org")
        assert "2 followers" in (await open_page(client, PAGE)).text
        page = await open_page(client, FOLLOWERS)
        assert "Jane" in page.text
        assert "@bob@social.example" in page.text
        number = page.value("follower")
        for _ in range(2):
            response = await submit(client, FOLLOWERS, f"{FOLLOWERS}/remove", follower=number)
            assert response.headers["location"] == f"{FOLLOWERS}?done=removed"
        assert "1 follower" in (await open_page(client, FOLLOWERS)).text
        log = await open_page(client, "/console/o/org/audit?kind=follower")
        assert "https://social.example/users/bob" in log.text
        assert (await submit(client, FOLLOWERS, f"{FOLLOWERS}/remove", follower="x")).status_code == 404
    await run_until_idle(services)
    [reject] = server.answers
    assert (reject["type"], reject["actor"]) == ("Reject", world.issuer.actor_id)
    assert reject["object"]["id"] == "https://social.example/follows/bob"


async def test_followers_page_stably(services: Services, world: World) -> None:
    await add_person(services, world, "view@example.org", Role.VIEWER)
    for number in range(55):
        await follow(services, world, f"f{number}")
    async with browse(services) as client:
        await sign_in(client, "view@example.org")
        first = await open_page(client, FOLLOWERS)
        await follow(services, world, "late")
        older = next(one.get("href") for one in first.all("a") if "before=" in one.get("href"))
        second = await open_page(client, f"{FOLLOWERS}{older}")
        names = [
            one.get("href")
            for page in (first, second)
            for one in page.all("a")
            if "social.example/@" in one.get("href")
        ]
        assert not first.all("button", **{"class": "button button-quiet"})
        token = first.value("token")
        form = {"token": token, "follower": "1"}
        assert (await client.post(f"{FOLLOWERS}/remove", data=form)).status_code == 403
    assert len(names) == len(set(names)) == 55


async def test_a_paused_server_is_shown_and_tried_now(
    services: Services, world: World, network: Network, clock: Clock
) -> None:
    await add_person(services, world, "ada@example.org", Role.ADMIN)
    server = RemoteServer(network=network, clock=clock)
    await send(services, world, "social.example")
    await pause(services, "social.example")
    await run_until_idle(services, "deliveries")
    assert server.answers == []
    async with browse(services) as client:
        await sign_in(client, "ada@example.org")
        page = await open_page(client, f"{PAGE}?show=failing")
        for text in ("social.example", "1 waiting", "left alone until", "It is down.", "Paused"):
            assert text in page.text, text
        retried = await submit(client, PAGE, f"{PAGE}/retry", host="social.example")
        assert retried.headers["location"] == f"{PAGE}?done=retried"
        await run_until_idle(services, "deliveries")
        assert len(server.answers) == 1
        again = await submit(client, PAGE, f"{PAGE}/retry", host="social.example")
        assert again.headers["location"] == f"{PAGE}?done=nothing"
        log = await open_page(client, "/console/o/org/audit?kind=host")
        assert log.text.count("ada@example.org") == 1
        assert "None fails" in (await open_page(client, f"{PAGE}?show=failing")).text


async def test_an_organization_sees_its_own_servers_only(any_services: Services, any_world: World) -> None:
    services, world = any_services, any_world
    other = await make_stranger(services, world)
    await follow(services, world, "jane", "one.example")
    await send(services, world, "one.example", 1)
    await send(services, world, "two.example", 2)
    await send(services, other, "three.example", 3)
    await send(services, other, "two.example", 4)

    async def seen(organization_id: int | None) -> list[tuple[str, int]]:
        found = await list_health(
            services.database, organization_id=organization_id, only_failing=False, after="", limit=10
        )
        return [(one.host, one.waiting) for one in found]

    assert await seen(world.organization.id) == [("one.example", 1), ("two.example", 1)]
    assert await seen(other.organization.id) == [("three.example", 1), ("two.example", 1)]
    assert await seen(None) == [("one.example", 1), ("three.example", 1), ("two.example", 2)]
    await pause(services, "three.example")
    await add_person(services, world, "ada@example.org", Role.ADMIN)
    async with browse(services) as client:
        await sign_in(client, "ada@example.org")
        response = await submit(client, PAGE, f"{PAGE}/retry", host="three.example")
        assert response.headers["location"] == f"{PAGE}?done=nothing"
        hosts = await services.database.all("SELECT host FROM hosts WHERE open_until IS NOT NULL")
        assert hosts == [{"host": "three.example"}]
        await open_page(client, "/console/server/federation", status=404)


@pytest.mark.parametrize("role", [Role.ISSUER, Role.VIEWER])
async def test_lower_roles_only_look(services: Services, world: World, role: Role) -> None:
    await add_person(services, world, "low@example.org", role)
    await send(services, world, "social.example")
    await pause(services, "social.example")
    async with browse(services) as client:
        await sign_in(client, "low@example.org")
        page = await open_page(client, PAGE)
        assert "Try now" not in page.text
        form = {"token": page.value("token"), "host": "social.example"}
        assert (await client.post(f"{PAGE}/retry", data=form)).status_code == 403


async def test_operators_see_and_try_every_server(services: Services, world: World) -> None:
    await add_person(services, world, "op@example.org", Role.VIEWER)
    await services.database.write(
        lambda tx: tx.execute("UPDATE users SET is_operator = 1 WHERE email = 'op@example.org'")
    )
    await send(services, world, "social.example")
    await pause(services, "social.example")
    server = "/console/server/federation"
    async with browse(services) as client:
        await sign_in(client, "op@example.org")
        assert "social.example" in (await open_page(client, server)).text
        response = await submit(client, server, f"{server}/retry", host="social.example")
        assert response.headers["location"] == f"{server}?done=retried"
