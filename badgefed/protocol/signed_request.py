"""What both HTTP signature schemes share: the request, the names that we answer to, the parsed signature, time.

`SignatureRejected.reason` is one of: `missing`, `malformed`, `duplicate`, `unsupported`, `coverage`, `missing-header`,
`algorithm`, `host`, `date`, `future`, `expired`, `digest`, `mismatch`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

from badgefed.errors import Invalid, SignatureRejected

Scheme = Literal["cavage", "rfc9421"]

MAX_AGE = 65 * 60
MAX_AHEAD = 60 * 60
MAX_FIELD = 8192
MAX_COMPONENTS = 32
MAX_SIGNATURE = 1024

_DEFAULT_PORTS = {"https": "443", "http": "80"}
_URL = re.compile(
    r"(https?)://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?((?:[/?](?:[!-\"$-~])*)?)", re.ASCII
)
_METHOD = re.compile(r"[A-Z]{1,20}")
_TARGET = re.compile(r"/[!-~\x80-\xff]*")
_FIELD_VALUE = re.compile(r"[\t -~\x80-\xff]*")


def split_url(url: str) -> tuple[str, str, str]:
    """(scheme, authority, path and query) of an absolute, percent-encoded http(s) URL.

    The authority is in lower case and without a default port, path and query are untouched. Raises `Invalid`, also
    for a URL with user information or a fragment.
    """
    match = _URL.fullmatch(url)
    if match is None:
        raise Invalid(
            "a URL must be absolute, percent-encoded, http or https, without user information and fragment"
        )
    scheme, host, port, target = match.groups()
    authority = host.lower() if port is None or port == _DEFAULT_PORTS[scheme] else f"{host.lower()}:{port}"
    return scheme, authority, target if target.startswith("/") else "/" + target


@dataclass(frozen=True, kw_only=True, slots=True)
class Authorities:
    """The origins that this server answers to, from its configuration and never from a request.

    `origins` are like `https://badges.example`, `hosts` the values of `Host` that a peer may have signed for them
    (with the port and, since some peers leave it out, without it), `names` every `Host` that may be received.
    """

    origins: tuple[str, ...]
    hosts: tuple[str, ...]
    names: frozenset[str]

    @classmethod
    def of(cls, urls: Iterable[str]) -> Authorities:
        """From base URLs; what follows the authority is ignored. Raises `Invalid`."""
        origins: dict[str, None] = {}
        hosts: dict[str, None] = {}
        names: set[str] = set()
        for url in urls:
            scheme, authority, _ = split_url(url)
            host = re.sub(r":[0-9]+$", "", authority)
            origins[f"{scheme}://{authority}"] = None
            hosts |= {authority: None, host: None}
            names |= {authority, host}
            if authority == host:
                names.add(f"{host}:{_DEFAULT_PORTS[scheme]}")
        return cls(origins=tuple(origins), hosts=tuple(hosts), names=frozenset(names))

    def signed_hosts(self, received: str) -> tuple[str, ...]:
        """Each `Host` that the sender may have signed; the received one first."""
        return tuple(dict.fromkeys((received, *self.hosts)))


@dataclass(frozen=True, kw_only=True, slots=True)
class InboundRequest:
    """A request as it came over the wire.

    `method` in upper case; `target` is path and query with their percent-encoding untouched; `headers` maps names in
    lower case to their values, one per field line, as Latin-1 text; `body` is what was really received.
    """

    method: str
    target: str
    headers: Mapping[str, tuple[str, ...]]
    body: bytes = b""

    @classmethod
    def from_asgi(cls, scope: Mapping[str, Any], body: bytes) -> InboundRequest:
        headers: dict[str, tuple[str, ...]] = {}
        for raw_name, raw_value in scope["headers"]:
            name = raw_name.decode("latin-1").lower()
            headers[name] = (*headers.get(name, ()), raw_value.decode("latin-1").strip(" \t"))
        path = scope.get("raw_path") or quote(scope["path"]).encode("ascii")
        query = scope.get("query_string")
        raw_target = path + b"?" + query if query else path
        return cls(
            method=scope["method"].upper(), target=raw_target.decode("latin-1"), headers=headers, body=body
        )

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def needs_digest(self) -> bool:
        """Whether a signature is worth something only if it covers the body."""
        return bool(self.body) or self.method in {"POST", "PUT", "PATCH"}

    def field(self, name: str) -> str:
        """The combined value of a field; raises `SignatureRejected` when there is none, or one not fit for signing."""
        values = self.headers.get(name)
        if not values:
            raise SignatureRejected("missing-header", f"The signature needs the header {name[:100]!r}.")
        value = values[0] if len(values) == 1 else ", ".join(values)
        if len(value) > MAX_FIELD or _FIELD_VALUE.fullmatch(value) is None:
            raise SignatureRejected(
                "malformed", f"The header {name[:100]!r} is too long or has forbidden characters."
            )
        return value

    def single_field(self, name: str) -> str:
        """Like `field`, for a field that must have exactly one line."""
        if len(self.headers.get(name, ())) > 1:
            raise SignatureRejected("duplicate", f"The header {name!r} stands there more than once.")
        return self.field(name)

    def require_wellformed(self) -> None:
        if _METHOD.fullmatch(self.method) is None or _TARGET.fullmatch(self.target) is None:
            raise SignatureRejected("malformed", "The request line is none that can be signed.")


@dataclass(frozen=True, kw_only=True, slots=True)
class OutboundRequest:
    """A request to be signed. `url` is absolute and exactly as it will be sent, percent-encoding included.

    `body_digest` is `digests.sha256_base64(body)`, computed once per body; None means that there is no body.
    """

    method: str
    url: str
    body_digest: str | None = None
    content_type: str | None = None
    accept: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Signature:
    """A signature as received, not yet verified; everything in it is the sender's claim.

    `components` are the covered ones in their order, in lower case (`(request-target)`, `date`, `@method`,
    `@query-param;name=x`). `created` and `expires` are seconds since 1970. `parameters` is the received text after
    the label (RFC 9421 only).
    """

    scheme: Scheme
    key_id: str
    algorithm: str | None
    components: tuple[str, ...]
    created: int | None
    expires: int | None
    value: bytes
    parameters: str = ""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the signature's bytes in hexadecimal: the same for every replay of a request."""
        return hashlib.sha256(self.value).hexdigest()

    def require_coverage(self, names: Iterable[str]) -> None:
        for name in names:
            if name not in self.components:
                raise SignatureRejected("coverage", f"The signature must cover {name}.")

    def require_distinct_components(self) -> None:
        if len(self.components) > MAX_COMPONENTS:
            raise SignatureRejected("malformed", "The signature covers too many components.")
        if len(set(self.components)) != len(self.components):
            raise SignatureRejected("duplicate", "The signature covers a component twice.")


def require_host(request: InboundRequest, authorities: Authorities) -> None:
    """The received `Host` must be one of ours."""
    if request.single_field("host").lower() not in authorities.names:
        raise SignatureRejected("host", "The request is addressed to another host.")


def require_window(*, created: float, expires: float | None, now: float) -> None:
    """A signature holds from one hour before its creation (clocks differ) until 65 minutes after it, or `expires`."""
    if created > now + MAX_AHEAD:
        raise SignatureRejected("future", "The signature was made in the future; compare the clocks.")
    if now > created + MAX_AGE:
        raise SignatureRejected("expired", "The signature is too old; sign each attempt again.")
    if expires is not None and now > expires:
        raise SignatureRejected("expired", "The signature has expired.")
