"""Data Integrity proofs with `eddsa-rdfc-2022` (VC-DI-EDDSA §3.2) over our own documents, and fingerprints of these.

Signing writes the canonical form itself, in about 0.3 ms (`quads`). Verifying is `data_integrity`'s, for anybody's documents.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from badgefed.errors import Unprocessable
from badgefed.model.times import format_rfc3339
from badgefed.protocol import jsonld, keys, quads
from badgefed.protocol.jsonld import Document

CRYPTOSUITE = "eddsa-rdfc-2022"
PURPOSE = "assertionMethod"

Canonicalize = Callable[[Document], str]
"""A document to its RDFC-1.0 N-Quads, or Unprocessable where these would not cover it as a whole."""


def sign(
    document: Document,
    *,
    private_key: Ed25519PrivateKey,
    verification_method: str,
    created: int,
    canonicalize: Canonicalize = quads.canonicalize,
) -> Document:
    """The document with its proof, in an array of one as the Open Badges 3.0 schema demands; `created` in microseconds.

    Raises Unprocessable if the document has a proof already or a part that the signature would not cover.
    """
    if "proof" in document:
        raise Unprocessable("the document has a proof already")
    proof = {
        "type": "DataIntegrityProof",
        "cryptosuite": CRYPTOSUITE,
        "created": format_rfc3339(created),
        "verificationMethod": verification_method,
        "proofPurpose": PURPOSE,
    }
    signature = keys.sign(private_key, hash_data(document, proof, canonicalize=canonicalize))
    return {**document, "proof": [{**proof, "proofValue": keys.multibase_encode(signature)}]}


def take_proof(document: Document) -> tuple[Document, dict[str, Any]]:
    """The document without its one proof, and a copy of that proof. Raises Unprocessable if there isn't exactly one."""
    found = document.get("proof")
    proofs = found if isinstance(found, list) else [found]
    if len(proofs) != 1 or not isinstance(proofs[0], dict):
        raise Unprocessable("the document must have exactly one proof")
    unsecured = {name: value for name, value in document.items() if name != "proof"}
    return unsecured, dict(proofs[0])


def hash_data(
    document: Document, proof_options: dict[str, Any], *, canonicalize: Canonicalize = jsonld.canonicalize
) -> bytes:
    """The 64 bytes that are signed: SHA-256 of the canonical proof options, then of the canonical document (§3.2.4)."""
    if "@context" in proof_options:
        raise Unprocessable("the proof must have no context of its own")
    options = {"@context": document.get("@context"), **proof_options}
    return _sha256(canonicalize(options)) + _sha256(canonicalize(document))


def fingerprint(signed_document: Document) -> str:
    """SHA-256 in hex over the JCS form (RFC 8785) of the document with its proof: anyone who has the JSON can recompute it."""
    try:
        canonical = rfc8785.dumps(signed_document)
    except rfc8785.CanonicalizationError as error:
        raise Unprocessable(f"the document has no JCS form: {error}") from error
    return hashlib.sha256(canonical).hexdigest()


def _sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
