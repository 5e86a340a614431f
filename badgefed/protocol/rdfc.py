"""RDF Dataset Canonicalization 1.0 (W3C, RDFC-1.0), with a budget of work that ends poison graphs.

Quads are made of the texts that N-Quads writes for their terms. The work grows with the factorial of the blank nodes that
look alike, which is why it is counted and why a foreign graph is refused when it costs too much.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import permutations
from typing import Any, Literal, NamedTuple

from badgefed.errors import Unprocessable

Algorithm = Literal["sha256", "sha384"]

WORK = 40_000
"""More than twice what 1EdTech's largest example takes, and 0.1 to 0.3 s where a graph uses it up."""
MAX_DEPTH = 100

XSD_STRING = "http://www.w3.org/2001/XMLSchema#string"

_ESCAPED = re.compile('["\\\\\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]')
_SHORT_ESCAPES = {
    "\b": "\\b",
    "\t": "\\t",
    "\n": "\\n",
    "\f": "\\f",
    "\r": "\\r",
    '"': '\\"',
    "\\": "\\\\",
}
_NOT_IN_IRI = re.compile('[\x00-\x20<>"{}|\\\\^`\x7f\ud800-\udfff]')
_LANGUAGE = re.compile(r"[A-Za-z]+(?:-[A-Za-z0-9]+)*")
_DEFAULT_GRAPH = "@default"


class Quad(NamedTuple):
    """A statement in the spelling of canonical N-Quads: `<iri>`, `_:label`, `"literal"`; `graph` is "" for the default one."""

    subject: str
    predicate: str
    object: str
    graph: str = ""


def canonicalize(quads: Iterable[Quad], *, work: int = WORK, algorithm: Algorithm = "sha256") -> str:
    """The canonical N-Quads of the dataset (RDFC-1.0 §4.4): sorted lines, blank nodes as `_:c14n0` and so on.

    `work` bounds what blank nodes that look alike may cost, in quads and nodes looked at (2 to 5 µs each). Raises Unprocessable
    when it is used up.
    """
    dataset = set(quads)
    issued = _Canonicalization(dataset, work=work, algorithm=algorithm).issue_all()
    labels = {blank: f"_:{identifier}" for blank, identifier in issued.items()}
    return "".join(sorted(_line(quad, labels) for quad in dataset))


def issue_identifiers(
    quads: Iterable[Quad], *, work: int = WORK, algorithm: Algorithm = "sha256"
) -> dict[str, str]:
    """The issued identifiers map (RDFC-1.0 §4.4 step 7): blank node as in `quads` to `c14n0` and so on. As `canonicalize`."""
    return _Canonicalization(set(quads), work=work, algorithm=algorithm).issue_all()


def iri(text: str) -> str:
    """The IRI as N-Quads writes it. Raises Unprocessable for characters that no IRI has, which could end the term early."""
    found = _NOT_IN_IRI.search(text)
    if found is not None:
        raise Unprocessable(f"an IRI with the character U+{ord(found[0]):04X}")
    return f"<{text}>"


def literal(text: str, datatype: str | None = None, language: str | None = None) -> str:
    """The literal in canonical N-Quads (RDFC-1.0 §5). Raises Unprocessable for a lone surrogate or a malformed language."""
    quoted = f'"{_ESCAPED.sub(_escape, text)}"'
    if language is not None:
        if not _LANGUAGE.fullmatch(language):
            raise Unprocessable(f"{language!r} is not a language tag")
        return f"{quoted}@{language}"
    if datatype is None or datatype == XSD_STRING:
        return quoted
    return f"{quoted}^^{iri(datatype)}"


def quads_of_dataset(dataset: Mapping[str, Iterable[Mapping[str, Any]]]) -> list[Quad]:
    """The quads of what PyLD's `to_rdf` gives without a format: graph name to triples of typed nodes."""
    quads = []
    for name, triples in dataset.items():
        graph = _name(name)
        for triple in triples:
            subject, predicate, value = (_term(triple[part]) for part in ("subject", "predicate", "object"))
            quads.append(Quad(subject, predicate, value, graph))
    return quads


def _name(graph: str) -> str:
    if graph == _DEFAULT_GRAPH:
        return ""
    return graph if graph.startswith("_:") else iri(graph)


def _term(node: Mapping[str, Any]) -> str:
    if node["type"] == "IRI":
        return iri(node["value"])
    if node["type"] == "literal":
        return literal(node["value"], node.get("datatype"), node.get("language"))
    return str(node["value"])


def _escape(found: re.Match[str]) -> str:
    character = found[0]
    short = _SHORT_ESCAPES.get(character)
    if short is not None:
        return short
    if "\ud800" <= character <= "\udfff":
        raise Unprocessable(f"a text with the lone surrogate U+{ord(character):04X}")
    return f"\\u{ord(character):04X}"


def _line(quad: Quad, labels: Mapping[str, str]) -> str:
    subject, predicate, value, graph = quad
    subject = labels.get(subject, subject)
    value = labels.get(value, value)
    if graph:
        return f"{subject} {predicate} {value} {labels.get(graph, graph)} .\n"
    return f"{subject} {predicate} {value} .\n"


def _blank_nodes(quad: Quad) -> Iterator[tuple[str, str]]:
    """The quad's blank nodes, each with the letter of its place."""
    subject, _, value, graph = quad
    if subject.startswith("_:"):
        yield "s", subject
    if value.startswith("_:"):
        yield "o", value
    if graph.startswith("_:"):
        yield "g", graph


class _Issuer:
    """Gives identifiers in the order of asking (RDFC-1.0 §4.5)."""

    __slots__ = ("_prefix", "issued")

    def __init__(self, prefix: str, issued: dict[str, str] | None = None) -> None:
        self._prefix = prefix
        self.issued = issued or {}

    def issue(self, blank: str) -> str:
        identifier = self.issued.get(blank)
        if identifier is None:
            identifier = self.issued[blank] = f"{self._prefix}{len(self.issued)}"
        return identifier

    def copy(self) -> _Issuer:
        return _Issuer(self._prefix, dict(self.issued))


class _Canonicalization:
    """The state of one run (RDFC-1.0 §4.3)."""

    def __init__(self, dataset: set[Quad], *, work: int, algorithm: Algorithm) -> None:
        self._hash = getattr(hashlib, algorithm)
        self._work = work
        self._canonical = _Issuer("c14n")
        self._mentions: dict[str, list[Quad]] = defaultdict(list)
        for quad in dataset:
            for blank in {blank for _, blank in _blank_nodes(quad)}:
                self._mentions[blank].append(quad)
        self._first_hashes = {blank: self._hash_first_degree(blank) for blank in self._mentions}

    def issue_all(self) -> dict[str, str]:
        """First the blank nodes whose hash is theirs alone, then those that look alike (§4.4 steps 3 to 5)."""
        alike = defaultdict(list)
        for blank, digest in self._first_hashes.items():
            alike[digest].append(blank)
        for digest in sorted(alike):
            if len(alike[digest]) == 1:
                self._canonical.issue(alike[digest][0])
        for digest in sorted(alike):
            self._issue_alike(alike[digest])
        return self._canonical.issued

    def _issue_alike(self, blanks: list[str]) -> None:
        paths = []
        for blank in blanks:
            if blank not in self._canonical.issued:
                issuer = _Issuer("b")
                issuer.issue(blank)
                paths.append(self._hash_n_degree(blank, issuer, 0))
        for _, issuer in sorted(paths, key=lambda path: path[0]):
            for blank in issuer.issued:
                self._canonical.issue(blank)

    def _digest(self, text: str) -> str:
        return str(self._hash(text.encode()).hexdigest())

    def _hash_first_degree(self, blank: str) -> str:
        """§4.6: its quads, with itself as `_:a` and every other blank node as `_:z`."""
        lines = []
        for quad in self._mentions[blank]:
            labels = {other: "_:a" if other == blank else "_:z" for _, other in _blank_nodes(quad)}
            lines.append(_line(quad, labels))
        return self._digest("".join(sorted(lines)))

    def _identifier(self, blank: str, issuer: _Issuer) -> str | None:
        return self._canonical.issued.get(blank) or issuer.issued.get(blank)

    def _hash_related(self, place: str, related: str, quad: Quad, issuer: _Issuer) -> str:
        """§4.7: how a blank node stands to the one that is being hashed."""
        predicate = "" if place == "g" else quad.predicate
        identifier = self._identifier(related, issuer)
        known = self._first_hashes[related] if identifier is None else f"_:{identifier}"
        return self._digest(f"{place}{predicate}{known}")

    def _hash_n_degree(self, blank: str, issuer: _Issuer, depth: int) -> tuple[str, _Issuer]:
        """§4.8: the hash of the paths to all that is linked with it, and the issuer that named what was met there."""
        if depth > MAX_DEPTH:
            raise Unprocessable(f"blank nodes that look alike are linked more than {MAX_DEPTH} deep")
        data = []
        for digest, group in sorted(self._group_related(blank, issuer).items()):
            path, issuer = self._choose_path(group, issuer, depth)
            data.append(f"{digest}{path}")
        return self._digest("".join(data)), issuer

    def _group_related(self, blank: str, issuer: _Issuer) -> dict[str, list[str]]:
        groups = defaultdict(list)
        for quad in self._mentions[blank]:
            self._spend(1)
            for place, related in _blank_nodes(quad):
                if related != blank:
                    groups[self._hash_related(place, related, quad, issuer)].append(related)
        return groups

    def _choose_path(self, group: list[str], issuer: _Issuer, depth: int) -> tuple[str, _Issuer]:
        """The least path of all orders of the group (§4.8 step 5.4), with its issuer."""
        chosen_path, chosen_issuer = "", issuer
        for order in permutations(group):
            self._spend(len(order))
            found = self._walk(order, issuer.copy(), chosen_path, depth)
            if found is not None and (not chosen_path or found[0] < chosen_path):
                chosen_path, chosen_issuer = found
        return chosen_path, chosen_issuer

    def _walk(
        self, order: tuple[str, ...], issuer: _Issuer, best: str, depth: int
    ) -> tuple[str, _Issuer] | None:
        """The path in this order; None as soon as it can't become less than `best`."""
        path = ""
        unnamed = []
        for related in order:
            identifier = self._identifier(related, issuer)
            if identifier is None:
                unnamed.append(related)
                identifier = issuer.issue(related)
            path += f"_:{identifier}"
            if _is_worse(path, best):
                return None
        for related in unnamed:
            digest, deeper = self._hash_n_degree(related, issuer, depth + 1)
            path += f"_:{issuer.issue(related)}<{digest}>"
            issuer = deeper
            if _is_worse(path, best):
                return None
        return path, issuer

    def _spend(self, steps: int) -> None:
        self._work -= steps
        if self._work < 0:
            raise Unprocessable(
                "too many blank nodes look alike: finding their order would take too much work"
            )


def _is_worse(path: str, best: str) -> bool:
    return bool(best) and len(path) >= len(best) and path > best
