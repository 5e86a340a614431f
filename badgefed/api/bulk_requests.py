"""What a request to grant by a list carries, in each of its three forms."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from starlette.requests import Request

from badgefed.api.bulk_definitions import (
    BULK_BODY,
    CSV,
    DRY_RUN_TEXT,
    MAPPING_TEXT,
    MEDIA_TEXT,
    NO_FILE,
)
from badgefed.api.requests import is_json, parse_json
from badgefed.errors import Invalid, UnsupportedMedia
from badgefed.issuing.bulk_columns import read_mapping
from badgefed.issuing.bulk_rows import GivenList, read_csv_rows, read_json_rows
from badgefed.protocol.multipart import MEDIA_TYPE, Part, read_multipart

_YES_OR_NO = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is asked besides the rows. `badge` is for rows that name none, `mapping` JSON text, empty for none."""

    dry_run: bool = False
    badge: str | None = None
    mapping: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkRequest:
    """`digest` stands for all that is asked. `table` is CSV, or None where `items` are JSON rows."""

    options: Options
    digest: str
    table: bytes | None = None
    items: tuple[object, ...] = ()

    def read(self) -> GivenList:
        """Takes a while for long lists: not for the event loop. Raises `Invalid`."""
        if self.table is None:
            return read_json_rows(self.items)
        return read_csv_rows(self.table, _parse_mapping(self.options.mapping))


async def read_bulk(request: Request, data: bytes) -> BulkRequest:
    """From the request and its body. Raises `UnsupportedMedia`, `Invalid`."""
    options = _read_options(request.query_params)
    if not data.strip():
        raise Invalid("Request body is required")
    content_type = request.headers.get("content-type", "")
    return await asyncio.to_thread(_read, data, content_type, options)


def _read(data: bytes, content_type: str, options: Options) -> BulkRequest:
    media_type = content_type.partition(";")[0].strip().lower()
    if is_json(content_type):
        values = BULK_BODY.read(parse_json(data))
        options = replace(
            options, dry_run=values["dryRun"] or options.dry_run, badge=values["badge"] or options.badge
        )
        return BulkRequest(options=options, digest=_digest(options, data), items=tuple(values["rows"]))
    if media_type == CSV:
        return BulkRequest(options=options, digest=_digest(options, data), table=data)
    if media_type == MEDIA_TYPE:
        return _read_form(read_multipart(data, content_type), options)
    raise UnsupportedMedia(MEDIA_TEXT)


def _read_form(parts: tuple[Part, ...], options: Options) -> BulkRequest:
    """Fields of the form stand in the place of those in the query."""
    file = next((part.data for part in parts if part.name == "file"), None)
    if not file:
        raise Invalid(NO_FILE, field="file")
    fields = {part.name: part.data.decode("utf-8", "replace") for part in parts if part.filename is None}
    given = _read_options(fields)
    options = Options(
        dry_run=given.dry_run or options.dry_run,
        badge=given.badge or options.badge,
        mapping=given.mapping or options.mapping,
    )
    return BulkRequest(options=options, digest=_digest(options, file), table=file)


def _digest(options: Options, rows: bytes) -> str:
    asked = f"{options.badge}\n{options.mapping}\n"
    return hashlib.sha256(asked.encode("utf-8", "surrogatepass") + rows).hexdigest()


def _read_options(fields: Mapping[str, str]) -> Options:
    dry_run = _YES_OR_NO.get(fields.get("dryRun", "false").strip().lower())
    if dry_run is None:
        raise Invalid(DRY_RUN_TEXT, field="dryRun")
    return Options(
        dry_run=dry_run,
        badge=fields.get("badge", "").strip() or None,
        mapping=fields.get("mapping", "").strip(),
    )


def _parse_mapping(text: str) -> Mapping[str, str]:
    """Raises `Invalid`."""
    if not text:
        return {}
    try:
        value = parse_json(text.encode("utf-8", "surrogatepass"))
    except Invalid as error:
        raise Invalid(f"{MAPPING_TEXT}: {error}", field="mapping") from error
    return read_mapping(value)
