"""For operators and their machines: is the process alive, is it ready, what does it count."""

from __future__ import annotations

import asyncio

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from badgefed.model.times import SECOND
from badgefed.store.deliveries import oldest_due
from badgefed.store.migrate import is_current
from badgefed.work.metrics import update_gauges
from badgefed.work.services import Services

READY_TIMEOUT = 5.0

log = structlog.get_logger(__name__)


async def healthz(_request: Request) -> Response:
    """The process answers."""
    return JSONResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})


async def readyz(request: Request) -> Response:
    """The database is reachable and migrated; says how long the oldest due delivery has been waiting, in seconds."""
    services: Services = request.app.state.services
    try:
        async with asyncio.timeout(READY_TIMEOUT):
            migrated = await is_current(services.database)
            due = await oldest_due(services.database, now=services.clock())
    except Exception as error:  # noqa: BLE001 - whatever the database says, the answer is "not ready"
        log.error("not ready", reason=type(error).__name__)
        return _not_ready("The database does not answer.")
    if not migrated:
        return _not_ready("The database is not migrated; run `badgefed migrate`.")
    age = 0 if due is None else (services.clock() - due) // SECOND
    return JSONResponse(
        {"status": "ready", "oldestDueDeliverySeconds": age}, headers={"Cache-Control": "no-store"}
    )


def _not_ready(reason: str) -> Response:
    return JSONResponse({"status": "not ready", "reason": reason}, 503, headers={"Cache-Control": "no-store"})


async def metrics(request: Request) -> Response:
    """Prometheus text: requests, inbox results, deliveries, queue and breakers."""
    services: Services = request.app.state.services
    await update_gauges(services.database, now=services.clock())
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


routes: list[BaseRoute] = [
    Route("/healthz", healthz),
    Route("/readyz", readyz),
    Route("/metrics", metrics),
]
