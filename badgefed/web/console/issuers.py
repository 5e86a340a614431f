"""An organization's issuers: their profiles, the proofs of address and website, and deleting them."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from badgefed.errors import (
    BadgefedError,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    RateLimited,
    TooLarge,
    Unprocessable,
)
from badgefed.issuing import (
    issuer_changes,
    issuer_verification,
    issuers,
    key_rotation,
    registration,
    websites,
)
from badgefed.model.issuer import Issuer
from badgefed.model.organization import Permission
from badgefed.model.visibility import Posting
from badgefed.store import images, issuer_verifications
from badgefed.store import issuers as stored
from badgefed.store.database import Reader, Transaction
from badgefed.store.signing_keys import newest_key_at
from badgefed.web.console.access import (
    Desk,
    for_member,
    read_visit_form,
    redirect,
    render_console,
)
from badgefed.web.console.issuer_forms import (
    MAX_FORM,
    read_new,
    read_profile,
    typed_from,
    typed_of,
)
from badgefed.web.console.once import make_once, new_form_id, read_form_id
from badgefed.web.console.pictures import check_picture, read_picture_form
from badgefed.web.templating import services_of

ISSUERS = "/console/o/{organization}/issuers"
ISSUER = f"{ISSUERS}/{{uuid}}"
MAX_SHOWN = 500
NOTICES = frozenset({"created", "changed", "verified", "sent", "website", "keys", "deleted"})

_SHOWN = (Invalid, Conflict, Forbidden, RateLimited, TooLarge)


@for_member(Permission.READ)
async def show_issuers(request: Request, desk: Desk) -> Response:
    """By age, with badges and followers counted. `?done=deleted` tells what was just done."""
    rows = await stored.list_issuer_rows(services_of(request).database, desk.organization.id, limit=MAX_SHOWN)
    return render_console(
        request,
        "console/issuers.html",
        desk.visit,
        desk=desk,
        rows=rows,
        may_edit=desk.may(Permission.EDIT),
        done=_done(request),
    )


@for_member(Permission.EDIT)
async def show_new_issuer(request: Request, desk: Desk) -> Response:
    """The empty form, with the address that is proved already."""
    typed = typed_from(
        {"email": desk.visit.user.email, "posting": Posting.QUIET, "colour": issuers.PALETTE[0]}
    )
    return _form_page(request, desk, None, typed, mark=new_form_id(services_of(request)))


def _form_page(
    request: Request,
    desk: Desk,
    issuer: Issuer | None,
    typed: dict[str, str],
    *,
    mark: str = "",
    error: BadgefedError | None = None,
) -> Response:
    """Of a new issuer where there is none yet. An error stands at its field."""
    return render_console(
        request,
        "console/issuer-form.html",
        desk.visit,
        desk=desk,
        error=error,
        issuer=issuer,
        wrong=_field_of(error),
        typed=typed,
        mark=mark,
        most={"name": issuers.MAX_NAME, "summary": issuers.MAX_SUMMARY},
    )


def _field_of(error: BadgefedError | None) -> str:
    """The field that the error is about; a conflict is about the username."""
    if isinstance(error, Conflict):
        return "username"
    return (error.field or "") if isinstance(error, Invalid) else ""


@for_member(Permission.EDIT)
async def create_issuer(request: Request, desk: Desk) -> Response:
    """The form that comes again leads to the issuer that it made."""
    services = services_of(request)
    form = await read_picture_form(request, desk, max_bytes=MAX_FORM)
    mark = read_form_id(form.fields)
    try:
        await check_picture(form)
        prepared = await registration.prepare_registration(services, read_new(form))

        async def make(tx: Transaction) -> str:
            issuer = await registration.register(
                tx,
                services,
                desk.organization.id,
                prepared,
                account_email=desk.visit.user.email,
                by=desk.visit.author,
            )
            return issuer.uuid

        now = services.clock()
        made = await services.database.write(lambda tx: make_once(tx, desk, mark, make, now=now))
    except _SHOWN as error:
        return _form_page(request, desk, None, typed_from(form.fields), mark=mark, error=error)
    services.wake.set()
    return redirect(f"{desk.root}/issuers/{made.name}?done=created")


async def find_own_issuer(request: Request, desk: Desk) -> Issuer:
    """The one in the path. Raises `NotFound`, for another organization's too."""
    uuid = request.path_params["uuid"]
    issuer = await stored.find_issuer_by_uuid(services_of(request).database, uuid)
    if issuer is None or issuer.organization_id != desk.organization.id:
        raise NotFound("There is no such issuer here.")
    return issuer


@for_member(Permission.READ)
async def show_issuer(request: Request, desk: Desk) -> Response:
    """`?done=` names what was just done."""
    return await _issuer_page(request, desk, await find_own_issuer(request, desk))


async def _issuer_page(
    request: Request,
    desk: Desk,
    issuer: Issuer,
    *,
    form: str = "",
    typed: str = "",
    error: BadgefedError | None = None,
) -> Response:
    """With an error beside the form that it belongs to, and the code that was typed."""
    services = services_of(request)

    async def load(reader: Reader) -> dict[str, Any]:
        return {
            "image": await images.get_image(reader, issuer.image_id),
            "verification": await issuer_verifications.find_verification(
                reader, issuer.id, now=services.clock()
            ),
            "is_unused": await stored.is_unused(reader, issuer.id),
            "keys_since": await newest_key_at(reader, issuer.id),
        }

    loaded = await services.database.read(load)
    is_default = issuer.username == desk.organization.slug
    may_edit = desk.may(Permission.EDIT)
    return render_console(
        request,
        "console/issuer.html",
        desk.visit,
        desk=desk,
        error=error,
        form=form,
        typed=typed,
        done=_done(request),
        issuer=issuer,
        may_edit=may_edit,
        may_delete=may_edit and loaded["is_unused"] and not is_default,
        may_rotate=desk.may(Permission.MANAGE_KEYS),
        **loaded,
    )


def _done(request: Request) -> str:
    done = request.query_params.get("done", "")
    return done if done in NOTICES else ""


@for_member(Permission.EDIT)
async def show_issuer_form(request: Request, desk: Desk) -> Response:
    """The form with the issuer's profile as it is."""
    issuer = await find_own_issuer(request, desk)
    return _form_page(request, desk, issuer, typed_of(issuer))


@for_member(Permission.EDIT)
async def edit_issuer(request: Request, desk: Desk) -> Response:
    """A verified issuer may change everything but its proved e-mail address, unless to the account's own."""
    services, issuer = services_of(request), await find_own_issuer(request, desk)
    form = await read_picture_form(request, desk, max_bytes=MAX_FORM)
    own_email = desk.visit.user.email
    try:
        changes = read_profile(form)
        await check_picture(form)
        is_proved = (changes["email"] or "").lower() == own_email.lower()
        await issuer_changes.edit_issuer(
            services,
            issuer,
            changes,
            account_email=own_email,
            locked=frozenset() if is_proved else frozenset({"email"}),
            draws_picture="draw" in form.fields,
            by=desk.visit.author,
        )
    except _SHOWN as error:
        return _form_page(request, desk, issuer, typed_from(form.fields), error=error)
    services.wake.set()
    return redirect(f"{desk.root}/issuers/{issuer.uuid}?done=changed")


@for_member(Permission.EDIT)
async def confirm_code(request: Request, desk: Desk) -> Response:
    """By the code from the mail; a wrong one counts."""
    services, issuer = services_of(request), await find_own_issuer(request, desk)
    code = (await read_visit_form(request, desk.visit)).get("code", "")
    is_verified = await services.database.write(
        lambda tx: issuer_verification.confirm_code(
            tx,
            issuer,
            code.replace(" ", ""),
            secret_key=services.settings.secret_key,
            by=desk.visit.author,
            now=services.clock(),
        )
    )
    if not is_verified:
        wrong = Invalid(
            "That isn't the code of the last mail. After five wrong ones, or a day, only a new mail helps.",
            field="code",
        )
        return await _issuer_page(request, desk, issuer, form="verify", typed=code, error=wrong)
    return redirect(f"{desk.root}/issuers/{issuer.uuid}?done=verified")


@for_member(Permission.EDIT)
async def send_code(request: Request, desk: Desk) -> Response:
    """A new mail, which makes the last one worthless. The form that comes again sends none, for it names the last one."""
    services, issuer = services_of(request), await find_own_issuer(request, desk)
    seen = (await read_visit_form(request, desk.visit)).get("seen", "")
    by, email, now = desk.visit.author, desk.visit.user.email, services.clock()

    async def send(tx: Transaction) -> None:
        last = await issuer_verifications.find_verification(tx, issuer.id, now=now)
        if seen == str(last.created_at if last else ""):
            await issuer_verification.rotate(tx, issuer, account_email=email, by=by, now=now)

    try:
        if not issuer.is_verified:
            await services.database.write(send)
    except RateLimited as error:
        return await _issuer_page(request, desk, issuer, form="verify", error=error)
    services.wake.set()
    return redirect(f"{desk.root}/issuers/{issuer.uuid}?done=sent")


@for_member(Permission.EDIT)
async def verify_website(request: Request, desk: Desk) -> Response:
    """Looks at the website for a link back."""
    issuer = await find_own_issuer(request, desk)
    await read_visit_form(request, desk.visit)
    try:
        await websites.verify_website(services_of(request), issuer, by=desk.visit.author)
    except (Invalid, RateLimited, Unprocessable) as error:
        return await _issuer_page(request, desk, issuer, form="website", error=error)
    return redirect(f"{desk.root}/issuers/{issuer.uuid}?done=website")


@for_member(Permission.MANAGE_KEYS)
async def show_rotation(request: Request, desk: Desk) -> Response:
    """What new keys mean, and the button."""
    return await _rotation_page(request, desk, await find_own_issuer(request, desk))


async def _rotation_page(
    request: Request, desk: Desk, issuer: Issuer, *, error: BadgefedError | None = None
) -> Response:
    number = await key_rotation.find_key_number(services_of(request).database, issuer.id)
    return render_console(
        request, "console/issuer-keys.html", desk.visit, desk=desk, error=error, issuer=issuer, number=number
    )


@for_member(Permission.MANAGE_KEYS)
async def rotate_keys(request: Request, desk: Desk) -> Response:
    """The form that comes again changes nothing, for it names the keys that it replaces."""
    services, issuer = services_of(request), await find_own_issuer(request, desk)
    text = (await read_visit_form(request, desk.visit)).get("number", "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    try:
        await key_rotation.rotate_keys(services, issuer, number=number, by=desk.visit.author)
    except RateLimited as error:
        return await _rotation_page(request, desk, issuer, error=error)
    except Conflict:
        return redirect(f"{desk.root}/issuers/{issuer.uuid}")
    services.wake.set()
    return redirect(f"{desk.root}/issuers/{issuer.uuid}?done=keys")


@for_member(Permission.EDIT)
async def show_deletion(request: Request, desk: Desk) -> Response:
    """What deleting means, and the button."""
    issuer = await find_own_issuer(request, desk)
    return render_console(request, "console/issuer-delete.html", desk.visit, desk=desk, issuer=issuer)


@for_member(Permission.EDIT)
async def delete_issuer(request: Request, desk: Desk) -> Response:
    """Of one that never had a badge; of one that is deleted already, nothing."""
    services = services_of(request)
    await read_visit_form(request, desk.visit)
    try:
        issuer = await find_own_issuer(request, desk)
    except NotFound:
        return redirect(f"{desk.root}/issuers")
    by, now = desk.visit.author, services.clock()
    try:
        await services.database.write(lambda tx: issuer_changes.delete_issuer(tx, issuer, by=by, now=now))
    except Invalid as error:
        return await _issuer_page(request, desk, issuer, form="delete", error=error)
    services.wake.set()
    return redirect(f"{desk.root}/issuers?done=deleted")


routes: list[BaseRoute] = [
    Route(ISSUERS, show_issuers),
    Route(f"{ISSUERS}/new", show_new_issuer),
    Route(f"{ISSUERS}/new", create_issuer, methods=["POST"]),
    Route(ISSUER, show_issuer),
    Route(f"{ISSUER}/edit", show_issuer_form),
    Route(f"{ISSUER}/edit", edit_issuer, methods=["POST"]),
    Route(f"{ISSUER}/verify", confirm_code, methods=["POST"]),
    Route(f"{ISSUER}/send-code", send_code, methods=["POST"]),
    Route(f"{ISSUER}/website", verify_website, methods=["POST"]),
    Route(f"{ISSUER}/keys", show_rotation),
    Route(f"{ISSUER}/keys", rotate_keys, methods=["POST"]),
    Route(f"{ISSUER}/delete", show_deletion),
    Route(f"{ISSUER}/delete", delete_issuer, methods=["POST"]),
]
