"""Published samples of badges, each with the verdict that its makers give it, and the web in which they live.

The expectations for 1EdTech's Open Badges 3.0 samples are in the corpus; those for its 2.0 samples are what its
validator's own tests state; the others say in their names what they are. None where nobody states anything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tests.interop.npm import ROOT
from tests.interop.openbadges.answers import Fetch, Gone, Verdict, parse_object

DATA = ROOT.parent / "shared" / "data"
EXAMPLE_ISSUER = "https://badges.example.org/issuers/1"
KEY_IN_FRAGMENT = re.compile(r"(?P<issuer>https://[^#\s\"]+)#(?P<key>z6Mk\w+)")
LIST_OF_1EDTECH = (
    "https://raw.githubusercontent.com/1EdTech/digital-credentials-public-validator/refs/heads/main"
    "/inspector-vc/src/test/resources/ob30/bit-string-list/testlist"
)
HOST_2 = "http://127.0.0.1:8755"
REVOKED_ADDRESS = f"{HOST_2}/assertions/revoked"
HOST_2_SIGNED = "http://127.0.0.1:8757"

VALID, REVOKED, REFUSED = Verdict.VALID, Verdict.REVOKED, Verdict.REFUSED

OPEN_BADGES_2: dict[str, Verdict | None] = {
    "ob2/assertions_1.json": VALID,
    "ob2/assertions_bad.json": REFUSED,
    "ob2/assertions_fullrevoked.json": REVOKED,
    "ob2/assertions_nohash.json": REFUSED,
    "ob2/assertions_revoked.json": REVOKED,
    "ob2/elsewhere_1.json": REFUSED,
    "ob2/signed.jws": VALID,
    "ob2/baked-hosted.png": VALID,
    "ob2/baked-hosted.svg": VALID,
    "ob2/baked-url.svg": VALID,
    "ob2/badge.png": REFUSED,
    "ob2/badge.svg": REFUSED,
    "1edtech/ob20/basic-assertion.json": VALID,
    "1edtech/ob20/simple-badge.png": VALID,
    "1edtech/ob20/basic-assertion-invalid-context.json": REFUSED,
    "1edtech/ob20/basic-assertion-invalid-type.json": REFUSED,
    "1edtech/ob20/simple.jwt": VALID,
    "1edtech/ob20/simple-not-revoked.jwt": VALID,
    "1edtech/ob20/simple-revoked.jwt": REVOKED,
    "1edtech/ob20/basic-assertion-no-public-key.json": VALID,
    "1edtech/ob20/basic-assertion-with-allowed-origins.json": VALID,
    "1edtech/ob20/basic-assertion-with-allowed-origins-valid-starts-with.json": VALID,
    "1edtech/ob20/basic-assertion-with-allowed-origins-invalid-starts-with.json": REFUSED,
    "1edtech/ob20/basic-assertion-with-allowed-origins-valid-multiple-starts-with.json": VALID,
    "1edtech/ob20/basic-assertion-with-allowed-origins-invalid-multiple-starts-with.json": REFUSED,
    "1edtech/ob20/basic-assertion-expired.json": REFUSED,
    "1edtech/ob20/basic-assertion-expired-before-issued.json": REFUSED,
    "1edtech/ob20/basic-assertion-in-future.json": REFUSED,
    "1edtech/ob20/basic-assertion-with-language.json": VALID,
    "1edtech/ob20/warning-with-redirection.json": VALID,
    "1edtech/ob20/warning-issuer-non-http.json": VALID,
    "1edtech/ob20/assertion-with-data-image.json": None,
    "1edtech/ob20/assertion-with-endorsements.json": None,
    "1edtech/ob20/assertion-with-extension-node-basic.json": None,
    "1edtech/ob20/assertion-with-extension-node-invalid.json": None,
    "1edtech/ob20/assertion-with-multiple-extensions.json": None,
}
OPEN_BADGES_3: dict[str, Verdict | None] = {
    "ob3/1edtech-impl-guide-signed.json": VALID,
    "ob3/https-valid.json": VALID,
    "ob3/https-valid-proofarray.json": VALID,
    "ob3/key-valid.json": VALID,
    "ob3/key-valid-proofarray.json": VALID,
    "ob3/web-valid.json": VALID,
    "ob3/web-valid-proofarray.json": VALID,
    "ob3/web-endorsement.json": VALID,
    "ob3/web-expired.json": REFUSED,
    "ob3/web-revoked.json": REVOKED,
    "ob3/web-tampered.json": REFUSED,
    "ob3/web-unsigned-extra-term.json": REFUSED,
    "ob3/vcjwt-jwk.jwt": VALID,
    "ob3/vcjwt-kid.jwt": VALID,
    "ob3/baked.png": VALID,
    "ob3/baked.svg": VALID,
    "ob3/baked-jwt.png": VALID,
    "ob3/baked-jwt.svg": VALID,
    "ob3/baked-ob2-and-ob3.png": VALID,
    "ob3py/valid.json": VALID,
    "ob3py/revoked.json": REVOKED,
}
CORPUS_UNSTATED = (
    "ob30/complete_v1.json",
    "ob30/credential-status-revoked.json",
    "ob30/endorsement-err-schema-status-refresh.json",
    "ob30/endorsement-valid.json",
    "ob30/simple-context-version.json",
    "ob30/bit-string-list/credential-status-revoked-blank-nodes.json",
    "ob30/sd/derivedcredential.json",
    "ob30/simple.jwt",
    "ob30/velocity.jwt",
)
NO_BADGES = re.compile(
    r"ob3/(web-did|https-did|testkey|status-1|vcjwt-key-public\.jwk)\.json|ob3py/status-1\.json"
    r"|ob2/(issuer|badges_5|signed-docs)\.json"
    r"|1edtech/(LICENSE.*|expected\.json|ob30/bit-string-list/testlist|ob20/(assets|rdf-validation)/.*"
    r"|ob20/(badge-class-with-language|issuer-compact-iri-validation|redirected-validation-subject)\.json)"
)
"""Files beside the samples: what these link to, keys, lists, and definitions that were awarded to nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """`name` is its path. `expected` is None where its makers state nothing."""

    name: str
    expected: Verdict | None

    @property
    def presented(self) -> bytes:
        return (DATA / self.name).read_bytes()


def read_samples() -> list[Sample]:
    """Every sample that is a badge; what the samples only link to is not."""
    expected = {**OPEN_BADGES_2, **OPEN_BADGES_3, **_read_corpus()}
    return [Sample(name=name, expected=verdict) for name, verdict in expected.items()]


def list_files() -> set[str]:
    """The names of all files that may be samples."""
    files = (path for folder in ("ob2", "ob3", "ob3py", "1edtech") for path in (DATA / folder).rglob("*"))
    names = {path.relative_to(DATA).as_posix() for path in files if path.is_file()}
    return {name for name in names if not NO_BADGES.fullmatch(name)}


def _read_corpus() -> dict[str, Verdict | None]:
    stated = json.loads((DATA / "1edtech" / "expected.json").read_bytes())
    valid = stated["valid"] + stated["valid_with_warning_vcdm11"]
    verdicts: dict[str, Verdict | None] = dict.fromkeys(valid, VALID)
    verdicts |= dict.fromkeys(stated["proof_ok_other_checks_fail_offline"], REFUSED)
    for name, reason in stated["invalid"].items():
        verdicts[name] = REVOKED if reason.startswith("revoked") else REFUSED
    verdicts |= dict.fromkeys(CORPUS_UNSTATED)
    return {f"1edtech/{name}": verdict for name, verdict in verdicts.items()}


@dataclass(frozen=True)
class Web:
    """Everything that the samples link to, by URL. Nothing else exists in it."""

    @cached_property
    def _shared(self) -> Mapping[str, bytes]:
        documents = {
            f"{EXAMPLE_ISSUER}/did.json": _read("ob3/web-did.json"),
            EXAMPLE_ISSUER: _read("ob3/https-did.json"),
            "https://badges.example.org/keys/1": _read("ob3/vcjwt-key-public.jwk.json"),
            LIST_OF_1EDTECH: _read("1edtech/ob30/bit-string-list/testlist"),
            f"{HOST_2}/issuer": _read("ob2/issuer.json"),
            f"{HOST_2}/badges/5": _read("ob2/badges_5.json"),
        }
        for path in (DATA / "ob2").glob("assertions_*.json"):
            documents[f"{HOST_2}/assertions/{path.stem.removeprefix('assertions_')}"] = path.read_bytes()
        documents[f"{HOST_2}/elsewhere/1"] = _read("ob2/elsewhere_1.json")
        documents |= _signed_host()
        documents["https://example.org/beths-robotics-badge.json"] = _read(
            "1edtech/ob20/basic-assertion.json"
        )
        for path in (DATA / "1edtech" / "ob20" / "assets").glob("*.*"):
            for origin in ("https://www.example.org", "https://example.org", "http://example.org"):
                documents[f"{origin}/{path.name}"] = path.read_bytes()
        return documents

    def around(self, sample: Sample) -> Fetch:
        """The web as this sample's makers mean it."""
        documents = {**self._shared, **_own_addresses(sample)}
        documents |= _at_their_ids(parse_object(sample.presented), documents)

        def fetch(url: str) -> bytes:
            if url == REVOKED_ADDRESS:
                raise Gone(_read("ob2/assertions_revoked.json"))
            if url not in documents:
                raise LookupError(f"nothing stands at {url}")
            return documents[url]

        return fetch


def _read(name: str) -> bytes:
    return (DATA / name).read_bytes()


def _signed_host() -> Iterator[tuple[str, bytes]]:
    """The host of the signed and the baked Open Badges 2.0 samples; the hosted one stands in its picture only."""
    for path, document in json.loads(_read("ob2/signed-docs.json")).items():
        yield HOST_2_SIGNED + path, json.dumps(document).encode()
    hosted = re.search(rb"<!\[CDATA\[(.*?)\]\]>", _read("ob2/baked-hosted.svg"))
    assert hosted is not None
    yield f"{HOST_2_SIGNED}/assertions/1", hosted[1]


def _own_addresses(sample: Sample) -> dict[str, bytes]:
    """The status list of its folder; the sample itself at its id; the document of an issuer who published none.

    1EdTech's validator takes the key from the fragment of the proof's verification method, and the issuers of its
    samples exist nowhere: here each of them lists that key.
    """
    documents: dict[str, bytes] = {}
    folder = sample.name.partition("/")[0]
    if folder in ("ob3", "ob3py"):
        documents["https://badges.example.org/status/1"] = _read(f"{folder}/status-1.json")
    document = parse_object(sample.presented)
    if folder == "1edtech" and document is not None:
        documents[str(document.get("id"))] = sample.presented
    if "1edtech" in sample.name:
        for found in KEY_IN_FRAGMENT.finditer(sample.presented.decode(errors="replace")):
            documents.setdefault(found["issuer"], _list_key(found["issuer"], found["key"]))
    return documents


def _at_their_ids(document: dict[str, Any] | None, web: Mapping[str, bytes]) -> dict[str, bytes]:
    """The badge and the issuer of a 2.0 sample at the ids that they have; several documents of the corpus share one."""
    found: dict[str, bytes] = {}
    while document is not None:
        url = document.get("badge") or document.get("issuer")
        body = web.get(url, b"") if isinstance(url, str) else b""
        document = parse_object(body)
        if document is not None:
            found[str(document.get("id"))] = body
    return found


def _list_key(issuer: str, multikey: str) -> bytes:
    method = f"{issuer}#{multikey}"
    document: dict[str, Any] = {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": issuer,
        "verificationMethod": [
            {"id": method, "type": "Multikey", "controller": issuer, "publicKeyMultibase": multikey}
        ],
        "assertionMethod": [method],
    }
    return json.dumps(document).encode()
