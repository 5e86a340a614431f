"""Getting into the console: passwords, links, sessions, throttles, and what nobody may learn."""

from __future__ import annotations

import httpx
import pytest

from badgefed.issuing import people
from badgefed.model.audit import COMMAND
from badgefed.model.organization import Role
from badgefed.model.times import DAY, MINUTE, SECOND
from badgefed.store.sessions import hash_token
from badgefed.web.middleware import loggable_path
from badgefed.work.services import Services
from tests.conftest import World
from tests.console import (
    PASSWORD,
    add_person,
    browse,
    last_link,
    open_page,
    sign_in,
    subjects,
    submit,
)
from tests.html_pages import check_page
from tests.workers import run_until_idle
from tests.world import Clock, Mailbox

ANN = "ann@example.org"
COOKIE = "__Host-badgefed-console"


@pytest.fixture
async def ann(services: Services, world: World) -> str:
    await add_person(services, world, ANN, Role.ADMIN)
    return ANN


async def is_in(client: httpx.AsyncClient) -> bool:
    return (await client.get("/console/account")).status_code == 200


async def test_a_password_signs_in_to_the_page_that_was_wanted(services: Services, ann: str) -> None:
    async with browse(services) as client:
        sent_away = await client.get("/console/o/org/people")
        assert sent_away.status_code == 303
        page = await open_page(client, sent_away.headers["location"])
        response = await client.post(
            "/console/sign-in",
            data={
                "token": page.value("token"),
                "next": page.value("next"),
                "email": "Ann@Example.org",
                "password": PASSWORD,
            },
        )
        assert (response.status_code, response.headers["location"]) == (303, "/console/o/org/people")
        assert "ann@example.org" in (await open_page(client, "/console/o/org/people")).text
        assert (await client.get("/console")).headers["location"] == "/console/o/org"


async def test_the_cookie_is_kept_from_scripts_and_other_sites_and_stored_as_a_hash(
    services: Services, ann: str
) -> None:
    async with browse(services) as client:
        response = await sign_in(client, ann)
        cookie = next(one for one in response.headers.get_list("set-cookie") if one.startswith(f"{COOKIE}="))
        token = client.cookies[COOKIE]
    for attribute in ("HttpOnly", "Path=/", "SameSite=lax", "Secure", "Max-Age=31536000"):
        assert attribute in cookie, cookie
    assert len(token) >= 43
    rows = await services.database.all("SELECT * FROM sessions")
    kept = token.partition(".")[0]
    assert [row["token_hash"] for row in rows] == [hash_token(kept)]
    assert kept not in str(rows)


@pytest.mark.parametrize(
    "wanted",
    ["https://evil.example/", "//evil.example", "/console/../x", "/console//evil.example", "/\\evil"],
)
async def test_signing_in_leads_to_no_other_site(services: Services, ann: str, wanted: str) -> None:
    async with browse(services) as client:
        response = await submit(
            client, "/console/sign-in", "/console/sign-in", email=ann, password=PASSWORD, next=wanted
        )
    assert response.headers["location"] == "/console"


async def test_a_wrong_password_and_an_unknown_address_get_one_answer(
    services: Services, world: World, ann: str
) -> None:
    await add_person(services, world, "nopass@example.org", Role.VIEWER, password=None)
    await add_person(services, world, "gone@example.org", Role.VIEWER)
    await people.set_active(services, "gone@example.org", is_active=False, by=COMMAND)
    bodies = set()
    async with browse(services) as client:
        page = await open_page(client, "/console/sign-in")
        for email, password in (
            (ann, "not the password"),
            ("nobody@example.org", PASSWORD),
            ("nopass@example.org", PASSWORD),
            ("gone@example.org", PASSWORD),
        ):
            response = await client.post(
                "/console/sign-in",
                data={"token": page.value("token"), "email": email, "password": password},
            )
            assert response.status_code == 401
            assert check_page(response).value("email") == email
            bodies.add(response.text.replace(email, "…"))
    assert len(bodies) == 1
    assert password not in bodies.pop()


async def test_guessing_is_slowed_down_for_known_and_unknown_addresses_alike(
    services: Services, ann: str, clock: Clock
) -> None:
    for email in (ann, "nobody@example.org"):
        async with browse(services, address=f"192.0.2.{len(email)}") as client:
            page = await open_page(client, "/console/sign-in")
            form = {"token": page.value("token"), "email": email, "password": "a guess of mine"}
            answers = [(await client.post("/console/sign-in", data=form)).status_code for _ in range(6)]
            assert answers == [401] * 5 + [429]
            form["password"] = PASSWORD
            refused = await client.post("/console/sign-in", data=form)
            assert refused.headers["retry-after"] == "1"
            clock.advance(1)
            form["password"] = "a guess of mine"
            assert (await client.post("/console/sign-in", data=form)).status_code == 401
            refused = await client.post("/console/sign-in", data=form)
            assert (refused.status_code, refused.headers["retry-after"]) == (429, "2")


async def test_a_right_password_after_the_wait_forgets_the_guesses(
    services: Services, ann: str, clock: Clock
) -> None:
    async with browse(services) as client:
        page = await open_page(client, "/console/sign-in")
        form = {"token": page.value("token"), "email": ann, "password": "a guess of mine"}
        for _ in range(5):
            await client.post("/console/sign-in", data=form)
        clock.advance(1)
        assert (await client.post("/console/sign-in", data={**form, "password": PASSWORD})).status_code == 303
    row = await services.database.one("SELECT COUNT(*) AS n FROM throttles WHERE attempts > 5")
    assert row == {"n": 0}


async def test_one_network_can_not_try_many_addresses(services: Services, ann: str) -> None:
    async with browse(services) as client:
        page = await open_page(client, "/console/sign-in")
        codes = []
        for number in range(32):
            form = {"token": page.value("token"), "email": f"n{number}@example.org", "password": "a guess"}
            codes.append((await client.post("/console/sign-in", data=form)).status_code)
    assert codes == [401] * 30 + [429] * 2
    async with browse(services, address="198.51.100.1") as client:
        assert (await sign_in(client, ann)).status_code == 303


async def test_a_link_signs_in_once_and_only_by_its_button(
    services: Services, ann: str, mailbox: Mailbox
) -> None:
    async with browse(services) as client:
        asked = await submit(client, "/console/sign-in", "/console/sign-in/link", email=ann)
        assert asked.status_code == 200
        await run_until_idle(services)
        link = last_link(mailbox, ann)
        for _ in range(2):
            await open_page(client, link)
        assert not await is_in(client)
        used = await submit(client, link, link)
        assert (used.status_code, used.headers["location"]) == (303, "/console")
        assert await is_in(client)
        again = await client.get(link)
    assert again.status_code == 404
    assert "leads nowhere" in check_page(again).text


async def test_a_link_is_good_for_a_quarter_of_an_hour(
    services: Services, ann: str, mailbox: Mailbox, clock: Clock
) -> None:
    async with browse(services) as client:
        await submit(client, "/console/sign-in", "/console/sign-in/link", email=ann)
        await run_until_idle(services)
        clock.advance(15 * MINUTE / SECOND)
        page = await open_page(client, last_link(mailbox, ann), 404)
    assert "leads nowhere" in page.text


async def test_asking_for_a_link_tells_nothing_and_mails_nobody_who_has_no_account(
    services: Services, ann: str, mailbox: Mailbox
) -> None:
    bodies = []
    async with browse(services) as client:
        for path, page_url in (
            ("/console/sign-in/link", "/console/sign-in"),
            ("/console/password", "/console/password"),
        ):
            for email in (ann, "nobody@example.org"):
                response = await submit(client, page_url, path, email=email)
                bodies.append(response.text.replace(email, "…"))
        jobs = await services.database.all("SELECT payload FROM jobs")
        assert len(jobs) == 4
    await run_until_idle(services)
    assert bodies[0] == bodies[1]
    assert bodies[2] == bodies[3]
    assert {message["To"] for message in mailbox.messages} == {ann}


async def test_at_most_three_links_at_once_go_to_one_address(
    services: Services, ann: str, mailbox: Mailbox
) -> None:
    async with browse(services) as client:
        for _ in range(5):
            await submit(client, "/console/sign-in", "/console/sign-in/link", email=ann)
        await run_until_idle(services)
    assert len(subjects(mailbox, ann)) == 3


async def test_a_secret_stands_in_no_row_and_no_log(services: Services, ann: str, mailbox: Mailbox) -> None:
    async with browse(services) as client:
        await submit(client, "/console/sign-in", "/console/sign-in/link", email=ann)
    await run_until_idle(services)
    link = last_link(mailbox, ann)
    uuid, secret = link.split("/")[-2:]
    rows = await services.database.all("SELECT * FROM account_links")
    assert uuid in str(rows)
    assert secret not in str(rows)
    assert secret not in loggable_path(f"/console/link/{uuid}/{secret}")


async def test_another_links_secret_opens_nothing(services: Services, ann: str, mailbox: Mailbox) -> None:
    async with browse(services) as client:
        for _ in range(2):
            await submit(client, "/console/sign-in", "/console/sign-in/link", email=ann)
        await run_until_idle(services)
        first, second = [text.split("/") for text in _links(mailbox)]
        page = await open_page(client, "/".join([*first[:-1], second[-1]]), 404)
    assert "leads nowhere" in page.text


def _links(mailbox: Mailbox) -> list[str]:
    return [last_link(Mailbox(messages=[message]), ANN) for message in mailbox.messages]


async def test_a_forgotten_password_is_chosen_anew_and_ends_every_other_session(
    services: Services, ann: str, mailbox: Mailbox
) -> None:
    async with browse(services) as other, browse(services) as client:
        await sign_in(other, ann)
        await submit(client, "/console/password", "/console/password", email=ann)
        await run_until_idle(services)
        link = last_link(mailbox, ann)
        short = await submit(client, link, link, password="short")
        assert short.status_code == 400
        assert "10 to 200" in check_page(short).text
        done = await submit(client, link, link, password="another good one")
        assert done.status_code == 303
        assert await is_in(client)
        assert not await is_in(other)
        assert (await sign_in(other, ann)).status_code == 401
        assert (await sign_in(other, ann, "another good one")).status_code == 303
    await run_until_idle(services)
    assert "changed" in subjects(mailbox, ann)[-1]


async def test_sessions_are_rotated_listed_and_ended_one_by_one_and_all(services: Services, ann: str) -> None:
    async with browse(services) as first, browse(services, address="203.0.113.9") as second:
        await sign_in(first, ann)
        before = first.cookies[COOKIE]
        await sign_in(second, ann)
        page = await open_page(first, "/console/account")
        for text in ("Firefox on Linux", "from 203.0.113.9", "(this browser)"):
            assert text in page.text, text
        ended = await submit(
            first, "/console/account", "/console/account/sessions/end", session=page.value("session")
        )
        assert ended.headers["location"].endswith("done=session")
        assert not await is_in(second)
        await sign_in(second, ann)
        await submit(first, "/console/account", "/console/account/sessions/end-others")
        assert not await is_in(second)
        assert await is_in(first)
        await submit(first, "/console/account", "/console/sign-out")
        assert not await is_in(first)
        first.cookies.set(COOKIE, before, domain="badges.example")
        assert not await is_in(first)
        await sign_in(first, ann)
        assert first.cookies.get(COOKIE, domain="badges.example") != before


async def test_a_session_that_is_brought_along_ends_when_its_browser_signs_in(
    services: Services, ann: str, world: World
) -> None:
    await add_person(services, world, "ben@example.org", Role.VIEWER)
    async with browse(services) as client:
        page = await open_page(client, "/console/sign-in")
        form = {"token": page.value("token"), "email": ann, "password": PASSWORD}
        visit = dict(client.cookies)
        await client.post("/console/sign-in", data=form)
        before = client.cookies[COOKIE]
        client.cookies.update(visit)
        await client.post("/console/sign-in", data={**form, "email": "ben@example.org"})
        assert client.cookies[COOKIE] != before
    rows = await services.database.all("SELECT token_hash FROM sessions")
    assert hash_token(before) not in [row["token_hash"] for row in rows]
    assert len(rows) == 1


@pytest.mark.parametrize(("days", "alive"), [(29, True), (31, False)])
async def test_a_session_ends_after_a_month_of_silence(
    services: Services, ann: str, clock: Clock, days: int, alive: bool
) -> None:
    async with browse(services) as client:
        await sign_in(client, ann)
        clock.advance(days * DAY / SECOND)
        assert await is_in(client) is alive


async def test_a_session_ends_after_a_year_however_it_is_used(
    services: Services, ann: str, clock: Clock
) -> None:
    async with browse(services) as client:
        await sign_in(client, ann)
        for _ in range(18):
            clock.advance(20 * DAY / SECOND)
            assert await is_in(client)
        clock.advance(5 * DAY / SECOND)
        assert not await is_in(client)


async def test_a_deactivated_user_is_out_at_once_and_stays_out_when_reactivated(
    services: Services, ann: str
) -> None:
    async with browse(services) as client:
        await sign_in(client, ann)
        await people.set_active(services, ann, is_active=False, by=COMMAND)
        assert not await is_in(client)
        assert (await sign_in(client, ann)).status_code == 401
        await people.set_active(services, ann, is_active=True, by=COMMAND)
        assert not await is_in(client)


@pytest.mark.parametrize(
    ("headers", "keeps_token"),
    [
        ({"sec-fetch-site": "cross-site"}, True),
        ({"sec-fetch-site": "same-site"}, True),
        ({"origin": "https://evil.example"}, True),
        ({}, False),
    ],
)
async def test_forms_of_other_sites_are_refused(
    services: Services, ann: str, headers: dict[str, str], keeps_token: bool
) -> None:
    async with browse(services) as client:
        await sign_in(client, ann)
        page = await open_page(client, "/console/account")
        token = page.value("token") if keeps_token else "guessed"
        refused = await client.post("/console/sign-out", data={"token": token}, headers=headers)
        assert refused.status_code == 403
        assert await is_in(client)


async def test_a_sign_in_form_works_only_in_the_browser_that_it_was_shown_to(
    services: Services, ann: str
) -> None:
    async with browse(services) as attacker, browse(services) as victim:
        page = await open_page(attacker, "/console/sign-in")
        form = {"token": page.value("token"), "email": ann, "password": PASSWORD}
        assert (await victim.post("/console/sign-in", data=form)).status_code == 403


async def test_pages_of_the_console_are_kept_by_nobody(services: Services, ann: str) -> None:
    async with browse(services) as client:
        outside = await client.get("/console/sign-in")
        await sign_in(client, ann)
        inside = await client.get("/console/account")
    for response in (outside, inside):
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-robots-tag"] == "noindex"
        assert response.headers["referrer-policy"] == "no-referrer"
