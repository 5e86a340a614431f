"""Credentials as we make them, before verifiers by others: each shape holds, and nothing in it can be changed."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from badgefed.model.badge import Badge, BadgeType
from badgefed.model.grant import Grant
from badgefed.model.issuer import Issuer
from badgefed.model.times import DAY, format_rfc3339, system_clock
from badgefed.protocol import keys, openbadges3, status_list
from tests.interop.openbadges import library
from tests.interop.openbadges.answers import Answer, Verdict, Verify
from tests.interop.openbadges.digitalbazaar import DigitalBazaar
from tests.interop.openbadges.issuers import LIST_URL, Signer, an_hour_ago, serve
from tests.protocol.badge_values import (
    ADDRESSES,
    BADGE,
    GRANT,
    GRANTS,
    HARD_TEXTS,
    ISSUER,
    SALT,
    with_text,
)

VALID, REVOKED, REFUSED = Verdict.VALID, Verdict.REVOKED, Verdict.REFUSED
Document = dict[str, Any]

SIGNER = Signer()
STRANGER = Signer(username="stranger")
POSITION = 131_071


def make_credential(
    grant: Grant = GRANT, badge: Badge = BADGE, issuer: Issuer = ISSUER, *, status: Document | None = None
) -> Document:
    """Unsigned, and valid by the verifiers' clock: a grant that ends does so in a year."""
    expires_at = grant.expires_at and system_clock() + 365 * DAY
    return openbadges3.credential(
        replace(grant, expires_at=expires_at),
        badge,
        issuer,
        organization_slug="org",
        addresses=ADDRESSES,
        salt=SALT,
        status=status,
    )


def encode(document: Document) -> bytes:
    return json.dumps(document).encode()


def make_shapes() -> Iterator[tuple[str, Document]]:
    for name, grant in GRANTS.items():
        yield name, make_credential(grant)
    for name, text in HARD_TEXTS.items():
        if text:  # no badge has an empty title
            yield f"texts: {name}", make_credential(*with_text(text))
    for badge_type in BadgeType:
        yield f"type: {badge_type}", make_credential(badge=replace(BADGE, badge_type=badge_type))


SHAPES = dict(make_shapes())


@pytest.mark.parametrize("name", SHAPES)
def test_each_shape_verifies(verify: Verify, name: str) -> None:
    answer = verify(encode(SIGNER.sign(SHAPES[name])), serve(SIGNER))
    assert answer == Answer(verdict=VALID)


def put(path: str, value: object) -> Callable[[Document], None]:
    """Sets the member at the path, numbers being positions in arrays."""

    def change(document: Document) -> None:
        *parents, last = path.split("/")
        place: Any = document
        for step in parents:
            place = place[_step(step)]
        place[_step(last)] = value

    return change


def _step(text: str) -> str | int:
    return int(text) if text.isdigit() else text


def drop(name: str) -> Callable[[Document], None]:
    def change(document: Document) -> None:
        del document[name]

    return change


def shift_status(document: Document) -> None:
    document["credentialStatus"] |= {"statusListIndex": "1", "id": f"{LIST_URL}#1"}


def swap_contexts(document: Document) -> None:
    first, second, *others = document["@context"]
    document["@context"] = [second, first, *others]


def break_signature(document: Document) -> None:
    proof = document["proof"][0]
    value = bytearray(keys.multibase_decode(proof["proofValue"]))
    value[7] ^= 1
    proof["proofValue"] = keys.multibase_encode(bytes(value))


TAMPERINGS: dict[str, Callable[[Document], None]] = {
    "another title": put("name", "Nobel Prize"),
    "another recipient": put("credentialSubject/id", "https://social.example/users/mallory"),
    "another achievement": put("credentialSubject/achievement/name", "Nobel Prize"),
    "another achievement's id": put("credentialSubject/achievement/id", "https://nobel.example/prize"),
    "other criteria": put("credentialSubject/achievement/criteria/narrative", "None."),
    "another picture": put("credentialSubject/achievement/image/id", "https://nobel.example/prize.png"),
    "another name of the issuer": put("issuer/name", "Nobel Foundation"),
    "another issuer": put("issuer/id", STRANGER.did),
    "another id": put("id", ADDRESSES.credential("0")),
    "issued earlier": put("validFrom", "2001-01-01T00:00:00Z"),
    "expiring later": put("validUntil", "2099-01-01T00:00:00Z"),
    "not expiring": drop("validUntil"),
    "other evidence": put("evidence/0/id", "https://nobel.example/work"),
    "no evidence": drop("evidence"),
    "no schema": drop("credentialSchema"),
    "no status": drop("credentialStatus"),
    "another's status": shift_status,
    "a member that nobody signed": put("unsigned", "words"),
    "a type that nobody signed": put("type", ["VerifiableCredential", "OpenBadgeCredential", "Unsigned"]),
    "contexts in another order": swap_contexts,
    "a context of its own": put("@context/2", {"name": "https://nobel.example/name"}),
    "a broken signature": break_signature,
    "another time of the proof": put("proof/0/created", "2001-01-01T00:00:00Z"),
    "another purpose": put("proof/0/proofPurpose", "authentication"),
    "another suite": put("proof/0/cryptosuite", "ecdsa-rdfc-2019"),
    "a stranger's key": put("proof/0/verificationMethod", f"{STRANGER.did}#{STRANGER.multikey}"),
    "no proof": drop("proof"),
}


def sign_with_status() -> Document:
    status = status_list.status_entry(LIST_URL, POSITION)
    return SIGNER.sign(make_credential(GRANTS["expiring"], status=status))


@pytest.mark.parametrize("name", TAMPERINGS)
def test_each_change_is_noticed(verify: Verify, name: str) -> None:
    signed, fetch = sign_with_status(), serve(SIGNER, STRANGER, status_list=SIGNER.status_list())
    assert verify(encode(signed), fetch) == Answer(verdict=VALID)
    changed = copy.deepcopy(signed)
    TAMPERINGS[name](changed)
    assert changed != signed
    assert verify(encode(changed), fetch).verdict is REFUSED


def test_nobody_signs_for_another_issuer(verify: Verify) -> None:
    unsigned = make_credential()
    assert unsigned["issuer"]["id"] == SIGNER.did
    assert verify(encode(STRANGER.sign(unsigned)), serve(SIGNER, STRANGER)).verdict is REFUSED


class TestKeys:
    """The DID document as the verifiers read it."""

    def test_what_a_retired_key_signed_still_holds(self, verify: Verify) -> None:
        new = keys.multikey(keys.generate_ed25519().public_key())
        documents = SIGNER.did_document(multikeys=[new, SIGNER.multikey])
        answer = verify(encode(SIGNER.sign(make_credential())), serve(did_document=documents))
        assert answer == Answer(verdict=VALID)

    @pytest.mark.parametrize("username", ["makers", "stranger"])
    def test_a_key_that_is_not_listed_signs_nothing(self, verify: Verify, username: str) -> None:
        other = Signer(username=username)
        fetch = serve(did_document=other.did_document())
        assert verify(encode(SIGNER.sign(make_credential())), fetch).verdict is REFUSED

    def test_without_the_document_nothing_holds(self, verify: Verify) -> None:
        assert verify(encode(SIGNER.sign(make_credential())), serve()).verdict is REFUSED

    def test_a_key_must_be_listed_for_assertions(self, digital_bazaar: DigitalBazaar) -> None:
        """openbadgeslib does not look."""
        documents = SIGNER.did_document() | {"assertionMethod": [SIGNER.kid]}
        fetch = serve(did_document=documents)
        assert digital_bazaar.verify(encode(SIGNER.sign(make_credential())), fetch).verdict is REFUSED


class TestStatus:
    @pytest.mark.parametrize("purpose", ["revocation", "suspension"])
    @pytest.mark.parametrize("position", [0, 7, 8, POSITION])
    def test_only_the_bit_of_the_credential_counts(self, verify: Verify, purpose: str, position: int) -> None:
        status = status_list.status_entry(LIST_URL, position, purpose)
        signed = encode(SIGNER.sign(make_credential(status=status)))
        others = {0, 6, 7, 8, 9, POSITION - 1, POSITION} - {position}
        for positions, verdict in (
            ((), VALID),
            (others, VALID),
            ((position,), REVOKED),
            ((*others, position), REVOKED),
        ):
            listed = SIGNER.status_list(*positions, purpose=purpose)
            answer = verify(signed, serve(SIGNER, status_list=listed))
            assert answer.verdict is verdict, answer

    @pytest.mark.parametrize("case", ["missing", "changed", "unsigned", "another's", "about something else"])
    def test_a_list_that_does_not_hold_proves_nothing(self, verify: Verify, case: str) -> None:
        revoked = SIGNER.status_list(POSITION)
        lists: dict[str, Document | None] = {
            "missing": None,
            "changed": copy.deepcopy(revoked),
            "unsigned": {name: value for name, value in SIGNER.status_list().items() if name != "proof"},
            "another's": STRANGER.status_list(),
            "about something else": SIGNER.status_list(purpose="suspension"),
        }
        changed = lists["changed"]
        assert changed is not None
        changed["credentialSubject"]["encodedList"] = status_list.encode(())
        fetch = serve(SIGNER, STRANGER, status_list=lists[case])
        assert verify(encode(sign_with_status()), fetch).verdict is REFUSED


class TestPresentations:
    """Several credentials in one, which only Digital Bazaar's libraries read."""

    @pytest.mark.parametrize(
        ("positions", "name", "verdict"),
        [((), "Jane", VALID), ((POSITION,), "Jane", REVOKED), ((), "Mallory", REFUSED)],
    )
    def test_each_credential_counts(
        self, digital_bazaar: DigitalBazaar, positions: tuple[int, ...], name: str, verdict: Verdict
    ) -> None:
        changed = SIGNER.sign(make_credential(issuer=replace(ISSUER, name="Jane")))
        changed["issuer"]["name"] = name
        presentation = {
            "@context": ["https://www.w3.org/ns/credentials/v2"],
            "type": ["VerifiablePresentation"],
            "verifiableCredential": [changed, sign_with_status()],
        }
        fetch = serve(SIGNER, status_list=SIGNER.status_list(*positions))
        assert digital_bazaar.verify(encode(presentation), fetch).verdict is verdict


class TestTokens:
    """VC-JWT, which only openbadgeslib reads."""

    @pytest.mark.parametrize("name", SHAPES)
    def test_each_shape_verifies(self, name: str) -> None:
        token = SIGNER.sign_jwt(SHAPES[name])
        assert library.verify(token.encode(), serve(SIGNER)) == Answer(verdict=VALID)

    @pytest.mark.parametrize(("positions", "verdict"), [((), VALID), ((POSITION,), REVOKED)])
    def test_the_status_counts(self, positions: tuple[int, ...], verdict: Verdict) -> None:
        token = SIGNER.sign_jwt(make_credential(status=status_list.status_entry(LIST_URL, POSITION)))
        fetch = serve(SIGNER, status_list=SIGNER.status_list(*positions))
        assert library.verify(token.encode(), fetch).verdict is verdict

    def test_each_part_is_covered(self) -> None:
        header, payload, signature = SIGNER.sign_jwt(make_credential()).split(".")
        other = SIGNER.sign_jwt(make_credential(replace(GRANT, name="Mallory", evidence=None))).split(".")
        foreign = Signer().sign_jwt(make_credential()).split(".")
        for token in (
            f"{header}.{other[1]}.{signature}",
            f"{header}.{payload}.{other[2]}",
            f"{header}.{payload}.{foreign[2]}",
            f"{foreign[0]}.{payload}.{signature}",
            f"{header}.{payload}.",
        ):
            assert library.verify(token.encode(), serve(SIGNER)).verdict is REFUSED, token

    def test_it_ends_with_the_credential(self) -> None:
        ended = make_credential() | {"validUntil": format_rfc3339(an_hour_ago())}
        token = SIGNER.sign_jwt(ended)
        assert library.verify(token.encode(), serve(SIGNER)).verdict is REFUSED
