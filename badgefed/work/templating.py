"""Texts in the reader's language: catalogues, and the Jinja environments that pages and mails share.

A catalogue is a `.po` file beside the package's code, read at the first use of its language: there is no compiled form that
could be out of date. Each language has an environment of its own, so that a template never sees another reader's texts.
"""

from __future__ import annotations

import gettext
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import jinja2
from babel import Locale
from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from badgefed.errors import BadgefedError
from badgefed.model.times import format_rfc3339, to_datetime
from badgefed.protocol.languages import direction, match_language
from badgefed.settings import SOURCE_LANGUAGE, available_languages, catalogue_path, resource_folder
from badgefed.texts import Message

_REGIONS = {"en": "en_GB"}
"""Where a language's dates differ from country to country: day, month, year, as everywhere but in one."""


class Tongue:
    """One language: its texts, dates, numbers and templates."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.direction = direction(tag)
        self._locale = Locale.parse(_REGIONS.get(tag, tag), sep="-" if "-" in tag else "_")
        self.name = (Locale.parse(tag, sep="-").get_display_name() or tag).capitalize()
        self._texts = load_catalogue(tag)
        self.environment = _make_environment(self)

    def translate(self, text: str) -> str:
        """The text in this language, itself where it has no translation. Templates' placeholders stay in it."""
        return self._texts.gettext(text) if text else ""

    def tell(self, message: Message | BadgefedError | str | None) -> str:
        """What it says in this language; nothing for None."""
        if message is None:
            return ""
        if isinstance(message, BadgefedError):
            message = message.message
        if isinstance(message, Message):
            return message.render(self.translate, self._show_day)
        return self.translate(message)

    def day(self, instant: int) -> str:
        """The date of an instant, in words: `3 May 2026`."""
        return self._show_day(to_datetime(instant).date())

    def clock(self, instant: int) -> str:
        """The time of day of an instant: `14:05 UTC`."""
        return f"{to_datetime(instant):%H:%M} UTC"

    def number(self, value: int) -> str:
        """A number with its groups of digits."""
        return format_decimal(value, locale=self._locale)

    def _show_day(self, day: date) -> str:
        return format_date(day, "long", locale=self._locale)

    def plural(self, one: str, many: str, count: int) -> str:
        return self._texts.ngettext(one, many, count)


class Templates:
    """All languages. `default` is for whoever has not said which one they want."""

    def __init__(self, default: str = SOURCE_LANGUAGE) -> None:
        self.default = default

    def tongue(self, tag: str | None = None) -> Tongue:
        """That of a language tag, or of the language that it is a variety of; else the default."""
        found = match_language(tag, available_languages()) if tag else None
        return load_tongue(found or self.default)

    def tongues(self) -> list[Tongue]:
        """All of them, for a choice; loads those that nobody has used yet."""
        return [load_tongue(tag) for tag in available_languages()]

    def get_template(self, name: str, language: str | None = None) -> jinja2.Template:
        """A template whose texts are in that language."""
        return self.tongue(language).environment.get_template(name)


@lru_cache
def load_tongue(tag: str) -> Tongue:
    """Of a language that there is; reading a catalogue takes a tenth of a second."""
    return Tongue(tag)


def load_catalogue(tag: str) -> gettext.NullTranslations:
    """The translations of a `.po` file, without fuzzy ones; what is missing stays English."""
    if tag == SOURCE_LANGUAGE:
        return gettext.NullTranslations()
    compiled = BytesIO()
    with catalogue_path(tag).open("rb") as file:
        write_mo(compiled, read_po(file, locale=tag.replace("-", "_")))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def template_folder() -> Path:
    return resource_folder("templates")


def _make_environment(tongue: Tongue) -> jinja2.Environment:
    """Autoescaping for `.html`, undefined names are errors, texts go through gettext.

    Filters: `day` shows an instant as a date in words, `clock` as the time of that day, `instant` as RFC 3339, `number` a number; `told` shows an error or
    another message. `lang` and `dir` are for the element `html`.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template_folder()),
        autoescape=jinja2.select_autoescape(("html", "xml", "svg")),
        undefined=jinja2.StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    install: Callable[..., None] = environment.install_gettext_callables  # type: ignore[attr-defined]
    install(tongue.translate, tongue.plural, newstyle=True)
    environment.globals |= {"lang": tongue.tag, "dir": tongue.direction}
    environment.filters |= {
        "day": tongue.day,
        "clock": tongue.clock,
        "number": tongue.number,
        "told": tongue.tell,
        "instant": format_rfc3339,
    }
    return environment
