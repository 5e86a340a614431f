"""The way of a request from the inbox's door to the function for its verb: cheap checks first, nothing written before the last.

1. the sender's address hasn't failed too often (429), the inbox exists (404, 410), the body is an activity (400)
2. its actor is neither blocked nor ours (403)
3. the signature is well-formed, covers what it must, in time and for this body (401), and its key is on the actor's host
4. an actor unknown to us that deletes or updates itself: done, without a request to anybody
5. the key, from memory, the store, or, if that isn't asked of its host too often (429), its owner's server
6. the key's owner is the actor, and the signature verifies (401), if need be with the key as its owner's server has it now
7. one transaction: blocks once more, the log of what was received, the verb's function

An unverifiable signature is 401, since peers drop a delivery for good on any other 4xx. A key that could not be fetched
for a reason that may pass (no connection, timeout, 429, 5xx) is 503, which peers repeat as well and which tells the two
apart. A host that has no address and of which no key is known is 401.
"""

from __future__ import annotations

import ipaddress

from badgefed.errors import (
    BadgefedError,
    Forbidden,
    Gone,
    RateLimited,
    SignatureRejected,
    Unavailable,
)
from badgefed.inbox import metrics, verbs
from badgefed.inbox.activity import Activity, Received, Result, read_activity
from badgefed.inbox.standing import Standing, require_inbox
from badgefed.model.hosts import normal_host, same_host
from badgefed.model.times import SECOND
from badgefed.protocol import signatures, strict_json
from badgefed.protocol.signed_request import Authorities, InboundRequest, Signature, split_url
from badgefed.store import blocks, hosts, inbox_log, remote_actors
from badgefed.store.database import Transaction
from badgefed.work import directory
from badgefed.work.key_cache import KnownKey
from badgefed.work.rate_limits import RateLimiter
from badgefed.work.services import Services

FAILURES_PER_MINUTE = 300
KEY_FETCHES_PER_MINUTE = 300
COSTLY = frozenset({"mismatch", "algorithm", "unknown-key"})


class Inbox:
    """All inboxes of the server, in one process.

    Only failures that cost a verification or a fetch count against a sender's address, and only fetches against the host
    that a key id names: else anybody could use up the share of a server that floods nobody.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._authorities = Authorities.of([services.addresses.base])
        self._standing = Standing(services.database, services.clock)
        self._failures = RateLimiter(FAILURES_PER_MINUTE, FAILURES_PER_MINUTE, services.clock)
        self._fetches = RateLimiter(KEY_FETCHES_PER_MINUTE, KEY_FETCHES_PER_MINUTE, services.clock)

    async def receive(self, request: InboundRequest, *, address: str, username: str | None) -> None:
        """Returns once the activity is dealt with or known to be none of our business.

        `address` is the sender's IP address, `username` the issuer's whose inbox it came to. Raises `Invalid`,
        `SignatureRejected`, `Forbidden`, `NotFound`, `Gone`, `RateLimited`, `Unavailable`.
        """
        try:
            activity, result = await self._receive(request, _network(address), username)
        except BadgefedError as error:
            metrics.count_refused(error)
            raise
        metrics.count_received(activity.type, result)

    async def _receive(
        self, request: InboundRequest, network: str, username: str | None
    ) -> tuple[Activity, Result]:
        decision = self._failures.peek(network)
        if not decision.allowed:
            raise RateLimited("Too many failed requests from your address.", retry_after=decision.retry_after)
        if username is not None:
            await self._standing.require_inbox(username)
        activity = read_activity(strict_json.loads(request.body))
        await self._require_welcome(activity)
        signature = self._read_signature(activity, request)
        if await self._is_strangers_farewell(activity):
            return activity, Result.IGNORED
        try:
            key = await self._authenticate(activity, request, signature)
        except (SignatureRejected, Unavailable) as error:
            if isinstance(error, Unavailable) or error.reason in COSTLY:
                self._failures.check(network)
            raise
        received = Received(
            id=activity.id or f"{activity.actor_id}#anonymous-{signature.fingerprint}",
            activity=activity,
            request=request,
            signature=signature,
            key=key,
            received_at=self._services.clock(),
        )
        return activity, await self._commit(received, username)

    async def _require_welcome(self, activity: Activity) -> None:
        if same_host(activity.actor_id, self._services.addresses.base):
            raise Forbidden("The actors of this server don't write to its inboxes.")
        if await self._standing.is_blocked(activity.actor_id):
            raise Forbidden("This server takes nothing from that host or actor.")

    def _read_signature(self, activity: Activity, request: InboundRequest) -> Signature:
        signature = signatures.parse(request)
        if same_host(signature.key_id, self._services.addresses.base):
            raise Forbidden("The actors of this server don't write to its inboxes.")
        if not same_host(signature.key_id, activity.actor_id):
            raise SignatureRejected(
                "owner", "The signature's key is not on the host of the activity's actor."
            )
        now = self._services.clock() / SECOND
        signatures.check(signature, request, authorities=self._authorities, now=now)
        return signature

    async def _is_strangers_farewell(self, activity: Activity) -> bool:
        if not activity.is_about_its_actor or activity.type not in ("Delete", "Update"):
            return False
        return await remote_actors.find_actor(self._services.database, activity.actor_id) is None

    async def _authenticate(
        self, activity: Activity, request: InboundRequest, signature: Signature
    ) -> KnownKey | None:
        """The key that verified; None if its actor deletes itself and its server answers 410 for it, but not 404."""
        try:
            key = await directory.find_key(self._services, signature.key_id)
            if key is None:
                self._require_fetch(signature.key_id)
                key = await directory.fetch_key(self._services, signature.key_id)
            return await self._verify(activity, request, signature, key)
        except Gone as error:
            if activity.type == "Delete" and activity.is_about_its_actor:
                return None
            raise SignatureRejected("unknown-key", str(error)) from error

    async def _verify(
        self, activity: Activity, request: InboundRequest, signature: Signature, key: KnownKey
    ) -> KnownKey:
        _require_owner(activity, key)
        now = self._services.clock()
        try:
            self._verify_with(key, request, signature)
        except SignatureRejected as rejection:
            if rejection.reason not in COSTLY or not directory.may_be_outdated(key, now=now):
                raise
            self._require_fetch(key.id)
            fresh = await directory.fetch_key(self._services, key.id, is_known=True)
            if fresh.published == key.published:
                raise
            _require_owner(activity, fresh)
            self._verify_with(fresh, request, signature)
            return fresh
        return key

    def _verify_with(self, key: KnownKey, request: InboundRequest, signature: Signature) -> None:
        signatures.verify_checked(signature, request, key.public_key, authorities=self._authorities)

    def _require_fetch(self, key_id: str) -> None:
        decision = self._fetches.check(normal_host(key_id))
        if not decision.allowed:
            raise RateLimited("Too many unknown keys of this host.", retry_after=decision.retry_after)

    async def _commit(self, received: Received, username: str | None) -> Result:
        services = self._services
        activity = received.activity
        try:
            result = await services.database.write(
                lambda tx: process(tx, services, received, username), is_brief=True
            )
        except Unavailable:
            services.key_cache.forget_owner(activity.actor_id)
            raise
        if activity.is_about_its_actor:
            services.key_cache.forget_owner(activity.actor_id)
        if result is Result.ANSWERED:
            services.wake.set()
        return result


async def process(tx: Transaction, services: Services, received: Received, username: str | None) -> Result:
    """All that an authenticated activity changes."""
    if username is not None:
        await require_inbox(tx, username)
    if await blocks.is_blocked(tx, received.actor_id):
        raise Forbidden("This server takes nothing from that host or actor.")
    activity = received.activity
    is_new = await inbox_log.add_entry(
        tx,
        activity_id=received.id,
        actor_id=received.actor_id,
        activity_type=activity.type,
        now=received.received_at,
    )
    await hosts.host_is_alive(tx, split_url(activity.actor_id)[1], now=received.received_at)
    handler = (verbs.FIRST if is_new else verbs.AGAIN).get(activity.type)
    if handler is None:
        return Result.IGNORED if is_new else Result.REPEATED
    return await handler(tx, services, received)


def _require_owner(activity: Activity, key: KnownKey) -> None:
    if key.owner != activity.actor_id:
        raise SignatureRejected("owner", "The signature's key is not the actor's.")


def _network(address: str) -> str:
    """What counts as one sender: an IPv4 address, or an IPv6 network of 64 bits."""
    if ":" not in address:
        return address
    try:
        return str(ipaddress.ip_network((address.partition("%")[0], 64), strict=False))
    except ValueError:
        return address
