"""The Idempotency-Key header: a request that is sent again within 24 hours is carried out once and answered the same."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec
from starlette.requests import Request

from badgefed.api.bodies import Values
from badgefed.errors import Invalid, Unprocessable
from badgefed.model.organization import ApiKey
from badgefed.model.times import DAY
from badgefed.protocol.sealing import seal, unseal
from badgefed.store.database import Transaction
from badgefed.store.idempotency import claim_request, find_answer, keep_answer
from badgefed.work.services import Services

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
LIFETIME = DAY
SEALING_PURPOSE = "idempotency"

_KEY = re.compile(r"[\x20-\x7e]{1,255}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """A request that carries an Idempotency-Key. The hash stands for what is asked, not for how it is spelled."""

    api_key_id: int
    key: str
    request_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """JSON, and whether it was given before."""

    status: int
    body: bytes
    is_replay: bool = False


def check_idempotency_key(request: Request) -> str | None:
    """The header's value, None without the header. Raises `Invalid`."""
    value = request.headers.get(HEADER)
    if value is None:
        return None
    if not _KEY.fullmatch(value.strip()):
        raise Invalid(f"{HEADER} must have 1 to 255 printable ASCII characters", field=HEADER)
    return value.strip()


def identify(operation: str, api_key: ApiKey, key: str | None, values: Values) -> Once | None:
    """What makes this request the same as another one; None without an Idempotency-Key."""
    if key is None:
        return None
    asked = msgspec.json.encode((operation, values), order="deterministic")
    return Once(api_key_id=api_key.id, key=key, request_hash=hashlib.sha256(asked).hexdigest())


async def answer_once(
    tx: Transaction, services: Services, once: Once | None, work: Callable[[Transaction], Awaitable[Answer]]
) -> Answer:
    """The answer of `work`, kept in its own transaction; or the answer that it gave before.

    What `work` raises undoes everything, the claim too, so that the request may be tried again. Answers hold secret
    links and are sealed. Raises `Unprocessable` where the key stands for another request.
    """
    if once is None:
        return await work(tx)
    now = services.clock()
    claimed = await claim_request(
        tx,
        api_key_id=once.api_key_id,
        idempotency_key=once.key,
        request_hash=once.request_hash,
        now=now,
        since=now - LIFETIME,
    )
    if not claimed:
        return await _repeat(tx, services, once)
    answer = await work(tx)
    body = seal(services.settings.secret_key, purpose=SEALING_PURPOSE, plaintext=answer.body)
    await keep_answer(
        tx, api_key_id=once.api_key_id, idempotency_key=once.key, status=answer.status, body=body
    )
    return answer


async def _repeat(tx: Transaction, services: Services, once: Once) -> Answer:
    kept = await find_answer(tx, api_key_id=once.api_key_id, idempotency_key=once.key)
    if kept is None or kept.request_hash != once.request_hash:
        raise Unprocessable(f"This {HEADER} was used for another request within the last 24 hours")
    body = unseal(services.settings.secret_key, purpose=SEALING_PURPOSE, sealed=kept.body)
    return Answer(status=kept.status, body=body, is_replay=True)
