"""WebFinger (RFC 7033) and host-meta (RFC 6415): which of our actors a resource means, and the documents that say so."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from html import escape
from typing import Any
from urllib.parse import unquote, urlsplit

from badgefed.errors import Invalid
from badgefed.model.addresses import Addresses
from badgefed.model.issuer import Issuer
from badgefed.protocol.actors import instance_username, issuer_icon

JRD = "application/jrd+json"
XRD = "application/xrd+xml"
MAX_RESOURCE = 2048

_SCHEME = re.compile(r"\Aacct:", re.IGNORECASE)
_PROFILE_PATH = re.compile(r"/@([A-Za-z0-9_]+)")


class Kind(StrEnum):
    """What a resource names: the server, an issuer by username, something of ours by its URL, or another server's."""

    INSTANCE = "instance"
    USERNAME = "username"
    URL = "url"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """`value` is the lower-case username, the normalised URL, or the host."""

    kind: Kind
    value: str


def canonical_host(host: str) -> str:
    """Lower case, punycode, no trailing dot, no default port. Raises `Invalid` for what cannot be a host."""
    name, colon, port = host.rpartition(":")
    if not (colon and port.isascii() and port.isdigit()):
        name, port = host, ""
    name = name.rstrip(".").lower()
    try:
        ascii_name = name if name.isascii() else name.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise Invalid("the resource's host is no valid host name", field="resource") from error
    return f"{ascii_name}:{port}" if port not in ("", "443") else ascii_name


def read_resource(text: str | None, addresses: Addresses) -> Resource:
    """The value of `resource`: `acct:u@h`, `u@h`, `@u@h` or an http(s) URL, also percent-encoded twice.

    Raises `Invalid` if it is missing, too long or none of these.
    """
    if not text or len(text) > MAX_RESOURCE:
        raise Invalid("resource is required, e.g. acct:name@host", field="resource")
    text = unquote(text).strip()
    if text.lower().startswith(("https://", "http://")):
        return _read_url(text, addresses)
    username, at, host = _SCHEME.sub("", text, count=1).lstrip("@").rpartition("@")
    if not (at and username and host) or re.search(r"[\s/@]", username + host):
        raise Invalid("resource must be acct:name@host or an https URL", field="resource")
    return _read_account(username.lower(), canonical_host(host), addresses)


def _read_account(username: str, host: str, addresses: Addresses) -> Resource:
    if host != canonical_host(addresses.host):
        return Resource(kind=Kind.FOREIGN, value=host)
    if canonical_host(username) == instance_username(addresses):
        return Resource(kind=Kind.INSTANCE, value=host)
    return Resource(kind=Kind.USERNAME, value=username)


def _read_url(text: str, addresses: Addresses) -> Resource:
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise Invalid("resource is no valid URL", field="resource") from error
    host = canonical_host(parts.netloc)
    if host != canonical_host(addresses.host):
        return Resource(kind=Kind.FOREIGN, value=host)
    path = parts.path.rstrip("/")
    query = f"?{parts.query}" if parts.query else ""
    url = f"{addresses.base}{path}{query}"
    if url in (addresses.base, addresses.instance_actor):
        return Resource(kind=Kind.INSTANCE, value=host)
    profile = _PROFILE_PATH.fullmatch(path)
    if profile and not query:
        return Resource(kind=Kind.USERNAME, value=profile[1].lower())
    return Resource(kind=Kind.URL, value=url)


def issuer_jrd(issuer: Issuer, addresses: Addresses) -> dict[str, Any]:
    """The JRD of an issuer. The `self` link comes first and only once: peers take the first."""
    return {
        "subject": f"acct:{issuer.username}@{canonical_host(addresses.host)}",
        "aliases": [issuer.actor_id],
        "links": [
            _self_link(issuer.actor_id),
            {
                "rel": "http://webfinger.net/rel/profile-page",
                "type": "text/html",
                "href": issuer.actor_id,
            },
            {
                "rel": "http://webfinger.net/rel/avatar",
                "type": "image/png",
                "href": issuer_icon(issuer, addresses),
            },
        ],
    }


def instance_jrd(addresses: Addresses) -> dict[str, Any]:
    """The JRD of the instance actor, with the link relation by which it is found (FEP-d556)."""
    actor_id = addresses.instance_actor
    return {
        "subject": f"acct:{instance_username(addresses)}@{canonical_host(addresses.host)}",
        "aliases": [actor_id, f"{addresses.base}/"],
        "links": [
            _self_link(actor_id),
            {
                "rel": "https://www.w3.org/ns/activitystreams#Service",
                "type": "application/activity+json",
                "href": actor_id,
            },
        ],
    }


def _self_link(actor_id: str) -> dict[str, str]:
    return {"rel": "self", "type": "application/activity+json", "href": actor_id}


def _template(addresses: Addresses) -> str:
    return f"{addresses.base}/.well-known/webfinger?resource={{uri}}"


def host_meta_xrd(addresses: Addresses) -> str:
    """`/.well-known/host-meta` as XRD."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0">\n'
        f'  <Link rel="lrdd" type="{JRD}" template="{escape(_template(addresses))}"/>\n'
        "</XRD>\n"
    )


def host_meta_json(addresses: Addresses) -> dict[str, Any]:
    """`/.well-known/host-meta.json`."""
    return {"links": [{"rel": "lrdd", "type": JRD, "template": _template(addresses)}]}
