"""What of a badge is no content: its slug, and whether it can be granted."""

from __future__ import annotations

from badgefed.errors import Conflict
from badgefed.model.audit import Action, Author, Target
from badgefed.model.badge import Badge
from badgefed.store import audit, catalogue
from badgefed.store.database import Transaction

SLUG_TAKEN = "There is a badge with this slug already."


async def set_standing(
    tx: Transaction,
    badge: Badge,
    *,
    organization_id: int,
    slug: str | None = None,
    is_active: bool | None = None,
    by: Author,
    now: int,
) -> None:
    """Changes what is given and differs; the slug only while the caller knows that the badge was never granted.

    Raises `Conflict` for a slug that another badge has.
    """
    details: dict[str, str | int] = {}
    if slug is not None and slug != badge.slug:
        if not await catalogue.set_slug(tx, badge, slug, now=now):
            raise Conflict(SLUG_TAKEN)
        details["slug"] = slug
    if is_active is not None and is_active != badge.is_active:
        await catalogue.set_active(tx, badge.id, is_active=is_active, now=now)
        details["active"] = int(is_active)
    if details:
        await audit.record(
            tx,
            by=by,
            action=Action.BADGE_CHANGE,
            target=Target(id=badge.id, label=badge.title),
            organization_id=organization_id,
            now=now,
            details=details,
        )
