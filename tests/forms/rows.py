"""What the table of forms says about each of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tests.forms.markup import Value


class Sender(StrEnum):
    """Who has the form before them. `stranger`: nobody is signed in."""

    STRANGER = "stranger"
    HOLDER = "holder"
    OWNER = "owner"
    OPERATOR = "operator"


@dataclass(frozen=True, kw_only=True)
class Bad:
    """Input that is refused, beside what would be good. `field`: where the page says so; `counts`: tables that count the attempt."""

    typed: Mapping[str, Value]
    field: str
    status: int = 400
    counts: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Row:
    """A form. `page` is where it stands, if not at its own address, and `through` the form that leads to it.

    `{names}` in texts stand for things of the stage.

    `typed` is what does. `about` picks one of several forms by a hidden field, `press` the button. `again`: the status of
    the same request sent once more; `adds`: the tables that get rows from that nevertheless, with the reason `because`.
    """

    route: str
    page: str = ""
    through: str = ""
    sender: Sender = Sender.OWNER
    typed: Mapping[str, Value] = field(default_factory=dict)
    about: Mapping[str, str] = field(default_factory=dict)
    press: tuple[str, str] | None = None
    status: int = 303
    again: int = 303
    adds: frozenset[str] = frozenset()
    because: str = ""
    bad: tuple[Bad, ...] = ()
