"""Where an organization stands, and for a new one, how it comes to its first badge."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from badgefed.model.grant import Grant
from badgefed.model.issuer import Issuer
from badgefed.model.organization import Permission
from badgefed.store import badges, followers, issuers
from badgefed.store.database import Reader
from badgefed.store.organization_grants import (
    GrantFilter,
    GrantNumbers,
    GrantRow,
    count_grants,
    find_latest,
    is_any_shown,
    list_grants,
    state_of,
    was_ever_accepted,
)
from badgefed.web.console.access import Desk, for_member, render_console
from badgefed.web.people import recipient_of
from badgefed.web.templating import services_of

OVERVIEW = "/console/o/{organization}"
LATEST = 5


class Step(StrEnum):
    """What leads from nothing to a first badge that is shown around, as a follower or a second recipient tells."""

    PROFILE = "profile"
    BADGE = "badge"
    GRANT = "grant"
    ACCEPT = "accept"
    SHARE = "share"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A step, whether it is done, and where it is done."""

    step: Step
    is_done: bool
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    issuers: tuple[Issuer, ...]
    badges: int
    followers: int
    numbers: GrantNumbers
    is_answered: bool
    is_shown: bool
    waiting: Grant | None
    shown: Grant | None
    latest: tuple[GrantRow, ...]


@for_member(Permission.READ)
async def show_overview(request: Request, desk: Desk) -> Response:
    """The steps until all are done, the numbers, and what was granted last."""
    services = services_of(request)
    now = services.clock()
    facts = await services.database.read(lambda reader: _load(reader, desk.organization.id, now))
    steps = _steps(desk, facts)
    context: dict[str, Any] = {
        "steps": [] if all(step.is_done for step in steps) else steps,
        "following": next((one.step for one in steps if not one.is_done), None),
        "numbers": facts.numbers,
        "badges": facts.badges,
        "followers": facts.followers,
        "latest": [(row, recipient_of(row.grant, None), state_of(row.grant, now)) for row in facts.latest],
        "may_issue": desk.may(Permission.ISSUE),
    }
    return render_console(request, "console/overview.html", desk.visit, desk=desk, **context)


async def _load(reader: Reader, organization_id: int, now: int) -> _Facts:
    numbers = await count_grants(reader, organization_id, now=now)
    latest = await list_grants(reader, organization_id, limit=LATEST, now=now)
    return _Facts(
        issuers=tuple(await issuers.list_issuers(reader, organization_id=organization_id)),
        badges=await badges.count_badges(reader, organization_id=organization_id),
        followers=sum((await followers.count_by_issuer(reader, organization_id)).values()),
        numbers=numbers,
        is_answered=await was_ever_accepted(reader, organization_id),
        is_shown=await is_any_shown(reader, organization_id),
        waiting=await find_latest(reader, organization_id, where=GrantFilter.PENDING, now=now),
        shown=await find_latest(reader, organization_id, where=GrantFilter.VALID, now=now),
        latest=tuple(latest),
    )


def _steps(desk: Desk, facts: _Facts) -> list[Progress]:
    own = quote(desk.visit.user.email, safe="")
    numbers, grants = facts.numbers, f"{desk.root}/grants"
    has_profile = any(one.summary or one.url or not one.image_generated for one in facts.issuers)
    waiting = f"{grants}/{facts.waiting.uuid}" if facts.waiting else grants
    shown = f"/awards/{facts.shown.uuid}/share" if facts.shown else grants
    has_spread = facts.followers > 0 or numbers.total > 1
    return [
        Progress(step=Step.PROFILE, is_done=has_profile, href=f"{desk.root}/issuers"),
        Progress(step=Step.BADGE, is_done=facts.badges > 0, href=f"{desk.root}/badges"),
        Progress(step=Step.GRANT, is_done=numbers.total > 0, href=f"{desk.root}/granting?recipient={own}"),
        Progress(step=Step.ACCEPT, is_done=facts.is_answered, href=waiting),
        Progress(step=Step.SHARE, is_done=facts.is_shown and has_spread, href=shown),
    ]


routes: list[BaseRoute] = [Route(OVERVIEW, show_overview)]
