"""Ordered collections with absolute ids. Items may be ids or documents; documents' contexts move to the top."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from badgefed.protocol.activities import AS2


def ordered_collection(
    collection_id: str, *, total: int, first: str | None = None, last: str | None = None
) -> dict[str, Any]:
    """The head of a paged collection. Without `first` peers show the count only and call the members hidden."""
    links = {"first": first, "last": last}
    return {
        "@context": AS2,
        "id": collection_id,
        "type": "OrderedCollection",
        "totalItems": total,
        **{name: address for name, address in links.items() if address is not None},
    }


def ordered_page(
    page_id: str,
    *,
    part_of: str,
    total: int,
    items: Sequence[str | Mapping[str, Any]],
    next_page: str | None = None,
    previous_page: str | None = None,
) -> dict[str, Any]:
    """One page; the last one has no `next`."""
    context, bare = _hoist(items)
    links = {"next": next_page, "prev": previous_page}
    return {
        "@context": context,
        "id": page_id,
        "type": "OrderedCollectionPage",
        "partOf": part_of,
        "totalItems": total,
        **{name: address for name, address in links.items() if address is not None},
        "orderedItems": bare,
    }


def inline_collection(collection_id: str, items: Sequence[str | Mapping[str, Any]]) -> dict[str, Any]:
    """A collection with all of its items in it, as `featured` must be: peers read one document of it only."""
    context, bare = _hoist(items)
    return {
        "@context": context,
        "id": collection_id,
        "type": "OrderedCollection",
        "totalItems": len(bare),
        "orderedItems": bare,
    }


def _hoist(items: Sequence[str | Mapping[str, Any]]) -> tuple[Any, list[Any]]:
    """One context for all items, and the items without theirs. Our documents agree on what each term means."""
    remote: dict[str, None] = {AS2: None}
    terms: dict[str, Any] = {}
    bare: list[Any] = []
    for item in items:
        if isinstance(item, str):
            bare.append(item)
            continue
        for entry in _entries(item.get("@context")):
            if isinstance(entry, str):
                remote[entry] = None
            else:
                terms |= entry
        bare.append({name: value for name, value in item.items() if name != "@context"})
    context: list[Any] = [*remote, *([terms] if terms else [])]
    return (context if len(context) > 1 else AS2), bare


def _entries(context: Any) -> list[Any]:
    if context is None:
        return []
    return context if isinstance(context, list) else [context]
