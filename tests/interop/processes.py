"""Server processes: started on a free port, watched, stopped at the end, their output kept for failures."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx

HOST = "127.0.0.1"
LOG_TAIL = 12_000

T = TypeVar("T")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def eventually(look: Callable[[], T], *, seconds: float = 20) -> T:
    """What `look` answers as soon as it is true; fails with its last answer when the time is over."""
    deadline = time.monotonic() + seconds
    while not (answer := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"still not there after {seconds} s; the last answer was {answer!r}")
        time.sleep(0.05)
    return answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A process and the file that it writes to."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def output(self) -> str:
        """The end of what it wrote."""
        return self.log.read_text(errors="replace")[-LOG_TAIL:]

    def stop(self) -> int:
        """Ends the process, by force if it takes longer than 30 s; its exit code."""
        self.process.terminate()
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


def start(
    name: str,
    command: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    ready_url: str,
    seconds: float = 60,
) -> Running:
    """Starts a server in `folder`, which also gets its output, and waits until `ready_url` answers 200."""
    log = folder / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    running = Running(name=name, process=process, log=log)
    try:
        eventually(lambda: _answers(running, ready_url), seconds=seconds)
    except BaseException:
        running.stop()
        raise
    return running


def _answers(running: Running, url: str) -> bool:
    code = running.process.poll()
    if code is not None:
        raise RuntimeError(f"{running.name} ended with {code}:\n{running.output}")
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.TransportError:
        return False
