"""Organizations: their domain, their status, and the keys of people who are not what they were."""

from __future__ import annotations

import pytest

from badgefed.errors import BadgefedError, Invalid, Unprocessable
from badgefed.issuing import people
from badgefed.issuing.domains import verify_domain
from badgefed.issuing.organizations import change_organization, create_user
from badgefed.model.audit import COMMAND
from badgefed.model.organization import OrganizationStatus, Role
from badgefed.net.transport import Request, Response
from badgefed.protocol.rel_me import rel_me_links
from badgefed.store.audit import list_entries
from badgefed.store.organizations import get_organization
from badgefed.work.services import Services
from tests.api import call, make_key
from tests.conftest import BASE, World
from tests.world import Network, answer


def serve_page(network: Network, html: str, *, status: int = 200, **headers: str) -> None:
    async def handle(request: Request) -> Response:
        return answer(status, html.encode(), "text/html; charset=utf-8", **headers)

    network.mount("school.example", handle)


@pytest.mark.parametrize(
    "html",
    [
        f'<link rel="me" href="{BASE}/actor/org">',
        f'<p>Ours: <a class=x rel="nofollow ME" href=" {BASE}/actor/org/ ">badges</a>',
        f'<a rel="me" href="https://other.example/">x</a><a rel=me href="{BASE}/issuers/org">',
    ],
)
async def test_a_domain_that_links_to_an_issuer_is_the_organizations(
    services: Services, world: World, network: Network, html: str
) -> None:
    serve_page(network, html)
    changed = await verify_domain(services, world.organization, "School.Example.", by=COMMAND)
    assert (changed.domain, changed.domain_verified_at) == ("school.example", services.clock())
    entry = (await list_entries(services.database, organization_id=world.organization.id, limit=1))[0]
    assert (entry.action, entry.details) == (
        "organization.verify-domain",
        {"domain": "school.example", "proof": "link"},
    )


@pytest.mark.parametrize(
    ("html", "words"),
    [
        (f'<a href="{BASE}/actor/org">not me</a>', "has no link to The Organization"),
        (f'<link rel="me" href="{BASE}/actor/other">', 'rel="me" href="https://badges.example/actor/org"'),
        (f'<link rel="me" href="{BASE}/actor/org?x">', "has no link"),
        (f'<!-- <link rel="me" href="{BASE}/actor/org"> -->', "has no link"),
        ("", "has no link"),
    ],
)
async def test_a_domain_that_does_not_link_is_not(
    services: Services, world: World, network: Network, html: str, words: str
) -> None:
    serve_page(network, html)
    with pytest.raises(Unprocessable, match=r"school\.example") as refusal:
        await verify_domain(services, world.organization, "school.example", by=COMMAND)
    assert words in str(refusal.value)
    assert (await get_organization(services.database, world.organization.id)).domain is None


async def test_a_redirect_to_another_host_proves_nothing(
    services: Services, world: World, network: Network
) -> None:
    serve_page(network, "", status=302, location="https://elsewhere.example/")

    async def handle(request: Request) -> Response:
        return answer(200, f'<link rel="me" href="{BASE}/actor/org">'.encode(), "text/html")

    network.mount("elsewhere.example", handle)
    with pytest.raises(Unprocessable, match="leads to elsewhere"):
        await verify_domain(services, world.organization, "school.example", by=COMMAND)


@pytest.mark.parametrize(
    ("domain", "error"),
    [
        ("nonsense", Invalid),
        ("https://school.example/x", Invalid),
        ("127.0.0.1", BadgefedError),
        ("nowhere.example", Unprocessable),
    ],
)
async def test_what_is_no_domain_or_does_not_answer_is_refused(
    services: Services, world: World, domain: str, error: type[BadgefedError]
) -> None:
    with pytest.raises(error):
        await verify_domain(services, world.organization, domain, by=COMMAND)


def test_at_most_two_hundred_links_are_read() -> None:
    assert len(rel_me_links('<a rel="me" href="https://a.example/">' * 1000)) == 200


async def status_of(services: Services, key: str, path: str = "/api/badges") -> int:
    async with call(services, key) as client:
        return (await client.get(path)).status_code


async def test_keys_of_a_suspended_organization_do_not_work(services: Services, world: World) -> None:
    assert await status_of(services, world.key) == 200
    for status, expected in ((OrganizationStatus.SUSPENDED, 401), (OrganizationStatus.ACTIVE, 200)):
        await change_organization(services, "org", status=status, by=COMMAND)
        assert await status_of(services, world.key) == expected


@pytest.mark.parametrize("how", ["deactivated", "removed"])
async def test_the_key_of_somebody_who_is_out_does_not_work_from_then_on(
    services: Services, world: World, how: str
) -> None:
    user = await create_user(
        services, email="ben@example.org", organization=world.organization, role=Role.OWNER
    )
    key = await make_key(services, user.email)
    async with call(services, key) as client:
        assert (await client.get("/api/badges")).status_code == 200
        if how == "removed":
            await people.remove_member(services, world.organization, user, by=COMMAND)
        else:
            await people.set_active(services, user.email, is_active=False, by=COMMAND)
        assert (await client.get("/api/badges")).status_code == 401
    assert await status_of(services, world.key) == 200


async def test_a_key_can_do_what_its_makers_role_covers_today(services: Services, world: World) -> None:
    user = await create_user(
        services, email="ben@example.org", organization=world.organization, role=Role.OWNER
    )
    key = await make_key(services, user.email)
    body = {"badgeId": world.badge.id, "email": "x@mail.example"}
    async with call(services, key) as client:
        await people.set_role(services, world.organization, user, Role.VIEWER, by=COMMAND)
        assert (await client.get("/api/badges")).status_code == 200
        assert (await client.post("/api/badges/grant", json=body)).status_code == 403
        await people.set_role(services, world.organization, user, Role.ISSUER, by=COMMAND)
        assert (await client.post("/api/badges/grant", json=body)).status_code == 200
