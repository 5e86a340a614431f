"""What a verifier says of something presented to it, and how it gets what else it needs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Fetch = Callable[[str], bytes]
"""The document at a URL; raises LookupError if there is none, `Gone` if there was one."""


class Gone(LookupError):
    """410, with what is served along with it."""

    def __init__(self, body: bytes) -> None:
        super().__init__("410 Gone")
        self.body = body


class Verdict(StrEnum):
    """`revoked` includes suspended; `unsure`: it could not be checked; `unread`: the verifier reads no such thing."""

    VALID = "valid"
    REVOKED = "revoked"
    REFUSED = "refused"
    UNSURE = "unsure"
    UNREAD = "unread"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A verdict and, in the verifier's own words, why."""

    verdict: Verdict
    reason: str = ""


Verify = Callable[[bytes, Fetch], Answer]


def parse_object(data: bytes) -> dict[str, Any] | None:
    """The JSON object in the bytes, or None if they are something else."""
    try:
        value = json.loads(data)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def is_open_badges_2(document: dict[str, Any]) -> bool:
    """An Assertion, whatever else may be wrong with it."""
    types = document.get("type")
    return "Assertion" in str(types) and "VerifiableCredential" not in str(types)
