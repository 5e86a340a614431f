"""The Badges API as its contract has it: badges, grants and their status."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from badgefed.issuing.badges import NewBadge, create_badge
from badgefed.model.badge import BadgeType
from badgefed.work.services import Services
from tests.api import PROFILE, call, count, find, grant, make_key, make_stranger
from tests.conftest import World
from tests.doors import accept, decline, process_accepted, publish, revoke
from tests.world import START

GRANT = "/api/badges/grant"


async def test_the_list_has_the_organizations_active_badges_by_id(services: Services, world: World) -> None:
    await make_stranger(services, world)
    first = NewBadge(
        title="Zünftig",
        description="A",
        criteria="C",
        badge_type=BadgeType.HONOR,
        image_alt="A gold medal",
        info_uri="https://example.com/training",
        is_certificate=True,
    )
    second = await create_badge(services, issuer=world.issuer, new=first)
    closed = await create_badge(
        services, issuer=world.issuer, new=NewBadge(title="Old", description="D", criteria="C")
    )
    await services.database.write(
        lambda tx: tx.execute("UPDATE badges SET is_active = 0 WHERE id = ?", closed.id)
    )
    async with call(services, world.key) as client:
        response = await client.get("/api/badges")
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    issuer = (
        f'{{"id":{world.issuer.id},"fullName":"The Organization","username":"org","domain":"badges.example"}}'
    )
    assert response.text == (
        '{"success":true,"count":2,"badges":['
        f'{{"id":{world.badge.id},"title":"Advanced Training","description":"Finished the advanced training.",'
        '"badgeType":"Badge","earningCriteria":"Completed the advanced training course",'
        f'"image":"https://badges.example/badge-image/{world.badge.id}","imageAltText":null,'
        f'"hashtags":"#training #advanced","infoUri":null,"isCertificate":false,"issuer":{issuer}}},'
        f'{{"id":{second.id},"title":"Zünftig","description":"A","badgeType":"Honor","earningCriteria":"C",'
        f'"image":"https://badges.example/badge-image/{second.id}","imageAltText":"A gold medal","hashtags":null,'
        f'"infoUri":"https://example.com/training","isCertificate":true,"issuer":{issuer}}}]}}'
    )


async def test_one_badge_is_shown_as_in_the_list(services: Services, world: World) -> None:
    async with call(services, world.key) as client:
        one = (await client.get(f"/api/badges/{world.badge.id}")).json()
        listed = (await client.get("/api/badges")).json()
    assert one == {"success": True, "badge": listed["badges"][0]}


async def test_an_organization_without_badges_has_an_empty_list(services: Services, world: World) -> None:
    stranger = await make_stranger(services, world)
    await services.database.write(
        lambda tx: tx.execute("UPDATE badges SET is_active = 0 WHERE id = ?", stranger.badge.id)
    )
    async with call(services, stranger.key) as client:
        response = await client.get("/api/badges")
    assert response.text == '{"success":true,"count":0,"badges":[]}'


async def test_a_badge_of_others_is_as_unknown_as_one_that_is_not_there(
    services: Services, world: World
) -> None:
    stranger = await make_stranger(services, world)
    async with call(services, world.key) as client:
        for badge_id in (stranger.badge.id, 999, 0, -1, 2**31, 2**63, 10**30):
            response = await client.get(f"/api/badges/{badge_id}")
            assert (response.status_code, response.text) == (
                404,
                '{"error":"Badge not found or not authorized."}',
            )


@pytest.mark.parametrize("badge_id", ["abc", "1.5", "1e3", "0x1", "١", "1 ", "--1", "%00", "9" * 500])
async def test_a_badge_id_is_a_whole_number(services: Services, world: World, badge_id: str) -> None:
    async with call(services, world.key) as client:
        response = await client.get(f"/api/badges/{badge_id}")
    assert response.status_code == 400
    assert response.json()["error"] == response.json()["errors"]["badgeId"][0]


async def test_a_grant_answers_as_documented(services: Services, world: World) -> None:
    body = {"badgeId": world.badge.id, "profileUri": PROFILE, "name": "Jane Doe", "email": "jane@example.org"}
    async with call(services, world.key) as client:
        answer = await client.post(GRANT, json=body)
    record = answer.json()["badgeRecord"]
    link = answer.json()["acceptUrl"]
    assert answer.text == (
        f'{{"success":true,"message":"Badge granted successfully","acceptUrl":"{link}","badgeRecord":{{"id":{record["id"]},'
        '"title":"Advanced Training","issuedBy":"https://badges.example/actor/org","issuedOn":"2026-05-28T20:26:40Z",'
        f'"issuedToName":"Jane Doe","issuedToSubjectUri":"{PROFILE}",'
        f'"earningCriteria":"Completed the advanced training course","noteId":"{record["noteId"]}","status":"pending"}}}}'
    )
    assert link.startswith(f"https://badges.example/accept/grant/{record['id']}/")
    assert len(link.rpartition("/")[2]) >= 22
    assert record["noteId"].startswith("https://badges.example/actor/org/statuses/")
    assert services.clock() == START


async def test_what_is_absent_is_an_empty_text(services: Services, world: World) -> None:
    async with call(services, world.key) as client:
        by_mail = await grant(
            client, {"badgeId": world.badge.id, "email": "jane@example.org", "name": " ", "profileUri": ""}
        )
        by_profile = await grant(client, {"badgeId": world.badge.id, "profileUri": PROFILE, "email": None})
    assert by_mail["badgeRecord"]["issuedToName"] == by_mail["badgeRecord"]["issuedToSubjectUri"] == ""
    assert by_profile["badgeRecord"]["issuedToSubjectUri"] == PROFILE
    assert by_mail["badgeRecord"]["id"] != by_profile["badgeRecord"]["id"]


async def test_evidence_stands_for_the_criteria_at_its_full_length(services: Services, world: World) -> None:
    evidence = "First line\r\n\tand a second\n" + "ü" * 1973 + "🏅"
    assert len(evidence) == 2000
    async with call(services, world.key) as client:
        answer = await grant(
            client, {"badgeId": world.badge.id, "profileUri": PROFILE, "evidence": f" {evidence}\n"}
        )
    assert answer["badgeRecord"]["earningCriteria"] == evidence


async def test_a_grant_commits_with_its_work_and_calls_nobody(
    services: Services, world: World, network: Any, mailbox: Any
) -> None:
    async with call(services, world.key) as client:
        await grant(client, {"badgeId": world.badge.id, "profileUri": PROFILE, "email": "jane@example.org"})
    rows = await services.database.all("SELECT kind FROM jobs ORDER BY kind")
    assert [row["kind"] for row in rows] == ["mail", "notify"]
    assert services.wake.is_set()
    assert (network.requests, mailbox.messages) == ([], [])


async def test_only_ones_own_active_badges_can_be_granted(services: Services, world: World) -> None:
    stranger = await make_stranger(services, world)
    closed = await create_badge(
        services, issuer=world.issuer, new=NewBadge(title="Old", description="D", criteria="C")
    )
    await services.database.write(
        lambda tx: tx.execute("UPDATE badges SET is_active = 0 WHERE id = ?", closed.id)
    )
    async with call(services, world.key) as client:
        for badge_id in (stranger.badge.id, closed.id, 999, 2**53 - 1):
            response = await client.post(GRANT, json={"badgeId": badge_id, "profileUri": PROFILE})
            assert (response.status_code, response.text) == (404, '{"error":"Badge not found"}')


@pytest.mark.parametrize(
    ("first", "again"),
    [
        ({"profileUri": PROFILE}, {"profileUri": PROFILE}),
        ({"profileUri": PROFILE}, {"profileUri": "https://social.example/users/jane"}),
        ({"profileUri": PROFILE}, {"profileUri": "@Jane@Social.example"}),
        ({"profileUri": "acct:jane@social.example"}, {"profileUri": PROFILE, "email": "x@example.org"}),
        ({"email": "Jane@Example.org"}, {"email": "jane@example.org"}),
    ],
)
async def test_a_grant_that_waits_is_answered_again(
    services: Services, world: World, first: dict[str, Any], again: dict[str, Any]
) -> None:
    async with call(services, world.key) as client:
        one = await grant(client, {"badgeId": world.badge.id, **first})
        two = await grant(client, {"badgeId": world.badge.id, "name": "Another", **again})
    assert two == one
    assert (await count(services, "grants"), await count(services, "jobs")) == (1, 1)


async def test_profile_and_mail_are_two_recipients(services: Services, world: World) -> None:
    async with call(services, world.key) as client:
        one = await grant(
            client, {"badgeId": world.badge.id, "email": "jane@example.org", "profileUri": PROFILE}
        )
        two = await grant(client, {"badgeId": world.badge.id, "email": "jane@example.org"})
    assert one["badgeRecord"]["id"] != two["badgeRecord"]["id"]


async def test_an_accepted_badge_is_not_granted_again(services: Services, world: World) -> None:
    published = await publish(services, world)
    body = {"badgeId": world.badge.id, "profileUri": published.profile}
    async with call(services, world.key) as client:
        response = await client.post(GRANT, json=body)
    assert (response.status_code, response.text) == (
        409,
        '{"error":"This badge has already been granted to this recipient"}',
    )


@pytest.mark.parametrize("end", [decline, revoke])
async def test_a_closed_grant_does_not_block_a_new_one(services: Services, world: World, end: Any) -> None:
    body = {"badgeId": world.badge.id, "profileUri": PROFILE}
    async with call(services, world.key) as client:
        first = await grant(client, body)
        await end(services, await find(services, first))
        second = await grant(client, body)
    assert first["badgeRecord"]["id"] != second["badgeRecord"]["id"]
    assert first["acceptUrl"] != second["acceptUrl"]


async def test_fifty_identical_grants_make_one(any_services: Services, any_world: World) -> None:
    body = {"badgeId": any_world.badge.id, "profileUri": PROFILE}
    async with call(any_services, any_world.key) as client:
        answers = await asyncio.gather(*(client.post(GRANT, json=body) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert (await count(any_services, "grants"), await count(any_services, "jobs")) == (1, 1)


async def test_every_spelling_of_the_note_finds_its_status(services: Services, world: World) -> None:
    async with call(services, world.key) as client:
        record = (await grant(client, {"badgeId": world.badge.id, "profileUri": PROFILE}))["badgeRecord"]
        note = record["noteId"]
        for spelling in (
            note.rpartition("/")[2],
            quote(note, safe=""),
            quote(note, safe=":"),
            note,
            note.replace("https://", "https:/"),
        ):
            response = await client.get(f"/api/badges/grant/{spelling}/status")
            assert response.status_code == 200, spelling
            assert response.text == (
                f'{{"success":true,"noteId":"{note}","profileUri":"{PROFILE}",'
                f'"badgeId":{world.badge.id},"status":"pending"}}'
            )


async def test_the_status_follows_the_grant(services: Services, world: World) -> None:
    async with call(services, world.key) as client:
        answer = await grant(client, {"badgeId": world.badge.id, "email": "jane@example.org"})
        stored = await find(services, answer)
        path = f"/api/badges/grant/{stored.note_id}/status"
        seen = [(await client.get(path)).json()]
        for step in (accept(services, stored), process_accepted(services)):
            await step
            seen.append((await client.get(path)).json())
        await revoke(services, stored)
        revoked = await client.get(path)
    assert [view["status"] for view in seen] == ["pending", "accepted", "processed"]
    assert {view["profileUri"] for view in seen} == {""}
    assert (revoked.status_code, revoked.text) == (404, '{"error":"Grant not found."}')


async def test_a_declined_grant_says_so(services: Services, world: World) -> None:
    async with call(services, world.key) as client:
        answer = await grant(client, {"badgeId": world.badge.id, "profileUri": PROFILE})
        stored = await find(services, answer)
        await decline(services, stored)
        status = (await client.get(f"/api/badges/grant/{stored.note_id}/status")).json()
    assert status["status"] == "declined"


@pytest.mark.parametrize(
    "note",
    [
        "%25",
        "_",
        "%",
        "unknown",
        "%00",
        "a/b",
        "https://badges.example/actor/org/statuses/",
        "a" * 3000,
    ],
)
async def test_a_note_that_is_not_there(services: Services, world: World, note: str) -> None:
    async with call(services, world.key) as client:
        await grant(client, {"badgeId": world.badge.id, "profileUri": PROFILE})
        response = await client.get(httpx.URL(f"https://badges.example/api/badges/grant/{note}/status"))
    assert response.status_code == 404


async def test_the_wildcards_of_sql_are_plain_characters(services: Services, world: World) -> None:
    async with call(services, world.key) as client:
        await grant(client, {"badgeId": world.badge.id, "profileUri": PROFILE})
        for note in ("%25", "_" * 32, "%2525", "https:%2F%2Fbadges.example%2F%25"):
            response = await client.get(f"/api/badges/grant/{note}/status")
            assert (response.status_code, response.text) == (404, '{"error":"Grant not found."}')


async def test_the_same_last_segment_on_another_server_is_another_note(
    services: Services, world: World
) -> None:
    async with call(services, world.key) as client:
        record = (await grant(client, {"badgeId": world.badge.id, "profileUri": PROFILE}))["badgeRecord"]
        note = record["noteId"].replace("badges.example", "evil.example")
        response = await client.get(f"/api/badges/grant/{quote(note, safe='')}/status")
    assert response.status_code == 404


async def test_the_grants_of_others_are_not_found(services: Services, world: World) -> None:
    stranger = await make_stranger(services, world)
    async with call(services, world.key) as client:
        answer = await grant(client, {"badgeId": world.badge.id, "profileUri": PROFILE})
        note = (await find(services, answer)).note_id
        response = await client.get(f"/api/badges/grant/{note}/status", headers={"X-ApiKey": stranger.key})
    assert (response.status_code, response.text) == (404, '{"error":"Grant not found."}')


async def test_addresses_come_from_the_settings(services: Services, world: World) -> None:
    async with call(services, world.key) as client:
        headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
        body = {"badgeId": world.badge.id, "profileUri": PROFILE}
        granted = await client.post(GRANT, json=body, headers=headers)
        listed = await client.get("/api/badges", headers=headers)
    assert "evil.example" not in granted.text + listed.text


async def test_who_granted_is_stored(services: Services, world: World) -> None:
    key = await make_key(services, world.owner.email)
    async with call(services, key) as client:
        answer = await grant(client, {"badgeId": world.badge.id, "profileUri": PROFILE})
    assert (await find(services, answer)).granted_by == "The Organization"
