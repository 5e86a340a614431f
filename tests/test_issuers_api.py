"""The Issuers API to the letter, as its clients call it."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any
from urllib.parse import quote

import pytest

from badgefed.model.audit import Action
from badgefed.model.times import DAY
from badgefed.store.audit import list_entries
from badgefed.work.services import Services
from tests.api import make_stranger
from tests.conftest import BASE, World
from tests.issuers_api import (
    BADGE,
    ISSUED_ON,
    ISSUER,
    JANE,
    UUID,
    code_in,
    filtered,
    last_letter,
    make_key,
    path_of,
    picture,
    school,
    serve,
    text_of,
)
from tests.workers import run_until_idle
from tests.world import Clock, Mailbox

NOBODY = "019ad8a4-5f0c-7f3e-9d2b-4a7f9e8d7c6b"

REFUSALS: list[tuple[str, str, dict[str, Any], str]] = [
    ("POST", "/issuers", {}, "missing required parameters: name, url, email"),
    ("POST", "/issuers", {"name": "", "url": " ", "email": None}, "missing required parameters: name, url, email"),
    ("POST", "/issuers", {"name": "ab", "email": "x"}, "missing required parameters: url"),
    ("POST", "/issuers", {**ISSUER, "email": "x", "url": "y", "name": "z"}, "invalid email"),
    ("POST", "/issuers", {**ISSUER, "url": "y", "name": "z"}, "invalid URL"),
    ("POST", "/issuers", {**ISSUER, "url": "ftp://school.example"}, "invalid URL"),
    ("POST", "/issuers", {**ISSUER, "url": "https://"}, "invalid URL"),
    ("POST", "/issuers", {**ISSUER, "name": "ab"}, "name must be at least 3 characters"),
    ("POST", "/issuers", {**ISSUER, "name": 5}, "name must be a string"),
    ("POST", "/issuers", {**ISSUER, "linkedinOrganizationId": "x1"}, "linkedinOrganizationId must be a numeric string"),
    ("POST", "/issuers", {**ISSUER, "logo": "%%%"}, "invalid logo: the image is not valid base64"),
    ("POST", "/issuers", {**ISSUER, "logo": picture("GIF")}, "invalid logo: the image is none of PNG, JPEG, WebP and SVG"),
    ("POST", "/badges", {}, "missing required parameters: name, description, criteria, image, issuerId"),
    ("POST", "/badges", {**BADGE, "name": "ab", "issuerId": NOBODY}, "name must be at least 3 characters"),
    ("POST", "/awards", {}, "missing required parameters: badgeId, recipient, issuedOn"),
    ("POST", "/awards", {"recipient": {}, "issuedOn": ISSUED_ON}, "missing required parameters: badgeId, recipient.name, recipient.email"),
    ("POST", "/awards", {"badgeId": NOBODY, "recipient": {**JANE, "email": "x"}, "issuedOn": "y"}, "invalid email"),
    ("POST", "/awards", {"badgeId": NOBODY, "recipient": {**JANE, "name": "Jane"}, "issuedOn": ISSUED_ON}, "name must be at least 5 characters"),
    ("POST", "/awards", {"badgeId": NOBODY, "recipient": JANE, "issuedOn": "yesterday"}, "invalid issuedOn"),
    ("POST", "/awards", {"badgeId": NOBODY, "recipient": JANE, "issuedOn": ISSUED_ON, "expires": "later"}, "invalid expires"),
    ("POST", "/awards", {"badgeId": NOBODY, "recipient": "Jane", "issuedOn": ISSUED_ON}, "recipient must be an object"),
    ("POST", f"/issuers/{NOBODY}/verify", {}, "missing required parameters: code"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "parameters", "text"), REFUSALS)
@pytest.mark.parametrize("is_flat", [False, True], ids=["enveloped", "flat"])
async def test_refusals_have_their_texts(
    services: Services,
    world: World,
    method: str,
    path: str,
    parameters: dict[str, Any],
    text: str,
    is_flat: bool,
) -> None:
    async with school(services, world) as caller:
        body = parameters if is_flat else {"parameters": parameters}
        response = await caller.client.request(method, path, json=body)
    assert (response.status_code, response.json()) == (400, {"error": text})


@pytest.mark.parametrize(
    ("method", "path", "parameters", "noun"),
    [
        ("POST", "/issuers/{id}/verify", {"code": "x"}, "issuer"),
        ("POST", "/issuers/{id}/rotate-code", None, "issuer"),
        ("PUT", "/issuers/{id}", {}, "issuer"),
        ("DELETE", "/issuers/{id}", None, "issuer"),
        ("POST", "/badges", {**BADGE, "issuerId": "{id}"}, "issuer"),
        ("PUT", "/badges/{id}", {"name": "Another"}, "badge"),
        ("DELETE", "/badges/{id}", None, "badge"),
        ("POST", "/awards", {"badgeId": "{id}", "recipient": JANE, "issuedOn": ISSUED_ON}, "badge"),
        ("GET", "/awards/{id}", None, "award"),
        ("POST", "/awards/{id}/email", None, "award"),
        ("DELETE", "/awards/{id}", None, "award"),
    ],
)
async def test_unknown_and_foreign_are_not_found(
    services: Services, world: World, method: str, path: str, parameters: dict[str, Any] | None, noun: str
) -> None:
    stranger = await make_stranger(services, world)
    async with school(services, world) as ours, school(services, stranger) as theirs:
        award = await theirs.award(f"{BASE}/certify-badge/badge/{stranger.badge.uuid}")
        foreign = {
            "issuer": f"{BASE}/certify-badge/issuer/{stranger.issuer.uuid}",
            "badge": f"{BASE}/certify-badge/badge/{stranger.badge.uuid}",
            "award": award,
        }[noun]
        strange = [NOBODY, path_of(foreign), foreign, "x", foreign.replace("badges.example", "else.example")]
        for identifier in strange:
            sent = {name: value.replace("{id}", identifier) if isinstance(value, str) else value for name, value in (parameters or {}).items()}  # fmt: skip
            response = await ours.client.request(
                method, path.replace("{id}", quote(identifier, safe="")), json={"parameters": sent}
            )
            assert (response.status_code, response.json()) == (404, {"error": f"{noun} not found"}), (
                identifier
            )


@pytest.mark.parametrize(
    ("headers", "text"),
    [
        ({}, "missing API key"),
        ({"X-Api-Key": "  "}, "missing API key"),
        ({"X-Api-Key": "bws_" + "0" * 32}, "invalid API key"),
        ({"X-Api-Key": "nonsense"}, "invalid API key"),
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/issuers"), ("POST", "/issuers"), ("GET", "/badges"), ("POST", "/awards"), ("GET", "/awards")],
)
async def test_a_key_is_needed(
    services: Services, world: World, method: str, path: str, headers: dict[str, str], text: str
) -> None:
    async with serve(services) as client:
        response = await client.request(method, path, headers=headers)
    assert (response.status_code, response.json()) == (401, {"error": text})


async def test_any_live_key_works_in_any_header(services: Services, world: World) -> None:
    key = await make_key(services, world.owner.email)
    assert re.fullmatch(r"bws_[0-9a-f]{32}", key)
    async with serve(services) as client:
        for value in (key, world.key):
            for headers in ({"X-Api-Key": value}, {"X-ApiKey": value}, {"Authorization": f"Bearer {value}"}):
                assert (await client.get("/issuers", headers=headers)).status_code == 200
        assert (await client.get("/issuers", params={"apiKey": key})).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "/issuers", "issuers:write"),
        ("GET", "/issuers", "issuers:read"),
        ("POST", f"/issuers/{NOBODY}/verify", "issuers:write"),
        ("POST", f"/issuers/{NOBODY}/rotate-code", "issuers:write"),
        ("PUT", f"/issuers/{NOBODY}", "issuers:write"),
        ("DELETE", f"/issuers/{NOBODY}", "issuers:write"),
        ("POST", "/badges", "badges:write"),
        ("GET", "/badges", "badges:read"),
        ("PUT", f"/badges/{NOBODY}", "badges:write"),
        ("DELETE", f"/badges/{NOBODY}", "badges:write"),
        ("POST", "/awards", "grants:write"),
        ("GET", "/awards", "grants:read"),
        ("GET", f"/awards/{NOBODY}", "grants:read"),
        ("POST", f"/awards/{NOBODY}/email", "grants:write"),
        ("DELETE", f"/awards/{NOBODY}", "grants:write"),
    ],
)
async def test_each_call_needs_its_scope(
    services: Services, world: World, method: str, path: str, scope: str
) -> None:
    others = {"issuers:read", "issuers:write", "badges:read", "badges:write", "grants:read", "grants:write"}
    without = await make_key(services, world.owner.email, scopes=tuple(sorted(others - {scope})))
    alone = await make_key(services, world.owner.email, scopes=(scope,))
    async with serve(services) as client:
        refused = await client.request(method, path, headers={"X-Api-Key": without}, json={})
        passed = await client.request(method, path, headers={"X-Api-Key": alone}, json={})
    assert (refused.status_code, refused.json()) == (403, {"error": f"This API key lacks the scope {scope}."})
    assert passed.status_code in (200, 400, 404)


async def test_too_many_requests_are_told_when_to_come_back(services: Services, world: World) -> None:
    key = await make_key(services, world.owner.email, rate=2)
    async with serve(services, key) as client:
        answers = [await client.get("/issuers") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].headers["retry-after"] == "30"
    assert answers[2].json() == {"error": "Too many requests. Try again in 30 seconds."}


async def test_an_issuer_with_the_accounts_address_is_verified_at_once(
    services: Services, world: World, mailbox: Mailbox
) -> None:
    async with school(services, world) as caller:
        info = await caller.info("POST", "/issuers", {**ISSUER, "email": "Owner@Example.org"})
        listed = (await caller.info("GET", "/issuers"))["issuers"]
    assert re.fullmatch(rf"{BASE}/certify-badge/issuer/{UUID}", info["issuerId"])
    assert listed[-1] == {
        "id": info["issuerId"],
        "name": "Example School",
        "url": "https://school.example",
        "email": "Owner@Example.org",
        "verified": True,
        "timestamp": "2026-05-28T20:26:40.000Z",
    }
    await run_until_idle(services)
    assert mailbox.messages == []


async def test_usernames_come_from_names_and_are_unique(services: Services, world: World) -> None:
    names = ["École Été", "École Été", "école-été", "admin", "東京大学", "x" * 100]
    async with school(services, world) as caller:
        for name in names:
            await caller.issuer(name=name)
    rows = await services.database.all("SELECT username FROM issuers ORDER BY id")
    assert [row["username"] for row in rows[1:]] == [
        "ecole_ete", "ecole_ete_2", "ecole_ete_3", "admin_2", "issuer", "x" * 23,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "spell", [str, str.lower, lambda code: f" {code[:4]} {code[5:]} "], ids=["as it is", "lower", "spaced"]
)
async def test_a_code_verifies_an_issuer(
    services: Services, world: World, mailbox: Mailbox, spell: Any
) -> None:
    async with school(services, world) as caller:
        issuer = (await caller.info("POST", "/issuers", ISSUER))["issuerId"]
        letter = await last_letter(services, mailbox)
        assert letter["To"] == "badges@school.example"
        assert (await caller.info("GET", "/issuers"))["issuers"][-1]["verified"] is False
        answer = await caller.info(
            "POST", f"/issuers/{path_of(issuer)}/verify", {"code": spell(code_in(letter))}
        )
        assert answer == {"verified": True}
        assert (await caller.info("GET", "/issuers"))["issuers"][-1]["verified"] is True
        again = await caller.info("POST", f"/issuers/{path_of(issuer)}/verify", {"code": "whatever"})
        assert again == {"verified": True}


async def test_many_right_codes_at_once_verify_an_issuer_once(
    any_services: Services, any_world: World, mailbox: Mailbox
) -> None:
    services = any_services
    async with school(services, any_world) as caller:
        owner = {"X-Api-Key": any_world.key}
        hook = await caller.client.post(
            "/api/webhooks", json={"url": "https://hooks.example/in"}, headers=owner
        )
        assert hook.status_code == 200
        issuer = path_of((await caller.info("POST", "/issuers", ISSUER))["issuerId"])
        right = {"code": code_in(await last_letter(services, mailbox))}
        answers = await asyncio.gather(
            *(caller.client.post(f"/issuers/{issuer}/verify", json=right) for _ in range(50))
        )
        assert {answer.text for answer in answers} == {'{"statusCode":200,"info":{"verified":true}}'}
        assert (await caller.info("GET", "/issuers"))["issuers"][-1]["verified"] is True
    told = await services.database.all("SELECT event FROM webhook_deliveries")
    assert told == [{"event": "issuer.verified"}]
    entries = await list_entries(services.database, organization_id=any_world.organization.id, limit=60)
    assert [entry.action for entry in entries].count(Action.ISSUER_VERIFY) == 1


async def test_a_code_dies_with_five_wrong_ones_with_a_day_and_with_a_newer_one(
    services: Services, world: World, mailbox: Mailbox, clock: Clock
) -> None:
    async with school(services, world) as caller:
        issuer = path_of((await caller.info("POST", "/issuers", ISSUER))["issuerId"])
        code = code_in(await last_letter(services, mailbox))

        async def try_code(typed: str) -> tuple[int, Any]:
            response = await caller.client.post(f"/issuers/{issuer}/verify", json={"code": typed})
            return response.status_code, response.json()

        wrong = (400, {"error": "invalid verification code"})
        for _ in range(5):
            assert await try_code("AAAA-AAAA") == wrong
        assert await try_code(code) == wrong
        assert await caller.info("POST", f"/issuers/{issuer}/rotate-code") == {"sent": True}
        second = code_in(await last_letter(services, mailbox))
        assert await try_code(code) == wrong
        clock.advance(24 * 3600 + 1)
        assert await try_code(second) == wrong
        await caller.info("POST", f"/issuers/{issuer}/rotate-code")
        third = code_in(await last_letter(services, mailbox))
        assert (await try_code(third))[0] == 200
        refused = await caller.client.post(f"/issuers/{issuer}/rotate-code")
    assert (refused.status_code, refused.json()) == (400, {"error": "issuer is verified already"})


async def test_letters_to_one_address_have_a_limit(
    services: Services, world: World, mailbox: Mailbox
) -> None:
    async with school(services, world) as caller:
        issuer = path_of((await caller.info("POST", "/issuers", ISSUER))["issuerId"])
        answers = [await caller.client.post(f"/issuers/{issuer}/rotate-code") for _ in range(6)]
        await run_until_idle(services)
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 429, 429]
    assert answers[-1].headers["retry-after"] == "3600"
    assert len(mailbox.messages) == 1  # the other letters were pointless before they were written


async def test_an_issuer_can_be_changed_while_it_is_unverified(
    services: Services, world: World, mailbox: Mailbox
) -> None:
    async with school(services, world) as caller:
        issuer = (await caller.info("POST", "/issuers", ISSUER))["issuerId"]
        first = code_in(await last_letter(services, mailbox))
        changes = {"name": "Another School", "url": "https://another.example", "email": "new@another.example"}
        updated = await caller.info("PUT", f"/issuers/{quote(issuer, safe='')}", changes)
        assert updated == {"issuerId": issuer, "updated": True}
        letter = await last_letter(services, mailbox)
        assert letter["To"] == "new@another.example"
        assert {
            name: (await caller.info("GET", "/issuers"))["issuers"][-1][name] for name in changes
        } == changes
        stale = await caller.client.post(f"/issuers/{path_of(issuer)}/verify", json={"code": first})
        assert stale.status_code == 400
        await caller.info("POST", f"/issuers/{path_of(issuer)}/verify", {"code": code_in(letter)})


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"name": "Another"}, "name can't be changed once the issuer is verified"),
        ({"url": "https://a.example"}, "url can't be changed once the issuer is verified"),
        ({"email": "a@b.example"}, "email can't be changed once the issuer is verified"),
        ({"name": "Example School", "linkedinOrganizationId": "77"}, None),
        ({"logo": picture("JPEG")}, None),
        ({"logo": f"data:image/png;base64,{picture()}"}, None),
        ({"linkedinOrganizationId": ""}, None),
        ({}, None),
    ],
)
async def test_a_verified_issuer_is_locked(
    services: Services, world: World, changes: dict[str, str], error: str | None
) -> None:
    async with school(services, world) as caller:
        issuer = await caller.issuer(linkedinOrganizationId="12345")
        before = await services.database.one("SELECT * FROM issuers ORDER BY id DESC LIMIT 1")
        response = await caller.client.put(f"/issuers/{path_of(issuer)}", json={"parameters": changes})
        after = await services.database.one("SELECT * FROM issuers ORDER BY id DESC LIMIT 1")
    assert before is not None
    assert after is not None
    if error:
        assert (response.status_code, response.json()) == (400, {"error": error})
        assert before == after
        return
    assert response.status_code == 200
    expected = changes.get("linkedinOrganizationId", "12345") or None
    assert after["linkedin_organization_id"] == expected
    assert (after["image_id"] != before["image_id"]) is ("logo" in changes)


async def test_deleting_an_issuer(services: Services, world: World) -> None:
    async with school(services, world) as caller:
        issuer = await caller.issuer()
        badge = await caller.badge(issuer)
        refused = await caller.client.delete(f"/issuers/{path_of(issuer)}")
        assert (refused.status_code, refused.json()) == (400, {"error": "issuer has badges or awards"})
        assert await caller.info("DELETE", f"/badges/{path_of(badge)}") == {"deleted": True}
        assert await caller.info("DELETE", f"/issuers/{path_of(issuer)}") == {"deleted": True}
        gone = await caller.client.delete(f"/issuers/{path_of(issuer)}")
        assert (gone.status_code, gone.json()) == (404, {"error": "issuer not found"})
        assert len((await caller.info("GET", "/issuers"))["issuers"]) == 1
        actor = await caller.client.get(
            "/actor/example_school", headers={"accept": "application/activity+json"}
        )
        assert actor.status_code == 410
        again = await caller.issuer()
        assert again != issuer
    usernames = [
        row["username"] for row in await services.database.all("SELECT username FROM issuers ORDER BY id")
    ]
    assert usernames[-1] == "example_school_2"


async def test_badges_are_defined_listed_and_changed(services: Services, world: World) -> None:
    async with school(services, world) as caller:
        issuer = await caller.issuer()
        badge = await caller.badge(path_of(issuer))
        assert re.fullmatch(rf"{BASE}/certify-badge/badge/{UUID}", badge)
        listed = (await caller.info("GET", "/badges"))["badges"][-1]
        assert listed == {
            "id": badge,
            "name": "Advanced",
            "description": "Finished it.",
            "criteria": {"narrative": "Pass the exam."},
            "image": listed["image"],
            "issuer": issuer,
            "timestamp": "2026-05-28T20:26:40.000Z",
        }
        changes = {"name": "Advanced II", "criteria": "Pass it well.", "shareText": "I did it"}
        updated = await caller.info("PUT", f"/badges/{path_of(badge)}", changes)
        assert updated == {"badgeId": badge, "updated": True}
        listed = (await caller.info("GET", "/badges"))["badges"][-1]
        assert (listed["name"], listed["description"]) == ("Advanced II", "Finished it.")
        assert listed["criteria"] == {"narrative": "Pass it well."}
        document = (await caller.client.get(badge, headers={"accept": "application/json"})).json()
    assert (document["id"], document["name"]) == (badge, "Advanced II")


async def test_an_unverified_issuer_has_no_badges(services: Services, world: World) -> None:
    async with school(services, world) as caller:
        issuer = (await caller.info("POST", "/issuers", ISSUER))["issuerId"]
        body = {**BADGE, "image": "nonsense", "issuerId": issuer}
        response = await caller.client.post("/badges", json=body)
    assert (response.status_code, response.json()) == (
        400,
        {"error": "issuer must be verified before creating badges"},
    )


async def test_an_award_is_live_at_once_and_its_recipient_is_told(
    services: Services, world: World, mailbox: Mailbox
) -> None:
    async with school(services, world) as caller:
        badge = await caller.badge(await caller.issuer())
        award = await caller.award(badge, expires="2030-01-01")
        await run_until_idle(services)
        assertion = await caller.client.get(award, headers={"accept": "application/json"})
        document = assertion.json()
        credential = await caller.client.get(f"/credentials/{path_of(award)}/ob3")
        shown = await caller.info("GET", f"/awards/{path_of(award)}")
        page = await caller.client.get(shown["url"], headers={"accept": "text/html", "X-Api-Key": ""})
    assert assertion.headers["cache-control"] == "public, max-age=3600"
    assert (document["id"], document["type"]) == (award, "Assertion")
    assert document["verification"]["type"] == "HostedBadge"
    recipient = document["recipient"]
    assert (recipient["type"], recipient["hashed"]) == ("email", True)
    assert recipient["identity"].startswith("sha256$")
    assert (document["issuedOn"], document["expires"]) == ("2026-01-15T10:30:00Z", "2030-01-01T00:00:00Z")
    assert credential.status_code == 200
    assert shown == {
        "id": award,
        "badgeId": badge,
        "recipient": JANE,
        "issuedOn": "2026-01-15T10:30:00Z",
        "expires": "2030-01-01T00:00:00Z",
        "status": "issued",
        "revocationReason": None,
        "url": f"{BASE}/awards/{path_of(award)}",
    }
    assert page.status_code == 200
    assert "Signed and accepted" not in page.text
    (letter,) = mailbox.messages
    assert (letter["To"], letter["Subject"]) == (
        "jane@example.org",
        "You have been awarded a badge: Advanced",
    )
    assert shown["url"] in text_of(letter)


async def test_each_award_is_a_new_one(services: Services, world: World) -> None:
    async with school(services, world) as caller:
        badge = await caller.badge(await caller.issuer())
        assert len({await caller.award(badge) for _ in range(3)}) == 3


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"issuedOn": "2026-05-30T20:26:41Z"}, "issuedOn must not be in the future"),
        ({"issuedOn": "2026-05-29", "expires": "2026-05-29"}, "expires must be later than issuedOn"),
        (
            {"issuedOn": "2026-05-01", "expires": "2026-04-30T23:59:59+00:00"},
            "expires must be later than issuedOn",
        ),
        ({"issuedOn": "1815-12-10"}, "issuedOn must not be before 1970"),
        ({"issuedOn": "0001-01-01T00:00:00+01:00"}, "invalid issuedOn"),
        ({"expires": "9999-12-31T23:59:59-01:00"}, "invalid expires"),
    ],
)
async def test_dates_make_sense(services: Services, world: World, values: dict[str, str], error: str) -> None:
    body = {"badgeId": world.badge.uuid, "recipient": JANE, "issuedOn": ISSUED_ON, **values}
    async with school(services, world) as caller:
        response = await caller.client.post("/awards", json=body)
    assert (response.status_code, response.json()) == (400, {"error": error})


async def test_tomorrow_in_another_zone_is_now(services: Services, world: World) -> None:
    async with school(services, world) as caller:
        award = await caller.award(world.badge.uuid, issuedOn="2026-05-29")
        assert (await caller.info("GET", f"/awards/{path_of(award)}"))["issuedOn"] == "2026-05-28T20:26:40Z"


async def test_old_awards_keep_the_old_art(services: Services, world: World) -> None:
    async with school(services, world) as caller:
        badge = await caller.badge(await caller.issuer())
        award = await caller.award(badge)
        await run_until_idle(services)

        async def image_of(identifier: str) -> str:
            document = (await caller.client.get(identifier, headers={"accept": "application/json"})).json()
            version = (
                await caller.client.get(document["badge"], headers={"accept": "application/json"})
            ).json()
            return str(version["image"])

        first = await caller.client.get(await image_of(award))
        await caller.info("PUT", f"/badges/{path_of(badge)}", {"image": picture(colour="red")})
        second = await caller.award(badge)
        await run_until_idle(services)
        assert (await caller.client.get(await image_of(award))).content == first.content
        assert (await caller.client.get(await image_of(second))).content != first.content
        refused = await caller.client.delete(f"/badges/{path_of(badge)}")
    assert (refused.status_code, refused.json()) == (400, {"error": "badge has awards"})


async def test_awards_are_searched(services: Services, world: World) -> None:
    async with school(services, world) as caller:
        badge = await caller.badge(await caller.issuer())
        for name, email in (("Ada Lovelace", "ada@example.org"), ("Grace 100% Hopper", "grace@navy.example")):
            await caller.award(badge, recipient={"name": name, "email": email})
        await caller.award(world.badge.uuid, recipient={"name": "Adam Smith", "email": "smith@example.org"})

        async def names(**values: str) -> list[str]:
            response = await caller.client.get("/awards", params=filtered(**values))
            info = response.json()["info"]
            assert info["count"] == len(info["awards"])
            return [award["recipient"]["name"].partition(" ")[0] for award in info["awards"]]

        assert await names() == ["Adam", "Grace", "Ada"]
        assert await names(badgeId=badge) == ["Grace", "Ada"]
        assert await names(search="ADA") == ["Adam", "Ada"]
        assert await names(search="example.org", searchField="email") == ["Adam", "Ada"]
        assert await names(search="example.org", searchField="name") == []
        assert await names(search="100%") == ["Grace"]
        assert await names(search="_") == []
        assert await names(badgeId=path_of(badge), search="ada") == ["Ada"]


@pytest.mark.parametrize(
    ("query", "status", "start"),
    [
        ({"filter": "{"}, 400, "invalid filter: "),
        ({"filter": "[]"}, 400, "invalid filter: "),
        ({"filter": '{"searchField":"phone"}'}, 400, "invalid filter: searchField must be name or email"),
        ({"filter": '{"search":5}'}, 400, "invalid filter: search must be a string"),
        ({"filter": '{"search":"' + "x" * 3000 + '"}'}, 400, "invalid filter: "),
        ({"filter": json.dumps({"badgeId": NOBODY})}, 404, "badge not found"),
        ({"lastEvaluatedKey": NOBODY}, 404, "award not found"),
        ({"lastEvaluatedKey": "x"}, 404, "award not found"),
    ],
)
async def test_bad_searches_are_refused(
    services: Services, world: World, query: dict[str, str], status: int, start: str
) -> None:
    async with school(services, world) as caller:
        response = await caller.client.get("/awards", params=query)
    assert response.status_code == status
    assert response.json()["error"].startswith(start)


async def test_pages_are_stable_while_awards_are_made(services: Services, world: World) -> None:
    async with school(services, world) as caller:
        made = [await caller.award(world.badge.uuid) for _ in range(120)]
        seen: list[str] = []
        key = ""
        sizes = []
        while True:
            info = (await caller.client.get("/awards", params={"lastEvaluatedKey": key})).json()["info"]
            seen += [award["id"] for award in info["awards"]]
            sizes.append(info["count"])
            await caller.award(world.badge.uuid)
            if "lastEvaluatedKey" not in info:
                break
            key = info["lastEvaluatedKey"]
    assert sizes == [50, 50, 20]
    assert seen == made[::-1]


async def test_an_award_is_mailed_again_and_taken_back(
    services: Services, world: World, mailbox: Mailbox
) -> None:
    async with school(services, world) as caller:
        award = await caller.award(world.badge.uuid)
        await run_until_idle(services)
        for _ in range(3):
            assert await caller.info("POST", f"/awards/{path_of(award)}/email") == {"sent": True}
        await run_until_idle(services)
        assert len(mailbox.messages) == 2
        assert len({letter["Message-ID"] for letter in mailbox.messages}) == 2
        revoked = await caller.client.request(
            "DELETE", f"/awards/{quote(award, safe='')}", json={"reason": "By mistake"}
        )
        assert revoked.json() == {"statusCode": 200, "info": {"deleted": True, "revoked": True}}
        for method, path in (("GET", ""), ("POST", "/email"), ("DELETE", "")):
            gone = await caller.client.request(method, f"/awards/{path_of(award)}{path}")
            assert (gone.status_code, gone.json()) == (410, {"error": "award has been revoked"})
        hosted = await caller.client.get(award, headers={"accept": "application/json"})
        assert (hosted.status_code, hosted.json()["revoked"]) == (410, True)
        listed = (await caller.info("GET", "/awards"))["awards"][0]
    assert (listed["status"], listed["revocationReason"]) == ("revoked", "By mistake")


@pytest.mark.parametrize(
    ("query", "reason"), [({"reason": "No show"}, "No show"), ({}, "Revoked by the issuer")]
)
async def test_the_reason_may_stand_in_the_query(
    services: Services, world: World, query: dict[str, str], reason: str
) -> None:
    async with school(services, world) as caller:
        award = await caller.award(world.badge.uuid)
        assert (await caller.client.delete(f"/awards/{path_of(award)}", params=query)).status_code == 200
        listed = (await caller.info("GET", "/awards"))["awards"][0]
    assert listed["revocationReason"] == reason


async def test_creations_with_an_idempotency_key_are_made_once(services: Services, world: World) -> None:
    async with school(services, world) as caller:
        issuer = {**ISSUER, "email": world.owner.email}
        badge = {**BADGE, "issuerId": world.issuer.uuid}
        award = {"badgeId": world.badge.uuid, "recipient": JANE, "issuedOn": ISSUED_ON}
        for path, body in (("/issuers", issuer), ("/badges", badge), ("/awards", award)):
            headers = {"Idempotency-Key": path}
            answers = await asyncio.gather(
                *(caller.client.post(path, json=body, headers=headers) for _ in range(5))
            )
            assert {answer.text for answer in answers} == {answers[0].text}
            assert {answer.status_code for answer in answers} == {200}
            assert (
                sorted("idempotency-replayed" in answer.headers for answer in answers) == [False] + [True] * 4
            )
            changed = await caller.client.post(path, json={**body, "name": "Another"}, headers=headers)
            assert changed.status_code == (422 if path != "/awards" else 200)


async def test_the_audit_log_tells_who_did_what(services: Services, world: World) -> None:
    async with school(services, world) as caller:
        issuer = await caller.issuer()
        badge = await caller.badge(issuer)
        await caller.info("PUT", f"/issuers/{path_of(issuer)}", {"linkedinOrganizationId": "1"})
        await caller.info("DELETE", f"/badges/{path_of(badge)}")
        await caller.info("DELETE", f"/issuers/{path_of(issuer)}")
    entries = await list_entries(services.database, organization_id=world.organization.id, limit=6)
    assert [entry.action for entry in entries] == [
        "issuer.delete", "badge.delete", "issuer.change", "badge.create", "issuer.verify", "issuer.create",
    ]  # fmt: skip
    assert {entry.author.label for entry in entries} == {"school"}


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'"x"', "application/json", 400),
        (b"", "application/json", 400),
        (b"name=x", "application/x-www-form-urlencoded", 415),
        (b'{"name":"' + b"x" * 7_600_000 + b'"}', "application/json", 413),
        (b'{"a":' * 100 + b"1" + b"}" * 100, "application/json", 400),
    ],
)
async def test_hostile_bodies_change_nothing(
    services: Services, world: World, content: bytes, media_type: str, status: int
) -> None:
    async with school(services, world) as caller:
        response = await caller.client.post("/issuers", content=content, headers={"Content-Type": media_type})
        assert len((await caller.info("GET", "/issuers"))["issuers"]) == 1
    assert response.status_code == status
    assert list(response.json()) == ["error"]


async def test_expired_awards_say_so(services: Services, world: World, clock: Clock) -> None:
    async with school(services, world) as caller:
        award = await caller.award(world.badge.uuid, expires="2026-05-29")
        clock.advance(DAY // 1_000_000)
        assert (await caller.info("GET", f"/awards/{path_of(award)}"))["status"] == "expired"
