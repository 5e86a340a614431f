"""The documents that ActivityPub servers fetch, asked for over HTTP as they ask for them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from badgefed.issuing.issuers import NewIssuer, create_issuer
from badgefed.model.grant import Grant
from badgefed.model.visibility import Visibility
from badgefed.protocol.actors import tombstone
from badgefed.protocol.notes import MAX_NOTE_BYTES
from badgefed.store import activities, documents, followers, messages, quotes
from badgefed.store.documents import DocumentKind
from badgefed.store.messages import Message, MessageKind
from badgefed.store.quotes import Quote
from badgefed.web.activitypub import FEATURED_NOTES, NOTES_PER_PAGE
from badgefed.work.services import Services
from tests.conftest import BASE, World
from tests.doors import (
    ACTIVITY,
    BROWSER,
    accept,
    browse,
    decline,
    delete_issuer,
    fetch,
    offer,
    process_accepted,
    publish,
    revoke,
)
from tests.protocol import peers
from tests.world import Clock

HOST = "badges.example"
ACTOR = f"{BASE}/actor/org"
PROFILE = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'

# T4: what clients in the wild send, and whether they want the page.
ACCEPTS = {
    "activity": (ACTIVITY, False),
    "JSON-LD with the profile": (PROFILE, False),
    "both": (f"{ACTIVITY}, {PROFILE}", False),
    "JSON-LD": ("application/ld+json", False),
    "BookWyrm": ("application/json; charset=utf-8", False),
    "Mastodon": ("application/activity+json, application/ld+json", False),
    "Mastodon, a pasted address": (f"{PROFILE}, {ACTIVITY}, text/html;q=0.1", False),
    "BadgeFed": ("application/activity+json, application/ld+json, application/json", False),
    "curl": ("*/*", False),
    "nothing": (None, False),
    "a browser": (BROWSER, True),
    "a text browser": ("text/html", True),
    "a reader that takes both": (f"text/html;q=0.5, {ACTIVITY}", False),
    "somebody who wants no JSON": ("text/html, application/activity+json;q=0, */*;q=0", True),
}


def headers(accept_header: str | None) -> dict[str, str]:
    return {} if accept_header is None else {"accept": accept_header}


@pytest.mark.parametrize(("accept_header", "wants_page"), ACCEPTS.values(), ids=ACCEPTS)
async def test_everybody_gets_what_they_take(
    services: Services, world: World, accept_header: str | None, wants_page: bool
) -> None:
    grant = await publish(services, world)
    async with browse(services) as client:
        for url in (ACTOR, grant.note_uri):
            response = await client.get(url, headers=headers(accept_header))
            assert response.status_code == 200
            assert "Accept" in response.headers["vary"].split(", ")
            if wants_page:
                assert response.headers["content-type"] == "text/html; charset=utf-8"
                assert "<!doctype html>" in response.text.lower()[:200]
                assert 'type="application/activity+json"' in response.text
                assert f'href="{url}"' in response.text
            else:
                assert response.headers["content-type"] == ACTIVITY
                assert response.headers["access-control-allow-origin"] == "*"
                assert response.json()["id"] == url


class TestActors:
    async def test_an_issuer_breaks_no_peers_rule(self, services: Services, world: World) -> None:
        async with browse(services) as client:
            actor = await fetch(client, ACTOR)
        assert actor["id"] == ACTOR
        assert actor["type"] == "Organization"
        assert peers.wire_problems(actor, host=HOST) == []
        assert peers.mastodon_actor_problems(actor) == []
        assert peers.misskey_actor_problems(actor) == []
        assert isinstance(peers.badgefed_reads(actor), peers.BadgeFedActor)

    async def test_every_address_in_it_is_one_that_answers(self, services: Services, world: World) -> None:
        async with browse(services) as client:
            actor = await fetch(client, ACTOR)
            for name in ("url", "outbox", "followers", "following", "featured"):
                assert (await client.get(actor[name])).status_code == 200, name
            picture = await client.get(actor["icon"]["url"])
        assert picture.headers["content-type"] == actor["icon"]["mediaType"] == "image/png"

    @pytest.mark.parametrize("path", ["/actor", "/actor/org"])
    async def test_its_key_is_found_by_the_key_id(self, services: Services, world: World, path: str) -> None:
        async with browse(services) as client:
            key = (await fetch(client, path))["publicKey"]
            actor = await fetch(client, key["id"].partition("#")[0])
        assert actor["id"] == key["owner"] == f"{BASE}{path}"
        public = load_pem_public_key(actor["publicKey"]["publicKeyPem"].encode())
        assert isinstance(public, RSAPublicKey)
        assert public.key_size == 2048
        mine = await services.keyring.rsa(None if path == "/actor" else world.issuer.id)
        assert mine.key_id == key["id"]
        assert mine.private_key.public_key() == public

    async def test_the_instance_actor_is_open(self, services: Services, world: World) -> None:
        async with browse(services) as client:
            actor = await fetch(client, "/actor")
            outbox = await fetch(client, actor["outbox"])
            page = await client.get("/actor", headers={"accept": BROWSER})
        assert (actor["id"], actor["type"]) == (f"{BASE}/actor", "Application")
        assert actor["manuallyApprovesFollowers"] is True
        assert peers.wire_problems(actor, host=HOST) == []
        assert peers.mastodon_actor_problems(actor) == []
        assert (outbox["totalItems"], outbox["orderedItems"]) == (0, [])
        assert (page.status_code, page.headers["location"]) == (302, f"{BASE}/")

    @pytest.mark.parametrize(
        ("path", "status"),
        [
            ("/actor/ORG", 301),
            ("/actor/Org", 301),
            ("/actor/org/", 404),
            ("/actor/", 404),
            ("/actor/nobody", 404),
            ("/actor/org/Outbox", 404),
            ("/actor/ORG/outbox", 404),
            ("/actor/ORG/followers", 404),
            ("/actor/org/statuses", 404),
            ("/actor/org/statuses/0", 404),
        ],
    )
    @pytest.mark.parametrize("accept_header", [ACTIVITY, BROWSER])
    async def test_no_document_stands_at_another_address(
        self, services: Services, world: World, path: str, status: int, accept_header: str
    ) -> None:
        async with browse(services) as client:
            response = await client.get(path, headers={"accept": accept_header})
        assert response.status_code == status
        assert response.headers.get("location") == (ACTOR if status == 301 else None)

    async def test_a_note_shows_under_its_own_issuer_only(self, services: Services, world: World) -> None:
        other = NewIssuer(username="other", name="The Other")
        await create_issuer(services, organization_id=world.organization.id, new=other)
        grant = await publish(services, world)
        async with browse(services) as client:
            response = await client.get(f"/actor/other/statuses/{grant.note_id}")
            assert response.status_code == 404
            response = await client.get(f"/actor/ORG/statuses/{grant.note_id}")
            assert response.status_code == 404

    async def test_a_deleted_issuer_leaves_a_tombstone(
        self, services: Services, world: World, clock: Clock
    ) -> None:
        async with browse(services) as client:
            await fetch(client, ACTOR)
            await delete_issuer(services, world)
            response = await client.get(ACTOR, headers={"accept": ACTIVITY})
            page = await client.get(ACTOR, headers={"accept": BROWSER})
            outbox = await client.get(f"{ACTOR}/outbox")
        assert (response.status_code, response.headers["content-type"]) == (410, ACTIVITY)
        assert response.json() == tombstone(ACTOR, former_type="Organization", deleted=clock.now)
        assert peers.wire_problems(response.json(), host=HOST) == []
        assert (page.status_code, page.headers["content-type"]) == (410, "text/html; charset=utf-8")
        assert outbox.status_code == 410


class TestNotes:
    async def test_a_note_is_what_was_delivered(self, services: Services, world: World) -> None:
        grant = await publish(services, world)
        stored = await documents.find_document(services.database, grant.id, DocumentKind.NOTE)
        sent = await activities.find_activity(services.database, f"{grant.note_uri}/activity")
        assert stored is not None
        assert sent is not None
        async with browse(services) as client:
            note = await client.get(grant.note_uri, headers={"accept": ACTIVITY})
            create = await client.get(f"{grant.note_uri}/activity", headers={"accept": BROWSER})
        assert note.content == stored.body
        assert create.content == sent.body
        assert create.headers["content-type"] == ACTIVITY
        assert create.json()["object"] == {
            name: value for name, value in note.json().items() if name != "@context"
        }
        assert peers.wire_problems(note.json(), host=HOST) == []
        assert peers.note_problems(note.json()) == []
        assert peers.wire_problems(create.json(), host=HOST) == []
        assert peers.misskey_problems(create.json()) == []
        assert peers.pixelfed_problems(create.json()) == []

    async def test_its_picture_can_be_fetched(self, services: Services, world: World) -> None:
        grant = await publish(services, world)
        async with browse(services) as client:
            [attachment] = (await fetch(client, grant.note_uri))["attachment"]
            picture = await client.get(attachment["url"])
        assert (picture.status_code, picture.headers["content-type"]) == (200, attachment["mediaType"])
        assert picture.content.startswith(b"\x89PNG")

    async def test_a_revoked_one_is_a_tombstone_with_the_next_request(
        self, services: Services, world: World, clock: Clock
    ) -> None:
        grant = await publish(services, world)
        async with browse(services) as client:
            await fetch(client, grant.note_uri)
            await fetch(client, f"{grant.note_uri}/activity")
            assert len((await fetch(client, f"{ACTOR}/featured"))["orderedItems"]) == 1
            await revoke(services, grant)
            note = await client.get(grant.note_uri, headers={"accept": ACTIVITY})
            create = await client.get(f"{grant.note_uri}/activity", headers={"accept": ACTIVITY})
            page = await client.get(grant.note_uri, headers={"accept": BROWSER})
            featured = await fetch(client, f"{ACTOR}/featured")
            outbox = await fetch(client, f"{ACTOR}/outbox")
        assert note.status_code == create.status_code == 410
        assert note.json() == tombstone(grant.note_uri, former_type="Note", deleted=clock.now)
        assert (note.headers["content-type"], note.headers["vary"]) == (ACTIVITY, "Accept")
        assert create.json() == tombstone(
            f"{grant.note_uri}/activity", former_type="Create", deleted=clock.now
        )
        assert (page.status_code, page.headers["content-type"]) == (410, "text/html; charset=utf-8")
        assert (featured["orderedItems"], outbox["totalItems"]) == ([], 0)

    async def test_direct_messages_look_like_nothing(self, services: Services, world: World) -> None:
        grant = await offer(services, world, "jane")
        message = Message(
            uri=f"{ACTOR}/statuses/00aa",
            grant_id=grant.id,
            kind=MessageKind.GRANT,
            actor_id="https://social.example/users/jane",
            body=b'{"type":"Note","content":"secret"}',
        )
        await services.database.write(lambda tx: messages.add_message(tx, message, now=services.clock()))
        async with browse(services) as client:
            there = await client.get(message.uri, headers={"accept": ACTIVITY})
            nowhere = await client.get(f"{ACTOR}/statuses/00ab", headers={"accept": ACTIVITY})
        assert there.status_code == nowhere.status_code == 404
        assert there.content == nowhere.content
        assert there.headers == nowhere.headers


QUOTING = "https://social.example/users/bob/statuses/1"


async def authorize(services: Services, grant: Grant, uuid: str = "1") -> str:
    """The address of the authorization of somebody's Note to quote the grant's."""
    new = Quote(
        uuid=uuid,
        grant_id=grant.id,
        note_uri=QUOTING,
        actor_id="https://social.example/users/bob",
        activity_id="https://social.example/users/bob/requests/1",
        created_at=services.clock(),
    )
    stored = await services.database.write(lambda tx: quotes.add_quote(tx, new))
    return services.addresses.quote(ACTOR, stored.uuid)


class TestQuotes:
    async def test_an_authorization_has_what_verifiers_compare(
        self, services: Services, world: World
    ) -> None:
        grant = await publish(services, world)
        url = await authorize(services, grant)
        async with browse(services) as client:
            for accept_header in (ACTIVITY, BROWSER, None):
                response = await client.get(url, headers=headers(accept_header))
                assert response.status_code == 200
                assert response.headers["content-type"] == ACTIVITY
                stamp = response.json()
        assert {name: value for name, value in stamp.items() if name != "@context"} == {
            "id": url,
            "type": "QuoteAuthorization",
            "attributedTo": ACTOR,
            "interactingObject": QUOTING,
            "interactionTarget": grant.note_uri,
        }
        assert peers.wire_problems(stamp, host=HOST) == []

    async def test_it_ends_with_the_badge(self, services: Services, world: World, clock: Clock) -> None:
        grant = await publish(services, world)
        url = await authorize(services, grant)
        async with browse(services) as client:
            await fetch(client, url)
            await revoke(services, grant)
            response = await client.get(url)
        assert (response.status_code, response.headers["content-type"]) == (410, ACTIVITY)
        assert response.json() == tombstone(url, former_type="QuoteAuthorization", deleted=clock.now)

    async def test_it_stands_under_its_own_issuer_only(self, services: Services, world: World) -> None:
        other = NewIssuer(username="other", name="The Other")
        await create_issuer(services, organization_id=world.organization.id, new=other)
        url = await authorize(services, await publish(services, world))
        async with browse(services) as client:
            for wrong in (
                url.replace("/org/", "/other/"),
                url.replace("/org/", "/ORG/"),
                f"{url}1",
                f"{url}/",
            ):
                assert (await client.get(wrong)).status_code == 404, wrong

    @pytest.mark.parametrize("visibility", [Visibility.UNLISTED, Visibility.PRIVATE])
    async def test_what_is_not_public_has_none(
        self, services: Services, world: World, visibility: Visibility
    ) -> None:
        url = await authorize(services, await publish(services, world, visibility=visibility))
        async with browse(services) as client:
            there = await client.get(url)
            nowhere = await client.get(f"{url}1")
        assert there.status_code == nowhere.status_code == 404
        assert there.content == nowhere.content


async def _published(services: Services, world: World, visibility: Visibility) -> Grant:
    return await publish(services, world, visibility=visibility)


async def _accepted(services: Services, world: World, visibility: Visibility) -> Grant:
    grant = await offer(services, world, "jane")
    await accept(services, grant, visibility)
    return grant


async def _pending(services: Services, world: World, _: Visibility) -> Grant:
    return await offer(services, world, "jane")


async def _declined(services: Services, world: World, _: Visibility) -> Grant:
    grant = await offer(services, world, "jane")
    await decline(services, grant)
    return grant


MAKERS = {
    "pending": _pending,
    "accepted": _accepted,
    "declined": _declined,
    "processed": _published,
}
# (state before, visibility, revoked afterwards): the status at its own addresses, and whether lists have it
VISIBILITY = [
    ("pending", Visibility.PUBLIC, False, 404, False),
    ("pending", Visibility.PUBLIC, True, 404, False),
    ("accepted", Visibility.PUBLIC, False, 404, False),
    ("accepted", Visibility.PUBLIC, True, 404, False),
    ("accepted", Visibility.UNLISTED, False, 404, False),
    ("accepted", Visibility.PRIVATE, False, 404, False),
    ("declined", Visibility.PUBLIC, False, 404, False),
    ("declined", Visibility.PUBLIC, True, 404, False),
    ("processed", Visibility.PUBLIC, False, 200, True),
    ("processed", Visibility.PUBLIC, True, 410, False),
    ("processed", Visibility.UNLISTED, False, 200, False),
    ("processed", Visibility.UNLISTED, True, 410, False),
    ("processed", Visibility.PRIVATE, False, 404, False),
    ("processed", Visibility.PRIVATE, True, 404, False),
]
LISTS = (
    "/actor",
    "/actor/outbox",
    "/actor/org",
    "/actor/org/outbox",
    "/actor/org/outbox?page=true",
    "/actor/org/featured",
    "/actor/org/followers",
    "/actor/org/followers?page=true",
    "/actor/org/following",
    "/.well-known/webfinger?resource=acct:org@badges.example",
    "/issuers/org",
    "/issuers/org/did.json",
    "/achievements/org/advanced-training",
)


@pytest.mark.parametrize(("state", "visibility", "is_revoked", "status", "is_listed"), VISIBILITY)
async def test_who_sees_what(
    services: Services,
    world: World,
    state: str,
    visibility: Visibility,
    is_revoked: bool,
    status: int,
    is_listed: bool,
) -> None:
    grant = await MAKERS[state](services, world, visibility)
    if is_revoked:
        await revoke(services, grant)
    async with browse(services) as client:
        for url in (
            grant.note_uri,
            f"{grant.note_uri}/activity",
            f"/certify-badge/award/{grant.uuid}",
            f"/credentials/{grant.uuid}/ob3",
        ):
            response = await client.get(url)
            assert response.status_code == status, url
            if status == 404:
                unknown = await client.get(url.replace(grant.uuid, "0").replace(grant.note_id, "0"))
                assert response.content == unknown.content, url
        page = await client.get(grant.note_uri, headers={"accept": BROWSER})
        assert page.status_code == status
        for url in (f"/certify-badge/award/{grant.uuid}", f"/credentials/{grant.uuid}/ob3"):
            page = await client.get(url, headers={"accept": BROWSER})
            assert page.status_code == (404 if status == 404 else 302)
        for url in LISTS:
            response = await client.get(url)
            assert response.status_code == 200, url
            mentioned = grant.note_id in response.text or grant.uuid in response.text
            assert mentioned == (is_listed and ("outbox?" in url or "featured" in url)), url
        nodeinfo = await fetch(client, "/nodeinfo/2.1")
        outbox = await fetch(client, "/actor/org/outbox")
    assert nodeinfo["usage"]["localPosts"] == outbox["totalItems"] == int(is_listed)


async def walk(client: httpx.AsyncClient, collection: str) -> list[list[Any]]:
    """The items of each page, from the first to the last; checks what peers want of collections (T29)."""
    head = await fetch(client, collection)
    assert (head["id"], head["type"]) == (collection, "OrderedCollection")
    assert isinstance(head["totalItems"], int)
    found, url, seen = [], head["first"], set()
    while url is not None:
        assert url not in seen
        seen.add(url)
        assert urlsplit(url).netloc == HOST
        page = await fetch(client, url)
        assert (page["id"], page["type"], page["partOf"]) == (url, "OrderedCollectionPage", collection)
        assert page["totalItems"] == head["totalItems"]
        found.append(page["orderedItems"])
        url = page.get("next")
    return found


class TestCollections:
    async def test_the_outbox_has_every_public_badge_once_the_last_published_first(
        self, any_services: Services, any_world: World, clock: Clock
    ) -> None:
        late = await offer(any_services, any_world, "late")
        published = []
        for number in range(23):
            clock.advance(1)
            published.append((await publish(any_services, any_world, f"p{number}")).note_uri)
        await publish(any_services, any_world, "hidden", Visibility.UNLISTED)
        clock.advance(1)
        await accept(any_services, late)
        await process_accepted(any_services)
        async with browse(any_services) as client:
            pages = await walk(client, f"{ACTOR}/outbox")
            featured = await fetch(client, f"{ACTOR}/featured")
        assert [len(page) for page in pages] == [10, 10, 4]
        creates = [item for page in pages for item in page]
        newest_first = [late.note_uri, *reversed(published)]
        assert [create["object"]["id"] for create in creates] == newest_first
        assert [create["id"] for create in creates] == [f"{uri}/activity" for uri in newest_first]
        assert [note["id"] for note in featured["orderedItems"]] == newest_first[:10]
        assert featured["totalItems"] == 10
        assert peers.hosts(featured) == {HOST}

    async def test_a_page_does_not_move_while_badges_are_published(
        self, services: Services, world: World, clock: Clock
    ) -> None:
        for number in range(12):
            clock.advance(1)
            await publish(services, world, f"p{number}")
        async with browse(services) as client:
            first = await fetch(client, f"{ACTOR}/outbox?page=true")
            before = await fetch(client, first["next"])
            clock.advance(1)
            await publish(services, world, "new")
            after = await fetch(client, first["next"])
        assert after["orderedItems"] == before["orderedItems"]
        assert len(after["orderedItems"]) == 2
        assert after["totalItems"] == 13

    async def test_grants_that_were_published_in_one_instant_are_not_lost_between_pages(
        self, any_services: Services, any_world: World
    ) -> None:
        for number in range(12):
            await accept(any_services, await offer(any_services, any_world, f"p{number}"))
        await process_accepted(any_services)
        async with browse(any_services) as client:
            pages = await walk(client, f"{ACTOR}/outbox")
        assert len({item["id"] for page in pages for item in page}) == 12

    async def test_items_of_a_page_are_the_activities_that_were_sent(
        self, services: Services, world: World
    ) -> None:
        grant = await publish(services, world)
        async with browse(services) as client:
            page = await fetch(client, f"{ACTOR}/outbox?page=true")
            create = await fetch(client, f"{grant.note_uri}/activity")
        [item] = page["orderedItems"]
        assert {"@context": page["@context"], **item} == create
        assert peers.wire_problems(page, host=HOST) == []

    async def test_followers_are_those_who_still_follow(self, services: Services, world: World) -> None:
        async def follow(number: int) -> None:
            await services.database.write(
                lambda tx: followers.add_follower(
                    tx,
                    issuer_id=world.issuer.id,
                    actor_id=f"https://social.example/users/{number}",
                    follow_id=f"https://social.example/follows/{number}",
                    delivery_inbox="https://social.example/inbox",
                    is_shared=True,
                    now=services.clock(),
                )
            )

        for number in range(102):
            await follow(number)
        gone = "https://social.example/users/7"
        await services.database.write(
            lambda tx: followers.end_follower(
                tx, issuer_id=world.issuer.id, actor_id=gone, now=services.clock()
            )
        )
        async with browse(services) as client:
            pages = await walk(client, f"{ACTOR}/followers")
            assert [len(page) for page in pages] == [50, 50, 1]
            ids = [actor_id for page in pages for actor_id in page]
            assert ids[0] == "https://social.example/users/101"
            assert len(set(ids)) == 101
            assert gone not in ids
            await follow(200)
            assert (await fetch(client, f"{ACTOR}/followers"))["totalItems"] == 102

    async def test_issuers_follow_nobody(self, services: Services, world: World) -> None:
        async with browse(services) as client:
            assert await walk(client, f"{ACTOR}/following") == [[]]

    @pytest.mark.parametrize("collection", ["outbox", "followers"])
    @pytest.mark.parametrize("before", ["x", "-1", "1-2-3", "9" * 30, "1;DROP", "%00", "١"])
    async def test_a_place_that_no_page_named_is_refused(
        self, services: Services, world: World, collection: str, before: str
    ) -> None:
        async with browse(services) as client:
            response = await client.get(f"{ACTOR}/{collection}?page=true&before={before}")
        assert response.status_code == 400
        assert response.headers["content-type"] == "application/problem+json"

    def test_the_largest_notes_still_fit_into_a_document(self) -> None:
        """Mastodon reads a megabyte at most."""
        assert max(NOTES_PER_PAGE, FEATURED_NOTES) * MAX_NOTE_BYTES < 1_000_000
