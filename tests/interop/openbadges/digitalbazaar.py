"""The libraries of Digital Bazaar: credentials in JSON with an embedded proof, verified by a program for Node."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.interop import npm
from tests.interop.npm import CannotInstall
from tests.interop.openbadges.answers import Answer, Fetch, Verdict, is_open_badges_2, parse_object

FOLDER = Path(__file__).parent
PROGRAM = "verify.mjs"
ANSWER_SECONDS = 60


def install() -> Path:
    """The folder with the program and its packages. Raises `CannotInstall`."""
    if shutil.which("node") is None:
        raise CannotInstall("node is missing")
    sources = [FOLDER / name for name in ("package.json", "package-lock.json", PROGRAM)]
    return npm.install("openbadges", sources, check=["node", PROGRAM])


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitalBazaar:
    """The running program. One question after the other: it is not safe for threads."""

    process: subprocess.Popen[str]

    def verify(self, presented: bytes, fetch: Fetch) -> Answer:
        """Fails the test if the program ends or takes longer than `ANSWER_SECONDS`."""
        credential = parse_object(presented)
        if credential is None or is_open_badges_2(credential):
            return Answer(verdict=Verdict.UNREAD, reason="reads credentials with an embedded proof only")
        watchdog = threading.Timer(ANSWER_SECONDS, self.process.kill)
        watchdog.start()
        try:
            message = self._say({"credential": credential})
            while "fetch" in message:
                message = self._say(_look_up(fetch, message["fetch"]))
        finally:
            watchdog.cancel()
        return Answer(verdict=Verdict(message["verdict"]), reason=message["reason"])

    def _say(self, message: dict[str, Any]) -> dict[str, Any]:
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(message) + "\n")
        stdin.flush()
        line = stdout.readline()
        assert line, f"the program ended, code {self.process.wait(10)}, after {message}"
        answer: dict[str, Any] = json.loads(line)
        return answer


def _look_up(fetch: Fetch, url: str) -> dict[str, str]:
    try:
        return {"body": fetch(url).decode()}
    except (LookupError, ValueError) as error:
        return {"error": f"nothing to be had: {error!r}"}


def start(program: Path) -> DigitalBazaar:
    process = subprocess.Popen(
        ["node", PROGRAM], cwd=program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    return DigitalBazaar(process=process)


def stop(verifier: DigitalBazaar) -> None:
    """Ends the program by ending its input."""
    verifier.process.communicate(timeout=10)
