"""What the Issuers API takes for badges, with its limits and texts."""

from __future__ import annotations

from badgefed.api.issuers_api.parameters import Parameters, all_given, shortest, text_field
from badgefed.api.issuers_api.references import BADGE_ID, MAX_ID
from badgefed.issuing.badges import MAX_TEXT, MAX_TITLE
from badgefed.protocol.bodies import longest, plain

MAX_SHARE_TEXT = 1_000


_NAME = text_field("name", "What it is called.", "Advanced Training")
_DESCRIPTION = text_field("description", "What it stands for.", "Finished the advanced training.")
_CRITERIA = text_field("criteria", "How it is earned.", "Pass the final exam.")
_IMAGE = text_field(
    "image",
    "A PNG or JPEG of at most 5 MB, as base64 or as a data URI.",
    "data:image/png;base64,iVBORw0KGgo…",
    form="picture",
)
_ISSUER_ID = text_field(
    "issuerId",
    "The id of a verified issuer.",
    f"https://badges.example/certify-badge/issuer/{BADGE_ID.example}",
)
_SHARE_TEXT = text_field(
    "shareText", "What to propose to people who share an award of it.", "I have done it!"
)

_RULES = (
    shortest("name", 3, "name must be at least 3 characters"),
    longest("name", MAX_TITLE, f"name must have at most {MAX_TITLE} characters"),
    plain("name", "name must not contain control characters"),
    longest("description", MAX_TEXT, f"description must have at most {MAX_TEXT} characters"),
    plain("description", "description must not contain control characters", lines=True),
    longest("criteria", MAX_TEXT, f"criteria must have at most {MAX_TEXT} characters"),
    plain("criteria", "criteria must not contain control characters", lines=True),
    longest("shareText", MAX_SHARE_TEXT, f"shareText must have at most {MAX_SHARE_TEXT} characters"),
    plain("shareText", "shareText must not contain control characters", lines=True),
)

NEW_BADGE = Parameters(
    name="NewBadge",
    description="A badge to define.",
    fields=(_NAME, _DESCRIPTION, _CRITERIA, _IMAGE, _ISSUER_ID, _SHARE_TEXT),
    rules=(
        all_given("name", "description", "criteria", "image", "issuerId"),
        *_RULES,
        longest("issuerId", MAX_ID, f"issuerId must have at most {MAX_ID} characters"),
        plain("issuerId", "issuerId must not contain control characters"),
    ),
)
BADGE_CHANGES = Parameters(
    name="BadgeEdit",
    description="What to change of a badge; an empty shareText takes it away.",
    fields=(_NAME, _DESCRIPTION, _CRITERIA, _IMAGE, _SHARE_TEXT),
    rules=_RULES,
)
NEW_BADGE_EXAMPLE = {
    "parameters": {
        field.name: field.example for field in (_NAME, _DESCRIPTION, _CRITERIA, _IMAGE, _ISSUER_ID)
    }
}
BADGE_CHANGES_EXAMPLE = {"parameters": {"criteria": "Pass the final exam with distinction."}}
