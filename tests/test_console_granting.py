"""Granting one badge at the console, and what leads a new owner there."""

from __future__ import annotations

import re

import pytest

from badgefed.model.organization import Role
from badgefed.model.times import DAY
from badgefed.store.organization_grants import list_grants
from badgefed.work.services import Services
from tests.conftest import World
from tests.console import PASSWORD, add_person, browse, open_page, sign_in, submit
from tests.html_pages import browse as browse_public
from tests.html_pages import check_page
from tests.remote import RemoteServer
from tests.workers import run_until_idle
from tests.world import Clock, Mailbox, Network

ROOT = "/console/o/org"
FORM = f"{ROOT}/granting"
CODE = re.compile(r"CRD-[0-9A-Z]+")


@pytest.fixture
async def issuer(services: Services, world: World) -> str:
    await add_person(services, world, "ivy@example.org", Role.ISSUER, password=PASSWORD)
    return "ivy@example.org"


async def count(services: Services, world: World) -> int:
    found = await list_grants(services.database, world.organization.id, now=services.clock(), limit=100)
    return len(found)


async def test_a_badge_is_granted_to_a_profile_after_it_was_shown(
    services: Services, world: World, issuer: str, network: Network, clock: Clock
) -> None:
    server = RemoteServer(network=network, clock=clock)
    server.person("jane")
    typed = {
        "badge": str(world.badge.id),
        "recipient": "@jane@social.example",
        "evidence": "Spoke <b>twice</b>",
        "narrative": "Well",
        "expires": "2031-01-31",
    }
    async with browse(services) as client:
        await sign_in(client, issuer)
        shown = check_page(await submit(client, FORM, FORM, **typed))
        for text in (
            "Jane",
            "@jane@social.example",
            "Advanced Training",
            "Spoke <b>twice</b>",
            "direct message",
        ):
            assert text in shown.text, text
        assert await count(services, world) == 0
        kept = {one.get("name"): one.get("value") for one in shown.all("input", type="hidden")}
        back = check_page(await client.post(f"{FORM}/change", data=kept))
        assert back.value("recipient") == "@jane@social.example"
        first = await client.post(f"{FORM}/send", data=kept)
        again = await client.post(f"{FORM}/send", data=kept)
        address = first.headers["location"].partition("?")[0]
        assert (first.status_code, again.headers["location"]) == (303, f"{address}?done=waiting")
        page = await open_page(client, first.headers["location"])
        assert "being told" in page.text
        link = next(one for one in page.all("code") if "data-copy" in one.attributes).text
        await run_until_idle(services)
    assert await count(services, world) == 1
    assert [document["type"] for document in server.answers] == ["Create"]
    async with browse_public(services) as stranger:
        assert (await stranger.get(link)).status_code == 200


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"recipient": "jane@mail.example", "badge": ""}, "Choose a badge."),
        ({"recipient": ""}, "Say who gets the badge."),
        ({"recipient": "jane"}, "Write a Fediverse profile"),
        ({"recipient": "@nobody@social.example"}, "There is no Fediverse profile @nobody@social.example"),
        ({"recipient": "jane@mail.example", "expires": "soon"}, "Choose a day that lies ahead"),
        ({"recipient": "jane@mail.example", "expires": "2020-01-01"}, "Choose a day that lies ahead"),
        ({"recipient": "jane@mail.example", "name": "x" * 201}, "200 characters"),
        ({"recipient": "jane@mail.example", "badge": "999"}, "there is no badge"),
    ],
)
async def test_what_is_wrong_comes_back_with_what_was_typed(
    services: Services,
    world: World,
    issuer: str,
    network: Network,
    clock: Clock,
    typed: dict[str, str],
    words: str,
) -> None:
    RemoteServer(network=network, clock=clock)
    form = {"badge": str(world.badge.id), "evidence": "For a talk", **typed}
    async with browse(services) as client:
        await sign_in(client, issuer)
        response = await submit(client, FORM, FORM, **form)
    assert response.status_code == 400
    page = check_page(response)
    assert words in page.text
    assert page.value("recipient") == typed["recipient"]
    assert any(one.get("aria-invalid") for one in page.elements)
    assert page.all("textarea")[0].text == "For a talk"
    assert await count(services, world) == 0


async def test_a_profile_whose_server_is_silent_can_be_granted_anyway(
    services: Services, world: World, issuer: str
) -> None:
    form = {"badge": str(world.badge.id), "recipient": "@jane@silent.example"}
    async with browse(services) as client:
        await sign_in(client, issuer)
        page = check_page(await submit(client, FORM, FORM, **form))
        assert "doesn't answer now" in page.text
        assert (await submit(client, FORM, f"{FORM}/send", **form)).status_code == 303
    assert await count(services, world) == 1


async def test_a_foreign_badge_is_none(services: Services, world: World, issuer: str) -> None:
    form = {"badge": "1", "recipient": "jane@mail.example", "token": "made-up"}
    async with browse(services) as client:
        await sign_in(client, issuer)
        assert (await client.post(f"{FORM}/send", data=form)).status_code == 403
    assert await count(services, world) == 0


async def test_the_offer_is_sent_again_and_reminded_of_once_an_hour(
    services: Services, world: World, issuer: str, mailbox: Mailbox, clock: Clock
) -> None:
    form = {"badge": str(world.badge.id), "recipient": "jane@mail.example"}
    async with browse(services) as client:
        await sign_in(client, issuer)
        made = await submit(client, FORM, f"{FORM}/send", **form)
        url = made.headers["location"].partition("?")[0]
        await run_until_idle(services)
        assert (await submit(client, url, f"{url}/send-again")).status_code == 303
        again = await submit(client, url, f"{url}/send-again")
        assert again.status_code == 429
        assert "within the last hour" in check_page(again).text
        await run_until_idle(services)
        clock.advance(3601)
        assert (await submit(client, url, f"{url}/remind")).headers["location"] == f"{url}?done=reminded"
        await run_until_idle(services)
    subjects = [str(one["Subject"]) for one in mailbox.messages if one["To"] == "jane@mail.example"]
    assert [subject.startswith("Still waiting") for subject in subjects] == [False, False, True]


async def test_five_steps_lead_to_the_first_badge(services: Services, world: World, issuer: str) -> None:
    async with browse(services) as client:
        await sign_in(client, issuer)
        assert (await client.get("/console")).headers["location"] == ROOT
        page = await open_page(client, ROOT)
        steps = [one for one in page.all("li") if one.text and "Make a badge" in one.text]
        assert steps[0].get("class") == "is-done"
        assert len(page.all("ol")[0].text.split("done")) == 2
        await submit(client, FORM, f"{FORM}/send", badge=str(world.badge.id), recipient="ivy@example.org")
        page = await open_page(client, ROOT)
        assert page.all("ol")[0].text.count("done") == 2
        assert "1" in next(one.text for one in page.all("div") if one.text.strip().startswith("Waiting"))


@pytest.mark.parametrize("order", ["newest", "oldest", "expiry"])
async def test_grants_page_stably_in_each_order(any_services: Services, any_world: World, order: str) -> None:
    await add_person(any_services, any_world, "ivy@example.org", Role.ISSUER)
    async with browse(any_services) as client:
        await sign_in(client, "ivy@example.org")
        page = await open_page(client, FORM)
        token = page.value("token")
        for number in range(53):
            days = f"20{40 - number % 5}-01-01"
            form = {"badge": str(any_world.badge.id), "recipient": f"p{number}@mail.example", "expires": days}
            await client.post(f"{FORM}/send", data={"token": token, **form})
        first = await open_page(client, f"{ROOT}/grants?order={order}")
        more = next(one.get("href") for one in first.all("a") if "before=" in one.get("href"))
        assert f"order={order}" in more or order == "newest"
        second = await open_page(client, f"{ROOT}/grants{more}")
        links = [one.get("href") for page in (first, second) for one in page.all("a", **{"class": "row"})]
        export = await client.get(f"{ROOT}/grants.csv?order={order}")
    assert len(links) == len(set(links)) == 53
    lines = export.text.splitlines()
    assert len(lines) == 54
    codes = [line.partition(",")[0] for line in lines[1:]]
    assert codes == CODE.findall(first.text + second.text)


async def test_the_file_of_grants_has_no_formulas(
    services: Services, world: World, issuer: str, clock: Clock
) -> None:
    form = {"badge": str(world.badge.id), "recipient": "jane@mail.example", "name": "=HYPERLINK(1)"}
    async with browse(services) as client:
        await sign_in(client, issuer)
        await submit(client, FORM, f"{FORM}/send", **form)
        clock.advance(DAY // 1_000_000)
        export = await client.get(f"{ROOT}/grants.csv?state=pending")
        assert (await client.get(f"{ROOT}/grants.csv?state=revoked")).text.count("\r\n") == 1
    assert export.headers["content-type"].startswith("text/csv")
    assert "'=HYPERLINK(1)" in export.text


async def test_viewers_grant_nothing(services: Services, world: World) -> None:
    await add_person(services, world, "view@example.org", Role.VIEWER)
    form = {"badge": str(world.badge.id), "recipient": "jane@mail.example"}
    async with browse(services) as client:
        await sign_in(client, "view@example.org")
        page = await open_page(client, f"{ROOT}/grants")
        assert not [one for one in page.all("a") if one.get("href").endswith("/granting")]
        await open_page(client, FORM, status=403)
        data = {"token": page.value("token"), **form}
        for address in (FORM, f"{FORM}/send"):
            assert (await client.post(address, data=data)).status_code == 403
    assert await count(services, world) == 0
