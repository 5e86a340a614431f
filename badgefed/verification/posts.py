"""Posts of the Fediverse that carry a badge: where its credential or Assertion stands.

A post counts only for badges on its own server: anybody can link to anybody's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from badgefed.errors import Unprocessable
from badgefed.model.hosts import same_host
from badgefed.protocol.conformance.recognition import Version, recognise
from badgefed.texts import say
from badgefed.verification.members import items_of, text_of, types_of, web_only

POST_TYPES = frozenset({"Note", "Article", "Page", "Question"})
WRAPPERS = frozenset({"Create", "Update", "Announce"})

_CREDENTIAL_TYPES = frozenset({"application/vc+ld+json", "application/vc", "application/vc+jwt"})
_BADGE_TYPES = _CREDENTIAL_TYPES | {"application/ld+json"}
_ASSERTION = "openbadges:assertion"


def is_post(document: Mapping[str, Any]) -> bool:
    """Whether it is a post, or an activity about one."""
    return not types_of(document).isdisjoint(POST_TYPES | WRAPPERS)


def badge_of_post(post: Mapping[str, Any], *, url: str) -> str:
    """The address of the badge that the post at `url` carries, that of an Open Badges 3.0 credential first.

    Raises Unprocessable if it carries none, or one of another server.
    """
    if not types_of(post).isdisjoint(WRAPPERS):
        inner = post.get("object")
        post = inner if isinstance(inner, dict) else post
    links = list(dict.fromkeys(_links(post)))
    if not links:
        raise Unprocessable("This post carries no badge that could be verified.")
    author = text_of(post, "attributedTo")
    own = [link for link in links if same_host(link, url)]
    if not own:
        host = urlsplit(links[0]).hostname or "another server"
        raise Unprocessable(
            say(
                "This post only points to a badge on another server, %(host)s: it says nothing about who holds or issued that. Verify the badge at its own address, %(address)s",
                host=host,
                address=links[0][:300],
            )
        )
    if author is not None and not same_host(author, url):
        raise Unprocessable(
            "This post names an author on another server than its own, so it can't be believed."
        )
    return own[0]


def _links(post: Mapping[str, Any]) -> Iterator[str]:
    """Credentials first, then Assertions; both as links and as embedded documents, whose addresses alone count."""
    tags = [tag for tag in items_of(post, "tag") if isinstance(tag, dict) and "Link" in types_of(tag)]
    for wanted in (_CREDENTIAL_TYPES, _BADGE_TYPES):
        for tag in tags:
            media_type = (text_of(tag, "mediaType") or "").partition(";")
            href = web_only(text_of(tag, "href"))
            if media_type[0].strip().lower() in wanted and "activitystreams" not in media_type[2] and href:
                yield href
    for item in (*items_of(post, _ASSERTION), *items_of(post, "attachment")):
        if isinstance(item, dict) and _is_badge(item):
            link = web_only(text_of(item, "id"))
            if link:
                yield link


def _is_badge(item: Mapping[str, Any]) -> bool:
    """BadgeFed writes `_context` for `@context` inside of posts."""
    named = {**item, "@context": item.get("@context", item.get("_context"))}
    return recognise(named) in (Version.OPEN_BADGES_2, Version.OPEN_BADGES_3)
