"""A person's public badges on other sites: the widget, and the list that it reads.

The addresses and their answers are those that BadgeFed's widget knows, so that pages which have it go on working.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from badgefed.errors import Invalid
from badgefed.model.addresses import Addresses
from badgefed.model.recipient import parse_handle, profile_alias
from badgefed.model.times import format_rfc3339
from badgefed.protocol.openbadges import web_url
from badgefed.protocol.snippets import html_widget
from badgefed.store import remote_actors, showcase
from badgefed.store.database import Reader
from badgefed.store.showcase import Shown
from badgefed.web.documents import JSON, Answer, Door, answer, encode
from badgefed.web.errors import as_page
from badgefed.web.statics import MEDIA_TYPES, load_assets
from badgefed.web.templating import render, services_of
from badgefed.work.assertions import list_assertions

MAX_AGE = 60
SCRIPT_MAX_AGE = 3600
MAX_RECIPIENT = 2048
MOST = 50
FEWEST = 1
DEFAULT = 10
SCRIPT = "embed.js"
_HEADERS = {"cross-origin-resource-policy": "cross-origin", "x-robots-tag": "noindex"}


async def badges(request: Request, _wanted: str) -> Answer:
    """Public badges of a profile, newest first: Assertions, or short descriptions with another `format`."""
    parameters = request.query_params
    recipient = _read_recipient(parameters.get("recipient", ""))
    limit, is_full = (
        _read_limit(parameters.get("limit")),
        parameters.get("format", "openbadges") == "openbadges",
    )
    services = services_of(request)
    addresses = services.addresses

    async def load(reader: Reader) -> tuple[list[Shown], Sequence[bytes]]:
        names = await _names(reader, recipient)
        rows = await showcase.list_shown(reader, recipients=names, limit=limit)
        full = await list_assertions(reader, [row.grant_id for row in rows], addresses) if is_full else ()
        return rows, full

    rows, assertions = await services.database.read(load)
    if is_full:
        return answer(_collection(recipient, assertions), JSON, max_age=MAX_AGE, headers=_HEADERS)
    document = json.dumps([_simple(row, addresses) for row in rows], ensure_ascii=False)
    return answer(document.encode(), JSON, max_age=MAX_AGE, headers=_HEADERS)


def _read_recipient(text: str) -> str:
    """A profile's address or handle, plain or as base64. Raises `Invalid`.

    Never an e-mail address: nobody shall find out here whether somebody's has badges.
    """
    for candidate in (text.strip(), _decode(text)):
        if len(candidate) <= MAX_RECIPIENT and (web_url(candidate) or parse_handle(candidate)):
            return candidate
    raise Invalid("Recipient parameter is required: the address of a profile, or a handle", field="recipient")


def _decode(text: str) -> str:
    """What the base64 says; nothing for what is none."""
    try:
        return base64.b64decode(text.strip().encode(), validate=True).decode().strip()
    except (binascii.Error, ValueError):
        return ""


def _read_limit(text: str | None) -> int:
    """1 to 50; 10 for what is no number."""
    try:
        return max(FEWEST, min(int(text or DEFAULT), MOST))
    except ValueError:
        return DEFAULT


async def _names(reader: Reader, recipient: str) -> list[str]:
    """All the names that a grant may know this profile by."""
    alias = profile_alias(recipient)
    actor = await remote_actors.find_actor_by_alias(reader, alias)
    known = [actor.id, *remote_actors.aliases_of(actor)] if actor else []
    return list(dict.fromkeys([recipient, alias, *known]))


def _collection(recipient: str, assertions: Sequence[bytes]) -> bytes:
    """The stored Assertions, as they are, in one document."""
    head = encode(
        {
            "@context": "https://w3id.org/openbadges/v2",
            "type": "Collection",
            "name": f"Badges for {recipient}",
            "description": "Public badges issued to this recipient",
            "totalItems": len(assertions),
        }
    )
    return head[:-1] + b',"items":[' + b",".join(assertions) + b"]}"


def _simple(row: Shown, addresses: Addresses) -> dict[str, Any]:
    return {
        "id": row.note_uri.rpartition("/")[2],
        "title": row.badge_title,
        "description": row.badge_description,
        "image": addresses.thumbnail(row.image),
        "imageAlt": row.image_alt or row.badge_title,
        "issuedBy": row.issuer_actor_id,
        "issuerName": row.issuer_name,
        "issuedOn": format_rfc3339(row.issued_at)[:10],
        "viewUrl": row.note_uri,
        "isExternal": False,
    }


async def widget(request: Request, _wanted: str) -> Answer:
    """The script; it asks the server that it came from."""
    media_type = MEDIA_TYPES[".js"]
    return answer(load_assets().files[SCRIPT].body, media_type, max_age=SCRIPT_MAX_AGE, headers=_HEADERS)


async def about(request: Request, _wanted: str) -> Answer:
    """That it works, and where everything is."""
    services = services_of(request)
    base = services.addresses.base
    document = {
        "message": "BadgeFed Embed API is working!",
        "timestamp": format_rfc3339(services.clock()),
        "baseUrl": base,
        "endpoints": {
            "badges": f"{base}/api/embed/badges",
            "widget": f"{base}/api/embed/widget.js",
            "staticWidget": f"{base}/js/widget.js",
        },
    }
    return answer(encode(document), JSON, max_age=0, headers=_HEADERS)


@as_page
async def demo(request: Request) -> Response:
    """How to put badges on a page of one's own; with `recipient`, what that looks like."""
    recipient = request.query_params.get("recipient", "").strip()[:MAX_RECIPIENT]
    is_known = bool(web_url(recipient) or parse_handle(recipient))
    return render(
        request,
        "embed-demo.html",
        headers={"X-Robots-Tag": "noindex"},
        recipient=recipient,
        is_wrong=bool(recipient) and not is_known,
        shown=recipient if is_known else None,
        code=html_widget(recipient, script=f"{services_of(request).addresses.base}/js/widget.js"),
    )


_TABLES = ("grants", "badges", "issuers", "images", "remote_actors", "documents", "actor_aliases")

routes: list[BaseRoute] = [
    Route("/api/embed/badges", Door(badges, tables=_TABLES, by_query=True), methods=["GET"]),
    Route("/api/embed/widget.js", Door(widget, tables=()), methods=["GET"]),
    Route("/api/embed/test", Door(about, tables=()), methods=["GET"]),
    Route("/js/widget.js", Door(widget, tables=()), methods=["GET"]),
    Route("/embed/demo", demo, methods=["GET"]),
]
