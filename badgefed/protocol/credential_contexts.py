"""Which JSON-LD contexts a credential may have, and in which order.

Contexts are not signed: whoever passes a credential on can exchange them for others that give the same RDF. So only
contexts stand on the list of which none says something else about a term that another has defined.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from badgefed.errors import CannotCheck, Unprocessable
from badgefed.protocol.jsonld import (
    CREDENTIALS_V2,
    MAX_DEPTH,
    OPEN_BADGES_3,
    OPEN_BADGES_3_EXTENSIONS,
    Document,
)

CREDENTIALS_V1 = "https://www.w3.org/2018/credentials/v1"
OPEN_BADGES = frozenset(
    (
        OPEN_BADGES_3,
        "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json",
        "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.1.json",
        "https://purl.imsglobal.org/spec/ob/v3p0/context.json",
    )
)
COMPANIONS = OPEN_BADGES | {
    OPEN_BADGES_3_EXTENSIONS,
    "https://w3id.org/security/data-integrity/v1",
    "https://w3id.org/security/data-integrity/v2",
    "https://w3id.org/security/suites/ed25519-2020/v1",
    "https://w3id.org/vc/status-list/2021/v1",
    "https://www.w3.org/ns/credentials/status/v1",
}
"""What may follow the context of credentials."""

MAX_CONTEXTS = 64
"""Each costs JSON-LD's algorithm up to 5 ms. Where the same ones are repeated in the same place, they count once."""

_Lists = tuple[tuple[str, ...], ...]
_LATER_MEMBERS = ("validFrom", "validUntil")


def check_contexts(document: Document, *, companions: Collection[str] = COMPANIONS) -> None:
    """Raises Unprocessable for contexts in a wrong order or more than 64, and CannotCheck for one that is not on the list, at any depth.

    Also refuses the dates of version 2 in a credential of version 1: readers of that version don't look at them, and the
    RDF of both is the same.
    """
    if "@context" not in document:
        raise Unprocessable("the document has no @context: its members mean nothing")
    _Check(companions=companions).check(document, (), 0)


@dataclass(slots=True)
class _Check:
    """`met` are the lists of contexts that were read so far, each with those around it: the same ones give the same terms."""

    companions: Collection[str]
    met: set[_Lists] = field(default_factory=set)
    contexts: int = 0

    def check(self, value: object, lists: _Lists, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise Unprocessable(f"nested more than {MAX_DEPTH} levels deep")
        if isinstance(value, list):
            for item in value:
                self.check(item, lists, depth + 1)
        elif isinstance(value, dict):
            if "@context" in value:
                lists = self._read(value["@context"], lists)
            later = [name for name in _LATER_MEMBERS if name in value]
            if later and lists[-1][0] == CREDENTIALS_V1:
                raise Unprocessable(
                    f"{later[0]} belongs to credentials of version 2; this one has the context of version 1"
                )
            for name, member in value.items():
                if name != "@context":
                    self.check(member, lists, depth + 1)

    def _read(self, context: Any, around: _Lists) -> _Lists:
        urls = context if isinstance(context, list) else [context]
        _check_order(urls, self.companions)
        lists = (*around, tuple(urls))
        if lists not in self.met:
            self.met.add(lists)
            self.contexts += len(urls)
            if self.contexts > MAX_CONTEXTS:
                raise Unprocessable(f"more than {MAX_CONTEXTS} contexts")
        return lists


def _check_order(urls: list[Any], companions: Collection[str]) -> None:
    if not all(isinstance(url, str) for url in urls):
        raise Unprocessable(
            "a context that is not a URL: contexts that stand in the document can't be trusted"
        )
    if not urls or urls[0] not in (CREDENTIALS_V2, CREDENTIALS_V1):
        raise Unprocessable(f"the first @context must be {CREDENTIALS_V2}")
    for url in urls[1:]:
        if url not in companions:
            raise CannotCheck(
                f"the context {url[:200]} is not known here, so what its terms mean can't be checked"
            )
    if len(OPEN_BADGES.intersection(urls)) > 1:
        raise Unprocessable("contexts of two versions of Open Badges")
