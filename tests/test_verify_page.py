"""The pages on which anybody verifies a badge, without scripts."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from badgefed.issuing import grants
from badgefed.issuing.badges import NewBadge, create_badge
from badgefed.issuing.grants import Offer
from badgefed.model.grant import Grant
from badgefed.model.times import DAY
from badgefed.model.visibility import Visibility
from badgefed.protocol.qr import read_qr
from badgefed.protocol.raster import render_png
from badgefed.web.verify import (
    LOOKED_UP_PER_MINUTE,
    MAX_BYTES,
    NOTHING_GIVEN,
    PRESENTED_PER_MINUTE,
    TWO_GIVEN,
)
from badgefed.work.services import Services
from badgefed.work.sign_grants import sign_grant
from tests import doors
from tests.conftest import BASE, World
from tests.doors import REASON, accept, offer, process_accepted, publish, revoke
from tests.html_pages import Page, browse, check_page
from tests.test_pages import HOSTILE
from tests.verification.school import EMAIL, School
from tests.world import Clock, Network, answer


@pytest.fixture
def school(network: Network) -> School:
    return School(network=network)


async def open_form(client: httpx.AsyncClient, query: str = "") -> Page:
    response = await client.get(f"/verify{query}")
    assert response.status_code == 200
    return check_page(response)


async def submit(
    services: Services, fields: dict[str, str], file: bytes | None = None, *, status: int = 200
) -> Page:
    """The page that the form leads to, filled in and sent as a browser does."""
    async with browse(services) as client:
        token = (await open_form(client)).value("token")
        response = await client.post(
            "/verify",
            data={"token": token, "badge": "", "recipient": "", **fields},
            files={"file": ("", b"") if file is None else ("badge.png", file)},
        )
    assert response.status_code == status, response.text
    assert response.headers["cache-control"] == "no-store"
    return check_page(response)


async def fetch(services: Services, url: str, status: int = 200) -> Page:
    async with browse(services) as client:
        response = await client.get(url)
    assert response.status_code == status, response.text
    return check_page(response)


async def download(services: Services, path: str) -> bytes:
    async with doors.browse(services) as client:
        response = await client.get(path)
    assert response.status_code == 200
    return response.content


def heading(page: Page) -> str:
    return page.all("h1")[0].text


def words(page: Page) -> str:
    return " ".join(page.text.split())


async def test_the_form_is_there_and_needs_no_script(services: Services) -> None:
    async with browse(services) as client:
        page = await open_form(client)
    [form] = page.all("form")
    assert (form.get("method"), form.get("action"), form.get("enctype")) == (
        "post",
        "/verify",
        "multipart/form-data",
    )
    [file] = page.all("input", type="file")
    assert "image/png" in file.get("accept")
    assert page.all("button", type="submit")
    assert all(
        "hidden" in element.attributes for element in page.all("div") if "data-scan" in element.attributes
    )


@pytest.mark.parametrize(
    "text", ["https://school.example/1?a=b&c", '"><script>alert(1)</script>', "x" * 5000]
)
async def test_a_link_fills_the_form_in_and_fetches_nothing(
    services: Services, network: Network, text: str
) -> None:
    async with browse(services) as client:
        query = str(httpx.QueryParams({"url": text, "recipient": text}))
        page = await open_form(client, f"?{query}")
    assert page.all("textarea")[0].text == text[:2000]
    assert page.value("recipient") == text[:2000]
    assert "<script>alert" not in page.html
    assert network.requests == []


FORMS: list[tuple[str, Callable[[Grant], str]]] = [
    ("code", lambda grant: grant.code),
    ("uuid", lambda grant: grant.uuid),
    ("post", lambda grant: grant.note_uri),
    ("result", lambda grant: f"{BASE}/verify/{grant.code}"),
    ("assertion", lambda grant: f"{BASE}/certify-badge/award/{grant.uuid}"),
]


@pytest.mark.parametrize(("name", "text"), FORMS, ids=[name for name, _ in FORMS])
async def test_a_text_is_verified(
    services: Services, world: World, name: str, text: Callable[[Grant], str]
) -> None:
    grant = await publish(services, world)
    page = await submit(services, {"badge": text(grant)})
    assert heading(page) == "This badge is valid"
    assert "The Organization" in page.text
    assert grant.code in page.text


@pytest.mark.parametrize("path", ["badge.png", "badge.svg", "ob3", "jwt"])
async def test_a_file_is_verified(services: Services, world: World, path: str) -> None:
    grant = await publish(services, world)
    page = await submit(services, {}, await download(services, f"/credentials/{grant.uuid}/{path}"))
    assert heading(page) == "This badge is valid"
    assert page.all("img", src=f"/images/{await picture_of(services, grant)}.png")


async def picture_of(services: Services, grant: Grant) -> str:
    row = await services.database.one(
        "SELECT sha256 FROM images JOIN badges ON badges.image_id = images.id WHERE badges.id = ?",
        grant.badge_id,
    )
    assert row is not None
    return str(row["sha256"])


async def test_a_plain_form_is_taken_as_well(services: Services, world: World) -> None:
    grant = await publish(services, world)
    async with browse(services) as client:
        token = (await open_form(client)).value("token")
        response = await client.post("/verify", data={"token": token, "badge": grant.code})
    assert heading(check_page(response)) == "This badge is valid"


async def test_the_result_for_a_badge_of_this_server(services: Services, world: World) -> None:
    grant = await publish(services, world)
    async with browse(services) as client:
        response = await client.get(f"/verify/{grant.code}")
    page = check_page(response)
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-robots-tag"] == "noindex"
    assert heading(page) == "This badge is valid"
    assert page.all("section", role="status")
    for text in (
        "Advanced Training",
        "The Organization",
        "Jane",
        "28 May 2026",
        grant.code,
        "Its issuer has not revoked",
    ):
        assert text in page.text, text
    hrefs = {link.get("href") for link in page.all("a")}
    assert {grant.note_uri, "/verify", f"{BASE}/credentials/{grant.uuid}/badge.png?download"} <= hrefs
    assert page.text.count("Holds") == len(page.all("li", **{"class": "check-line"}))
    assert '"OpenBadgeCredential"' in page.all("pre")[0].text
    again = await fetch(services, f"/verify/{grant.uuid.upper()}")
    assert again.all("link", rel="canonical")[0].get("href") == f"{BASE}/verify/{grant.code}"


async def test_the_code_to_scan_leads_to_this_page(services: Services, world: World) -> None:
    grant = await publish(services, world)
    page = await fetch(services, f"/verify/{grant.code}")
    start = page.html.index("<svg", page.html.index('class="code"'))
    drawing = page.html[start : page.html.index("</svg>", start) + 6]
    assert read_qr(render_png(drawing, size=400)) == [f"{BASE}/verify/{grant.code}"]


async def test_every_download_is_there(services: Services, world: World) -> None:
    grant = await publish(services, world)
    page = await fetch(services, f"/verify/{grant.code}")
    paths = [link.get("href") for link in page.all("a") if link.get("href").endswith("?download")]
    assert len(paths) == 6
    for path in paths:
        async with doors.browse(services) as client:
            response = await client.get(path)
        assert response.status_code == 200
        assert response.headers["content-disposition"].startswith("attachment")


async def test_a_badge_that_waits_for_its_recipient_has_files_but_no_page(
    services: Services, world: World
) -> None:
    wanted = Offer(
        organization_id=world.organization.id,
        badge_id=world.badge.id,
        email="jane@example.org",
        is_verifiable=True,
    )
    grant = (await services.database.write(lambda tx: grants.offer(tx, wanted, services))).grant
    await sign_grant(services, grant.id)
    page = await fetch(services, f"/verify/{grant.code}")
    files = [link.get("href") for link in page.all("a") if link.get("href").endswith("?download")]
    assert len(files) == 6
    async with doors.browse(services) as client:
        assert {(await client.get(file)).status_code for file in files} == {200}
    assert grant.note_uri not in {link.get("href") for link in page.all("a")}


async def test_the_page_of_a_badge_leads_here(services: Services, world: World) -> None:
    grant = await publish(services, world)
    hrefs = {link.get("href") for link in (await fetch(services, grant.note_uri)).all("a")}
    assert f"{BASE}/verify/{grant.code}" in hrefs
    assert f"{BASE}/credentials/{grant.uuid}/jwt?download" in hrefs
    assert "/verify" in hrefs


async def test_what_strangers_may_not_know_of_is_not_there(services: Services, world: World) -> None:
    private = await publish(services, world, visibility=Visibility.PRIVATE)
    pending = await offer(services, world, "ann")
    async with browse(services) as client:
        never = await client.get("/verify/CRD-22222222")
        names = (
            private.code,
            private.uuid,
            pending.code,
            "x",
            "a.b.c",
            "%00",
            "{}",
            "%F0%9F%8F%85",
            "1" * 5000,
        )
        answers = [await client.get(f"/verify/{name}") for name in names]
    assert {response.status_code for response in (never, *answers)} == {404}
    assert {response.content for response in answers} == {never.content}
    check_page(never)
    page = await submit(services, {"badge": private.code}, status=404)
    assert "no such badge" in page.text


async def test_a_revoked_badge_says_why_but_not_whose(services: Services, world: World) -> None:
    grant = await publish(services, world)
    await revoke(services, grant)
    for page in (
        await fetch(services, f"/verify/{grant.code}"),
        await submit(services, {"badge": grant.code}),
    ):
        assert heading(page) == "This badge was revoked"
        assert page.all("section", role="alert")
        assert REASON in page.text
        assert "Jane" not in page.html
        assert "social.example" not in page.html
        assert "?download" not in page.html


async def test_a_suspended_badge(services: Services, world: World) -> None:
    grant = await publish(services, world)
    await services.database.write(
        lambda tx: grants.suspend(tx, grant.id, reason=REASON, now=services.clock())
    )
    page = await fetch(services, f"/verify/{grant.code}")
    assert heading(page) == "This badge is suspended"
    assert REASON in page.text
    assert "?download" not in page.html


async def test_an_expired_badge(services: Services, world: World, clock: Clock) -> None:
    new = NewBadge(title="Short", description="d", criteria="c", expires_in_days=1)
    badge = await create_badge(services, issuer=world.issuer, new=new)
    wanted = Offer(
        organization_id=world.organization.id, badge_id=badge.id, email="jane@example.org", name="Jane"
    )
    grant = (await services.database.write(lambda tx: grants.offer(tx, wanted, services))).grant
    await accept(services, grant)
    await process_accepted(services)
    clock.advance(2 * DAY / 1_000_000)
    page = await fetch(services, f"/verify/{grant.code}")
    assert heading(page) == "This badge has expired"
    assert "Expired on" in page.text


async def test_a_badge_from_elsewhere_is_shown_with_its_reservation(
    services: Services, school: School
) -> None:
    page = await submit(services, {"badge": json.dumps(school.credential())})
    assert heading(page) == "This badge is genuine, with a reservation"
    assert "School of Art" in page.text
    assert "Take note" in page.text
    assert page.all("img") == []
    assert "Not shown: the badge has at most a fingerprint" in words(page)


@pytest.mark.parametrize(
    ("recipient", "verdict"),
    [
        (EMAIL, "This badge is genuine, with a reservation"),
        ("joe@example.org", "This badge belongs to somebody else"),
    ],
)
async def test_whose_it_is_can_be_asked(
    services: Services, school: School, recipient: str, verdict: str
) -> None:
    page = await submit(services, {"badge": json.dumps(school.credential()), "recipient": recipient})
    assert heading(page) == verdict
    assert page.value("recipient") == recipient


async def test_a_changed_badge_claims_and_proves_nothing(services: Services, school: School) -> None:
    changed = school.credential() | {"validFrom": "2024-01-01T00:00:00Z"}
    page = await submit(services, {"badge": json.dumps(changed)})
    assert heading(page) == "This badge is not genuine"
    assert "What it claims" in page.text
    assert "Nothing else was checked" in page.text
    assert "Does not hold" in page.text


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/", "https://127.0.0.1/x", "https://nowhere.example/1"]
)
async def test_what_could_not_be_asked_is_not_called_false(
    services: Services, network: Network, url: str
) -> None:
    page = await submit(services, {"badge": url})
    assert heading(page) == "This badge could not be checked"
    assert "That does not say that it is false" in page.text
    assert "Does not hold" not in page.text
    assert page.all("details")
    assert [request.url for request in network.requests if "nowhere" not in request.url] == []


@pytest.mark.parametrize("form", ["source", "token", "document", "own"])
async def test_it_can_be_checked_again(services: Services, world: World, school: School, form: str) -> None:
    school.documents[school.url("/credentials/1")] = school.credential()
    grant = await publish(services, world)
    texts = {
        "source": school.url("/credentials/1"),
        "token": school.token(),
        "document": json.dumps(school.credential()),
        "own": grant.code,
    }
    first = await submit(services, {"badge": texts[form]})
    again = await submit(services, {"badge": first.value("badge"), "recipient": first.value("recipient")})
    assert heading(again) == heading(first)
    assert "is valid" in heading(first) or "is genuine" in heading(first)


WRONG: list[tuple[dict[str, str], bytes | None, int, str]] = [
    ({}, None, 400, NOTHING_GIVEN),
    ({}, b"", 400, NOTHING_GIVEN),
    ({"badge": "CRD-22222222"}, b"CRD-22222222", 400, TWO_GIVEN),
    ({"badge": "hello <b>"}, None, 400, "This is no badge"),
    ({"badge": "{"}, None, 400, "not valid JSON"),
    ({"badge": '{"a": 1, "a": 2}'}, None, 400, "more than one"),
    ({"badge": "CRD-22222222"}, None, 404, "no such badge"),
    ({"badge": '{"type": "Person"}'}, None, 422, "no badge"),
    ({}, b"GIF89a" + b"\0" * 100, 415, "none of PNG"),
    ({}, b"%PDF-1.7 \xff\xfe", 415, "PNG or SVG"),
    ({}, b"\x89PNG\r\n\x1a\n" + b"\0" * 100, 400, ""),
    ({}, b"<svg xmlns='http://www.w3.org/2000/svg'/>", 400, "no badge inside"),
    ({}, b"x" * (MAX_BYTES + 1), 413, "bytes"),
    ({"badge": "CRD-22222222", "recipient": "x" * 501}, None, 400, "at most 500"),
]


@pytest.mark.parametrize(
    ("fields", "file", "status", "text"), WRONG, ids=[f"{row[2]} {str(row[:2])[:40]}" for row in WRONG]
)
async def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_stays(
    services: Services, fields: dict[str, str], file: bytes | None, status: int, text: str
) -> None:
    page = await submit(services, fields, file, status=status)
    assert heading(page) == "Verify a badge"
    [problem] = page.all("p", role="alert")
    assert text in problem.text
    assert problem.text.strip()
    [marked] = [element for element in page.elements if element.get("aria-invalid") == "true"]
    assert problem.get("id") in marked.get("aria-describedby").split()
    about_file = file is not None and bool(file) and "badge" not in fields
    assert marked.get("name") == ("recipient" if "recipient" in fields else "file" if about_file else "badge")
    if status != 413:
        assert page.all("textarea")[0].text == fields.get("badge", "")


async def test_a_form_from_elsewhere_is_refused_and_fetches_nothing(
    services: Services, network: Network, school: School
) -> None:
    async with browse(services) as client:
        token = (await open_form(client)).value("token")
        data = {"badge": school.url("/credentials/1")}
        refused = [
            await client.post("/verify", data=data),
            await client.post("/verify", data=data | {"token": "x"}),
            await client.post(
                "/verify", data=data | {"token": token}, headers={"sec-fetch-site": "cross-site"}
            ),
            await client.post(
                "/verify", data=data | {"token": token}, headers={"origin": "https://else.example"}
            ),
        ]
        wrong = await client.post("/verify", content=b"{}", headers={"content-type": "application/json"})
    assert [response.status_code for response in refused] == [403] * 4
    assert wrong.status_code == 415
    assert network.requests == []


async def test_one_address_may_verify_so_often(services: Services) -> None:
    async with browse(services) as client:
        token = (await open_form(client)).value("token")
        for _ in range(PRESENTED_PER_MINUTE):
            assert (await client.post("/verify", data={"token": token})).status_code == 400
        refused = await client.post("/verify", data={"token": token})
        for _ in range(LOOKED_UP_PER_MINUTE):
            assert (await client.get("/verify/CRD-22222222")).status_code == 404
        looked_up = await client.get("/verify/CRD-22222222")
    for response in (refused, looked_up):
        assert response.status_code == 429
        assert int(response.headers["retry-after"]) > 0
        check_page(response)


def poison(school: School, text: str) -> dict[str, Any]:
    """A credential that holds, with one text in every place that is shown."""
    subject = school.unsigned()["credentialSubject"]
    achievement = subject["achievement"] | {
        "name": text,
        "description": text,
        "criteria": {"id": "https://school.example/c", "narrative": text},
        "image": {"id": "https://spy.example/pixel.png", "type": "Image", "caption": text},
        "inLanguage": "en",
        "achievementType": f"ext:{text}",
    }
    evidence = {"id": "https://school.example/e", "type": ["Evidence"], "name": text, "narrative": text}
    issuer = {
        "id": school.did,
        "type": ["Profile"],
        "name": text,
        "url": "javascript:alert(1)",
        "image": {"id": "https://spy.example/logo.png", "type": "Image"},
    }
    identifier = {"type": "IdentityObject", "hashed": False, "identityHash": text, "identityType": "name"}
    return school.credential(
        name=text,
        issuer=issuer,
        evidence=[evidence],
        credentialSubject=subject | {"identifier": [identifier], "achievement": achievement},
    )


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:12])
async def test_no_text_of_strangers_breaks_the_result(services: Services, school: School, text: str) -> None:
    page = await submit(services, {"badge": json.dumps(poison(school, text)), "recipient": text[:500]})
    shown = page.all("h3")[0].text
    assert shown == text.strip() or "badge" in shown
    assert "<script>alert" not in page.html
    assert "onerror" not in "".join(name for element in page.elements for name in element.attributes)
    for link in page.all("a"):
        href = link.get("href")
        assert href.startswith(("/", "#", BASE, "https://", "http://")), href
        if not href.startswith(("/", "#", BASE)):
            assert {"nofollow", "noopener"} <= set(link.get("rel").split()), href


async def test_pictures_of_strangers_are_not_loaded(services: Services, school: School) -> None:
    page = await submit(services, {"badge": json.dumps(poison(school, "Printmaster"))})
    assert page.all("img") == []
    assert all("spy.example" not in element.get("src") for element in page.elements)


async def test_a_hostile_answer_of_another_server_is_text(services: Services, school: School) -> None:
    url = school.url("/x?<script>alert(1)</script>")
    school.answers[url] = answer(200, b"<script>alert(1)</script>", "text/html")
    page = await submit(services, {"badge": url})
    assert heading(page) == "This badge could not be checked"
    assert "<script>alert" not in page.html


async def test_a_large_document_is_cut_and_not_repeated(services: Services, school: School) -> None:
    page = await submit(services, {"badge": json.dumps(poison(school, "long " * 3500))})
    assert "It goes on; this is its beginning" in words(page)
    assert len(page.html) < 500_000
