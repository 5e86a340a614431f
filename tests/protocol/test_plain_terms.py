"""Foreign documents made to deceive: JSON that says something else than the RDF that was signed, and endless work."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from badgefed.errors import BadgefedError, CannotCheck, Invalid, Unprocessable
from badgefed.protocol import (
    credential_contexts,
    data_integrity,
    jsonld,
    proofs,
    rdfc,
    strict_json,
)
from tests.protocol.foreign_credentials import (
    CRED,
    CREDENTIAL,
    KEY,
    NOW,
    SIGNED,
    forge,
    key_in_fragment,
    load_fixture,
    objects_of,
    without,
)


def put(document: dict[str, Any], place: tuple[str, ...], **members: Any) -> dict[str, Any]:
    container = document
    for step in place:
        container = container[step]
    container.update(members)
    return document


def with_first_identifier(**members: Any) -> dict[str, Any]:
    forged = forge()
    forged["credentialSubject"]["identifier"][0].update(members)
    return forged


def move_to_refresh_service(name: str) -> dict[str, Any]:
    """The same RDF: the refresh service has the credential's id, as in the sample of 1EdTech."""
    forged = without(name)
    types = [*SIGNED["type"], "1EdTechCredentialRefresh"]
    forged["refreshService"] = {"id": SIGNED["id"], "type": types, name: SIGNED[name]}
    return forged


SAME_RDF: list[tuple[str, Callable[[], dict[str, Any]], str]] = [
    ("an IRI for a term", lambda: {**without("validUntil"), f"{CRED}validUntil": "2026-06-01T00:00:00Z"}, "IRIs can't"),
    ("a compact IRI for a term", lambda: {**without("validUntil"), "cred:validUntil": "x"}, "IRIs can't"),
    ("a keyword for a term", lambda: {**without("id"), "@id": SIGNED["id"]}, "'@id'"),
    ("a graph around it", lambda: {"@context": SIGNED["@context"], "@graph": [SIGNED], "proof": SIGNED["proof"]}, "@graph"),
    ("a reverse property", lambda: forge(**{"@reverse": {}}), "@reverse"),
    ("an included block", lambda: forge(**{"@included": []}), "@included"),
    ("a nested array", lambda: forge(credentialStatus=[[SIGNED["credentialStatus"]]]), "nested array"),
    ("an empty array", lambda: forge(evidence=[]), "empty or nested array"),
    ("a null", lambda: forge(validUntil=None), "null"),
    ("an empty object", lambda: forge(evidence={}), "empty object"),
    ("an unsigned member", lambda: forge(extra="unsigned"), "'extra'"),
    ("an unsigned member deep down", lambda: put(forge(), ("credentialSubject", "achievement"), extra=1), "'extra'"),
    ("a member out of its place", lambda: put(forge(), ("issuer",), validUntil="2030-01-01T00:00:00Z"), "validUntil"),
    ("an undefined type", lambda: forge(type=[*SIGNED["type"], "Undefined"]), "Undefined"),
    ("a type as IRI", lambda: forge(type=[f"{CRED}VerifiableCredential", "OpenBadgeCredential"]), "no term"),
    ("a type's name as member", lambda: put(forge(), ("credentialSubject", "achievement"), Criteria={"narrative": "x"}), "small letter"),
    ("a text for a boolean", lambda: with_first_identifier(hashed="true"), "boolean belongs"),
    ("a date in another object", lambda: move_to_refresh_service("validUntil"), "stands in two objects"),
    ("a status in another object", lambda: move_to_refresh_service("credentialStatus"), "stands in two objects"),
    ("members beside another id", lambda: put(forge(), ("refreshService",), description="x"), "stand in another object"),
    ("the context of version 1", lambda: forge(**{"@context": [credential_contexts.CREDENTIALS_V1, *SIGNED["@context"][1:]]}), "belongs to credentials of version 2"),
    ("an inline context", lambda: forge(**{"@context": [*SIGNED["@context"], {"validTo": f"{CRED}validUntil"}]}), "not a URL"),
    ("an inline context below", lambda: put(forge(), ("issuer",), **{"@context": {"x": "https://a.example/x"}}), "not a URL"),
    ("a null context below", lambda: put(forge(), ("issuer",), **{"@context": None}), "not a URL"),
    ("a list without its first", lambda: forge(**{"@context": SIGNED["@context"][1:]}), "first @context"),
    ("contexts in another order", lambda: forge(**{"@context": SIGNED["@context"][::-1]}), "first @context"),
    ("two versions of Open Badges", lambda: forge(**{"@context": [*SIGNED["@context"], "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json"]}), "two versions"),
    ("no context", lambda: without("@context"), "no @context"),
    ("no contexts", lambda: forge(**{"@context": []}), "first @context"),
    ("a relative id", lambda: forge(id="/credentials/1"), "relative reference"),
    ("a relative status list", lambda: put(forge(), ("credentialStatus",), statusListCredential="1"), "relative reference"),
    ("an id that is no text", lambda: forge(id=5), "@id"),
    ("a blank node's id", lambda: forge(id="_:b0"), "not an absolute IRI"),
    ("a control character", lambda: forge(name="Solder\x08ing"), "U\\+0008"),
    ("a lone surrogate", lambda: forge(name="\ud800"), "U\\+D800"),
    ("a proof with a context", lambda: put(forge(proof=dict(SIGNED["proof"][0])), ("proof",), **{"@context": SIGNED["@context"]}), "context of its own"),
]  # fmt: skip


class TestOneSpellingOnly:
    """Documents whose JSON says something else than the RDF that is signed."""

    @pytest.mark.parametrize(
        ("make", "reason"), [case[1:] for case in SAME_RDF], ids=[case[0] for case in SAME_RDF]
    )
    def test_refused(self, make: Callable[[], dict[str, Any]], reason: str) -> None:
        with pytest.raises(Unprocessable, match=reason) as caught:
            data_integrity.verify(make(), key=KEY, now=NOW)
        assert type(caught.value) is Unprocessable

    @pytest.mark.parametrize("name", ["validUntil", "credentialStatus"])
    def test_moved_members_would_be_the_same_rdf(self, name: str) -> None:
        """Why the rule about second objects is needed: without it the proof would hold."""
        moved, _ = proofs.take_proof(move_to_refresh_service(name))
        changed = {
            **CREDENTIAL,
            "refreshService": {**CREDENTIAL["refreshService"], "type": moved["refreshService"]["type"]},
        }
        processor = jsonld.bundled()

        def canonicalize(document: dict[str, Any]) -> str:
            return rdfc.canonicalize(
                rdfc.quads_of_dataset(processor.dataset(processor.expand_whole(document)))
            )

        assert canonicalize(moved) == canonicalize(changed)

    @pytest.mark.parametrize("place", [None, "issuer"])
    def test_unknown_contexts_are_no_verdict(self, place: str | None) -> None:
        urls = [*SIGNED["@context"], "https://terms.example/v1"]
        forged = forge()
        (forged[place] if place else forged)["@context"] = urls
        with pytest.raises(CannotCheck, match="is not known here"):
            data_integrity.verify(forged, key=KEY, now=NOW)

    def test_jcs_follows_the_same_rules(self) -> None:
        document = load_fixture("eddsa-jcs-2022")
        key = key_in_fragment(document)
        cases: list[tuple[dict[str, Any], str]] = [
            ({"extra": 1}, "'extra'"),
            ({"@context": [*document["@context"], {}]}, "not a URL"),
            ({"@context": [*document["@context"], jsonld.OPEN_BADGES_3_EXTENSIONS]}, "proof's context"),
            ({"validUntil": None}, "null"),
        ]
        for members, reason in cases:
            with pytest.raises(Unprocessable, match=reason):
                data_integrity.verify({**document, **members}, key=key, now=NOW)

    @pytest.mark.parametrize("name", ["validUntil", "hashed", "proofValue", "@context"])
    def test_repeated_names(self, name: str) -> None:
        text = json.dumps(SIGNED).replace(f'"{name}"', f'"{name}": 1, "{name}"', 1)
        with pytest.raises(Invalid, match=name):
            strict_json.loads(text.encode(), all_unique=True)

    @pytest.mark.parametrize(
        "value", [None, "unsigned", 1, [], {}, "@id", {"@value": "x"}, ["https://a.example/"], [[]]]
    )
    def test_nothing_can_be_added_anywhere(self, value: object) -> None:
        for node in objects_of(SIGNED):
            forged = copy.deepcopy(SIGNED)
            next(found for found in objects_of(forged) if found == node)["extra"] = value
            with pytest.raises(BadgefedError):
                data_integrity.verify(forged, key=KEY, now=NOW)

    def test_nothing_can_be_taken_away(self) -> None:
        for number, node in enumerate(objects_of(SIGNED)):
            for name in node:
                forged = copy.deepcopy(SIGNED)
                del list(objects_of(forged))[number][name]
                with pytest.raises(BadgefedError):
                    data_integrity.verify(forged, key=KEY, now=NOW)


class TestBoundedWork:
    @pytest.mark.parametrize("size", [7, 10])
    def test_clique_of_blank_nodes(self, size: int) -> None:
        """Blank nodes that refer to each other can't be written with plain terms, and end by budget where they come as quads."""
        names = [f"_:b{number}" for number in range(size)]
        clique = [
            rdfc.Quad(one, "<https://a.example/p>", other) for one in names for other in names if one != other
        ]
        with pytest.raises(Unprocessable, match="too much work"):
            rdfc.canonicalize(clique)
        document = forge(evidence=[{"id": name, "type": ["Evidence"]} for name in names])
        with pytest.raises(Unprocessable, match="not an absolute IRI"):
            data_integrity.verify(document, key=KEY, now=NOW)

    def test_poison_in_plain_terms(self) -> None:
        """Two trees that look alike, each with branches that look alike: every order of the branches would have to be tried."""
        branches = [{"type": ["Profile"], "name": "x"} for _ in range(10)]
        trees = [{"type": ["Profile"], "parentOrg": branches} for _ in range(2)]
        document = forge(credentialSubject={"type": ["AchievementSubject"], "source": trees})
        with pytest.raises(Unprocessable, match="too much work"):
            data_integrity.verify(document, key=KEY, now=NOW)

    def test_too_many_blank_nodes(self) -> None:
        evidence = [{"type": ["Evidence"], "name": str(number)} for number in range(501)]
        with pytest.raises(Unprocessable, match="more than 500 objects without an id"):
            data_integrity.verify(forge(evidence=evidence), key=KEY, now=NOW)

    @pytest.mark.parametrize("width", [3_001, 10_000])
    def test_many_members(self, width: int) -> None:
        with pytest.raises(Unprocessable, match="more than 3000 values"):
            data_integrity.verify(forge(**{f"m{number}": 1 for number in range(width)}), key=KEY, now=NOW)

    def test_deep_nesting(self) -> None:
        nested: Any = {"type": ["Profile"]}
        for _ in range(5_000):
            nested = {"type": ["Profile"], "parentOrg": nested}
        cases: list[dict[str, Any]] = [
            {"issuer": nested},
            {"proof": {**SIGNED["proof"][0], "nonce": nested}},
            {"proof": {**SIGNED["proof"][0], "nonce": nested, "cryptosuite": "eddsa-jcs-2022"}},
        ]
        for members in cases:
            with pytest.raises(Unprocessable, match="nested more than"):
                data_integrity.verify({**SIGNED, **members}, key=KEY, now=NOW)
