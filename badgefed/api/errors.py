"""How errors look to the programs that call. Each API has a dialect of its own; the route decides which one, not the key."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from starlette.responses import Response

from badgefed.errors import BadgefedError, Invalid, RateLimited, Unauthenticated
from badgefed.protocol.bodies import Failures, InvalidBody

JSON = "application/json; charset=utf-8"
PROBLEM_TYPE = "https://tools.ietf.org/html/rfc9110#section-15.5.1"
PROBLEM_TITLE = "One or more validation errors occurred."
INTERNAL = "Internal server error."


class MethodNotAllowed(BadgefedError):
    """There is something at this path, but not for this method."""

    status = 405


class Error(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong, in a sentence."""

    error: str


class ValidationError(msgspec.Struct, frozen=True, kw_only=True):
    """The first thing that is wrong in `error`; everything, by field, in `errors`, with the members of RFC 9457."""

    error: str
    type: str
    title: str
    status: int
    errors: dict[str, list[str]]


class CodedError(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What went wrong: a code for programs in `error`, a sentence in `message`, in `details` the `field` where it is one."""

    error: str
    message: str
    details: dict[str, str] = {}


def json_response(value: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Compact UTF-8 JSON, members in the order of their definition, not to be stored by anyone on the way."""
    return json_bytes(msgspec.json.encode(value), status=status, headers=headers)


def json_bytes(body: bytes, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """As `json_response`, for JSON that is encoded already."""
    return Response(body, status, {"Cache-Control": "no-store", **(headers or {})}, JSON)


def badges_error(error: BadgefedError) -> Response:
    """The Badges API's dialect: `{"error": …}`, and for a 400 the members of RFC 9457 behind it."""
    text = str(error)
    if error.status != Invalid.status:
        return json_response(Error(error=text), status=error.status, headers=_headers(error))
    problem = ValidationError(
        error=text,
        type=PROBLEM_TYPE,
        title=PROBLEM_TITLE,
        status=error.status,
        errors=dict(_failures(error)),
    )
    return json_response(problem, status=error.status)


def plain_error(error: BadgefedError) -> Response:
    """The Issuers API's dialect: `{"error": …}` for every status."""
    return json_response(Error(error=str(error)), status=error.status, headers=_headers(error))


CODES: Mapping[int, str] = {
    400: "VALIDATION_ERROR",
    401: "UNAUTHORIZED",
    402: "QUOTA_EXCEEDED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    409: "CONFLICT",
    410: "GONE",
    413: "TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    422: "UNPROCESSABLE",
    429: "RATE_LIMITED",
    503: "UNAVAILABLE",
}


def coded_error(error: BadgefedError) -> Response:
    """The Credentials API's dialect: `{"error": CODE, "message": …}`, with `details.field` where a field is at fault."""
    return json_response(coded_body(error), status=error.status, headers=_headers(error))


def coded_body(error: BadgefedError) -> CodedError:
    """What `coded_error` answers."""
    field = error.field if isinstance(error, Invalid) else None
    return CodedError(
        error=CODES.get(error.status, "INTERNAL_ERROR"),
        message=str(error),
        details={"field": field} if field else {},
    )


def _failures(error: BadgefedError) -> Failures:
    if isinstance(error, InvalidBody):
        return error.failures
    field = error.field if isinstance(error, Invalid) else None
    return {field or "": [str(error)]}


def _headers(error: BadgefedError) -> dict[str, str]:
    if isinstance(error, RateLimited):
        return {"Retry-After": str(error.retry_after)}
    if isinstance(error, Unauthenticated):
        return {"WWW-Authenticate": "Bearer"}
    return {}
