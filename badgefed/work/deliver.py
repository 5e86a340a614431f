"""The delivery queue at work: takes hosts whose turn it is, sends what is due for them, writes down what became of it.

Outcomes of all turns that are over and the claim of new ones go into one transaction. Under load many of them gather
while the one before commits, so that a delivery costs the database little.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import structlog

from badgefed.model.times import SECOND
from badgefed.store import activities, deliveries, hosts, jobs
from badgefed.store.activities import Activity
from badgefed.store.database import Transaction
from badgefed.store.deliveries import Delivery
from badgefed.store.hosts import Host, Release
from badgefed.store.jobs import JobKind
from badgefed.work.bell import Bell
from badgefed.work.knock import Knocker, Outgoing
from badgefed.work.lanes import PER_TURN, Lane, Parcel
from badgefed.work.services import Services

LANES = 128
CLAIM = 32
SENDERS = 2
CACHED_ACTIVITIES = 256

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Over:
    """A turn that is over: what to write about it."""

    release: Release
    delivered: tuple[int, ...]
    setbacks: tuple[deliveries.Setback, ...]
    inboxes_to_check: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claimed:
    """Hosts with what is due for them, and the activities that were not known yet."""

    turns: list[tuple[Host, list[Delivery]]]
    activities: dict[int, Activity]


class Deliverer:
    """Sends what is due. Several of them, in one process or many, may share a database."""

    def __init__(self, services: Services, *, random: Callable[[], float]) -> None:
        self.bell = Bell()
        self._services = services
        self._random = random
        self._knocker = Knocker(services)
        self._owner = secrets.token_hex(8)
        self._outgoing: OrderedDict[int, Outgoing] = OrderedDict()
        self._over: list[_Over] = []
        self._active: set[Lane] = set()

    async def step(self) -> bool:
        """Gives each of some hosts its turn, to the end; False if no host was due."""
        lanes = await self._exchange(CLAIM)
        await asyncio.gather(*(self._run_lane(lane) for lane in lanes))
        await self._exchange(0)
        return bool(lanes)

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set; then ends what is under way. Ring the bell after setting it."""
        async with asyncio.TaskGroup() as group:
            while not stop.is_set():
                self.bell.silence()
                lanes = await self._exchange_or_wait(min(CLAIM, LANES - len(self._active)))
                for lane in lanes:
                    group.create_task(self._run_lane(lane))
                if not lanes:
                    await self.bell.wait()
            for lane in self._active:
                lane.stop()
        await self._exchange_or_wait(0)

    async def _exchange_or_wait(self, limit: int) -> list[Lane]:
        try:
            return await self._exchange(limit)
        except Exception:  # the database may be away for a while; leases and outcomes outlast that
            log.exception("the delivery queue is not reachable")
            await asyncio.sleep(1)
            return []

    async def _exchange(self, limit: int) -> list[Lane]:
        """Writes what is over and claims up to `limit` hosts, in one transaction."""
        over, self._over = sorted(self._over, key=lambda one: one.release.host), []
        if not over and not limit:
            return []
        now = self._services.clock()
        known = frozenset(self._outgoing)
        failing = sum(lane.was_failing for lane in self._active) <= LANES // 4

        async def exchange(tx: Transaction) -> _Claimed:
            await _write(tx, over, owner=self._owner, now=now)
            return await self._claim(tx, limit, failing=failing, known=known, now=now)

        try:
            claimed = await self._services.database.write(exchange)
        except BaseException:
            self._over.extend(over)
            raise
        return self._open(claimed, now)

    async def _claim(
        self, tx: Transaction, limit: int, *, failing: bool, known: Collection[int], now: int
    ) -> _Claimed:
        lease = self._services.settings.lease_seconds * SECOND
        found = (
            await hosts.claim_hosts(tx, owner=self._owner, limit=limit, failing=failing, now=now, lease=lease)
            if limit
            else []
        )
        turns = [
            (host, await deliveries.list_due(tx, host.host, limit=PER_TURN + 1, now=now)) for host in found
        ]
        wanted = {delivery.activity_id for _, due in turns for delivery in due}
        return _Claimed(turns=turns, activities=await activities.get_activities(tx, wanted.difference(known)))

    def _open(self, claimed: _Claimed, now: int) -> list[Lane]:
        outgoing = {number: Outgoing.of(activity) for number, activity in claimed.activities.items()}
        settings = self._services.settings
        usable = settings.lease_seconds * 0.9 - settings.delivery_timeout_seconds
        lanes = []
        for host, due in claimed.turns:
            parcels = [
                Parcel(delivery=delivery, outgoing=self._outgoing_of(delivery, outgoing)) for delivery in due
            ]
            lanes.append(Lane(host, parcels, now=now, deadline=now + int(usable * SECOND)))
        self._outgoing.update(outgoing)
        while len(self._outgoing) > CACHED_ACTIVITIES:
            self._outgoing.popitem(last=False)
        self._active.update(lanes)
        return lanes

    def _outgoing_of(self, delivery: Delivery, fresh: dict[int, Outgoing]) -> Outgoing:
        if delivery.activity_id in fresh:
            return fresh[delivery.activity_id]
        self._outgoing.move_to_end(delivery.activity_id)
        return self._outgoing[delivery.activity_id]

    async def _run_lane(self, lane: Lane) -> None:
        senders = min(SENDERS, len(lane))
        if senders == 1:
            await self._send(lane)
        elif senders:
            await asyncio.gather(*(self._send(lane) for _ in range(senders)))
        self._active.discard(lane)
        self._over.append(
            _Over(
                release=lane.release(self._services.clock()),
                delivered=tuple(lane.delivered),
                setbacks=tuple(lane.setbacks),
                inboxes_to_check=tuple(lane.inboxes_to_check),
            )
        )
        self.bell.ring()

    async def _send(self, lane: Lane) -> None:
        clock = self._services.clock
        while parcel := lane.take(clock()):
            try:
                answer = await self._knocker.attempt(parcel.delivery.inbox, parcel.outgoing, lane.scheme)
            except Exception as error:  # noqa: BLE001 - one delivery's trouble must not end the others'
                lane.note_trouble(parcel, error, now=clock(), chance=self._random())
            else:
                lane.note(parcel, answer, now=clock(), chance=self._random())


async def _write(tx: Transaction, over: Sequence[_Over], *, owner: str, now: int) -> None:
    """Where the lease was lost meanwhile, only what has arrived is written down."""
    held = await hosts.note_health(tx, [one.release for one in over], owner=owner)
    await deliveries.delete_delivered(tx, [number for one in over for number in one.delivered])
    kept = [one for one in over if one.release.host in held]
    await deliveries.note_setbacks(tx, [setback for one in kept for setback in one.setbacks])
    for inbox in sorted({inbox for one in kept for inbox in one.inboxes_to_check}):
        await jobs.add_job(
            tx, JobKind.CHECK_ACTOR, now=now, payload={"inbox": inbox}, unique_key=f"check_actor:{inbox}"
        )
    await hosts.release_hosts(tx, [one.release for one in kept], owner=owner)
