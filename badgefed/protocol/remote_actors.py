"""Reading foreign actor documents: every shape that servers publish, as plain JSON, under one strict rule of origin.

An actor's inbox lives where the actor lives, else the document is refused. A shared inbox, a key, a profile page or a
handle from elsewhere proves nothing and is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

from badgefed.errors import Gone, Invalid
from badgefed.model.actor import RemoteActor, RemoteKey
from badgefed.model.recipient import Handle, parse_handle

ACTOR_TYPES = ("Person", "Service", "Organization", "Group", "Application")
MAX_KEYS = 10
MAX_KEY_LENGTH = 8192
MAX_URL = 2048
MAX_NAME = 256

_USERNAME = re.compile(r"[^\s@/\\<>\"'\x00-\x1f\x7f]{1,128}")
_PEM = re.compile(r"\s*-----BEGIN (?:RSA )?PUBLIC KEY-----.+-----END (?:RSA )?PUBLIC KEY-----\s*", re.DOTALL)
_MULTIBASE = re.compile(r"z[1-9A-HJ-NP-Za-km-z]{40,2000}")


def read_actor(document: object, *, url: str, now: int) -> tuple[RemoteActor, tuple[RemoteKey, ...]]:
    """The actor whose document was fetched from `url` (after redirects) at the instant `now`, and its keys.

    Raises `Invalid` with the field at fault, for field `id` if the document's id is another address than `url`, and
    `Gone` for a Tombstone.
    """
    if not isinstance(document, Mapping):
        raise Invalid("an actor document is a JSON object")
    actor_id = _read_id(document, url)
    actor_type = _read_type(document)
    shared_inbox = _read_shared_inbox(document, actor_id)
    inbox = _address(document.get("inbox")) or shared_inbox
    if inbox is None:
        raise Invalid("the actor has no inbox", field="inbox")
    if not _same_origin(inbox, actor_id):
        raise Invalid("the actor's inbox is on another host than the actor", field="inbox")
    username = _read_username(document)
    actor = RemoteActor(
        id=actor_id,
        host=urlsplit(actor_id).netloc.lower(),
        actor_type=actor_type,
        inbox=inbox,
        shared_inbox=shared_inbox,
        username=username,
        handle=_read_handle(document, username, actor_id),
        name=_read_name(document),
        url=_read_page(document, actor_id),
        icon=_read_icon(document),
        fetched_at=now,
    )
    return actor, tuple(_keys(document, actor_id, now))


def read_keys(document: object, *, url: str, now: int) -> tuple[RemoteKey, ...]:
    """The keys in whatever stands at a key id: an actor, a stub of one without inbox, or the key alone.

    `url` is where it was fetched. A key counts only if its owner is on that host; whoever trusts it must see it
    confirmed by the owner's own document, unless `url` is the owner's id.
    """
    if not isinstance(document, Mapping):
        return ()
    owner = _address(document.get("owner")) or _address(document.get("controller"))
    if owner is not None and ("publicKeyPem" in document or "publicKeyMultibase" in document):
        alone = {"id": owner, "publicKey": document, "assertionMethod": document}
        return tuple(_keys(alone, owner, now)) if _same_origin(owner, url) else ()
    actor_id = _address(document.get("id"))
    if actor_id is None or not _same_origin(actor_id, url):
        return ()
    return tuple(_keys(document, actor_id, now))


def _read_id(document: Mapping[str, Any], url: str) -> str:
    actor_id = document.get("id")
    if not isinstance(actor_id, str) or _address(actor_id) is None or "#" in actor_id:
        raise Invalid("an actor's id is an http(s) URL without a fragment", field="id")
    if actor_id != urldefrag(url).url:
        raise Invalid("the actor's id is not the address that it was fetched from", field="id")
    return actor_id


def _read_type(document: Mapping[str, Any]) -> str:
    types = _items(document.get("type"))
    if "Tombstone" in types:
        raise Gone("the actor was deleted")
    for name in types:
        if name in ACTOR_TYPES:
            return str(name)
    raise Invalid("the document's type is none of an actor", field="type")


def _read_shared_inbox(document: Mapping[str, Any], actor_id: str) -> str | None:
    endpoints = document.get("endpoints")
    offered = endpoints.get("sharedInbox") if isinstance(endpoints, Mapping) else None
    address = _address(offered) or _address(document.get("sharedInbox"))
    return address if address is not None and _same_origin(address, actor_id) else None


def _read_username(document: Mapping[str, Any]) -> str | None:
    username = document.get("preferredUsername")
    return username if isinstance(username, str) and _USERNAME.fullmatch(username) else None


def _read_handle(document: Mapping[str, Any], username: str | None, actor_id: str) -> str | None:
    """`@user@host` on the actor's own host, from `webfinger` (FEP-2c59) or the username; others need a WebFinger lookup."""
    host = urlsplit(actor_id).netloc.lower()
    claimed = document.get("webfinger")
    if isinstance(claimed, str):
        handle = parse_handle("acct:" + claimed.removeprefix("acct:").removeprefix("@"))
        if handle is not None and handle.host == host:
            return str(handle)
    return str(Handle(username=username, host=host)) if username else None


def _read_name(document: Mapping[str, Any]) -> str | None:
    name = document.get("name")
    if not isinstance(name, str):
        return None
    printable = "".join(character if character.isprintable() else " " for character in name[:MAX_NAME])
    return " ".join(printable.split()) or None


def _read_page(document: Mapping[str, Any], actor_id: str) -> str | None:
    """The profile page, if it is on the actor's host; a link that says that it is HTML goes before others."""
    links = _items(document.get("url"))
    links.sort(key=lambda item: not (isinstance(item, Mapping) and item.get("mediaType") == "text/html"))
    addresses = (_address(item) for item in links)
    return next((page for page in addresses if page and _same_origin(page, actor_id)), None)


def _read_icon(document: Mapping[str, Any]) -> str | None:
    for item in _items(document.get("icon")):
        source = item.get("url", item.get("href")) if isinstance(item, Mapping) else item
        for candidate in _items(source):
            if address := _address(candidate):
                return address
    return None


def _keys(document: Mapping[str, Any], actor_id: str, now: int) -> Iterator[RemoteKey]:
    """RSA keys of `publicKey`, Multikeys of `assertionMethod`; strings are ids of keys that stand elsewhere."""
    sources = (
        ("publicKey", "owner", "publicKeyPem", _PEM),
        ("assertionMethod", "controller", "publicKeyMultibase", _MULTIBASE),
    )
    for member, owner_member, value_member, shape in sources:
        for item in _items(document.get(member))[:MAX_KEYS]:
            if not isinstance(item, Mapping):
                continue
            key_id = _key_id(item, actor_id)
            owner = item.get(owner_member, actor_id)
            value = item.get(value_member)
            if key_id and owner == actor_id and isinstance(value, str) and _is_key(value, shape):
                yield RemoteKey(id=key_id, owner=actor_id, public_key=value.strip(), fetched_at=now)


def _key_id(item: Mapping[str, Any], actor_id: str) -> str | None:
    key_id = item.get("id", item.get("@id"))
    if not isinstance(key_id, str) or not key_id:
        return None
    address = _address(urljoin(actor_id, key_id) if key_id.startswith("#") else key_id)
    return address if address is not None and _same_origin(address, actor_id) else None


def _is_key(value: str, shape: re.Pattern[str]) -> bool:
    return len(value) <= MAX_KEY_LENGTH and shape.fullmatch(value) is not None


def _items(value: object) -> list[Any]:
    """A JSON-LD value as a list: none, one or many."""
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def _address(value: object) -> str | None:
    """The http(s) URL in a string, an object with `href` or `id`, or the first of a list that has one."""
    if isinstance(value, list):
        return next((address for item in value if (address := _address_of_one(item))), None)
    return _address_of_one(value)


def _address_of_one(value: object) -> str | None:
    if isinstance(value, Mapping):
        value = value.get("href") or value.get("id")
    if not isinstance(value, str) or len(value) > MAX_URL or _origin(value) is None:
        return None
    return value


def _origin(url: str) -> tuple[str, str, int] | None:
    if any(character <= " " or character in '<>"\\\x7f' for character in url):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    scheme, host = parts.scheme.lower(), parts.hostname
    if scheme not in ("http", "https") or not host or parts.username is not None:
        return None
    return scheme, host.lower(), port or (443 if scheme == "https" else 80)


def _same_origin(address: str, other: str) -> bool:
    return _origin(address) == _origin(other) is not None
