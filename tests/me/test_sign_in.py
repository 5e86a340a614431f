"""Signing in by a link: who gets one, what it is worth, and what nobody learns."""

from __future__ import annotations

import re
from functools import partial

import httpx
import pytest

from badgefed.model.times import DAY, HOUR, MINUTE, SECOND
from badgefed.store import holders
from badgefed.work.services import Services
from tests.api import count
from tests.conftest import World
from tests.html_pages import check_page
from tests.me.browsing import (
    JANE,
    LINK,
    ask,
    browse,
    collection,
    follow,
    is_signed_in,
    links_to,
    offer,
    own,
    post,
    sign_in,
)
from tests.remote import RemoteServer
from tests.workers import run_until_idle
from tests.world import Clock, Mailbox, Network

AMARA = "@amara@social.example"
COOKIE = "__Host-badgefed-me"


def fediverse(network: Network, clock: Clock) -> RemoteServer:
    server = RemoteServer(network=network, clock=clock)
    server.person("amara")
    return server


def messages_with_links(server: RemoteServer) -> list[str]:
    notes = [activity["object"] for activity in server.answers if activity["type"] == "Create"]
    return [found[0] for note in notes if (found := LINK.search(note["content"]))]


async def test_a_mailed_link_opens_the_collection(
    any_services: Services, any_world: World, mailbox: Mailbox
) -> None:
    await own(any_services, any_world)
    async with browse(any_services) as client:
        assert not await is_signed_in(client)
        await sign_in(any_services, client, mailbox)
        page = await collection(client)
    assert "Advanced Training" in page.text
    assert JANE in page.text


async def test_a_link_is_mailed_in_any_case_of_the_address(
    services: Services, world: World, mailbox: Mailbox
) -> None:
    await own(services, world, email="Jane@Example.org")
    async with browse(services) as client:
        await sign_in(services, client, mailbox)
        assert "Advanced Training" in (await collection(client)).text


async def test_a_pending_badge_is_reason_enough(services: Services, world: World, mailbox: Mailbox) -> None:
    await offer(services, world)
    async with browse(services) as client:
        await sign_in(services, client, mailbox)
        page = await collection(client)
        link = next(a.get("href") for a in page.all("a") if "/accept/grant/" in a.get("href"))
        assert (await client.get(link)).status_code == 200
    assert "Waiting for your answer" in page.text


async def test_nobody_learns_whether_there_are_badges(
    services: Services, world: World, mailbox: Mailbox
) -> None:
    await own(services, world)
    async with browse(services) as client:
        known = await ask(services, client, JANE)
        unknown = await ask(services, client, "june@example.org")
    assert known.status_code == unknown.status_code == 200
    assert known.text.replace(JANE, "june@example.org") == unknown.text
    assert set(known.headers) == set(unknown.headers)
    assert (len(links_to(mailbox, JANE)), len(links_to(mailbox, "june@example.org"))) == (1, 0)


async def test_nobody_makes_us_ask_other_servers(services: Services, world: World, network: Network) -> None:
    async with browse(services) as client:
        await ask(services, client, "@amara@social.example")
        await ask(services, client, "https://internal.example/users/amara")
    assert network.requests == []
    assert await count(services, "holder_links") == 0


async def test_the_last_issuer_sends_a_profile_its_link(
    any_services: Services, any_world: World, network: Network, clock: Clock
) -> None:
    server = fediverse(network, clock)
    await offer(any_services, any_world, email=None, profile=AMARA)
    await run_until_idle(any_services)
    async with browse(any_services) as client:
        response = await ask(any_services, client, AMARA)
        [link] = messages_with_links(server)
        assert (await follow(client, link)).status_code == 303
        page = await collection(client)
    assert response.status_code == 200
    assert AMARA in page.text
    assert "Waiting for your answer" in page.text
    note = server.answers[-1]["object"]
    assert note["attributedTo"] == any_world.issuer.actor_id
    assert note["to"] == ["https://social.example/users/amara"]
    assert note["cc"] == []


@pytest.mark.parametrize(
    "spelling", ["acct:amara@social.example", "https://social.example/users/amara", "@Amara@Social.example"]
)
async def test_a_profile_may_be_spelled_in_any_way(
    services: Services, world: World, network: Network, clock: Clock, spelling: str
) -> None:
    server = fediverse(network, clock)
    await offer(services, world, email=None, profile=AMARA)
    await run_until_idle(services)
    async with browse(services) as client:
        await ask(services, client, spelling)
    assert len(messages_with_links(server)) == 1


async def test_looking_at_a_link_does_not_use_it(services: Services, world: World, mailbox: Mailbox) -> None:
    await own(services, world)
    async with browse(services) as client:
        await ask(services, client, JANE)
        [link] = links_to(mailbox, JANE)
        for _ in range(3):
            page = check_page(await client.get(link))
        assert JANE not in page.text
        assert "j•••@example.org" in page.text
        assert not await is_signed_in(client)
        assert (await follow(client, link)).status_code == 303


async def test_a_link_works_once(any_services: Services, any_world: World, mailbox: Mailbox) -> None:
    await own(any_services, any_world)
    async with browse(any_services) as client, browse(any_services) as thief:
        await ask(any_services, client, JANE)
        [link] = links_to(mailbox, JANE)
        token = check_page(await thief.get(link)).value("token")
        assert (await follow(client, link)).status_code == 303
        again = await thief.post(link, data={"token": token})
        assert again.status_code == 404
        assert (await thief.get(link)).status_code == 404
        assert not await is_signed_in(thief)
        assert await is_signed_in(client)


async def test_a_link_ends_after_a_day(
    services: Services, world: World, mailbox: Mailbox, clock: Clock
) -> None:
    await own(services, world)
    async with browse(services) as client:
        await ask(services, client, JANE)
        [link] = links_to(mailbox, JANE)
        clock.advance(DAY // SECOND - 1)
        assert (await client.get(link)).status_code == 200
        token = check_page(await client.get(link)).value("token")
        clock.advance(1)
        assert (await client.get(link)).status_code == 404
        assert (await client.post(link, data={"token": token})).status_code == 404


async def test_wrong_links_are_all_alike(services: Services, world: World) -> None:
    async with browse(services) as client:
        wrong = [await client.get(f"/me/link/{token}") for token in ("x", "A" * 27, "%00", "é" * 9)]
    assert {response.status_code for response in wrong} == {404}
    assert len({response.text for response in wrong}) == 1


async def test_neither_token_is_in_the_store(services: Services, world: World, mailbox: Mailbox) -> None:
    await own(services, world)
    async with browse(services) as client:
        await ask(services, client, JANE)
        [link] = links_to(mailbox, JANE)
        await follow(client, link)
        session = client.cookies[COOKIE]
    rows = [
        *await services.database.all("SELECT * FROM holder_links"),
        *await services.database.all("SELECT * FROM holder_sessions"),
        *await services.database.all("SELECT * FROM jobs"),
    ]
    assert len(rows) >= 2
    assert link.rpartition("/")[2] not in str(rows)
    assert session not in str(rows)


async def test_the_cookie_is_for_this_host_and_no_script(
    services: Services, world: World, mailbox: Mailbox
) -> None:
    await own(services, world)
    async with browse(services) as client:
        await ask(services, client, JANE)
        response = await follow(client, links_to(mailbox, JANE)[0])
    name, *attributes = response.headers["set-cookie"].split("; ")
    assert name.startswith(f"{COOKIE}=")
    assert {item.lower() for item in attributes} == {
        "httponly",
        "secure",
        "path=/",
        "samesite=lax",
        f"max-age={30 * DAY // SECOND}",
    }


async def test_a_session_ends_after_thirty_days(
    services: Services, world: World, mailbox: Mailbox, clock: Clock
) -> None:
    await own(services, world)
    async with browse(services) as client:
        await sign_in(services, client, mailbox)
        headers = {"cookie": f"{COOKIE}={client.cookies[COOKIE]}"}
        clock.advance(30 * DAY // SECOND - 1)
        async with browse(services) as later:
            later.headers.update(headers)
            assert await is_signed_in(later)
            clock.advance(1)
            assert not await is_signed_in(later)


async def test_a_stolen_cookie_is_worth_nothing_after_signing_out(
    any_services: Services, any_world: World, mailbox: Mailbox
) -> None:
    await own(any_services, any_world)
    async with browse(any_services) as client, browse(any_services) as thief:
        await sign_in(any_services, client, mailbox)
        thief.headers["cookie"] = f"{COOKIE}={client.cookies[COOKIE]}"
        assert await is_signed_in(thief)
        response = await post(client, "/me", "/me/sign-out")
        assert response.status_code == 303
        assert COOKIE not in client.cookies
        assert not await is_signed_in(thief)
        assert (await thief.get("/me/export.json")).headers["location"] == "/me"
        assert (await thief.get("/me/badges.zip")).status_code == 303


async def test_signing_out_everywhere(services: Services, world: World, mailbox: Mailbox) -> None:
    await own(services, world)
    async with browse(services) as desk, browse(services) as phone:
        await sign_in(services, desk, mailbox)
        await sign_in(services, phone, mailbox)
        assert await is_signed_in(desk)
        await post(phone, "/me", "/me/sign-out", everywhere="1")
        assert not await is_signed_in(desk)
        assert not await is_signed_in(phone)


async def test_signing_in_again_ends_the_session_before(
    services: Services, world: World, mailbox: Mailbox
) -> None:
    await own(services, world)
    async with browse(services) as client, browse(services) as thief:
        await sign_in(services, client, mailbox)
        first = client.cookies[COOKIE]
        await sign_in_again(services, client, mailbox)
        assert client.cookies[COOKIE] != first
        thief.headers["cookie"] = f"{COOKIE}={first}"
        assert not await is_signed_in(thief)


async def sign_in_again(services: Services, client: httpx.AsyncClient, mailbox: Mailbox) -> None:
    async with browse(services) as other:
        await ask(services, other, JANE)
    assert (await follow(client, links_to(mailbox, JANE)[-1])).status_code == 303


async def test_three_links_an_hour(services: Services, world: World, mailbox: Mailbox, clock: Clock) -> None:
    await own(services, world)
    for number in range(5):
        async with browse(services, address=f"192.0.2.{number + 1}") as client:
            response = await ask(services, client, JANE)
        assert response.status_code == 200
    assert len(links_to(mailbox, JANE)) == 3
    clock.advance(HOUR // SECOND)
    async with browse(services) as client:
        await ask(services, client, JANE)
    assert len(links_to(mailbox, JANE)) == 4


async def test_a_sender_may_ask_for_ten_a_minute(services: Services, world: World, clock: Clock) -> None:
    async with browse(services) as client:
        answers = [await post(client, "/me", "/me", identity=f"j{n}@example.org") for n in range(11)]
        assert [answer.status_code for answer in answers] == [200] * 10 + [429]
        assert int(answers[-1].headers["retry-after"]) > 0
        page = check_page(answers[-1])
        assert page.value("identity") == "j10@example.org"
        clock.advance(MINUTE // SECOND)
        assert (await post(client, "/me", "/me", identity=JANE)).status_code == 200


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "jane",
        "jane@",
        "@jane",
        "ftp://x.example/jane",
        "<script>alert(1)</script>",
        "a" * 600,
        "http://[",
    ],
)
async def test_a_wrong_address_comes_back_with_the_reason(
    services: Services, world: World, typed: str
) -> None:
    async with browse(services) as client:
        response = await post(client, "/me", "/me", identity=typed)
    assert response.status_code == 400
    page = check_page(response)
    field = next(e for e in page.all("input") if e.get("name") == "identity")
    assert field.get("value") == typed[:500]
    assert field.get("aria-invalid") == "true"
    assert "identity-error" in field.get("aria-describedby")
    assert "Write an e-mail address" in page.text
    assert await count(services, "jobs") == 0


async def test_forms_of_other_sites_do_nothing(services: Services, world: World, mailbox: Mailbox) -> None:
    await own(services, world)
    async with browse(services) as client:
        await sign_in(services, client, mailbox)
        token = (await collection(client)).value("token")
        foreign = {"sec-fetch-site": "cross-site"}
        for action in ("/me/sign-out", "/me/identities", "/me/imported"):
            no_token = await client.post(action, data={"identity": "x@example.org", "badge": "{}"})
            from_there = await client.post(action, data={"token": token}, headers=foreign)
            assert (no_token.status_code, from_there.status_code) == (403, 403), action
        assert await is_signed_in(client)


async def test_a_token_of_another_session_does_not_fit(
    services: Services, world: World, mailbox: Mailbox
) -> None:
    await own(services, world)
    await own(services, world, email="june@example.org")
    async with browse(services) as jane, browse(services) as june:
        await sign_in(services, jane, mailbox)
        await sign_in(services, june, mailbox, "june@example.org")
        token = (await collection(june)).value("token")
        assert (await jane.post("/me/sign-out", data={"token": token})).status_code == 403
        assert await is_signed_in(jane)


async def add(services: Services, client: httpx.AsyncClient, identity: str) -> None:
    response = await post(client, "/me", "/me/identities", identity=identity)
    assert response.headers["location"] == "/me?notice=asked"
    await run_until_idle(services)


async def test_another_address_joins_by_its_link(
    any_services: Services, any_world: World, mailbox: Mailbox
) -> None:
    await own(any_services, any_world)
    async with browse(any_services) as client:
        await sign_in(any_services, client, mailbox)
        session = client.cookies[COOKIE]
        await add(any_services, client, "j.doe@work.example")
        assert "j.doe@work.example" not in (await collection(client)).text
        await follow(client, links_to(mailbox, "j.doe@work.example")[0])
        assert "j.doe@work.example" in (await collection(client)).text
        assert client.cookies[COOKIE] != session


async def test_two_collections_become_one(any_services: Services, any_world: World, mailbox: Mailbox) -> None:
    work = "j.doe@work.example"
    await own(any_services, any_world)
    await own(any_services, any_world, email=work)
    async with browse(any_services) as client, browse(any_services) as other:
        await sign_in(any_services, client, mailbox)
        await sign_in(any_services, other, mailbox, work)
        await add(any_services, client, work)
        assert (await follow(client, links_to(mailbox, work)[-1])).status_code == 303
        page = await collection(client)
        assert page.text.count("Advanced Training") >= 2
        assert not await is_signed_in(other)
        await ask(any_services, other, work)
        await follow(other, links_to(mailbox, work)[-1])
        assert JANE in (await collection(other)).text
    assert await count(any_services, "holders") == 1
    assert await count(any_services, "holder_identities") == 2


async def test_nobody_gives_their_badges_to_a_stranger_by_a_click(
    services: Services, world: World, mailbox: Mailbox
) -> None:
    """The link that an attacker has sent to a victim's address is worth nothing in the victim's browser."""
    await own(services, world, email="mallory@example.net")
    await own(services, world)
    async with browse(services) as mallory, browse(services) as jane:
        await sign_in(services, mallory, mailbox, "mallory@example.net")
        await add(services, mallory, JANE)
        [link] = links_to(mailbox, JANE)
        page = check_page(await jane.get(link))
        assert not page.all("button")
        assert "nothing has happened" in page.text
        await sign_in(services, jane, mailbox)
        token = "x"
        assert (await jane.post(link, data={"token": token})).status_code == 403
        assert not check_page(await jane.get(link)).all("button")
        assert JANE not in (await collection(mallory)).text
    assert await count(services, "holders") == 2


async def test_a_profile_joins_too(
    services: Services, world: World, mailbox: Mailbox, network: Network, clock: Clock
) -> None:
    server = fediverse(network, clock)
    await own(services, world)
    async with browse(services) as client:
        await sign_in(services, client, mailbox)
        await add(services, client, AMARA)
        [link] = messages_with_links(server)
        await follow(client, link)
        page = await collection(client)
    assert AMARA in page.text
    assert "browser in which you asked" in re.sub(r"\s+", " ", server.answers[-1]["object"]["content"])


async def test_twenty_identities_at_most(services: Services, world: World, mailbox: Mailbox) -> None:
    await own(services, world)
    async with browse(services) as client:
        await sign_in(services, client, mailbox)
        holder = await holders.find_holder_by_alias(services.database, f"mailto:{JANE}")
        assert holder is not None
        for number in range(19):
            alias = f"mailto:j{number}@example.org"
            claim = partial(holders.claim_identity, alias=alias, holder_id=holder, now=services.clock())
            await services.database.write(claim)
        response = await post(client, "/me", "/me/identities", identity="one@more.example")
    assert response.status_code == 409
    page = check_page(response)
    assert "one@more.example" in [field.get("value") for field in page.all("input")]
    assert "more are not possible" in page.text


async def test_old_links_and_sessions_are_swept(
    services: Services, world: World, mailbox: Mailbox, clock: Clock
) -> None:
    await own(services, world)
    async with browse(services) as client:
        await sign_in(services, client, mailbox)
    clock.advance(31 * DAY // SECOND)
    for purge in (holders.delete_expired_links, holders.delete_expired_sessions):
        assert await services.database.write(partial(purge, before=clock(), limit=10)) == 1
    assert await count(services, "holder_links") == await count(services, "holder_sessions") == 0


async def test_a_link_is_not_in_the_log(
    services: Services, world: World, mailbox: Mailbox, capsys: pytest.CaptureFixture[str]
) -> None:
    await own(services, world)
    async with browse(services) as client:
        await ask(services, client, JANE)
        [link] = links_to(mailbox, JANE)
        await follow(client, link)
        assert (await client.get(link)).status_code == 404
    out = capsys.readouterr()
    assert "/me/link/…" in out.out + out.err
    assert link.rpartition("/")[2] not in out.out + out.err
