"""The picture of a form: whoever gets the form back, with an error or a preview, need not choose it again."""

from __future__ import annotations

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from badgefed.errors import Invalid, NotFound, TooLarge
from badgefed.model.image import PNG
from badgefed.model.organization import Permission
from badgefed.store import picture_drafts
from badgefed.web.console.access import CONSOLE_HEADERS, Desk, for_member, read_visit_upload
from badgefed.web.forms import MAX_FIELDS, Form
from badgefed.web.templating import services_of
from badgefed.work.artwork import read_upload

PICTURE = "image"
KEPT = "kept"
DRAW = "draw"


async def read_picture_form(
    request: Request, desk: Desk, *, max_bytes: int, max_fields: int = MAX_FIELDS
) -> Form:
    """With the picture that was chosen now, or the last time that the form was sent; a new one is kept for a day."""
    form = await read_visit_upload(request, desk.visit, max_bytes=max_bytes, max_fields=max_fields)
    if PICTURE in form.files:
        kept = await _keep(request, desk, form.files[PICTURE])
        return replace(form, fields={**form.fields, KEPT: kept})
    if DRAW in form.fields or not form.fields.get(KEPT):
        return replace(form, fields={**form.fields, KEPT: ""})
    data = await _find(request, desk, form.fields[KEPT])
    kept = form.fields[KEPT] if data is not None else ""
    return replace(form, fields={**form.fields, KEPT: kept}, files={**form.files, PICTURE: data or b""})


async def _keep(request: Request, desk: Desk, data: bytes) -> str:
    """Nothing for what is no picture: what is wrong with it says `check_picture`, or the use case."""
    services = services_of(request)
    try:
        await read_upload(data)
    except (Invalid, TooLarge):
        return ""
    return await services.database.write(
        lambda tx: picture_drafts.replace_draft(
            tx,
            organization_id=desk.organization.id,
            user_id=desk.visit.user.id,
            data=data,
            now=services.clock(),
        )
    )


async def _find(request: Request, desk: Desk, uuid: str) -> bytes | None:
    return await picture_drafts.find_draft(
        services_of(request).database,
        uuid,
        organization_id=desk.organization.id,
        user_id=desk.visit.user.id,
    )


async def check_picture(form: Form) -> None:
    """Raises `Invalid` for a picture that was chosen and can't be used."""
    if PICTURE in form.files and not form.fields[KEPT]:
        try:
            await read_upload(form.files[PICTURE])
        except (Invalid, TooLarge) as error:
            raise Invalid(
                "This picture can't be used: choose a PNG, JPEG, WebP or SVG of at most 5 MB.", field=PICTURE
            ) from error


def kept_picture(desk: Desk, form: Form) -> str | None:
    """Where the picture of a form that was read is shown."""
    kept = form.fields.get(KEPT)
    return f"{desk.root}/pictures/{kept}.png" if kept else None


@for_member(Permission.ISSUE)
async def show_picture(request: Request, desk: Desk) -> Response:
    """One's own only, as it will be stored."""
    data = await _find(request, desk, request.path_params["uuid"])
    if data is None:
        raise NotFound("This picture is not here any more. Choose it again.")
    headers = {**CONSOLE_HEADERS, "Cache-Control": "private, max-age=3600"}
    return Response((await read_upload(data)).data, media_type=PNG, headers=headers)


routes: list[BaseRoute] = [Route("/console/o/{organization}/pictures/{uuid}.png", show_picture)]
