"""What an organization granted, as its people see it, and what they can do about it; and what the log says of all that."""

from __future__ import annotations

from typing import Any

import pytest

from badgefed.issuing import grants
from badgefed.issuing.api_keys import revoke_key
from badgefed.issuing.badges import NewBadge, create_badge
from badgefed.issuing.grants import Offer
from badgefed.issuing.organizations import create_user
from badgefed.model.audit import COMMAND, SYSTEM, Action, Author, AuthorKind, Target
from badgefed.model.grant import Grant, ProofKind, Status
from badgefed.model.organization import Role
from badgefed.model.times import DAY
from badgefed.model.visibility import Visibility
from badgefed.store import audit
from badgefed.store.api_keys import list_live_keys
from badgefed.store.audit import list_entries
from badgefed.store.grants import find_grant
from badgefed.store.organization_grants import GrantFilter, GrantSearch, list_grants
from badgefed.web.console.audit import SEARCHED as LOOKED_THROUGH
from badgefed.web.console.grants import SEARCHED
from badgefed.work.services import Services
from tests import api
from tests.api import make_stranger
from tests.conftest import World
from tests.console import PASSWORD, add_person, browse, open_page, sign_in, submit
from tests.html_pages import check_page
from tests.lookers import copy
from tests.workers import run_until_idle

GRANTS = "/console/o/org/grants"
AUDIT = "/console/o/org/audit"


async def offer(services: Services, world: World, number: int = 1, **wanted: Any) -> Grant:
    values = {"email": f"jane{number}@mail.example", "name": f"Jane {number}", **wanted}
    made = Offer(organization_id=world.organization.id, badge_id=world.badge.id, **values)
    return (await services.database.write(lambda tx: grants.offer(tx, made, services, by=COMMAND))).grant


async def publish(services: Services, grant: Grant) -> None:
    proof = grants.Proof(kind=ProofKind.LINK, details={})
    await services.database.write(
        lambda tx: grants.accept(
            tx, grant.id, visibility=Visibility.PUBLIC, proof=proof, now=services.clock()
        )
    )
    await run_until_idle(services)


async def reload(services: Services, grant: Grant) -> Grant:
    found = await find_grant(services.database, grant.id)
    assert found is not None
    return found


@pytest.fixture
async def admin(services: Services, world: World) -> str:
    await add_person(services, world, "admin@example.org", Role.ADMIN)
    return "admin@example.org"


async def test_a_text_is_looked_for_further_back_page_by_page(
    services: Services, world: World, admin: str
) -> None:
    wanted = await offer(services, world, name="Xanthippe")
    other = await offer(services, world, 2)
    unique = ("uuid", "code", "note_id", "note_uri", "active_recipient")
    await copy(services, "grants", other.id, SEARCHED, *unique)
    async with browse(services) as client:
        await sign_in(client, admin)
        first = await open_page(client, f"{GRANTS}?q=xanthippe")
        assert "Nothing found so far" in first.text
        further = next(link.get("href") for link in first.all("a") if "before=" in link.get("href"))
        second = await open_page(client, f"{GRANTS}{further}")
    assert [link.get("href") for link in second.all("a", **{"class": "row"})] == [f"{GRANTS}/{wanted.uuid}"]
    assert "More grants" not in second.text


async def test_the_list_pages_stably_while_grants_are_added(
    services: Services, world: World, admin: str
) -> None:
    made = [await offer(services, world, number) for number in range(1, 61)]
    async with browse(services) as client:
        await sign_in(client, admin)
        first = await open_page(client, GRANTS)
        await offer(services, world, 99)
        older = next(link.get("href") for link in first.all("a") if "before=" in link.get("href"))
        second = await open_page(client, f"{GRANTS}{older}")
    seen = [link.get("href") for page in (first, second) for link in page.all("a", **{"class": "row"})]
    assert seen == [f"{GRANTS}/{grant.uuid}" for grant in reversed(made)]


async def test_grants_are_found_by_state_and_text(services: Services, world: World, admin: str) -> None:
    jane, mary = await offer(services, world, 1), await offer(services, world, 2, name="100% Mary_Ö")
    await services.database.write(
        lambda tx: grants.revoke(tx, jane.id, reason="A test", now=services.clock())
    )
    async with browse(services) as client:
        await sign_in(client, admin)
        for query, found in (
            ("?state=revoked", [jane]),
            ("?state=pending", [mary]),
            ("?q=JANE+1", [jane]),
            ("?q=100%25", [mary]),
            ("?q=_%C3%96", [mary]),
            ("?q=100_Mary", []),
            (f"?q={mary.code.lower()}", [mary]),
            ("?q=advanced&state=valid", []),
            ("?state=nonsense&before=nonsense", [mary, jane]),
            ("?before=999999999999999999999999", [mary, jane]),
        ):
            page = await open_page(client, f"{GRANTS}{query}")
            rows = [link.get("href") for link in page.all("a", **{"class": "row"})]
            assert rows == [f"{GRANTS}/{grant.uuid}" for grant in found], query


async def test_a_published_grant_is_suspended_reinstated_and_revoked(
    services: Services, world: World, admin: str
) -> None:
    grant = await offer(services, world)
    await publish(services, grant)
    url = f"{GRANTS}/{grant.uuid}"
    async with browse(services) as client:
        await sign_in(client, admin)
        page = await open_page(client, url)
        for text in ("Advanced Training", "Jane 1, jane1@mail.example", "Valid", grant.code):
            assert text in page.text, text
        await submit(client, url, f"{url}/suspend", reason="Under <i>review</i>")
        page = await open_page(client, url)
        assert "Under <i>review</i>" in page.text
        assert "Suspended" in page.text
        assert (await reload(services, grant)).suspended_at is not None
        await submit(client, url, f"{url}/reinstate")
        assert (await reload(services, grant)).suspended_at is None
        form = {"token": (await open_page(client, url)).value("token"), "reason": "By mistake"}
        for _ in range(2):
            response = await client.post(f"{url}/revoke", data=form)
            assert (response.status_code, response.headers["location"]) == (303, url)
        page = await open_page(client, url)
        assert [one.get("action") for one in page.all("form")] == ["/console/sign-out"]
        log = await open_page(client, AUDIT)
    assert (await reload(services, grant)).closed_reason == "By mistake"
    assert log.text.count(f"admin@example.org revoked {grant.code}") == 1
    for text in ("suspended", "reinstated", "By mistake", "from 192.0.2.7"):
        assert text in log.text


@pytest.mark.parametrize(("reason", "words"), [("", "Say why"), ("x" * 1001, "1000 characters")])
async def test_a_bad_reason_changes_nothing_and_comes_back(
    services: Services, world: World, admin: str, reason: str, words: str
) -> None:
    grant = await offer(services, world)
    url = f"{GRANTS}/{grant.uuid}"
    async with browse(services) as client:
        await sign_in(client, admin)
        response = await submit(client, url, f"{url}/revoke", reason=reason)
    assert response.status_code == 400
    page = check_page(response)
    assert words in page.text
    assert page.all("textarea")[0].text == reason
    assert (await reload(services, grant)).status is Status.PENDING


@pytest.mark.parametrize("role", [Role.ISSUER, Role.VIEWER])
@pytest.mark.parametrize("action", ["revoke", "suspend", "reinstate"])
async def test_lower_roles_see_a_grant_and_can_not_close_it(
    services: Services, world: World, role: Role, action: str
) -> None:
    await add_person(services, world, "low@example.org", role)
    grant = await offer(services, world)
    url = f"{GRANTS}/{grant.uuid}"
    async with browse(services) as client:
        await sign_in(client, "low@example.org")
        assert "Revoke" not in (await open_page(client, url)).text
        response = await submit(client, url, f"{url}/{action}", reason="Because")
    assert response.status_code == 403
    assert (await reload(services, grant)).status is Status.PENDING


async def test_a_grant_of_another_organization_is_not_there(
    services: Services, world: World, admin: str
) -> None:
    other = await make_stranger(services, world)
    theirs = await offer(services, other)
    url = f"{GRANTS}/{theirs.uuid}"
    async with browse(services) as client:
        await sign_in(client, admin)
        await open_page(client, url, status=404)
        response = await submit(client, GRANTS, f"{url}/revoke", reason="Because")
    assert response.status_code == 404
    assert (await reload(services, theirs)).status is Status.PENDING


async def test_the_store_filters_by_each_state(any_services: Services, any_world: World) -> None:
    services, world = any_services, any_world
    made = {}
    for number, (name, status, suspended, expires) in enumerate(
        (
            (GrantFilter.PENDING, "pending", None, None),
            (GrantFilter.ACCEPTED, "accepted", None, None),
            (GrantFilter.VALID, "processed", None, None),
            (GrantFilter.EXPIRED, "processed", None, services.clock() - DAY),
            (GrantFilter.SUSPENDED, "processed", services.clock(), None),
            (GrantFilter.REVOKED, "revoked", None, None),
            (GrantFilter.DECLINED, "declined", None, None),
        )
    ):
        grant = await offer(services, world, number)
        made[name] = grant.id
        values = (status, suspended, expires, grant.id)
        await services.database.write(
            lambda tx, values=values: tx.execute(  # type: ignore[misc]
                "UPDATE grants SET status = ?, suspended_at = ?, expires_at = ? WHERE id = ?", *values
            )
        )
    for state in GrantFilter:
        rows = await list_grants(
            services.database,
            world.organization.id,
            GrantSearch(state=state),
            limit=10,
            now=services.clock(),
        )
        assert [row.grant.id for row in rows] == [made[state]], state


async def entries(services: Services, **wanted: Any) -> list[tuple[str, str, str]]:
    found = await list_entries(services.database, limit=100, **{"organization_id": None, **wanted})
    return [(one.author.label, one.action, one.target.label) for one in found]


async def test_the_log_knows_who_did_what_by_whichever_door(services: Services, world: World) -> None:
    async with api.call(services, world.key) as client:
        answer = await api.grant(client, {"badgeId": world.badge.id, "email": "x@mail.example"})
        note_id = answer["badgeRecord"]["noteId"].rpartition("/")[2]
        await client.post(f"/api/badges/grant/{note_id}/revoke", json={"reason": "A test"})
    badge = await create_badge(
        services,
        issuer=world.issuer,
        new=NewBadge(title="New", description="d", criteria="c"),
        by=COMMAND,
    )
    await create_user(
        services, email="new@example.org", organization=world.organization, role=Role.ISSUER, by=COMMAND
    )
    keys = await list_live_keys(services.database, world.organization.id, now=services.clock())
    await revoke_key(services, keys[0].id, by=COMMAND)
    code = (await api.find(services, answer)).code
    log = await entries(services, organization_id=world.organization.id)
    assert log[:5] == [
        ("command line", "key.revoke", "tests"),
        ("command line", "member.add", "new@example.org"),
        ("command line", "badge.create", badge.title),
        ("tests", "grant.revoke", code),
        ("tests", "grant.offer", code),
    ]
    made = await entries(services, organization_id=world.organization.id, kind="organization")
    assert made == [("this server", "organization.create", "org")]
    whole = await services.database.all("SELECT * FROM audit_log")
    assert world.key not in str(whole)


async def test_what_is_undone_leaves_no_entry(services: Services, world: World) -> None:
    grant = await offer(services, world)
    before = await entries(services)

    async def fail(tx: Any) -> None:
        await grants.revoke(tx, grant.id, reason="A test", now=services.clock())
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await services.database.write(fail)
    assert await entries(services) == before


async def test_the_log_is_filtered_and_paged_on_each_database(
    any_services: Services, any_world: World
) -> None:
    services = any_services
    jane = Author(kind=AuthorKind.USER, id=7, label="Jane@example.org", network="192.0.2.0")
    for number in range(5):
        await services.database.write(
            lambda tx, number=number: audit.record(  # type: ignore[misc]
                tx,
                by=jane if number % 2 else SYSTEM,
                action=Action.ISSUER_CHANGE if number < 3 else Action.KEY_REVOKE,
                target=Target(id=number, label=f"target {number}"),
                organization_id=any_world.organization.id,
                now=services.clock(),
                details={"number": number, "nothing": None},
            )
        )
    found = await list_entries(services.database, organization_id=None, limit=2)
    assert [one.target.label for one in found] == ["target 4", "target 3"]
    assert found[1].author == jane
    assert found[1].details == {"number": 3, "nothing": None}
    older = await list_entries(services.database, organization_id=None, limit=2, before=found[-1].id)
    assert [one.target.label for one in older] == ["target 2", "target 1"]
    assert len(await entries(services, kind="issuer", text="TARGET")) == 3
    assert len(await entries(services, text="jane@EXAMPLE")) == 2
    assert await entries(services, organization_id=any_world.organization.id + 1) == []


async def test_the_log_is_shown_in_pages_and_by_kind(services: Services, world: World, admin: str) -> None:
    for number in range(60):
        await offer(services, world, number)
    async with browse(services) as client:
        await sign_in(client, admin)
        page = await open_page(client, f"{AUDIT}?kind=grant&q=CRD")
        assert page.text.count("command line granted CRD-") == 50
        older = next(link.get("href") for link in page.all("a") if "before=" in link.get("href"))
        page = await open_page(client, f"{AUDIT}{older}")
        assert page.text.count("command line granted CRD-") == 10
        assert "signed in as admin@example.org" in (await open_page(client, f"{AUDIT}?kind=session")).text
        assert "Nothing found" in (await open_page(client, f"{AUDIT}?q=nobody+at+all")).text


async def test_the_log_is_looked_through_some_thousand_entries_at_a_time(
    services: Services, world: World, admin: str
) -> None:
    wanted = await offer(services, world, 1)
    await services.database.write(
        lambda tx: grants.revoke(tx, wanted.id, reason="A test", now=services.clock())
    )
    other = await offer(services, world, 2)
    [entry] = await list_entries(services.database, organization_id=None, text=other.code, limit=2)
    await copy(services, "audit_log", entry.id, LOOKED_THROUGH)
    async with browse(services) as client:
        await sign_in(client, admin)
        for query in (f"?q={wanted.code}", f"?kind=grant&q={wanted.code}", "?kind=key"):
            first = await open_page(client, f"{AUDIT}{query}")
            assert "Nothing found so far" in first.text
            further = next(link.get("href") for link in first.all("a") if "before=" in link.get("href"))
            second = await open_page(client, f"{AUDIT}{further}")
            assert second.text.count(f"command line granted {wanted.code}") == ("q=" in query)
            assert "Older entries" not in second.text


async def test_a_member_signs_in_to_the_log_of_their_organization_only(
    services: Services, world: World, admin: str
) -> None:
    other = await make_stranger(services, world)
    async with browse(services) as client:
        await sign_in(client, admin, PASSWORD)
    ours = await entries(services, organization_id=world.organization.id, kind="session")
    theirs = await entries(services, organization_id=other.organization.id, kind="session")
    assert (len(ours), theirs) == (1, [])
