"""The code that is sent to a profile, derived from the server's secret and the challenge: it is stored nowhere."""

from __future__ import annotations

from badgefed.model.grant import Grant
from badgefed.protocol.sealing import codes_match, derive_code
from badgefed.store.profile_challenges import Challenge


def profile_code(secret_key: str, grant: Grant, challenge: Challenge) -> str:
    """As `sealing.derive_code` makes it."""
    return derive_code(
        secret_key,
        purpose="profile-code",
        subject=f"{grant.uuid}:{challenge.created_at}:{challenge.profile}",
    )


def is_code(secret_key: str, grant: Grant, challenge: Challenge, typed: str) -> bool:
    """Whether this is the challenge's code, however it was typed."""
    return codes_match(typed, profile_code(secret_key, grant, challenge))
