"""What anybody may look at: the front page, an issuer, a badge, and a badge that somebody was granted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from badgefed.errors import Gone, NotFound, Unavailable
from badgefed.model.actor import RemoteActor
from badgefed.model.badge import Badge
from badgefed.model.grant import Grant, Presence, presence
from badgefed.model.image import Image
from badgefed.model.issuer import Issuer
from badgefed.model.visibility import Surface, Visibility
from badgefed.protocol.html import sanitise
from badgefed.protocol.linkedin import add_to_profile_url
from badgefed.protocol.openbadges import web_url
from badgefed.protocol.qr import qr_svg
from badgefed.store import badges, images, interactions, issuers, organizations, remote_actors, showcase
from badgefed.store.database import Reader
from badgefed.store.interactions import Interaction, InteractionKind
from badgefed.store.showcase import Shown
from badgefed.verification.results import Verification
from badgefed.verification.verify import verify
from badgefed.web.errors import NOT_FOUND, as_page
from badgefed.web.paging import page_of, read_place
from badgefed.web.people import Person, person_of, recipient_of
from badgefed.web.remote_interaction import interaction_token
from badgefed.web.share_cards import badge_card
from badgefed.web.sharing import sharing_of
from badgefed.web.templating import render, services_of
from badgefed.work.services import Services

LATEST = 12
PICTURES = 3
RECIPIENTS = 50
BADGES = 60
ISSUERS = 60
RESPONSES = 50
MAX_ID = 2**63 - 1
NO_INDEX = {"X-Robots-Tag": "noindex"}
PATIENCE = 0.2
"""Seconds for which a page waits for the verifier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo:
    """What somebody on another server did with a badge: `content` is a reply's safe HTML or a reaction's emoji."""

    kind: InteractionKind
    person: Person
    content: str | Markup
    url: str | None
    created_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Award:
    """What the page of a granted badge is made from."""

    badge: Badge
    issuer: Issuer
    image: Image
    actor: RemoteActor | None
    counts: Mapping[InteractionKind, int]
    echoes: tuple[Echo, ...]


@as_page
async def front_page(request: Request) -> Response:
    """What this server is, who issues badges on it, and the latest ones."""

    async def load(reader: Reader) -> dict[str, Any]:
        latest = await showcase.list_shown(reader, limit=LATEST)
        return {
            "issuers": await showcase.list_issuer_cards(reader, limit=ISSUERS),
            "latest": named(latest),
            "pictures": list(dict.fromkeys(row.image for row in latest))[:PICTURES],
        }

    return render(request, "front.html", **await services_of(request).database.read(load))


def named(rows: Sequence[Shown]) -> list[tuple[Shown, Person]]:
    """Granted badges of a list, each with whom it was granted to."""
    return [(row, recipient_of(row, None)) for row in rows]


async def issuer_page(request: Request, issuer: Issuer) -> Response:
    """The page at an actor's id."""

    async def load(reader: Reader) -> dict[str, Any]:
        latest = await showcase.list_shown(reader, issuer_id=issuer.id, limit=LATEST)
        return {
            "organization": await organizations.get_organization(reader, issuer.organization_id),
            "badges": await showcase.list_badge_cards(reader, issuer.id, limit=BADGES),
            "latest": named(latest),
        }

    context = await services_of(request).database.read(load)
    return render(
        request,
        "issuer.html",
        issuer=issuer,
        website=web_url(issuer.url),
        follow_token=interaction_token(
            services_of(request), services_of(request).addresses.follow(issuer.username)
        ),
        **context,
    )


async def badge_page(request: Request, badge: Badge) -> Response:
    """The page of a badge's definition."""

    async def load(reader: Reader) -> dict[str, Any]:
        shown = await showcase.list_shown(
            reader, badge_id=badge.id, limit=RECIPIENTS + 1, before=read_place(request)
        )
        page = page_of(shown, RECIPIENTS, request.url.path, "place")
        return {
            "issuer": await issuers.get_issuer(reader, badge.issuer_id),
            "image": await images.get_image(reader, badge.image_id),
            "recipients": named(page.rows),
            "next": page.next,
        }

    services = services_of(request)
    context = await services.database.read(load)
    card = badge_card(badge, context["issuer"], context["image"], services.addresses)
    return render(
        request, "badge.html", badge=badge, card=card.digest, more_info=web_url(badge.info_uri), **context
    )


@as_page
async def badge_by_id(request: Request) -> Response:
    badge_id = request.path_params["badge_id"]
    badge = None
    if badge_id <= MAX_ID:
        badge = await badges.find_badge(services_of(request).database, badge_id)
    if badge is None:
        raise NotFound(NOT_FOUND)
    return await badge_page(request, badge)


async def grant_page(request: Request, grant: Grant) -> Response:
    """The page at a Note's id. Raises `Gone` for a revoked grant, `NotFound` for one that strangers may not know of."""
    there = presence(grant, Surface.LINK)
    if there is Presence.WITHDRAWN:
        raise Gone("This badge was taken back by its issuer.")
    if there is Presence.HIDDEN:
        raise NotFound(NOT_FOUND)
    services = services_of(request)
    award = await services.database.read(lambda reader: _load_award(reader, grant))
    recipient = recipient_of(grant, award.actor)
    card = badge_card(award.badge, award.issuer, award.image, services.addresses, recipient=recipient)
    listed = grant.visibility is Visibility.PUBLIC
    checked, qr = await _check_now(services, grant), qr_svg(services.addresses.verify(grant.code))
    return render(
        request,
        "grant.html",
        headers={} if listed else NO_INDEX,
        grant=grant,
        badge=award.badge,
        issuer=award.issuer,
        image=award.image,
        card=card.digest,
        recipient=recipient,
        checked=checked,
        qr=Markup(qr),  # noqa: S704 - drawn here
        sharing=sharing_of(services, grant, award.badge, award.issuer),
        linkedin_url=add_to_profile_url(
            grant, award.badge, award.issuer, url=services.addresses.award_page(grant.uuid)
        ),
        counts=award.counts,
        echoes=award.echoes,
        is_listed=listed,
        is_expired=grant.expires_at is not None and grant.expires_at <= services.clock(),
        more_info=web_url(award.badge.info_uri),
    )


async def _check_now(services: Services, grant: Grant) -> Verification | None:
    """What the verifier finds at this moment; None while others, who may wait for foreign servers, keep it busy."""
    try:
        return await verify(services, grant.code, patience=PATIENCE)
    except Unavailable:
        return None


async def _load_award(reader: Reader, grant: Grant) -> _Award:
    badge = await badges.get_granted_badge(reader, grant)
    counts = await interactions.count_interactions(reader, grant.id)
    return _Award(
        badge=badge,
        issuer=await issuers.get_issuer(reader, grant.issuer_id),
        image=await images.get_image(reader, badge.image_id),
        actor=await remote_actors.find_actor(reader, grant.actor_id) if grant.actor_id else None,
        counts=counts,
        echoes=await _load_echoes(reader, grant.id) if any(counts.values()) else (),
    )


async def _load_echoes(reader: Reader, grant_id: int) -> tuple[Echo, ...]:
    found: list[Interaction] = []
    for kind in InteractionKind:
        found += await interactions.list_interactions(reader, grant_id, kind, limit=RESPONSES)
    actors = await remote_actors.find_actors(reader, [one.actor_id for one in found])
    return tuple(
        Echo(
            kind=one.kind,
            person=person_of(one.actor_id, actors),
            content=_content(one),
            url=web_url(one.url),
            created_at=one.created_at,
        )
        for one in found
    )


def _content(interaction: Interaction) -> str | Markup:
    """Sanitised here as well, where it matters, whatever the store holds."""
    content = interaction.content or ""
    return Markup(sanitise(content)) if interaction.kind is InteractionKind.REPLY else content  # noqa: S704


routes: list[BaseRoute] = [
    Route("/", front_page),
    Route("/badge/{badge_id:int}", badge_by_id),
]
