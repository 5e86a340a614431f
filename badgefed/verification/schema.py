"""Does the document conform to its standard?"""

from __future__ import annotations

from collections.abc import Sequence

from badgefed.protocol.conformance.violations import Violation, has_errors
from badgefed.texts import say
from badgefed.verification.results import Check, CheckName, failed, passed, warned

MAX_SHOWN = 5


def check_schema(violations: Sequence[Violation], *, version: str) -> Check:
    """`version` of Open Badges, e.g. `3.0`."""
    name = CheckName.SCHEMA
    if not violations:
        return passed(name, say("It is written as Open Badges %(version)s asks for.", version=version))
    detail = "; ".join(f"{violation.path or '/'}: {violation.reason}" for violation in violations[:MAX_SHOWN])
    if has_errors(tuple(violations)):
        return failed(
            name,
            say(
                "It is not written as Open Badges %(version)s asks for; other programs may refuse it.",
                version=version,
            ),
            detail,
        )
    return warned(
        name,
        say("It is written in an older or looser form of Open Badges %(version)s.", version=version),
        detail,
    )
