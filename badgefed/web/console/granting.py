"""Granting one badge: the form, who the recipient is, and only then the grant."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from badgefed.errors import (
    BadgefedError,
    Conflict,
    FetchFailed,
    Invalid,
    NotFound,
    PaymentRequired,
    RateLimited,
)
from badgefed.issuing import grants
from badgefed.issuing.bulk import offer_of
from badgefed.issuing.bulk_rows import Judge
from badgefed.issuing.grants import Offer
from badgefed.issuing.issuers import PALETTE
from badgefed.issuing.profiles import read_profile
from badgefed.model.actor import RemoteActor
from badgefed.model.bulk import RowState
from badgefed.model.grant import Grant
from badgefed.model.image import PNG, SVG
from badgefed.model.organization import Permission
from badgefed.model.recipient import check_email
from badgefed.protocol.badge_art import draw_avatar
from badgefed.store import remote_actors
from badgefed.store.badge_choices import find_choice
from badgefed.store.bulk import find_badge_names
from badgefed.texts import say
from badgefed.web.console.access import (
    CONSOLE_HEADERS,
    Desk,
    for_member,
    read_visit_form,
    redirect,
    render_console,
)
from badgefed.web.console.choices import load_choices, read_choice
from badgefed.web.people import Person
from badgefed.web.templating import services_of
from badgefed.work import directory
from badgefed.work.avatars import fetch_avatar
from badgefed.work.notify import NOT_A_PROFILE
from badgefed.work.rate_limits import Decision, RateLimiter, check_decision

GRANTING = "/console/o/{organization}/granting"
FIELDS = ("badge", "badge-name", "recipient", "name", "evidence", "narrative", "license", "expires")
MAX_KEPT = 10_000
MOST = {"name": 200, "evidence": 2_000, "narrative": 2_000, "license": 100}
"""Characters in a field, as `bulk_rows` has them for a row."""
LOOK_UPS_PER_MINUTE = 20
AVATARS_PER_MINUTE = 40
_KEPT_HEADERS = {**CONSOLE_HEADERS, "Cache-Control": "private, max-age=3600"}

_SHOWN = (Invalid, Conflict, NotFound, PaymentRequired, RateLimited)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Who would get the badge. `problem`: why the profile can't be asked for now; then it is tried later."""

    person: Person
    email: str | None
    actor: RemoteActor | None
    problem: FetchFailed | None = None


@for_member(Permission.ISSUE)
async def show_form(request: Request, desk: Desk) -> Response:
    """`?badge=` and `?recipient=` fill it in."""
    return await _form_page(request, desk, request.query_params)


async def _form_page(
    request: Request, desk: Desk, typed: Mapping[str, str], error: BadgefedError | None = None
) -> Response:
    kept = {name: typed.get(name, "")[:MAX_KEPT] for name in FIELDS}
    choices = await services_of(request).database.read(
        lambda reader: load_choices(
            reader, desk.organization.id, chosen=kept["badge"], named=kept["badge-name"]
        )
    )
    return render_console(
        request,
        "console/granting.html",
        desk.visit,
        desk=desk,
        error=error,
        wrong=_form_field(error.field) if isinstance(error, Invalid) else "",
        choices=choices,
        typed=kept,
    )


def _form_field(field: str | None) -> str:
    """What the form calls a field of a row."""
    return {"email": "recipient", "profile": "recipient", "licenseNumber": "license"}.get(
        field or "", field or ""
    )


@for_member(Permission.ISSUE)
async def check(request: Request, desk: Desk) -> Response:
    """Shows the recipient, the badge and what will happen. Changes nothing."""
    form = await read_visit_form(request, desk.visit)
    services = services_of(request)
    try:
        offer = await _read_offer(request, desk, form)
        held = await services.database.read(
            lambda reader: grants.foresee(reader, offer, now=services.clock())
        )
        candidate = await _find_candidate(request, desk, offer)
    except _SHOWN as error:
        return await _form_page(request, desk, form, error)
    return await _check_page(request, desk, form, offer, candidate, held)


async def _check_page(
    request: Request,
    desk: Desk,
    form: Mapping[str, str],
    offer: Offer,
    candidate: Candidate,
    held: Grant | None,
) -> Response:
    badge = await find_choice(services_of(request).database, desk.organization.id, offer.badge_id)
    if badge is None:
        raise NotFound("This badge is not active any more.")
    return render_console(
        request,
        "console/granting-check.html",
        desk.visit,
        desk=desk,
        badge=badge,
        offer=offer,
        candidate=candidate,
        held=held,
        typed={name: form.get(name, "") for name in FIELDS},
    )


@for_member(Permission.ISSUE)
async def change(request: Request, desk: Desk) -> Response:
    """Back to the form, with what was typed."""
    return await _form_page(request, desk, await read_visit_form(request, desk.visit))


@for_member(Permission.ISSUE)
async def grant(request: Request, desk: Desk) -> Response:
    """Whoever sends the form once more comes to the same grant."""
    form = await read_visit_form(request, desk.visit)
    services = services_of(request)
    try:
        offer = await _read_offer(request, desk, form)
        offered = await services.database.write(
            lambda tx: grants.offer(tx, offer, services, by=desk.visit.author)
        )
    except _SHOWN as error:
        return await _form_page(request, desk, form, error)
    services.wake.set()
    done = "granted" if offered.is_new else "waiting"
    return redirect(f"{desk.root}/grants/{offered.grant.uuid}?done={done}")


async def _read_offer(request: Request, desk: Desk, form: Mapping[str, str]) -> Offer:
    """By the same rules as a row of a list. Raises `Invalid`."""
    services = services_of(request)
    choice = read_choice(form)
    if not choice:
        raise Invalid("Choose a badge.", field="badge")
    _check_lengths(form)
    names = await find_badge_names(services.database, desk.organization.id, [choice])
    judge = Judge(badges=names, badge=None, now=services.clock())
    members = {
        "badge": choice,
        "name": form.get("name", ""),
        "evidence": form.get("evidence", ""),
        "narrative": form.get("narrative", ""),
        "licenseNumber": form.get("license", ""),
        "expires": form.get("expires", ""),
        **_read_recipient(form.get("recipient", "")),
    }
    row = judge.judge(1, 1, members)
    if row.state is RowState.INVALID:
        if row.field == "expires":
            raise Invalid("Choose a day that lies ahead, or none.", field="expires")
        reason = row.reason or ""
        raise Invalid(reason, field=row.field)
    return offer_of(desk.organization.id, row)


def _check_lengths(form: Mapping[str, str]) -> None:
    for name, most in MOST.items():
        if (count := len(form.get(name, ""))) > most:
            raise Invalid(
                say("At most %(limit)s characters; these are %(count)s.", limit=most, count=count), field=name
            )


def _read_recipient(text: str) -> dict[str, str]:
    """`profile` for what begins like a handle or an address of the web, else `email`. Raises `Invalid`."""
    if not text:
        raise Invalid("Say who gets the badge.", field="recipient")
    try:
        if text.startswith(("@", "acct:")) or "://" in text:
            return {"profile": read_profile(text)}
        return {"email": check_email(text)}
    except Invalid as error:
        raise Invalid(
            "Write a Fediverse profile like @jane@mastodon.example or its address, or an e-mail address"
            " like jane@example.org.",
            field="recipient",
        ) from error


async def _find_candidate(request: Request, desk: Desk, offer: Offer) -> Candidate:
    """Asks the profile's server, at most so many times a minute for one user. Raises `Invalid` for what is no profile."""
    if offer.profile is None:
        person = Person(name=offer.name, handle=None, url=None)
        return Candidate(person=person, email=offer.email, actor=None)
    check_decision(_ask(request, desk, "profile_look_ups", LOOK_UPS_PER_MINUTE))
    try:
        actor = await directory.find_profile(services_of(request), offer.profile)
    except FetchFailed as failure:
        if failure.reason in NOT_A_PROFILE or failure.http_status in (404, 410):
            raise Invalid(
                say("There is no Fediverse profile %(profile)s: %(why)s", profile=offer.profile, why=failure),
                field="recipient",
            ) from failure
        person = Person(name=offer.name, handle=offer.profile, url=None)
        return Candidate(person=person, email=None, actor=None, problem=failure)
    person = Person(
        name=actor.name or offer.name, handle=actor.handle or offer.profile, url=actor.url or actor.id
    )
    return Candidate(person=person, email=None, actor=actor)


def _ask(request: Request, desk: Desk, what: str, per_minute: int) -> Decision:
    """Counts one more question to another server that this user causes."""
    state = request.app.state
    if not hasattr(state, what):
        setattr(state, what, RateLimiter(per_minute, per_minute, services_of(request).clock))
    limiter: RateLimiter = getattr(state, what)
    return limiter.check(str(desk.visit.user.id))


@for_member(Permission.ISSUE)
async def show_avatar(request: Request, desk: Desk) -> Response:
    """The picture of a profile that was looked up (`?profile=`, its actor's id), else a drawn one, which no browser keeps."""
    services = services_of(request)
    actor = await remote_actors.find_actor(services.database, request.query_params.get("profile", ""))
    if actor is None:
        raise NotFound("There is no such profile here.")
    may_fetch = _ask(request, desk, "avatars", AVATARS_PER_MINUTE).allowed
    png = await fetch_avatar(services, actor) if may_fetch else None
    if png is not None:
        return Response(png, media_type=PNG, headers=_KEPT_HEADERS)
    async with services.drawing:
        svg = await asyncio.to_thread(draw_avatar, name=actor.name or actor.username or "", colour=PALETTE[0])
    return Response(svg, media_type=SVG, headers=CONSOLE_HEADERS)


routes: list[BaseRoute] = [
    Route(GRANTING, show_form),
    Route(GRANTING, check, methods=["POST"]),
    Route(f"{GRANTING}/change", change, methods=["POST"]),
    Route(f"{GRANTING}/send", grant, methods=["POST"]),
    Route(f"{GRANTING}/avatar", show_avatar),
]
