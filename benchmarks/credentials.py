"""Rows: credentials issued and verified a second by one core, beside bare signatures and PyLD's canonical form of the same document."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import replace

from badgefed.protocol import (
    data_integrity,
    dids,
    jose,
    jsonld,
    keys,
    openbadges3,
    proofs,
    status_list,
    strict_json,
    verification_keys,
)
from badgefed.protocol.jsonld import Document
from benchmarks.rates import measure_by_turns
from benchmarks.report import Row, middle, spread
from benchmarks.sizes import Sizes
from tests.protocol.badge_values import ADDRESSES, BADGE, GRANT, ISSUER, NOW, SALT

ISSUING_TARGET = 800
VERIFYING_TARGET = 150
PRESENTED = 50
"""Credentials to verify, in turns."""
LIST_URL = "https://badges.example/status/0190a000"
SIGNED_BYTES = b"x" * 64
"""As many as eddsa-rdfc-2022 signs: two hashes."""

ISSUED = "with its embedded proof"
ISSUED_TWICE = "with its embedded proof, fingerprint and VC-JWT"
VERIFIED = "credentials verified"
VERIFIED_WITH_LIST = "credentials verified with their status lists"
ED25519 = "Ed25519 signatures"
RSA = "RSA-2048 signatures"
PYLD = "PyLD's canonical form of the same document"


async def measure_credentials(sizes: Sizes) -> list[Row]:
    """Building, canonicalising and signing, in this thread alone and without the store."""
    rates = measure_by_turns(_operations(), runs=sizes.runs, seconds=sizes.seconds)
    return [
        _row(f"credentials issued, one core, {ISSUED}", ISSUED, ED25519, ISSUING_TARGET, rates),
        _row(f"credentials issued, one core, {ISSUED_TWICE}", ISSUED_TWICE, RSA, ISSUING_TARGET, rates),
        _row(f"{VERIFIED}, one core", VERIFIED, ED25519, VERIFYING_TARGET, rates),
        _row(f"{VERIFIED_WITH_LIST}, one core", VERIFIED_WITH_LIST, ED25519, VERIFYING_TARGET, rates),
    ]


def _operations() -> Mapping[str, Callable[[], object]]:
    """Each credential is another grant's, so that nothing of the one before can be used again."""
    ed25519, rsa = keys.generate_ed25519(), keys.generate_rsa()
    did = ADDRESSES.did(ISSUER.username)
    method = dids.verification_method(did, keys.multikey(ed25519.public_key()))
    kid = dids.verification_method(did, jose.thumbprint(rsa.public_key()))
    numbers = itertools.count()

    def sign(unsigned: Document) -> Document:
        return proofs.sign(unsigned, private_key=ed25519, verification_method=method, created=NOW)

    def issue_twice() -> tuple[str, str]:
        unsigned = build(next(numbers))
        jwt = jose.sign_credential(unsigned, private_key=rsa, kid=kid)
        return proofs.fingerprint(sign(unsigned)), jwt

    presented = [json.dumps(sign(build(number))).encode() for number in range(PRESENTED)]
    listed = json.dumps(sign(build_list(did))).encode()
    key = verification_keys.from_multikey(keys.multikey(ed25519.public_key()))
    received = itertools.cycle(presented)

    def verify(data: bytes) -> Document:
        document = strict_json.loads(data, all_unique=True)
        data_integrity.verify(document, key=key, now=NOW)
        return document

    def verify_with_list() -> None:
        entry = status_list.read_entry(verify(next(received))["credentialStatus"])
        if status_list.read_status(verify(listed), entry, issuer=did):
            raise RuntimeError("a credential that was not revoked is on the list")

    return {
        VERIFIED: lambda: verify(next(received)),
        VERIFIED_WITH_LIST: verify_with_list,
        ISSUED: lambda: sign(build(next(numbers))),
        ISSUED_TWICE: issue_twice,
        ED25519: lambda: keys.sign(ed25519, SIGNED_BYTES),
        RSA: lambda: keys.sign(rsa, SIGNED_BYTES),
        PYLD: lambda: jsonld.canonicalize(build(next(numbers))),
    }


def build(number: int) -> Document:
    """A typical credential, unsigned: two kilobytes with evidence, tags, picture and an entry in a status list."""
    return openbadges3.credential(
        replace(GRANT, uuid=f"0190a000-0000-7000-8000-{number:012x}"),
        BADGE,
        ISSUER,
        organization_slug="society",
        addresses=ADDRESSES,
        salt=SALT,
        image="https://badges.example/image/5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef",
        status=status_list.status_entry(LIST_URL, number % 131_072),
    )


def build_list(did: str) -> Document:
    """The unsigned list of those credentials, in which every hundredth of the others is revoked."""
    encoded = status_list.encode(range(PRESENTED, status_list.MIN_LENGTH, 100))
    return status_list.list_credential(encoded, url=LIST_URL, issuer=did, valid_from=NOW)


def _row(name: str, ours: str, ceiling: str, target: int, rates: Mapping[str, list[float]]) -> Row:
    figure = middle(rates[ours])
    return Row(
        name=name,
        figure=figure,
        ceiling=middle(rates[ceiling]),
        ceiling_name=ceiling,
        target=f"≥ {target}/s",
        is_met=figure >= target,
        notes=f"{PYLD}: {middle(rates[PYLD]):,.0f}/s; {spread(rates[ours])}",
    )
