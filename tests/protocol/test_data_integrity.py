"""Foreign Data Integrity proofs: published vectors, what other people's libraries signed, and what a proof may claim."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from badgefed.errors import CannotCheck, ProofRejected, Unprocessable
from badgefed.model.times import from_rfc3339
from badgefed.protocol import (
    credential_contexts,
    data_integrity,
    jsonld,
    keys,
    plain_terms,
    proofs,
    quads,
    rdfc,
    verification_keys,
)
from tests.protocol.foreign_credentials import (
    CREDENTIAL,
    DATA,
    KEY,
    METHOD,
    NOW,
    PRIVATE_KEY,
    SIGNED,
    forge,
    key_in_fragment,
    load_fixture,
    load_sample,
    verify,
)
from tests.protocol.test_proofs import VECTORS as W3C_PROCESSOR
from tests.protocol.test_proofs import W3C_DOCUMENT, W3C_PROOF

EXAMPLES = "https://www.w3.org/ns/credentials/examples/v2"
MINE = ["ecdsa-rdfc-2019-p-256", "ecdsa-rdfc-2019-p-384", "ed25519-signature-2020", "eddsa-jcs-2022"]


class TestVectors:
    @pytest.mark.parametrize("suite", ["eddsa-rdfc-2022/signedDataInt", "eddsa-jcs-2022/signedJCS"])
    def test_w3c(self, suite: str) -> None:
        document = load_sample(f"w3c/{suite}.json")
        key = key_in_fragment(document)
        known = {EXAMPLES, *credential_contexts.COMPANIONS}

        def check(changed: dict[str, Any]) -> None:
            data_integrity.verify(changed, key=key, now=NOW, processor=W3C_PROCESSOR, companions=known)

        check(document)
        with pytest.raises(ProofRejected, match="does not fit"):
            check({**document, "name": "Another name"})

    def test_w3c_without_files(self) -> None:
        document = {**W3C_DOCUMENT, "proof": [W3C_PROOF]}
        data_integrity.verify(
            document, key=key_in_fragment(document), now=NOW, processor=W3C_PROCESSOR, companions=[EXAMPLES]
        )

    @pytest.mark.parametrize("name", MINE)
    def test_other_libraries(self, name: str) -> None:
        document = load_fixture(name)
        verify(document)
        document["credentialSubject"]["achievement"]["name"] = "Welding"
        with pytest.raises(ProofRejected, match="does not fit"):
            verify(document)

    @pytest.mark.parametrize("name", MINE)
    @pytest.mark.parametrize(
        ("member", "value"),
        [
            ("created", "2026-03-12T10:30:01Z"),
            ("verificationMethod", "https://badges.example/issuers/2#key"),
            ("expires", "2040-01-01T00:00:00Z"),
            ("nonce", "x"),
        ],
    )
    def test_the_proof_itself_is_signed(self, name: str, member: str, value: str) -> None:
        document = load_fixture(name)
        key = key_in_fragment(document)
        document["proof"][member] = value
        with pytest.raises(ProofRejected, match="does not fit"):
            data_integrity.verify(document, key=key, now=NOW)

    @pytest.mark.parametrize("name", MINE)
    def test_signatures_of_other_lengths(self, name: str) -> None:
        document = load_fixture(name)
        value = keys.multibase_decode(document["proof"]["proofValue"])
        for other in (value[:-1], value + b"\0", b"", b"\0" * len(value), value[::-1]):
            document["proof"]["proofValue"] = keys.multibase_encode(other)
            with pytest.raises(ProofRejected, match="does not fit"):
                verify(document)

    def test_names_of_suites_are_not_exchangeable(self) -> None:
        document = load_fixture("eddsa-jcs-2022")
        del document["proof"]["@context"]
        for suite in ("eddsa-rdfc-2022", "eddsa-2022"):
            document["proof"]["cryptosuite"] = suite
            with pytest.raises(ProofRejected, match="does not fit"):
                verify(document)


def samples() -> list[str]:
    return sorted(
        str(file.relative_to(DATA))
        for folder in ("ob3", "ob3py", "1edtech/ob30")
        for file in (DATA / folder).rglob("*.json")
        if b'"proof"' in file.read_bytes() and b'"@context"' in file.read_bytes()
    )


UNCHECKABLE = {"1edtech/ob30/sd/derivedcredential.json": "ecdsa-sd-2023"}
REFUSED = {
    "ob3/web-tampered.json": "does not fit",
    "ob3/web-unsigned-extra-term.json": "'extra'",
    "1edtech/ob30/endorsement-err-schema-status-refresh.json": "does not fit",
    "1edtech/ob30/complete_v1.json": "Multikey 'key-1'",
    "1edtech/ob30/simple-err-proof-method.json": "Multikey",
    "1edtech/ob30/simple-err-proof-method-no-scheme.json": "relative reference",
    "1edtech/ob30/simple-err-proof-method-unknown-scheme.json": "Multikey",
    "1edtech/ob30/simple-err-proof-method-unknown-did-method.json": "Multikey",
    "1edtech/ob30/simple-err-proof-value.json": "does not fit",
    "1edtech/ob30/simple-err-context.json": "first @context",
    "1edtech/ob30/simple-err-type.json": "'OtherCredential'",
    "1edtech/ob30/simple-multiple-proofs.json": "exactly one proof",
    "1edtech/ob30/simple-err-issuer-type.json": "'InvalidProfile'",
    "1edtech/ob30/simple-err-issuer-parentorg-type.json": "'InvalidProfile'",
    "1edtech/ob30/simple-err-issuer-otheridentifier-type.json": "'identifier'",
    "1edtech/ob30/simple-err-credential-subject-type.json": "'achievement'",
    "1edtech/ob30/simple-err-credential-subject-identifier-type.json": "'hashed'",
    "1edtech/ob30/simple-err-credential-subject-result-type.json": "'achievedLevel'",
    "1edtech/ob30/simple-err-credential-subject-achievement-result-description-type.json": "'resultType'",
    "1edtech/ob30/simple-err-credential-subject-profile-type.json": "'InvalidProfile'",
    "1edtech/ob30/simple-err-evidence-type.json": "'audience'",
}
"""Wrong types are refused here already: what stands in such an object is not defined, so the signature can't cover it."""

OTHER_CHECKS = {
    "not yet valid",
    "expired",
    "schema",
    "revoked (list: ob30/bit-string-list/testlist)",
    "no proof",
}
"""Verdicts of the corpus that are not about the proof."""


@pytest.mark.skipif(not DATA.is_dir(), reason="the published samples are not here")
class TestSamples:
    @pytest.mark.parametrize("path", samples())
    def test_verdict(self, path: str) -> None:
        document = load_sample(path)
        if path in UNCHECKABLE:
            with pytest.raises(CannotCheck, match=UNCHECKABLE[path]):
                verify(document)
        elif path in REFUSED:
            with pytest.raises(Unprocessable, match=REFUSED[path]):
                verify(document)
        elif "proof" in document:
            verify(document)

    def test_the_corpus_agrees(self) -> None:
        expected = json.loads((DATA / "1edtech" / "expected.json").read_text())
        valid = [*expected["valid"], *expected["proof_ok_other_checks_fail_offline"]]
        refused = {path for path, reason in expected["invalid"].items() if reason not in OTHER_CHECKS}
        assert not {f"1edtech/{path}" for path in valid} & REFUSED.keys()
        assert {f"1edtech/{path}" for path in refused} <= REFUSED.keys()

    def test_endorsements_inside_are_covered(self) -> None:
        document = load_sample("1edtech/ob30/complete.json")
        key = key_in_fragment(document)
        for place in (("proof", 0, "created"), ("credentialSubject", "endorsementComment")):
            forged = copy.deepcopy(document)
            container = forged["endorsement"][0]
            for step in place[:-1]:
                container = container[step]
            container[place[-1]] = "2020-01-01T00:00:00Z"
            with pytest.raises(ProofRejected, match="does not fit"):
                data_integrity.verify(forged, key=key, now=NOW)

    @pytest.mark.parametrize("path", [path for path in samples() if path not in {**REFUSED, **UNCHECKABLE}])
    def test_proof_options_are_written_right(self, path: str) -> None:
        """The direct form of the proof options is that of the JSON-LD algorithms."""
        document = load_sample(path)
        if "proof" not in document:
            return
        unsecured, proof = proofs.take_proof(document)
        options = {"@context": unsecured["@context"], **proof}
        del options["proofValue"]
        whole = rdfc.canonicalize(plain_terms.read_quads(options, processor=jsonld.bundled()))
        try:
            assert quads.canonicalize(options) == whole
        except Unprocessable:
            assert jsonld.CREDENTIALS_V2 not in options["@context"]


class TestReadingProofs:
    def test_array_of_one_and_object(self) -> None:
        proof = SIGNED["proof"][0]
        found = data_integrity.read_proof(forge(proof=proof))
        assert found == data_integrity.read_proof(SIGNED)
        assert (found.cryptosuite, found.verification_method, found.purpose) == (
            "eddsa-rdfc-2022",
            METHOD,
            "assertionMethod",
        )
        assert (found.created, found.expires) == (from_rfc3339("2026-01-01T00:00:00Z"), None)
        assert len(found.value) == 64
        data_integrity.verify(forge(proof=proof), key=KEY, now=NOW)

    @pytest.mark.parametrize(
        ("members", "reason"),
        [
            ({"type": None}, "type must be one text"),
            ({"type": ["DataIntegrityProof"]}, "type must be one text"),
            ({"cryptosuite": None}, "names no cryptosuite"),
            ({"cryptosuite": ["eddsa-rdfc-2022"]}, "names no cryptosuite"),
            ({"verificationMethod": None}, "verificationMethod must be one text"),
            ({"verificationMethod": {"id": METHOD}}, "verificationMethod must be one text"),
            ({"verificationMethod": ""}, "verificationMethod must be one text"),
            ({"verificationMethod": "x" * 3_000}, "verificationMethod must be one text"),
            ({"proofPurpose": ["assertionMethod"]}, "proofPurpose must be one text"),
            ({"created": 5}, "created must be a time"),
            ({"created": None}, "created must be a time"),
            ({"created": "2026-01-01"}, "created must be a time"),
            ({"created": "2026-01-01T00:00:00"}, "created must be a time"),
            ({"created": "2026-13-01T00:00:00Z"}, "created must be a time"),
            ({"expires": "soon"}, "expires must be a time"),
            ({"proofValue": None}, "no proofValue"),
            ({"proofValue": "uAAAA"}, "proofValue can't be read"),
            ({"proofValue": "z0OIl"}, "proofValue can't be read"),
            ({"proofValue": "z" + "1" * 5_000}, "proofValue can't be read"),
        ],
    )
    def test_malformed(self, members: dict[str, Any], reason: str) -> None:
        with pytest.raises(Unprocessable, match=reason) as caught:
            data_integrity.read_proof(forge(proof=[{**SIGNED["proof"][0], **members}]))
        assert type(caught.value) is Unprocessable

    @pytest.mark.parametrize("proof", [None, [], {}, "z", [1], [[]], [{}, {}]])
    def test_not_one_proof(self, proof: object) -> None:
        with pytest.raises(Unprocessable):
            data_integrity.read_proof(forge(proof=proof))

    @pytest.mark.parametrize(
        "members",
        [
            {"cryptosuite": "bbs-2023"},
            {"cryptosuite": "ecdsa-jcs-2019"},
            {"cryptosuite": "Ed25519Signature2020"},
            {"type": "eddsa-rdfc-2022"},
            {"type": "JsonWebSignature2020"},
            {"type": "Ed25519Signature2018"},
            {"previousProof": "urn:uuid:1"},
        ],
    )
    def test_unknown_kinds_are_no_verdict(self, members: dict[str, Any]) -> None:
        with pytest.raises(CannotCheck, match="can't be checked here"):
            data_integrity.read_proof(forge(proof=[{**SIGNED["proof"][0], **members}]))


class TestClaims:
    def sign_with(self, **members: Any) -> dict[str, Any]:
        """A proof with other members than ours, rightly signed."""
        proof = {key: value for key, value in SIGNED["proof"][0].items() if key != "proofValue"} | members
        value = PRIVATE_KEY.sign(proofs.hash_data(CREDENTIAL, proof))
        return {**CREDENTIAL, "proof": {**proof, "proofValue": keys.multibase_encode(value)}}

    @pytest.mark.parametrize(
        ("members", "now", "reason"),
        [
            ({"proofPurpose": "authentication"}, NOW, "the proof is for 'authentication'"),
            ({"created": "2026-11-22T12:06:00Z"}, NOW, "in the future"),
            ({"expires": "2026-11-22T11:54:00Z"}, NOW, "has expired"),
            ({}, from_rfc3339("2025-12-31T23:54:00Z"), "in the future"),
        ],
    )
    def test_out_of_place_or_time(self, members: dict[str, Any], now: int, reason: str) -> None:
        with pytest.raises(ProofRejected, match=reason):
            data_integrity.verify(self.sign_with(**members), key=KEY, now=now)

    @pytest.mark.parametrize(
        "members",
        [
            {},
            {"created": "2026-11-22T12:04:00Z"},
            {"created": "2026-01-01T00:00:00.123456789+02:00"},
            {"expires": "2026-11-22T11:56:00Z"},
            {"expires": "2040-01-01T00:00:00Z", "nonce": "x", "domain": "a.example", "challenge": "y"},
            {"id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33"},
        ],
    )
    def test_within_them(self, members: dict[str, Any]) -> None:
        found = data_integrity.verify(self.sign_with(**members), key=KEY, now=NOW)
        assert found.cryptosuite == "eddsa-rdfc-2022"

    def test_created_may_be_missing(self) -> None:
        signed = self.sign_with()
        proof = {key: value for key, value in signed["proof"].items() if key not in ("created", "proofValue")}
        value = PRIVATE_KEY.sign(proofs.hash_data(CREDENTIAL, proof))
        signed["proof"] = {**proof, "proofValue": keys.multibase_encode(value)}
        assert data_integrity.verify(signed, key=KEY, now=NOW).created is None

    def test_another_key(self) -> None:
        other = verification_keys.from_multikey(keys.multikey(keys.generate_ed25519().public_key()))
        with pytest.raises(ProofRejected, match="does not fit"):
            data_integrity.verify(SIGNED, key=other, now=NOW)

    def test_a_key_of_another_kind(self) -> None:
        other = key_in_fragment(load_fixture("ecdsa-rdfc-2019-p-256"))
        with pytest.raises(ProofRejected, match="eddsa-rdfc-2022 does not go with a key of the kind P-256"):
            data_integrity.verify(SIGNED, key=other, now=NOW)
