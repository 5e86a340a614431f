"""Sending a browser to its owner's server to sign in there, and knowing it again when it comes back.

The page in between forwards by itself. A form may not redirect to another site: our policy for forms forbids that, and
some browsers apply it to redirects as well.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from badgefed.protocol.sealing import tokens_match
from badgefed.web.cookies import clear_cookie, read_cookie, set_cookie
from badgefed.web.recipients import HEADERS
from badgefed.web.templating import render, services_of
from badgefed.work.fediverse_sign_in import LIFETIME, Departure, hash_state
from badgefed.work.rate_limits import RateLimiter, check_decision, sender_network

PER_MINUTE = 10


def check_sender(request: Request) -> None:
    """Counts one more sign-in that is to begin: each makes us ask a server. Raises `RateLimited`."""
    state = request.app.state
    if not hasattr(state, "departures"):
        state.departures = RateLimiter(PER_MINUTE, PER_MINUTE, services_of(request).clock)
    limiter: RateLimiter = state.departures
    check_decision(limiter.check(sender_network(request.client.host if request.client else "")))


def show_departure(request: Request, departure: Departure) -> Response:
    """The page that forwards, with the cookie that binds the sign-in to this browser."""
    services = services_of(request)
    response = render(
        request, "fediverse-departure.html", headers=HEADERS, url=departure.url, host=departure.host
    )
    set_cookie(services, response, _cookie(departure.state), departure.state, lifetime=LIFETIME)
    return response


def is_same_browser(request: Request, state: str) -> bool:
    """Whether this browser was sent off with this state."""
    brought = read_cookie(services_of(request), request, _cookie(state))
    return brought is not None and tokens_match(brought, state)


def forget_departure(request: Request, response: Response, state: str) -> None:
    """Takes the cookie away."""
    clear_cookie(services_of(request), response, _cookie(state))


def _cookie(state: str) -> str:
    """Each sign-in has a cookie of its own, so that two windows don't disturb each other."""
    return f"badgefed-sign-in-{hash_state(state)[:16]}"
