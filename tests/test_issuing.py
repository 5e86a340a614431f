from __future__ import annotations

import asyncio
from typing import Any

import pytest

from badgefed.errors import Conflict, Invalid, NotFound
from badgefed.issuing import grants
from badgefed.issuing.api_keys import SCOPES, create_key
from badgefed.issuing.badges import NewBadge, create_badge
from badgefed.issuing.grants import Offer, Offered, Proof
from badgefed.issuing.issuers import NewIssuer, create_issuer, ensure_instance_keys
from badgefed.issuing.organizations import create_organization, create_user
from badgefed.model.actor import RemoteActor
from badgefed.model.grant import Grant, ProofKind, Status
from badgefed.model.image import PNG
from badgefed.model.organization import Dialect, Role
from badgefed.model.visibility import Visibility
from badgefed.protocol.raster import inspect_image, render_png
from badgefed.store import api_keys, images, jobs, remote_actors, signing_keys
from badgefed.store import grants as stored_grants
from badgefed.store.database import Transaction
from badgefed.store.jobs import JobKind
from badgefed.store.members import first_organization
from badgefed.store.signing_keys import KeyKind
from badgefed.store.users import find_user
from badgefed.work.services import Services
from tests.conftest import World
from tests.world import Clock

PROOF = Proof(kind=ProofKind.LINK, details={"channel": "link"})


def an_actor(actor_id: str = "https://social.example/ap/users/7") -> RemoteActor:
    return RemoteActor(
        id=actor_id,
        host="social.example",
        actor_type="Person",
        inbox=f"{actor_id}/inbox",
        shared_inbox="https://social.example/inbox",
        username="ann",
        handle="@ann@social.example",
        name="Ann",
        url="https://social.example/@ann",
        icon=None,
        fetched_at=1,
    )


async def offer(services: Services, world: World, **wanted: Any) -> Offered:
    whole = Offer(organization_id=world.organization.id, badge_id=world.badge.id, **wanted)
    return await services.database.write(lambda tx: grants.offer(tx, whole, services))


async def waiting_jobs(services: Services) -> list[tuple[str, int]]:
    rows = await services.database.all("SELECT kind, grant_id FROM jobs WHERE state = 'ready' ORDER BY id")
    return [(row["kind"], row["grant_id"]) for row in rows]


async def accept(services: Services, grant: Grant) -> Grant | None:
    return await services.database.write(
        lambda tx: grants.accept(
            tx, grant.id, visibility=Visibility.UNLISTED, proof=PROOF, now=services.clock()
        )
    )


async def decline(services: Services, grant: Grant, reason: str | None = None) -> Grant | None:
    return await services.database.write(
        lambda tx: grants.decline(tx, grant.id, reason=reason, now=services.clock())
    )


async def revoke(services: Services, grant: Grant) -> Grant:
    return await services.database.write(
        lambda tx: grants.revoke(tx, grant.id, reason="A mistake", now=services.clock())
    )


class TestOffer:
    async def test_a_grant_commits_with_the_work_that_it_causes(
        self, any_services: Services, any_world: World
    ) -> None:
        offered = await offer(
            any_services, any_world, profile="@ann@social.example", email="ann@example.org", name="Ann"
        )
        grant = offered.grant
        assert offered.is_new
        assert grant.status is Status.PENDING
        assert grant.note_uri == f"https://badges.example/actor/org/statuses/{grant.note_id}"
        assert await waiting_jobs(any_services) == [("notify", grant.id), ("mail", grant.id)]

    async def test_the_same_again_gives_the_waiting_one_and_no_second_notification(
        self, services: Services, world: World
    ) -> None:
        first = await offer(services, world, profile="https://social.example/@ann")
        again = await offer(services, world, profile="acct:Ann@social.example")
        assert again.grant.id == first.grant.id
        assert not again.is_new
        assert len(await waiting_jobs(services)) == 1

    async def test_asking_again_repeats_a_notification_that_had_failed(
        self, any_services: Services, any_world: World
    ) -> None:
        await offer(any_services, any_world, email="ann@example.org")
        await any_services.database.write(lambda tx: tx.execute("UPDATE jobs SET state = 'failed'"))
        again = await offer(any_services, any_world, email="ann@example.org")
        assert await waiting_jobs(any_services) == [("mail", again.grant.id)]

    async def test_an_actor_is_one_recipient_by_all_its_names(
        self, any_services: Services, any_world: World
    ) -> None:
        await any_services.database.write(lambda tx: remote_actors.save_actor(tx, an_actor()))
        names = [
            "https://social.example/ap/users/7",
            "https://social.example/@ann",
            "@ann@social.example",
            "https://social.example/users/ann",
        ]
        found = [await offer(any_services, any_world, profile=name) for name in names]
        assert len({offered.grant.id for offered in found}) == 1
        assert found[0].grant.actor_id == an_actor().id

    async def test_an_actor_found_later_takes_over_the_name(
        self, any_services: Services, any_world: World
    ) -> None:
        first = await offer(any_services, any_world, profile="@ann@social.example")
        actor = an_actor()

        async def learn(tx: Transaction) -> None:
            await remote_actors.save_actor(tx, actor)
            await stored_grants.set_recipient_actor(
                tx,
                first.grant.id,
                actor_id=actor.id,
                handle=actor.handle,
                aliases=remote_actors.aliases_of(actor),
            )

        await any_services.database.write(learn)
        again = await offer(any_services, any_world, profile=actor.id)
        assert again.grant.id == first.grant.id

    async def test_fifty_at_once_make_one(self, any_services: Services, any_world: World) -> None:
        offers = await asyncio.gather(
            *(offer(any_services, any_world, email="Ann@example.org") for _ in range(50))
        )
        assert len({offered.grant.id for offered in offers}) == 1
        assert sum(offered.is_new for offered in offers) == 1

    async def test_an_accepted_badge_is_not_granted_again(self, services: Services, world: World) -> None:
        offered = await offer(services, world, email="ann@example.org")
        await accept(services, offered.grant)
        with pytest.raises(Conflict, match="already been granted"):
            await offer(services, world, email="ANN@example.org")

    @pytest.mark.parametrize("close", [decline, revoke])
    async def test_a_closed_grant_does_not_stand_in_the_way(
        self, services: Services, world: World, close: object
    ) -> None:
        first = await offer(services, world, email="ann@example.org")
        await close(services, first.grant)  # type: ignore[operator]
        again = await offer(services, world, email="ann@example.org")
        assert again.is_new
        assert again.grant.id != first.grant.id

    async def test_a_badge_of_another_organization_is_not_found(
        self, services: Services, world: World
    ) -> None:
        other, _ = await create_organization(services, slug="other", name="Other")
        wanted = Offer(organization_id=other.id, badge_id=world.badge.id, email="a@b.co")
        with pytest.raises(NotFound, match="Badge not found"):
            await services.database.write(lambda tx: grants.offer(tx, wanted, services))

    async def test_an_expiring_badge_says_when(self, services: Services, world: World, clock: Clock) -> None:
        new = NewBadge(title="Short", description="d", criteria="c", expires_in_days=3)
        badge = await create_badge(services, issuer=world.issuer, new=new)
        wanted = Offer(organization_id=world.organization.id, badge_id=badge.id, email="a@b.co")
        offered = await services.database.write(lambda tx: grants.offer(tx, wanted, services))
        assert offered.grant.expires_at == clock.now + 3 * 86_400_000_000


class TestLifecycle:
    async def test_acceptance_stores_choice_and_proof_and_queues_the_rest(
        self, any_services: Services, any_world: World
    ) -> None:
        offered = await offer(any_services, any_world, email="ann@example.org")
        grant = await accept(any_services, offered.grant)
        assert grant is not None
        assert (grant.status, grant.visibility) == (Status.ACCEPTED, Visibility.UNLISTED)
        assert (grant.proof_kind, grant.proof) == (ProofKind.LINK, '{"channel": "link"}')
        assert await waiting_jobs(any_services) == [("process", grant.id)]

    async def test_of_two_acceptances_one_wins(self, any_services: Services, any_world: World) -> None:
        offered = await offer(any_services, any_world, email="ann@example.org")
        outcomes = await asyncio.gather(*(accept(any_services, offered.grant) for _ in range(10)))
        assert sum(outcome is not None for outcome in outcomes) == 1

    async def test_a_declined_grant_keeps_the_reason_and_can_not_be_accepted(
        self, services: Services, world: World
    ) -> None:
        offered = await offer(services, world, email="ann@example.org")
        declined = await decline(services, offered.grant, "not me")
        assert declined is not None
        assert (declined.status, declined.closed_reason) == (Status.DECLINED, "not me")
        assert await waiting_jobs(services) == []
        assert await accept(services, offered.grant) is None

    async def test_a_revoked_grant_stops_all_work(self, services: Services, world: World) -> None:
        offered = await offer(services, world, email="ann@example.org")
        await accept(services, offered.grant)
        revoked = await revoke(services, offered.grant)
        assert (revoked.status, revoked.closed_reason) == (Status.REVOKED, "A mistake")
        assert await waiting_jobs(services) == []
        with pytest.raises(Conflict, match="is revoked"):
            await revoke(services, offered.grant)
        with pytest.raises(NotFound):
            await services.database.write(lambda tx: grants.revoke(tx, 999, reason="x", now=1))


class TestIssuers:
    async def test_an_issuer_has_keys_and_a_picture(self, any_services: Services, any_world: World) -> None:
        issuer = any_world.issuer
        rsa = await any_services.keyring.rsa(issuer.id)
        assert rsa.key_id == "https://badges.example/actor/org#main-key"
        assert rsa.public_key.startswith("-----BEGIN PUBLIC KEY-----")
        ed25519 = await any_services.keyring.ed25519(issuer.id)
        assert ed25519.public_key.startswith("z6Mk")
        stored = await signing_keys.find_current_key(any_services.database, issuer.id, KeyKind.RSA)
        assert stored is not None
        assert b"PRIVATE" not in stored.sealed_private_key
        image = await images.get_image(any_services.database, issuer.image_id)
        assert (image.width, image.height, image.media_type) == (400, 400, "image/png")

    async def test_the_instance_actor_gets_its_keys_once(self, any_services: Services) -> None:
        await ensure_instance_keys(any_services)
        first = await any_services.keyring.rsa(None)
        await ensure_instance_keys(any_services)
        assert (await any_services.keyring.rsa(None)).public_key == first.public_key
        assert first.key_id == "https://badges.example/actor#main-key"

    async def test_a_username_is_given_once(self, services: Services, world: World) -> None:
        with pytest.raises(Conflict, match="taken"):
            await create_issuer(
                services, organization_id=world.organization.id, new=NewIssuer(username="org", name="Again")
            )

    @pytest.mark.parametrize(
        ("values", "field"),
        [
            ({"username": "A"}, "username"),
            ({"name": " "}, "name"),
            ({"name": "x" * 129}, "name"),
            ({"name": "a\x00b"}, "name"),
            ({"url": "javascript:alert(1)"}, "url"),
            ({"email": "nobody"}, "email"),
            ({"colour": "blue"}, "colour"),
            ({"summary": "x" * 2049}, "summary"),
        ],
    )
    async def test_what_an_issuer_can_not_be(
        self, services: Services, world: World, values: dict[str, str], field: str
    ) -> None:
        new = NewIssuer(**({"username": "fine", "name": "Fine"} | values))  # type: ignore[arg-type]
        with pytest.raises(Invalid) as caught:
            await create_issuer(services, organization_id=world.organization.id, new=new)
        assert caught.value.field == field


class TestBadges:
    async def test_a_badge_without_a_picture_gets_one(self, services: Services, world: World) -> None:
        image = await images.get_image(services.database, world.badge.image_id)
        assert world.badge.image_generated
        assert (image.width, image.height) == (1200, 1200)
        assert image.blurhash

    async def test_an_uploaded_picture_is_kept_as_png(self, services: Services, world: World) -> None:
        picture = render_png('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"/>', size=90)
        new = NewBadge(title="Own", description="d", criteria="c", image=picture)
        badge = await create_badge(services, issuer=world.issuer, new=new)
        image = await images.get_image(services.database, badge.image_id)
        data = await images.find_image_data(services.database, image.sha256, PNG)
        assert data is not None
        assert inspect_image(data, max_bytes=10**6, max_pixels=10**6).media_type == "image/png"
        assert not badge.image_generated

    async def test_slugs(self, services: Services, world: World) -> None:
        async def slug(title: str, wanted: str | None = None) -> str:
            new = NewBadge(title=title, description="d", criteria="c", slug=wanted)
            return (await create_badge(services, issuer=world.issuer, new=new)).slug

        assert await slug("Größe & Мир 2") == "groe-2"
        assert (await slug("Advanced Training")).startswith("advanced-training-")
        assert (await slug("日本")).startswith("badge-")
        assert await slug("Any", "my-own") == "my-own"
        with pytest.raises(Conflict, match="my-own"):
            await slug("Any", "my-own")

    @pytest.mark.parametrize(
        ("values", "field"),
        [
            ({"title": ""}, "title"),
            ({"title": "x" * 201}, "title"),
            ({"description": " "}, "description"),
            ({"criteria": "a\x00"}, "criteria"),
            ({"slug": "Not A Slug"}, "slug"),
            ({"expires_in_days": 0}, "expires_in_days"),
        ],
    )
    async def test_what_a_badge_can_not_be(
        self, services: Services, world: World, values: dict[str, object], field: str
    ) -> None:
        new = NewBadge(**({"title": "T", "description": "d", "criteria": "c"} | values))  # type: ignore[arg-type]
        with pytest.raises(Invalid) as caught:
            await create_badge(services, issuer=world.issuer, new=new)
        assert caught.value.field == field

    async def test_a_file_that_is_no_picture_is_refused(self, services: Services, world: World) -> None:
        new = NewBadge(title="T", description="d", criteria="c", image=b"<svg/>")
        with pytest.raises(Invalid):
            await create_badge(services, issuer=world.issuer, new=new)


class TestPeopleAndKeys:
    async def test_a_key_is_known_by_its_hash_alone(self, any_services: Services, any_world: World) -> None:
        rows = await any_services.database.all("SELECT * FROM api_keys")
        assert any_world.key not in str(rows)
        key = await api_keys.find_live_key(any_services.database, any_world.key, now=any_services.clock())
        assert key is not None
        assert (key.organization_id, key.scopes) == (any_world.organization.id, SCOPES)

    async def test_keys_have_the_form_of_their_dialect(self, services: Services, world: World) -> None:
        async def made(dialect: Dialect) -> str:
            return (await create_key(services, email=world.owner.email, name="n", dialect=dialect)).key

        assert len(await made(Dialect.BADGES)) == 64
        assert (await made(Dialect.ISSUERS)).startswith("bws_")
        assert (await made(Dialect.CREDENTIALS)).startswith("crd_live_")

    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE api_keys SET revoked_at = 1",
            "UPDATE api_keys SET expires_at = 1",
            "UPDATE users SET is_active = 0",
        ],
    )
    async def test_a_dead_key_is_not_found(
        self, any_services: Services, any_world: World, change: str
    ) -> None:
        await any_services.database.write(lambda tx: tx.execute(change))
        assert (
            await api_keys.find_live_key(any_services.database, any_world.key, now=any_services.clock())
            is None
        )

    async def test_unknown_scopes_and_users_are_refused(self, services: Services, world: World) -> None:
        with pytest.raises(Invalid, match="unknown scope all"):
            await create_key(
                services, email=world.owner.email, name="n", dialect=Dialect.BADGES, scopes=("all",)
            )
        with pytest.raises(NotFound, match="create-user"):
            await create_key(services, email="no@example.org", name="n", dialect=Dialect.BADGES)

    async def test_a_user_may_join_a_second_organization(self, services: Services, world: World) -> None:
        other, _ = await create_organization(services, slug="other", name="Other")
        user = await create_user(
            services,
            email="OWNER@example.org",
            organization=other,
            role=Role.VIEWER,
            password="long enough",
        )
        assert user.id == world.owner.id
        assert await first_organization(services.database, user.id) == world.organization
        assert await find_user(services.database, "Owner@Example.org") == world.owner

    async def test_an_organization_is_made_once(self, services: Services, world: World) -> None:
        with pytest.raises(Conflict, match="already"):
            await create_organization(services, slug="org", name="Again")
        with pytest.raises(Invalid, match="1 to 30"):
            await create_organization(services, slug="Not-a-slug", name="N")


async def test_a_lost_lease_changes_nothing(any_services: Services, clock: Clock) -> None:
    database = any_services.database
    await database.write(lambda tx: jobs.add_job(tx, JobKind.CLEAN, now=clock.now))
    (first,) = await database.write(lambda tx: jobs.claim_jobs(tx, limit=5, now=clock.now, lease=10))
    assert await database.write(lambda tx: jobs.claim_jobs(tx, limit=5, now=clock.now, lease=10)) == []
    clock.advance(1)
    (second,) = await database.write(lambda tx: jobs.claim_jobs(tx, limit=5, now=clock.now, lease=10))
    assert not await database.write(lambda tx: jobs.finish_job(tx, first))
    assert await database.write(lambda tx: jobs.finish_job(tx, second))
