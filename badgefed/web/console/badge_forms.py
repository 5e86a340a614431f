"""The form of a badge: what it sends, as the use cases want it, and what it shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from badgefed.errors import Invalid
from badgefed.issuing.badges import MAX_PARTS, MAX_TEXT, NewBadge
from badgefed.model.badge import Alignment, Badge, BadgeType
from badgefed.protocol.openbadges import web_url
from badgefed.protocol.raster import UPLOAD_BYTES
from badgefed.texts import say
from badgefed.web.console.pictures import DRAW, KEPT, PICTURE
from badgefed.web.forms import Form

PARTS = ("target_name", "target_url", "target_framework", "target_code", "target_description", "target_type")
SPARE_ROWS = 2
MAX_FIELDS = 25 + (MAX_PARTS + SPARE_ROWS) * len(PARTS)
MAX_FORM = UPLOAD_BYTES + 1_000_000
MAX_NUMBER = 9

_TEXTS = ("title", "description", "criteria")
_OPTIONAL = ("image_alt", "hashtags", "info_uri", "language", "share_text")
_FLAGS = ("post_hashtags", "is_certificate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What the form shows: texts by field, which boxes are ticked, and the rows of alignments with some empty ones."""

    texts: Mapping[str, str]
    ticked: frozenset[str]
    alignments: tuple[Mapping[str, str], ...]


def read_content(form: Form) -> dict[str, Any]:
    """By the names of `NewBadge`, `image` only where a picture was chosen. Raises `Invalid` with the field."""
    fields = form.fields
    content: dict[str, Any] = {name: fields.get(name, "") for name in _TEXTS}
    content |= {name: fields.get(name) or None for name in _OPTIONAL}
    content |= {name: name in fields for name in _FLAGS}
    _check_address(fields.get("info_uri", ""))
    content["badge_type"] = _read_type(fields.get("badge_type", ""))
    content["expires_in_days"] = _read_days(fields.get("expires_in_days", ""))
    content["alignments"] = tuple(_read_alignments(fields))
    if PICTURE in form.files:
        content["image"] = form.files[PICTURE]
    return content


def read_new(form: Form) -> NewBadge:
    """Raises `Invalid` with the field."""
    return NewBadge(**read_content(form))


def _check_address(text: str) -> None:
    if text and web_url(text) is None:
        raise Invalid(
            say("%(url)s is no web address; write it like https://example.org/.", url=text[:300]),
            field="info_uri",
        )


def _read_type(text: str) -> BadgeType:
    try:
        return BadgeType(text)
    except ValueError:
        raise Invalid("Choose one of the kinds of badge.", field="badge_type") from None


def _read_days(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_NUMBER):
        raise Invalid(
            "Enter a number of days, or nothing for a badge that doesn't expire.", field="expires_in_days"
        )
    return int(text)


def _read_alignments(fields: Mapping[str, str]) -> list[Alignment]:
    """A row counts if anything was typed into it."""
    rows = _rows(fields)
    return [
        Alignment(
            target_name=row["target_name"],
            target_url=row["target_url"],
            **{name: row[name] or None for name in PARTS[2:]},
        )
        for row in rows
        if any(row[name] for name in PARTS[:-1])
    ]


def _rows(fields: Mapping[str, str]) -> list[dict[str, str]]:
    """The rows of the form in their order; those that are named out of turn don't count."""
    rows = []
    for index in range(MAX_PARTS + SPARE_ROWS):
        if f"{PARTS[0]}-{index}" not in fields:
            break
        rows.append({name: fields.get(f"{name}-{index}", "") for name in PARTS})
    return rows


def typed_from(fields: Mapping[str, str]) -> Typed:
    """What was typed, to be shown again."""
    names = (*_TEXTS, *_OPTIONAL, "badge_type", "expires_in_days", "issuer", KEPT)
    filled = [row for row in _rows(fields) if any(row.values())]
    return Typed(
        texts={name: fields.get(name, "")[: MAX_TEXT + 1000] for name in names},
        ticked=frozenset(name for name in (*_FLAGS, DRAW) if name in fields),
        alignments=_with_spare_rows(filled),
    )


def typed_of(badge: Badge) -> Typed:
    """The form of a badge as it is."""
    names = (*_TEXTS, *_OPTIONAL, "badge_type", "expires_in_days")
    return Typed(
        texts={**{name: str(getattr(badge, name) or "") for name in names}, "issuer": "", KEPT: ""},
        ticked=frozenset(name for name in _FLAGS if getattr(badge, name)),
        alignments=_with_spare_rows(
            [{name: getattr(one, name) or "" for name in PARTS} for one in badge.alignments]
        ),
    )


def _with_spare_rows(rows: list[dict[str, str]]) -> tuple[Mapping[str, str], ...]:
    spare = min(SPARE_ROWS, MAX_PARTS - len(rows))
    return (*rows, *(dict.fromkeys(PARTS, "") for _ in range(spare)))


EMPTY = typed_from({"badge_type": BadgeType.BADGE})
