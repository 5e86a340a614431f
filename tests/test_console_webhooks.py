"""Webhooks at the console."""

from __future__ import annotations

import pytest

from badgefed.model.organization import Role
from badgefed.net.transport import Request, Response
from badgefed.store.webhooks import list_endpoints
from badgefed.work.services import Services
from tests.api import make_stranger
from tests.conftest import World
from tests.console import add_person, browse, open_page, sign_in, submit
from tests.html_pages import Page, check_page
from tests.workers import run_until_idle
from tests.world import Network, answer

HOOKS = "/console/o/org/webhooks"
URL = "https://hooks.example/badges"


@pytest.fixture
async def owner(services: Services, world: World) -> str:
    await add_person(services, world, "owen@example.org", Role.OWNER)
    return "owen@example.org"


def secret_of(page: Page) -> str:
    return next(one for one in page.all("code") if "data-copy" in one.attributes).text


async def test_an_endpoint_is_made_tried_rotated_changed_and_deleted(
    services: Services, world: World, owner: str, network: Network
) -> None:
    statuses = [410, 200]

    async def receive(request: Request) -> Response:
        return answer(statuses.pop(0), b"Thanks & <b>bye</b>")

    network.mount("hooks.example", receive)
    async with browse(services) as client:
        await sign_in(client, owner)
        page = await open_page(client, HOOKS)
        form = {
            "token": page.value("token"),
            "once": page.value("once"),
            "url": URL,
            "event:grant.revoked": "1",
        }
        made = check_page(await client.post(HOOKS, data=form))
        secret = secret_of(made)
        assert (await client.post(HOOKS, data=form)).status_code == 409
        assert secret not in (await open_page(client, HOOKS)).html
        hook = next(one.get("href") for one in made.all("a", **{"class": "row"}))
        sent = await submit(client, hook, f"{hook}/test")
        delivery = sent.headers["location"]
        assert "Waiting" in (await open_page(client, delivery)).text
        await run_until_idle(services)
        page = await open_page(client, delivery)
        for text in ("410", "Thanks & <b>bye</b>", "webhook.test"):
            assert text in page.text, text
        rows = await open_page(client, f"{hook}/deliveries")
        assert delivery in [one.get("href") for one in rows.all("a")]
        form = {"token": page.value("token"), "seen": ""}
        rotated = check_page(await client.post(f"{hook}/rotate-secret", data=form))
        assert secret_of(rotated) != secret
        assert (await client.post(f"{hook}/rotate-secret", data=form)).status_code == 409
        changed = {"token": form["token"], "url": f"{URL}/2", "state": "paused"}
        assert (await client.post(hook, data=changed)).headers["location"] == f"{hook}?done=changed"
        page = await open_page(client, hook)
        assert "Paused" in page.text
        assert page.value("url") == f"{URL}/2"
        assert (await submit(client, hook, f"{hook}/test")).status_code == 409
        for _ in range(2):
            assert (await client.post(f"{hook}/delete", data=form)).status_code == 303
    assert await list_endpoints(services.database, world.organization.id) == []


async def test_a_failed_delivery_is_sent_again(
    services: Services, world: World, owner: str, network: Network
) -> None:
    received: list[Request] = []

    async def receive(request: Request) -> Response:
        received.append(request)
        return answer(200)

    network.mount("hooks.example", receive)
    async with browse(services) as client:
        await sign_in(client, owner)
        page = await open_page(client, HOOKS)
        form = {"token": page.value("token"), "once": page.value("once"), "url": URL}
        made = check_page(await client.post(HOOKS, data=form))
        hook = next(one.get("href") for one in made.all("a", **{"class": "row"}))
        delivery = (await submit(client, hook, f"{hook}/test")).headers["location"]
        await run_until_idle(services)
        assert "Delivered" in (await open_page(client, delivery)).text
        for _ in range(2):
            again = await client.post(f"{delivery}/replay", data={"token": form["token"]})
            assert again.headers["location"] == delivery
        await run_until_idle(services)
        await services.database.write(lambda tx: tx.execute("UPDATE webhook_deliveries SET state = 'failed'"))
        assert "Failed" in (await open_page(client, f"{hook}/deliveries?state=failed")).text
        response = await client.post(f"{hook}/replay-failed", data={"token": form["token"]})
        assert response.headers["location"] == f"{hook}/deliveries?done=replayed"
        await run_until_idle(services)
    assert len({one.headers["Badgefed-Delivery"] for one in received}) == 1
    assert len(received) == 3


@pytest.mark.parametrize(
    ("url", "words"), [("http://127.0.0.1/", "can't be sent there"), ("nonsense", "can't be sent there")]
)
async def test_an_address_that_can_not_be_used_comes_back(
    services: Services, world: World, owner: str, url: str, words: str
) -> None:
    async with browse(services) as client:
        await sign_in(client, owner)
        page = await open_page(client, HOOKS)
        form = {"token": page.value("token"), "once": page.value("once"), "url": url, "description": "Mine"}
        response = await client.post(HOOKS, data=form)
    assert response.status_code == 400
    page = check_page(response)
    assert words in page.text
    assert (page.value("url"), page.value("description")) == (url, "Mine")
    assert await list_endpoints(services.database, world.organization.id) == []


@pytest.mark.parametrize(("role", "sees"), [(Role.ADMIN, 200), (Role.ISSUER, 403), (Role.VIEWER, 403)])
async def test_lower_roles_change_no_webhook(services: Services, world: World, role: Role, sees: int) -> None:
    await add_person(services, world, "low@example.org", role)
    async with browse(services) as client:
        await sign_in(client, "low@example.org")
        await open_page(client, HOOKS, status=sees)
        token = (await open_page(client, "/console/o/org/people")).value("token")
        for path in (
            "",
            "/x",
            "/x/rotate-secret",
            "/x/delete",
            "/x/test",
            "/x/replay-failed",
            "/x/deliveries/y/replay",
        ):
            response = await client.post(f"{HOOKS}{path}", data={"token": token, "url": URL})
            assert response.status_code == 403, path


async def test_a_foreign_webhook_is_not_there(services: Services, world: World, owner: str) -> None:
    other = await make_stranger(services, world)
    async with browse(services) as client:
        await sign_in(client, owner)
        page = await open_page(client, HOOKS)
        form = {"token": page.value("token"), "once": page.value("once"), "url": URL}
        await client.post(HOOKS, data=form)
        await services.database.write(
            lambda tx: tx.execute("UPDATE webhook_endpoints SET organization_id = ?", other.organization.id)
        )
        theirs = (await list_endpoints(services.database, other.organization.id))[0].uuid
        for path in (f"{HOOKS}/{theirs}", f"{HOOKS}/{theirs}/deliveries"):
            await open_page(client, path, status=404)
        for action in ("rotate-secret", "test", "replay-failed"):
            response = await client.post(f"{HOOKS}/{theirs}/{action}", data={"token": form["token"]})
            assert response.status_code == 404, action
