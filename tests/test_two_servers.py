"""Two instances of this server that meet: each finds the other, follows, is granted badges, answers, and is told of the end.

Issuers do none of that by themselves; here they do it with the means that they have: a key, an outbox, a worker.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from badgefed.app import create_app
from badgefed.errors import FetchFailed
from badgefed.issuing import grants as granting
from badgefed.issuing.grants import Offer
from badgefed.issuing.job_handlers import JOB_HANDLERS
from badgefed.model.grant import Grant, Status
from badgefed.model.identifiers import new_uuid
from badgefed.model.issuer import Issuer
from badgefed.net.transport import Request, Response
from badgefed.protocol import activities
from badgefed.protocol.activities import AS2
from badgefed.store import followers, grants, remote_actors
from badgefed.store.database import Database
from badgefed.store.followers import Follower
from badgefed.store.inbox_log import CANCELLED
from badgefed.store.migrate import migrate, open_database
from badgefed.work import directory, outbox
from badgefed.work.actor_documents import issuer_document
from badgefed.work.outbox import Target
from badgefed.work.services import Services
from badgefed.work.worker import Worker
from tests.conftest import BASE, PreparedWorld, World, make_services, make_settings, make_world
from tests.remote import RemoteServer
from tests.world import Clock, Mailbox, Network, answer, asgi_handler

GUILD = "https://guild.example"
SCHEMES = ("cavage", "rfc9421")


@dataclass(kw_only=True)
class Instance:
    """A server, its worker, and the way to it: `refuses` is a scheme whose signatures it won't take, `posts` what came."""

    services: Services
    world: World
    worker: Worker
    refuses: str = ""
    tampers: bool = False
    posts: list[tuple[str, str, int]] = field(default_factory=list)

    @property
    def issuer(self) -> Issuer:
        return self.world.issuer

    @property
    def host(self) -> str:
        return self.services.addresses.host

    def mount(self, network: Network) -> None:
        handler = asgi_handler(create_app(self.services))

        async def handle(request: Request) -> Response:
            if request.method != "POST":
                return await handler(request)
            scheme = "rfc9421" if "Signature-Input" in request.headers else "cavage"
            body = (
                request.body.replace(b"Create", b"Update") if self.tampers and request.body else request.body
            )
            response = answer(401) if scheme == self.refuses else await handler(replace(request, body=body))
            self.posts.append((request.url, scheme, response.status))
            return response

        network.mount(self.host, handle)

    async def act(self, verb: str, target: Any, *, inbox: str, **members: Any) -> dict[str, Any]:
        """Sends an activity of the issuer's."""
        activity = {
            "@context": AS2,
            "id": f"{self.issuer.actor_id}/acts/{new_uuid(self.services.clock())}",
            "type": verb,
            "actor": self.issuer.actor_id,
            "object": target,
        } | members
        await self.publish(activity, inbox)
        return activity

    async def publish(self, activity: dict[str, Any], inbox: str) -> None:
        target = activity["object"]
        await self.services.database.write(
            lambda tx: outbox.publish(
                tx,
                uri=activity["id"],
                issuer_id=self.issuer.id,
                activity_type=activity["type"],
                object_uri=activities.reference(target) or "",
                body=json.dumps(activity).encode(),
                inboxes=[Target(inbox=inbox)],
                now=self.services.clock(),
            )
        )

    async def reply(self, message: str, text: str, to: str) -> None:
        """The issuer's direct reply to a message of another server's issuer."""
        note = {
            "id": f"{self.issuer.actor_id}/notes/{new_uuid(self.services.clock())}",
            "type": "Note",
            "attributedTo": self.issuer.actor_id,
            "inReplyTo": message,
            "content": f"<p>{text}</p>",
            "to": [to],
        }
        await self.act("Create", note, inbox=f"{to}/inbox", to=[to])

    async def grant(self, profile: str) -> Grant:
        wanted = Offer(
            organization_id=self.world.organization.id, badge_id=self.world.badge.id, profile=profile
        )
        offered = await self.services.database.write(lambda tx: granting.offer(tx, wanted, self.services))
        return offered.grant

    async def find(self, grant: Grant) -> Grant:
        found = await grants.find_grant(self.services.database, grant.id)
        assert found is not None
        return found

    async def message(self, grant: Grant) -> str:
        """The id of the message that offers the grant."""
        row = await self.services.database.one("SELECT uri FROM messages WHERE grant_id = ?", grant.id)
        assert row is not None
        return str(row["uri"])

    async def revoke(self, grant: Grant) -> None:
        now = self.services.clock()
        await self.services.database.write(lambda tx: granting.revoke(tx, grant.id, reason="a test", now=now))

    async def followers(self) -> list[Follower]:
        return await followers.list_followers(self.services.database, self.issuer.id, before=None, limit=100)

    async def heard(self, sender: Instance) -> list[str]:
        """The types of the other issuer's activities that were authenticated here, in order."""
        rows = await self.services.database.all(
            "SELECT activity_type FROM inbox_log WHERE actor_id = ? AND activity_type <> ? ORDER BY received_at, id",
            sender.issuer.actor_id,
            CANCELLED,
        )
        return [row["activity_type"] for row in rows]


@pytest.fixture(scope="session")
def prepared_guild(tmp_path_factory: pytest.TempPathFactory) -> PreparedWorld:
    """The other server's world, made once for all tests."""
    folder = tmp_path_factory.mktemp("guild")
    file = folder / "guild.db"

    async def prepare() -> World:
        database = await open_database(f"sqlite:///{file}")
        await migrate(database)
        try:
            return await make_world(_services(folder, GUILD, database, Clock(), Network()))
        finally:
            await database.close()

    with ThreadPoolExecutor(1) as executor:
        world = executor.submit(lambda: asyncio.run(prepare())).result()
    return PreparedWorld(world=world, file=file)


def _services(folder: Path, base: str, database: Database, clock: Clock, network: Network) -> Services:
    settings = replace(make_settings(folder), base_url=base)
    return make_services(settings, database, clock, network, Mailbox())


async def _open(
    folder: Path, base: str, prepared: PreparedWorld, clock: Clock, network: Network
) -> AsyncIterator[Instance]:
    folder.mkdir()
    shutil.copyfile(prepared.file, folder / "badgefed.db")
    database = await open_database(f"sqlite:///{folder / 'badgefed.db'}")
    services = _services(folder, base, database, clock, network)
    worker = Worker(services, JOB_HANDLERS, random=lambda: 0.5)
    instance = Instance(services=services, world=prepared.world, worker=worker)
    instance.mount(network)
    yield instance
    await database.close()


@pytest.fixture
async def club(
    tmp_path: Path, prepared_world: PreparedWorld, clock: Clock, network: Network
) -> AsyncIterator[Instance]:
    async for instance in _open(tmp_path / "club", BASE, prepared_world, clock, network):
        yield instance


@pytest.fixture
async def guild(
    tmp_path: Path, prepared_guild: PreparedWorld, clock: Clock, network: Network
) -> AsyncIterator[Instance]:
    async for instance in _open(tmp_path / "guild", GUILD, prepared_guild, clock, network):
        yield instance


async def settle(*instances: Instance) -> None:
    """Steps the workers until none has anything to do at this instant."""
    for _ in range(200):
        if not any([await instance.worker.step() for instance in instances]):
            return
    raise AssertionError("the workers never come to rest")


async def follow(follower: Instance, followed: Instance) -> dict[str, Any]:
    """The follower's issuer follows the other's and has been accepted; the Follow."""
    activity = await follower.act(
        "Follow", followed.issuer.actor_id, inbox=f"{followed.issuer.actor_id}/inbox"
    )
    await settle(follower, followed)
    return activity


async def test_each_finds_the_other_by_its_handle(club: Instance, guild: Instance) -> None:
    for seeker, sought in ((club, guild), (guild, club)):
        handle = f"@org@{sought.host}"
        found = await directory.find_profile(seeker.services, handle)
        assert (found.id, found.handle) == (sought.issuer.actor_id, handle)
        assert found.inbox == f"{sought.issuer.actor_id}/inbox"
        assert found.shared_inbox == f"https://{sought.host}/inbox"
        key = await directory.find_key(seeker.services, f"{sought.issuer.actor_id}#main-key")
        assert key is not None
        assert key.owner == sought.issuer.actor_id


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_a_badge_from_offer_to_revocation(club: Instance, guild: Instance, scheme: str) -> None:
    other = next(name for name in SCHEMES if name != scheme)
    club.refuses = guild.refuses = other
    await follow(guild, club)
    assert await guild.heard(club) == ["Accept"]
    assert [follower.actor_id for follower in await club.followers()] == [guild.issuer.actor_id]

    grant = await club.grant(f"@org@{guild.host}")
    await settle(club, guild)
    assert await guild.heard(club) == ["Accept", "Create"]
    await guild.reply(await club.message(grant), "yes", club.issuer.actor_id)
    await settle(club, guild)
    assert (await club.find(grant)).status is Status.PROCESSED
    note = await guild.services.client.get_activitypub(grant.note_uri)
    assert guild.issuer.actor_id in note.document["cc"]
    inboxes = [url for url, _, status in guild.posts[-2:] if status == 202]
    assert sorted(inboxes) == [f"{guild.issuer.actor_id}/inbox", f"{GUILD}/inbox"]

    await guild.act("Like", grant.note_uri, inbox=f"{club.issuer.actor_id}/inbox")
    await settle(club, guild)
    assert await club.heard(guild) == ["Follow", "Create", "Like"]

    await club.revoke(grant)
    await settle(club, guild)
    assert (await guild.heard(club))[-1] == "Delete"
    with pytest.raises(FetchFailed, match="410"):
        await guild.services.client.get_activitypub(grant.note_uri)
    for instance in (club, guild):
        statuses = {(used, status) for _, used, status in instance.posts}
        assert statuses <= {(scheme, 202), (other, 401)}
        assert [used for _, used, _ in instance.posts].count(other) <= 1


async def test_only_the_one_who_was_asked_can_answer(
    club: Instance, guild: Instance, network: Network, clock: Clock
) -> None:
    people = RemoteServer(network=network, clock=clock)
    grant = await club.grant(people.person("alice").id)
    await settle(club, guild)
    [(path, create)] = people.received
    assert (path, create["type"]) == ("/users/alice/inbox", "Create")
    await guild.reply(await club.message(grant), "yes", club.issuer.actor_id)
    await settle(club, guild)
    assert await club.heard(guild) == ["Create"]
    assert (await club.find(grant)).status is Status.PENDING


async def test_an_unfollow_ends_the_copies(
    club: Instance, guild: Instance, network: Network, clock: Clock
) -> None:
    people = RemoteServer(network=network, clock=clock)
    followed = await follow(guild, club)
    await guild.act("Undo", followed, inbox=f"{club.issuer.actor_id}/inbox")
    await settle(guild, club)
    assert await club.followers() == []
    await _publish(club, people, "alice")
    assert await guild.heard(club) == ["Accept"]
    await follow(guild, club)
    await _publish(club, people, "bob")
    assert await guild.heard(club) == ["Accept", "Accept", "Create"]


async def _accept(instance: Instance, people: RemoteServer, name: str) -> Grant:
    """A badge granted to a person, who has just accepted it through the shared inbox."""
    person = people.person(name)
    grant = await instance.grant(person.id)
    await settle(instance)
    reply = person.reply(await instance.message(grant), "yes", public=False)
    body = json.dumps(reply).encode()
    url = f"https://{instance.host}/inbox"
    response = await people.network.send(
        Request(method="POST", url=url, headers=person.headers(url, body), body=body),
        max_bytes=10_000,
        timeout=10,
    )
    assert response.status == 202, response.body
    return grant


async def _publish(instance: Instance, people: RemoteServer, name: str) -> Grant:
    """A badge that a person has accepted and that has gone out."""
    grant = await _accept(instance, people, name)
    await settle(instance)
    assert (await instance.find(grant)).status is Status.PROCESSED
    return grant


async def test_who_leaves_during_a_fan_out_gets_that_one_and_its_deletion(
    club: Instance, guild: Instance, network: Network, clock: Clock
) -> None:
    people = RemoteServer(network=network, clock=clock)
    followed = await follow(guild, club)
    grant = await _accept(club, people, "alice")
    while await club.worker.step("jobs"):
        assert await guild.heard(club) == ["Accept"]
    await guild.act("Undo", followed, inbox=f"{club.issuer.actor_id}/inbox")
    await settle(guild)
    assert await club.followers() == []
    await settle(club)
    assert await guild.heard(club) == ["Accept", "Create"]
    await _publish(club, people, "bob")
    assert await guild.heard(club) == ["Accept", "Create"]
    await club.revoke(grant)
    await settle(club)
    assert await guild.heard(club) == ["Accept", "Create", "Delete"]


async def test_a_new_profile_is_taken_over(club: Instance, guild: Instance) -> None:
    await follow(guild, club)
    renamed = replace(guild.issuer, name="The Guild of Testers")
    document = await issuer_document(guild.services.database, renamed, guild.services.addresses)
    await guild.publish(activities.update(f"{guild.issuer.actor_id}#updates/1", document), f"{BASE}/inbox")
    await settle(guild, club)
    known = await remote_actors.find_actor(club.services.database, guild.issuer.actor_id)
    assert known is not None
    assert known.name == "The Guild of Testers"


async def test_what_was_changed_on_the_way_is_refused_and_comes_again(
    club: Instance, guild: Instance, clock: Clock
) -> None:
    grant = await club.grant(guild.issuer.actor_id)
    guild.tampers = True
    await settle(club, guild)
    assert [(scheme, status) for _, scheme, status in guild.posts] == [("cavage", 401), ("rfc9421", 401)]
    assert await guild.heard(club) == []
    guild.tampers = False
    clock.advance(60)
    await settle(club, guild)
    assert await guild.heard(club) == ["Create"]
    assert (await club.find(grant)).status is Status.PENDING


async def test_a_server_that_is_away_gets_its_badge_later(
    club: Instance, guild: Instance, network: Network, clock: Clock
) -> None:
    await follow(guild, club)
    handler = network.handlers.pop(guild.host)
    grant = await club.grant(guild.issuer.actor_id)
    await settle(club)
    network.handlers[guild.host] = handler
    clock.advance(60)
    await settle(club, guild)
    assert await guild.heard(club) == ["Accept", "Create"]
    assert (await club.find(grant)).actor_id == guild.issuer.actor_id
