"""Pictures over HTTP."""

from __future__ import annotations

import hashlib
import io
from xml.etree import ElementTree

import pytest
from PIL import Image

from badgefed.issuing.badges import NewBadge, create_badge
from badgefed.protocol.badge_art import draw_badge
from badgefed.store import images
from badgefed.store.database import Transaction
from badgefed.work.services import Services
from tests.conftest import World
from tests.doors import BROWSER, browse, fetch, publish

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


async def test_a_drawn_badge_can_be_had_as_svg(services: Services, world: World) -> None:
    async with browse(services) as client:
        response = await client.get(f"/badge-image/{world.badge.id}.svg")
    assert response.status_code == 200
    assert response.headers["content-type"] == "image/svg+xml"
    assert SAFE.items() <= response.headers.items()
    assert ElementTree.fromstring(response.text).tag == "{http://www.w3.org/2000/svg}svg"
    assert response.text == draw_badge(
        title=world.badge.title,
        issuer_name=world.issuer.name,
        colour=world.issuer.colour,
        badge_type=world.badge.badge_type,
    )


async def test_an_uploaded_badge_has_no_svg(services: Services, world: World) -> None:
    new = NewBadge(title="Uploaded", description="d", criteria="c", image=a_png("blue"))
    badge = await create_badge(services, issuer=world.issuer, new=new)
    async with browse(services) as client:
        assert (await client.get(f"/badge-image/{badge.id}")).status_code == 200
        assert (await client.get(f"/badge-image/{badge.id}.svg")).status_code == 404


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
