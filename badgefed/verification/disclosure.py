"""What may be said of a badge of this server that was taken back: that it was, why, which badge, but not whose."""

from __future__ import annotations

from dataclasses import replace

from badgefed.verification.results import CheckName, Outcome, Verification


def without_withdrawn(verification: Verification) -> Verification:
    """The result without recipient, evidence and documents where this server looked them up and they were revoked.

    Its doors answer 410 for them; what somebody handed in is theirs to see.
    """
    revocation = verification.check(CheckName.NOT_REVOKED)
    is_revoked = revocation is not None and revocation.outcome is Outcome.FAIL
    if verification.grant_id is None or verification.source is None or not is_revoked:
        return verification
    badge = replace(verification.badge, recipient=None, evidence=())
    return replace(verification, badge=badge, document={}, token=None)
