"""One attempt at a delivery: a signed POST and, where the answer says that the signature was not understood, another one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import cast, get_args

from badgefed.errors import FetchFailed
from badgefed.model.times import SECOND
from badgefed.net import media_types
from badgefed.protocol import digests
from badgefed.protocol.signatures import OutboundRequest, Scheme
from badgefed.store.activities import Activity
from badgefed.work.retries import read_retry_after
from badgefed.work.services import Services
from badgefed.work.signer import Signer

FIRST_SCHEME: Scheme = "cavage"
_NOT_UNDERSTOOD = (400, 401)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """An activity as it goes over the wire; `digest` is the base64 text of its SHA-256.

    `signing_key_id`: a key that signs it instead of the present one.
    """

    issuer_id: int | None
    body: bytes
    digest: str
    signing_key_id: int | None = None

    @classmethod
    def of(cls, activity: Activity) -> Outgoing:
        return cls(
            issuer_id=activity.issuer_id,
            body=activity.body,
            digest=digests.sha256_base64(activity.body),
            signing_key_id=activity.signing_key_id,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an attempt brought: a `status` or, if there was no answer (None), the `reason` of a FetchFailed.

    `retry_after` in microseconds; `scheme` is the one that the answer was given to.
    """

    status: int | None
    reason: str
    retry_after: int | None
    scheme: Scheme


def read_scheme(text: str | None) -> Scheme:
    """A scheme as the store keeps it; the first one to try where it keeps none."""
    return cast("Scheme", text) if text in get_args(Scheme) else FIRST_SCHEME


class Knocker:
    """Makes attempts at deliveries."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._signer = Signer()

    async def attempt(self, inbox: str, outgoing: Outgoing, scheme: Scheme) -> Answer:
        """All knocks together take hardly longer than the setting allows for a delivery. Signs anew each time.

        What is signed with a retired key goes out with the present one where the peer knows that one already.
        """
        allowed = float(self._services.settings.delivery_timeout_seconds)
        started = time.monotonic()
        first = await self._knock(inbox, outgoing, scheme, allowed)
        if first.status not in _NOT_UNDERSTOOD:
            return first
        for later, other in _later_knocks(outgoing, scheme):
            left = max(allowed - (time.monotonic() - started), allowed / 10)
            answer = await self._knock(inbox, later, other, left)
            if answer.status is not None and answer.status not in _NOT_UNDERSTOOD:
                return answer
        return first

    async def _knock(self, inbox: str, outgoing: Outgoing, scheme: Scheme, seconds: float) -> Answer:
        headers = await self._sign(inbox, outgoing, scheme)
        try:
            response = await self._services.client.post(inbox, outgoing.body, headers, timeout=seconds)
        except FetchFailed as failure:
            return Answer(status=None, reason=failure.reason, retry_after=None, scheme=scheme)
        if 200 <= response.status < 300:
            return Answer(status=response.status, reason="", retry_after=None, scheme=scheme)
        wait = read_retry_after(response.headers.get("retry-after"), now=self._services.clock())
        return Answer(
            status=response.status, reason=f"status {response.status}", retry_after=wait, scheme=scheme
        )

    async def _sign(self, inbox: str, outgoing: Outgoing, scheme: Scheme) -> dict[str, str]:
        keyring, special = self._services.keyring, outgoing.signing_key_id
        key = await (keyring.rsa(outgoing.issuer_id) if special is None else keyring.past(special))
        request = OutboundRequest(
            method="POST", url=inbox, body_digest=outgoing.digest, content_type=media_types.ACTIVITY
        )
        return await self._signer.sign(request, scheme=scheme, key=key, now=self._services.clock() / SECOND)


def _later_knocks(outgoing: Outgoing, scheme: Scheme) -> Iterator[tuple[Outgoing, Scheme]]:
    """What to try after a first knock that wasn't understood."""
    yield outgoing, _other(scheme)
    if outgoing.signing_key_id is not None:
        present = replace(outgoing, signing_key_id=None)
        yield present, scheme
        yield present, _other(scheme)


def _other(scheme: Scheme) -> Scheme:
    return "rfc9421" if scheme == "cavage" else "cavage"
