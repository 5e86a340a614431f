"""The APIs' doors with a client for them, and what their tests say all the time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.types import Lifespan

from badgefed.api import badges, bulk, docs, openapi, verify, webhooks
from badgefed.api.credentials_api.api import routes as credentials_api_routes
from badgefed.api.issuers_api import api as issuers_api
from badgefed.issuing.api_keys import create_key
from badgefed.issuing.badges import NewBadge, create_badge
from badgefed.issuing.organizations import create_organization, create_user
from badgefed.model.grant import Grant
from badgefed.model.organization import Dialect, Role
from badgefed.store.grants import find_grant
from badgefed.web.templating import render
from badgefed.work.services import Services
from tests.conftest import BASE, World

MISSING_KEY = '{"error":"API key is required. Provide it via X-ApiKey header or apiKey query parameter."}'
INVALID_KEY = '{"error":"Invalid API key."}'
PROFILE = "https://social.example/@jane"


def make_app(services: Services | None = None, *, lifespan: Lifespan[Starlette] | None = None) -> Starlette:
    """The doors over services; a `lifespan` may bring services of its own."""
    routes = [
        *badges.routes,
        *bulk.routes,
        *webhooks.routes,
        *verify.routes,
        *credentials_api_routes,
        *issuers_api.routes,
        *openapi.routes,
        *docs.make_routes(render),
    ]
    app = Starlette(routes=routes, lifespan=lifespan)
    if services is not None:
        app.state.services = services
    return app


@asynccontextmanager
async def call(
    services: Services, key: str | None = None, *, address: str = "192.0.2.1"
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of one application; with a key it sends it in X-ApiKey. It comes from `address`."""
    transport = httpx.ASGITransport(
        app=make_app(services), client=(address, 40000), raise_app_exceptions=False
    )
    headers = {"X-ApiKey": key} if key else {}
    async with httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers) as client:
        yield client


async def grant(client: httpx.AsyncClient, body: dict[str, Any], **headers: str) -> dict[str, Any]:
    """The answer to a grant that must succeed."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    response = await client.post("/api/badges/grant", json=body, headers=named)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def find(services: Services, answer: dict[str, Any]) -> Grant:
    """The grant that an answer is about."""
    stored = await find_grant(services.database, answer["badgeRecord"]["id"])
    assert stored is not None
    return stored


async def count(services: Services, table: str) -> int:
    row = await services.database.one(f"SELECT COUNT(*) AS n FROM {table}")
    assert row is not None
    return int(row["n"])


async def make_key(services: Services, email: str, *, scopes: tuple[str, ...] = (), rate: int = 0) -> str:
    new = await create_key(
        services, email=email, name="another", dialect=Dialect.BADGES, scopes=scopes, rate=rate
    )
    return new.key


async def make_stranger(services: Services, world: World) -> World:
    """Another organization with everything that `world` has."""
    organization, issuer = await create_organization(services, slug="other", name="Another")
    owner = await create_user(services, email="them@example.net", organization=organization, role=Role.OWNER)
    new = NewBadge(title="Theirs", description="Not ours.", criteria="Be one of them")
    badge = await create_badge(services, issuer=issuer, new=new)
    key = await make_key(services, owner.email)
    return World(organization=organization, owner=owner, issuer=issuer, badge=badge, key=key)
