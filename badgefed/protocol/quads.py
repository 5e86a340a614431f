"""The quads of a document, straight from its JSON: what is signed, twenty times as fast as by JSON-LD's algorithms.

For documents whose contexts `terms` can read. The result is that of JSON-LD 1.1 expansion and Deserialize JSON-LD to RDF, or an error:
nothing that a signature would not cover, and nothing that could be read in two ways, goes through. What strangers signed must
have passed `plain_terms`, which counts it first.
"""

from __future__ import annotations

from typing import Any

from badgefed.errors import Unprocessable
from badgefed.protocol import rdfc
from badgefed.protocol.jsonld import MAX_DEPTH, UNSAFE_CHARACTERS, Document, is_iri
from badgefed.protocol.rdfc import Quad
from badgefed.protocol.terms import (
    ID,
    NOTHING,
    PROOF_PURPOSE,
    Coercion,
    Scope,
    Term,
    is_native,
    read_contexts,
    scope_of_property,
    scope_of_types,
)

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XSD = "http://www.w3.org/2001/XMLSchema#"
MAX_INTEGER = 2**53 - 1

_TYPE, _FIRST, _REST, _NIL = (f"<{RDF}{name}>" for name in ("type", "first", "rest", "nil"))
_STRUCTURE = {"@context", "id", "type"}
_ID_ALONE = {"id"}
"""The members of an object that is read in the scope of the one around it too (JSON-LD 1.1 API §5.1.2 step 7)."""


def canonicalize(document: Document) -> str:
    """RDFC-1.0 N-Quads of a document of our own. Raises Unprocessable for anything that the result would not cover."""
    return rdfc.canonicalize(write_quads(document))


def write_quads(document: Document) -> list[Quad]:
    """The document's quads, each blank node with a label of its own. Raises Unprocessable, as `canonicalize`."""
    writer = _Writer()
    writer.write_node(document, NOTHING, "", 0)
    return writer.quads


class _Writer:
    def __init__(self) -> None:
        self.quads: list[Quad] = []
        self._blank_nodes = 0
        self._lists: set[tuple[str, str, str]] = set()

    def write_node(self, node: Document, outer: Scope, graph: str, depth: int) -> str:
        """Writes what the node says into the graph and returns its name."""
        if depth > MAX_DEPTH:
            raise Unprocessable(f"nested more than {MAX_DEPTH} levels deep")
        scope = _own_scope(node, outer)
        types = _types(node)
        inner = scope_of_types(scope, frozenset(types))
        subject = _iri(node["id"], inner) if "id" in node else self._name_blank_node()
        for name in types:
            self._write(subject, _TYPE, scope.require_iri(name), graph)
        for name, value in node.items():
            if name not in _STRUCTURE:
                self._write_member(subject, name, value, inner, graph, depth)
        return subject

    def _write(self, subject: str, predicate: str, value: str, graph: str) -> None:
        self.quads.append(Quad(subject, predicate, value, graph))

    def _write_member(
        self, subject: str, name: str, value: object, scope: Scope, graph: str, depth: int
    ) -> None:
        term = scope.require(name)
        predicate = scope.require_iri(name)
        values = value if isinstance(value, list) else [value]
        if not values:
            raise Unprocessable(f"{name}: an empty array, which no signature would cover")
        objects = [self._write_value(name, term, item, scope, graph, depth) for item in values]
        if term.container == "@list":
            objects = [self._write_list(subject, predicate, objects, graph)]
        for written in objects:
            self._write(subject, predicate, written, graph)

    def _write_value(self, name: str, term: Term, value: object, scope: Scope, graph: str, depth: int) -> str:
        """The value as the object of a quad, after what a nested node says."""
        if isinstance(value, dict) and term.container == "@graph":
            graph = self._name_blank_node()
            self.write_node(value, scope_of_property(scope, name), graph, depth + 1)
            return graph
        if isinstance(value, dict):
            if value.keys() == _ID_ALONE:
                _iri(value["id"], scope)
            return self.write_node(value, scope_of_property(scope, name), graph, depth + 1)
        if term.container == "@graph":
            raise Unprocessable(f"{name}: must be an object, or several")
        if term.coercion is Coercion.TEXT:
            return _literal(name, value, term.datatype)
        if not isinstance(value, str):
            raise Unprocessable(f"{name}: must be a text or an object")
        if term.coercion is Coercion.IRI:
            return _iri(value, scope)
        if term.iri != PROOF_PURPOSE:
            raise Unprocessable(f"{name}: a word in the place of an IRI")
        return scope_of_property(scope, name).require_iri(value)

    def _write_list(self, subject: str, predicate: str, objects: list[str], graph: str) -> str:
        """The list's first blank node. A second list of the same subject is refused, for libraries differ about equal ones."""
        if (subject, predicate, graph) in self._lists:
            raise Unprocessable(f"{predicate}: two ordered lists about {subject}")
        self._lists.add((subject, predicate, graph))
        nodes = [self._name_blank_node() for _ in objects]
        for node, rest, value in zip(nodes, [*nodes[1:], _NIL], objects, strict=True):
            self._write(node, _FIRST, value, graph)
            self._write(node, _REST, rest, graph)
        return nodes[0]

    def _name_blank_node(self) -> str:
        self._blank_nodes += 1
        return f"_:b{self._blank_nodes}"


def _own_scope(node: Document, outer: Scope) -> Scope:
    """The scope of a node's own contexts: the same as those that hold already, or the first after a null context."""
    if not node:
        raise Unprocessable("an empty object, which no signature would cover")
    if "@context" not in node:
        if outer is NOTHING:
            raise Unprocessable("an object that needs a @context of its own has none")
        return outer
    found = node["@context"]
    urls = found if isinstance(found, list) else [found]
    if not all(isinstance(url, str) for url in urls):
        raise Unprocessable("a context that is not a URL")
    if outer is NOTHING:
        return read_contexts(tuple(urls))
    if outer.contexts != tuple(urls):
        raise Unprocessable("a nested object with other contexts than the document's")
    return outer


def _types(node: Document) -> tuple[str, ...]:
    if "type" not in node:
        return ()
    found: Any = node["type"]
    types = found if isinstance(found, list) else [found]
    if not types or not all(isinstance(name, str) for name in types):
        raise Unprocessable("type: must be a text, or an array of some")
    return tuple(types)


def _iri(value: object, scope: Scope) -> str:
    """Only absolute IRIs, and none that JSON-LD could take for a compact one."""
    if not isinstance(value, str) or not is_iri(value):
        raise Unprocessable(f"{value!r} is not an absolute IRI: it may be a relative reference")
    _check_text(value)
    if scope.terms.get(value.partition(":")[0], ID) is None:
        raise Unprocessable(f"{value!r} begins like a compact IRI")
    return f"<{value}>"


def _literal(name: str, value: object, datatype: str | None) -> str:
    """JSON-LD 1.1 API §8.2.2 (Object to RDF Conversion)."""
    if isinstance(value, str):
        _check_text(value)
        if datatype is not None and is_native(datatype):
            raise Unprocessable(f"{name}: a text in the place of a {datatype.rpartition('#')[2]}")
        return rdfc.literal(value, datatype)
    if isinstance(value, bool):
        return rdfc.literal("true" if value else "false", datatype or f"{XSD}boolean")
    if isinstance(value, int | float) and abs(value) <= MAX_INTEGER:
        if value == int(value):
            return rdfc.literal(str(int(value)), datatype or f"{XSD}integer")
        return rdfc.literal(_canonical_double(value), datatype or f"{XSD}double")
    raise Unprocessable(
        f"{name}: must be a text, a truth value or a number that JSON can carry, not null or an array in an array"
    )


def _canonical_double(value: float) -> str:
    mantissa, exponent = f"{value:.15E}".split("E")
    digits = mantissa.rstrip("0")
    return f"{digits}{'0' if digits.endswith('.') else ''}E{int(exponent)}"


def _check_text(text: str) -> None:
    found = UNSAFE_CHARACTERS.search(text)
    if found is not None:
        raise Unprocessable(f"a text with the character U+{ord(found[0]):04X}")
