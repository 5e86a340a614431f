"""Who works for an organization: members, their roles, and invitations."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from badgefed.errors import BadgefedError, Conflict, Forbidden, Invalid, NotFound
from badgefed.issuing import people
from badgefed.model.organization import Permission, Role, User, check_permission, may_give
from badgefed.store import invitations, members, users
from badgefed.store.database import Reader
from badgefed.texts import say
from badgefed.web.console.access import (
    HOME,
    Desk,
    for_member,
    read_visit_form,
    redirect,
    render_console,
)
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
    email: str = "",
    role: str = "",
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
        email=email[:300],
        role=role,
        roles=[one for one in Role if may_give(desk.membership.role, one)],
        may_invite=desk.may(Permission.INVITE),
        may_manage=desk.may(Permission.MANAGE_PEOPLE),
        done=done if done in NOTICES else "",
        **await services.database.read(load),
    )


@for_member(Permission.INVITE)
async def invite(request: Request, desk: Desk) -> Response:
    form = await read_visit_form(request, desk.visit)
    email, role = form.get("email", ""), form.get("role", "")
    try:
        await people.invite(
            services_of(request),
            desk.membership,
            email=email,
            role=_read_role(role),
            by=desk.visit.author,
            name=desk.visit.user.name,
        )
    except (Invalid, Conflict, Forbidden) as error:
        return await _people_page(request, desk, form="invite", email=email, role=role, error=error)
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
            await _find_user(request, form.get("user", "")),
            _read_role(form.get("role", "")),
            by=desk.visit.author,
        )
    except (Invalid, Conflict, NotFound) as error:
        return await _people_page(request, desk, form="members", error=error)
    return redirect(f"{desk.root}/people?done=role")


@for_member(Permission.READ)
async def remove(request: Request, desk: Desk) -> Response:
    """Somebody else, by an owner; or oneself."""
    form = await read_visit_form(request, desk.visit)
    is_own = form.get("user", "") == desk.visit.user.uuid
    if not is_own:
        check_permission(desk.membership, Permission.MANAGE_PEOPLE)
    try:
        user = await _find_user(request, form.get("user", ""))
        await people.remove_member(services_of(request), desk.organization, user, by=desk.visit.author)
    except (Conflict, NotFound) as error:
        return await _people_page(request, desk, form="members", error=error)
    return redirect(HOME if is_own else f"{desk.root}/people?done=removed")


def _read_role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError:
        raise Invalid(
            say("Choose one of the roles: %(roles)s.", roles=", ".join(Role)), field="role"
        ) from None


async def _find_user(request: Request, uuid: str) -> User:
    user = await users.find_user_by_uuid(services_of(request).database, uuid)
    if user is None:
        raise NotFound("There is no such person here.")
    return user


routes: list[BaseRoute] = [
    Route(PEOPLE, show_people),
    Route(f"{PEOPLE}/invite", invite, methods=["POST"]),
    Route(f"{PEOPLE}/withdraw", withdraw, methods=["POST"]),
    Route(f"{PEOPLE}/role", change_role, methods=["POST"]),
    Route(f"{PEOPLE}/remove", remove, methods=["POST"]),
]
