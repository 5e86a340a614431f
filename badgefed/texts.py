"""Sentences for people that are written in English, kept as they are, and translated only where they are shown.

Catalogues are made from what stands in calls of `say` and `N_`, in the first arguments of errors, and in templates; see
docs/translating.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

Translate = Callable[[str], str]
ShowDay = Callable[[date], str]


def untranslated(text: str) -> str:
    """The English original: what to pass as `translate` where nothing is localised."""
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """An English text and what goes into its `%(name)s` placeholders: dates, messages and tuples of them are put in
    the reader's language.

    Without values the text is taken as it is, percent signs and all.
    """

    text: str
    values: Mapping[str, object] = field(default_factory=dict)

    def render(self, translate: Translate = untranslated, show_day: ShowDay = date.isoformat) -> str:
        text = translate(self.text)
        if not self.values:
            return text
        return text % {name: _show(value, translate, show_day) for name, value in self.values.items()}


def _show(value: object, translate: Translate, show_day: ShowDay) -> str:
    if isinstance(value, Message):
        return value.render(translate, show_day)
    if isinstance(value, tuple):
        return ", ".join(_show(item, translate, show_day) for item in value)
    return show_day(value) if isinstance(value, date) else str(value)


def pack(message: Message) -> dict[str, object]:
    """A message as JSON, to be kept and shown later in whatever language."""
    return {
        "text": message.text,
        "values": {name: _pack_value(value) for name, value in message.values.items()},
    }


def unpack(packed: Mapping[str, Any]) -> Message:
    """What `pack` made."""
    values = {name: _unpack_value(value) for name, value in packed["values"].items()}
    return Message(text=packed["text"], values=values)


def _pack_value(value: object) -> object:
    if isinstance(value, Message):
        return pack(value)
    return {"day": value.isoformat()} if isinstance(value, date) else str(value)


def _unpack_value(value: str | Mapping[str, Any]) -> object:
    if isinstance(value, str):
        return value
    return date.fromisoformat(value["day"]) if "day" in value else unpack(value)


def say(text: str, /, **values: object) -> Message:
    """A `Message`; the extraction of texts for translation knows this name, so `text` must be a literal."""
    return Message(text=text, values=values)


def N_(text: str, /) -> str:
    """The text itself, a literal: marks a constant whose translation is looked up where it is shown."""
    return text
