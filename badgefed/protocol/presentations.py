"""Verifiable Presentations (VC Data Model 2.0 §4.13): several credentials in one document.

Holders have no keys here, so that a presentation has no proof of its own: what can be verified is each credential in it.
"""

from __future__ import annotations

import json

CONTEXT = "https://www.w3.org/ns/credentials/v2"
MEDIA_TYPE = "application/vp+ld+json"

HEAD = f'{{"@context":["{CONTEXT}"],"type":["VerifiablePresentation"],"verifiableCredential":['.encode()
TAIL = b"]}"


def envelope(token: str) -> bytes:
    """A VC-JWT as an EnvelopedVerifiableCredential (§4.12), the form in which a presentation carries it."""
    document = {
        "@context": CONTEXT,
        "id": f"data:application/vc+jwt,{token}",
        "type": "EnvelopedVerifiableCredential",
    }
    return json.dumps(document).encode()
