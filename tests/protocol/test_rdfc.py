"""RDFC-1.0: the W3C's tests, PyLD as a second opinion, and graphs made to cost too much."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path
from random import Random
from typing import Any

import pytest
from pyld import jsonld as pyld

from badgefed.errors import Unprocessable
from badgefed.protocol import jsonld, rdfc
from badgefed.protocol.rdfc import Quad
from tests.protocol.credential_samples import Samples
from tests.protocol.nquads import read_nquads

VECTORS = Path(__file__).parents[3] / "shared" / "data" / "w3c" / "rdf-canon-tests"
P, Q = "<https://a.example/p>", "<https://a.example/q>"


def read_manifest() -> list[dict[str, Any]]:
    file = VECTORS / "manifest.jsonld"
    return list(json.loads(file.read_text("utf-8"))["entries"]) if file.is_file() else []


MANIFEST = read_manifest()


def read_action(entry: dict[str, Any]) -> list[Quad]:
    return read_nquads((VECTORS / entry["action"]).read_text("utf-8"))


@pytest.mark.skipif(not MANIFEST, reason="the published vectors are not here")
def test_the_manifest_is_whole() -> None:
    kinds = [entry["type"] for entry in MANIFEST]
    counts = {kind.removeprefix("rdfc:RDFC10"): kinds.count(kind) for kind in set(kinds)}
    assert counts == {"EvalTest": 64, "MapTest": 21, "NegativeEvalTest": 1}


@pytest.mark.parametrize("entry", MANIFEST, ids=lambda entry: entry["id"])
def test_published_vector(entry: dict[str, Any]) -> None:
    algorithm: rdfc.Algorithm = "sha384" if entry.get("hashAlgorithm") == "SHA384" else "sha256"
    quads = read_action(entry)
    if entry["type"] == "rdfc:RDFC10NegativeEvalTest":
        with pytest.raises(Unprocessable, match="too much work"):
            rdfc.canonicalize(quads, algorithm=algorithm)
        return
    expected = (VECTORS / entry["result"]).read_text("utf-8")
    if entry["type"] == "rdfc:RDFC10MapTest":
        issued = rdfc.issue_identifiers(quads, algorithm=algorithm)
        assert {blank.removeprefix("_:"): name for blank, name in issued.items()} == json.loads(expected)
    else:
        assert rdfc.canonicalize(quads, algorithm=algorithm) == expected


@pytest.mark.parametrize(
    "line",
    [
        "<https://a.example/s> <https://a.example/p> .",
        "<https://a.example/s> <https://a.example/p> <https://a.example/o>",
        "<https://a.example/s> _:p <https://a.example/o> .",
        '"s" <https://a.example/p> <https://a.example/o> .',
        "<https://a.example/ s> <https://a.example/p> <https://a.example/o> .",
        '<https://a.example/s> <https://a.example/p> "o .',
        '<https://a.example/s> <https://a.example/p> "o"@ .',
        "<https://a.example/s> <https://a.example/p> <https://a.example/o> . <x:y>",
    ],
)
def test_the_reader_is_strict(line: str) -> None:
    with pytest.raises(ValueError, match="not a statement"):
        read_nquads(line)


def canonicalize_with_pyld(quads: list[Quad]) -> str:
    text = "".join(
        f"{quad.subject} {quad.predicate} {quad.object} {quad.graph}".rstrip() + " .\n" for quad in quads
    )
    options = {
        "algorithm": "URDNA2015",
        "inputFormat": "application/n-quads",
        "format": "application/n-quads",
    }
    return str(pyld.normalize(text, options))


def random_graph(random: Random) -> list[Quad]:
    """A small one in which blank nodes often look alike."""
    nodes = [f"_:n{number}" for number in range(random.randint(1, 5))]
    objects = [*nodes, *nodes, "<https://a.example/o>", '"x"']
    graphs = ["", "", "<https://a.example/g>", *nodes[:2]]
    quads = {
        Quad(random.choice(nodes), random.choice([P, Q]), random.choice(objects), random.choice(graphs))
        for _ in range(random.randint(1, 9))
    }
    return sorted(quads)


def relabel(quads: list[Quad], random: Random) -> list[Quad]:
    """The same dataset with other labels, in another order, with repetitions."""
    numbers = random.sample(range(100), 5)

    def rename(term: str) -> str:
        return f"_:x{numbers[int(term[3:])]}" if term.startswith("_:") else term

    renamed = [
        Quad(rename(quad.subject), quad.predicate, rename(quad.object), rename(quad.graph)) for quad in quads
    ]
    random.shuffle(renamed)
    return renamed + renamed[:2]


def names_one_node_twice(quad: Quad) -> bool:
    """Such a quad PyLD counts twice, against RDFC-1.0 §4.4 step 2 (rdf-canonize, in JavaScript, counts it once)."""
    blank = [term for term in (quad.subject, quad.object, quad.graph) if term.startswith("_:")]
    return len(set(blank)) < len(blank)


def test_labels_and_order_do_not_matter_and_pyld_agrees() -> None:
    random = Random(1)
    forms = set()
    for _ in range(300):
        quads = random_graph(random)
        form = rdfc.canonicalize(quads)
        assert rdfc.canonicalize(relabel(quads, random)) == form
        forms.add(form)
        comparable = [quad for quad in quads if not names_one_node_twice(quad)]
        assert canonicalize_with_pyld(comparable) == rdfc.canonicalize(comparable)
    assert len(forms) > 200


def test_a_quad_that_names_one_node_twice() -> None:
    """As rdf-canonize 5 writes it."""
    quads = [Quad("_:x", P, "_:x", "_:g"), Quad("_:x", Q, "_:x")]
    assert rdfc.canonicalize(quads) == f"_:c14n0 {P} _:c14n0 _:c14n1 .\n_:c14n0 {Q} _:c14n0 .\n"


def test_cycles_of_the_same_size_are_told_from_one_that_is_larger() -> None:
    def cycles(*sizes: int) -> list[Quad]:
        return [
            Quad(f"_:{number}x{at}", P, f"_:{number}x{(at + 1) % size}")
            for number, size in enumerate(sizes)
            for at in range(size)
        ]

    assert rdfc.canonicalize(cycles(3, 3)) != rdfc.canonicalize(cycles(6))
    assert rdfc.canonicalize(cycles(3, 3)).count("\n") == 6


def test_another_hash_gives_another_order() -> None:
    quads = [Quad(f"_:n{number}", P, f'"{number}"') for number in range(8)]
    by_algorithm = {
        algorithm: rdfc.canonicalize(quads, algorithm=algorithm) for algorithm in ("sha256", "sha384")
    }
    assert by_algorithm["sha256"] != by_algorithm["sha384"]
    assert [len(form.split("\n")) for form in by_algorithm.values()] == [9, 9]


def clique(size: int) -> list[Quad]:
    return [Quad(f"_:n{one}", P, f"_:n{other}") for one, other in permutations(range(size), 2)]


def star(points: int) -> list[Quad]:
    return [Quad(f"_:hub{hub}", P, f"_:n{number}") for hub in range(2) for number in range(points)]


def chains(length: int) -> list[Quad]:
    return [Quad(f"_:{name}{at}", P, f"_:{name}{at + 1}") for name in "ab" for at in range(length)]


def grid(side: int) -> list[Quad]:
    places = [(x, y) for x in range(side) for y in range(side)]
    across = [Quad(f"_:{x}x{y}", P, f"_:{x}x{(y + 1) % side}") for x, y in places]
    return across + [Quad(f"_:{x}x{y}", Q, f"_:{(x + 1) % side}x{y}") for x, y in places]


@pytest.mark.parametrize(
    "quads",
    [clique(7), clique(60), star(2_000), chains(3_000), grid(12)],
    ids=["small clique", "large clique", "star", "chains", "grid"],
)
def test_poison_is_refused(quads: list[Quad]) -> None:
    with pytest.raises(Unprocessable, match="look alike"):
        rdfc.canonicalize(quads)


def test_the_budget_counts_only_what_looks_alike() -> None:
    told_apart = [Quad(f"_:n{number}", P, f'"{number}"') for number in range(500)]
    assert rdfc.canonicalize(told_apart, work=0)
    with pytest.raises(Unprocessable, match="too much work"):
        rdfc.canonicalize(clique(3), work=10)
    assert rdfc.canonicalize(clique(3), work=200)
    assert rdfc.canonicalize(chains(80))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("", '""'),
        ("a\tb\n\r\b\f", '"a\\tb\\n\\r\\b\\f"'),
        ("'\"\\", '"\'\\"\\\\"'),
        ("\x00\x07\x0b\x1f\x7f", '"\\u0000\\u0007\\u000B\\u001F\\u007F"'),
        ("\ufffe\uffff", '"\\uFFFE\\uFFFF"'),
        ("\x80\x85\xa0\u2028\ufeff\ufffd🏅", '"\x80\x85\xa0\u2028\ufeff\ufffd🏅"'),
        ("\\u0041", '"\\\\u0041"'),
    ],
)
def test_literals_are_escaped_canonically(text: str, written: str) -> None:
    assert rdfc.literal(text) == written
    [quad] = read_nquads(f"_:a {P} {written} .")
    assert quad.object == written


def test_datatypes_and_languages() -> None:
    assert rdfc.literal("x", rdfc.XSD_STRING) == '"x"'
    assert rdfc.literal("x", "https://a.example/t") == '"x"^^<https://a.example/t>'
    assert rdfc.literal("x", "https://a.example/t", "de-CH") == '"x"@de-CH'


@pytest.mark.parametrize(
    "character", [" ", "<", ">", '"', "{", "}", "|", "\\", "^", "`", "\n", "\x7f", "\ud800"]
)
def test_no_term_can_end_early(character: str) -> None:
    with pytest.raises(Unprocessable, match="an IRI with the character"):
        rdfc.iri(f"https://a.example/{character}x")
    with pytest.raises(Unprocessable, match="an IRI with the character"):
        rdfc.literal("x", f"https://a.example/{character}x")
    with pytest.raises(Unprocessable, match="language tag"):
        rdfc.literal("x", language=f"en{character}")


def test_a_lone_surrogate_is_no_text() -> None:
    with pytest.raises(Unprocessable, match="lone surrogate U\\+DFFF"):
        rdfc.literal("a\udfffb")


def dataset_of(document: dict[str, Any]) -> dict[str, Any]:
    """What PyLD makes of it."""
    return jsonld.bundled().dataset(jsonld.expand(document))


def test_datasets_of_pyld() -> None:
    samples = Samples(7)
    presented = samples.presentation([samples.credential(), samples.credential()])
    for document in (presented, *(samples.credential() for _ in range(20))):
        quads = rdfc.quads_of_dataset(dataset_of(document))
        assert rdfc.canonicalize(quads) == jsonld.canonicalize(document)


def test_datasets_are_escaped_canonically() -> None:
    context = {"p": "https://a.example/p", "in": {"@id": "https://a.example/q", "@language": "de"}}
    document = {"@context": context, "@id": "https://a.example/s", "p": "\x08\x0b\x7f", "in": "\x01"}
    assert rdfc.canonicalize(rdfc.quads_of_dataset(dataset_of(document))) == (
        '<https://a.example/s> <https://a.example/p> "\\b\\u000B\\u007F" .\n'
        '<https://a.example/s> <https://a.example/q> "\\u0001"@de .\n'
    )


def test_graph_names_of_datasets() -> None:
    graph = [{"@id": "https://a.example/s", "p": "x"}]
    document = {"@context": {"p": "https://a.example/p"}, "@id": "https://a.example/g", "@graph": graph}
    assert rdfc.quads_of_dataset(dataset_of(document)) == [
        Quad("<https://a.example/s>", "<https://a.example/p>", '"x"', "<https://a.example/g>")
    ]


def test_an_iri_cannot_smuggle_a_statement_into_a_dataset() -> None:
    forged = "https://a.example/>\u00a0<https://a.example/p>"
    triple = {
        "subject": {"type": "IRI", "value": forged},
        "predicate": {"type": "IRI", "value": "https://a.example/p"},
        "object": {"type": "IRI", "value": "https://a.example/o"},
    }
    with pytest.raises(Unprocessable, match="U\\+003E"):
        rdfc.quads_of_dataset({"@default": [triple]})
