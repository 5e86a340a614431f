"""The benchmarks run and report every row; how fast anything is does not matter here."""

from __future__ import annotations

import pytest

from benchmarks.__main__ import GROUPS, allow_open_files, measure
from benchmarks.report import HEADINGS, Row, describe_machine, format_table
from benchmarks.sizes import Sizes

TINY = Sizes(
    runs=1,
    hosts=3,
    notes=2,
    inboxes=6,
    cold=2,
    posts=9,
    followers=12,
    peer_posts=6,
    peer_notes=1,
    seconds=0.1,
    badges=20,
    grants=300,
    page_runs=0,
    databases=("SQLite",),
    connections=2,
    patience=60,
)
WITHOUT_TARGET = {"fedify"}
WITHOUT_CEILING = {"memory", "fedify", "bulk", "pages"}


@pytest.mark.parametrize("group", GROUPS)
async def test_every_row_is_measured(group: str) -> None:
    allow_open_files()
    rows = await measure(TINY, [group])
    assert rows
    for row in rows:
        if group == "fedify" and row.figure is None:
            pytest.skip(row.notes)
        assert row.figure is not None
        assert row.figure > 0
        assert (row.ceiling is None) == (group in WITHOUT_CEILING)
        assert (row.is_met is None) == (group in WITHOUT_TARGET) == (not row.target)


def test_the_table_has_a_line_for_each_row() -> None:
    measured = Row(
        name="deliveries",
        figure=1500.0,
        ceiling=2000.0,
        ceiling_name="signatures",
        target="ratio ≥ 0.5",
        is_met=True,
        notes="all came",
    )
    missing = Row(name="peer", notes="npm is missing")
    table = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in format_table([measured, missing]).split("\n")
    ]
    assert table[0] == list(HEADINGS)
    assert table[2:] == [
        ["deliveries", "1,500/s", "2,000/s (signatures)", "0.75", "ratio ≥ 0.5", "yes", "all came"],
        ["peer", "not measured", "–", "–", "–", "–", "npm is missing"],
    ]


def test_the_machine_is_described() -> None:
    assert "cores" in describe_machine()
