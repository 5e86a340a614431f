"""HTTP Message Signatures, RFC 9421, in the profile that the Fediverse uses: one signature, RSA or Ed25519."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

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

RSA = "rsa-v1_5-sha256"
ED25519 = "ed25519"

_LABEL = "sig1"
_DERIVED = frozenset(
    {"@method", "@target-uri", "@authority", "@scheme", "@request-target", "@path", "@query"}
)
_FIELD_NAME = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+")
_QUERY_NAME = re.compile(r"[ !#-\[\]-~]+")
_QUOTABLE = re.compile(r"[!#-\[\]-~]+")
_PARAMETER_TYPES = {"created": int, "expires": int, "keyid": str, "alg": str, "nonce": str, "tag": str}


def parse(request: InboundRequest) -> Signature:
    """The one signature of `Signature-Input` and `Signature`, with the coverage that we demand.

    Raises `SignatureRejected`.
    """
    signature = read(request)
    if signature.algorithm not in {None, RSA, ED25519}:
        raise SignatureRejected("algorithm", f"The algorithm must be {RSA} or {ED25519}.")
    if signature.created is None:
        raise SignatureRejected("date", "The signature must say when it was created.")
    signature.require_coverage(("@method",))
    if "@target-uri" not in signature.components:
        signature.require_coverage(("@authority",))
        if "@request-target" not in signature.components:
            signature.require_coverage(("@path", "@query") if "?" in request.target else ("@path",))
    if request.needs_digest:
        signature.require_coverage(("content-digest",))
    for name in signature.components:
        if not name.startswith("@"):
            request.field(name)
    return signature


def read(request: InboundRequest) -> Signature:
    """The one signature as it stands there (RFC 9421 §4), whatever it covers."""
    text = request.single_field("signature-input")
    label, (items, parameters) = _only_member(text, "Signature-Input")
    signature_label, (value, _) = _only_member(request.single_field("signature"), "Signature")
    if label != signature_label or not isinstance(items, list) or not isinstance(value, bytes):
        raise SignatureRejected("malformed", "Signature-Input and Signature don't fit together.")
    if not 0 < len(value) <= MAX_SIGNATURE:
        raise SignatureRejected("malformed", "The signature is empty or too long.")
    _require_parameters(parameters)
    signature = Signature(
        scheme="rfc9421",
        key_id=parameters["keyid"],
        algorithm=parameters.get("alg"),
        components=tuple(_component(name, attributes) for name, attributes in items),
        created=parameters.get("created"),
        expires=parameters.get("expires"),
        value=value,
        parameters=text.partition("=")[2].strip(" \t"),
    )
    signature.require_distinct_components()
    return signature


def check(signature: Signature, request: InboundRequest, *, now: float) -> None:
    """All that can be said without the key: time, and the digest of the body."""
    if signature.created is None:
        raise SignatureRejected("date", "The signature must say when it was created.")
    require_window(created=signature.created, expires=signature.expires, now=now)
    if "content-digest" in signature.components:
        digests.require_content_digest(request.field("content-digest"), request.body)


def signature_bases(
    signature: Signature, request: InboundRequest, authorities: Authorities
) -> Iterator[bytes]:
    """Each signature base that the sender may have signed, the likeliest first; none of them twice."""
    seen = set()
    for host in authorities.signed_hosts(request.single_field("host")):
        for origin in authorities.origins:
            base = signature_base(signature, request, origin=origin, host=host)
            if base not in seen:
                seen.add(base)
                yield base


def signature_base(signature: Signature, request: InboundRequest, *, origin: str, host: str) -> bytes:
    """The signature base (RFC 9421 §2.5) as if the request had been sent to this origin under this `Host`.

    The received text of the parameters goes into it unchanged.
    """
    scheme = origin.partition("://")[0]
    query = request.target.partition("?")[2]
    values = {
        "@method": request.method,
        "@target-uri": origin + request.target,
        "@authority": host.lower().removesuffix(":443" if scheme == "https" else ":80"),
        "@scheme": scheme,
        "@request-target": request.target,
        "@path": request.path,
        "@query": "?" + query,
        "host": host,
    }
    lines = []
    for component in signature.components:
        name, _, parameter = component.partition(";name=")
        if parameter:
            lines.append(f'"{name}";name="{parameter}": {_query_parameter(query, parameter)}')
        else:
            lines.append(f'"{name}": {values[name] if name in values else request.field(name)}')
    lines.append(f'"@signature-params": {signature.parameters}')
    return "\n".join(lines).encode("latin-1")


def sign(
    request: OutboundRequest, *, key_id: str, private_key: keys.PrivateKey, now: float
) -> dict[str, str]:
    """The headers to send: all that the signature covers, and the signature. `now` in seconds since 1970."""
    if _QUOTABLE.fullmatch(key_id) is None:
        raise Invalid("a key id must be a URL", field="key_id")
    scheme, host, target = split_url(request.url)
    headers = {"Host": host}
    names = '"@method" "@target-uri"'
    lines = f'"@method": {request.method}\n"@target-uri": {scheme}://{host}{target}\n'
    if request.body_digest is not None:
        headers["Content-Digest"] = digest = digests.content_digest_field(request.body_digest)
        names, lines = f'{names} "content-digest"', f'{lines}"content-digest": {digest}\n'
    if request.content_type is not None:
        headers["Content-Type"] = request.content_type
    if request.accept is not None:
        headers["Accept"] = request.accept
    algorithm = RSA if isinstance(private_key, RSAPrivateKey) else ED25519
    parameters = f'({names});created={int(now)};keyid="{key_id}";alg="{algorithm}"'
    base = f'{lines}"@signature-params": {parameters}'.encode("ascii")
    encoded = base64.b64encode(keys.sign(private_key, base)).decode("ascii")
    headers["Signature-Input"] = f"{_LABEL}={parameters}"
    headers["Signature"] = f"{_LABEL}=:{encoded}:"
    return headers


def accept_signature(method: str) -> str:
    """The `Accept-Signature` header (RFC 9421 §5.1) that goes with a 401: what `parse` demands for this method."""
    digest = ' "content-digest"' if method in {"POST", "PUT", "PATCH"} else ""
    return f'{_LABEL}=("@method" "@target-uri"{digest});created'


def _only_member(text: str, name: str) -> tuple[str, tuple[Any, dict[str, Any]]]:
    members = digests.parse_dictionary(text, name)
    if len(members) > 1:
        raise SignatureRejected("duplicate", f"{name} must have exactly one signature.")
    for member in members.items():
        return member
    raise SignatureRejected("malformed", f"{name} is empty.")


def _require_parameters(parameters: dict[str, Any]) -> None:
    for name, value in parameters.items():
        expected = _PARAMETER_TYPES.get(name)
        if expected is None:
            raise SignatureRejected("unsupported", f"Signature-Input has an unknown parameter {name[:20]!r}.")
        if type(value) is not expected:
            raise SignatureRejected("malformed", f"The parameter {name} has the wrong type.")
    if not parameters.get("keyid"):
        raise SignatureRejected("malformed", "The signature has no keyid.")


def _component(name: Any, parameters: dict[str, Any]) -> str:
    """A covered component as text; those that need more than the request's own words are not supported."""
    if type(name) is not str:
        raise SignatureRejected("malformed", "A covered component must be a string.")
    query_name = parameters.get("name")
    if (
        name == "@query-param"
        and type(query_name) is str
        and len(parameters) == 1
        and _QUERY_NAME.fullmatch(query_name)
    ):
        return f"@query-param;name={query_name}"
    if parameters or (name.startswith("@") and name not in _DERIVED):
        raise SignatureRejected("unsupported", f"The component {name[:100]!r} is not supported in this form.")
    if name not in _DERIVED and _FIELD_NAME.fullmatch(name) is None:
        raise SignatureRejected("malformed", f"The component {name[:100]!r} is no header name in lower case.")
    return name


def _query_parameter(query: str, name: str) -> str:
    """RFC 9421 §2.2.8: the one value of this name, percent-encoded again."""
    wanted = unquote(name)
    values = [value for key, value in parse_qsl(query, keep_blank_values=True) if key == wanted]
    if len(values) != 1:
        raise SignatureRejected(
            "missing-header", "A signed query parameter is missing, or there several times."
        )
    return quote(values[0], safe="*-._").replace("~", "%7E")
