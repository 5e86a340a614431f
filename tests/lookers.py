"""People who look, through the whole application: a browser, badges in every state, and other servers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from badgefed.app import create_app
from badgefed.model.grant import Grant
from badgefed.model.visibility import Visibility
from badgefed.net.transport import Request, Response
from badgefed.work.services import Services
from tests.conftest import BASE, World
from tests.doors import decline, delete_issuer, offer, publish, revoke
from tests.html_pages import BROWSER
from tests.world import Network, answer

STATES = ("public", "unlisted", "private", "pending", "declined", "revoked", "suspended", "no issuer")


@asynccontextmanager
async def browse(services: Services, accept: str = BROWSER) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without scripts that follows no redirects."""
    transport = httpx.ASGITransport(app=create_app(services))
    async with httpx.AsyncClient(transport=transport, base_url=BASE, headers={"accept": accept}) as client:
        yield client


async def grant_in(services: Services, world: World, state: str, name: str = "zadie") -> Grant:
    """A grant in one of `STATES`."""
    if state in ("pending", "declined"):
        offered = await offer(services, world, name)
        if state == "declined":
            await decline(services, offered)
        return offered
    visibility = Visibility(state) if state in list(Visibility) else Visibility.PUBLIC
    grant = await publish(services, world, name, visibility)
    if state == "revoked":
        await revoke(services, grant)
    if state == "suspended":
        await services.database.write(
            lambda tx: tx.execute("UPDATE grants SET suspended_at = 1 WHERE id = ?", grant.id)
        )
    if state == "no issuer":
        await delete_issuer(services, world)
    return grant


async def show_tags(services: Services) -> None:
    """Lets all badges' posts carry their hashtags."""
    await services.database.write(lambda tx: tx.execute("UPDATE badges SET post_hashtags = 1"))


async def copy(services: Services, table: str, row_id: int, count: int, *unique: str) -> None:
    """So many more rows like that one; the `unique` columns get a number at their end."""
    row = await services.database.one(f"SELECT * FROM {table} WHERE id = ?", row_id)
    assert row is not None
    names = [name for name in row if name != "id"]
    marks = ", ".join("?" * len(names))
    rows = [
        [f"{row[name]}{number}" if name in unique and row[name] else row[name] for name in names]
        for number in range(count)
    ]
    await services.database.write(
        lambda tx: tx.many(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", rows)
    )


def mount_webfinger(network: Network, host: str, document: dict[str, Any]) -> None:
    """A server that answers every question with this JRD."""

    async def handle(_: Request) -> Response:
        return answer(200, json.dumps(document).encode(), "application/jrd+json")

    network.mount(host, handle)
