"""What each name in a JSON-LD document means: tables made from the bundled contexts.

They cover the part of JSON-LD 1.1 that the contexts of credentials use: terms with `@id`, `@type`, `@container` and
`@protected`, contexts scoped to types and to properties. A term that needs more of it is known and can't be used.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import lru_cache
from typing import Any

from badgefed.errors import Unprocessable
from badgefed.protocol.jsonld import bundled_contexts, is_iri

XSD_DOUBLE = "http://www.w3.org/2001/XMLSchema#double"

PROOF_PURPOSE = "https://w3id.org/security#proofPurpose"
"""The one property whose values are words of the contexts' vocabulary."""

_CONTEXT_KEYWORDS = {"@protected", "@version"}
_TERM_KEYWORDS = {"@id", "@type", "@container", "@context"}
_CONTAINERS = ("", "@set", "@list", "@graph")
_PREFIX_ENDS = (":", "/", "?", "#", "[", "]", "@")
"""What makes a plain term a prefix of compact IRIs (JSON-LD 1.1 API §4.2.2)."""
_NOT_WRITABLE = {"@json", "@none", XSD_DOUBLE}
_NATIVE_TYPES = tuple(
    f"www.w3.org/2001/XMLSchema#{name}" for name in ("boolean", "integer", "float", "double", "decimal")
)
_MAX_SCOPES = 1_024


def is_native(datatype: str) -> bool:
    """Whether JSON has numbers or truth values for it; contexts of Open Badges write it with https."""
    return datatype.endswith(_NATIVE_TYPES)


class Coercion(Enum):
    """What a text stands for: itself, an IRI, or a term of the vocabulary."""

    TEXT = auto()
    IRI = auto()
    VOCABULARY = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """`iri` is the property's or the type's, or the keyword that the term is an alias of; `datatype` is an IRI or None.

    `scoped` has the context (or null) that holds below the term, if there is one.
    """

    iri: str
    coercion: Coercion = Coercion.TEXT
    datatype: str | None = None
    container: str = ""
    scoped: tuple[Mapping[str, Any] | None, ...] = ()
    is_protected: bool = False


Terms = Mapping[str, Term | None]
"""Names to terms; None for one that is defined in a way that is not covered here, as prefixes are."""

ID = Term(iri="@id")
TYPE = Term(iri="@type")
_ALIASES = {"id": ID, "type": TYPE}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scope:
    """The names that hold in one kind of node. `contexts` are the URLs that made it, empty for a scope within another.

    Below a node whose types brought names, those of `outer` hold again (JSON-LD 1.1 §4.1.8).
    """

    terms: Terms
    contexts: tuple[str, ...] = ()
    outer: Scope | None = None

    def require(self, name: str) -> Term:
        """The term that the name stands for. Raises Unprocessable: no signature would cover the name."""
        term = self.terms.get(name)
        if term is not None:
            return term
        if name in self.terms:
            raise Unprocessable(f"the term {name!r} is defined in a way that can't be signed here")
        raise Unprocessable(f"no context defines {name!r} here, so no signature would cover it")

    def require_iri(self, name: str) -> str:
        """The IRI of a property, type or word of the vocabulary, as N-Quads writes it. Raises as `require`."""
        iri = self.require(name).iri
        if iri.startswith("@"):
            raise Unprocessable(f"{name!r}: keywords can't stand for terms here")
        return f"<{iri}>"


NOTHING = Scope(terms={})
"""After a null context: only a context of the node's own gives it names."""


@lru_cache(maxsize=64)
def read_contexts(urls: tuple[str, ...]) -> Scope:
    """The scope of a document with these contexts, in their order. Raises Unprocessable for one that is not bundled."""
    terms: Terms = {}
    for url in urls:
        text = bundled_contexts().get(url)
        if text is None:
            raise Unprocessable(f"the context {url} is not bundled")
        terms = _extend(terms, json.loads(text)["@context"])
    if not {"id", "type"} <= terms.keys():
        raise Unprocessable("the contexts must define id and type, as those of credentials do")
    return Scope(terms=terms, contexts=urls)


@lru_cache(maxsize=_MAX_SCOPES)
def scope_of_types(scope: Scope, types: frozenset[str]) -> Scope:
    """The scope within a node of these types (JSON-LD 1.1 §4.1.3)."""
    terms = scope.terms
    for name in sorted(types):
        for context in scope.require(name).scoped:
            if context is None:
                raise Unprocessable(f"the type {name!r} takes its context away")
            terms = _extend(terms, context)
    return scope if terms is scope.terms else Scope(terms=terms, outer=scope)


@lru_cache(maxsize=_MAX_SCOPES)
def scope_of_property(scope: Scope, name: str) -> Scope:
    """The scope for the values of the property."""
    outer = scope.outer or scope
    for context in scope.require(name).scoped:
        if context is None:
            return NOTHING
        return Scope(terms=_extend(outer.terms, context, may_redefine=True))
    return outer


def _extend(terms: Terms, context: Mapping[str, Any], *, may_redefine: bool = False) -> Terms:
    """The terms with those of the context. Raises Unprocessable where it says something about all terms, or redefines protected ones."""
    keywords = {name for name in context if name.startswith("@")}
    if not keywords <= _CONTEXT_KEYWORDS:
        raise Unprocessable(f"a context with {min(keywords - _CONTEXT_KEYWORDS)} can't be used to sign")
    names = terms.keys() | context.keys()
    extended = dict(terms)
    for name in (name for name in context if name not in keywords):
        term = _define(context[name], context, names, terms)
        if name in _ALIASES and term != _ALIASES[name]:
            raise Unprocessable(f"the context makes {name!r} something else than {_ALIASES[name].iri}")
        if term is not None and context.get("@protected"):
            term = replace(term, is_protected=True)
        extended[name] = term if may_redefine else _merge(name, terms, term)
    return extended


def _merge(name: str, terms: Terms, new: Term | None) -> Term | None:
    """What the name means after a further definition. One that could not be read before may be protected."""
    if name not in terms:
        return new
    old = terms[name]
    if old is not None and not old.is_protected:
        return new
    if old is None or new is None or replace(new, is_protected=True) != old:
        raise Unprocessable(f"the contexts define {name!r} in two ways")
    return old


def _define(definition: Any, context: Mapping[str, Any], names: Set[str], terms: Terms) -> Term | None:
    for alias in _ALIASES.values():
        if definition == alias.iri:
            return alias
    if isinstance(definition, str):
        if definition.endswith(_PREFIX_ENDS):
            return None
        definition = {"@id": definition}
    if not isinstance(definition, dict) or not definition.keys() <= _TERM_KEYWORDS:
        return None
    iri = _find_iri(definition.get("@id"), context, names, terms)
    coercion, datatype = _find_coercion(definition.get("@type"), names)
    container = definition.get("@container", "")
    scoped = (definition["@context"],) if "@context" in definition else ()
    usable = all(context is None or isinstance(context, dict) for context in scoped)
    if iri is None or coercion is None or container not in _CONTAINERS or not usable:
        return None
    return Term(iri=iri, coercion=coercion, datatype=datatype, container=container, scoped=scoped)


def _find_iri(text: object, context: Mapping[str, Any], names: Set[str], terms: Terms) -> str | None:
    """The IRI itself, or that of the term which it names; None for a compact IRI and everything else."""
    if not isinstance(text, str):
        return None
    if text in context:
        other = context[text]
        text = other.get("@id") if isinstance(other, dict) else other
    elif (known := terms.get(text)) is not None:
        text = known.iri
    return text if isinstance(text, str) and _is_whole(text, names) else None


def _find_coercion(text: object, names: Set[str]) -> tuple[Coercion | None, str | None]:
    if text is None:
        return Coercion.TEXT, None
    if text in ("@id", "@vocab"):
        return Coercion.IRI if text == "@id" else Coercion.VOCABULARY, None
    if isinstance(text, str) and text not in _NOT_WRITABLE and text not in names and _is_whole(text, names):
        return Coercion.TEXT, text
    return None, None


def _is_whole(text: str, names: Set[str]) -> bool:
    """Whether it is an IRI that no prefix makes into another."""
    return is_iri(text) and text.partition(":")[0] not in names
