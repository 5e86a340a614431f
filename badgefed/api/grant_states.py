"""Taking grants back, by the Badges API: revoking, suspending and reinstating. No client of the original knows these."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response

from badgefed.api.authentication import author_of
from badgefed.api.badge_definitions import NOTE_ID
from badgefed.api.badge_views import GrantState, view_state
from badgefed.api.errors import json_response
from badgefed.api.grant_lookup import GRANT_NOT_FOUND, find_own_grant
from badgefed.api.operations import Keyed, Operation, Refusal, Success
from badgefed.api.requests import read_body, services_of
from badgefed.issuing import grants
from badgefed.model.audit import Author
from badgefed.model.grant import Grant
from badgefed.model.organization import ApiKey, Permission
from badgefed.protocol.bodies import Body, Field, Kind, longest, plain, required
from badgefed.store.database import Transaction

MAX_REASON = 1000

REASON_BODY = Body(
    name="ReasonRequest",
    description="Why.",
    fields=(
        Field(
            name="reason",
            kind=Kind.TEXT,
            wrong_kind="Reason must be a string",
            description="Shown to everybody who looks at the badge.",
            example="Granted by mistake",
        ),
    ),
    rules=(
        required("reason", "Reason is required"),
        longest("reason", MAX_REASON, f"Reason cannot exceed {MAX_REASON} characters"),
        plain("reason", "Reason cannot contain control characters", lines=True),
    ),
)


class Move(Protocol):
    """What is done with a grant."""

    async def __call__(self, tx: Transaction, grant_id: int, /, *, by: Author, now: int) -> Grant: ...


async def revoke_grant(request: Request, key: ApiKey) -> Response:
    reason = (await read_body(request, REASON_BODY))["reason"]
    return await _move(request, key, partial(grants.revoke, reason=reason))


async def suspend_grant(request: Request, key: ApiKey) -> Response:
    reason = (await read_body(request, REASON_BODY))["reason"]
    return await _move(request, key, partial(grants.suspend, reason=reason))


async def reinstate_grant(request: Request, key: ApiKey) -> Response:
    return await _move(request, key, grants.reinstate)


async def _move(request: Request, key: ApiKey, move: Move) -> Response:
    """Finds and moves the grant in one transaction, so that what is answered is what is stored."""
    services = services_of(request)
    note = request.path_params[NOTE_ID.name]

    async def write(tx: Transaction) -> Grant:
        grant = await find_own_grant(tx, note, key)
        return await move(tx, grant.id, by=author_of(request, key), now=services.clock())

    grant = await services.database.write(write)
    services.wake.set()
    return json_response(view_state(grant))


_NOT_FOUND = Refusal(status=404, texts=(GRANT_NOT_FOUND,))
_CONFLICT = Refusal(status=409, texts=("grant … is … and can't be …",))
_BAD_REASON = Refusal(
    status=400,
    texts=(
        "Request body is required",
        "Request body must be a JSON object",
        *(rule.text for rule in REASON_BODY.rules),
        "Reason must be a string",
    ),
)
_MEDIA = Refusal(status=415, texts=("Content-Type must be application/json",))


def _example(status: str, *, suspended: bool) -> dict[str, object]:
    note = f"https://badges.example/actor/org/statuses/{NOTE_ID.example}"
    return {"success": True, "noteId": note, "badgeId": 1, "status": status, "suspended": suspended}


def _operation(
    verb: str,
    handle: Callable[[Request, ApiKey], Awaitable[Response]],
    description: str,
    example: dict[str, object],
) -> Operation:
    takes_reason = handle is not reinstate_grant
    return Operation(
        id=f"{verb}Grant",
        method="POST",
        path=f"/api/badges/grant/{{noteId}}/{verb}",
        summary=f"{verb.capitalize()} a grant",
        description=description,
        door=Keyed(scope="grants:write", permission=Permission.CLOSE_GRANTS, handle=handle),
        parameters=(NOTE_ID,),
        body=REASON_BODY if takes_reason else None,
        body_example={"reason": "Granted by mistake"} if takes_reason else None,
        success=Success(shape=GrantState, description="The grant as it is now.", example=example),
        refusals=(*((_BAD_REASON, _MEDIA) if takes_reason else ()), _NOT_FOUND, _CONFLICT),
    )


OPERATIONS = (
    _operation(
        "revoke",
        revoke_grant,
        "Takes a grant back for good: its Note is deleted everywhere, its documents and its status list say so.",
        _example("revoked", suspended=False),
    ),
    _operation(
        "suspend",
        suspend_grant,
        "Makes a published grant invalid for a time: its status list, documents, pages and Note say so until it is reinstated.",
        _example("processed", suspended=True),
    ),
    _operation(
        "reinstate",
        reinstate_grant,
        "Ends a suspension: the grant is valid again everywhere.",
        _example("processed", suspended=False),
    ),
)
