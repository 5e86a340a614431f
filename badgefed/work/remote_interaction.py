"""Finding the page at somebody's own server where they can follow or share what they see here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from badgefed.errors import AddressRefused, Invalid, NotFound
from badgefed.model.recipient import Handle, parse_handle
from badgefed.net.failures import Budget
from badgefed.protocol.jrd import read_jrd
from badgefed.protocol.remote_interaction import Deed, Template, is_at_home, read_templates
from badgefed.store import blocks
from badgefed.texts import say
from badgefed.work.directory import fetch_jrd
from badgefed.work.services import Services

FETCHES = 6
FIELD = "handle"
MAX_HANDLE = 320


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where to go, and the host to name before one goes there."""

    url: str
    host: str


def read_handle(services: Services, text: str) -> Handle:
    """`user@host`, also with `@` before it. Raises `Invalid`."""
    if not text:
        raise Invalid("Enter your own Fediverse handle, like @you@social.example.", field=FIELD)
    name = text if text.startswith(("@", "acct:")) else f"@{text}"
    handle = parse_handle(name) if len(text) <= MAX_HANDLE else None
    if handle is None:
        raise Invalid("That is no Fediverse handle. It looks like @you@social.example.", field=FIELD)
    if handle.host == services.addresses.host.lower():
        raise Invalid("This is a handle of this server. Enter the one that you use yourself.", field=FIELD)
    return handle


async def find_door(
    services: Services, handle: Handle, deed: Deed, *, object_id: str, content: str = ""
) -> Door:
    """The page at the handle's server. Raises `NotFound` where it names none, `AddressRefused`, `FetchFailed`.

    An address on another host counts only if it is the host of the handle's actor, and that one says the same.
    """
    if await blocks.is_blocked(services.database, handle.host):
        raise AddressRefused(say("%(place)s is blocked by this server.", place=handle.host))
    budget = Budget(FETCHES)
    asked = await fetch_jrd(services, handle, budget=budget)
    template = _choose(services, asked, deed, handle.host)
    if template is None:
        template = await _ask_actor_host(services, handle, asked, deed, budget)
    if template is None:
        raise NotFound(say("%(host)s has no page for this.", host=handle.host))
    return Door(url=template.fill(object_id=object_id, content=content), host=template.host)


async def _ask_actor_host(
    services: Services, handle: Handle, asked: dict[str, Any], deed: Deed, budget: Budget
) -> Template | None:
    """Handles may be on another host than their actors: that host's own templates, if it confirms the handle."""
    subject, actor_id = read_jrd(asked)
    host = urlsplit(actor_id or "").netloc.lower()
    if not host or host == handle.host or await blocks.is_blocked(services.database, host):
        return None
    confirmed = await fetch_jrd(services, subject or handle, budget=budget, host=host)
    if read_jrd(confirmed) != (subject or handle, actor_id):
        return None
    return _choose(services, confirmed, deed, host)


def _choose(services: Services, document: dict[str, Any], deed: Deed, home: str) -> Template | None:
    schemes = ("https", "http") if services.settings.allow_private_network else ("https",)
    return next(
        (
            template
            for template in read_templates(document, deed)
            if urlsplit(template.text).scheme in schemes and is_at_home(template.host, home)
        ),
        None,
    )
