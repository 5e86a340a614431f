"""Badges granted by a list: one job, one row for each recipient, one result for each row."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class BulkState(StrEnum):
    RUNNING = "running"
    COMPLETED = "completed"


class RowState(StrEnum):
    """`exists`: the recipient has this badge waiting; `conflict`: has it already, or stands in the list twice."""

    WAITING = "waiting"
    CREATED = "created"
    EXISTS = "exists"
    CONFLICT = "conflict"
    INVALID = "invalid"


FAILED = (RowState.CONFLICT, RowState.INVALID)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowContent:
    """What a row says: texts as they were given, None where there are none."""

    email: str | None = None
    profile: str | None = None
    name: str | None = None
    badge: str | None = None
    evidence: str | None = None
    narrative: str | None = None
    license_number: str | None = None
    expires: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkRow:
    """`number` counts from 1; `line` is where the row begins in the file. `field` and `reason` say why it failed."""

    number: int
    line: int
    state: RowState
    content: RowContent
    badge_id: int | None = None
    expires_at: int | None = None
    field: str | None = None
    reason: str | None = None
    grant_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many rows there are, and how many of them in each of the final states."""

    total: int
    created: int = 0
    existing: int = 0
    conflicts: int = 0
    invalid: int = 0

    @property
    def done(self) -> int:
        return self.created + self.existing + self.conflicts + self.invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulk:
    """A list that was accepted."""

    id: int
    uuid: str
    organization_id: int
    author: str
    state: BulkState
    counts: Counts
    created_at: int
    finished_at: int | None
