"""The official JSON Schemas of Open Badges 3.0, which no test looks for anywhere else.

They lie beside the project, for their licence lets nobody carry them on; tests that need them are skipped without them.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

import pytest
from jsonschema import Draft201909Validator, FormatChecker

from tests.protocol.samples import FOLDER

SchemaName = Literal["achievementcredential", "endorsementcredential", "profile"]

_RFC3339 = re.compile(
    r"(\d{4}-(?:0[1-9]|1[0-2])-\d{2})T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)",
    re.ASCII,
)

_formats = FormatChecker(["date"])


@_formats.checks("date-time")
def _is_date_time(value: object) -> bool:
    """RFC 3339 §5.6 without leap seconds and small letters; jsonschema has no such check of its own."""
    if not isinstance(value, str):
        return True
    found = _RFC3339.fullmatch(value)
    if found is None:
        return False
    try:
        datetime.strptime(found[1], "%Y-%m-%d")  # noqa: DTZ007 - only whether there is such a day
    except ValueError:
        return False
    return True


@cache
def _load(path: Path) -> Draft201909Validator:
    schema = json.loads(path.read_text("utf-8"))
    Draft201909Validator.check_schema(schema)
    return Draft201909Validator(schema, format_checker=_formats)


def official_validator(name: SchemaName) -> Draft201909Validator:
    """The validator with the official schema, formats included; skips the test where the schema is not here."""
    path = FOLDER / "schema" / f"ob_v3p0_{name}.json"
    if not path.is_file():
        pytest.skip("the official JSON Schemas of Open Badges 3.0 are not here")
    return _load(path)


def check_official(name: SchemaName, document: dict[str, Any]) -> None:
    """Raises jsonschema's ValidationError unless the document conforms; skips the test where the schema is not here."""
    official_validator(name).validate(document)
