"""What the Issuers API takes for awards, with its limits and texts."""

from __future__ import annotations

from badgefed.api.issuers_api.parameters import Parameters, all_given, expected, shortest, text_field, within
from badgefed.api.issuers_api.references import AWARD_ID, ID_CHARACTER, MAX_ID
from badgefed.api.operations import Parameter
from badgefed.model.times import from_iso8601
from badgefed.protocol.bodies import MAX_EMAIL, Body, Field, Kind, Rule, Values, email_address, longest, plain

MAX_NAME = 200
MAX_REASON = 1_000
MAX_SEARCH = 200
MAX_FILTER = 2_000
SEARCH_FIELDS = ("name", "email")


def _instant(name: str) -> Rule:
    def holds(values: Values) -> bool:
        try:
            from_iso8601(values[name] or "1970-01-01")
        except ValueError:
            return False
        return True

    return Rule(fields=(name,), text=f"invalid {name}", holds=holds)


_RECIPIENT = Body(
    name="Recipient",
    description="Whom the award is for.",
    fields=(
        text_field("name", "The recipient's name.", "Jane Doe"),
        text_field("email", "The recipient's e-mail address. They get a mail.", "jane@example.org"),
    ),
    rules=(expected("name", "email"),),
)
_BADGE_ID = text_field(
    "badgeId", "The id of the badge.", f"https://badges.example/certify-badge/badge/{AWARD_ID.example}"
)
_ISSUED_ON = text_field(
    "issuedOn",
    "When it was earned: ISO 8601, a date or a time; without a zone it is UTC. What lies ahead by less than a day counts as now.",
    "2025-01-15T10:30:00Z",
    form="date-time",
)
_EXPIRES = text_field(
    "expires",
    "Until when it is valid; without it, as the badge says.",
    "2027-01-15T10:30:00Z",
    form="date-time",
)

NEW_AWARD = Parameters(
    name="NewAward",
    description="A badge for one recipient, live at once.",
    fields=(
        _BADGE_ID,
        Field(
            name="recipient",
            kind=Kind.OBJECT,
            wrong_kind="recipient must be an object",
            description="Whom it is for.",
            example={"name": "Jane Doe", "email": "jane@example.org"},
            parts=_RECIPIENT,
        ),
        _ISSUED_ON,
        _EXPIRES,
    ),
    rules=(
        all_given("badgeId", "recipient", "issuedOn", parts={"recipient": ("name", "email")}),
        within("recipient", email_address("email", "invalid email")),
        within("recipient", longest("email", MAX_EMAIL, "invalid email")),
        within("recipient", shortest("name", 5, "name must be at least 5 characters")),
        within("recipient", longest("name", MAX_NAME, f"name must have at most {MAX_NAME} characters")),
        within("recipient", plain("name", "name must not contain control characters")),
        longest("badgeId", MAX_ID, f"badgeId must have at most {MAX_ID} characters"),
        plain("badgeId", "badgeId must not contain control characters"),
        _instant("issuedOn"),
        _instant("expires"),
    ),
)
NEW_AWARD_EXAMPLE = {
    "parameters": {
        "badgeId": _BADGE_ID.example,
        "recipient": {"name": "Jane Doe", "email": "jane@example.org"},
        "issuedOn": _ISSUED_ON.example,
    }
}
REASON = Parameters(
    name="RevocationRequest",
    description="Why an award is taken back.",
    fields=(text_field("reason", "Shown to everybody who looks at it.", "Awarded by mistake"),),
    rules=(
        longest("reason", MAX_REASON, f"reason must have at most {MAX_REASON} characters"),
        plain("reason", "reason must not contain control characters", lines=True),
    ),
)
FILTER = Parameters(
    name="AwardFilter",
    description="Which awards to list.",
    fields=(
        _BADGE_ID,
        text_field("search", "A part of the recipient's name or e-mail address.", "jane"),
        text_field("searchField", "Where to look for it: `name` or `email`; else in both.", "name"),
    ),
    rules=(
        longest("search", MAX_SEARCH, f"search must have at most {MAX_SEARCH} characters"),
        plain("search", "search must not contain control characters"),
        Rule(
            fields=("searchField",),
            text="searchField must be name or email",
            holds=lambda values: values["searchField"] in (None, *SEARCH_FIELDS),
        ),
    ),
)

FILTER_PARAMETER = Parameter(
    name="filter",
    place="query",
    description="JSON: `badgeId`, `search`, and `searchField` (`name` or `email`); each may be left out.",
    schema={"type": "string", "maxLength": MAX_FILTER, "format": "award-filter"},
    example='{"search":"jane","searchField":"name"}',
)
PAGE_PARAMETER = Parameter(
    name="lastEvaluatedKey",
    place="query",
    description="From the page before.",
    schema={"type": "string", "pattern": f"^{ID_CHARACTER}{{0,{MAX_ID}}}$"},
    example=AWARD_ID.example,
)
REASON_PARAMETER = Parameter(
    name="reason",
    place="query",
    description="Shown to everybody who looks at the award. It may be sent in a body as well.",
    schema=REASON.members_schema()["properties"]["reason"] | {"type": "string"},
    example="Awarded by mistake",
)
