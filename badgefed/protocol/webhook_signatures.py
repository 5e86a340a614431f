"""Signatures of webhooks: HMAC-SHA256 over the instant of sending and the body, so that neither can be changed."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable

SECRET_PREFIX = "whsec_"  # noqa: S105 - what secrets begin with
SECRET_BYTES = 32


def new_secret() -> str:
    """A random secret of 256 bits."""
    return f"{SECRET_PREFIX}{secrets.token_urlsafe(SECRET_BYTES)}"


def sign(secrets_: Iterable[str], *, timestamp: int, body: bytes) -> str:
    """The header's value: `t=` the timestamp in seconds, and one `v1=` in hex for each secret, over `timestamp.body`.

    A secret's bytes are its whole text in ASCII, the prefix with it.
    """
    message = b"%d.%b" % (timestamp, body)
    digests = (hmac.digest(secret.encode("ascii"), message, hashlib.sha256).hex() for secret in secrets_)
    return ",".join([f"t={timestamp}", *(f"v1={digest}" for digest in digests)])
