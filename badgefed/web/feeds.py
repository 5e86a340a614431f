"""Feeds of public badges: of an issuer, a badge, a hashtag, a holder, and of the whole server.

What is taken back leaves its feeds, which is why nobody is told "unchanged" for a date: only the ETag decides that.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from email.utils import format_datetime

from starlette.requests import Request
from starlette.routing import BaseRoute, Route

from badgefed.errors import NotFound
from badgefed.issuing.public_profiles import load_exhibition
from badgefed.model.addresses import Addresses
from badgefed.model.times import to_datetime
from badgefed.protocol import feeds
from badgefed.protocol.feeds import ATOM, JSON_FEED, Entry, Feed
from badgefed.store import badges, issuers, showcase
from badgefed.store.database import Reader
from badgefed.store.showcase import Shown
from badgefed.texts import N_, Message, say
from badgefed.web.documents import Answer, Door, answer, encode
from badgefed.web.errors import NOT_FOUND
from badgefed.web.pages import MAX_ID
from badgefed.web.people import recipient_of
from badgefed.web.tags import BADGES, MAX_NAME
from badgefed.web.templating import services_of
from badgefed.work.templating import Tongue

ENTRIES = 40
MAX_AGE = 300
TABLES = ("grants", "badges", "issuers", "images")
_OF_HOLDERS = ("public_profiles", "held_places", "holder_identities", "remote_actors")
ENDINGS = {"atom": ATOM, "json": JSON_FEED}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subject:
    """What a feed is about: `page` is its page, `feed` the feed's address without its ending."""

    title: str
    subtitle: Message
    page: str
    feed: str
    icon: str
    created: int
    rows: list[Shown]


Find = Callable[[Reader, Addresses, Request], Awaitable[_Subject]]


async def _server(reader: Reader, addresses: Addresses, _: Request) -> _Subject:
    return _Subject(
        title=addresses.host,
        subtitle=say("Latest badges on %(host)s", host=addresses.host),
        page=f"{addresses.base}/explore",
        feed=f"{addresses.base}/feed",
        icon=f"{addresses.base}/static/current/icon.svg",
        created=0,
        rows=await showcase.list_shown(reader, limit=ENTRIES),
    )


async def _issuer(reader: Reader, addresses: Addresses, request: Request) -> _Subject:
    issuer = await issuers.find_issuer(reader, request.path_params["username"])
    if issuer is None:
        raise NotFound(NOT_FOUND)
    return _Subject(
        title=issuer.name,
        subtitle=say("Latest badges issued by %(name)s", name=issuer.name),
        page=issuer.actor_id,
        feed=f"{issuer.actor_id}/feed",
        icon=addresses.actor_image(issuer.username),
        created=issuer.created_at,
        rows=await showcase.list_shown(reader, issuer_id=issuer.id, limit=ENTRIES),
    )


async def _badge(reader: Reader, addresses: Addresses, request: Request) -> _Subject:
    badge_id: int = request.path_params["badge_id"]
    badge = await badges.find_badge(reader, badge_id) if badge_id <= MAX_ID else None
    if badge is None:
        raise NotFound(NOT_FOUND)
    return _Subject(
        title=badge.title,
        subtitle=say("Who was granted %(title)s", title=badge.title),
        page=addresses.badge_page(badge.id),
        feed=f"{addresses.badge_page(badge.id)}/feed",
        icon=addresses.badge_image(badge.id),
        created=badge.created_at,
        rows=await showcase.list_shown(reader, badge_id=badge.id, limit=ENTRIES),
    )


async def _tag(reader: Reader, addresses: Addresses, request: Request) -> _Subject:
    name: str = request.path_params["name"]
    found = await badges.list_badges_with_hashtag(reader, name, limit=BADGES) if len(name) <= MAX_NAME else []
    if not found:
        raise NotFound(NOT_FOUND)
    return _Subject(
        title=f"#{name}",
        subtitle=say("Latest badges with #%(name)s on %(host)s", name=name, host=addresses.host),
        page=addresses.hashtag(name),
        feed=f"{addresses.hashtag(name)}/feed",
        icon=f"{addresses.base}/static/current/icon.svg",
        created=min(badge.created_at for badge in found),
        rows=await showcase.list_shown(reader, badge_ids=[badge.id for badge in found], limit=ENTRIES),
    )


async def _holder(reader: Reader, addresses: Addresses, request: Request) -> _Subject:
    shown = await load_exhibition(reader, request.path_params["handle"])
    if shown is None:
        raise NotFound(NOT_FOUND)
    page = addresses.public_profile(shown.profile.handle)
    newest = sorted(shown.badges, key=lambda row: (row.processed_at, row.grant_id), reverse=True)
    return _Subject(
        title=shown.profile.name,
        subtitle=say("Badges of %(name)s", name=shown.profile.name),
        page=page,
        feed=f"{page}/feed",
        icon=f"{addresses.base}/static/current/icon.svg",
        created=shown.profile.created_at,
        rows=newest[:ENTRIES],
    )


def _entry(row: Shown, addresses: Addresses, tongue: Tongue) -> Entry:
    who = recipient_of(row, None).label or tongue.translate(N_("Somebody"))
    told = say(
        "%(issuer)s awarded %(title)s to %(who)s.", issuer=row.issuer_name, title=row.badge_title, who=who
    )
    return Entry(
        id=row.note_uri,
        title=f"{who}: {row.badge_title}",
        text=f"{tongue.tell(told)} {row.badge_description}",
        image=addresses.image(row.image),
        author=row.issuer_name,
        author_url=row.issuer_actor_id,
        published=row.processed_at,
    )


async def _answer(request: Request, find: Find, ending: str) -> Answer:
    services = services_of(request)
    addresses, tongue = services.addresses, services.templates.tongue()
    subject = await services.database.read(lambda reader: find(reader, addresses, request))
    feed = Feed(
        title=subject.title,
        subtitle=tongue.tell(subject.subtitle),
        url=f"{subject.feed}.{ending}",
        page=subject.page,
        icon=subject.icon,
        language=tongue.tag,
        entries=tuple(_entry(row, addresses, tongue) for row in subject.rows),
        created=subject.created,
    )
    body = feeds.atom(feed) if ending == "atom" else encode(feeds.json_feed(feed))
    changed = format_datetime(to_datetime(feed.updated).replace(microsecond=0), usegmt=True)
    made = answer(body, f"{ENDINGS[ending]}; charset=utf-8", max_age=MAX_AGE)
    return replace(made, headers=(*made.headers, (b"last-modified", changed.encode())))


def _routes(path: str, find: Find, *, tables: tuple[str, ...] = TABLES) -> list[BaseRoute]:
    """The feed in both formats."""

    async def atom(request: Request, _wanted: str) -> Answer:
        return await _answer(request, find, "atom")

    async def json_feed(request: Request, _wanted: str) -> Answer:
        return await _answer(request, find, "json")

    return [
        Route(f"{path}.atom", Door(atom, tables=tables), methods=["GET"]),
        Route(f"{path}.json", Door(json_feed, tables=tables), methods=["GET"]),
    ]


routes: list[BaseRoute] = [
    *_routes("/feed", _server),
    *_routes("/actor/{username}/feed", _issuer),
    *_routes("/badge/{badge_id:int}/feed", _badge),
    *_routes("/tags/{name}/feed", _tag),
    *_routes("/u/{handle}/feed", _holder, tables=(*TABLES, *_OF_HOLDERS)),
]
