"""API keys at the console."""

from __future__ import annotations

import pytest

from badgefed.model.organization import Role
from badgefed.store.api_keys import list_live_keys
from badgefed.store.audit import list_entries
from badgefed.work.services import Services
from tests import api
from tests.api import make_stranger
from tests.conftest import World
from tests.console import add_person, browse, open_page, sign_in, submit
from tests.html_pages import check_page
from tests.world import Clock

KEYS = "/console/o/org/keys"
FORM = {"name": "Courses", "dialect": "badges", "expires": "30", "scope:badges:read": "1"}


@pytest.fixture
async def owner(services: Services, world: World) -> str:
    await add_person(services, world, "owen@example.org", Role.OWNER)
    return "owen@example.org"


async def test_a_key_is_shown_once_works_expires_and_is_revoked(
    services: Services, world: World, owner: str, clock: Clock
) -> None:
    async with browse(services) as client:
        await sign_in(client, owner)
        page = await open_page(client, KEYS)
        form = {"token": page.value("token"), "once": page.value("once"), **FORM}
        made = check_page(await client.post(KEYS, data=form))
        key = next(one for one in made.all("code") if "data-copy" in one.attributes).text
        again = await client.post(KEYS, data=form)
        assert again.status_code == 409
        assert "made already" in check_page(again).text
        page = await open_page(client, KEYS)
        assert key not in page.html
        assert f"{key[:8]}…{key[-4:]}" in page.text
        assert "never used" in page.text
        async with api.call(services, key) as program:
            assert (await program.get("/api/badges")).status_code == 200
            assert (await program.post("/api/badges/grant", json={})).status_code == 403
        uuid = page.value("key")
        for _ in range(2):
            revoked = await submit(client, KEYS, f"{KEYS}/revoke", key=uuid)
            assert revoked.headers["location"] == f"{KEYS}?done=revoked"
        async with api.call(services, key) as program:
            assert (await program.get("/api/badges")).status_code == 401
        clock.advance(31 * 24 * 3600)
        await sign_in(client, owner)
    log = await list_entries(services.database, organization_id=world.organization.id, kind="key", limit=9)
    assert [(one.action, one.author.label) for one in log[:2]] == [
        ("key.revoke", owner),
        ("key.create", owner),
    ]
    assert key not in str(log)


async def test_a_key_ends_by_itself(services: Services, world: World, owner: str, clock: Clock) -> None:
    async with browse(services) as client:
        await sign_in(client, owner)
        page = await open_page(client, KEYS)
        made = check_page(
            await client.post(KEYS, data={"token": page.value("token"), "once": page.value("once"), **FORM})
        )
    key = next(one for one in made.all("code") if "data-copy" in one.attributes).text
    clock.advance(30 * 24 * 3600 + 1)
    async with api.call(services, key) as program:
        assert (await program.get("/api/badges")).status_code == 401


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": ""}, "Say what the key is for"),
        ({"dialect": "other"}, "Choose one of the APIs"),
        ({"scope:badges:read": ""}, "Choose at least one"),
        ({"expires": "31"}, "Choose how long"),
        ({"once": "x"}, "incomplete"),
    ],
)
async def test_a_bad_form_makes_none(
    services: Services, world: World, owner: str, wrong: dict[str, str], words: str
) -> None:
    async with browse(services) as client:
        await sign_in(client, owner)
        page = await open_page(client, KEYS)
        form = {"token": page.value("token"), "once": page.value("once"), **FORM, **wrong}
        response = await client.post(KEYS, data=form)
    assert response.status_code == 400
    assert words in check_page(response).text
    keys = await list_live_keys(services.database, world.organization.id, now=services.clock())
    assert [key.name for key in keys] == ["tests"]


@pytest.mark.parametrize(
    ("role", "sees"), [(Role.OWNER, 200), (Role.ADMIN, 200), (Role.ISSUER, 403), (Role.VIEWER, 403)]
)
async def test_only_owners_make_and_revoke_keys(
    services: Services, world: World, role: Role, sees: int
) -> None:
    await add_person(services, world, "low@example.org", role)
    keys = await list_live_keys(services.database, world.organization.id, now=services.clock())
    async with browse(services) as client:
        await sign_in(client, "low@example.org")
        await open_page(client, KEYS, status=sees)
        token = (await open_page(client, "/console/o/org/people")).value("token")
        response = await client.post(f"{KEYS}/revoke", data={"token": token, "key": keys[0].uuid})
    assert response.status_code == (303 if role is Role.OWNER else 403)
    left = await list_live_keys(services.database, world.organization.id, now=services.clock())
    assert len(left) == (0 if role is Role.OWNER else 1)


async def test_a_key_of_another_organization_is_not_there(
    services: Services, world: World, owner: str
) -> None:
    other = await make_stranger(services, world)
    theirs = await list_live_keys(services.database, other.organization.id, now=services.clock())
    async with browse(services) as client:
        await sign_in(client, owner)
        response = await submit(client, KEYS, f"{KEYS}/revoke", key=theirs[0].uuid)
    assert response.status_code == 404
    assert await list_live_keys(services.database, other.organization.id, now=services.clock()) == theirs
