"""Does the badge name the person that the verifier expects?"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from badgefed.errors import Invalid
from badgefed.model.recipient import EMAIL, parse_handle, profile_alias
from badgefed.store import remote_actors
from badgefed.texts import say
from badgefed.verification.members import items_of, object_of, text_of, web_only
from badgefed.verification.results import Check, CheckName, failed, passed, unchecked
from badgefed.work.services import Services

MAX_LENGTH = 500
MAX_IDENTITIES = 50

_HASHES = {"sha256": hashlib.sha256, "md5": hashlib.md5}


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A recipient as the badge names one: in clear, or `algorithm$hex` over the text followed by the salt."""

    text: str
    salt: str = ""


def clean_recipient(text: str | None) -> str | None:
    """What the verifier typed, None if nothing. Raises Invalid if it is too long."""
    stripped = (text or "").strip()
    if len(stripped) > MAX_LENGTH:
        raise Invalid(
            say(
                "A recipient is an e-mail address, a profile or a web address of at most %(most)s characters.",
                most=MAX_LENGTH,
            ),
            field="recipient",
        )
    return stripped or None


def identities_of_assertion(assertion: Mapping[str, Any]) -> list[Identity]:
    """The recipient of an Assertion (OB 2.0 IdentityObject)."""
    recipient = object_of(assertion, "recipient")
    identity = text_of(recipient, "identity")
    return [Identity(text=identity, salt=_salt(recipient))] if identity else []


def identities_of_credential(credential: Mapping[str, Any]) -> list[Identity]:
    """The subject's id and its identifiers (OB 3.0)."""
    subject = object_of(credential, "credentialSubject")
    subject_id = text_of(subject, "id")
    found = [Identity(text=subject_id)] if subject_id else []
    for item in items_of(subject, "identifier")[:MAX_IDENTITIES]:
        text = text_of(item, "identityHash")
        if text:
            found.append(Identity(text=text, salt=_salt(item)))
    return found


async def names_of(services: Services, wanted: str) -> tuple[str, ...]:
    """What else the recipient is called: the ids of the actor that is known here by this handle or profile."""
    alias = _alias(wanted)
    actor = await remote_actors.find_actor_by_alias(services.database, alias)
    return () if actor is None else (actor.id, *([actor.url] if actor.url else []))


def check_recipient(wanted: str, identities: Iterable[Identity], *, names: Iterable[str] = ()) -> Check:
    """`wanted` from `clean_recipient`, `names` from `names_of`."""
    known = list(identities)
    name = CheckName.RECIPIENT
    if not known:
        return unchecked(name, say("The badge does not say to whom it was issued."))
    candidates = (*_spellings(wanted), *names)
    if any(_matches(candidate, identity) for candidate in candidates for identity in known):
        return passed(name, say("It was issued to %(recipient)s.", recipient=wanted))
    return failed(
        name,
        say("It was not issued to %(recipient)s.", recipient=wanted),
        "the recipient equals none of the badge's identities, hashed or in clear",
    )


def _salt(identity: Mapping[str, Any]) -> str:
    salt = identity.get("salt")
    return salt if isinstance(salt, str) else ""


def _spellings(wanted: str) -> Iterator[str]:
    """The ways in which issuers write one address or profile."""
    yield wanted
    yield wanted.lower()
    if EMAIL.fullmatch(wanted):
        yield f"mailto:{wanted}"
        yield f"mailto:{wanted.lower()}"
    if wanted.lower().startswith("mailto:"):
        yield wanted[7:]
        yield wanted[7:].lower()
    alias = _alias(wanted)
    if alias.startswith("acct:"):
        user, _, host = alias.removeprefix("acct:").partition("@")
        yield from (alias, f"@{user}@{host}", f"https://{host}/@{user}", f"https://{host}/users/{user}")
    elif web_only(alias):
        yield from (alias, alias.rstrip("/"), f"{alias.rstrip('/')}/")


def _matches(candidate: str, identity: Identity) -> bool:
    algorithm, _, digest = identity.text.partition("$")
    if digest and algorithm in _HASHES:
        computed = _HASHES[algorithm]((candidate + identity.salt).encode("utf-8", "replace")).hexdigest()
        return hmac.compare_digest(computed.encode(), digest.lower().encode("utf-8", "replace"))
    return candidate in (identity.text, _alias(identity.text))


def _alias(text: str) -> str:
    """One name for the forms of a profile; other texts in lower case."""
    if parse_handle(text) is None and web_only(text) is None:
        return text.lower()
    try:
        return profile_alias(text)
    except ValueError:
        return text.lower()
