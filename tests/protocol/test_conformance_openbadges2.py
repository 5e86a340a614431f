"""Conformance to Open Badges 2.0, rule by rule, and which version a document is of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from badgefed.protocol import openbadges2
from badgefed.protocol.conformance.openbadges2 import DATA_MODEL, ClassName, check
from badgefed.protocol.conformance.recognition import Version, recognise
from badgefed.protocol.conformance.violations import MAX_VIOLATIONS, Violation
from tests.protocol.badge_values import ADDRESSES, BADGE, GRANTS, ISSUER, SALT
from tests.protocol.credential_documents import CREDENTIAL
from tests.protocol.samples import FOLDER

CONTEXT = "https://w3id.org/openbadges/v2"
HASH = "sha256$" + "0f" * 32
UUID = "urn:uuid:0190a000-0000-4000-8000-000000000001"
PEM = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----\n"
KEY = {
    "@context": CONTEXT,
    "id": "https://a.example/keys/1",
    "type": "CryptographicKey",
    "owner": "https://a.example/issuer",
    "publicKeyPem": PEM,
}
ENDORSEMENT = {
    "@context": CONTEXT,
    "id": "https://b.example/endorsements/1",
    "type": "Endorsement",
    "claim": {"id": "https://a.example/badges/1", "endorsementComment": "Well made."},
    "issuer": "https://b.example/issuer",
    "issuedOn": "2026-03-12T10:30Z",
    "verification": {"type": "hosted"},
}
PROFILE = {
    "@context": CONTEXT,
    "id": "https://a.example/issuer",
    "type": "Issuer",
    "name": "Maker Society",
    "url": "https://a.example",
    "email": "hello@a.example",
    "description": "We make things.",
    "image": "data:image/jpeg;base64,AAAA",
    "telephone": "+14155550100",
    "publicKey": [KEY, "https://a.example/keys/2"],
    "verification": {
        "type": "VerificationObject",
        "startsWith": ["https://a.example/awards/"],
        "allowedOrigins": "a.example",
        "verificationProperty": "id",
    },
    "revocationList": "https://a.example/revocations",
}
BADGE_CLASS = {
    "@context": [CONTEXT, {"own": "https://a.example/terms#own"}],
    "id": "https://a.example/badges/1",
    "type": ["BadgeClass", "https://a.example/OwnBadge"],
    "name": "3-D Printmaster",
    "description": "Awarded for passing the test.",
    "image": {
        "id": "https://a.example/badges/1.png",
        "caption": "a blue square",
        "author": "https://b.example",
    },
    "criteria": {"id": "https://a.example/criteria", "narrative": "Students are tested."},
    "issuer": PROFILE,
    "alignment": {
        "targetName": "Printing",
        "targetUrl": "https://c.example/crafts/1",
        "targetDescription": "Prints in three dimensions.",
        "targetFramework": "Crafts",
        "targetCode": "C1",
    },
    "tags": ["3d", "printing"],
    "version": 2,
    "related": [{"id": "https://a.example/badges/0", "version": "1"}],
    "endorsement": ["https://b.example/endorsements/2", ENDORSEMENT],
    "@language": "en-US",
    "own": None,
}
ASSERTION = {
    "@context": CONTEXT,
    "id": UUID,
    "type": "Assertion",
    "recipient": {"type": "email", "hashed": True, "salt": "deadsea", "identity": HASH},
    "badge": BADGE_CLASS,
    "verification": {"type": "SignedBadge", "creator": "https://a.example/keys/1"},
    "issuedOn": "2026-03-12T10:30:00Z",
    "expires": "2027-03-12T10:30:00.5+01:00",
    "image": "https://a.example/awards/1.png",
    "evidence": ["https://jane.example/work", {"id": "_:b1", "narrative": "A boat.", "genre": "Sculpture"}],
    "narrative": "She did it.",
    "revoked": False,
}
REVOCATIONS = {
    "@context": CONTEXT,
    "id": "https://a.example/revocations",
    "type": "RevocationList",
    "issuer": "https://a.example/issuer",
    "revokedAssertions": [
        "https://a.example/awards/1",
        {"id": UUID, "revocationReason": "lost"},
        {"uid": "7"},
    ],
}
DOCUMENTS: dict[ClassName, dict[str, Any]] = {
    "Assertion": ASSERTION,
    "BadgeClass": BADGE_CLASS,
    "Profile": PROFILE,
    "CryptographicKey": KEY,
    "RevocationList": REVOCATIONS,
    "Endorsement": ENDORSEMENT,
}
ABSENT = object()


def brief(violations: tuple[Violation, ...]) -> list[tuple[str, str, str]]:
    return [(found.path, found.rule.value, found.severity.value) for found in violations]


def changed(name: ClassName, pointer: str, value: object) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(json.dumps(DOCUMENTS[name]))
    *above, last = pointer.split("/")[1:]
    container: Any = document
    for step in above:
        container = container[int(step)] if isinstance(container, list) else container[step]
    if value is ABSENT:
        del container[last]
    else:
        container[int(last) if isinstance(container, list) else last] = value
    return document


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_with_every_member_conforms(name: ClassName) -> None:
    assert check(DOCUMENTS[name], name) == ()
    assert recognise(DOCUMENTS[name]) is Version.OPEN_BADGES_2


def test_every_class_that_a_field_names_is_in_the_table() -> None:
    named = {field.model for model in DATA_MODEL.models.values() for field in model.fields.values()}
    assert named - {None} <= DATA_MODEL.models.keys()


REQUIRED: dict[ClassName, str] = {
    "Assertion": "id type recipient badge verification issuedOn",
    "BadgeClass": "id type name description image criteria issuer",
    "Profile": "id type name url email",
    "CryptographicKey": "id type owner publicKeyPem",
    "RevocationList": "type revokedAssertions",
    "Endorsement": "id type claim issuer issuedOn verification",
}


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("value", [ABSENT, None], ids=["absent", "null"])
def test_required_members(name: ClassName, value: object) -> None:
    for member in DOCUMENTS[name].keys() - {"@context"}:
        found = brief(check(changed(name, f"/{member}", value), name))
        severity = "warning" if member == "email" else "error"
        assert found == ([("", "missing", severity)] if member in REQUIRED[name].split() else []), member


# Class, place, what stands there instead, and what is found: place, rule, severity.
WRONG: dict[str, tuple[ClassName, str, object, list[tuple[str, str, str]]]] = {
    "no context": ("Assertion", "/@context", ABSENT, [("/@context", "context", "error")]),
    "another context": ("Assertion", "/@context", "https://a.example", [("/@context", "context", "error")]),
    "context written out": ("Profile", "/@context", {"id": "@id"}, [("/@context", "context", "warning")]),
    "context among others": ("Profile", "/@context", ["https://a.example", CONTEXT], []),
    "another type": ("Assertion", "/type", "Award", [("/type", "class", "error")]),
    "several types": ("Assertion", "/type", ["Award", "Assertion"], []),
    "id that is a path": ("Assertion", "/id", "/awards/1", [("/id", "uri", "error")]),
    "id that is a DID": ("Assertion", "/id", "did:web:a.example", [("/id", "uri", "error")]),
    "id without host": ("Assertion", "/id", "https://", [("/id", "uri", "error")]),
    "blank id": ("Assertion", "/id", "_:b0", []),
    "uuid in capitals": ("Assertion", "/id", UUID.upper().replace("URN:UUID", "urn:uuid"), []),
    "uuid that is none": ("Assertion", "/id", "urn:uuid:1", [("/id", "uri", "error")]),
    "uid": ("Assertion", "/uid", "7", [("/uid", "standard", "error")]),
    "day without time": ("Assertion", "/issuedOn", "2026-03-12", [("/issuedOn", "format", "error")]),
    "time without zone": (
        "Assertion",
        "/issuedOn",
        "2026-03-12T10:30:00",
        [("/issuedOn", "format", "error")],
    ),
    "seconds since 1970": ("Assertion", "/issuedOn", 1772000000, [("/issuedOn", "type", "error")]),
    "expires before issued": (
        "Assertion",
        "/expires",
        "2026-03-12T11:00:00+01:00",
        [("/expires", "standard", "error")],
    ),
    "data URI in an Assertion": (
        "Assertion",
        "/image",
        "data:image/png;base64,A",
        [("/image", "uri", "error")],
    ),
    "image object in an Assertion": (
        "Assertion",
        "/image",
        {"id": "https://a.example/1.png", "caption": "x"},
        [],
    ),
    "data URI in a BadgeClass": ("BadgeClass", "/image", "data:image/svg+xml,%3Csvg/%3E", []),
    "JPEG in a BadgeClass": (
        "BadgeClass",
        "/image",
        "data:image/jpeg;base64,A",
        [("/image", "uri", "error")],
    ),
    "image without id": ("BadgeClass", "/image", {"caption": "x"}, [("/image", "missing", "error")]),
    "two images": (
        "BadgeClass",
        "/image",
        ["https://a.example/1.png", "https://a.example/2.png"],
        [("/image", "cardinality", "error")],
    ),
    "image in an array": ("BadgeClass", "/image", ["https://a.example/1.png"], []),
    "no hashed": ("Assertion", "/recipient/hashed", ABSENT, [("/recipient", "missing", "error")]),
    "hashed as a text": (
        "Assertion",
        "/recipient/hashed",
        "true",
        [("/recipient/hashed", "type", "error")],
    ),
    "not hashed, but a hash": (
        "Assertion",
        "/recipient/hashed",
        False,
        [("/recipient/identity", "standard", "error")],
    ),
    "hashed, but no hash": (
        "Assertion",
        "/recipient/identity",
        "jane@a.example",
        [("/recipient/identity", "standard", "error")],
    ),
    "hash of half the length": (
        "Assertion",
        "/recipient/identity",
        HASH[:39],
        [("/recipient/identity", "standard", "error")],
    ),
    "MD5": ("Assertion", "/recipient/identity", "md5$" + "0F" * 16, []),
    "kind of identity": ("Assertion", "/recipient/type", "name", [("/recipient/type", "class", "error")]),
    "hosted": ("Assertion", "/verification", {"type": "hosted"}, []),
    "hosted, in full": ("Assertion", "/verification", {"type": ["HostedBadge"]}, []),
    "signed without key": (
        "Assertion",
        "/verification",
        {"type": "signed"},
        [("/verification", "standard", "warning")],
    ),
    "verified otherwise": (
        "Assertion",
        "/verification",
        {"type": "Trust"},
        [("/verification/type", "class", "error")],
    ),
    "verification as a text": (
        "Assertion",
        "/verification",
        "hosted",
        [("/verification", "type", "error")],
    ),
    "revoked as a text": ("Assertion", "/revoked", "no", [("/revoked", "type", "error")]),
    "badge by its URL": ("Assertion", "/badge", "https://a.example/badges/1", []),
    "embedded badge without name": (
        "Assertion",
        "/badge/name",
        ABSENT,
        [("/badge", "missing", "error")],
    ),
    "embedded issuer without URL": (
        "Assertion",
        "/badge/issuer/url",
        ABSENT,
        [("/badge/issuer", "missing", "error")],
    ),
    "criteria by their URL": ("BadgeClass", "/criteria", "https://a.example/criteria", []),
    "criteria in words": ("BadgeClass", "/criteria", "Pass.", [("/criteria", "uri", "error")]),
    "one tag": ("BadgeClass", "/tags", "3d", []),
    "tag that is a number": ("BadgeClass", "/tags/1", 3, [("/tags/1", "type", "error")]),
    "alignment without URL": (
        "BadgeClass",
        "/alignment/targetUrl",
        ABSENT,
        [("/alignment", "missing", "error")],
    ),
    "alignment to no URL": (
        "BadgeClass",
        "/alignment/targetUrl",
        "crafts",
        [("/alignment/targetUrl", "uri", "error")],
    ),
    "telephone in words": (
        "Profile",
        "/telephone",
        "one two",
        [("/telephone", "format", "warning")],
    ),
    "profile": ("Profile", "/type", "Profile", []),
    "verification without type": ("Profile", "/verification/type", ABSENT, []),
    "key that is none": ("CryptographicKey", "/publicKeyPem", "MIIB", [("/publicKeyPem", "format", "error")]),
    "private key": (
        "CryptographicKey",
        "/publicKeyPem",
        PEM.replace("PUBLIC", "PRIVATE"),
        [("/publicKeyPem", "format", "error")],
    ),
    "nothing revoked": ("RevocationList", "/revokedAssertions", [], []),
    "claim about nothing": ("Endorsement", "/claim/id", ABSENT, [("/claim", "missing", "error")]),
}


@pytest.mark.parametrize(("name", "pointer", "value", "found"), WRONG.values(), ids=WRONG)
def test_what_is_found(
    name: ClassName, pointer: str, value: object, found: list[tuple[str, str, str]]
) -> None:
    assert brief(check(changed(name, pointer, value), name)) == found


def test_of_a_revoked_assertion_little_must_remain() -> None:
    stub = {"@context": CONTEXT, "id": "https://a.example/awards/1", "revoked": True}
    assert check(stub) == ()
    assert check(stub | {"type": "Assertion", "revocationReason": "lost"}) == ()
    assert brief(check(stub | {"issuedOn": "once"})) == [("/issuedOn", "format", "error")]


# Documents of versions before 2.0, and what is none.
VERSIONS: dict[str, tuple[object, Version | None]] = {
    "1.1": (ASSERTION | {"@context": "https://w3id.org/openbadges/v1"}, Version.OPEN_BADGES_1),
    "1.0 assertion": (
        {
            "uid": "7",
            "recipient": {"type": "email", "hashed": False, "identity": "a@a.example"},
            "badge": "https://a.example/badges/1",
            "verify": {"type": "hosted", "url": "https://a.example/awards/1"},
            "issuedOn": 1359217910,
        },
        Version.OPEN_BADGES_1,
    ),
    "1.0 badge": (
        {"name": "x", "description": "x", "image": "x", "criteria": "x", "issuer": "x"},
        Version.OPEN_BADGES_1,
    ),
    "before 1.0": (
        {"recipient": "sha256$00", "badge": {"version": "0.5.0", "name": "x", "issuer": {"origin": "x"}}},
        Version.OPEN_BADGES_1,
    ),
    "2.0 without context": ({"type": "Assertion"}, Version.OPEN_BADGES_2),
    "2.0 that names 1.1 too": (
        {"@context": [CONTEXT, "https://w3id.org/openbadges/v1"]},
        Version.OPEN_BADGES_2,
    ),
    "3.0": (CREDENTIAL, Version.OPEN_BADGES_3),
    "3.0 without context": ({"type": ["OpenBadgeCredential"]}, Version.OPEN_BADGES_3),
    "a credential of another kind": (
        {"@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiableCredential"]},
        None,
    ),
    "nothing": ({}, None),
    "a text": ("https://w3id.org/openbadges/v2", None),
}


@pytest.mark.parametrize(("document", "version"), VERSIONS.values(), ids=VERSIONS)
def test_version(document: object, version: Version | None) -> None:
    assert recognise(document) is version


@pytest.mark.parametrize("name", ["1.1", "1.0 assertion", "1.0 badge", "before 1.0"])
def test_open_badges_1_is_named_as_such(name: str) -> None:
    [found] = check(VERSIONS[name][0])
    assert (found.rule.value, found.severity.value) == ("version", "error")
    assert found.reason.startswith("This is an Open Badges 1.x badge")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
NAMES = sorted({name for model in DATA_MODEL.models.values() for name in model.fields} | {"@context"})


@given(st.sampled_from(list(DOCUMENTS)), VALUES | st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=8))
def test_any_value_has_a_verdict(name: ClassName, value: object) -> None:
    violations = check(value, name)
    assert 0 < len(violations) <= MAX_VIOLATIONS
    assert recognise(value) in (None, *Version)


def emitted() -> Iterator[tuple[ClassName, dict[str, Any]]]:
    yield "Profile", openbadges2.issuer_profile(ISSUER, ADDRESSES)
    yield "BadgeClass", openbadges2.badge_class(BADGE, ISSUER, ADDRESSES)
    for grant in GRANTS.values():
        yield "Assertion", openbadges2.assertion(grant, BADGE, ADDRESSES, salt=SALT)
        yield "Assertion", openbadges2.revoked_assertion(grant, ADDRESSES)


def test_what_is_emitted_conforms() -> None:
    for name, document in emitted():
        found = check(document, name)
        identity = document.get("recipient", {}).get("identity", "")
        assert found == (), (identity, found)


# Samples that don't conform, and the first that is found of each; all others that are Assertions conform.
SAMPLES = {
    "ob2/assertions_bad.json": ("", "missing", "error"),
    "ob2/assertions_nohash.json": ("/recipient", "missing", "error"),
    "1edtech/ob20/assertion-with-data-image.json": ("/image", "uri", "error"),
    "1edtech/ob20/basic-assertion-expired-before-issued.json": ("/expires", "standard", "error"),
    "1edtech/ob20/basic-assertion-invalid-context.json": ("/@context", "context", "error"),
    "1edtech/ob20/basic-assertion-invalid-type.json": ("/type", "class", "error"),
}
COMMENTED = {"1edtech/ob20/redirected-validation-subject.json"}
"""Sample files with comments, which are no JSON."""


@pytest.mark.parametrize("folder", ["ob2", "1edtech/ob20"])
def test_samples(folder: str) -> None:
    paths = {str(path.relative_to(FOLDER)): path for path in sorted((FOLDER / folder).glob("*.json"))}
    if not paths:
        pytest.skip(f"the samples of {folder} are not here")
    documents = {name: _read(path) for name, path in paths.items() if name not in COMMENTED}
    found = {name: brief(check(document)) for name, document in documents.items() if "recipient" in document}
    assert {name: violations[0] for name, violations in found.items() if violations} == {
        name: violation for name, violation in SAMPLES.items() if name.startswith(f"{folder}/")
    }


def test_documents_behind_the_samples() -> None:
    """The 1EdTech corpus's Issuers, BadgeClasses, keys and lists; some write their context out."""
    paths = sorted((FOLDER / "1edtech/ob20/assets").glob("*.json"))
    if not paths:
        pytest.skip("the 1EdTech samples are not here")
    classes: dict[str, ClassName] = {name: name for name in DOCUMENTS} | {"Issuer": "Profile"}
    checked = 0
    for path in paths:
        document = _read(path) if path.name != "openbadges_context.json" else {}
        if name := classes.get(str(document.get("type"))):
            assert {found.rule.value for found in check(document, name)} <= {"context"}, path
            checked += 1
    assert checked > 25


def _read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return document
