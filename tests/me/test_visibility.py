"""A recipient changes who may see a badge: what was sent is taken back or sent anew, and addresses lead where they should."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from badgefed.issuing import grants
from badgefed.model.grant import Grant
from badgefed.model.visibility import Visibility
from badgefed.protocol.activities import PUBLIC
from badgefed.store import audit, jobs
from badgefed.store import grants as stored_grants
from badgefed.store.jobs import JobKind, Priority
from badgefed.verification.results import CheckName
from badgefed.verification.verify import verify
from badgefed.work.services import Services
from tests.conftest import World
from tests.html_pages import check_page
from tests.me.browsing import JANE, browse, collection, own, sign_in
from tests.me.test_collection import another_world, passes
from tests.remote import RemoteServer
from tests.sinks import follow
from tests.workers import run_until_idle
from tests.world import Clock, Mailbox, Network

ACTIVITY = {"accept": "application/activity+json"}


async def change(services: Services, client: httpx.AsyncClient, grant: Grant, visibility: str) -> Grant:
    """By the form of the badge's page."""
    page = f"/me/badges/{grant.uuid}"
    token = check_page(await client.get(page)).value("token")
    response = await client.post(f"{page}/visibility", data={"token": token, "visibility": visibility})
    assert (response.status_code, response.headers.get("location")) == (303, page)
    await run_until_idle(services)
    return await stored(services, grant)


async def stored(services: Services, grant: Grant) -> Grant:
    found = await stored_grants.find_grant(services.database, grant.id)
    assert found is not None
    return found


async def follow_issuer(services: Services, world: World, network: Network, clock: Clock) -> RemoteServer:
    server = RemoteServer(network=network, clock=clock)
    await follow(services, world.issuer, ["https://social.example/users/fan"], shared=True)
    return server


def activities(server: RemoteServer, kind: str) -> list[Any]:
    return [activity for activity in server.answers if activity["type"] == kind]


async def test_less_visible_is_withdrawn_and_public_again_is_another_note(
    any_services: Services, any_world: World, mailbox: Mailbox
) -> None:
    services = any_services
    first = await own(services, any_world)
    async with browse(services) as client:
        await sign_in(services, client, mailbox)
        private = await change(services, client, first, "private")
        assert private.visibility is Visibility.PRIVATE
        assert private.note_uri != first.note_uri
        gone = await client.get(first.note_uri, headers=ACTIVITY)
        assert gone.status_code == 410
        assert gone.json() | {"deleted": ""} == {
            "@context": gone.json()["@context"],
            "id": first.note_uri,
            "type": "Tombstone",
            "formerType": "Note",
            "deleted": "",
        }
        assert (await client.get(f"{first.note_uri}/activity", headers=ACTIVITY)).status_code == 410
        assert (await client.get(first.note_uri)).status_code == 410
        for path in (private.note_uri, services.addresses.credential(first.uuid)):
            assert (await client.get(path, headers={"accept": "application/json"})).status_code == 404
        public = await change(services, client, first, "public")
        assert len({first.note_uri, private.note_uri, public.note_uri}) == 3
        page = await client.get(first.note_uri)
        assert (page.status_code, page.headers["location"]) == (302, public.note_uri)
        assert (await client.get(first.note_uri, headers=ACTIVITY)).status_code == 410
        note = (await client.get(public.note_uri, headers=ACTIVITY)).json()
        assert note["id"] == public.note_uri
        assert PUBLIC in note["to"] + note["cc"]
        assert (await client.get(f"{public.note_uri}/activity", headers=ACTIVITY)).json()["type"] == "Create"
        assert "Everybody sees it" in (await collection(client)).text


async def test_documents_stay_as_they_are(services: Services, world: World, mailbox: Mailbox) -> None:
    held = await own(services, world)
    url = services.addresses.credential(held.uuid)
    json_only = {"accept": "application/json"}
    async with browse(services) as client:
        await sign_in(services, client, mailbox)
        before = (await client.get(url, headers=json_only)).content
        await change(services, client, held, "private")
        await change(services, client, held, "unlisted")
        assert (await client.get(url, headers=json_only)).content == before
    result = await verify(services, before, recipient=JANE)
    assert passes(result, CheckName.INTEGRITY, CheckName.NOT_REVOKED, CheckName.RECIPIENT)


async def test_followers_are_told(
    services: Services, world: World, mailbox: Mailbox, network: Network, clock: Clock
) -> None:
    server = await follow_issuer(services, world, network, clock)
    held = await own(services, world)
    assert [one["object"]["id"] for one in activities(server, "Create")] == [held.note_uri]
    clock.advance(90 * 86_400)
    async with browse(services) as client:
        await sign_in(services, client, mailbox)
        await change(services, client, held, "unlisted")
        assert [one["object"] for one in activities(server, "Delete")] == [held.note_uri]
        assert len(activities(server, "Create")) == 1
        again = await change(services, client, held, "public")
    creates = activities(server, "Create")
    assert [one["object"]["id"] for one in creates] == [held.note_uri, again.note_uri]
    assert creates[1]["object"]["published"] > creates[0]["object"]["published"]


async def test_between_unlisted_and_private_nothing_is_sent(
    services: Services, world: World, mailbox: Mailbox, network: Network, clock: Clock
) -> None:
    server = await follow_issuer(services, world, network, clock)
    held = await own(services, world, visibility=Visibility.UNLISTED)
    before = list(server.answers)
    async with browse(services) as client:
        await sign_in(services, client, mailbox)
        private = await change(services, client, held, "private")
        assert private.note_uri == held.note_uri
        assert (await client.get(held.note_uri)).status_code == 404
        await change(services, client, held, "unlisted")
        assert (await client.get(held.note_uri)).status_code == 200
    assert server.answers == before


async def test_twice_is_as_good_as_once(services: Services, world: World, mailbox: Mailbox) -> None:
    held = await own(services, world)
    async with browse(services) as client:
        await sign_in(services, client, mailbox)
        first = await change(services, client, held, "private")
        second = await change(services, client, held, "private")
    assert first == second
    entries = await audit.list_entries(services.database, organization_id=None, limit=50, kind="grant")
    changes = [entry for entry in entries if entry.action == "grant.change-visibility"]
    assert [(entry.author.kind, dict(entry.details)) for entry in changes] == [
        ("recipient", {"from": "public", "to": "private"})
    ]
    assert JANE not in str(changes)


async def test_a_change_that_was_under_way_does_not_bring_the_old_note_back(
    services: Services, world: World, mailbox: Mailbox
) -> None:
    held = await own(services, world)

    async def queue(tx: Any) -> None:
        await jobs.add_job(
            tx,
            JobKind.REPUBLISH,
            grant_id=held.id,
            priority=Priority.CHANGE,
            not_before=services.clock() + 1,
            now=services.clock(),
        )

    await services.database.write(queue)
    async with browse(services) as client:
        await sign_in(services, client, mailbox)
        public = await change(services, client, await change(services, client, held, "private"), "public")
        note = (await client.get(public.note_uri, headers=ACTIVITY)).json()
    assert note["id"] == public.note_uri


@pytest.mark.parametrize(("visibility", "status"), [("everybody", 400), ("", 400)])
async def test_a_wrong_choice_changes_nothing(
    services: Services, world: World, mailbox: Mailbox, visibility: str, status: int
) -> None:
    held = await own(services, world)
    async with browse(services) as client:
        await sign_in(services, client, mailbox)
        page = f"/me/badges/{held.uuid}"
        token = check_page(await client.get(page)).value("token")
        response = await client.post(f"{page}/visibility", data={"token": token, "visibility": visibility})
        assert response.status_code == status
        assert "Choose who may see the badge." in check_page(response).text
        forged = await client.post(f"{page}/visibility", data={"token": "x", "visibility": "private"})
        assert forged.status_code in (400, 403)
    assert await stored(services, held) == held


async def test_a_revoked_badge_is_shown_by_nobody(services: Services, world: World, mailbox: Mailbox) -> None:
    held = await own(services, world, visibility=Visibility.PRIVATE)
    await services.database.write(lambda tx: grants.revoke(tx, held.id, reason="No", now=services.clock()))
    async with browse(services) as client:
        await sign_in(services, client, mailbox)
        token = (await collection(client)).value("token")
        response = await client.post(
            f"/me/badges/{held.uuid}/visibility", data={"token": token, "visibility": "public"}
        )
    assert response.status_code == 409
    assert "that was not taken back" in check_page(response).text


async def test_nobody_changes_the_badges_of_others(
    services: Services, world: World, mailbox: Mailbox
) -> None:
    janes = await own(services, world)
    await own(services, world, email="june@example.org")
    async with browse(services) as june:
        await sign_in(services, june, mailbox, "june@example.org")
        token = (await collection(june)).value("token")
        assert (await june.get(f"/me/badges/{janes.uuid}")).status_code == 404
        for action, field in (
            ("visibility", {"visibility": "private"}),
            ("move", {"direction": "up"}),
            ("hide", {"hidden": "1"}),
        ):
            response = await june.post(f"/me/badges/{janes.uuid}/{action}", data={"token": token, **field})
            assert response.status_code == 404, action
    assert await stored(services, janes) == janes


async def test_the_order_is_the_holders(any_services: Services, any_world: World, mailbox: Mailbox) -> None:
    services = any_services
    from_oldest = [await own(services, one) for one in await _worlds(services, any_world, 3)]
    async with browse(services) as client:
        await sign_in(services, client, mailbox)

        async def order() -> list[str]:
            page = await collection(client)
            return [e.get("id").removeprefix("badge-") for e in page.all("li") if e.get("id")]

        async def move(grant: Grant, direction: str) -> None:
            token = (await collection(client)).value("token")
            data = {"token": token, "direction": direction}
            response = await client.post(f"/me/badges/{grant.uuid}/move", data=data)
            assert response.status_code == 303

        first, second, third = from_oldest
        assert await order() == [third.uuid, second.uuid, first.uuid]
        await move(first, "up")
        assert await order() == [third.uuid, first.uuid, second.uuid]
        await move(third, "down")
        assert await order() == [first.uuid, third.uuid, second.uuid]
        await move(second, "first")
        assert await order() == [second.uuid, first.uuid, third.uuid]
        await move(second, "up")
        await move(third, "down")
        assert await order() == [second.uuid, first.uuid, third.uuid]
        token = (await collection(client)).value("token")
        wrong = await client.post(f"/me/badges/{first.uuid}/move", data={"token": token, "direction": "x"})
        assert wrong.status_code == 400


async def _worlds(services: Services, world: World, count: int) -> list[World]:
    from_titles = [f"Number {number}" for number in range(count)]
    return [await another_world(services, world, title) for title in from_titles]
