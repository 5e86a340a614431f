"""Where people may do something with what they see elsewhere, at their own server: what its WebFinger says of that.

FEP-3b86 (Activity Intents) and the older subscription template of OStatus. Such an address is shown to people who trust
this page, so it must be on the server that they named themselves.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import quote, urlsplit

from badgefed.protocol.openbadges import web_url

FOLLOW = "https://w3id.org/fep/3b86/Follow"
OBJECT = "https://w3id.org/fep/3b86/Object"
CREATE = "https://w3id.org/fep/3b86/Create"
SUBSCRIBE = "http://ostatus.org/schema/1.0/subscribe"
MAX_TEMPLATE = 2048
MAX_LINKS = 100

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


class Deed(StrEnum):
    """`follow` an actor, `share` a post with a text that one writes about it."""

    FOLLOW = "follow"
    SHARE = "share"


_RELATIONS: Mapping[Deed, tuple[tuple[str, str], ...]] = {
    Deed.FOLLOW: ((FOLLOW, "object"), (OBJECT, "object"), (SUBSCRIBE, "uri")),
    Deed.SHARE: ((CREATE, "content"), (OBJECT, "object"), (SUBSCRIBE, "uri")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """An address with one place to fill, which `placeholder` names."""

    text: str
    placeholder: str

    @property
    def host(self) -> str:
        """With its port where one is named."""
        return urlsplit(self.text).netloc.lower()

    def fill(self, *, object_id: str, content: str) -> str:
        """The address for an object, or for a text; what else could be filled in is left empty."""
        value = content if self.placeholder == "content" else object_id
        return _PLACEHOLDER.sub(
            lambda found: quote(value, safe="") if found[1] == self.placeholder else "", self.text
        )


def read_templates(document: Mapping[str, Any], deed: Deed) -> list[Template]:
    """The templates of a WebFinger document for a deed, the best first; none that isn't a proper address."""
    links = document.get("links")
    known: Sequence[Any] = links[:MAX_LINKS] if isinstance(links, list) else []
    return [
        Template(text=link["template"], placeholder=placeholder)
        for relation, placeholder in _RELATIONS[deed]
        for link in known
        if isinstance(link, Mapping)
        and link.get("rel") == relation
        and _is_usable(link.get("template"), placeholder)
    ]


def _is_usable(text: Any, placeholder: str) -> bool:
    """A web address whose place to fill stands after its host, and which stays one when it is filled."""
    if not isinstance(text, str) or len(text) > MAX_TEMPLATE or f"{{{placeholder}}}" not in text:
        return False
    url = web_url(_PLACEHOLDER.sub("x", text))
    if url is None or "@" in urlsplit(url).netloc or "\\" in text:
        return False
    return _PLACEHOLDER.search(urlsplit(text).netloc) is None


def is_at_home(host: str, home: str) -> bool:
    """Whether an address on `host` belongs to the server `home`: the same host, one below it, or the one above it.

    Neighbours don't count: on a shared domain they are different people.
    """
    if host == home:
        return True
    if ":" in host or ":" in home:
        return False
    longer, shorter = sorted((host, home), key=len, reverse=True)
    return longer.endswith(f".{shorter}") and "." in shorter
