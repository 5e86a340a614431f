"""HTML on both sides of the wire: foreign HTML made safe or reduced to text, our own built from escaped parts.

Our own markup keeps to what Mastodon lets through (`p br a span strong ul li`), so that nothing is lost on the way.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from html.parser import HTMLParser
from typing import NewType

import nh3

from badgefed.protocol.openbadges import clean_text

MAX_HTML = 100_000

Html = NewType("Html", str)

_TAGS = frozenset(
    "p br span a del s pre blockquote code b strong u i em ul ol li ruby rt rp".split()  # noqa: SIM905
)
_ATTRIBUTES = {
    "*": {"lang"},
    "a": {"href", "class", "translate"},
    "span": {"class", "translate"},
    "p": {"class"},
    "ol": {"start", "reversed"},
    "li": {"value"},
}
_CLASS = re.compile(r"(?:h|p|u|dt|e)-[\w-]+|mention|hashtag|ellipsis|invisible|quote-inline")
_HEADING = re.compile(r"<(/?)h[1-6](?:\s[^<>]*)?>", re.IGNORECASE)
_BLOCKS = frozenset(
    "p br div blockquote pre ul ol li dl dt dd hr table tr td th h1 h2 h3 h4 h5 h6 section article".split()  # noqa: SIM905
)
_VOID = frozenset({"br", "hr"})
_MENTION = re.compile(r"(?<![\w.])@[\w.-]+(?:@[\w.-]+(?::\d+)?)?")


def _keep_attribute(element: str, attribute: str, value: str) -> str | None:
    if attribute != "class":
        return value
    return " ".join(name for name in value.split() if _CLASS.fullmatch(name)) or None


_DISPLAY = nh3.Cleaner(
    tags=set(_TAGS),
    attributes=_ATTRIBUTES,
    attribute_filter=_keep_attribute,
    link_rel="nofollow noopener ugc",
    url_schemes={"http", "https"},
    url_relative="deny",
)
_READING = nh3.Cleaner(
    tags=set(_TAGS | _BLOCKS), attributes={"a": {"class"}, "p": {"class"}, "span": {"class"}}, link_rel=None
)


def _valid(text: str) -> str:
    return text[:MAX_HTML].encode("utf-8", "replace").decode()


def sanitise(foreign: str) -> Html:
    """Foreign HTML as it may be shown on our pages: Mastodon's allow-list, http(s) links only, at most `MAX_HTML` characters read."""
    headings_as_text = _HEADING.sub(
        lambda match: "</strong></p>" if match[1] else "<p><strong>", _valid(foreign)
    )
    return Html(_DISPLAY.clean(headings_as_text))


class _ReplyReader(HTMLParser):
    """Collects text; a block is a new line; mentions, quoted text and quote links are left out."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._skipped_depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS:
            self.parts.append("\n")
        if tag in _VOID:
            return
        classes = (dict(attrs).get("class") or "").split()
        mention = tag == "a" and "mention" in classes and "hashtag" not in classes
        if self._skipped_depth or mention or tag == "blockquote" or "quote-inline" in classes:
            self._skipped_depth += 1

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.parts.append("\n")
        if self._skipped_depth and tag not in _VOID:
            self._skipped_depth -= 1

    def handle_data(self, data: str) -> None:
        if not self._skipped_depth:
            self.parts.append(data)


def reply_text(foreign: str) -> str:
    """What the author of a reply wrote, one line per block, without mentions and without what they quote."""
    reader = _ReplyReader()
    reader.feed(_READING.clean(_valid(foreign)))
    reader.close()
    lines = (" ".join(line.split()) for line in _MENTION.sub(" ", "".join(reader.parts)).split("\n"))
    return "\n".join(line for line in lines if line)


def clip(text: str, limit: int) -> str:
    """At most `limit` characters of a text that somebody typed, without control characters, its text directions closed."""
    text = clean_text(text).strip()
    if len(text) > limit:
        text = text[: limit - 1].rstrip() + "…"
    embedded = sum(map(text.count, "\u202a\u202b\u202d\u202e")) - text.count("\u202c")
    isolated = sum(map(text.count, "\u2066\u2067\u2068")) - text.count("\u2069")
    return text + "\u202c" * embedded + "\u2069" * isolated


def escape(text: str) -> Html:
    """Plain text as HTML, spelled as HTML serialisers spell it; line ends become `<br>`."""
    return Html(html.escape(text, quote=False).replace("\xa0", "&nbsp;").replace("\n", "<br>"))


def fill(template: str, **values: Html) -> Html:
    """A plain-text template with `%(name)s` places, escaped, then filled with HTML."""
    return Html(escape(template) % values)


def _attribute(value: str) -> str:
    return html.escape(value).replace("\xa0", "&nbsp;")


def link(url: str, text: str, *, rel: str | None = None) -> Html:
    """A link; the caller has checked the URL's scheme."""
    relation = f' rel="{_attribute(rel)}"' if rel else ""
    return Html(f'<a href="{_attribute(url)}"{relation}>{escape(text)}</a>')


def mention(url: str, name: str) -> Html:
    """`@name` marked up so that peers see a mention."""
    return Html(
        f'<span class="h-card"><a href="{_attribute(url)}" class="u-url mention">@<span>{escape(name)}</span></a></span>'
    )


def hashtag(url: str, name: str) -> Html:
    """`#name` marked up so that peers see a hashtag."""
    return Html(
        f'<a href="{_attribute(url)}" class="mention hashtag" rel="tag">#<span>{escape(name)}</span></a>'
    )


def strong(text: str) -> Html:
    """The text, escaped and emphasised."""
    return Html(f"<strong>{escape(text)}</strong>")


def paragraph(*parts: Html) -> Html:
    """One paragraph, its parts separated by spaces."""
    return Html(f"<p>{' '.join(parts)}</p>")


def facts(items: Iterable[tuple[str, Html]]) -> Html:
    """A list of `label: value`; empty text if there are no items."""
    rows = "".join(f"<li>{strong(label)}: {value}</li>" for label, value in items)
    return Html(f"<ul>{rows}</ul>" if rows else "")
