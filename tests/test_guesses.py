"""Guesses of a password count together, whichever door they come by."""

from __future__ import annotations

import pytest

from badgefed.errors import RateLimited, Unauthenticated
from badgefed.issuing import api_sessions
from badgefed.issuing.organizations import create_user
from badgefed.issuing.sessions import FREE_PER_ACCOUNT, FREE_PER_NETWORK, check_password
from badgefed.model.organization import Role
from badgefed.store import audit
from badgefed.work.services import Services
from tests.conftest import World
from tests.console import PASSWORD
from tests.world import Clock

EMAIL = "ann@example.org"


@pytest.fixture(autouse=True)
async def ann(services: Services, world: World) -> None:
    await create_user(
        services, email=EMAIL, organization=world.organization, role=Role.ADMIN, password=PASSWORD
    )


async def enter(services: Services, door: str, email: str, password: str, network: str) -> None:
    if door == "api":
        await api_sessions.sign_in(services, email, password, network=network)
    else:
        await check_password(services, email=email, password=password, network=network)


async def guess(services: Services, door: str, email: str, network: str) -> None:
    with pytest.raises(Unauthenticated):
        await enter(services, door, email, "a wrong password", network)


@pytest.mark.parametrize(("tried", "closed"), [("api", "console"), ("console", "api")])
async def test_what_is_guessed_at_one_door_closes_the_other(
    services: Services, clock: Clock, tried: str, closed: str
) -> None:
    for number in range(FREE_PER_ACCOUNT):
        await guess(services, tried, EMAIL.upper() if number else EMAIL, f"192.0.2.{number}")
    with pytest.raises(RateLimited, match="Too many attempts"):
        await enter(services, closed, EMAIL, PASSWORD, "198.51.100.1")
    clock.advance(1)
    await enter(services, closed, EMAIL, PASSWORD, "198.51.100.1")


async def test_guesses_of_one_network_count_for_all_addresses(services: Services) -> None:
    for number in range(FREE_PER_NETWORK):
        await guess(services, "api", f"{number}@example.org", "192.0.2.1")
    with pytest.raises(RateLimited):
        await api_sessions.sign_in(services, EMAIL, PASSWORD, network="192.0.2.1")
    assert (await api_sessions.sign_in(services, EMAIL, PASSWORD, network="192.0.2.2")).token


async def test_a_program_that_signs_in_stands_in_the_log(services: Services, world: World) -> None:
    await api_sessions.sign_in(services, EMAIL, PASSWORD, network="192.0.2.1")
    entries = await audit.list_entries(services.database, organization_id=world.organization.id, limit=1)
    assert [(one.action, one.author.label, one.details) for one in entries] == [
        ("session.sign-in", EMAIL, {"method": "api"})
    ]
