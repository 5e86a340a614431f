"""Verifying a badge, for people: a form that takes it in any form, and the result. Nothing is stored, and a link alone fetches nothing."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from badgefed.errors import BadgefedError, Invalid, NotFound, RateLimited, TooLarge
from badgefed.model.grant import Grant, Presence, presence
from badgefed.model.image import Image
from badgefed.model.issuer import Issuer
from badgefed.model.times import Clock
from badgefed.model.visibility import Surface
from badgefed.protocol.openbadges import web_url
from badgefed.protocol.qr import qr_svg
from badgefed.store import badges, grants, images, issuers
from badgefed.store.database import Reader
from badgefed.texts import N_
from badgefed.verification.disclosure import without_withdrawn
from badgefed.verification.presented import Identifier, read_presented
from badgefed.verification.results import Check, CheckName, Outcome, Verification
from badgefed.verification.verify import verify
from badgefed.web.csrf import check_form, form_token
from badgefed.web.errors import NOT_FOUND, as_page
from badgefed.web.forms import Form, read_upload_form
from badgefed.web.templating import render, services_of
from badgefed.work.rate_limits import RateLimiter, check_decision, sender_network
from badgefed.work.services import Services

MAX_BYTES = 6_000_000
MAX_PREFILLED = 2_000
MAX_IDENTIFIER = 36
MAX_SHOWN = 60_000
MAX_REPEATED = 100_000
PRESENTED_PER_MINUTE = 30
LOOKED_UP_PER_MINUTE = 100
SUBJECT = "verify"
NOTHING_GIVEN = N_("Give a link, a number, the text of a badge, or a file.")
TWO_GIVEN = N_("Give either a text or a file, not both.")
RESULT_HEADERS = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Typed:
    """What stands in the fields of the form, and whether a file came with it."""

    badge: str = ""
    recipient: str = ""
    has_file: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Own:
    """What a result about a badge of this server shows besides: files of what can be verified, links to what is published."""

    grant: Grant
    issuer: Issuer
    image: Image
    is_shown: bool
    has_page: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Texts:
    """What takes a while to make: the badge's JSON for people, what a repeated check sends, the code to scan."""

    document: str
    is_cut: bool
    again: str | None
    qr: Markup | None


class _Limits:
    """How often one sender may ask. Counted in this process, so there is one for each application."""

    def __init__(self, clock: Clock) -> None:
        self.presented = RateLimiter(PRESENTED_PER_MINUTE, PRESENTED_PER_MINUTE, clock)
        self.looked_up = RateLimiter(LOOKED_UP_PER_MINUTE, LOOKED_UP_PER_MINUTE, clock)


def _limits_of(request: Request) -> _Limits:
    state = request.app.state
    if not hasattr(state, "verify_limits"):
        state.verify_limits = _Limits(state.services.clock)
    limits: _Limits = state.verify_limits
    return limits


def _count(request: Request, limiter: RateLimiter) -> None:
    check_decision(limiter.check(sender_network(request.client.host if request.client else "")))


@as_page
async def show_form(request: Request) -> Response:
    """The form, with what the link fills in; nothing is fetched for it."""
    query = request.query_params
    given = query.get("url") or query.get("id") or query.get("text") or ""
    typed = _Typed(badge=given[:MAX_PREFILLED], recipient=query.get("recipient", "")[:MAX_PREFILLED])
    return _form_page(request, typed)


def _form_page(request: Request, typed: _Typed, error: BadgefedError | None = None) -> Response:
    """`error` is shown at its field."""
    headers = {} if error is None else {"Cache-Control": "no-store"}
    if isinstance(error, RateLimited):
        headers["Retry-After"] = str(error.retry_after)
    place = _place(typed, error)
    return render(
        request,
        "verify.html",
        status=error.status if error else 200,
        headers=headers,
        token=form_token(services_of(request), SUBJECT),
        typed=typed,
        wrong={place: error} if error else {},
    )


def _place(typed: _Typed, error: BadgefedError | None) -> str:
    """The field that an error belongs to."""
    if isinstance(error, Invalid) and error.field == "recipient":
        return "recipient"
    is_about_file = isinstance(error, TooLarge) or (typed.has_file and not typed.badge)
    return "file" if is_about_file else "badge"


@as_page
async def verify_form(request: Request) -> Response:
    """Verifies what the form brings, now."""
    services = services_of(request)
    typed = _Typed()
    try:
        _count(request, _limits_of(request).presented)
        form = await read_upload_form(request, max_bytes=MAX_BYTES)
        check_form(services, request, form.fields, SUBJECT)
        typed = _Typed(
            badge=form.fields.get("badge", ""),
            recipient=form.fields.get("recipient", ""),
            has_file=bool(form.files.get("file")),
        )
        verification = await verify(services, _choose(form), recipient=typed.recipient)
    except BadgefedError as error:
        return _form_page(request, typed, error)
    return await _result(request, verification, recipient=typed.recipient)


def _choose(form: Form) -> bytes | str:
    """The file, else the text. Raises Invalid where there is neither, or both."""
    text, file = form.fields.get("badge", ""), form.files.get("file", b"")
    if text and file:
        raise Invalid(TWO_GIVEN, field="badge")
    if not text and not file:
        raise Invalid(NOTHING_GIVEN, field="badge")
    return file or text


@as_page
async def verify_own(request: Request) -> Response:
    """The result for a badge of this server, by its code or UUID. What strangers may not know of is not there."""
    identifier: str = request.path_params["identifier"]
    _count(request, _limits_of(request).looked_up)
    return await _result(request, await verify(services_of(request), _read_identifier(identifier)))


def _read_identifier(text: str) -> str:
    if len(text) <= MAX_IDENTIFIER and text.isascii():
        try:
            presented = read_presented(text)
        except BadgefedError as error:
            raise NotFound(NOT_FOUND) from error
        if isinstance(presented, Identifier):
            return presented.text
    raise NotFound(NOT_FOUND)


async def _result(request: Request, found: Verification, *, recipient: str = "") -> Response:
    services = services_of(request)
    verification = without_withdrawn(found)
    own = await _load_own(services, verification.grant_id)
    texts = await asyncio.to_thread(_make_texts, services, verification, own)
    return render(
        request,
        "verify-result.html",
        headers=RESULT_HEADERS,
        token=form_token(services, SUBJECT),
        result=verification,
        failed=_first_failed(verification),
        is_proved=_is_proved(verification),
        is_withdrawn=verification is not found,
        badge=verification.badge,
        recipient_url=web_url(verification.badge.recipient),
        has_expired=_has_expired(verification),
        own=own,
        texts=texts,
        recipient=recipient,
    )


async def _load_own(services: Services, grant_id: int | None) -> _Own | None:
    if grant_id is None:
        return None

    async def load(reader: Reader) -> _Own | None:
        grant = await grants.find_grant(reader, grant_id)
        if grant is None:
            return None
        badge = await badges.get_granted_badge(reader, grant)
        return _Own(
            grant=grant,
            issuer=await issuers.get_issuer(reader, grant.issuer_id),
            image=await images.get_image(reader, badge.image_id),
            is_shown=presence(grant, Surface.VERIFICATION) is Presence.SHOWN,
            has_page=presence(grant, Surface.LINK) is Presence.SHOWN,
        )

    return await services.database.read(load)


def _make_texts(services: Services, verification: Verification, own: _Own | None) -> _Texts:
    document = dict(verification.document)
    shown = json.dumps(document, indent=2, ensure_ascii=False) if document else ""
    address = services.addresses.verify(own.grant.code) if own else None
    return _Texts(
        document=shown[:MAX_SHOWN],
        is_cut=len(shown) > MAX_SHOWN,
        again=_again(verification, own),
        qr=Markup(qr_svg(address)) if address and own and own.is_shown else None,  # noqa: S704
    )


def _again(verification: Verification, own: _Own | None) -> str | None:
    """What the same check needs another time; None where that is too much for a page."""
    if own is not None and own.is_shown:
        return own.grant.code
    document = dict(verification.document)
    text = (
        verification.source
        or verification.token
        or (json.dumps(document, ensure_ascii=False) if document else "")
    )
    return text if text and len(text) <= MAX_REPEATED else None


def _first_failed(verification: Verification) -> Check | None:
    return next((check for check in verification.checks if check.outcome is Outcome.FAIL), None)


def _is_proved(verification: Verification) -> bool:
    """Whether what the badge says is what the issuer that it names has said."""
    checks = (verification.check(CheckName.INTEGRITY), verification.check(CheckName.ISSUER_IDENTITY))
    return checks[0] is not None and all(check is None or check.outcome is Outcome.PASS for check in checks)


def _has_expired(verification: Verification) -> bool:
    expires = verification.badge.expires
    return expires is not None and expires <= verification.checked_at


routes: list[BaseRoute] = [
    Route("/verify", show_form),
    Route("/verify", verify_form, methods=["POST"]),
    Route("/verify/{identifier}", verify_own),
]
