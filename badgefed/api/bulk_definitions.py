"""What the bulk API takes, with its limits and texts, and the words and examples of its documentation."""

from __future__ import annotations

from typing import Any

from badgefed.api.cursors import CURSOR_TEXT, LIMIT_TEXT
from badgefed.api.idempotency import IDEMPOTENCY_KEY, REPEATED
from badgefed.api.operations import Content, Parameter, Refusal
from badgefed.issuing.bulk import BULK_NOT_FOUND, TOO_MANY
from badgefed.issuing.bulk_columns import FIELDS
from badgefed.issuing.bulk_rows import MAX_ROWS, NO_ROWS, ROW_BODY, TOO_MANY_ROWS
from badgefed.protocol.bodies import Body, Field, Kind, Rule, required
from badgefed.protocol.multipart import MEDIA_TYPE

MAX_BULK_BYTES = 8_000_000
CSV = "text/csv"

DRY_RUN_TEXT = "dryRun must be true or false"
MAPPING_TEXT = "mapping must be a JSON object"
MEDIA_TEXT = "Content-Type must be application/json, text/csv or multipart/form-data"
NO_FILE = "The form has no part called file"
STATUS_TEXT = "status must be failed, waiting, created, exists, conflict or invalid"

_ROW_MEMBERS = ", ".join(f"`{item.name}`" for item in ROW_BODY.fields)
BULK_BODY = Body(
    name="BulkGrantRequest",
    description="Recipients, and what they get.",
    fields=(
        Field(
            name="badge",
            kind=Kind.TEXT,
            wrong_kind="badge must be a string: the badge's id, UUID or slug",
            description="The badge for rows that name none.",
            example="1",
        ),
        Field(
            name="dryRun",
            kind=Kind.BOOLEAN,
            wrong_kind=DRY_RUN_TEXT,
            description="Answer what would become of each row, and change nothing.",
            example=False,
        ),
        Field(
            name="rows",
            kind=Kind.LIST,
            wrong_kind="rows must be an array",
            description=f"The recipients: 1 to {MAX_ROWS:,} objects with {_ROW_MEMBERS}. Each is judged by itself.",
            example=[{"email": "jane@example.org"}],
        ),
    ),
    rules=(
        required("rows", "rows is required"),
        Rule(
            fields=("rows",),
            text=NO_ROWS,
            holds=lambda values: values["rows"] != [],
            # Each row is judged by itself: whatever is wrong with one is no reason to refuse the request.
            schema={"properties": {"rows": {"minItems": 1, "maxItems": MAX_ROWS, "items": True}}},
        ),
    ),
)
BULK_REQUEST_EXAMPLE: dict[str, Any] = {
    "badge": "1",
    "rows": [
        {"email": "jane@example.org", "name": "Jane Doe", "evidence": "https://example.org/work/1"},
        {"profile": "@joe@social.example", "expires": "2030-12-31"},
    ],
}

BULK_ID = Parameter(
    name="bulkId",
    place="path",
    description="The list's id.",
    schema={"type": "string", "minLength": 1},
    example="0190d5a2-7c3e-7b1a-9f00-1b2c3d4e5f60",
)
STATUS = Parameter(
    name="status",
    place="query",
    description="Only rows with this status; `failed` stands for `conflict` and `invalid`.",
    schema={"type": "string", "enum": ["failed", "waiting", "created", "exists", "conflict", "invalid"]},
    example="failed",
)
DRY_RUN = Parameter(
    name="dryRun",
    place="query",
    description="`true`: answer what would become of each row, and change nothing.",
    schema={"type": "string", "enum": ["true", "false"]},
    example="true",
)
BADGE = Parameter(
    name="badge",
    place="query",
    description="The badge (id, UUID or slug) for rows that name none.",
    schema={"type": "string"},
    example="1",
)
MAPPING = Parameter(
    name="mapping",
    place="query",
    description="For CSV: a JSON object from the file's own column names to ours.",
    schema={"type": "string"},
    example='{"Learner": "name"}',
)
CREATE_PARAMETERS = (IDEMPOTENCY_KEY, DRY_RUN, BADGE, MAPPING)
CONTENTS = (
    Content(
        media_type=CSV,
        description="A table; the first line names the columns.",
        schema={"type": "string", "contentMediaType": CSV},
    ),
    Content(
        media_type=MEDIA_TYPE,
        description="The same as a form: the table in `file`; `badge`, `dryRun` and `mapping` may be fields of it.",
        schema={
            "type": "object",
            "properties": {"file": {"type": "string", "contentMediaType": CSV}},
            "required": ["file"],
        },
    ),
)

CREATE_REFUSALS = (
    Refusal(
        status=400,
        texts=(
            "Request body is required",
            "rows is required",
            "rows must be an array",
            NO_ROWS,
            TOO_MANY_ROWS,
            DRY_RUN_TEXT,
            MAPPING_TEXT,
            NO_FILE,
            "The file …",
            "Line … of the file …",
        ),
    ),
    Refusal(status=409, texts=(TOO_MANY,)),
    Refusal(status=413, texts=(f"Request body cannot exceed {MAX_BULK_BYTES} bytes",)),
    Refusal(status=415, texts=(MEDIA_TEXT,)),
    *REPEATED,
)
NOT_FOUND = Refusal(status=404, texts=(BULK_NOT_FOUND,))
PAGE_REFUSAL = Refusal(status=400, texts=(LIMIT_TEXT, CURSOR_TEXT))
ROWS_REFUSAL = Refusal(status=400, texts=(LIMIT_TEXT, CURSOR_TEXT, STATUS_TEXT))
STATUS_REFUSAL = Refusal(status=400, texts=(STATUS_TEXT,))

DESCRIPTION = f"""\
Badges for many recipients at once: up to {MAX_ROWS:,} rows and {MAX_BULK_BYTES // 1_000_000} MB in a request, as JSON or as a CSV file.

The list is accepted as a whole, and its rows are granted one after the other in the background. Each row gets a result of its own:
`created`, `exists` (the recipient has this badge waiting already), `conflict` (they have accepted it, or stand in the list
twice) or `invalid`. A row that fails keeps no other from its badge.

Errors look as in the Badges API."""
CREATE_DESCRIPTION = f"""\
A CSV file is UTF-8, UTF-16 or Windows-1252, with comma, semicolon or tab between its cells; its first line names the columns.
The fields are {", ".join(f"`{name}`" for name in FIELDS)}; many other names for them are understood, and `mapping` says what the
file's own names mean. Columns that mean nothing are ignored and listed in the answer.

`dryRun=true` answers with the verdict on each row, and changes nothing."""
EVENTS_DESCRIPTION = """\
Server-sent events: `progress` whenever something has changed, with the list as data, and `completed` at the end, after which
the stream ends. Reconnect where it broke off: the first event says how things stand."""

_PROGRESS: dict[str, Any] = {
    "id": BULK_ID.example,
    "status": "running",
    "total": 2,
    "done": 1,
    "counts": {"created": 1, "exists": 0, "conflict": 0, "invalid": 0},
    "createdBy": "our school",
    "createdAt": "2026-03-12T10:30:00.000Z",
    "finishedAt": None,
}
ACCEPTED_EXAMPLE: dict[str, Any] = {
    "success": True,
    "dryRun": False,
    "bulk": _PROGRESS | {"done": 0, "counts": {"created": 0, "exists": 0, "conflict": 0, "invalid": 0}},
    "ignoredColumns": [],
    "rows": [],
}
BULK_EXAMPLE: dict[str, Any] = {"success": True, "bulk": _PROGRESS}
LIST_EXAMPLE: dict[str, Any] = {"success": True, "bulks": [_PROGRESS], "nextCursor": None}
ROWS_EXAMPLE: dict[str, Any] = {
    "success": True,
    "rows": [
        {
            "row": 2,
            "line": 3,
            "status": "invalid",
            "field": "email",
            "reason": "email is no e-mail address",
            "badge": "1",
            "email": "joe",
            "profile": None,
            "name": None,
            "grantId": None,
        }
    ],
    "nextCursor": None,
}
