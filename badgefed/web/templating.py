"""Pages from templates."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import HTMLResponse

from badgefed.web.statics import load_assets
from badgefed.work.services import Services

LANGUAGE = "en"


def services_of(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


def render(
    request: Request,
    name: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **context: object,
) -> HTMLResponse:
    """The template as a page. Every template has `asset(path)` for static files, `addresses` and `lang` besides its context."""
    services = services_of(request)
    html = services.templates.get_template(name).render(
        {**context, "asset": load_assets().url, "addresses": services.addresses, "lang": LANGUAGE}
    )
    return HTMLResponse(html, status, {"Cache-Control": "no-cache", **(headers or {})})
