"""A PostgreSQL cluster of the tests' own, in a temporary folder, made from the system's binaries."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SETTINGS = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "listen_addresses=",
    "max_connections=200",
)


def find_binaries() -> Path | None:
    """The folder with `initdb` and `postgres` of the newest version installed."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if versions:
        return versions[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A running server that listens on a socket in `folder` only."""

    binaries: Path
    folder: Path
    user: str

    def run(self, program: str, *arguments: str) -> str:
        """Runs one of the server's programs as the cluster's owner."""
        command: Sequence[str] = (str(self.binaries / program), *arguments)
        if os.geteuid() == 0:
            command = ("setpriv", "--reuid", self.user, "--regid", self.user, "--clear-groups", *command)
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=self.folder)
        return done.stdout

    def sql(self, statement: str) -> None:
        self.run("psql", "-h", str(self.folder), "-d", "postgres", "-qc", statement)

    def url(self, name: str) -> str:
        return f"postgresql://{self.user}@/{name}?host={self.folder}"


def start_cluster(binaries: Path) -> Cluster:
    """Makes and starts a cluster; root does it as the user `postgres`, since the server refuses root."""
    user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    folder = Path(tempfile.mkdtemp(prefix="badgefed-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, user)
    cluster = Cluster(binaries=binaries, folder=folder, user=user)
    cluster.run("initdb", "-D", str(folder / "data"), "-A", "trust", "-U", user, "-E", "UTF8", "--no-sync")
    options = " ".join(f"-c {setting}" for setting in SETTINGS) + f" -k {folder}"
    cluster.run("pg_ctl", "-D", str(folder / "data"), "-l", str(folder / "log"), "-w", "-o", options, "start")
    return cluster


def stop_cluster(cluster: Cluster) -> None:
    cluster.run("pg_ctl", "-D", str(cluster.folder / "data"), "-m", "immediate", "stop")
    shutil.rmtree(cluster.folder, ignore_errors=True)
