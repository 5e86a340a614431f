"""Whether a document conforms to Open Badges 2.0 (specification of 2018-04-12), as the validators of its time read it.

There is no JSON Schema of it: documents are JSON-LD, so a value and an array of one mean the same, and null is absence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal

from badgefed.protocol.conformance.kinds import (
    BOOLEAN,
    MOMENT,
    TEXT,
    Form,
    Kind,
    are_in_order,
    text_like,
    text_of,
)
from badgefed.protocol.conformance.models import DataModel, JsonObject, Model, many, one, optional, types
from badgefed.protocol.conformance.recognition import Version, contexts_of, recognise
from badgefed.protocol.conformance.violations import Rule, Severity, Violation, beyond_schema
from badgefed.protocol.jsonld import OPEN_BADGES_2
from badgefed.protocol.openbadges import web_url

ClassName = Literal["Assertion", "BadgeClass", "Profile", "CryptographicKey", "RevocationList", "Endorsement"]

_UUID = re.compile(
    r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.IGNORECASE
)
_HASH = re.compile(r"md5\$[0-9a-f]{32}|sha256\$[0-9a-f]{64}", re.IGNORECASE)
_BADGE_PICTURE = re.compile(r"data:image/(png|svg\+xml)[;,]", re.IGNORECASE)
_PICTURE = re.compile(r"data:image/[a-z0-9.+-]+[;,]", re.IGNORECASE)
_SIGNED = frozenset(("SignedBadge", "signed"))
_HOSTED = frozenset(("HostedBadge", "hosted"))


def check(value: object, name: ClassName = "Assertion") -> tuple[Violation, ...]:
    """The violations of a document of the class, errors before warnings, at most `violations.MAX_VIOLATIONS`.

    A document of Open Badges 1.x has one, which says so: its rules were others. Documents that are embedded where a URL may
    stand are checked with it. Never raises.
    """
    if recognise(value) is Version.OPEN_BADGES_1:
        reason = "This is an Open Badges 1.x badge; what came after it is Open Badges 2.0."
        return (Violation(path="", reason=reason, rule=Rule.VERSION),)
    return DATA_MODEL.check(value, name, laws=(_check_context,))


def looks_hashed(identity: str) -> bool:
    """Whether the identity has the form of a hash: `sha256$` or `md5$` with as many hexadecimal digits (IdentityHash)."""
    return _HASH.fullmatch(identity) is not None


def _check_context(document: JsonObject) -> Iterator[Violation]:
    if OPEN_BADGES_2 in contexts_of(document):
        return
    contexts = document.get("@context")
    if any(isinstance(context, dict) for context in (contexts if isinstance(contexts, list) else [contexts])):
        reason = f"The context is written out here; it should be {OPEN_BADGES_2}."
        severity = Severity.WARNING
    else:
        reason, severity = f"The context must be {OPEN_BADGES_2}.", Severity.ERROR
    yield Violation(path="/@context", reason=reason, rule=Rule.CONTEXT, severity=severity)


def _is_url(text: str) -> bool:
    return web_url(text) == text


def _is_id(text: str) -> bool:
    return _is_url(text) or _UUID.fullmatch(text) is not None or text.startswith("_:")


def _picture(data: re.Pattern[str]) -> Kind:
    """A URL, or a data URI that the pattern begins."""
    return text_of(
        Form(
            holds=lambda text: _is_url(text) or data.match(text) is not None,
            words="an http(s) URL or a data URI of a picture of the right type",
            rule=Rule.URI,
        )
    )


def _check_assertion(assertion: JsonObject) -> Iterator[Violation]:
    if "uid" in assertion:
        yield beyond_schema("/uid", "'uid' belongs to Open Badges 1.x; an Assertion is named by its 'id'.")
    if not are_in_order(assertion.get("issuedOn"), assertion.get("expires")):
        yield beyond_schema("/expires", "'expires' is before 'issuedOn'.")


def _check_identity(recipient: JsonObject) -> Iterator[Violation]:
    hashed, identity = recipient.get("hashed"), recipient.get("identity")
    if not isinstance(hashed, bool) or not isinstance(identity, str) or hashed is looks_hashed(identity):
        return
    reason = (
        "'hashed' is true, but the identity is no hash like 'sha256$' with 64 hexadecimal digits."
        if hashed
        else "'hashed' is false, but the identity looks like a hash."
    )
    yield beyond_schema("/identity", reason)


def _check_verification(verification: JsonObject) -> Iterator[Violation]:
    kinds = verification.get("type")
    names = kinds if isinstance(kinds, list) else [kinds]
    is_signed = any(isinstance(name, str) and name in _SIGNED for name in names)
    if is_signed and not verification.get("creator"):
        reason = "A signed badge should name the key in 'creator'; some verifiers refuse it otherwise."
        yield beyond_schema("", reason, Severity.WARNING)


def _is_revoked(assertion: JsonObject) -> str | None:
    return "revoked Assertion" if assertion.get("revoked") is True else None


_ID = text_of(Form(holds=_is_id, words="an http(s) URL or a urn:uuid", rule=Rule.URI))
_URL = text_of(Form(holds=_is_url, words="an http(s) URL", rule=Rule.URI))
_NUMBER_OR_TEXT = Kind(types=(str, int, float), words="a text or a number")
_E164 = re.compile(r"\+?[1-9][0-9]{1,14}(;ext=[0-9]+)?")
_TELEPHONE = text_of(
    Form(
        holds=lambda text: _E164.fullmatch(text) is not None,
        words="a telephone number like +14155550100",
        severity=Severity.WARNING,
    )
)
_PEM = text_like(
    r"\s*-----BEGIN (RSA )?PUBLIC KEY-----[A-Za-z0-9+/=\s]+-----END (RSA )?PUBLIC KEY-----\s*",
    "a public key in PEM",
)

_ANYWHERE = {
    **many(_URL, "endorsement", model="Endorsement"),
    **many(_ID, "related", model="Related"),
    **optional(_NUMBER_OR_TEXT, "version"),
}


def _image(kind: Kind) -> Model:
    return Model(fields=one(kind, "id") | optional(TEXT, "caption") | optional(_ID, "author", model="Author"))


def _assertion_fields() -> dict[str, Any]:
    """What an Assertion may have whether it is revoked or not."""
    return {
        **one(_ID, "id"),
        **optional(_URL, "image", model="Image at a URL"),
        **many(_ID, "evidence", model="Evidence"),
        **optional(TEXT, "narrative", "revocationReason"),
        **optional(MOMENT, "expires"),
        **optional(BOOLEAN, "revoked"),
        **_ANYWHERE,
    }


_AWARDS = {
    "Assertion": Model(
        fields={
            **types("Assertion"),
            **one("IdentityObject", "recipient"),
            **one(_ID, "badge", model="BadgeClass"),
            **one("Verification of an Assertion", "verification"),
            **one(MOMENT, "issuedOn"),
            **_assertion_fields(),
        },
        laws=(_check_assertion,),
        variant=_is_revoked,
    ),
    "revoked Assertion": Model(
        fields={
            **types("Assertion", required=False),
            **optional("IdentityObject", "recipient"),
            **optional(_ID, "badge", model="BadgeClass"),
            **optional("Verification of an Assertion", "verification"),
            **optional(MOMENT, "issuedOn"),
            **_assertion_fields(),
        },
        laws=(_check_assertion,),
    ),
    "IdentityObject": Model(
        fields={
            **types(frozenset(("email", "url", "telephone", "id"))),
            **one(TEXT, "identity"),
            **one(BOOLEAN, "hashed"),
            **optional(TEXT, "salt"),
        },
        laws=(_check_identity,),
    ),
    "Verification of an Assertion": Model(
        fields={**types(_SIGNED | _HOSTED), **optional(_ID, "creator", model="CryptographicKey")},
        laws=(_check_verification,),
    ),
    "Evidence": Model(
        fields={
            **optional(_ID, "id"),
            **many(TEXT, "type"),
            **optional(TEXT, "narrative", "name", "description", "genre", "audience"),
        }
    ),
}

_BADGES = {
    "BadgeClass": Model(
        fields={
            **one(_ID, "id"),
            **types("BadgeClass"),
            **one(TEXT, "name", "description"),
            **one(_picture(_BADGE_PICTURE), "image", model="Image of a badge"),
            **one(_ID, "criteria", model="Criteria"),
            **one(_ID, "issuer", model="Profile"),
            **many("AlignmentObject", "alignment"),
            **many(TEXT, "tags"),
            **optional(TEXT, "@language"),
            **_ANYWHERE,
        }
    ),
    "Criteria": Model(fields=optional(_ID, "id") | optional(TEXT, "narrative")),
    "AlignmentObject": Model(
        fields={
            **one(TEXT, "targetName"),
            **one(_URL, "targetUrl"),
            **optional(TEXT, "targetDescription", "targetFramework", "targetCode"),
        }
    ),
    "Related": Model(fields=one(_ID, "id") | optional(_NUMBER_OR_TEXT, "version")),
    "Image at a URL": _image(_URL),
    "Image of a badge": _image(_picture(_BADGE_PICTURE)),
    "Image of a profile": _image(_picture(_PICTURE)),
    "Author": Model(fields=one(_ID, "id")),
}

_ISSUERS = {
    "Profile": Model(
        fields={
            **one(_ID, "id"),
            **types(frozenset(("Issuer", "Profile"))),
            **one(TEXT, "name"),
            **one(_URL, "url"),
            **one(TEXT, "email", missing=Severity.WARNING),
            **optional(TEXT, "description"),
            **optional(_picture(_PICTURE), "image", model="Image of a profile"),
            **optional(_TELEPHONE, "telephone"),
            **many(_ID, "publicKey", model="CryptographicKey"),
            **optional("VerificationObject", "verification"),
            **optional(_URL, "revocationList", model="RevocationList"),
            **_ANYWHERE,
        }
    ),
    "VerificationObject": Model(
        fields={
            **many(TEXT, "type", "startsWith", "allowedOrigins"),
            **optional(TEXT, "verificationProperty"),
        }
    ),
    "CryptographicKey": Model(
        fields={
            **one(_ID, "id"),
            **types("CryptographicKey"),
            **one(_ID, "owner"),
            **one(_PEM, "publicKeyPem"),
        }
    ),
    "RevocationList": Model(
        fields={
            **types("RevocationList"),
            **many(TEXT, "revokedAssertions", model="Revocation", required=True),
            **optional(_ID, "id"),
            **optional(_ID, "issuer", model="Profile"),
        }
    ),
    "Revocation": Model(fields=optional(_ID, "id") | optional(TEXT, "uid", "revocationReason")),
    "Endorsement": Model(
        fields={
            **one(_ID, "id"),
            **types("Endorsement"),
            **one("Claim", "claim"),
            **one(_ID, "issuer", model="Profile"),
            **one(MOMENT, "issuedOn"),
            **one("Verification of an Assertion", "verification"),
        }
    ),
    "Claim": Model(fields=one(_ID, "id") | optional(TEXT, "endorsementComment")),
}

DATA_MODEL = DataModel(models=_AWARDS | _BADGES | _ISSUERS, strict=False)
