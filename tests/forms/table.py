"""Every form of the pages: one row for each, or the reason why it keeps other promises."""

from __future__ import annotations

from tests.forms.console_rows import CONSOLE_ROWS
from tests.forms.page_rows import PAGE_ROWS
from tests.forms.rows import Row

ROWS: tuple[Row, ...] = (*PAGE_ROWS, *CONSOLE_ROWS)

EXEMPT = {
    "/inbox": "other servers send activities there; signatures are what counts",
    "/actor/inbox": "as /inbox",
    "/actor/{username}/inbox": "as /inbox",
    "/accept/{rest}": "answers links that were cut off, and does nothing",
    "/unsubscribe/{grant_id}/{key}": "mail programs send it with one click, without a page (RFC 8058); the key is in the address",
}
