"""The Credentials API as its clients call it."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from PIL import Image
from starlette.applications import Starlette

from badgefed.api.credentials_api import api as credentials_api
from badgefed.api.idempotency import REPLAYED
from badgefed.app import create_app
from badgefed.issuing.api_keys import create_key
from badgefed.issuing.organizations import create_user
from badgefed.model.organization import Dialect, Role
from badgefed.model.times import DAY, SECOND
from badgefed.protocol.baking import unbake_png
from badgefed.work.services import Services
from tests.api import count, make_key, make_stranger
from tests.conftest import BASE, World
from tests.workers import run_until_idle
from tests.world import Clock, Mailbox, Network, answer

PASSWORD = "correct horse battery"
UNKNOWN = "00000000-0000-7000-8000-000000000000"
JANE = {"name": "Jane Doe", "email": "jane@example.org"}


def picture(form: str = "PNG") -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (64, 64), (20, 90, 160)).save(data, form)
    return data.getvalue()


def data_uri(form: str = "PNG") -> str:
    return f"data:image/{form.lower()};base64,{base64.b64encode(picture(form)).decode()}"


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><circle cx="5" cy="5" r="4"/></svg>'
# With a picture, for drawing one takes longer than all else.
NEW_BADGE: dict[str, Any] = {
    "name": "AWS Fundamentals",
    "description": "Knows the basics.",
    "criteria": "Pass the exam.",
    "expiresInDays": 730,
    "tags": ["aws", "cloud computing"],
    "image": data_uri(),
}


@asynccontextmanager
async def door(
    app: Starlette, bearer: str | None = None, *, address: str = "192.0.2.1"
) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app, client=(address, 40000))
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    async with httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers) as client:
        yield client


@pytest.fixture
def app(services: Services) -> Starlette:
    return create_app(services)


@pytest.fixture
async def client(app: Starlette, world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with door(app, world.key) as client:
        yield client


async def add_user(services: Services, world: World, role: Role) -> str:
    email = f"{role}@example.org"
    await create_user(services, email=email, organization=world.organization, role=role, password=PASSWORD)
    return email


async def sign_in(app: Starlette, email: str, *, address: str = "198.51.100.1") -> str:
    async with door(app, address=address) as client:
        response = await client.post("/api/auth/login", json={"email": email, "password": PASSWORD})
    assert response.status_code == 200, response.text
    token: str = response.json()["token"]
    assert token.count(".") == 2
    return token


async def issue(client: httpx.AsyncClient, badge_id: str, **recipient: str) -> dict[str, Any]:
    body = {"badgeId": badge_id, "recipient": {**JANE, **recipient}}
    response = await client.post("/api/v1/credentials", json=body)
    assert response.status_code == 201, response.text
    issued: dict[str, Any] = response.json()
    return issued


async def define(client: httpx.AsyncClient, **members: Any) -> dict[str, Any]:
    response = await client.post("/api/v1/badges", json={**NEW_BADGE, **members})
    assert response.status_code == 201, response.text
    badge: dict[str, Any] = response.json()
    return badge


def accept_link(mailbox: Mailbox) -> str:
    text = mailbox.messages[-1].get_body(("plain",))
    assert text is not None
    found = re.search(r"https://\S+/accept/grant/\S+", text.get_content())
    assert found is not None
    return found[0]


async def accept(app: Starlette, services: Services, mailbox: Mailbox, visibility: str = "public") -> None:
    """As the recipient does, by the link in the mail."""
    await run_until_idle(services)
    link = accept_link(mailbox)
    async with door(app) as browser:
        page = await browser.get(link)
        token = page.text.split('name="token" value="')[1].split('"')[0]
        form = {"token": token, "answer": "accept", "visibility": visibility}
        assert (await browser.post(link, data=form)).status_code == 303
    await run_until_idle(services)


class TestTransport:
    @pytest.mark.parametrize(
        ("method", "path", "body", "status", "code", "field"),
        [
            ("GET", "/api/v1/badges?limit=0", None, 400, "VALIDATION_ERROR", "limit"),
            ("GET", "/api/v1/badges?limit=101", None, 400, "VALIDATION_ERROR", "limit"),
            ("GET", "/api/v1/badges?limit=ten", None, 400, "VALIDATION_ERROR", "limit"),
            ("GET", "/api/v1/badges?offset=-1", None, 400, "VALIDATION_ERROR", "offset"),
            ("GET", "/api/v1/badges?active=maybe", None, 400, "VALIDATION_ERROR", "active"),
            ("GET", "/api/v1/badges?active=1", None, 400, "VALIDATION_ERROR", "active"),
            ("GET", f"/api/v1/badges/{UNKNOWN}", None, 404, "NOT_FOUND", None),
            ("GET", "/api/v1/badges/x", None, 404, "NOT_FOUND", None),
            ("GET", "/api/v1/nothing", None, 404, "NOT_FOUND", None),
            ("PUT", "/api/v1/badges", {}, 405, "METHOD_NOT_ALLOWED", None),
            ("POST", "/api/v1/badges", {}, 400, "VALIDATION_ERROR", "name"),
            ("POST", "/api/v1/badges", {**NEW_BADGE, "slug": "Not A Slug"}, 400, "VALIDATION_ERROR", "slug"),
            (
                "POST",
                "/api/v1/badges",
                {**NEW_BADGE, "expiresInDays": 0},
                400,
                "VALIDATION_ERROR",
                "expiresInDays",
            ),
            ("POST", "/api/v1/badges", {**NEW_BADGE, "tags": [1]}, 400, "VALIDATION_ERROR", "tags"),
            (
                "POST",
                "/api/v1/badges",
                {**NEW_BADGE, "imageUrl": "ftp://x"},
                400,
                "VALIDATION_ERROR",
                "imageUrl",
            ),
            (
                "POST",
                "/api/v1/badges",
                {**NEW_BADGE, "image": "data:image/png;base64,!"},
                400,
                "VALIDATION_ERROR",
                "image",
            ),
            ("POST", "/api/v1/credentials", {}, 400, "VALIDATION_ERROR", "badgeId"),
            ("POST", "/api/v1/credentials", {"badgeId": UNKNOWN}, 400, "VALIDATION_ERROR", "recipient"),
            (
                "POST",
                "/api/v1/credentials",
                {"badgeId": UNKNOWN, "recipient": {"name": "J"}},
                400,
                "VALIDATION_ERROR",
                "recipient.email",
            ),
            (
                "POST",
                "/api/v1/credentials",
                {"badgeId": UNKNOWN, "recipient": {"email": "a@b.example"}},
                400,
                "VALIDATION_ERROR",
                "recipient.name",
            ),
            (
                "POST",
                "/api/v1/credentials",
                {"badgeId": "x", "recipient": JANE},
                400,
                "VALIDATION_ERROR",
                "badgeId",
            ),
            ("POST", "/api/v1/credentials", {"badgeId": UNKNOWN, "recipient": JANE}, 404, "NOT_FOUND", None),
            (
                "POST",
                "/api/v1/credentials",
                {"badgeId": UNKNOWN, "recipient": "Jane"},
                400,
                "VALIDATION_ERROR",
                "recipient",
            ),
            ("GET", "/api/v1/credentials?status=lost", None, 400, "VALIDATION_ERROR", "status"),
            ("GET", "/api/v1/credentials?badgeId=1", None, 400, "VALIDATION_ERROR", "badgeId"),
            ("GET", "/api/v1/credentials/CRD-22222222", None, 404, "NOT_FOUND", None),
            ("POST", "/api/v1/credentials/CRD-22222222/revoke", {"reason": "x"}, 404, "NOT_FOUND", None),
            ("POST", "/api/v1/credentials/CRD-22222222/revoke", {}, 400, "VALIDATION_ERROR", "reason"),
            (
                "POST",
                "/api/v1/credentials/bulk",
                {"badgeId": UNKNOWN, "recipients": []},
                400,
                "VALIDATION_ERROR",
                "recipients",
            ),
        ],
    )
    async def test_errors_have_code_message_and_field(
        self,
        client: httpx.AsyncClient,
        method: str,
        path: str,
        body: object,
        status: int,
        code: str,
        field: str | None,
    ) -> None:
        response = await client.request(method, path, json=body)
        error = response.json()
        assert (response.status_code, error["error"]) == (status, code), response.text
        assert error["message"]
        assert error.get("details", {}).get("field") == field

    @pytest.mark.parametrize("bearer", [None, "crd_live_unknown", "a.b.c"])
    @pytest.mark.parametrize("path", ["/api/v1/badges", "/api/organizations/org/badges", "/api/auth/me"])
    async def test_who_is_unknown_gets_401(
        self, app: Starlette, world: World, bearer: str | None, path: str
    ) -> None:
        async with door(app, bearer) as stranger:
            response = await stranger.get(path)
        assert (response.status_code, response.json()["error"]) == (401, "UNAUTHORIZED")

    async def test_a_key_of_this_dialect_may_be_used_60_times_a_minute(
        self, app: Starlette, services: Services, world: World
    ) -> None:
        new = await create_key(services, email=world.owner.email, name="crd", dialect=Dialect.CREDENTIALS)
        assert new.key.startswith("crd_live_")
        async with door(app, new.key) as program:
            first = await program.get("/api/v1/badges")
            for _ in range(59):
                await program.get("/api/v1/badges")
            refused = await program.get("/api/v1/badges")
        assert (first.headers["X-RateLimit-Limit"], first.headers["X-RateLimit-Remaining"]) == ("60", "59")
        assert int(first.headers["X-RateLimit-Reset"]) * SECOND > services.clock()
        assert (refused.status_code, refused.json()["error"]) == (429, "RATE_LIMITED")
        assert int(refused.headers["Retry-After"]) > 0

    async def test_a_key_without_the_scope_is_refused(
        self, app: Starlette, services: Services, world: World
    ) -> None:
        key = await make_key(services, world.owner.email, scopes=("badges:read",))
        async with door(app, key) as program:
            response = await program.post("/api/v1/badges", json=NEW_BADGE)
        assert (response.status_code, response.json()["error"]) == (403, "FORBIDDEN")


class TestBadges:
    async def test_a_badge_is_defined_and_shown(self, client: httpx.AsyncClient) -> None:
        badge = await define(client, image=None)
        assert set(badge) == {
            "id", "name", "slug", "description", "criteria", "imageUrl", "expiresInDays", "tags", "isActive",
            "createdAt", "publicUrl", "achievementUrl",
        }  # fmt: skip
        assert (badge["slug"], badge["tags"]) == ("aws-fundamentals", ["aws", "cloud-computing"])
        assert badge["publicUrl"] == f"{BASE}/o/org/badges/aws-fundamentals"
        assert badge["createdAt"].endswith("Z")
        assert (await client.get(f"/api/v1/badges/{badge['id']}")).json() == badge
        for name in ("publicUrl", "achievementUrl", "imageUrl"):
            assert (await client.get(badge[name])).status_code == 200

    async def test_lists_come_in_pages_that_stay_as_they_are(self, client: httpx.AsyncClient) -> None:
        made = [await define(client, name=f"Badge {number}") for number in range(2)]
        first = (await client.get("/api/v1/badges?limit=2")).json()
        assert first["pagination"] == {"limit": 2, "offset": 0, "total": 3}
        made.append(await define(client, name="Another"))
        second = (await client.get("/api/v1/badges?limit=2&offset=2")).json()
        assert [one["id"] for one in first["data"] + second["data"]][1:] == [one["id"] for one in made]

    async def test_lists_are_filtered(self, client: httpx.AsyncClient) -> None:
        await define(client, isActive=False)
        for active in ("true", "True", "false", "False"):
            found = (await client.get(f"/api/v1/badges?active={active}")).json()["data"]
            assert [one["isActive"] for one in found] == [active.lower() == "true"]

    async def test_a_taken_slug_is_a_conflict(self, client: httpx.AsyncClient) -> None:
        await define(client, slug="one")
        response = await client.post("/api/v1/badges", json={**NEW_BADGE, "slug": "one"})
        assert (response.status_code, response.json()["error"]) == (409, "CONFLICT")

    @pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
    async def test_the_picture_comes_as_data_uri(self, client: httpx.AsyncClient, form: str) -> None:
        badge = await define(client, image=data_uri(form))
        shown = await client.get(badge["imageUrl"])
        assert Image.open(io.BytesIO(shown.content)).size == (64, 64)

    async def test_the_picture_comes_as_file(self, client: httpx.AsyncClient) -> None:
        fields = {"name": "Filed", "description": "D", "criteria": "C", "tags": "a, b", "expiresInDays": "30"}
        for data in (picture(), SVG):
            response = await client.post("/api/v1/badges", data=fields, files={"image": ("a.png", data)})
            assert response.status_code == 201, response.text
        assert (response.json()["tags"], response.json()["expiresInDays"]) == (["a", "b"], 30)

    @pytest.mark.parametrize(
        ("data", "media_type"), [(picture(), "image/png"), (SVG, "image/svg+xml")], ids=["png", "svg"]
    )
    async def test_the_picture_is_fetched_once(
        self, client: httpx.AsyncClient, network: Network, data: bytes, media_type: str
    ) -> None:
        async def send(_request: object) -> Any:
            return answer(200, data, media_type)

        network.mount("art.example", send)
        badge = await define(client, image=None, imageUrl="https://art.example/a")
        again = await client.put(f"/api/v1/badges/{badge['id']}", json=badge)
        assert again.json() == badge
        assert len(network.sent_to("https://art.example/a")) == 1

    async def test_a_bad_picture_makes_no_badge(self, client: httpx.AsyncClient, services: Services) -> None:
        before = await count(services, "badges")
        plain = {**NEW_BADGE, "image": None}
        fields = {name: NEW_BADGE[name] for name in ("name", "description", "criteria")}
        large = base64.b64encode(bytes(5_000_001)).decode()
        answers = {
            "unknown": await client.post(
                "/api/v1/badges", json={**plain, "image": "data:image/png;base64,AAAA"}
            ),
            "large": await client.post("/api/v1/badges", json={**plain, "image": large}),
            "large file": await client.post(
                "/api/v1/badges", data=fields, files={"image": ("a.png", bytes(5_000_001))}
            ),
            "two": await client.post(
                "/api/v1/badges",
                data={**fields, "imageUrl": "https://gone.example/a.png"},
                files={"image": ("a.png", picture())},
            ),
            "both": await client.post(
                "/api/v1/badges", json={**NEW_BADGE, "imageUrl": "https://gone.example/a.png"}
            ),
            "gone": await client.post(
                "/api/v1/badges", json={**plain, "imageUrl": "https://gone.example/a.png"}
            ),
        }
        fields_at_fault = {
            name: (one.status_code, one.json()["error"], one.json()["details"]["field"])
            for name, one in answers.items()
        }
        bad = (400, "VALIDATION_ERROR", "image")
        assert fields_at_fault == {
            **dict.fromkeys(("unknown", "large", "large file", "two", "both"), bad),
            "gone": (400, "VALIDATION_ERROR", "imageUrl"),
        }
        assert await count(services, "badges") == before

    async def test_a_taken_slug_changes_nothing_else(self, client: httpx.AsyncClient, world: World) -> None:
        badge = await define(client)
        path = f"/api/v1/badges/{badge['id']}"
        change = {"description": "Other", "isActive": False, "slug": world.badge.slug}
        response = await client.patch(path, json=change)
        assert (response.status_code, response.json()["error"]) == (409, "CONFLICT")
        assert (await client.get(path)).json() == badge

    async def test_changing_is_in_part_and_replacing_is_whole(self, client: httpx.AsyncClient) -> None:
        badge = await define(client)
        path = f"/api/v1/badges/{badge['id']}"
        changed = (await client.patch(path, json={"description": "Other", "isActive": False})).json()
        assert changed == {**badge, "description": "Other", "isActive": False}
        cleared = (await client.patch(path, json={"expiresInDays": None, "slug": "other"})).json()
        assert (cleared["expiresInDays"], cleared["slug"], cleared["tags"]) == (None, "other", badge["tags"])
        whole = {name: NEW_BADGE[name] for name in ("name", "description", "criteria")}
        replaced = (await client.put(path, json=whole)).json()
        assert (replaced["expiresInDays"], replaced["tags"], replaced["slug"]) == (None, [], "other")

    async def test_name_and_slug_are_locked_once_issued(self, client: httpx.AsyncClient) -> None:
        badge = await define(client)
        await issue(client, badge["id"])
        path = f"/api/v1/badges/{badge['id']}"
        for change in ({"name": "Another"}, {"slug": "another"}):
            response = await client.patch(path, json=change)
            assert (response.status_code, response.json()["error"]) == (409, "CONFLICT")
        assert (await client.patch(path, json={"criteria": "Harder"})).json()["criteria"] == "Harder"

    async def test_deleting_removes_what_was_never_issued_and_ends_the_rest(
        self, client: httpx.AsyncClient
    ) -> None:
        unused, used = await define(client), await define(client, name="Used")
        await issue(client, used["id"])
        assert (await client.delete(f"/api/v1/badges/{unused['id']}")).json()["deleted"] is True
        assert (await client.get(f"/api/v1/badges/{unused['id']}")).status_code == 404
        assert (await client.delete(f"/api/v1/badges/{used['id']}")).json()["deleted"] is False
        body = {"badgeId": used["id"], "recipient": {**JANE, "email": "other@example.org"}}
        refused = await client.post("/api/v1/credentials", json=body)
        assert (refused.status_code, refused.json()["error"]) == (409, "CONFLICT")

    async def test_one_organization_sees_nothing_of_another(
        self, client: httpx.AsyncClient, app: Starlette, services: Services, world: World
    ) -> None:
        stranger = await make_stranger(services, world)
        issued = await issue(client, world.badge.uuid)
        async with door(app, stranger.key) as other:
            for path in (f"/api/v1/badges/{world.badge.uuid}", f"/api/v1/credentials/{issued['id']}"):
                assert (await other.get(path)).status_code == 404
            assert (await other.get("/api/v1/credentials")).json()["pagination"]["total"] == 0

    async def test_a_repeated_creation_is_carried_out_once(self, client: httpx.AsyncClient) -> None:
        answers = [
            await client.post("/api/v1/badges", json=NEW_BADGE, headers={"Idempotency-Key": "one"})
            for _ in range(2)
        ]
        assert answers[0].json() == answers[1].json()
        assert answers[1].headers["Idempotency-Replayed"] == "true"


def seen(pending: int, public: int, unlisted: int, private: int, revoked: int) -> dict[str, int]:
    return {
        "pending": pending,
        "public": public,
        "unlisted": unlisted,
        "private": private,
        "revoked": revoked,
    }


SEEN = {
    "/credentials/{uuid}/ob3": seen(200, 200, 200, 404, 410),
    "/credentials/{uuid}/jwt": seen(200, 200, 200, 404, 410),
    "/credentials/{uuid}/badge.png": seen(200, 200, 200, 404, 410),
    "/certify-badge/award/{uuid}": seen(200, 200, 200, 404, 410),
    "/api/verify/{uuid}": seen(200, 200, 200, 403, 200),
    "/api/credentials/{uuid}/baked": seen(200, 200, 200, 403, 410),
    "/api/embed/{uuid}": seen(404, 200, 404, 404, 410),
    "{note}": seen(404, 200, 200, 404, 410),
}


class TestCredentials:
    async def test_it_is_pending_and_verifiable_then_accepted_and_published(
        self, client: httpx.AsyncClient, app: Starlette, services: Services, world: World, mailbox: Mailbox
    ) -> None:
        issued = await issue(client, world.badge.uuid)
        assert issued["status"] == "pending"
        assert issued["verificationUrl"] == f"{BASE}/verify/{issued['credentialId']}"
        shown = (await client.get(f"/api/v1/credentials/{issued['credentialId']}")).json()
        signed = shown.pop("ob3Credential")
        assert shown == issued
        assert signed["proof"][0]["cryptosuite"] == "eddsa-rdfc-2022"
        assert (await client.get(f"/credentials/{issued['id']}/ob3")).json() == signed
        checked = (await client.get(f"/api/verify/{issued['credentialId']}")).json()
        assert (checked["status"], checked["ob3Credential"]) == ("pending", signed)
        assert checked["verification"] == {"signatureValid": True, "notRevoked": True, "notExpired": True}
        row = await services.database.one("SELECT note_uri FROM grants WHERE uuid = ?", issued["id"])
        assert row is not None
        assert (await client.get(row["note_uri"])).status_code == 404
        await accept(app, services, mailbox)
        assert (
            await client.get(row["note_uri"], headers={"Accept": "application/activity+json"})
        ).status_code == 200
        now = (await client.get(f"/api/v1/credentials/{issued['id']}")).json()
        assert (now["status"], now["ob3Credential"]) == ("valid", signed)

    @pytest.mark.parametrize("state", ["pending", "public", "unlisted", "private", "revoked"])
    async def test_who_may_see_what_was_issued(
        self,
        client: httpx.AsyncClient,
        app: Starlette,
        services: Services,
        world: World,
        mailbox: Mailbox,
        state: str,
    ) -> None:
        issued = await issue(client, world.badge.uuid)
        row = await services.database.one("SELECT note_uri FROM grants WHERE uuid = ?", issued["id"])
        assert row is not None
        if state != "pending":
            await accept(app, services, mailbox, "public" if state == "revoked" else state)
        if state == "revoked":
            await client.post(f"/api/v1/credentials/{issued['id']}/revoke", json={"reason": "mistake"})
        answers = {
            path: (await client.get(path.format(uuid=issued["id"], note=row["note_uri"]))).status_code
            for path in SEEN
        }
        assert answers == {path: expected[state] for path, expected in SEEN.items()}

    async def test_a_declined_one_is_hidden_and_its_bit_is_set(
        self, client: httpx.AsyncClient, app: Starlette, services: Services, world: World, mailbox: Mailbox
    ) -> None:
        issued = await issue(client, world.badge.uuid)
        signed = (await client.get(f"/credentials/{issued['id']}/ob3")).json()
        await run_until_idle(services)
        link = accept_link(mailbox)
        page = await client.get(link)
        token = page.text.split('name="token" value="')[1].split('"')[0]
        assert (await client.post(link, data={"token": token, "answer": "decline"})).status_code == 303
        await run_until_idle(services)
        assert (await client.get(f"/credentials/{issued['id']}/ob3")).status_code == 404
        response = await client.post(
            "/api/verify", content=json.dumps(signed), headers={"Content-Type": "application/json"}
        )
        assert response.json()["verdict"] == "invalid"
        assert (await client.get(f"/api/v1/credentials/{issued['id']}")).json()["status"] == "revoked"

    async def test_a_credential_that_lasts_is_not_issued_again(
        self, client: httpx.AsyncClient, world: World
    ) -> None:
        await issue(client, world.badge.uuid)
        for email in ("jane@example.org", "JANE@example.org"):
            body = {
                "badgeId": world.badge.uuid,
                "recipient": {**JANE, "email": email, "profileUri": "@j@social.example"},
            }
            response = await client.post("/api/v1/credentials", json=body)
            assert (response.status_code, response.json()["error"]) == (409, "CONFLICT")

    @pytest.mark.parametrize(
        ("before", "status", "reason"),
        [
            ("active", "revoked", "superseded by renewal"),
            ("expired", "expired", None),
            ("revoked", "revoked", "mistake"),
        ],
    )
    async def test_what_may_be_renewed_is_followed_by_another(
        self, client: httpx.AsyncClient, clock: Clock, before: str, status: str, reason: str | None
    ) -> None:
        badge = await define(client, expiresInDays=30)
        old = await issue(client, badge["id"])
        if before == "expired":
            clock.advance(31 * DAY // SECOND)
        if before == "revoked":
            await client.post(f"/api/v1/credentials/{old['id']}/revoke", json={"reason": "mistake"})
        new = await issue(client, badge["id"])
        assert new["supersedesCredentialId"] == old["id"]
        was = (await client.get(f"/api/v1/credentials/{old['id']}")).json()
        assert (was["status"], was["revocationReason"]) == (status, reason)
        assert was["supersededByCredentialId"] == new["id"]
        checked = (await client.get(f"/api/verify/{new['id']}")).json()["credential"]
        assert checked["supersedesCredentialId"] == old["id"]
        assert (checked["issuanceDate"], checked["expirationDate"]) == (
            new["issuanceDate"],
            new["expirationDate"],
        )

    @pytest.mark.parametrize("visibility", ["public", "private"])
    async def test_a_renewal_is_named_to_strangers_once_it_is_published(
        self,
        client: httpx.AsyncClient,
        app: Starlette,
        services: Services,
        mailbox: Mailbox,
        visibility: str,
    ) -> None:
        badge = await define(client, expiresInDays=30)
        old = await issue(client, badge["id"])
        await accept(app, services, mailbox)
        new = await issue(client, badge["id"])
        path = f"/api/verify/{old['id']}"
        assert (await client.get(path)).json()["credential"]["supersededByCredentialId"] is None
        await accept(app, services, mailbox, visibility)
        named = new["id"] if visibility == "public" else None
        assert (await client.get(path)).json()["credential"]["supersededByCredentialId"] == named

    async def test_a_private_credential_is_not_named_by_what_renews_it(
        self, client: httpx.AsyncClient, app: Starlette, services: Services, clock: Clock, mailbox: Mailbox
    ) -> None:
        badge = await define(client, expiresInDays=30)
        await issue(client, badge["id"])
        await accept(app, services, mailbox, "private")
        clock.advance(31 * DAY // SECOND)
        new = await issue(client, badge["id"])
        assert new["supersedesCredentialId"] is not None
        checked = (await client.get(f"/api/verify/{new['id']}")).json()["credential"]
        assert checked["supersedesCredentialId"] is None

    async def test_lists_are_filtered_by_what_applies_first(
        self, client: httpx.AsyncClient, app: Starlette, services: Services, clock: Clock, mailbox: Mailbox
    ) -> None:
        lasting, brief = (
            await define(client, expiresInDays=None),
            await define(client, name="Brief", expiresInDays=1),
        )
        made = {"valid": await issue(client, lasting["id"], email="valid@example.org")}
        await accept(app, services, mailbox)
        made["expired"] = await issue(client, brief["id"], email="expired@example.org")
        made["revoked"] = await issue(client, brief["id"], email="revoked@example.org")
        await client.post(f"/api/v1/credentials/{made['revoked']['id']}/revoke", json={"reason": "x"})
        clock.advance(2 * DAY // SECOND)
        made["pending"] = await issue(client, lasting["id"], email="pending@example.org")
        for status, credential in made.items():
            found = (await client.get(f"/api/v1/credentials?status={status}")).json()
            assert [one["id"] for one in found["data"]] == [credential["id"]]
            assert found["pagination"]["total"] == 1
        of_badge = (await client.get(f"/api/v1/credentials?badgeId={brief['id']}")).json()["data"]
        assert [one["status"] for one in of_badge] == ["expired", "revoked"]

    async def test_many_are_issued_at_once_each_with_a_result(
        self, client: httpx.AsyncClient, world: World
    ) -> None:
        rows = [JANE, {**JANE, "email": "b@example.org"}, JANE, {"name": "No address"}, 5]
        body = {"badgeId": world.badge.uuid, "recipients": rows}
        first = await client.post("/api/v1/credentials/bulk", json=body, headers={"Idempotency-Key": "many"})
        results = first.json()
        assert (results["issued"], results["failed"]) == (2, 3)
        assert [one["status"] for one in results["data"]] == [201, 201, 409, 400, 400]
        assert results["data"][3]["error"]["details"] == {"field": "recipient.email"}
        assert results["data"][4]["error"]["details"] == {"field": "recipient"}
        assert (await client.get(f"/api/verify/{results['data'][1]['credential']['id']}")).status_code == 200
        again = await client.post("/api/v1/credentials/bulk", json=body, headers={"Idempotency-Key": "many"})
        assert again.json() == results
        assert (first.headers.get(REPLAYED), again.headers.get(REPLAYED)) == (None, "true")
        other = {**body, "recipients": rows[:1]}
        refused = await client.post(
            "/api/v1/credentials/bulk", json=other, headers={"Idempotency-Key": "many"}
        )
        assert refused.status_code == 422

    async def test_what_is_revoked_stays_revoked(self, client: httpx.AsyncClient, world: World) -> None:
        issued = await issue(client, world.badge.uuid)
        path = f"/api/v1/credentials/{issued['credentialId']}/revoke"
        revoked = (await client.post(path, json={"reason": "mistake"})).json()
        assert (revoked["status"], revoked["revocationReason"]) == ("revoked", "mistake")
        again = await client.post(path, json={"reason": "again"})
        assert (again.status_code, again.json()) == (
            409,
            {"error": "CONFLICT", "message": "This credential is revoked already."},
        )
        baked = await client.get(f"/api/credentials/{issued['credentialId']}/baked")
        assert (baked.status_code, baked.json()["error"]) == (410, "GONE")

    async def test_pictures_with_credentials_inside(self, client: httpx.AsyncClient, world: World) -> None:
        issued = await issue(client, world.badge.uuid)
        baked = await client.get(f"/api/credentials/{issued['credentialId']}/baked")
        assert baked.headers["Content-Type"] == "image/png"
        signed = (await client.get(f"/credentials/{issued['id']}/ob3")).json()
        assert json.loads(unbake_png(baked.content).credential or "") == signed
        files = {"file": ("badge.png", baked.content, "image/png")}
        report = (await client.post("/api/credentials/verify-image", files=files)).json()
        assert report["verification"] == {"signatureValid": True, "notRevoked": True, "notExpired": True}
        assert report["ob3Credential"] == signed
        plain = await client.post("/api/credentials/verify-image", files={"file": ("a.png", picture())})
        assert (plain.status_code, plain.json()["error"]) == (400, "VALIDATION_ERROR")


async def test_what_is_no_identifier_is_not_found(any_services: Services, any_world: World) -> None:
    """Also where the database could not even be asked for it."""
    async with door(create_app(any_services), any_world.key) as client:
        for path in ("/api/v1/badges/%00", "/api/v1/credentials/%00", "/api/credentials/%00/baked"):
            response = await client.get(path)
            assert (response.status_code, response.json()["error"]) == (404, "NOT_FOUND")


async def test_parallel_identical_issues_make_one(any_services: Services, any_world: World) -> None:
    body = {"badgeId": any_world.badge.uuid, "recipient": JANE}
    async with door(create_app(any_services), any_world.key) as client:
        answers = await asyncio.gather(*(client.post("/api/v1/credentials", json=body) for _ in range(50)))
    assert sorted(one.status_code for one in answers) == [201, *[409] * 49]
    assert await count(any_services, "grants") == 1
    assert await count(any_services, "status_entries") == 1


async def test_parallel_renewals_leave_one(any_services: Services, any_world: World) -> None:
    async with door(create_app(any_services), any_world.key) as client:
        badge = await define(client, expiresInDays=30)
        body = {"badgeId": badge["id"], "recipient": JANE}
        await asyncio.gather(*(client.post("/api/v1/credentials", json=body) for _ in range(10)))
        pending = (await client.get("/api/v1/credentials?status=pending")).json()
    assert pending["pagination"]["total"] == 1


async def test_what_was_issued_is_signed_by_a_job_where_the_process_ended(
    services: Services, world: World, clock: Clock, app: Starlette
) -> None:
    async with door(app, world.key) as client:
        issued = await issue(client, world.badge.uuid)
        row = await services.database.one("SELECT id FROM grants WHERE uuid = ?", issued["id"])
        assert row is not None

        async def undo(tx: Any) -> None:
            await tx.execute("DELETE FROM documents WHERE grant_id = ?", row["id"])
            await tx.execute("UPDATE grants SET fingerprint = NULL WHERE id = ?", row["id"])

        await services.database.write(undo)
        assert (await client.get(f"/credentials/{issued['id']}/ob3")).status_code == 404
        clock.advance(60)
        await run_until_idle(services)
        assert (await client.get(f"/credentials/{issued['id']}/ob3")).status_code == 200


class TestSessions:
    async def test_signing_in_tells_who_one_is(
        self, app: Starlette, services: Services, world: World
    ) -> None:
        token = await sign_in(app, await add_user(services, world, Role.ADMIN))
        async with door(app, token) as person:
            user = (await person.get("/api/auth/me")).json()["user"]
        assert user["email"] == "admin@example.org"
        assert user["organizations"] == [
            {"id": world.organization.uuid, "slug": "org", "name": "The Organization", "role": "admin"}
        ]

    async def test_no_answer_tells_whether_an_address_has_an_account(
        self, app: Starlette, services: Services, world: World
    ) -> None:
        email = await add_user(services, world, Role.ADMIN)
        async with door(app) as client:
            answers = [
                await client.post("/api/auth/login", json={"email": one, "password": "wrong password"})
                for one in (email, "nobody@example.org")
            ]
        assert [one.status_code for one in answers] == [401, 401]
        assert answers[0].content == answers[1].content

    async def test_three_attempts_in_a_quarter_of_an_hour(
        self, app: Starlette, services: Services, world: World, clock: Clock
    ) -> None:
        email = await add_user(services, world, Role.ADMIN)
        async with door(app) as client:
            body = {"email": email, "password": PASSWORD}
            codes = [(await client.post("/api/auth/login", json=body)).status_code for _ in range(4)]
            clock.advance(15 * 60)
            later = await client.post("/api/auth/login", json=body)
        assert codes == [200, 200, 200, 429]
        assert later.status_code == 200

    @pytest.mark.parametrize("what", ["time", "deactivated", "password", "removed"])
    async def test_a_token_ends(
        self, app: Starlette, services: Services, world: World, clock: Clock, what: str
    ) -> None:
        email = await add_user(services, world, Role.ADMIN)
        token = await sign_in(app, email)
        changes = {
            "deactivated": "UPDATE users SET is_active = 0 WHERE email = ?",
            "password": "UPDATE users SET password_hash = 'x' WHERE email = ?",
            "removed": "DELETE FROM members WHERE user_id = (SELECT id FROM users WHERE email = ?)",
        }
        async with door(app, token) as person:
            assert (await person.get("/api/organizations/org/badges")).status_code == 200
            if what == "time":
                clock.advance(15 * 60)
            else:
                await services.database.write(lambda tx: tx.execute(changes[what], email))
            response = await person.get("/api/organizations/org/badges")
        assert response.status_code == (404 if what == "removed" else 401)

    async def test_a_token_lives_through_the_change_of_keys(
        self, app: Starlette, services: Services, world: World, clock: Clock
    ) -> None:
        email = await add_user(services, world, Role.ADMIN)
        clock.now = (clock.now // DAY + 1) * DAY - 60 * SECOND
        token = await sign_in(app, email)
        async with door(app, token) as person:
            clock.advance(120)
            assert (await person.get("/api/auth/me")).status_code == 200

    async def test_another_key_or_algorithm_is_refused(
        self, app: Starlette, services: Services, world: World
    ) -> None:
        token = await sign_in(app, await add_user(services, world, Role.OWNER))
        head, body, signature = token.split(".")
        none = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
        for forged in (f"{none}.{body}.", f"{none}.{body}.{signature}", f"{head}.{body}.{signature[::-1]}"):
            async with door(app, forged) as person:
                assert (await person.get("/api/auth/me")).status_code == 401


def statuses(owner: int, admin: int, issuer: int, viewer: int) -> dict[Role, int]:
    return {Role.OWNER: owner, Role.ADMIN: admin, Role.ISSUER: issuer, Role.VIEWER: viewer}


ROLES = {
    ("GET", "/badges"): statuses(200, 200, 200, 200),
    ("GET", "/badges/{badge}"): statuses(200, 200, 200, 200),
    ("POST", "/badges"): statuses(201, 201, 201, 403),
    ("PATCH", "/badges/{badge}"): statuses(200, 200, 403, 403),
    ("PUT", "/badges/{badge}"): statuses(200, 200, 403, 403),
    ("GET", "/credentials"): statuses(200, 200, 200, 200),
    ("GET", "/credentials/{credential}"): statuses(200, 200, 200, 200),
    ("POST", "/credentials"): statuses(201, 201, 201, 403),
    ("DELETE", "/credentials/{credential}"): statuses(200, 200, 403, 403),
    ("DELETE", "/badges/{badge}"): statuses(200, 200, 403, 403),
}


@pytest.mark.parametrize("role", list(Role))
async def test_roles(
    client: httpx.AsyncClient, app: Starlette, services: Services, world: World, role: Role
) -> None:
    """In the order of the table, for what was deleted can't be granted; and nothing of it elsewhere."""
    credential = await issue(client, world.badge.uuid)
    token = await sign_in(app, await add_user(services, world, role))
    same = {"name": world.badge.title, "description": "Another.", "criteria": world.badge.criteria}
    bodies: dict[str, Any] = {
        "/badges": NEW_BADGE,
        "/badges/{badge}": same,
        "/credentials": {
            "badgeId": world.badge.uuid,
            "recipient": {"name": "R", "email": "r@example.org"},
        },
        "/credentials/{credential}": {"reason": "mistake"},
    }
    found: dict[tuple[str, str], tuple[int, int]] = {}
    async with door(app, token) as person:
        for method, path in ROLES:
            named = path.format(badge=world.badge.uuid, credential=credential["id"])
            own, foreign = [
                await person.request(method, f"/api/organizations/{organization}{named}", json=bodies[path])
                for organization in ("org", "nowhere")
            ]
            found[method, path] = (own.status_code, foreign.status_code)
    assert found == {operation: (expected[role], 404) for operation, expected in ROLES.items()}


async def test_the_widget_is_safe_in_frames(
    app: Starlette, services: Services, client: httpx.AsyncClient, mailbox: Mailbox
) -> None:
    badge = await define(client, name="<script>alert(1)</script>", slug="evil")
    issued = await issue(client, badge["id"], name='"><img src=x onerror=alert(1)>')
    await accept(app, services, mailbox)
    shown = await client.get(f"/api/embed/{issued['credentialId']}")
    policy = shown.headers["Content-Security-Policy"]
    assert "frame-ancestors *" in policy
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    assert "<script" not in shown.text
    assert "<img src=x" not in shown.text
    assert "Valid" in shown.text
    await client.post(f"/api/v1/credentials/{issued['id']}/revoke", json={"reason": "x"})
    revoked = await client.get(f"/api/embed/{issued['credentialId']}")
    assert (revoked.status_code, "Revoked" in revoked.text, "onerror" in revoked.text) == (410, True, False)


async def test_pages_and_documents_of_an_organization(client: httpx.AsyncClient) -> None:
    badge = await define(client)
    page = await client.get("/o/org", headers={"Accept": "text/html"})
    assert (page.status_code, badge["name"] in page.text) == (200, True)
    assert (await client.get("/o/nobody")).status_code == 404
    assert (await client.get("/o/org/badges/nothing")).status_code == 404
    listed = (await client.get("/issuers/org/achievements?limit=1&offset=1")).json()
    assert listed["pagination"] == {"limit": 1, "offset": 1, "total": 2}
    assert listed["data"][0]["id"] == badge["achievementUrl"]
    assert (await client.get("/issuers/org/achievements?limit=1000")).status_code == 400


def test_no_operation_is_without_a_route() -> None:
    assert {
        operation.path.partition("{")[0].rstrip("/").split("/")[2]
        for operation in credentials_api.API.operations
    } == {
        "v1",
        "organizations",
        "auth",
        "credentials",
    }
