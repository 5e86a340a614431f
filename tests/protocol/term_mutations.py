"""JSON-LD documents changed in what their members, types and values mean, by chance that can be repeated."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from functools import cache
from random import Random
from typing import Any

from badgefed.protocol import jsonld
from tests.protocol.foreign_credentials import objects_of
from tests.protocol.mutations import mutate

Document = dict[str, Any]

ODD_VALUES: list[Any] = [
    *("", "x", "true", "12", "a\tb\n\"c\\", "\u2028\x85", "_:b0", "relative", "@id", "name", "Profile", "cred:x", "xsd:y"),
    *("assertionMethod", "https://w3id.org/security#assertionMethod", "urn:uuid:1", "https://a.example/1"),
    *(True, False, 0, 1, -0.0, 2.5, -7, 1e-7, 1e15, 1e21, 5e-324, 123456789.125, 2**53 - 1, 2**53, 1 / 3),
    *({"id": "urn:uuid:1"}, {"id": "cred:x"}, {"type": "Profile"}, {"@value": "x"}, ["x", "y"], [1, True], [["x"]], None),
]  # fmt: skip


@cache
def vocabulary() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of members and those of types in all bundled contexts that credentials may have."""
    names: set[str] = set()
    for url in (jsonld.CREDENTIALS_V2, jsonld.OPEN_BADGES_3, jsonld.OPEN_BADGES_3_EXTENSIONS):
        for part in objects_of(json.loads(jsonld.bundled_contexts()[url])["@context"]):
            names.update(name for name in part if not name.startswith("@"))
    types = {name for name in names if not name[0].islower()}
    return tuple(sorted(names - types)), tuple(sorted(types))


def change_terms(document: Document, random: Random) -> Document:
    """A copy with one to three changes."""
    changed = copy.deepcopy(document)
    for _ in range(random.randint(1, 3)):
        change = random.choice(_CHANGES)
        if change is mutate:
            changed, _ = mutate(changed, random)
        else:
            change(changed, random)
    return changed


def _pick(document: Document, random: Random) -> tuple[Document, str]:
    """An object of the document and the name of one of its members but its contexts."""
    found = [(part, name) for part in objects_of(document) for name in part if name != "@context"]
    return random.choice(found or [(document, "name")])


def _rename(document: Document, random: Random) -> None:
    part, name = _pick(document, random)
    part[random.choice(vocabulary()[0])] = part.pop(name, "x")


def _move(document: Document, random: Random) -> None:
    part, name = _pick(document, random)
    other, _ = _pick(document, random)
    other[name] = copy.deepcopy(part.pop(name, "x"))


def _give_types(document: Document, random: Random) -> None:
    part, _ = _pick(document, random)
    found = part.get("type", [])
    types = found if isinstance(found, list) else [found]
    more = [random.choice([*types, random.choice(vocabulary()[1])]) for _ in range(random.randint(1, 2))]
    part["type"] = random.choice([[*types, *more], more, more[0]])


def _share_id(document: Document, random: Random) -> None:
    """Two objects become one node."""
    (one, _), (other, _) = _pick(document, random), _pick(document, random)
    other["id"] = one.get("id", "https://a.example/1")


def _replace(document: Document, random: Random) -> None:
    part, name = _pick(document, random)
    part[name] = copy.deepcopy(random.choice(ODD_VALUES))


def _repeat(document: Document, random: Random) -> None:
    part, name = _pick(document, random)
    value = part.get(name, "x")
    values = value if isinstance(value, list) else [value]
    part[name] = [copy.deepcopy(item) for item in (*values, *values[: random.randint(0, 2)])]


def _repeat_contexts(document: Document, random: Random) -> None:
    part, _ = _pick(document, random)
    part["@context"] = copy.deepcopy(document.get("@context"))


_CHANGES: list[Callable[[Document, Random], Any]] = [
    mutate,
    _rename,
    _move,
    _give_types,
    _share_id,
    _replace,
    _replace,
    _repeat,
    _repeat_contexts,
]
