"""`did:web` identifiers of issuers and the documents behind them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import unquote

from badgefed.errors import Invalid
from badgefed.protocol.jsonld import DID_V1, MULTIKEY_V1, Document

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*(?:%3[Aa][0-9]{{1,5}})?")
_SEGMENT = re.compile(r"(?:[A-Za-z0-9._-]|%[0-9A-Fa-f]{2})+")


def verification_method(did: str, multikey: str) -> str:
    """The id of a key: the DID with the key itself as fragment, from which verifiers may take it without a fetch."""
    return f"{did}#{multikey}"


def did_document(did: str, *, multikeys: Sequence[str], also_known_as: Sequence[str] = ()) -> Document:
    """The DID document with every key that ever signed, the present one first.

    Retired keys stay listed, or the credentials that they signed would fail. `assertionMethod` has strings only: some
    verifiers can't read embedded keys there. `also_known_as` is for the issuer's actor id.
    """
    methods = [
        {
            "id": verification_method(did, multikey),
            "type": "Multikey",
            "controller": did,
            "publicKeyMultibase": multikey,
        }
        for multikey in multikeys
    ]
    return {
        "@context": [DID_V1, MULTIKEY_V1],
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
