"""What the webhooks API takes, with its limits and texts, and the words and examples of its documentation."""

from __future__ import annotations

from typing import Any

from badgefed.api.cursors import CURSOR_TEXT, LIMIT_TEXT
from badgefed.api.idempotency import REPEATED
from badgefed.api.operations import Parameter, Refusal
from badgefed.issuing.webhooks import (
    DELIVERY_NOT_FOUND,
    EVENTS,
    MAX_DESCRIPTION,
    MAX_OVERLAP_HOURS,
    NOT_ACTIVE,
    OVERLAP_HOURS,
    STILL_WAITING,
    TOO_MANY,
)
from badgefed.issuing.webhooks import NOT_FOUND as WEBHOOK_NOT_FOUND
from badgefed.model.webhook import DeliveryState
from badgefed.protocol.bodies import (
    Body,
    Field,
    Kind,
    Rule,
    Values,
    longest,
    plain,
    required,
    web_address_schema,
)

READ, WRITE = "webhooks:read", "webhooks:write"

_URL_TEXT = "url is required"
_EVENTS_TEXT = f"events must be an array of these: {', '.join(EVENTS)}"
_OVERLAP_TEXT = f"overlapHours must be a whole number from 0 to {MAX_OVERLAP_HOURS}"
STATUS_TEXT = f"status must be {', '.join(DeliveryState)}"


def _are_events(values: Values) -> bool:
    return values["events"] is None or all(event in EVENTS for event in values["events"])


_FIELDS = (
    Field(
        name="url",
        kind=Kind.TEXT,
        wrong_kind="url must be a string",
        description="Where events are sent by POST: https, on a public host.",
        example="https://hooks.example.org/badges",
    ),
    Field(
        name="events",
        kind=Kind.LIST,
        wrong_kind=_EVENTS_TEXT,
        description="Which events; an empty array stands for all, also future ones.",
        example=["grant.accepted", "grant.revoked"],
    ),
    Field(
        name="description",
        kind=Kind.TEXT,
        wrong_kind="description must be a string",
        description="For people. An empty text takes away the one that is there.",
        example="Our course system",
        is_exact=True,
    ),
    Field(
        name="active",
        kind=Kind.BOOLEAN,
        wrong_kind="active must be true or false",
        description="While it is false, nothing is sent, and what happens is not kept for later.",
        example=True,
    ),
)
_RULES = (
    Rule(
        fields=("url",),
        text="url can have 2,048 characters",
        holds=lambda values: len(values["url"] or "") <= 2048,
        schema=web_address_schema("url"),
    ),
    Rule(
        fields=("events",),
        text=_EVENTS_TEXT,
        holds=_are_events,
        schema={"properties": {"events": {"items": {"enum": list(EVENTS)}}}},
    ),
    longest("description", MAX_DESCRIPTION, f"description can have {MAX_DESCRIPTION} characters"),
    plain("description", "description cannot have control characters"),
)
NEW_BODY = Body(
    name="NewWebhook",
    description="Where to send which events.",
    fields=_FIELDS,
    rules=(required("url", _URL_TEXT), *_RULES),
)
CHANGE_BODY = Body(
    name="WebhookChange",
    description="What is to be different; the rest stays.",
    fields=_FIELDS,
    rules=_RULES,
)
ROTATE_BODY = Body(
    name="WebhookRotation",
    description="How long the old secret is good for.",
    fields=(
        Field(
            name="overlapHours",
            kind=Kind.INTEGER,
            wrong_kind=_OVERLAP_TEXT,
            description=f"For so long everything is signed with both secrets; {OVERLAP_HOURS} if nothing is said.",
            example=OVERLAP_HOURS,
        ),
    ),
    rules=(
        Rule(
            fields=("overlapHours",),
            text=_OVERLAP_TEXT,
            holds=lambda values: 0 <= (values["overlapHours"] or 0) <= MAX_OVERLAP_HOURS,
            schema={"properties": {"overlapHours": {"minimum": 0, "maximum": MAX_OVERLAP_HOURS}}},
        ),
    ),
)

WEBHOOK_ID = Parameter(
    name="webhookId",
    place="path",
    description="The endpoint's id.",
    schema={"type": "string", "minLength": 1},
    example="0190d5a2-7c3e-7b1a-9f00-1b2c3d4e5f60",
)
DELIVERY_ID = Parameter(
    name="deliveryId",
    place="path",
    description="The delivery's id.",
    schema={"type": "string", "minLength": 1},
    example="0190d5a3-1f00-7b1a-8c11-5f601b2c3d4e",
)
STATUS = Parameter(
    name="status",
    place="query",
    description="Only deliveries with this status.",
    schema={"type": "string", "enum": [state.value for state in DeliveryState]},
    example="failed",
)

BODY_REFUSALS = (
    Refusal(
        status=400,
        texts=(
            "Request body is required",
            _URL_TEXT,
            "Url can't be used: …",
            *(rule.text for rule in _RULES),
        ),
    ),
    Refusal(status=413, texts=("Request body cannot exceed … bytes",)),
    Refusal(status=415, texts=("Content-Type must be application/json",)),
)
CREATE_REFUSALS = (
    *BODY_REFUSALS,
    Refusal(status=409, texts=(TOO_MANY,)),
    *REPEATED,
)
ROTATE_REFUSALS = (
    Refusal(status=400, texts=("Request body is required", _OVERLAP_TEXT)),
    *BODY_REFUSALS[1:],
)
NOT_FOUND = Refusal(status=404, texts=(WEBHOOK_NOT_FOUND,))
DELIVERY_MISSING = Refusal(status=404, texts=(WEBHOOK_NOT_FOUND, DELIVERY_NOT_FOUND))
INACTIVE = Refusal(status=409, texts=(NOT_ACTIVE,))
NOT_NOW = Refusal(status=409, texts=(NOT_ACTIVE, STILL_WAITING))
LIST_REFUSAL = Refusal(status=400, texts=(LIMIT_TEXT, CURSOR_TEXT, STATUS_TEXT))

DESCRIPTION = f"""\
What happens in the organization is told to its own programs, by a POST with JSON to each endpoint that wants the event:
{", ".join(f"`{event}`" for event in EVENTS)}.

Every request is signed: `Badgefed-Signature: t=…,v1=…`, where `v1` is the HMAC-SHA256 in hex, with the endpoint's secret, of
the number of seconds in `t`, a full stop, and the body. `Badgefed-Delivery` is the same at each attempt.

Any 2xx is an acknowledgement. Everything else is repeated at growing intervals for three days. The scopes are
`{READ}` and `{WRITE}`."""

WEBHOOK_EXAMPLE: dict[str, Any] = {
    "id": WEBHOOK_ID.example,
    "url": "https://hooks.example.org/badges",
    "description": "Our course system",
    "events": ["grant.accepted", "grant.revoked"],
    "status": "active",
    "failures": 0,
    "failingSince": None,
    "pausedUntil": None,
    "previousSecretUntil": None,
    "createdBy": "our school",
    "createdAt": "2026-03-12T10:30:00.000Z",
}
DELIVERY_EXAMPLE: dict[str, Any] = {
    "id": DELIVERY_ID.example,
    "event": "grant.accepted",
    "status": "delivered",
    "attempts": 1,
    "responseStatus": 204,
    "responseBody": "",
    "error": None,
    "milliseconds": 84,
    "createdAt": "2026-03-12T10:30:00.000Z",
    "attemptedAt": "2026-03-12T10:30:00.512Z",
    "nextAttemptAt": None,
}
NEW_EXAMPLE: dict[str, Any] = {
    "url": "https://hooks.example.org/badges",
    "events": ["grant.accepted", "grant.revoked"],
    "description": "Our course system",
}
ANSWER_EXAMPLE: dict[str, Any] = {"success": True, "webhook": WEBHOOK_EXAMPLE}
SECRET_EXAMPLE: dict[str, Any] = {
    **ANSWER_EXAMPLE,
    "secret": "whsec_9J0rT1vKq4mS8xZbN2cL5yWgH7dPfR3uA6eQiXo0kVs",
}
LIST_EXAMPLE: dict[str, Any] = {"success": True, "webhooks": [WEBHOOK_EXAMPLE]}
DELIVERIES_EXAMPLE: dict[str, Any] = {"success": True, "deliveries": [DELIVERY_EXAMPLE], "nextCursor": None}
DELIVERY_ANSWER_EXAMPLE: dict[str, Any] = {
    "success": True,
    "delivery": DELIVERY_EXAMPLE,
    "payload": '{"id":"…","type":"grant.accepted","sequence":7,"createdAt":"…","data":{}}',
}
