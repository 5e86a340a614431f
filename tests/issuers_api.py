"""A client of the Issuers API, as those of the original are: a base address, a key, and JSON."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from typing import Any

import httpx
from PIL import Image

from badgefed.app import create_app
from badgefed.issuing.api_keys import create_key
from badgefed.model.organization import Dialect
from badgefed.work.services import Services
from tests.conftest import BASE, World
from tests.workers import run_until_idle
from tests.world import Mailbox

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
CODE = re.compile(r"\b[2-9A-Z]{4}-[2-9A-Z]{4}\b")
LINK = re.compile(rf"{re.escape(BASE)}/verify-issuer/\S+")
UUID = r"[0-9a-f-]{36}"


def picture(kind: str = "PNG", colour: str = "navy") -> str:
    """A small picture as base64."""
    written = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(written, kind)
    return base64.b64encode(written.getvalue()).decode()


ISSUER = {"name": "Example School", "url": "https://school.example", "email": "badges@school.example"}
BADGE = {"name": "Advanced", "description": "Finished it.", "criteria": "Pass the exam.", "image": picture()}
JANE = {"name": "Jane Doe", "email": "jane@example.org"}
ISSUED_ON = "2026-01-15T10:30:00Z"


async def make_key(services: Services, email: str, *, scopes: tuple[str, ...] = (), rate: int = 0) -> str:
    new = await create_key(
        services, email=email, name="school", dialect=Dialect.ISSUERS, scopes=scopes, rate=rate
    )
    return new.key


@asynccontextmanager
async def serve(
    services: Services, key: str | None = None, **headers: str
) -> AsyncIterator[httpx.AsyncClient]:
    """The whole application with a client; with a key it is sent in X-Api-Key."""
    transport = httpx.ASGITransport(
        app=create_app(services), client=("192.0.2.1", 40000), raise_app_exceptions=False
    )
    named = {"X-Api-Key": key} if key else {}
    async with httpx.AsyncClient(transport=transport, base_url=BASE, headers={**named, **headers}) as client:
        yield client


class School:
    """An account and its key."""

    def __init__(self, services: Services, client: httpx.AsyncClient, world: World) -> None:
        self.services = services
        self.client = client
        self.world = world

    async def info(self, method: str, path: str, parameters: dict[str, Any] | None = None) -> dict[str, Any]:
        """The `info` of a request that must succeed."""
        body = {"parameters": parameters} if parameters is not None else None
        response = await self.client.request(method, path, json=body)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        assert list(answer) == ["statusCode", "info"]
        assert answer["statusCode"] == 200
        info: dict[str, Any] = answer["info"]
        return info

    async def issuer(self, **values: str) -> str:
        """The id of a verified issuer."""
        wanted = {**ISSUER, "email": self.world.owner.email, **values}
        return str((await self.info("POST", "/issuers", wanted))["issuerId"])

    async def badge(self, issuer_id: str, **values: str) -> str:
        return str(
            (await self.info("POST", "/badges", {**BADGE, "issuerId": issuer_id, **values}))["badgeId"]
        )

    async def award(self, badge_id: str, **values: Any) -> str:
        wanted = {"badgeId": badge_id, "recipient": JANE, "issuedOn": ISSUED_ON, **values}
        return str((await self.info("POST", "/awards", wanted))["awardId"])


@asynccontextmanager
async def school(services: Services, world: World) -> AsyncIterator[School]:
    key = await make_key(services, world.owner.email)
    async with serve(services, key) as client:
        yield School(services, client, world)


def path_of(identifier: str) -> str:
    """The UUID of an id."""
    return identifier.rpartition("/")[2]


async def last_letter(services: Services, mailbox: Mailbox) -> EmailMessage:
    await run_until_idle(services)
    return mailbox.messages[-1]


def text_of(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def code_in(message: EmailMessage) -> str:
    found = CODE.search(text_of(message))
    assert found is not None
    return found[0]


def link_in(message: EmailMessage) -> str:
    found = LINK.search(text_of(message))
    assert found is not None
    return found[0]


def filtered(**values: str) -> dict[str, str]:
    """The query of a search."""
    return {"filter": json.dumps(values)}
