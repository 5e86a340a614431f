"""Programs for Node: copied to a folder that git ignores, where npm puts the packages that they need."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCRATCH = ROOT / ".scratch"
INSTALL_SECONDS = 180


class CannotInstall(Exception):
    """Why a program can't be had here."""


def install(name: str, sources: Sequence[Path], *, check: Sequence[str]) -> Path:
    """The folder with the program and its packages; installs them the first time. Raises `CannotInstall`.

    `check` is a command that must succeed in the folder before the program counts as installed.
    """
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
    folder = SCRATCH / name / digest[:16]
    if not folder.is_dir():
        _install(sources, folder, check)
    return folder


def _install(sources: Sequence[Path], folder: Path, check: Sequence[str]) -> None:
    """Beside the folder and then renamed, so that a broken installation is never taken for one."""
    if shutil.which("npm") is None:
        raise CannotInstall("npm is missing")
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix="draft-", dir=folder.parent))
    try:
        for path in sources:
            shutil.copy(path, draft)
        _run(["npm", "install", "--no-audit", "--no-fund", "--loglevel=error"], draft)
        _run(check, draft)
        if not folder.is_dir():
            draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _run(command: Sequence[str], folder: Path) -> None:
    try:
        subprocess.run(
            command,
            cwd=folder,
            check=True,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=INSTALL_SECONDS,
        )
    except subprocess.CalledProcessError as error:
        raise CannotInstall(
            f"{command[0]}: {error.stderr.decode(errors='replace').strip()[-500:]}"
        ) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotInstall(f"{command[0]}: {error}") from error
