"""All addresses of the holders' pages."""

from __future__ import annotations

from starlette.routing import BaseRoute

from badgefed.web.me import badge, downloads, erase, imports, pages, profile

routes: list[BaseRoute] = [
    *pages.routes,
    *badge.routes,
    *downloads.routes,
    *imports.routes,
    *profile.routes,
    *erase.routes,
]
