"""Webhooks, by the front door: what is told, how it is signed, and what happens where nobody listens."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from badgefed.errors import FetchFailed
from badgefed.issuing import grants
from badgefed.issuing.grants import Offer, Proof, Repeat
from badgefed.issuing.webhooks import MAX_ENDPOINTS
from badgefed.model.grant import Grant, ProofKind
from badgefed.model.times import DAY, HOUR, MINUTE, SECOND
from badgefed.model.visibility import Visibility
from badgefed.model.webhook import Event
from badgefed.net.client import Client
from badgefed.net.transport import AiohttpTransport, Request, Response
from badgefed.protocol.webhook_signatures import sign
from badgefed.store import jobs
from badgefed.store.database import Transaction
from badgefed.store.jobs import JobKind
from badgefed.work import webhooks
from badgefed.work.expiry import expire, schedule_expiry
from badgefed.work.leases import LeaseLost
from badgefed.work.services import Services
from tests.api import call, count, make_key, make_stranger
from tests.conftest import World
from tests.net.servers import serve, write
from tests.workers import run_until_idle
from tests.world import Clock, Mailbox, Network, answer

URL = "https://hooks.example/in"
DOCUMENT = Path(__file__).parents[1] / "docs" / "webhooks.md"
PROOF = Proof(kind=ProofKind.MAIL_LINK, details={})


@dataclass
class Receiver:
    """Keeps what comes, and gives the answers one by one, then 204."""

    answers: list[int | Response | FetchFailed] = field(default_factory=list)
    always: int = 204
    requests: list[Request] = field(default_factory=list)

    async def __call__(self, request: Request) -> Response:
        self.requests.append(request)
        reply = self.answers.pop(0) if self.answers else self.always
        if isinstance(reply, FetchFailed):
            raise reply
        return reply if isinstance(reply, Response) else answer(reply, b"noted")

    @property
    def events(self) -> list[str]:
        return [json.loads(request.body)["type"] for request in self.requests]


@pytest.fixture
def receiver(network: Network) -> Receiver:
    receiver = Receiver()
    network.mount("hooks.example", receiver)
    return receiver


def documented_verifier() -> Callable[..., bool]:
    """The code that the documentation shows to receivers."""
    [code] = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    verifier: Callable[..., bool] = names["is_genuine"]
    return verifier


async def make_webhook(client: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    response = await client.post("/api/webhooks", json={"url": URL, **body})
    assert response.status_code == 200, response.text
    made: dict[str, Any] = response.json()
    return made


async def deliveries(client: httpx.AsyncClient, webhook_id: str, query: str = "") -> list[dict[str, Any]]:
    response = await client.get(f"/api/webhooks/{webhook_id}/deliveries{query}")
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["deliveries"]
    return found


async def endpoint_now(client: httpx.AsyncClient, webhook_id: str) -> dict[str, Any]:
    webhook: dict[str, Any] = (await client.get(f"/api/webhooks/{webhook_id}")).json()["webhook"]
    return webhook


async def offer(services: Services, world: World, email: str = "jane@example.org", **options: Any) -> Grant:
    wanted = Offer(organization_id=world.organization.id, badge_id=world.badge.id, email=email, **options)
    offered = await services.database.write(lambda tx: grants.offer(tx, wanted, services))
    return offered.grant


async def accept(services: Services, grant: Grant) -> None:
    now = services.clock()
    await services.database.write(
        lambda tx: grants.accept(tx, grant.id, visibility=Visibility.PUBLIC, proof=PROOF, now=now)
    )


async def test_every_move_of_a_grant_is_told(
    any_services: Services, any_world: World, receiver: Receiver
) -> None:
    services, world = any_services, any_world
    now = services.clock()
    async with call(services, world.key) as client:
        await make_webhook(client)
    first = await offer(services, world, expires_at=now + 30 * DAY)
    await accept(services, first)
    await run_until_idle(services)
    await services.database.write(lambda tx: grants.suspend(tx, first.id, reason="Under review", now=now))
    await services.database.write(lambda tx: grants.reinstate(tx, first.id, now=now))
    second = await offer(services, world, repeat=Repeat.RENEW)
    await services.database.write(lambda tx: grants.decline(tx, second.id, reason=None, now=now))
    await run_until_idle(services)
    assert receiver.events == [
        "grant.created",
        "grant.accepted",
        "grant.processed",
        "grant.suspended",
        "grant.reinstated",
        "grant.revoked",
        "grant.created",
        "grant.renewed",
        "grant.declined",
    ]
    bodies = [json.loads(request.body) for request in receiver.requests]
    assert [body["sequence"] for body in bodies] == list(range(1, 10))
    assert len({body["id"] for body in bodies}) == 9
    processed, suspended, renewed = (bodies[number]["data"]["grant"] for number in (2, 3, 7))
    assert (processed["status"], len(processed["fingerprint"])) == ("processed", 64)
    assert (suspended["suspended"], suspended["reason"]) == (True, "Under review")
    assert (renewed["supersedes"], renewed["recipient"]["email"]) == (first.id, "jane@example.org")
    assert bodies[0]["data"]["badge"]["slug"] == world.badge.slug


async def test_an_event_and_its_fact_are_one(
    any_services: Services, any_world: World, receiver: Receiver
) -> None:
    async with call(any_services, any_world.key) as client:
        await make_webhook(client)
    wanted = Offer(
        organization_id=any_world.organization.id, badge_id=any_world.badge.id, email="jane@example.org"
    )

    async def break_off(tx: Transaction) -> None:
        await grants.offer(tx, wanted, any_services)
        raise RuntimeError("the power is gone")

    with pytest.raises(RuntimeError):
        await any_services.database.write(break_off)
    assert await count(any_services, "webhook_deliveries") == 0
    await offer(any_services, any_world)
    await run_until_idle(any_services, "jobs")
    assert [json.loads(request.body)["sequence"] for request in receiver.requests] == [1]


async def test_endpoints_get_the_events_that_they_want(
    services: Services, world: World, receiver: Receiver, network: Network
) -> None:
    other = Receiver()
    network.mount("other.example", other)
    stranger = await make_stranger(services, world)
    async with call(services, world.key) as client:
        await make_webhook(client, events=["grant.accepted"])
        paused = await make_webhook(client, url="https://other.example/in", active=False)
        assert paused["webhook"]["status"] == "paused"
    async with call(services, stranger.key) as client:
        await make_webhook(client, url="https://other.example/in")
    await accept(services, await offer(services, world))
    await run_until_idle(services, "jobs")
    assert (receiver.events, other.events) == (["grant.accepted"], [])


async def test_without_an_endpoint_nothing_is_queued(services: Services, world: World) -> None:
    await offer(services, world)
    assert await count(services, "webhook_deliveries") == 0


async def test_signatures_are_verified_by_what_the_documentation_shows(
    services: Services, world: World, clock: Clock, receiver: Receiver
) -> None:
    clock.now = time.time_ns() // 1000
    verify = documented_verifier()
    async with call(services, world.key) as client:
        made = await make_webhook(client)
        webhook_id, secret = made["webhook"]["id"], made["secret"]
        assert (await client.post(f"/api/webhooks/{webhook_id}/test")).status_code == 200
        await run_until_idle(services, "jobs")
        rotation = await client.post(f"/api/webhooks/{webhook_id}/rotate-secret", json={"overlapHours": 2})
        new = rotation.json()["secret"]
        await client.post(f"/api/webhooks/{webhook_id}/test")
        await run_until_idle(services, "jobs")
        clock.advance(2 * HOUR / SECOND)
        await client.post(f"/api/webhooks/{webhook_id}/test")
        await run_until_idle(services, "jobs")
    headers = [request.headers["Badgefed-Signature"] for request in receiver.requests]
    bodies = [request.body for request in receiver.requests]
    assert verify(headers[0], bodies[0], secret)
    assert not verify(headers[0], bodies[0], new)
    assert verify(headers[1], bodies[1], secret)
    assert verify(headers[1], bodies[1], new)
    assert not verify(headers[2], bodies[2], new), "sent two hours after now"
    assert verify(headers[2], bodies[2], new, 3 * 3600)
    assert not verify(headers[2], bodies[2], secret, 3 * 3600), "the old secret's time is over"
    assert not verify(headers[0], bodies[0] + b" ", secret)
    moved = re.sub(r"t=\d+", f"t={int(time.time()) + 1}", headers[0])
    assert not verify(moved, bodies[0], secret)
    for nonsense in ("", "t=,v1=", "v1=00", "t=x,v1=y"):
        assert not verify(nonsense, bodies[0], secret)
    assert receiver.requests[0].headers["Badgefed-Delivery"] == json.loads(bodies[0])["id"]


def test_a_signature_covers_the_instant_and_the_body() -> None:
    expected = hmac.new(b"whsec_x", b"1773311400.{}", hashlib.sha256).hexdigest()
    assert sign(["whsec_x"], timestamp=1773311400, body=b"{}") == f"t=1773311400,v1={expected}"
    assert sign(["a", "b"], timestamp=1, body=b"").count("v1=") == 2


async def test_what_fails_is_tried_again_under_the_same_id(
    any_services: Services, any_world: World, receiver: Receiver, clock: Clock
) -> None:
    receiver.answers = [500, FetchFailed("timeout", "hooks.example did not answer in time."), 302]
    async with call(any_services, any_world.key) as client:
        webhook_id = (await make_webhook(client))["webhook"]["id"]
        await offer(any_services, any_world)
        errors = []
        for _ in range(4):
            await run_until_idle(any_services, "jobs")
            [delivery] = await deliveries(client, webhook_id)
            errors.append((delivery["status"], delivery["responseStatus"], delivery["error"]))
            clock.advance(HOUR / SECOND)
        await run_until_idle(any_services, "jobs")
        endpoint = await endpoint_now(client, webhook_id)
    assert errors == [
        ("waiting", 500, "The answer was 500."),
        ("waiting", None, "hooks.example did not answer in time."),
        (
            "waiting",
            302,
            "The answer was a redirect (302), which is not followed: change the endpoint's URL.",
        ),
        ("delivered", 204, None),
    ]
    assert len({request.headers["Badgefed-Delivery"] for request in receiver.requests}) == 1
    assert len({request.body for request in receiver.requests}) == 1
    assert len({request.headers["Badgefed-Signature"] for request in receiver.requests}) == 4
    assert (endpoint["failures"], endpoint["failingSince"]) == (0, None)
    assert (delivery["attempts"], delivery["responseBody"]) == (4, "noted")


async def test_only_the_beginning_of_an_answer_is_kept(
    services: Services, world: World, receiver: Receiver
) -> None:
    receiver.answers = [answer(400, b"\x00\xff" + b"x" * 60_000)]
    async with call(services, world.key) as client:
        webhook_id = (await make_webhook(client))["webhook"]["id"]
        await offer(services, world)
        await run_until_idle(services, "jobs")
        [delivery] = await deliveries(client, webhook_id)
    assert delivery["responseBody"] == "\ufffd\ufffd" + "x" * 498


async def test_a_receiver_says_when_to_come_again(
    services: Services, world: World, receiver: Receiver, clock: Clock
) -> None:
    receiver.answers = [answer(503, retry_after="7200")]
    async with call(services, world.key) as client:
        webhook_id = (await make_webhook(client))["webhook"]["id"]
        await offer(services, world)
        await run_until_idle(services, "jobs")
        await offer(services, world, "joe@example.org")
        clock.advance(7199)
        await run_until_idle(services, "jobs")
        assert len(receiver.requests) == 1
        assert (await endpoint_now(client, webhook_id))["pausedUntil"] is not None
        clock.advance(1)
        await run_until_idle(services, "jobs")
    assert len(receiver.requests) == 3


async def test_a_broken_endpoint_is_left_alone_for_half_an_hour(
    services: Services, world: World, receiver: Receiver, clock: Clock
) -> None:
    receiver.always = 500
    async with call(services, world.key) as client:
        webhook_id = (await make_webhook(client))["webhook"]["id"]
        for number in range(20):
            await offer(services, world, f"{number}@example.org")
        await run_until_idle(services, "jobs")
        assert len(receiver.requests) == 6, "two at once, until five have failed"
        clock.advance(29 * 60)
        await offer(services, world, "late@example.org")
        await run_until_idle(services, "jobs")
        assert len(receiver.requests) == 6
        receiver.always = 204
        clock.advance(60)
        await run_until_idle(services, "jobs")
        clock.advance(HOUR / SECOND)
        await run_until_idle(services, "jobs")
        states = [delivery["status"] for delivery in await deliveries(client, webhook_id)]
    assert states == ["delivered"] * 21


async def test_after_three_days_an_endpoint_is_disabled_and_its_owners_are_told(
    any_services: Services, any_world: World, receiver: Receiver, clock: Clock, mailbox: Mailbox
) -> None:
    services, world = any_services, any_world
    receiver.always = 500
    async with call(services, world.key) as client:
        webhook_id = (await make_webhook(client))["webhook"]["id"]
        for number in range(3):
            await offer(services, world, f"{number}@example.org")
        start = clock.now
        while clock.now < start + 3 * DAY - HOUR:
            await run_until_idle(services, "jobs")
            clock.advance(HOUR / SECOND)
        assert (await endpoint_now(client, webhook_id))["status"] == "active"
        for _ in range(14):
            await run_until_idle(services, "jobs")
            clock.advance(HOUR / SECOND)
        assert (await endpoint_now(client, webhook_id))["status"] == "disabled"
        log = await deliveries(client, webhook_id)
        assert [delivery["status"] for delivery in log] == ["failed"] * 3
        assert 10 < sum(delivery["attempts"] for delivery in log) < 60
        letters = [message for message in mailbox.messages if "disabled" in str(message["Subject"])]
        assert [str(message["To"]) for message in letters] == [world.owner.email]
        assert URL in letters[0].as_string().replace("=\n", "")
        await offer(services, world, "unheard@example.org")
        assert len(await deliveries(client, webhook_id)) == 3, "nothing is kept for it"

        refused = await client.post(f"/api/webhooks/{webhook_id}/replay-failed")
        assert (refused.status_code, refused.json()["error"]) == (
            409,
            "This webhook is not active: make it active first.",
        )
        receiver.always, receiver.requests = 204, []
        changed = await client.patch(f"/api/webhooks/{webhook_id}", json={"active": True})
        assert (changed.json()["webhook"]["status"], changed.json()["webhook"]["failures"]) == ("active", 0)
        replayed = await client.post(f"/api/webhooks/{webhook_id}/replay-failed")
        assert replayed.json() == {"success": True, "replayed": 3}
        await run_until_idle(services, "jobs")
        assert [delivery["status"] for delivery in await deliveries(client, webhook_id)] == ["delivered"] * 3
    assert len(receiver.requests) == 3


async def test_one_delivery_is_replayed(services: Services, world: World, receiver: Receiver) -> None:
    async with call(services, world.key) as client:
        webhook_id = (await make_webhook(client))["webhook"]["id"]
        await offer(services, world)
        [waiting] = await deliveries(client, webhook_id)
        path = f"/api/webhooks/{webhook_id}/deliveries/{waiting['id']}"
        assert (await client.post(f"{path}/replay")).status_code == 409
        await run_until_idle(services, "jobs")
        again = await client.post(f"{path}/replay")
        assert again.json()["delivery"]["status"] == "waiting"
        await run_until_idle(services, "jobs")
        shown = (await client.get(path)).json()
        missing = await client.get(f"/api/webhooks/{webhook_id}/deliveries/{webhook_id}")
    assert len(receiver.requests) == 2
    assert shown["payload"].encode() == receiver.requests[0].body == receiver.requests[1].body
    assert (missing.status_code, missing.json()["error"]) == (404, "Delivery not found.")


async def test_an_endpoint_that_is_deleted_gets_nothing_more(
    services: Services, world: World, receiver: Receiver, clock: Clock
) -> None:
    async with call(services, world.key) as client:
        webhook_id = (await make_webhook(client))["webhook"]["id"]
        await offer(services, world)
        assert (await client.delete(f"/api/webhooks/{webhook_id}")).json() == {"success": True}
        await offer(services, world, "joe@example.org")
        await run_until_idle(services, "jobs")
        assert receiver.requests == []
        assert (await client.get("/api/webhooks")).json()["webhooks"] == []
        assert (await client.get(f"/api/webhooks/{webhook_id}")).status_code == 404
    row = await services.database.one("SELECT secret, previous_secret FROM webhook_endpoints")
    assert row == {"secret": b"", "previous_secret": None}


async def test_old_deliveries_and_deleted_endpoints_are_forgotten(
    any_services: Services, any_world: World, receiver: Receiver, clock: Clock
) -> None:
    services = any_services
    async with call(services, any_world.key) as client:
        webhook_id = (await make_webhook(client))["webhook"]["id"]
        await client.post(f"/api/webhooks/{webhook_id}/test")
        text = f"email,badge\na@example.org,{any_world.badge.id}\n"
        await client.post("/api/bulk", content=text.encode(), headers={"Content-Type": "text/csv"})
        await run_until_idle(services, "jobs")
        await client.delete(f"/api/webhooks/{webhook_id}")
        for days, left in ((29, 1), (62, 0)):
            clock.advance(days * DAY / SECOND)
            await services.database.write(lambda tx: clean_now(tx, clock))
            await run_until_idle(services, "jobs")
            assert await count(services, "webhook_endpoints") == left
    assert [await count(services, name) for name in ("webhook_deliveries", "bulks", "bulk_rows")] == [0, 0, 0]


async def clean_now(tx: Transaction, clock: Clock) -> None:
    await tx.execute("DELETE FROM jobs WHERE unique_key = 'clean'")
    await jobs.add_job(tx, JobKind.CLEAN, now=clock.now, unique_key="clean")


async def test_each_expiry_is_told_once(
    any_services: Services, any_world: World, clock: Clock, receiver: Receiver
) -> None:
    services, world = any_services, any_world
    async with call(services, world.key) as client:
        await make_webhook(client, events=["grant.expired"])
    day = clock.now + DAY
    soon = [await offer(services, world, f"{number}@example.org", expires_at=day) for number in range(3)]
    await offer(services, world, "late@example.org", expires_at=day + MINUTE)
    await offer(services, world, "never@example.org")
    await services.database.write(lambda tx: grants.revoke(tx, soon[0].id, reason="No", now=clock.now))
    await schedule_expiry(services)
    await schedule_expiry(services)
    seen = []
    for seconds in (DAY // SECOND - 1, 1, 0, 60, 60, 3600):
        clock.advance(seconds)
        await run_until_idle(services, "jobs")
        seen.append(len(receiver.requests))
    assert seen == [0, 0, 0, 3, 3, 3], "it looks once a minute"
    told = [json.loads(request.body)["data"]["grant"]["recipient"]["email"] for request in receiver.requests]
    assert sorted(told) == ["1@example.org", "2@example.org", "late@example.org"]


async def test_two_jobs_at_once_tell_of_an_expiry_once(
    any_services: Services, any_world: World, clock: Clock
) -> None:
    services = any_services
    async with call(services, any_world.key) as client:
        await make_webhook(client, events=["grant.expired"])
    for number in range(150):
        await offer(services, any_world, f"{number}@example.org", expires_at=clock.now + 1)
    clock.advance(1)
    await schedule_expiry(services)
    rows = await services.database.write(
        lambda tx: jobs.claim_jobs(tx, limit=1000, now=clock.now, lease=HOUR)
    )
    [job] = [row for row in rows if row.kind is JobKind.EXPIRE]
    await expire(services, job)
    with pytest.raises(LeaseLost):
        await expire(services, job)
    assert await count(services, "webhook_deliveries") == 150


async def test_a_completed_list_is_told(services: Services, world: World, receiver: Receiver) -> None:
    async with call(services, world.key) as client:
        await make_webhook(client, events=["bulk.completed"])
        text = f"email,badge\na@example.org,{world.badge.id}\nx,1\n"
        made = await client.post("/api/bulk", content=text.encode(), headers={"Content-Type": "text/csv"})
        await run_until_idle(services, "jobs")
    [request] = receiver.requests
    bulk = json.loads(request.body)["data"]["bulk"]
    assert bulk["id"] == made.json()["bulk"]["id"]
    assert (bulk["total"], bulk["created"], bulk["invalid"]) == (2, 1, 1)


async def test_a_verified_issuer_is_told(services: Services, world: World, receiver: Receiver) -> None:
    async with call(services, world.key) as client:
        await make_webhook(client)
    await services.database.write(
        lambda tx: webhooks.emit_issuer(tx, Event.ISSUER_VERIFIED, world.issuer, now=services.clock())
    )
    await run_until_idle(services, "jobs")
    assert json.loads(receiver.requests[0].body)["data"]["issuer"]["username"] == world.issuer.username


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({}, "url is required"),
        ({"url": "ftp://hooks.example"}, "Url can't be used: The URL is not a plain http or https URL."),
        ({"url": "http://hooks.example/in"}, "only https is allowed"),
        ({"url": "https://127.0.0.1/in"}, "is an IP address"),
        ({"url": "https://[::1]/in"}, "is an IP address"),
        ({"url": "https://localhost/in"}, "is not a full domain name"),
        ({"url": "https://db.internal/in"}, "is a local name"),
        ({"url": "https://hooks.example:8443/in"}, "port 8443 is not allowed"),
        ({"url": "https://user:pass@hooks.example/"}, "not a plain http or https URL"),
        ({"url": URL, "events": ["grant.eaten"]}, "events must be an array of these: grant.created"),
        ({"url": URL, "events": [1]}, "events must be"),
        ({"url": URL, "events": "grant.created"}, "events must be"),
        ({"url": URL, "description": "x" * 201}, "description can have 200 characters"),
        ({"url": URL, "active": "yes"}, "active must be true or false"),
        ({"url": "https://hooks.example/" + "x" * 2100}, "url can have 2,048 characters"),
    ],
)
async def test_a_bad_endpoint_is_refused_in_words(
    services: Services, world: World, body: dict[str, Any], text: str
) -> None:
    async with call(services, world.key) as client:
        response = await client.post("/api/webhooks", json=body)
    assert response.status_code == 400
    assert text in response.json()["error"]
    assert await count(services, "webhook_endpoints") == 0


async def test_changes_scopes_and_organizations(services: Services, world: World) -> None:
    stranger = await make_stranger(services, world)
    reader = await make_key(services, world.owner.email, scopes=("webhooks:read",))
    async with call(services, world.key) as client:
        made = await make_webhook(client, events=["grant.created"], description="Ours")
        path = f"/api/webhooks/{made['webhook']['id']}"
        changed = (await client.patch(path, json={"events": [], "active": False})).json()["webhook"]
        assert (changed["events"], changed["status"], changed["description"]) == ([], "paused", "Ours")
        cleared = (await client.patch(path, json={"description": ""})).json()["webhook"]
        assert (cleared["description"], cleared["status"]) == (None, "paused")
        assert (await client.post(f"{path}/test")).status_code == 409
        bad = await client.post(f"{path}/rotate-secret", json={"overlapHours": 169})
        assert bad.status_code == 400
    async with call(services, reader) as client:
        assert "secret" not in (await client.get(path)).text.replace("previousSecretUntil", "")
        for method, url in (
            ("PATCH", path),
            ("DELETE", path),
            ("POST", f"{path}/test"),
            ("POST", "/api/webhooks"),
        ):
            assert (await client.request(method, url, json={})).status_code == 403
    async with call(services, stranger.key) as client:
        for method, url in (("GET", path), ("PATCH", path), ("DELETE", path), ("GET", f"{path}/deliveries")):
            response = await client.request(method, url, json={})
            assert (response.status_code, response.json()["error"]) == (404, "Webhook not found.")
    rows = await services.database.all(
        "SELECT action FROM audit_log WHERE action LIKE 'webhook.%' ORDER BY id"
    )
    assert [row["action"] for row in rows] == ["webhook.create", *["webhook.change"] * 2]


async def test_secrets_are_stored_encrypted_and_made_once_per_request(
    services: Services, world: World
) -> None:
    async with call(services, world.key) as client:
        headers = {"Idempotency-Key": "one"}
        first = await client.post("/api/webhooks", json={"url": URL}, headers=headers)
        again = await client.post("/api/webhooks", json={"url": URL}, headers=headers)
    assert first.json() == again.json()
    row = await services.database.one("SELECT COUNT(*) AS n, MIN(secret) AS secret FROM webhook_endpoints")
    assert row is not None
    assert row["n"] == 1
    assert first.json()["secret"].encode() not in row["secret"]
    kept = await services.database.one("SELECT response FROM idempotency_keys")
    assert kept is not None
    assert first.json()["secret"].encode() not in kept["response"]


async def test_an_organization_can_have_only_so_many(services: Services, world: World) -> None:
    async with call(services, world.key) as client:
        for _ in range(MAX_ENDPOINTS):
            await make_webhook(client)
        refused = await client.post("/api/webhooks", json={"url": URL})
    assert refused.status_code == 409


async def test_the_log_pages_stably_while_events_come(
    services: Services, world: World, receiver: Receiver
) -> None:
    async with call(services, world.key) as client:
        webhook_id = (await make_webhook(client))["webhook"]["id"]
        path = f"/api/webhooks/{webhook_id}/deliveries?limit=2"
        for number in range(5):
            await offer(services, world, f"{number}@example.org")
        page = (await client.get(path)).json()
        found = [delivery["id"] for delivery in page["deliveries"]]
        expected = [row["id"] for row in await deliveries(client, webhook_id)]
        await offer(services, world, "late@example.org")
        while page["nextCursor"] is not None:
            page = (await client.get(f"{path}&cursor={page['nextCursor']}")).json()
            found += [delivery["id"] for delivery in page["deliveries"]]
        assert found == expected
        assert (await client.get(f"{path}&status=odd")).status_code == 400
        assert await deliveries(client, webhook_id, "?status=delivered") == []


@pytest.fixture
def socket_services(services: Services, clock: Clock) -> Services:
    """With real sockets; only loopback is there to be reached."""
    clock.now = time.time_ns() // 1000
    settings = replace(services.settings, allow_private_network=True)
    transport = AiohttpTransport(user_agent="badgefed-tests", allow_private=True)
    return replace(services, settings=settings, client=Client(transport, allow_private=True, clock=clock))


async def test_over_real_sockets(socket_services: Services, world: World) -> None:
    services, verify = socket_services, documented_verifier()
    async with serve(write(200, body=b"thanks")) as server, call(services, world.key) as client:
        made = await make_webhook(client, url=server.url("/in?x=1"))
        await offer(services, world)
        await run_until_idle(services, "jobs")
        [delivery] = await deliveries(client, made["webhook"]["id"])
    await services.client.close()
    [request] = server.requests
    headers = request.headers
    assert (request.method, request.target) == ("POST", "/in?x=1")
    assert headers["content-type"] == "application/json"
    assert headers["badgefed-event"] == "grant.created"
    assert verify(headers["badgefed-signature"], request.body, made["secret"])
    assert (delivery["status"], delivery["responseStatus"], delivery["responseBody"]) == (
        "delivered",
        200,
        "thanks",
    )


async def test_a_name_that_leads_inside_is_refused_when_it_is_sent(services: Services, world: World) -> None:
    """`localtest.example` is a public name by its looks; the guard sees the address behind it."""
    async with serve(write(200)) as server, call(services, world.key) as client:
        webhook_id = (await make_webhook(client))["webhook"]["id"]
        inside = replace(
            services,
            client=Client(
                AiohttpTransport(user_agent="badgefed-tests"), allow_private=True, clock=services.clock
            ),
        )
        await services.database.write(
            lambda tx: tx.execute("UPDATE webhook_endpoints SET url = ?", server.url("/in"))
        )
        await offer(services, world)
        await run_until_idle(inside, "jobs")
        await inside.client.close()
        [delivery] = await deliveries(client, webhook_id)
    assert server.connections == 0
    assert (delivery["status"], delivery["responseStatus"]) == ("waiting", None)
    assert "address that this server does not connect to" in delivery["error"]


async def test_a_proved_issuer_is_told_of(services: Services, world: World, receiver: Receiver) -> None:
    """One whose address equals its account's is proved at once."""
    async with call(services, world.key) as client:
        await make_webhook(client, events=["issuer.verified"])
        issuer = {"name": "Example School", "url": "https://school.example", "email": world.owner.email}
        assert (await client.post("/issuers", json=issuer)).status_code == 200
        await run_until_idle(services, "jobs")
    [sent] = [json.loads(request.body) for request in receiver.requests]
    assert (sent["type"], sent["data"]["issuer"]["name"]) == ("issuer.verified", "Example School")


async def test_an_award_is_created_and_processed_and_nothing_else(
    services: Services, world: World, receiver: Receiver
) -> None:
    async with call(services, world.key) as client:
        await make_webhook(client)
        award = {
            "badgeId": world.badge.uuid,
            "recipient": {"name": "Jane Doe", "email": "jane@example.org"},
            "issuedOn": "2026-01-15T10:30:00Z",
        }
        assert (await client.post("/awards", json=award)).status_code == 200
        await run_until_idle(services, "jobs")
    assert sorted(receiver.events) == ["grant.created", "grant.processed"]
