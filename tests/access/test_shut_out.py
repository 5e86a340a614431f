"""Deactivated people and suspended organizations: what they hold already is worth nothing from that moment on."""

from __future__ import annotations

from functools import partial

import pytest

from badgefed.issuing import people, sessions
from badgefed.issuing.api_keys import SCOPES, create_key
from badgefed.issuing.organizations import change_organization, create_user
from badgefed.model.audit import COMMAND
from badgefed.model.organization import Dialect, Membership, OrganizationStatus, Role, User
from badgefed.model.session import LinkKind
from badgefed.store import account_links, members, users
from badgefed.work.account_links import invitation_url, link_url
from badgefed.work.services import Services
from tests.api import call
from tests.conftest import World
from tests.console import PASSWORD, browse, open_page, sign_in, submit
from tests.workers import run_until_idle
from tests.world import Mailbox

BEN = "ben@example.org"
DOORS = ("/api/badges", "/issuers", "/api/v1/badges")


@pytest.fixture
async def ben(services: Services, world: World) -> User:
    return await create_user(
        services, email=BEN, organization=world.organization, role=Role.OWNER, password=PASSWORD
    )


async def switch(services: Services, *, is_active: bool) -> None:
    await people.set_active(services, BEN, is_active=is_active, by=COMMAND)


async def suspend(services: Services) -> None:
    await change_organization(services, "org", status=OrganizationStatus.SUSPENDED, by=COMMAND)


async def invite(services: Services, world: World, email: str) -> str:
    """The invitation's address."""
    membership = Membership(organization=world.organization, role=Role.OWNER)
    made = partial(people.invite, email=email, role=Role.OWNER, by=COMMAND, name="Pat", now=services.clock())
    return invitation_url(services, await services.database.write(lambda tx: made(tx, membership)))


@pytest.mark.parametrize("switches", [(False,), (False, True)], ids=["deactivated", "reactivated"])
@pytest.mark.parametrize("kind", [kind for kind in LinkKind if kind is not LinkKind.SET_UP])
async def test_links_that_were_mailed_lead_nowhere(
    services: Services, ben: User, kind: LinkKind, switches: tuple[bool, ...]
) -> None:
    add = partial(account_links.add_link, kind=kind, user_id=ben.id, email=None, now=services.clock())
    link = await services.database.write(lambda tx: add(tx))
    assert link is not None
    url = link_url(services, link)
    async with browse(services) as client:
        token = (await open_page(client, url)).value("token")
        for is_active in switches:
            await switch(services, is_active=is_active)
        used = await client.post(url, data={"token": token, "password": "another password"})
    assert used.status_code == 404


@pytest.mark.parametrize("kind", [LinkKind.SIGN_IN, LinkKind.PASSWORD])
async def test_a_link_that_was_asked_for_before_is_not_mailed(
    services: Services, ben: User, mailbox: Mailbox, kind: LinkKind
) -> None:
    await sessions.ask_link(services, kind, email=BEN, network="192.0.2.1")
    await switch(services, is_active=False)
    await run_until_idle(services)
    assert mailbox.messages == []


async def test_an_invitation_opens_nothing_to_a_deactivated_account(
    services: Services, world: World, ben: User
) -> None:
    await people.remove_member(services, world.organization, ben, by=COMMAND)
    url = await invite(services, world, BEN)
    async with browse(services) as client:
        await sign_in(client, BEN)
        await switch(services, is_active=False)
        assert (await submit(client, url, url)).status_code == 403
    role = await members.find_role(services.database, organization_id=world.organization.id, user_id=ben.id)
    assert role is None


async def test_an_invitation_opens_nothing_in_a_suspended_organization(
    services: Services, world: World
) -> None:
    url = await invite(services, world, BEN)
    await suspend(services)
    async with browse(services) as client:
        assert (await submit(client, url, url, name="Ben", password=PASSWORD)).status_code == 403
    assert await users.find_user(services.database, BEN) is None


@pytest.mark.parametrize("how", ["deactivated", "suspended"])
async def test_keys_of_each_dialect_open_no_door(services: Services, ben: User, how: str) -> None:
    keys = [
        (await create_key(services, email=BEN, name=dialect, dialect=dialect, scopes=SCOPES, rate=0)).key
        for dialect in Dialect
    ]

    async def statuses() -> set[int]:
        found = set()
        for key in keys:
            async with call(services, key) as client:
                found |= {(await client.get(door)).status_code for door in DOORS}
        return found

    assert await statuses() == {200}
    await (switch(services, is_active=False) if how == "deactivated" else suspend(services))
    assert await statuses() == {401}
