"""Conformance to Open Badges 3.0: rule by rule, and against the verdict of the official JSON Schemas."""

from __future__ import annotations

import copy
import json
from collections import Counter
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from badgefed.protocol import openbadges3
from badgefed.protocol.conformance.models import MAX_DEPTH
from badgefed.protocol.conformance.openbadges3 import DATA_MODEL, ClassName, check
from badgefed.protocol.conformance.violations import (
    BEYOND_SCHEMA,
    MAX_VIOLATIONS,
    Rule,
    Severity,
    Violation,
    has_errors,
)
from tests.protocol.badge_values import ADDRESSES, BADGE, GRANTS, HARD_TEXTS, ISSUER, SALT, with_text
from tests.protocol.credential_documents import ACHIEVEMENT, CREDENTIAL, ENDORSEMENT, MOMENT, PROFILE
from tests.protocol.mutations import mutate, places
from tests.protocol.official_schemas import SchemaName, check_official, official_validator
from tests.protocol.samples import FOLDER, read_sample

V1 = "https://www.w3.org/2018/credentials/v1"
V2 = "https://www.w3.org/ns/credentials/v2"
OB = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"

DOCUMENTS: dict[str, tuple[ClassName, dict[str, Any]]] = {
    "credential": ("AchievementCredential", CREDENTIAL),
    "endorsement": ("EndorsementCredential", ENDORSEMENT),
    "profile": ("Profile", PROFILE),
    "achievement": ("Achievement", ACHIEVEMENT),
}
SCHEMAS: dict[ClassName, SchemaName] = {
    "AchievementCredential": "achievementcredential",
    "EndorsementCredential": "endorsementcredential",
    "Profile": "profile",
}
DELIBERATE = {
    Rule.URI: "the official schemas take any text for a URI; a verifier that follows or signs it does not",
    Rule.STANDARD: "what the specification says in words only, or its validator holds: a named subject, an issuer with "
    "its type, criteria, dates in order, a hash where a hash is announced",
}
OLDER = [
    "1edtech/ob30/complete_v1.json",
    "1edtech/ob30/simple_v1.json",
    "1edtech/ob30/simple-eddsa-2022.json",
]


def at(pointer: str, document: Any) -> tuple[Any, Any]:
    """The container of the place, and its key in there."""
    *above, last = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    for step in above:
        document = document[int(step)] if isinstance(document, list) else document[step]
    return document, int(last) if isinstance(document, list) else last


def changed(pointer: str, value: Any, document: dict[str, Any] = CREDENTIAL) -> dict[str, Any]:
    copied = copy.deepcopy(document)
    container, key = at(pointer, copied)
    container[key] = value
    return copied


def without(*pointers: str, document: dict[str, Any] = CREDENTIAL) -> dict[str, Any]:
    copied = copy.deepcopy(document)
    for pointer in pointers:
        container, key = at(pointer, copied)
        del container[key]
    return copied


def brief(violations: tuple[Violation, ...]) -> list[tuple[str, str, str]]:
    return [(found.path, found.rule.value, found.severity.value) for found in violations]


def schema_verdict(violations: tuple[Violation, ...]) -> bool:
    """Whether nothing was found that the official schemas would find."""
    return all(found.rule in BEYOND_SCHEMA for found in violations)


@pytest.mark.parametrize(("name", "document"), DOCUMENTS.values(), ids=DOCUMENTS)
def test_a_document_with_every_member_conforms(name: ClassName, document: dict[str, Any]) -> None:
    assert check(document, name) == ()


def test_the_documents_have_every_member_of_every_class() -> None:
    """So that the table below, and the mutations, can reach each field; the older form is in the samples."""
    seen: set[str] = {str(step) for path in places(CREDENTIAL) for step in path}
    fields = {
        name for title, model in DATA_MODEL.models.items() if "older" not in title for name in model.fields
    }
    assert fields <= seen


def test_every_class_that_a_field_names_is_in_the_table() -> None:
    named = {field.model for model in DATA_MODEL.models.values() for field in model.fields.values()}
    assert named - {None} <= DATA_MODEL.models.keys()


RESULT = "/credentialSubject/achievement/resultDescription/0"
IDENTITY = "/credentialSubject/identifier/0"

# A place in the credential, what stands there instead, and what is found of it: place, rule, severity.
WRONG: dict[str, tuple[str, Any, list[tuple[str, str, str]]]] = {
    "contexts alone": ("/@context", V2, [("/@context", "context", "error")]),
    "one context": ("/@context", [V2], [("/@context", "context", "error")]),
    "contexts the wrong way round": (
        "/@context",
        [OB, V2],
        [("/@context/0", "context", "error"), ("/@context/1", "context", "error")],
    ),
    "context of another standard": (
        "/@context/1",
        "https://a.example/",
        [("/@context/1", "context", "error")],
    ),
    "context that is a number": ("/@context/2", 7, [("/@context/2", "context", "error")]),
    "older context": (
        "/@context/0",
        V1,
        [("", "missing", "error"), ("/@context/0", "version", "warning")],
    ),
    "relative id": ("/id", "credentials/1", [("/id", "uri", "error")]),
    "null": ("/id", None, [("/id", "type", "error")]),
    "number for a text": ("/name", 7, [("/name", "type", "error")]),
    "no badge's type": ("/type", ["VerifiableCredential"], [("/type", "class", "error")]),
    "no credential's type": ("/type", ["OpenBadgeCredential"], [("/type", "class", "error")]),
    "single type": (
        "/type",
        "OpenBadgeCredential",
        [("/type", "class", "error"), ("/type", "cardinality", "warning")],
    ),
    "no types": ("/type", [], [("/type", "class", "error")] * 2),
    "type that is a number": ("/type/2", 7, [("/type/2", "type", "error")]),
    "single profile type": ("/issuer/type", "Profile", [("/issuer/type", "cardinality", "warning")]),
    "single proof": ("/proof", CREDENTIAL["proof"][0], [("/proof", "cardinality", "warning")]),
    "single tag": (
        "/credentialSubject/achievement/tag",
        "3d",
        [("/credentialSubject/achievement/tag", "cardinality", "warning")],
    ),
    "array of one image": ("/image", [CREDENTIAL["image"]], [("/image", "cardinality", "warning")]),
    "array of two images": ("/image", [CREDENTIAL["image"]] * 2, [("/image", "cardinality", "error")]),
    "array of no image": ("/image", [], [("/image", "cardinality", "error")]),
    "two states": (
        "/credentialStatus",
        [CREDENTIAL["credentialStatus"]] * 2,
        [("/credentialStatus", "cardinality", "warning")],
    ),
    "array in an array": ("/evidence/0", [CREDENTIAL["evidence"][0]], [("/evidence/0", "type", "error")]),
    "text for an object": ("/credentialSubject", "jane", [("/credentialSubject", "type", "error")]),
    "issuer by its id": ("/issuer", "did:web:a.example", [("/issuer", "standard", "error")]),
    "issuer that is a number": ("/issuer", 7, [("/issuer", "type", "error")]),
    "issuer of another type": ("/issuer/type", ["Company"], [("/issuer/type", "class", "error")]),
    "parent of another type": (
        "/issuer/parentOrg/type",
        ["Company"],
        [("/issuer/parentOrg/type", "class", "error")],
    ),
    "day without time": ("/validFrom", "2026-03-12", [("/validFrom", "format", "error")]),
    "time without zone": ("/awardedDate", "2026-03-12T10:30:00", [("/awardedDate", "format", "error")]),
    "day that is none": ("/awardedDate", "2026-02-30T10:30:00Z", [("/awardedDate", "format", "error")]),
    "zone that is none": ("/awardedDate", "2026-02-20T10:30:00+30:00", [("/awardedDate", "format", "error")]),
    "birthday with time": (
        "/issuer/parentOrg/dateOfBirth",
        MOMENT,
        [("/issuer/parentOrg/dateOfBirth", "format", "error")],
    ),
    "valid until before valid from": (
        "/validUntil",
        "2026-03-12T11:00:00+01:00",
        [("/validUntil", "standard", "error")],
    ),
    "boolean for a number": (
        "/credentialSubject/creditsEarned",
        True,
        [("/credentialSubject/creditsEarned", "type", "error")],
    ),
    "text for a boolean": (f"{IDENTITY}/hashed", "true", [(f"{IDENTITY}/hashed", "type", "error")]),
    "hash that is none": (
        f"{IDENTITY}/identityHash",
        "jane@a.example",
        [(f"{IDENTITY}/identityHash", "standard", "warning")],
    ),
    "kind of identity": (
        f"{IDENTITY}/identityType",
        "email",
        [(f"{IDENTITY}/identityType", "vocabulary", "error")],
    ),
    "own kind of identity": (f"{IDENTITY}/identityType", "ext:own", []),
    "identity's type": (f"{IDENTITY}/type", "Identity", [(f"{IDENTITY}/type", "vocabulary", "error")]),
    "unknown member of an identity": (f"{IDENTITY}/own", 1, [(IDENTITY, "unknown-member", "error")]),
    "unknown member of an image": ("/image/own", 1, [("/image", "unknown-member", "error")]),
    "unknown member elsewhere": ("/issuer/own", None, []),
    "picture in the document": ("/image/id", "data:image/png;base64,AAAA", []),
    "link with a blank": ("/image/id", "https://a.example/a b.png", [("/image/id", "uri", "warning")]),
    "criteria without words": (
        "/credentialSubject/achievement/criteria",
        {},
        [("/credentialSubject/achievement/criteria", "standard", "error")],
    ),
    "result's type": (f"{RESULT}/resultType", "Best", [(f"{RESULT}/resultType", "vocabulary", "error")]),
    "own result's type": (f"{RESULT}/resultType", "ext:Best", []),
    "extension of nothing": (
        f"{RESULT}/resultType",
        "ext:",
        [(f"{RESULT}/resultType", "vocabulary", "error")],
    ),
    "result's status, which has no extensions": (
        "/credentialSubject/result/0/status",
        "ext:Done",
        [("/credentialSubject/result/0/status", "vocabulary", "error")],
    ),
    "language in words": (
        "/credentialSubject/achievement/inLanguage",
        "English",
        [("/credentialSubject/achievement/inLanguage", "format", "error")],
    ),
    "endorsement that is no JWT": ("/endorsementJwt/0", "e30", [("/endorsementJwt/0", "format", "error")]),
    "endorsement without a name": (
        "/endorsement/0",
        {key: value for key, value in ENDORSEMENT.items() if key != "name"},
        [("/endorsement/0", "missing", "error")],
    ),
}


@pytest.mark.parametrize(("pointer", "value", "found"), WRONG.values(), ids=WRONG)
def test_what_is_found(pointer: str, value: Any, found: list[tuple[str, str, str]]) -> None:
    violations = check(changed(pointer, value))
    assert brief(violations) == found
    assert has_errors(violations) is any(severity == "error" for _, _, severity in found)


# The place of an object in the credential, and the members that it must have.
REQUIRED = {
    "": "id type issuer validFrom credentialSubject",
    "/image": "id type",
    "/issuer": "id type",
    "/issuer/address": "type",
    "/issuer/address/geo": "type latitude longitude",
    "/issuer/otherIdentifier/0": "type identifier identifierType",
    "/credentialSubject": "type achievement",
    "/credentialSubject/achievement": "id type name description criteria",
    "/credentialSubject/achievement/alignment/0": "type targetName targetUrl",
    "/credentialSubject/achievement/related/0": "id type",
    "/credentialSubject/achievement/resultDescription/0": "id type name resultType",
    "/credentialSubject/achievement/resultDescription/0/rubricCriterionLevel/0": "id type name",
    "/credentialSubject/identifier/0": "type hashed identityHash identityType",
    "/credentialSubject/result/0": "type",
    "/evidence/0": "type",
    "/endorsement/0": "id type name issuer validFrom credentialSubject",
    "/endorsement/0/credentialSubject": "id type",
    "/proof/0": "type",
    "/credentialSchema/0": "id type",
    "/credentialStatus": "id type",
    "/refreshService": "id type",
    "/termsOfUse/0": "type",
}


@pytest.mark.parametrize("place", REQUIRED)
def test_required_members(place: str) -> None:
    container, _ = at(f"{place}/id", CREDENTIAL)
    for member in container:
        missing = {found.path for found in check(without(f"{place}/{member}")) if found.rule is Rule.MISSING}
        assert missing == ({place} if member in REQUIRED[place].split() else set()), member


@pytest.mark.parametrize("members", [("id", "identifier"), ("identifier", "id")])
def test_a_subject_has_an_id_or_an_identifier(members: tuple[str, str]) -> None:
    kept, other = (f"/credentialSubject/{name}" for name in members)
    assert check(without(other)) == ()
    assert brief(check(without(other, kept))) == [("/credentialSubject", "standard", "error")]


def older_form() -> dict[str, Any]:
    document = without("/validFrom", "/validUntil", "/endorsement")
    document["@context"] = [V1, OB]
    return document | {"issuanceDate": MOMENT, "expirationDate": "2027-03-12T10:30:00Z"}


def test_the_older_form_is_read_with_its_own_dates() -> None:
    document = older_form()
    assert brief(check(document)) == [("/@context/0", "version", "warning")]
    document["expirationDate"] = "2020-03-12T10:30:00Z"
    assert ("/expirationDate", "standard", "error") in brief(check(document))
    del document["issuanceDate"]
    assert ("", "missing", "error") in brief(check(document))


def test_reasons_are_sentences_that_name_what_would_be_right() -> None:
    def reason(pointer: str, value: Any) -> str:
        return check(changed(pointer, value))[0].reason

    assert (
        reason("/validFrom", "2026") == '"2026" is not a date and time with a zone like 2026-03-12T10:30:00Z.'
    )
    assert reason("/proof", CREDENTIAL["proof"][0]) == "This must be an array, even of one."
    assert reason("/issuer", 7) == "This must be an object or a text, not a number."
    assert check(without("/issuer"))[0].reason == '"issuer" is missing: AchievementCredential must have it.'
    assert '"x' in (long := reason("/id", "x " * 5_000))
    assert len(long) < 200


@pytest.mark.parametrize("value", [None, True, 7, "credential", [], [CREDENTIAL]])
def test_what_is_no_object_is_no_credential(value: object) -> None:
    assert brief(check(value)) == [("", "type", "error")]


def test_errors_never_hide_behind_warnings() -> None:
    document = changed("/evidence", [{"id": 7, "type": "Evidence"}] * 50)
    violations = check(document)
    assert len(violations) == MAX_VIOLATIONS
    assert {found.severity for found in violations} == {Severity.ERROR}
    many_warnings = changed("/evidence", [{"type": "Evidence"}] * 50 + [{"id": 7, "type": ["Evidence"]}])
    assert [found.severity for found in check(many_warnings)][:2] == [Severity.ERROR, Severity.WARNING]


def test_depth_has_an_end() -> None:
    document = copy.deepcopy(CREDENTIAL)
    profile = document["issuer"]
    for _ in range(10_000):
        profile["parentOrg"] = {"id": "did:web:a.example", "type": ["Profile"]}
        profile = profile["parentOrg"]
    [found] = check(document)
    assert (found.rule, found.path.count("/")) == (Rule.DEPTH, MAX_DEPTH + 1)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
NAMES = sorted({name for model in DATA_MODEL.models.values() for name in model.fields} | {"@context"})


@given(st.sampled_from(sorted(SCHEMAS)), VALUES | st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=8))
def test_any_value_has_a_verdict(name: ClassName, value: object) -> None:
    violations = check(value, name)
    assert 0 < len(violations) <= MAX_VIOLATIONS
    assert all(found.reason.endswith(".") and len(found.reason) < 600 for found in violations)


@given(st.sampled_from(list(places(CREDENTIAL))), VALUES)
def test_any_value_at_any_place_has_a_verdict(path: tuple[str | int, ...], value: object) -> None:
    document = changed("".join(f"/{step}" for step in path), value)
    place = "".join(f"/{step}" for step in path)
    for found in check(document):
        assert found.path.startswith(place) or place.startswith(found.path) or found.path == "/@context"


class TestAgainstTheOfficialSchemas:
    """Errors and warnings together must say what the official schema says, `DELIBERATE` apart."""

    def test_what_goes_beyond_the_schemas_is_explained(self) -> None:
        assert DELIBERATE.keys() == BEYOND_SCHEMA

    @pytest.mark.parametrize("name", SCHEMAS)
    def test_the_documents_of_this_test(self, name: ClassName) -> None:
        documents = [document for of, document in DOCUMENTS.values() if of == name]
        for document in documents:
            official_validator(SCHEMAS[name]).validate(document)

    def test_the_table_of_this_test(self) -> None:
        official = official_validator("achievementcredential")
        for pointer, value, _ in WRONG.values():
            document = changed(pointer, value)
            assert schema_verdict(check(document)) is official.is_valid(document), pointer

    @pytest.mark.parametrize("folder", ["ob3", "ob3py", "1edtech/ob30"])
    def test_samples(self, folder: str) -> None:
        """Also those that are no credentials at all: DID documents, keys, status lists."""
        paths = sorted((FOLDER / folder).rglob("*.json"))
        if not paths:
            pytest.skip(f"the samples of {folder} are not here")
        assert len(paths) > 2
        for path in paths:
            document = json.loads(path.read_text("utf-8"))
            for name, schema in SCHEMAS.items():
                ours, theirs = check(document, name), official_validator(schema).is_valid(document)
                assert schema_verdict(ours) is theirs, (path, ours)

    def test_verdicts_of_the_1edtech_validator(self) -> None:
        """What it calls invalid for its types or its schema has an error; what it calls valid has none."""
        expected = self._expected()
        for path in expected["valid"] + expected["valid_with_warning_vcdm11"]:
            if path.endswith(".json"):
                assert not has_errors(check(self._sample(path))), path
        for path, reason in expected["invalid"].items():
            if reason in ("context", "schema") or "type" in reason:
                assert has_errors(check(self._sample(path))), path

    @pytest.mark.parametrize("path", OLDER)
    def test_older_form(self, path: str) -> None:
        violations = check(json.loads(read_sample(path)))
        assert Rule.VERSION in {found.rule for found in violations}
        assert ("", "missing", "error") not in brief(violations)

    @pytest.mark.parametrize("grant", GRANTS.values(), ids=GRANTS)
    def test_every_shape_of_grant(self, grant: Any) -> None:
        document = openbadges3.credential(
            grant, BADGE, ISSUER, organization_slug="society", addresses=ADDRESSES, salt=SALT
        )
        assert check(document) == ()
        check_official("achievementcredential", document)

    @pytest.mark.parametrize("text", HARD_TEXTS.values(), ids=HARD_TEXTS)
    def test_any_text(self, text: str) -> None:
        grant, badge, issuer = with_text(text)
        document = openbadges3.credential(
            grant, badge, issuer, organization_slug="society", addresses=ADDRESSES, salt=SALT
        )
        expected = [("/credentialSubject/achievement/criteria", "standard", "error")] if not text else []
        assert brief(check(document)) == expected
        check_official("achievementcredential", document)

    @pytest.mark.parametrize("name", SCHEMAS)
    def test_documents_made_wrong_at_random(self, name: ClassName) -> None:
        """4,500 documents with one to three changes. Whatever differs must be one of the deliberate differences."""
        official = official_validator(SCHEMAS[name])
        random = Random(f"conformance of {name}")
        verdicts: Counter[tuple[bool, bool]] = Counter()
        for original in self._originals(name):
            for _ in range(500):
                document = original
                for _ in range(random.choice([1, 1, 1, 2, 3])):
                    document, _ = mutate(document, random)
                violations, theirs = check(document, name), official.is_valid(document)
                assert schema_verdict(violations) is theirs, (
                    violations,
                    list(official.iter_errors(document)),
                )
                verdicts[not violations, theirs] += 1
        assert verdicts[False, False] > verdicts[True, True] > 50
        assert verdicts[False, True] > 10
        assert verdicts[True, False] == 0

    @pytest.mark.parametrize(
        ("pointer", "value"),
        [
            pytest.param(f"{RESULT}/resultType", "own ext:Best", id="a pattern without anchor"),
            pytest.param("/@context/1", OB.replace(".json", "-3.0.3.json"), id="a version said twice"),
            pytest.param("/endorsementJwt/0", "a.b.c\n", id="a line's end"),
            pytest.param("/credentialSubject/achievement/inLanguage", "en\n", id="a line's end, language"),
        ],
    )
    def test_what_slips_through_the_patterns_of_the_schemas(self, pointer: str, value: str) -> None:
        """Their regular expressions let through what their standard does not mean; here it is an error."""
        document = changed(pointer, value)
        assert official_validator("achievementcredential").is_valid(document)
        assert has_errors(check(document))

    def _originals(self, name: ClassName) -> list[dict[str, Any]]:
        """Three documents of each class: one with every member, a small one, one in between."""
        own = next(document for of, document in DOCUMENTS.values() if of == name)
        small = {key: value for key, value in own.items() if key not in ("issuer", "endorsement", "address")}
        if name == "Profile":
            return [own, small, small["parentOrg"]]
        issuer = {"id": "did:web:a.example", "type": ["Profile"], "name": "Maker Society"}
        bare = {"proof", "termsOfUse", "refreshService", "evidence", "image"}
        smaller = {key: value for key, value in small.items() if key not in bare} | {"issuer": issuer}
        return [own, small | {"issuer": PROFILE["parentOrg"]}, smaller]

    def _expected(self) -> dict[str, Any]:
        expected: dict[str, Any] = json.loads(read_sample("1edtech/expected.json"))
        return expected

    def _sample(self, path: str) -> Any:
        return json.loads(read_sample(f"1edtech/{path}"))
