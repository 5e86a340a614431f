"""How often something can be done in this thread, for work that needs no server."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping


def measure_rate(operation: Callable[[], object], seconds: float) -> float:
    """Times a second of this thread's CPU time, in which other processes don't count; it runs once before the clock starts."""
    operation()
    count, started = 0, time.thread_time()
    while (elapsed := time.thread_time() - started) < seconds:
        operation()
        count += 1
    return count / elapsed


def measure_by_turns(
    operations: Mapping[str, Callable[[], object]], *, runs: int, seconds: float
) -> dict[str, list[float]]:
    """The rates of each, run after run; within a run one after the other, so that what disturbs one disturbs all."""
    rates: dict[str, list[float]] = {name: [] for name in operations}
    for _ in range(runs):
        for name, operation in operations.items():
            rates[name].append(measure_rate(operation, seconds))
    return rates
