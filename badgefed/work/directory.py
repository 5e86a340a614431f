"""Actors of other servers and their keys: what the store has, and what their servers say.

A document is fetched with the instance actor's signature, whose own document is open to everybody: a peer that verifies our
GET does not make us verify its GET in turn. Failures are remembered by the client, successes of the last five minutes
here, so that nobody can make us ask a third server over and over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urldefrag

from badgefed.errors import (
    AddressRefused,
    BadgefedError,
    FetchFailed,
    Gone,
    Invalid,
    SignatureRejected,
    Unavailable,
)
from badgefed.model.actor import RemoteActor, RemoteKey
from badgefed.model.recipient import Handle, parse_handle, profile_alias
from badgefed.model.times import DAY, SECOND
from badgefed.net.client import Fetched, Sign
from badgefed.net.failures import Budget
from badgefed.net.transport import Request
from badgefed.protocol import keys, signatures
from badgefed.protocol.jrd import read_jrd
from badgefed.protocol.remote_actors import read_actor, read_keys
from badgefed.protocol.signed_request import OutboundRequest
from badgefed.store import blocks, remote_actors
from badgefed.store.database import Transaction
from badgefed.texts import say
from badgefed.work.key_cache import PAUSE, KnownKey
from badgefed.work.services import Services

FETCH_BUDGET = 6
PROFILE_BUDGET = 12
MAX_FETCHES = 100
PATIENCE = 8.0
TRANSIENT = frozenset({"network", "tls", "timeout", "budget"})
BUSY_STATUSES = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An actor with its keys, as its server has them now."""

    actor: RemoteActor
    keys: tuple[RemoteKey, ...]


async def instance_signature(services: Services) -> Sign:
    """Signs GETs as the instance actor."""
    key = await services.keyring.rsa(None)

    def sign(request: Request) -> Mapping[str, str]:
        return signatures.sign(
            OutboundRequest(method=request.method, url=request.url, accept=request.headers.get("Accept")),
            scheme="cavage",
            key_id=key.key_id,
            private_key=key.private_key,
            now=services.clock() / SECOND,
        )

    return sign


async def fetch_actor(services: Services, actor_id: str, *, budget: Budget | None = None) -> Found:
    """The actor as its server has it now; nothing is stored. Raises FetchFailed, for a Tombstone as for status 410."""
    fetched = await services.client.get_activitypub(
        actor_id, sign=await instance_signature(services), budget=budget or Budget(FETCH_BUDGET)
    )
    return _read(fetched, services.clock())


async def refresh_actor(services: Services, actor_id: str) -> RemoteActor:
    """As `fetch_actor`, and stores what it found, keys included."""
    found = await fetch_actor(services, actor_id)
    await keep(services, found)
    return found.actor


async def keep(services: Services, found: Found) -> None:
    """Stores an actor and its keys, and forgets what was known of its keys before."""
    await services.database.write(lambda tx: store(tx, found))
    services.key_cache.forget_owner(found.actor.id)


async def store(tx: Transaction, found: Found, *, is_handle_confirmed: bool = False) -> None:
    """Within a transaction; the caller then drops the actor's keys from the cache. A document without keys leaves the known ones."""
    await remote_actors.save_actor(tx, found.actor, is_handle_confirmed=is_handle_confirmed)
    if found.keys:
        await remote_actors.save_keys(tx, found.actor.id, found.keys)


async def find_profile(services: Services, profile: str) -> RemoteActor:
    """The actor that a handle or a profile page means, asked for at most once a day. Raises FetchFailed.

    Its handle counts only if each host in it leads to this actor: the handle's and the actor's. Blocked hosts aren't asked,
    and blocked actors aren't found.
    """
    alias = profile_alias(profile)
    await _require_unblocked(services, profile.rpartition("@")[2] if parse_handle(profile) else profile)
    known = await remote_actors.find_actor_by_alias(services.database, alias)
    if known is not None:
        await _require_unblocked(services, known.id)
    if known is not None and services.clock() - known.fetched_at < DAY:
        return known
    try:
        found = await _look_up(services, profile)
    except FetchFailed as failure:
        if known is not None and failure.reason in TRANSIENT:
            return known
        raise
    await _require_unblocked(services, found.actor.id)

    async def write(tx: Transaction) -> None:
        await store(tx, found, is_handle_confirmed=True)
        await remote_actors.add_alias(tx, alias, found.actor.id)

    await services.database.write(write)
    services.key_cache.forget_owner(found.actor.id)
    return found.actor


async def find_key(services: Services, key_id: str) -> KnownKey | None:
    """A key from memory or the store."""
    now = services.clock()
    cached = services.key_cache.find(key_id, now=now)
    if cached is not None:
        return cached
    stored = await remote_actors.find_key(services.database, key_id)
    known = _load(stored) if stored is not None else None
    if known is not None:
        services.key_cache.add(known, now=now)
    return known


async def fetch_key(services: Services, key_id: str, *, is_known: bool = False) -> KnownKey:
    """The key as the document at its id has it now, confirmed by its owner's document; both are stored.

    A document is read at most every five minutes, and by one request at a time. Raises `SignatureRejected` (`unknown-key`)
    if the key isn't there, `Gone` if it is gone for good (410), `Unavailable` if it is worth trying again. Where the
    host has no address it is worth that only if the key was known before (`is_known`).
    """
    url = urldefrag(key_id).url
    cache = services.key_cache
    if not cache.was_read(url, now=services.clock()):
        task = cache.fetching.get(url) or _start_fetch(services, url)
        try:
            await asyncio.wait_for(asyncio.shield(task), PATIENCE)
        except TimeoutError:
            raise Unavailable("The server of the signature's key is slow; try again.") from None
        except FetchFailed as failure:
            raise _explain(failure, is_known) from failure
    known = await find_key(services, key_id)
    if known is None:
        raise SignatureRejected("unknown-key", "The signature's key is not among its owner's keys.")
    return known


def may_be_outdated(key: KnownKey, *, now: int) -> bool:
    """Whether the key was read so long ago that reading it again may help."""
    return now - key.fetched_at >= PAUSE


async def _require_unblocked(services: Services, place: str) -> None:
    if await blocks.is_blocked(services.database, place):
        raise AddressRefused(say("%(place)s is blocked by this server.", place=place))


async def _look_up(services: Services, profile: str) -> Found:
    budget = Budget(PROFILE_BUDGET)
    handle = parse_handle(profile)
    if handle is None:
        try:
            return await fetch_actor(services, profile, budget=budget)
        except FetchFailed as failure:
            handle = parse_handle(profile_alias(profile))
            if handle is None or failure.http_status == 410:
                raise
    return await _find_by_handle(services, handle, budget)


async def _find_by_handle(services: Services, handle: Handle, budget: Budget) -> Found:
    subject, actor_id = await _ask_webfinger(services, handle, budget)
    found = await fetch_actor(services, actor_id, budget=budget)
    actor = found.actor
    questions = {
        subject.host: subject,
        actor.host: Handle(username=actor.username or subject.username, host=actor.host),
    }
    questions.pop(handle.host, None)
    for question in questions.values():
        if await _ask_webfinger(services, question, budget) != (subject, actor.id):
            raise FetchFailed(
                "id-mismatch",
                say(
                    "%(host)s does not confirm that %(subject)s is this actor.",
                    host=question.host,
                    subject=subject,
                ),
            )
    return Found(actor=replace(actor, handle=str(subject)), keys=found.keys)


async def fetch_jrd(
    services: Services, handle: Handle, *, budget: Budget, host: str | None = None
) -> dict[str, Any]:
    """What WebFinger says of a handle, at its own host or at another one that is asked about it. Raises FetchFailed."""
    resource = f"acct:{handle.username}@{handle.host}"
    path = f"{host or handle.host}/.well-known/webfinger?resource={resource}"
    try:
        fetched = await services.client.get_jrd(f"https://{path}", budget=budget)
    except FetchFailed as failure:
        if not services.settings.allow_private_network or failure.reason not in TRANSIENT:
            raise
        fetched = await services.client.get_jrd(f"http://{path}", budget=budget)
    return fetched.document


async def _ask_webfinger(services: Services, handle: Handle, budget: Budget) -> tuple[Handle, str]:
    """The canonical handle and the actor's id."""
    subject, actor_id = read_jrd(await fetch_jrd(services, handle, budget=budget))
    if actor_id is None:
        raise FetchFailed("malformed", say("%(handle)s leads to no ActivityPub actor.", handle=handle))
    return subject or handle, actor_id


def _start_fetch(services: Services, url: str) -> asyncio.Task[None]:
    fetching = services.key_cache.fetching
    if len(fetching) >= MAX_FETCHES:
        raise Unavailable("Too many keys are being fetched; try again.")
    task = asyncio.create_task(_fetch_document(services, url))
    fetching[url] = task
    task.add_done_callback(lambda done: _end_fetch(fetching, url, done))
    return task


def _end_fetch(fetching: dict[str, asyncio.Task[None]], url: str, done: asyncio.Task[None]) -> None:
    del fetching[url]
    if not done.cancelled():
        done.exception()  # or it would be reported as never retrieved where all waiters have left


async def _fetch_document(services: Services, url: str) -> None:
    """Reads the actor behind a key document; one that has a key only leads to its owner."""
    budget = Budget(FETCH_BUDGET)
    fetched = await services.client.get_activitypub(
        url, sign=await instance_signature(services), budget=budget
    )
    try:
        found = _read(fetched, services.clock(), url=url)
    except FetchFailed as failure:
        if failure.http_status == 410:
            raise
        found = await _follow_owner(services, fetched, budget, failure)
    await keep(services, found)
    services.key_cache.note_read(url, now=services.clock())


async def _follow_owner(services: Services, fetched: Fetched, budget: Budget, failure: FetchFailed) -> Found:
    """The owner of a key that stands alone; the key counts if the owner's document refers to it (FEP-fe34)."""
    alone = read_keys(fetched.document, url=fetched.url, now=services.clock())
    if not alone:
        raise failure
    owner = await services.client.get_activitypub(
        alone[0].owner, sign=await instance_signature(services), budget=budget
    )
    found = _read(owner, services.clock())
    named = _references(owner.document)
    confirmed = [key for key in alone if key.id in named and key.owner == found.actor.id]
    return Found(actor=found.actor, keys=(*found.keys, *confirmed))


def _references(document: Mapping[str, Any]) -> set[str]:
    """The ids of keys that an actor document names without containing them."""
    values: list[Any] = []
    for member in ("publicKey", "assertionMethod"):
        value = document.get(member)
        values.extend(value if isinstance(value, list) else [value])
    return {value for value in values if isinstance(value, str)}


def own_keys(actor: RemoteActor, its_keys: Iterable[RemoteKey], *, url: str = "") -> tuple[RemoteKey, ...]:
    """Those keys of an actor document whose ids are at or below the actor's id, or at `url`, the key document that led to it.

    Else an actor could take the id of another one's key on the same server before that one is known.
    """

    def is_own(key: RemoteKey) -> bool:
        place = urldefrag(key.id).url
        return place in (actor.id, url) or place.startswith(f"{actor.id}/")

    return tuple(filter(is_own, its_keys))


def _read(fetched: Fetched, now: int, *, url: str = "") -> Found:
    host = fetched.url.partition("://")[2].partition("/")[0]
    try:
        actor, its_keys = read_actor(fetched.document, url=fetched.url, now=now)
    except Gone as error:
        raise FetchFailed(
            "status", say("%(host)s: %(error)s", host=host, error=error), http_status=410
        ) from error
    except Invalid as error:
        raise FetchFailed("malformed", say("%(host)s: %(error)s", host=host, error=error)) from error
    return Found(actor=actor, keys=own_keys(actor, its_keys, url=url))


def _load(stored: RemoteKey) -> KnownKey | None:
    """None for a key of a kind or size that we don't verify with."""
    read = keys.load_multikey if stored.public_key.startswith("z") else keys.load_public_pem
    try:
        public_key = read(stored.public_key)
    except Invalid:
        return None
    return KnownKey(
        id=stored.id,
        owner=stored.owner,
        public_key=public_key,
        published=stored.public_key,
        fetched_at=stored.fetched_at,
    )


def _explain(failure: FetchFailed, is_known: bool) -> BadgefedError:
    status = failure.http_status or 0
    if status == 410:
        return Gone("The signature's key is gone.")
    is_transient = failure.reason in TRANSIENT or (failure.reason == "dns" and is_known)
    if is_transient or status in BUSY_STATUSES or status >= 500:
        return Unavailable(
            say("The signature's key could not be fetched: %(failure)s", failure=failure.message)
        )
    return SignatureRejected("unknown-key", f"The signature's key could not be fetched: {failure}")
