"""What the Issuers API takes for issuers, with its limits and texts."""

from __future__ import annotations

from badgefed.api.issuers_api.parameters import Parameters, all_given, shortest
from badgefed.issuing.issuers import LINKEDIN_ID, MAX_NAME
from badgefed.protocol.bodies import (
    MAX_EMAIL,
    Field,
    Kind,
    email_address,
    longest,
    matching,
    plain,
    web_address,
)

MAX_URL = 500
MAX_CODE = 100

NAME = Field(
    name="name",
    kind=Kind.TEXT,
    wrong_kind="name must be a string",
    description="Its name.",
    example="Example School",
)
URL = Field(
    name="url",
    kind=Kind.TEXT,
    wrong_kind="url must be a string",
    description="Its website.",
    example="https://school.example",
)
EMAIL = Field(
    name="email",
    kind=Kind.TEXT,
    wrong_kind="email must be a string",
    description="Its e-mail address, which is to be proved by the code or the link in a mail; the account's own is proved already.",
    example="badges@school.example",
)
LOGO = Field(
    name="logo",
    kind=Kind.TEXT,
    wrong_kind="logo must be a string",
    description="A PNG or JPEG of at most 5 MB, as base64 or as a data URI. Without one a picture is drawn.",
    example="data:image/png;base64,iVBORw0KGgo…",
    format="picture",
)
LINKEDIN = Field(
    name="linkedinOrganizationId",
    kind=Kind.TEXT,
    wrong_kind="linkedinOrganizationId must be a numeric string",
    description="The number of its page at LinkedIn: the pages of its awards then offer to add them to a LinkedIn profile.",
    example="1234567",
)
_FIELDS = (NAME, URL, EMAIL, LOGO, LINKEDIN)
_RULES = (
    email_address("email", "invalid email"),
    longest("email", MAX_EMAIL, "invalid email"),
    web_address("url", "invalid URL"),
    longest("url", MAX_URL, f"url must have at most {MAX_URL} characters"),
    shortest("name", 3, "name must be at least 3 characters"),
    longest("name", MAX_NAME, f"name must have at most {MAX_NAME} characters"),
    plain("name", "name must not contain control characters"),
    matching(
        "linkedinOrganizationId", LINKEDIN_ID.pattern, "linkedinOrganizationId must be a numeric string"
    ),
)

NEW_ISSUER = Parameters(
    name="NewIssuer",
    description="An issuer to register.",
    fields=_FIELDS,
    rules=(all_given("name", "url", "email"), *_RULES),
)
ISSUER_CHANGES = Parameters(
    name="IssuerChanges",
    description="What to change of an issuer. Name, URL and e-mail address only while it is unverified;"
    " an empty linkedinOrganizationId takes it away.",
    fields=_FIELDS,
    rules=_RULES,
)
VERIFICATION = Parameters(
    name="VerificationRequest",
    description="The code from the mail.",
    fields=(
        Field(
            name="code",
            kind=Kind.TEXT,
            wrong_kind="code must be a string",
            description="In any case, with or without spaces and hyphens.",
            example="ABCD-EFGH",
        ),
    ),
    rules=(
        all_given("code"),
        longest("code", MAX_CODE, "invalid verification code"),
        plain("code", "invalid verification code"),
    ),
)
NEW_ISSUER_EXAMPLE = {"parameters": {"name": NAME.example, "url": URL.example, "email": EMAIL.example}}
ISSUER_CHANGES_EXAMPLE = {"parameters": {"linkedinOrganizationId": LINKEDIN.example}}
VERIFICATION_EXAMPLE = {"parameters": {"code": "ABCD-EFGH"}}
