"""The code that is sent to a profile, derived from the server's secret and the challenge: it is stored nowhere."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode

from badgefed.model.grant import Grant
from badgefed.model.identifiers import CODE_ALPHABET
from badgefed.protocol.sealing import derive_token, tokens_match
from badgefed.store.profile_challenges import Challenge

LENGTH = 8
_NOT_IN_CODE = re.compile(r"[\s-]+")


def profile_code(secret_key: str, grant: Grant, challenge: Challenge) -> str:
    """Eight characters that can't be mistaken for one another (40 bits), as `ABCD-EFGH`."""
    token = derive_token(
        secret_key,
        purpose="profile-code",
        subject=f"{grant.uuid}:{challenge.created_at}:{challenge.profile}",
    )
    code = "".join(
        CODE_ALPHABET[byte % len(CODE_ALPHABET)] for byte in urlsafe_b64decode(token + "=")[:LENGTH]
    )
    return f"{code[:4]}-{code[4:]}"


def is_code(secret_key: str, grant: Grant, challenge: Challenge, typed: str) -> bool:
    """Whether this is the challenge's code, however it was typed."""
    expected = profile_code(secret_key, grant, challenge).replace("-", "")
    return tokens_match(_NOT_IN_CODE.sub("", typed).upper(), expected)
