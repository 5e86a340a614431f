"""The picture of a profile, fetched for whoever is about to grant it a badge."""

from __future__ import annotations

import io
from urllib.parse import quote

import httpx
import pytest
from PIL import Image

from badgefed.model.actor import RemoteActor
from badgefed.model.organization import Role
from badgefed.net.transport import Request, Response
from badgefed.store import blocks, remote_actors
from badgefed.store.blocks import BlockKind
from badgefed.web.console.granting import AVATARS_PER_MINUTE
from badgefed.work.services import Services
from tests.api import make_stranger
from tests.conftest import World
from tests.console import add_person, browse, open_page, sign_in, submit
from tests.html_pages import check_page
from tests.remote import RemoteServer
from tests.workers import run_until_idle
from tests.world import Clock, Network, answer

FORM = "/console/o/org/granting"
IVY = "ivy@example.org"
FILES = "https://files.example"
PNG, SVG = "image/png", "image/svg+xml"


def encode(width: int, height: int, kind: str = "PNG") -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (width, height), "navy").save(written, kind)
    return written.getvalue()


def encode_bomb() -> bytes:
    """40 million pixels in a few kilobytes."""
    written = io.BytesIO()
    Image.new("1", (8000, 5000)).save(written, "PNG")
    return written.getvalue()


class Pictures:
    """What `files.example` has: a body or what goes wrong, by path."""

    def __init__(self, network: Network, **answers: Response | Exception) -> None:
        self._answers = answers
        network.mount("files.example", self._handle)

    async def _handle(self, request: Request) -> Response:
        found = self._answers[request.url.rpartition("/")[2]]
        if isinstance(found, Exception):
            raise found
        return found


@pytest.fixture(autouse=True)
async def staff(services: Services, world: World) -> None:
    await add_person(services, world, IVY, Role.ISSUER)
    await add_person(services, world, "view@example.org", Role.VIEWER)


async def know(services: Services, name: str, icon: str | None) -> None:
    """The store has this profile, as a look-up leaves it."""
    actor = RemoteActor(
        id=f"https://social.example/users/{name}",
        host="social.example",
        actor_type="Person",
        inbox=f"https://social.example/users/{name}/inbox",
        shared_inbox=None,
        username=name,
        handle=f"@{name}@social.example",
        name=name.title(),
        url=None,
        icon=icon,
        fetched_at=services.clock(),
    )
    await services.database.write(lambda tx: remote_actors.save_actor(tx, actor))


async def ask(client: httpx.AsyncClient, name: str, form: str = FORM) -> httpx.Response:
    profile = quote(f"https://social.example/users/{name}", safe="")
    return await client.get(f"{form}/avatar?profile={profile}")


def kind_of(response: httpx.Response) -> tuple[int, str, str]:
    return response.status_code, response.headers["content-type"], response.headers["cache-control"]


DRAWN = (200, SVG, "no-store")
FETCHED = (200, PNG, "private, max-age=3600")


async def test_the_page_before_a_grant_shows_the_recipients_own_picture(
    services: Services, world: World, network: Network, clock: Clock
) -> None:
    Pictures(network, jane=answer(200, encode(640, 320, "JPEG") + b"<script>", "image/jpeg"))
    jane = RemoteServer(network=network, clock=clock).person("jane")
    jane.extra["icon"] = {"type": "Image", "url": f"{FILES}/jane"}
    async with browse(services) as client:
        await sign_in(client, IVY)
        typed = {"badge": str(world.badge.id), "recipient": "@jane@social.example"}
        page = check_page(await submit(client, FORM, FORM, **typed))
        [source] = [one.get("src") for one in page.all("img") if "/avatar?" in one.get("src")]
        assert network.sent_to(f"{FILES}/jane") == []
        shown = await client.get(source)
        made = await submit(client, FORM, f"{FORM}/send", **typed)
        await run_until_idle(services)
        granted = await open_page(client, made.headers["location"])
        assert source in [one.get("src") for one in granted.all("img")]
    async with browse(services) as client:
        await sign_in(client, "view@example.org")
        granted = await open_page(client, made.headers["location"])
        assert source not in [one.get("src") for one in granted.all("img")]
    assert kind_of(shown) == FETCHED
    assert shown.headers["x-content-type-options"] == "nosniff"
    with Image.open(io.BytesIO(shown.content)) as image:
        assert (image.format, image.size) == ("PNG", (160, 80))
    assert b"<script>" not in shown.content


async def test_a_picture_that_cannot_be_shown_is_drawn(services: Services, network: Network) -> None:
    good = encode(200, 200)
    answers: dict[str, Response | Exception] = {
        "good": answer(200, good, PNG),
        "large": answer(200, good + bytes(5_000_000), PNG),
        "bomb": answer(200, encode_bomb(), PNG),
        "broken": answer(200, good[:100], PNG),
        "text": answer(200, b"no picture", PNG),
        "svg": answer(200, b"<svg xmlns='http://www.w3.org/2000/svg'/>", SVG),
        "gone": answer(404, good, PNG),
        "inside": answer(302, b"", PNG, location="https://127.0.0.1/picture"),
        "slow": TimeoutError(),
    }
    Pictures(network, **answers)
    icons = {name: f"{FILES}/{name}" for name in answers}
    others = {"none": None, "private": "https://10.0.0.7/a.png", "nowhere": "https://nowhere.example/a.png"}
    for name, icon in (icons | others).items():
        await know(services, name, icon)
    async with browse(services) as client:
        await sign_in(client, IVY)
        found = {name: await ask(client, name) for name in icons | others}
    assert kind_of(found.pop("good")) == FETCHED
    assert {name: kind_of(one) for name, one in found.items()} == dict.fromkeys(found, DRAWN)
    assert "Monogram of Slow" in found["slow"].text
    hosts = {request.url.split("/")[2] for request in network.requests}
    assert hosts == {"files.example", "nowhere.example"}


@pytest.mark.parametrize("blocked", ["files.example", "social.example"])
async def test_blocked_servers_are_not_asked(services: Services, network: Network, blocked: str) -> None:
    await know(services, "jane", f"{FILES}/jane")
    await services.database.write(
        lambda tx: blocks.add_block(tx, BlockKind.HOST, blocked, now=services.clock())
    )
    async with browse(services) as client:
        await sign_in(client, IVY)
        assert kind_of(await ask(client, "jane")) == DRAWN
    assert network.requests == []


async def test_only_known_profiles_for_who_may_grant(
    services: Services, world: World, network: Network
) -> None:
    await make_stranger(services, world)
    await know(services, "jane", f"{FILES}/jane")
    async with browse(services) as client:
        await sign_in(client, IVY)
        assert (await ask(client, "nobody")).status_code == 404
        assert (await client.get(f"{FORM}/avatar")).status_code == 404
        assert (await ask(client, "jane", "/console/o/other/granting")).status_code == 404
    async with browse(services) as client:
        await sign_in(client, "view@example.org")
        assert (await ask(client, "jane")).status_code == 403
    assert network.requests == []


async def test_whoever_asks_too_often_gets_drawn_ones_for_a_while(
    services: Services, network: Network, clock: Clock
) -> None:
    Pictures(network, jane=answer(200, encode(1, 1), PNG))
    await know(services, "jane", f"{FILES}/jane")
    async with browse(services) as client:
        await sign_in(client, IVY)
        for _ in range(AVATARS_PER_MINUTE):
            assert kind_of(await ask(client, "jane")) == FETCHED
        assert kind_of(await ask(client, "jane")) == DRAWN
        assert len(network.requests) == AVATARS_PER_MINUTE
        clock.advance(60)
        assert kind_of(await ask(client, "jane")) == FETCHED
