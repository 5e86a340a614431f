"""The real worker, really killed at any step of the life of badges: in the end everything is there, nothing twice."""

from __future__ import annotations

import asyncio
import email
import json
import random
import signal
import sqlite3
import sys
from collections import Counter
from contextlib import closing
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

from badgefed.model.times import SECOND, system_clock
from badgefed.model.webhook import Event
from badgefed.protocol import status_list
from badgefed.settings import Settings
from badgefed.store.database import Database
from badgefed.verification.results import CheckName, Outcome, Verdict
from badgefed.verification.verify import verify
from badgefed.work.services import Services
from tests.badge_story import PROFILES, Outside, Story, meet_jane, open_doors, run_outside
from tests.conftest import World
from tests.me.browsing import JANE
from tests.me.test_erasure import dump
from tests.world import Mailbox

KILLS = 3
MAX_COMMITS = 40
PROGRAM = Path(sys.executable).with_name("badgefed")
PERIODIC = "('clean', 'expire')"


async def start(settings: Settings) -> asyncio.subprocess.Process:
    with (settings.data_dir / "worker.log").open("ab") as log:
        return await asyncio.create_subprocess_exec(
            PROGRAM,
            "worker",
            stderr=log,
            env={
                "BADGEFED_BASE_URL": settings.base_url,
                "BADGEFED_ALLOW_PRIVATE_NETWORK": "1",
                "BADGEFED_DATABASE_URL": settings.database_url,
                "BADGEFED_DATA_DIR": str(settings.data_dir),
                "BADGEFED_SECRET_KEY": settings.secret_key,
                "BADGEFED_MAIL_FROM": settings.mail_from,
                "BADGEFED_LEASE_SECONDS": "3",
                "BADGEFED_DELIVERY_TIMEOUT_SECONDS": "1",
            },
        )


async def work_and_die(settings: Settings, database: Database, chance: random.Random) -> None:
    """A worker that is killed right after one of its first commits: what should have been in the same one is not there."""
    before = await count_attempts(database)
    process = await start(settings)
    async with asyncio.timeout(60):
        while await count_attempts(database) == before:
            await asyncio.sleep(0.005)
    await wait_for_commits(settings, chance.randint(0, MAX_COMMITS))
    process.send_signal(signal.SIGKILL)
    assert await process.wait() == -signal.SIGKILL, "it was still at work"


async def wait_for_commits(settings: Settings, count: int) -> None:
    """Not much longer than it takes a worker to do all that there is to do."""
    clock = asyncio.get_running_loop().time
    until = clock() + 1
    with closing(sqlite3.connect(settings.database_url.removeprefix("sqlite:///"))) as watcher:
        seen = watcher.execute("PRAGMA data_version").fetchone()
        while count and clock() < until:
            await asyncio.sleep(0)
            now = watcher.execute("PRAGMA data_version").fetchone()
            count -= now != seen
            seen = now


async def count_attempts(database: Database) -> int:
    row = await database.one("SELECT COALESCE(SUM(attempt), 0) AS n FROM jobs")
    assert row is not None
    return int(row["n"])


async def work_to_the_end(settings: Settings, database: Database) -> None:
    """A worker that ends by itself once nothing is due."""
    process = await start(settings)
    async with asyncio.timeout(90):
        while await count_due(database):
            await asyncio.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0


async def count_due(database: Database) -> int:
    """Also what a worker has that is at work or was killed, but no reminders of next week."""
    soon = system_clock() + 3600 * SECOND
    sql = (
        f"SELECT (SELECT COUNT(*) FROM jobs WHERE (kind NOT IN {PERIODIC} AND not_before < ?)"
        " OR (kind = 'expire' AND attempt > 0)) + (SELECT COUNT(*) FROM jobs WHERE kind = 'expire' AND not_before <= ?)"
        " + (SELECT COUNT(*) FROM deliveries WHERE state = 'ready') AS n"
    )
    row = await database.one(sql, soon, system_clock())
    assert row is not None
    return int(row["n"])


async def let_a_week_pass(database: Database) -> None:
    """For the jobs that wait: reminders, and the look for what has expired."""
    sql = "UPDATE jobs SET not_before = ? WHERE kind IN ('mail', 'expire')"
    await database.write(lambda tx: tx.execute(sql, system_clock()))


async def test_kills_at_any_step_lose_nothing_and_double_nothing(
    settings: Settings, services: Services, database: Database, world: World, mailbox: Mailbox
) -> None:
    settings = replace(settings, allow_private_network=True)
    services = replace(services, settings=settings, clock=system_clock)
    story = Story(services=services, world=world, chance=random.Random(2026))
    async with run_outside() as outside, meet_jane(story, mailbox) as jane:
        story.states.clear()
        await open_doors(story, outside)
        for round_ in range(KILLS):
            for grant_id in jane.held[round_::KILLS]:
                await story.accept(grant_id)
                del story.states[grant_id]
            await story.give(round_)
            await work_and_die(settings, database, story.chance)
        await work_to_the_end(settings, database)
        await check_the_states(database, story)
        await let_a_week_pass(database)
        for round_ in range(KILLS):
            if round_ == 1:
                await jane.erase(story)
            await story.take_back()
            await work_and_die(settings, database, story.chance)
        await work_to_the_end(settings, database)
        story.states.update(dict.fromkeys(jane.held, "erased"))
        await check_the_states(database, story)
        await check_the_queue(database)
        await check_the_documents(services, story)
        await check_the_followers(database, story, outside)
        await check_the_events(database, story, outside)
        await check_the_mails(settings, database, story)
        lines = (await dump(database)).lower().splitlines()
        assert [line[:200] for line in lines if JANE in line or "jane doe" in line] == []


async def check_the_states(database: Database, story: Story) -> None:
    rows = await database.all(
        "SELECT id, CASE WHEN status = 'processed' AND suspended_at IS NOT NULL THEN 'suspended'"
        " WHEN closed_reason LIKE 'Erased%' THEN 'erased' ELSE status END AS state FROM grants"
    )
    assert {row["id"]: row["state"] for row in rows if row["id"] in story.states} == story.states


async def check_the_queue(database: Database) -> None:
    assert await database.all(f"SELECT * FROM jobs WHERE kind NOT IN {PERIODIC}") == []
    assert {row["state"] for row in await database.all("SELECT state FROM jobs")} == {"ready"}
    assert await database.all("SELECT * FROM deliveries WHERE state <> 'void'") == []


async def check_the_documents(services: Services, story: Story) -> None:
    """Our verifier's word on each credential, and each bit of the status list."""
    rows = await services.database.all(
        "SELECT grant_id, body, position FROM documents LEFT JOIN status_entries USING (grant_id) WHERE kind = 'credential'"
    )
    assert {row["grant_id"] for row in rows} >= set(held(story))
    assert {"erased"}.isdisjoint(story.states[row["grant_id"]] for row in rows)
    for row in rows:
        result = await verify(services, bytes(row["body"]))
        is_good = story.states[row["grant_id"]] == "processed"
        check = result.check(CheckName.NOT_REVOKED)
        assert check is not None
        assert check.outcome is (Outcome.PASS if is_good else Outcome.FAIL)
        assert result.verdict is (Verdict.VALID if is_good else Verdict.INVALID)
        assert int(json.loads(row["body"])["credentialStatus"]["statusListIndex"]) == row["position"]
    await check_the_bits(services.database, story)


def held(story: Story) -> list[int]:
    """The grants that are published and not taken back."""
    return [one for one, state in story.states.items() if state in ("processed", "suspended")]


async def check_the_bits(database: Database, story: Story) -> None:
    [found] = await database.all("SELECT taken, body FROM status_lists")
    entries = await database.all("SELECT grant_id, position FROM status_entries")
    assert found["taken"] == len(entries)
    bits = status_list.decode(json.loads(found["body"])["credentialSubject"]["encodedList"])
    is_set = {one for one in range(status_list.MIN_LENGTH) if status_list.is_set(bits, one)}
    assert is_set == {row["position"] for row in entries if story.states[row["grant_id"]] != "processed"}


def note_in(activity: dict[str, Any]) -> dict[str, Any]:
    """As it is kept: with the context that the activity has for both."""
    return {"@context": activity["@context"], **activity["object"]}


async def check_the_followers(database: Database, story: Story, outside: Outside) -> None:
    """What concerns one object came to an inbox in its order, and the last of it is what is true now."""
    for activities in outside.activities.values():
        order = [uri for uri, _ in groupby(one["id"] for one in activities)]
        assert len(order) == len(set(order))
        assert activities[0]["type"] in ("Create", "Delete")
    rows = await database.all(
        "SELECT id, note_uri, body FROM grants LEFT JOIN documents ON grant_id = id AND kind = 'note'"
    )
    for row in rows:
        for base in outside.bases:
            came = outside.activities.get((f"{base}/users/follower/inbox", row["note_uri"]), [])
            if row["id"] in held(story):
                assert [note_in(one) for one in came[-1:]] == [json.loads(row["body"])]
            elif came:
                assert came[-1]["type"] == "Delete"
    await check_the_messages(database, story, outside)


async def check_the_messages(database: Database, story: Story, outside: Outside) -> None:
    rows = await database.all("SELECT uri, grant_id, actor_id, body FROM messages")
    assert len(rows) >= PROFILES // 2
    for row in rows:
        came = outside.activities.get((f"{row['actor_id']}/inbox", row["uri"]), [])
        if story.states[row["grant_id"]] != "revoked":
            assert [note_in(one) for one in came[-1:]] == [json.loads(row["body"])]


async def check_the_events(database: Database, story: Story, outside: Outside) -> None:
    """Each number came with one event, each event under one number."""
    rows = await database.all("SELECT id FROM grants WHERE processed_at IS NOT NULL")
    expected = story.told + Counter((Event.GRANT_PROCESSED.value, row["id"]) for row in rows)
    events = {one["sequence"]: (one["type"], one["data"]["grant"]["id"]) for one in outside.events}
    assert len({(one["sequence"], one["id"]) for one in outside.events}) == len(events)
    assert Counter(events.values()) == expected
    assert await database.all("SELECT sequence FROM webhook_endpoints") == [{"sequence": len(events)}]
    assert sorted(events) == list(range(1, len(events) + 1))


async def check_the_mails(settings: Settings, database: Database, story: Story) -> None:
    """Whoever has a badge waiting got the offer and the reminder; a mail that came again has the Message-ID that it had."""
    files = (settings.data_dir / "mail").glob("*.eml")
    mails = [email.message_from_bytes(file.read_bytes()) for file in files]
    ids = {one["Message-ID"].strip("<>").partition("@")[0] for one in mails}
    for row in await database.all("SELECT id, uuid, email, proof_kind FROM grants WHERE email IS NOT NULL"):
        own = sorted(one.partition(".")[2].partition(".")[0] for one in ids if one.startswith(row["uuid"]))
        if row["proof_kind"] == "direct":
            assert own == ["award"] or story.states[row["id"]] != "processed"
        elif story.states[row["id"]] == "pending":
            assert own == ["offer", "reminder"]
        else:
            assert own in ([], ["offer"])
