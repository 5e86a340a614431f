"""Data Integrity proofs that others made (VC Data Integrity 1.0 §4.3), over documents that may be hostile.

`read_proof` tells which key a proof wants; whether that key may speak for the issuer is told by `did_documents`, and
`verify` checks the proof with it. A refusal has one of three meanings: ProofRejected, the proof is false; CannotCheck,
nothing can be said here; any other Unprocessable, the document is malformed or says things that no signature covers.

Verifying takes 1 ms for a small credential, 5 where its contexts need PyLD: not for the event loop.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass

import rfc8785

from badgefed.errors import CannotCheck, Invalid, ProofRejected, Unprocessable
from badgefed.model.times import MINUTE, from_rfc3339
from badgefed.protocol import jsonld, keys, plain_terms, rdfc, verification_keys
from badgefed.protocol.credential_contexts import COMPANIONS, check_contexts
from badgefed.protocol.jsonld import Document
from badgefed.protocol.proofs import take_proof
from badgefed.protocol.verification_keys import KeyKind, VerificationKey

PURPOSE = "assertionMethod"
LEEWAY = 5 * MINUTE

_MAX_PROOF_VALUE = 140
_MAX_METHOD = 2_000
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a proof says of itself. `cryptosuite` is the type for the suites from before DataIntegrityProof; times in microseconds."""

    cryptosuite: str
    verification_method: str
    purpose: str
    created: int | None
    expires: int | None
    value: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Materials:
    """What a suite hashes: the document without its proof, the proof without its value, and the means to read them."""

    document: Document
    options: Document
    processor: jsonld.Processor
    kind: KeyKind


def read_proof(document: Document) -> Proof:
    """The document's one proof, in an array or not.

    Raises Unprocessable if there isn't exactly one or it is malformed, CannotCheck if its suite is none of those known here.
    """
    _, proof = take_proof(document)
    suite = _read_suite(proof)
    if "previousProof" in proof:
        raise CannotCheck("chains of proofs can't be checked here")
    return Proof(
        cryptosuite=suite,
        verification_method=_read_text(proof, "verificationMethod"),
        purpose=_read_text(proof, "proofPurpose"),
        created=_read_time(proof, "created"),
        expires=_read_time(proof, "expires"),
        value=_read_value(proof),
    )


def verify(
    document: Document,
    *,
    key: VerificationKey,
    now: int,
    processor: jsonld.Processor | None = None,
    companions: Collection[str] = COMPANIONS,
) -> Proof:
    """Returns the proof if this key made it over all that the document says, and it is one for assertions at the instant `now`.

    The document must come from a reader that refuses repeated names (`strict_json.loads(..., all_unique=True)`).
    `processor` and `companions` are for documents with contexts that are not bundled.
    """
    proof = read_proof(document)
    _check_claims(proof, now)
    suite = _SUITES[proof.cryptosuite]
    if key.kind not in suite.kinds:
        raise ProofRejected(
            f"the proof's suite {proof.cryptosuite} does not go with a key of the kind {key.kind}"
        )
    check_contexts(document, companions=companions)
    unsecured, options = take_proof(document)
    del options["proofValue"]
    chosen = processor or jsonld.bundled()
    materials = _Materials(document=unsecured, options=options, processor=chosen, kind=key.kind)
    if not verification_keys.fits(key, proof.value, suite.hash_data(materials)):
        raise ProofRejected("the signature does not fit: the document was changed, or another key signed it")
    return proof


def _check_claims(proof: Proof, now: int) -> None:
    if proof.purpose != PURPOSE:
        raise ProofRejected(
            f"the proof is for {proof.purpose[:100]!r}; that of a credential must be for {PURPOSE!r}"
        )
    if proof.created is not None and proof.created > now + LEEWAY:
        raise ProofRejected("the proof says that it was made in the future")
    if proof.expires is not None and proof.expires < now - LEEWAY:
        raise ProofRejected("the proof has expired")


def _read_suite(proof: Document) -> str:
    kind, suite = proof.get("type"), proof.get("cryptosuite")
    if kind == "DataIntegrityProof":
        if not isinstance(suite, str):
            raise Unprocessable("the proof names no cryptosuite")
        found = suite
    elif isinstance(kind, str):
        found = kind
    else:
        raise Unprocessable("the proof's type must be one text")
    if found not in _SUITES or (kind != "DataIntegrityProof") != (found in _OLDER_TYPES):
        raise CannotCheck(f"proofs of the kind {found[:100]!r} can't be checked here")
    return found


def _read_text(proof: Document, name: str) -> str:
    value = proof.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_METHOD:
        raise Unprocessable(f"the proof's {name} must be one text of at most {_MAX_METHOD} characters")
    return value


def _read_time(proof: Document, name: str) -> int | None:
    value = proof.get(name)
    if value is None and name not in proof:
        return None
    if isinstance(value, str) and _TIME.fullmatch(value):
        with suppress(ValueError, OverflowError):
            return from_rfc3339(value)
    raise Unprocessable(f"the proof's {name} must be a time with its zone, like 2026-03-12T10:30:00Z")


def _read_value(proof: Document) -> bytes:
    value = proof.get("proofValue")
    if not isinstance(value, str):
        raise Unprocessable("the proof has no proofValue")
    try:
        return keys.multibase_decode(value, max_length=_MAX_PROOF_VALUE)
    except Invalid as error:
        raise Unprocessable(f"the proofValue can't be read: it {error}") from error


def _hash_rdf(materials: _Materials) -> bytes:
    """SHA-256, or SHA-384 for P-384, of the canonical proof options, then of the canonical document (VC-DI-EDDSA §3.2, -ECDSA §3.2)."""
    if "@context" in materials.options:
        raise Unprocessable("the proof must have no context of its own")
    algorithm: rdfc.Algorithm = "sha384" if materials.kind is KeyKind.P384 else "sha256"
    options = {"@context": materials.document["@context"], **materials.options}
    document, proof = (
        plain_terms.read_quads(part, processor=materials.processor) for part in (materials.document, options)
    )
    canonical = (rdfc.canonicalize(proof), rdfc.canonicalize(document, algorithm=algorithm))
    return b"".join(hashlib.new(algorithm, text.encode()).digest() for text in canonical)


def _hash_json(materials: _Materials) -> bytes:
    """SHA-256 of the proof options in JCS form, then of the document (VC-DI-EDDSA §3.3).

    The terms are checked as for RDF: what no context defines would be signed, but mean nothing.
    """
    context = materials.document["@context"]
    if materials.options.get("@context", context) != context:
        raise Unprocessable("the proof's context must be the document's")
    jsonld.check_source(materials.options)
    plain_terms.expand_plain(materials.document, processor=materials.processor)
    return b"".join(hashlib.sha256(_jcs(part)).digest() for part in (materials.options, materials.document))


def _jcs(document: Document) -> bytes:
    try:
        return rfc8785.dumps(document)
    except rfc8785.CanonicalizationError as error:
        raise Unprocessable(f"the document has no JCS form: {error}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class _Suite:
    """The keys that a suite goes with, and the bytes that these sign."""

    kinds: frozenset[KeyKind]
    hash_data: Callable[[_Materials], bytes]


_ED25519 = frozenset((KeyKind.ED25519,))
_ECDSA = frozenset((KeyKind.P256, KeyKind.P384))
_OLDER_TYPES = frozenset(("Ed25519Signature2020",))
_SUITES: dict[str, _Suite] = {
    "eddsa-rdfc-2022": _Suite(kinds=_ED25519, hash_data=_hash_rdf),
    "eddsa-2022": _Suite(kinds=_ED25519, hash_data=_hash_rdf),
    "Ed25519Signature2020": _Suite(kinds=_ED25519, hash_data=_hash_rdf),
    "ecdsa-rdfc-2019": _Suite(kinds=_ECDSA, hash_data=_hash_rdf),
    "eddsa-jcs-2022": _Suite(kinds=_ED25519, hash_data=_hash_json),
}
