"""One verification under way: what it may use, and what is said at its end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from badgefed.errors import FetchFailed
from badgefed.verification.results import (
    Check,
    Kind,
    ShownBadge,
    StatusSource,
    Verification,
    in_order,
    judge,
)
from badgefed.verification.sources import Sources
from badgefed.work.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """`recipient` is whom the verifier expects, None if nobody, and `recipient_names` what else that one is called; `now` in microseconds."""

    services: Services
    sources: Sources
    recipient: str | None
    recipient_names: tuple[str, ...] = ()
    now: int

    def conclude(
        self,
        *,
        kind: Kind | None,
        document: Mapping[str, Any],
        badge: ShownBadge,
        checks: Iterable[Check | None],
        token: str | None = None,
        source: str | None = None,
        status: StatusSource | None = None,
        grant_id: int | None = None,
    ) -> Verification:
        """The result; checks that are None don't apply."""
        made = in_order(check for check in checks if check is not None)
        return Verification(
            verdict=judge(made),
            checks=made,
            kind=kind,
            badge=badge,
            document=document,
            token=token,
            source=source,
            status=status,
            checked_at=self.now,
            grant_id=grant_id,
        )


def is_certain(failure: FetchFailed) -> bool:
    """Whether the other server said itself that it has nothing there, as against an outage."""
    return failure.http_status in (404, 410)
