"""Plans: what an organization may have, exactly, on both databases."""

from __future__ import annotations

import asyncio
import base64

import pytest

from badgefed.errors import BadgefedError, Forbidden, Invalid, PaymentRequired
from badgefed.issuing import awards, grants
from badgefed.issuing.api_keys import create_key
from badgefed.issuing.badges import NewBadge, add_badge, prepare_badge
from badgefed.issuing.grants import Offer
from badgefed.issuing.issuers import NewIssuer, prepare, register_issuer
from badgefed.issuing.organizations import change_organization
from badgefed.model.organization import Dialect
from badgefed.model.plan import PLANS
from badgefed.store.database import Transaction
from badgefed.work.services import Services
from tests.conftest import World
from tests.issuers_api import ISSUED_ON, ISSUER, JANE, picture, school
from tests.world import Clock

AT_ONCE = 50


def offer_to(world: World, number: int) -> Offer:
    return Offer(
        organization_id=world.organization.id,
        badge_id=world.badge.id,
        name="Jane Doe",
        email=f"jane{number}@example.org",
    )


async def award_all(services: Services, world: World, count: int) -> list[object]:
    """What came of so many awards at once."""

    async def award(number: int) -> object:
        wanted = offer_to(world, number)
        return await services.database.write(lambda tx: awards.award(tx, wanted, services))

    return await asyncio.gather(*(award(number) for number in range(count)), return_exceptions=True)


async def count(services: Services, table: str) -> int:
    row = await services.database.one(f"SELECT COUNT(*) AS n FROM {table}")
    assert row is not None
    return int(row["n"])


async def test_the_monthly_quota_holds_under_parallel_load(
    any_services: Services, any_world: World, clock: Clock
) -> None:
    await award_all(any_services, any_world, 70)
    await change_organization(any_services, "org", plan="free")
    results = await award_all(any_services, any_world, AT_ONCE)
    refused = [result for result in results if isinstance(result, PaymentRequired)]
    assert [isinstance(result, BaseException) for result in results].count(True) == len(refused) == 20
    assert {str(error) for error in refused} == {"monthly award quota reached"}
    assert await count(any_services, "grants") == 100
    clock.advance(4 * 24 * 3600)  # into June
    assert not any(isinstance(one, BaseException) for one in await award_all(any_services, any_world, 3))


async def test_all_grants_count_but_those_that_are_not_made(any_services: Services, any_world: World) -> None:
    await change_organization(any_services, "org", plan="free")

    async def offer(number: int) -> grants.Offered:
        wanted = offer_to(any_world, number)
        return await any_services.database.write(lambda tx: grants.offer(tx, wanted, any_services))

    assert sorted(one.is_new for one in await asyncio.gather(*(offer(1) for _ in range(AT_ONCE)))) == [
        *[False] * (AT_ONCE - 1),
        True,
    ]
    row = await any_services.database.one("SELECT used, month FROM award_usage")
    assert row == {"used": 1, "month": "2026-05"}


async def test_another_plan_counts_what_was_awarded_before(services: Services, world: World) -> None:
    await change_organization(services, "org", plan="free")
    await award_all(services, world, 100)
    assert [str(one) for one in await award_all(services, world, 1)] == ["monthly award quota reached"]
    await change_organization(services, "org", plan="starter")
    assert not isinstance((await award_all(services, world, 1))[0], BaseException)
    await change_organization(services, "org", plan="free")
    assert isinstance((await award_all(services, world, 1))[0], PaymentRequired)
    await change_organization(services, "org", plan="")
    assert not isinstance((await award_all(services, world, 1))[0], BaseException)


async def test_unknown_plans_are_refused(services: Services, world: World) -> None:
    with pytest.raises(Invalid, match="there are free, starter, pro"):
        await change_organization(services, "org", plan="gold")


async def test_caps_hold_under_parallel_load(any_services: Services, any_world: World) -> None:
    services, organization_id = any_services, any_world.organization.id
    await change_organization(services, "org", plan="free")
    new_badge = NewBadge(title="One more", description="d", criteria="c", image=base64.b64decode(picture()))
    badge = await prepare_badge(any_world.issuer, new_badge)
    issuer = await prepare(services, NewIssuer(username="school", name="School", email="a@b.example"))

    async def add(tx: Transaction) -> object:
        return await add_badge(tx, any_world.issuer, badge, now=services.clock())

    async def register(tx: Transaction) -> object:
        return await register_issuer(tx, services, organization_id, issuer)

    for work, limit, text in ((add, 4, "badge"), (register, 1, "issuer")):
        results = await asyncio.gather(
            *(services.database.write(work) for _ in range(20)), return_exceptions=True
        )
        errors = [result for result in results if isinstance(result, BadgefedError)]
        assert len(results) - len(errors) == limit, results
        assert {(type(error), str(error)) for error in errors} == {
            (Forbidden, f"{text} limit reached for your plan")
        }


async def test_keys_have_a_cap(services: Services, world: World) -> None:
    await change_organization(services, "org", plan="free")

    async def make() -> None:
        await create_key(services, email=world.owner.email, name="more", dialect=Dialect.ISSUERS)

    for _ in range((PLANS["free"].keys or 0) - 1):  # the world has one already
        await make()
    with pytest.raises(Forbidden, match=r"^API key limit reached for your plan$"):
        await make()


async def test_the_api_says_402_and_403(services: Services, world: World) -> None:
    async with school(services, world) as caller:
        await change_organization(services, "org", plan="free")
        await caller.issuer()
        for path, body, text in (
            ("/issuers", {**ISSUER, "email": world.owner.email}, "issuer limit reached for your plan"),
            (
                "/badges",
                {
                    "name": "One",
                    "description": "d",
                    "criteria": "c",
                    "image": picture(),
                    "issuerId": world.issuer.uuid,
                },
                "badge limit reached for your plan",
            ),
        ):
            answers = [await caller.client.post(path, json=body) for _ in range(5)]
            assert (answers[-1].status_code, answers[-1].json()) == (403, {"error": text})
        await award_all(services, world, 100)
        award = {"badgeId": world.badge.uuid, "recipient": JANE, "issuedOn": ISSUED_ON}
        refused = await caller.client.post("/awards", json=award)
    assert (refused.status_code, refused.json()) == (402, {"error": "monthly award quota reached"})
