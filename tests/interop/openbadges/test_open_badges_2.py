"""Open Badges 2.0, hosted and signed, before a verifier by others."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from badgefed.protocol import jose, keys, openbadges2, revocation_lists
from tests.interop.openbadges import library
from tests.interop.openbadges.answers import Answer, Verdict
from tests.interop.openbadges.issuers import Signer
from tests.protocol.badge_values import ADDRESSES, BADGE, GRANT, GRANTS, HARD_TEXTS, ISSUER, SALT, with_text

VALID, REVOKED, REFUSED = Verdict.VALID, Verdict.REVOKED, Verdict.REFUSED
SIGNER = Signer()
KEY_URL = ADDRESSES.cryptographic_key(ISSUER.uuid, 1)
LIST_URL = ADDRESSES.revocation_list(ISSUER.uuid)
PROFILE = ADDRESSES.issuer_profile(ISSUER.uuid)
SIGNED_ID = openbadges2.signed_id(GRANT.uuid)

Web = dict[str, dict[str, Any]]


def make_web(*, revoked: str | None = None) -> Web:
    """The documents of the issuer and the badge; `revoked` is the id of an Assertion."""
    version = openbadges2.badge_class(BADGE, ISSUER, ADDRESSES, image=ADDRESSES.image("0" * 64))
    documents = [
        openbadges2.issuer_profile(ISSUER, ADDRESSES, keys=[2, 1]),
        openbadges2.badge_class(BADGE, ISSUER, ADDRESSES),
        version,
        openbadges2.cryptographic_key(
            ISSUER, ADDRESSES, number=1, public_key_pem=keys.public_pem(SIGNER.rsa.public_key())
        ),
        revocation_lists.build_open_badges_2(
            url=LIST_URL, issuer=PROFILE, revoked=[(revoked, "a mistake")] if revoked else []
        ),
    ]
    return {document["id"]: document for document in documents}


def verify(presented: str, web: Web) -> Answer:
    def fetch(url: str) -> bytes:
        if url not in web:
            raise LookupError(f"nothing stands at {url}")
        return json.dumps(web[url]).encode()

    return library.verify(presented.encode(), fetch)


def make_shapes() -> dict[str, dict[str, Any]]:
    shapes = {
        name: openbadges2.assertion(grant, BADGE, ADDRESSES, salt=SALT) for name, grant in GRANTS.items()
    }
    for name, text in HARD_TEXTS.items():
        grant, badge, _ = with_text(text)
        shapes[f"texts: {name}"] = openbadges2.assertion(grant, badge, ADDRESSES, salt=SALT)
    return {name: shape for name, shape in shapes.items() if "expires" not in shape}


SHAPES = make_shapes()
ASSERTION = SHAPES["profile"]


def sign(assertion: dict[str, Any], signer: Signer = SIGNER) -> str:
    signed = openbadges2.signed_assertion(
        assertion, BADGE, ADDRESSES, uuid=GRANT.uuid, version=BADGE.version, key=KEY_URL
    )
    return jose.sign_assertion(signed, private_key=signer.rsa)


@pytest.mark.parametrize("name", SHAPES)
def test_each_shape_verifies_hosted_and_signed(name: str) -> None:
    web, assertion = make_web(), SHAPES[name]
    hosted = {**web, assertion["id"]: assertion}
    assert verify(json.dumps(assertion), hosted) == Answer(verdict=VALID)
    assert verify(sign(assertion), web) == Answer(verdict=VALID)


class TestHosted:
    def test_only_the_copy_at_its_address_counts(self) -> None:
        web = {**make_web(), ASSERTION["id"]: ASSERTION}
        changed = json.dumps(ASSERTION | {"issuedOn": "2001-01-01T00:00:00Z"})
        assert verify(changed, web).verdict is REFUSED

    def test_what_is_gone_is_no_badge(self) -> None:
        assert verify(json.dumps(ASSERTION), make_web()).verdict is REFUSED

    def test_an_address_out_of_the_issuers_scope_is_refused(self) -> None:
        elsewhere = ASSERTION | {"id": "https://badges.example/elsewhere"}
        answer = verify(json.dumps(elsewhere), {**make_web(), elsewhere["id"]: elsewhere})
        assert (answer.verdict, "scope" in answer.reason) == (REFUSED, True)


class TestSigned:
    @pytest.mark.parametrize(("revoked", "verdict"), [(SIGNED_ID, REVOKED), ("urn:uuid:0", VALID)])
    def test_the_list_of_the_issuer_revokes(self, revoked: str, verdict: Verdict) -> None:
        assert verify(sign(ASSERTION), make_web(revoked=revoked)).verdict is verdict

    def test_the_list_must_be_there(self) -> None:
        web = make_web()
        del web[LIST_URL]
        assert verify(sign(ASSERTION), web).verdict is REFUSED

    @pytest.mark.parametrize(
        "change",
        [
            lambda profile: profile.pop("publicKey"),
            lambda profile: profile.update(publicKey=ADDRESSES.cryptographic_key(ISSUER.uuid, 2)),
        ],
        ids=["no key", "other keys"],
    )
    def test_the_issuer_must_name_the_key(self, change: Callable[[dict[str, Any]], None]) -> None:
        web = make_web()
        change(web[PROFILE])
        assert verify(sign(ASSERTION), web).verdict is REFUSED

    def test_each_part_is_covered(self) -> None:
        header, payload, signature = sign(ASSERTION).split(".")
        other = openbadges2.assertion(replace(GRANT, evidence=None), BADGE, ADDRESSES, salt=SALT)
        _, others_payload, others_signature = sign(other).split(".")
        stranger = sign(ASSERTION, Signer()).rpartition(".")[2]
        for token in (
            f"{header}.{others_payload}.{signature}",
            f"{header}.{payload}.{others_signature}",
            f"{header}.{payload}.{stranger}",
        ):
            assert verify(token, make_web()).verdict is REFUSED, token
