"""`rel="me"` links of a page: what it says to be the same person or organization as itself (microformats2)."""

from __future__ import annotations

from html.parser import HTMLParser

MAX_LINKS = 200


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        relations = (values.get("rel") or "").lower().split()
        if tag in ("a", "link") and "me" in relations and len(self.links) < MAX_LINKS:
            self.links.append((values.get("href") or "").strip())


def rel_me_links(html: str) -> tuple[str, ...]:
    """The addresses of `<a rel="me">` and `<link rel="me">`, as they are written, at most 200."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return tuple(reader.links)
