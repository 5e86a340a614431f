"""What a verification finds: named checks with sentences for people, a verdict over them, and the badge as it is shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from badgefed.texts import Message


class Outcome(StrEnum):
    PASS = "pass"  # noqa: S105
    WARNING = "warning"
    FAIL = "fail"
    COULD_NOT_CHECK = "could-not-check"


class CheckName(StrEnum):
    """In the order in which they are shown."""

    INTEGRITY = "integrity"
    ISSUER_IDENTITY = "issuer-identity"
    ISSUER_KNOWN = "issuer-known"
    NOT_REVOKED = "not-revoked"
    NOT_SUSPENDED = "not-suspended"
    DATES = "dates"
    RECIPIENT = "recipient"
    SCHEMA = "schema"
    ENDORSEMENTS = "endorsements"
    PUBLISHED = "published"


class Verdict(StrEnum):
    VALID = "valid"
    WARNING = "warning"
    INVALID = "invalid"
    COULD_NOT_CHECK = "could-not-check"


class Kind(StrEnum):
    """How the badge is secured."""

    OB2_HOSTED = "ob2-hosted"
    OB2_SIGNED = "ob2-signed"
    OB3_PROOF = "ob3-proof"
    OB3_JWT = "ob3-jwt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """`sentence` is for anybody, `detail` the technical reason in English."""

    name: CheckName
    outcome: Outcome
    sentence: Message
    detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownIssuer:
    id: str | None = None
    name: str | None = None
    url: str | None = None
    image: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownEvidence:
    name: str | None = None
    url: str | None = None
    narrative: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownBadge:
    """What the document says, in strangers' words: escape all of it, and trust it only as far as the verdict goes.

    URLs are http(s) or absent; `image` may also be a `data:image/…` URL. Instants in microseconds. `recipient` is a profile,
    a name or an address as far as the document shows it; None where it has only a hash.
    """

    name: str | None = None
    description: str | None = None
    image: str | None = None
    image_alt: str | None = None
    achievement_type: str | None = None
    criteria: str | None = None
    criteria_url: str | None = None
    issuer: ShownIssuer = field(default_factory=ShownIssuer)
    recipient: str | None = None
    issued: int | None = None
    expires: int | None = None
    evidence: tuple[ShownEvidence, ...] = ()
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusSource:
    """Where the word on revocation came from; `as_of` is the instant of that word, in microseconds."""

    url: str
    as_of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """`document` is the badge's JSON as it was read (the payload of a token), `token` the compact JWS if there was one.

    `source` is the URL under which it was found, None for what was handed in. `grant_id` is set for a badge of this server.
    """

    verdict: Verdict
    checks: tuple[Check, ...]
    kind: Kind | None
    badge: ShownBadge
    document: Mapping[str, Any]
    token: str | None = None
    source: str | None = None
    status: StatusSource | None = None
    checked_at: int
    grant_id: int | None = None

    def check(self, name: CheckName) -> Check | None:
        return next((check for check in self.checks if check.name is name), None)


SECONDARY = frozenset({CheckName.ISSUER_KNOWN, CheckName.ENDORSEMENTS, CheckName.PUBLISHED})
"""What says something around the badge: where it can't be checked, the badge is not valid, but its core is."""


_ORDER = {name: place for place, name in enumerate(CheckName)}


def in_order(checks: Iterable[Check]) -> tuple[Check, ...]:
    """As they are shown."""
    return tuple(sorted(checks, key=lambda check: _ORDER[check.name]))


def judge(checks: Sequence[Check]) -> Verdict:
    """One failure makes it invalid; it is valid only if every check passed."""
    if not checks:
        return Verdict.COULD_NOT_CHECK
    if any(check.outcome is Outcome.FAIL for check in checks):
        return Verdict.INVALID
    open_checks = {check.name for check in checks if check.outcome is Outcome.COULD_NOT_CHECK}
    if open_checks - SECONDARY:
        return Verdict.COULD_NOT_CHECK
    if open_checks or any(check.outcome is Outcome.WARNING for check in checks):
        return Verdict.WARNING
    return Verdict.VALID


def passed(name: CheckName, sentence: Message, detail: str | None = None) -> Check:
    return Check(name=name, outcome=Outcome.PASS, sentence=sentence, detail=detail)


def warned(name: CheckName, sentence: Message, detail: str | None = None) -> Check:
    return Check(name=name, outcome=Outcome.WARNING, sentence=sentence, detail=detail)


def failed(name: CheckName, sentence: Message, detail: str | None = None) -> Check:
    return Check(name=name, outcome=Outcome.FAIL, sentence=sentence, detail=detail)


def unchecked(name: CheckName, sentence: Message, detail: str | None = None) -> Check:
    return Check(name=name, outcome=Outcome.COULD_NOT_CHECK, sentence=sentence, detail=detail)
