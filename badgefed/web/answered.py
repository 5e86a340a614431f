"""The recipient's own page about a badge that they have answered: what came of it, and binding a Fediverse profile."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from badgefed.errors import BadgefedError, Invalid, RateLimited
from badgefed.issuing import profiles
from badgefed.issuing.profiles import Outcome
from badgefed.model.grant import Grant, Status
from badgefed.store import documents, profile_challenges
from badgefed.store.database import Reader
from badgefed.store.documents import DocumentKind
from badgefed.store.profile_challenges import LIFETIME, Challenge
from badgefed.texts import N_
from badgefed.web.csrf import check_form, form_token
from badgefed.web.errors import as_page
from badgefed.web.forms import read_form
from badgefed.web.recipient_sign_in import NOT_READY, depart_to_bind
from badgefed.web.recipients import HEADERS, Subject, find_grant, form_subject, load_subject, lost
from badgefed.web.templating import render, services_of
from badgefed.work.accept_links import manage_key, manage_url, opens

CREDENTIAL_TYPE = "application/vc+ld+json"
_WRONG: Mapping[Outcome, str] = {
    Outcome.WRONG: N_("That is not the code that we sent."),
    Outcome.EXPIRED: N_("That code is not valid any more. Ask for a new one."),
    Outcome.NOT_READY: NOT_READY,
}


@as_page
async def show_answered(request: Request) -> Response:
    """What came of the answer."""
    grant = await _managed(request)
    return lost(request) if grant is None else await _page(request, grant)


async def _managed(request: Request) -> Grant | None:
    """The answered grant whose recipient's page this is."""
    grant = await find_grant(request)
    is_key = opens(services_of(request).settings.secret_key, grant, request.path_params["key"], manage_key)
    return grant if is_key and grant is not None and grant.status is not Status.PENDING else None


async def _page(
    request: Request, grant: Grant, *, error: BadgefedError | None = None, typed: str = "", code: str = ""
) -> Response:
    """`error` is what was wrong with a form of this page; it is shown at its field. `typed` is the profile in it."""
    services = services_of(request)

    async def load(reader: Reader) -> tuple[Subject, Challenge | None]:
        return await load_subject(reader, grant), await profile_challenges.find_challenge(reader, grant.id)

    subject, challenge = await services.database.read(load)
    wait = {"Retry-After": str(error.retry_after)} if isinstance(error, RateLimited) else {}
    is_fresh = challenge is not None and challenge.created_at > services.clock() - LIFETIME
    return render(
        request,
        "answered.html",
        status=error.status if error else 200,
        headers={**HEADERS, **wait},
        token=form_token(services, form_subject(request, grant)),
        typed=typed[: profiles.MAX_PROFILE],
        code=code,
        page=manage_url(services, grant),
        can_bind=profiles.can_bind(grant),
        challenge=challenge if is_fresh else None,
        wrong_code=error if isinstance(error, Invalid) and error.field == "code" else None,
        wrong_profile=error if getattr(error, "field", None) != "code" else None,
        **subject.context,
    )


@as_page
async def ask_profile(request: Request) -> Response:
    """Sends a code to the profile that the recipient names, or the recipient to that profile's server."""
    grant = await _managed(request)
    if grant is None:
        return lost(request)
    services = services_of(request)
    form = await read_form(request)
    check_form(services, request, form, form_subject(request, grant))
    try:
        profile = profiles.read_profile(form.get("profile", ""))
        if form.get("by") == "sign-in":
            return await depart_to_bind(request, grant, profile)
        await services.database.write(lambda tx: profiles.ask(tx, grant.id, profile, now=services.clock()))
    except BadgefedError as error:
        return await _page(request, grant, error=error, typed=form.get("profile", ""))
    services.wake.set()
    return RedirectResponse(manage_url(services, grant), 303, HEADERS)


@as_page
async def confirm_profile(request: Request) -> Response:
    """Binds the profile that the typed code was sent to."""
    grant = await _managed(request)
    if grant is None:
        return lost(request)
    services = services_of(request)
    form = await read_form(request)
    check_form(services, request, form, form_subject(request, grant))
    typed, secret_key, now = form.get("code", ""), services.settings.secret_key, services.clock()
    outcome = await services.database.write(
        lambda tx: profiles.confirm(tx, grant.id, typed, secret_key=secret_key, now=now)
    )
    if outcome is not Outcome.BOUND:
        return await _page(request, grant, error=Invalid(_WRONG[outcome], field="code"), code=typed)
    services.wake.set()
    return RedirectResponse(manage_url(services, grant), 303, HEADERS)


@as_page
async def download_credential(request: Request) -> Response:
    """The signed credential, for its recipient whatever its visibility."""
    grant = await _managed(request)
    document = None
    if grant is not None and grant.status is Status.PROCESSED:
        database = services_of(request).database
        document = await documents.find_document(database, grant.id, DocumentKind.CREDENTIAL)
    if grant is None or document is None:
        return lost(request)
    headers = {**HEADERS, "Content-Disposition": f'attachment; filename="{grant.code}.json"'}
    return Response(document.body, headers=headers, media_type=CREDENTIAL_TYPE)


routes: list[BaseRoute] = [
    Route("/grants/{grant_id}/{key}", show_answered),
    Route("/grants/{grant_id}/{key}/profile", ask_profile, methods=["POST"]),
    Route("/grants/{grant_id}/{key}/code", confirm_profile, methods=["POST"]),
    Route("/grants/{grant_id}/{key}/credential", download_credential),
]
