"""The Jinja environment that pages and mails share."""

from __future__ import annotations

import gettext
from pathlib import Path

import jinja2

from badgefed.model.times import format_rfc3339, to_datetime
from badgefed.settings import resource_folder


def make_environment() -> jinja2.Environment:
    """Autoescaping for `.html`, undefined names are errors, texts go through gettext.

    Filters: `day` shows an instant as a date, `instant` as RFC 3339.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template_folder()),
        autoescape=jinja2.select_autoescape(("html", "xml", "svg")),
        undefined=jinja2.StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.install_gettext_translations(gettext.NullTranslations(), newstyle=True)  # type: ignore[attr-defined]
    environment.filters["day"] = _day
    environment.filters["instant"] = format_rfc3339
    return environment


def template_folder() -> Path:
    return resource_folder("templates")


def _day(instant: int) -> str:
    moment = to_datetime(instant)
    return f"{moment.day} {moment:%B %Y}"
