"""Two servers under the same load, run by run in turns, so that what else the machine does hits both alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.load import Load, send_load
from benchmarks.processes import read_cpu_seconds
from benchmarks.report import middle, spread
from benchmarks.sizes import Sizes

BARE = "bare Starlette"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """`requests` makes those of a run, by its number; every answer has to have this `status`."""

    pid: int
    origin: str
    status: int
    requests: Callable[[int], Iterable[bytes]]


@dataclass(kw_only=True)
class Result:
    """What came of a side's runs."""

    loads: list[Load] = field(default_factory=list)
    cpu_seconds: float = 0.0

    @property
    def rate(self) -> float:
        return middle([load.rate for load in self.loads])

    @property
    def p99(self) -> float:
        """Milliseconds."""
        return middle([load.percentile(99) for load in self.loads])

    @property
    def cpu_milliseconds(self) -> float:
        """For each answer."""
        return self.cpu_seconds * 1000 / sum(len(load.latencies) for load in self.loads)


def describe(ours: Result, bare: Result) -> str:
    """For the notes of a row."""
    cpu = f"{ours.cpu_milliseconds:.3f} ms of CPU each, bare {bare.cpu_milliseconds:.3f}"
    return f"p99 {ours.p99:.0f} ms; {cpu}; {spread([load.rate for load in ours.loads])}"


async def measure_by_turns(sizes: Sizes, ours: Side, bare: Side) -> tuple[Result, Result]:
    """Raises RuntimeError if an answer has another status."""
    results = Result(), Result()
    for run in range(sizes.runs):
        for side, result in zip((ours, bare), results, strict=True):
            before = read_cpu_seconds(side.pid)
            load = await send_load(side.origin, side.requests(run), connections=sizes.connections)
            result.loads.append(load.require(side.status))
            result.cpu_seconds += read_cpu_seconds(side.pid) - before
    return results


def make_documents(folder: Path, documents: dict[str, bytes] | None = None) -> Path:
    """A folder for the bare server, which is ready once it answers its `ready`."""
    made = folder / "documents"
    made.mkdir()
    for name, body in {"ready": b"{}", **(documents or {})}.items():
        (made / name).write_bytes(body)
    return made
