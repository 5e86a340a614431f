"""One's own account: name, address, password, profiles, and the browsers that are signed in."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from badgefed.errors import BadgefedError, Forbidden, Invalid, NotFound, RateLimited, Unauthenticated
from badgefed.issuing import accounts
from badgefed.issuing import sessions as issuing_sessions
from badgefed.store import sessions, users
from badgefed.store.database import Reader
from badgefed.web.console.access import Visit, for_user, read_visit_form, redirect, render_console
from badgefed.web.forms import read_email
from badgefed.web.languages import tongue_of
from badgefed.web.templating import services_of

ACCOUNT = "/console/account"
MAX_SESSIONS = 100
NOTICES = frozenset({"name", "email", "password", "session", "sessions", "profile", "linked"})


@for_user
async def show_account(request: Request, visit: Visit) -> Response:
    """`?done=` names what was just changed."""
    return await account_page(request, visit)


async def account_page(
    request: Request,
    visit: Visit,
    *,
    form: str = "",
    typed: str = "",
    error: BadgefedError | None = None,
) -> Response:
    """With an error beside the form that it belongs to, and what was typed into it."""
    services = services_of(request)

    async def load(reader: Reader) -> dict[str, Any]:
        return {
            "has_password": await users.find_password_hash(reader, visit.user.id) is not None,
            "identities": await users.list_identities(reader, visit.user.id),
            "sessions": await sessions.list_sessions(
                reader, visit.user.id, now=services.clock(), limit=MAX_SESSIONS
            ),
        }

    done = request.query_params.get("done", "")
    return render_console(
        request,
        "console/account.html",
        visit,
        error=error,
        form=form,
        wrong=(error.field or "") if isinstance(error, Invalid) else "",
        typed=typed[:300],
        done=done if done in NOTICES else "",
        **await services.database.read(load),
    )


@for_user
async def change_name(request: Request, visit: Visit) -> Response:
    form = await read_visit_form(request, visit)
    name = form.get("name", "")
    try:
        await accounts.change_name(services_of(request), visit.user, name, by=visit.author)
    except Invalid as error:
        return await account_page(request, visit, form="name", typed=name, error=error)
    return redirect(f"{ACCOUNT}?done=name")


@for_user
async def change_email(request: Request, visit: Visit) -> Response:
    """Nothing changes before the new address is confirmed."""
    form = await read_visit_form(request, visit)
    email = form.get("email", "")
    try:
        await accounts.ask_email_change(
            services_of(request),
            visit.signed_in,
            email=read_email(form),
            password=form.get("password", ""),
            network=visit.network,
            language=tongue_of(request).tag,
        )
    except Unauthenticated:
        wrong = Invalid("This is not your password.", field="password")
        return await account_page(request, visit, form="email", typed=email, error=wrong)
    except (Invalid, Forbidden, RateLimited) as error:
        return await account_page(request, visit, form="email", typed=email, error=error)
    return redirect(f"{ACCOUNT}?done=email")


@for_user
async def change_password(request: Request, visit: Visit) -> Response:
    """Mails the link at which the new one is chosen."""
    await read_visit_form(request, visit)
    await accounts.ask_password_link(services_of(request), visit.user, language=tongue_of(request).tag)
    return redirect(f"{ACCOUNT}?done=password")


@for_user
async def unlink_profile(request: Request, visit: Visit) -> Response:
    """Unlinking one twice does no harm."""
    form = await read_visit_form(request, visit)
    try:
        await accounts.unlink_profile(
            services_of(request), visit.user, form.get("actor", ""), by=visit.author
        )
    except NotFound:
        return redirect(ACCOUNT)
    return redirect(f"{ACCOUNT}?done=profile")


@for_user
async def end_session(request: Request, visit: Visit) -> Response:
    """Ending one twice does no harm."""
    form = await read_visit_form(request, visit)
    try:
        await issuing_sessions.end_session(
            services_of(request), visit.signed_in, form.get("session", ""), network=visit.network
        )
    except NotFound:
        return redirect(ACCOUNT)
    return redirect(f"{ACCOUNT}?done=session")


@for_user
async def end_other_sessions(request: Request, visit: Visit) -> Response:
    await read_visit_form(request, visit)
    await issuing_sessions.end_other_sessions(services_of(request), visit.signed_in, network=visit.network)
    return redirect(f"{ACCOUNT}?done=sessions")


routes: list[BaseRoute] = [
    Route(ACCOUNT, show_account),
    Route(f"{ACCOUNT}/name", change_name, methods=["POST"]),
    Route(f"{ACCOUNT}/email", change_email, methods=["POST"]),
    Route(f"{ACCOUNT}/password", change_password, methods=["POST"]),
    Route(f"{ACCOUNT}/profiles/unlink", unlink_profile, methods=["POST"]),
    Route(f"{ACCOUNT}/sessions/end", end_session, methods=["POST"]),
    Route(f"{ACCOUNT}/sessions/end-others", end_other_sessions, methods=["POST"]),
]
