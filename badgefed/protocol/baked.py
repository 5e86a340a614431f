"""What is baked into a picture: the texts, their limits, and what may be baked at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from badgefed.errors import Invalid, TooLarge
from badgefed.protocol import strict_json
from badgefed.protocol.jose import looks_like_jws

MAX_TEXT = 1024 * 1024
"""Bytes of UTF-8, after inflation."""

FIELD = "image"


@dataclass(frozen=True, slots=True, kw_only=True)
class Baked:
    """What a picture carries, as it stands there and unverified: JSON, a compact JWS or, for `assertion`, a URL.

    `assertion` is of Open Badges 2.0 or older, `credential` of Open Badges 3.0.
    """

    assertion: str | None = None
    credential: str | None = None


def read_bakeable(text: str) -> dict[str, Any] | None:
    """The members of a JSON object that is to be baked, None for a compact JWS. Raises Invalid or TooLarge for anything else."""
    if looks_like_jws(text):
        encode(text)
        return None
    return strict_json.loads(encode(text))


def encode(text: str) -> bytes:
    """The text as UTF-8 within MAX_TEXT bytes. Raises Invalid or TooLarge."""
    try:
        data = text.encode()
    except UnicodeEncodeError as error:
        raise Invalid("What is baked into a picture must be Unicode text.", field=FIELD) from error
    if len(data) > MAX_TEXT:
        raise TooLarge(f"What is baked into a picture must be at most {MAX_TEXT} bytes.")
    return data


def only_one(texts: list[str], what: str) -> str | None:
    """The one text that a picture carries; the same one twice is one. Raises Invalid where two contradict."""
    different = {text.strip() for text in texts if text.strip()}
    if len(different) > 1:
        raise Invalid(f"The picture carries {len(different)} different badges as {what}.", field=FIELD)
    return different.pop() if different else None
