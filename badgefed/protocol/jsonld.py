"""JSON-LD with a closed set of contexts: whatever is not bundled is an error, and nothing is ever fetched.

PyLD is slow (2 to 5 ms for a credential) and holds the GIL: call from the worker or a thread, not on the event loop.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any, Literal

from pyld import ContextResolver
from pyld import jsonld as pyld

from badgefed.errors import CannotCheck, Unprocessable

Document = dict[str, Any]
Mode = Literal["json-ld-1.0", "json-ld-1.1"]

CREDENTIALS_V2 = "https://www.w3.org/ns/credentials/v2"
OPEN_BADGES_2 = "https://w3id.org/openbadges/v2"
OPEN_BADGES_3 = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
OPEN_BADGES_3_EXTENSIONS = "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"
DID_V1 = "https://www.w3.org/ns/did/v1"
MULTIKEY_V1 = "https://w3id.org/security/multikey/v1"

UNSAFE_CHARACTERS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
"""What RDF libraries write differently in canonical N-Quads, or can't write: control characters, lone surrogates, noncharacters."""

MAX_DEPTH = 32

_RELATIVE = "relative-reference"
_BASE = f"{_RELATIVE}://base/"
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s\ufeff\x00-\x20<>\"{}|\\^`\x7f]+")
_DEFINED = ("@", "https://", "http://")
_MAX_CACHED = 1_000


def is_iri(text: str) -> bool:
    """Whether the text is an absolute IRI that N-Quads can write as it stands.

    None with a blank of any script: JSON-LD libraries drop what is said about such an IRI, without a word.
    """
    return _IRI.fullmatch(text) is not None


class Processor:
    """PyLD over the given contexts (URL to JSON text).

    Processed contexts are kept, which makes it about twice as fast. Threads may share one: a lock lets
    them in one by one, for PyLD's caches are not safe.
    """

    def __init__(self, contexts: Mapping[str, str]) -> None:
        self._contexts = dict(contexts)
        self._resolved = _ContextCache()
        self._lock = threading.Lock()

    def expand(self, document: Document, *, mode: Mode = "json-ld-1.1") -> list[Any]:
        """The expanded form, in which undefined terms are missing. Raises Unprocessable for an unknown context."""
        return self._expand(document, mode, _ignore)

    def canonicalize(self, document: Document) -> str:
        """RDFC-1.0 N-Quads of a document of our own.

        Raises Unprocessable for anything that the result would not cover, or that could be read in two ways: undefined terms
        and types, relative references, null, empty or nested arrays, contexts that are no bundled URL, terms spelled as
        IRIs, explicit blank nodes, unsafe characters. Not for foreign documents: its work is not bounded.
        """
        check_source(document)
        expanded = self.expand_whole(document)
        options = {**self._options("json-ld-1.1"), "algorithm": "URDNA2015", "format": "application/n-quads"}
        return str(self._run(lambda: pyld.normalize(expanded, options)))

    def expand_whole(self, document: Document) -> list[Any]:
        """The expanded form, from which nothing is missing. Raises Unprocessable for undefined terms and types, and for ids that are not absolute IRIs."""
        expanded = self._expand(document, "json-ld-1.1", _refuse_dropped)
        _check_references(expanded)
        return expanded

    def dataset(self, expanded: list[Any]) -> dict[str, Any]:
        """The RDF of an expanded document in PyLD's form, for `rdfc.quads_of_dataset`."""
        options = self._options("json-ld-1.1")
        return dict(self._run(lambda: pyld.to_rdf(expanded, options)))

    def _expand(self, document: Document, mode: Mode, on_dropped: Callable[[str | None], None]) -> list[Any]:
        options = self._options(mode)
        return list(self._run(lambda: pyld.expand(document, options, on_property_dropped=on_dropped)))

    def _options(self, mode: Mode) -> dict[str, Any]:
        return {
            "processingMode": mode,
            "base": _BASE,
            "documentLoader": self._load,
            "contextResolver": ContextResolver(self._resolved, self._load),
        }

    def _run(self, operation: Callable[[], Any]) -> Any:
        with self._lock:
            try:
                return operation()
            except pyld.JsonLdError as error:
                raise Unprocessable(f"not valid JSON-LD: {_explain(error)}") from error

    def _load(self, url: str, options: object) -> dict[str, Any]:
        """A document loader for PyLD; the tag is what makes it keep the context."""
        text = self._contexts.get(url)
        if text is None:
            raise CannotCheck(f"the context {url} is not bundled")
        return {
            "contentType": "application/ld+json",
            "contextUrl": None,
            "documentUrl": url,
            "document": json.loads(text),
            "tag": "static",
        }


@cache
def bundled_contexts() -> Mapping[str, str]:
    """The contexts that come with the package, URL to JSON text."""
    folder = resources.files("badgefed.protocol") / "contexts"
    index = json.loads((folder / "index.json").read_text("utf-8"))
    return {url: (folder / entry["file"]).read_text("utf-8") for url, entry in index.items()}


@cache
def bundled() -> Processor:
    """The processor with all bundled contexts; one for the process, so that its cache serves everybody."""
    return Processor(bundled_contexts())


def expand(document: Document, *, mode: Mode = "json-ld-1.1") -> list[Any]:
    """`Processor.expand` with the bundled contexts."""
    return bundled().expand(document, mode=mode)


def canonicalize(document: Document) -> str:
    """`Processor.canonicalize` with the bundled contexts."""
    return bundled().canonicalize(document)


def check_expandable(document: Document, *, allowed_contexts: Collection[str]) -> None:
    """Raises Unprocessable unless processors in both modes understand every term and type with these bundled contexts alone.

    A term counts as defined if it expands to an http(s) IRI; one that a context maps to null is fine. For tests of
    documents that we emit.
    """
    processor = Processor({url: bundled_contexts()[url] for url in allowed_contexts})
    modes: tuple[Mode, ...] = ("json-ld-1.0", "json-ld-1.1")
    for mode in modes:
        dropped: list[str | None] = []
        expanded = processor._expand(document, mode, dropped.append)
        undefined = [term for term in dropped if term is not None]
        undefined += [name for name in _names(expanded) if not name.startswith(_DEFINED)]
        if undefined:
            raise Unprocessable(f"no context defines {sorted(set(undefined))}")
        _check_references(expanded)


class _ContextCache(dict[str, Any]):
    """Starts afresh when full; the bundled contexts with their scoped ones fill a part of it."""

    def __setitem__(self, key: str, value: object) -> None:
        if len(self) >= _MAX_CACHED:
            self.clear()
        super().__setitem__(key, value)


def _ignore(term: str | None) -> None:
    return


def _refuse_dropped(term: str | None) -> None:
    raise Unprocessable(f"no context defines {term!r}, so no signature would cover it")


def check_source(value: object, depth: int = 0) -> None:
    """Raises Unprocessable for what expansion would lose or accept silently, seen in the JSON itself."""
    if depth > MAX_DEPTH:
        raise Unprocessable(f"nested more than {MAX_DEPTH} levels deep")
    if isinstance(value, dict):
        for key, member in value.items():
            _check_member(key, member)
            check_source(member, depth + 1)
    elif isinstance(value, list):
        if not value or any(isinstance(item, list) for item in value):
            raise Unprocessable("an empty or nested array, which no signature would cover as it stands")
        for item in value:
            check_source(item, depth + 1)
    elif isinstance(value, str):
        _check_text(value)
    elif value is None:
        raise Unprocessable("a null, which no signature would cover")


def _check_member(key: str, member: object) -> None:
    if key == "@context":
        urls = member if isinstance(member, list) else [member]
        if not all(isinstance(url, str) for url in urls):
            raise Unprocessable("a context that is not a URL")
    elif key.startswith("@") or ":" in key:
        raise Unprocessable(f"{key!r}: keywords and IRIs can't stand for terms here")
    _check_text(key)


def _check_text(text: str) -> None:
    found = UNSAFE_CHARACTERS.search(text)
    if found is not None:
        raise Unprocessable(f"a text with the character U+{ord(found[0]):04X}")


def _check_references(expanded: list[Any]) -> None:
    for reference in _references(expanded):
        if reference.startswith(f"{_RELATIVE}:"):
            raise Unprocessable(
                f"{reference.removeprefix(_BASE)!r} is a relative reference or an undefined type"
            )
        if not is_iri(reference) or reference.startswith("_:"):
            raise Unprocessable(f"{reference!r} is not an absolute IRI")


def _references(value: object) -> Iterator[str]:
    """Every node id and type in an expanded document, but for the one that marks JSON literals."""
    for node in _objects(value):
        for key in ("@id", "@type"):
            found = node.get(key, [])
            if found != "@json":
                yield from [found] if isinstance(found, str) else found


def _names(value: object) -> Iterator[str]:
    """Every property and type in an expanded document."""
    for node in _objects(value):
        yield from node
        types = node.get("@type", [])
        yield from [types] if isinstance(types, str) else types


def _objects(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for key, member in value.items():
            if key != "@value":
                yield from _objects(member)
    elif isinstance(value, list):
        for item in value:
            yield from _objects(item)


def _explain(error: BaseException) -> str:
    """The innermost reason: PyLD wraps each error in the step that met it."""
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error.args[0]) if error.args else type(error).__name__
