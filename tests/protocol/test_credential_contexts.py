"""The contexts that a credential may have: exchanging them must change no meaning without changing the RDF."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest

from badgefed.errors import Unprocessable
from badgefed.protocol import (
    credential_contexts,
    jsonld,
)
from tests.protocol.foreign_credentials import (
    CRED,
    objects_of,
)


def lower_terms(url: str) -> Iterator[tuple[str, str, Any]]:
    """Every definition of a member in a context: the IRI that it begins with, its name, and the definition."""
    context = json.loads(jsonld.bundled_contexts()[url])["@context"]
    waiting = [(context, dict[str, Any]())]
    while waiting:
        scope, outer = waiting.pop()
        names = {**outer, **{name: value for name, value in scope.items() if not name.startswith("@")}}
        for name, definition in scope.items():
            if name.startswith("@"):
                continue
            if isinstance(definition, dict) and isinstance(definition.get("@context"), dict):
                waiting.append((definition["@context"], names))
            if name[0].islower() and name not in ("id", "type"):
                yield expand_name(name, names), name, definition


def expand_name(name: str, names: dict[str, Any]) -> str:
    definition = names[name]
    iri: str = definition.get("@id", name) if isinstance(definition, dict) else definition
    prefix, colon, rest = iri.partition(":")
    if colon and prefix in names and not rest.startswith("//"):
        return expand_name(prefix, names) + rest
    return iri


class TestContexts:
    CHOSEN = sorted(
        {jsonld.CREDENTIALS_V2, credential_contexts.CREDENTIALS_V1, *credential_contexts.COMPANIONS}
    )

    def test_no_context_has_two_names_for_a_member(self) -> None:
        """Whatever contexts somebody exchanges them for, a member keeps its name (or the RDF changes)."""
        names: dict[str, set[str]] = {}
        for url in self.CHOSEN:
            for iri, name, _ in lower_terms(url):
                names.setdefault(iri, set()).add(name)
        assert names[f"{CRED}validUntil"] == {"validUntil"}
        assert {iri: found for iri, found in names.items() if len(found) > 1} == {}

    @pytest.mark.parametrize("url", CHOSEN)
    def test_no_context_uses_what_the_rules_do_not_cover(self, url: str) -> None:
        """No nesting, no reverse properties, no language or index maps, no default vocabulary."""
        context = json.loads(jsonld.bundled_contexts()[url])["@context"]
        assert isinstance(context, dict)
        keywords = {key for found in objects_of(context) for key in found if key.startswith("@")}
        assert keywords <= {"@id", "@type", "@container", "@context", "@protected", "@version"}
        containers = {found["@container"] for found in objects_of(context) if "@container" in found}
        assert containers <= {"@set", "@list", "@graph"}
        values = [found["@type"] for found in objects_of(context) if found.get("@type") == "@vocab"]
        purposes = [found for iri, name, found in lower_terms(url) if name == "proofPurpose"]
        assert len(values) == len(purposes)

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            pair
            for pair in itertools.permutations(sorted(credential_contexts.COMPANIONS), 2)
            if len(credential_contexts.OPEN_BADGES.intersection(pair)) < 2
        ],
    )
    def test_none_redefines_a_term_of_another(self, first: str, second: str) -> None:
        for version in (jsonld.CREDENTIALS_V2, credential_contexts.CREDENTIALS_V1):
            alone, beside = (meanings([version, *urls]) for urls in ([first], [first, second]))
            if alone and beside:
                assert {name: beside[name] for name in alone} == alone

    LISTS = (
        [jsonld.CREDENTIALS_V2, jsonld.OPEN_BADGES_3],
        [jsonld.CREDENTIALS_V2, jsonld.OPEN_BADGES_3_EXTENSIONS],
    )

    def test_too_many_contexts(self) -> None:
        """Each in a place of its own costs JSON-LD's algorithm milliseconds, and a document has room for thousands."""
        repeated = {"@context": [jsonld.CREDENTIALS_V2, *[jsonld.OPEN_BADGES_3] * 64]}
        nested: dict[str, Any] = {"issuer": {}}
        for depth in range(25):
            nested = {
                "@context": self.LISTS[depth % 2],
                "issuer": nested,
                "source": {"@context": self.LISTS[0]},
            }
        for document in (repeated, nested):
            with pytest.raises(Unprocessable, match="more than 64 contexts"):
                credential_contexts.check_contexts(document)

    def test_the_same_contexts_in_the_same_place_count_once(self) -> None:
        endorsements = [{"@context": self.LISTS[number % 2], "name": "x"} for number in range(200)]
        credential_contexts.check_contexts({"@context": self.LISTS[0], "endorsement": endorsements})


def meanings(urls: list[str]) -> dict[str, Any]:
    """The IRI of each term at the top of a document with these contexts; nothing where they contradict each other."""
    names = {
        name
        for url in urls
        for name in json.loads(jsonld.bundled_contexts()[url])["@context"]
        if not name.startswith("@")
    }
    found = {}
    for name in names - {"id", "type"}:
        try:
            found[name] = jsonld.expand({"@context": urls, name: "https://a.example/"})
        except Unprocessable:
            return {}
    return found
