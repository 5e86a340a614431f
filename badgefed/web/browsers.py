"""Pages at addresses that programs use as well: whoever asks for HTML and shows no key gets the page."""

from __future__ import annotations

from starlette.routing import Match, Route
from starlette.types import Scope

from badgefed.protocol.negotiation import accepts_html

_KEY_HEADERS = frozenset({b"x-apikey", b"x-api-key", b"authorization"})
_READS = frozenset({"GET", "HEAD"})


class BrowserRoute(Route):
    """Is there for browsers alone; for everybody else the routes that follow are tried."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http" or not is_browser(scope):
            return Match.NONE, {}
        return super().matches(scope)


def is_browser(scope: Scope) -> bool:
    """Whether the request reads, names `text/html` in Accept, and carries no API key."""
    if scope["method"] not in _READS or b"apikey=" in scope["query_string"].lower():
        return False
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    if any(name in _KEY_HEADERS and value.strip() for name, value in headers):
        return False
    accept = b",".join(value for name, value in headers if name == b"accept")
    return accepts_html(accept.decode("latin-1"))
