"""Finding the grant that a path names by the id of its Note."""

from __future__ import annotations

import re

from badgefed.errors import NotFound
from badgefed.model.grant import Grant, Status
from badgefed.model.organization import ApiKey
from badgefed.store.database import Reader
from badgefed.store.former_notes import find_grant as find_grant_by_former_note
from badgefed.store.grants import find_grant_by_note_id, find_grant_by_note_uri

GRANT_NOT_FOUND = "Grant not found."

_MERGED_SLASHES = re.compile(r"^(https?):/+", re.IGNORECASE)


async def find_own_grant(reader: Reader, note: str, key: ApiKey) -> Grant:
    """By the id of its Note, present or former, or the last segment of it. Raises `NotFound`, also for another organization's and for a revoked one."""
    grant = await _find_grant(reader, note)
    if grant is None or grant.organization_id != key.organization_id or grant.status is Status.REVOKED:
        raise NotFound(GRANT_NOT_FOUND)
    return grant


async def _find_grant(reader: Reader, note: str) -> Grant | None:
    """Some proxies make one slash of two."""
    if "\x00" in note:
        return None
    note = _MERGED_SLASHES.sub(r"\1://", note)
    present = find_grant_by_note_uri if "/" in note else find_grant_by_note_id
    return await present(reader, note) or await find_grant_by_former_note(reader, note)
