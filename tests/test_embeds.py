"""Badges on other sites: list, widget, label, oEmbed; and what search engines are told."""

from __future__ import annotations

import base64
import re
from io import BytesIO
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from PIL import Image

from badgefed.model.grant import Grant
from badgefed.model.times import DAY
from badgefed.protocol.award_label import Label, draw_label
from badgefed.settings import resource_folder
from badgefed.store import remote_actors
from badgefed.work.services import Services
from tests.conftest import BASE, World
from tests.doors import publish, revoke
from tests.html_pages import check_page
from tests.lookers import STATES, browse, grant_in
from tests.test_pages import AMARA, HOSTILE, grant_badge
from tests.world import Clock

PROFILE = "https://social.example/users/zadie"
SVG = "{http://www.w3.org/2000/svg}"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


@pytest.mark.parametrize("state", STATES)
async def test_the_list_has_public_badges_alone(services: Services, world: World, state: str) -> None:
    grant = await grant_in(services, world, state)
    async with browse(services) as client:
        simple = await client.get("/api/embed/badges", params={"recipient": PROFILE, "format": "simple"})
        full = await client.get("/api/embed/badges", params={"recipient": PROFILE})
    assert simple.headers["access-control-allow-origin"] == "*"
    count = 1 if state == "public" else 0
    assert full.json()["totalItems"] == len(full.json()["items"]) == len(simple.json()) == count
    if count:
        assert full.json()["items"][0]["id"] == f"{BASE}/certify-badge/award/{grant.uuid}"
        (item,) = simple.json()
        assert item["viewUrl"] == grant.note_uri
        assert item["id"] == grant.note_id
        assert item["issuerName"] == "The Organization"
        assert item["issuedOn"] == "2026-05-28"
        assert set(item) == {
            "id",
            "title",
            "description",
            "image",
            "imageAlt",
            "issuedBy",
            "issuerName",
            "issuedOn",
            "viewUrl",
            "isExternal",
        }


@pytest.mark.parametrize(
    "recipient",
    [
        AMARA.id,
        AMARA.url,
        AMARA.handle,
        f"acct:{AMARA.handle.removeprefix('@')}" if AMARA.handle else "",
        base64.b64encode(AMARA.id.encode()).decode(),
    ],
)
async def test_a_recipient_is_known_by_every_name(
    any_services: Services, any_world: World, recipient: str
) -> None:
    await any_services.database.write(lambda tx: remote_actors.save_actor(tx, AMARA))
    await grant_badge(any_services, any_world, profile=AMARA.id, email=None)
    await publish(any_services, any_world, "somebody")
    async with browse(any_services) as client:
        found = await client.get("/api/embed/badges", params={"recipient": recipient, "format": "simple"})
    assert len(found.json()) == 1


@pytest.mark.parametrize(
    "recipient",
    ["", " ", "amara@mail.example", "mailto:amara@mail.example", "Amara", "javascript:1", "https://"],
)
async def test_nobody_is_asked_for_by_an_address(services: Services, world: World, recipient: str) -> None:
    await grant_badge(services, world)
    encoded = base64.b64encode(recipient.encode()).decode()
    async with browse(services, accept="*/*") as client:
        for text in (recipient, encoded):
            response = await client.get("/api/embed/badges", params={"recipient": text})
            assert response.status_code == 400
            assert "Recipient parameter is required" in response.text
            assert response.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(("limit", "count"), [("1", 1), ("0", 1), ("-5", 1), ("999", 3), ("x", 3), ("", 3)])
async def test_the_limit_is_kept_within_bounds(
    services: Services, world: World, limit: str, count: int
) -> None:
    for _ in range(3):
        await publish(services, world, "zadie")
        await services.database.write(
            lambda tx: tx.execute("UPDATE grants SET active_recipient = NULL, actor_id = ?", PROFILE)
        )
    async with browse(services) as client:
        found = await client.get(
            "/api/embed/badges", params={"recipient": PROFILE, "format": "simple", "limit": limit}
        )
    assert len(found.json()) == count


async def test_a_list_of_an_edited_badge_names_its_version(services: Services, world: World) -> None:
    await publish(services, world, "zadie")
    await services.database.write(lambda tx: tx.execute("UPDATE badges SET version = 2"))
    async with browse(services) as client:
        found = await client.get("/api/embed/badges", params={"recipient": PROFILE})
    assert "1" in found.json()["items"][0]["badge"].rpartition("/")[2]


async def test_the_widget_is_one_script_that_puts_no_markup_together(
    services: Services, world: World
) -> None:
    async with browse(services) as client:
        scripts = [await client.get(path) for path in ("/api/embed/widget.js", "/js/widget.js")]
        about = await client.get("/api/embed/test")
        frame = await client.get("/api/embed/widget.jsx")
    assert scripts[0].content == scripts[1].content == (resource_folder("static") / "embed.js").read_bytes()
    assert scripts[0].headers["content-type"].startswith("text/javascript")
    assert scripts[0].headers["cross-origin-resource-policy"] == "cross-origin"
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", ".style", "http"):
        assert word not in scripts[0].text
    assert about.json()["endpoints"]["widget"] == f"{BASE}/api/embed/widget.js"
    assert frame.status_code == 404


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:12])
async def test_the_demo_shows_what_is_a_profile(services: Services, world: World, text: str) -> None:
    async with browse(services) as client:
        wrong = check_page(await client.get("/embed/demo", params={"recipient": text}))
        right = check_page(await client.get("/embed/demo", params={"recipient": PROFILE}))
    assert not wrong.all("div", data_badgefed_recipient=text)
    assert "neither the address" in wrong.text
    assert len(right.all("div", data_badgefed_recipient=PROFILE)) == 1
    assert [code.text for code in right.all("code")] == [
        f'<div id="my-badges" data-badgefed-recipient="{PROFILE}"></div>\n'
        f'<script src="{BASE}/js/widget.js" defer></script>'
    ]


LABELS = {"public": 200, "unlisted": 200, "suspended": 200, "no issuer": 200, "revoked": 410}


@pytest.mark.parametrize("state", STATES)
async def test_a_label_says_what_is_so(services: Services, world: World, state: str) -> None:
    grant = await grant_in(services, world, state)
    async with browse(services) as client:
        svg = await client.get(f"/award-label/{grant.uuid}.svg")
        png = await client.get(f"/award-label/{grant.uuid}.png")
    assert svg.status_code == png.status_code == LABELS.get(state, 404)
    if state not in LABELS:
        return
    said = state if state in ("revoked", "suspended") else "The Organization"
    assert ElementTree.fromstring(svg.content).findtext(f"{SVG}title") == f"Advanced Training – {said}"
    assert "script" not in svg.text
    assert svg.headers["content-security-policy"] == "default-src 'none'; sandbox"
    with Image.open(BytesIO(png.content)) as picture:
        assert picture.height == 84
        assert picture.width > 400


async def test_a_label_expires_and_is_revoked_with_the_next_request(
    services: Services, world: World, clock: Clock
) -> None:
    grant = await publish(services, world)
    until = clock() + DAY
    await services.database.write(lambda tx: tx.execute("UPDATE grants SET expires_at = ?", until))
    said = []
    async with browse(services) as client:
        for step in ("valid", "expired", "revoked"):
            if step == "expired":
                clock.advance(90_000)
            if step == "revoked":
                await revoke(services, grant)
            response = await client.get(f"/award-label/{grant.uuid}.svg")
            said.append(
                (ElementTree.fromstring(response.content).findtext(f"{SVG}title") or "").partition(" – ")[2]
            )
    assert said == ["The Organization", "expired", "revoked"]


@pytest.mark.parametrize("text", [*HOSTILE, "证书", ""], ids=lambda text: text[:12])
@pytest.mark.parametrize("colour", ["#ffffff", "#000000", "#ffee00"])
def test_a_label_of_any_text_is_well_formed(text: str, colour: str) -> None:
    root = ElementTree.fromstring(draw_label(Label(title=text, issuer=text, colour=colour)))
    assert 0 < float(root.get("width", "0")) < 600
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        "svg",
        "title",
        "clipPath",
        "rect",
        "g",
        "path",
        "circle",
    }


def addresses_of(grant: Grant) -> list[str]:
    return [grant.note_uri, *(f"{BASE}/{path}" for path in (f"awards/{grant.uuid}", f"verify/{grant.code}"))]


@pytest.mark.parametrize("state", STATES)
async def test_oembed_knows_public_awards(services: Services, world: World, state: str) -> None:
    grant = await grant_in(services, world, state)
    is_shown = state in ("public", "suspended", "no issuer")
    async with browse(services) as client:
        for url in addresses_of(grant):
            response = await client.get("/oembed", params={"url": url})
            assert response.status_code == (200 if is_shown else 404)
            if is_shown:
                assert response.json()["type"] == "rich"
                assert f'src="{BASE}/api/embed/{grant.uuid}"' in response.json()["html"]
                assert (await client.get(response.json()["thumbnail_url"])).status_code == 200


async def test_oembed_is_found_and_speaks_xml(services: Services, world: World) -> None:
    await services.database.write(lambda tx: tx.execute("UPDATE badges SET title = '<b>&\"\x0b'"))
    grant = await publish(services, world)
    async with browse(services) as client:
        page = check_page(await client.get(grant.note_uri))
        links = {link.get("type"): link.get("href") for link in page.all("link", rel="alternate")}
        document = (await client.get(links["application/json+oembed"])).json()
        xml = await client.get(links["text/xml+oembed"])
    root = ElementTree.fromstring(xml.content)
    assert {child.tag: child.text for child in root} == {name: str(value) for name, value in document.items()}
    assert document["title"] == '<b>&"'
    assert "<b>" not in document["html"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("url=https://evil.example/awards/x", 400),
        ("url=https://badges.example.evil.example/x", 400),
        (f"url={quote(BASE, safe='')}/badge/1", 404),
        (f"url={quote(BASE, safe='')}/awards/{'x' * 3000}", 400),
        ("url={url}&format=yaml", 400),
        ("url={url}&maxwidth=x", 400),
        ("url={url}&maxwidth=-1", 400),
        ("url={url}&maxwidth=320&maxheight=100", 200),
    ],
)
async def test_what_oembed_is_asked(services: Services, world: World, query: str, status: int) -> None:
    grant = await publish(services, world)
    async with browse(services, accept="application/json") as client:
        response = await client.get(f"/oembed?{query.replace('{url}', quote(grant.note_uri, safe=''))}")
    assert response.status_code == status, response.text
    if status == 200:
        assert (response.json()["width"], response.json()["height"]) == (320, 100)
        assert 'width="320" height="100"' in response.json()["html"]


@pytest.mark.parametrize("state", STATES)
async def test_a_sitemap_has_what_may_be_listed(any_services: Services, any_world: World, state: str) -> None:
    grant = await grant_in(any_services, any_world, state)
    async with browse(any_services) as client:
        index = ElementTree.fromstring((await client.get("/sitemap.xml")).content)
        parts = [one.text or "" for one in index.iter(f"{SITEMAP}loc")]
        found = set()
        for part in parts:
            response = await client.get(part)
            assert response.status_code == 200
            found |= {one.text for one in ElementTree.fromstring(response.content).iter(f"{SITEMAP}loc")}
    assert f"{BASE}/explore" in found
    assert (grant.note_uri in found) is (state == "public")
    assert ({any_world.issuer.actor_id, f"{BASE}/badge/{any_world.badge.id}"} <= found) is (
        state != "no issuer"
    )


@pytest.mark.parametrize("name", ["awards-0", "awards-99", f"badges-{10**20}", "users-0", "awards--1", "x"])
async def test_there_is_no_part_without_members(services: Services, world: World, name: str) -> None:
    async with browse(services) as client:
        assert (await client.get(f"/sitemaps/{name}.xml")).status_code == 404


async def test_robots_are_told_where_not_to_go(services: Services, world: World) -> None:
    async with browse(services) as client:
        text = (await client.get("/robots.txt")).text
    assert f"Sitemap: {BASE}/sitemap.xml" in text
    hidden = re.findall(r"Disallow: (\S+)", text)
    assert {"/accept/", "/grants/", "/me", "/console"} <= set(hidden)
    assert not [
        path for path in ("/actor/org", "/badge/1", "/explore", "/tags/x") if path.startswith(tuple(hidden))
    ]


def test_the_documentation_names_every_attribute() -> None:
    script = (resource_folder("static") / "embed.js").read_text()
    document = (resource_folder("static").parent / "docs" / "embedding.md").read_text()
    names = re.findall(r"badgefed([A-Z]\w+)", script.partition("element.dataset")[0].rpartition("const {")[2])
    attributes = [
        "data-badgefed" + re.sub(r"([A-Z])", lambda found: f"-{found[1].lower()}", name) for name in names
    ]
    assert len(attributes) == 4
    assert [one for one in attributes if f"`{one}`" not in document] == []
