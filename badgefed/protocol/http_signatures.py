"""HTTP signatures as most of the Fediverse makes them: draft-cavage-http-signatures-12."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from email.utils import formatdate, parsedate_to_datetime

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from badgefed.errors import Invalid, SignatureRejected
from badgefed.protocol import digests, keys
from badgefed.protocol.signed_request import (
    MAX_SIGNATURE,
    Authorities,
    InboundRequest,
    OutboundRequest,
    Signature,
    require_window,
    split_url,
)

_PARAMETER = re.compile(r'([A-Za-z]+)[ \t]*=[ \t]*(?:"([ !#-\[\]-~]*)"|([0-9]+))')
_SEPARATOR = re.compile(r"[ \t]*,[ \t]*")
_SECONDS = re.compile(r"0|[1-9][0-9]{0,14}")
_NAME = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+|\((?:request-target|created|expires)\)")
_IMF_FIXDATE = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [0-9]{4}"
    r" [0-9]{2}:[0-9]{2}:[0-9]{2} GMT"
)
_PARAMETERS = frozenset({"keyId", "algorithm", "headers", "signature", "created", "expires"})
_ALGORITHMS = frozenset({None, "hs2019", "rsa-sha256"})
_QUOTABLE = re.compile(r"[!#-\[\]-~]+")


def parse(request: InboundRequest) -> Signature:
    """The signature of the `Signature` header, with the coverage that we demand. Raises `SignatureRejected`."""
    signature = read(request)
    if signature.algorithm not in _ALGORITHMS:
        raise SignatureRejected("algorithm", "The algorithm must be hs2019 or rsa-sha256.")
    signature.require_coverage(("(request-target)", "host"))
    if request.needs_digest:
        signature.require_coverage(("digest",))
    if "(created)" not in signature.components:
        signature.require_coverage(("date",))
    if signature.algorithm == "rsa-sha256" and {"(created)", "(expires)"} & set(signature.components):
        raise SignatureRejected("algorithm", "rsa-sha256 goes with neither (created) nor (expires).")
    for name in signature.components:
        if not name.startswith("("):
            request.field(name)
    return signature


def read(request: InboundRequest) -> Signature:
    """The signature of the `Signature` header as it stands there (§2.1), whatever it covers."""
    found = _parameters(request.single_field("signature"))
    key_id, algorithm = found.get("keyId"), found.get("algorithm")
    if not key_id:
        raise SignatureRejected("malformed", "The signature has no keyId.")
    default = "date" if algorithm == "rsa-sha256" else "(created)"
    signature = Signature(
        scheme="cavage",
        key_id=key_id,
        algorithm=algorithm,
        components=tuple(found.get("headers", default).lower().split()),
        created=_seconds(found, "created"),
        expires=_seconds(found, "expires"),
        value=_signature_bytes(found.get("signature", "")),
    )
    _require_components(signature)
    return signature


def check(signature: Signature, request: InboundRequest, *, now: float) -> None:
    """All that can be said without the key: time, and the digest of the body."""
    if "(created)" in signature.components and signature.created is not None:
        require_window(created=signature.created, expires=signature.expires, now=now)
    if "date" in signature.components:
        date = _parse_date(request.single_field("date"))
        require_window(created=date, expires=signature.expires, now=now)
    if "digest" in signature.components:
        digests.require_digest(request.field("digest"), request.body)


def signing_strings(
    signature: Signature, request: InboundRequest, authorities: Authorities
) -> Iterator[bytes]:
    """Each text that the sender may have signed (§2.3), the likeliest first.

    Peers differ in whether `(request-target)` has the query and `host` the port.
    """
    targets = dict.fromkeys((request.target, request.path))
    for host in authorities.signed_hosts(request.single_field("host")):
        for target in targets:
            yield signing_string(signature, request, target=target, host=host)


def signing_string(signature: Signature, request: InboundRequest, *, target: str, host: str) -> bytes:
    """The signing string (§2.3) as if the request had been sent to this path and host."""
    special = {
        "(request-target)": f"{request.method.lower()} {target}",
        "(created)": signature.created,
        "(expires)": signature.expires,
        "host": host,
    }
    lines = [
        f"{name}: {special[name] if name in special else request.field(name)}"
        for name in signature.components
    ]
    return "\n".join(lines).encode("latin-1")


def sign(
    request: OutboundRequest, *, key_id: str, private_key: RSAPrivateKey, now: float, cover_query: bool = True
) -> dict[str, str]:
    """The headers to send: all that the signature covers, and the signature. `now` in seconds since 1970.

    `cover_query=False` leaves the query out of `(request-target)`, as some peers expect.
    """
    if _QUOTABLE.fullmatch(key_id) is None:
        raise Invalid("a key id must be a URL", field="key_id")
    _, host, target = split_url(request.url)
    signed_target = target if cover_query else target.partition("?")[0]
    headers = {"Host": host, "Date": formatdate(now, usegmt=True)}
    names = "(request-target) host date"
    text = (
        f"(request-target): {request.method.lower()} {signed_target}\nhost: {host}\ndate: {headers['Date']}"
    )
    if request.body_digest is not None:
        headers["Digest"] = digest = digests.digest_field(request.body_digest)
        names, text = f"{names} digest", f"{text}\ndigest: {digest}"
    if request.content_type is not None:
        headers["Content-Type"] = request.content_type
        names, text = f"{names} content-type", f"{text}\ncontent-type: {request.content_type}"
    if request.accept is not None:
        headers["Accept"] = request.accept
        names, text = f"{names} accept", f"{text}\naccept: {request.accept}"
    encoded = base64.b64encode(keys.sign(private_key, text.encode("ascii"))).decode("ascii")
    headers["Signature"] = f'keyId="{key_id}",algorithm="rsa-sha256",headers="{names}",signature="{encoded}"'
    return headers


def _parameters(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    position = 0
    while True:
        match = _PARAMETER.match(text, position)
        if match is None:
            raise SignatureRejected("malformed", "The Signature header is malformed.")
        name, quoted, number = match.groups()
        if name in found:
            raise SignatureRejected("duplicate", f"The Signature header has {name[:20]!r} twice.")
        if name not in _PARAMETERS:
            raise SignatureRejected(
                "unsupported", f"The Signature header has an unknown parameter {name[:20]!r}."
            )
        found[name] = number if quoted is None else quoted
        if match.end() == len(text):
            return found
        separator = _SEPARATOR.match(text, match.end())
        if separator is None:
            raise SignatureRejected("malformed", "The Signature header is malformed.")
        position = separator.end()


def _seconds(found: dict[str, str], name: str) -> int | None:
    text = found.get(name)
    if text is None:
        return None
    if _SECONDS.fullmatch(text) is None:
        raise SignatureRejected("malformed", f"{name} must be whole seconds since 1970.")
    return int(text)


def _signature_bytes(text: str) -> bytes:
    try:
        value = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise SignatureRejected("malformed", "The signature is no base64.") from error
    if not 0 < len(value) <= MAX_SIGNATURE:
        raise SignatureRejected("malformed", "The signature is empty or too long.")
    return value


def _require_components(signature: Signature) -> None:
    signature.require_distinct_components()
    if not signature.components or not all(_NAME.fullmatch(name) for name in signature.components):
        raise SignatureRejected("malformed", "The list of signed headers is malformed.")
    for name, value in (("(created)", signature.created), ("(expires)", signature.expires)):
        if name in signature.components and value is None:
            raise SignatureRejected("malformed", f"The signature covers {name} and does not give it.")


def _parse_date(text: str) -> float:
    """IMF-fixdate (RFC 9110 §5.6.7) as seconds since 1970."""
    if _IMF_FIXDATE.fullmatch(text) is None:
        raise SignatureRejected("date", "The Date header must look like 'Sun, 06 Nov 1994 08:49:37 GMT'.")
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError) as error:
        raise SignatureRejected("date", "The Date header is no date.") from error
