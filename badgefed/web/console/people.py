"""Who works for an organization: members, their roles, and invitations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from badgefed.errors import BadgefedError, Conflict, Forbidden, Invalid, NotFound
from badgefed.issuing import people
from badgefed.model.organization import Permission, Role, User, check_permission, may_give
from badgefed.store import invitations, members, users
from badgefed.store.database import Reader, Transaction
from badgefed.texts import say
from badgefed.web.console.access import (
    HOME,
    Desk,
    for_member,
    read_visit_form,
    redirect,
    render_console,
)
from badgefed.web.console.once import make_once, new_form_id, read_form_id
from badgefed.web.forms import read_email
from badgefed.web.templating import services_of

PEOPLE = "/console/o/{organization}/people"
MAX_MEMBERS = 1000
NOTICES = frozenset({"invited", "withdrawn", "role", "removed"})


@for_member(Permission.READ)
async def show_people(request: Request, desk: Desk) -> Response:
    """`?done=` names what was just changed."""
    return await _people_page(request, desk)


async def _people_page(
    request: Request,
    desk: Desk,
    *,
    form: str = "",
    typed: Mapping[str, str] | None = None,
    error: BadgefedError | None = None,
) -> Response:
    services, organization = services_of(request), desk.organization

    async def load(reader: Reader) -> dict[str, Any]:
        return {
            "members": await members.list_members(reader, organization.id, limit=MAX_MEMBERS),
            "invitations": await invitations.list_open_invitations(
                reader, organization.id, now=services.clock(), limit=people.MAX_INVITATIONS
            ),
        }

    done = request.query_params.get("done", "")
    return render_console(
        request,
        "console/people.html",
        desk.visit,
        desk=desk,
        error=error,
        form=form,
        wrong=_field_of(error),
        typed=typed or {},
        once=new_form_id(services),
        roles=[one for one in Role if may_give(desk.membership.role, one)],
        may_invite=desk.may(Permission.INVITE),
        may_manage=desk.may(Permission.MANAGE_PEOPLE),
        done=done if done in NOTICES else "",
        **await services.database.read(load),
    )


def _field_of(error: BadgefedError | None) -> str:
    """The field that the error is about; a conflict is about the address."""
    if isinstance(error, Conflict):
        return "email"
    return (error.field or "") if isinstance(error, Invalid) else ""


@for_member(Permission.INVITE)
async def invite(request: Request, desk: Desk) -> Response:
    """The form that comes again sends no second letter, which would make the first one worthless."""
    form = await read_visit_form(request, desk.visit)
    services, now = services_of(request), services_of(request).clock()
    try:
        form_id, email, role = read_form_id(form), read_email(form), _read_role(form.get("role", ""))

        async def make(tx: Transaction) -> str:
            user, by = desk.visit.user, desk.visit.author
            made = await people.invite(
                tx, desk.membership, email=email, role=role, by=by, name=user.name, now=now
            )
            return made.uuid

        await services.database.write(lambda tx: make_once(tx, desk, form_id, make, now=now))
    except (Invalid, Conflict, Forbidden) as error:
        return await _people_page(request, desk, form="invite", typed=form, error=error)
    services.wake.set()
    return redirect(f"{desk.root}/people?done=invited")


@for_member(Permission.INVITE)
async def withdraw(request: Request, desk: Desk) -> Response:
    """Withdrawing twice does no harm."""
    form = await read_visit_form(request, desk.visit)
    try:
        await people.withdraw_invitation(
            services_of(request), desk.membership, form.get("invitation", ""), by=desk.visit.author
        )
    except NotFound:
        return redirect(f"{desk.root}/people")
    return redirect(f"{desk.root}/people?done=withdrawn")


@for_member(Permission.MANAGE_PEOPLE)
async def change_role(request: Request, desk: Desk) -> Response:
    form = await read_visit_form(request, desk.visit)
    try:
        await people.set_role(
            services_of(request),
            desk.organization,
            await _find_user(request, desk, form.get("user", "")),
            _read_role(form.get("role", "")),
            by=desk.visit.author,
        )
    except (Invalid, Conflict, NotFound) as error:
        return await _people_page(request, desk, form="role", typed=form, error=error)
    return redirect(f"{desk.root}/people?done=role")


@for_member(Permission.READ)
async def remove(request: Request, desk: Desk) -> Response:
    """Somebody else, by an owner; or oneself. Removing somebody twice does no harm."""
    form = await read_visit_form(request, desk.visit)
    is_own = form.get("user", "") == desk.visit.user.uuid
    if not is_own:
        check_permission(desk.membership, Permission.MANAGE_PEOPLE)
    try:
        user = await _find_user(request, desk, form.get("user", ""))
        await people.remove_member(services_of(request), desk.organization, user, by=desk.visit.author)
    except NotFound:
        return redirect(f"{desk.root}/people")
    except Conflict as error:
        return await _people_page(request, desk, form="members", error=error)
    return redirect(HOME if is_own else f"{desk.root}/people?done=removed")


def _read_role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError:
        raise Invalid(
            say("Choose one of the roles: %(roles)s.", roles=", ".join(Role)), field="role"
        ) from None


async def _find_user(request: Request, desk: Desk, uuid: str) -> User:
    """Raises `NotFound`, for who belongs to other organizations alone too."""
    database = services_of(request).database
    user = await users.find_user_by_uuid(database, uuid)
    if user is None or not await members.find_role(
        database, organization_id=desk.organization.id, user_id=user.id
    ):
        raise NotFound("There is no such person here.")
    return user


routes: list[BaseRoute] = [
    Route(PEOPLE, show_people),
    Route(f"{PEOPLE}/invite", invite, methods=["POST"]),
    Route(f"{PEOPLE}/withdraw", withdraw, methods=["POST"]),
    Route(f"{PEOPLE}/role", change_role, methods=["POST"]),
    Route(f"{PEOPLE}/remove", remove, methods=["POST"]),
]
