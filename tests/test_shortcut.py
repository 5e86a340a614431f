"""Documents that are answered from the cache before any route is tried."""

from __future__ import annotations

import httpx
import pytest
from prometheus_client import REGISTRY
from starlette.routing import BaseRoute

from badgefed.app import create_app
from badgefed.store.database import Transaction
from badgefed.work.services import Services
from tests.conftest import World
from tests.world import Clock

ACTOR = "/actor/org"
ACTIVITY = {"accept": "application/activity+json"}


@pytest.fixture
def client(services: Services, world: World) -> httpx.AsyncClient:
    """Of an application that loses its routes once it was asked for the actor: see `without_routes`."""
    app = create_app(services)
    transport = httpx.ASGITransport(app=app)
    client = httpx.AsyncClient(transport=transport, base_url=services.addresses.base, headers=ACTIVITY)
    client.event_hooks["response"].append(lambda _: _lose_routes(app.router.routes))
    return client


async def _lose_routes(routes: list[BaseRoute]) -> None:
    routes.clear()


async def test_the_same_answer_comes_again(client: httpx.AsyncClient) -> None:
    first, second = await client.get(ACTOR), await client.get(ACTOR)
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.content == second.content
    changing = {"x-request-id"}
    assert {k: v for k, v in first.headers.items() if k not in changing} == {
        k: v for k, v in second.headers.items() if k not in changing
    }


async def test_it_is_counted_under_its_route(client: httpx.AsyncClient) -> None:
    def counted() -> float:
        labels = {"method": "GET", "endpoint": "/actor/{username}", "status": "200"}
        return REGISTRY.get_sample_value("badgefed_requests_total", labels) or 0

    await client.get(ACTOR)
    before = counted()
    await client.get(ACTOR)
    assert counted() == before + 1


async def test_head_and_conditions_are_understood(client: httpx.AsyncClient) -> None:
    etag = (await client.get(ACTOR)).headers["etag"]
    assert (await client.get(ACTOR, headers={"if-none-match": etag})).status_code == 304
    head = await client.head(ACTOR)
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize("accept", ["text/html", "application/activity+json, text/html;q=0.9"])
async def test_who_wants_the_page_goes_the_whole_way(client: httpx.AsyncClient, accept: str) -> None:
    await client.get(ACTOR)
    wants_page = accept == "text/html"
    assert (await client.get(ACTOR, headers={"accept": accept})).status_code == (404 if wants_page else 200)


async def test_so_do_other_methods_and_paths(client: httpx.AsyncClient) -> None:
    await client.get(ACTOR)
    assert (await client.post(ACTOR)).status_code == 404
    assert (await client.get(f"{ACTOR}/followers")).status_code == 404


async def test_it_ends_with_the_answers_time(client: httpx.AsyncClient, clock: Clock) -> None:
    await client.get(ACTOR)
    clock.advance(1)
    assert (await client.get(ACTOR)).status_code == 404


async def test_it_ends_with_a_change(client: httpx.AsyncClient, services: Services) -> None:
    await client.get(ACTOR)

    async def rename(tx: Transaction) -> None:
        await tx.execute("UPDATE issuers SET name = 'Other'")

    await services.database.write(rename)
    assert (await client.get(ACTOR)).status_code == 404
