"""Foreign JSON-LD documents that say in JSON what they say in RDF, and nothing besides.

A signature covers the RDF, but programs read the JSON, and JSON-LD has many spellings for one graph (VC Data Integrity
§2.4.1). The rules here leave one: every member is a plain term of a bundled context, so that a reader who knows the terms
misses nothing. Comparing with compact(expand(document)) instead would cost as much as the expansion once more (4 ms for a
small credential), refuse aliases that the contexts themselves have (AchievementCredential), and overlook members that were
moved to a second object with the same id.

Takes up to 0.5 ms for a small credential whose terms `quads` knows, ten times as long by way of PyLD: not for the event loop.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from badgefed.errors import Unprocessable
from badgefed.protocol import jsonld, quads, rdfc
from badgefed.protocol.jsonld import Document
from badgefed.protocol.rdfc import Quad
from badgefed.protocol.terms import PROOF_PURPOSE, is_native

MAX_VALUES = 3_000
MAX_BLANK_NODES = 500

_CREDENTIAL = "VerifiableCredential"
_TERM = re.compile(r"[a-z][A-Za-z0-9]*")


@dataclass(slots=True)
class _Source:
    """What stands in the JSON: its texts, the ids of its credentials, and its other objects with an id."""

    values: int = 0
    blank_nodes: int = 0
    texts: set[str] = field(default_factory=set)
    credentials: set[str] = field(default_factory=set)
    others: list[Document] = field(default_factory=list)


def read_quads(document: Document, *, processor: jsonld.Processor) -> list[Quad]:
    """The document as RDF. Raises as `expand_plain`.

    Written directly where that is possible with the bundled contexts: `quads` follows the same rules and is an error where it doesn't know.
    """
    _check_source(document)
    if processor is jsonld.bundled():
        with suppress(Unprocessable):
            return quads.write_quads(document)
    return rdfc.quads_of_dataset(processor.dataset(expand_plain(document, processor=processor)))


def expand_plain(document: Document, *, processor: jsonld.Processor) -> list[Any]:
    """The expanded form. Raises Unprocessable, naming the offender, for everything that a reader of the JSON would see otherwise.

    Besides what `jsonld.check_source` and `Processor.expand_whole` refuse: more than 3,000 values, or 500 objects without an
    id; names of types in the place of members and IRIs in the place of types; ids that the contexts spell out; texts in the
    place of numbers and booleans; and members of a credential in a second object with its id. Raises CannotCheck for unknown contexts.
    """
    source = _check_source(document)
    expanded = processor.expand_whole(document)
    _check_expanded(expanded, source)
    return expanded


def _check_source(document: Document) -> _Source:
    """What can be told from the JSON, without knowing its terms."""
    jsonld.check_source(document)
    source = _Source()
    _read(document, source)
    _check_credentials_stand_alone(source)
    return source


def listed(value: object) -> list[Any]:
    """The items of an array; a single value as a list of one, None as an empty list."""
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def _read(value: object, source: _Source) -> None:
    source.values += 1
    if source.values > MAX_VALUES:
        raise Unprocessable(f"more than {MAX_VALUES} values")
    if isinstance(value, dict):
        _read_object(value, source)
    elif isinstance(value, list):
        for item in value:
            _read(item, source)
    elif isinstance(value, str):
        source.texts.add(value)


def _read_object(members: Document, source: _Source) -> None:
    if not members:
        raise Unprocessable("an empty object, which says nothing")
    for key, member in members.items():
        if key != "@context" and not _TERM.fullmatch(key):
            raise Unprocessable(f"{key!r} can't be the name of a member: those begin with a small letter")
        _read(member, source)
    types = _read_types(members)
    identifier = members.get("id")
    if not isinstance(identifier, str):
        source.blank_nodes += 1
        if source.blank_nodes > MAX_BLANK_NODES:
            raise Unprocessable(f"more than {MAX_BLANK_NODES} objects without an id")
    elif _CREDENTIAL not in types:
        source.others.append(members)
    elif identifier in source.credentials:
        raise Unprocessable(f"the credential {identifier!r} stands in two objects")
    else:
        source.credentials.add(identifier)


def _read_types(members: Document) -> list[Any]:
    types = listed(members.get("type"))
    for name in types:
        if not isinstance(name, str) or ":" in name:
            raise Unprocessable(f"the type {name!r} is no term of the contexts")
    return types


def _check_credentials_stand_alone(source: _Source) -> None:
    """In RDF two objects with one id are one node, so that a validUntil could be moved where nobody looks for it."""
    for other in source.others:
        if other["id"] in source.credentials and not other.keys() <= {"id", "type"}:
            raise Unprocessable(f"members of the credential {other['id']!r} stand in another object")


def _check_expanded(expanded: list[Any], source: _Source) -> None:
    for node, place in _objects(expanded, ""):
        if "@value" in node:
            _check_value(node)
        elif node.get("@id", "") not in source.texts and "@id" in node and place != PROOF_PURPOSE:
            raise Unprocessable(f"{node['@id']!r} is spelled in a shorter way: ids must be written in full")


def _check_value(node: Document) -> None:
    datatype = node.get("@type")
    if isinstance(node["@value"], str) and isinstance(datatype, str) and is_native(datatype):
        raise Unprocessable(
            f"the text {node['@value']!r} stands where a {datatype.rpartition('#')[2]} belongs"
        )


def _objects(value: object, place: str) -> Iterator[tuple[Document, str]]:
    """Every object of an expanded document with the property that it stands at, JSON literals left whole."""
    if isinstance(value, list):
        for item in value:
            yield from _objects(item, place)
    elif isinstance(value, dict):
        yield value, place
        if "@value" not in value:
            for key, member in value.items():
                yield from _objects(member, place if key.startswith("@") else key)
