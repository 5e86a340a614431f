"""Finding a credential of this server by what stands in its links: its number or its UUID."""

from __future__ import annotations

import re

from badgefed.api.operations import Parameter
from badgefed.errors import Forbidden, NotFound
from badgefed.model.grant import Grant, Status
from badgefed.model.visibility import Visibility
from badgefed.store.database import Reader
from badgefed.store.grants import find_grant_by_code, find_grant_by_uuid

IDENTIFIER = (
    r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|[Cc][Rr][Dd]-[0-9A-Za-z]{8}"
)
NO_CREDENTIAL = "There is no such credential."
PRIVATE = "This credential is private."

CREDENTIAL_ID = Parameter(
    name="id",
    place="path",
    description="The credential's number, CRD-…, or its UUID.",
    schema={"type": "string", "pattern": f"^(?:{IDENTIFIER})$"},
    example="CRD-7K2M9QXT",
)

_IDENTIFIER = re.compile(IDENTIFIER)


def check_identifier(identifier: str) -> str:
    """The identifier as it is stored. Raises `NotFound` for what no credential can be called."""
    if not _IDENTIFIER.fullmatch(identifier):
        raise NotFound(NO_CREDENTIAL)
    return identifier.upper() if identifier[3] == "-" else identifier.lower()


async def find_credential(reader: Reader, identifier: str) -> Grant:
    """A grant that may be asked for. Raises `NotFound`; `Forbidden` for one that its recipient keeps private."""
    identifier = check_identifier(identifier)
    find = find_grant_by_code if identifier.startswith("CRD-") else find_grant_by_uuid
    grant = await find(reader, identifier)
    if grant is None or grant.status in (Status.DECLINED, Status.EXTERNAL):
        raise NotFound(NO_CREDENTIAL)
    if grant.visibility is Visibility.PRIVATE:
        raise Forbidden(PRIVATE)
    return grant
