"""The Note of a granted badge.

Audience by visibility (who may see it) and the issuer's posting habit:

    visibility         posting   to            cc                       peers show it as
    public             quiet     followers     Public, recipient        unlisted ("quiet public")
    public             public    Public        followers, recipient     public
    unlisted, private  -         recipient     -                        direct

An unlisted Note goes to nobody but the recipient; that anyone with its link can read it is a matter of serving it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from badgefed.model.addresses import Addresses
from badgefed.model.badge import Badge
from badgefed.model.grant import Grant
from badgefed.model.issuer import Issuer
from badgefed.model.recipient import EMAIL
from badgefed.model.times import SECOND, format_rfc3339, to_datetime
from badgefed.model.visibility import Posting, Visibility
from badgefed.protocol.activities import AS2, PUBLIC
from badgefed.protocol.html import Html, clip, escape, facts, fill, hashtag, link, mention, paragraph, strong
from badgefed.protocol.openbadges import web_url
from badgefed.texts import Translate, untranslated

BADGEFED_CONTEXT = "https://vocalcat.com/badgefed/1.0"
MAX_NOTE_BYTES = 60_000
MAX_NOTE_DEPTH = 7
MAX_TITLE = 200
MAX_TEXT = 500
MAX_RECORD_TEXT = 1000

_HASHTAG = re.compile(r"(?=.*[^\W\d])\w{1,100}")
POLICY_TERMS: dict[str, Any] = {
    "sensitive": "as:sensitive",
    "gts": "https://gotosocial.org/ns#",
    "interactionPolicy": {"@id": "gts:interactionPolicy", "@type": "@id"},
    "canQuote": {"@id": "gts:canQuote", "@type": "@id"},
    "automaticApproval": {"@id": "gts:automaticApproval", "@type": "@id"},
}
# The two extension members are for readers of plain JSON: `null` makes JSON-LD processors pass over them, contexts inside included.
_BADGE_CONTEXT: list[Any] = [
    AS2,
    POLICY_TERMS
    | {
        "Hashtag": "as:Hashtag",
        "toot": "http://joinmastodon.org/ns#",
        "blurhash": "toot:blurhash",
        "openbadges:assertion": None,
        "vocalcat:badgeAssertion": None,
    },
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A raster image that is served at `url` as `media_type`, without a redirect; sizes in pixels."""

    url: str
    media_type: str
    width: int
    height: int
    blurhash: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mentioned:
    """A recipient in the text and in the tags."""

    actor_id: str
    name: str
    url: str

    @property
    def html(self) -> Html:
        return mention(self.url, self.name.lstrip("@").partition("@")[0])

    @property
    def tag(self) -> dict[str, str]:
        return {"type": "Mention", "href": self.actor_id, "name": self.name}


def audience(
    visibility: Visibility, posting: Posting, *, followers: str, recipient: str | None
) -> tuple[list[str], list[str]]:
    """`to` and `cc` after the table above; `recipient` is an actor id, None for somebody known by e-mail only."""
    also = [recipient] if recipient else []
    if visibility is not Visibility.PUBLIC:
        return also, []
    if posting is Posting.PUBLIC:
        return [PUBLIC], [followers, *also]
    return [followers], [PUBLIC, *also]


def next_revision(previous: int, now: int) -> int:
    """The instant to put into `updated`: at least one whole second after the last one sent, or peers ignore the edit."""
    return max(now, (previous // SECOND + 1) * SECOND)


def badge_note(
    *,
    grant: Grant,
    badge: Badge,
    issuer: Issuer,
    addresses: Addresses,
    picture: Picture,
    assertion: Mapping[str, Any],
    profile_url: str | None = None,
    published: int | None = None,
    updated: int | None = None,
    language: str = "en",
    translate: Translate = untranslated,
) -> dict[str, Any]:
    """The Note of an accepted grant. `published` is the moment of acceptance unless it is given: peers drop older posts from timelines.

    While the grant is suspended the text says so, and there is no record for servers that would import the badge.
    `assertion` is the Open Badges 2.0 document; it is left out where it would make the Note too large or too deep, or
    would publish the recipient's e-mail address. `profile_url` is the page that the mention links to.
    """
    recipient = mentioned(grant, profile_url)
    to, cc = audience(
        grant.visibility,
        issuer.posting,
        followers=f"{issuer.actor_id}/followers",
        recipient=recipient.actor_id if recipient else None,
    )
    content = _badge_content(grant, badge, issuer, addresses, recipient, translate)
    note: dict[str, Any] = {
        "@context": _BADGE_CONTEXT,
        "id": grant.note_uri,
        "type": "Note",
        "attributedTo": issuer.actor_id,
        "url": grant.note_uri,
        "published": format_rfc3339(_published(grant) if published is None else published),
        **({"updated": format_rfc3339(updated)} if updated is not None else {}),
        "to": to,
        "cc": cc,
        "content": content,
        "contentMap": {language: content},
        "sensitive": False,
        "attachment": [_attachment(badge, picture, translate)],
        "tag": _tags(grant, badge, addresses, recipient, translate),
        "interactionPolicy": quote_policy(grant.visibility, issuer.actor_id),
    }
    if grant.visibility is Visibility.PUBLIC and grant.suspended_at is None:
        note["vocalcat:badgeAssertion"] = _badge_record(grant, badge, issuer, picture)
    return _with_assertion(note, assertion, grant.email)


def mentioned(grant: Grant, profile_url: str | None) -> Mentioned | None:
    """The recipient's mention; None if no actor is known. Without a handle the mention is named after the host: never guess a username from an actor's id."""
    if grant.actor_id is None:
        return None
    host = urlsplit(grant.actor_id).netloc
    pages = filter(None, map(web_url, (profile_url, grant.profile)))
    page = next((url for url in pages if urlsplit(url).netloc == host), grant.actor_id)
    return Mentioned(actor_id=grant.actor_id, name=grant.handle or f"@{host}", url=page)


def _published(grant: Grant) -> int:
    return next(
        instant for instant in (grant.accepted_at, grant.processed_at, grant.issued_at) if instant is not None
    )


def _badge_content(
    grant: Grant,
    badge: Badge,
    issuer: Issuer,
    addresses: Addresses,
    recipient: Mentioned | None,
    translate: Translate,
) -> str:
    values = {
        "badge": strong(clip(badge.title, MAX_TITLE)),
        "issuer": escape(clip(issuer.name, MAX_TITLE)),
    }
    name = _public_name(grant)
    if recipient or name:
        values["recipient"] = recipient.html if recipient else escape(name)
        opening = fill(translate("%(recipient)s received the badge %(badge)s from %(issuer)s."), **values)
    else:
        opening = fill(translate("%(issuer)s granted the badge %(badge)s."), **values)
    description = clip(badge.description, MAX_TEXT)
    hashtags = [hashtag(addresses.hashtag(tag), tag) for tag in _hashtags(grant, badge)]
    blocks = [
        _suspension(grant, translate),
        paragraph(opening),
        paragraph(escape(description)) if description else "",
        facts(_facts(grant, badge, translate)),
        paragraph(link(grant.note_uri, translate("Verify this badge"))),
        paragraph(*hashtags) if hashtags else "",
    ]
    return "".join(blocks)


def _suspension(grant: Grant, translate: Translate) -> Html | str:
    if grant.suspended_at is None:
        return ""
    notice = strong(translate("Suspended: this badge is not valid at present."))
    reason = hide_email(grant.suspended_reason or "", grant.email)
    return paragraph(notice, escape(reason)) if reason else paragraph(notice)


def _facts(grant: Grant, badge: Badge, translate: Translate) -> Iterator[tuple[str, Html]]:
    if criteria := clip(badge.criteria, MAX_TEXT):
        yield translate("Criteria"), escape(criteria)
    if evidence := _evidence(grant):
        yield translate("Evidence"), evidence
    yield translate("Issued on"), _date(grant.issued_at)
    if grant.accepted_at is not None:
        yield translate("Accepted on"), _date(grant.accepted_at)
    if grant.expires_at is not None:
        yield translate("Expires on"), _date(grant.expires_at)


def _evidence(grant: Grant) -> Html:
    url = web_url(grant.evidence)
    if url and not (grant.email and grant.email.lower() in url.lower()):
        return link(url, clip(url, MAX_TITLE))
    return escape(hide_email(grant.evidence or "", grant.email))


def _date(instant: int) -> Html:
    return Html(to_datetime(instant).date().isoformat())


def _public_name(grant: Grant) -> str:
    """The recipient's name, unless somebody gave an e-mail address as the name."""
    name = clip(grant.name or "", MAX_TITLE)
    return "" if EMAIL.search(name) else name


def hide_email(text: str, email: str | None) -> str:
    """The text, tidied and clipped, without the recipient's address."""
    if email:
        text = re.sub(re.escape(email), "…", text, flags=re.IGNORECASE)
    return clip(text, MAX_TEXT)


def _hashtags(grant: Grant, badge: Badge) -> list[str]:
    """Only where the issuer asked for them and the post is public; spellings that no peer reads as a hashtag are left out."""
    if not badge.post_hashtags or grant.visibility is not Visibility.PUBLIC:
        return []
    return [name for name in badge.hashtag_names if _HASHTAG.fullmatch(name)]


def _alt_text(badge: Badge, translate: Translate) -> str:
    title = clip(badge.title, MAX_TITLE)
    return clip(badge.image_alt or "", MAX_TEXT) or translate("Badge: %(badge)s") % {"badge": title}


def _attachment(badge: Badge, picture: Picture, translate: Translate) -> dict[str, Any]:
    return {
        "type": "Image",
        "mediaType": picture.media_type,
        "url": picture.url,
        "name": _alt_text(badge, translate),
        "width": picture.width,
        "height": picture.height,
        **({"blurhash": picture.blurhash} if picture.blurhash else {}),
    }


def _tags(
    grant: Grant, badge: Badge, addresses: Addresses, recipient: Mentioned | None, translate: Translate
) -> list[dict[str, str]]:
    """The assertion's media type stays plain JSON-LD: with the ActivityStreams profile it would be a quote (FEP-e232)."""
    hashtags = [
        {"type": "Hashtag", "href": addresses.hashtag(name), "name": f"#{name}"}
        for name in _hashtags(grant, badge)
    ]
    assertion = {
        "type": "Link",
        "href": addresses.assertion(grant.uuid),
        "mediaType": "application/ld+json",
        "rel": "related",
        "name": translate("Open Badges assertion"),
    }
    return [*([recipient.tag] if recipient else []), *hashtags, assertion]


def quote_policy(visibility: Visibility, actor_id: str) -> dict[str, Any]:
    """Anybody may quote what is public (FEP-044f); else only the issuer, which stands for nobody."""
    allowed = PUBLIC if visibility is Visibility.PUBLIC else actor_id
    return {"canQuote": {"automaticApproval": [allowed]}}


def _badge_record(grant: Grant, badge: Badge, issuer: Issuer, picture: Picture) -> dict[str, Any]:
    """What BadgeFed servers import; their field names. `id` is the Note's, so that they announce the Note."""
    record = {
        "@context": BADGEFED_CONTEXT,
        "type": "BadgeRecord",
        "id": grant.note_uri,
        "name": clip(badge.title, MAX_TITLE),
        "description": clip(badge.description, MAX_RECORD_TEXT),
        "issuedBy": issuer.actor_id,
        "image": picture.url,
        "imageAltText": clip(badge.image_alt or "", MAX_RECORD_TEXT),
        "earningCriteria": clip(badge.criteria, MAX_RECORD_TEXT),
        "issuedOn": format_rfc3339(grant.issued_at),
        "acceptedOn": format_rfc3339(_published(grant)),
        "issuedToName": _public_name(grant) or grant.handle,
        "issuedToSubjectUri": grant.actor_id or web_url(grant.profile),
        "hashtags": clip(" ".join(badge.hashtag_names), MAX_RECORD_TEXT),
        "fingerPrint": grant.fingerprint,
    }
    return {name: value for name, value in record.items() if value is not None}


def _with_assertion(note: dict[str, Any], assertion: Mapping[str, Any], email: str | None) -> dict[str, Any]:
    text = json.dumps(assertion, ensure_ascii=False)
    if email and email.lower() in text.lower():
        return note
    whole = note | {"openbadges:assertion": assertion}
    size = len(json.dumps(whole, ensure_ascii=False).encode("utf-8", "replace"))
    fits = size <= MAX_NOTE_BYTES and _depth(whole) <= MAX_NOTE_DEPTH
    return whole if fits else note


def _depth(value: object) -> int:
    """Levels of nested objects and arrays, as peers with a nesting limit count them."""
    if isinstance(value, Mapping):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0
