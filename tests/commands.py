"""Commands in processes of their own, forked from one in which `badgefed` is imported already: that takes a second each time.

Run as a program, it is that one: it reads orders, a line of JSON for each, and answers with the exit code.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from badgefed.cli import main

SECONDS = 60
STREAMS = ("stdin", "stdout", "stderr")


class Commands:
    """What runs commands. `folder` keeps what they read and print."""

    def __init__(self, folder: Path) -> None:
        self._streams = {name: folder / name for name in STREAMS}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.commands"],
            cwd=Path(__file__).parents[1],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(
        self, arguments: Sequence[str], *, environment: Mapping[str, str], stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        self._streams["stdin"].write_text(stdin)
        order = {
            "arguments": arguments,
            "environment": dict(environment),
            "streams": [str(self._streams[name]) for name in STREAMS],
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        code = int(self._process.stdout.readline())
        stdout, stderr = (self._streams[name].read_text() for name in STREAMS[1:])
        return subprocess.CompletedProcess(arguments, code, stdout, stderr)

    def close(self) -> None:
        self._process.communicate(timeout=SECONDS)


def take_orders() -> None:
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            carry_out(**json.loads(line))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def carry_out(arguments: list[str], environment: dict[str, str], streams: list[str]) -> None:
    """Leaves the process, which is killed if it takes too long."""
    signal.alarm(SECONDS)
    for number, (path, flags) in enumerate(
        zip(streams, (os.O_RDONLY, *[os.O_WRONLY | os.O_CREAT | os.O_TRUNC] * 2), strict=True)
    ):
        os.dup2(os.open(path, flags), number)
    sys.stdin = os.fdopen(0, closefd=False)
    os.environ.clear()
    os.environ.update(environment)
    main(arguments, prog_name="badgefed")


if __name__ == "__main__":
    take_orders()
