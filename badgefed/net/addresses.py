"""Which URLs this server asks and which IP addresses it connects to.

Names are checked when a URL is read, addresses when a socket is opened, so that it does not matter what a name
resolves to at any other moment. Private operation (`allow_private`) lets http, any port, IP literals, single-label
names and private addresses in; addresses that are nobody's (unspecified, multicast, reserved) stay refused.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from badgefed.errors import AddressRefused
from badgefed.texts import say

MAX_URL_LENGTH = 2_048

_URL = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>\[[0-9a-f:.]+\]|[a-z0-9._-]+)"
    r"(?::(?P<port>[0-9]{1,5}))?"
    r"(?:[/?][!-\[\]-~]*)?",
    re.IGNORECASE,
)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.IGNORECASE)
_NUMERIC_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*", re.IGNORECASE)
_LOCAL_DOMAINS = frozenset(
    [
        "localhost",
        "localdomain",
        "local",
        "internal",
        "intranet",
        "lan",
        "home",
        "corp",
        "private",
        "onion",
        "i2p",
        "arpa",
    ]
)


def clean_url(url: str, *, allow_private: bool = False) -> str:
    """The URL as it goes over the wire: its characters as given, without fragment and without an empty query.

    Raises AddressRefused for a URL that this server does not ask.
    """
    if len(url) > MAX_URL_LENGTH:
        raise AddressRefused("The URL is too long.")
    bare = url.partition("#")[0]
    if bare.find("?") == len(bare) - 1:
        bare = bare[:-1]
    match = _URL.fullmatch(bare)
    if match is None or not url.isprintable():
        raise AddressRefused("The URL is not a plain http or https URL.")
    scheme, host, port = match["scheme"].lower(), match["host"].lower(), match["port"]
    if port is not None and not 0 < int(port) < 65536:
        raise AddressRefused(say("%(host)s: %(port)s is no port.", host=host, port=port))
    if not allow_private:
        _check_public(scheme, host, port)
    return bare


def read_origin(url: str) -> tuple[str, str, int]:
    """Scheme, host in lower case and port of a URL that `clean_url` returned."""
    parts = urlsplit(url)
    default = 443 if parts.scheme == "https" else 80
    return parts.scheme, parts.hostname or "", parts.port or default


def refuses_address(address: str, *, allow_private: bool = False) -> bool:
    """Whether no socket may be opened to this IP address (or to the IPv4 address inside of it)."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return True
    if isinstance(ip, IPv4Address):
        return _refuses_v4(ip, allow_private)
    inner = _read_translated(ip)
    if inner is not None:
        return _refuses_v4(inner, allow_private)
    return _refuses_v6(ip, allow_private)


def _check_public(scheme: str, host: str, port: str | None) -> None:
    if scheme != "https":
        raise AddressRefused(say("%(host)s: only https is allowed.", host=host))
    if port is not None and int(port) != 443:
        raise AddressRefused(say("%(host)s: port %(port)s is not allowed.", host=host, port=port))
    labels = host.split(".")
    if host.startswith("[") or _NUMERIC_LABEL.fullmatch(labels[-1]):
        raise AddressRefused(say("%(host)s is an IP address and no name.", host=host))
    if len(labels) < 2 or len(host) > 253 or not all(map(_LABEL.fullmatch, labels)):
        raise AddressRefused(say("%(host)s is not a full domain name.", host=host))
    if labels[-1] in _LOCAL_DOMAINS:
        raise AddressRefused(say("%(host)s is a local name.", host=host))


def _v4(*networks: str) -> tuple[IPv4Network, ...]:
    return tuple(map(IPv4Network, networks))


def _v6(*networks: str) -> tuple[IPv6Network, ...]:
    return tuple(map(IPv6Network, networks))


_NOBODYS_V4 = _v4("0.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4")
_NOT_PUBLIC_V4 = _v4(
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
)
_NOBODYS_V6 = _v6("::/128", "ff00::/8")
_PUBLIC_V6 = IPv6Network("2000::/3")
_NOT_PUBLIC_V6 = _v6("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
_NAT64 = IPv6Network("64:ff9b::/96")
_LOCAL_NAT64 = IPv6Network("64:ff9b:1::/48")
_COMPATIBLE = IPv6Network("::/96")
_LOOPBACK_V6 = IPv6Address("::1")


def _refuses_v4(ip: IPv4Address, allow_private: bool) -> bool:
    if any(ip in network for network in _NOBODYS_V4):
        return True
    return not allow_private and (not ip.is_global or any(ip in network for network in _NOT_PUBLIC_V4))


def _refuses_v6(ip: IPv6Address, allow_private: bool) -> bool:
    if any(ip in network for network in _NOBODYS_V6):
        return True
    if allow_private:
        return any(_refuses_v4(inner, allow_private) for inner in _read_embedded(ip))
    return ip not in _PUBLIC_V6 or not ip.is_global or any(ip in network for network in _NOT_PUBLIC_V6)


def _read_translated(ip: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that is reached in the end: IPv4-mapped (RFC 4291 §2.5.5.2) or NAT64 (RFC 6052 §2.1)."""
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    return _read_low_bits(ip) if ip in _NAT64 else None


def _read_embedded(ip: IPv6Address) -> tuple[IPv4Address, ...]:
    """IPv4 addresses inside of tunnels and of IPv4-compatible addresses; none of these are public."""
    if ip.sixtofour is not None:
        return (ip.sixtofour,)
    if ip.teredo is not None:
        return ip.teredo
    if ip in _LOCAL_NAT64 or (ip in _COMPATIBLE and ip != _LOOPBACK_V6):
        return (_read_low_bits(ip),)
    return ()


def _read_low_bits(ip: IPv6Address) -> IPv4Address:
    return IPv4Address(int(ip) & 0xFFFFFFFF)
