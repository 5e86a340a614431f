"""Sending people to their own server, to follow or share there what they see here.

A page in between says where the address leads; nobody is redirected.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from badgefed.errors import BadgefedError, FetchFailed, Forbidden, Invalid, NotFound, RateLimited
from badgefed.protocol.remote_interaction import Deed
from badgefed.texts import Message, say
from badgefed.web.csrf import check_form, form_token
from badgefed.web.fediverse_departure import check_sender
from badgefed.web.forms import read_form
from badgefed.web.templating import render, services_of
from badgefed.work import remote_interaction
from badgefed.work.services import Services

HEADERS = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex", "Referrer-Policy": "same-origin"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """What one wants to do with what: `object_id` is its id in the Fediverse, `name` what people call it.

    `action` is where the form is sent, `back` the page that it stands on; `content` is the text to share.
    `by_hand` is what to put into the search of one's app where the way by the form is none.
    """

    deed: Deed
    object_id: str
    name: str
    action: str
    back: str
    by_hand: str
    content: str = ""


def interaction_token(services: Services, action: str) -> str:
    """The token for the form that is sent to `action`."""
    return form_token(services, f"interaction:{action}")


def show_form(
    request: Request, wanted: Interaction, *, typed: str = "", error: Message | None = None, status: int = 200
) -> Response:
    """The form that asks for one's handle, on a page to itself."""
    return render(
        request,
        "remote-form.html",
        status=status,
        headers=HEADERS,
        wanted=wanted,
        token=interaction_token(services_of(request), wanted.action),
        typed=typed,
        error=error,
    )


async def answer_form(request: Request, wanted: Interaction) -> Response:
    """The page that leads away, or the form again with what is wrong. Raises `Forbidden`, `RateLimited`."""
    services, form = services_of(request), await read_form(request)
    check_form(services, request, form, f"interaction:{wanted.action}")
    try:
        door = await _find(request, services, wanted, form)
    except (Forbidden, RateLimited):
        raise
    except BadgefedError as error:
        status = error.status if isinstance(error, Invalid) else 422
        text = _explain(error)
        return show_form(request, wanted, typed=form.get("handle", "")[:320], error=text, status=status)
    return render(request, "remote-departure.html", headers=HEADERS, wanted=wanted, door=door)


async def _find(
    request: Request, services: Services, wanted: Interaction, form: Mapping[str, str]
) -> remote_interaction.Door:
    handle = remote_interaction.read_handle(services, form.get("handle", ""))
    check_sender(request)
    return await remote_interaction.find_door(
        services, handle, wanted.deed, object_id=wanted.object_id, content=wanted.content
    )


def _explain(error: BadgefedError) -> Message:
    if isinstance(error, NotFound):
        return say("%(error)s Use the address below in your app instead.", error=error.message)
    if isinstance(error, FetchFailed):
        return say("Your server could not be asked: %(error)s", error=error.message)
    return error.message
