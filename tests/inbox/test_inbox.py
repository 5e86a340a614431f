"""The door: what is let in, what is turned away and how, and what is accepted without being anybody's business."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from prometheus_client import REGISTRY

from badgefed.inbox import moderation
from badgefed.model.times import SECOND
from badgefed.store import blocks, followers, hosts, reports
from badgefed.store.blocks import BlockKind
from badgefed.store.jobs import Priority
from badgefed.work.services import Services
from tests.conftest import World
from tests.inbox.handmade import Handmade
from tests.inbox.steps import follower_ids, work
from tests.remote import RemotePerson, RemoteServer, make_door
from tests.world import Clock, Network

PROBLEM = "application/problem+json"


@pytest.mark.parametrize("path", ["/inbox", "/actor/inbox", "/actor/org/inbox"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_an_inbox_is_for_posting(door: httpx.AsyncClient, path: str, method: str) -> None:
    answer = await door.request(method, path)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/activity+json", 202),
        ("application/activity+json; charset=utf-8", 202),
        ('application/ld+json; profile="https://www.w3.org/ns/activitystreams"', 202),
        ("application/ld+json", 202),
        ("Application/JSON", 202),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("", 415),
    ],
)
async def test_media_types(
    door: httpx.AsyncClient, bob: RemotePerson, content_type: str, status: int
) -> None:
    body = json.dumps(bob.activity("Like", "https://badges.example/x")).encode()
    request = Handmade(person=bob, body=body)
    request.sent["content-type"] = content_type
    answer = await request.post(door)
    assert answer.status_code == status
    if status == 415:
        assert answer.headers["content-type"] == PROBLEM


async def test_compressed_bodies_are_not_read(door: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "application/activity+json", "Content-Encoding": "gzip"}
    assert (await door.post("/inbox", content=b"{}", headers=headers)).status_code == 415


@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_of_one_megabyte_and_one_byte(door: httpx.AsyncClient, declared: bool) -> None:
    body = b'{"a":"' + b"x" * (1_000_001 - 8) + b'"}'
    assert len(body) == 1_000_001

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 50_000):
            yield body[start : start + 50_000]

    headers = {"Content-Type": "application/activity+json"}
    answer = await door.post("/inbox", content=body if declared else chunks(), headers=headers)
    assert answer.status_code == 413
    assert answer.headers["content-type"] == PROBLEM


async def test_a_body_of_one_megabyte(door: httpx.AsyncClient, bob: RemotePerson) -> None:
    activity = bob.activity("Like", "https://badges.example/x", content="")
    activity["content"] = "x" * (1_000_000 - len(json.dumps(activity)))
    assert (await bob.post(door, activity)).status_code == 202


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        b"[]",
        b"null",
        b'"text"',
        b"{}",
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        b'{"a":NaN}',
        b'{"a":"\\ud800"}',
        b'{"a":' * 100_000,
        b'{"id":"https://social.example/1","id":"https://social.example/2"}',
    ],
)
async def test_what_is_no_json_object(door: httpx.AsyncClient, bob: RemotePerson, body: bytes) -> None:
    answer = await bob.post(door, body)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == PROBLEM
    assert answer.json()["detail"]


@pytest.mark.parametrize(
    "members",
    [
        {"type": None},
        {"type": ""},
        {"type": []},
        {"type": [{}]},
        {"type": "x" * 101},
        {"actor": None},
        {"actor": 5},
        {"actor": ["https://social.example/users/bob"]},
        {"actor": "bob"},
        {"actor": "ftp://social.example/users/bob"},
        {"actor": "https://social.example/users/" + "b" * 1024},
        {"actor": "https://social.example/users/bób"},
        {"id": 5},
        {"id": ["x"]},
        {"id": "not a url"},
        {"id": "https://other.example/1"},
        {"id": "https://social.example:444/1"},
        {"id": "https://social.example/" + "1" * 1024},
        {"id": "https://social.example/é"},
        {"@context": "https://example.org/other"},
        {"@context": []},
        {"@context": {"x": "y"}},
    ],
    ids=str,
)
async def test_what_is_no_activity(
    door: httpx.AsyncClient, services: Services, bob: RemotePerson, network: Network, members: dict[str, Any]
) -> None:
    activity = bob.activity("Like", "https://badges.example/x") | members
    answer = await bob.post(door, activity)
    assert answer.status_code == 400
    assert network.requests == []


UNKNOWN = "Move Dislike View Listen Add Remove FeatureRequest ChatMessage Offer Invite TentativeAccept Question Nonsense"


@pytest.mark.parametrize("verb", UNKNOWN.split())
async def test_verbs_that_mean_nothing_here_are_accepted_and_logged(
    door: httpx.AsyncClient, services: Services, world: World, bob: RemotePerson, verb: str
) -> None:
    await bob.post(door, bob.activity("Follow", world.issuer.actor_id))
    answer = await bob.post(door, bob.activity(verb, bob.id, target="https://social.example/users/bob2"))
    assert (answer.status_code, answer.content) == (202, b"")
    assert await follower_ids(services, world) == [bob.id]
    rows = await services.database.all("SELECT activity_type FROM inbox_log ORDER BY id")
    assert [row["activity_type"] for row in rows] == ["Follow", verb]


async def test_without_a_context_it_is_activitystreams(
    door: httpx.AsyncClient, services: Services, world: World, bob: RemotePerson
) -> None:
    follow = bob.activity("Follow", world.issuer.actor_id)
    del follow["@context"]
    assert (await bob.post(door, follow)).status_code == 202
    assert await follower_ids(services, world) == [bob.id]


async def test_a_flag_is_kept_for_people(
    door: httpx.AsyncClient, services: Services, world: World, bob: RemotePerson, clock: Clock
) -> None:
    note = f"{world.issuer.actor_id}/statuses/1"
    flag = bob.activity("Flag", [world.issuer.actor_id, note, "https://other.example/1"], content="Spam! <b>")
    await bob.post(door, flag)
    await bob.post(door, flag)
    [report] = await reports.list_reports(services.database)
    assert report.objects == (world.issuer.actor_id, note)
    assert report.content == "Spam! <b>"
    assert (report.actor_id, report.activity_id, report.created_at) == (bob.id, flag["id"], clock.now)


@pytest.mark.parametrize(
    "target", ["https://other.example/1", [], None, "https://badges.example.evil.example/1"]
)
async def test_a_flag_about_nothing_of_ours(
    door: httpx.AsyncClient, services: Services, bob: RemotePerson, target: object
) -> None:
    assert (await bob.post(door, bob.activity("Flag", target))).status_code == 202
    assert await reports.list_reports(services.database) == []


async def test_replays_have_no_second_effect(
    door: httpx.AsyncClient, services: Services, world: World, bob: RemotePerson, clock: Clock
) -> None:
    """The same bytes, and a transient activity whose only name is its signature."""
    for own_id in (bob.new_id(), None):
        body = json.dumps(bob.activity("Flag", world.issuer.actor_id, id=own_id)).encode()
        headers = bob.headers("https://badges.example/inbox", body)
        for _ in range(3):
            assert (await door.post("/inbox", content=body, headers=headers)).status_code == 202
    assert len(await reports.list_reports(services.database)) == 2
    clock.advance(3600 + 5 * 60 + 1)
    assert (await door.post("/inbox", content=body, headers=headers)).status_code == 401


async def test_another_signature_over_a_seen_id_is_ignored(
    door: httpx.AsyncClient, services: Services, world: World, bob: RemotePerson, clock: Clock
) -> None:
    flag = bob.activity("Flag", world.issuer.actor_id)
    await bob.post(door, flag)
    clock.advance(10)
    await bob.post(door, flag | {"content": "changed"}, scheme="rfc9421")
    [report] = await reports.list_reports(services.database)
    assert report.content == ""


BLOCKS = [
    ("social.example", "social.example", True),
    ("SOCIAL.example.", "social.example", True),
    ("social.example:8443", "social.example", True),
    ("https://social.example/about", "social.example", True),
    ("example", "social.example", True),
    ("social.example", "eu.social.example", True),
    ("social.example", "social.example:8443", True),
    ("social.example", "SOCIAL.EXAMPLE", True),
    ("social.example", "social.example.", True),
    ("bücher.example", "xn--bcher-kva.example", True),
    ("xn--bcher-kva.example", "sub.xn--bcher-kva.example", True),
    ("social.example", "antisocial.example", False),
    ("social.example", "social.example.org", False),
    ("eu.social.example", "social.example", False),
]


@pytest.mark.parametrize(("blocked", "host", "refused"), BLOCKS)
async def test_blocked_hosts_are_refused_before_anything_is_verified(
    door: httpx.AsyncClient,
    services: Services,
    network: Network,
    clock: Clock,
    blocked: str,
    host: str,
    refused: bool,
) -> None:
    await services.database.write(lambda tx: blocks.add_block(tx, BlockKind.HOST, blocked, now=1))
    mallory = RemoteServer(network=network, clock=clock, host=host).person("mallory")
    body = json.dumps(mallory.activity("Like", "https://badges.example/x")).encode()
    headers = {"Content-Type": "application/activity+json"}
    answer = await door.post("/inbox", content=body, headers=headers)
    assert answer.status_code == (403 if refused else 401)
    assert network.requests == []


async def test_a_blocked_actor(
    door: httpx.AsyncClient, services: Services, world: World, bob: RemotePerson, eve: RemotePerson
) -> None:
    await services.database.write(lambda tx: blocks.add_block(tx, BlockKind.ACTOR, eve.id, now=1))
    assert (await eve.post(door, eve.activity("Follow", world.issuer.actor_id))).status_code == 403
    assert (await bob.post(door, bob.activity("Follow", world.issuer.actor_id))).status_code == 202
    assert await follower_ids(services, world) == [bob.id]


async def test_a_block_counts_at_once_and_its_end_after_five_seconds(
    door: httpx.AsyncClient, services: Services, world: World, bob: RemotePerson, clock: Clock
) -> None:
    follow = bob.activity("Follow", world.issuer.actor_id)
    assert (await bob.post(door, bob.activity("Like", "x"))).status_code == 202
    await services.database.write(lambda tx: blocks.add_block(tx, BlockKind.HOST, "social.example", now=1))
    assert (await bob.post(door, follow)).status_code == 403
    clock.advance(5)
    assert (await bob.post(door, follow)).status_code == 403
    await services.database.write(lambda tx: blocks.remove_block(tx, BlockKind.HOST, "Social.Example"))
    clock.advance(5)
    assert (await bob.post(door, follow)).status_code == 202


async def test_blocking_a_host_ends_its_follows_and_what_goes_to_it(
    door: httpx.AsyncClient, services: Services, world: World, bob: RemotePerson, social: RemoteServer
) -> None:
    await bob.post(door, bob.activity("Follow", world.issuer.actor_id))
    await services.database.write(lambda tx: moderation.block(tx, BlockKind.HOST, "social.example", now=1))
    assert await follower_ids(services, world) == []
    found = await services.database.read(
        lambda reader: followers.list_inboxes(
            reader, world.issuer.id, after="", until=None, with_former=True, limit=10
        )
    )
    assert found == []


async def test_failures_count_against_the_senders_address(
    services: Services, world: World, bob: RemotePerson, clock: Clock
) -> None:
    async with make_door(services) as door:
        await bob.post(door, bob.activity("Like", "https://badges.example/x"))
        forger = RemotePerson(server=bob.server, name="bob", key_name="forger's")
        body = json.dumps(forger.activity("Like", "https://badges.example/x")).encode()
        headers = forger.headers("https://badges.example/inbox", body)
        statuses = [
            (await door.post("/inbox", content=body, headers=headers)).status_code for _ in range(302)
        ]
        assert statuses == [401] * 300 + [429] * 2
        answer = await bob.post(door, bob.activity("Follow", world.issuer.actor_id))
        assert answer.status_code == 429
        assert answer.headers["retry-after"] == "1"
        assert answer.json()["type"] == "https://w3id.org/fep/c180#rate-limit-exceeded"
        clock.advance(int(answer.headers["retry-after"]))
        assert (await bob.post(door, bob.activity("Follow", world.issuer.actor_id))).status_code == 202


async def test_unknown_keys_count_against_the_host_that_they_name(
    door: httpx.AsyncClient, world: World, social: RemoteServer, bob: RemotePerson, network: Network
) -> None:
    await bob.post(door, bob.activity("Like", "https://badges.example/x"))
    for number in range(299):
        social.serve(f"/users/u{number}", {"id": f"{bob.id}{number}", "type": "Note"})
    for number in range(299):
        person = RemotePerson(server=social, name=f"u{number}", key_name=bob.key_name)
        assert (await person.post(door, person.activity("Like", "x"))).status_code == 401
    stranger = social.person("stranger")
    answer = await stranger.post(door, stranger.activity("Like", "https://badges.example/x"))
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1
    assert len([request for request in network.requests if request.method == "GET"]) <= 600


async def test_a_crowd_that_follows_from_one_server_is_let_in(
    door: httpx.AsyncClient, services: Services, world: World, social: RemoteServer, network: Network
) -> None:
    people = [
        RemotePerson(server=social, name=f"p{number}", key_name=f"crowd {number % 4}")
        for number in range(200)
    ]
    social.people |= {person.name: person for person in people}
    answers = await asyncio.gather(
        *(person.post(door, person.activity("Follow", world.issuer.actor_id)) for person in people)
    )
    assert {answer.status_code for answer in answers} == {202}
    assert await followers.count_followers(services.database, world.issuer.id) == 200
    assert len(network.requests) == 200


async def test_many_requests_with_one_unknown_key_fetch_it_once(
    door: httpx.AsyncClient, world: World, bob: RemotePerson, network: Network
) -> None:
    answers = await asyncio.gather(
        *(bob.post(door, bob.activity("Like", "https://badges.example/x")) for _ in range(20))
    )
    assert {answer.status_code for answer in answers} == {202}
    assert len(network.requests) == 1


async def test_a_verified_request_ends_the_pause_of_its_host(
    door: httpx.AsyncClient, services: Services, bob: RemotePerson, clock: Clock
) -> None:
    later = clock.now + 3600 * SECOND
    await services.database.write(
        lambda tx: hosts.add_turns(tx, [("social.example", Priority.PUBLIC)], now=later)
    )
    await services.database.write(
        lambda tx: tx.execute("UPDATE hosts SET failures = 9, failing_since = 1, open_until = ?", later)
    )
    forger = RemotePerson(server=bob.server, name="bob", key_name="forger's")
    await forger.post(door, forger.activity("Like", "https://badges.example/x"))
    row = await services.database.one("SELECT failures FROM hosts")
    assert row == {"failures": 9}
    await bob.post(door, bob.activity("Like", "https://badges.example/x"))
    row = await services.database.one("SELECT failures, open_until, next_at FROM hosts")
    assert row == {"failures": 0, "open_until": None, "next_at": clock.now}


async def test_what_made_work_wakes_the_worker(
    door: httpx.AsyncClient, services: Services, world: World, bob: RemotePerson
) -> None:
    await bob.post(door, bob.activity("Like", "https://badges.example/x"))
    assert not services.wake.is_set()
    await bob.post(door, bob.activity("Follow", world.issuer.actor_id))
    assert services.wake.is_set()


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"badgefed_inbox_{name}_total", labels) or 0.0


async def test_what_became_of_requests_is_counted(
    door: httpx.AsyncClient, world: World, bob: RemotePerson
) -> None:
    def totals() -> tuple[float, ...]:
        return (
            counted("activities", type="Follow", result="answered"),
            counted("activities", type="Follow", result="repeated"),
            counted("activities", type="other", result="ignored"),
            counted("refusals", reason="missing"),
            counted("refusals", reason="Invalid"),
        )

    before = totals()
    follow = bob.activity("Follow", world.issuer.actor_id)
    await bob.post(door, follow)
    await bob.post(door, follow | {"object": "https://badges.example/actor/nobody"})
    await bob.post(door, bob.activity("Whatever a stranger may think of", "x"))
    unsigned = {"Content-Type": "application/activity+json"}
    await door.post("/inbox", content=json.dumps(follow), headers=unsigned)
    await door.post("/inbox", content=b"{}", headers=unsigned)
    change = tuple(after - then for after, then in zip(totals(), before, strict=True))
    assert change == (1, 0, 1, 1, 1)


async def test_a_forgotten_actor_is_fetched_anew(
    door: httpx.AsyncClient, services: Services, world: World, bob: RemotePerson, clock: Clock
) -> None:
    """Another process forgot the actor while this one has its key in memory."""
    await bob.post(door, bob.activity("Like", "https://badges.example/x"))
    await services.database.write(lambda tx: tx.execute("DELETE FROM remote_keys"))
    await services.database.write(lambda tx: tx.execute("DELETE FROM actor_aliases"))
    await services.database.write(lambda tx: tx.execute("DELETE FROM remote_actors"))
    clock.now += 600 * SECOND
    follow = bob.activity("Follow", world.issuer.actor_id)
    assert (await bob.post(door, follow)).status_code == 503
    assert (await bob.post(door, follow)).status_code == 202
    assert await follower_ids(services, world) == [bob.id]
    await work(services)
