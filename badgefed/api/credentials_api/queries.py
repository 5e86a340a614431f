"""What stands in the query and in paths: pages, filters and identifiers."""

from __future__ import annotations

import re
from dataclasses import dataclass

from starlette.requests import Request

from badgefed.api.operations import Parameter
from badgefed.errors import Invalid
from badgefed.model.grant import CredentialStatus

DEFAULT_LIMIT = 50
MAX_LIMIT = 100
MAX_OFFSET = 2**31 - 1

LIMIT_TEXT = f"limit must be a whole number from 1 to {MAX_LIMIT}"
OFFSET_TEXT = "offset must be a whole number from 0"
ACTIVE_TEXT = "active must be true or false"
STATUS_TEXT = f"status must be one of {', '.join(CredentialStatus)}"
UUID_TEXT = "badgeId must be a UUID"

_NUMBER = re.compile(r"[0-9]{1,10}")
# Python writes them with a capital.
_FLAGS = {"true": True, "false": False, "True": True, "False": False}
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

LIMIT = Parameter(
    name="limit",
    place="query",
    description="How many to answer.",
    schema={"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
    example="50",
)
OFFSET = Parameter(
    name="offset",
    place="query",
    description="How many to pass over. New ones come last, so that pages stay as they are.",
    schema={"type": "integer", "minimum": 0, "maximum": MAX_OFFSET, "default": 0},
    example="0",
)

ACTIVE = Parameter(
    name="active",
    place="query",
    description="Only badges that can be issued, or only those that can't.",
    schema={"type": "string", "enum": list(_FLAGS)},
    example="true",
)
BADGE_FILTER = Parameter(
    name="badgeId",
    place="query",
    description="Only credentials of this badge.",
    schema={"type": "string", "format": "uuid"},
    example="550e8400-e29b-41d4-a716-446655440000",
)
STATUS_FILTER = Parameter(
    name="status",
    place="query",
    description="Only credentials with this status: the first that applies of revoked, suspended, expired, pending and valid.",
    schema={"type": "string", "enum": [str(status) for status in CredentialStatus]},
    example="valid",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    limit: int
    offset: int


def read_page(request: Request) -> Page:
    """Raises `Invalid` for a limit or an offset that is none."""
    return Page(
        limit=_number(request, "limit", DEFAULT_LIMIT, 1, MAX_LIMIT, LIMIT_TEXT),
        offset=_number(request, "offset", 0, 0, MAX_OFFSET, OFFSET_TEXT),
    )


def _number(request: Request, name: str, default: int, least: int, most: int, text: str) -> int:
    value = request.query_params.get(name)
    if value is None:
        return default
    if not _NUMBER.fullmatch(value) or not least <= int(value) <= most:
        raise Invalid(text, field=name)
    return int(value)


def read_active(request: Request) -> bool | None:
    """None where it isn't asked for. Raises `Invalid`."""
    value = request.query_params.get("active")
    if value is None:
        return None
    if value not in _FLAGS:
        raise Invalid(ACTIVE_TEXT, field="active")
    return _FLAGS[value]


def read_status(request: Request) -> CredentialStatus | None:
    """None where it isn't asked for. Raises `Invalid`."""
    value = request.query_params.get("status")
    if value is None:
        return None
    if value not in tuple(CredentialStatus):
        raise Invalid(STATUS_TEXT, field="status")
    return CredentialStatus(value)


def read_badge_filter(request: Request) -> str | None:
    """The UUID that is asked for. Raises `Invalid`."""
    value = request.query_params.get("badgeId")
    if value is None:
        return None
    if not is_uuid(value):
        raise Invalid(UUID_TEXT, field="badgeId")
    return value.lower()


def is_uuid(text: str) -> bool:
    return _UUID.fullmatch(text.lower()) is not None
