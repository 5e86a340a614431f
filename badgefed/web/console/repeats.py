"""A form that makes something is carried out once, however often its button is pressed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from badgefed.model.times import DAY
from badgefed.store.database import Transaction
from badgefed.store.idempotency import claim_request, find_answer, keep_answer
from badgefed.web.console.access import Desk

LIFETIME = DAY


async def make_once(
    tx: Transaction, desk: Desk, form_id: str, make: Callable[[Transaction], Awaitable[str]], *, now: int
) -> str:
    """What `make` returned at the first time that this form came, made now if this is it; a name of what was made."""
    caller = f"console:{desk.visit.user.id}:{desk.organization.id}"
    is_first = await claim_request(
        tx, caller=caller, idempotency_key=form_id, request_hash="", now=now, since=now - LIFETIME
    )
    if not is_first:
        kept = await find_answer(tx, caller=caller, idempotency_key=form_id)
        return kept.body.decode() if kept else ""
    made = await make(tx)
    await keep_answer(tx, caller=caller, idempotency_key=form_id, status=303, body=made.encode())
    return made
