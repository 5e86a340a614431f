"""What both versions of Open Badges say alike: clean texts, who received a badge, and the evidence for it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlsplit

from badgefed.errors import Invalid
from badgefed.model.grant import Evidence, Grant
from badgefed.model.recipient import parse_handle
from badgefed.protocol.jsonld import UNSAFE_CHARACTERS, is_iri

_NOT_IN_IRI = re.compile(r"[\s\ufeff\x00-\x20<>\"{}|\\^`\x7f]")


def clean_text(text: str) -> str:
    """The text with CR LF and CR as LF, without other control characters (tab stays), lone surrogates and noncharacters.

    Whatever a person typed, the result can be signed (`jsonld.UNSAFE_CHARACTERS`).
    """
    return UNSAFE_CHARACTERS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def tidy(value: Any) -> Any:
    """The document with clean texts, without members that are None or an empty array: the last step of each builder."""
    if isinstance(value, dict):
        return {key: tidy(member) for key, member in value.items() if member is not None and member != []}
    if isinstance(value, list):
        return [tidy(item) for item in value]
    return clean_text(value) if isinstance(value, str) else value


def web_url(text: str | None) -> str | None:
    """The text if it is one http(s) URL and nothing else, surrounding blanks apart."""
    candidate = (text or "").strip()
    if not is_iri(candidate) or UNSAFE_CHARACTERS.search(candidate):
        return None
    try:
        parts = urlsplit(candidate)
    except ValueError:
        return None
    return candidate if parts.scheme in ("http", "https") and parts.hostname else None


def evidence_of(grant: Grant) -> tuple[Evidence, ...]:
    """All that shows what the badge was awarded for, the one text or URL first unless another says it again.

    Each has an http(s) URL or none, and each says something: what is no URL is told as narrative.
    """
    plain = Evidence(
        url=web_url(grant.evidence), narrative=None if web_url(grant.evidence) else grant.evidence
    )
    detailed = [_with_web_url(item) for item in grant.details.evidence]
    if plain.url in [item.url for item in detailed]:
        plain = Evidence(narrative=plain.narrative)
    return tuple(
        dict.fromkeys(item for item in (plain, *detailed) if item.url or item.narrative or item.name)
    )


def _with_web_url(item: Evidence) -> Evidence:
    url = web_url(item.url)
    if url is not None or not item.url:
        return replace(item, url=url)
    told = f"{item.narrative}\n\n{item.url}" if item.narrative else item.url
    return replace(item, url=None, narrative=told)


def recipient_id(grant: Grant) -> str | None:
    """The public id of the profile: its actor id, else its URL as given, else `acct:user@host`; None if only an e-mail is known."""
    candidate = grant.actor_id or grant.profile
    if candidate is None:
        return None
    handle = parse_handle(candidate)
    if handle is not None:
        return f"acct:{handle.username}@{handle.host}"
    return web_url(_NOT_IN_IRI.sub(lambda found: quote(found[0]), clean_text(candidate).strip()))


def hash_email(email: str, salt: str) -> str:
    """`sha256$` and the hex hash over the lower-case address followed by the salt (OB 2.0 IdentityHash)."""
    return "sha256$" + hashlib.sha256((email.lower() + salt).encode()).hexdigest()


def require_email(grant: Grant) -> str:
    """The grant's e-mail; raises Invalid where it has none, for then nobody is named at all."""
    if not grant.email:
        raise Invalid("the grant names neither a profile nor an e-mail address", field="profile")
    return clean_text(grant.email)
