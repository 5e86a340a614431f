"""Who calls, and how often they may: API keys and rate limits. Every API takes a key in each of the headers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

import structlog
from starlette.requests import Request

from badgefed.errors import Forbidden, Unauthenticated
from badgefed.model.audit import Author, author_of_key
from badgefed.model.organization import ApiKey, Permission, may
from badgefed.model.times import MINUTE, SECOND
from badgefed.store.api_keys import find_live_key, hash_key, touch_key
from badgefed.work.rate_limits import Decision, RateLimiter, check_decision, sender_network
from badgefed.work.services import Services

KEY_HEADERS = ("X-ApiKey", "X-Api-Key")
KEY_PARAMETER = "apiKey"
MAX_KEY = 500
FAILURES_PER_MINUTE = 30
ATTEMPTS = 3
ATTEMPTS_MINUTES = 15
REQUESTS_PER_MINUTE = 6_000
MAX_RATE = 1_000_000
KNOWN_KEYS = 1_000

ROLE_TOO_LOW = "The role of who made this API key does not allow that."

_TABLES = ("api_keys", "users", "members", "organizations")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTexts:
    """What an API says where there is no key, and where it is none of ours."""

    missing: str = "An API key is required."
    invalid: str = "Invalid API key."


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
        self._attempts = RateLimiter(ATTEMPTS, ATTEMPTS, services.clock, minutes=ATTEMPTS_MINUTES)
        self._keys: dict[int, RateLimiter] = {}
        self._open: dict[int, RateLimiter] = {}
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
        check_decision(self._failures.check(network))
        raise Unauthenticated(texts.invalid)

    def count(self, key: ApiKey) -> Decision | None:
        """Where the key stands after this request; None for a key without limit."""
        if key.rate <= 0:
            return None
        return self._limiter(self._keys, min(key.rate, MAX_RATE)).check(str(key.id))

    def count_sender(self, request: Request, operation: str, per_minute: int) -> Decision:
        """Where the sender's address stands after this request to an operation that needs no key."""
        return self._limiter(self._open, per_minute).check(f"{operation} {network_of(request)}")

    def count_attempt(self, request: Request) -> Decision:
        """Where the sender's address stands after this attempt to prove something, whatever comes of it."""
        return self._attempts.check(network_of(request))

    def _limiter(self, limiters: dict[int, RateLimiter], rate: int) -> RateLimiter:
        if rate not in limiters:
            limiters[rate] = RateLimiter(rate, rate, self._services.clock)
        return limiters[rate]

    def check(self, request: Request, quota: Decision | None) -> None:
        """Raises `RateLimited` where the key or the sender's address has had its share."""
        if quota is not None:
            check_decision(quota)
            check_decision(self._addresses.check(network_of(request)))


def gate_of(request: Request) -> Gate:
    """The application's gate."""
    state = request.app.state
    if not hasattr(state, "api_gate"):
        state.api_gate = Gate(state.services)
    gate: Gate = state.api_gate
    return gate


def check_scope(key: ApiKey, scope: str, permission: Permission | None) -> None:
    """Raises `Forbidden` for a key that wasn't made for that, or whose maker may not do it."""
    if scope not in key.scopes:
        raise Forbidden(f"This API key lacks the scope {scope}.")
    if permission is not None and not may(key.role, permission):
        raise Forbidden(ROLE_TOO_LOW)


def quota_headers(quota: Decision | None, *, now: int) -> Mapping[str, str]:
    """`X-RateLimit-*`; the reset in seconds since 1970."""
    if quota is None:
        return {}
    return {
        "X-RateLimit-Limit": str(quota.limit),
        "X-RateLimit-Remaining": str(quota.remaining),
        "X-RateLimit-Reset": str(now // SECOND + quota.reset),
    }


def author_of(request: Request, key: ApiKey) -> Author:
    """Who does what a request with this key does, for the audit log."""
    return author_of_key(key, network_of(request))


def network_of(request: Request) -> str:
    """The sender's network: see `rate_limits.sender_network`."""
    return sender_network(request.client.host if request.client else "")
