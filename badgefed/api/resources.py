"""Routes for the operations of an API: method, key, quota, scope, handler; errors in the API's dialect; CORS for all."""

from __future__ import annotations

import re
from collections.abc import Mapping

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from badgefed.api.authentication import check_scope, gate_of, quota_headers
from badgefed.api.errors import INTERNAL, MethodNotAllowed
from badgefed.api.operations import Api, Keyed, Operation, Personal, Sensitive
from badgefed.api.requests import services_of
from badgefed.api.sessions import SESSION_REQUESTS_PER_MINUTE, SESSIONS, authenticate_session
from badgefed.errors import BadgefedError, NotFound
from badgefed.work.rate_limits import check_decision

EXPOSED = (
    "Idempotency-Replayed",
    "Retry-After",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
)
ANY_ORIGIN = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": ", ".join(EXPOSED),
}
# `*` leaves Authorization out (Fetch §4.9), and old browsers don't know it.
ALLOWED_HEADERS = "Authorization, Content-Type, Idempotency-Key, X-Api-Key, X-ApiKey, *"
PREFLIGHT_SECONDS = "86400"

log = structlog.get_logger(__name__)


class LenientRoute(Route):
    """Takes paths in any case and with a slash at the end, as the servers do that this API's clients were written for.

    A line break in a path is a character like others, or the path would be no one's and answered in nobody's words.
    """

    def __init__(self, path: str, endpoint: Resource) -> None:
        super().__init__(path, endpoint)
        self.path_regex = re.compile(
            self.path_regex.pattern.removesuffix("$") + "/?\\Z", re.IGNORECASE | re.DOTALL
        )


class Resource:
    """An ASGI application for one path; without operations, one where nothing is found."""

    def __init__(self, api: Api, name: str, operations: Mapping[str, Operation]) -> None:
        self.__name__ = name
        self._api = api
        self._operations = operations
        methods = set(operations) | ({"HEAD"} if "GET" in operations else set()) | {"OPTIONS"}
        self._allowed = ", ".join(sorted(methods))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except ClientDisconnect:
            return
        response.headers.update(ANY_ORIGIN)
        if request.method == "HEAD":
            response.body = b""
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return self._preflight()
        operation = self._operations.get("GET" if request.method == "HEAD" else request.method)
        if operation is not None:
            return await self._carry_out(operation, request)
        if self._operations:
            response = self._api.respond(MethodNotAllowed(f"Allowed here: {self._allowed}."))
            response.headers["Allow"] = self._allowed
            return response
        return self._api.respond(NotFound("There is no such path in this API."))

    def _preflight(self) -> Response:
        headers = {
            "Allow": self._allowed,
            "Access-Control-Allow-Methods": self._allowed,
            "Access-Control-Allow-Headers": ALLOWED_HEADERS,
            "Access-Control-Max-Age": PREFLIGHT_SECONDS,
        }
        return Response(status_code=204, headers=headers)

    async def _carry_out(self, operation: Operation, request: Request) -> Response:
        gate = gate_of(request)
        quota = None
        try:
            door = operation.door
            if isinstance(door, Keyed):
                key = await gate.authenticate(request, self._api.texts)
                quota = gate.count(key)
                gate.check(request, quota)
                check_scope(key, door.scope, door.permission)
                response = await door.handle(request, key)
            elif isinstance(door, Personal):
                check_decision(gate.count_sender(request, SESSIONS, SESSION_REQUESTS_PER_MINUTE))
                response = await door.handle(request, await authenticate_session(request, door.permission))
            elif isinstance(door, Sensitive):
                check_decision(gate.count_attempt(request))
                response = await door.handle(request)
            else:
                quota = gate.count_sender(request, operation.id, door.per_minute)
                check_decision(quota)
                response = await door.handle(request)
        except BadgefedError as error:
            response = self._api.respond(error)
        except ClientDisconnect:
            raise
        except Exception:
            log.exception("unexpected error", operation=operation.id)
            response = self._api.respond(BadgefedError(INTERNAL))
        response.headers.update(quota_headers(quota, now=services_of(request).clock()))
        return response


def make_routes(api: Api) -> list[BaseRoute]:
    """One route for each path of the API, and last ones for all that is below its roots and not there."""
    paths: dict[str, dict[str, Operation]] = {}
    for operation in api.operations:
        paths.setdefault(_route_path(operation), {})[operation.method] = operation
    routes: list[BaseRoute] = [
        LenientRoute(path, Resource(api, next(iter(operations.values())).id, operations))
        for path, operations in paths.items()
    ]
    nothing = Resource(api, f"{api.name} (none)", {})
    return [*routes, *(LenientRoute(f"{root}/{{rest:path}}", nothing) for root in api.roots)]


def _route_path(operation: Operation) -> str:
    path = operation.path
    for parameter in operation.parameters:
        if parameter.spans:
            path = path.replace(f"{{{parameter.name}}}", f"{{{parameter.name}:path}}")
    return path
