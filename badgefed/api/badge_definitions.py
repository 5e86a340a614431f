"""What the Badges API takes, with its limits and texts, and the words and examples of its documentation."""

from __future__ import annotations

from typing import Any

from badgefed.api.authentication import FAILURES_PER_MINUTE
from badgefed.api.idempotency import IDEMPOTENCY_KEY, REPEATED
from badgefed.api.operations import Parameter, Refusal
from badgefed.api.requests import MAX_BYTES
from badgefed.protocol.bodies import (
    MAX_EMAIL,
    Body,
    Field,
    Kind,
    email_address,
    longest,
    one_of,
    plain,
    positive,
    profile,
)

_BADGE_ID_TEXT = "BadgeId is required and must be greater than 0"

GRANT_BODY = Body(
    name="GrantRequest",
    description="A badge for one recipient: somebody with a Fediverse profile, an e-mail address, or both.",
    fields=(
        Field(
            name="badgeId",
            kind=Kind.INTEGER,
            wrong_kind=_BADGE_ID_TEXT,
            description="Which badge; a string of digits is taken too.",
            example=1,
        ),
        Field(
            name="profileUri",
            kind=Kind.TEXT,
            wrong_kind="ProfileUri must be a string",
            description="The recipient's profile, an http(s) URL, or their Fediverse address like @jane@social.example."
            " They get a direct message.",
            example="https://social.example/@jane",
        ),
        Field(
            name="name",
            kind=Kind.TEXT,
            wrong_kind="Name must be a string",
            description="The recipient's name.",
            example="Jane Doe",
        ),
        Field(
            name="email",
            kind=Kind.TEXT,
            wrong_kind="Email must be a string",
            description="The recipient's e-mail address. They get a mail.",
            example="jane@example.org",
        ),
        Field(
            name="evidence",
            kind=Kind.TEXT,
            wrong_kind="Evidence must be a string",
            description="What the badge is granted for; it is shown in the place of the badge's own criteria.",
            example="Completed the advanced training course",
        ),
    ),
    rules=(
        positive("badgeId", _BADGE_ID_TEXT),
        one_of(("profileUri", "email"), "Either ProfileUri or Email must be provided"),
        email_address("email", "Invalid email format"),
        profile("profileUri", "Invalid ProfileUri format"),
        longest("profileUri", 500, "ProfileUri cannot exceed 500 characters"),
        longest("name", 200, "Name cannot exceed 200 characters"),
        longest("email", MAX_EMAIL, "Email cannot exceed 254 characters"),
        longest("evidence", 2000, "Evidence cannot exceed 2000 characters"),
        plain("name", "Name cannot contain control characters"),
        plain("evidence", "Evidence cannot contain control characters", lines=True),
    ),
)

BADGE_ID = Parameter(
    name="badgeId",
    place="path",
    description="The badge's number.",
    schema={"type": "integer"},
    example="1",
)
NOTE_ID = Parameter(
    name="noteId",
    place="path",
    description="The `noteId` of the grant, or the last segment of it. The whole URL may be percent-encoded or not.",
    schema={"type": "string", "minLength": 1},
    example="5f0c6f3e1d2b4a7f9e8d7c6b5a493827",
    spans=True,
)

BODY_REFUSALS = (
    Refusal(
        status=400,
        texts=(
            "Request body is required",
            *(rule.text for rule in GRANT_BODY.rules),
            *(field.wrong_kind for field in GRANT_BODY.fields if field.wrong_kind != _BADGE_ID_TEXT),
            "Request body is not valid JSON: …",
        ),
    ),
    Refusal(status=413, texts=(f"Request body cannot exceed {MAX_BYTES} bytes",)),
    Refusal(status=415, texts=("Content-Type must be application/json",)),
    *REPEATED,
)

BADGES_DESCRIPTION = f"""\
Every request carries an API key: in the header `X-ApiKey` (best), as `Authorization: Bearer`, or in the query as `apiKey`.
A header wins over the query. `badgefed create-key` makes a key and shows it once.

An error is a JSON object with `error`, a sentence. With status 400 it also has `errors`: everything that is wrong with the
request, by field.

How often a key may be used is a setting of the key; the headers `X-RateLimit-Limit`, `X-RateLimit-Remaining` and
`X-RateLimit-Reset` (seconds since 1970) say where it stands, and `Retry-After` how many seconds to wait after a 429. From
one address no more than {FAILURES_PER_MINUTE} requests per minute with an unknown key are answered.

Whatever creates something, in each API of this server, takes an `{IDEMPOTENCY_KEY.name}`: repeat a request whose answer got
lost with the same one, and you get that answer, while nothing is done twice.

Browsers may call from any origin."""

GRANT_DESCRIPTION = """\
Grants a badge and tells its recipient: by a direct message to the profile, and by mail to the address. Nothing is public
until the recipient accepts.

Who has this badge waiting already is granted no second one and told nothing new: the answer has the grant that waits. Who
has accepted it can't be granted it again (409), unless it was revoked. The same recipient is whoever has the same profile,
in whichever form, or where no profile is given the same e-mail address.

Member names are taken in any case, texts are trimmed, an empty text counts as absent, other members are ignored."""

STATUS_DESCRIPTION = """\
`pending`: waits for the recipient. `accepted`: accepted, and being worked on. `processed`: the credential is signed and the
badge published. `declined`: the recipient doesn't want it. `external`: the badge came from another server. A revoked grant
is not found."""

_BADGE_EXAMPLE: dict[str, Any] = {
    "id": 1,
    "title": "Advanced Training",
    "description": "Finished the advanced training.",
    "badgeType": "Badge",
    "earningCriteria": "Completed the advanced training course",
    "image": "https://badges.example/badge-image/1",
    "imageAltText": None,
    "hashtags": "#training #advanced",
    "infoUri": "https://example.com/training",
    "isCertificate": False,
    "issuer": {"id": 1, "fullName": "My Organization", "username": "org", "domain": "badges.example"},
}
BADGES_EXAMPLE: dict[str, Any] = {"success": True, "count": 1, "badges": [_BADGE_EXAMPLE]}
ONE_BADGE_EXAMPLE: dict[str, Any] = {"success": True, "badge": _BADGE_EXAMPLE}

GRANT_REQUEST_EXAMPLE: dict[str, Any] = {
    "badgeId": 1,
    "profileUri": "https://social.example/@jane",
    "name": "Jane Doe",
    "email": "jane@example.org",
}
_NOTE_URI = f"https://badges.example/actor/org/statuses/{NOTE_ID.example}"
GRANT_EXAMPLE: dict[str, Any] = {
    "success": True,
    "message": "Badge granted successfully",
    "acceptUrl": "https://badges.example/accept/grant/42/eW91IGZvdW5kIG1lIGhlcmUh",
    "badgeRecord": {
        "id": 42,
        "title": "Advanced Training",
        "issuedBy": "https://badges.example/actor/org",
        "issuedOn": "2026-03-12T10:30:00Z",
        "issuedToName": "Jane Doe",
        "issuedToSubjectUri": "https://social.example/@jane",
        "earningCriteria": "Completed the advanced training course",
        "noteId": _NOTE_URI,
        "status": "pending",
    },
}
STATUS_EXAMPLE: dict[str, Any] = {
    "success": True,
    "noteId": _NOTE_URI,
    "profileUri": "https://social.example/@jane",
    "badgeId": 1,
    "status": "accepted",
}
