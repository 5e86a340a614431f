"""Pages from templates."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import HTMLResponse

from badgefed.web.languages import choices, keep_choice, tongue_of
from badgefed.web.statics import load_assets
from badgefed.work.services import Services


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
    """The template as a page in the reader's language. Every template has `asset(path)` for static files and `addresses`."""
    html = (
        tongue_of(request)
        .environment.get_template(name)
        .render(
            {
                **context,
                "asset": load_assets().url,
                "addresses": services_of(request).addresses,
                "languages": choices(request),
            }
        )
    )
    response = HTMLResponse(html, status, {"Cache-Control": "no-cache", **(headers or {})})
    keep_choice(request, response)
    return response
