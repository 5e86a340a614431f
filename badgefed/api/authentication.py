"""Who calls, and how often they may: API keys and rate limits. Every API takes a key in each of the headers."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

import structlog
from starlette.requests import Request

from badgefed.errors import Forbidden, RateLimited, Unauthenticated
from badgefed.model.organization import ApiKey
from badgefed.model.times import MINUTE, SECOND
from badgefed.store.api_keys import find_live_key, hash_key, touch_key
from badgefed.work.rate_limits import Decision, RateLimiter
from badgefed.work.services import Services

KEY_HEADERS = ("X-ApiKey", "X-Api-Key")
KEY_PARAMETER = "apiKey"
MAX_KEY = 500
FAILURES_PER_MINUTE = 30
REQUESTS_PER_MINUTE = 6_000
MAX_RATE = 1_000_000
KNOWN_KEYS = 1_000

_TABLES = ("api_keys", "users")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTexts:
    """What an API says where there is no key, and where it is none of ours."""

    missing: str
    invalid: str


def find_credential(request: Request) -> str | None:
    """The key that the request carries, trimmed. A header that isn't blank wins over the query."""
    headers = request.headers
    for name in KEY_HEADERS:
        if value := headers.get(name, "").strip():
            return value
    scheme, _, token = headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    if not request.url.query:
        return None
    for name, value in request.query_params.multi_items():
        if name.lower() == KEY_PARAMETER.lower():
            return value.strip() or None
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """A live key as it was read at an instant, after so many commits."""

    key: ApiKey
    commits: int
    read_at: int


class Gate:
    """Lets requests in. Counts in this process, so there is one for each application.

    Unknown keys count against the sender's address alone, and a good key is never held up by them: behind one address
    there may be many senders.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._failures = RateLimiter(FAILURES_PER_MINUTE, FAILURES_PER_MINUTE, services.clock)
        self._addresses = RateLimiter(REQUESTS_PER_MINUTE, REQUESTS_PER_MINUTE, services.clock)
        self._keys: dict[int, RateLimiter] = {}
        self._known: dict[str, _Known] = {}

    async def authenticate(self, request: Request, texts: KeyTexts) -> ApiKey:
        """The live key that the request carries. Raises `Unauthenticated`; `RateLimited` after too many unknown keys."""
        credential = find_credential(request)
        if credential is None:
            raise Unauthenticated(texts.missing)
        now = self._services.clock()
        database = self._services.database
        key = await self._find_key(credential, now) if len(credential) <= MAX_KEY else None
        if key is None:
            self._refuse(request, credential, texts)
        if key.last_used_at is None or key.last_used_at < now - MINUTE:
            key_id = key.id
            await database.write(lambda tx: touch_key(tx, key_id, now=now))
        return key

    async def _find_key(self, credential: str, now: int) -> ApiKey | None:
        """A live key is remembered for a second at most, and not beyond this process's next change of keys or users."""
        database = self._services.database
        commits, name = database.changes.commits(_TABLES), hash_key(credential)
        known = self._known.get(name)
        if known is not None and known.commits == commits and 0 <= now - known.read_at < SECOND:
            return known.key
        key = await find_live_key(database, credential, now=now)
        if key is not None:
            if len(self._known) >= KNOWN_KEYS:
                self._known.clear()
            self._known[name] = _Known(key=key, commits=commits, read_at=now)
        return key

    def _refuse(self, request: Request, credential: str, texts: KeyTexts) -> NoReturn:
        network = network_of(request)
        log.info("api key refused", network=network, sha256=hash_key(credential)[:12])
        _check(self._failures.check(network))
        raise Unauthenticated(texts.invalid)

    def count(self, key: ApiKey) -> Decision | None:
        """Where the key stands after this request; None for a key without limit."""
        if key.rate <= 0:
            return None
        rate = min(key.rate, MAX_RATE)
        limiter = self._keys.get(rate)
        if limiter is None:
            limiter = self._keys[rate] = RateLimiter(rate, rate, self._services.clock)
        return limiter.check(str(key.id))

    def check(self, request: Request, quota: Decision | None) -> None:
        """Raises `RateLimited` where the key or the sender's address has had its share."""
        if quota is not None:
            _check(quota)
            _check(self._addresses.check(network_of(request)))


def gate_of(request: Request) -> Gate:
    """The application's gate."""
    state = request.app.state
    if not hasattr(state, "api_gate"):
        state.api_gate = Gate(state.services)
    gate: Gate = state.api_gate
    return gate


def check_scope(key: ApiKey, scope: str) -> None:
    """Raises `Forbidden`."""
    if scope not in key.scopes:
        raise Forbidden(f"This API key lacks the scope {scope}.")


def quota_headers(quota: Decision | None, *, now: int) -> Mapping[str, str]:
    """`X-RateLimit-*`; the reset in seconds since 1970."""
    if quota is None:
        return {}
    return {
        "X-RateLimit-Limit": str(quota.limit),
        "X-RateLimit-Remaining": str(quota.remaining),
        "X-RateLimit-Reset": str(now // SECOND + quota.reset),
    }


def network_of(request: Request) -> str:
    """The sender's address; of an IPv6 address its /64, which one sender has whole."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False))


def _check(decision: Decision) -> None:
    if not decision.allowed:
        raise RateLimited(
            f"Too many requests. Try again in {decision.retry_after} seconds.",
            retry_after=decision.retry_after,
        )
