"""Members, roles and invitations: who may do what, and whom an invitation lets in."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest

from badgefed.errors import Conflict
from badgefed.issuing import people
from badgefed.issuing.organizations import create_user
from badgefed.model.audit import COMMAND
from badgefed.model.organization import PERMISSIONS, Permission, Role, may, may_give
from badgefed.model.times import DAY, SECOND
from badgefed.store import members, users
from badgefed.work.services import Services
from tests.api import make_stranger
from tests.conftest import World
from tests.console import PASSWORD, add_person, browse, last_link, open_page, sign_in, subjects, submit
from tests.html_pages import check_page
from tests.workers import run_until_idle
from tests.world import Clock, Mailbox

PEOPLE = "/console/o/org/people"
BEN = "ben@example.org"


@pytest.fixture(autouse=True)
async def staff(services: Services, world: World) -> None:
    """One person in each role, and a second owner."""
    for role in Role:
        await add_person(services, world, f"{role}@example.org", role)


async def role_of(services: Services, world: World, email: str) -> Role | None:
    user = await users.find_user(services.database, email)
    if user is None:
        return None
    return await members.find_role(services.database, organization_id=world.organization.id, user_id=user.id)


async def uuid_of(services: Services, email: str) -> str:
    user = await users.find_user(services.database, email)
    assert user is not None
    return user.uuid


TABLE: dict[Permission, Iterable[Role]] = {
    Permission.READ: Role,
    Permission.ISSUE: (Role.OWNER, Role.ADMIN, Role.ISSUER),
    Permission.EDIT: (Role.OWNER, Role.ADMIN),
    Permission.CLOSE_GRANTS: (Role.OWNER, Role.ADMIN),
    Permission.INVITE: (Role.OWNER, Role.ADMIN),
    Permission.READ_AUDIT: (Role.OWNER, Role.ADMIN),
    Permission.MANAGE_PEOPLE: (Role.OWNER,),
    Permission.MANAGE_KEYS: (Role.OWNER,),
    Permission.MANAGE_ORGANIZATION: (Role.OWNER,),
}


@pytest.mark.parametrize("permission", Permission)
def test_what_each_role_may_do(permission: Permission) -> None:
    assert {role for role in Role if may(role, permission)} == set(TABLE[permission])


def test_nobody_gives_a_role_above_their_own() -> None:
    order = [Role.VIEWER, Role.ISSUER, Role.ADMIN, Role.OWNER]
    assert set(PERMISSIONS) == set(order)
    for giver in order:
        given = [role for role in order if may_give(giver, role)]
        assert given == order[: order.index(giver) + 1]


async def test_whoever_is_no_owner_removes_nobody_but_themselves(services: Services, world: World) -> None:
    async with browse(services) as client:
        await sign_in(client, "admin@example.org")
        token = (await open_page(client, PEOPLE)).value("token")
        for email, status in (("viewer@example.org", 403), ("admin@example.org", 303)):
            form = {"token": token, "user": await uuid_of(services, email)}
            assert (await client.post(f"{PEOPLE}/remove", data=form)).status_code == status, email
    assert await role_of(services, world, "viewer@example.org") is Role.VIEWER
    assert await role_of(services, world, "admin@example.org") is None


async def invite(services: Services, email: str = BEN, role: str = "issuer") -> None:
    async with browse(services) as client:
        await sign_in(client, "admin@example.org")
        response = await submit(client, PEOPLE, f"{PEOPLE}/invite", email=email, role=role)
        assert response.headers["location"] == f"{PEOPLE}?done=invited", response.text
    await run_until_idle(services)


async def test_an_invitation_makes_an_account_that_is_signed_in(
    services: Services, world: World, mailbox: Mailbox
) -> None:
    await invite(services, "Ben@Example.org")
    assert subjects(mailbox, BEN) == ["You are invited to The Organization"]
    link = last_link(mailbox, BEN)
    async with browse(services) as client:
        page = await open_page(client, link)
        for text in ("The Organization", BEN, "Issuer", "admin"):
            assert text in page.text
        assert await role_of(services, world, BEN) is None
        bad = await submit(client, link, link, name="", password="")
        assert bad.status_code == 400
        joined = await submit(client, link, link, name="Ben", password=PASSWORD)
        assert joined.headers["location"] == "/console/o/org"
        assert "ben@example.org" in (await open_page(client, PEOPLE)).text
        assert "leads nowhere" in (await open_page(client, link, 404)).text
    assert await role_of(services, world, BEN) is Role.ISSUER


async def test_an_invitation_joins_the_account_that_is_there_but_signs_nobody_in(
    services: Services, world: World, mailbox: Mailbox
) -> None:
    other = await make_stranger(services, world)
    await create_user(
        services, email=BEN, organization=other.organization, role=Role.OWNER, password=PASSWORD
    )
    await invite(services)
    link = last_link(mailbox, BEN)
    async with browse(services) as client:
        page = await open_page(client, link)
        assert page.all("input", name="password") == []
        joined = await submit(client, link, link)
        assert joined.headers["location"] == "/console/sign-in"
        assert (await client.get("/console/account")).status_code == 303
        assert (await sign_in(client, BEN)).status_code == 303
        front = await open_page(client, "/console")
        assert "The Organization" in front.text
        assert "Another" in front.text
    assert await role_of(services, world, BEN) is Role.ISSUER


async def test_an_invitation_is_for_one_address_only(
    services: Services, world: World, mailbox: Mailbox
) -> None:
    await invite(services)
    link = last_link(mailbox, BEN)
    async with browse(services) as client:
        await sign_in(client, "viewer@example.org")
        assert "another address" in (await open_page(client, link)).text
        token = (await open_page(client, "/console/password")).value("token")
        refused = await client.post(link, data={"token": token, "name": "Ben"})
        assert refused.status_code == 403
        assert "viewer@example.org" in check_page(refused).text
    assert await role_of(services, world, "viewer@example.org") is Role.VIEWER
    assert await role_of(services, world, BEN) is None


async def test_invitations_run_out_are_withdrawn_and_replaced(
    services: Services, world: World, mailbox: Mailbox, clock: Clock
) -> None:
    await invite(services)
    first = last_link(mailbox, BEN)
    await invite(services, role="viewer")
    second = last_link(mailbox, BEN)
    async with browse(services) as client:
        assert "leads nowhere" in (await open_page(client, first, 404)).text
        await open_page(client, second)
        await sign_in(client, "admin@example.org")
        page = await open_page(client, PEOPLE)
        form = {"token": page.value("token"), "invitation": page.value("invitation")}
        for expected in (f"{PEOPLE}?done=withdrawn", PEOPLE):
            assert (await client.post(f"{PEOPLE}/withdraw", data=form)).headers["location"] == expected
        assert "leads nowhere" in (await open_page(client, second, 404)).text
        await invite(services)
        clock.advance(7 * DAY / SECOND)
        assert "leads nowhere" in (await open_page(client, last_link(mailbox, BEN), 404)).text


@pytest.mark.parametrize(
    ("email", "role", "status", "words"),
    [
        ("nonsense", "viewer", 400, "Write an e-mail address"),
        (BEN, "king", 400, "Choose one of the roles"),
        (BEN, "owner", 403, "can't make anybody owner"),
        ("viewer@example.org", "viewer", 409, "already"),
    ],
)
async def test_an_invitation_that_is_refused_comes_back_with_what_was_typed(
    services: Services, mailbox: Mailbox, email: str, role: str, status: int, words: str
) -> None:
    async with browse(services) as client:
        await sign_in(client, "admin@example.org")
        response = await submit(client, PEOPLE, f"{PEOPLE}/invite", email=email, role=role)
    assert response.status_code == status
    page = check_page(response)
    assert words in page.text
    assert page.value("email") == email
    await run_until_idle(services)
    assert mailbox.messages == []


async def test_a_removed_member_is_out_at_once(services: Services, world: World) -> None:
    async with browse(services) as owner, browse(services) as viewer:
        await sign_in(viewer, "viewer@example.org")
        await open_page(viewer, PEOPLE)
        await sign_in(owner, "owner@example.org")
        uuid = await uuid_of(services, "viewer@example.org")
        removed = await submit(owner, PEOPLE, f"{PEOPLE}/remove", user=uuid)
        assert removed.headers["location"] == f"{PEOPLE}?done=removed"
        assert (await viewer.get(PEOPLE)).status_code == 404
        again = await submit(owner, PEOPLE, f"{PEOPLE}/remove", user=uuid)
        assert again.headers["location"] == PEOPLE
    assert await role_of(services, world, "viewer@example.org") is None


async def test_a_changed_role_counts_at_once(services: Services, world: World) -> None:
    async with browse(services) as owner, browse(services) as admin:
        await sign_in(admin, "admin@example.org")
        await open_page(admin, "/console/o/org/audit")
        await sign_in(owner, "owner@example.org")
        uuid = await uuid_of(services, "admin@example.org")
        await submit(owner, PEOPLE, f"{PEOPLE}/role", user=uuid, role="viewer")
        await open_page(admin, "/console/o/org/audit", status=403)
    assert await role_of(services, world, "admin@example.org") is Role.VIEWER


async def test_the_last_owner_stays(services: Services, world: World) -> None:
    async with browse(services) as client:
        await sign_in(client, "owner@example.org")
        uuid = await uuid_of(services, "owner@example.org")
        for action, form in (("role", {"role": "admin"}), ("remove", {})):
            response = await submit(client, PEOPLE, f"{PEOPLE}/{action}", user=uuid, **form)
            assert response.status_code == 409
            assert "needs an owner" in check_page(response).text
    assert await role_of(services, world, "owner@example.org") is Role.OWNER


async def test_two_owners_who_remove_each_other_at_once_leave_one(
    any_services: Services, any_world: World
) -> None:
    services, world = any_services, any_world
    both = [
        world.owner,
        await create_user(
            services, email="two@example.org", organization=world.organization, role=Role.OWNER
        ),
    ]
    results = await asyncio.gather(
        *(people.remove_member(services, world.organization, user, by=COMMAND) for user in both),
        return_exceptions=True,
    )
    assert [type(result) for result in results if result is not None] == [Conflict]
    assert await members.count_owners(services.database, world.organization.id) == 1


async def test_a_suspended_organization_is_only_looked_at(services: Services, world: World) -> None:
    await services.database.write(
        lambda tx: tx.execute("UPDATE organizations SET status = 'suspended' WHERE slug = 'org'")
    )
    async with browse(services) as client:
        await sign_in(client, "owner@example.org")
        page = await open_page(client, PEOPLE)
        assert "suspended" in page.text
        assert page.all("input", type="email") == []
        token = page.value("token")
        refused = await client.post(f"{PEOPLE}/invite", data={"token": token, "email": BEN, "role": "viewer"})
    assert refused.status_code == 403


async def test_an_operator_looks_everywhere_and_changes_nothing(services: Services, world: World) -> None:
    other = await make_stranger(services, world)
    await create_user(
        services,
        email="op@example.net",
        organization=other.organization,
        role=Role.VIEWER,
        password=PASSWORD,
    )
    await people.set_operator(services, "op@example.net", is_operator=True, by=COMMAND)
    async with browse(services) as client:
        await sign_in(client, "op@example.net")
        assert "The Organization" in (await open_page(client, "/console")).text
        page = await open_page(client, PEOPLE)
        assert [form.get("action") for form in page.all("form")] == ["/console/sign-out"]
        assert "org" in (await open_page(client, "/console/server/audit")).text
        await sign_in_as_owner_finds_no_server_log(services)


async def sign_in_as_owner_finds_no_server_log(services: Services) -> None:
    async with browse(services) as client:
        await sign_in(client, "owner@example.org")
        await open_page(client, "/console/server/audit", status=404)
