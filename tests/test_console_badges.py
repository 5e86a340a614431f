"""Badges at the console: writing them, their preview and versions, standing and deleting."""

from __future__ import annotations

import io
from dataclasses import replace

import httpx
import pytest
from PIL import Image

from badgefed.issuing.badges import NewBadge, create_badge, edit_badge
from badgefed.issuing.issuers import NewIssuer, create_issuer
from badgefed.issuing.organizations import change_organization
from badgefed.model.audit import COMMAND
from badgefed.model.badge import Badge, BadgeType
from badgefed.model.organization import Role
from badgefed.model.times import HOUR, SECOND
from badgefed.store import audit, badges
from badgefed.store.badge_lists import list_badge_rows
from badgefed.work.clean import schedule_cleaning
from badgefed.work.services import Services
from tests.api import make_stranger
from tests.conftest import World
from tests.console import add_person, browse, open_page, sign_in, submit
from tests.doors import offer, publish
from tests.html_pages import Page, check_page
from tests.workers import run_until_idle
from tests.world import Clock

ROOT = "/console/o/org/badges"
EMAIL = "admin@example.org"
DIVER = {
    "title": "Diver",
    "description": "Dives.",
    "criteria": "Dive to 20 metres.",
    "badge_type": "Certification",
    "is_certificate": "yes",
    "image_alt": "A mask",
    "hashtags": "#diving deep",
    "post_hashtags": "yes",
    "info_uri": "https://divers.example/",
    "expires_in_days": "365",
    "language": "en",
    "share_text": "I dive!",
    "target_name-0": "Diving",
    "target_url-0": "https://skills.example/diving",
    "target_framework-0": "Skills",
    "target_code-0": "D1",
    "target_description-0": "",
    "target_type-0": "",
    "target_name-1": "",
    "target_url-1": "",
}


@pytest.fixture(autouse=True)
async def staff(services: Services, world: World) -> None:
    await add_person(services, world, EMAIL, Role.ADMIN)


def png(colour: str = "navy") -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(written, "PNG")
    return written.getvalue()


def hidden(page: Page, *names: str) -> dict[str, str]:
    return {name: page.value(name) for name in ("token", *names)}


async def create(client: httpx.AsyncClient, **changes: str) -> httpx.Response:
    page = await open_page(client, f"{ROOT}/new")
    return await client.post(f"{ROOT}/new", data={**hidden(page, "once", "issuer"), **DIVER, **changes})


async def find(services: Services, response: httpx.Response) -> Badge:
    uuid = response.headers["location"].partition("?")[0].rpartition("/")[2]
    badge = await badges.find_badge_by_uuid(services.database, uuid)
    assert badge is not None
    return badge


async def actions(services: Services, world: World) -> list[str]:
    entries = await audit.list_entries(
        services.database, organization_id=world.organization.id, kind="badge", limit=50
    )
    return [entry.action for entry in reversed(entries)]


async def test_a_badge_is_made_with_all_that_the_form_has(services: Services, world: World) -> None:
    async with browse(services) as client:
        await sign_in(client, EMAIL)
        response = await create(client)
        badge = await find(services, response)
        assert response.headers["location"] == f"{ROOT}/{badge.uuid}?done=created"
        shown = await open_page(client, response.headers["location"])
    for text in ("can be granted", "Diver", "365 days", "A mask", "Skills", "I dive!", "0 people have it"):
        assert text in shown.text
    assert badge.badge_type is BadgeType.CERTIFICATION
    assert (badge.is_certificate, badge.post_hashtags, badge.expires_in_days) == (True, True, 365)
    (alignment,) = badge.alignments
    assert (alignment.target_code, alignment.target_description) == ("D1", None)
    assert (await actions(services, world))[-1] == "badge.create"


async def test_the_form_that_comes_twice_makes_one_badge(services: Services, world: World) -> None:
    async with browse(services) as client:
        await sign_in(client, EMAIL)
        page = await open_page(client, f"{ROOT}/new")
        form = {**hidden(page, "once", "issuer"), **DIVER}
        answers = [await client.post(f"{ROOT}/new", data=form) for _ in range(2)]
        other = await create(client)
    assert len({one.headers["location"] for one in answers}) == 1
    assert other.headers["location"] != answers[0].headers["location"]
    assert await badges.count_badges(services.database, organization_id=world.organization.id) == 3


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"title": ""}, "title", "Give the badge a title"),
        ({"description": "x" * 10_001}, "description", "10000"),
        ({"criteria": ""}, "criteria", "Say how the badge is earned,"),
        ({"badge_type": "Medal"}, "badge_type", "Choose one of the kinds"),
        ({"expires_in_days": "soon"}, "expires_in_days", "number of days"),
        ({"expires_in_days": "99999"}, "expires_in_days", "36500"),
        ({"language": "English!"}, "language", "a tag like en, de"),
        ({"target_url-0": "nowhere"}, "alignments", "http"),
        ({"issuer": "none"}, "issuer", "Choose the issuer"),
    ],
)
async def test_what_is_wrong_comes_back_with_what_was_typed_and_the_error_at_its_field(
    services: Services, world: World, changes: dict[str, str], field: str, words: str
) -> None:
    await create_issuer(
        services, organization_id=world.organization.id, new=NewIssuer(username="club", name="The Club")
    )
    async with browse(services) as client:
        await sign_in(client, EMAIL)
        page = await open_page(client, f"{ROOT}/new")
        form = {**hidden(page, "once"), "issuer": world.issuer.uuid, **DIVER, "image_alt": "Typed with care"}
        response = await client.post(f"{ROOT}/new", data={**form, **changes})
        again = check_page(response)
    assert response.status_code == 400
    (error,) = [one for one in again.elements if one.get("id") == f"error-{field}"]
    assert words in error.text
    (wrong,) = [one for one in again.elements if one.get("aria-invalid") == "true"]
    assert wrong.get("aria-describedby") == f"error-{field}"
    assert again.value("image_alt") == "Typed with care"
    assert again.value("target_name-0") == "Diving"
    assert again.all("input", name="post_hashtags")[0].attributes.keys() >= {"checked"}
    assert await badges.count_badges(services.database, organization_id=world.organization.id) == 1


async def test_pictures_are_uploaded_refused_and_drawn_again(services: Services, world: World) -> None:
    async with browse(services) as client:
        await sign_in(client, EMAIL)
        page = await open_page(client, f"{ROOT}/new")
        form = {**hidden(page, "once", "issuer"), **DIVER}
        bad = await client.post(f"{ROOT}/new", data=form, files={"image": ("a.png", b"GIF89a", "image/png")})
        assert bad.status_code in (400, 415)
        assert [one for one in check_page(bad).elements if one.get("id") == "error-image"]
        made = await client.post(f"{ROOT}/new", data=form, files={"image": ("a.png", png(), "image/png")})
        badge = await find(services, made)
        assert not badge.image_generated
        url = f"{ROOT}/{badge.uuid}/edit"
        form = {**hidden(await open_page(client, url), "version"), **DIVER, "draw": "yes"}
        drawn = await find(services, await client.post(url, data=form))
        assert (drawn.image_generated, drawn.version) == (True, 2)


async def test_a_picture_stays_chosen_while_the_form_comes_back(
    services: Services, world: World, clock: Clock
) -> None:
    async with browse(services) as client, browse(services) as other:
        await sign_in(client, EMAIL)
        page = await open_page(client, f"{ROOT}/new")
        form = {**hidden(page, "once", "issuer"), **DIVER}
        chosen = {"image": ("a.png", png(), "image/png")}
        wrong = await client.post(f"{ROOT}/new", data={**form, "title": ""}, files=chosen)
        kept = check_page(wrong).value("kept")
        picture = f"/console/o/org/pictures/{kept}.png"
        preview = await client.post(f"{ROOT}/preview", data={**form, "kept": kept})
        assert f'src="{picture}"' in preview.text
        shown = await client.get(picture)
        assert (shown.status_code, shown.headers["content-type"]) == (200, "image/png")
        await add_person(services, world, "colleague@example.org", Role.OWNER)
        await sign_in(other, "colleague@example.org")
        assert (await other.get(picture)).status_code == 404
        made = await find(services, await client.post(f"{ROOT}/new", data={**form, "kept": kept}))
        assert not made.image_generated
        clock.advance(25 * HOUR / SECOND)
        await schedule_cleaning(services)
        await run_until_idle(services)
        assert (await client.get(picture)).status_code == 404


async def test_a_plan_has_an_end(services: Services, world: World) -> None:
    await change_organization(services, "org", plan="free", by=COMMAND)
    async with browse(services) as client:
        await sign_in(client, EMAIL)
        for number in range(4):
            assert (await create(client, title=f"Badge {number}")).status_code == 303
        refused = await create(client)
        assert refused.status_code == 403
        assert "badge limit reached for your plan" in check_page(refused).text
        assert "Dive to 20 metres." in refused.text


async def test_an_edit_makes_a_version_once_and_never_over_somebody_elses(
    services: Services, world: World
) -> None:
    url = f"{ROOT}/{world.badge.uuid}"
    async with browse(services) as client:
        await sign_in(client, EMAIL)
        page = await open_page(client, f"{url}/edit")
        assert page.value("title") == "Advanced Training"
        form = {**hidden(page, "version"), **DIVER}
        first, second = [await client.post(f"{url}/edit", data=form) for _ in range(2)]
        assert (first.headers["location"], second.headers["location"]) == (f"{url}?done=changed", url)
        shown = await open_page(client, url)
        for text in ("Version 2", "Earlier versions", "Version 1", "Finished the advanced training."):
            assert text in shown.text
        late = await client.post(f"{url}/edit", data={**form, "title": "Mine"})
        assert late.status_code == 409
        assert "Somebody else has edited" in check_page(late).text
        assert 'value="Mine"' in late.text
    after = await badges.find_badge(services.database, world.badge.id)
    assert after is not None
    assert (after.version, after.title) == (2, "Diver")


async def test_the_preview_shows_page_and_post_and_changes_nothing(services: Services, world: World) -> None:
    async with browse(services) as client:
        await sign_in(client, EMAIL)
        page = await open_page(client, f"{ROOT}/new")
        form = {**hidden(page, "once", "issuer"), **DIVER, "title": "<b>Deep & Diver</b>"}
        whole = await client.post(f"{ROOT}/preview", data=form)
        part = await client.post(f"{ROOT}/preview?part", data=form)
        shown = check_page(whole)
        for text in (part.text, whole.text):
            assert "&lt;b&gt;Deep &amp; Diver&lt;/b&gt;" in text
            assert "<b>Deep" not in text
            assert "#<span>diving</span>" in text or "#diving" in text
        for text in ("received the badge", "It is valid for 365 days.", "A mask", "@robin"):
            assert text in shown.text
        assert shown.value("title") == "<b>Deep & Diver</b>"
        assert len([one for one in shown.all("input") if one.get("name").startswith("target_name")]) == 3
        assert "<html" not in part.text
        (picture,) = {one.get("src") for one in shown.all("img") if "preview.svg" in one.get("src")}
        drawn = await client.get(picture)
        assert drawn.headers["content-type"].startswith("image/svg+xml")
        assert "sandbox" in drawn.headers["content-security-policy"]
        refused = await client.post(f"{ROOT}/preview?part", data={**form, "token": "none"})
        assert refused.status_code == 403
        unfinished = await client.post(f"{ROOT}/preview?part", data={**form, "title": "", "description": ""})
        assert unfinished.status_code == 200
        edit = await open_page(client, f"{ROOT}/{world.badge.uuid}/edit")
        form = {**hidden(edit, "version"), **DIVER}
        assert (await client.post(f"{ROOT}/{world.badge.uuid}/preview", data=form)).status_code == 200
    assert await badges.count_badges(services.database, organization_id=world.organization.id) == 1
    assert (await actions(services, world)) == ["badge.create"]


async def test_without_a_verified_issuer_the_form_says_what_to_do_first(
    services: Services, world: World
) -> None:
    await services.database.write(lambda tx: tx.execute("UPDATE issuers SET verified_at = NULL"))
    async with browse(services) as client:
        await sign_in(client, EMAIL)
        page = await open_page(client, f"{ROOT}/new")
        assert "No verified issuer yet" in page.text
        assert not page.all("input", name="title")


async def test_a_badge_is_stopped_and_granted_again(services: Services, world: World) -> None:
    url = f"{ROOT}/{world.badge.uuid}"
    async with browse(services) as client:
        await sign_in(client, EMAIL)
        for choice, done, state in (
            ("no", "deactivated", False),
            ("no", "deactivated", False),
            ("yes", "activated", True),
        ):
            response = await submit(client, url, f"{url}/active", active=choice)
            assert response.headers["location"] == f"{url}?done={done}"
            badge = await badges.find_badge(services.database, world.badge.id)
            assert badge is not None
            assert badge.is_active is state
            assert ("Advanced" in (await open_page(client, f"{ROOT}?state=inactive")).text) is not state
    assert await actions(services, world) == ["badge.create", "badge.change", "badge.change"]


async def test_a_badge_goes_only_if_it_was_never_granted(services: Services, world: World) -> None:
    async with browse(services) as client:
        await sign_in(client, EMAIL)
        badge = await find(services, await create(client))
        page = await open_page(client, f"{ROOT}/{badge.uuid}/delete")
        form = {"token": page.value("token")}
        await offer(services, world, "jane")
        answers = [await client.post(f"{ROOT}/{badge.uuid}/delete", data=form) for _ in range(2)]
        assert [one.headers["location"] for one in answers] == [f"{ROOT}?done=deleted", ROOT]
        granted = f"{ROOT}/{world.badge.uuid}"
        assert "can’t be deleted" in (await open_page(client, f"{granted}/delete")).text
        refused = await client.post(f"{granted}/delete", data=form)
        assert refused.status_code == 400
        assert "badge has awards" in check_page(refused).text
    assert await badges.find_badge(services.database, world.badge.id) is not None


async def test_the_list_counts_pages_and_searches_without_a_query_for_each_row(
    any_services: Services, any_world: World
) -> None:
    services, world = any_services, any_world
    for name in ("jane", "john"):
        await publish(services, world, name)
    await offer(services, world, "mary")
    template = replace(world.badge, id=0)
    for number in range(3):
        await create_badge(services, issuer=world.issuer, new=_copy(template, f"100% No {number}"))
    whole = await list_badge_rows(services.database, world.organization.id, limit=10)
    assert [row.badge.title for row in whole] == [
        "100% No 2",
        "100% No 1",
        "100% No 0",
        "Advanced Training",
    ]
    assert [(row.granted, row.waiting) for row in whole] == [(0, 0)] * 3 + [(2, 1)]
    after = await list_badge_rows(services.database, world.organization.id, before=whole[1].badge.id, limit=1)
    assert [row.badge.title for row in after] == ["100% No 0"]
    for text, found in (("0% no", 3), ("TRAINING", 1), ("_", 0)):
        assert (
            len(await list_badge_rows(services.database, world.organization.id, text=text, limit=9)) == found
        )
    assert await list_badge_rows(services.database, world.organization.id, is_active=False, limit=9) == []


def _copy(badge: Badge, title: str) -> NewBadge:
    return NewBadge(title=title, description=badge.description, criteria=badge.criteria)


async def test_old_versions_keep_what_they_said(any_services: Services, any_world: World) -> None:
    badge = any_world.badge
    for title in ("Second", "Third"):
        badge = await edit_badge(
            any_services, badge=badge, issuer=any_world.issuer, changes={"title": title}, by=COMMAND
        )
    found = await badges.list_older_versions(any_services.database, badge, limit=10)
    assert [(one.badge.version, one.badge.title) for one in found] == [
        (2, "Second"),
        (1, "Advanced Training"),
    ]
    assert len({one.image for one in found}) == 2


@pytest.mark.parametrize("role", [Role.ISSUER, Role.ADMIN])
async def test_who_makes_badges_but_may_not_edit_is_offered_no_edit(
    services: Services, world: World, role: Role
) -> None:
    await add_person(services, world, "anne@example.org", role)
    async with browse(services) as client:
        await sign_in(client, "anne@example.org")
        page = await open_page(client, f"{ROOT}/{world.badge.uuid}")
        offered = {f"{ROOT}/{world.badge.uuid}/{name}" for name in ("edit", "delete", "active")}
        found = {one.get("href") or one.get("action") for one in (*page.all("a"), *page.all("form"))}
        assert offered & found == (offered if role is Role.ADMIN else set())
        assert f"{ROOT}/new" in {one.get("href") for one in (await open_page(client, ROOT)).all("a")}


async def test_badges_of_others_are_not_there(services: Services, world: World) -> None:
    other = await make_stranger(services, world)
    async with browse(services) as client:
        await sign_in(client, EMAIL)
        for path in ("", "/edit", "/delete"):
            await open_page(client, f"{ROOT}/{other.badge.uuid}{path}", 404)
        page = await open_page(client, f"{ROOT}/new")
        form = {**hidden(page, "once"), **DIVER, "issuer": other.issuer.uuid}
        assert (await client.post(f"{ROOT}/new", data=form)).status_code == 400
