"""The processes that are measured: started on files of their own, read through /proc (Linux), stopped by their number."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

from benchmarks.stores import Stage
from tests.interop.processes import HOST, Running, free_port, start

PROGRAM = str(Path(sys.executable).with_name("badgefed"))
ROOT = Path(__file__).parents[1]
READY_SECONDS = 60
_TICKS = os.sysconf("SC_CLK_TCK")


def read_cpu_seconds(pid: int) -> float:
    """User and system time that the process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def read_resident_megabytes(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="utf-8").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1_000_000


@contextlib.asynccontextmanager
async def running_worker(stage: Stage, **variables: str) -> AsyncIterator[Running]:
    """`badgefed worker` on a stage's store; it has no port to ask whether it is ready."""
    log = stage.folder / "worker.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [PROGRAM, "worker"],
            cwd=stage.folder,
            env={**stage.environment, **variables},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    running = Running(name="worker", process=process, log=log)
    try:
        yield running
    finally:
        await asyncio.to_thread(running.stop)


@contextlib.asynccontextmanager
async def running_serve(stage: Stage) -> AsyncIterator[Running]:
    """`badgefed serve` on a stage's store."""
    async with running_server(
        "serve",
        [PROGRAM, "serve", "--host", HOST, "--port", str(stage.port)],
        folder=stage.folder,
        environment=stage.environment,
        ready_url=f"{stage.base}/healthz",
    ) as running:
        yield running


@contextlib.asynccontextmanager
async def running_server(
    name: str,
    command: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    ready_url: str,
) -> AsyncIterator[Running]:
    """Any server, once it answers 200 at `ready_url`."""
    running = await asyncio.to_thread(
        start,
        name,
        command,
        folder=folder,
        environment=environment,
        ready_url=ready_url,
        seconds=READY_SECONDS,
    )
    try:
        yield running
    finally:
        await asyncio.to_thread(running.stop)


@contextlib.asynccontextmanager
async def running_bare(documents: Path, *, folder: Path) -> AsyncIterator[tuple[Running, str]]:
    """The bare Starlette application with these documents, `ready` among them; and its origin."""
    port = free_port()
    async with running_server(
        "bare",
        [sys.executable, "-m", "benchmarks.ceilings", "bare", str(port), str(documents)],
        folder=folder,
        environment={**os.environ, "PYTHONPATH": str(ROOT)},
        ready_url=f"http://{HOST}:{port}/document/ready",
    ) as running:
        yield running, f"http://{HOST}:{port}"


async def run_ceiling(arguments: Sequence[str], *, given: bytes, environment: Mapping[str, str]) -> bytes:
    """What `python -m benchmarks.ceilings` prints."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.ceilings", *arguments),
        env={**environment, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    output, _ = await process.communicate(given)
    if process.returncode:
        raise RuntimeError(f"the ceiling process ended with {process.returncode}")
    return output
