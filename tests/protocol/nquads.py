"""A strict reader of N-Quads (RDF 1.1 N-Quads §4) for the vectors of canonicalisation."""

from __future__ import annotations

import re

from badgefed.protocol.rdfc import Quad, iri, literal

_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_CHARACTERS = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
_IRI = r"<((?:[^\x00-\x20<>\"{}|^`\\]|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})*)>"
_BLANK = r"(_:[\w:](?:[\w:.·-]*[\w:·-])?)"
_LITERAL = r'"((?:[^"\\\n\r]|\\.)*)"' + rf"(?:\^\^{_IRI}|@([A-Za-z]+(?:-[A-Za-z0-9]+)*))?"
_STATEMENT = re.compile(
    rf"[ \t]*(?:{_IRI}|{_BLANK})[ \t]*{_IRI}[ \t]*(?:{_IRI}|{_BLANK}|{_LITERAL})[ \t]*(?:{_IRI}|{_BLANK})?[ \t]*\.[ \t]*(?:#.*)?"
)
_NOTHING = re.compile(r"[ \t]*(?:#.*)?")


def read_nquads(text: str) -> list[Quad]:
    """The document's quads in canonical spelling. Raises ValueError for a line that is no statement."""
    lines = re.split(r"[\r\n]+", text)
    return [_read_statement(line) for line in lines if not _NOTHING.fullmatch(line)]


def _read_statement(line: str) -> Quad:
    found = _STATEMENT.fullmatch(line)
    if found is None:
        raise ValueError(f"not a statement: {line!r}")
    subject, subject_blank, predicate, value, value_blank, text, datatype, language, graph, graph_blank = (
        found.groups()
    )
    return Quad(
        subject_blank or iri(_unescape(subject)),
        iri(_unescape(predicate)),
        value_blank
        or (
            literal(_unescape(text), datatype and _unescape(datatype), language)
            if text is not None
            else iri(_unescape(value))
        ),
        graph_blank or (iri(_unescape(graph)) if graph is not None else ""),
    )


def _unescape(text: str) -> str:
    def character(found: re.Match[str]) -> str:
        code = found[1] or found[2]
        return chr(int(code, 16)) if code else _CHARACTERS[found[3]]

    return _ESCAPE.sub(character, text)
