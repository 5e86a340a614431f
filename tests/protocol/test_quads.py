"""The quads that are signed are those that JSON-LD's algorithms give, byte for byte; what these would drop is refused."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import pytest

from badgefed.errors import Unprocessable
from badgefed.model.badge import Alignment, ResultDescription
from badgefed.model.grant import Details, Evidence, Result
from badgefed.model.times import DAY
from badgefed.protocol import jsonld, keys, openbadges3, proofs, quads, status_list, terms
from badgefed.protocol.jsonld import Document
from tests.protocol.badge_values import ADDRESSES, BADGE, GRANT, GRANTS, ISSUER, NOW, SALT, with_text
from tests.protocol.credential_samples import TEXTS, Samples

PRIVATE_KEY = keys.generate_ed25519()
METHOD = "did:web:badges.example:issuers:makers#z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
IN_A_BATCH = 100


def sign(document: Document, **how: Any) -> Document:
    return proofs.sign(document, private_key=PRIVATE_KEY, verification_method=METHOD, created=NOW, **how)


def check_same(document: Document) -> None:
    """Canonical forms of proof options and document, and the signed document, are those that come by way of PyLD."""
    forms: dict[str, list[str]] = {"ours": [], "theirs": []}

    def ours(part: Document) -> str:
        forms["ours"].append(quads.canonicalize(part))
        return forms["ours"][-1]

    def theirs(part: Document) -> str:
        forms["theirs"].append(jsonld.canonicalize(part))
        return forms["theirs"][-1]

    before = json.dumps(document)
    made, expected = sign(document, canonicalize=ours), sign(document, canonicalize=theirs)
    assert forms["ours"] == forms["theirs"]
    assert json.dumps(made) == json.dumps(expected)
    assert json.dumps(document) == before


@pytest.mark.parametrize("batch", range(10))
def test_a_thousand_credentials_are_signed_as_by_way_of_pyld(batch: int) -> None:
    samples = Samples(batch)
    for _ in range(IN_A_BATCH):
        check_same(samples.credential())


def test_the_samples_have_every_term_of_the_contexts() -> None:
    """But for those that nothing of ours uses."""
    samples = Samples(0)
    used: set[str] = set()
    for _ in range(IN_A_BATCH):
        collect_names(samples.credential(), used)
        collect_names(samples.status_list(), used)
    open_badges = json.loads(jsonld.bundled_contexts()[jsonld.OPEN_BADGES_3])["@context"]
    known = set(open_badges)
    for definition in open_badges.values():
        known |= set(definition.get("@context", ())) if isinstance(definition, dict) else set()
    assert {name for name in known - used if not name.startswith("@")} == {"Criteria", "jti"}


def collect_names(value: object, names: set[str]) -> None:
    """Every member's name and every type below the value."""
    if isinstance(value, dict):
        found = value.get("type", [])
        names.update(value, [found] if isinstance(found, str) else found)
        for member in value.values():
            collect_names(member, names)
    elif isinstance(value, list):
        for item in value:
            collect_names(item, names)


def test_the_status_lists_that_we_build() -> None:
    url = "https://badges.example/status/1"
    encoded = status_list.encode([7, 131_071])
    check_same(
        status_list.list_credential(
            encoded, url=url, issuer=ADDRESSES.did("makers"), valid_from=NOW, purpose="suspension"
        )
    )
    entry = status_list.status_entry(url, 131_071)
    check_same(build(GRANT, BADGE, ISSUER, status=entry))


def test_status_lists_are_signed_as_by_way_of_pyld() -> None:
    samples = Samples(1)
    for _ in range(50):
        check_same(samples.status_list())


def test_presentations_are_signed_as_by_way_of_pyld() -> None:
    samples = Samples(2)
    for number in range(20):
        credentials = [sign(samples.credential()) for _ in range(number % 3 + 1)]
        if number % 2:
            credentials.append(samples.credential())
        check_same(samples.presentation(credentials))


def test_a_presentation_of_two_credentials_of_one_badge() -> None:
    grade = ResultDescription(key="grade", name="Grade", result_type="LetterGrade", allowed_values=("A", "B"))
    badge = replace(BADGE, result_descriptions=(grade,))
    grants = [GRANT, replace(GRANT, uuid="0190a000-0000-7000-8000-000000000008")]
    check_same(Samples(8).presentation([sign(build(grant, badge, ISSUER)) for grant in grants]))


def test_a_presentation_of_a_credential_that_is_a_token() -> None:
    enveloped = {
        "@context": jsonld.CREDENTIALS_V2,
        "id": "data:application/vc+jwt,eyJhbGciOiJSUzI1NiJ9.e30.c2ln",
        "type": "EnvelopedVerifiableCredential",
    }
    check_same(Samples(3).presentation([enveloped]))


def build(grant: Any, badge: Any, issuer: Any, **more: Any) -> Document:
    return openbadges3.credential(
        grant, badge, issuer, organization_slug="society", addresses=ADDRESSES, salt=SALT, **more
    )


@pytest.mark.parametrize("name", GRANTS)
def test_credentials_that_we_build(name: str) -> None:
    check_same(build(GRANTS[name], BADGE, ISSUER))
    entry = Samples(4).status_entry()
    check_same(build(GRANTS[name], BADGE, ISSUER, status=entry, image="https://badges.example/picture"))


@pytest.mark.parametrize(
    "text", [*TEXTS[2:], "a\x00\x08\x0b\x7f\ud800\uffff\r\nb", "https://a.example/\u2003\ufeff\x85"]
)
def test_credentials_that_we_build_of_odd_texts(text: str) -> None:
    check_same(build(*with_text(text)))


@pytest.mark.parametrize("text", TEXTS)
def test_credentials_with_all_that_the_model_knows(text: str) -> None:
    grade = ResultDescription(
        key=text, name=text, result_type="LetterGrade", allowed_values=(text, "A", text), value_min=text
    )
    badge = replace(
        BADGE,
        is_certificate=True,
        version=7,
        language="gsw-ch",
        alignments=tuple(
            Alignment(
                target_name=text,
                target_url=url,
                target_description=text,
                target_framework=text,
                target_code=text,
                target_type="ceasn:Competency",
            )
            for url in (text, "https://a.example/skill", "https://a.example/skill")
        ),
        result_descriptions=(grade, replace(grade, key="other", value_max="9", allowed_values=())),
    )
    story = Evidence(url=text, narrative=text, name=text or "x", description=text, genre=text, audience=text)
    details = Details(
        narrative=text,
        evidence=(story, replace(story, url="https://a.example/work"), replace(story, genre="other")),
        license_number=text,
        results=(Result(key=text, value=text, status="Completed"), Result(key="other", status=text)),
        activity_start=NOW - DAY,
        activity_end=NOW,
    )
    check_same(build(replace(GRANT, details=details, expires_at=NOW + DAY), badge, ISSUER))


def test_parts_that_stand_alone() -> None:
    profile = openbadges3.profile(ISSUER, ADDRESSES)
    achievement = openbadges3.achievement(BADGE, organization_slug="society", addresses=ADDRESSES)
    for part in (profile, achievement):
        check_same(openbadges3.as_document(part))


def test_order_of_members_and_values_does_not_matter() -> None:
    document = build(GRANT, BADGE, ISSUER)
    again = {name: document[name] for name in reversed(document)}
    again["type"] = list(reversed(document["type"]))
    assert quads.canonicalize(again) == quads.canonicalize(document)


def test_order_of_a_list_does() -> None:
    def with_values(*values: str) -> str:
        description = {
            "id": "urn:uuid:1",
            "type": ["ResultDescription"],
            "name": "Grade",
            "resultType": "LetterGrade",
            "allowedValue": list(values),
        }
        document = build(GRANT, BADGE, ISSUER)
        document["credentialSubject"]["achievement"]["resultDescription"] = [description]
        check_same(document)
        return quads.canonicalize(document)

    assert len({with_values("A", "B"), with_values("B", "A"), with_values("A", "B", "B")}) == 3


OTHER_CONTEXTS = [jsonld.CREDENTIALS_V2, jsonld.OPEN_BADGES_3]
PROFILE = {"id": "https://a.example/", "type": ["Profile"]}
LIST = {"id": "urn:uuid:1", "type": ["ResultDescription"], "allowedValue": ["A"]}


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"undefined": 1}, "no context defines 'undefined'"),
        ({"salt": "x"}, "no context defines 'salt' here"),
        ({"credentialSubject": {"undefined": "x"}}, "no context defines 'undefined'"),
        ({"credentialSubject": {"type": ["Profile"], "tag": "x"}}, "no context defines 'tag' here"),
        ({"type": ["VerifiableCredential", "Undefined"]}, "no context defines 'Undefined'"),
        ({"type": ["VerifiableCredential", "https://a.example/Type"]}, "no context defines"),
        ({"type": ["VerifiableCredential", "id"]}, "keywords can't stand for terms"),
        ({"type": ["VerifiableCredential", "@id"]}, "no context defines '@id'"),
        ({"type": []}, "type: must be"),
        ({"type": None}, "type: must be"),
        ({"type": ["VerifiableCredential", 1]}, "type: must be"),
        ({"type": [["VerifiableCredential"]]}, "type: must be"),
        ({"id": "/credentials/1"}, "relative reference"),
        ({"id": "//elsewhere.example/1"}, "relative reference"),
        ({"id": ""}, "relative reference"),
        ({"id": "_:b0"}, "not an absolute IRI"),
        ({"id": None}, "not an absolute IRI"),
        ({"id": ["https://a.example/"]}, "not an absolute IRI"),
        ({"id": "https://a.example/a b"}, "not an absolute IRI"),
        ({"id": "https://a.example/\xa0"}, "not an absolute IRI"),
        ({"id": "https://a.example/\u2028"}, "not an absolute IRI"),
        ({"id": "https://a.example/\ufeff"}, "not an absolute IRI"),
        ({"id": "https://a.example/> <https://a.example/p> <x:y"}, "not an absolute IRI"),
        ({"id": "https://a.example/\ud800"}, "U\\+D800"),
        ({"issuer": "makers"}, "relative reference"),
        ({"issuer": True}, "issuer: must be a text or an object"),
        ({"issuer": "@type"}, "not an absolute IRI"),
        ({"name": None}, "name: must be"),
        ({"name": ["x", None]}, "name: must be"),
        ({"name": ["x", ["y"]]}, "name: must be"),
        ({"name": []}, "name: an empty array"),
        ({"name": {}}, "an empty object"),
        ({"name": {"@value": "x"}}, "no context defines '@value'"),
        ({"name": {"@set": ["x"]}}, "no context defines '@set'"),
        ({"name": float("nan")}, "name: must be"),
        ({"name": float("inf")}, "name: must be"),
        ({"name": 2**53}, "name: must be"),
        ({"name": 1e300}, "name: must be"),
        ({"name": b"x"}, "name: must be"),
        ({"evidence": []}, "an empty array"),
        ({"https://schema.org/name": "x"}, "no context defines"),
        ({"schema:name": "x"}, "no context defines"),
        ({"@graph": [{"name": "x"}]}, "no context defines '@graph'"),
        ({"@id": "https://a.example/"}, "no context defines '@id'"),
        ({"_sd": ["x"]}, "'_sd' is defined in a way that can't be signed"),
        ({"name": "a\x08b"}, "U\\+0008"),
        ({"name": "a\x00b"}, "U\\+0000"),
        ({"name": "a\x7fb"}, "U\\+007F"),
        ({"name": "a\ud800b"}, "U\\+D800"),
        ({"name": "a\uffffb"}, "U\\+FFFF"),
        ({"@context": "https://elsewhere.example/v1"}, "https://elsewhere.example/v1 is not bundled"),
        ({"@context": [jsonld.CREDENTIALS_V2, {"x": "https://a.example/p"}]}, "not a URL"),
        ({"@context": {"name": "https://a.example/p"}}, "not a URL"),
        ({"@context": None}, "not a URL"),
        ({"@context": []}, "must define id and type"),
        ({"@context": "https://w3id.org/security/v1"}, "no context defines"),
        ({"@context": "https://www.w3.org/ns/activitystreams"}, "@vocab can't be used to sign"),
        ({"@context": [jsonld.CREDENTIALS_V2, jsonld.OPEN_BADGES_2]}, "'description' in two ways"),
        ({"issuer": {**PROFILE, "@context": OTHER_CONTEXTS}}, "other contexts than the document's"),
        ({"issuer": {**PROFILE, "@context": {"x": "https://a.example/"}}}, "not a URL"),
        ({"proof": "https://a.example/proof"}, "proof: must be an object"),
        ({"credentialSubject": {"type": "Achievement", "resultDescription": [LIST, LIST]}}, "two ordered lists"),
    ],
)  # fmt: skip
def test_what_a_signature_would_not_cover_is_refused(members: dict[str, Any], reason: str) -> None:
    with pytest.raises(Unprocessable, match=reason):
        quads.canonicalize({**build(GRANT, BADGE, ISSUER), **members})


def test_what_is_refused_is_not_signed() -> None:
    cases: list[dict[str, Any]] = [
        {"undefined": 1},
        {"name": "a\x08"},
        {"@context": None},
        {"proof": [{}]},
    ]
    for members in cases:
        with pytest.raises(Unprocessable):
            sign({**build(GRANT, BADGE, ISSUER), **members})


def test_a_presented_credential_needs_its_own_context() -> None:
    presentation = Samples(5).presentation([{"id": "https://a.example/", "type": "VerifiableCredential"}])
    with pytest.raises(Unprocessable, match="needs a @context of its own"):
        quads.canonicalize(presentation)


def test_the_context_of_the_document_may_be_repeated_only_where_it_holds() -> None:
    document = build(GRANT, BADGE, ISSUER)
    document["issuer"]["@context"] = list(document["@context"])
    check_same(document)
    entry: dict[str, Any] = {**Samples(6).status_entry(), "type": "BitstringStatusListEntry"}
    entry["statusMessage"] = {"@context": list(document["@context"]), "message": "x"}
    with pytest.raises(Unprocessable, match="other contexts"):
        quads.canonicalize({**document, "credentialStatus": entry})


def test_deep_nesting_is_refused() -> None:
    nested: dict[str, Any] = {"type": ["Profile"]}
    for _ in range(5_000):
        nested = {"type": ["Profile"], "parentOrg": nested}
    with pytest.raises(Unprocessable, match="nested more than"):
        quads.canonicalize({**build(GRANT, BADGE, ISSUER), "issuer": nested})


def test_an_iri_with_the_name_of_a_term_is_no_compact_one() -> None:
    document = build(GRANT, BADGE, ISSUER)
    document["credentialSubject"]["achievement"]["creator"] = {**PROFILE, "id": "tag:a.example,2026:1"}
    document["credentialSubject"]["achievement"]["id"] = "tag:a.example,2026:2"
    check_same(document)


def test_an_iri_that_a_prefix_would_change_is_refused() -> None:
    scope = terms._extend({}, {"as": "https://a.example/ns#", "name": "https://a.example/name"})
    assert scope["as"] is None
    with pytest.raises(Unprocessable, match="begins like a compact IRI"):
        quads._iri("as:Public", terms.Scope(terms=scope))
    assert quads._iri("name:x", terms.Scope(terms=scope)) == "<name:x>"


@pytest.mark.parametrize(
    ("context", "reason"),
    [
        ({"@vocab": "https://a.example/"}, "@vocab"),
        ({"@language": "de"}, "@language"),
        ({"@base": "https://a.example/"}, "@base"),
        ({"@propagate": False}, "@propagate"),
        ({"@import": "https://a.example/"}, "@import"),
        ({"id": "https://a.example/id"}, "makes 'id' something else"),
        ({"type": {"@id": "@type", "@container": "@set"}}, "makes 'type' something else"),
        ({"name": "https://a.example/name"}, "'name' in two ways"),
        ({"name": None}, "'name' in two ways"),
    ],
)
def test_contexts_that_cannot_be_used(context: dict[str, Any], reason: str) -> None:
    known = terms.read_contexts((jsonld.CREDENTIALS_V2,)).terms
    with pytest.raises(Unprocessable, match=reason):
        terms._extend(known, context)


@pytest.mark.parametrize(
    "definition",
    [
        None,
        {"@reverse": "https://a.example/p"},
        {"@id": "https://a.example/p", "@container": "@language"},
        {"@id": "https://a.example/p", "@container": ["@set"]},
        {"@id": "https://a.example/p", "@type": "@json"},
        {"@id": "https://a.example/p", "@type": "http://www.w3.org/2001/XMLSchema#double"},
        {"@id": "https://a.example/p", "@type": "name"},
        {"@id": "https://a.example/p", "@type": "name:type"},
        {"@id": "https://a.example/p", "@language": "de"},
        {"@id": "https://a.example/p", "@prefix": True},
        {"@id": "https://a.example/p", "@protected": False},
        {"@id": "https://a.example/p", "@context": "https://a.example/context"},
        {"@id": "name:p"},
        {"@id": "relative"},
        {"@id": "@graph"},
        {"@type": "@id"},
        "@graph",
        "_:blank",
    ],
)
def test_terms_that_cannot_be_used(definition: object) -> None:
    known = terms.read_contexts((jsonld.CREDENTIALS_V2,)).terms
    scope = terms.Scope(terms=terms._extend(known, {"term": copy.deepcopy(definition)}))
    with pytest.raises(Unprocessable, match="can't be signed here"):
        scope.require("term")
