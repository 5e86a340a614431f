"""Badges from elsewhere: what is kept, what is refused, what a check finds later."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from badgefed.errors import Conflict
from badgefed.issuing import collections
from badgefed.issuing import external_badges as use_cases
from badgefed.issuing.holders import load_holder
from badgefed.model.badge import BadgeType
from badgefed.model.times import MINUTE, SECOND
from badgefed.protocol import baking
from badgefed.protocol.badge_art import draw_badge
from badgefed.protocol.raster import inspect_image, render_png
from badgefed.store import external_badges
from badgefed.store.database import Transaction
from badgefed.store.external_badges import Finding
from badgefed.web.me.imports import MAX_FORM
from badgefed.work.services import Services
from tests.api import count
from tests.conftest import World
from tests.html_pages import Page, check_page
from tests.me.browsing import browse, collection, follow, links_to, own, post, sign_in
from tests.verification.corpus import load, read, serve
from tests.verification.school import EMAIL, School
from tests.workers import run_until_idle
from tests.world import Clock, Mailbox, Network, answer

SVG = draw_badge(title="Theirs", issuer_name="School", colour="#3b3fb6", badge_type=BadgeType.BADGE)
SAMPLES = "https://badges.example.org"
SAMPLE_EMAIL = "a@example.com"


@pytest.fixture
def school(network: Network) -> School:
    return School(network=network)


@pytest.fixture
async def jane(services: Services, world: World, mailbox: Mailbox) -> AsyncIterator[httpx.AsyncClient]:
    """A browser in which somebody with a badge is signed in."""
    await own(services, world, email=EMAIL)
    async with browse(services) as client:
        await sign_in(services, client, mailbox, EMAIL)
        yield client


async def bring(client: httpx.AsyncClient, badge: str) -> httpx.Response:
    return await post(client, "/me", "/me/imported", badge=badge)


async def bring_file(client: httpx.AsyncClient, name: str, data: bytes, **fields: str) -> httpx.Response:
    token = (await collection(client)).value("token")
    return await client.post("/me/imported", data={"token": token, **fields}, files={"file": (name, data)})


async def kept(client: httpx.AsyncClient, response: httpx.Response) -> Page:
    """The page of a badge that was imported."""
    assert response.status_code == 303, Page(response.text).text
    return check_page(await client.get(response.headers["location"]))


def refused(response: httpx.Response, status: int = 422) -> Page:
    page = check_page(response)
    assert response.status_code == status, page.text
    [field] = page.all("textarea")
    assert field.get("aria-invalid") == "true"
    return page


async def test_the_whole_story_of_a_sample(
    any_services: Services, any_world: World, mailbox: Mailbox, network: Network, clock: Clock
) -> None:
    baked = read("ob3/baked.png")
    serve(
        network,
        {
            f"{SAMPLES}/issuers/1/did.json": load("ob3/web-did.json"),
            f"{SAMPLES}/status/1": load("ob3/status-1.json"),
        },
    )
    await own(any_services, any_world, email=SAMPLE_EMAIL)
    async with browse(any_services) as client:
        await sign_in(any_services, client, mailbox, SAMPLE_EMAIL)
        page = await kept(client, await bring_file(client, "badge.png", baked))
        assert "3-D Printmaster" in page.text
        assert "Example Maker Society" in page.text
        assert "It was issued to a@example.com." in page.text
        picture = next(e.get("src") for e in page.all("img") if e.get("class") == "medal")
        assert (await client.get(picture)).headers["content-type"] == "image/png"
        again = await bring_file(client, "badge.png", baked)
        assert await count(any_services, "external_badges") == 1
        address = again.headers["location"]
        clock.advance(3600)
        assert (await post(client, address, f"{address}/check")).headers["location"] == address
        row = await any_services.database.one("SELECT * FROM external_badges")
        assert row is not None
        assert row["verified_at"] == clock()
        network.handlers.clear()
        clock.advance(86_400)
        await post(client, address, f"{address}/check")
        assert "Could not be checked" in check_page(await client.get(address)).text
        removed = await post(client, address, f"{address}/remove")
        assert removed.headers["location"] == "/me?notice=removed"
        assert (
            "not in your collection any more"
            in check_page(await client.get(removed.headers["location"])).text
        )
        assert (await client.get(address)).status_code == 404
        assert "3-D Printmaster" not in (await collection(client)).text


async def test_a_text(jane: httpx.AsyncClient, school: School) -> None:
    page = await kept(jane, await bring(jane, json.dumps(school.credential())))
    assert "Printmaster" in page.text
    assert "Verified, with a reservation" in page.text
    listed = await collection(jane)
    assert "Printmaster" in listed.text
    assert listed.text.index("From elsewhere") < listed.text.index("Printmaster")


async def test_a_link(jane: httpx.AsyncClient, school: School) -> None:
    school.documents[school.url("/credentials/1")] = school.credential()
    page = await kept(jane, await bring(jane, school.url("/credentials/1")))
    assert school.url("/credentials/1") in page.text


async def test_a_token_and_its_document_are_one_badge(
    jane: httpx.AsyncClient, services: Services, school: School
) -> None:
    await kept(jane, await bring(jane, school.token()))
    page = await kept(jane, await bring(jane, json.dumps(school.credential())))
    assert await count(services, "external_badges") == 1
    document = next(a.get("href") for a in page.all("a") if a.get("href").endswith("/document"))
    response = await jane.get(document)
    assert response.json()["proof"]
    assert response.headers["content-disposition"].endswith('.json"')


async def test_a_token_is_given_back_as_it_came(jane: httpx.AsyncClient, school: School) -> None:
    token = school.token()
    response = await bring(jane, token)
    document = await jane.get(f"{response.headers['location']}/document")
    assert document.text == token
    assert document.headers["content-type"].startswith("text/plain")


async def test_somebody_elses_badge(jane: httpx.AsyncClient, services: Services, school: School) -> None:
    subject = school.unsigned()["credentialSubject"] | {"identifier": [], "id": "mailto:june@example.org"}
    del subject["identifier"]
    document = json.dumps(school.credential(credentialSubject=subject))
    page = refused(await bring(jane, document))
    assert "issued to none of the addresses and profiles that are yours here" in page.text
    assert page.all("textarea")[0].text == document[:500]
    assert await count(services, "external_badges") == 0


async def test_a_forged_badge(jane: httpx.AsyncClient, services: Services, school: School) -> None:
    document = school.credential()
    document["name"] = "Grandmaster"
    page = refused(await bring(jane, json.dumps(document)))
    assert "It was not imported." in page.text
    assert await count(services, "external_badges") == 0


async def test_a_badge_that_another_signed_for_the_issuer(
    jane: httpx.AsyncClient, services: Services, school: School, network: Network
) -> None:
    other = School(network=network, host="other.example")
    document = other.sign(school.unsigned(), method=other.method)
    refused(await bring(jane, json.dumps(document)))
    assert await count(services, "external_badges") == 0


async def test_a_revoked_badge_is_kept_and_shown_as_such(jane: httpx.AsyncClient, school: School) -> None:
    school.documents[school.url("/status/1")] = school.list_of([7])
    page = await kept(
        jane, await bring(jane, json.dumps(school.credential(credentialStatus=school.status())))
    )
    assert "Does not hold" in page.text
    assert "Does not hold" in (await collection(jane)).text


async def test_a_badge_is_revoked_later(jane: httpx.AsyncClient, school: School, clock: Clock) -> None:
    document = json.dumps(school.credential(credentialStatus=school.status()))
    response = await bring(jane, document)
    address = response.headers["location"]
    assert "Does not hold" not in check_page(await jane.get(address)).text
    school.documents[school.url("/status/1")] = school.list_of([7])
    clock.advance(3600)
    await post(jane, address, f"{address}/check")
    assert "Does not hold" in check_page(await jane.get(address)).text


async def test_what_could_not_be_checked_is_kept_as_such(
    jane: httpx.AsyncClient, school: School, network: Network
) -> None:
    document = json.dumps(school.credential())
    del network.handlers[school.host]
    page = await kept(jane, await bring(jane, document))
    assert "Could not be checked" in page.text


async def test_a_link_that_leads_nowhere_is_not_kept(
    jane: httpx.AsyncClient, services: Services, school: School
) -> None:
    page = refused(await bring(jane, school.url("/nothing")))
    assert "There is nothing at this address." in page.text
    refused(await bring(jane, "https://unknown.example/badge"))
    refused(await bring(jane, "http://127.0.0.1/badge"))
    assert await count(services, "external_badges") == 0


@pytest.mark.parametrize("text", ["hello", "{", "[]", "CRD-00000000", '{"a": 1, "a": 2}'])
async def test_what_is_no_badge(jane: httpx.AsyncClient, services: Services, text: str) -> None:
    response = await bring(jane, text)
    assert 400 <= response.status_code < 500
    page = refused(response, response.status_code)
    assert page.all("textarea")[0].text == text
    assert await count(services, "external_badges") == 0


async def test_nothing_and_both(jane: httpx.AsyncClient, school: School) -> None:
    assert "Give a link" in refused(await bring(jane, ""), 400).text
    both = await bring_file(jane, "x.json", b"{}", badge="https://x.example")
    assert "not both" in refused(both, 400).text


async def test_a_file_that_is_too_large(jane: httpx.AsyncClient) -> None:
    response = await bring_file(jane, "x.png", b"x" * (MAX_FORM + 1))
    assert response.status_code == 413


async def test_a_badge_of_this_server(jane: httpx.AsyncClient, services: Services) -> None:
    page = await collection(jane)
    file = next(a.get("href") for a in page.all("a") if a.get("href").endswith("/badge.json"))
    document = (await jane.get(file)).text
    assert "issued here" in refused(await bring(jane, document), 409).text
    assert await count(services, "external_badges") == 0


async def test_pictures(
    jane: httpx.AsyncClient, services: Services, school: School, network: Network
) -> None:
    """From the file, from a data URI, from elsewhere; a broken one is none."""
    png = render_png(SVG, size=300)

    def pictured(number: int, image: str) -> str:
        document = school.unsigned(number)
        document["credentialSubject"]["achievement"]["image"] = {"id": image, "type": "Image"}
        return json.dumps(school.sign(document))

    school.answers[school.url("/image.png")] = answer(200, png, "image/png")
    school.answers[school.url("/image.svg")] = answer(200, SVG.encode(), "image/svg+xml")
    inline = f"data:image/png;base64,{base64.b64encode(png).decode()}"
    pages = [
        await kept(jane, await bring(jane, pictured(1, school.url("/image.png")))),
        await kept(jane, await bring(jane, pictured(2, school.url("/image.svg")))),
        await kept(jane, await bring(jane, pictured(3, inline))),
    ]
    for page in pages:
        [picture] = [e.get("src") for e in page.all("img") if e.get("class") == "medal"]
        assert inspect_image((await jane.get(picture)).content).media_type == "image/png"
    school.answers[school.url("/image.png")] = answer(200, b"<html>", "image/png")
    broken = await kept(jane, await bring(jane, pictured(4, school.url("/image.png"))))
    assert not [e for e in broken.all("img") if e.get("class") == "medal"]
    baked = baking.bake_svg(SVG, credential=json.dumps(school.credential(5))).encode()
    from_file = await kept(jane, await bring_file(jane, "badge.svg", baked))
    [picture] = [e.get("src") for e in from_file.all("img") if e.get("class") == "medal"]
    assert baking.unbake_png((await jane.get(picture)).content).credential is None
    row = await services.database.one("SELECT COUNT(*) AS n FROM external_badges WHERE image_id IS NOT NULL")
    assert row == {"n": 4}


async def test_a_removed_badge_takes_its_picture_along(
    jane: httpx.AsyncClient, services: Services, school: School
) -> None:
    before = await count(services, "images")
    baked = baking.bake_svg(SVG, credential=json.dumps(school.credential())).encode()
    address = (await bring_file(jane, "badge.svg", baked)).headers["location"]
    page = check_page(await jane.get("/me"))
    thumbnails = [e.get("src") for e in page.all("img") if e.get("src").endswith("/thumbnail.png")]
    for thumbnail in thumbnails:
        await jane.get(thumbnail)
    assert await count(services, "images") > before
    token = check_page(await jane.get(address)).value("token")
    for _ in range(2):
        response = await jane.post(f"{address}/remove", data={"token": token})
        assert response.headers["location"] == "/me?notice=removed"
    kept_images = await services.database.all(
        "SELECT id FROM images WHERE id NOT IN (SELECT image_id FROM badges)"
        " AND id NOT IN (SELECT image_id FROM issuers) AND id NOT IN (SELECT rendition_id FROM renditions)"
    )
    assert kept_images == []


async def test_nobody_reaches_the_imports_of_others(
    jane: httpx.AsyncClient, services: Services, world: World, mailbox: Mailbox, school: School
) -> None:
    address = (await bring(jane, json.dumps(school.credential()))).headers["location"]
    await own(services, world, email="june@example.net")
    async with browse(services) as june:
        await sign_in(services, june, mailbox, "june@example.net")
        token = (await collection(june)).value("token")
        assert (await june.get(address)).status_code == 404
        assert (await june.get(f"{address}/document")).status_code == 404
        assert (await june.post(f"{address}/check", data={"token": token})).status_code == 404
        await june.post(f"{address}/remove", data={"token": token})
    assert await count(services, "external_badges") == 1


async def test_so_many_and_no_more(jane: httpx.AsyncClient, services: Services, school: School) -> None:
    await kept(jane, await bring(jane, json.dumps(school.credential(1))))
    row = await services.database.one("SELECT holder_id FROM external_badges")
    assert row is not None
    finding = Finding(verdict="valid", result={}, verified_at=0)

    async def fill(tx: Transaction) -> None:
        for number in range(use_cases.MAX_BADGES - 1):
            await external_badges.put_badge(
                tx,
                uuid=str(number),
                holder_id=row["holder_id"],
                badge_key=str(number),
                document=b"{}",
                source=None,
                image_id=None,
                finding=finding,
            )

    token = (await collection(jane)).value("token")
    await services.database.write(fill)
    document = json.dumps(school.credential(2))
    with pytest.raises(Conflict, match="Remove one to make room"):
        await use_cases.import_badge(
            services, await load_holder(services.database, row["holder_id"]), document
        )
    again = await jane.post("/me/imported", data={"token": token, "badge": json.dumps(school.credential(1))})
    assert again.status_code == 303
    assert await count(services, "external_badges") == use_cases.MAX_BADGES


async def test_imports_are_counted(jane: httpx.AsyncClient, clock: Clock) -> None:
    answers = [await bring(jane, "hello") for _ in range(21)]
    assert [response.status_code for response in answers] == [400] * 20 + [429]
    assert int(answers[-1].headers["retry-after"]) > 0
    clock.advance(MINUTE // SECOND)
    assert (await bring(jane, "hello")).status_code == 400


async def test_strangers_words_stay_words(jane: httpx.AsyncClient, school: School) -> None:
    hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)> {{7*7}} %(name)s"
    document = school.unsigned()
    achievement = document["credentialSubject"]["achievement"]
    achievement |= {"name": hostile, "description": hostile, "criteria": {"narrative": hostile}}
    document["issuer"] |= {"name": hostile, "url": "javascript:alert(1)"}
    page = await kept(jane, await bring(jane, json.dumps(school.sign(document))))
    assert hostile in page.text
    assert hostile in (await collection(jane)).text


async def test_merging_keeps_imports_once(
    any_services: Services, any_world: World, mailbox: Mailbox, network: Network
) -> None:
    school = School(network=network)
    await own(any_services, any_world, email=EMAIL)
    await own(any_services, any_world, email="work@example.org")
    both = school.unsigned(1)
    both["credentialSubject"]["id"] = "mailto:work@example.org"
    shared, single = json.dumps(school.sign(both)), json.dumps(school.credential(2))
    async with browse(any_services) as jane, browse(any_services) as work:
        await sign_in(any_services, jane, mailbox, EMAIL)
        await sign_in(any_services, work, mailbox, "work@example.org")
        await kept(work, await bring(work, shared))
        for badge in (shared, single):
            await kept(jane, await bring(jane, badge))
        assert await count(any_services, "external_badges") == 3
        await post(work, "/me", "/me/identities", identity=EMAIL)
        await run_and_follow(any_services, work, mailbox)
        page = await collection(work)
    assert await count(any_services, "external_badges") == 2
    assert page.text.count("Printmaster") == 2


async def run_and_follow(services: Services, client: httpx.AsyncClient, mailbox: Mailbox) -> None:
    await run_until_idle(services)
    assert (await follow(client, links_to(mailbox, EMAIL)[-1])).status_code == 303


async def test_texts_that_are_no_unicode(jane: httpx.AsyncClient, services: Services, school: School) -> None:
    document = json.dumps(school.credential()).replace("Printmaster", "Print\\ud800master", 1)
    response = await bring(jane, document)
    assert response.status_code in (303, 400, 422)
    assert (await jane.get("/me")).status_code == 200


async def test_long_texts_are_cut(jane: httpx.AsyncClient, school: School) -> None:
    document = school.unsigned()
    document["credentialSubject"]["achievement"]["description"] = "long " * 1000
    page = await kept(jane, await bring(jane, json.dumps(school.sign(document))))
    assert "long long" in page.text
    assert "…" in page.text
    assert len(page.html) < 40_000


async def test_a_badge_that_is_removed_during_a_download_is_left_out(
    jane: httpx.AsyncClient, services: Services, school: School
) -> None:
    await kept(jane, await bring(jane, json.dumps(school.credential())))
    row = await services.database.one("SELECT holder_id FROM external_badges")
    assert row is not None
    holder = await load_holder(services.database, row["holder_id"])
    stream = collections.stream_presentation(services, holder)
    parts = [await anext(stream)]
    await services.database.write(lambda tx: tx.execute("DELETE FROM external_badges"))
    parts += [part async for part in stream]
    assert len(json.loads(b"".join(parts))["verifiableCredential"]) == 1


async def test_a_hosted_badge_that_is_taken_back_keeps_its_name(
    jane: httpx.AsyncClient, school: School, clock: Clock
) -> None:
    """Open Badges 2.0: what counts stands at its address, and then nothing does but the word that it was revoked."""
    context = "https://w3id.org/openbadges/v2"
    assertion = {
        "@context": context,
        "id": school.url("/assertions/1"),
        "type": "Assertion",
        "recipient": {"type": "email", "hashed": False, "identity": EMAIL},
        "badge": school.url("/badges/1"),
        "verification": {"type": "HostedBadge"},
        "issuedOn": "2025-01-01T00:00:00Z",
    }
    issuer = {
        "@context": context,
        "id": school.url("/issuer"),
        "type": "Issuer",
        "name": "School of Art",
        "url": school.url("/"),
        "email": "art@school.example",
    }
    badge = {
        "@context": context,
        "id": school.url("/badges/1"),
        "type": "BadgeClass",
        "name": "Old Master",
        "description": "Paints.",
        "image": school.url("/image.png"),
        "criteria": {"narrative": "Paint."},
        "issuer": school.url("/issuer"),
    }
    for document in (assertion, issuer, badge):
        school.documents[str(document["id"])] = document
    address = (await bring(jane, school.url("/assertions/1"))).headers["location"]
    assert "Old Master" in check_page(await jane.get(address)).text
    gone = {"@context": context, "id": assertion["id"], "revoked": True, "revocationReason": "A mistake"}
    school.answers[school.url("/assertions/1")] = answer(410, json.dumps(gone).encode(), "application/json")
    clock.advance(3600)
    await post(jane, address, f"{address}/check")
    page = check_page(await jane.get(address))
    assert "Old Master" in page.text
    assert "Does not hold" in page.text
    assert "A mistake" in page.text
