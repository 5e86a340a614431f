"""Signing in for a session, and whose session it is."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from badgefed.api.authentication import network_of
from badgefed.api.credentials_api.definitions import LOGIN_BODY, LOGIN_REFUSAL, body_refusals
from badgefed.api.credentials_api.views import SessionOpened, SessionUser, view_user
from badgefed.api.errors import json_response
from badgefed.api.operations import Operation, Personal, Refusal, Sensitive, Success
from badgefed.api.requests import read_body, services_of
from badgefed.issuing.api_sessions import Caller, sign_in
from badgefed.model.organization import Permission
from badgefed.model.times import format_milliseconds


async def log_in(request: Request) -> Response:
    values = await read_body(request, LOGIN_BODY)
    opened = await sign_in(
        services_of(request), values["email"], values["password"], network=network_of(request)
    )
    return json_response(
        SessionOpened(
            token=opened.token,
            expires_at=format_milliseconds(opened.expires_at),
            user=view_user(opened.person),
        )
    )


async def show_user(_request: Request, caller: Caller) -> Response:
    return json_response(SessionUser(user=view_user(caller.person)))


USER_EXAMPLE: dict[str, Any] = {
    "id": "0199e0a0-1234-7a52-9d0c-3f7c7c1f6b10",
    "email": "owner@example.org",
    "name": "Owner",
    "organizations": [
        {"id": "0199e0a0-0001-7a52-9d0c-3f7c7c1f6b10", "slug": "acme", "name": "Acme", "role": "owner"}
    ],
}

OPERATIONS = (
    Operation(
        id="login",
        method="POST",
        path="/api/auth/login",
        summary="Sign in",
        description="A token for a quarter of an hour. Whatever is wrong, the answer is the same.",
        door=Sensitive(handle=log_in),
        body=LOGIN_BODY,
        body_example={"email": "owner@example.org", "password": "correct horse battery staple"},
        success=Success(
            shape=SessionOpened,
            description="The session.",
            example={"token": "eyJ….eyJ….…", "expiresAt": "2026-03-12T10:45:00.000Z", "user": USER_EXAMPLE},
        ),
        refusals=(
            *body_refusals(LOGIN_BODY),
            LOGIN_REFUSAL,
            Refusal(
                status=429,
                texts=("Too many attempts. Try again in … minutes. A link by mail gets you in at once.",),
            ),
            Refusal(
                status=503, texts=("Too many people are signing in at this moment. Try again in a minute.",)
            ),
        ),
    ),
    Operation(
        id="showUser",
        method="GET",
        path="/api/auth/me",
        summary="Show who is signed in",
        description="The user of the session, with their organizations and roles.",
        door=Personal(permission=Permission.READ, handle=show_user),
        success=Success(shape=SessionUser, description="The user.", example={"user": USER_EXAMPLE}),
    ),
)
