"""Mastodon's OAuth 2.0 from the side of a client: where a server's doors are, what to ask there, what the answers mean.

Servers from Mastodon 4.3 on describe themselves (RFC 8414); others that speak Mastodon's API have their doors where it has
them. All doors of a server stand on its own origin: one that sends people or secrets elsewhere is not believed.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from badgefed.errors import Invalid
from badgefed.protocol.openbadges import clean_text, web_url

MAX_TOKEN = 4_096
MAX_WORDS = 200
FAR_FUTURE = 10**11
NARROWEST_SCOPES = ("profile", "read:accounts", "read")
_SECRET = re.compile(rf"[!-~]{{1,{MAX_TOKEN}}}")
_USERNAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,62}[A-Za-z0-9_])?")
_CODE = re.compile(r"[a-z_]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where a server's doors are. `scopes`: what to ask for, narrowest first; `names_itself`: it promises `iss` (RFC 9207)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    registration_endpoint: str
    revocation_endpoint: str
    userinfo_endpoint: str | None
    account_endpoint: str
    scopes: tuple[str, ...]
    names_itself: bool
    is_described: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """`expires_at` in seconds since 1970; None if never."""

    client_id: str
    client_secret: str
    expires_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An error answer (RFC 6749 §5.2): its code, and what the server says, fit to be shown."""

    code: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who signed in, as their server says. `actor_id` is byte for byte what it said; each is None if it said none."""

    actor_id: str | None
    username: str | None


def metadata_url(origin: str) -> str:
    """Where a server describes itself (RFC 8414 §3)."""
    return f"{origin}/.well-known/oauth-authorization-server"


def plain_server(origin: str) -> Server:
    """A server that doesn't describe itself."""
    return Server(
        issuer=origin,
        authorization_endpoint=f"{origin}/oauth/authorize",
        token_endpoint=f"{origin}/oauth/token",
        registration_endpoint=f"{origin}/api/v1/apps",
        revocation_endpoint=f"{origin}/oauth/revoke",
        userinfo_endpoint=None,
        account_endpoint=f"{origin}/api/v1/accounts/verify_credentials",
        scopes=NARROWEST_SCOPES[1:],
        names_itself=False,
        is_described=False,
    )


def read_metadata(document: Mapping[str, Any], origin: str) -> Server:
    """The server that describes itself (RFC 8414 §3.2). Raises `Invalid` if it names another issuer or a door elsewhere."""
    issuer = document.get("issuer")
    if not isinstance(issuer, str) or issuer.rstrip("/") != origin:
        raise Invalid("it describes the sign-in of another server.")
    plain = plain_server(origin)
    offered = document.get("scopes_supported")
    scopes = tuple(scope for scope in NARROWEST_SCOPES if isinstance(offered, list) and scope in offered)
    return Server(
        issuer=issuer,
        authorization_endpoint=_door(document, "authorization_endpoint", origin)
        or plain.authorization_endpoint,
        token_endpoint=_door(document, "token_endpoint", origin) or plain.token_endpoint,
        registration_endpoint=_door(document, "app_registration_endpoint", origin)
        or plain.registration_endpoint,
        revocation_endpoint=_door(document, "revocation_endpoint", origin) or plain.revocation_endpoint,
        userinfo_endpoint=_door(document, "userinfo_endpoint", origin),
        account_endpoint=plain.account_endpoint,
        scopes=scopes or plain.scopes,
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
        is_described=True,
    )


def _door(document: Mapping[str, Any], name: str, origin: str) -> str | None:
    url = document.get(name)
    if url is None:
        return None
    if not isinstance(url, str) or not url.startswith(f"{origin}/") or web_url(url) != url or "#" in url:
        raise Invalid(f"its {name} is not on its own origin.")
    return url


def is_issuer(claimed: str, server_issuer: str) -> bool:
    """Whether an `iss` is the server's (RFC 9207 §2.4); a slash at the end makes no other server."""
    return claimed.rstrip("/") == server_issuer.rstrip("/")


def code_challenge(verifier: str) -> str:
    """RFC 7636 §4.2, method S256."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def authorization_url(
    endpoint: str, *, client_id: str, redirect_uri: str, scope: str, state: str, verifier: str
) -> str:
    """Where to send the browser (RFC 6749 §4.1.1)."""
    query = urlencode(
        {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": redirect_uri,
            "scope": scope,
            "state": state,
            "code_challenge": code_challenge(verifier),
            "code_challenge_method": "S256",
        }
    )
    return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{query}"


def read_registration(document: Mapping[str, Any]) -> Registration:
    """The answer to a registration. Raises `Invalid`."""
    client_id, client_secret = document.get("client_id"), document.get("client_secret")
    if not _is_secret(client_id) or not _is_secret(client_secret):
        raise Invalid("its answer to our registration has no client id and secret.")
    expires_at = document.get("client_secret_expires_at")
    is_instant = type(expires_at) is int and 0 < expires_at < FAR_FUTURE
    return Registration(
        client_id=str(client_id),
        client_secret=str(client_secret),
        expires_at=expires_at if is_instant else None,
    )


def read_token(document: Mapping[str, Any]) -> str:
    """The access token of a token answer (RFC 6749 §5.1). Raises `Invalid`."""
    token, kind = document.get("access_token"), document.get("token_type")
    if not _is_secret(token) or not isinstance(kind, str) or kind.lower() != "bearer":
        raise Invalid("its answer has no token that we could use.")
    return str(token)


def _is_secret(value: Any) -> bool:
    """Whether it may stand in a header: printable ASCII without blanks."""
    return isinstance(value, str) and _SECRET.fullmatch(value) is not None


def read_refusal(members: Mapping[str, Any]) -> Refusal:
    """What an error answer, or the query that a browser came back with, says."""
    code, words = members.get("error"), members.get("error_description")
    code = code if isinstance(code, str) else ""
    is_code = _CODE.fullmatch(code) is not None
    shown = words if isinstance(words, str) and words.strip() else code
    return Refusal(
        code=code if is_code else "", words=" ".join(clean_text(shown[: 4 * MAX_WORDS]).split())[:MAX_WORDS]
    )


def read_userinfo(document: Mapping[str, Any]) -> Account:
    """`/oauth/userinfo`: `sub` is the actor's id, where it is a URL at all."""
    return _account(document.get("sub"), document.get("preferred_username"))


def read_account(document: Mapping[str, Any]) -> Account:
    """`verify_credentials`: `uri` is the actor's id (Mastodon from 4.2 on), in Pleroma `pleroma.ap_id`."""
    pleroma = document.get("pleroma")
    actor_id = document.get("uri") or (pleroma.get("ap_id") if isinstance(pleroma, Mapping) else None)
    return _account(actor_id, document.get("username"))


def _account(actor_id: Any, username: Any) -> Account:
    is_url = isinstance(actor_id, str) and web_url(actor_id) == actor_id
    is_name = isinstance(username, str) and _USERNAME.fullmatch(username) is not None
    return Account(actor_id=actor_id if is_url else None, username=username if is_name else None)
