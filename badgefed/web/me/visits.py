"""Who is signed in: the cookie, the session behind it, and what the forms of its pages carry."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import wraps

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from badgefed.issuing import holders
from badgefed.issuing.holders import SESSION_LIFETIME, Holder
from badgefed.model.times import Clock
from badgefed.store.database import Reader
from badgefed.store.holders import Session
from badgefed.web.cookies import clear_cookie, read_cookie, set_cookie
from badgefed.web.csrf import check_form, form_token
from badgefed.web.errors import as_page
from badgefed.web.recipients import HEADERS
from badgefed.web.templating import services_of
from badgefed.work.rate_limits import RateLimiter, check_decision, sender_network
from badgefed.work.services import Services

HOME = "/me"
PLACE = "at"
"""The parameter that names a badge whose page of the collection is wanted."""

ASKED_PER_MINUTE = 10
ADDED_PER_MINUTE = 5
IMPORTED_PER_MINUTE = 10
CARRIED_PER_MINUTE = 10
CHANGED_PER_MINUTE = 20
COOKIE = "badgefed-me"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A request of somebody who is signed in."""

    session: Session
    holder: Holder

    @property
    def form_subject(self) -> str:
        return f"me:{self.session.token_hash}"


SignedInHandler = Callable[[Request, Visit], Awaitable[Response]]


class Limits:
    """How often one sender, or one holder, may do what costs us or others something. Counted in this process."""

    def __init__(self, clock: Clock) -> None:
        self.asked = RateLimiter(ASKED_PER_MINUTE, ASKED_PER_MINUTE, clock)
        self.added = RateLimiter(ADDED_PER_MINUTE, ADDED_PER_MINUTE, clock)
        self.imported = RateLimiter(IMPORTED_PER_MINUTE, 2 * IMPORTED_PER_MINUTE, clock)
        self.changed = RateLimiter(CHANGED_PER_MINUTE, 2 * CHANGED_PER_MINUTE, clock)
        self.carried = RateLimiter(CARRIED_PER_MINUTE, CARRIED_PER_MINUTE, clock)


def limits_of(request: Request) -> Limits:
    """One for each application."""
    state = request.app.state
    if not hasattr(state, "me_limits"):
        state.me_limits = Limits(state.services.clock)
    limits: Limits = state.me_limits
    return limits


def count_sender(request: Request, limiter: RateLimiter) -> None:
    """Raises `RateLimited`."""
    check_decision(limiter.check(sender_network(request.client.host if request.client else "")))


def count_holder(visit: Visit, limiter: RateLimiter) -> None:
    """Raises `RateLimited`."""
    check_decision(limiter.check(str(visit.holder.id)))


async def find_session(request: Request) -> Session | None:
    """The live session of this browser."""
    services = services_of(request)
    token = read_cookie(services, request, COOKIE)
    if token is None:
        return None
    return await holders.find_session(services.database, token, now=services.clock())


async def find_visit(request: Request) -> Visit | None:
    session = await find_session(request)
    if session is None:
        return None
    holder_id = session.holder_id

    async def load(reader: Reader) -> Holder:
        return await holders.load_holder(reader, holder_id)

    return Visit(session=session, holder=await services_of(request).database.read(load))


def signed_in(handler: SignedInHandler) -> Callable[[Request], Awaitable[Response]]:
    """For what only a holder gets; anybody else is sent to where one signs in. Errors are pages."""

    @as_page
    @wraps(handler)
    async def handle(request: Request) -> Response:
        visit = await find_visit(request)
        return await handler(request, visit) if visit is not None else redirect(HOME)

    return handle


def redirect(path: str) -> RedirectResponse:
    """After a form, to a page that may be loaded again."""
    return RedirectResponse(path, 303, HEADERS)


def enter(services: Services, response: Response, token: str) -> None:
    """The browser keeps the session's token."""
    set_cookie(services, response, COOKIE, token, lifetime=SESSION_LIFETIME)


def leave(services: Services, response: Response) -> None:
    """The browser forgets it."""
    clear_cookie(services, response, COOKIE)


def visit_token(services: Services, visit: Visit) -> str:
    """For the forms of the holder's pages."""
    return form_token(services, visit.form_subject)


def check_visit_form(request: Request, visit: Visit, form: Mapping[str, str]) -> None:
    """Raises `Forbidden` for a form of another site, or of another session."""
    check_form(services_of(request), request, form, visit.form_subject)
