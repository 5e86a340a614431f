"""Two who change the same thing at the same moment: one of them is told so in words, on both databases."""

from __future__ import annotations

import asyncio
import base64
import sqlite3
from functools import partial

import asyncpg
import pytest

from badgefed.errors import BadgefedError, Conflict, Invalid
from badgefed.issuing import grants
from badgefed.issuing.badges import NewBadge, create_badge, delete_badge
from badgefed.issuing.grants import Offer
from badgefed.issuing.organizations import create_user
from badgefed.model.organization import Role
from badgefed.store import badges, users
from badgefed.store.conflicts import CHANGED_MEANWHILE
from badgefed.store.database import Database, Transaction
from badgefed.work.services import Services
from tests.api import call
from tests.conftest import World
from tests.issuers_api import picture

USER = "INSERT INTO users (uuid, email, name, is_active, created_at) VALUES (?, ?, 'x', 1, 1)"
ORPHAN = "INSERT INTO members (organization_id, user_id, role, created_at) VALUES (999, 999, 'owner', 1)"


async def test_the_same_key_twice_is_a_conflict(any_database: Database) -> None:
    await any_database.write(lambda tx: tx.execute(USER, "1", "jane@example.org"))
    with pytest.raises(Conflict) as refusal:
        await any_database.write(lambda tx: tx.execute(USER, "2", "jane@example.org"))
    assert str(refusal.value) == CHANGED_MEANWHILE
    assert isinstance(refusal.value.__cause__, sqlite3.IntegrityError | asyncpg.UniqueViolationError)


async def test_what_refers_to_nothing_is_a_conflict(any_database: Database) -> None:
    with pytest.raises(Conflict, match="changed this at the same moment"):
        await any_database.write(lambda tx: tx.execute(ORPHAN))


async def test_other_broken_rules_are_bugs(any_database: Database) -> None:
    with pytest.raises((sqlite3.IntegrityError, asyncpg.NotNullViolationError)):
        await any_database.write(lambda tx: tx.execute("INSERT INTO users (uuid) VALUES ('1')"))


async def test_a_conflict_undoes_its_own_transaction_alone(any_database: Database) -> None:
    async def add(tx: Transaction, number: int) -> None:
        await tx.execute(USER, f"{number}", f"{number}@example.org")
        await tx.execute(USER, f"other {number}", "jane@example.org")

    writes = (any_database.write(partial(add, number=number)) for number in range(5))
    outcomes = await asyncio.gather(*writes, return_exceptions=True)
    assert [type(one) for one in outcomes if one is not None] == [Conflict] * 4
    rows = await any_database.all("SELECT email FROM users")
    assert len(rows) == 2


async def test_two_who_take_the_same_address(any_services: Services, any_world: World) -> None:
    database = any_services.database
    people = [
        await create_user(
            any_services, email=f"{name}@example.org", organization=any_world.organization, role=Role.VIEWER
        )
        for name in ("ann", "ben", "eve")
    ]

    takes = (
        database.write(partial(users.set_email, user_id=user.id, email="new@example.org")) for user in people
    )
    outcomes = await asyncio.gather(*takes, return_exceptions=True)
    assert outcomes.count(True) == 1
    assert all(one in (True, False) or isinstance(one, Conflict) for one in outcomes), outcomes
    rows = await database.all("SELECT id FROM users WHERE email = 'new@example.org'")
    assert len(rows) == 1


async def test_a_badge_that_is_deleted_while_it_is_granted(any_services: Services, any_world: World) -> None:
    """It is there with its grants, or gone without any."""
    database, now = any_services.database, any_services.clock()
    image = base64.b64decode(picture())
    for number in range(5):
        new = NewBadge(title=f"Badge {number}", description="x", criteria="x", image=image)
        badge = await create_badge(any_services, issuer=any_world.issuer, new=new)
        offer = Offer(organization_id=any_world.organization.id, badge_id=badge.id, email="jane@example.org")
        deleting = partial(delete_badge, badge=badge, issuer=any_world.issuer, now=now)
        granted, deleted = await asyncio.gather(
            database.write(partial(grants.offer, wanted=offer, services=any_services)),
            database.write(deleting),
            return_exceptions=True,
        )
        is_there = await badges.find_badge(database, badge.id) is not None
        assert is_there is isinstance(deleted, Invalid), deleted
        assert is_there is not isinstance(granted, BaseException), granted
        if not is_there:
            assert isinstance(granted, BadgefedError)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/badges/grant", {"badgeId": 1, "email": "jane@example.org"}),
        (
            "POST",
            "/awards",
            {
                "badgeId": "{badge}",
                "recipient": {"name": "Jane Doe", "email": "jane@example.org"},
                "issuedOn": "2026-01-15T10:30:00Z",
            },
        ),
        (
            "POST",
            "/api/v1/credentials",
            {"badgeId": "{badge}", "recipient": {"name": "Jane Doe", "email": "jane@example.org"}},
        ),
    ],
)
async def test_each_api_says_it_in_its_own_words(
    services: Services, world: World, method: str, path: str, body: dict[str, object]
) -> None:
    """The store is broken by hand, as another process might do it in the same instant."""
    await services.database.write(
        lambda tx: tx.execute(
            "CREATE TRIGGER broken BEFORE INSERT ON grants BEGIN INSERT INTO organizations SELECT * FROM organizations; END"
        )
    )
    sent = {name: world.badge.uuid if value == "{badge}" else value for name, value in body.items()}
    async with call(services, world.key) as client:
        response = await client.request(method, path, json=sent)
    assert response.status_code == 409, response.text
    assert CHANGED_MEANWHILE in response.json().values()
