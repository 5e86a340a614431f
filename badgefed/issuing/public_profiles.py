"""The page that a holder may switch on: a handle, a few words, links that are checked, and badges in an order of their own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from badgefed.errors import Conflict, Invalid, NotFound, Unprocessable
from badgefed.issuing.collections import list_grants
from badgefed.issuing.holders import Holder, load_holder
from badgefed.issuing.websites import fetch_links
from badgefed.model.grant import Grant, Status
from badgefed.model.holder import (
    MAX_BIO,
    MAX_LINKS,
    MAX_NAME,
    Direction,
    ProfileLink,
    PublicProfile,
    read_handle,
)
from badgefed.protocol.openbadges import clean_text, web_url
from badgefed.store import external_badges, held_places, issuers, public_profiles, showcase
from badgefed.store.database import Reader, Transaction
from badgefed.store.external_badges import ExternalBadge
from badgefed.store.held_places import Places
from badgefed.store.showcase import Shown
from badgefed.texts import N_, say
from badgefed.work.services import Services

MAX_URL = 300
MAX_EXTERNAL = 100

_TAKEN = N_("Somebody else has this name; choose another one.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a holder typed, as it was typed."""

    handle: str
    name: str
    bio: str
    links: Sequence[str]
    is_public: bool
    is_indexed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibition:
    """What everybody sees of a holder: badges of this server in the holder's order, and those from elsewhere."""

    profile: PublicProfile
    badges: tuple[Shown, ...]
    external: tuple[ExternalBadge, ...]


async def save(tx: Transaction, holder: Holder, wanted: Wanted, *, now: int) -> PublicProfile:
    """The profile. Links that are proved identities of the holder are verified by that, others as long as they stay the same.

    Raises `Invalid` with the field, `Conflict` for a handle that is somebody else's.
    """
    handle = read_handle(wanted.handle)
    known = await public_profiles.find_profile(tx, holder.id)
    taken_by = await issuers.find_issuer(tx, handle, with_deleted=True)
    links = _read_links(wanted.links)
    profile = PublicProfile(
        holder_id=holder.id,
        handle=handle,
        name=_read_text(wanted.name, MAX_NAME, "name"),
        bio=_read_text(wanted.bio, MAX_BIO, "bio"),
        is_public=wanted.is_public,
        is_indexed=wanted.is_indexed,
        created_at=known.created_at if known else now,
        updated_at=now,
        links=tuple(_verify_known(holder, url, known.links if known else (), now) for url in links),
    )
    if taken_by is not None or not await public_profiles.put_profile(tx, profile):
        raise Conflict(_TAKEN)
    return profile


def _read_text(text: str, limit: int, field: str) -> str:
    clean = clean_text(text).strip()
    if len(clean) > limit:
        raise Invalid(
            say("At most %(limit)s characters; these are %(count)s.", limit=limit, count=len(clean)),
            field=field,
        )
    return clean


def _read_links(typed: Iterable[str]) -> list[str]:
    links = list(dict.fromkeys(filter(None, (text.strip() for text in typed))))
    for url in links:
        if len(url) > MAX_URL or web_url(url) is None or "@" in urlsplit(url).netloc:
            raise Invalid(
                say("%(url)s is no web address; write it like https://example.org/.", url=url[:MAX_URL]),
                field="links",
            )
    if len(links) > MAX_LINKS:
        raise Invalid(say("At most %(limit)s links.", limit=MAX_LINKS), field="links")
    return links


def _verify_known(holder: Holder, url: str, known: Sequence[ProfileLink], now: int) -> ProfileLink:
    if url.rstrip("/") in {name.rstrip("/") for name in holder.spellings}:
        return ProfileLink(url=url, verified_at=now)
    return next((link for link in known if link.url == url), ProfileLink(url=url))


async def check_link(services: Services, profile: PublicProfile, url: str) -> None:
    """Looks whether the page at one of the profile's links links back with `rel="me"`, and keeps what it finds.

    Raises `Unprocessable`, with what to put on the page, where it doesn't or can't be read; `NotFound` for no link of it.
    """
    if url not in {link.url for link in profile.links}:
        raise NotFound("There is no such link on your profile.")
    own = services.addresses.public_profile(profile.handle)
    try:
        links = await fetch_links(services, url)
    except Unprocessable:
        await _keep(services, profile, url, None)
        raise
    if own not in {link.rstrip("/") for link in links}:
        await _keep(services, profile, url, None)
        raise Unprocessable(
            say('%(url)s has no link back: put <a rel="me" href="%(own)s"> on it.', url=url, own=own)
        )
    await _keep(services, profile, url, services.clock())


async def _keep(services: Services, profile: PublicProfile, url: str, verified_at: int | None) -> None:
    await services.database.write(
        lambda tx: public_profiles.set_link_verified(tx, profile.holder_id, url, verified_at=verified_at)
    )


async def load_exhibition(reader: Reader, handle: str) -> Exhibition | None:
    """What the page at `/u/{handle}` shows; None where there is none."""
    profile = await public_profiles.find_public_profile(reader, handle)
    if profile is None:
        return None
    holder = await load_holder(reader, profile.holder_id)
    places = await held_places.load_places(reader, holder.id)
    held = [grant.id for grant in await list_grants(reader, holder) if grant.id not in places.hidden]
    shown = await showcase.list_shown(reader, limit=len(held), grant_ids=held)
    return Exhibition(
        profile=replace(profile, name=profile.name or profile.handle),
        badges=tuple(sorted(shown, key=lambda row: places.key(row.grant_id))),
        external=tuple(await external_badges.list_shown(reader, holder.id, limit=MAX_EXTERNAL)),
    )


async def move_badge(
    tx: Transaction, holder: Holder, grant: Grant, direction: Direction, *, listed: Sequence[Grant]
) -> None:
    """Puts a badge elsewhere in the holder's order; `listed` are those that have a place, in any order."""
    places = await held_places.load_places(tx, holder.id)
    order = [one.id for one in in_order(listed, places)]
    if grant.id not in order:
        return
    index = order.index(grant.id)
    target = {Direction.UP: index - 1, Direction.DOWN: index + 1, Direction.FIRST: 0}[direction]
    order.insert(max(target, 0), order.pop(index))
    await held_places.set_order(tx, holder.id, order)


def in_order(listed: Iterable[Grant], places: Places) -> list[Grant]:
    """As the holder wants it."""
    return sorted(listed, key=lambda grant: places.key(grant.id))


def has_place(grant: Grant) -> bool:
    """Whether it stands among the holder's badges: accepted at some time, whatever came of it."""
    return grant.status in (Status.ACCEPTED, Status.PROCESSED) or (
        grant.status is Status.REVOKED and grant.processed_at is not None
    )
