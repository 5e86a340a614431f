"""The one place where everything meets: the application, its services, and the processes that run them."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import resource
import signal
from collections.abc import AsyncIterator, Iterator

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Route

from badgefed import __version__
from badgefed.api import badges as badges_api
from badgefed.api import bulk as bulk_api
from badgefed.api import docs as api_docs
from badgefed.api import openapi
from badgefed.api import verify as verify_api
from badgefed.api import webhooks as webhooks_api
from badgefed.api.credentials_api.api import routes as credentials_api_routes
from badgefed.api.issuers_api import api as issuers_api
from badgefed.issuing.issuers import ensure_instance_keys
from badgefed.issuing.job_handlers import JOB_HANDLERS
from badgefed.issuing.set_up import set_up_url
from badgefed.model.addresses import Addresses
from badgefed.model.times import Clock, system_clock
from badgefed.net.client import Client
from badgefed.net.mail import create_mailer
from badgefed.net.name_servers import NameServers
from badgefed.net.transport import AiohttpTransport, Transport
from badgefed.settings import Settings
from badgefed.store.migrate import migrate, open_database
from badgefed.web import (
    accept,
    activitypub,
    discovery,
    embed,
    embeds,
    errors,
    explore,
    fediverse_sign_in,
    feeds,
    follow,
    health,
    images,
    inbox,
    issuer_verification,
    labels,
    listings,
    oembed,
    openbadges,
    organizations,
    pages,
    profiles,
    search,
    sharing,
    sitemap,
    statics,
    tags,
    verify,
)
from badgefed.web.console.routes import routes as console_routes
from badgefed.web.documents import Shortcut
from badgefed.web.me.routes import routes as me_routes
from badgefed.web.middleware import RequestMiddleware
from badgefed.web.templating import render
from badgefed.work.expiry import schedule_expiry
from badgefed.work.keyring import Keyring
from badgefed.work.services import Services
from badgefed.work.templating import Templates
from badgefed.work.worker import Worker

# Hot documents first: a route costs a little for each one that stands before it.
ROUTES: list[BaseRoute] = [
    *activitypub.routes,
    *inbox.routes,
    *badges_api.routes,
    *discovery.routes,
    *images.routes,
    *openbadges.routes,
    *listings.routes,
    *issuer_verification.routes,
    *issuers_api.routes,
    *accept.routes,
    *fediverse_sign_in.routes,
    *verify.routes,
    *verify_api.routes,
    *bulk_api.routes,
    *webhooks_api.routes,
    *credentials_api_routes,
    *organizations.routes,
    *embeds.routes,
    *embed.routes,
    *labels.routes,
    *oembed.routes,
    *feeds.routes,
    *explore.routes,
    *search.routes,
    *follow.routes,
    *sharing.routes,
    *sitemap.routes,
    *me_routes,
    *profiles.routes,
    *console_routes,
    *openapi.routes,
    *api_docs.make_routes(render),
    *health.routes,
    *statics.routes,
    *tags.routes,
    *pages.routes,
]

SIGNALS = (signal.SIGTERM, signal.SIGINT)

log = structlog.get_logger(__name__)


async def open_services(
    settings: Settings, *, clock: Clock = system_clock, transport: Transport | None = None
) -> Services:
    """Opens and migrates the database and makes what use cases need; end it with `close`."""
    database = await open_database(settings.database_url)
    await migrate(database)
    hostname = settings.base_url.partition("://")[2].partition(":")[0]
    services = Services(
        settings=settings,
        addresses=Addresses(base=settings.base_url),
        database=database,
        client=Client(
            transport or _transport(settings),
            allow_private=settings.allow_private_network,
            clock=clock,
            deadline=settings.delivery_timeout_seconds,
        ),
        mailer=create_mailer(settings.smtp_url, hostname=hostname, folder=settings.data_dir / "mail"),
        text_records=NameServers(settings.dns_servers),
        keyring=Keyring(database, settings.secret_key),
        clock=clock,
        templates=Templates(settings.language),
    )
    await ensure_instance_keys(services)
    return services


def _transport(settings: Settings) -> Transport:
    return AiohttpTransport(
        allow_private=settings.allow_private_network,
        user_agent=f"badgefed/{__version__} (+{settings.base_url})",
    )


def create_app(services: Services) -> Starlette:
    """The ASGI application over services that are open, with every language loaded."""
    services.templates.tongues()
    names = _names()
    app = Starlette(
        routes=ROUTES,
        middleware=[Middleware(Shortcut, names=names), Middleware(RequestMiddleware, names=names)],
        exception_handlers=errors.handlers,
    )
    # A redirect would name the host that the request named; ids have one spelling.
    app.router.redirect_slashes = False
    app.state.services = services
    return app


def _names() -> dict[object, str]:
    return {route.endpoint: route.path for route in ROUTES if isinstance(route, Route)}


def raise_file_limit() -> None:
    """Lets the process keep as many connections open as the system allows: a fan-out meets thousands of hosts."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def settle_memory() -> None:
    """Takes what lives as long as the process out of garbage collections, the longest pauses that requests meet."""
    gc.collect()
    gc.freeze()


async def serve_forever(settings: Settings, *, host: str, port: int) -> None:
    """Serves until SIGTERM or SIGINT, and finishes what has begun."""
    raise_file_limit()
    services = await open_services(settings)
    app = create_app(services)
    settle_memory()
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_graceful_shutdown=20,
    )
    await _announce_set_up(services)
    log.info("serving", address=f"http://{host}:{port}", base_url=settings.base_url)
    async with _embedded_worker(services) if settings.embedded_worker else contextlib.nullcontext():
        await _Server(config).serve()
    await services.close()


async def _announce_set_up(services: Services) -> None:
    """On a server without users: how to make the first one. To standard output, for it is a secret and no log's business."""
    url = await set_up_url(services)
    if url is not None:
        print(
            f"\n  Nobody can sign in here yet. Set up this server (once, within a day):\n  {url}\n",
            flush=True,
        )


class _Server(uvicorn.Server):
    """Ends on SIGTERM and SIGINT without raising them again, which would end the process before its worker is done."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in SIGNALS:
                loop.remove_signal_handler(number)


@contextlib.asynccontextmanager
async def _embedded_worker(services: Services) -> AsyncIterator[None]:
    stop = asyncio.Event()
    await schedule_expiry(services)
    task = asyncio.create_task(Worker(services, JOB_HANDLERS).run(stop))
    try:
        yield
    finally:
        stop.set()
        services.wake.set()
        await task


async def work_forever(settings: Settings) -> None:
    """Does queued work until SIGTERM or SIGINT."""
    raise_file_limit()
    services = await open_services(settings)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, stop.set)
    settle_memory()
    log.info("working", base_url=settings.base_url)
    await schedule_expiry(services)
    await Worker(services, JOB_HANDLERS).run(stop)
    await services.close()
