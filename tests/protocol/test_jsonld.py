"""Closed contexts, and canonical N-Quads that leave nothing out."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from badgefed.errors import Unprocessable
from badgefed.protocol import jsonld

SHARED_CONTEXTS = Path(__file__).parents[3] / "shared" / "data" / "contexts"
FOLDER = resources.files("badgefed.protocol") / "contexts"
INDEX: dict[str, dict[str, str]] = json.loads((FOLDER / "index.json").read_text("utf-8"))
ACTIVITY_STREAMS = "https://www.w3.org/ns/activitystreams"
SECURITY_V1 = "https://w3id.org/security/v1"

NORMATIVE = {
    jsonld.CREDENTIALS_V2: "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734",
    "https://w3id.org/security/data-integrity/v2": "67f21e6e33a6c14e5ccfd2fc7865f7474fb71a04af7e94136cb399dfac8ae8f4",
    jsonld.MULTIKEY_V1: "ba2c182de2d92f7e47184bcca8fcf0beaee6d3986c527bf664c195bbc7c58597",
    jsonld.OPEN_BADGES_3: "3d34f4d4ef1bce691106e63798beb5e7b862ba841423f5ee1e53ab7ddf3bca84",
}


def make_credential(**members: Any) -> dict[str, Any]:
    return {
        "@context": [jsonld.CREDENTIALS_V2, jsonld.OPEN_BADGES_3, jsonld.OPEN_BADGES_3_EXTENSIONS],
        "id": "https://badges.example/credentials/1",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": "Robotics",
        "credentialSubject": {"id": "acct:jane@social.example", "type": ["AchievementSubject"]},
        **members,
    }


@pytest.mark.parametrize("url", INDEX)
def test_bundled_context_has_its_recorded_bytes(url: str) -> None:
    entry = INDEX[url]
    data = (FOLDER / entry["file"]).read_bytes()
    assert hashlib.sha256(data).hexdigest() == entry["sha256"] == NORMATIVE.get(url, entry["sha256"])
    assert re.match(r"(PyPI [a-z]+==|npm @[a-z]+/[a-z-]+@)[0-9]", entry["origin"])
    assert entry["licence"]
    assert jsonld.bundled_contexts()[url] == data.decode()


def test_every_bundled_file_is_in_the_index() -> None:
    files = {file.name for file in FOLDER.iterdir() if file.name.endswith(".json")}
    assert files == {entry["file"] for entry in INDEX.values()} | {"index.json"}


@pytest.mark.parametrize("url", INDEX)
def test_bundled_context_says_what_the_reference_copy_says(url: str) -> None:
    if not SHARED_CONTEXTS.is_dir():
        pytest.skip("no reference copies of the contexts here")
    reference = json.loads((SHARED_CONTEXTS / "index.json").read_text("utf-8"))[url]["file"]
    expected = json.loads((SHARED_CONTEXTS / reference).read_text("utf-8"))
    if url == jsonld.OPEN_BADGES_2:  # 1EdTech publishes both; its validator and test corpus have this one
        expected["@context"]["targetFramework"] = {"@id": "schema:targetFramework"}
    assert json.loads(jsonld.bundled_contexts()[url]) == expected


@pytest.mark.parametrize("url", INDEX)
def test_context_can_be_processed(url: str) -> None:
    assert jsonld.expand({"@context": url, "@id": "https://a.example/", "https://a.example/p": 1})


def test_canonical_form_is_sorted_n_quads() -> None:
    document = make_credential(name='a "b"\\\n\t\rü🏅')
    assert jsonld.canonicalize(document).split("\n") == [
        "<acct:jane@social.example> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> "
        "<https://purl.imsglobal.org/spec/vc/ob/vocab.html#AchievementSubject> .",
        "<https://badges.example/credentials/1> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> "
        "<https://purl.imsglobal.org/spec/vc/ob/vocab.html#OpenBadgeCredential> .",
        "<https://badges.example/credentials/1> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> "
        "<https://www.w3.org/2018/credentials#VerifiableCredential> .",
        '<https://badges.example/credentials/1> <https://schema.org/name> "a \\"b\\"\\\\\\n\\t\\rü🏅" .',
        "<https://badges.example/credentials/1> <https://www.w3.org/2018/credentials#credentialSubject> "
        "<acct:jane@social.example> .",
        "",
    ]


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"undefined": 1}, "undefined"),
        ({"credentialSubject": {"undefined": "x"}}, "undefined"),
        ({"type": ["VerifiableCredential", "Undefined"]}, "'Undefined' is a relative reference"),
        ({"id": "/credentials/1"}, "relative reference"),
        ({"id": "//elsewhere.example/1"}, "relative reference"),
        ({"id": ""}, "relative reference"),
        ({"id": "_:b0"}, "not an absolute IRI"),
        ({"id": "https://a.example/a b"}, "not an absolute IRI"),
        ({"id": "https://a.example/<x>"}, "not an absolute IRI"),
        ({"issuer": "makers"}, "relative reference"),
        ({"name": None}, "null"),
        ({"evidence": []}, "empty or nested array"),
        ({"type": [["VerifiableCredential"]]}, "empty or nested array"),
        ({"https://schema.org/name": "x"}, "can't stand for terms"),
        ({"@graph": [{"name": "x"}]}, "can't stand for terms"),
        ({"name": "a\x08b"}, "U\\+0008"),
        ({"name": "a\x00b"}, "U\\+0000"),
        ({"name": "a\x7fb"}, "U\\+007F"),
        ({"name": "a\ud800b"}, "U\\+D800"),
        ({"name": "a\uffffb"}, "U\\+FFFF"),
        ({"na\x01me": "a"}, "U\\+0001"),
        ({"@context": "https://elsewhere.example/v1"}, "https://elsewhere.example/v1 is not bundled"),
        ({"@context": "../contexts/v1"}, "not bundled"),
        ({"@context": [jsonld.CREDENTIALS_V2, {"undefined": "https://a.example/p"}]}, "not a URL"),
        ({"@context": {"name": "https://a.example/p"}}, "not a URL"),
        ({"credentialSubject": {"@context": {"x": "https://a.example/p"}, "x": 1}}, "not a URL"),
        ({"@context": None}, "not a URL"),
    ],
)
def test_what_a_signature_would_not_cover_is_refused(members: dict[str, Any], reason: str) -> None:
    with pytest.raises(Unprocessable, match=reason):
        jsonld.canonicalize(make_credential(**members))


def test_deep_nesting_is_refused() -> None:
    nested: dict[str, Any] = {"type": ["Profile"]}
    for _ in range(5_000):
        nested = {"type": ["Profile"], "parentOrg": nested}
    with pytest.raises(Unprocessable, match="nested more than"):
        jsonld.canonicalize(make_credential(issuer=nested))


def test_contexts_are_read_once() -> None:
    loaded: list[str] = []

    class CountingProcessor(jsonld.Processor):
        def _load(self, url: str, options: object) -> dict[str, Any]:
            loaded.append(url)
            return super()._load(url, options)

    processor = CountingProcessor(jsonld.bundled_contexts())
    document = make_credential()
    first = processor.canonicalize(document)
    assert processor.canonicalize(document) == first
    assert loaded == document["@context"]


def test_threads_share_a_processor() -> None:
    processor = jsonld.Processor(jsonld.bundled_contexts())
    documents = [make_credential(name=f"Badge {number}", type="VerifiableCredential") for number in range(8)]
    expected = [jsonld.canonicalize(document) for document in documents]
    found: list[list[str]] = []

    def work() -> None:
        found.append([processor.canonicalize(document) for document in documents])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 4


def test_inline_contexts_do_not_pile_up() -> None:
    processor = jsonld.Processor({})
    for number in range(jsonld._MAX_CACHED + 50):
        document = {"@context": {"p": f"https://a.example/{number}"}, "p": 1}
        assert processor.expand(document) == [{f"https://a.example/{number}": [{"@value": 1}]}]
    assert len(processor._resolved) <= jsonld._MAX_CACHED


def test_the_documents_are_left_alone() -> None:
    document = make_credential()
    before = json.dumps(document)
    jsonld.canonicalize(document)
    assert json.dumps(document) == before


NOTE = {
    "@context": [ACTIVITY_STREAMS, {"sensitive": "as:sensitive", "vocalcat:badgeAssertion": None}],
    "id": "https://badges.example/actor/makers/statuses/1",
    "type": "Note",
    "to": ["https://www.w3.org/ns/activitystreams#Public"],
    "cc": [],
    "sensitive": False,
    "vocalcat:badgeAssertion": {"@context": "https://vocalcat.com/badgefed/1.0", "type": "BadgeRecord"},
}


def test_note_is_expandable_in_both_modes() -> None:
    jsonld.check_expandable(NOTE, allowed_contexts=[ACTIVITY_STREAMS])


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"undefined": 1}, "_:undefined"),
        ({"type": "Undefined"}, "_:Undefined"),
        ({"toot:blurhash": "x"}, "toot:blurhash"),
        ({"attributedTo": "/actor/makers"}, "relative reference"),
        ({"@context": [ACTIVITY_STREAMS, SECURITY_V1]}, "not bundled"),
        ({"@context": [ACTIVITY_STREAMS, {"@version": 1.1}]}, "json-ld-1.0"),
    ],
)
def test_what_other_servers_cannot_expand_is_refused(members: dict[str, Any], reason: str) -> None:
    with pytest.raises(Unprocessable, match=reason):
        jsonld.check_expandable({**NOTE, **members}, allowed_contexts=[ACTIVITY_STREAMS])
