"""PyPI's `openbadgeslib` as a verifier of every form of a badge: what it says counts for both versions of Open Badges.

Its functions verify a form each; here stands only which one a presented thing needs, and what the library leaves to its
callers: keys of issuers that are no DIDs, and the proofs of status lists in JSON.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from openbadgeslib import baking
from openbadgeslib.errors import LibOpenBadgesException
from openbadgeslib.ob2 import OB2Verifier
from openbadgeslib.ob3 import OB3LdpVerifier, OB3Verifier, verify_data_integrity_proof
from openbadgeslib.ob3.credential import OpenBadgeCredential
from openbadgeslib.ob3.did import pem_for_kid, resolve_verification_method
from openbadgeslib.ob3.status import check_credential_status

from tests.interop.openbadges.answers import Answer, Fetch, Verdict, is_open_badges_2, parse_object

PNG = b"\x89PNG\r\n\x1a\n"
WORDS_OF_REVOCATION = ("has been revoked", "Credential status '")


def verify(presented: bytes, fetch: Fetch) -> Answer:
    """Of a picture with a badge in both versions, the worse answer."""
    try:
        for text in unbake(presented):
            _verify_text(text, fetch)
    except (LibOpenBadgesException, LookupError, ValueError) as error:
        reason = str(error)
        revoked = any(words in reason for words in WORDS_OF_REVOCATION)
        return Answer(verdict=Verdict.REVOKED if revoked else Verdict.REFUSED, reason=reason)
    return Answer(verdict=Verdict.VALID)


def unbake(presented: bytes) -> list[str]:
    """What is in a picture, or else the text itself. Raises ValueError for a picture without a badge."""
    if presented.startswith(PNG):
        found = [
            baking.extract_png(presented, keyword=word)
            for word in (baking.ITXT_KEYWORD, baking.ITXT_KEYWORD_OB3)
        ]
    elif presented.lstrip().startswith(b"<"):
        found = [
            baking.extract_svg(presented, element=element, text_fallback=True)
            for element in (baking.SVG_ELEMENT, baking.SVG_ELEMENT_OB3)
        ]
    else:
        return [presented.decode().strip()]
    if not any(found):
        raise ValueError("there is no badge in the picture")
    return [text.strip() for text in found if text]


def _verify_text(text: str, fetch: Fetch) -> None:
    if text.startswith(("http://", "https://")):
        text = fetch(text).decode()
    document = parse_object(text.encode())
    if document is None:
        _verify_jws(text, fetch)
    elif is_open_badges_2(document):
        OB2Verifier(download=fetch).verify_hosted(document, check_revocation=True)
    else:
        credential = OB3LdpVerifier(pubkey_pem=_pinned_key(document, fetch)).verify(document, download=fetch)
        _check_status(credential, fetch)


def _verify_jws(token: str, fetch: Fetch) -> None:
    payload = _payload(token)
    if is_open_badges_2(payload):
        OB2Verifier(download=fetch).verify(token, check_revocation=True)
        return
    verifier = OB3Verifier.for_issuer_did(str(payload.get("iss")), download=fetch)
    _check_status(verifier.verify(token), fetch)


def _payload(token: str) -> dict[str, Any]:
    parts = token.split(".")
    if len(parts) != 3:
        raise ValueError("neither JSON nor a compact JWS")
    payload = parse_object(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    if payload is None:
        raise ValueError("the payload is no JSON object")
    return payload


def _pinned_key(document: dict[str, Any], fetch: Fetch) -> bytes | None:
    """The key of an issuer that is no DID, from the document at its id; None leaves a DID to the library."""
    issuer, proofs = document.get("issuer"), document.get("proof")
    issuer_id = issuer.get("id") if isinstance(issuer, dict) else issuer
    proof = proofs[0] if isinstance(proofs, list) and proofs else proofs
    if not isinstance(issuer_id, str) or issuer_id.startswith("did:") or not isinstance(proof, dict):
        return None
    return pem_for_kid(json.loads(fetch(issuer_id)), issuer_id, str(proof.get("verificationMethod")))


def _check_status(credential: OpenBadgeCredential, fetch: Fetch) -> None:
    for entry in credential.credential_status:
        document = parse_object(fetch(str(entry.get("statusListCredential"))))
        if document is not None and credential.issuer is not None:
            _check_list(document, credential.issuer.id, fetch)
    check_credential_status(credential, download=fetch)


def _check_list(document: dict[str, Any], issuer_id: str, fetch: Fetch) -> None:
    """The proof of a list in JSON, which must be the issuer's own."""
    if document.get("issuer") != issuer_id:
        raise ValueError("the status list is another issuer's")
    key = _pinned_key(document, fetch)
    if key is None:
        proof = document["proof"]
        method = (proof[0] if isinstance(proof, list) else proof)["verificationMethod"]
        if not method.startswith(f"{issuer_id}#"):
            raise ValueError("the status list is signed with another's key")
        key = resolve_verification_method(method, download=fetch)
    verify_data_integrity_proof(document, key)
