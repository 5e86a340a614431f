"""Writing a badge: the form for a new one and for the next version of one, with a preview of its page and its post."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from badgefed.errors import BadgefedError, Conflict, Forbidden, Invalid, TooLarge
from badgefed.issuing import badges as issuing
from badgefed.model.badge import Badge, BadgeType
from badgefed.model.image import SVG
from badgefed.model.issuer import Issuer
from badgefed.model.organization import Permission
from badgefed.protocol.badge_art import draw_badge
from badgefed.store import images, issuers
from badgefed.store.database import Reader, Transaction
from badgefed.web.console.access import (
    Desk,
    for_member,
    redirect,
    render_console,
)
from badgefed.web.console.badge_forms import (
    EMPTY,
    MAX_FIELDS,
    MAX_FORM,
    Typed,
    read_content,
    read_new,
    typed_from,
    typed_of,
)
from badgefed.web.console.badge_previews import Preview, draft, make_preview
from badgefed.web.console.badges import BADGE, BADGES, find_own_badge
from badgefed.web.console.once import make_once, new_form_id, read_form_id
from badgefed.web.console.pictures import KEPT, check_picture, kept_picture, read_picture_form
from badgefed.web.forms import Form
from badgefed.web.templating import services_of

_SHOWN = (Invalid, Conflict, Forbidden, TooLarge)
_SVG_HEADERS = {
    "Cache-Control": "private, max-age=300",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sheet:
    """What a form is about: the issuers to choose from, and the badge that it changes, with its picture's SHA-256."""

    issuers: tuple[Issuer, ...]
    badge: Badge | None = None
    image: str = ""

    def issuer(self, uuid: str) -> Issuer:
        """The badge's own, else the one that was chosen. Raises `Invalid` for none of them."""
        wanted = [one for one in self.issuers if self.badge or one.uuid == uuid]
        if not wanted:
            raise Invalid("Choose the issuer that grants this badge.", field="issuer")
        return wanted[0]


async def _open_sheet(request: Request, desk: Desk, badge: Badge | None) -> _Sheet:
    async def load(reader: Reader) -> _Sheet:
        if badge is not None:
            image = await images.get_image(reader, badge.image_id)
            own = await issuers.get_issuer(reader, badge.issuer_id)
            return _Sheet(issuers=(own,), badge=badge, image=image.sha256)
        found = await issuers.list_issuers(reader, organization_id=desk.organization.id)
        return _Sheet(issuers=tuple(one for one in found if one.is_verified))

    return await services_of(request).database.read(load)


async def _read_sheet_form(request: Request, desk: Desk) -> Form:
    return await read_picture_form(request, desk, max_bytes=MAX_FORM, max_fields=MAX_FIELDS)


@for_member(Permission.ISSUE)
async def show_new_badge(request: Request, desk: Desk) -> Response:
    """The empty form; without a verified issuer, what to do first."""
    return _form_page(
        request, desk, await _open_sheet(request, desk, None), EMPTY, mark=new_form_id(services_of(request))
    )


@for_member(Permission.EDIT)
async def show_badge_form(request: Request, desk: Desk) -> Response:
    """The form with the badge as it is."""
    badge = await find_own_badge(request, desk)
    sheet = await _open_sheet(request, desk, badge)
    return _form_page(request, desk, sheet, typed_of(badge), mark=str(badge.version))


def _form_page(
    request: Request,
    desk: Desk,
    sheet: _Sheet,
    typed: Typed,
    *,
    mark: str,
    preview: Preview | None = None,
    issuer: Issuer | None = None,
    error: BadgefedError | None = None,
) -> Response:
    """`mark` is that of a new badge's form, or the version that an edit starts from."""
    return render_console(
        request,
        "console/badge-form.html",
        desk.visit,
        desk=desk,
        error=error,
        wrong=(error.field or "") if isinstance(error, Invalid) else "",
        sheet=sheet,
        typed=typed,
        mark=mark,
        kinds=list(BadgeType),
        most={"title": issuing.MAX_TITLE, "text": issuing.MAX_TEXT},
        preview=preview,
        issuer=issuer,
    )


@for_member(Permission.ISSUE)
async def create_badge(request: Request, desk: Desk) -> Response:
    """The form that comes again leads to the badge that it made."""
    services = services_of(request)
    form = await _read_sheet_form(request, desk)
    sheet, mark = await _open_sheet(request, desk, None), read_form_id(form.fields)
    by, now = desk.visit.author, services.clock()
    try:
        issuer = sheet.issuer(form.fields.get("issuer", ""))
        await check_picture(form)
        prepared = await issuing.prepare_badge(issuer, read_new(form))

        async def make(tx: Transaction) -> str:
            return (await issuing.add_badge(tx, issuer, prepared, by=by, now=now)).uuid

        made = await services.database.write(lambda tx: make_once(tx, desk, mark, make, now=now))
    except _SHOWN as error:
        return _form_page(request, desk, sheet, typed_from(form.fields), mark=mark, error=error)
    return redirect(f"{desk.root}/badges/{made.name}?done=created")


@for_member(Permission.EDIT)
async def edit_badge(request: Request, desk: Desk) -> Response:
    """The next version, made from the one that the form showed. The form that comes again changes nothing."""
    badge = await find_own_badge(request, desk)
    form, sheet = await _read_sheet_form(request, desk), await _open_sheet(request, desk, badge)
    mark = form.fields.get("version", "")
    page = f"{desk.root}/badges/{badge.uuid}"
    try:
        changes = read_content(form)
        await check_picture(form)
        if mark != str(badge.version):
            if issuing.says_the_same(badge, {**changes, "image": None}):
                return redirect(page)
            raise Conflict(
                "Somebody else has edited this badge meanwhile. Open it again to see what changed."
            )
        await issuing.edit_badge(
            services_of(request),
            badge=badge,
            issuer=sheet.issuers[0],
            changes=changes,
            draws_picture="draw" in form.fields,
            by=desk.visit.author,
        )
    except _SHOWN as error:
        return _form_page(request, desk, sheet, typed_from(form.fields), mark=mark, error=error)
    return redirect(f"{page}?done=changed")


@for_member(Permission.ISSUE)
async def preview_new_badge(request: Request, desk: Desk) -> Response:
    """The form again with its preview; with `?part` the preview alone, for the script."""
    form = await _read_sheet_form(request, desk)
    sheet = await _open_sheet(request, desk, None)
    return await _preview_page(request, desk, sheet, form, mark=read_form_id(form.fields))


@for_member(Permission.EDIT)
async def preview_badge(request: Request, desk: Desk) -> Response:
    """As `preview_new_badge`, for an edit."""
    form = await _read_sheet_form(request, desk)
    sheet = await _open_sheet(request, desk, await find_own_badge(request, desk))
    return await _preview_page(request, desk, sheet, form, mark=form.fields.get("version", ""))


async def _preview_page(request: Request, desk: Desk, sheet: _Sheet, form: Form, *, mark: str) -> Response:
    error: BadgefedError | None = None
    preview = issuer = None
    try:
        issuer = sheet.issuer(form.fields.get("issuer", ""))
        await check_picture(form)
        preview = _preview(request, desk, sheet, form, issuer)
    except (Invalid, TooLarge) as found:
        error = found
    if "part" in request.query_params:
        return render_console(
            request,
            "console/badge-preview.html",
            desk.visit,
            error=error,
            preview=preview,
            issuer=issuer,
            kept=form.fields[KEPT],
        )
    typed = typed_from(form.fields)
    return _form_page(request, desk, sheet, typed, mark=mark, preview=preview, issuer=issuer, error=error)


def _preview(request: Request, desk: Desk, sheet: _Sheet, form: Form, issuer: Issuer) -> Preview:
    services, now = services_of(request), services_of(request).clock()
    badge = draft(read_new(form), issuer, now=now)
    keeps_picture = sheet.badge is not None and not sheet.badge.image_generated and "draw" not in form.fields
    query = urlencode({"issuer": issuer.uuid, "kind": badge.badge_type, "title": badge.title})
    drawn = f"/images/{sheet.image}.png" if keeps_picture else f"{desk.root}/badges/preview.svg?{query}"
    image = kept_picture(desk, form) or drawn
    translate = services.templates.tongue(badge.language).translate
    return make_preview(badge, issuer, services.addresses, image=image, translate=translate, now=now)


@for_member(Permission.ISSUE)
async def draw_preview(request: Request, desk: Desk) -> Response:
    """The picture that a badge of this `title`, `kind` and `issuer` gets if none is uploaded."""
    services, asked = services_of(request), request.query_params
    found = await issuers.find_issuer_by_uuid(services.database, asked.get("issuer", ""))
    if (
        found is None
        or found.organization_id != desk.organization.id
        or asked.get("kind") not in set(BadgeType)
    ):
        raise Invalid("A preview needs an issuer of this organization and a kind of badge.")
    title = asked.get("title", "")[: issuing.MAX_TITLE].strip() or "…"
    async with services.drawing:
        svg = await asyncio.to_thread(
            draw_badge, title=title, issuer_name=found.name, colour=found.colour, badge_type=asked["kind"]
        )
    return Response(svg, media_type=SVG, headers=_SVG_HEADERS)


routes: list[BaseRoute] = [
    Route(f"{BADGES}/new", show_new_badge),
    Route(f"{BADGES}/new", create_badge, methods=["POST"]),
    Route(f"{BADGES}/preview", preview_new_badge, methods=["POST"]),
    Route(f"{BADGES}/preview.svg", draw_preview),
    Route(f"{BADGE}/edit", show_badge_form),
    Route(f"{BADGE}/edit", edit_badge, methods=["POST"]),
    Route(f"{BADGE}/preview", preview_badge, methods=["POST"]),
]
