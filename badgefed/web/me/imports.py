"""Badges from elsewhere: bringing one along, what was found of it, checking it again, removing it."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from badgefed.errors import BadgefedError, Invalid
from badgefed.issuing import external_badges as use_cases
from badgefed.protocol.raster import UPLOAD_BYTES
from badgefed.store import external_badges
from badgefed.store.external_badges import ExternalBadge
from badgefed.texts import unpack
from badgefed.web.forms import Form, read_form, read_upload_form
from badgefed.web.me.pages import collection_page
from badgefed.web.me.shelf import bring
from badgefed.web.me.visits import (
    HOME,
    Visit,
    check_visit_form,
    count_holder,
    limits_of,
    redirect,
    signed_in,
    visit_token,
)
from badgefed.web.recipients import HEADERS, lost
from badgefed.web.templating import render, services_of

FIELD = "badge"
FILE = "file"
MAX_FORM = UPLOAD_BYTES + 1_000_000
TOKEN_TYPE = "text/plain"  # noqa: S105 - a media type
DOCUMENT_TYPE = "application/ld+json"


@signed_in
async def import_badge(request: Request, visit: Visit) -> Response:
    """Verifies what the form brings and keeps it, or says at its field why not."""
    services = services_of(request)
    typed, field = "", FIELD
    try:
        form = await read_upload_form(request, max_bytes=MAX_FORM)
        check_visit_form(request, visit, form.fields)
        typed = form.fields.get(FIELD, "")
        field = FILE if form.files.get(FILE) and not typed else FIELD
        presented = _choose(form)
        count_holder(visit, limits_of(request).imported)
        uuid = await use_cases.import_badge(services, visit.holder, presented)
    except BadgefedError as error:
        return await collection_page(request, visit, field=field, typed=typed, error=error)
    return redirect(f"{HOME}/imported/{uuid}")


def _choose(form: Form) -> bytes | str:
    text, file = form.fields.get(FIELD, ""), form.files.get(FILE, b"")
    if text and file:
        raise Invalid("Give either a text or a file, not both.", field=FIELD)
    if not text and not file:
        raise Invalid("Give a link, the text of a badge, or a file.", field=FIELD)
    return file or text


@signed_in
async def show_badge(request: Request, visit: Visit) -> Response:
    """What was found of it when it was last verified."""
    badge = await _find(request, visit)
    return lost(request) if badge is None else _badge_page(request, visit, badge)


async def _find(request: Request, visit: Visit) -> ExternalBadge | None:
    database = services_of(request).database
    return await external_badges.find_badge(database, visit.holder.id, request.path_params["uuid"])


def _badge_page(
    request: Request, visit: Visit, badge: ExternalBadge, error: BadgefedError | None = None
) -> Response:
    return render(
        request,
        "me/imported.html",
        status=error.status if error else 200,
        headers=HEADERS,
        token=visit_token(services_of(request), visit),
        badge=bring(badge),
        source=badge.source,
        is_token=badge.is_token,
        shown=badge.result["badge"],
        checks=_checks(badge),
        wrong=error,
    )


def _checks(badge: ExternalBadge) -> list[dict[str, Any]]:
    """The stored checks with their sentences as messages; those that were stored without are in English."""
    checks: list[dict[str, Any]] = badge.result["checks"]
    sentences = badge.result.get("sentences")
    if sentences is None:
        return checks
    return [
        {**check, "sentence": unpack(sentence)} for check, sentence in zip(checks, sentences, strict=True)
    ]


@signed_in
async def check_badge(request: Request, visit: Visit) -> Response:
    """Verifies it anew."""
    check_visit_form(request, visit, await read_form(request))
    badge = await _find(request, visit)
    if badge is None:
        return lost(request)
    try:
        count_holder(visit, limits_of(request).imported)
        await use_cases.check_again(services_of(request), visit.holder, badge)
    except BadgefedError as error:
        return _badge_page(request, visit, badge, error)
    return redirect(f"{HOME}/imported/{badge.uuid}")


@signed_in
async def show_publicly(request: Request, visit: Visit) -> Response:
    """Puts it on the public profile, or takes it off."""
    form = await read_form(request)
    check_visit_form(request, visit, form)
    uuid, is_shown = request.path_params["uuid"], form.get("shown") == "1"
    await services_of(request).database.write(
        lambda tx: external_badges.set_shown(tx, visit.holder.id, uuid, is_shown=is_shown)
    )
    return redirect(f"{HOME}/imported/{uuid}")


@signed_in
async def remove_badge(request: Request, visit: Visit) -> Response:
    """Twice is as good as once."""
    check_visit_form(request, visit, await read_form(request))
    uuid = request.path_params["uuid"]
    await services_of(request).database.write(lambda tx: use_cases.remove(tx, visit.holder.id, uuid))
    return redirect(f"{HOME}?notice=removed")


@signed_in
async def download_document(request: Request, visit: Visit) -> Response:
    """The badge as it was imported."""
    badge = await _find(request, visit)
    if badge is None:
        return lost(request)
    document = await external_badges.find_document(services_of(request).database, badge.id)
    if document is None:
        return lost(request)
    ending = "jwt" if badge.is_token else "json"
    return Response(
        document,
        headers={**HEADERS, "Content-Disposition": f'attachment; filename="badge-{badge.uuid}.{ending}"'},
        media_type=TOKEN_TYPE if badge.is_token else DOCUMENT_TYPE,
    )


routes: list[BaseRoute] = [
    Route("/me/imported", import_badge, methods=["POST"]),
    Route("/me/imported/{uuid}", show_badge),
    Route("/me/imported/{uuid}/check", check_badge, methods=["POST"]),
    Route("/me/imported/{uuid}/show", show_publicly, methods=["POST"]),
    Route("/me/imported/{uuid}/remove", remove_badge, methods=["POST"]),
    Route("/me/imported/{uuid}/document", download_document),
]
