"""Signatures for requests, made in a thread and many at a time: the event loop goes on while RSA takes its 0.3 ms each."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from badgefed.protocol import signatures
from badgefed.protocol.signatures import OutboundRequest, Scheme
from badgefed.work.keyring import SigningKey

AT_ONCE = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """A signature that somebody waits for."""

    request: OutboundRequest
    scheme: Scheme
    key: SigningKey
    now: float
    headers: asyncio.Future[dict[str, str]]


class Signer:
    """What comes while a batch is signed makes the next batch, so that many signatures cost one change of threads."""

    def __init__(self) -> None:
        self._waiting: deque[_Order] = deque()
        self._task: asyncio.Task[None] | None = None

    async def sign(
        self, request: OutboundRequest, *, scheme: Scheme, key: SigningKey, now: float
    ) -> dict[str, str]:
        """As `signatures.sign`."""
        headers: asyncio.Future[dict[str, str]] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Order(request=request, scheme=scheme, key=key, now=now, headers=headers))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._sign_waiting())
        return await headers

    async def _sign_waiting(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))]
            for order, outcome in zip(batch, await asyncio.to_thread(_sign_all, batch), strict=True):
                if order.headers.done():
                    continue
                if isinstance(outcome, Exception):
                    order.headers.set_exception(outcome)
                else:
                    order.headers.set_result(outcome)


def _sign_all(batch: Sequence[_Order]) -> list[dict[str, str] | Exception]:
    return [_sign(order) for order in batch]


def _sign(order: _Order) -> dict[str, str] | Exception:
    try:
        return signatures.sign(
            order.request,
            scheme=order.scheme,
            key_id=order.key.key_id,
            private_key=order.key.private_key,
            now=order.now,
        )
    except Exception as error:  # noqa: BLE001 - it belongs to the one who waits for this signature
        return error
