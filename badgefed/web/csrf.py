"""Forms that only our own pages can send.

A form carries a token that is derived from what it acts on and from the secret in its page's address: whoever doesn't hold
that address can't make one. What the browser says of a request's origin is checked as well.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request

from badgefed.errors import Forbidden
from badgefed.protocol.sealing import derive_token, tokens_match
from badgefed.work.services import Services

FIELD = "token"
OWN_SITES = frozenset({"same-origin", "none"})


def form_token(services: Services, subject: str) -> str:
    """The token for the forms of one page; `subject` names what they act on and has the page's secret in it."""
    return derive_token(services.settings.secret_key, purpose="form", subject=subject)


def check_form(services: Services, request: Request, form: Mapping[str, str], subject: str) -> None:
    """Raises `Forbidden` for a form that another site sent, or that lacks the token for `subject`."""
    if not _is_own(request, services.addresses.base):
        raise Forbidden("This form was sent from another site.")
    if not tokens_match(form.get(FIELD, ""), form_token(services, subject)):
        raise Forbidden("This form is incomplete; open the page again and send it from there.")


def _is_own(request: Request, base: str) -> bool:
    """By `Sec-Fetch-Site` where a browser sends it: with it, `Origin` is `null` on pages that send no referrer."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in OWN_SITES
    return request.headers.get("origin", "null") in ("null", base)
