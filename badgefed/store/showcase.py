"""What everybody may see, in lists: granted badges, badges, issuers. Page by page; what is new changes no later page."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

from badgefed.store.database import Reader, Row, Value, placeholders
from badgefed.store.search import Match

IS_SHOWN = "grants.status = 'processed' AND grants.visibility = 'public' AND grants.suspended_at IS NULL"
TAGGED_BADGES = 500
_PLACE = re.compile(r"(\d{1,18})-(\d{1,18})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a granted badge stands among the others: the last published ones come first."""

    processed_at: int
    grant_id: int

    def __str__(self) -> str:
        return f"{self.processed_at}-{self.grant_id}"


def parse_place(text: str | None) -> Place | None:
    """From its text; None for anything else."""
    found = _PLACE.fullmatch(text or "")
    return Place(processed_at=int(found[1]), grant_id=int(found[2])) if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A granted badge in a list. `image` is the SHA-256 of its picture, `processed_at` in microseconds."""

    grant_id: int
    uuid: str
    note_uri: str
    name: str | None
    profile: str | None
    actor_id: str | None
    handle: str | None
    badge_title: str
    badge_description: str
    image: str
    image_alt: str | None
    issuer_name: str
    issuer_username: str
    issuer_actor_id: str
    issued_at: int
    processed_at: int
    expires_at: int | None

    @property
    def place(self) -> Place:
        return Place(processed_at=self.processed_at, grant_id=self.grant_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class BadgeCard:
    """A badge in a list. `image` is the SHA-256 of its picture."""

    id: int
    title: str
    badge_type: str
    description: str
    image: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerCard:
    """An issuer in a list; `updated_at` changes with its picture."""

    id: int
    username: str
    actor_id: str
    name: str
    updated_at: int


_SHOWN = [field.name for field in fields(Shown)]
_CARD = [field.name for field in fields(BadgeCard)]
_ISSUER = [field.name for field in fields(IssuerCard)]


def _shown(row: Row) -> Shown:
    return Shown(**{name: row[name] for name in _SHOWN})


async def count_shown(reader: Reader) -> int:
    """How many granted badges everybody may see."""
    row = await reader.one(f"SELECT COUNT(*) AS n FROM grants WHERE {IS_SHOWN}")
    return int(row["n"]) if row else 0


async def list_shown(
    reader: Reader,
    *,
    limit: int,
    issuer_id: int | None = None,
    badge_id: int | None = None,
    badge_ids: Sequence[int] | None = None,
    recipients: Sequence[str] | None = None,
    grant_ids: Sequence[int] | None = None,
    match: Match | None = None,
    before: Place | None = None,
) -> list[Shown]:
    """Processed public grants that aren't suspended, the last published first, after the place `before`.

    Of an issuer, of one or some badges, of recipients by the ids of their actors or their aliases, some by their own ids, or of all issuers.
    """
    conditions = (
        f"{IS_SHOWN} AND grants.issuer_id NOT IN (SELECT id FROM issuers WHERE deleted_at IS NOT NULL)"
    )
    parameters: list[Value] = []
    if issuer_id is not None:
        conditions += " AND grants.issuer_id = ?"
        parameters.append(issuer_id)
    if badge_id is not None:
        conditions += " AND grants.badge_id = ?"
        parameters.append(badge_id)
    if badge_ids is not None:
        conditions += f" AND grants.badge_id IN ({placeholders(len(badge_ids)) or 'NULL'})"
        parameters.extend(badge_ids)
    if recipients is not None:
        marks = placeholders(len(recipients)) or "NULL"
        conditions += f" AND (grants.actor_id IN ({marks}) OR grants.active_recipient IN ({marks}))"
        parameters.extend([*recipients, *recipients])
    if grant_ids is not None:
        conditions += f" AND grants.id IN ({placeholders(len(grant_ids)) or 'NULL'})"
        parameters.extend(grant_ids)
    if match is not None:
        conditions += f" AND {match.condition}"
        parameters.append(match.query)
    if before is not None:
        conditions += " AND (grants.processed_at, grants.id) < (?, ?)"
        parameters.extend([before.processed_at, before.grant_id])
    rows = await reader.all(
        "SELECT grants.id AS grant_id, grants.uuid, grants.note_uri, grants.name, grants.profile, grants.actor_id,"
        " grants.handle, grants.issued_at, grants.processed_at, grants.expires_at, badges.title AS badge_title,"
        " badges.description AS badge_description, images.sha256 AS image, badges.image_alt, issuers.name AS issuer_name,"
        " issuers.username AS issuer_username, issuers.actor_id AS issuer_actor_id"
        f" FROM (SELECT * FROM grants WHERE {conditions} ORDER BY processed_at DESC, id DESC LIMIT ?) AS grants"
        " JOIN badges ON badges.id = grants.badge_id JOIN issuers ON issuers.id = grants.issuer_id"
        " JOIN images ON images.id = badges.image_id ORDER BY grants.processed_at DESC, grants.id DESC",
        *parameters,
        limit,
    )
    return [_shown(row) for row in rows]


async def list_badge_cards(
    reader: Reader,
    issuer_id: int | None = None,
    *,
    limit: int,
    match: Match | None = None,
    before: int | None = None,
) -> list[BadgeCard]:
    """The active badges of an issuer, or of all that are there, newest first: those with an id below `before`."""
    conditions = "badges.is_active = 1 AND issuers.deleted_at IS NULL"
    parameters: list[Value] = []
    if issuer_id is not None:
        conditions += " AND badges.issuer_id = ?"
        parameters.append(issuer_id)
    if match is not None:
        conditions += f" AND {match.condition}"
        parameters.append(match.query)
    if before is not None:
        conditions += " AND badges.id < ?"
        parameters.append(before)
    rows = await reader.all(
        "SELECT badges.id, badges.title, badges.badge_type, badges.description, images.sha256 AS image"
        " FROM badges JOIN images ON images.id = badges.image_id JOIN issuers ON issuers.id = badges.issuer_id"
        f" WHERE {conditions} ORDER BY badges.id DESC LIMIT ?",
        *parameters,
        limit,
    )
    return [BadgeCard(**{name: row[name] for name in _CARD}) for row in rows]


async def list_cards_by_issuer(
    reader: Reader, issuer_ids: Sequence[int], *, limit: int
) -> dict[int, list[BadgeCard]]:
    """The newest active badges of each of these issuers, `limit` of each at most."""
    rows = await reader.all(
        "SELECT newest.*, images.sha256 AS image FROM (SELECT id, issuer_id, title, badge_type, description, image_id,"
        " ROW_NUMBER() OVER (PARTITION BY issuer_id ORDER BY id DESC) AS place FROM badges"
        f" WHERE is_active = 1 AND issuer_id IN ({placeholders(len(issuer_ids)) or 'NULL'})) AS newest"
        " JOIN images ON images.id = newest.image_id WHERE place <= ? ORDER BY newest.id DESC",
        *issuer_ids,
        limit,
    )
    cards: dict[int, list[BadgeCard]] = {issuer_id: [] for issuer_id in issuer_ids}
    for row in rows:
        cards[row["issuer_id"]].append(BadgeCard(**{name: row[name] for name in _CARD}))
    return cards


async def list_issuer_cards(
    reader: Reader, *, limit: int, match: Match | None = None, after: int = 0
) -> list[IssuerCard]:
    """Verified issuers, the first ones first: those with an id above `after`.

    Others are in no list: nobody can use another's name there by registering it.
    """
    conditions = "issuers.deleted_at IS NULL AND issuers.verified_at IS NOT NULL AND issuers.id > ?"
    parameters: list[Value] = [after]
    if match is not None:
        conditions += f" AND {match.condition}"
        parameters.append(match.query)
    rows = await reader.all(
        "SELECT issuers.id, issuers.username, issuers.actor_id, issuers.name, issuers.updated_at FROM issuers"
        f" WHERE {conditions} ORDER BY issuers.id LIMIT ?",
        *parameters,
        limit,
    )
    return [IssuerCard(**{name: row[name] for name in _ISSUER}) for row in rows]


async def list_tags(reader: Reader, *, limit: int) -> list[str]:
    """The hashtags that most of the newest badges carry in their posts, lower case, without `#`."""
    rows = await reader.all(
        "SELECT badges.hashtags FROM badges JOIN issuers ON issuers.id = badges.issuer_id"
        " WHERE badges.is_active = 1 AND badges.post_hashtags = 1 AND badges.hashtags IS NOT NULL"
        " AND issuers.deleted_at IS NULL ORDER BY badges.id DESC LIMIT ?",
        TAGGED_BADGES,
    )
    counted = Counter(tag for row in rows for tag in _tags(row["hashtags"]))
    return [tag for tag, _ in counted.most_common(limit)]


def _tags(hashtags: str) -> Iterable[str]:
    """As `Badge.hashtag_names`, in lower case, those alone that can be in an address."""
    words = (word.lstrip("#").lower() for word in hashtags.replace(",", " ").split())
    return {word for word in words if word and "/" not in word}
