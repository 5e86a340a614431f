"""What the Issuers API takes for issuers, with its limits and texts."""

from __future__ import annotations

from badgefed.api.issuers_api.parameters import Parameters, all_given, shortest, text_field
from badgefed.issuing.issuer_verification import WRONG_CODE
from badgefed.issuing.issuers import LINKEDIN_ID, MAX_NAME
from badgefed.protocol.bodies import (
    MAX_EMAIL,
    email_address,
    longest,
    matching,
    plain,
    web_address,
)

MAX_URL = 500
MAX_CODE = 100

NO_LINKEDIN_ID = "linkedinOrganizationId must be a numeric string"

NAME = text_field("name", "Its name.", "Example School")
URL = text_field("url", "Its website.", "https://school.example")
EMAIL = text_field(
    "email",
    "Its e-mail address, which is to be proved by the code or the link in a mail; the account's own is proved already.",
    "badges@school.example",
)
LOGO = text_field(
    "logo",
    "A PNG or JPEG of at most 5 MB, as base64 or as a data URI. Without one a picture is drawn.",
    "data:image/png;base64,iVBORw0KGgo…",
    form="picture",
)
LINKEDIN = text_field(
    "linkedinOrganizationId",
    "The number of its page at LinkedIn: the pages of its awards then offer to add them to a LinkedIn profile.",
    "1234567",
    wrong_kind=NO_LINKEDIN_ID,
)
CODE = text_field("code", "In any case, with or without spaces and hyphens.", "ABCD-EFGH")
_FIELDS = (NAME, URL, EMAIL, LOGO, LINKEDIN)
_RULES = (
    email_address("email", "invalid email"),
    longest("email", MAX_EMAIL, "invalid email"),
    web_address("url", "invalid URL"),
    longest("url", MAX_URL, f"url must have at most {MAX_URL} characters"),
    shortest("name", 3, "name must be at least 3 characters"),
    longest("name", MAX_NAME, f"name must have at most {MAX_NAME} characters"),
    plain("name", "name must not contain control characters"),
    matching("linkedinOrganizationId", LINKEDIN_ID.pattern, NO_LINKEDIN_ID, may_be_blank=True),
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
    fields=(CODE,),
    rules=(
        all_given("code"),
        longest("code", MAX_CODE, WRONG_CODE),
        plain("code", WRONG_CODE),
    ),
)
NEW_ISSUER_EXAMPLE = {"parameters": {"name": NAME.example, "url": URL.example, "email": EMAIL.example}}
ISSUER_CHANGES_EXAMPLE = {"parameters": {"linkedinOrganizationId": LINKEDIN.example}}
VERIFICATION_EXAMPLE = {"parameters": {"code": CODE.example}}
