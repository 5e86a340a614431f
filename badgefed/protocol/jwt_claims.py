"""A credential inside a JWT, and the registered claims that repeat what it says.

Two shapes: the payload is the credential (VC 2.0, OB 3.0 §8.2.4), or has it under `vc` (VC Data Model 1.1 §6.3.1).
"""

from __future__ import annotations

from typing import Any

from badgefed.errors import Invalid, Unprocessable
from badgefed.model.times import SECOND, format_rfc3339, from_rfc3339
from badgefed.protocol.jsonld import Document

REGISTERED = frozenset({"iss", "sub", "aud", "exp", "nbf", "iat", "jti"})

_MAX_SECONDS = 253_402_300_799
"""The end of the year 9999."""


def claims_of(credential: Document) -> dict[str, Any]:
    """`iss`, `jti`, `nbf` and, where the credential has them, `sub` and `exp`; times in whole seconds.

    Raises Unprocessable if it lacks id, issuer or validFrom, or has a claim's name as a member.
    """
    issuer, identifier = _id_of(credential.get("issuer")), credential.get("id")
    if not issuer or not identifier or "validFrom" not in credential:
        raise Unprocessable("a credential that is to become a JWT must have id, issuer and validFrom")
    if not REGISTERED.isdisjoint(credential):
        raise Unprocessable("a credential must not have members with the names of JWT claims")
    claims: dict[str, Any] = {
        "iss": issuer,
        "jti": identifier,
        "nbf": _instant(credential["validFrom"], "validFrom") // SECOND,
    }
    subject = _id_of(credential.get("credentialSubject"))
    if subject:
        claims["sub"] = subject
    if "validUntil" in credential:
        claims["exp"] = _instant(credential["validUntil"], "validUntil") // SECOND
    return claims


def credential_of(payload: Document) -> Document:
    """The credential in the payload of a JWT.

    A registered claim and its member must say the same, else Unprocessable names the two; where the credential lacks the
    member, the claim becomes it, so that no expiry is lost. Raises Invalid if the payload has no credential.
    """
    credential, starts, ends = _unwrap(payload)
    _join(payload, credential, "jti", "id")
    _join_issuer(payload, credential)
    _join_time(payload, credential, "nbf", starts)
    _join_time(payload, credential, "exp", ends)
    _join_subject(payload, credential)
    return credential


def _unwrap(payload: Document) -> tuple[Document, str, str]:
    """A copy of the credential, and the names that it has for its beginning and its end."""
    if "vp" in payload:
        raise Invalid("The signed text is a presentation, not a credential.")
    if "vc" not in payload:
        if "@context" not in payload:
            raise Invalid("The signed text holds no credential.")
        bare = {name: value for name, value in payload.items() if name not in REGISTERED}
        return bare, "validFrom", "validUntil"
    wrapped = payload["vc"]
    if not isinstance(wrapped, dict) or "@context" in payload:
        raise Invalid("The signed text must have its credential under vc or beside the claims, not both.")
    starts = "issuanceDate" if "issuanceDate" in wrapped or "validFrom" not in wrapped else "validFrom"
    ends = "validUntil" if "validUntil" in wrapped and "expirationDate" not in wrapped else "expirationDate"
    return dict(wrapped), starts, ends


def _join(payload: Document, credential: Document, claim: str, member: str) -> None:
    if claim not in payload:
        return
    if not isinstance(payload[claim], str):
        raise Invalid(f"The claim {claim} must be a text.")
    if credential.setdefault(member, payload[claim]) != payload[claim]:
        raise _contradiction(claim, member)


def _join_issuer(payload: Document, credential: Document) -> None:
    issuer = credential.get("issuer")
    if isinstance(issuer, dict):
        credential["issuer"] = dict(issuer)
        _join(payload, credential["issuer"], "iss", "id")
    else:
        _join(payload, credential, "iss", "issuer")


def _join_subject(payload: Document, credential: Document) -> None:
    """`sub` can stand for one subject only."""
    found = credential.get("credentialSubject")
    if "sub" not in payload or found is None:
        return
    subjects = found if isinstance(found, list) else [found]
    if len(subjects) != 1 or not isinstance(subjects[0], dict):
        raise _contradiction("sub", "credentialSubject")
    joined = dict(subjects[0])
    _join(payload, joined, "sub", "id")
    credential["credentialSubject"] = [joined] if isinstance(found, list) else joined


def _join_time(payload: Document, credential: Document, claim: str, member: str) -> None:
    if claim not in payload:
        return
    seconds = payload[claim]
    if type(seconds) not in (int, float) or not 0 <= seconds <= _MAX_SECONDS:
        raise Invalid(f"The claim {claim} must be a time in seconds since 1970.")
    claimed = int(seconds * SECOND)
    if member not in credential:
        credential[member] = format_rfc3339(claimed)
    elif abs(_instant(credential[member], member) - claimed) >= SECOND:
        raise _contradiction(claim, member)


def _instant(value: object, member: str) -> int:
    try:
        return from_rfc3339(str(value))
    except (ValueError, TypeError) as error:
        raise Invalid(f"The credential's {member} is no time with a zone.") from error


def _id_of(value: object) -> str | None:
    found = value.get("id") if isinstance(value, dict) else value
    return found if isinstance(found, str) else None


def _contradiction(claim: str, member: str) -> Unprocessable:
    return Unprocessable(f"The claim {claim} and the credential's {member} contradict each other.")
