"""Granting by a list, by the front door."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from typing import Any

import httpx
import pytest

from badgefed.errors import RateLimited
from badgefed.issuing.badges import NewBadge, create_badge
from badgefed.issuing.bulk import MAX_RUNNING, TOO_MANY, run_bulk
from badgefed.issuing.bulk_progress import STREAMS_OF_ORGANIZATION, Streams
from badgefed.issuing.job_handlers import JOB_HANDLERS
from badgefed.store import jobs
from badgefed.store.bulk import NAMES_AT_ONCE
from badgefed.store.database import Transaction
from badgefed.store.jobs import Job, JobKind
from badgefed.work.leases import LeaseLost
from badgefed.work.services import Services
from badgefed.work.worker import Worker
from tests.api import call, count, grant, make_app, make_key, make_stranger
from tests.conftest import World
from tests.workers import run_until_idle

CSV = {"Content-Type": "text/csv"}


async def send_csv(client: httpx.AsyncClient, text: str | bytes, query: str = "", **headers: str) -> Any:
    content = text.encode() if isinstance(text, str) else text
    response = await client.post(f"/api/bulk{query}", content=content, headers={**CSV, **headers})
    assert response.status_code == 200, response.text
    return response.json()


async def rows_of(client: httpx.AsyncClient, bulk_id: str, query: str = "") -> list[dict[str, Any]]:
    response = await client.get(f"/api/bulk/{bulk_id}/rows{query}")
    assert response.status_code == 200, response.text
    rows: list[dict[str, Any]] = response.json()["rows"]
    return rows


async def progress(client: httpx.AsyncClient, bulk_id: str) -> dict[str, Any]:
    bulk: dict[str, Any] = (await client.get(f"/api/bulk/{bulk_id}")).json()["bulk"]
    return bulk


async def test_each_row_gets_its_result(any_services: Services, any_world: World) -> None:
    badge = any_world.badge
    async with call(any_services, any_world.key) as client:
        await grant(client, {"badgeId": badge.id, "email": "has@example.org"})
        answer = await send_csv(
            client,
            "E-Mail,Full name,Handle,Badge,Evidence,Licence number,Valid until,Shoe size\n"
            f"a@example.org,Ann,,{badge.id},https://example.org/1,L-1,2030-12-31,41\n"
            f",Bob,@bob@social.example,{badge.slug},,,,\n"
            f"has@example.org,,,{badge.uuid.upper()},,,,\n"
            f"A@Example.org,Ann again,,{badge.id},,,,\n"
            f",Bob,https://social.example/@BOB,{badge.id},,,,\n"
            "not an address,,,1,,,,\n"
            "c@example.org,,,nothing,,,,\n"
            f"d@example.org,,,{badge.id},,,2001-01-01,\n"
            f"e@example.org,,,{badge.id},,,12/31/2030,\n"
            f"f@example.org,,,{badge.id},,,,,too,many\n"
            "g@example.org\n",
        )
        assert answer["ignoredColumns"] == ["Shoe size"]
        assert answer["bulk"]["status"] == "running"
        assert answer["bulk"]["counts"] == {"created": 0, "exists": 0, "conflict": 2, "invalid": 6}
        await run_until_idle(any_services, "jobs")
        bulk_id = answer["bulk"]["id"]
        assert (await progress(client, bulk_id))["status"] == "completed"
        rows = await rows_of(client, bulk_id)
    assert [(row["row"], row["status"], row["field"]) for row in rows] == [
        (1, "created", None),
        (2, "created", None),
        (3, "exists", None),
        (4, "conflict", None),
        (5, "conflict", None),
        (6, "invalid", "email"),
        (7, "invalid", "badge"),
        (8, "invalid", "expires"),
        (9, "invalid", "expires"),
        (10, "invalid", None),
        (11, "invalid", "badge"),
    ]
    assert rows[3]["reason"] == "row 1 has the same recipient and badge"
    assert rows[9]["reason"] == "the row has 10 cells, but there are 8 columns"
    assert all(row["reason"] for row in rows[3:])
    stored = await any_services.database.one("SELECT * FROM grants WHERE id = ?", rows[0]["grantId"])
    assert stored is not None
    assert (stored["email"], stored["name"], stored["evidence"]) == (
        "a@example.org",
        "Ann",
        "https://example.org/1",
    )
    assert json.loads(stored["details"])["license_number"] == "L-1"
    assert stored["expires_at"] == 1_924_991_999_999_999  # the last microsecond of 2030


async def test_a_badge_is_found_among_very_many_names(any_services: Services, any_world: World) -> None:
    """Whatever the names are: too long, numbers without end, no text at all."""
    badge = any_world.badge
    odd = ["9" * 18, "9" * 19, "0", "-1", "\x00", "ä" * 101, True, 2**70, None, [1]]
    called = [*(f"a{number}" for number in range(NAMES_AT_ONCE)), *odd, f" {badge.slug.upper()} "]
    rows = [{"email": f"p{at}@example.org", "Badge": name} for at, name in enumerate(called)]
    async with call(any_services, any_world.key) as client:
        tried = (await client.post("/api/bulk", json={"dryRun": True, "rows": rows})).json()
    states = [row["status"] for row in tried["rows"]]
    assert states == ["invalid"] * (len(rows) - 1) + ["created"]


async def test_a_dry_run_says_the_same_and_changes_nothing(any_services: Services, any_world: World) -> None:
    badge = any_world.badge.id
    body = {
        "badge": str(badge),
        "dryRun": True,
        "rows": [
            {"email": "new@example.org"},
            {"email": "has@example.org"},
            {"email": "HAS@example.org"},
            {"profileUri": "@bob@social.example", "badgeId": badge},
            {"email": "x"},
            "no object",
            {"name": 7, "email": True},
            {"email": "accepted@example.org"},
        ],
    }
    async with call(any_services, any_world.key) as client:
        await grant(client, {"badgeId": badge, "email": "has@example.org"})
        accepted = await grant(client, {"badgeId": badge, "email": "accepted@example.org"})
        await any_services.database.write(
            lambda tx: tx.execute(
                "UPDATE grants SET status = 'accepted' WHERE id = ?", accepted["badgeRecord"]["id"]
            )
        )
        before = [
            await count(any_services, name) for name in ("grants", "jobs", "bulks", "bulk_rows", "audit_log")
        ]
        tried = (await client.post("/api/bulk", json=body)).json()
        after = [
            await count(any_services, name) for name in ("grants", "jobs", "bulks", "bulk_rows", "audit_log")
        ]
        assert before == after
        done = (await client.post("/api/bulk?dryRun=false", json={**body, "dryRun": False})).json()
        await run_until_idle(any_services, "jobs")
        rows = await rows_of(client, done["bulk"]["id"])
    assert [row["status"] for row in tried["rows"]] == [
        "created",
        "exists",
        "conflict",
        "created",
        "invalid",
        "invalid",
        "invalid",
        "conflict",
    ]
    assert tried["bulk"]["id"] is None
    assert [row["status"] for row in rows] == [row["status"] for row in tried["rows"]]
    assert [row["reason"] for row in rows] == [row["reason"] for row in tried["rows"]]


async def test_a_file_as_a_german_spreadsheet_saves_it(services: Services, world: World) -> None:
    text = (
        "\ufeffE-Mail-Adresse;Teilnehmerin;Begründung;Nachweis;Gültig bis;Schuhgröße\r\n"
        '"ann@example.org";"Müller; Ann";"Hat ""alles"" geschafft,\nauch den Rest";Kurs 7;31.12.2030;41\r\n'
        ";;;;;\r\n"
        "bob@example.org;Bob;;;1.2.2030;\r\n"
        "eve@example.org;Eve;;;31.2.2030;\r\n"
    )
    async with call(services, world.key) as client:
        answer = await send_csv(client, text, f"?badge={world.badge.id}")
        await run_until_idle(services, "jobs")
        rows = await rows_of(client, answer["bulk"]["id"])
    assert answer["ignoredColumns"] == ["Schuhgröße"]
    assert [(row["status"], row["field"]) for row in rows] == [
        ("created", None),
        ("created", None),
        ("invalid", "expires"),
    ]
    ann, bob = await services.database.all("SELECT * FROM grants ORDER BY id")
    assert (ann["name"], ann["evidence"]) == ("Müller; Ann", "Kurs 7")
    assert json.loads(ann["details"])["narrative"] == 'Hat "alles" geschafft,\nauch den Rest'
    assert ann["expires_at"] == 1_924_991_999_999_999
    assert bob["expires_at"] == 1_896_220_799_999_999  # the end of February 1st


async def test_a_form_with_a_file_and_a_mapping(services: Services, world: World) -> None:
    async with call(services, world.key) as client:
        response = await client.post(
            "/api/bulk",
            data={"badge": world.badge.slug, "mapping": '{"Wer": "name", "Wohin": "email"}'},
            files={"file": ("liste.csv", "Wer;Wohin\nJosé;jose@example.org\n".encode("windows-1252"))},
        )
        assert response.status_code == 200, response.text
        [row] = await rows_of(client, response.json()["bulk"]["id"])
    assert (row["name"], row["email"], row["badge"]) == ("José", "jose@example.org", world.badge.slug)


@pytest.mark.parametrize(
    ("content", "content_type", "query", "status", "text"),
    [
        (b"", "text/csv", "", 400, "Request body is required"),
        (b"email\n", "text/csv", "", 400, "no rows"),
        (b"name\nJane\n", "text/csv", "", 400, "no column for the recipients"),
        (b"email,mail\na@b.example,c@d.example\n", "text/csv", "", 400, "all mean email"),
        (b"email\nx\n", "text/csv", "?mapping=[]", 400, "mapping must be a JSON object"),
        (b"email\nx\n", "text/csv", "?mapping={", 400, "mapping must be a JSON object"),
        (b"email\nx\n", "text/csv", '?mapping={"x":"name"}', 400, "which the file doesn't have"),
        (b"email\nx\n", "text/csv", '?mapping={"email":"shoe"}', 400, "there is no field 'shoe'"),
        (b"email\nx\n", "text/csv", "?dryRun=perhaps", 400, "dryRun must be true or false"),
        (b"email\n\x00\n", "text/csv", "", 400, "NUL"),
        (b"email\n" + b"a@b.example\n" * 10_001, "text/csv", "", 400, "A list can have 10,000 rows"),
        (b'{"rows":[]}', "application/json", "", 400, "no rows"),
        (b'{"rows":{}}', "application/json", "", 400, "rows must be an array"),
        (b"{}", "application/json", "", 400, "rows is required"),
        (
            b'{"rows":[' + b"{}," * 10_000 + b"{}]}",
            "application/json",
            "",
            400,
            "A list can have 10,000 rows",
        ),
        (b"[" * 100_000, "application/json", "", 400, "nested too deeply"),
        (b"email\nx\n", "application/zip", "", 415, "Content-Type must be"),
        (b"x" * 8_000_001, "text/csv", "", 413, "cannot exceed 8000000 bytes"),
        (b"--b\r\n\r\n", "multipart/form-data; boundary=b", "", 400, "form"),
    ],
)
async def test_what_cannot_be_a_list_is_refused_in_words(
    services: Services, world: World, content: bytes, content_type: str, query: str, status: int, text: str
) -> None:
    async with call(services, world.key) as client:
        response = await client.post(
            f"/api/bulk{query}", content=content, headers={"Content-Type": content_type}
        )
    assert response.status_code == status, response.text
    assert text in response.json()["error"]
    assert await count(services, "bulks") == 0


async def test_a_repeated_request_is_carried_out_once(services: Services, world: World) -> None:
    text, query = "email\na@example.org\n", f"?badge={world.badge.id}"
    async with call(services, world.key) as client:
        first = await send_csv(client, text, query, **{"Idempotency-Key": "one"})
        again = await send_csv(client, text, query, **{"Idempotency-Key": "one"})
        other = await client.post(
            f"/api/bulk{query}", content=b"email\nb@example.org\n", headers={**CSV, "Idempotency-Key": "one"}
        )
        tried = await client.post(
            f"/api/bulk{query}&dryRun=true", content=text, headers={**CSV, "Idempotency-Key": ""}
        )
    assert again == first
    assert (other.status_code, tried.status_code) == (422, 400)
    assert await count(services, "bulks") == 1


async def test_a_form_is_the_same_with_another_boundary(services: Services, world: World) -> None:
    async with call(services, world.key) as client:
        answers = [
            await client.post(
                "/api/bulk",
                data={"badge": str(world.badge.id)},
                files={"file": ("list.csv", b"email\na@example.org\n")},
                headers={"Idempotency-Key": "one"},
            )
            for _ in range(2)
        ]
    assert answers[0].request.headers["content-type"] != answers[1].request.headers["content-type"]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()


async def test_scopes_and_organizations(services: Services, world: World) -> None:
    stranger = await make_stranger(services, world)
    reader = await make_key(services, world.owner.email, scopes=("grants:read",))
    async with call(services, world.key) as client:
        mine = await send_csv(client, "email\na@example.org\n", f"?badge={world.badge.id}")
        theirs = await send_csv(client, f"email,badge\na@example.org,{stranger.badge.id}\n")
        [row] = await rows_of(client, theirs["bulk"]["id"])
    assert (row["status"], row["reason"]) == ("invalid", f"there is no badge '{stranger.badge.id}'")
    bulk_id = mine["bulk"]["id"]
    async with call(services, stranger.key) as client:
        for path in ("", "/rows", "/rows.csv", "/events"):
            response = await client.get(f"/api/bulk/{bulk_id}{path}")
            assert (response.status_code, response.json()["error"]) == (404, "Bulk job not found.")
        assert (await client.get("/api/bulk")).json()["bulks"] == []
    async with call(services, reader) as client:
        assert (await client.post("/api/bulk", content=b"email\nx\n", headers=CSV)).status_code == 403
        assert (await client.get(f"/api/bulk/{bulk_id}")).status_code == 200


async def test_pages_are_stable_while_lists_are_added(services: Services, world: World) -> None:
    query = f"?badge={world.badge.id}"
    async with call(services, world.key) as client:
        made = [
            (await send_csv(client, f"email\n{number}@example.org\n", query))["bulk"]["id"]
            for number in range(5)
        ]
        page = (await client.get("/api/bulk?limit=2")).json()
        found = [bulk["id"] for bulk in page["bulks"]]
        await send_csv(client, "email\nlate@example.org\n", query)
        while page["nextCursor"] is not None:
            page = (await client.get(f"/api/bulk?limit=2&cursor={page['nextCursor']}")).json()
            found += [bulk["id"] for bulk in page["bulks"]]
        assert found == made[::-1]
        for wrong in ("limit=0", "limit=501", "limit=x", "cursor=0", "cursor=-1", f"cursor={10**20}"):
            assert (await client.get(f"/api/bulk?{wrong}")).status_code == 400


async def test_rows_come_in_pages_and_by_status(services: Services, world: World) -> None:
    lines = "".join(f"{'x' if number % 3 == 0 else f'{number}@example.org'}\n" for number in range(1, 11))
    async with call(services, world.key) as client:
        bulk_id = (await send_csv(client, f"email\n{lines}", f"?badge={world.badge.id}"))["bulk"]["id"]
        first = (await client.get(f"/api/bulk/{bulk_id}/rows?status=failed&limit=2")).json()
        second = (
            await client.get(f"/api/bulk/{bulk_id}/rows?status=failed&limit=2&cursor={first['nextCursor']}")
        ).json()
        assert [row["row"] for page in (first, second) for row in page["rows"]] == [3, 6, 9]
        assert second["nextCursor"] is None
        assert len(await rows_of(client, bulk_id, "?status=waiting")) == 7
        assert (await client.get(f"/api/bulk/{bulk_id}/rows?status=odd")).status_code == 400


async def test_failed_rows_as_a_file_that_can_be_corrected_and_sent_again(
    services: Services, world: World
) -> None:
    text = "email,profile,name,evidence,expires\n,@ann@social.example,=SUM(A1),+49 30 1234,2001-01-01\n"
    async with call(services, world.key) as client:
        bulk_id = (await send_csv(client, text, f"?badge={world.badge.id}"))["bulk"]["id"]
        response = await client.get(f"/api/bulk/{bulk_id}/rows.csv?status=failed")
        assert response.headers["content-type"].startswith("text/csv")
        file = response.content.decode("utf-8-sig")
        [row] = list(csv.DictReader(io.StringIO(file)))
        assert (row["reason"], row["status"]) == ("expires must be in the future", "invalid")
        assert (row["name"], row["profile"]) == ("'=SUM(A1)", "'@ann@social.example")
        answer = await send_csv(client, response.content.replace(b"2001", b"2031"))
        [again] = await rows_of(client, answer["bulk"]["id"])
    assert (again["status"], again["name"], again["profile"]) == (
        "waiting",
        "=SUM(A1)",
        "@ann@social.example",
    )


async def test_the_events_end_with_the_list(services: Services, world: World) -> None:
    async with call(services, world.key) as client:
        bulk_id = (
            await send_csv(client, "email\na@example.org\nb@example.org\n", f"?badge={world.badge.id}")
        )["bulk"]["id"]
        following = asyncio.create_task(client.get(f"/api/bulk/{bulk_id}/events"))
        await asyncio.sleep(0)
        await run_until_idle(services, "jobs")
        response = await following
        assert (await client.head(f"/api/bulk/{bulk_id}/events")).content == b""
    assert response.headers["content-type"].startswith("text/event-stream")
    events = [
        dict(line.split(": ", 1) for line in block.split("\n"))
        for block in response.text.strip().split("\n\n")
    ]
    assert events[-1]["event"] == "completed"
    assert json.loads(events[-1]["data"])["counts"]["created"] == 2


async def test_only_some_streams_are_open_at_a_time(services: Services, world: World) -> None:
    app = make_app(services)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="https://badges.example", headers={"X-ApiKey": world.key}
    ) as client:
        bulk_id = (await send_csv(client, "email\nx\n", f"?badge={world.badge.id}"))["bulk"]["id"]
        for _ in range(2 * STREAMS_OF_ORGANIZATION):
            assert (await client.get(f"/api/bulk/{bulk_id}/events")).status_code == 200
        app.state.bulk_streams = Streams()
        for _ in range(STREAMS_OF_ORGANIZATION):
            app.state.bulk_streams.take(world.organization.id)
        refused = await client.get(f"/api/bulk/{bulk_id}/events")
        app.state.bulk_streams.give_back(world.organization.id)
        allowed = await client.get(f"/api/bulk/{bulk_id}/events")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "5")
    assert allowed.status_code == 200


async def test_only_some_lists_are_worked_on_at_a_time(services: Services, world: World) -> None:
    query = f"?badge={world.badge.id}"
    async with call(services, world.key) as client:
        for number in range(MAX_RUNNING):
            await send_csv(client, f"email\n{number}@example.org\n", query)
        refused = await client.post(f"/api/bulk{query}", content=b"email\nx@example.org\n", headers=CSV)
        assert (refused.status_code, refused.json()["error"]) == (409, TOO_MANY)
        await run_until_idle(services, "jobs")
        await send_csv(client, "email\nx@example.org\n", query)


async def test_a_job_that_loses_its_lease_keeps_nothing(
    any_services: Services, any_world: World, clock: Any
) -> None:
    """The transaction is undone as a whole, and whoever has the job now does the rows once."""
    async with call(any_services, any_world.key) as client:
        text = "email\n" + "".join(f"{number}@example.org\n" for number in range(120))
        bulk_id = (await send_csv(client, text, f"?badge={any_world.badge.id}"))["bulk"]["id"]

        async def claim(tx: Transaction) -> list[Job]:
            return await jobs.claim_jobs(tx, limit=1, now=clock.now, lease=1)

        [stale] = await any_services.database.write(claim)
        clock.advance(1)
        worker = Worker(any_services, JOB_HANDLERS)
        assert await worker.step("jobs")
        assert await count(any_services, "grants") == 50
        with pytest.raises(LeaseLost):
            await run_bulk(any_services, stale)
        assert await count(any_services, "grants") == 50
        await run_until_idle(any_services, "jobs")
        assert (await progress(client, bulk_id))["counts"]["created"] == 120
    assert await count(any_services, "grants") == 120


async def test_a_badge_that_goes_away_meanwhile(services: Services, world: World) -> None:
    new = NewBadge(title="Short-lived", description="Soon gone.", criteria="Be quick")
    badge = await create_badge(services, issuer=world.issuer, new=new)
    async with call(services, world.key) as client:
        bulk_id = (await send_csv(client, "email\na@example.org\n", f"?badge={badge.id}"))["bulk"]["id"]
        await services.database.write(
            lambda tx: tx.execute("UPDATE badges SET is_active = 0 WHERE id = ?", badge.id)
        )
        await run_until_idle(services, "jobs")
        [row] = await rows_of(client, bulk_id)
        assert (row["status"], row["field"], row["reason"]) == ("invalid", "badge", "Badge not found")
        tried = await send_csv(client, "email\na@example.org\n", f"?badge={badge.id}&dryRun=true")
    assert tried["rows"][0]["reason"] == f"the badge '{badge.id}' is not active"


async def test_ten_thousand_rows(any_services: Services, any_world: World) -> None:
    text = "email,name,evidence\n" + "".join(
        f"person{number}@example.org,Person {number},https://example.org/{number}\n"
        for number in range(10_000)
    )
    async with call(any_services, any_world.key) as client:
        answer = await send_csv(client, text, f"?badge={any_world.badge.id}")
        bulk_id = answer["bulk"]["id"]
        assert answer["bulk"]["total"] == 10_000
        row = await any_services.database.one("SELECT COUNT(*) AS n, MAX(number) AS last FROM bulk_rows")
        assert row == {"n": 10_000, "last": 10_000}
        worker = Worker(any_services, {JobKind.BULK: run_bulk})
        assert await worker.step("jobs")
        bulk = await progress(client, bulk_id)
        assert (bulk["done"], bulk["status"]) == (50, "running")
        [last] = await rows_of(client, bulk_id, "?cursor=9999")
        assert last["email"] == "person9999@example.org"


def test_streams_of_one_organization_leave_room_for_others() -> None:
    streams = Streams()
    for _ in range(STREAMS_OF_ORGANIZATION):
        streams.take(1)
    with pytest.raises(RateLimited):
        streams.take(1)
    streams.take(2)
