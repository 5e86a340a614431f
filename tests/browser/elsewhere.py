"""A badge of an issuer that has no server: its key is its name."""

from __future__ import annotations

import hashlib
import json
import time
from typing import Any

from badgefed.protocol import proofs
from tests.verification.school import CONTEXTS, SALT, multikey_pair

SECOND = 1_000_000


def foreign_credential(address: str) -> bytes:
    """An Open Badges 3.0 credential for an e-mail address, as a file."""
    private_key, multikey = multikey_pair("the lifeguards")
    did = f"did:key:{multikey}"
    digest = hashlib.sha256((address + SALT).encode()).hexdigest()
    credential: dict[str, Any] = {
        "@context": CONTEXTS,
        "id": f"urn:uuid:{digest[:8]}-0000-4000-8000-000000000000",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": "Lifesaver",
        "issuer": {"id": did, "type": ["Profile"], "name": "Lifeguards of the Lake"},
        "validFrom": "2025-01-01T00:00:00Z",
        "credentialSubject": {
            "type": ["AchievementSubject"],
            "identifier": [
                {
                    "type": "IdentityObject",
                    "hashed": True,
                    "identityHash": f"sha256${digest}",
                    "identityType": "emailAddress",
                    "salt": SALT,
                }
            ],
            "achievement": {
                "id": "urn:uuid:6c3f1d6e-5a0b-4a57-9c8e-0f6c0d4f1a11",
                "type": ["Achievement"],
                "name": "Lifesaver",
                "description": "Swims well enough for two.",
                "criteria": {"narrative": "Bring somebody ashore."},
            },
        },
    }
    signed = proofs.sign(
        credential,
        private_key=private_key,
        verification_method=f"{did}#{multikey}",
        created=int(time.time() - 60) * SECOND,
    )
    return json.dumps(signed).encode()
