"""Finding the actor that a handle or a profile page means."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from badgefed.errors import AddressRefused, FetchFailed
from badgefed.model.recipient import profile_alias
from badgefed.model.times import DAY
from badgefed.net.client import Client
from badgefed.net.transport import Request, Response
from badgefed.protocol.jrd import read_jrd
from badgefed.store import blocks, remote_actors
from badgefed.store.blocks import BlockKind
from badgefed.work import directory
from badgefed.work.services import Services
from tests.conftest import World
from tests.remote import RemotePerson, RemoteServer
from tests.world import Clock, Network, answer

JRD = "application/jrd+json"


def jrd(subject: str, actor_id: str, **link: Any) -> dict[str, Any]:
    whole = {"rel": "self", "type": "application/activity+json", "href": actor_id} | link
    page = {"rel": "http://webfinger.net/rel/profile-page", "type": "text/html", "href": "https://x.example/"}
    return {"subject": subject, "links": [page, whole]}


def serve_handle(server: RemoteServer, handle: str, document: dict[str, Any], **options: Any) -> None:
    path = f"/.well-known/webfinger?resource=acct:{handle.removeprefix('@')}"
    server.serve(path, document, **({"content_type": JRD} | options))


@pytest.mark.parametrize(
    "profile",
    [
        "@bob@social.example",
        "acct:bob@social.example",
        "@bob@SOCIAL.example",
        "https://social.example/users/bob",
        "https://social.example/@bob",
    ],
)
async def test_the_common_forms_of_one_profile(
    services: Services, world: World, social: RemoteServer, bob: RemotePerson, network: Network, profile: str
) -> None:
    social.serve("/@bob", bob.document)
    actor = await directory.find_profile(services, profile)
    assert (actor.id, actor.handle, actor.inbox) == (bob.id, "@bob@social.example", f"{bob.id}/inbox")
    assert await remote_actors.find_actor(services.database, bob.id) == actor
    asked = len(network.requests)
    assert await directory.find_profile(services, "@bob@social.example") == actor
    assert await directory.find_profile(services, profile) == actor
    assert len(network.requests) == asked


async def test_a_page_that_is_html_only_leads_to_its_handle(
    services: Services, world: World, social: RemoteServer, bob: RemotePerson
) -> None:
    social.documents["/@bob"] = answer(200, b"<html>", "text/html")
    actor = await directory.find_profile(services, "https://social.example/@bob")
    assert actor.id == bob.id


async def test_a_profile_is_asked_for_once_a_day_and_survives_an_outage(
    services: Services, world: World, social: RemoteServer, bob: RemotePerson, network: Network, clock: Clock
) -> None:
    known = await directory.find_profile(services, "@bob@social.example")
    clock.now += DAY
    bob.extra = {"name": "Robert"}
    assert (await directory.find_profile(services, "@bob@social.example")).name == "Robert"

    async def refuse(request: Request) -> Response:
        raise FetchFailed("timeout", "slow")

    network.mount("social.example", refuse)
    clock.now += DAY
    assert (await directory.find_profile(services, "@bob@social.example")).id == known.id


async def test_a_handle_on_another_host_than_its_actor(
    services: Services, world: World, network: Network, clock: Clock, bob: RemotePerson
) -> None:
    """example.com is the handle's host, social.example the actor's; both say so."""
    apex = RemoteServer(network=network, clock=clock, host="example.com")
    document = jrd("acct:bob@example.com", bob.id)
    serve_handle(apex, "@bob@example.com", document)
    serve_handle(bob.server, "@bob@social.example", document)
    for profile in ("@bob@example.com", "@bob@social.example"):
        clock.now += DAY
        actor = await directory.find_profile(services, profile)
        assert (actor.id, actor.handle) == (bob.id, "@bob@example.com")
    await directory.refresh_actor(services, bob.id)
    stored = await remote_actors.find_actor(services.database, bob.id)
    assert stored is not None
    assert stored.handle == "@bob@example.com"
    bob.extra = {"preferredUsername": "robert"}
    await directory.refresh_actor(services, bob.id)
    stored = await remote_actors.find_actor(services.database, bob.id)
    assert stored is not None
    assert stored.handle == "@robert@social.example"


@pytest.mark.parametrize("claim", ["@bob@evil.example", "@admin@evil.example"])
async def test_a_handle_that_points_to_an_actor_who_does_not_know_it(
    services: Services, world: World, network: Network, clock: Clock, bob: RemotePerson, claim: str
) -> None:
    evil = RemoteServer(network=network, clock=clock, host="evil.example")
    serve_handle(evil, claim, jrd(f"acct:{claim[1:]}", bob.id))
    with pytest.raises(FetchFailed) as caught:
        await directory.find_profile(services, claim)
    assert caught.value.reason == "id-mismatch"
    assert await remote_actors.find_actor_by_alias(services.database, profile_alias(claim)) is None


async def test_a_subject_on_a_host_that_does_not_confirm_it(
    services: Services, world: World, network: Network, clock: Clock
) -> None:
    """An actor of evil.example's wants to be known by a handle of social.example's."""
    social = RemoteServer(network=network, clock=clock)
    social.person("bob")
    evil = RemoteServer(network=network, clock=clock, host="evil.example")
    mallory = evil.person("bob")
    serve_handle(evil, "@bob@evil.example", jrd("acct:bob@social.example", mallory.id))
    with pytest.raises(FetchFailed) as caught:
        await directory.find_profile(services, "@bob@evil.example")
    assert caught.value.reason == "id-mismatch"


@pytest.mark.parametrize(
    ("setup", "reason", "status"),
    [
        ("unknown", "status", 404),
        ("gone", "status", 410),
        ("tombstone", "status", 410),
        ("no self link", "malformed", None),
        ("no actor", "malformed", None),
        ("inbox elsewhere", "malformed", None),
    ],
)
async def test_profiles_that_lead_nowhere(
    services: Services,
    world: World,
    social: RemoteServer,
    bob: RemotePerson,
    setup: str,
    reason: str,
    status: int | None,
) -> None:
    if setup == "unknown":
        social.people.clear()
    elif setup == "gone":
        social.fail("/users/bob", 410)
    elif setup == "tombstone":
        social.serve("/users/bob", {"id": bob.id, "type": "Tombstone"})
    elif setup == "no self link":
        serve_handle(social, "@bob@social.example", jrd("acct:bob@social.example", bob.id, rel="me"))
    elif setup == "no actor":
        social.serve("/users/bob", {"id": bob.id, "type": "Note"})
    else:
        bob.extra = {"inbox": "https://evil.example/inbox"}
    with pytest.raises(FetchFailed) as caught:
        await directory.find_profile(services, "@bob@social.example")
    assert (caught.value.reason, caught.value.http_status) == (reason, status)


@pytest.mark.parametrize(
    ("blocked", "profile", "requests"),
    [
        ("example.com", "@bob@example.com", 0),
        ("social.example", "https://social.example/users/bob", 0),
        ("social.example", "@bob@eu.social.example", 0),
        ("social.example", "@bob@example.com", 3),
    ],
)
async def test_blocked_hosts_are_not_asked(
    services: Services,
    world: World,
    network: Network,
    clock: Clock,
    bob: RemotePerson,
    blocked: str,
    profile: str,
    requests: int,
) -> None:
    """Where an unblocked handle leads to a blocked host, that is known only afterwards."""
    apex = RemoteServer(network=network, clock=clock, host="example.com")
    document = jrd("acct:bob@example.com", bob.id)
    serve_handle(apex, "@bob@example.com", document)
    serve_handle(bob.server, "@bob@social.example", document)
    await services.database.write(lambda tx: blocks.add_block(tx, BlockKind.HOST, blocked, now=1))
    with pytest.raises(AddressRefused):
        await directory.find_profile(services, profile)
    assert await remote_actors.find_actor(services.database, bob.id) is None
    assert len(network.requests) == requests


async def test_plain_http_only_in_a_private_network(
    services: Services, world: World, network: Network, clock: Clock
) -> None:
    private = replace(
        services,
        settings=replace(services.settings, allow_private_network=True),
        client=Client(network, allow_private=True, clock=clock),
    )
    plain = RemoteServer(network=network, clock=clock, host="127.0.0.1:9001")
    actor_id = "http://127.0.0.1:9001/users/bob"

    async def handle(request: Request) -> Response:
        if request.url.startswith("https:"):
            raise FetchFailed("tls", "speaks no TLS")
        return await respond(request)

    respond = network.handlers["127.0.0.1:9001"]
    network.mount("127.0.0.1:9001", handle)
    serve_handle(plain, "@bob@127.0.0.1:9001", jrd("acct:bob@127.0.0.1:9001", actor_id))
    document = {
        "id": actor_id,
        "type": "Person",
        "preferredUsername": "bob",
        "inbox": f"{actor_id}/inbox",
    }
    plain.serve("/users/bob", document)
    with pytest.raises(FetchFailed):
        await directory.find_profile(services, "@bob@127.0.0.1:9001")
    actor = await directory.find_profile(private, "@bob@127.0.0.1:9001")
    assert (actor.id, actor.handle) == (actor_id, "@bob@127.0.0.1:9001")


@pytest.mark.parametrize(
    ("document", "handle", "actor_id"),
    [
        (jrd("acct:bob@social.example", "https://s.example/1"), "@bob@social.example", "https://s.example/1"),
        (jrd("bob", "https://s.example/1"), None, "https://s.example/1"),
        (jrd("acct:b@s.example", "x", type="text/html"), "@b@s.example", None),
        (jrd("acct:b@s.example", "x", type=None), "@b@s.example", None),
        (jrd("acct:b@s.example", ""), "@b@s.example", ""),
        ({"subject": 5, "links": "none"}, None, None),
        ({"links": [None, "x", {"rel": ["self"]}]}, None, None),
        ({}, None, None),
    ],
)
def test_reading_a_webfinger_document(document: Any, handle: str | None, actor_id: str | None) -> None:
    found, href = read_jrd(json.loads(json.dumps(document)))
    assert (str(found) if found else None, href) == (handle, actor_id)
