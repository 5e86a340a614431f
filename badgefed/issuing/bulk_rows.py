"""Reading a list of recipients: each row is judged by itself, so that a bad one doesn't keep the others from their badges."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from badgefed.errors import Invalid
from badgefed.issuing.bulk_columns import Columns, find_field, read_columns
from badgefed.model.bulk import BulkRow, RowContent, RowState
from badgefed.model.recipient import email_alias, profile_alias
from badgefed.model.times import DAY, from_iso8601, from_rfc3339
from badgefed.protocol.bodies import (
    MAX_EMAIL,
    Body,
    Field,
    InvalidBody,
    Kind,
    email_address,
    longest,
    one_of,
    plain,
    profile,
)
from badgefed.protocol.csv_rows import Line, read_csv
from badgefed.store.bulk import BadgeNames

MAX_ROWS = 10_000
KEPT_CHARACTERS = 2_000
NO_ROWS = "There are no rows in the list."
TOO_MANY_ROWS = f"A list can have {MAX_ROWS:,} rows: split it."
NO_BADGE = "badge is required: the badge's id, UUID or slug"
EXPIRES_TEXT = "expires must be a date like 2030-12-31, or a time with its zone like 2030-12-31T23:59:59Z"
EXPIRES_PAST = "expires must be in the future"

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
# What spreadsheets in much of Europe make of such a date; with dots the day comes first everywhere.
_DOTTED_DATE = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")


def _text(name: str, description: str, example: str) -> Field:
    return Field(
        name=name, kind=Kind.TEXT, wrong_kind=f"{name} must be text", description=description, example=example
    )


ROW_BODY = Body(
    name="BulkGrantRow",
    description="One recipient. Members may also be called as the columns of a CSV file may.",
    fields=(
        _text("email", "The recipient's e-mail address.", "jane@example.org"),
        _text("profile", "The recipient's profile URL or Fediverse address.", "@jane@social.example"),
        _text("name", "The recipient's name.", "Jane Doe"),
        _text("badge", "The badge's id, UUID or slug; without it the list's own `badge` is meant.", "1"),
        _text(
            "evidence", "What the badge is granted for, or a URL that shows it.", "https://example.org/work/1"
        ),
        _text("narrative", "How the recipient earned it.", "Led the workshop."),
        _text("licenseNumber", "The number of the licence that the badge stands for.", "A-1234"),
        _text("expires", "A date (its end in UTC) or a time with its zone.", "2030-12-31"),
    ),
    rules=(
        one_of(("email", "profile"), "either email or profile must be given"),
        email_address("email", "email is no e-mail address"),
        profile("profile", "profile is no http(s) URL and no Fediverse address"),
        longest("profile", 500, "profile can have 500 characters"),
        longest("name", 200, "name can have 200 characters"),
        longest("email", MAX_EMAIL, "email can have 254 characters"),
        longest("badge", 100, "badge can have 100 characters"),
        longest("evidence", 2000, "evidence can have 2,000 characters"),
        longest("narrative", 2000, "narrative can have 2,000 characters"),
        longest("licenseNumber", 100, "licenseNumber can have 100 characters"),
        longest("expires", 40, EXPIRES_TEXT),
        plain("name", "name cannot have control characters"),
        plain("evidence", "evidence cannot have control characters", lines=True),
        plain("narrative", "narrative cannot have control characters", lines=True),
        plain("licenseNumber", "licenseNumber cannot have control characters"),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenRow:
    """As it came: `members` should be a dict. `reason`: why it is no row."""

    number: int
    line: int
    members: object
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenList:
    """The rows of a list, and the columns that meant nothing."""

    rows: Sequence[GivenRow]
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadList:
    """The same, judged."""

    rows: Sequence[BulkRow]
    ignored: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class Judge:
    """Judges the rows of one list: a recipient can be in it once for each badge.

    `badges` are those of the organization that are named, `badge` is the one for rows that name none.
    """

    badges: Iterable[BadgeNames]
    badge: str | None
    now: int
    _by_name: dict[str, BadgeNames] = field(init=False)
    _seen: dict[tuple[int, str], int] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        known = list(self.badges)
        self._by_name = {one.slug.lower(): one for one in known}
        self._by_name |= {one.uuid: one for one in known} | {str(one.id): one for one in known}

    def judge(self, number: int, line: int, members: object) -> BulkRow:
        """A row that waits to be granted, or one that can't be, with the reason. `members` should be a dict."""
        content = RowContent()
        try:
            given = _name_members(members)
            content = _keep(given)
            content = replace(content, badge=content.badge or self.badge)
            return self._accept(number, line, ROW_BODY.read(given))
        except Invalid as error:
            name = error.field
            if name is None and isinstance(error, InvalidBody):
                name = next(iter(error.failures))
            return BulkRow(
                number=number,
                line=line,
                state=RowState.INVALID,
                content=content,
                field=name,
                reason=str(error),
            )

    def _accept(self, number: int, line: int, values: Mapping[str, Any]) -> BulkRow:
        badge = self._find_badge(values["badge"] or self.badge)
        row = BulkRow(
            number=number,
            line=line,
            state=RowState.WAITING,
            content=replace(_make_content(values), badge=values["badge"] or self.badge),
            badge_id=badge.id,
            expires_at=None if values["expires"] is None else read_expiry(values["expires"], self.now),
        )
        alias = profile_alias(values["profile"]) if values["profile"] else email_alias(values["email"])
        first = self._seen.setdefault((badge.id, alias), number)
        if first == number:
            return row
        reason = f"row {first} has the same recipient and badge"
        return replace(row, state=RowState.CONFLICT, reason=reason)

    def _find_badge(self, name: str | None) -> BadgeNames:
        if name is None:
            raise Invalid(NO_BADGE, field="badge")
        badge = self._by_name.get(name.lower())
        if badge is None:
            raise Invalid(f"there is no badge {name[:100]!r}", field="badge")
        if not badge.is_active:
            raise Invalid(f"the badge {name[:100]!r} is not active", field="badge")
        return badge


def read_expiry(text: str, now: int) -> int:
    """The instant of a time with its zone, or of the end of a day in UTC. Raises `Invalid`."""
    if dotted := _DOTTED_DATE.fullmatch(text):
        text = f"{dotted[3]}-{dotted[2]:0>2}-{dotted[1]:0>2}"
    try:
        instant = from_iso8601(text) + DAY - 1 if _DATE.fullmatch(text) else from_rfc3339(text)
    except (ValueError, TypeError):
        raise Invalid(EXPIRES_TEXT, field="expires") from None
    if instant <= now:
        raise Invalid(EXPIRES_PAST, field="expires")
    return instant


def read_csv_rows(data: bytes, mapping: Mapping[str, str | None]) -> GivenList:
    """The rows of a CSV file. Raises `Invalid` for what is none, or too long."""
    table = read_csv(data)
    columns = read_columns(table.header, mapping)
    rows = _limit(_read_line(number, line, columns) for number, line in enumerate(table.lines, 1))
    return GivenList(rows=rows, ignored=columns.ignored)


def read_json_rows(items: Sequence[object]) -> GivenList:
    """The rows of a JSON array. Raises `Invalid` for none, or too many."""
    rows = (GivenRow(number=number, line=number, members=item) for number, item in enumerate(items, 1))
    return GivenList(rows=_limit(rows))


def _limit(rows: Iterator[GivenRow]) -> list[GivenRow]:
    found = list(islice(rows, MAX_ROWS + 1))
    if len(found) > MAX_ROWS:
        raise Invalid(TOO_MANY_ROWS, field="rows")
    if not found:
        raise Invalid(NO_ROWS, field="rows")
    return found


def _read_line(number: int, line: Line, columns: Columns) -> GivenRow:
    """Cells that are missing at the end are empty; more cells than columns are no row."""
    width = len(columns.fields)
    cells = zip(columns.fields, line.cells, strict=False)
    members = {name: cell for name, cell in cells if name is not None}
    reason = None
    if any(line.cells[width:]):
        reason = f"the row has {len(line.cells)} cells, but there are {width} columns"
    return GivenRow(number=number, line=line.number, members=members, reason=reason)


def list_badges(given: GivenList) -> set[str]:
    """What the rows call their badges."""
    named = (row.members for row in given.rows if isinstance(row.members, dict))
    values = (value for members in named for name, value in members.items() if _find_member(name) == "badge")
    return {str(value).strip() for value in values if isinstance(value, str | int)}


def judge_rows(given: GivenList, judge: Judge) -> ReadList:
    """Takes seconds for long lists."""
    return ReadList(rows=[_judge_row(row, judge) for row in given.rows], ignored=given.ignored)


def _judge_row(row: GivenRow, judge: Judge) -> BulkRow:
    if row.reason is None:
        return judge.judge(row.number, row.line, row.members)
    content = _keep(_name_members(row.members))
    return BulkRow(
        number=row.number, line=row.line, state=RowState.INVALID, content=content, reason=row.reason
    )


def _name_members(members: object) -> dict[str, Any]:
    """By our names; whole numbers as text. Raises `Invalid` for what is no row."""
    if not isinstance(members, dict):
        raise Invalid("a row must be a JSON object")
    named: dict[str, Any] = {}
    for name, value in members.items():
        known = _find_member(name)
        if known is None:
            continue
        if known in named:
            raise Invalid(f"the row has {known} more than once", field=known)
        is_number = isinstance(value, int) and not isinstance(value, bool)
        named[known] = str(value) if is_number else value
    return named


def _find_member(name: str) -> str | None:
    return name if name in ROW_FIELDS else find_field(name)


def _keep(given: Mapping[str, Any]) -> RowContent:
    """What is kept of a row that can't be granted, for people to see: texts, shortened."""
    texts = {
        name: value[:KEPT_CHARACTERS].replace("\x00", "")
        for name, value in given.items()
        if isinstance(value, str)
    }
    return _make_content(texts)


def _make_content(texts: Mapping[str, str | None]) -> RowContent:
    return RowContent(
        email=texts.get("email"),
        profile=texts.get("profile"),
        name=texts.get("name"),
        badge=texts.get("badge"),
        evidence=texts.get("evidence"),
        narrative=texts.get("narrative"),
        license_number=texts.get("licenseNumber"),
        expires=texts.get("expires"),
    )


ROW_FIELDS = frozenset(item.name for item in ROW_BODY.fields)
