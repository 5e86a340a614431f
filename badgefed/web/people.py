"""How people are named on pages: by name and handle, with a link to their profile; an e-mail address is never shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from badgefed.model.actor import RemoteActor
from badgefed.model.recipient import parse_handle
from badgefed.protocol.openbadges import web_url


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What is known and may be shown; `url` is http(s)."""

    name: str | None
    handle: str | None
    url: str | None

    @property
    def label(self) -> str | None:
        """The best that there is to call the person by."""
        return self.name or self.handle or self.url

    @property
    def initial(self) -> str:
        return next((letter for letter in self.label or "" if letter.isalnum()), "?").upper()


class Recipient(Protocol):
    """The part of a grant that says to whom."""

    @property
    def name(self) -> str | None: ...
    @property
    def profile(self) -> str | None: ...
    @property
    def actor_id(self) -> str | None: ...
    @property
    def handle(self) -> str | None: ...


def recipient_of(grant: Recipient, actor: RemoteActor | None) -> Person:
    """The recipient as the grant names them; `actor` is their profile where it was found."""
    given = parse_handle(grant.profile or "")
    return Person(
        name=grant.name,
        handle=grant.handle or (str(given) if given else None),
        url=web_url(actor.url if actor else None) or web_url(grant.actor_id) or web_url(grant.profile),
    )


def person_of(actor_id: str, actors: Mapping[str, RemoteActor]) -> Person:
    """Who did something with a badge; of an actor that we don't know any more, the server."""
    actor = actors.get(actor_id)
    if actor is None:
        return Person(name=None, handle=urlsplit(actor_id).hostname, url=web_url(actor_id))
    return Person(name=actor.name, handle=actor.handle, url=web_url(actor.url) or web_url(actor.id))


def mask_email(email: str) -> str:
    """`jane@example.org` as `j•••@example.org`: enough to recognise one's own address."""
    local, _, domain = email.rpartition("@")
    return f"{local[:1] if len(local) > 1 else ''}•••@{domain}"
