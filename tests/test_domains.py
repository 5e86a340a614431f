"""Domains that are proved by a TXT record, asked of a real name server on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import cast

import dns.rcode
import pytest

from badgefed.errors import FetchFailed, Invalid, RateLimited, Unprocessable
from badgefed.issuing.domains import KEY, check_again, load_instructions, read_domain, verify_domain
from badgefed.model.audit import COMMAND, SYSTEM
from badgefed.model.organization import Role
from badgefed.model.times import DAY, SECOND
from badgefed.net.name_servers import MAX_LENGTH, MAX_RECORDS, NameServers
from badgefed.net.transport import Request, Response
from badgefed.settings import Settings
from badgefed.store import jobs
from badgefed.store.audit import list_entries
from badgefed.store.database import Transaction
from badgefed.store.jobs import JobKind
from badgefed.store.migrate import migrate, open_database
from badgefed.store.organizations import add_organization, get_organization, set_domain
from badgefed.work.leases import LeaseLost
from badgefed.work.services import Services
from tests.api import make_stranger
from tests.conftest import World
from tests.console import add_person, browse, open_page, sign_in, submit
from tests.html_pages import BROWSER, check_page
from tests.issuers_api import serve
from tests.name_server import NameServer, run_name_server
from tests.test_cli import Cli, cli, port
from tests.workers import run_until_idle
from tests.world import START, Clock, Mailbox, Network, answer

__all__ = ["cli", "port"]

DOMAIN = "school.example"
RECORD = "_badgefed.school.example"
PAGE = "/console/o/org/domain"


@pytest.fixture
async def server() -> AsyncIterator[NameServer]:
    async with run_name_server() as server:
        yield server


@pytest.fixture
def asking(services: Services, server: NameServer) -> Services:
    """Services that ask the server."""
    return replace(services, text_records=NameServers((("127.0.0.1", server.port),)))


async def record_value(services: Services, world: World) -> str:
    wanted = await load_instructions(services.database, services, world.organization, DOMAIN)
    assert wanted.record_name == RECORD
    return wanted.record_value


async def test_the_organizations_record_proves_the_domain(
    asking: Services, world: World, server: NameServer
) -> None:
    value = await record_value(asking, world)
    server.texts[RECORD] = ['"v=spf1 -all"', f'" {value} "']
    changed = await verify_domain(asking, world.organization, " School.Example. ", by=COMMAND)
    assert (changed.domain, changed.domain_verified_at) == (DOMAIN, asking.clock())
    assert server.asked == [RECORD]
    entry = (await list_entries(asking.database, organization_id=world.organization.id, limit=1))[0]
    assert (entry.action, entry.details) == (
        "organization.verify-domain",
        {"domain": DOMAIN, "proof": "record"},
    )


async def test_a_record_in_several_strings_is_one_text(
    asking: Services, world: World, server: NameServer
) -> None:
    value = await record_value(asking, world)
    server.texts[RECORD] = [f'"{value[:20]}" "{value[20:]}"']
    assert (await verify_domain(asking, world.organization, DOMAIN, by=COMMAND)).domain == DOMAIN


async def test_each_organization_has_a_token_of_its_own(
    asking: Services, world: World, server: NameServer
) -> None:
    stranger = await make_stranger(asking, world)
    server.texts[RECORD] = [await record_value(asking, world)]
    with pytest.raises(Unprocessable, match="has another token"):
        await verify_domain(asking, stranger.organization, DOMAIN, by=COMMAND)
    assert (await get_organization(asking.database, stranger.organization.id)).domain is None


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (None, f"There is no TXT record {RECORD}: set it to {KEY}"),
        ([], f"There is no TXT record {RECORD}"),
        (['"v=spf1 -all"'], f"There is no TXT record {RECORD}"),
        ([f"{KEY}something"], f"has another token: this organization's is {KEY}"),
        ([KEY], "has another token"),
    ],
)
async def test_what_is_wrong_with_the_record_is_told_with_the_right_one(
    asking: Services, world: World, server: NameServer, texts: list[str] | None, words: str
) -> None:
    if texts is not None:
        server.texts[RECORD] = texts
    with pytest.raises(Unprocessable) as refusal:
        await verify_domain(asking, world.organization, DOMAIN, by=COMMAND)
    assert words in str(refusal.value)
    assert await record_value(asking, world) in str(refusal.value)
    assert (await get_organization(asking.database, world.organization.id)).domain is None


async def test_a_name_server_in_trouble_is_no_answer(
    asking: Services, world: World, server: NameServer
) -> None:
    server.rcode = dns.rcode.SERVFAIL
    with pytest.raises(Unprocessable, match="could not be looked up: the name servers gave no usable answer"):
        await verify_domain(asking, world.organization, DOMAIN, by=COMMAND)


async def test_a_silent_server_is_waited_for_no_longer_than_the_deadline(
    server: NameServer,
) -> None:
    server.is_mute = True
    with pytest.raises(FetchFailed) as failure:
        await NameServers((("127.0.0.1", server.port),), deadline=0.1).find_texts(RECORD)
    assert failure.value.reason == "timeout"


async def test_long_and_many_records_are_left_out(server: NameServer) -> None:
    server.texts["many.example"] = [f"text{number}" for number in range(MAX_RECORDS + 1)]
    server.texts["long.example"] = [" ".join(['"' + "x" * 200 + '"'] * (MAX_LENGTH // 200 + 1)), "short"]
    servers = NameServers((("127.0.0.1", server.port),))
    assert len(await servers.find_texts("many.example")) == MAX_RECORDS
    assert await servers.find_texts("long.example") == ("short",)


@pytest.mark.parametrize("name", ["a..b.example", f"{'a' * 64}.example", "é" * 300])
async def test_a_name_that_none_can_have_is_no_crash(server: NameServer, name: str) -> None:
    with pytest.raises(FetchFailed):
        await NameServers((("127.0.0.1", server.port),)).find_texts(name)
    assert server.asked == []


@pytest.mark.parametrize(
    "text", ["", "nonsense", "https://school.example/", "127.0.0.1", f"{'a.' * 130}example"]
)
def test_what_is_no_domain(text: str) -> None:
    with pytest.raises(Invalid, match=r"like school\.example"):
        read_domain(text)


async def test_attempts_have_a_limit(asking: Services, world: World) -> None:
    for _ in range(10):
        with pytest.raises(Unprocessable):
            await verify_domain(asking, world.organization, DOMAIN, by=COMMAND)
    with pytest.raises(RateLimited, match="Too many attempts"):
        await verify_domain(asking, world.organization, DOMAIN, by=COMMAND)


class TestPages:
    """Proving a domain at the console, and where it is shown."""

    async def test_an_owner_verifies_the_domain(
        self, asking: Services, world: World, server: NameServer
    ) -> None:
        await add_person(asking, world, "ann@example.org", Role.OWNER)
        value = await record_value(asking, world)
        async with browse(asking) as client:
            await sign_in(client, "ann@example.org")
            page = await open_page(client, PAGE)
            assert value in page.text
            assert '<link rel="me" href="https://badges.example/actor/org">' in page.text
            refused = await submit(client, PAGE, f"{PAGE}/verify", domain="school.example")
            assert refused.status_code == 422
            shown = check_page(refused)
            assert f"There is no TXT record {RECORD}: set it to {value}." in shown.text
            assert shown.value("domain") == "school.example"
            server.texts[RECORD] = [value]
            accepted = await submit(client, PAGE, f"{PAGE}/verify", domain="school.example")
            assert accepted.headers["location"] == f"{PAGE}?done=1"
            assert "The domain is verified." in (await open_page(client, f"{PAGE}?done=1")).text

    @pytest.mark.parametrize("typed", ["", "no domain", "x" * 400])
    async def test_what_is_no_domain_stays_in_the_form(
        self, asking: Services, world: World, typed: str
    ) -> None:
        await add_person(asking, world, "ann@example.org", Role.OWNER)
        async with browse(asking) as client:
            await sign_in(client, "ann@example.org")
            refused = await submit(client, PAGE, f"{PAGE}/verify", domain=typed)
            assert refused.status_code == 400
            assert check_page(refused).value("domain") == typed[:253]

    @pytest.mark.parametrize("role", [Role.ADMIN, Role.VIEWER])
    async def test_others_may_not(self, asking: Services, world: World, role: Role) -> None:
        await add_person(asking, world, "ben@example.org", role)
        async with browse(asking) as client:
            await sign_in(client, "ben@example.org")
            assert (await client.get(PAGE)).status_code == 403
            form = {"token": (await open_page(client, "/console/account")).value("token")}
            answer = await client.post(f"{PAGE}/verify", data={**form, "domain": DOMAIN})
            assert answer.status_code == 403

    async def test_strangers_see_a_verified_domain_with_its_mark(
        self, asking: Services, world: World, server: NameServer
    ) -> None:
        server.texts[RECORD] = [await record_value(asking, world)]
        async with serve(asking, accept=BROWSER) as client:
            for verified in (False, True):
                if verified:
                    await verify_domain(asking, world.organization, DOMAIN, by=COMMAND)
                for path in ("/o/org", "/actor/org"):
                    page = check_page(await client.get(path))
                    assert ("Verified domain" in page.text) is verified
                    assert bool(page.all("a", href="https://school.example/")) is verified


def test_the_command_shows_the_record(cli: Cli) -> None:
    cli.json("create-user", "ann@example.org", "--organization", "club")
    shown = cli.json("verify-domain", "club", "School.Example", "--show")
    assert shown["domain"] == DOMAIN
    assert shown["record"]["name"] == RECORD
    assert shown["record"]["type"] == "TXT"
    assert shown["record"]["value"].startswith(KEY)
    assert shown["links"][0].endswith("/actor/club")


class TestLookingAgain:
    """What becomes of a verified domain."""

    @pytest.fixture
    async def value(self, asking: Services, world: World, server: NameServer) -> str:
        """Of the record by which the domain was verified just now."""
        value = await record_value(asking, world)
        server.texts[RECORD] = [value]
        await verify_domain(asking, world.organization, DOMAIN, by=COMMAND)
        return value

    async def look(self, services: Services, world: World, *, days: int) -> bool:
        """Whether the domain is verified after so many days."""
        cast("Clock", services.clock).advance(days * DAY / SECOND)
        await run_until_idle(services)
        return (
            await get_organization(services.database, world.organization.id)
        ).domain_verified_at is not None

    async def test_a_proof_that_is_missing_on_three_days_ends_it(
        self, asking: Services, world: World, server: NameServer, value: str, mailbox: Mailbox
    ) -> None:
        await add_person(asking, world, "admin@example.org", Role.ADMIN)
        server.texts.clear()
        server.asked.clear()
        assert await self.look(asking, world, days=29)
        assert server.asked == []
        assert [await self.look(asking, world, days=1) for _ in range(3)] == [True, True, False]
        entry = (await list_entries(asking.database, organization_id=world.organization.id, limit=1))[0]
        assert (entry.action, entry.author, entry.details) == (
            "organization.lose-domain",
            SYSTEM,
            {"domain": DOMAIN},
        )
        [mail] = mailbox.messages
        assert (mail["To"], mail["Subject"]) == (
            world.owner.email,
            "The domain school.example is no longer verified",
        )
        assert "https://badges.example/console/o/org/domain" in mail.as_string()
        server.texts[RECORD] = [value]
        assert not await self.look(asking, world, days=60)
        await verify_domain(asking, world.organization, DOMAIN, by=COMMAND)
        assert await self.look(asking, world, days=30)

    async def test_a_proof_that_comes_back_is_missed_no_more(
        self, asking: Services, world: World, server: NameServer, value: str
    ) -> None:
        for _ in range(2):
            server.texts.clear()
            assert await self.look(asking, world, days=30)
            assert await self.look(asking, world, days=1)
            server.texts[RECORD] = [value]
            assert await self.look(asking, world, days=1)
            server.asked.clear()
            assert await self.look(asking, world, days=29)
            assert server.asked == []

    async def test_the_link_is_as_good_as_the_record(
        self, asking: Services, world: World, server: NameServer, value: str, network: Network
    ) -> None:
        async def page(request: Request) -> Response:
            return answer(200, b'<link rel="me" href="https://badges.example/actor/org">', "text/html")

        server.rcode = dns.rcode.SERVFAIL
        network.mount(DOMAIN, page)
        assert all([await self.look(asking, world, days=30) for _ in range(4)])
        assert server.asked == [RECORD]

    async def test_name_servers_in_trouble_are_asked_again_the_next_day(
        self, asking: Services, world: World, server: NameServer, value: str
    ) -> None:
        server.rcode = dns.rcode.SERVFAIL
        assert await self.look(asking, world, days=30)
        assert all([await self.look(asking, world, days=1) for _ in range(4)])
        server.rcode = dns.rcode.NOERROR
        server.texts.clear()
        assert [await self.look(asking, world, days=1) for _ in range(3)] == [True, True, False]

    async def test_who_verifies_it_anew_meanwhile_is_right(
        self, asking: Services, world: World, server: NameServer, value: str
    ) -> None:
        """The check that found nothing ends after the proof was found: it has lost its job."""
        server.texts.clear()
        cast("Clock", asking.clock).advance(30 * DAY / SECOND)
        now = asking.clock()
        [job] = await asking.database.write(lambda tx: jobs.claim_jobs(tx, limit=1, now=now, lease=DAY))
        last = replace(job, payload={**job.payload, "misses": 2})
        server.texts[RECORD] = [value]
        await verify_domain(asking, world.organization, DOMAIN, by=COMMAND)
        server.texts.clear()
        with pytest.raises(LeaseLost):
            await check_again(asking, last)
        assert await self.look(asking, world, days=1)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_domains_that_were_verified_before_are_looked_at_too(
    settings: Settings, kind: str, request: pytest.FixtureRequest
) -> None:
    url = settings.database_url if kind == "sqlite" else request.getfixturevalue("postgresql_url")
    database = await open_database(url)
    await migrate(database, to=14)

    async def write(tx: Transaction) -> int:
        await add_organization(tx, slug="other", name="Other", now=START)
        made = await add_organization(tx, slug="org", name="The Organization", now=START)
        assert made is not None
        await set_domain(tx, made.id, domain=DOMAIN, verified_at=START)
        return made.id

    organization_id = await database.write(write)
    await migrate(database)
    for now, due in ((START + 30 * DAY - 1, 0), (START + 30 * DAY, 1)):
        found = await database.write(lambda tx, now=now: jobs.claim_jobs(tx, limit=9, now=now, lease=1))  # type: ignore[misc]
        assert len(found) == due
    [job] = found
    assert (job.kind, job.payload) == (JobKind.DOMAIN, {"organization": organization_id, "misses": 0})
    await database.close()
