"""Granting by a list: a CSV file, what its columns mean, what would become of each row, and then the list itself."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import islice

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from badgefed.errors import BadgefedError, Conflict, Invalid, NotFound, TooLarge
from badgefed.issuing.bulk import accept_rows, foresee_rows, judge_list
from badgefed.issuing.bulk_columns import FIELDS, find_field
from badgefed.issuing.bulk_rows import MAX_ROWS, ReadList, read_csv_rows
from badgefed.model.bulk import FAILED, Bulk
from badgefed.model.organization import Permission
from badgefed.protocol.csv_rows import MAX_COLUMNS, read_csv
from badgefed.store import bulk_drafts
from badgefed.store.bulk import count_states, find_badge_names, list_bulks
from badgefed.store.bulk_drafts import BulkDraft
from badgefed.store.database import Reader, Transaction
from badgefed.web.console.access import (
    Desk,
    for_member,
    read_visit_form,
    read_visit_upload,
    redirect,
    render_console,
)
from badgefed.web.console.choices import Choices, load_choices, read_choice
from badgefed.web.console.paging import read_before
from badgefed.web.templating import services_of
from badgefed.work.services import Services

LISTS = "/console/o/{organization}/lists"
DRAFT = f"{LISTS}/drafts/{{uuid}}"
MAX_FILE_BYTES = 7_900_000
MAX_BADGE = 100
PER_PAGE = 30
SAMPLES = 3
SHOWN_ROWS = 100
IGNORE = "ignore"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of the file, the field that it is taken for, if any, and its first cells."""

    name: str
    field: str | None
    samples: tuple[str, ...]


@for_member(Permission.READ)
async def show_lists(request: Request, desk: Desk) -> Response:
    """What was granted by lists, newest first, and the form for another one."""
    return await _lists_page(request, desk)


async def _lists_page(
    request: Request,
    desk: Desk,
    *,
    typed: Mapping[str, str] | None = None,
    error: BadgefedError | None = None,
) -> Response:
    given = typed or {}

    async def load(reader: Reader) -> tuple[list[Bulk], Choices]:
        lists = await list_bulks(
            reader, desk.organization.id, before=read_before(request), limit=PER_PAGE + 1
        )
        choices = await load_choices(
            reader,
            desk.organization.id,
            chosen=given.get("badge", ""),
            named=given.get("badge-name", "")[:MAX_BADGE],
        )
        return lists, choices

    lists, choices = await services_of(request).database.read(load)
    shown = lists[:PER_PAGE]
    return render_console(
        request,
        "console/lists.html",
        desk.visit,
        desk=desk,
        error=error,
        lists=shown,
        older=f"?before={shown[-1].id}" if len(lists) > PER_PAGE else None,
        choices=choices,
        max_rows=MAX_ROWS,
        may_issue=desk.may(Permission.ISSUE),
    )


@for_member(Permission.ISSUE)
async def upload(request: Request, desk: Desk) -> Response:
    """Keeps the file for a day, in the place of the one before; nothing is granted."""
    services = services_of(request)
    form = await read_visit_upload(request, desk.visit, max_bytes=MAX_FILE_BYTES)
    try:
        data = form.files.get("file", b"")
        if not data:
            raise Invalid("Choose a CSV file.", field="file")
        async with services.reading:
            await asyncio.to_thread(read_csv, data)
    except (Invalid, TooLarge) as error:
        return await _lists_page(request, desk, typed=form.fields, error=error)
    draft = await services.database.write(
        lambda tx: bulk_drafts.replace_draft(
            tx,
            organization_id=desk.organization.id,
            user_id=desk.visit.user.id,
            badge=read_choice(form.fields)[:MAX_BADGE] or None,
            data=data,
            now=services.clock(),
        )
    )
    return redirect(f"{desk.root}/lists/drafts/{draft.uuid}")


async def _find_draft(reader: Reader, request: Request, desk: Desk) -> BulkDraft | None:
    return await bulk_drafts.find_draft(
        reader,
        request.path_params["uuid"],
        organization_id=desk.organization.id,
        user_id=desk.visit.user.id,
    )


async def _get_draft(request: Request, desk: Desk) -> BulkDraft:
    """Raises `NotFound`, for another user's too."""
    draft = await _find_draft(services_of(request).database, request, desk)
    if draft is None:
        raise NotFound("This file is not here any more. Look among the lists, or send it in again.")
    return draft


@for_member(Permission.ISSUE)
async def show_draft(request: Request, desk: Desk) -> Response:
    """What the columns mean."""
    return await _draft_page(request, desk, await _get_draft(request, desk))


async def _draft_page(
    request: Request, desk: Desk, draft: BulkDraft, error: BadgefedError | None = None
) -> Response:
    services = services_of(request)
    async with services.reading:
        columns = await asyncio.to_thread(_read_columns, draft)
    names = await find_badge_names(services.database, desk.organization.id, [draft.badge or ""])
    known = {str(one.id): one.slug for one in names}
    return render_console(
        request,
        "console/list-columns.html",
        desk.visit,
        desk=desk,
        error=error,
        wrong=error.field if isinstance(error, Invalid) else None,
        draft=draft,
        badge=known.get(draft.badge or "", draft.badge),
        columns=columns,
        fields=FIELDS,
        ignore=IGNORE,
    )


def _read_columns(draft: BulkDraft) -> list[Column]:
    table = read_csv(draft.data)
    lines = list(islice(table.lines, SAMPLES))
    return [
        Column(
            name=name,
            field=draft.mapping[name] if name in draft.mapping else find_field(name),
            samples=tuple(line.cells[at] for line in lines if at < len(line.cells) and line.cells[at]),
        )
        for at, name in enumerate(table.header)
    ]


@for_member(Permission.ISSUE)
async def set_columns(request: Request, desk: Desk) -> Response:
    """Keeps what the columns mean, and goes on to the trial."""
    services = services_of(request)
    form = await read_visit_form(request, desk.visit, max_fields=MAX_COLUMNS + 5)
    draft = await _get_draft(request, desk)
    try:
        header = (await asyncio.to_thread(read_csv, draft.data)).header
    except Invalid as error:
        return await _draft_page(request, desk, draft, error)
    mapping = _read_mapping(header, form)
    try:
        _check_columns([mapping[name] for name in header])
    except Invalid as error:
        return await _draft_page(request, desk, replace(draft, mapping=mapping), error)
    await services.database.write(
        lambda tx: bulk_drafts.change_draft(tx, draft, badge=draft.badge, mapping=mapping)
    )
    return redirect(f"{desk.root}/lists/drafts/{draft.uuid}/trial")


def _read_mapping(header: tuple[str, ...], form: Mapping[str, str]) -> dict[str, str | None]:
    chosen = {name: form.get(f"column-{at}", IGNORE) for at, name in enumerate(header)}
    return {name: field if field in FIELDS else None for name, field in chosen.items()}


def _check_columns(fields: list[str | None]) -> None:
    """Raises `Invalid` with the select that is wrong."""
    for at, field in enumerate(fields):
        if field is not None and field in fields[:at]:
            raise Invalid(
                "Another column has this meaning already. Leave one of them out.", field=f"column-{at}"
            )
    if not {"email", "profile"}.intersection(fields):
        raise Invalid(
            "Say which column has the e-mail addresses or Fediverse profiles of the recipients.",
            field="column-0",
        )


async def _read_rows(services: Services, desk: Desk, draft: BulkDraft) -> ReadList:
    """Raises `Invalid` for a file that can't be read, or is too long."""
    given = await asyncio.to_thread(read_csv_rows, draft.data, draft.mapping)
    return await judge_list(services, desk.organization.id, given, badge=draft.badge)


@for_member(Permission.ISSUE)
async def show_trial(request: Request, desk: Desk) -> Response:
    """What would become of each row, the bad ones first. Changes nothing."""
    services = services_of(request)
    draft = await _get_draft(request, desk)
    try:
        async with services.reading:
            found = await _read_rows(services, desk, draft)
            rows = await foresee_rows(services, desk.organization.id, found.rows)
    except Invalid as error:
        return await _draft_page(request, desk, draft, error)
    ordered = sorted(rows, key=lambda row: (row.state not in FAILED, row.number))
    return render_console(
        request,
        "console/list-trial.html",
        desk.visit,
        desk=desk,
        draft=draft,
        counts=count_states(row.state for row in rows),
        rows=ordered[:SHOWN_ROWS],
        ignored=found.ignored,
    )


@for_member(Permission.ISSUE)
async def start(request: Request, desk: Desk) -> Response:
    """Whoever sends the form once more comes to the lists."""
    services = services_of(request)
    await read_visit_form(request, desk.visit)
    draft = await _find_draft(services.database, request, desk)
    if draft is None:
        return redirect(f"{desk.root}/lists")
    try:
        async with services.reading:
            found = await _read_rows(services, desk, draft)
            bulk = await services.database.write(lambda tx: _accept(tx, services, desk, draft, found))
    except (Invalid, Conflict) as error:
        return await _draft_page(request, desk, draft, error)
    services.wake.set()
    return redirect(f"{desk.root}/lists/{bulk.uuid}" if bulk else f"{desk.root}/lists")


async def _accept(
    tx: Transaction, services: Services, desk: Desk, draft: BulkDraft, found: ReadList
) -> Bulk | None:
    """None where somebody else was first."""
    if not await bulk_drafts.delete_draft(tx, draft):
        return None
    return await accept_rows(tx, services, desk.organization.id, found.rows, by=desk.visit.author)


routes: list[BaseRoute] = [
    Route(LISTS, show_lists),
    Route(LISTS, upload, methods=["POST"]),
    Route(DRAFT, show_draft),
    Route(DRAFT, set_columns, methods=["POST"]),
    Route(f"{DRAFT}/trial", show_trial),
    Route(f"{DRAFT}/start", start, methods=["POST"]),
]
