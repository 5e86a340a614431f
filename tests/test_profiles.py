"""Binding a Fediverse profile to a badge that was granted by e-mail: by proof only."""

from __future__ import annotations

import re

import httpx
import pytest

from badgefed.errors import Conflict, Invalid, RateLimited
from badgefed.issuing import grants, profiles
from badgefed.issuing.grants import Offer, Proof
from badgefed.issuing.profiles import Outcome
from badgefed.model.grant import Grant, ProofKind
from badgefed.model.times import HOUR, MINUTE, SECOND
from badgefed.model.visibility import Visibility
from badgefed.store import grants as stored_grants
from badgefed.store import profile_challenges
from badgefed.store.profile_challenges import Challenge
from badgefed.work.accept_links import accept_url, manage_url
from badgefed.work.profile_codes import is_code, profile_code
from badgefed.work.services import Services
from tests.conftest import World
from tests.html_pages import browse, check_page
from tests.remote import RemoteServer
from tests.test_pages import sign
from tests.workers import run_until_idle
from tests.world import Clock, Network

AMARA = "@amara@social.example"
AMARA_ID = "https://social.example/users/amara"


async def offer_by_mail(services: Services, world: World) -> Grant:
    wanted = Offer(
        organization_id=world.organization.id,
        badge_id=world.badge.id,
        email="amara@mail.example",
        name="Amara Okafor",
    )
    return (await services.database.write(lambda tx: grants.offer(tx, wanted, services))).grant


async def accept(services: Services, grant: Grant) -> None:
    proof = Proof(kind=ProofKind.MAIL_LINK, details={})
    await services.database.write(
        lambda tx: grants.accept(
            tx, grant.id, visibility=Visibility.PUBLIC, proof=proof, now=services.clock()
        )
    )


async def own(services: Services, world: World) -> Grant:
    """A processed grant to an e-mail address."""
    grant = await offer_by_mail(services, world)
    await accept(services, grant)
    return await sign(services, grant.id)


async def ask(services: Services, grant: Grant, profile: str = AMARA) -> Challenge:
    return await services.database.write(lambda tx: profiles.ask(tx, grant.id, profile, now=services.clock()))


async def send(services: Services, challenge: Challenge, actor_id: str = AMARA_ID) -> None:
    """What the worker does once it found the profile."""
    await services.database.write(
        lambda tx: profile_challenges.set_sent(tx, challenge, actor_id=actor_id, handle=AMARA)
    )


async def confirm(services: Services, grant: Grant, code: str) -> Outcome:
    secret_key = services.settings.secret_key
    return await services.database.write(
        lambda tx: profiles.confirm(tx, grant.id, code, secret_key=secret_key, now=services.clock())
    )


def code_of(services: Services, grant: Grant, challenge: Challenge) -> str:
    return profile_code(services.settings.secret_key, grant, challenge)


async def find(services: Services, grant: Grant) -> Grant:
    found = await stored_grants.find_grant(services.database, grant.id)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "profile"),
    [
        ("@amara@social.example", AMARA),
        (" amara@Social.Example ", AMARA),
        ("acct:amara@social.example", AMARA),
        ("https://social.example/@amara", "https://social.example/@amara"),
        ("http://social.example/users/amara", "http://social.example/users/amara"),
    ],
)
def test_a_profile_is_understood_however_people_write_it(text: str, profile: str) -> None:
    assert profiles.read_profile(text) == profile


@pytest.mark.parametrize(
    "text",
    [
        "",
        "amara",
        "@amara",
        "javascript:alert(1)",
        "https://",
        "ftp://x.example/a",
        "a b@c.example",
        "x" * 600,
        "https://social.example/" + "x" * 500,
        "https://social.example/\x00",
        "@a@b@c",
    ],
)
def test_what_is_no_profile_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        profiles.read_profile(text)
    assert refused.value.field == "profile"


async def test_the_right_code_binds_the_profile(any_services: Services, any_world: World) -> None:
    grant = await own(any_services, any_world)
    challenge = await ask(any_services, grant)
    await send(any_services, challenge)
    assert await confirm(any_services, grant, code_of(any_services, grant, challenge)) is Outcome.BOUND
    bound = await find(any_services, grant)
    assert (bound.actor_id, bound.profile, bound.handle) == (AMARA_ID, AMARA_ID, AMARA)
    assert bound.email == "amara@mail.example"
    assert await profile_challenges.find_challenge(any_services.database, grant.id) is None


async def test_the_code_may_be_typed_in_any_way(services: Services, world: World) -> None:
    grant = await own(services, world)
    challenge = await ask(services, grant)
    code = code_of(services, grant, challenge)
    assert re.fullmatch(r"[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}", code)
    for typed in (code, code.lower(), code.replace("-", ""), f" {code.replace('-', ' ')} "):
        assert is_code(services.settings.secret_key, grant, challenge, typed)
    for typed in ("", "-", code[:-1], f"{code}A", "ÄÖÜ€ÄÖÜ€"):
        assert not is_code(services.settings.secret_key, grant, challenge, typed)


async def test_a_code_is_good_for_the_profile_that_it_was_sent_to_alone(
    any_services: Services, any_world: World
) -> None:
    grant = await own(any_services, any_world)
    first = await ask(any_services, grant, "@mallory@evil.example")
    await send(any_services, first, "https://evil.example/users/mallory")
    second = await ask(any_services, grant, AMARA)
    code = code_of(any_services, grant, first)
    assert first.created_at == second.created_at
    assert await confirm(any_services, grant, code) is Outcome.EXPIRED
    await send(any_services, second)
    assert await confirm(any_services, grant, code) is Outcome.WRONG
    assert not await any_services.database.write(
        lambda tx: profile_challenges.set_sent(tx, first, actor_id="https://evil.example/x", handle=None)
    )
    assert (await find(any_services, grant)).actor_id is None


async def test_five_wrong_codes_make_the_right_one_worthless(
    any_services: Services, any_world: World
) -> None:
    grant = await own(any_services, any_world)
    challenge = await ask(any_services, grant)
    await send(any_services, challenge)
    outcomes = [await confirm(any_services, grant, "AAAA-AAAA") for _ in range(5)]
    assert outcomes == [Outcome.WRONG] * 5
    code = code_of(any_services, grant, challenge)
    assert await confirm(any_services, grant, code) is Outcome.EXPIRED
    assert (await find(any_services, grant)).actor_id is None


async def test_a_code_is_good_for_half_an_hour(services: Services, world: World, clock: Clock) -> None:
    grant = await own(services, world)
    challenge = await ask(services, grant)
    await send(services, challenge)
    clock.advance(30 * MINUTE / SECOND)
    assert await confirm(services, grant, code_of(services, grant, challenge)) is Outcome.EXPIRED


async def test_three_codes_may_be_asked_for_within_an_hour(
    any_services: Services, any_world: World, clock: Clock
) -> None:
    grant = await own(any_services, any_world)
    for _ in range(3):
        await ask(any_services, grant)
        clock.advance(60)
    with pytest.raises(RateLimited):
        await ask(any_services, grant)
    clock.advance(HOUR / SECOND - 180)
    challenge = await ask(any_services, grant)
    assert challenge.asks == 1


async def test_a_badge_that_names_a_profile_takes_no_other(any_services: Services, any_world: World) -> None:
    grant = await own(any_services, any_world)
    challenge = await ask(any_services, grant)
    await send(any_services, challenge)
    await confirm(any_services, grant, code_of(any_services, grant, challenge))
    with pytest.raises(Conflict):
        await ask(any_services, grant, "@mallory@evil.example")
    assert await confirm(any_services, grant, "AAAA-AAAA") is Outcome.EXPIRED


async def test_a_pending_badge_and_one_that_is_not_there_take_no_profile(
    services: Services, world: World
) -> None:
    pending = await offer_by_mail(services, world)
    with pytest.raises(Conflict):
        await ask(services, pending)
    with pytest.raises(Conflict):
        await services.database.write(lambda tx: profiles.ask(tx, 999, AMARA, now=services.clock()))


async def test_while_the_badge_is_being_signed_a_code_waits_and_no_try_is_lost(
    services: Services, world: World
) -> None:
    grant = await offer_by_mail(services, world)
    await accept(services, grant)
    challenge = await ask(services, grant)
    await send(services, challenge)
    code = code_of(services, grant, challenge)
    assert await confirm(services, grant, code) is Outcome.NOT_READY
    stored = await profile_challenges.find_challenge(services.database, grant.id)
    assert stored is not None
    assert stored.tries == 0
    await sign(services, grant.id)
    assert await confirm(services, grant, code) is Outcome.BOUND


async def test_a_revoked_badge_binds_nothing(services: Services, world: World) -> None:
    grant = await own(services, world)
    challenge = await ask(services, grant)
    await send(services, challenge)
    await services.database.write(lambda tx: grants.revoke(tx, grant.id, reason="r", now=services.clock()))
    assert await confirm(services, grant, code_of(services, grant, challenge)) is Outcome.EXPIRED


async def post(client: httpx.AsyncClient, own_page: str, what: str, **form: str) -> httpx.Response:
    page = check_page(await client.get(own_page))
    return await client.post(f"{own_page}/{what}", data={"token": page.value("token"), **form})


async def test_from_the_mail_to_the_profile_on_the_badge(
    services: Services, world: World, network: Network, clock: Clock
) -> None:
    server = RemoteServer(network=network, clock=clock)
    amara = server.person("amara")
    network.mount(server.host, server._handle)
    grant = await offer_by_mail(services, world)
    url = accept_url(services, grant, ProofKind.MAIL_LINK)
    async with browse(services) as client:
        page = check_page(await client.get(url))
        form = {"token": page.value("token"), "answer": "accept", "visibility": "public"}
        own_page = (await client.post(url, data=form)).headers["location"]
        await run_until_idle(services)
        assert "Put your Fediverse profile on it" in (await client.get(own_page)).text
        asked = await post(client, own_page, "profile", profile="amara@social.example")
        await run_until_idle(services)
        waiting = check_page(await client.get(own_page))
        wrong = await post(client, own_page, "code", code="AAAA-AAAA")
        [message] = [one["object"] for one in server.answers if one["type"] == "Create"]
        found = re.search(r"\b[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}\b", message["content"])
        assert found is not None
        right = await post(client, own_page, "code", code=found[0].lower())
        await run_until_idle(services)
        bound = check_page(await client.get(own_page))
        public = check_page(await client.get(grant.note_uri))
    assert asked.headers["location"] == own_page
    assert message["to"] == [amara.id]
    assert "A code is on its way to @amara@social.example" in waiting.text
    assert wrong.status_code == 400
    assert "That is not the code that we sent." in check_page(wrong).text
    assert right.status_code == 303
    assert "Put your Fediverse profile on it" not in bound.text
    assert "@amara@social.example" in public.text
    updates = [one for one in server.answers if one["type"] == "Update"]
    assert [tag["href"] for tag in updates[-1]["object"]["tag"] if tag["type"] == "Mention"] == [amara.id]


async def test_a_profile_that_can_not_be_found_is_said_on_the_page(
    services: Services, world: World, network: Network, clock: Clock
) -> None:
    network.mount("social.example", RemoteServer(network=network, clock=clock)._handle)
    grant = await own(services, world)
    async with browse(services) as client:
        await post(client, manage_url(services, grant), "profile", profile="@nobody@social.example")
        await run_until_idle(services)
        page = check_page(await client.get(manage_url(services, grant)))
    assert "@nobody@social.example could not be found" in page.text


@pytest.mark.parametrize(
    ("profile", "status", "words"),
    [("amara", 400, "Write it like @you@mastodon.example"), ("<script>", 400, "Write it like")],
)
async def test_what_is_wrong_with_a_profile_is_said_at_its_field(
    services: Services, world: World, profile: str, status: int, words: str
) -> None:
    grant = await own(services, world)
    async with browse(services) as client:
        response = await post(client, manage_url(services, grant), "profile", profile=profile)
    page = check_page(response)
    [field] = page.all("input", id="profile")
    assert response.status_code == status
    assert field.get("aria-invalid") == "true"
    assert field.get("aria-describedby") == "wrong-profile"
    assert words in page.text


async def test_the_fourth_code_within_an_hour_is_refused_on_the_page(
    services: Services, world: World
) -> None:
    grant = await own(services, world)
    async with browse(services) as client:
        answers = [
            await post(client, manage_url(services, grant), "profile", profile=AMARA) for _ in range(4)
        ]
    assert [answer.status_code for answer in answers] == [303, 303, 303, 429]
    assert "three codes within an hour" in check_page(answers[-1]).text


async def test_the_forms_need_their_token(services: Services, world: World) -> None:
    grant = await own(services, world)
    challenge = await ask(services, grant)
    await send(services, challenge)
    code = code_of(services, grant, challenge)
    async with browse(services) as client:
        for what, form in (("profile", {"profile": "@m@evil.example"}), ("code", {"code": code})):
            response = await client.post(f"{manage_url(services, grant)}/{what}", data=form)
            assert response.status_code == 403, what
    assert (await find(services, grant)).actor_id is None
    assert await profile_challenges.find_challenge(services.database, grant.id) is not None
