"""The console through its front door: a browser without scripts that keeps cookies."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage

import httpx
from starlette.applications import Starlette
from starlette.middleware import Middleware

from badgefed.issuing.organizations import create_user
from badgefed.model.organization import Role
from badgefed.web import errors, statics
from badgefed.web.console.routes import routes
from badgefed.web.middleware import RequestMiddleware
from badgefed.work.services import Services
from tests.conftest import BASE, World
from tests.html_pages import BROWSER, Page, check_page
from tests.world import Mailbox

PASSWORD = "a password of the tests"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
_LINK = re.compile(rf"{re.escape(BASE)}/console/(?:link|invitation)/\S+")


@asynccontextmanager
async def browse(services: Services, *, address: str = "192.0.2.7") -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(
        routes=[*routes, *statics.routes],
        middleware=[Middleware(RequestMiddleware, names={})],
        exception_handlers=errors.handlers,
    )
    app.state.services = services
    transport = httpx.ASGITransport(app=app, client=(address, 40000))
    headers = {"accept": BROWSER, "user-agent": FIREFOX}
    async with httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers) as client:
        yield client


async def open_page(client: httpx.AsyncClient, url: str, status: int = 200) -> Page:
    response = await client.get(url)
    assert response.status_code == status, (url, response.status_code, response.headers.get("location"))
    return check_page(response)


async def submit(client: httpx.AsyncClient, page_url: str, action: str, /, **form: str) -> httpx.Response:
    """Sends a form of the page at `page_url`, with the token and the marks of the page."""
    page = await open_page(client, page_url)
    hidden = {one.get("name"): one.get("value") for one in page.all("input", type="hidden")}
    marks: dict[str, str] = {name: hidden[name] for name in ("token", "once", "seen") if name in hidden}
    return await client.post(action, data={**marks, **form})


async def add_person(
    services: Services, world: World, email: str, role: Role, *, password: str | None = PASSWORD
) -> None:
    await create_user(services, email=email, organization=world.organization, role=role, password=password)


async def sign_in(client: httpx.AsyncClient, email: str, password: str = PASSWORD) -> httpx.Response:
    return await submit(client, "/console/sign-in", "/console/sign-in", email=email, password=password)


def last_link(mailbox: Mailbox, to: str) -> str:
    """The link in the last mail to an address."""
    message = next(one for one in reversed(mailbox.messages) if one["To"] == to)
    found = _LINK.search(text_of(message))
    assert found is not None, text_of(message)
    return found[0]


def text_of(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    text: str = body.get_content()
    return text


def subjects(mailbox: Mailbox, to: str) -> list[str]:
    return [str(one["Subject"]) for one in mailbox.messages if one["To"] == to]
