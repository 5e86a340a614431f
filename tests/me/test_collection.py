"""What a holder sees of their badges, and what they carry away."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import httpx
import pytest

from badgefed.issuing import grants
from badgefed.issuing.badges import NewBadge, create_badge, edit_badge
from badgefed.model.grant import Grant
from badgefed.model.visibility import Visibility
from badgefed.protocol import baking, presentations
from badgefed.store import grants as stored_grants
from badgefed.store import images
from badgefed.verification.results import CheckName, Kind, Outcome
from badgefed.verification.verify import verify
from badgefed.work.services import Services
from tests.api import call, find, grant
from tests.conftest import World
from tests.html_pages import check_page
from tests.me.browsing import JANE, browse, collection, offer, own, sign_in
from tests.verification.school import EMAIL, School
from tests.workers import run_until_idle
from tests.world import Clock, Mailbox, Network

REASON = "Given by mistake"


async def another_world(services: Services, world: World, title: str, **options: Any) -> World:
    """The same with another badge."""
    new = NewBadge(title=title, description="About it.", criteria="Do it", **options)
    badge = await create_badge(services, issuer=world.issuer, new=new)
    return World(
        organization=world.organization,
        owner=world.owner,
        issuer=world.issuer,
        badge=badge,
        key=world.key,
    )


async def read_archive(client: httpx.AsyncClient) -> tuple[dict[str, bytes], list[dict[str, Any]]]:
    response = await client.get("/me/badges.zip")
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/zip"
    assert 'filename="badges.zip"' in response.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        assert archive.testzip() is None
        files = {name: archive.read(name) for name in archive.namelist()}
    return files, json.loads(files.pop("index.json"))["badges"]


async def test_every_state_is_shown(
    any_services: Services, any_world: World, mailbox: Mailbox, clock: Clock
) -> None:
    worlds = [
        await another_world(any_services, any_world, title)
        for title in ("Waiting one", "Good one", "Suspended one", "Revoked one", "Declined one")
    ]
    brief = await another_world(any_services, any_world, "Brief one", expires_in_days=1)
    expired = await own(any_services, brief)
    clock.advance(2 * 86_400)
    await offer(any_services, worlds[0])
    await own(any_services, worlds[1], visibility=Visibility.PRIVATE)
    suspended, revoked = await own(any_services, worlds[2]), await own(any_services, worlds[3])
    declined = await offer(any_services, worlds[4])

    async def change(tx: Any) -> None:
        await grants.suspend(tx, suspended.id, reason="Under review", now=clock())
        await grants.revoke(tx, revoked.id, reason=REASON, now=clock())
        await grants.decline(tx, declined.id, reason=None, now=clock())

    await any_services.database.write(change)
    async with browse(any_services) as client:
        await sign_in(any_services, client, mailbox)
        page = await collection(client)
    for text in ("Waiting one", "Good one", "Suspended one", "Revoked one", "Brief one"):
        assert text in page.text
    for text in ("Signed", "Expired", "Suspended", "Under review", "Revoked", REASON, "Nobody else sees it"):
        assert text in page.text
    assert "Declined one" not in page.text
    assert page.text.index("Waiting one") < page.text.index("Good one")
    files = [a.get("href") for a in page.all("a") if a.get("href").endswith("/badge.png")]
    assert len(files) == 3
    assert f"/me/badges/{expired.uuid}/badge.png" in files
    assert f"/me/badges/{revoked.uuid}/badge.png" not in files


async def test_a_badge_shows_as_it_was_granted(services: Services, world: World, mailbox: Mailbox) -> None:
    """By its title and picture of that time: an edit of the badge changes no award."""
    await own(services, world)
    await edit_badge(services, badge=world.badge, issuer=world.issuer, changes={"title": "Renamed"})
    async with browse(services) as client:
        await sign_in(services, client, mailbox)
        page = await collection(client)
        [picture] = [e.get("src") for e in page.all("img") if "/thumbnail.png" in e.get("src")]
        assert (await client.get(picture)).headers["content-type"] == "image/png"
        before = await images.get_image(services.database, world.badge.image_id)
        files, _ = await read_archive(client)
    assert "Advanced Training" in page.text
    assert "Renamed" not in page.text
    assert before.sha256 in picture
    hosted = next(json.loads(content) for name, content in files.items() if name.endswith(".ob2.json"))
    assert hosted["badge"] == services.addresses.badge_class_version(world.badge.uuid, 1)


async def test_nobody_sees_the_badges_of_others(
    any_services: Services, any_world: World, mailbox: Mailbox
) -> None:
    janes = await own(any_services, any_world)
    await own(any_services, any_world, email="june@example.org")
    async with browse(any_services) as june:
        await sign_in(any_services, june, mailbox, "june@example.org")
        page = await collection(june)
        assert janes.uuid not in page.html
        for ending in ("png", "svg", "json", "jwt", "ob2.json"):
            assert (await june.get(f"/me/badges/{janes.uuid}/badge.{ending}")).status_code == 404
        export = (await june.get("/me/export.json")).text
        assert janes.uuid not in export
        assert JANE not in export
        files, index = await read_archive(june)
        assert len(index) == 1
        assert all(janes.code not in name for name in files)


@pytest.mark.parametrize("visibility", list(Visibility))
async def test_the_files_of_a_badge(
    services: Services, world: World, mailbox: Mailbox, visibility: Visibility
) -> None:
    held = await own(services, world, visibility=visibility)
    async with browse(services) as client:
        await sign_in(services, client, mailbox)
        bodies = {}
        for ending in ("png", "svg", "json", "jwt", "ob2.json"):
            response = await client.get(f"/me/badges/{held.uuid}/badge.{ending}")
            assert response.status_code == 200
            assert f'{held.code}.{ending}"' in response.headers["content-disposition"]
            assert response.headers["cache-control"] == "no-store"
            bodies[ending] = response.content
        assert (await client.get(f"/me/badges/{held.uuid}/badge.exe")).status_code == 404
    for baked in (baking.unbake_png(bodies["png"]), baking.unbake_svg(bodies["svg"].decode())):
        assert baked.credential is not None
        assert baked.credential.encode() == bodies["json"]
        assert baked.assertion is not None
        assert json.loads(baked.assertion) == json.loads(bodies["ob2.json"])
    for ending in ("png", "svg", "json", "jwt"):
        result = await verify(services, bodies[ending], recipient=JANE)
        assert passes(result, CheckName.INTEGRITY, CheckName.NOT_REVOKED, CheckName.RECIPIENT), ending


def passes(result: Any, *names: CheckName) -> bool:
    return all((check := result.check(name)) and check.outcome is Outcome.PASS for name in names)


async def test_a_revoked_badge_has_no_files(services: Services, world: World, mailbox: Mailbox) -> None:
    held = await own(services, world)
    await services.database.write(lambda tx: grants.revoke(tx, held.id, reason=REASON, now=services.clock()))
    async with browse(services) as client:
        await sign_in(services, client, mailbox)
        assert (await client.get(f"/me/badges/{held.uuid}/badge.json")).status_code == 404
        files, index = await read_archive(client)
        assert (files, index) == ({}, [])
        presentation = (await client.get("/me/presentation.json")).json()
    assert presentation["verifiableCredential"] == []


async def test_all_badges_as_one_archive(any_services: Services, any_world: World, mailbox: Mailbox) -> None:
    held = await own(any_services, any_world)
    private = await own(
        any_services,
        await another_world(any_services, any_world, "Second"),
        visibility=Visibility.PRIVATE,
    )
    async with browse(any_services) as client:
        await sign_in(any_services, client, mailbox)
        files, index = await read_archive(client)
    assert [entry["code"] for entry in index] == [private.code, held.code]
    assert sorted(name for entry in index for name in entry["files"]) == sorted(files)
    assert len(files) == 8
    assert index[0]["visibility"] == "private"
    for name in files:
        if name.endswith(".ob2.json"):
            continue
        result = await verify(any_services, files[name], recipient=JANE)
        assert passes(result, CheckName.INTEGRITY, CheckName.RECIPIENT), name
    hosted = next(files[name] for name in files if name.endswith(f"{held.code}.ob2.json"))
    result = await verify(any_services, hosted, recipient=JANE)
    assert result.kind is Kind.OB2_HOSTED
    assert passes(result, CheckName.INTEGRITY, CheckName.RECIPIENT)


async def test_all_credentials_as_one_presentation(
    services: Services, world: World, mailbox: Mailbox, network: Network
) -> None:
    held = await own(services, world)
    school = School(network=network)
    async with browse(services) as client:
        await own(services, await another_world(services, world, "Second"), email=EMAIL)
        await sign_in(services, client, mailbox)
        token = (await collection(client)).value("token")
        imported = await client.post("/me/imported", data={"token": token, "badge": school.token()})
        assert imported.status_code == 303
        response = await client.get("/me/presentation.json")
    assert response.headers["content-type"] == presentations.MEDIA_TYPE
    document = response.json()
    assert set(document) == {"@context", "type", "verifiableCredential"}
    assert document["@context"] == ["https://www.w3.org/ns/credentials/v2"]
    assert document["type"] == ["VerifiablePresentation"]
    second, first, enveloped = document["verifiableCredential"]
    assert first["id"] == services.addresses.credential(held.uuid)
    for credential in (first, second):
        assert passes(await verify(services, json.dumps(credential)), CheckName.INTEGRITY)
    assert enveloped["type"] == "EnvelopedVerifiableCredential"
    head, _, carried = enveloped["id"].partition(",")
    assert head == "data:application/vc+jwt"
    assert passes(await verify(services, carried), CheckName.INTEGRITY)


async def test_everything_that_is_stored(
    any_services: Services, any_world: World, mailbox: Mailbox, network: Network
) -> None:
    held = await own(any_services, any_world)
    await any_services.database.write(
        lambda tx: grants.suspend(tx, held.id, reason="Under review", now=any_services.clock())
    )
    school = School(network=network)
    async with browse(any_services) as client:
        await sign_in(any_services, client, mailbox)
        token = (await collection(client)).value("token")
        await client.post("/me/imported", data={"token": token, "badge": json.dumps(school.credential())})
        response = await client.get("/me/export.json")
        session = client.cookies["__Host-badgefed-me"]
    data = response.json()
    assert data["holder_identities"][0]["alias"] == f"mailto:{JANE}"
    assert [row["uuid"] for row in data["grants"]] == [held.uuid]
    assert data["grants"][0]["email"] == JANE
    assert data["grants"][0]["issued_at"].endswith("Z")
    assert {row["kind"] for row in data["documents"]} == {"note", "assertion", "credential", "jwt"}
    assert "Printmaster" in data["external_badges"][0]["document"]
    assert len(data["holder_sessions"]) == len(data["holder_links"]) == 1
    assert session not in response.text
    assert "token_hash" not in response.text


async def test_downloads_are_counted(services: Services, world: World, mailbox: Mailbox) -> None:
    await own(services, world)
    async with browse(services) as client:
        await sign_in(services, client, mailbox)
        statuses = [(await client.get("/me/presentation.json")).status_code for _ in range(11)]
    assert statuses == [200] * 10 + [429]


@pytest.mark.parametrize(
    "path",
    [
        "/me/badges.zip",
        "/me/presentation.json",
        "/me/export.json",
        "/me/badges/x/badge.png",
        "/me/imported/x",
    ],
)
async def test_whoever_is_not_signed_in_is_sent_to_where_one_does(
    services: Services, world: World, path: str
) -> None:
    async with browse(services) as client:
        response = await client.get(path)
        assert (response.status_code, response.headers["location"]) == (303, "/me")
        client.cookies.set("__Host-badgefed-me", "x" * 5000, domain="badges.example")
        assert (await client.get(path)).status_code == 303


async def test_an_empty_collection_says_what_will_be_there(
    services: Services, world: World, mailbox: Mailbox
) -> None:
    held = await own(services, world)
    async with browse(services) as client:
        await sign_in(services, client, mailbox)
        await services.database.write(
            lambda tx: tx.execute("UPDATE grants SET email = 'x@example.org' WHERE id = ?", held.id)
        )
        page = await collection(client)
    assert "Nothing here yet" in page.text


async def test_from_the_grant_to_the_archive(
    services: Services, world: World, mailbox: Mailbox, clock: Clock
) -> None:
    """The whole way: granted by API, accepted by the mailed link, found again by another mail, carried away."""
    async with call(services, world.key) as api:
        body = {"badgeId": str(world.badge.id), "email": JANE, "name": "Jane"}
        granted = await find(services, await grant(api, body))
    await run_until_idle(services)
    async with browse(services) as client:
        offered = mailbox.messages[-1].as_string()
        path = f"/accept/grant/{granted.id}/" + offered.split(f"/accept/grant/{granted.id}/")[1].split()[0]
        token = check_page(await client.get(path)).value("token")
        answer = {"token": token, "answer": "accept", "visibility": "public"}
        assert (await client.post(path, data=answer)).status_code == 303
        await run_until_idle(services)
        clock.advance(3600)
        await sign_in(services, client, mailbox)
        assert "Advanced Training" in (await collection(client)).text
        files, index = await read_archive(client)
    stored: Grant | None = await stored_grants.find_grant(services.database, granted.id)
    assert stored is not None
    assert index[0]["code"] == stored.code
    for content in files.values():
        assert passes(await verify(services, content, recipient=JANE), CheckName.INTEGRITY)
