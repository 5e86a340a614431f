"""Brings the catalogues up to date with the texts in code and templates: `make messages`.

New texts are added without a translation, changed ones are marked fuzzy with a guess, and what is gone is removed. A new
language begins with an empty file: `make messages LANGUAGE=fr`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from badgefed.settings import SOURCE_LANGUAGE, available_languages, catalogue_path

ROOT = Path(__file__).parents[1]
MARKS: Mapping[str, tuple[int, ...] | None] = {"say": None, "N_": None, "translate": None}
ERRORS: Mapping[str, tuple[int, ...] | None] = {
    **dict.fromkeys(
        (
            "Invalid",
            "UnsupportedMedia",
            "Unauthenticated",
            "PaymentRequired",
            "Forbidden",
            "NotFound",
            "Conflict",
            "Gone",
            "TooLarge",
            "Unprocessable",
            "RateLimited",
            "Unavailable",
            "AddressRefused",
        )
    ),
    "FetchFailed": (2,),
}
"""Errors whose texts pages show."""
SHOWN = (
    "web",
    "issuing",
    "work",
    "net",
    "model",
    "verification/locating.py",
    "verification/posts.py",
    "verification/presented.py",
    "verification/verify.py",
)
"""Where in the package errors are raised that pages show; elsewhere only what is marked is translated."""
TEMPLATE_KEYWORDS: Mapping[str, tuple[int, ...] | None] = {"_": None, "gettext": None, "ngettext": (1, 2)}
TEMPLATE_OPTIONS = {
    "trim_blocks": "true",
    "lstrip_blocks": "true",
    "newstyle_gettext": "true",
    "silent": "false",
}
UNTRANSLATED_TEMPLATES = frozenset({"api-docs.html", "api-operations.html"})
"""For programmers, in English."""


def extract() -> Catalog:
    """All texts that pages and mails may show, with the files that they stand in."""
    catalogue = Catalog(project="badgefed", charset="utf-8", header_comment="# Translations of badgefed.")
    for path, text, comments in sorted(_texts(), key=lambda found: (found[0], str(found[1]))):
        catalogue.add(text, locations=[(path, 1)], auto_comments=comments)
    return catalogue


def _texts() -> Iterator[tuple[str, str | tuple[str, ...], list[str]]]:
    for path in sorted((ROOT / "badgefed").rglob("*.py")):
        is_shown = str(path.relative_to(ROOT / "badgefed")).startswith(SHOWN)
        keywords = {**MARKS, **(ERRORS if is_shown else {})}
        yield from _read("python", path, keywords, {})
    for path in sorted((ROOT / "templates").rglob("*")):
        if path.suffix in (".html", ".txt") and path.name not in UNTRANSLATED_TEMPLATES:
            yield from _read("jinja2.ext:babel_extract", path, TEMPLATE_KEYWORDS, TEMPLATE_OPTIONS)


def _read(
    method: str, path: Path, keywords: Mapping[str, tuple[int, ...] | None], options: Mapping[str, str]
) -> Iterator[tuple[str, str | tuple[str, ...], list[str]]]:
    found = extract_from_file(method, path, keywords=keywords, options=options)
    for _, text, comments, _ in found:
        if text:
            yield str(path.relative_to(ROOT)), text, comments


def updated(language: str, template: Catalog) -> Catalog:
    """The catalogue of a language as it has to be for these texts."""
    with catalogue_path(language).open("rb") as file:
        catalogue = read_po(file, locale=language.replace("-", "_"))
    creation_date = template.creation_date
    catalogue.update(template, update_creation_date=False)
    catalogue.obsolete.clear()
    template.creation_date = creation_date
    return catalogue


def write(language: str, catalogue: Catalog) -> None:
    with catalogue_path(language).open("wb") as file:
        write_po(file, catalogue, width=100, include_lineno=False, omit_header=False, sort_by_file=True)


def open_points(catalogue: Catalog) -> list[str]:
    """The texts that lack a translation or have one that somebody has to look at."""
    return [
        str(message.id)
        for message in catalogue
        if message.id and (message.fuzzy or not _is_whole(message.string))
    ]


def _is_whole(translation: str | tuple[str, ...] | list[str] | None) -> bool:
    return bool(translation) if translation is None or isinstance(translation, str) else all(translation)


def main(new: str | None) -> None:
    if new and not catalogue_path(new).exists():
        write(new, Catalog(locale=new.replace("-", "_"), charset="utf-8"))
        available_languages.cache_clear()
    template = extract()
    for language in available_languages():
        if language != SOURCE_LANGUAGE:
            catalogue = updated(language, template)
            write(language, catalogue)
            missing = open_points(catalogue)
            print(f"{language}: {len(catalogue)} texts, {len(missing)} to translate")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
