"""Valid documents made a little wrong, by chance that can be repeated."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from random import Random
from typing import Any

Path = tuple[str | int, ...]

_OTHERS: list[Any] = [
    None,
    True,
    7,
    2.5,
    "words",
    "",
    [],
    {},
    ["words"],
    {"id": "urn:example:1"},
    [[]],
    [None],
]
_BAD_TEXTS = [
    "unheardOf",
    "ext:",
    "ext:Own",
    "not a URI",
    "/relative",
    "2026-03-12",
    "2026-02-30T10:00:00Z",
    "2026-03-12T10:30:00",
    "2026-03-12 10:30:00Z",
    "2026-03-12T25:30:00Z",
    "2026-03-12T10:30:00+01:00",
    "2026-03-12T10:30:00.123456789Z",
    "3.0",
    "Profile",
    "https://www.w3.org/2018/credentials/v1",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json",
]


def places(value: object, path: Path = ()) -> Iterator[Path]:
    """The path of every value below, containers included."""
    if isinstance(value, dict | list):
        for key, child in value.items() if isinstance(value, dict) else enumerate(value):
            yield (*path, key)
            yield from places(child, (*path, key))


def mutate(document: dict[str, Any], random: Random) -> tuple[dict[str, Any], Path]:
    """A copy with one change at a place by chance, and that place."""
    changed = copy.deepcopy(document)
    *above, key = random.choice(list(places(changed)))
    parent: Any = changed
    for step in above:
        parent = parent[step]
    return changed, (*above, *_change(parent, key, random))


def _change(parent: Any, key: str | int, random: Random) -> Path:
    """Changes the value at `key` in its parent, or the parent itself; gives the path from the parent."""
    match random.randrange(6):
        case 0:
            del parent[key]
            return ()
        case 1:
            parent[key] = copy.deepcopy(random.choice(_OTHERS))
        case 2:
            parent[key] = random.choice(_BAD_TEXTS)
        case 3:
            parent[key] = _turn_over(parent[key], random)
        case 4 if isinstance(parent[key], dict):
            parent[key]["unknown"] = copy.deepcopy(random.choice(_OTHERS))
        case _ if isinstance(parent[key], str):
            parent[key] = random.choice([parent[key].upper(), parent[key] + "x", parent[key][1:]])
        case _:
            parent[key] = None
    return (key,)


def _turn_over(value: Any, random: Random) -> Any:
    """A value as an array, an array as its one value."""
    if isinstance(value, list):
        return value[0] if value else {}
    return [copy.deepcopy(value) for _ in range(random.choice([1, 1, 2]))]
