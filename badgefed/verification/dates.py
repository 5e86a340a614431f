"""Is the badge within its dates?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from badgefed.model.times import MINUTE, format_rfc3339, to_datetime
from badgefed.texts import say
from badgefed.verification.members import instant_of, text_of
from badgefed.verification.results import Check, CheckName, failed, passed, unchecked

LEEWAY = 5 * MINUTE

_STARTS = ("validFrom", "issuanceDate", "issuedOn")
_ENDS = ("validUntil", "expirationDate", "expires")


def check_dates(document: Mapping[str, Any], *, now: int) -> Check:
    """Of a credential or an Assertion; clocks may differ by five minutes."""
    name = CheckName.DATES
    start, end = instant_of(document, *_STARTS), instant_of(document, *_ENDS)
    if start is None:
        return failed(
            name,
            say("The badge does not say properly since when it is valid."),
            f"{' or '.join(_STARTS)} must be a date and time with its zone",
        )
    if end is None and text_of(document, *_ENDS) is not None:
        return unchecked(
            name,
            say("The badge's expiry date can't be read."),
            f"{' or '.join(_ENDS)} must be a date and time with its zone",
        )
    if start > now + LEEWAY:
        return failed(
            name,
            say("The badge is not valid yet: it is dated %(day)s.", day=_day(start)),
            format_rfc3339(start),
        )
    if end is not None and end < start:
        return failed(
            name,
            say("The badge expires before it begins."),
            f"{format_rfc3339(end)} is before {format_rfc3339(start)}",
        )
    if end is not None and end < now - LEEWAY:
        return failed(name, say("The badge expired on %(day)s.", day=_day(end)), format_rfc3339(end))
    if end is None:
        return passed(name, say("Issued on %(day)s; it does not expire.", day=_day(start)))
    return passed(
        name,
        say("Issued on %(start)s; it is valid until %(end)s.", start=_day(start), end=_day(end)),
    )


def _day(instant: int) -> date:
    return to_datetime(instant).date()
