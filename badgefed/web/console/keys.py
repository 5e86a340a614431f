"""API keys: which there are, making one, and revoking."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from badgefed.errors import BadgefedError, Conflict, Forbidden, Invalid, NotFound
from badgefed.issuing.api_keys import SCOPES, NewKey, WantedKey, add_key, make_key, revoke_own_key
from badgefed.model.organization import Dialect, Permission
from badgefed.model.times import DAY
from badgefed.store.api_keys import list_live_keys
from badgefed.store.database import Transaction
from badgefed.texts import N_
from badgefed.web.console.access import Desk, for_member, read_visit_form, redirect, render_console
from badgefed.web.console.once import make_once, new_form_id, read_form_id
from badgefed.web.templating import services_of

KEYS = "/console/o/{organization}/keys"
KEY_MADE = N_("This key was made already, and shown once. Revoke it and make another if it got lost.")
LIFETIMES = (30, 90, 365)
"""In days; a key may also have no end."""


@for_member(Permission.READ_AUDIT)
async def show_keys(request: Request, desk: Desk) -> Response:
    return await _keys_page(request, desk)


async def _keys_page(
    request: Request,
    desk: Desk,
    *,
    typed: Mapping[str, str] | None = None,
    error: BadgefedError | None = None,
    new: NewKey | None = None,
) -> Response:
    """`new`: a key that was just made and is shown this once."""
    services = services_of(request)
    keys = await list_live_keys(services.database, desk.organization.id, now=services.clock())
    return render_console(
        request,
        "console/keys.html",
        desk.visit,
        desk=desk,
        error=error,
        wrong=error.field if isinstance(error, Invalid) else None,
        keys=keys,
        new=new,
        typed=typed if typed is not None else {"dialect": Dialect.BADGES, "expires": "365"},
        is_fresh=typed is None,
        scopes=SCOPES,
        dialects=list(Dialect),
        lifetimes=LIFETIMES,
        once=new_form_id(services),
        done=request.query_params.get("done") == "revoked",
        may_manage=desk.may(Permission.MANAGE_KEYS),
    )


@for_member(Permission.MANAGE_KEYS)
async def create_key(request: Request, desk: Desk) -> Response:
    """Answers with the key itself. A form that is sent twice makes one."""
    form = await read_visit_form(request, desk.visit)
    services, now = services_of(request), services_of(request).clock()
    try:
        form_id, wanted = read_form_id(form), _read_wanted(form, now)
        new = make_key(wanted.dialect)

        async def make(tx: Transaction) -> str:
            by, organization = desk.visit.author, desk.organization
            return (await add_key(tx, organization.id, desk.visit.user.id, wanted, new, by=by, now=now)).uuid

        made = await services.database.write(lambda tx: make_once(tx, desk, form_id, make, now=now))
        if not made.is_new:
            raise Conflict(KEY_MADE)
    except (Invalid, Conflict, Forbidden) as error:
        return await _keys_page(request, desk, typed=form, error=error)
    return await _keys_page(request, desk, new=new)


def _read_wanted(form: Mapping[str, str], now: int) -> WantedKey:
    if form.get("dialect") not in set(Dialect):
        raise Invalid("Choose one of the APIs.", field="dialect")
    scopes = tuple(scope for scope in SCOPES if form.get(f"scope:{scope}"))
    if not scopes:
        raise Invalid("Choose at least one thing that the key may do.", field="scopes")
    return WantedKey(
        name=form.get("name", ""),
        dialect=Dialect(form["dialect"]),
        scopes=scopes,
        expires_at=_read_expiry(form.get("expires", ""), now),
    )


def _read_expiry(text: str, now: int) -> int | None:
    if not text:
        return None
    if text not in map(str, LIFETIMES):
        raise Invalid("Choose how long the key works.", field="expires")
    return now + int(text) * DAY


@for_member(Permission.MANAGE_KEYS)
async def revoke_key(request: Request, desk: Desk) -> Response:
    """Revoking one twice does no harm."""
    form = await read_visit_form(request, desk.visit)
    services = services_of(request)
    try:
        await services.database.write(
            lambda tx: revoke_own_key(
                tx,
                form.get("key", ""),
                organization_id=desk.organization.id,
                by=desk.visit.author,
                now=services.clock(),
            )
        )
    except NotFound as error:
        return await _keys_page(request, desk, error=error)
    return redirect(f"{desk.root}/keys?done=revoked")


routes: list[BaseRoute] = [
    Route(KEYS, show_keys),
    Route(KEYS, create_key, methods=["POST"]),
    Route(f"{KEYS}/revoke", revoke_key, methods=["POST"]),
]
