"""One's own account: name, address, password; and setting a server up."""

from __future__ import annotations

import pytest

from badgefed.errors import Conflict
from badgefed.issuing import accounts
from badgefed.issuing.set_up import set_up_url
from badgefed.model.audit import SYSTEM
from badgefed.model.organization import Role, User
from badgefed.model.times import DAY, MINUTE, SECOND
from badgefed.store import users
from badgefed.store.database import Transaction
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
    text_of,
)
from tests.html_pages import check_page
from tests.workers import run_until_idle
from tests.world import Clock, Mailbox

ANN = "ann@example.org"
NEW = "ann@new.example"
ACCOUNT = "/console/account"


@pytest.fixture
async def ann(services: Services, world: World) -> str:
    await add_person(services, world, ANN, Role.ADMIN)
    return ANN


async def ask_for(services: Services, email: str = NEW, password: str = PASSWORD) -> None:
    async with browse(services) as client:
        await sign_in(client, ANN)
        response = await submit(client, ACCOUNT, f"{ACCOUNT}/email", email=email, password=password)
        assert response.headers["location"] == f"{ACCOUNT}?done=email", response.text
    await run_until_idle(services)


async def test_a_name_is_changed_and_a_bad_one_comes_back_with_what_was_typed(
    services: Services, ann: str
) -> None:
    async with browse(services) as client:
        await sign_in(client, ann)
        bad = await submit(client, ACCOUNT, f"{ACCOUNT}/name", name="x" * 101)
        assert bad.status_code == 400
        page = check_page(bad)
        assert "1 to 100" in page.text
        assert page.value("name") == "x" * 101
        await submit(client, ACCOUNT, f"{ACCOUNT}/name", name="Ann <b>Bold</b>")
        page = await open_page(client, f"{ACCOUNT}?done=name")
    assert page.value("name") == "Ann <b>Bold</b>"
    assert page.all("b") == []


async def test_an_address_changes_once_the_new_one_is_confirmed(
    services: Services, ann: str, mailbox: Mailbox
) -> None:
    await ask_for(services)
    assert await users.find_user(services.database, NEW) is None
    async with browse(services) as client:
        link = last_link(mailbox, NEW)
        await open_page(client, link)
        done = await submit(client, link, link)
        assert NEW in check_page(done).text
        assert (await sign_in(client, NEW)).status_code == 303
        assert "leads nowhere" in (await open_page(client, link, 404)).text
    assert await users.find_user(services.database, ANN) is None


@pytest.mark.parametrize("is_confirmed", [False, True])
async def test_the_old_address_undoes_the_change_and_locks_everybody_out(
    services: Services, ann: str, mailbox: Mailbox, is_confirmed: bool
) -> None:
    await ask_for(services)
    confirm, keep = last_link(mailbox, NEW), last_link(mailbox, ANN)
    async with browse(services) as thief, browse(services) as owner:
        await sign_in(thief, ANN)
        if is_confirmed:
            await submit(owner, confirm, confirm)
        await submit(owner, keep, keep)
        user = await users.find_user(services.database, ANN)
        assert user is not None
        assert await users.find_password_hash(services.database, user.id) is None
        assert (await thief.get(ACCOUNT)).status_code == 303
        assert "leads nowhere" in (await open_page(thief, confirm, 404)).text
        await submit(owner, "/console/sign-in", "/console/sign-in/link", email=ANN)
        await run_until_idle(services)
        link = last_link(mailbox, ANN)
        assert (await submit(owner, link, link)).status_code == 303


@pytest.mark.parametrize(
    ("email", "password", "words"),
    [
        (NEW, "not the password", "not your password"),
        ("nonsense", PASSWORD, "Write an e-mail address"),
        (ANN, PASSWORD, "already"),
    ],
)
async def test_an_address_change_that_is_refused_mails_nobody(
    services: Services, ann: str, mailbox: Mailbox, email: str, password: str, words: str
) -> None:
    async with browse(services) as client:
        await sign_in(client, ann)
        response = await submit(client, ACCOUNT, f"{ACCOUNT}/email", email=email, password=password)
    assert response.status_code == 400
    page = check_page(response)
    assert words in page.text
    assert page.value("email") == email
    await run_until_idle(services)
    assert mailbox.messages == []


async def test_without_a_password_only_a_fresh_sign_in_changes_the_address(
    services: Services, world: World, mailbox: Mailbox, clock: Clock
) -> None:
    await add_person(services, world, ANN, Role.VIEWER, password=None)
    async with browse(services) as client:
        await submit(client, "/console/sign-in", "/console/sign-in/link", email=ANN)
        await run_until_idle(services)
        link = last_link(mailbox, ANN)
        await submit(client, link, link)
        clock.advance(16 * MINUTE / SECOND)
        late = await submit(client, ACCOUNT, f"{ACCOUNT}/email", email=NEW)
        assert late.status_code == 403
        assert "sign in again" in check_page(late).text


async def test_an_address_that_has_an_account_is_told_only_to_its_owner(
    services: Services, world: World, ann: str, mailbox: Mailbox
) -> None:
    await add_person(services, world, "ben@example.org", Role.VIEWER)
    await ask_for(services, "ben@example.org")
    link = last_link(mailbox, "ben@example.org")
    async with browse(services) as client:
        response = await submit(client, link, link)
    assert response.status_code == 409
    assert "another account" in check_page(response).text
    assert await users.find_user(services.database, ANN) is not None


async def test_a_signed_in_user_chooses_a_password_by_mail(
    services: Services, ann: str, mailbox: Mailbox
) -> None:
    async with browse(services) as client:
        await sign_in(client, ann)
        await submit(client, ACCOUNT, f"{ACCOUNT}/password")
        await run_until_idle(services)
        link = last_link(mailbox, ann)
        assert (await submit(client, link, link, password="quite another one")).status_code == 303
        assert (await sign_in_anew(services, "quite another one")) == 303
        assert (await sign_in_anew(services, PASSWORD)) == 401


async def sign_in_anew(services: Services, password: str) -> int:
    async with browse(services) as client:
        return (await sign_in(client, ANN, password)).status_code


async def test_a_profile_belongs_to_one_user(services: Services, world: World, ann: str) -> None:
    await add_person(services, world, "ben@example.org", Role.VIEWER)
    actor = "https://social.example/users/ann"
    for email, fails in ((ANN, False), (ANN, False), ("ben@example.org", True)):
        user = await users.find_user(services.database, email)
        assert user is not None

        async def link(tx: Transaction, user: User = user) -> None:
            await accounts.link_profile(
                tx, user, actor_id=actor, handle="@ann@social.example", by=SYSTEM, now=services.clock()
            )

        if fails:
            with pytest.raises(Conflict, match="another account"):
                await services.database.write(link)
        else:
            await services.database.write(link)
    found = await users.find_user_by_identity(services.database, actor)
    assert found is not None
    assert found.email == ANN
    assert await users.find_user_by_identity(services.database, f"{actor}/") is None
    async with browse(services) as client:
        await sign_in(client, ANN)
        assert "@ann@social.example" in (await open_page(client, ACCOUNT)).text
        await submit(client, ACCOUNT, f"{ACCOUNT}/profiles/unlink", actor=actor)
    assert await users.find_user_by_identity(services.database, actor) is None


async def test_mails_are_whole_and_their_html_has_the_link(
    services: Services, ann: str, mailbox: Mailbox
) -> None:
    await ask_for(services)
    for message in mailbox.messages:
        html = message.get_body(("html",))
        assert html is not None
        link = last_link(mailbox, str(message["To"]))
        assert f'href="{link}"' in html.get_content()
        text = text_of(message)
        assert link in text
        assert "\n\n\n" not in text
        assert message["Auto-Submitted"] == "auto-generated"
    assert subjects(mailbox, NEW) == ["Is this your new address at badges.example?"]


FORM = {
    "organization_name": "A Club",
    "slug": "club",
    "name": "Ann",
    "email": ANN,
    "password": PASSWORD,
}


async def test_an_empty_server_is_set_up_once(services: Services) -> None:
    link = await set_up_url(services)
    assert link is not None
    assert await set_up_url(services) == link
    async with browse(services) as client:
        for wrong, words in (
            ({"slug": "Not A Slug!"}, "1 to 30"),
            ({"email": "nonsense"}, "Write an e-mail address"),
            ({"password": "short"}, "10 to 200"),
            ({"name": ""}, "1 to 100"),
        ):
            response = await submit(client, link, link, **{**FORM, **wrong})
            assert response.status_code == 400
            page = check_page(response)
            assert words in page.text
            assert page.value("organization_name") == "A Club"
        done = await submit(client, link, link, **FORM)
        assert (done.status_code, done.headers["location"]) == (303, "/console/o/club")
        assert "A Club" in (await open_page(client, "/console/o/club/people")).text
        assert "leads nowhere" in (await open_page(client, link, 404)).text
    assert await set_up_url(services) is None
    user = await users.find_user(services.database, ANN)
    assert user is not None
    assert user.is_operator


async def test_a_set_up_link_is_good_for_a_day_and_not_where_there_are_users(
    services: Services, clock: Clock
) -> None:
    first = await set_up_url(services)
    clock.advance(DAY / SECOND)
    second = await set_up_url(services)
    assert second is not None
    assert second != first
    async with browse(services) as client:
        assert "leads nowhere" in (await open_page(client, first or "", 404)).text
        await services.database.write(
            lambda tx: users.add_user(
                tx, email="x@example.org", name="x", password_hash=None, now=services.clock()
            )
        )
        late = await submit(client, second, second, **FORM)
    assert late.status_code == 409
    assert await users.find_user(services.database, ANN) is None
