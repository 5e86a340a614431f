"""What the Verification API takes, with its limits and texts, and the words and examples of its documentation."""

from __future__ import annotations

from typing import Any

from badgefed.api.credential_lookup import IDENTIFIER, NO_CREDENTIAL, PRIVATE
from badgefed.api.errors import INTERNAL
from badgefed.api.operations import Content, Refusal
from badgefed.protocol.bodies import (
    Body,
    Field,
    Kind,
    exactly_one_of,
    longest,
    matching,
    web_address,
)

MAX_BYTES = 6_000_000
MAX_URL = 2_000
MAX_RECIPIENT = 500
PRESENTED_PER_MINUTE = 30
LOOKED_UP_PER_MINUTE = 100

FORMS = ("url", "id", "credential", "assertion", "jwt", "text")
ONE_FORM = "Give exactly one of url, id, credential, assertion, jwt, text"
NO_FILE = "The form has neither a file nor one of the other forms of a badge"
MEDIA = (
    "Content-Type must be application/json, another form of JSON, a token, an image, or multipart/form-data"
)

_CREDENTIAL_EXAMPLE: dict[str, Any] = {
    "@context": [
        "https://www.w3.org/ns/credentials/v2",
        "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
    ],
    "id": "https://badges.example/credentials/0199e0a0-7c55-7a52-9d0c-3f7c7c1f6b10/ob3",
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
}
_ASSERTION_EXAMPLE: dict[str, Any] = {
    "@context": "https://w3id.org/openbadges/v2",
    "id": "https://badges.example/certify-badge/award/0199e0a0-7c55-7a52-9d0c-3f7c7c1f6b10",
    "type": "Assertion",
}

VERIFY_BODY = Body(
    name="VerifyRequest",
    description="A badge in one of its forms. A JSON object with `@context` or `type` is taken for the badge itself.",
    fields=(
        Field(
            name="url",
            kind=Kind.TEXT,
            wrong_kind="Url must be a string",
            description="Where the badge stands: a credential, an Assertion, a baked picture, a page of this server, or a"
            " post in the Fediverse.",
            example="https://badges.example/actor/org/statuses/5f0c6f3e1d2b4a7f9e8d7c6b5a493827",
        ),
        Field(
            name="id",
            kind=Kind.TEXT,
            wrong_kind="Id must be a string",
            description="The number of a credential of this server, CRD-…, or its UUID.",
            example="CRD-7K2M9QXT",
        ),
        Field(
            name="credential",
            kind=Kind.OBJECT,
            wrong_kind="Credential must be a JSON object",
            description="An Open Badges 3.0 credential with its proof.",
            example=_CREDENTIAL_EXAMPLE,
        ),
        Field(
            name="assertion",
            kind=Kind.OBJECT,
            wrong_kind="Assertion must be a JSON object",
            description="An Open Badges 2.0 Assertion; what counts is what stands at its id.",
            example=_ASSERTION_EXAMPLE,
        ),
        Field(
            name="jwt",
            kind=Kind.TEXT,
            wrong_kind="Jwt must be a string",
            description="A signed token: a VC-JWT, or an Open Badges 2.0 JWS.",
            example="eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl",
        ),
        Field(
            name="text",
            kind=Kind.TEXT,
            wrong_kind="Text must be a string",
            description="Any of these as somebody pasted it, or an SVG.",
            example="CRD-7K2M9QXT",
        ),
        Field(
            name="recipient",
            kind=Kind.TEXT,
            wrong_kind="Recipient must be a string",
            description="Whom the badge should belong to: an e-mail address, a profile, a web address.",
            example="jane@example.org",
        ),
    ),
    rules=(
        exactly_one_of(FORMS, ONE_FORM),
        web_address("url", "Url must be an http or https address"),
        longest("url", MAX_URL, f"Url cannot exceed {MAX_URL} characters"),
        matching("id", IDENTIFIER, "Id must be CRD- and eight characters, or a UUID"),
        longest("recipient", MAX_RECIPIENT, f"Recipient cannot exceed {MAX_RECIPIENT} characters"),
    ),
)

_BYTES = "The badge as it came as a file."
CONTENTS = (
    *(
        Content(media_type=media_type, description="The badge itself.", schema={"type": "object"})
        for media_type in ("application/ld+json", "application/vc+ld+json", "application/vc")
    ),
    *(
        Content(media_type=media_type, description="A signed token.", schema={"type": "string"})
        for media_type in ("application/jwt", "application/vc+jwt", "application/jose", "text/plain")
    ),
    Content(
        media_type="image/png", description="A baked badge, or a picture with a QR code that leads to one."
    ),
    Content(media_type="image/svg+xml", description="A baked badge."),
    Content(media_type="image/jpeg", description="A picture with a QR code that leads to a badge."),
    Content(media_type="image/webp", description="The same."),
    Content(
        media_type="multipart/form-data",
        description="`file` with any of these, or one of the texts of the JSON form; and `recipient`.",
        schema={
            "type": "object",
            "properties": {
                "file": {
                    "type": "string",
                    "contentMediaType": "application/octet-stream",
                    "description": _BYTES,
                },
                **{name: {"type": "string"} for name in ("url", "id", "jwt", "text", "recipient")},
            },
        },
    ),
)

VERIFY_REFUSALS = (
    Refusal(
        status=400,
        texts=(
            "Request body is required",
            *(rule.text for rule in VERIFY_BODY.rules),
            *(field.wrong_kind for field in VERIFY_BODY.fields),
            NO_FILE,
            "This is no badge: it must be …",
        ),
    ),
    Refusal(status=404, texts=("There is no such badge here.",)),
    Refusal(status=413, texts=(f"Request body cannot exceed {MAX_BYTES} bytes",)),
    Refusal(status=415, texts=(MEDIA, "This file is no badge: it must be …")),
    Refusal(
        status=422,
        texts=("This is JSON, but no badge: it must be an Open Badges 2.0 Assertion or 3.0 credential.",),
    ),
    Refusal(
        status=503, texts=("Too many badges are being verified at this moment. Try again in a few seconds.",)
    ),
)
LOOK_UP_REFUSALS = (
    Refusal(status=403, texts=(PRIVATE,)),
    Refusal(status=404, texts=(NO_CREDENTIAL,)),
    Refusal(
        status=503, texts=("Too many badges are being verified at this moment. Try again in a few seconds.",)
    ),
)
COMMON_REFUSALS = (
    Refusal(status=429, texts=("Too many requests. Try again in … seconds.",)),
    Refusal(status=500, texts=(INTERNAL,)),
)

DESCRIPTION = """\
Verifies anybody's badge: Open Badges 2.0, hosted and signed, and 3.0, with an embedded proof or as a token. No key is needed,
nothing is stored.

An error is a JSON object with `error`, a code, and `message`, a sentence; with 400 also `details` with the `field`, where it
is one. What is wrong with a badge is no error: it stands in the result.

Browsers may call from any origin."""

VERIFY_DESCRIPTION = """\
Takes a badge in any of its forms, verifies it now, and says what was checked, each check with a sentence for people and a
technical reason. `pass`: it holds. `warning`: it holds, with something to know. `fail`: it doesn't. `could-not-check`:
neither is known.

The verdict is `valid` only where every check passed; `invalid` where one failed; `could-not-check` where the badge's core
could not be checked, which says nothing against it; `warning` for what lies between. Where the integrity is broken nothing
else can be concluded, and nothing else is reported.

With `recipient` the badge must name that person."""

LOOK_UP_DESCRIPTION = """\
A credential of this server, verified now. `status` is the first that applies of `revoked`, `suspended`, `expired`, `pending`
(nobody has accepted it yet; nothing else is told of it) and `valid`. Of a revoked credential neither the recipient nor the
signed document is given out."""

_CHECKS: list[dict[str, Any]] = [
    {
        "name": "integrity",
        "outcome": "pass",
        "sentence": "Nothing in it was changed since it was signed.",
        "detail": "eddsa-rdfc-2022",
    },
    {
        "name": "not-revoked",
        "outcome": "pass",
        "sentence": "Its issuer has not revoked it.",
        "detail": "as this server, which issued it, knows now",
    },
]
_CHECKED_AT = "2026-03-12T10:31:00Z"

REPORT_EXAMPLE: dict[str, Any] = {
    "verdict": "valid",
    "kind": "ob3-proof",
    "checkedAt": _CHECKED_AT,
    "source": _CREDENTIAL_EXAMPLE["id"],
    "checks": _CHECKS,
    "badge": {
        "name": "Advanced Training",
        "description": "Finished the advanced training.",
        "image": "https://badges.example/badge-image/1",
        "imageAlt": None,
        "achievementType": "Badge",
        "criteria": "Completed the advanced training course",
        "criteriaUrl": None,
        "issuer": {
            "id": "did:web:badges.example:issuers:org",
            "name": "My Organization",
            "url": "https://badges.example/actor/org",
            "image": None,
        },
        "recipient": "https://social.example/@jane",
        "issuedAt": "2026-03-12T10:30:00Z",
        "expiresAt": None,
        "evidence": [],
        "language": None,
    },
    "status": None,
    "document": _CREDENTIAL_EXAMPLE,
    "token": None,
}
CREDENTIAL_REPORT_EXAMPLE: dict[str, Any] = {
    "status": "valid",
    "credential": {
        "id": "0199e0a0-7c55-7a52-9d0c-3f7c7c1f6b10",
        "credentialId": "CRD-7K2M9QXT",
        "verificationUrl": "https://badges.example/verify/CRD-7K2M9QXT",
        "status": "valid",
        "badge": {
            "id": "0199e0a0-1111-7a52-9d0c-3f7c7c1f6b10",
            "name": "Advanced Training",
            "description": "Finished the advanced training.",
            "criteria": "Completed the advanced training course",
            "imageUrl": "https://badges.example/badge-image/1",
        },
        "issuer": {
            "id": "did:web:badges.example:issuers:org",
            "name": "My Organization",
            "url": "https://badges.example/actor/org",
        },
        "recipientName": "Jane Doe",
        "issuanceDate": "2026-03-12T10:30:00.000Z",
        "expirationDate": None,
        "supersedesCredentialId": None,
        "supersededByCredentialId": None,
        "revokedAt": None,
        "revocationReason": None,
        "suspendedAt": None,
        "suspensionReason": None,
        "fingerprint": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "pageUrl": "https://badges.example/actor/org/statuses/5f0c6f3e1d2b4a7f9e8d7c6b5a493827",
    },
    "verification": {"signatureValid": True, "notRevoked": True, "notExpired": True},
    "ob3Credential": _CREDENTIAL_EXAMPLE,
    "verdict": "valid",
    "checks": _CHECKS,
    "checkedAt": _CHECKED_AT,
}
