"""Whether what is signed is intact, and whether its key is the issuer's: for credentials, status lists and endorsements alike."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from badgefed.errors import BadgefedError, CannotCheck, Invalid, ProofRejected
from badgefed.protocol import data_integrity, jose, jwt_claims, strict_json
from badgefed.protocol.jose import Jws
from badgefed.protocol.verification_keys import VerificationKey
from badgefed.texts import say
from badgefed.verification.inquiry import Inquiry
from badgefed.verification.issuer_keys import IssuerKey, find_key, find_token_key
from badgefed.verification.members import reference_of
from badgefed.verification.results import Check, CheckName, Kind, Outcome, failed, passed, unchecked
from badgefed.verification.sources import MAX_ITEMS, Found

_INTACT = say("Its signature is intact: nothing was changed.")
_BROKEN = say("It was changed after it was signed, or it was signed with another key.")
_UNCOVERED = say("It says things that its signature does not cover, or says them in a way that hides them.")
_UNSIGNED = say("It carries no signature that could prove anything.")
_UNKNOWN = say("Its signature is of a kind that can't be checked here.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Secured:
    """`credential` is what the signature covers, to be believed only where it `holds`. `identity` is None if nothing was signed."""

    kind: Kind
    credential: Mapping[str, Any]
    issuer_id: str | None
    integrity: Check
    identity: Check | None = None

    @property
    def holds(self) -> bool:
        """The signature is intact, and its key is the issuer's."""
        return all(
            check is not None and check.outcome is Outcome.PASS for check in (self.integrity, self.identity)
        )

    @property
    def problem(self) -> Check:
        """The first of the two checks that did not pass."""
        is_intact = self.integrity.outcome is Outcome.PASS
        return self.identity if is_intact and self.identity is not None else self.integrity


async def examine_secured(inquiry: Inquiry, found: Found) -> Secured:
    """A credential that was fetched: JSON with a proof, or a token. Raises Invalid for anything else."""
    text = found.body.strip()
    if text.startswith(b"{"):
        document = await asyncio.to_thread(strict_json.loads, text, max_items=MAX_ITEMS, all_unique=True)
        return await examine_document(inquiry, document)
    return await examine_token(inquiry, await asyncio.to_thread(jose.read_jws, _decode(text)))


async def examine_document(inquiry: Inquiry, document: Mapping[str, Any]) -> Secured:
    """A credential with an embedded proof (OB 3.0 §8.2.3)."""
    issuer_id = reference_of(document, "issuer")
    blank = Secured(
        kind=Kind.OB3_PROOF,
        credential=document,
        issuer_id=issuer_id,
        integrity=failed(CheckName.INTEGRITY, _UNSIGNED),
    )
    try:
        proof = data_integrity.read_proof(dict(document))
    except CannotCheck as error:
        return _with_integrity(blank, unchecked(CheckName.INTEGRITY, _UNKNOWN, str(error)))
    except BadgefedError as error:
        return _with_integrity(blank, failed(CheckName.INTEGRITY, _UNSIGNED, str(error)))
    found = await find_key(inquiry, issuer_id, proof.verification_method)
    if found.key is None:
        return _without_key(blank, found)
    integrity = await asyncio.to_thread(
        _judge_proof, document, found.key, inquiry.now, proof.verification_method
    )
    return _with_integrity(blank, integrity, found.identity)


async def examine_token(inquiry: Inquiry, signed: Jws) -> Secured:
    """A credential as JWT (OB 3.0 §8.2.4)."""
    try:
        credential: Mapping[str, Any] = jwt_claims.credential_of(signed.payload)
    except BadgefedError as error:
        sentence = say("The token contradicts the badge inside it.")
        return Secured(
            kind=Kind.OB3_JWT,
            credential=signed.payload,
            issuer_id=None,
            integrity=failed(CheckName.INTEGRITY, sentence, str(error)),
        )
    issuer_id = reference_of(credential, "issuer")
    blank = Secured(
        kind=Kind.OB3_JWT,
        credential=credential,
        issuer_id=issuer_id,
        integrity=failed(CheckName.INTEGRITY, _UNSIGNED),
    )
    found = await find_token_key(inquiry, issuer_id, signed)
    if found.key is None:
        return _without_key(blank, found)
    integrity = await asyncio.to_thread(_judge_token, signed, found.key, signed.kid or "jwk")
    return _with_integrity(blank, integrity, found.identity)


def refused_token(error: BadgefedError) -> Check:
    """The integrity of a token that `jose.read_jws` refused."""
    if isinstance(error, CannotCheck):
        return unchecked(CheckName.INTEGRITY, _UNKNOWN, str(error))
    return failed(CheckName.INTEGRITY, _UNSIGNED, str(error))


def _judge_proof(document: Mapping[str, Any], key: VerificationKey, now: int, detail: str) -> Check:
    name = CheckName.INTEGRITY
    try:
        data_integrity.verify(dict(document), key=key, now=now)
    except CannotCheck as error:
        return unchecked(name, _UNKNOWN, str(error))
    except ProofRejected as error:
        return failed(name, _BROKEN, str(error))
    except BadgefedError as error:
        return failed(name, _UNCOVERED, str(error))
    return passed(name, _INTACT, detail)


def _judge_token(signed: Jws, key: VerificationKey, detail: str) -> Check:
    try:
        jose.verify_jws(signed, key.public_key)
    except BadgefedError as error:
        return failed(CheckName.INTEGRITY, _BROKEN, str(error))
    return passed(CheckName.INTEGRITY, _INTACT, detail)


def _without_key(blank: Secured, found: IssuerKey) -> Secured:
    """Without a key nothing is known of the signature; why there is none is the identity's to tell."""
    sentence = say("Without the issuer's key its signature can't be checked.")
    return _with_integrity(
        blank, unchecked(CheckName.INTEGRITY, sentence, found.identity.detail), found.identity
    )


def _with_integrity(blank: Secured, integrity: Check, identity: Check | None = None) -> Secured:
    """The identity says something only where the signature isn't broken."""
    return Secured(
        kind=blank.kind,
        credential=blank.credential,
        issuer_id=blank.issuer_id,
        integrity=integrity,
        identity=None if integrity.outcome is Outcome.FAIL else identity,
    )


def _decode(text: bytes) -> str:
    try:
        return text.decode("ascii")
    except UnicodeDecodeError as error:
        raise Invalid("What was found is neither JSON nor a signed token.") from error
