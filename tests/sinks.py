"""Remote servers of the delivery tests, and what it takes to have something to deliver to them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from urllib.parse import urlsplit

from badgefed.errors import FetchFailed
from badgefed.model.actor import RemoteActor
from badgefed.model.issuer import Issuer
from badgefed.net.transport import Request, Response
from badgefed.store import followers, hosts, remote_actors
from badgefed.store.database import Transaction
from badgefed.store.jobs import JobKind, Priority
from badgefed.work import outbox
from badgefed.work.clean import clean
from badgefed.work.fan_out import fan_out
from badgefed.work.gone import check_actor
from badgefed.work.outbox import Target
from badgefed.work.services import Services
from badgefed.work.worker import Worker
from tests.world import answer

HANDLERS = {JobKind.FAN_OUT: fan_out, JobKind.CHECK_ACTOR: check_actor, JobKind.CLEAN: clean}

Kind = Literal["Create", "Update", "Delete"]


@dataclass
class Sink:
    """A server that takes everything, after giving the answers in `answers` one by one.

    `received` has (type, object) of each activity that it took, `urls` the inbox of each.
    """

    answers: list[int | Response | FetchFailed] = field(default_factory=list)
    always: int | Response | FetchFailed = 202
    requests: list[Request] = field(default_factory=list)
    received: list[tuple[str, str]] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    documents: dict[str, Response] = field(default_factory=dict)

    async def __call__(self, request: Request) -> Response:
        if request.method == "GET":
            return replace(self.documents.get(request.url) or answer(404), url=request.url)
        self.requests.append(request)
        reply = self.answers.pop(0) if self.answers else self.always
        if isinstance(reply, FetchFailed):
            raise reply
        response = answer(reply) if isinstance(reply, int) else reply
        if response.status < 300:
            activity = json.loads(request.body)
            self.received.append((activity["type"], activity["object"].rpartition("/")[2]))
            self.urls.append(request.url)
        return response


def make_worker(services: Services) -> Worker:
    return Worker(services, HANDLERS, random=lambda: 0.5)


async def run_due(worker: Worker) -> None:
    """Steps until nothing is due at this instant."""
    for _ in range(10_000):
        if not await worker.step():
            return
    raise AssertionError("the worker never comes to rest")


def remote_actor(actor_id: str, *, shared: bool) -> RemoteActor:
    host = urlsplit(actor_id).netloc
    return RemoteActor(
        id=actor_id,
        host=host,
        actor_type="Person",
        inbox=f"{actor_id}/inbox",
        shared_inbox=f"https://{host}/inbox" if shared else None,
        username=actor_id.rpartition("/")[2],
        handle=None,
        name=None,
        url=None,
        icon=None,
        fetched_at=0,
    )


def actor_document(actor_id: str, *, inbox: str | None = None, shared_inbox: str | None = None) -> Response:
    document: dict[str, Any] = {
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": actor_id,
        "type": "Person",
        "preferredUsername": actor_id.rpartition("/")[2],
        "inbox": inbox or f"{actor_id}/inbox",
    }
    if shared_inbox is not None:
        document["endpoints"] = {"sharedInbox": shared_inbox}
    return answer(200, json.dumps(document).encode())


async def follow(services: Services, issuer: Issuer, actor_ids: Iterable[str], *, shared: bool) -> None:
    """Actors that we know follow the issuer."""

    async def write(tx: Transaction) -> None:
        for actor_id in actor_ids:
            actor = remote_actor(actor_id, shared=shared)
            await remote_actors.save_actor(tx, actor)
            await followers.add_follower(
                tx,
                issuer_id=issuer.id,
                actor_id=actor_id,
                follow_id=f"{actor_id}#follow",
                delivery_inbox=actor.shared_inbox or actor.inbox,
                is_shared=shared,
                now=services.clock(),
            )

    await services.database.write(write)


async def publish(
    services: Services,
    issuer: Issuer,
    name: str,
    kind: Kind = "Create",
    *,
    to_followers: bool = True,
    inboxes: Sequence[str] = (),
    priority: Priority = Priority.PUBLIC,
) -> None:
    """Queues an activity about the issuer's Note of this name."""
    note = f"{issuer.actor_id}/statuses/{name}"
    uri = f"{note}#{kind.lower()}"
    body = {"id": uri, "type": kind, "actor": issuer.actor_id, "object": note}

    async def write(tx: Transaction) -> None:
        activity_id = await outbox.publish(
            tx,
            uri=uri,
            issuer_id=issuer.id,
            activity_type=kind,
            object_uri=note,
            body=json.dumps(body).encode(),
            is_public=to_followers,
            to_followers=to_followers,
            inboxes=[Target(inbox=inbox) for inbox in inboxes],
            priority=priority,
            now=services.clock(),
        )
        if kind == "Delete":
            await outbox.cancel_object(tx, note, activity_id, now=services.clock())

    await services.database.write(write)


async def queue(services: Services) -> list[tuple[str, str, int]]:
    """(inbox, state, attempts) of each delivery row."""
    rows = await services.database.all("SELECT inbox, state, attempt FROM deliveries ORDER BY id")
    return [(row["inbox"], row["state"], row["attempt"]) for row in rows]


async def waiting_jobs(services: Services) -> list[str]:
    rows = await services.database.all("SELECT kind FROM jobs WHERE state = 'ready' ORDER BY id")
    return [row["kind"] for row in rows]


async def hear_from(services: Services, host: str) -> None:
    await services.database.write(lambda tx: hosts.host_is_alive(tx, host, now=services.clock()))


async def host_row(services: Services, host: str = "peer.example") -> dict[str, Any]:
    row = await services.database.one("SELECT * FROM hosts WHERE host = ?", host)
    assert row is not None
    return row
