"""Errors of the federation's doors as problem details (RFC 9457), with the types of FEP-c180 where they fit."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import JSONResponse, Response

from badgefed.errors import (
    BadgefedError,
    Forbidden,
    RateLimited,
    SignatureRejected,
    Unauthenticated,
    Unavailable,
)
from badgefed.protocol.signatures import accept_signature

MEDIA_TYPE = "application/problem+json"
FEP_C180 = "https://w3id.org/fep/c180#"
RETRY_SECONDS = 300
CHALLENGE = 'Signature realm="inbox",headers="(request-target) host date digest"'


def problem(error: BadgefedError) -> Response:
    """Status, text and headers of an error: when to try again, how to sign."""
    kind, title = _kind(error)
    return JSONResponse(
        {"type": kind, "title": title, "status": error.status, "detail": str(error)},
        status_code=error.status,
        headers=dict(_headers(error)),
        media_type=MEDIA_TYPE,
    )


def _kind(error: BadgefedError) -> tuple[str, str]:
    if isinstance(error, RateLimited):
        return f"{FEP_C180}rate-limit-exceeded", "Rate limit exceeded"
    if isinstance(error, SignatureRejected) and error.reason == "owner":
        return f"{FEP_C180}principal-actor-mismatch", "Principal-actor mismatch"
    if isinstance(error, Forbidden):
        return f"{FEP_C180}actor-not-authorized", "Actor not authorized"
    return "about:blank", HTTPStatus(error.status).phrase


def _headers(error: BadgefedError) -> Mapping[str, str]:
    headers = {"Cache-Control": "no-store"}
    if isinstance(error, RateLimited):
        headers["Retry-After"] = str(max(1, error.retry_after))
    elif isinstance(error, Unavailable):
        headers["Retry-After"] = str(RETRY_SECONDS)
    elif isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = CHALLENGE
        headers["Accept-Signature"] = accept_signature("POST")
    return headers
