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
from badgefed.api import docs as api_docs
from badgefed.api import openapi
from badgefed.issuing.issuers import ensure_instance_keys
from badgefed.model.addresses import Addresses
from badgefed.model.times import Clock, system_clock
from badgefed.net.client import Client
from badgefed.net.mail import create_mailer
from badgefed.net.transport import AiohttpTransport, Transport
from badgefed.settings import Settings
from badgefed.store.migrate import migrate, open_database
from badgefed.web import (
    accept,
    activitypub,
    discovery,
    errors,
    health,
    images,
    inbox,
    openbadges,
    pages,
    statics,
    tags,
)
from badgefed.web.documents import Shortcut
from badgefed.web.middleware import RequestMiddleware
from badgefed.work.handlers import JOB_HANDLERS
from badgefed.work.keyring import Keyring
from badgefed.work.services import Services
from badgefed.work.worker import Worker

# Hot documents first: a route costs a little for each one that stands before it.
ROUTES: list[BaseRoute] = [
    *activitypub.routes,
    *inbox.routes,
    *badges_api.routes,
    *discovery.routes,
    *images.routes,
    *openbadges.routes,
    *accept.routes,
    *openapi.routes,
    *api_docs.routes,
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
        keyring=Keyring(database, settings.secret_key),
        clock=clock,
    )
    await ensure_instance_keys(services)
    return services


def _transport(settings: Settings) -> Transport:
    return AiohttpTransport(
        allow_private=settings.allow_private_network,
        user_agent=f"badgefed/{__version__} (+{settings.base_url})",
    )


def create_app(services: Services) -> Starlette:
    """The ASGI application over services that are open."""
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
    log.info("serving", address=f"http://{host}:{port}", base_url=settings.base_url)
    async with _embedded_worker(services) if settings.embedded_worker else contextlib.nullcontext():
        await _Server(config).serve()
    await services.close()


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
    await Worker(services, JOB_HANDLERS).run(stop)
    await services.close()
