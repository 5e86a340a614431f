"""Presentations as JSON-LD: each credential keeps the contexts that it was signed under."""

from __future__ import annotations

import json

from badgefed.protocol import jsonld, presentations

CREDENTIAL = {
    "@context": [
        "https://www.w3.org/ns/credentials/v2",
        "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
    ],
    "id": "https://school.example/credentials/1",
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
    "name": "Printmaster",
    "issuer": {"id": "did:web:school.example", "type": ["Profile"]},
    "validFrom": "2025-01-01T00:00:00Z",
    "credentialSubject": {"id": "mailto:jane@example.org", "type": ["AchievementSubject"]},
}
VC = "https://www.w3.org/2018/credentials#"


def test_credentials_stay_graphs_of_their_own() -> None:
    whole = presentations.HEAD + json.dumps(CREDENTIAL).encode() + presentations.TAIL
    [presentation] = jsonld.expand(json.loads(whole))
    assert presentation["@type"] == [f"{VC}VerifiablePresentation"]
    [carried] = presentation[f"{VC}verifiableCredential"]
    assert carried["@graph"] == jsonld.expand(CREDENTIAL)


def test_a_token_in_its_envelope() -> None:
    whole = presentations.HEAD + presentations.envelope("aaa.bbb.ccc") + presentations.TAIL
    [presentation] = jsonld.expand(json.loads(whole))
    [carried] = presentation[f"{VC}verifiableCredential"]
    [envelope] = carried["@graph"]
    assert envelope["@type"] == [f"{VC}EnvelopedVerifiableCredential"]
    assert envelope["@id"] == "data:application/vc+jwt,aaa.bbb.ccc"


def test_none_at_all() -> None:
    assert json.loads(presentations.HEAD + presentations.TAIL)["verifiableCredential"] == []
