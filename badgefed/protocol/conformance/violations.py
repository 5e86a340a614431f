"""What a document does against its standard: values, in a number that stays bounded."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from enum import StrEnum

MAX_VIOLATIONS = 20

_MAX_QUOTED = 80


class Severity(StrEnum):
    """An error breaks the standard; a warning is what every reader accepts all the same."""

    ERROR = "error"
    WARNING = "warning"


class Rule(StrEnum):
    """What kind of rule is broken; stable, for programs."""

    MISSING = "missing"
    UNKNOWN_MEMBER = "unknown-member"
    TYPE = "type"
    CLASS = "class"
    VOCABULARY = "vocabulary"
    FORMAT = "format"
    CARDINALITY = "cardinality"
    CONTEXT = "context"
    VERSION = "version"
    DEPTH = "depth"
    URI = "uri"
    STANDARD = "standard"


BEYOND_SCHEMA = frozenset((Rule.URI, Rule.STANDARD))
"""Rules that the standard states in words and that the official JSON Schemas of Open Badges 3.0 do not hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One broken rule. `path` is a JSON Pointer (RFC 6901) to the value, or to the object that lacks it; `reason` a sentence."""

    path: str
    reason: str
    rule: Rule
    severity: Severity = Severity.ERROR


def beyond_schema(path: str, reason: str, severity: Severity = Severity.ERROR) -> Violation:
    """A rule that the standard states in words only."""
    return Violation(path=path, reason=reason, rule=Rule.STANDARD, severity=severity)


class Findings:
    """Collects violations; keeps the first `MAX_VIOLATIONS` of each severity."""

    def __init__(self) -> None:
        self._kept: dict[Severity, list[Violation]] = {severity: [] for severity in Severity}

    def add(self, violation: Violation, *, below: str = "") -> None:
        """Keeps the violation, with its path taken as relative to `below`."""
        kept = self._kept[violation.severity]
        if len(kept) < MAX_VIOLATIONS:
            kept.append(replace(violation, path=below + violation.path) if below else violation)

    def first(self) -> tuple[Violation, ...]:
        """At most `MAX_VIOLATIONS`, errors before warnings, so that an error never hides behind warnings."""
        return tuple([*self._kept[Severity.ERROR], *self._kept[Severity.WARNING]][:MAX_VIOLATIONS])


def has_errors(violations: tuple[Violation, ...]) -> bool:
    """Whether one of the violations is more than a warning."""
    return any(violation.severity is Severity.ERROR for violation in violations)


def pointer(name: str) -> str:
    """The step of a JSON Pointer to a member."""
    return "/" + name.replace("~", "~0").replace("/", "~1")


def quote(value: object) -> str:
    """The value as JSON in ASCII, cut where it is long, for a sentence."""
    text = json.dumps(value[: _MAX_QUOTED + 1] if isinstance(value, str) else value)
    return text if len(text) <= _MAX_QUOTED else text[:_MAX_QUOTED] + "…"
