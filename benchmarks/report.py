"""The table: what was measured, what the machine could do, and whether the target is met."""

from __future__ import annotations

import platform
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from os import cpu_count
from pathlib import Path
from statistics import median

PACKAGES = ("aiohttp", "aiosqlite", "cryptography", "httptools", "starlette", "uvicorn", "uvloop")
HEADINGS = ("row", "ours", "ceiling", "ratio", "target", "met", "notes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`ceiling` is what the machine does of the same, measured in the same run; `is_met` None: nothing was aimed at.

    A row without `figure` was not measured; `notes` say why.
    """

    name: str
    figure: float | None = None
    unit: str = "/s"
    ceiling: float | None = None
    ceiling_name: str = ""
    target: str = ""
    is_met: bool | None = None
    notes: str = ""

    @property
    def ratio(self) -> float | None:
        return self.figure / self.ceiling if self.figure is not None and self.ceiling else None

    def cells(self) -> tuple[str, ...]:
        ceiling = f"{_number(self.ceiling)}{self.unit} ({self.ceiling_name})" if self.ceiling else "–"
        return (
            self.name,
            f"{_number(self.figure)}{self.unit}" if self.figure is not None else "not measured",
            ceiling,
            f"{self.ratio:.2f}" if self.ratio is not None else "–",
            self.target or "–",
            {True: "yes", False: "NO", None: "–"}[self.is_met],
            self.notes,
        )


def middle(figures: Sequence[float]) -> float:
    """The median of the runs."""
    return median(figures)


def spread(figures: Sequence[float]) -> str:
    """The runs, for the notes."""
    return "runs " + ", ".join(_number(figure) for figure in figures)


def _number(figure: float | None) -> str:
    if figure is None:
        return "–"
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:.1f}"


def format_table(rows: Sequence[Row]) -> str:
    """Markdown, with its columns aligned."""
    table = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in table) for column in range(len(HEADINGS))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
        for line in table
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def describe_machine() -> str:
    """Processor, cores, system, versions, date."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"{_processor()}, {cpu_count()} cores, {platform.system()} {platform.release()},"
        f" Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}\n"
        f"{packages}\n{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
