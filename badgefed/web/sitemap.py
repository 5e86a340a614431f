"""For search engines: what may be listed (sitemaps.org), and what not to visit (RFC 9309)."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.routing import BaseRoute, Route

from badgefed.errors import NotFound
from badgefed.model.addresses import Addresses
from badgefed.model.times import format_rfc3339
from badgefed.store import sitemaps
from badgefed.store.sitemaps import Kind
from badgefed.web.documents import Answer, Door, answer
from badgefed.web.errors import NOT_FOUND
from badgefed.web.templating import services_of

MAX_AGE = 3600
INDEX_SECONDS = 600
XML = "application/xml; charset=utf-8"
PAGES = ("/", "/explore", "/issuers", "/badges", "/awards", "/verify")
HIDDEN = (
    "/accept/",
    "/api/",
    "/console",
    "/follow/",
    "/grants/",
    "/me",
    "/oembed",
    "/search",
    "/share/",
    "/sign-in/",
    "/unsubscribe/",
    "/verify-issuer/",
)

_SPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
_HEAD = '<?xml version="1.0" encoding="utf-8"?>\n'


async def index(request: Request, _wanted: str) -> Answer:
    """The parts that there are."""
    services = services_of(request)
    base = services.addresses.base
    parts = await services.database.read(sitemaps.list_parts)
    found = [_row("sitemap", f"{base}/sitemaps/pages.xml")]
    found += [
        _row("sitemap", f"{base}/sitemaps/{part.kind}-{part.number}.xml", part.changed_at) for part in parts
    ]
    return _answer("sitemapindex", found)


async def pages(request: Request, _wanted: str) -> Answer:
    """The pages that are always there."""
    base = services_of(request).addresses.base
    return _answer("urlset", (_row("url", f"{base}{path}") for path in PAGES))


async def part(request: Request, _wanted: str) -> Answer:
    """One part."""
    services = services_of(request)
    kind, number = request.path_params["kind"], request.path_params["number"]
    if kind not in list(Kind) or number > 10**12:
        raise NotFound(NOT_FOUND)
    rows = await services.database.read(lambda reader: sitemaps.list_part(reader, Kind(kind), number))
    if not rows:
        raise NotFound(NOT_FOUND)
    return _answer(
        "urlset",
        (_row("url", _address(Kind(kind), row.name, services.addresses), row.changed_at) for row in rows),
    )


def _address(kind: Kind, name: str, addresses: Addresses) -> str:
    return addresses.badge_page(int(name)) if kind is Kind.BADGES else name


def _row(name: str, url: str, changed_at: int | None = None) -> str:
    changed = f"<lastmod>{format_rfc3339(changed_at)}</lastmod>" if changed_at is not None else ""
    return f"<{name}><loc>{escape(url)}</loc>{changed}</{name}>\n"


def _answer(root: str, rows: Iterable[str]) -> Answer:
    return answer(f"{_HEAD}<{root} {_SPACE}>\n{''.join(rows)}</{root}>\n".encode(), XML, max_age=MAX_AGE)


async def robots(request: Request, _wanted: str) -> Answer:
    """Everything that is no form and nobody's own."""
    base = services_of(request).addresses.base
    hidden = "".join(f"Disallow: {path}\n" for path in HIDDEN)
    text = f"User-agent: *\n{hidden}Allow: /api/embed/\nAllow: /api/docs\n\nSitemap: {base}/sitemap.xml\n"
    return answer(text.encode(), "text/plain; charset=utf-8", max_age=MAX_AGE)


routes: list[BaseRoute] = [
    Route("/sitemap.xml", Door(index, tables=(), seconds=INDEX_SECONDS), methods=["GET"]),
    Route("/sitemaps/pages.xml", Door(pages, tables=()), methods=["GET"]),
    Route(
        "/sitemaps/{kind}-{number:int}.xml",
        Door(part, tables=("grants", "badges", "issuers")),
        methods=["GET"],
    ),
    Route("/robots.txt", Door(robots, tables=()), methods=["GET"]),
]
