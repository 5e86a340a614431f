"""The form of a holder's public profile, and the check of its links."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from badgefed.errors import BadgefedError, Conflict, Invalid, RateLimited
from badgefed.issuing import public_profiles as use_cases
from badgefed.issuing.public_profiles import Wanted
from badgefed.model.holder import MAX_BIO, MAX_LINKS, MAX_NAME, PublicProfile
from badgefed.store import public_profiles
from badgefed.web.forms import read_form
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
from badgefed.web.recipients import HEADERS
from badgefed.web.templating import render, services_of

PAGE = f"{HOME}/profile"
MAX_TYPED = 1000


@signed_in
async def show_profile(request: Request, visit: Visit) -> Response:
    return await _page(request, visit)


async def _page(
    request: Request,
    visit: Visit,
    *,
    typed: Wanted | None = None,
    field: str = "",
    error: BadgefedError | None = None,
) -> Response:
    """`error` is what was wrong with a field of what was `typed`, or with the link that was checked (`field` is its URL)."""
    services = services_of(request)
    profile = await public_profiles.find_profile(services.database, visit.holder.id)
    wait = {"Retry-After": str(error.retry_after)} if isinstance(error, RateLimited) else {}
    form = typed or _as_typed(profile)
    return render(
        request,
        "me/profile.html",
        status=error.status if error else 200,
        headers={**HEADERS, **wait},
        token=visit_token(services, visit),
        profile=profile,
        page=services.addresses.public_profile(profile.handle) if profile else None,
        form=form,
        fields=[*form.links, *[""] * MAX_LINKS][:MAX_LINKS],
        limits={"name": MAX_NAME, "bio": MAX_BIO},
        field=field,
        wrong=error,
        is_saved=request.query_params.get("notice") == "saved" and error is None,
    )


def _as_typed(profile: PublicProfile | None) -> Wanted:
    if profile is None:
        return Wanted(handle="", name="", bio="", links=(), is_public=True, is_indexed=False)
    return Wanted(
        handle=profile.handle,
        name=profile.name,
        bio=profile.bio,
        links=[link.url for link in profile.links],
        is_public=profile.is_public,
        is_indexed=profile.is_indexed,
    )


@signed_in
async def save_profile(request: Request, visit: Visit) -> Response:
    """Stores what was typed, or says at its field what is wrong with it."""
    services = services_of(request)
    form = await read_form(request)
    check_visit_form(request, visit, form)
    wanted = _read(form)
    try:
        count_holder(visit, limits_of(request).changed)
        await services.database.write(
            lambda tx: use_cases.save(tx, visit.holder, wanted, now=services.clock())
        )
    except BadgefedError as error:
        return await _page(request, visit, typed=wanted, field=_field(error), error=error)
    return redirect(f"{PAGE}?notice=saved")


def _read(form: Mapping[str, str]) -> Wanted:
    def text(name: str) -> str:
        return form.get(name, "")[:MAX_TYPED]

    return Wanted(
        handle=text("handle"),
        name=text("name"),
        bio=text("bio"),
        links=[text(f"link{number}") for number in range(MAX_LINKS)],
        is_public=form.get("public") == "1",
        is_indexed=form.get("indexed") == "1",
    )


def _field(error: BadgefedError) -> str:
    if isinstance(error, Invalid):
        return error.field or "form"
    return "handle" if isinstance(error, Conflict) else "form"


@signed_in
async def check_link(request: Request, visit: Visit) -> Response:
    """Asks the linked page whether it links back."""
    services = services_of(request)
    form = await read_form(request)
    check_visit_form(request, visit, form)
    profile = await public_profiles.find_profile(services.database, visit.holder.id)
    if profile is None:
        return redirect(PAGE)
    url = form.get("url", "")
    try:
        count_holder(visit, limits_of(request).imported)
        await use_cases.check_link(services, profile, url)
    except BadgefedError as error:
        return await _page(request, visit, field=url, error=error)
    return redirect(f"{PAGE}#links")


routes: list[BaseRoute] = [
    Route("/me/profile", show_profile),
    Route("/me/profile", save_profile, methods=["POST"]),
    Route("/me/profile/check", check_link, methods=["POST"]),
]
