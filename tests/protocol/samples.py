"""Published badges of others, which lie beside the project; tests that need them are skipped without them."""

from __future__ import annotations

from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[3] / "shared" / "data"


def read_sample(name: str) -> bytes:
    """The file's content; skips the test where it is not here."""
    file = FOLDER / name
    if not file.is_file():
        pytest.skip(f"the published sample {name} is not here")
    return file.read_bytes()
