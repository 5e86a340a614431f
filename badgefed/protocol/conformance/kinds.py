"""Kinds of single values: the JSON type and the form that a member's value must have."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from badgefed.protocol.conformance.violations import Rule, Severity
from badgefed.protocol.jsonld import is_iri

_DAY_AND_MINUTE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}"
_SECONDS = r":[0-9]{2}(\.[0-9]+)?"
_ZONE = r"(Z|[+-][0-9]{2}:[0-9]{2})"
_DATE_TIME = re.compile(f"{_DAY_AND_MINUTE}{_SECONDS}{_ZONE}")
_MOMENT = re.compile(f"{_DAY_AND_MINUTE}({_SECONDS})?{_ZONE}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EXTENSION = re.compile(r"ext:[A-Za-z0-9._|]")
_MAX_LISTED = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A test that a value of the right JSON type must pass, what passes it in words, and how bad it is to fail."""

    holds: Callable[[Any], bool]
    words: str
    rule: Rule = Rule.FORMAT
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """The JSON types that a value may have, in words too, and its form if not any will do."""

    types: tuple[type, ...]
    words: str
    form: Form | None = None


def read_moment(text: object) -> datetime | None:
    """The moment of an ISO 8601 date and time with a zone, seconds optional; None for everything else."""
    if not isinstance(text, str) or _MOMENT.fullmatch(text) is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def are_in_order(earlier: object, later: object) -> bool:
    """Whether the first moment isn't after the second; True where one of them is none."""
    start, end = read_moment(earlier), read_moment(later)
    return start is None or end is None or start <= end


def is_date_time(text: str) -> bool:
    """Whether the text is a moment with seconds (RFC 3339 §5.6, in capitals)."""
    return _DATE_TIME.fullmatch(text) is not None and read_moment(text) is not None


def is_date(text: str) -> bool:
    """Whether the text is a calendar date, YYYY-MM-DD."""
    try:
        return _DATE.fullmatch(text) is not None and bool(date.fromisoformat(text))
    except ValueError:
        return False


def text_of(form: Form) -> Kind:
    """A text of this form."""
    return replace(TEXT, form=form)


def text_like(pattern: str, words: str) -> Kind:
    """A text that the whole of the pattern matches."""
    compiled = re.compile(pattern)
    return text_of(Form(holds=lambda text: compiled.fullmatch(text) is not None, words=words))


def term_of(vocabulary: Collection[str], *, extensible: bool = False) -> Kind:
    """A term of the vocabulary, or where that may be extended, `ext:` and a name (OB 3.0, extensible enumerated vocabularies)."""
    terms = frozenset(vocabulary)

    def holds(text: str) -> bool:
        return text in terms or (extensible and _EXTENSION.match(text) is not None)

    listed = ", ".join(sorted(terms)[:_MAX_LISTED]) + (" …" if len(terms) > _MAX_LISTED else "")
    words = listed if len(terms) == 1 else f"a term of the vocabulary {listed}"
    if extensible:
        words += ", nor an extension of it, 'ext:' and a name"
    return text_of(Form(holds=holds, words=words, rule=Rule.VOCABULARY))


TEXT = Kind(types=(str,), words="a text")
BOOLEAN = Kind(types=(bool,), words="true or false")
NUMBER = Kind(types=(int, float), words="a number")

DATE = text_of(Form(holds=is_date, words="a calendar date like 2026-03-12"))
DATE_TIME = text_of(Form(holds=is_date_time, words="a date and time with a zone like 2026-03-12T10:30:00Z"))
MOMENT = text_of(
    Form(
        holds=lambda text: read_moment(text) is not None,
        words="a date and time with a zone like 2026-03-12T10:30:00Z",
    )
)
"""As DATE_TIME, but the seconds may be missing."""

URI = text_of(Form(holds=is_iri, words="an absolute URI", rule=Rule.URI))
"""Names something: a relative or broken one names nothing."""

LINK = text_of(Form(holds=is_iri, words="an absolute URI", rule=Rule.URI, severity=Severity.WARNING))
"""Leads somewhere: a broken one takes nothing from what the document says."""
