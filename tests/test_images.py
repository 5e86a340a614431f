"""Pictures over HTTP."""

from __future__ import annotations

import hashlib
import io
import re
from xml.etree import ElementTree

import httpx
import pytest
from PIL import Image

from badgefed.errors import BadgefedError, Invalid, TooLarge, UnsupportedMedia
from badgefed.issuing.badges import NewBadge, create_badge, edit_badge
from badgefed.model.badge import Badge
from badgefed.model.times import DAY
from badgefed.model.visibility import Visibility
from badgefed.protocol.badge_art import draw_badge
from badgefed.protocol.svg import clean_svg
from badgefed.store import images, share_cards
from badgefed.store.database import Transaction
from badgefed.work.artwork import baked_picture_source
from badgefed.work.services import Services
from badgefed.work.svg_rendering import draw_uploaded
from tests.conftest import World
from tests.doors import BROWSER, accept, browse, decline, fetch, offer, publish, revoke
from tests.world import Clock

SAFE = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",
    "cross-origin-resource-policy": "cross-origin",
    "access-control-allow-origin": "*",
}


def a_png(colour: str) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(written, "PNG")
    return written.getvalue()


async def test_a_picture_by_its_content_never_changes(services: Services, world: World) -> None:
    sha256 = (await images.get_image(services.database, world.badge.image_id)).sha256
    async with browse(services) as client:
        response = await client.get(f"/images/{sha256}.png", headers={"accept": BROWSER})
        again = await client.get(f"/images/{sha256}.png", headers={"if-none-match": response.headers["etag"]})
    assert response.status_code == 200
    assert response.headers["content-type"] == "image/png"
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert SAFE.items() <= response.headers.items()
    assert "vary" not in response.headers
    assert hashlib.sha256(response.content).hexdigest() == sha256
    assert (again.status_code, again.content) == (304, b"")


async def test_the_picture_of_a_badge_is_its_present_one(services: Services, world: World) -> None:
    async with browse(services) as client:
        drawn = await client.get(f"/badge-image/{world.badge.id}")
        data = a_png("red")

        async def replace(tx: Transaction) -> None:
            image = await images.add_image(
                tx, data=data, media_type="image/png", width=64, height=64, blurhash=None, now=1
            )
            await tx.execute(
                "UPDATE badges SET image_id = ?, image_generated = 0 WHERE id = ?", image.id, world.badge.id
            )

        await services.database.write(replace)
        present = await client.get(
            f"/badge-image/{world.badge.id}", headers={"if-none-match": drawn.headers["etag"]}
        )
        svg = await client.get(f"/badge-image/{world.badge.id}.svg")
    assert Image.open(io.BytesIO(drawn.content)).size == (1200, 1200)
    assert (present.status_code, present.content) == (200, data)
    assert present.headers["cache-control"] == "public, max-age=300"
    assert SAFE.items() <= present.headers.items()
    assert svg.status_code == 404


async def test_an_awarded_badge_keeps_its_picture(services: Services, world: World) -> None:
    grant = await publish(services, world)
    async with browse(services) as client:
        [attachment] = (await fetch(client, grant.note_uri))["attachment"]
        before = await client.get(attachment["url"])
        await services.database.write(
            lambda tx: tx.execute("UPDATE badges SET image_id = ? WHERE id = ?", world.issuer.image_id, 1)
        )
        after = await client.get(attachment["url"])
    assert before.content == after.content
    assert Image.open(io.BytesIO(after.content)).size == (attachment["width"], attachment["height"])


SAFE_SVG = {
    **SAFE,
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox",
}
HOSTILE = b"""<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20" onload="alert(1)">
<script>alert(1)</script><rect width="40" height="20" fill="#ff0000" onclick="alert(1)"/></svg>"""


async def test_a_drawn_badge_can_be_had_as_svg(services: Services, world: World) -> None:
    async with browse(services) as client:
        response = await client.get(f"/badge-image/{world.badge.id}.svg")
        by_content = await client.get(f"/images/{hashlib.sha256(response.content).hexdigest()}.svg")
    assert response.status_code == 200
    assert response.headers["content-type"] == "image/svg+xml"
    assert SAFE_SVG.items() <= response.headers.items()
    assert ElementTree.fromstring(response.text).tag == "{http://www.w3.org/2000/svg}svg"
    assert response.text == draw_badge(
        title=world.badge.title,
        issuer_name=world.issuer.name,
        colour=world.issuer.colour,
        badge_type=world.badge.badge_type,
    )
    assert (by_content.status_code, by_content.content) == (200, response.content)
    assert by_content.headers["content-type"] == "image/svg+xml"
    assert by_content.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert SAFE_SVG.items() <= by_content.headers.items()


async def rename(services: Services, world: World) -> None:
    await edit_badge(services, badge=world.badge, issuer=world.issuer, changes={"title": "Renamed"})


async def test_old_art_survives_a_new_title(services: Services, world: World) -> None:
    before, svg = await baked_picture_source(services.database, world.badge.image_id)
    await rename(services, world)
    async with browse(services) as client:
        present = await client.get(f"/badge-image/{world.badge.id}.svg")
    assert await baked_picture_source(services.database, world.badge.image_id) == (before, svg)
    assert svg is not None
    assert "Advanced Training" in svg
    assert "Renamed" in present.text


async def test_an_uploaded_picture_has_no_svg(services: Services, world: World) -> None:
    badge = await upload(services, world, a_png("blue"))
    async with browse(services) as client:
        assert (await client.get(f"/badge-image/{badge.id}")).status_code == 200
        assert (await client.get(f"/badge-image/{badge.id}.svg")).status_code == 404
    assert (await baked_picture_source(services.database, badge.image_id))[1] is None


async def upload(services: Services, world: World, data: bytes) -> Badge:
    new = NewBadge(title="Uploaded", description="d", criteria="c", image=data)
    return await create_badge(services, issuer=world.issuer, new=new)


async def test_an_uploaded_svg_is_served_cleaned_and_drawn(services: Services, world: World) -> None:
    badge = await upload(services, world, HOSTILE)
    assert not badge.image_generated
    async with browse(services) as client:
        png = await client.get(f"/badge-image/{badge.id}")
        svg = await client.get(f"/badge-image/{badge.id}.svg")
    image = Image.open(io.BytesIO(png.content))
    assert (image.format, image.size, image.convert("RGB").getpixel((600, 300))) == (
        "PNG",
        (1200, 600),
        (255, 0, 0),
    )
    assert SAFE_SVG.items() <= svg.headers.items()
    assert svg.text == (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20" width="40" height="20">'
        '<rect width="40" height="20" fill="#ff0000"/></svg>'
    )
    assert await baked_picture_source(services.database, badge.image_id) == (png.content, svg.text)


async def test_svgs_that_look_alike_keep_their_own_text(services: Services, world: World) -> None:
    drawn = []
    for title in ("one", "two"):
        data = HOSTILE.replace(b"<script>alert(1)</script>", f"<title>{title}</title>".encode())
        badge = await upload(services, world, data)
        drawn.append(await baked_picture_source(services.database, badge.image_id))
    assert "<title>one</title>" in (drawn[0][1] or "")
    assert "<title>two</title>" in (drawn[1][1] or "")


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'/>", Invalid),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><rect width='1' height='1'/></svg>", Invalid),
        (b"<svg xmlns='http://www.w3.org/2000/svg'", Invalid),
        (b"GIF89a", UnsupportedMedia),
        (b"", UnsupportedMedia),
        (b"\x00" * 5_000_001, TooLarge),
        (b"<svg>" + b" " * 5_000_000 + b"</svg>", TooLarge),
    ],
)
async def test_refused_pictures_leave_nothing_behind(
    services: Services, world: World, data: bytes, error: type[BadgefedError]
) -> None:
    before = await services.database.one("SELECT COUNT(*) AS count FROM images")
    with pytest.raises(error):
        await upload(services, world, data)
    assert await services.database.one("SELECT COUNT(*) AS count FROM images") == before
    assert await services.database.one("SELECT * FROM badges WHERE title = 'Uploaded'") is None


def test_an_svg_that_takes_too_long_is_refused() -> None:
    """Small files for which the renderer would take hours."""
    octaves = '<feTurbulence baseFrequency=".01" numOctaves="2000000"/>'
    radius = '<feMorphology operator="dilate" radius="50"/>'
    for primitive in (octaves, radius * 20):
        slow = (
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">'
            f'<filter id="f" x="0" y="0" width="1" height="1">{primitive}</filter>'
            '<rect width="100" height="100" filter="url(#f)"/></svg>'
        )
        with pytest.raises(Invalid, match="simpler"):
            draw_uploaded(clean_svg(slow.encode()), side=1200, seconds=1)


async def test_lists_show_a_small_picture(services: Services, world: World) -> None:
    sha256 = (await images.get_image(services.database, world.badge.image_id)).sha256
    await publish(services, world)
    async with browse(services) as client:
        pages = [(await client.get(path, headers={"accept": BROWSER})).text for path in ("/", "/actor/org")]
        first = await client.get(f"/images/{sha256}/thumbnail.png")
    async with browse(services) as client:
        again = await client.get(f"/images/{sha256}/thumbnail.png")
    assert all(f"/images/{sha256}/thumbnail.png" in page for page in pages)
    assert not any(f'src="/images/{sha256}.png"' in page for page in pages)
    assert Image.open(io.BytesIO(first.content)).size == (320, 320)
    assert len(first.content) < 150_000
    assert first.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert SAFE.items() <= first.headers.items()
    assert again.content == first.content
    assert await services.database.one(
        "SELECT COUNT(*) AS count FROM renditions WHERE kind = 'thumbnail'"
    ) == {"count": 1}


async def test_a_small_picture_is_not_blown_up(services: Services, world: World) -> None:
    badge = await upload(services, world, a_png("blue"))
    sha256 = (await images.get_image(services.database, badge.image_id)).sha256
    async with browse(services) as client:
        response = await client.get(f"/images/{sha256}/thumbnail.png")
    assert Image.open(io.BytesIO(response.content)).size == (64, 64)


async def card_url(services: Services, page: str) -> str:
    """The picture that previews of a page show."""
    async with browse(services) as client:
        text = (await client.get(page, headers={"accept": BROWSER})).text
    found = re.search(r'<meta property="og:image" content="([^"]+)">', text)
    assert found is not None
    return found[1]


async def card_of(services: Services, url: str) -> httpx.Response:
    async with browse(services) as client:
        return await client.get(url)


async def test_the_card_of_a_badge(services: Services, world: World) -> None:
    page = services.addresses.badge_page(world.badge.id)
    url = await card_url(services, page)
    first, again = await card_of(services, url), await card_of(services, url)
    assert Image.open(io.BytesIO(first.content)).size == (1200, 630)
    assert first.headers["content-type"] == "image/png"
    assert first.headers["cache-control"] == "public, max-age=86400"
    assert SAFE.items() <= first.headers.items()
    assert again.content == first.content
    await rename(services, world)
    other = await card_url(services, page)
    assert other != url
    assert (await card_of(services, other)).content != first.content
    assert await services.database.one("SELECT COUNT(*) AS count FROM share_cards") == {"count": 1}


async def test_cards_of_awards_are_their_own(services: Services, world: World) -> None:
    jane, john = await publish(services, world, "jane"), await publish(services, world, "john")
    urls = [await card_url(services, grant.note_uri) for grant in (jane, john)]
    cards = [await card_of(services, url) for url in urls]
    assert [card.status_code for card in cards] == [200, 200]
    assert cards[0].content != cards[1].content
    assert cards[0].headers["cache-control"] == "public, max-age=3600"
    await rename(services, world)
    assert await card_url(services, jane.note_uri) == urls[0]


@pytest.mark.parametrize(
    ("visibility", "status"),
    [(Visibility.PUBLIC, 200), (Visibility.UNLISTED, 200), (Visibility.PRIVATE, 404)],
)
async def test_a_card_shows_what_strangers_may_see(
    services: Services, world: World, visibility: Visibility, status: int
) -> None:
    grant = await publish(services, world, visibility=visibility)
    assert (await card_of(services, f"/award-card/{grant.uuid}.png")).status_code == status
    kept = await services.database.one("SELECT COUNT(*) AS count FROM share_cards")
    assert kept == {"count": 1 if status == 200 else 0}


async def test_before_it_is_published_there_is_no_card(services: Services, world: World) -> None:
    pending = await offer(services, world, "jane")
    assert (await card_of(services, f"/award-card/{pending.uuid}.png")).status_code == 404
    await accept(services, pending)
    assert (await card_of(services, f"/award-card/{pending.uuid}.png")).status_code == 404
    declined = await offer(services, world, "john")
    await decline(services, declined)
    assert (await card_of(services, f"/award-card/{declined.uuid}.png")).status_code == 404


async def test_the_card_of_a_revoked_award_is_gone(services: Services, world: World) -> None:
    grant = await publish(services, world)
    url = await card_url(services, grant.note_uri)
    async with browse(services) as client:
        assert (await client.get(url)).status_code == 200
        await revoke(services, grant)
        assert (await client.get(url)).status_code == 410
    never = await offer(services, world, "john")
    await revoke(services, never)
    assert (await card_of(services, f"/award-card/{never.uuid}.png")).status_code == 404


async def test_cards_are_dropped_and_drawn_again(
    any_services: Services, any_world: World, clock: Clock
) -> None:
    services, world = any_services, any_world
    shown, revoked = await publish(services, world, "jane"), await publish(services, world, "john")
    urls = [f"/badge-card/{world.badge.id}.png"]
    urls += [f"/award-card/{grant.uuid}.png" for grant in (shown, revoked)]
    first = [await card_of(services, url) for url in urls]
    await revoke(services, revoked)

    async def delete(tx: Transaction) -> int:
        return await share_cards.delete_cards(tx, before=clock() - 30 * DAY, limit=100)

    assert await services.database.write(delete) == 1
    clock.advance(31 * 86_400)
    assert await services.database.write(delete) == 2
    assert [(await card_of(services, url)).content for url in urls[:2]] == [one.content for one in first[:2]]


async def test_the_picture_of_an_issuer(services: Services, world: World) -> None:
    async with browse(services) as client:
        response = await client.get("/actor-image/org?v=17")
    assert response.status_code == 200
    assert SAFE.items() <= response.headers.items()
    assert Image.open(io.BytesIO(response.content)).size == (400, 400)


@pytest.mark.parametrize(
    "path",
    [
        "/images/0.png",
        f"/images/{'0' * 64}.png",
        f"/images/{'A' * 64}.png",
        f"/images/{'0' * 64}",
        f"/images/{'0' * 64}.svg",
        f"/images/{'0' * 64}/thumbnail.png",
        "/images/x/thumbnail.png",
        "/badge-card/0.png",
        "/badge-card/x.png",
        "/badge-card/1",
        "/award-card/x.png",
        "/award-card/00000000-0000-7000-8000-000000000000.png",
        "/badge-image/0",
        "/badge-image/007",
        "/badge-image/x",
        "/badge-image/x.svg",
        "/badge-image/999",
        "/badge-image/999.svg",
        f"/badge-image/{'9' * 18}",
        f"/badge-image/{'9' * 40}",
        f"/badge-image/{'9' * 5000}",
        "/badge-image/%D9%A1",
        "/badge-image/-1",
        "/actor-image/ORG",
        "/actor-image/nobody",
    ],
)
async def test_nothing_stands_at_other_addresses(services: Services, world: World, path: str) -> None:
    async with browse(services) as client:
        assert (await client.get(path)).status_code == 404
