"""Our verdict on every sample beside the expected one, and why it differs where it does; the table is in the test's output (-s)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from badgefed.errors import BadgefedError
from badgefed.net.client import Client
from badgefed.protocol import dids, jose
from badgefed.verification.presented import Document as PresentedDocument
from badgefed.verification.presented import read_presented
from badgefed.verification.results import Outcome, Verdict
from badgefed.verification.verify import verify
from badgefed.work.services import Services
from tests.verification.corpus import Document, controller_document, load, read, require_data, serve
from tests.world import Clock, Network

HOST_OF_SAMPLES = "https://badges.example.org"
LIST_OF_1EDTECH = (
    "https://raw.githubusercontent.com/1EdTech/digital-credentials-public-validator/refs/heads/main"
    "/inspector-vc/src/test/resources/ob30/bit-string-list/testlist"
)
SOUND = frozenset({Verdict.VALID, Verdict.WARNING})
VALID, INVALID, OPEN = "valid", "invalid", "could-not-check"

EXPECTED_OB2 = {
    "ob2/assertions_1.json": VALID,
    "ob2/assertions_bad.json": INVALID,
    "ob2/assertions_fullrevoked.json": INVALID,
    "ob2/assertions_nohash.json": INVALID,
    "ob2/assertions_revoked.json": INVALID,
    "ob2/elsewhere_1.json": INVALID,
    "ob2/signed.jws": VALID,
    "ob2/baked-hosted.png": VALID,
    "ob2/baked-hosted.svg": VALID,
    "ob2/baked-url.svg": VALID,
    "1edtech/ob20/basic-assertion.json": VALID,
    "1edtech/ob20/basic-assertion-with-language.json": VALID,
    "1edtech/ob20/basic-assertion-expired.json": INVALID,
    "1edtech/ob20/basic-assertion-expired-before-issued.json": INVALID,
    "1edtech/ob20/basic-assertion-in-future.json": INVALID,
    "1edtech/ob20/basic-assertion-invalid-context.json": INVALID,
    "1edtech/ob20/basic-assertion-invalid-type.json": INVALID,
    "1edtech/ob20/basic-assertion-with-allowed-origins.json": VALID,
    "1edtech/ob20/basic-assertion-with-allowed-origins-valid-starts-with.json": VALID,
    "1edtech/ob20/basic-assertion-with-allowed-origins-valid-multiple-starts-with.json": VALID,
    "1edtech/ob20/basic-assertion-with-allowed-origins-invalid-starts-with.json": INVALID,
    "1edtech/ob20/basic-assertion-with-allowed-origins-invalid-multiple-starts-with.json": INVALID,
    "1edtech/ob20/assertion-with-endorsements.json": VALID,
    "1edtech/ob20/simple.jwt": VALID,
    "1edtech/ob20/simple-not-revoked.jwt": VALID,
    "1edtech/ob20/simple-revoked.jwt": INVALID,
    "1edtech/ob20/warning-issuer-non-http.json": VALID,
    "1edtech/ob20/warning-with-redirection.json": VALID,
}
EXPECTED_OB3 = {
    "ob3/web-valid.json": VALID,
    "ob3/web-valid-proofarray.json": VALID,
    "ob3/https-valid.json": VALID,
    "ob3/https-valid-proofarray.json": VALID,
    "ob3/key-valid.json": VALID,
    "ob3/key-valid-proofarray.json": VALID,
    "ob3/baked.png": VALID,
    "ob3/baked.svg": VALID,
    "ob3/baked-ob2-and-ob3.png": VALID,
    "ob3/baked-jwt.png": VALID,
    "ob3/baked-jwt.svg": VALID,
    "ob3/vcjwt-jwk.jwt": VALID,
    "ob3/vcjwt-kid.jwt": VALID,
    "ob3/web-expired.json": INVALID,
    "ob3/web-revoked.json": INVALID,
    "ob3/web-tampered.json": INVALID,
    "ob3/web-unsigned-extra-term.json": INVALID,
    "ob3/web-endorsement.json": INVALID,
    "ob3/1edtech-impl-guide-signed.json": VALID,
    "ob3py/valid.json": VALID,
    "ob3py/revoked.json": INVALID,
}
_UNLISTED = "the key is not in the issuer's DID document, so anybody could have made it; others believe the token's own key"
EXPLAINED = {
    "ob3/vcjwt-jwk.jwt": _UNLISTED,
    "ob3/baked-jwt.png": _UNLISTED,
    "ob3/baked-jwt.svg": _UNLISTED,
    "ob3/vcjwt-kid.jwt": "the key is on the issuer's host, but not in its DID document: neither believed nor called false",
    "1edtech/ob30/simple-did-key-method.json": "the issuer is a urn:uuid, which nobody can prove to be",
    "1edtech/ob20/warning-issuer-non-http.json": "the issuer is a urn:uuid, which nobody can prove to be",
}
REASONS = {
    "type": {"schema", "integrity"},
    "vm": {"issuer-identity", "integrity"},
    "signature": {"integrity"},
    "expired": {"dates"},
    "not yet valid": {"dates"},
    "context": {"issuer-identity", "integrity", "schema"},
    "schema": {"schema", "issuer-identity"},
    "no proof": {"integrity"},
    "JSON-LD": {"integrity"},
    "revoked (list: ob30/bit-string-list/testlist)": {"not-revoked"},
}
"""What 1EdTech gives as the reason, and the checks of ours that say the same; all others are about types, which `schema` names, or `integrity` where no context defines them."""


@dataclass(frozen=True, kw_only=True)
class Row:
    sample: str
    expected: str
    ours: str
    reason: str

    @property
    def agrees(self) -> bool:
        sound = self.ours in SOUND
        return sound if self.expected == VALID else self.ours == INVALID


def expected_of_1edtech() -> dict[str, str]:
    told = load("1edtech/expected.json")
    groups = (("valid", VALID), ("valid_with_warning_vcdm11", VALID), ("invalid", INVALID))
    return {f"1edtech/{name}": verdict for group, verdict in groups for name in told[group]}


async def judge(services: Services, sample: str) -> tuple[str, str]:
    """Our verdict, and the reasons why it isn't better."""
    try:
        result = await verify(services, read(sample))
    except BadgefedError as error:
        return INVALID, f"{type(error).__name__}: {error}"
    worst = [check for check in result.checks if check.outcome not in (Outcome.PASS, Outcome.WARNING)]
    return result.verdict, "; ".join(
        f"{check.name} {check.outcome}: {check.detail or check.sentence.render()}" for check in worst
    )


def documents_of_ob3(sample: str) -> dict[str, Document]:
    """What issuers would serve: their documents with the key that the sample names, and the lists of the corpus."""
    presented = read_presented(read(sample))
    if sample.startswith("ob3"):
        folder = sample.partition("/")[0]
        return {
            f"{HOST_OF_SAMPLES}/issuers/1/did.json": load("ob3/web-did.json"),
            f"{HOST_OF_SAMPLES}/issuers/1": load("ob3/https-did.json"),
            f"{HOST_OF_SAMPLES}/status/1": load(f"{folder}/status-1.json"),
            f"{HOST_OF_SAMPLES}/keys/1": load("ob3/vcjwt-key-public.jwk.json"),
            **(_controllers(presented.members) if isinstance(presented, PresentedDocument) else {}),
        }
    if isinstance(presented, PresentedDocument):
        return {
            **_controllers(presented.members),
            LIST_OF_1EDTECH: load("1edtech/ob30/bit-string-list/testlist"),
        }
    signed = jose.read_jws(presented.text)  # type: ignore[union-attr]
    issuer = signed.payload["iss"]
    return {issuer: controller_document(f"{issuer}#key", public_key=signed.jwk)}


def _controllers(credential: Document) -> dict[str, Document]:
    proofs = credential.get("proof", [])
    served = {}
    for proof in proofs if isinstance(proofs, list) else [proofs]:
        method = proof.get("verificationMethod", "")
        controller, hash_sign, _ = method.partition("#")
        if hash_sign and controller.startswith("https:"):
            served[controller] = controller_document(method)
        elif hash_sign and controller.startswith("did:web:") and "badges.example.org" not in controller:
            served[dids.resolve_did_web(controller)] = controller_document(method)
    return served


def documents_of_ob2(sample: str) -> tuple[dict[str, Any], dict[str, int]]:
    if sample.startswith("ob2/"):
        return _maker_society()
    documents: dict[str, Any] = {}
    if sample.endswith(".json"):
        assertion = load(sample)
        _add(documents, assertion["id"], assertion)
        _add_linked(documents, assertion)
    else:
        _add_linked(documents, jose.read_jws(read(sample).decode()).payload)
    return documents, {}


def _maker_society() -> tuple[dict[str, Any], dict[str, int]]:
    base = "http://127.0.0.1:8755"
    documents: dict[str, Any] = {
        f"{base}/issuer": load("ob2/issuer.json"),
        f"{base}/badges/5": load("ob2/badges_5.json"),
    }
    for path in sorted(require_data().glob("ob2/*_*.json")):
        document = json.loads(path.read_bytes())
        documents[document["id"]] = document
    signed = load("ob2/signed-docs.json")
    documents |= {f"http://127.0.0.1:8757{path}": document for path, document in signed.items()}
    for name in ("/assertions/1", "/badges/5", "/issuer"):
        moved = json.dumps(documents[base + name]).replace(":8755", ":8757")
        documents.setdefault(f"http://127.0.0.1:8757{name}", json.loads(moved))
    return documents, {f"{base}/assertions/revoked": 410}


def _add_linked(documents: dict[str, Any], parent: Document) -> None:
    """The files of the corpus that a document points to, under the address asked for and under the id that they have."""
    for url in _links(parent):
        file = require_data() / "1edtech/ob20/assets" / Path(url).name
        if url in documents or not file.is_file() or file.suffix != ".json":
            continue
        linked = json.loads(file.read_bytes())
        _add(documents, url, linked)
        _add_linked(documents, linked)


def _add(documents: dict[str, Any], url: str, document: Document) -> None:
    for address in (url, document.get("id", url)):
        for scheme in ("http:", "https:"):
            documents.setdefault(scheme + address.partition(":")[2], document)


def _links(value: object) -> Iterator[str]:
    if isinstance(value, str) and value.startswith(("http://example.org/", "https://example.org/")):
        yield value
    elif isinstance(value, dict):
        for member in value.values():
            yield from _links(member)
    elif isinstance(value, list):
        for item in value:
            yield from _links(item)


@pytest.fixture
def world_of_samples(services: Services, clock: Clock) -> Services:
    """http and loopback addresses are asked, as the samples need."""
    return replace(services, settings=replace(services.settings, allow_private_network=True))


async def rows(services: Services, clock: Clock) -> list[Row]:
    """Each sample with a network of its own, for some of the corpus have one address."""
    found = []
    for sample, expected in (EXPECTED_OB2 | EXPECTED_OB3 | expected_of_1edtech()).items():
        network = Network()
        if sample in EXPECTED_OB2:
            documents, statuses = documents_of_ob2(sample)
            serve(network, documents, statuses=statuses)
        else:
            serve(network, dict(documents_of_ob3(sample)))
        own = replace(services, client=Client(network, allow_private=True, clock=clock))
        ours, reason = await judge(own, sample)
        found.append(Row(sample=sample, expected=expected, ours=ours, reason=reason))
    return found


async def test_every_disagreement_is_explained(world_of_samples: Services, clock: Clock) -> None:
    require_data()
    table = await rows(world_of_samples, clock)
    for row in table:
        why = "" if row.agrees else f"  <- {EXPLAINED.get(row.sample, 'NOT EXPLAINED')}"
        print(f"{row.sample:90} ours {row.ours:16} expected {row.expected:8}{why}")
    assert {row.sample for row in table if not row.agrees} == EXPLAINED.keys()
    for sample, told in load("1edtech/expected.json")["invalid"].items():
        reason = next(row.reason for row in table if row.sample == f"1edtech/{sample}")
        named = REASONS.get(told, {"schema", "integrity"})
        assert any(f"{name} fail" in reason for name in named), f"{sample}: {told}, but ours: {reason}"
