"""Host names of other servers in one spelling, so that two ways to write one host are one host."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urlsplit

_ORIGIN = re.compile(r"https?://[^/?#\\\s]+", re.IGNORECASE)
_DEFAULT_PORTS = {"https": 443, "http": 80}


@lru_cache(maxsize=4096)
def normal_host(text: str) -> str:
    """The host in `host`, `host:port` or a URL: lower case, Punycode, without port, user and trailing dot."""
    try:
        name = urlsplit(text if "://" in text else f"//{text}").hostname or ""
    except ValueError:
        name = text
    name = name.rstrip(".").lower()
    if name.isascii():
        return name
    try:
        return name.encode("idna").decode("ascii")
    except UnicodeError:
        return name


def host_and_parents(host: str) -> tuple[str, ...]:
    """`a.b.example` gives itself, `b.example` and `example`: what a block of one of these covers."""
    labels = normal_host(host).split(".")
    return tuple(".".join(labels[start:]) for start in range(len(labels)))


def same_host(url: str, other: str) -> bool:
    """Whether two http(s) URLs name one host and port; a default port is the same as none."""
    origins = _ORIGIN.match(url), _ORIGIN.match(other)
    if origins[0] is None or origins[1] is None:
        return False
    first, second = _authority(origins[0][0]), _authority(origins[1][0])
    return first is not None and first == second


@lru_cache(maxsize=4096)
def _authority(origin: str) -> tuple[str, int] | None:
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError:
        return None
    return normal_host(parts.netloc), port or _DEFAULT_PORTS[parts.scheme]
