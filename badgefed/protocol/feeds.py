"""Feeds: Atom (RFC 4287) and JSON Feed 1.1, of the same entries."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any
from xml.etree import ElementTree

from badgefed.model.times import format_rfc3339
from badgefed.protocol.openbadges import clean_text

ATOM = "application/atom+xml"
JSON_FEED = "application/feed+json"
VERSION = "https://jsonfeed.org/version/1.1"
_NAMESPACE = "http://www.w3.org/2005/Atom"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """`id` never changes and is also where the entry is read; `published` in microseconds; `image` is a picture's address."""

    id: str
    title: str
    text: str
    image: str
    author: str
    author_url: str
    published: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """`url` is the feed's own address, `page` that of the page for people. The newest entry comes first."""

    title: str
    subtitle: str
    url: str
    page: str
    icon: str
    language: str
    entries: tuple[Entry, ...]
    created: int

    @property
    def updated(self) -> int:
        """When the newest entry was published, or when what the feed is about began."""
        return max((entry.published for entry in self.entries), default=self.created)


def atom(feed: Feed) -> bytes:
    """An Atom feed document."""
    root = ElementTree.Element("feed", {"xmlns": _NAMESPACE, "xml:lang": feed.language})
    _add(root, "id", feed.url)
    _add(root, "title", feed.title)
    _add(root, "subtitle", feed.subtitle)
    _add(root, "updated", format_rfc3339(feed.updated))
    _add(root, "icon", feed.icon)
    _add(root, "link", rel="self", type=ATOM, href=feed.url)
    _add(root, "link", rel="alternate", type="text/html", href=feed.page)
    author = _add(root, "author")
    _add(author, "name", feed.title)
    for entry in feed.entries:
        _add_entry(root, entry)
    body: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return body


def _add_entry(root: ElementTree.Element, entry: Entry) -> None:
    item = _add(root, "entry")
    _add(item, "id", entry.id)
    _add(item, "title", entry.title)
    _add(item, "published", format_rfc3339(entry.published))
    _add(item, "updated", format_rfc3339(entry.published))
    _add(item, "link", rel="alternate", type="text/html", href=entry.id)
    author = _add(item, "author")
    _add(author, "name", entry.author)
    _add(author, "uri", entry.author_url)
    _add(item, "content", _html(entry), type="html")


def _add(parent: ElementTree.Element, name: str, text: str = "", **attributes: str) -> ElementTree.Element:
    """A new last child; what XML can't carry is left out of its text."""
    child = ElementTree.SubElement(parent, name, attributes)
    child.text = clean_text(text) or None
    return child


def _html(entry: Entry) -> str:
    return (
        f'<p><img src="{escape(entry.image)}" alt="" width="200"></p><p>{escape(clean_text(entry.text))}</p>'
    )


def json_feed(feed: Feed) -> dict[str, Any]:
    """A JSON Feed document."""
    return {
        "version": VERSION,
        "title": feed.title,
        "description": feed.subtitle,
        "home_page_url": feed.page,
        "feed_url": feed.url,
        "icon": feed.icon,
        "language": feed.language,
        "items": [_item(entry) for entry in feed.entries],
    }


def _item(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "url": entry.id,
        "title": clean_text(entry.title),
        "content_html": _html(entry),
        "image": entry.image,
        "date_published": format_rfc3339(entry.published),
        "authors": [{"name": clean_text(entry.author), "url": entry.author_url}],
    }
