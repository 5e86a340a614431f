"""What ActivityPub servers fetch: actors, Notes, their Create activities, and the collections of an actor."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from badgefed.errors import Gone, Invalid, NotFound
from badgefed.model.addresses import Addresses
from badgefed.model.grant import Grant, Presence, presence
from badgefed.model.issuer import Issuer
from badgefed.model.visibility import Surface, Visibility
from badgefed.protocol import activities
from badgefed.protocol.actors import tombstone
from badgefed.protocol.collections import inline_collection, ordered_collection, ordered_page
from badgefed.store import activities as sent
from badgefed.store import documents, followers, former_notes, grants, issuers, quotes
from badgefed.store.database import Reader
from badgefed.store.documents import DocumentKind, ListedNote
from badgefed.store.former_notes import FormerNote
from badgefed.web import pages
from badgefed.web.documents import (
    ACTIVITY,
    Answer,
    Door,
    activity_or_page,
    answer,
    json_answer,
    redirect,
)
from badgefed.web.templating import services_of
from badgefed.work.actor_documents import instance_document, issuer_document

MAX_AGE = 60
NOTES_PER_PAGE = 10
FOLLOWERS_PER_PAGE = 50
FEATURED_NOTES = 10
NOT_FOUND = "There is nothing here."

_PLACE = re.compile(r"([0-9]{1,18})-([0-9]{1,18})")
_NUMBER = re.compile(r"[0-9]{1,18}")


async def instance(request: Request, _wanted: str) -> Answer:
    """The actor that signs our GETs; open to everybody, or nobody could verify them."""
    services = services_of(request)
    document = await services.database.read(lambda reader: instance_document(reader, services.addresses))
    return json_answer(document, ACTIVITY, max_age=MAX_AGE)


async def instance_page(request: Request) -> Response:
    return RedirectResponse(f"{services_of(request).addresses.base}/", 302)


async def instance_outbox(request: Request, _wanted: str) -> Answer:
    collection = inline_collection(f"{services_of(request).addresses.instance_actor}/outbox", [])
    return json_answer(collection, ACTIVITY, max_age=MAX_AGE)


async def actor(request: Request, _wanted: str) -> Answer:
    """An issuer; a Tombstone once it was deleted; under another spelling of its name, the way to it."""
    services, path = services_of(request), request.scope["path"]
    username = request.path_params["username"]
    return await services.database.read(lambda reader: _actor(reader, path, username, services.addresses))


async def _actor(reader: Reader, path: str, username: str, addresses: Addresses) -> Answer:
    issuer = await _issuer(reader, username)
    if urlsplit(issuer.actor_id).path != path:
        return redirect(issuer.actor_id, status=301)
    deleted = await issuers.deleted_at(reader, username)
    if deleted is not None:
        return _tombstone(issuer.actor_id, str(issuer.actor_type), deleted)
    return json_answer(await issuer_document(reader, issuer, addresses), ACTIVITY, max_age=MAX_AGE)


async def _issuer(reader: Reader, username: str) -> Issuer:
    issuer = await issuers.find_issuer(reader, username, with_deleted=True)
    if issuer is None:
        raise NotFound(NOT_FOUND)
    return issuer


async def actor_page(request: Request) -> Response:
    username = request.path_params["username"]
    database = services_of(request).database
    issuer = await _issuer(database, username)
    if urlsplit(issuer.actor_id).path != request.scope["path"]:
        return RedirectResponse(issuer.actor_id, 301)
    if await issuers.deleted_at(database, username) is not None:
        raise Gone("This issuer has left.")
    return await pages.issuer_page(request, issuer)


async def _owner(reader: Reader, request: Request) -> Issuer:
    """The issuer whose collection this is. Raises `Gone` once it was deleted, `NotFound` under other spellings too."""
    username = request.path_params["username"]
    issuer = await _issuer(reader, username)
    if issuer.username != username:
        raise NotFound(NOT_FOUND)
    if await issuers.deleted_at(reader, username) is not None:
        raise Gone("This issuer has left.")
    return issuer


async def note(request: Request, _wanted: str) -> Answer:
    """The stored Note of a grant, or the Tombstone of a revoked one. Direct messages are for their recipient alone: 404."""

    async def load(reader: Reader) -> Answer:
        grant = await _find_grant(reader, request, "")
        if grant is None:
            former = await _former(reader, request, "")
            return _tombstone(former.note_uri, "Note", former.withdrawn_at)
        if presence(grant, Surface.LINK) is Presence.WITHDRAWN:
            return _tombstone(grant.note_uri, "Note", _withdrawn_at(grant))
        document = await documents.find_document(reader, grant.id, DocumentKind.NOTE)
        if document is None:
            raise NotFound(NOT_FOUND)
        return answer(document.body, ACTIVITY, max_age=MAX_AGE)

    return await services_of(request).database.read(load)


async def note_page(request: Request) -> Response:
    """The page of the badge; at an address that its Note had before, the way to it."""
    database = services_of(request).database
    grant = await _find_grant(database, request, "")
    if grant is None:
        former = await _former(database, request, "")
        present = await grants.find_grant(database, former.grant_id)
        if present is None or presence(present, Surface.LINK) is not Presence.SHOWN:
            raise Gone("This badge is not shown any more.")
        return RedirectResponse(present.note_uri, 302)
    if presence(grant, Surface.LINK) is Presence.WITHDRAWN:
        raise Gone("This badge has been revoked.")
    return await pages.grant_page(request, grant)


async def create(request: Request, _wanted: str) -> Answer:
    """The stored Create of a Note."""

    async def load(reader: Reader) -> Answer:
        grant = await _find_grant(reader, request, "/activity")
        if grant is None:
            former = await _former(reader, request, "/activity")
            return _tombstone(f"{former.note_uri}/activity", "Create", former.withdrawn_at)
        uri = f"{grant.note_uri}/activity"
        if presence(grant, Surface.LINK) is Presence.WITHDRAWN:
            return _tombstone(uri, "Create", _withdrawn_at(grant))
        activity = await sent.find_activity(reader, uri)
        if activity is None:
            raise NotFound(NOT_FOUND)
        return answer(activity.body, ACTIVITY, max_age=MAX_AGE)

    return await services_of(request).database.read(load)


async def quote(request: Request, _wanted: str) -> Answer:
    """The proof that somebody's Note may quote a public badge's (FEP-044f); a Tombstone once the badge is revoked."""
    addresses = services_of(request).addresses

    async def load(reader: Reader) -> Answer:
        found = await quotes.find_quote(reader, request.path_params["uuid"])
        grant = await grants.find_grant(reader, found.grant_id) if found else None
        if found is None or grant is None or grant.visibility is not Visibility.PUBLIC:
            raise NotFound(NOT_FOUND)
        issuer = await issuers.get_issuer(reader, grant.issuer_id)
        uri = addresses.quote(issuer.actor_id, found.uuid)
        if urlsplit(uri).path != request.scope["path"]:
            raise NotFound(NOT_FOUND)
        if presence(grant, Surface.LINK) is Presence.WITHDRAWN:
            return _tombstone(uri, "QuoteAuthorization", _withdrawn_at(grant))
        document = activities.quote_authorization(
            uri, issuer=issuer.actor_id, quoting=found.note_uri, quoted=grant.note_uri
        )
        return json_answer(document, ACTIVITY, max_age=MAX_AGE)

    return await services_of(request).database.read(load)


async def _find_grant(reader: Reader, request: Request, below: str) -> Grant | None:
    """The grant whose Note is at this path, `below` taken off it, if a stranger may know of it."""
    grant = await grants.find_grant_by_note_id(reader, request.path_params["note_id"])
    if grant is None or not _is_at(request, grant.note_uri, below):
        return None
    return None if presence(grant, Surface.LINK) is Presence.HIDDEN else grant


async def _former(reader: Reader, request: Request, below: str) -> FormerNote:
    """What was at this path before. Raises `NotFound`."""
    former = await former_notes.find_former_note(reader, request.path_params["note_id"])
    if former is None or not _is_at(request, former.note_uri, below):
        raise NotFound(NOT_FOUND)
    return former


def _is_at(request: Request, note_uri: str, below: str) -> bool:
    return bool(urlsplit(note_uri).path + below == request.scope["path"])


def _withdrawn_at(grant: Grant) -> int:
    return grant.closed_at if grant.closed_at is not None else grant.issued_at


def _tombstone(object_id: str, former_type: str, deleted: int) -> Answer:
    document = tombstone(object_id, former_type=former_type, deleted=deleted)
    return json_answer(document, ACTIVITY, max_age=MAX_AGE, status=410)


async def outbox(request: Request, _wanted: str) -> Answer:
    """Create activities of public badges, the last published first; a page's place in the order doesn't move."""
    is_page, before = _page(request)

    async def load(reader: Reader) -> Mapping[str, Any]:
        issuer = await _owner(reader, request)
        uri = f"{issuer.actor_id}/outbox"
        total = await grants.count_listed_grants(reader, issuer.id)
        if not is_page:
            return ordered_collection(uri, total=total, first=_page_uri(uri))
        place = _read_place(before)
        listed = await documents.list_notes(reader, issuer.id, before=place, limit=NOTES_PER_PAGE + 1)
        shown = listed[:NOTES_PER_PAGE]
        more = f"{shown[-1].processed_at}-{shown[-1].grant_id}" if len(listed) > len(shown) else None
        return ordered_page(
            _page_uri(uri, before),
            part_of=uri,
            total=total,
            items=[_create(item) for item in shown],
            next_page=_page_uri(uri, more) if more else None,
        )

    document = await services_of(request).database.read(load)
    return json_answer(document, ACTIVITY, max_age=MAX_AGE)


def _create(listed: ListedNote) -> dict[str, Any]:
    document = json.loads(listed.body)
    return activities.create(f"{document['id']}/activity", document)


async def featured(request: Request, _wanted: str) -> Answer:
    """The newest public Notes, all in one document."""

    async def load(reader: Reader) -> Mapping[str, Any]:
        issuer = await _owner(reader, request)
        listed = await documents.list_notes(reader, issuer.id, limit=FEATURED_NOTES)
        return inline_collection(f"{issuer.actor_id}/featured", [json.loads(item.body) for item in listed])

    document = await services_of(request).database.read(load)
    return json_answer(document, ACTIVITY, max_age=MAX_AGE)


async def follower_list(request: Request, _wanted: str) -> Answer:
    """Ids of those who follow, the newest first."""
    is_page, before = _page(request)

    async def load(reader: Reader) -> Mapping[str, Any]:
        issuer = await _owner(reader, request)
        uri = f"{issuer.actor_id}/followers"
        total = await followers.count_followers(reader, issuer.id)
        if not is_page:
            return ordered_collection(uri, total=total, first=_page_uri(uri))
        listed = await followers.list_followers(
            reader, issuer.id, before=_read_number(before), limit=FOLLOWERS_PER_PAGE + 1
        )
        shown = listed[:FOLLOWERS_PER_PAGE]
        more = str(shown[-1].id) if len(listed) > len(shown) else None
        return ordered_page(
            _page_uri(uri, before),
            part_of=uri,
            total=total,
            items=[follower.actor_id for follower in shown],
            next_page=_page_uri(uri, more) if more else None,
        )

    document = await services_of(request).database.read(load)
    return json_answer(document, ACTIVITY, max_age=MAX_AGE)


async def following(request: Request, _wanted: str) -> Answer:
    """Issuers follow nobody."""
    is_page, _ = _page(request)
    issuer = await services_of(request).database.read(lambda reader: _owner(reader, request))
    uri = f"{issuer.actor_id}/following"
    if is_page:
        document = ordered_page(_page_uri(uri), part_of=uri, total=0, items=[])
    else:
        document = ordered_collection(uri, total=0, first=_page_uri(uri))
    return json_answer(document, ACTIVITY, max_age=MAX_AGE)


def _page(request: Request) -> tuple[bool, str | None]:
    """Whether a page of the collection is wanted, and after which place in the order it begins."""
    parameters = request.query_params
    return parameters.get("page") == "true", parameters.get("before")


def _page_uri(collection: str, before: str | None = None) -> str:
    return f"{collection}?page=true" + (f"&before={before}" if before is not None else "")


def _read_place(before: str | None) -> tuple[int, int] | None:
    if before is None:
        return None
    match = _PLACE.fullmatch(before)
    if match is None:
        raise Invalid("before must be as in a page's next", field="before")
    return int(match[1]), int(match[2])


def _read_number(before: str | None) -> int | None:
    if before is None:
        return None
    if not _NUMBER.fullmatch(before):
        raise Invalid("before must be as in a page's next", field="before")
    return int(before)


_ACTOR = ("issuers", "signing_keys")
_NOTES = ("issuers", "grants", "documents")

routes: list[BaseRoute] = [
    Route(
        "/actor",
        Door(instance, page=instance_page, choose=activity_or_page, tables=_ACTOR),
        methods=["GET"],
    ),
    Route("/actor/outbox", Door(instance_outbox, tables=()), methods=["GET"]),
    Route(
        "/actor/{username}",
        Door(actor, page=actor_page, choose=activity_or_page, tables=_ACTOR),
        methods=["GET"],
    ),
    Route(
        "/actor/{username}/statuses/{note_id}",
        Door(note, page=note_page, choose=activity_or_page, tables=("grants", "documents")),
        methods=["GET"],
    ),
    Route("/actor/{username}/outbox", Door(outbox, tables=_NOTES, by_query=True), methods=["GET"]),
    Route(
        "/actor/{username}/followers",
        Door(follower_list, tables=("issuers", "followers"), by_query=True),
        methods=["GET"],
    ),
    Route(
        "/actor/{username}/following", Door(following, tables=("issuers",), by_query=True), methods=["GET"]
    ),
    Route("/actor/{username}/featured", Door(featured, tables=_NOTES), methods=["GET"]),
    Route(
        "/actor/{username}/statuses/{note_id}/activity",
        Door(create, tables=("grants",)),
        methods=["GET"],
    ),
    Route(
        "/actor/{username}/quotes/{uuid}",
        Door(quote, tables=("issuers", "grants", "quotes")),
        methods=["GET"],
    ),
]
