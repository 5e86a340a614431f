"""What the page of a collection shows of each badge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from badgefed.issuing import collections
from badgefed.issuing.holders import Holder
from badgefed.issuing.public_profiles import has_place, in_order
from badgefed.model.badge import Badge
from badgefed.model.grant import Grant, ProofKind, Status
from badgefed.model.image import Image
from badgefed.model.issuer import Issuer
from badgefed.model.times import from_rfc3339
from badgefed.model.visibility import Visibility
from badgefed.store import badges, external_badges, held_places, images, issuers
from badgefed.store.database import Reader
from badgefed.store.external_badges import ExternalBadge
from badgefed.work.accept_links import accept_url, manage_url
from badgefed.work.services import Services

MAX_EXTERNAL = 1000
PER_PAGE = 50


class _Listed(Protocol):
    @property
    def uuid(self) -> str: ...


L = TypeVar("L", bound=_Listed)
T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """`badge` as it was granted; `state` is pending, accepted, valid, expired, suspended or revoked.

    `page` is where everybody may see it; `own_page` is the recipient's, on which a pending badge is accepted.
    """

    grant: Grant
    badge: Badge
    issuer: Issuer
    image: Image
    state: str
    page: str | None
    own_page: str
    has_files: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """A badge from elsewhere, in strangers' words. Instants in microseconds; `issuer_url` is http(s)."""

    uuid: str
    name: str | None
    issuer: str | None
    issuer_url: str | None
    image: str | None
    issued: int | None
    expires: int | None
    verdict: str
    verified_at: int
    is_shown: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet(Generic[T]):
    """A page of a list; `earlier` and `later` are UUIDs of badges on the pages beside it."""

    rows: Sequence[T]
    earlier: str | None
    later: str | None

    def showing(self, rows: Sequence[U]) -> Sheet[U]:
        return Sheet(rows=rows, earlier=self.earlier, later=self.later)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """`hidden` are the ids of grants that are not on the public profile. `is_cut`: there are more badges than are listed."""

    pending: Sequence[Held]
    held: Sheet[Held]
    brought: Sheet[Brought]
    hidden: frozenset[int]
    is_cut: bool


async def load_shelf(reader: Reader, services: Services, holder: Holder, *, at: str) -> Shelf:
    """In the holder's order, what was never moved in front and newest first: of each list the page with the badge `at`.

    What was declined, or taken back before it was accepted, is not there; what is pending stands on the first page.
    """
    listed = await collections.list_grants(reader, holder)
    places = await held_places.load_places(reader, holder.id)
    ordered = in_order(listed, places)
    sheet = _turn_to(at, [grant for grant in ordered if has_place(grant)])
    pending = [grant for grant in ordered if grant.status is Status.PENDING and sheet.earlier is None]
    held = await _load_held(reader, services, holder, [*pending, *sheet.rows])
    brought = _turn_to(at, await external_badges.list_badges(reader, holder.id, limit=MAX_EXTERNAL))
    return Shelf(
        pending=held[: len(pending)],
        held=sheet.showing(held[len(pending) :]),
        brought=brought.showing([bring(badge) for badge in brought.rows]),
        hidden=places.hidden,
        is_cut=len(listed) == collections.MAX_GRANTS,
    )


def _turn_to(at: str, listed: Sequence[L]) -> Sheet[L]:
    """The page that has the badge with this UUID; the first one if none has."""
    index = next((index for index, badge in enumerate(listed) if badge.uuid == at), 0)
    start = index - index % PER_PAGE
    end = start + PER_PAGE
    return Sheet(
        rows=listed[start:end],
        earlier=listed[start - PER_PAGE].uuid if start else None,
        later=listed[end].uuid if end < len(listed) else None,
    )


async def hold_one(reader: Reader, services: Services, holder: Holder, grant: Grant) -> Held:
    """The same of one badge."""
    [held] = await _load_held(reader, services, holder, [grant])
    return held


async def _load_held(
    reader: Reader, services: Services, holder: Holder, listed: Sequence[Grant]
) -> list[Held]:
    """Badges, pictures and issuers are read at once."""
    found = await badges.list_granted_badges(reader, listed)
    pictures = await images.list_images(reader, [*{badge.image_id for badge in found.values()}])
    known = await issuers.list_by_id(reader, [*{grant.issuer_id for grant in listed}])
    held = []
    for grant in listed:
        badge = found[grant.badge_id, grant.badge_version]
        held.append(_hold(services, holder, grant, badge, known[grant.issuer_id], pictures[badge.image_id]))
    return held


def _hold(
    services: Services, holder: Holder, grant: Grant, badge: Badge, issuer: Issuer, image: Image
) -> Held:
    is_public = grant.status is Status.PROCESSED and grant.visibility is not Visibility.PRIVATE
    return Held(
        grant=grant,
        badge=badge,
        issuer=issuer,
        image=image,
        state=_state(grant, services.clock()),
        page=grant.note_uri if is_public else None,
        own_page=_own_page(services, holder, grant),
        has_files=collections.is_carried(grant),
    )


def _own_page(services: Services, holder: Holder, grant: Grant) -> str:
    """The accept link of a pending grant is the one of the channel through which the holder proved to be the recipient."""
    if grant.status is not Status.PENDING:
        return manage_url(services, grant)
    is_mailed = (grant.email or "").lower() in holder.names.emails
    return accept_url(services, grant, ProofKind.MAIL_LINK if is_mailed else ProofKind.DIRECT_MESSAGE_LINK)


def _state(grant: Grant, now: int) -> str:
    if grant.status is not Status.PROCESSED:
        return grant.status
    if grant.suspended_at is not None:
        return "suspended"
    return "expired" if grant.expires_at is not None and grant.expires_at <= now else "valid"


def bring(badge: ExternalBadge) -> Brought:
    shown = badge.result["badge"]
    return Brought(
        uuid=badge.uuid,
        name=shown["name"],
        issuer=shown["issuer"]["name"],
        issuer_url=shown["issuer"]["url"],
        image=badge.image,
        issued=_instant(shown["issuedAt"]),
        expires=_instant(shown["expiresAt"]),
        verdict=badge.verdict,
        verified_at=badge.verified_at,
        is_shown=badge.is_shown,
    )


def _instant(text: str | None) -> int | None:
    return None if text is None else from_rfc3339(text)
