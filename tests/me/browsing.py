"""A holder at a browser: the whole application, a cookie jar, links taken from mails and messages."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage

import httpx

from badgefed.app import create_app
from badgefed.issuing import grants
from badgefed.issuing.grants import Offer, Proof
from badgefed.model.grant import Grant, ProofKind
from badgefed.model.visibility import Visibility
from badgefed.store import grants as stored_grants
from badgefed.work.services import Services
from tests.conftest import BASE, World
from tests.html_pages import BROWSER, Page, check_page
from tests.workers import run_until_idle
from tests.world import Mailbox

JANE = "jane@example.org"
LINK = re.compile(r"/me/link/[A-Za-z0-9_-]+")


@asynccontextmanager
async def browse(services: Services, *, address: str = "192.0.2.1") -> AsyncIterator[httpx.AsyncClient]:
    """A browser with a cookie jar that follows no redirects."""
    transport = httpx.ASGITransport(app=create_app(services), client=(address, 40000))
    headers = {"accept": BROWSER, "sec-fetch-site": "same-origin"}
    async with httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers) as client:
        yield client


async def offer(
    services: Services,
    world: World,
    *,
    email: str | None = JANE,
    profile: str | None = None,
    name: str = "Jane",
) -> Grant:
    wanted = Offer(
        organization_id=world.organization.id,
        badge_id=world.badge.id,
        email=email,
        profile=profile,
        name=name,
    )
    return (await services.database.write(lambda tx: grants.offer(tx, wanted, services))).grant


async def own(
    services: Services,
    world: World,
    *,
    email: str | None = JANE,
    profile: str | None = None,
    name: str = "Jane",
    visibility: Visibility = Visibility.PUBLIC,
) -> Grant:
    """A processed grant."""
    offered = await offer(services, world, email=email, profile=profile, name=name)
    if profile is not None:
        await run_until_idle(services)
    proof = Proof(kind=ProofKind.MAIL_LINK, details={})
    await services.database.write(
        lambda tx: grants.accept(tx, offered.id, visibility=visibility, proof=proof, now=services.clock())
    )
    await run_until_idle(services)
    grant = await stored_grants.find_grant(services.database, offered.id)
    assert grant is not None
    return grant


async def post(client: httpx.AsyncClient, page: str, action: str, **fields: str) -> httpx.Response:
    """Sends a form of a page with its token."""
    token = Page((await client.get(page)).text).value("token")
    return await client.post(action, data={"token": token, **fields})


async def ask(services: Services, client: httpx.AsyncClient, identity: str) -> httpx.Response:
    response = await post(client, "/me", "/me", identity=identity)
    await run_until_idle(services)
    return response


def link_in(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    found = LINK.search(body.get_content())
    assert found, body.get_content()
    return found[0]


def links_to(mailbox: Mailbox, email: str) -> list[str]:
    """The links that were mailed to this address, in their order."""
    return [
        link_in(message)
        for message in mailbox.messages
        if message["To"] == email and "/me/link/" in message.as_string()
    ]


async def follow(client: httpx.AsyncClient, link: str) -> httpx.Response:
    """Presses the button behind a link."""
    response = await client.get(link)
    if response.status_code != 200:
        return response
    return await client.post(link, data={"token": check_page(response).value("token")})


async def sign_in(services: Services, client: httpx.AsyncClient, mailbox: Mailbox, email: str = JANE) -> None:
    await ask(services, client, email)
    response = await follow(client, links_to(mailbox, email)[-1])
    assert (response.status_code, response.headers["location"]) == (303, "/me")


async def collection(client: httpx.AsyncClient) -> Page:
    """The page of somebody who is signed in."""
    page = check_page(await client.get("/me"))
    assert page.all("form", action="/me/sign-out"), page.text
    return page


async def is_signed_in(client: httpx.AsyncClient) -> bool:
    page = check_page(await client.get("/me"))
    return bool(page.all("form", action="/me/sign-out"))
