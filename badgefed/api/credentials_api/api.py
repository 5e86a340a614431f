"""The Credentials API, put together."""

from __future__ import annotations

from starlette.routing import BaseRoute

from badgefed.api.credentials_api import badge_operations, credential_operations, keys, pictures, sessions
from badgefed.api.credentials_api.definitions import COMMON_REFUSALS, DESCRIPTION, KEY_TEXTS
from badgefed.api.errors import CodedError, coded_error
from badgefed.api.operations import Api
from badgefed.api.resources import make_routes

API = Api(
    name="Credentials",
    roots=("/api/v1", "/api/organizations", "/api/auth", "/api/credentials"),
    description=DESCRIPTION,
    operations=(
        *badge_operations.OPERATIONS,
        *credential_operations.OPERATIONS,
        *keys.OPERATIONS,
        *sessions.OPERATIONS,
        *pictures.OPERATIONS,
    ),
    refusals=COMMON_REFUSALS,
    respond=coded_error,
    error_shapes={0: CodedError},
    sentence="message",
    texts=KEY_TEXTS,
)

routes: list[BaseRoute] = make_routes(API)
