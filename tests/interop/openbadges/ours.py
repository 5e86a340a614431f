"""Our own verifier beside the others: the same things presented to it, the same web around it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from badgefed.errors import BadgefedError
from badgefed.net.client import Client
from badgefed.net.transport import Request, Response
from badgefed.verification import results
from badgefed.verification.results import CheckName, Outcome, Verification
from badgefed.verification.verify import verify as verify_badge
from badgefed.work.services import Services
from tests.interop.openbadges.answers import Answer, Fetch, Gone, Verdict, parse_object

_UNTIL_SAID_OTHERWISE = {
    results.Verdict.VALID: Verdict.VALID,
    results.Verdict.WARNING: Verdict.VALID,
    results.Verdict.INVALID: Verdict.REFUSED,
    results.Verdict.COULD_NOT_CHECK: Verdict.UNSURE,
}
_TAKEN_BACK = (CheckName.NOT_REVOKED, CheckName.NOT_SUSPENDED)


async def verify(services: Services, presented: bytes, fetch: Fetch) -> Answer:
    """A warning does not make a badge invalid; what is no badge at all is refused."""
    around = replace(
        services, client=Client(_Transport(fetch=fetch), allow_private=True, clock=services.clock)
    )
    try:
        return _judge(await verify_badge(around, presented))
    except BadgefedError as error:
        return Answer(verdict=Verdict.REFUSED, reason=str(error))


def _judge(found: Verification) -> Answer:
    outcomes = {check.name: check.outcome for check in found.checks}
    reason = "; ".join(
        f"{check.name}: {check.sentence.render()} {check.detail or ''}".strip()
        for check in found.checks
        if check.outcome in (Outcome.FAIL, Outcome.COULD_NOT_CHECK)
    )
    if any(outcomes.get(name) is Outcome.FAIL for name in _TAKEN_BACK):
        return Answer(verdict=Verdict.REVOKED, reason=reason)
    return Answer(verdict=_UNTIL_SAID_OTHERWISE[found.verdict], reason=reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Transport:
    fetch: Fetch

    async def send(self, request: Request, *, max_bytes: int, timeout: float) -> Response:
        try:
            status, body = 200, self.fetch(request.url)
        except Gone as gone:
            status, body = 410, gone.body
        except LookupError:
            status, body = 404, b"{}"
        return Response(
            status=status, headers={"content-type": _media_type(body)}, body=body, url=request.url
        )

    async def close(self) -> None:
        await asyncio.sleep(0)


def _media_type(body: bytes) -> str:
    if parse_object(body) is not None:
        return "application/json"
    return "image/png" if body.startswith(b"\x89PNG") else "text/html"
