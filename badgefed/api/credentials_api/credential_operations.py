"""The operations on credentials, as they are described."""

from __future__ import annotations

from typing import Any

from badgefed.api.credential_lookup import CREDENTIAL_ID, NO_CREDENTIAL
from badgefed.api.credentials_api import credentials
from badgefed.api.credentials_api.callers import PEOPLE, PROGRAMS, SIDES, Side
from badgefed.api.credentials_api.definitions import (
    BULK_BODY,
    BULK_EXAMPLE,
    EXAMPLE_ID,
    INACTIVE,
    ISSUE_BODY,
    ISSUE_EXAMPLE,
    MAX_BULK,
    NO_BADGE,
    REASON_BODY,
    RECIPIENT,
    REVOKED_ALREADY,
    body_refusals,
)
from badgefed.api.credentials_api.queries import (
    BADGE_FILTER,
    LIMIT,
    LIMIT_TEXT,
    OFFSET,
    OFFSET_TEXT,
    STATUS_FILTER,
    STATUS_TEXT,
    UUID_TEXT,
)
from badgefed.api.credentials_api.views import (
    BulkResults,
    IssuedCredential,
    IssuedCredentials,
    WholeCredential,
)
from badgefed.api.idempotency import IDEMPOTENCY_KEY, REPEATED
from badgefed.api.operations import Operation, Refusal, Success
from badgefed.issuing.grants import ALREADY_GRANTED
from badgefed.model.organization import Permission

_READ, _WRITE = "grants:read", "grants:write"

CREDENTIAL_EXAMPLE: dict[str, Any] = {
    "id": "0199e0a0-7c55-7a52-9d0c-3f7c7c1f6b10",
    "credentialId": CREDENTIAL_ID.example,
    "badgeId": EXAMPLE_ID,
    "verificationUrl": f"https://badges.example/verify/{CREDENTIAL_ID.example}",
    "status": "pending",
    "issuanceDate": "2026-03-12T10:30:00.000Z",
    "expirationDate": "2028-03-11T10:30:00.000Z",
    "recipientName": "Jane Doe",
    "recipientEmail": "jane@example.org",
    "recipientProfileUri": None,
    "supersedesCredentialId": None,
    "supersededByCredentialId": None,
    "revokedAt": None,
    "revocationReason": None,
}
_LIST_EXAMPLE = {"data": [CREDENTIAL_EXAMPLE], "pagination": {"limit": 50, "offset": 0, "total": 1}}
_OB3_EXAMPLE = {"ob3Credential": {"type": ["VerifiableCredential", "OpenBadgeCredential"]}}
_REVOKED = {
    "status": "revoked",
    "revokedAt": "2026-04-01T08:00:00.000Z",
    "revocationReason": "Issued by mistake",
}
_NOT_FOUND = Refusal(status=404, texts=(NO_CREDENTIAL,))
_PLAN = Refusal(status=402, texts=("monthly award quota reached",))
_QUERY = Refusal(status=400, texts=(LIMIT_TEXT, OFFSET_TEXT, STATUS_TEXT, UUID_TEXT))

ISSUE_DESCRIPTION = """\
Issues a credential: it is signed now and can be verified from now on, and stays `pending` until its recipient accepts it by
the link in their mail. Only then is it published.

The same badge for the same e-mail address again: where the credential has expired, another is issued and the two are linked;
where it will expire, it is revoked (`superseded by renewal`) and followed by another; where it was revoked, another is
issued and linked; one that never expires can't be issued again (409)."""


def _issue(side: Side) -> Operation:
    return Operation(
        id=f"issue{side.name}Credential",
        method="POST",
        path=_all(side),
        summary="Issue a credential",
        description=ISSUE_DESCRIPTION,
        door=side.door(_WRITE, Permission.ISSUE, credentials.issue_credential),
        parameters=(*side.parameters, IDEMPOTENCY_KEY),
        body=ISSUE_BODY,
        body_example=ISSUE_EXAMPLE,
        success=Success(
            shape=IssuedCredential, description="The credential.", example=CREDENTIAL_EXAMPLE, status=201
        ),
        refusals=(
            *body_refusals(ISSUE_BODY, RECIPIENT),
            _PLAN,
            Refusal(status=404, texts=(NO_BADGE,)),
            Refusal(status=409, texts=(ALREADY_GRANTED, INACTIVE)),
            *REPEATED,
            *side.refusals,
        ),
    )


def _all(side: Side) -> str:
    return f"{side.root}/credentials"


def _one(side: Side) -> str:
    return f"{_all(side)}/{{{CREDENTIAL_ID.name}}}"


def _list(side: Side) -> Operation:
    return Operation(
        id=f"list{side.name}Credentials",
        method="GET",
        path=_all(side),
        summary="List credentials",
        description="What the organization issued, through any of the APIs.",
        door=side.door(_READ, Permission.READ, credentials.list_credentials),
        parameters=(*side.parameters, LIMIT, OFFSET, BADGE_FILTER, STATUS_FILTER),
        success=Success(shape=IssuedCredentials, description="The credentials.", example=_LIST_EXAMPLE),
        refusals=(_QUERY, *side.refusals),
    )


def _get(side: Side) -> Operation:
    return Operation(
        id=f"get{side.name}Credential",
        method="GET",
        path=_one(side),
        summary="Show a credential",
        description="One credential with its signed Open Badges 3.0 document.",
        door=side.door(_READ, Permission.READ, credentials.get_credential),
        parameters=(*side.parameters, CREDENTIAL_ID),
        success=Success(
            shape=WholeCredential,
            description="The credential.",
            example={**CREDENTIAL_EXAMPLE, **_OB3_EXAMPLE},
        ),
        refusals=(_NOT_FOUND, *side.refusals),
    )


def _revoke(side: Side, identifier: str, method: str, path: str) -> Operation:
    return Operation(
        id=identifier,
        method=method,
        path=path,
        summary="Revoke a credential",
        description="Takes it back for good: its documents, its status list and its page say so, and why.",
        door=side.door(_WRITE, Permission.CLOSE_GRANTS, credentials.revoke_credential),
        parameters=(*side.parameters, CREDENTIAL_ID),
        body=REASON_BODY,
        body_example={"reason": "Issued by mistake"},
        success=Success(
            shape=IssuedCredential, description="The credential.", example={**CREDENTIAL_EXAMPLE, **_REVOKED}
        ),
        refusals=(
            *body_refusals(REASON_BODY),
            _NOT_FOUND,
            Refusal(status=409, texts=(REVOKED_ALREADY,)),
            *side.refusals,
        ),
    )


_ISSUE_MANY = Operation(
    id="issueCredentials",
    method="POST",
    path=f"{_all(PROGRAMS)}/bulk",
    summary="Issue many credentials",
    description=f"One badge for up to {MAX_BULK} recipients, each as if issued alone; the answer has a result for each.",
    door=PROGRAMS.door(_WRITE, Permission.ISSUE, credentials.issue_credentials),
    parameters=(IDEMPOTENCY_KEY,),
    body=BULK_BODY,
    body_example=BULK_EXAMPLE,
    success=Success(
        shape=BulkResults,
        description="What became of each recipient.",
        example={
            "data": [{"index": 0, "status": 201, "credential": CREDENTIAL_EXAMPLE, "error": None}],
            "issued": 1,
            "failed": 0,
        },
    ),
    refusals=(*body_refusals(BULK_BODY), *REPEATED),
)

OPERATIONS = (
    *(_issue(side) for side in SIDES),
    _ISSUE_MANY,
    *(operation for side in SIDES for operation in (_list(side), _get(side))),
    _revoke(PROGRAMS, "revokeCredential", "POST", f"{_one(PROGRAMS)}/revoke"),
    _revoke(PEOPLE, "deleteOrganizationCredential", "DELETE", _one(PEOPLE)),
)
