"""The rules by which other servers accept, classify and show what they receive, as far as they are known.

A `*_problems` function returns one sentence for each broken rule; an empty list means that this peer takes the document.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import msgspec
import nh3

from badgefed.errors import Unprocessable
from badgefed.protocol import jsonld
from badgefed.protocol.activities import AS2, PUBLIC
from badgefed.protocol.actors import SECURITY

Document = dict[str, Any]

ALLOWED_CONTEXTS = frozenset({AS2, SECURITY})
MAX_BYTES = 64 * 1024
MAX_DEPTH = 8
PLAIN_JSON = frozenset({"openbadges:assertion", "vocalcat:badgeAssertion"})
OWN_ADDRESSES = frozenset(
    [
        "id",
        "url",
        "attributedTo",
        "actor",
        "inbox",
        "outbox",
        "followers",
        "following",
        "featured",
        "sharedInbox",
        "owner",
        "controller",
        "partOf",
        "next",
        "prev",
        "first",
        "last",
    ]
)
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def walk(value: Any) -> Iterator[tuple[str, Any]]:
    """Every member of every object, parents first."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield name, member
            yield from walk(member)
    elif isinstance(value, list):
        for item in value:
            yield from walk(item)


def without_extensions(value: Any) -> Any:
    """The document as JSON-LD processors see it: without the members whose terms are null."""
    if isinstance(value, dict):
        return {name: without_extensions(member) for name, member in value.items() if name not in PLAIN_JSON}
    return [without_extensions(item) for item in value] if isinstance(value, list) else value


def depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max((depth(member) for member in value.values()), default=0)
    if isinstance(value, list):
        return 1 + max((depth(item) for item in value), default=0)
    return 0


def hosts(document: Document) -> set[str]:
    """The hosts of all addresses that say where the document and its actor live."""
    return {
        urlsplit(value).netloc
        for name, value in walk(without_extensions(document))
        if name in OWN_ADDRESSES and isinstance(value, str)
    }


def wire_problems(document: Document, *, host: str) -> list[str]:
    """What holds for every document that we emit (T3, T5, T18, T21)."""
    problems = []
    text = json.dumps(document, ensure_ascii=False)
    if len(text.encode()) > MAX_BYTES:
        problems.append(f"{len(text.encode())} bytes")
    if depth(document) > MAX_DEPTH:
        problems.append(f"{depth(document)} levels deep")
    if hosts(document) - {host}:
        problems.append(f"other hosts: {hosts(document)}")
    if document.get("@context") is None or AS2 not in _as_list(document["@context"]):
        problems.append("AS2 context missing")
    members = {name: member for name, member in document.items() if name != "@context"}
    if any(value is None or (isinstance(value, list) and None in value) for _, value in walk(members)):
        problems.append("a null")
    if any(name == "@context" for name, _ in walk(without_extensions(members))):
        problems.append("a nested context")
    if '"as:Public"' in text or '"Public"' in text:
        problems.append("Public as a compact IRI")
    try:
        jsonld.check_expandable(document, allowed_contexts=ALLOWED_CONTEXTS)
    except Unprocessable as error:
        problems.append(f"does not expand: {error}")
    return problems


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def note_problems(note: Document) -> list[str]:
    """T21, and that text, tags and audience agree on who is mentioned."""
    problems = []
    for member in ("to", "cc"):
        if not isinstance(note.get(member), list) or not all(_is_url(item) for item in note[member]):
            problems.append(f"{member} is no list of full IRIs")
    if not isinstance(note["attributedTo"], str):
        problems.append("attributedTo is no string")
    for member in ("published", "updated"):
        if member in note and not TIMESTAMP.fullmatch(note[member]):
            problems.append(f"{member} is not in UTC")
    if note.get("updated", note["published"]) < note["published"]:
        problems.append("GoToSocial: updated before published")
    if {"name", "summary"} & note.keys():
        problems.append("GoToSocial: name or summary becomes a content warning")
    if not all(tag.get("type") and tag.get("name") for tag in note["tag"]):
        problems.append("Pleroma, Hollo: a tag without type or name")
    if list(note["contentMap"].values()) != [note["content"]]:
        problems.append("contentMap is not the content in one language")
    mentioned = {tag["href"] for tag in note["tag"] if tag["type"] == "Mention"}
    people = {
        address for address in note["to"] + note["cc"] if address != PUBLIC and "/followers" not in address
    }
    if mentioned != people or ('class="u-url mention"' in note["content"]) != bool(mentioned):
        problems.append("text, tags and audience disagree on who is mentioned")
    return problems


def _is_url(value: object) -> bool:
    return isinstance(value, str) and bool(urlsplit(value).netloc) and value.startswith("http")


MASTODON_USERNAME = re.compile(r"[a-z0-9_]+(?:[.-]+[a-z0-9_]+)*", re.IGNORECASE)
MASTODON_ELEMENTS = frozenset(
    "p br span a del s pre blockquote code b strong u i em ul ol li ruby rt rp".split()  # noqa: SIM905
)
_MASTODON_CLASS = re.compile(r"(?:h|p|u|dt|e)-.*|mention|hashtag|ellipsis|invisible|quote-inline")
_MASTODON = nh3.Cleaner(
    tags=set(MASTODON_ELEMENTS),
    attributes={
        "*": {"lang"},
        "a": {"href", "rel", "class", "translate"},
        "span": {"class", "translate"},
        "ol": {"start", "reversed"},
        "li": {"value"},
        "p": {"class"},
    },
    attribute_filter=lambda element, name, value: (
        " ".join(filter(_MASTODON_CLASS.fullmatch, value.split())) or None if name == "class" else value
    ),
    link_rel=None,
    url_schemes={"http", "https", "dat", "dweb", "ipfs", "ipns", "ssb", "gopher", "xmpp", "magnet", "gemini"},
)


def mastodon_html(html: str) -> str:
    """The HTML as Mastodon keeps it, before it puts its own `rel` and `target` on links."""
    return _MASTODON.clean(html)


def mastodon_visibility(note: Document, *, followers: str) -> str:
    """The visibility that Mastodon gives to a status of the author with these followers."""
    mentions = {tag["href"] for tag in note["tag"] if tag["type"] == "Mention"}
    if PUBLIC in note["to"]:
        return "public"
    if PUBLIC in note["cc"]:
        return "unlisted"
    if followers in note["to"] + note["cc"]:
        return "private"
    return "direct" if set(note["to"] + note["cc"]) <= mentions else "limited"


def mastodon_stores(activity: Document, *, local_ids: set[str], followed: bool) -> bool:
    """Whether a server with these local accounts keeps the status (related_to_local_activity)."""
    note = activity["object"]
    return followed or bool(local_ids & set(note["to"] + note["cc"]))


def mastodon_actor_problems(actor: Document) -> list[str]:
    problems = []
    host = urlsplit(actor["id"]).netloc
    if actor["type"] not in {"Application", "Group", "Organization", "Person", "Service"}:
        problems.append("unsupported type")
    if not MASTODON_USERNAME.fullmatch(actor["preferredUsername"]):
        problems.append("username with forbidden characters")
    if not isinstance(actor["inbox"], str) or urlsplit(actor["url"]).netloc != host:
        problems.append("inbox missing or url elsewhere")
    if actor["publicKey"]["owner"] != actor["id"]:
        problems.append("the key belongs to somebody else")
    for key in actor.get("assertionMethod", []):
        if key["type"] != "Multikey" or key["controller"] != actor["id"]:
            problems.append("Multikey not bound to the actor")
    if not isinstance(actor.get("attachment", []), list):
        problems.append("profile fields are no array")
    return problems


MISSKEY_USERNAME = re.compile(r"\w(?:[\w.-]*\w)?", re.ASCII)


def misskey_problems(activity: Document) -> list[str]:
    note = activity["object"]
    named = [activity["id"], activity["actor"], note["id"], note["attributedTo"], note["url"]]
    problems = [] if len({urlsplit(name).netloc for name in named}) == 1 else ["ids on several hosts"]
    if len(json.dumps(activity, ensure_ascii=False).encode()) > MAX_BYTES:
        problems.append("over 64 KB")
    return problems


def misskey_actor_problems(actor: Document) -> list[str]:
    host = urlsplit(actor["id"]).netloc
    addresses = [actor[name] for name in ("inbox", "outbox", "url")]
    addresses += [actor["endpoints"]["sharedInbox"], actor["publicKey"]["id"]]
    addresses += [actor[name] for name in ("followers", "following", "featured") if name in actor]
    problems = [f"{url} is on another host" for url in addresses if urlsplit(url).netloc != host]
    if len(actor["preferredUsername"]) > 128 or not MISSKEY_USERNAME.fullmatch(actor["preferredUsername"]):
        problems.append("bad username")
    if not 1 <= len(actor["name"]) <= 128 or len(actor["summary"]) > 20_000:
        problems.append("name or summary too long")
    return problems


def misskey_visibility(note: Document, *, followers: str) -> str:
    if PUBLIC in note["to"]:
        return "public"
    if PUBLIC in note["cc"]:
        return "home"
    return "followers" if followers in note["to"] else "specified"


def pixelfed_problems(activity: Document) -> list[str]:
    note = activity["object"]
    problems = []
    if depth(activity) > MAX_DEPTH:
        problems.append("too deep")
    if len({urlsplit(url).netloc for url in (activity["id"], note["id"], note["attributedTo"])}) != 1:
        problems.append("ids on several hosts")
    if not isinstance(note["attachment"], list) or not note["attachment"]:
        problems.append("a top-level post without media is dropped")
    for item in note["attachment"]:
        if item.get("type") not in {"Document", "Image", "Video"} or not item.get("url"):
            problems.append("attachment of unknown type or without url")
        if item.get("mediaType") not in {"image/png", "image/jpeg", "image/gif", "image/webp"}:
            problems.append("unsupported media")
        if not all(1 <= item.get(side, 1) <= 5000 for side in ("width", "height")):
            problems.append("picture sides")
        if not 6 <= len(item.get("blurhash", "L6PZfS")) <= 164:
            problems.append("blurhash")
    return problems


def pixelfed_is_message(note: Document) -> bool:
    return len(note["to"]) == 1 and not note["cc"] and note["to"][0] != PUBLIC


def hollo_visibility(note: Document, *, followers: str) -> str:
    if PUBLIC in note["to"]:
        return "public"
    if PUBLIC in note["cc"]:
        return "unlisted"
    return "private" if followers in note["to"] + note["cc"] else "direct"


class BadgeFedRecord(msgspec.Struct, kw_only=True):
    context: str = msgspec.field(name="@context")
    id: str
    type: str
    name: str
    issuedBy: str
    description: str
    image: str
    imageAltText: str
    earningCriteria: str
    issuedOn: str
    acceptedOn: str | None = None
    issuedToName: str = ""
    issuedToSubjectUri: str = ""
    hashtags: str = ""
    fingerPrint: str = ""


class BadgeFedTag(msgspec.Struct):
    type: str
    name: str
    href: str | None = None


class BadgeFedNote(msgspec.Struct, kw_only=True):
    id: str
    type: str
    content: str
    url: str
    attributedTo: str
    attachment: list[dict[str, Any]]
    to: list[str]
    cc: list[str]
    published: str
    tag: list[BadgeFedTag]
    inReplyTo: str | None = None
    replies: dict[str, Any] | None = None
    interactionPolicy: dict[str, Any] | None = None
    badge: BadgeFedRecord | None = msgspec.field(name="vocalcat:badgeAssertion", default=None)


class BadgeFedActivity(msgspec.Struct, kw_only=True):
    id: str
    type: str
    actor: str
    object: str | dict[str, Any]
    instrument: dict[str, Any] | None = None


class BadgeFedKey(msgspec.Struct):
    id: str
    owner: str
    publicKeyPem: str


class BadgeFedImage(msgspec.Struct):
    type: str
    mediaType: str
    url: str
    name: str


class BadgeFedEndpoints(msgspec.Struct):
    sharedInbox: str


class BadgeFedActor(msgspec.Struct, kw_only=True):
    id: str
    type: str
    inbox: str
    outbox: str
    preferredUsername: str
    name: str
    summary: str
    publicKey: BadgeFedKey
    endpoints: BadgeFedEndpoints
    discoverable: bool
    followers: str | None = None
    icon: BadgeFedImage | None = None
    attachment: list[dict[str, str]] = []


def badgefed_reads(document: Document) -> BadgeFedActor | BadgeFedActivity | BadgeFedNote:
    """The document parsed as strictly as BadgeFed parses it; raises msgspec.ValidationError."""
    if "preferredUsername" in document:
        return msgspec.convert(document, BadgeFedActor)
    if document["type"] == "Note":
        return msgspec.convert(document, BadgeFedNote)
    return msgspec.convert(document, BadgeFedActivity)


def badgefed_imports(note: Document) -> BadgeFedRecord | None:
    """The badge that a BadgeFed server would store from this Note."""
    read = msgspec.convert(note, BadgeFedNote)
    if read.inReplyTo is not None or not read.attachment:
        return None
    if read.badge is None or read.badge.context != "https://vocalcat.com/badgefed/1.0":
        return None
    return read.badge if _is_url(read.badge.id) else None
