"""What an organization granted: searched, in pages, and as a file."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from badgefed.issuing.grant_export import write_grants
from badgefed.model.organization import Permission
from badgefed.store.database import Reader
from badgefed.store.organization_grants import (
    GrantFilter,
    GrantOrder,
    GrantRow,
    GrantSearch,
    find_end,
    list_grants,
    state_of,
)
from badgefed.web.console.access import (
    Desk,
    for_member,
    render_console,
)
from badgefed.web.console.choices import Choices, load_choices
from badgefed.web.console.paging import read_before, read_number
from badgefed.web.people import recipient_of
from badgefed.web.recipients import HEADERS
from badgefed.web.templating import services_of

GRANTS = "/console/o/{organization}/grants"
PER_PAGE = 50
SEARCHED = 5_000
MAX_TEXT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which grants are asked for, in which order."""

    state: GrantFilter | None
    order: GrantOrder
    text: str
    badge: str

    @property
    def query(self) -> dict[str, str]:
        """As the parameters of an address, without those that say nothing."""
        order = "" if self.order is GrantOrder.NEWEST else self.order
        given = {"state": self.state or "", "q": self.text, "badge": self.badge, "order": order}
        return {name: value for name, value in given.items() if value}

    @property
    def search(self) -> GrantSearch:
        return GrantSearch(
            state=self.state, text=self.text or None, badge_id=read_number(self.badge), order=self.order
        )


def _read_wanted(request: Request) -> Wanted:
    """What is none of ours counts as not given."""
    asked = request.query_params
    state, order, badge = asked.get("state", ""), asked.get("order", ""), asked.get("badge", "")
    return Wanted(
        state=GrantFilter(state) if state in set(GrantFilter) else None,
        order=GrantOrder(order) if order in set(GrantOrder) else GrantOrder.NEWEST,
        text=asked.get("q", "").strip()[:MAX_TEXT],
        badge=badge if read_number(badge) is not None else "",
    )


@for_member(Permission.READ)
async def show_grants(request: Request, desk: Desk) -> Response:
    """By state, badge and text, in one of three orders; a text is looked for in some thousand grants at a time."""
    services, wanted = services_of(request), _read_wanted(request)
    now, after = services.clock(), read_before(request)

    rows, following, choices = await services.database.read(
        lambda reader: _load(reader, desk, wanted, after, now)
    )
    older = "?" + urlencode({**wanted.query, "before": following}) if following is not None else None
    return render_console(
        request,
        "console/grants.html",
        desk.visit,
        desk=desk,
        rows=[(row, recipient_of(row.grant, None), state_of(row.grant, now)) for row in rows],
        older=older,
        states=list(GrantFilter),
        orders=list(GrantOrder),
        wanted=wanted,
        choices=choices,
        export=f"{desk.root}/grants.csv?{urlencode(wanted.query)}",
        may_issue=desk.may(Permission.ISSUE),
    )


async def _load(
    reader: Reader, desk: Desk, wanted: Wanted, after: int | None, now: int
) -> tuple[list[GrantRow], int | None, Choices]:
    """A page, the grant beyond which the next one begins, and the badges to choose from."""
    organization_id, search = desk.organization.id, wanted.search
    end = None
    if search.text:
        end = await find_end(reader, organization_id, search, now=now, after=after, within=SEARCHED)
    rows = await list_grants(
        reader, organization_id, search, now=now, after=after, until=end, limit=PER_PAGE + 1
    )
    following = rows[PER_PAGE - 1].grant.id if len(rows) > PER_PAGE else end
    return rows[:PER_PAGE], following, await load_choices(reader, organization_id, chosen=wanted.badge)


@for_member(Permission.READ)
async def export_grants(request: Request, desk: Desk) -> Response:
    """All that the list shows, on all its pages, as CSV."""
    services, wanted = services_of(request), _read_wanted(request)
    headers = {
        **HEADERS,
        "Content-Disposition": f'attachment; filename="grants-{desk.organization.slug}.csv"',
    }
    rows = write_grants(services, desk.organization.id, wanted.search)
    return StreamingResponse(rows, media_type="text/csv", headers=headers)


routes: list[BaseRoute] = [
    Route(GRANTS, show_grants),
    Route(f"{GRANTS}.csv", export_grants),
]
