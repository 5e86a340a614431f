"""`did:web` identifiers of issuers and the documents behind them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import unquote

from badgefed.errors import Invalid
from badgefed.protocol.jsonld import DID_V1, MULTIKEY_V1, Document

JWS_2020_V1 = "https://w3id.org/security/suites/jws-2020/v1"

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*(?:%3[Aa][0-9]{{1,5}})?")
_SEGMENT = re.compile(r"(?:[A-Za-z0-9._-]|%[0-9A-Fa-f]{2})+")


def verification_method(did: str, fragment: str) -> str:
    """The id of a key. A Multikey is its own fragment, from which verifiers may take it without a fetch; a JWK has its thumbprint."""
    return f"{did}#{fragment}"


def did_document(
    did: str,
    *,
    multikeys: Sequence[str],
    jwks: Mapping[str, Mapping[str, str]] | None = None,
    also_known_as: Sequence[str] = (),
) -> Document:
    """The DID document with every key that ever signed, the present one first.

    `jwks` has the RSA keys that sign JWTs, RFC 7638 thumbprint to public JWK. Retired keys stay listed, or the credentials
    that they signed would fail. `assertionMethod` has strings only: some verifiers can't read embedded keys there.
    `also_known_as` is for the issuer's actor id.
    """
    methods = [
        *(_method(did, multikey, "Multikey", publicKeyMultibase=multikey) for multikey in multikeys),
        *(_method(did, name, "JsonWebKey2020", publicKeyJwk=dict(jwk)) for name, jwk in (jwks or {}).items()),
    ]
    return {
        "@context": [DID_V1, MULTIKEY_V1, *([JWS_2020_V1] if jwks else [])],
        "id": did,
        **({"alsoKnownAs": list(also_known_as)} if also_known_as else {}),
        "verificationMethod": methods,
        "assertionMethod": [method["id"] for method in methods],
    }


def resolve_did_web(did: str) -> str:
    """The https URL of the document of a `did:web` (did:web §3.2). Raises Invalid for anything else, DID URLs included.

    The host is only checked for its form: whether we may connect to it is the HTTP client's to decide.
    """
    scheme, _, identifier = did.partition(":web:")
    host, *path = identifier.split(":")
    if scheme != "did" or not _HOST.fullmatch(host) or not all(_is_segment(part) for part in path):
        raise Invalid(f"{did!r} is not a did:web identifier", field="did")
    authority = unquote(host)
    return f"https://{authority}/{'/'.join(path or ['.well-known'])}/did.json"


def _is_segment(text: str) -> bool:
    """One path segment, also for clients that decode it first."""
    decoded = unquote(text)
    return _SEGMENT.fullmatch(text) is not None and decoded not in (".", "..") and "/" not in decoded


def _method(did: str, fragment: str, kind: str, **key: object) -> Document:
    return {"id": verification_method(did, fragment), "type": kind, "controller": did, **key}
