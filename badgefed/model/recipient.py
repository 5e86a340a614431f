"""Recipients: a Fediverse profile, an e-mail address, or both; and when two of them are the same one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from badgefed.errors import Invalid

HANDLE = re.compile(
    r"(?:acct:|@)?([A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,62}[A-Za-z0-9_])?)@([A-Za-z0-9.:\[\]-]{1,255})"
)
EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f<>()\[\],;:\\\"]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{2,63}")
_PROFILE_PATH = re.compile(r"/(?:@|users/)([A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?)/?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Handle:
    """A Fediverse address `@username@host`; the host is lower-case."""

    username: str
    host: str

    def __str__(self) -> str:
        return f"@{self.username}@{self.host}"


def parse_handle(text: str) -> Handle | None:
    """`@user@host`, `acct:user@host` as a handle; None if it is something else."""
    match = HANDLE.fullmatch(text)
    if match is None or not text.startswith(("@", "acct:")):
        return None
    return Handle(username=match[1], host=match[2].lower())


def check_email(text: str) -> str:
    """The address if it looks like one, else raises `Invalid` for field `email`."""
    if len(text) > 254 or not EMAIL.fullmatch(text):
        raise Invalid("Invalid email format", field="email")
    return text


def profile_alias(profile: str) -> str:
    """One name for the common forms of one profile.

    `@user@host`, `acct:user@host`, `https://host/@user` and `https://host/users/user` all give `acct:user@host` in lower case;
    any other URL gives itself with scheme and host in lower case and without fragment or trailing slash.
    """
    handle = parse_handle(profile)
    if handle is not None:
        return f"acct:{handle.username}@{handle.host}".lower()
    parts = urlsplit(profile)
    host = parts.netloc.lower()
    match = _PROFILE_PATH.fullmatch(parts.path)
    if match is not None and not parts.query:
        return f"acct:{match[1]}@{host}".lower()
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme.lower()}://{host}{parts.path.rstrip('/') or '/'}{query}"


def email_alias(email: str) -> str:
    """One name for an e-mail address: lower case."""
    return f"mailto:{email.lower()}"
