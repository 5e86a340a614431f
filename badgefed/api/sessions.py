"""Requests by a session's token instead of an API key: whose it is, and what they may do in the organization of the path."""

from __future__ import annotations

from dataclasses import replace

from starlette.requests import Request

from badgefed.api.authentication import network_of
from badgefed.api.requests import services_of
from badgefed.errors import Unauthenticated
from badgefed.issuing.api_sessions import Caller, authenticate, enter
from badgefed.model.organization import Permission

SESSIONS = "sessions"
SESSION_REQUESTS_PER_MINUTE = 100
ORGANIZATION = "orgId"

NO_TOKEN = "This needs the token of a session as Authorization: Bearer, no API key; POST /api/auth/login gives one for e-mail and password."  # noqa: S105 - a sentence


def find_token(request: Request) -> str | None:
    """A bearer value with two dots; an API key has none."""
    scheme, _, token = request.headers.get("Authorization", "").strip().partition(" ")
    token = token.strip()
    return token if scheme.lower() == "bearer" and token.count(".") == 2 else None


async def authenticate_session(request: Request, permission: Permission) -> Caller:
    """The caller, who has the permission in the organization that the path names, if it names one.

    Raises `Unauthenticated`, `NotFound`, `Forbidden`.
    """
    token = find_token(request)
    if token is None:
        raise Unauthenticated(NO_TOKEN)
    caller = await authenticate(services_of(request), token, network=network_of(request))
    organization = request.path_params.get(ORGANIZATION)
    if organization is None:
        return caller
    return replace(caller, membership=enter(caller, organization, permission))
