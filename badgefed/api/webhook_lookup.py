"""Finding the webhook that a path names, to look at it or to do something with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from badgefed.api.idempotency import carry_out_once
from badgefed.api.webhook_definitions import WEBHOOK_ID
from badgefed.issuing.webhooks import get_endpoint
from badgefed.model.organization import ApiKey
from badgefed.model.webhook import Endpoint
from badgefed.protocol.bodies import Values
from badgefed.store.database import Reader, Transaction


async def find_endpoint(reader: Reader, request: Request, key: ApiKey) -> Endpoint:
    """Raises `NotFound`, also for another organization's."""
    uuid = request.path_params[WEBHOOK_ID.name].lower()
    return await get_endpoint(reader, uuid, organization_id=key.organization_id)


async def write_endpoint(
    request: Request,
    key: ApiKey,
    operation: str,
    work: Callable[[Transaction, Endpoint], Awaitable[msgspec.Struct]],
    values: Values | None = None,
) -> Response:
    """Finds the endpoint and answers what `work` gives, in one transaction and once for each Idempotency-Key."""

    async def write(tx: Transaction) -> msgspec.Struct:
        return await work(tx, await find_endpoint(tx, request, key))

    return await carry_out_once(request, key, operation, {**request.path_params, **(values or {})}, write)
