"""Who gets what at which door: one row for each route of the application."""

from __future__ import annotations

from tests.access.api_rows import API_ROWS
from tests.access.console_rows import CONSOLE_ROWS
from tests.access.doors import Row
from tests.access.page_rows import PAGE_ROWS

ROWS: tuple[Row, ...] = (*API_ROWS, *PAGE_ROWS, *CONSOLE_ROWS)
