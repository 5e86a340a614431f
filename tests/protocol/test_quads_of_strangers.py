"""Strangers' documents are read directly as by way of JSON-LD's algorithms: what is accepted there is accepted here, as the same RDF."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from random import Random
from typing import Any

import pytest

from badgefed.errors import Unprocessable
from badgefed.protocol import credential_contexts, jsonld, plain_terms, proofs, quads, rdfc
from badgefed.protocol.rdfc import Quad
from badgefed.protocol.terms import Scope, Term
from tests.protocol.credential_samples import Samples
from tests.protocol.foreign_credentials import CREDENTIAL, DATA, FIXTURES, SIGNED
from tests.protocol.term_mutations import change_terms

Document = dict[str, Any]

BY_WAY_OF_PYLD = jsonld.Processor(jsonld.bundled_contexts())
IN_A_BATCH = 600


def read_directly(document: Document) -> list[Quad] | None:
    """What is read of it without PyLD; None where it is left to that."""
    try:
        quads.write_quads(document)
        return plain_terms.read_quads(document, processor=jsonld.bundled())
    except Unprocessable:
        return None


def compare(document: Document) -> bool:
    """Whether it is read directly; then it must be read by way of PyLD too, as the same."""
    read = read_directly(document)
    if read is None:
        return False
    expected = plain_terms.read_quads(document, processor=BY_WAY_OF_PYLD)
    assert rdfc.canonicalize(read) == rdfc.canonicalize(expected), json.dumps(document)
    return True


def parts_of(document: Document) -> list[Document]:
    """What a signature covers: the document without its proof, and the proof without its value."""
    if "proof" not in document:
        return [document]
    try:
        unsecured, proof = proofs.take_proof(document)
    except Unprocessable:
        return [{name: value for name, value in document.items() if name != "proof"}]
    del proof["proofValue"]
    return [unsecured, {"@context": unsecured["@context"], **proof}]


def published() -> dict[str, Document]:
    """The samples beside this project, by their paths; none where they are missing."""
    files = [file for folder in ("ob3", "ob3py", "1edtech/ob30") for file in (DATA / folder).rglob("*.json")]
    found = {str(file.relative_to(DATA)): json.loads(file.read_bytes()) for file in sorted(files)}
    return {path: document for path, document in found.items() if "@context" in document}


def seeds() -> list[Document]:
    """Documents to change: signed by other libraries, published, and by chance."""
    vectors = [json.loads(file.read_text("utf-8")) for file in sorted(FIXTURES.glob("*.json"))]
    samples = Samples(11)
    made = [samples.credential() for _ in range(20)] + [samples.status_list() for _ in range(3)]
    known = [SIGNED, *vectors, *published().values()]
    parts = [part for document in known if "@context" in document for part in parts_of(document)]
    return [part for part in [*parts, *made] if len(json.dumps(part)) < 8_000]


@pytest.mark.skipif(not DATA.is_dir(), reason="the published samples are not here")
def test_published_samples() -> None:
    read = {path: [compare(part) for part in parts_of(document)] for path, document in published().items()}
    direct = {path for path, parts in read.items() if all(parts)}
    assert {
        "ob3/web-valid.json",
        "1edtech/ob30/simple.json",
        "1edtech/ob30/simple-did-web-method.json",
    } <= direct
    assert len(direct) > len(read) / 2


@pytest.mark.parametrize("batch", range(5))
def test_three_thousand_changed_documents(batch: int) -> None:
    random = Random(batch)
    documents = seeds()
    changed = (change_terms(random.choice(documents), random) for _ in range(IN_A_BATCH))
    counts = Counter(compare(document) for document in changed)
    assert min(counts[True], counts[False]) > IN_A_BATCH / 10, counts


def test_any_contexts_that_credentials_may_have() -> None:
    """Where they contradict each other, nothing is read directly."""
    direct = 0
    for version in (jsonld.CREDENTIALS_V2, credential_contexts.CREDENTIALS_V1):
        for number in range(3):
            for companions in itertools.permutations(sorted(credential_contexts.COMPANIONS), number):
                urls = [version, *companions]
                direct += compare({"@context": urls, "id": "urn:uuid:1", "type": "VerifiablePresentation"})
    assert direct > 40


def test_types_whose_protected_terms_contradict_each_other() -> None:
    """Also where those of one of them are defined in a way that isn't known here."""
    urls = [credential_contexts.CREDENTIALS_V1, "https://w3id.org/security/suites/ed25519-2020/v1"]
    types = ["EcdsaSecp256k1Signature2019", "Ed25519Signature2020"]
    document = {"@context": urls, "id": "urn:uuid:1", "type": types}
    with pytest.raises(Unprocessable, match="in two ways"):
        quads.write_quads(document)
    with pytest.raises(Unprocessable, match="redefine a protected term"):
        plain_terms.read_quads(document, processor=jsonld.bundled())


def test_an_id_alone_is_read_with_the_prefixes_around_it() -> None:
    inner = Scope(terms={"as": None, "related": Term(iri="https://a.example/related")}, outer=Scope(terms={}))
    writer = quads._Writer()
    related = inner.require("related")
    assert writer._write_value("related", related, {"id": "other:x"}, inner, "", 0) == "<other:x>"
    with pytest.raises(Unprocessable, match="begins like a compact IRI"):
        writer._write_value("related", related, {"id": "as:x"}, inner, "", 0)


@pytest.mark.parametrize(
    ("place", "members", "reason"),
    [
        ("identifier", {"hashed": "true"}, "boolean belongs"),
        ("credentialStatus", {"statusSize": "1"}, "integer belongs"),
        ("achievement", {"creditsAvailable": "2.5"}, "float belongs"),
    ],
)
def test_texts_in_the_place_of_numbers_and_truth_values(place: str, members: Document, reason: str) -> None:
    document = json.loads(json.dumps(CREDENTIAL))
    subject = document["credentialSubject"]
    parts = {
        "identifier": subject["identifier"][0],
        "achievement": subject["achievement"],
        "credentialStatus": document["credentialStatus"],
    }
    parts[place].update(members)
    with pytest.raises(Unprocessable, match="in the place of"):
        quads.write_quads(document)
    with pytest.raises(Unprocessable, match=reason):
        plain_terms.read_quads(document, processor=jsonld.bundled())
