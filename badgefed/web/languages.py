"""In which language somebody reads: what they chose with `?lang=`, kept in a cookie, else what their browser asks for."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from badgefed.model.times import DAY
from badgefed.protocol.languages import match_language, preferred_language
from badgefed.settings import available_languages
from badgefed.web.cookies import read_cookie, set_cookie
from badgefed.work.services import Services
from badgefed.work.templating import Tongue

COOKIE = "badgefed-language"
PARAMETER = "lang"
KEPT_FOR = 365 * DAY
VARY = "Accept-Language, Cookie"
ANONYMOUS_VARY = "Accept-Language"
"""For frames on other sites, where no cookie of ours comes along."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A language of the switch, and the page that one is on in that language."""

    tag: str
    name: str
    url: str
    is_current: bool


def tongue_of(request: Request) -> Tongue:
    """The language of the answer to a request."""
    services: Services = request.app.state.services
    return services.templates.tongue(_chosen(request) or _kept(services, request) or _asked_for(request))


def choices(request: Request) -> list[Choice]:
    """The switch; none on a page that answers a form, whose address may have no page of its own."""
    if request.method not in ("GET", "HEAD"):
        return []
    services: Services = request.app.state.services
    current = tongue_of(request).tag
    return [
        Choice(
            tag=tongue.tag, name=tongue.name, url=_url(request, tongue.tag), is_current=tongue.tag == current
        )
        for tongue in services.templates.tongues()
    ]


def keep_choice(request: Request, response: Response) -> None:
    """Keeps what was chosen with `?lang=`, and tells caches what the answer depends on."""
    response.headers.add_vary_header(VARY)
    chosen = _chosen(request)
    services: Services = request.app.state.services
    if chosen is not None and chosen != _kept(services, request):
        set_cookie(services, response, COOKIE, chosen, lifetime=KEPT_FOR)


def _url(request: Request, tag: str) -> str:
    query = request.url.include_query_params(**{PARAMETER: tag}).query
    return f"?{query}"


def _chosen(request: Request) -> str | None:
    return _offered(request.query_params.get(PARAMETER, ""))


def _kept(services: Services, request: Request) -> str | None:
    return _offered(read_cookie(services, request, COOKIE) or "")


def _offered(tag: str) -> str | None:
    return match_language(tag, available_languages()) if 0 < len(tag) <= 35 else None


def _asked_for(request: Request) -> str | None:
    return preferred_language(",".join(request.headers.getlist("accept-language")), available_languages())
