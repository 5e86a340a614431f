"""Choosing one of an organization's badges in a form: from a list, or, where there are too many for one, by short name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from badgefed.store.badge_choices import BadgeChoice, find_choice, list_choices
from badgefed.store.database import Reader
from badgefed.web.console.paging import read_number

LISTED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What a form offers; `chosen` is the badge's number as text, `named` what was typed instead."""

    badges: tuple[BadgeChoice, ...]
    has_more: bool
    chosen: str = ""
    named: str = ""


async def load_choices(reader: Reader, organization_id: int, *, chosen: str = "", named: str = "") -> Choices:
    """The newest badges, and the one that is chosen already."""
    found = await list_choices(reader, organization_id, limit=LISTED + 1)
    badges = found[:LISTED]
    number = read_number(chosen)
    if number is not None and number not in {badge.id for badge in badges}:
        other = await find_choice(reader, organization_id, number)
        badges += [other] if other else []
    return Choices(badges=tuple(badges), has_more=len(found) > LISTED, chosen=chosen, named=named)


def read_choice(form: Mapping[str, str]) -> str:
    """The badge's short name where one was typed, else its number; empty where nothing was chosen."""
    return form.get("badge-name", "") or form.get("badge", "")
