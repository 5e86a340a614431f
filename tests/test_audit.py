"""The audit log: every change through an API and every act of a recipient leaves its entry, and entries stay."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from badgefed.api.openapi import APIS
from badgefed.issuing import awards, grants, profiles
from badgefed.issuing.grants import Offer, Proof
from badgefed.issuing.organizations import create_user
from badgefed.model.audit import COMMAND, Action, Author, AuthorKind, Entry, Target
from badgefed.model.grant import Grant, ProofKind, Status
from badgefed.model.organization import Role
from badgefed.model.visibility import Visibility
from badgefed.store import audit
from badgefed.store.database import Database, Transaction
from badgefed.store.grants import find_grant, find_grant_by_uuid
from badgefed.work.services import Services
from tests.api import call
from tests.conftest import World
from tests.console import PASSWORD
from tests.issuers_api import BADGE, ISSUED_ON, ISSUER, JANE, code_in, path_of, text_of
from tests.test_webhooks import Receiver
from tests.workers import run_until_idle
from tests.world import Mailbox, Network

READING = frozenset({"verifyBadge", "verifyPicture"})
"""Operations that are no GET and change nothing."""

NEW_BADGE = {"name": "Networks", "description": "Knows networks.", "criteria": "Pass the exam."}


class Walk:
    """A client of all APIs that looks at the log after each request. `done` are the ids of the operations that were called."""

    def __init__(self, services: Services, world: World, client: httpx.AsyncClient, author: str) -> None:
        self.services = services
        self.world = world
        self.client = client
        self.author = author
        self.done: set[str] = set()

    async def step(
        self, operation: str, method: str, path: str, body: object = None, *, expected: str, **headers: str
    ) -> dict[str, Any]:
        """The answer to a request that must succeed and leave an entry, of the key or person who made it."""
        before = await newest(self.services)
        response = await self.client.request(method, path, json=body, headers=headers)
        assert response.is_success, (operation, response.text)
        await self.check(operation, before, expected)
        return dict(response.json())

    async def check(self, operation: str, before: int, expected: str) -> None:
        entries = [one for one in await entries_of(self.services) if one.id > before]
        own = [one for one in entries if one.action == expected]
        assert own, (operation, [one.action for one in entries])
        assert {one.author.label for one in own} == {self.author}, operation
        assert all(one.target.id > 0 and one.target.label for one in own), operation
        assert all(one.organization_id == self.world.organization.id for one in own), operation
        self.done.add(operation)


async def entries_of(services: Services) -> list[Entry]:
    return await audit.list_entries(services.database, organization_id=None, limit=1000)


async def newest(services: Services) -> int:
    return max((entry.id for entry in await entries_of(services)), default=0)


async def process(services: Services, grant_id: int) -> None:
    """The recipient accepts, and the credential is signed."""
    proof = Proof(kind=ProofKind.MAIL_LINK, details={})
    await services.database.write(
        lambda tx: grants.accept(
            tx, grant_id, visibility=Visibility.PUBLIC, proof=proof, now=services.clock()
        )
    )
    await run_until_idle(services)


async def walk_badges(walk: Walk) -> None:
    body = {"badgeId": walk.world.badge.id, "email": "jane@example.org"}
    granted = await walk.step("grantBadge", "POST", "/api/badges/grant", body, expected="grant.offer")
    await process(walk.services, granted["badgeRecord"]["id"])
    grant = await find_grant(walk.services.database, granted["badgeRecord"]["id"])
    assert grant is not None
    path, reason = f"/api/badges/grant/{grant.note_id}", {"reason": "A mistake"}
    await walk.step("suspendGrant", "POST", f"{path}/suspend", reason, expected="grant.suspend")
    await walk.step("reinstateGrant", "POST", f"{path}/reinstate", expected="grant.reinstate")
    await walk.step("revokeGrant", "POST", f"{path}/revoke", reason, expected="grant.revoke")


async def walk_bulk(walk: Walk) -> None:
    """The rows are granted by a job, in the name of the same key."""
    body = {"badge": str(walk.world.badge.id), "rows": [{"email": "one@example.org"}]}
    before = await newest(walk.services)
    await walk.step("createBulk", "POST", "/api/bulk", body, expected="bulk.create")
    await run_until_idle(walk.services)
    await walk.check("createBulk", before, "grant.offer")


async def walk_webhooks(walk: Walk) -> None:
    wanted = {"url": "https://hooks.example/in"}
    made = await walk.step("createWebhook", "POST", "/api/webhooks", wanted, expected="webhook.create")
    path = f"/api/webhooks/{made['webhook']['id']}"
    await walk.step("changeWebhook", "PATCH", path, {"description": "Ours"}, expected="webhook.change")
    rotated = "webhook.rotate-secret"
    await walk.step("rotateWebhookSecret", "POST", f"{path}/rotate-secret", {}, expected=rotated)
    sent = await walk.step("testWebhook", "POST", f"{path}/test", expected="webhook.test")
    await run_until_idle(walk.services)
    again = f"{path}/deliveries/{sent['delivery']['id']}/replay"
    await walk.step("replayDelivery", "POST", again, expected="webhook.replay")
    await walk.services.database.write(
        lambda tx: tx.execute("UPDATE webhook_deliveries SET state = 'failed'")
    )
    failed = f"{path}/replay-failed"
    await walk.step("replayFailedDeliveries", "POST", failed, expected="webhook.replay")
    await walk.step("deleteWebhook", "DELETE", path, expected="webhook.delete")


async def walk_catalogue(walk: Walk, root: str, kind: str) -> str:
    """A badge that stays, after one that went."""
    made = await walk.step(f"create{kind}Badge", "POST", root, NEW_BADGE, expected="badge.create")
    path = f"{root}/{made['id']}"
    other = {**NEW_BADGE, "name": "Other networks"}
    await walk.step(f"replace{kind}Badge", "PUT", path, other, expected="badge.change")
    changes = {"description": "Knows all networks."}
    await walk.step(f"change{kind}Badge", "PATCH", path, changes, expected="badge.change")
    await walk.step(f"delete{kind}Badge", "DELETE", path, expected="badge.delete")
    kept = await walk.step(f"create{kind}Badge", "POST", root, NEW_BADGE, expected="badge.create")
    return str(kept["id"])


async def walk_credentials(walk: Walk) -> None:
    badge = await walk_catalogue(walk, "/api/v1/badges", "Catalogue")
    body = {"badgeId": badge, "recipient": JANE}
    one = await walk.step("issueCredential", "POST", "/api/v1/credentials", body, expected="grant.offer")
    path, reason = f"/api/v1/credentials/{one['id']}/revoke", {"reason": "A mistake"}
    await walk.step("revokeCredential", "POST", path, reason, expected="grant.revoke")
    many = {"badgeId": badge, "recipients": [{"name": "Ben", "email": "ben@example.org"}]}
    root = "/api/v1/credentials/bulk"
    await walk.step("issueCredentials", "POST", root, many, expected="grant.offer")


async def walk_sessions(walk: Walk) -> None:
    """Afterwards the client is the owner's program, not the key's."""
    email = walk.world.owner.email
    await create_user(
        walk.services,
        email=email,
        organization=walk.world.organization,
        role=Role.OWNER,
        password=PASSWORD,
    )
    walk.author = email
    body = {"email": email, "password": PASSWORD}
    opened = await walk.step("login", "POST", "/api/auth/login", body, expected="session.sign-in")
    del walk.client.headers["X-ApiKey"]
    walk.client.headers["Authorization"] = f"Bearer {opened['token']}"
    badge = await walk_catalogue(walk, "/api/organizations/org/badges", "Organization")
    root, wanted = "/api/organizations/org/credentials", {"badgeId": badge, "recipient": JANE}
    issued = await walk.step("issueOrganizationCredential", "POST", root, wanted, expected="grant.offer")
    gone = f"{root}/{issued['id']}"
    reason = {"reason": "A mistake"}
    await walk.step("deleteOrganizationCredential", "DELETE", gone, reason, expected="grant.revoke")
    root, new = "/api/organizations/org/keys", {"name": "Courses", "scopes": ["badges:read"]}
    made = await walk.step("createKey", "POST", root, new, expected="key.create")
    await walk.step("revokeKey", "DELETE", f"{root}/{made['id']}", expected="key.revoke")


async def walk_issuers(walk: Walk, mailbox: Mailbox) -> None:
    made = (await walk.step("createIssuer", "POST", "/issuers", ISSUER, expected="issuer.create"))["info"]
    path = f"/issuers/{path_of(made['issuerId'])}"
    await walk.step("rotateIssuerCode", "POST", f"{path}/rotate-code", expected="issuer.send-code")
    await run_until_idle(walk.services)
    letter = next(one for one in reversed(mailbox.messages) if one["To"] == ISSUER["email"])
    assert "Example School" in text_of(letter)
    code = {"code": code_in(letter)}
    await walk.step("verifyIssuer", "POST", f"{path}/verify", code, expected="issuer.verify")
    changes = {"linkedinOrganizationId": "123"}
    await walk.step("editIssuer", "PUT", path, changes, expected="issuer.change")
    await walk_awards(walk, made["issuerId"])
    await walk.step("deleteIssuer", "DELETE", path, expected="issuer.delete")


async def walk_awards(walk: Walk, issuer: str) -> None:
    """With a badge that goes again, of an issuer that goes again, and awards of the world's issuer."""
    wanted = {**BADGE, "issuerId": issuer}
    made = (await walk.step("createBadge", "POST", "/badges", wanted, expected="badge.create"))["info"]
    path = f"/badges/{path_of(made['badgeId'])}"
    await walk.step("editBadge", "PUT", path, {"name": "Another"}, expected="badge.change")
    await walk.step("deleteBadge", "DELETE", path, expected="badge.delete")
    body = {"badgeId": walk.world.badge.uuid, "recipient": JANE, "issuedOn": ISSUED_ON}
    award = (await walk.step("createAward", "POST", "/awards", body, expected="grant.offer"))["info"]
    path = f"/awards/{path_of(award['awardId'])}"
    await walk.step("mailAward", "POST", f"{path}/email", expected="grant.send-again")
    await walk.step("revokeAward", "DELETE", path, expected="grant.revoke")


@pytest.fixture
async def walk(services: Services, world: World, network: Network) -> AsyncIterator[Walk]:
    network.mount("hooks.example", Receiver())
    async with call(services, world.key) as client:
        yield Walk(services, world, client, "tests")


async def test_every_operation_that_changes_something_leaves_an_entry(walk: Walk, mailbox: Mailbox) -> None:
    await walk_badges(walk)
    await walk_bulk(walk)
    await walk_webhooks(walk)
    await walk_credentials(walk)
    await walk_issuers(walk, mailbox)
    await walk_sessions(walk)
    writing = {
        operation.id for api in APIS for operation in api.operations if operation.method != "GET"
    } - READING
    assert writing - walk.done == set()
    assert walk.done - writing == set()


async def offer(services: Services, world: World) -> Grant:
    wanted = Offer(organization_id=world.organization.id, badge_id=world.badge.id, email="jane@example.org")
    offered = await services.database.write(lambda tx: grants.offer(tx, wanted, services, by=COMMAND))
    return offered.grant


async def last_entry(services: Services) -> Entry:
    return (await entries_of(services))[0]


@pytest.mark.parametrize("accepts", [True, False])
async def test_the_recipients_answer_is_theirs_and_names_nobody(
    services: Services, world: World, *, accepts: bool
) -> None:
    grant = await offer(services, world)
    if accepts:
        await process(services, grant.id)
    else:
        await services.database.write(
            lambda tx: grants.decline(tx, grant.id, reason="This isn't me", now=services.clock())
        )
    entry = await last_entry(services)
    assert entry.author.kind is AuthorKind.RECIPIENT
    assert entry.target == Target(id=grant.id, label=grant.code)
    assert entry.organization_id == world.organization.id
    if accepts:
        assert (entry.action, entry.details) == (
            "grant.accept",
            {"proof": "email-link", "visibility": "public"},
        )
    else:
        assert (entry.action, entry.details) == ("grant.decline", {"reason": "This isn't me"})


async def test_putting_a_profile_on_a_badge_is_the_recipients_act(services: Services, world: World) -> None:
    grant = await offer(services, world)
    await process(services, grant.id)
    await services.database.write(
        lambda tx: profiles.bind(
            tx, grant.id, actor_id="https://social.example/jane", handle=None, now=services.clock()
        )
    )
    entry = await last_entry(services)
    assert (entry.action, entry.author.kind) == ("grant.bind-profile", AuthorKind.RECIPIENT)


async def test_an_award_is_accepted_by_nobody(services: Services, world: World) -> None:
    wanted = Offer(organization_id=world.organization.id, badge_id=world.badge.id, email="jane@example.org")
    awarded = await services.database.write(lambda tx: awards.award(tx, wanted, services, by=COMMAND))
    await run_until_idle(services)
    found = await find_grant_by_uuid(services.database, awarded.grant.uuid)
    assert found is not None
    assert found.status is Status.PROCESSED
    actions = [one.action for one in await entries_of(services) if one.target.label == found.code]
    assert actions == ["grant.offer"]


REFUSED = (
    "DELETE FROM audit_log",
    "UPDATE audit_log SET author_label = 'nobody'",
    "UPDATE audit_log SET action = 'grant.accept'",
    "UPDATE audit_log SET created_at = 0",
    "UPDATE audit_log SET organization_id = NULL",
    "UPDATE audit_log SET details = '{}' WHERE action = 'key.create'",
    "UPDATE audit_log SET details = '{\"recipient\":\"somebody else altogether\"}' WHERE action = 'grant.offer'",
)


@pytest.fixture
async def written(any_database: Database) -> Database:
    """A log with an entry of a key, and one of a grant that names its recipient."""

    async def write(action: Action, **details: str) -> None:
        await any_database.write(
            lambda tx: audit.record(
                tx,
                by=Author(kind=AuthorKind.USER, id=1, label="owner@example.org"),
                action=action,
                target=Target(id=1, label="target"),
                organization_id=None,
                now=1,
                details=details,
            )
        )

    await write(Action.KEY_CREATE, prefix="bws_")
    await write(Action.GRANT_OFFER, recipient="jane@example.org")
    return any_database


@pytest.mark.parametrize("statement", REFUSED)
async def test_the_database_refuses_to_change_the_log(written: Database, statement: str) -> None:
    before = await written.all("SELECT * FROM audit_log ORDER BY id")
    with pytest.raises((sqlite3.IntegrityError, asyncpg.RaiseError), match="entries of the audit log"):
        await written.write(lambda tx: tx.execute(statement))
    assert await written.all("SELECT * FROM audit_log ORDER BY id") == before


async def test_a_recipients_name_can_be_taken_out(written: Database) -> None:
    statement = "UPDATE audit_log SET details = '{}' WHERE action = 'grant.offer'"
    assert await written.write(lambda tx: tx.execute(statement)) == 1


def test_every_action_has_its_words_in_the_console() -> None:
    page = Path(__file__).parents[1] / "templates" / "console" / "audit.html"
    text = page.read_text()
    assert [action for action in Action if f'"{action}": _(' not in text] == []
    assert [kind for kind in AuthorKind if f'"{kind}": ' not in text] == []
    assert [one.target_kind for one in Action if f'"{one.target_kind}": _(' not in text] == []


@pytest.mark.parametrize("typed", ["ÄRGER", "ärger", "Ärger"])
async def test_names_are_found_in_any_case_of_any_script(any_database: Database, typed: str) -> None:
    async def add(tx: Transaction, label: str) -> None:
        by = Author(kind=AuthorKind.USER, id=1, label=label)
        target = Target(id=1, label="x")
        await audit.record(tx, by=by, action=Action.KEY_CREATE, target=target, organization_id=None, now=1)

    for label in ("Frau Ärger", "FRAU ÄRGER", "Frau Other", "100% ärger_"):
        await any_database.write(partial(add, label=label))

    async def find(text: str) -> list[str]:
        found = await audit.list_entries(any_database, organization_id=None, limit=9, text=text)
        return [entry.author.label for entry in found]

    assert await find(typed) == ["100% ärger_", "FRAU ÄRGER", "Frau Ärger"]
    assert await find("0% Ä") == ["100% ärger_"]
    assert await find("_") == ["100% ärger_"]
    assert await find("fRAU o") == ["Frau Other"]
