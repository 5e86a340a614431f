"""Many rows for a store that has one of everything: organizations, issuers, badges, grants, and what came of them.

They are written in bulk, as copies of the rows that the server made itself, with names, states and times of their own.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from badgefed.model.times import DAY, HOUR, MINUTE
from badgefed.store.database import Database, Row, Transaction

ORGANIZATIONS = 8
PICTURES = 200
HOSTS = 500
MANY = 20
"""One in so many is of the crowd's organization's first badge, or stands under the first grant."""

FREQUENT = "Maria"
RARE = "Xanthippe"
_FIRST = (FREQUENT, "Jonas", "Aisha", "Chen", "Olga", "Pedro")
_LAST = ("García", "Müller", "Okafor", "Rossi", "Sato", "Novák", "Dubois", "Haddad", "Berg", "Silva", "Kaya")
_TITLES = ("Training", "Workshop", "Course", "Exam", "Contribution", "Talk", "Mentoring", "Marathon", "Camp")
_TAGS = (
    "training",
    "python",
    "security",
    "teaching",
    "design",
    "data",
    "opensource",
    "health",
    "music",
    "law",
)

Rows = Iterator[dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """How much is added. `holder` is the address of who holds the first `held` of the grants."""

    issuers: int
    badges: int
    grants: int
    held: int
    holder: str


@dataclass(frozen=True, kw_only=True)
class _Ground:
    """The rows that are copied, and whose ids the copies refer to."""

    crowd: Crowd
    now: int
    issuer: Row
    badge: Row
    grant: Row
    dice: random.Random


async def fill_store(database: Database, crowd: Crowd, *, now: int) -> None:
    """Adds the crowd to a store that the world of the access table is in; the same rows each time."""
    await database.write(lambda tx: _fill(tx, crowd, now))


async def _fill(tx: Transaction, crowd: Crowd, now: int) -> None:
    ground = _Ground(
        crowd=crowd,
        now=now,
        issuer=await _get(tx, "SELECT * FROM issuers WHERE username = 'org'"),
        badge=await _get(tx, "SELECT * FROM badges WHERE slug = 'advanced-training'"),
        grant=await _get(tx, "SELECT * FROM grants WHERE email = 'ann@example.org'"),
        dice=random.Random(1),
    )
    await _copy(tx, "organizations", ORGANIZATIONS, slug="group{n}", name="Group {n}")
    picture = await _get(tx, f"SELECT * FROM images WHERE id = {ground.badge['image_id']}")
    await _add(
        tx, "images", ({**_new(picture, number), "sha256": f"{number:064x}"} for number in range(PICTURES))
    )
    await _add(tx, "issuers", _issuers(ground, await _ids(tx, "organizations", ORGANIZATIONS)))
    issuers = await tx.all("SELECT id, organization_id, username FROM issuers WHERE verified_at IS NOT NULL")
    await _add(tx, "badges", _badges(ground, issuers, await _ids(tx, "images", PICTURES)))
    badges = await tx.all("SELECT id, organization_id, issuer_id FROM badges ORDER BY id")
    await _add(tx, "grants", _grants(ground, badges))
    await _fill_federation(tx, ground, issuers)
    await _fill_console(tx, ground)
    await _fill_holder(tx, ground)


def _issuers(ground: _Ground, organizations: Sequence[int]) -> Rows:
    """Most are the first organization's."""
    for number in range(ground.crowd.issuers):
        name = f"school{number}"
        yield {
            **_new(ground.issuer, number),
            "organization_id": ground.issuer["organization_id"]
            if number % 5
            else organizations[number % len(organizations)],
            "username": name,
            "actor_id": ground.issuer["actor_id"].replace("/org", f"/{name}"),
            "name": f"School of {ground.dice.choice(_LAST)} {number}",
            "summary": "We teach, examine and award.",
        }


def _badges(ground: _Ground, issuers: Sequence[Row], pictures: Sequence[int]) -> Rows:
    for number in range(ground.crowd.badges):
        issuer, made_at = ground.dice.choice(issuers), ground.now - number * HOUR
        title = f"{ground.dice.choice(_TITLES)} {number}"
        yield {
            **_new(ground.badge, number),
            "organization_id": issuer["organization_id"],
            "issuer_id": issuer["id"],
            "slug": f"badge-{number}",
            "title": title,
            "description": f"{title}: was there, took part and passed.",
            "image_id": pictures[number % len(pictures)],
            "hashtags": " ".join(f"#{tag}" for tag in ground.dice.sample(_TAGS, 3)),
            "post_hashtags": 1,
            "is_active": int(number % 20 != 0),
            "created_at": made_at,
            "updated_at": made_at,
        }


def _grants(ground: _Ground, badges: Sequence[Row]) -> Rows:
    first = badges[0]
    for number in range(ground.crowd.grants):
        badge = first if number % MANY == 0 else badges[number % len(badges)]
        yield {
            **_new(ground.grant, number),
            "organization_id": badge["organization_id"],
            "issuer_id": badge["issuer_id"],
            "badge_id": badge["id"],
            "code": f"CRD-{number:08}",
            "note_id": f"{number:032x}",
            "note_uri": f"{ground.grant['note_uri'][:-32]}{number:032x}",
            **_recipient(ground, number),
            **_life(ground, ground.now - (ground.crowd.grants - number) * 5 * MINUTE),
        }


def _recipient(ground: _Ground, number: int) -> dict[str, Any]:
    if number < ground.crowd.held:
        return {"email": ground.crowd.holder, "name": "Jane Doe", "active_recipient": None}
    given = FREQUENT if number % 3 == 0 else ground.dice.choice(_FIRST[1:])
    if number == ground.crowd.held + 1:
        given = RARE
    name = f"{given} {ground.dice.choice(_LAST)}"
    person = f"person{number % (ground.crowd.grants // 5 + 1)}"
    if number % 2:
        return {"email": f"{person}@example.org", "name": name, "active_recipient": None}
    actor_id, handle = _actor(number), f"@{person}@{_host(number)}"
    names = {"profile": handle, "actor_id": actor_id, "handle": handle, "name": name}
    return {"email": None, "active_recipient": None, **names}


def _life(ground: _Ground, issued_at: int) -> dict[str, Any]:
    """One of the states in which a grant can be, mostly published."""
    state = ground.dice.choices(
        ("processed", "pending", "declined", "revoked", "suspended", "expiring"), (75, 8, 3, 5, 2, 7)
    )[0]
    visibility = ground.dice.choices(("public", "unlisted", "private"), (75, 15, 10))[0]
    life = {"issued_at": issued_at, "status": state, "visibility": visibility}
    if state in ("pending", "declined"):
        return {**life, "accepted_at": None, "processed_at": None, "fingerprint": None}
    life |= {"accepted_at": issued_at + HOUR, "processed_at": issued_at + HOUR}
    if state == "revoked":
        return {**life, "closed_at": issued_at + DAY, "closed_reason": "By mistake"}
    if state == "suspended":
        return {**life, "status": "processed", "suspended_at": issued_at + DAY, "suspended_reason": "Asked"}
    return {
        **life,
        "status": "processed",
        "expires_at": issued_at + 300 * DAY if state == "expiring" else None,
    }


def _host(number: int) -> str:
    return f"social{number % HOSTS}.example"


def _actor(number: int) -> str:
    return f"https://{_host(number)}/users/person{number}"


async def _fill_federation(tx: Transaction, ground: _Ground, issuers: Sequence[Row]) -> None:
    people = ground.crowd.grants // 5
    await _add(tx, "hosts", (_host_row(ground, number) for number in range(min(HOSTS, people))))
    await _add(tx, "remote_actors", (_remote_actor(ground, number) for number in range(people)))
    await _add(tx, "followers", (_follower(ground, issuers, number) for number in range(people)))
    shown = await tx.all("SELECT id FROM grants WHERE status = 'processed' ORDER BY id LIMIT ?", people)
    await _add(tx, "interactions", (_interaction(ground, shown, number) for number in range(people)))
    await _copy(tx, "activities", people // 10, uri="https://badges.example/activity/{n}")
    activities = await _ids(tx, "activities", people // 10)
    await _add(tx, "deliveries", (_delivery(ground, activities, number) for number in range(2 * people)))
    await _add(tx, "jobs", (_job(ground, number) for number in range(people // 2)))


def _host_row(ground: _Ground, number: int) -> dict[str, Any]:
    failing = number % 10 == 0
    return {
        "host": _host(number),
        "priority": 1,
        "lease_until": 0,
        "failures": 3 if failing else 0,
        "failing_since": ground.now - DAY if failing else None,
        "paced_until": 0,
        "delivered": 1000 + number,
        "failed": number,
        "last_error": "timeout" if failing else None,
        "created_at": ground.now - 100 * DAY,
    }


def _remote_actor(ground: _Ground, number: int) -> dict[str, Any]:
    return {
        "id": _actor(number),
        "host": _host(number),
        "actor_type": "Person",
        "inbox": f"{_actor(number)}/inbox",
        "shared_inbox": f"https://{_host(number)}/inbox",
        "username": f"person{number}",
        "handle": f"@person{number}@{_host(number)}",
        "name": f"Person {number}",
        "url": _actor(number),
        "fetched_at": ground.now,
    }


def _follower(ground: _Ground, issuers: Sequence[Row], number: int) -> dict[str, Any]:
    return {
        "issuer_id": issuers[0 if number % 4 == 0 else number % len(issuers)]["id"],
        "actor_id": _actor(number),
        "follow_id": f"{_actor(number)}/follow",
        "delivery_inbox": f"https://{_host(number)}/inbox",
        "is_shared": 1,
        "created_at": ground.now - number * MINUTE,
        "ended_at": ground.now if number % 50 == 0 else None,
    }


def _interaction(ground: _Ground, shown: Sequence[Row], number: int) -> dict[str, Any]:
    kind = ("like", "boost", "reply")[number % 3]
    at = ground.now - number * MINUTE
    return {
        "grant_id": ground.grant["id"] if number % MANY == 0 else shown[number % len(shown)]["id"],
        "kind": kind,
        "activity_id": f"{_actor(number)}/{kind}",
        "object_id": f"{_actor(number)}/note" if kind == "reply" else None,
        "actor_id": _actor(number),
        "content": "<p>Well done!</p>" if kind == "reply" else None,
        "created_at": at,
        "updated_at": at,
    }


def _delivery(ground: _Ground, activities: Sequence[int], number: int) -> dict[str, Any]:
    return {
        "activity_id": activities[number % len(activities)],
        "inbox": f"https://{_host(number)}/inbox/{number}",
        "host": _host(number),
        "ordering_key": str(number),
        "priority": 1,
        "is_paced": 0,
        "state": "failed" if number % 3 == 0 else "ready",
        "attempt": 1,
        "not_before": ground.now + DAY,
        "created_at": ground.now - MINUTE,
    }


def _job(ground: _Ground, number: int) -> dict[str, Any]:
    return {
        "kind": "mail",
        "payload": "{}",
        "grant_id": ground.grant["id"],
        "state": "failed" if number % 2 else "ready",
        "priority": 1,
        "attempt": 1,
        "not_before": ground.now + DAY,
        "created_at": ground.now,
    }


async def _fill_console(tx: Transaction, ground: _Ground) -> None:
    some = ground.crowd.grants // 20
    await _add(tx, "audit_log", (_entry(ground, number) for number in range(10 * some)))
    await _copy(tx, "users", 100, email="colleague{n}@example.org", name="Colleague {n}")
    await tx.execute(
        "INSERT INTO members (organization_id, user_id, role, created_at)"
        " SELECT ?, id, 'viewer', created_at FROM users WHERE email LIKE 'colleague%'",
        ground.issuer["organization_id"],
    )
    await _copy(tx, "api_keys", 100, key_hash="{n:064x}", name="Key {n}")
    await _copy(tx, "sessions", 50, token_hash="{n:064x}")
    await _copy(tx, "webhook_endpoints", 10, url="https://hooks.example/{n}")
    await _copy(tx, "webhook_deliveries", some, event="grant.accepted")
    await _copy(tx, "bulks", 200, state="completed")
    await _add(tx, "bulk_rows", (_bulk_row(number) for number in range(2, 2 * some)))


def _entry(ground: _Ground, number: int) -> dict[str, Any]:
    return {
        "organization_id": ground.issuer["organization_id"],
        "author_kind": "user",
        "author_id": 1,
        "author_label": "owner@example.org",
        "action": ("grant.offer", "grant.revoke", "badge.change")[number % 3],
        "target_id": number % ground.crowd.grants + 1,
        "target_label": f"Training {number}",
        "details": "{}",
        "created_at": ground.now - MINUTE,
    }


def _bulk_row(number: int) -> dict[str, Any]:
    content = f'{{"email":"person{number}@example.org","profile":null,"name":null}}'
    state = "invalid" if number % 10 == 0 else "exists"
    return {"bulk_id": 1, "number": number, "line": number, "state": state, "content": content} | (
        {"field": "email", "reason": "This is no e-mail address."} if state == "invalid" else {}
    )


async def _fill_holder(tx: Transaction, ground: _Ground) -> None:
    """Their public profile, and the files of their badges."""
    holder = await _get(
        tx, "SELECT holder_id FROM holder_identities WHERE alias = ?", f"mailto:{ground.crowd.holder}"
    )
    profile = {"handle": "jane", "name": "Jane Doe", "bio": "", "is_public": 1, "is_indexed": 1}
    times = {"created_at": ground.now, "updated_at": ground.now}
    await _add(tx, "public_profiles", iter([{"holder_id": holder["holder_id"], **profile, **times}]))
    await tx.execute(
        "INSERT INTO documents (grant_id, kind, body, created_at)"
        " SELECT grants.id, kind, body, documents.created_at FROM grants JOIN documents ON documents.grant_id = ?"
        " WHERE grants.email = ? AND grants.code LIKE 'CRD-0%' AND grants.fingerprint IS NOT NULL",
        ground.grant["id"],
        ground.crowd.holder,
    )


def _new(row: Row, number: int) -> dict[str, Any]:
    """The row without its id, with a UUID of its own where it has one."""
    copied = {name: value for name, value in row.items() if name != "id"}
    return copied | ({"uuid": f"{row['uuid'][:24]}{number:012x}"} if "uuid" in row else {})


async def _copy(tx: Transaction, table: str, count: int, **columns: str) -> None:
    """So many more rows like the table's last, where `{n}` in a column stands for the copy's number."""
    row = await _get(tx, f"SELECT * FROM {table} ORDER BY id DESC LIMIT 1")
    rows = (
        _new(row, number) | {name: text.format(n=number) for name, text in columns.items()}
        for number in range(count)
    )
    await _add(tx, table, rows)


async def _add(tx: Transaction, table: str, rows: Rows) -> None:
    """All have the columns of the first, or some of them."""
    listed = list(rows)
    if not listed:
        return
    names = list(dict.fromkeys(name for row in listed[:MANY] for name in row))
    marks = ", ".join("?" * len(names))
    await tx.many(
        f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})",
        ([row.get(name) for name in names] for row in listed),
    )


async def _get(tx: Transaction, sql: str, *parameters: str | int) -> Row:
    row = await tx.one(sql, *parameters)
    if row is None:
        raise LookupError(sql)
    return row


async def _ids(tx: Transaction, table: str, count: int) -> list[int]:
    """Of the rows that were added last."""
    rows = await tx.all(f"SELECT id FROM {table} ORDER BY id DESC LIMIT ?", count)
    return [row["id"] for row in rows]
