"""Renewing, suspending and reinstating grants, and editing badges under them."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from badgefed.errors import Conflict, Invalid, NotFound
from badgefed.issuing import badges as issuing_badges
from badgefed.issuing import grants
from badgefed.issuing.grants import SUPERSEDED, Offer, Offered, Repeat
from badgefed.model.badge import Alignment, Badge, ResultDescription
from badgefed.model.grant import Details, Evidence, Grant, Result, Status
from badgefed.model.times import DAY
from badgefed.store import badges as stored_badges
from badgefed.store import grants as stored_grants
from badgefed.store import showcase
from badgefed.work.services import Services
from tests.api import call
from tests.conftest import World
from tests.doors import browse, fetch, publish
from tests.workers import run_until_idle
from tests.world import Clock

JANE = "https://social.example/@jane"


async def offer(services: Services, world: World, **wanted: Any) -> Offered:
    given: dict[str, Any] = {} if wanted.keys() & {"email", "profile"} else {"profile": JANE}
    whole = Offer(organization_id=world.organization.id, badge_id=world.badge.id, **given, **wanted)
    return await services.database.write(lambda tx: grants.offer(tx, whole, services))


async def expire_in(services: Services, world: World, days: int) -> None:
    """From now on the badge's grants expire."""
    await issuing_badges.edit_badge(
        services, badge=world.badge, issuer=world.issuer, changes={"expires_in_days": days}
    )


async def reload(services: Services, grant: Grant) -> Grant:
    found = await stored_grants.find_grant(services.database, grant.id)
    assert found is not None
    return found


async def suspend(services: Services, grant: Grant, reason: str = "Under review") -> Grant:
    return await services.database.write(
        lambda tx: grants.suspend(tx, grant.id, reason=reason, now=services.clock())
    )


async def reinstate(services: Services, grant: Grant) -> Grant:
    return await services.database.write(lambda tx: grants.reinstate(tx, grant.id, now=services.clock()))


async def test_an_expired_grant_is_followed_by_a_new_one(
    any_services: Services, any_world: World, clock: Clock
) -> None:
    await expire_in(any_services, any_world, 30)
    first = await publish(any_services, any_world)
    with pytest.raises(Conflict):
        await offer(any_services, any_world, profile=first.profile)
    clock.advance(31 * 86_400)
    second = await offer(any_services, any_world, profile=first.profile)
    assert second.is_new
    assert second.grant.supersedes_id == first.id
    assert second.grant.expires_at == any_services.clock() + 30 * DAY
    assert (await reload(any_services, first)).status is Status.PROCESSED
    successor = await stored_grants.find_successor(any_services.database, first.id)
    assert successor == second.grant


async def test_renewing_revokes_what_would_expire_later(services: Services, world: World) -> None:
    await expire_in(services, world, 30)
    first = (await offer(services, world, email="jane@example.org", repeat=Repeat.RENEW)).grant
    second = (await offer(services, world, email="Jane@Example.org", repeat=Repeat.RENEW)).grant
    old = await reload(services, first)
    assert (old.status, old.closed_reason, second.supersedes_id) == (Status.REVOKED, SUPERSEDED, first.id)


async def test_renewing_follows_what_was_revoked_once(services: Services, world: World) -> None:
    first = (await offer(services, world, email="jane@example.org", repeat=Repeat.RENEW)).grant
    with pytest.raises(Conflict):
        await offer(services, world, email="jane@example.org", repeat=Repeat.RENEW)
    await services.database.write(
        lambda tx: grants.revoke(tx, first.id, reason="mistake", now=services.clock())
    )
    second = (await offer(services, world, email="JANE@example.org", repeat=Repeat.RENEW)).grant
    assert second.supersedes_id == first.id
    with pytest.raises(Conflict):
        await offer(services, world, email="jane@example.org", repeat=Repeat.RENEW)


async def test_adding_gives_any_number(services: Services, world: World) -> None:
    made = [await offer(services, world, email="jane@example.org", repeat=Repeat.ADD) for _ in range(3)]
    assert len({one.grant.id for one in made}) == 3
    assert all(one.is_new and one.grant.supersedes_id is None for one in made)


async def test_parallel_renewals_make_one_successor(
    any_services: Services, any_world: World, clock: Clock
) -> None:
    await expire_in(any_services, any_world, 1)
    first = await publish(any_services, any_world)
    clock.advance(2 * 86_400)
    results = await asyncio.gather(
        *(offer(any_services, any_world, profile=first.profile) for _ in range(10)), return_exceptions=True
    )
    made = [one for one in results if isinstance(one, Offered)]
    assert sum(one.is_new for one in made) == 1
    assert {one.grant.id for one in made} == {made[0].grant.id}
    assert all(isinstance(one, Offered | Conflict) for one in results)


async def test_an_offer_may_say_when_it_expires(services: Services, world: World) -> None:
    instant = services.clock() + 5 * DAY
    assert (await offer(services, world, expires_at=instant)).grant.expires_at == instant


async def test_details_of_an_award_are_kept(any_services: Services, any_world: World) -> None:
    details = Details(
        narrative="Led the team.",
        evidence=(Evidence(url="https://example.com/talk", name="Talk"), Evidence(narrative="A story")),
        license_number="L-1",
        results=(Result(key="grade", value="A"),),
        activity_start=1,
        activity_end=2,
    )
    made = await offer(any_services, any_world, details=details)
    assert (await reload(any_services, made.grant)).details == details


async def test_suspending_and_reinstating(services: Services, world: World) -> None:
    grant = await publish(services, world)
    suspended = await suspend(services, grant)
    assert (suspended.status, suspended.suspended_reason) == (Status.PROCESSED, "Under review")
    with pytest.raises(Conflict, match="is suspended and can't be suspended"):
        await suspend(services, grant)
    assert await showcase.list_shown(services.database, limit=10) == []
    assert await reinstate(services, grant) == grant
    with pytest.raises(Conflict, match="is processed and can't be reinstated"):
        await reinstate(services, grant)
    assert len(await showcase.list_shown(services.database, limit=10)) == 1


async def test_only_what_is_published_can_be_suspended(services: Services, world: World) -> None:
    pending = (await offer(services, world)).grant
    with pytest.raises(Conflict, match="is pending and can't be suspended"):
        await suspend(services, pending)
    with pytest.raises(NotFound):
        await suspend(services, replace(pending, id=999))


async def test_the_note_says_that_the_badge_is_suspended(
    services: Services, world: World, clock: Clock
) -> None:
    grant = await publish(services, world)
    await run_until_idle(services)
    clock.advance(60)
    await suspend(services, grant, reason="Under <review>")
    await run_until_idle(services)
    async with browse(services) as client:
        note = await fetch(client, grant.note_uri)
        assert "Suspended: this badge is not valid at present." in note["content"]
        assert "Under &lt;review&gt;" in note["content"]
        assert "vocalcat:badgeAssertion" not in note
        page = (await client.get(grant.note_uri, headers={"accept": "text/html"})).text
        assert "It is not valid at present." in page
    updates = await services.database.all("SELECT body FROM activities WHERE activity_type = 'Update'")
    assert [json.loads(row["body"])["object"]["id"] for row in updates] == [grant.note_uri]
    clock.advance(60)
    await reinstate(services, grant)
    await run_until_idle(services)
    async with browse(services) as client:
        note = await fetch(client, grant.note_uri)
        assert "Suspended" not in note["content"]
        assert "vocalcat:badgeAssertion" in note


async def test_the_api_revokes_suspends_and_reinstates(services: Services, world: World) -> None:
    grant = await publish(services, world)
    at = f"/api/badges/grant/{grant.note_id}"
    async with call(services, world.key) as client:
        state = {"success": True, "noteId": grant.note_uri, "badgeId": world.badge.id, "status": "processed"}
        assert (await client.post(f"{at}/suspend", json={"reason": "Review"})).json() == state | {
            "suspended": True
        }
        again = await client.post(f"{at}/suspend", json={"reason": "Review"})
        assert (again.status_code, again.json()["error"]) == (
            409,
            f"grant {grant.id} is suspended and can't be suspended",
        )
        assert (await client.post(f"{at}/reinstate")).json() == state | {"suspended": False}
        missing = await client.post(f"{at}/revoke", json={})
        assert (missing.status_code, missing.json()["error"]) == (400, "Reason is required")
        revoked = await client.post(f"{at}/revoke", json={"reason": "Mistake"})
        assert revoked.json() == state | {"status": "revoked", "suspended": False}
        assert (await client.post(f"{at}/revoke", json={"reason": "Mistake"})).status_code == 404
    assert (await reload(services, grant)).closed_reason == "Mistake"


async def edit(services: Services, world: World, badge: Badge, **changes: Any) -> Badge:
    return await issuing_badges.edit_badge(services, badge=badge, issuer=world.issuer, changes=changes)


async def test_an_edit_makes_a_version_and_keeps_the_one_before(
    any_services: Services, any_world: World
) -> None:
    before = any_world.badge
    alignment = Alignment(target_name="Skill", target_url="https://skills.example/1", target_code="S1")
    grade = ResultDescription(key="grade", name="Grade", result_type="LetterGrade", allowed_values=("A", "B"))
    second = await edit(
        any_services,
        any_world,
        before,
        title="New title",
        alignments=(alignment,),
        result_descriptions=(grade,),
    )
    third = await edit(any_services, any_world, second, criteria="Do more", post_hashtags=True)
    assert (second.version, third.version, third.title) == (2, 3, "New title")
    assert (third.alignments, third.result_descriptions) == ((alignment,), (grade,))
    assert second.image_id != before.image_id, "the drawn picture has the new title"
    for version in (before, second, third):
        kept = await stored_badges.find_badge_version(any_services.database, before.id, version.version)
        assert kept is not None
        assert replace(kept, updated_at=0) == replace(version, updated_at=0)
    assert await stored_badges.find_badge_version(any_services.database, before.id, 9) is None


async def test_an_edit_of_an_old_version_is_refused_and_of_nothing_does_nothing(
    services: Services, world: World
) -> None:
    await edit(services, world, world.badge, criteria="Do more")
    with pytest.raises(Conflict, match="somebody else"):
        await edit(services, world, world.badge, criteria="Do less")
    present = await stored_badges.find_badge(services.database, world.badge.id)
    assert present is not None
    assert await edit(services, world, present, criteria="Do more") == present


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": " "}, "title"),
        ({"language": "english please"}, "language"),
        ({"hashtags": "#long " * 100}, "hashtags"),
        ({"alignments": (Alignment(target_name="", target_url="https://a.example/"),)}, "alignments"),
        ({"alignments": (Alignment(target_name="A", target_url="javascript:x"),)}, "alignments"),
        (
            {"result_descriptions": (ResultDescription(key="a", name="A", result_type="Stars"),)},
            "result_descriptions",
        ),
        (
            {"result_descriptions": (ResultDescription(key="a", name="A", result_type="Percent"),) * 2},
            "result_descriptions",
        ),
    ],
)
async def test_a_bad_edit_changes_nothing(
    services: Services, world: World, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        await edit(services, world, world.badge, **changes)
    assert refusal.value.field == field
    assert await stored_badges.find_badge(services.database, world.badge.id) == world.badge


async def test_a_grant_keeps_the_version_that_it_was_made_with(services: Services, world: World) -> None:
    granted = (await offer(services, world)).grant
    await edit(services, world, world.badge, title="Another")
    then = await stored_badges.get_granted_badge(services.database, granted)
    assert (granted.badge_version, then.title) == (1, world.badge.title)
    later = await offer(services, world, email="joe@example.org")
    assert later.grant.badge_version == 2
