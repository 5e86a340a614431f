"""A form that makes something makes it once, however often its button is pressed: its page gives it an id."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from badgefed.errors import Invalid
from badgefed.model.identifiers import new_uuid
from badgefed.model.times import DAY
from badgefed.store.database import Transaction
from badgefed.store.idempotency import claim_request, find_answer, keep_answer
from badgefed.web.console.access import Desk
from badgefed.work.services import Services

FIELD = "once"
LIFETIME = DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a form made, by its name, and whether that was only now."""

    name: str
    is_new: bool


def new_form_id(services: Services) -> str:
    return new_uuid(services.clock())


def read_form_id(form: Mapping[str, str]) -> str:
    """Raises `Invalid` for a form without one."""
    try:
        return str(UUID(form.get(FIELD, "")))
    except ValueError:
        raise Invalid("This form is incomplete; open the page again and send it from there.") from None


async def make_once(
    tx: Transaction, desk: Desk, form_id: str, make: Callable[[Transaction], Awaitable[str]], *, now: int
) -> Made:
    """What `make` returned, a name of what it made, when this form came for the first time; made now if this is it."""
    caller = f"console:{desk.visit.user.id}:{desk.organization.id}"
    is_first = await claim_request(
        tx, caller=caller, idempotency_key=form_id, request_hash="", now=now, since=now - LIFETIME
    )
    if not is_first:
        kept = await find_answer(tx, caller=caller, idempotency_key=form_id)
        return Made(name=kept.body.decode() if kept else "", is_new=False)
    made = await make(tx)
    await keep_answer(tx, caller=caller, idempotency_key=form_id, status=303, body=made.encode())
    return Made(name=made, is_new=True)
