"""Lists of what was revoked: RevocationList of Open Badges 2.0 and 1EdTechRevocationList of Open Badges 3.0.

Neither is signed: it counts because the signed badge, or its issuer's Profile, names its address.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from badgefed.errors import Invalid, TooLarge, Unprocessable
from badgefed.protocol.jsonld import OPEN_BADGES_2, Document
from badgefed.protocol.openbadges import tidy

MAX_ENTRIES = 100_000
MAX_REASON = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """That something was revoked, and why if the list says so."""

    reason: str | None


Revocations = Mapping[str, Revocation]
"""By the id (or, in Open Badges 2.0, the uid) of what was revoked."""


def build_open_badges_2(*, url: str, issuer: str, revoked: Iterable[tuple[str, str | None]]) -> Document:
    """The RevocationList at `url`, with the id and the reason of each revoked Assertion; `issuer` is the Profile's id."""
    entries = [{"id": identifier, "revocationReason": reason or None} for identifier, reason in revoked]
    document: Document = tidy(
        {"@context": OPEN_BADGES_2, "id": url, "type": "RevocationList", "issuer": issuer}
    )
    return {**document, "revokedAssertions": tidy(entries)}


def read_open_badges_2(document: Document, *, issuer: str) -> Revocations:
    """What an OB 2.0 RevocationList names, as plain ids or as objects with `id` or `uid`.

    `issuer` is the id of the Profile that points to the list. Raises Invalid for a malformed list, since nobody can tell what
    it leaves out, Unprocessable if it says that it is another issuer's, TooLarge.
    """
    types = document.get("type")
    if "RevocationList" not in (types if isinstance(types, list) else [types]):
        raise Invalid("What stands at the revocation list's address is no RevocationList.")
    named = document.get("issuer")
    if named is not None:
        _require_issuer(named, issuer)
    found = {}
    for entry in _entries(document, "revokedAssertions"):
        members = entry if isinstance(entry, dict) else {"id": entry}
        identifiers = [members[name] for name in ("id", "uid") if name in members]
        if not identifiers:
            raise Invalid("An entry of the revocation list names nothing.")
        for identifier in identifiers:
            found[_identifier(identifier)] = _revocation(members)
    return found


def read_1edtech(document: Document, *, issuer: str) -> Revocations:
    """What a 1EdTechRevocationList names, apart from entries with `revoked: false`; raises as `read_open_badges_2`.

    `issuer` is the id of the credential's issuer.
    """
    _require_issuer(document.get("issuer"), issuer)
    found = {}
    for entry in _entries(document, "revokedCredential"):
        if not isinstance(entry, dict):
            raise Invalid("An entry of the revocation list must be a JSON object.")
        revoked = entry.get("revoked", True)
        if not isinstance(revoked, bool):
            raise Invalid("In an entry of the revocation list, revoked must be true or false.")
        identifier = _identifier(entry.get("id"))
        if revoked:
            found[identifier] = _revocation(entry)
    return found


def _require_issuer(named: object, issuer: str) -> None:
    identifier = named.get("id") if isinstance(named, dict) else named
    if not isinstance(identifier, str):
        raise Invalid("The revocation list does not say whose it is.")
    if identifier != issuer:
        raise Unprocessable("The revocation list is from another issuer than the badge.")


def _entries(document: Document, member: str) -> list[Any]:
    """A value alone stands for an array of one, as JSON-LD reads it."""
    value = document.get(member)
    if value is None:
        raise Invalid(f"The revocation list must have {member}.")
    entries = value if isinstance(value, list) else [value]
    if len(entries) > MAX_ENTRIES:
        raise TooLarge(f"The revocation list has more than {MAX_ENTRIES} entries.")
    return entries


def _identifier(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise Invalid("The revocation list names something by what is no text.")
    return value


def _revocation(members: dict[str, Any]) -> Revocation:
    reason = members.get("revocationReason")
    return Revocation(reason=reason[:MAX_REASON] or None if isinstance(reason, str) else None)
