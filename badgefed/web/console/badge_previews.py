"""How a badge that is being written will look: its page, and the post about somebody who got it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from markupsafe import Markup

from badgefed.issuing.badges import MAX_TEXT, MAX_TITLE, NewBadge
from badgefed.model.addresses import Addresses
from badgefed.model.badge import Badge
from badgefed.model.grant import Grant, Status
from badgefed.model.issuer import Issuer
from badgefed.model.times import DAY
from badgefed.model.visibility import Visibility
from badgefed.protocol.html import sanitise
from badgefed.protocol.notes import Picture, badge_note
from badgefed.texts import Translate

HANDLE = "@robin@fediverse.example"
ACTOR = "https://fediverse.example/users/robin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """`content` is the safe HTML of the post, `alt` what describes its picture, `image` the address of that here."""

    badge: Badge
    content: Markup
    alt: str
    image: str


def draft(new: NewBadge, issuer: Issuer, *, now: int) -> Badge:
    """The badge as it would be, unfinished texts and all; it is stored nowhere."""
    return Badge(
        id=0,
        uuid="",
        issuer_id=issuer.id,
        slug="",
        title=new.title[:MAX_TITLE],
        description=new.description[:MAX_TEXT],
        badge_type=new.badge_type,
        criteria=new.criteria[:MAX_TEXT],
        image_id=0,
        image_generated=True,
        image_alt=new.image_alt,
        hashtags=new.hashtags,
        post_hashtags=new.post_hashtags,
        info_uri=new.info_uri,
        is_certificate=new.is_certificate,
        language=new.language,
        expires_in_days=_days(new.expires_in_days),
        is_active=True,
        created_at=now,
        updated_at=now,
    )


def _days(days: int | None) -> int | None:
    return days if days is not None and 1 <= days <= 36_500 else None


def make_preview(
    badge: Badge, issuer: Issuer, addresses: Addresses, *, image: str, translate: Translate, now: int
) -> Preview:
    """`image`: the address of the picture that stands for the badge's own; `translate` as for the badge's own posts."""
    grant = _sample_grant(badge, issuer, addresses, now)
    note = badge_note(
        grant=grant,
        badge=replace(badge, title=badge.title or "…"),
        issuer=issuer,
        addresses=addresses,
        picture=Picture(url=image, media_type="image/png", width=1200, height=1200, blurhash=None),
        assertion={},
        translate=translate,
    )
    content = Markup(sanitise(note["content"]))  # noqa: S704 - sanitised
    return Preview(badge=badge, content=content, alt=note["attachment"][0]["name"], image=image)


def _sample_grant(badge: Badge, issuer: Issuer, addresses: Addresses, now: int) -> Grant:
    days = badge.expires_in_days
    return Grant(
        id=0,
        uuid="",
        code="",
        organization_id=issuer.organization_id,
        issuer_id=issuer.id,
        badge_id=badge.id,
        note_id="",
        note_uri=f"{addresses.base}/",
        status=Status.PROCESSED,
        visibility=Visibility.PUBLIC,
        name=None,
        profile=ACTOR,
        actor_id=ACTOR,
        handle=HANDLE,
        email=None,
        evidence=None,
        granted_by=None,
        issued_at=now,
        accepted_at=now,
        processed_at=now,
        expires_at=now + days * DAY if days else None,
        closed_at=None,
        closed_reason=None,
        proof_kind=None,
        proof=None,
        fingerprint=None,
    )
