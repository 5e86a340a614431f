"""The Idempotency-Key header: a request that is sent again within 24 hours is carried out once and answered the same."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from badgefed.api.errors import json_bytes
from badgefed.api.operations import Parameter, Refusal
from badgefed.api.requests import services_of
from badgefed.errors import Invalid, Unprocessable
from badgefed.model.times import DAY
from badgefed.protocol.bodies import Values
from badgefed.protocol.sealing import seal, unseal
from badgefed.store.database import Transaction
from badgefed.store.idempotency import claim_request, find_answer, keep_answer
from badgefed.work.services import Services

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
LIFETIME = DAY
SEALING_PURPOSE = "idempotency"
BAD_KEY = f"{HEADER} must have 1 to 255 printable ASCII characters"
REUSED = f"This {HEADER} was used for another request within the last 24 hours"

IDEMPOTENCY_KEY = Parameter(
    name=HEADER,
    place="header",
    description="A value of your own choice for this one request. The same request with the same value within 24 hours is"
    " carried out once, also where both come at once, and gets the same answer, with the header Idempotency-Replayed."
    " A request that is refused leaves the value free.",
    schema={"type": "string", "minLength": 1, "maxLength": 255},
    example="8f14e45f-ceea-467f-a0e6-0c9d8b6f1a2b",
)
REPEATED = (Refusal(status=400, texts=(BAD_KEY,)), Refusal(status=422, texts=(REUSED,)))

_KEY = re.compile(r"[\x20-\x7e]{1,255}")


class Caller(Protocol):
    """Who makes requests: a key, or a person in an organization."""

    @property
    def subject(self) -> str:
        """What no other caller is called."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """A request that carries an Idempotency-Key. The hash stands for what is asked, not for how it is spelled."""

    caller: str
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
        raise Invalid(BAD_KEY, field=HEADER)
    return value.strip()


def identify(operation: str, caller: Caller, key: str | None, values: Values) -> Once | None:
    """What makes this request the same as another one; None without an Idempotency-Key."""
    if key is None:
        return None
    asked = msgspec.json.encode((operation, values), order="deterministic")
    return Once(caller=caller.subject, key=key, request_hash=hashlib.sha256(asked).hexdigest())


def respond(answer: Answer) -> Response:
    """The answer, which says whether it was given before."""
    headers = {REPLAYED: "true"} if answer.is_replay else {}
    return json_bytes(answer.body, status=answer.status, headers=headers)


async def carry_out_once(
    request: Request,
    caller: Caller,
    operation: str,
    asked: Values,
    work: Callable[[Transaction], Awaitable[object]],
    *,
    status: int = 200,
    is_brief: bool = False,
) -> Response:
    """What `work` gives, as JSON, done in one transaction and once for each Idempotency-Key of the caller.

    `asked` is everything that makes this request another one. Raises `Invalid`, `Unprocessable`, and what `work` raises.
    """
    services = services_of(request)
    key = check_idempotency_key(request)
    once = None if key is None else await asyncio.to_thread(identify, operation, caller, key, asked)

    async def encode(tx: Transaction) -> Answer:
        return Answer(status=status, body=msgspec.json.encode(await work(tx)))

    answer = await services.database.write(
        lambda tx: answer_once(tx, services, once, encode), is_brief=is_brief
    )
    if not answer.is_replay:
        services.wake.set()
    return respond(answer)


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
        caller=once.caller,
        idempotency_key=once.key,
        request_hash=once.request_hash,
        now=now,
        since=now - LIFETIME,
    )
    if not claimed:
        return await _repeat(tx, services, once)
    answer = await work(tx)
    body = seal(services.settings.secret_key, purpose=SEALING_PURPOSE, plaintext=answer.body)
    await keep_answer(tx, caller=once.caller, idempotency_key=once.key, status=answer.status, body=body)
    return answer


async def _repeat(tx: Transaction, services: Services, once: Once) -> Answer:
    kept = await find_answer(tx, caller=once.caller, idempotency_key=once.key)
    if kept is None or kept.request_hash != once.request_hash:
        raise Unprocessable(REUSED)
    body = unseal(services.settings.secret_key, purpose=SEALING_PURPOSE, sealed=kept.body)
    return Answer(status=kept.status, body=body, is_replay=True)
