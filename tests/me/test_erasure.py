"""Erasing everything: confirmed by a link, complete in the store, taken back elsewhere, and the issuer's record stays."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest

from badgefed.issuing.webhooks import Wanted, create_endpoint
from badgefed.model.audit import SYSTEM
from badgefed.model.grant import Grant, Status
from badgefed.model.visibility import Visibility
from badgefed.store import grants as stored_grants
from badgefed.store.database import Database
from badgefed.verification.results import CheckName, Outcome
from badgefed.verification.verify import verify
from badgefed.work.services import Services
from tests.conftest import World
from tests.html_pages import check_page
from tests.me.browsing import (
    JANE,
    ask,
    browse,
    collection,
    follow,
    is_signed_in,
    links_to,
    offer,
    own,
    post,
    sign_in,
)
from tests.me.test_collection import another_world
from tests.remote import RemoteServer
from tests.verification.school import School
from tests.workers import run_until_idle
from tests.world import Clock, Mailbox, Network

ACTIVITY = {"accept": "application/activity+json"}
JSON = {"accept": "application/json"}
AMARA = "@amara@social.example"
NAME = re.compile("(?<![a-z0-9_+-])jane")
"""Not in the middle of base64, where chance may spell it."""


async def erase(services: Services, client: httpx.AsyncClient, mailbox: Mailbox) -> httpx.Response:
    """By the page, the mail and the button."""
    asked = await post(client, "/me/erase", "/me/erase", identity=f"mailto:{JANE}")
    assert "A link is on its way" in check_page(asked).text
    await run_until_idle(services)
    done = await follow(client, links_to(mailbox, JANE)[-1])
    await run_until_idle(services)
    return done


async def dump(database: Database) -> str:
    """Every value of every table, as text; full-text indexes included."""
    rows = await database.all(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND sql IS NOT NULL"
        if (await _is_sqlite(database))
        else "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'"
    )
    texts = []
    for row in rows:
        for content in await database.all(f'SELECT * FROM "{row["name"]}"'):
            texts.append(f"{row['name']}: " + " ".join(_text(value) for value in content.values()))
    return "\n".join(texts)


async def _is_sqlite(database: Database) -> bool:
    return type(database).__name__ == "SqliteDatabase"


def _text(value: Any) -> str:
    return bytes(value).decode("utf-8", "replace") if isinstance(value, bytes | memoryview) else str(value)


async def stored(services: Services, grant: Grant) -> Grant:
    found = await stored_grants.find_grant(services.database, grant.id)
    assert found is not None
    return found


async def test_nothing_of_the_person_is_left(
    any_services: Services, any_world: World, mailbox: Mailbox, network: Network
) -> None:
    services = any_services
    network.mount("hooks.example", RemoteServer(network=network, clock=Clock())._handle)
    wanted = Wanted(url="https://hooks.example/badges")
    await services.database.write(
        lambda tx: create_endpoint(tx, services, any_world.organization.id, wanted, by=SYSTEM)
    )
    public = await own(services, any_world)
    pending = await offer(services, await another_world(services, any_world, "Second"))
    private = await own(
        services, await another_world(services, any_world, "Third"), visibility=Visibility.PRIVATE
    )
    others = await own(services, any_world, email="june@example.org", name="June")
    school = School(network=network)
    async with browse(services) as client:
        await sign_in(services, client, mailbox)
        credential = (await client.get(services.addresses.credential(public.uuid), headers=JSON)).content
        token = (await collection(client)).value("token")
        imported = await client.post(
            "/me/imported", data={"token": token, "badge": json.dumps(school.credential())}
        )
        assert imported.status_code in (303, 422)
        await post(client, "/me/profile", "/me/profile", handle="jane", name="Jane Doe", public="1")
        assert (await client.get("/u/jane")).status_code == 200
        done = await erase(services, client, mailbox)
        assert done.status_code == 200
        assert "It is being erased" in check_page(done).text
        assert not await is_signed_in(client)
        assert (await client.get("/u/jane")).status_code == 404
        gone = await client.get(public.note_uri, headers=ACTIVITY)
        assert (gone.status_code, gone.json()["type"]) == (410, "Tombstone")
        for path in (services.addresses.credential(public.uuid), services.addresses.assertion(public.uuid)):
            answer = await client.get(path, headers=JSON)
            assert (answer.status_code, answer.json()["revoked"]) == (410, True)
            assert "jane" not in answer.text.lower()
        for path in (private.note_uri, services.addresses.credential(private.uuid)):
            assert (await client.get(path, headers=JSON)).status_code == 404
        await ask(services, client, JANE)
    everything = (await dump(services.database)).lower()
    left = [line[:300] for line in everything.splitlines() if NAME.search(line)]
    assert left == []
    for grant in (public, pending, private):
        now = await stored(services, grant)
        assert now.status is Status.REVOKED
        assert (now.uuid, now.badge_id, now.issued_at) == (grant.uuid, grant.badge_id, grant.issued_at)
    assert (await stored(services, others)).status is Status.PROCESSED
    result = await verify(services, credential)
    check = result.check(CheckName.NOT_REVOKED)
    assert check is not None
    assert check.outcome is Outcome.FAIL


async def test_other_servers_are_asked_to_forget(
    services: Services, world: World, mailbox: Mailbox, network: Network, clock: Clock
) -> None:
    server = RemoteServer(network=network, clock=clock)
    amara = server.person("amara")
    held = await own(services, world, email=JANE, profile=AMARA)
    notes = [one["object"]["id"] for one in server.answers if one["type"] == "Create"]
    assert held.note_uri in notes
    async with browse(services) as client:
        await sign_in(services, client, mailbox)
        await erase(services, client, mailbox)
    deletes = [one for one in server.answers if one["type"] == "Delete"]
    assert sorted(one["object"] for one in deletes) == sorted(notes)
    everything = await dump(services.database)
    left = [line[:200] for line in everything.splitlines() if amara.id in line or "amara" in line]
    assert left == []


async def test_a_link_is_worth_nothing_elsewhere_and_works_once(
    services: Services, world: World, mailbox: Mailbox
) -> None:
    held = await own(services, world)
    async with browse(services) as client, browse(services, address="192.0.2.7") as stranger:
        await sign_in(services, client, mailbox)
        await post(client, "/me/erase", "/me/erase", identity=f"mailto:{JANE}")
        await run_until_idle(services)
        link = links_to(mailbox, JANE)[-1]
        page = check_page(await stranger.get(link))
        assert page.all("form", method="post") == []
        await stranger.post(link, data={"token": "x"})
        check_page(await client.get(link))
        assert (await stored(services, held)).status is Status.PROCESSED
        assert (await follow(client, link)).status_code == 200
        assert (await client.get(link)).status_code == 404


@pytest.mark.parametrize("identity", ["mailto:june@example.org", "", "x"])
async def test_a_link_goes_to_own_addresses_only(
    services: Services, world: World, mailbox: Mailbox, identity: str
) -> None:
    await own(services, world)
    async with browse(services) as client:
        await sign_in(services, client, mailbox)
        before = len(mailbox.messages)
        response = await post(client, "/me/erase", "/me/erase", identity=identity)
        await run_until_idle(services)
    assert response.status_code == 400
    assert "Choose one of your addresses" in check_page(response).text
    assert len(mailbox.messages) == before


async def test_a_new_badge_starts_anew(services: Services, world: World, mailbox: Mailbox) -> None:
    await own(services, world)
    async with browse(services) as client:
        await sign_in(services, client, mailbox)
        await erase(services, client, mailbox)
        again = await own(services, world)
        await sign_in(services, client, mailbox)
        page = await collection(client)
    assert again.uuid in page.html
    assert page.html.count('id="badge-') == 1
