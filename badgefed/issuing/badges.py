"""Badges: defining them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields, replace
from typing import Any

from badgefed.errors import Conflict, Invalid
from badgefed.issuing import quotas
from badgefed.model.audit import SYSTEM, Action, Author, Target
from badgefed.model.badge import Alignment, Badge, BadgeType, ResultDescription
from badgefed.model.identifiers import new_uuid
from badgefed.model.issuer import Issuer
from badgefed.protocol.openbadges import web_url
from badgefed.protocol.openbadges3 import RESULT_TYPES
from badgefed.store import audit, badges
from badgefed.store.database import Transaction
from badgefed.texts import N_, Message, say
from badgefed.work.artwork import Picture, draw_badge_picture, read_upload, store_picture
from badgefed.work.services import Services

UNVERIFIED_ISSUER = "issuer must be verified before creating badges"
HAS_AWARDS = "badge has awards"
MAX_TITLE = 200
MAX_TEXT = 10_000
MAX_SLUG = 80
MAX_DAYS = 36_500
MAX_PARTS = 50
MAX_PART = 2_000
_REQUIRED = (
    ("title", MAX_TITLE, N_("Give the badge a title of at most %(most)s characters.")),
    ("description", MAX_TEXT, N_("Say what the badge stands for, in at most %(most)s characters.")),
    ("criteria", MAX_TEXT, N_("Say how the badge is earned, in at most %(most)s characters.")),
)
_OPTIONAL = {"image_alt": 1_000, "hashtags": 500, "info_uri": 1_000, "share_text": 1_000}
_TEXTS = ("title", "description", "criteria", *_OPTIONAL)
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_NOT_IN_SLUG = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBadge:
    """What may be said of a badge when it is defined. Without an `image` (PNG, JPEG, WebP or SVG bytes) one is drawn."""

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
    language: str | None = None
    alignments: tuple[Alignment, ...] = ()
    result_descriptions: tuple[ResultDescription, ...] = ()
    share_text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedBadge:
    """A checked badge with its picture: all that takes time is done."""

    new: NewBadge
    picture: Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedEdit:
    """What a badge becomes, and its new picture if it gets one: all that takes time is done."""

    badge: Badge
    new: NewBadge
    picture: Picture | None


_EDITABLE = tuple(field.name for field in fields(NewBadge) if field.name not in ("image", "slug"))


def check_badge(new: NewBadge) -> None:
    """Raises `Invalid` with the field and what would be right."""
    for field, most, text in _REQUIRED:
        if not getattr(new, field).strip() or len(getattr(new, field)) > most:
            raise Invalid(Message(text=text, values={"most": most}), field=field)
    for field, most in _OPTIONAL.items():
        if len(getattr(new, field) or "") > most:
            raise Invalid(say("Write at most %(most)s characters here.", most=most), field=field)
    for field in _TEXTS:
        if _CONTROL.search(getattr(new, field) or ""):
            raise Invalid("One of the texts has characters in it that can't be shown.", field=field)
    if new.expires_in_days is not None and not 1 <= new.expires_in_days <= MAX_DAYS:
        raise Invalid(
            say("A badge expires after 1 to %(most)s days, or not at all.", most=MAX_DAYS),
            field="expires_in_days",
        )
    if new.slug is not None and (not _SLUG.fullmatch(new.slug) or len(new.slug) > MAX_SLUG):
        raise Invalid("slug must be words of a-z and 0-9 joined by hyphens", field="slug")
    if new.language is not None and not _LANGUAGE.fullmatch(new.language):
        raise Invalid("Write the language as a tag like en, de or pt-BR.", field="language")
    _check_alignments(new.alignments)
    _check_result_descriptions(new.result_descriptions)


def _check_alignments(alignments: tuple[Alignment, ...]) -> None:
    if len(alignments) > MAX_PARTS:
        raise Invalid(
            say("A badge stands for at most %(most)s skills and standards.", most=MAX_PARTS),
            field="alignments",
        )
    for alignment in alignments:
        if not alignment.target_name.strip() or web_url(alignment.target_url) is None:
            raise Invalid(
                "Each skill or standard needs a name and an address like https://example.org.",
                field="alignments",
            )
        if any(len(text or "") > MAX_PART or _CONTROL.search(text or "") for text in astuple(alignment)):
            raise Invalid(
                say(
                    "What is said of a skill or standard may have at most %(most)s characters, all of which can be shown.",
                    most=MAX_PART,
                ),
                field="alignments",
            )


def _check_result_descriptions(descriptions: tuple[ResultDescription, ...]) -> None:
    field = "result_descriptions"
    if len(descriptions) > MAX_PARTS or len({one.key for one in descriptions}) < len(descriptions):
        raise Invalid(
            say("there can be at most %(most)s results, each with a key of its own", most=MAX_PARTS),
            field=field,
        )
    for one in descriptions:
        if not _SLUG.fullmatch(one.key) or not one.name.strip():
            raise Invalid("each result needs a name, and a key of a-z, 0-9 and hyphens", field=field)
        if one.result_type not in RESULT_TYPES:
            raise Invalid(
                say("a result's type is one of %(types)s", types=", ".join(sorted(RESULT_TYPES))), field=field
            )


def make_slug(title: str) -> str:
    """`AWS Fundamentals` as `aws-fundamentals`; empty where the title has no Latin letters or digits."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return _NOT_IN_SLUG.sub("-", plain).strip("-")[:60].strip("-")


def check_verified(issuer: Issuer) -> None:
    """Raises `Invalid` for an issuer that can have no badges yet."""
    if not issuer.is_verified:
        raise Invalid(UNVERIFIED_ISSUER, field="issuer")


async def prepare_badge(issuer: Issuer, new: NewBadge) -> PreparedBadge:
    """Checks the badge and makes its picture, before any transaction. Raises `Invalid`."""
    check_verified(issuer)
    check_badge(new)
    return PreparedBadge(new=new, picture=await _make_picture(issuer, new))


async def add_badge(
    tx: Transaction, issuer: Issuer, prepared: PreparedBadge, *, by: Author = SYSTEM, now: int
) -> Badge:
    """Raises `Conflict` for a slug that was asked for and is taken, `Forbidden` where the plan has no more badges."""
    await quotas.check_badges(tx, issuer.organization_id)
    new = prepared.new
    image = await store_picture(tx, prepared.picture, now=now)
    values = {name: getattr(new, name) for name in _EDITABLE}
    for slug in _slugs(new, now):
        badge = await badges.add_badge(
            tx,
            **{**values, "title": new.title.strip()},
            organization_id=issuer.organization_id,
            issuer_id=issuer.id,
            slug=slug,
            image_id=image.id,
            image_generated=new.image is None,
            now=now,
        )
        if badge is not None:
            await _record(tx, Action.BADGE_CREATE, badge, issuer, by=by, now=now)
            return badge
    raise Conflict(say("there is a badge with the slug %(slug)s already", slug=repr(new.slug)))


async def create_badge(services: Services, *, issuer: Issuer, new: NewBadge, by: Author = SYSTEM) -> Badge:
    """Raises as `prepare_badge` and `add_badge`."""
    prepared = await prepare_badge(issuer, new)
    now = services.clock()
    return await services.database.write(lambda tx: add_badge(tx, issuer, prepared, by=by, now=now))


async def _make_picture(issuer: Issuer, new: NewBadge) -> Picture:
    if new.image is not None:
        return await read_upload(new.image)
    return await draw_badge_picture(
        title=new.title, issuer_name=issuer.name, colour=issuer.colour, badge_type=new.badge_type
    )


async def edit_badge(
    services: Services,
    *,
    badge: Badge,
    issuer: Issuer,
    changes: Mapping[str, Any],
    draws_picture: bool = False,
    by: Author = SYSTEM,
) -> Badge:
    """Raises as `prepare_edit` and `apply_edit`."""
    edit = await prepare_edit(badge, issuer, changes, draws_picture=draws_picture)
    now = services.clock()
    return await services.database.write(lambda tx: apply_edit(tx, edit, issuer, by=by, now=now))


async def prepare_edit(
    badge: Badge, issuer: Issuer, changes: Mapping[str, Any], *, draws_picture: bool = False
) -> PreparedEdit:
    """The badge with some members of `NewBadge` changed, checked before any transaction.

    A picture of ours is drawn anew when the title or the type changes, and in place of an uploaded one by `draws_picture`.
    Raises `Invalid`.
    """
    new = replace(_as_new(badge), **changes)
    check_badge(new)
    redraws = (
        (new.title, new.badge_type) != (badge.title, badge.badge_type)
        if badge.image_generated
        else draws_picture
    )
    picture = await _make_picture(issuer, new) if new.image is not None or redraws else None
    return PreparedEdit(badge=badge, new=new, picture=picture)


async def apply_edit(
    tx: Transaction, edit: PreparedEdit, issuer: Issuer, *, by: Author = SYSTEM, now: int
) -> Badge:
    """The next version of the badge; what was awarded stays as it was.

    Raises `Conflict` where somebody else edited the badge meanwhile.
    """
    badge = edit.badge
    after = replace(badge, **{name: getattr(edit.new, name) for name in _EDITABLE})
    if edit.picture is not None:
        image = await store_picture(tx, edit.picture, now=now)
        after = replace(after, image_id=image.id, image_generated=edit.new.image is None)
    if after == badge:
        return badge
    edited = await badges.edit_badge(tx, badge, after, now=now)
    if edited is None:
        raise Conflict("somebody else has edited this badge meanwhile; look at it again")
    await _record(tx, Action.BADGE_CHANGE, edited, issuer, by=by, now=now, version=edited.version)
    return edited


async def delete_badge(
    tx: Transaction, badge: Badge, issuer: Issuer, *, by: Author = SYSTEM, now: int
) -> None:
    """Removes a badge that nobody was ever granted. Raises `Invalid` for any other."""
    if not await badges.delete_badge(tx, badge.id):
        raise Invalid(HAS_AWARDS, field="badge")
    await _record(tx, Action.BADGE_DELETE, badge, issuer, by=by, now=now)


async def _record(
    tx: Transaction, action: Action, badge: Badge, issuer: Issuer, *, by: Author, now: int, **details: int
) -> None:
    await audit.record(
        tx,
        by=by,
        action=action,
        target=Target(id=badge.id, label=badge.title),
        organization_id=issuer.organization_id,
        now=now,
        details=details,
    )


def says_the_same(badge: Badge, changes: Mapping[str, Any]) -> bool:
    """Whether nothing of this would change the badge."""
    return all(getattr(badge, name, None) == value for name, value in changes.items())


def _as_new(badge: Badge) -> NewBadge:
    return NewBadge(**{name: getattr(badge, name) for name in _EDITABLE})


def _slugs(new: NewBadge, now: int) -> list[str]:
    """The slugs to try: the one asked for; else one by the title, then the same with a suffix that is free."""
    if new.slug is not None:
        return [new.slug]
    suffix = new_uuid(now)[-8:]
    slug = make_slug(new.title)
    return [slug, f"{slug}-{suffix}"] if slug else [f"badge-{suffix}"]
