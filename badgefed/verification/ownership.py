"""Is a verified badge that of a person who has proved to have several addresses and profiles?"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from badgefed.texts import say
from badgefed.verification.recipients import (
    Identity,
    check_recipient,
    identities_of_assertion,
    identities_of_credential,
)
from badgefed.verification.results import (
    Check,
    CheckName,
    Kind,
    Outcome,
    Verification,
    failed,
    in_order,
    judge,
)

_NO_DETAIL = (
    "the badge's identities, hashed or in clear, equal none of the %d names by which the person is known"
)


async def with_owner(verification: Verification, names: Sequence[str]) -> Verification:
    """The result with the check whether one of these names is the recipient; the verdict follows."""
    check = await asyncio.to_thread(_check, _identities(verification), names)
    checks = in_order(
        [*(made for made in verification.checks if made.name is not CheckName.RECIPIENT), check]
    )
    return replace(verification, checks=checks, verdict=judge(checks))


def _identities(verification: Verification) -> list[Identity]:
    if verification.kind in (Kind.OB2_HOSTED, Kind.OB2_SIGNED):
        return identities_of_assertion(verification.document)
    return identities_of_credential(verification.document) or identities_of_assertion(verification.document)


def _check(identities: Sequence[Identity], names: Sequence[str]) -> Check:
    """The first that fits; else, if the badge names anybody at all, that nothing does."""
    made = [check_recipient(name, identities) for name in names]
    fitting = next((check for check in made if check.outcome is not Outcome.FAIL), None)
    return fitting or failed(
        CheckName.RECIPIENT,
        say("It was issued to none of the addresses and profiles that are yours here."),
        _NO_DETAIL % len(names),
    )
