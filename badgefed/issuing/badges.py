"""Badges: defining them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from badgefed.errors import Conflict, Invalid
from badgefed.model.badge import Badge, BadgeType
from badgefed.model.identifiers import new_uuid
from badgefed.model.issuer import Issuer
from badgefed.store import badges
from badgefed.store.database import Transaction
from badgefed.work.artwork import draw_badge_picture, read_upload, store_picture
from badgefed.work.services import Services

MAX_TITLE = 200
MAX_TEXT = 10_000
MAX_SLUG = 80
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_NOT_IN_SLUG = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBadge:
    """What may be said of a badge when it is defined. Without an `image` (PNG, JPEG or WebP bytes) one is drawn."""

    title: str
    description: str
    criteria: str
    badge_type: BadgeType = BadgeType.BADGE
    image: bytes | None = None
    image_alt: str | None = None
    slug: str | None = None
    hashtags: str | None = None
    post_hashtags: bool = False
    info_uri: str | None = None
    is_certificate: bool = False
    expires_in_days: int | None = None


def check_badge(new: NewBadge) -> None:
    """Raises `Invalid` with the field and what would be right."""
    if not new.title.strip() or len(new.title) > MAX_TITLE:
        raise Invalid(f"title must have 1 to {MAX_TITLE} characters", field="title")
    for field, text in (("description", new.description), ("criteria", new.criteria)):
        if not text.strip() or len(text) > MAX_TEXT:
            raise Invalid(f"{field} must have 1 to {MAX_TEXT} characters", field=field)
    for field in ("title", "description", "criteria", "image_alt", "hashtags", "info_uri"):
        if _CONTROL.search(getattr(new, field) or ""):
            raise Invalid(f"{field} must not contain control characters", field=field)
    if new.expires_in_days is not None and not 1 <= new.expires_in_days <= 36_500:
        raise Invalid("expires-in-days must be from 1 to 36500", field="expires_in_days")
    if new.slug is not None and (not _SLUG.fullmatch(new.slug) or len(new.slug) > MAX_SLUG):
        raise Invalid("slug must be words of a-z and 0-9 joined by hyphens", field="slug")


def make_slug(title: str) -> str:
    """`AWS Fundamentals` as `aws-fundamentals`; empty where the title has no Latin letters or digits."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return _NOT_IN_SLUG.sub("-", plain).strip("-")[:60].strip("-")


async def create_badge(services: Services, *, issuer: Issuer, new: NewBadge) -> Badge:
    """Raises `Invalid`; `Conflict` for a slug that was asked for and is taken."""
    check_badge(new)
    if new.image is not None:
        picture = await read_upload(new.image)
    else:
        picture = await draw_badge_picture(
            title=new.title, issuer_name=issuer.name, colour=issuer.colour, badge_type=new.badge_type
        )
    now = services.clock()

    async def add(tx: Transaction) -> Badge:
        image = await store_picture(tx, picture, now=now)
        for slug in _slugs(new, now):
            badge = await badges.add_badge(
                tx,
                organization_id=issuer.organization_id,
                issuer_id=issuer.id,
                slug=slug,
                title=new.title.strip(),
                description=new.description,
                badge_type=new.badge_type,
                criteria=new.criteria,
                image_id=image.id,
                image_generated=new.image is None,
                image_alt=new.image_alt,
                hashtags=new.hashtags,
                post_hashtags=new.post_hashtags,
                info_uri=new.info_uri,
                is_certificate=new.is_certificate,
                expires_in_days=new.expires_in_days,
                now=now,
            )
            if badge is not None:
                return badge
        raise Conflict(f"there is a badge with the slug {new.slug!r} already")

    return await services.database.write(add)


def _slugs(new: NewBadge, now: int) -> list[str]:
    """The slugs to try: the one asked for; else one by the title, then the same with a suffix that is free."""
    if new.slug is not None:
        return [new.slug]
    suffix = new_uuid(now)[-8:]
    slug = make_slug(new.title)
    return [slug, f"{slug}-{suffix}"] if slug else [f"badge-{suffix}"]
