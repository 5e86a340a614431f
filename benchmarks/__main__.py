"""`python -m benchmarks [--quick] [--only ROW]…`: measures row after row and prints the table."""

from __future__ import annotations

import logging
import resource
import sys
import time
from collections.abc import Awaitable, Callable, Collection, Mapping

import click
import structlog
import uvloop

from benchmarks.bulk import measure_bulk
from benchmarks.comparison import measure_comparison
from benchmarks.credentials import measure_credentials
from benchmarks.deliveries import measure_cold_deliveries, measure_deliveries
from benchmarks.documents import measure_documents
from benchmarks.grants import measure_grants
from benchmarks.inbox import measure_inbox
from benchmarks.memory import measure_memory
from benchmarks.pages import measure_pages
from benchmarks.report import Row, describe_machine, format_table
from benchmarks.sizes import FULL, QUICK, Sizes

GROUPS: Mapping[str, Callable[[Sizes], Awaitable[list[Row]]]] = {
    "deliveries": measure_deliveries,
    "cold-tls": measure_cold_deliveries,
    "inbox": measure_inbox,
    "grants": measure_grants,
    "bulk": measure_bulk,
    "documents": measure_documents,
    "credentials": measure_credentials,
    "memory": measure_memory,
    "pages": measure_pages,
    "fedify": measure_comparison,
}
OPEN_FILES = 8_192


async def measure(sizes: Sizes, names: Collection[str]) -> list[Row]:
    """The rows of these groups, one group after the other; progress goes to standard error."""
    rows: list[Row] = []
    for name in names:
        started = time.perf_counter()
        click.echo(f"{name} …", nl=False, err=True)
        rows += await GROUPS[name](sizes)
        click.echo(f" {time.perf_counter() - started:.0f} s", err=True)
    return rows


def allow_open_files() -> None:
    """Each connection of a sink is a file; some systems begin with 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < OPEN_FILES:
        wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


@click.command()
@click.option("--quick", is_flag=True, help="Less of everything: shows that it works, not how fast.")
@click.option("--only", "names", multiple=True, type=click.Choice(list(GROUPS)), help="Repeatable.")
def main(quick: bool, names: tuple[str, ...]) -> None:
    """Measure what this server does per second, beside what the machine could do."""
    if sys.platform != "linux":
        raise click.UsageError("the benchmarks read /proc and bind 127.0.0.0/8: Linux only")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    allow_open_files()
    rows = uvloop.run(measure(QUICK if quick else FULL, names or tuple(GROUPS)))
    click.echo(f"\n{describe_machine()}\n\n{format_table(rows)}")


if __name__ == "__main__":
    main()
