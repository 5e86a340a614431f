"""What the Credentials API takes, with its limits and texts, and the words of its documentation."""

from __future__ import annotations

import re
from typing import Any

from badgefed.api.authentication import ATTEMPTS, ATTEMPTS_MINUTES, KeyTexts
from badgefed.api.errors import INTERNAL
from badgefed.api.operations import Parameter, Refusal
from badgefed.api.sessions import NO_TOKEN, ORGANIZATION, SESSION_REQUESTS_PER_MINUTE
from badgefed.issuing.api_sessions import BAD_SIGN_IN, BAD_TOKEN, NO_ORGANIZATION, NOT_ALLOWED, SUSPENDED
from badgefed.issuing.badges import MAX_SLUG, MAX_TEXT, MAX_TITLE
from badgefed.protocol.bodies import (
    MAX_EMAIL,
    Body,
    Field,
    Kind,
    Rule,
    Values,
    email_address,
    longest,
    matching,
    plain,
    profile,
    required,
    web_address,
)

MAX_TAGS = 30
MAX_TAG = 50
MAX_DAYS = 36_500
MAX_BULK = 100
MAX_REASON = 1000
MAX_NAME = 200

NO_BADGE = "There is no such badge."
REVOKED_ALREADY = "This credential is revoked already."
INACTIVE = "This badge is not active: nothing new can be issued."
ONE_PICTURE = "Give either imageUrl or image"
LOCKED = "name and slug can't be changed any more: the badge was issued"
TAGS_TEXT = f"tags must be up to {MAX_TAGS} texts of 1 to {MAX_TAG} characters"
DAYS_TEXT = f"expiresInDays must be a whole number from 1 to {MAX_DAYS}, or null"

KEY_TEXTS = KeyTexts(
    missing="An API key is required: Authorization: Bearer crd_live_…", invalid="This API key is not valid."
)

_UUID = "[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
_SLUG = "[a-z0-9]+(-[a-z0-9]+)*"
_TAG = re.compile(r"[^\x00-\x1f\x7f-\x9f]+")
_GIVEN = {"type": "string", "pattern": r"\S"}


def _text(name: str, description: str, example: str, *, is_exact: bool = False) -> Field:
    return Field(
        name=name,
        kind=Kind.TEXT,
        wrong_kind=f"{name} must be a string",
        description=description,
        example=example,
        is_exact=is_exact,
    )


def _are_tags(values: Values) -> bool:
    tags = values["tags"] or []
    return len(tags) <= MAX_TAGS and all(isinstance(tag, str) and _is_tag(tag) for tag in tags)


def _is_tag(tag: str) -> bool:
    return bool(tag.strip()) and len(tag) <= MAX_TAG and _TAG.fullmatch(tag) is not None


_BADGE_FIELDS = (
    _text("name", "What it is called. Can't be changed once it was issued.", "AWS Fundamentals"),
    _text(
        "slug",
        "Its part of addresses; made from the name if none is given. Locked as the name.",
        "aws-fundamentals",
    ),
    _text("description", "What it stands for, plain text.", "Knows the basics of AWS."),
    _text("criteria", "How it is earned, plain text.", "Pass the exam with 80 % or more."),
    _text(
        "imageUrl",
        "Where to get its picture from, once: PNG, JPEG, WebP or SVG.",
        "https://example.org/badge.png",
    ),
    _text(
        "image",
        "Its picture as data URI: PNG, JPEG, WebP or SVG. Without one, one is drawn.",
        "data:image/png;base64,…",
    ),
    Field(
        name="expiresInDays",
        kind=Kind.INTEGER,
        wrong_kind=DAYS_TEXT,
        description="Credentials expire so many days after issuance; null: never.",
        example=730,
    ),
    Field(
        name="tags",
        kind=Kind.LIST,
        wrong_kind=TAGS_TEXT,
        description="A tag of several words is kept with hyphens between them.",
        example=["aws", "cloud"],
    ),
    Field(
        name="isActive",
        kind=Kind.BOOLEAN,
        wrong_kind="isActive must be true or false",
        description="false: nothing new can be issued, by any of the APIs.",
        example=True,
    ),
)
_BADGE_RULES = (
    longest("name", MAX_TITLE, f"name cannot exceed {MAX_TITLE} characters"),
    plain("name", "name cannot contain control characters"),
    longest("slug", MAX_SLUG, f"slug cannot exceed {MAX_SLUG} characters"),
    matching("slug", _SLUG, "slug must be words of a-z and 0-9 joined by hyphens"),
    longest("description", MAX_TEXT, f"description cannot exceed {MAX_TEXT} characters"),
    plain("description", "description cannot contain control characters", lines=True),
    longest("criteria", MAX_TEXT, f"criteria cannot exceed {MAX_TEXT} characters"),
    plain("criteria", "criteria cannot contain control characters", lines=True),
    web_address("imageUrl", "imageUrl must be an address like https://example.org/badge.png"),
    Rule(
        fields=("image",),
        text=ONE_PICTURE,
        holds=lambda values: values["image"] is None or values["imageUrl"] is None,
        schema={
            "not": {"required": ["image", "imageUrl"], "properties": {"image": _GIVEN, "imageUrl": _GIVEN}}
        },
    ),
    Rule(
        fields=("expiresInDays",),
        text=DAYS_TEXT,
        holds=lambda values: values["expiresInDays"] is None or 1 <= values["expiresInDays"] <= MAX_DAYS,
        schema={"properties": {"expiresInDays": {"minimum": 1, "maximum": MAX_DAYS}}},
    ),
    Rule(
        fields=("tags",),
        text=TAGS_TEXT,
        holds=_are_tags,
        schema={
            "properties": {
                "tags": {
                    "maxItems": MAX_TAGS,
                    "items": {
                        "maxLength": MAX_TAG,
                        "pattern": r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$",
                    },
                },
            }
        },
    ),
)
_BADGE_REQUIRED = tuple(required(name, f"{name} is required") for name in ("name", "description", "criteria"))

BADGE_BODY = Body(
    name="BadgeDefinition",
    description="A badge.",
    fields=_BADGE_FIELDS,
    rules=(*_BADGE_REQUIRED, *_BADGE_RULES),
)
BADGE_CHANGES = Body(
    name="BadgeChanges",
    description="What is to change of a badge; all else stays.",
    fields=_BADGE_FIELDS,
    rules=_BADGE_RULES,
)
BADGE_EXAMPLE_BODY: dict[str, Any] = {
    "name": "AWS Fundamentals",
    "description": "Knows the basics of AWS.",
    "criteria": "Pass the exam with 80 % or more.",
    "expiresInDays": 730,
    "tags": ["aws", "cloud"],
}

RECIPIENT = Body(
    name="CredentialRecipient",
    description="Whom to issue to. The same e-mail address is the same recipient.",
    fields=(
        _text("name", "The recipient's name.", "Jane Doe"),
        _text(
            "email",
            "The recipient's e-mail address. They get a mail with a link to accept.",
            "jane@example.org",
        ),
        _text(
            "profileUri",
            "The recipient's Fediverse profile or address; they get a message.",
            "@jane@social.example",
        ),
    ),
    rules=(
        required("name", "recipient.name is required"),
        required("email", "recipient.email is required"),
        longest("name", MAX_NAME, f"recipient.name cannot exceed {MAX_NAME} characters"),
        plain("name", "recipient.name cannot contain control characters"),
        longest("email", MAX_EMAIL, f"recipient.email cannot exceed {MAX_EMAIL} characters"),
        email_address("email", "recipient.email must be an e-mail address"),
        longest("profileUri", 500, "recipient.profileUri cannot exceed 500 characters"),
        profile("profileUri", "recipient.profileUri must be a URL or an address like @jane@social.example"),
    ),
)
EXAMPLE_ID = "550e8400-e29b-41d4-a716-446655440000"
_BADGE_ID = _text("badgeId", "Which badge.", EXAMPLE_ID)
_BADGE_ID_RULES = (
    required("badgeId", "badgeId is required"),
    matching("badgeId", _UUID, "badgeId must be a UUID"),
)
_RECIPIENT_EXAMPLE = {"name": "Jane Doe", "email": "jane@example.org"}
ISSUE_BODY = Body(
    name="CredentialRequest",
    description="A credential for one recipient.",
    fields=(
        _BADGE_ID,
        Field(
            name="recipient",
            kind=Kind.OBJECT,
            wrong_kind="recipient must be an object",
            description=RECIPIENT.description,
            example=_RECIPIENT_EXAMPLE,
            parts=RECIPIENT,
        ),
    ),
    rules=(*_BADGE_ID_RULES, required("recipient", "recipient is required")),
)
ISSUE_EXAMPLE: dict[str, Any] = {"badgeId": EXAMPLE_ID, "recipient": _RECIPIENT_EXAMPLE}

_RECIPIENTS_TEXT = f"recipients must be a list of 1 to {MAX_BULK} recipients"
BULK_BODY = Body(
    name="CredentialsRequest",
    description="One badge for many recipients.",
    fields=(
        _BADGE_ID,
        Field(
            name="recipients",
            kind=Kind.LIST,
            wrong_kind=_RECIPIENTS_TEXT,
            description=f"Up to {MAX_BULK} recipients; each gets a result of its own.",
            example=[_RECIPIENT_EXAMPLE],
            parts=RECIPIENT,
        ),
    ),
    rules=(
        *_BADGE_ID_RULES,
        Rule(
            fields=("recipients",),
            text=_RECIPIENTS_TEXT,
            holds=lambda values: 1 <= len(values["recipients"] or ()) <= MAX_BULK,
            schema={
                "required": ["recipients"],
                "properties": {"recipients": {"minItems": 1, "maxItems": MAX_BULK}},
            },
        ),
    ),
)
BULK_EXAMPLE: dict[str, Any] = {"badgeId": EXAMPLE_ID, "recipients": [_RECIPIENT_EXAMPLE]}

REASON_BODY = Body(
    name="RevocationRequest",
    description="Why.",
    fields=(_text("reason", "Shown to everybody who verifies the credential.", "Issued by mistake"),),
    rules=(
        required("reason", "reason is required"),
        longest("reason", MAX_REASON, f"reason cannot exceed {MAX_REASON} characters"),
        plain("reason", "reason cannot contain control characters", lines=True),
    ),
)
LOGIN_BODY = Body(
    name="LoginRequest",
    description="Who signs in.",
    fields=(
        _text("email", "The user's e-mail address.", "owner@example.org"),
        _text("password", "As it is, white space and all.", "correct horse battery staple", is_exact=True),
    ),
    rules=(
        required("email", "email is required"),
        required("password", "password is required"),
        longest("email", MAX_EMAIL, f"email cannot exceed {MAX_EMAIL} characters"),
        plain("email", "email cannot contain control characters"),
        longest("password", 1000, "password cannot exceed 1000 characters"),
    ),
)

ORGANIZATION_ID = Parameter(
    name=ORGANIZATION,
    place="path",
    description="The organization's id, or its slug.",
    schema={"type": "string", "minLength": 1},
    example="acme",
)
BADGE_ID = Parameter(
    name="badgeId",
    place="path",
    description="The badge's id.",
    schema={"type": "string", "minLength": 1},
    example=EXAMPLE_ID,
)


def body_refusals(*bodies: Body) -> tuple[Refusal, ...]:
    """What reading them may refuse."""
    texts = [rule.text for body in bodies for rule in body.rules]
    texts += [field.wrong_kind for body in bodies for field in body.fields]
    return (
        Refusal(
            status=400,
            texts=("Request body is required", *dict.fromkeys(texts), "Request body is not valid JSON: …"),
        ),
        Refusal(status=413, texts=("Request body cannot exceed … bytes",)),
        Refusal(status=415, texts=("Content-Type must be application/json",)),
    )


COMMON_REFUSALS = (
    Refusal(status=401, texts=(KEY_TEXTS.missing, KEY_TEXTS.invalid, NO_TOKEN, BAD_TOKEN)),
    Refusal(status=403, texts=("This API key lacks the scope …", NOT_ALLOWED, SUSPENDED)),
    Refusal(status=429, texts=("Too many requests. Try again in … seconds.",)),
    Refusal(status=500, texts=(INTERNAL,)),
)
NO_ORGANIZATION_REFUSAL = Refusal(status=404, texts=(NO_ORGANIZATION,))
LOGIN_REFUSAL = Refusal(status=401, texts=(BAD_SIGN_IN,))

DESCRIPTION = f"""\
Open Badges 3.0 credentials. Programs send an API key as `Authorization: Bearer crd_live_…`; `badgefed create-key --dialect
credentials` makes one and shows it once, and so does an owner's `POST /api/organizations/{{orgId}}/keys`. People sign in and
send the token of their session in the same header; it ends after a quarter of an hour. What is below `/api/v1` takes a key, what is below `/api/organizations` a token.

An error is a JSON object with `error`, a code, and `message`, a sentence; with 400 also `details` with the `field`, where it
is one.

A key may be used 60 times a minute unless it was made with another rate; the headers `X-RateLimit-Limit`,
`X-RateLimit-Remaining` and `X-RateLimit-Reset` (seconds since 1970) say where it stands, and `Retry-After` how many seconds
to wait after a 429. Without a key, {SESSION_REQUESTS_PER_MINUTE} requests a minute from one address are answered, and
{ATTEMPTS} sign-ins in {ATTEMPTS_MINUTES} minutes.

Lists come in pages of `limit` from `offset`, what was made first in front."""
