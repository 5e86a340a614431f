"""Whether a document conforms to Open Badges 3.0: the credentials, and the way into the table of classes.

A single value where the model has an array is a warning, for every verifier accepts it. Credentials of the Verifiable
Credentials Data Model 1.1, on which Open Badges 3.0 first stood, are told by their context and read with their own
names of the dates; that they are of the older form is a warning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from badgefed.protocol.conformance.kinds import DATE_TIME, TEXT, URI, are_in_order
from badgefed.protocol.conformance.models import (
    DataModel,
    Fields,
    JsonObject,
    Law,
    Model,
    many,
    one,
    optional,
    types,
)
from badgefed.protocol.conformance.openbadges3_classes import CLASSES, ENDORSEMENTS
from badgefed.protocol.conformance.violations import Rule, Severity, Violation, beyond_schema, quote
from badgefed.protocol.jsonld import CREDENTIALS_V2

ClassName = Literal["AchievementCredential", "EndorsementCredential", "Profile", "Achievement"]

CREDENTIALS_V1 = "https://www.w3.org/2018/credentials/v1"

_CONTEXT = re.compile(r"https://purl\.imsglobal\.org/spec/ob/v3p0/context(-3\.[0-9]\.[0-9])?\.json")


def check(value: object, name: ClassName = "AchievementCredential") -> tuple[Violation, ...]:
    """The violations of a document of the class, errors before warnings, at most `violations.MAX_VIOLATIONS`.

    The credential of a VC-JWT is checked as the payload has it, without `vc` around it. Never raises.
    """
    return DATA_MODEL.check(value, name)


def is_older_form(credential: JsonObject) -> bool:
    """Whether the credential is one of the Verifiable Credentials Data Model 1.1, by its first context, or by its date if it has none."""
    contexts = credential.get("@context")
    if contexts is None:
        return "issuanceDate" in credential
    return isinstance(contexts, list) and contexts[:1] == [CREDENTIALS_V1]


def _check_contexts(credential: JsonObject) -> Iterator[Violation]:
    contexts = credential.get("@context")
    if not isinstance(contexts, list) or len(contexts) < 2:
        reason = "The contexts must be an array with those of Verifiable Credentials and Open Badges."
        yield Violation(path="/@context", reason=reason, rule=Rule.CONTEXT)
        return
    yield from _check_version(contexts[0])
    if not isinstance(contexts[1], str) or _CONTEXT.fullmatch(contexts[1]) is None:
        reason = "The second context must be one of Open Badges 3.0."
        yield Violation(path="/@context/1", reason=reason, rule=Rule.CONTEXT)
    for index, context in enumerate(contexts[2:], start=2):
        if not isinstance(context, str | dict):
            reason = "A context must be a URL or an object."
            yield Violation(path=f"/@context/{index}", reason=reason, rule=Rule.CONTEXT)


def _check_version(context: object) -> Iterator[Violation]:
    if context == CREDENTIALS_V1:
        reason = "This is the older form, of the Verifiable Credentials Data Model 1.1."
        yield Violation(path="/@context/0", reason=reason, rule=Rule.VERSION, severity=Severity.WARNING)
    elif context != CREDENTIALS_V2:
        reason = f"The first context must be {CREDENTIALS_V2}."
        yield Violation(path="/@context/0", reason=reason, rule=Rule.CONTEXT)


def _check_issuer(credential: JsonObject) -> Iterator[Violation]:
    issuer = credential.get("issuer")
    if isinstance(issuer, list) and len(issuer) == 1:
        issuer = issuer[0]
    if isinstance(issuer, str):
        yield beyond_schema(
            "/issuer", "The issuer must be an object with the type 'Profile', not its id alone."
        )


class _Dates(NamedTuple):
    """What the members are called that bound a credential's validity."""

    start: str
    end: str


_DATES = _Dates("validFrom", "validUntil")
_OLDER_DATES = _Dates("issuanceDate", "expirationDate")


def _check_period(dates: _Dates) -> Law:
    def law(credential: JsonObject) -> Iterator[Violation]:
        if not are_in_order(credential.get(dates.start), credential.get(dates.end)):
            yield beyond_schema(f"/{dates.end}", f"{quote(dates.end)} is before {quote(dates.start)}.")

    return law


def _achievement_credential(dates: _Dates, *, older: str | None = None) -> Model:
    return _credential(
        {
            **types("VerifiableCredential", frozenset(("AchievementCredential", "OpenBadgeCredential"))),
            **optional(TEXT, "name"),
            **one("AchievementSubject", "credentialSubject"),
            **optional("Image", "image"),
            **many("Evidence", "evidence"),
            **ENDORSEMENTS,
        },
        dates,
        older,
    )


def _endorsement_credential(dates: _Dates, *, older: str | None = None) -> Model:
    return _credential(
        {
            **types("VerifiableCredential", "EndorsementCredential"),
            **one(TEXT, "name"),
            **one("EndorsementSubject", "credentialSubject"),
        },
        dates,
        older,
    )


def _credential(fields: Fields, dates: _Dates, older: str | None) -> Model:
    """What both credentials have, with `fields`; `older` is the class that stands for one of the older form."""
    return Model(
        fields={
            **one(URI, "id"),
            **fields,
            **one(TEXT, "issuer", model="Profile"),
            **one(DATE_TIME, dates.start),
            **optional(DATE_TIME, dates.end, "awardedDate"),
            **optional(TEXT, "description"),
            **many("Proof", "proof"),
            **many("CredentialSchema", "credentialSchema"),
            **optional("CredentialStatus", "credentialStatus", several=Severity.WARNING),
            **optional("RefreshService", "refreshService", several=Severity.WARNING),
            **many("TermsOfUse", "termsOfUse"),
        },
        laws=(_check_contexts, _check_issuer, _check_period(dates)),
        variant=lambda credential: older if is_older_form(credential) else None,
    )


_OLDER_ACHIEVEMENT = "AchievementCredential of the older form"
_OLDER_ENDORSEMENT = "EndorsementCredential of the older form"

DATA_MODEL = DataModel(
    models={
        "AchievementCredential": _achievement_credential(_DATES, older=_OLDER_ACHIEVEMENT),
        "EndorsementCredential": _endorsement_credential(_DATES, older=_OLDER_ENDORSEMENT),
        _OLDER_ACHIEVEMENT: _achievement_credential(_OLDER_DATES),
        _OLDER_ENDORSEMENT: _endorsement_credential(_OLDER_DATES),
        **CLASSES,
    },
    strict=True,
)
