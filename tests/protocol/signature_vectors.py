"""The published vectors of draft-cavage-12 appendix C and RFC 9421 appendix B, where the folder that has them is there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

FILE = Path(__file__).parents[3] / "shared" / "data" / "http-signature-vectors.json"

needs_vectors = pytest.mark.skipif(not FILE.is_file(), reason=f"the published vectors are not here: {FILE}")


def load_vectors(scheme: str) -> dict[str, Any]:
    """The vectors of `cavage12` or `rfc9421`; without cases where the file is missing."""
    if not FILE.is_file():
        return {"cases": []}
    vectors: dict[str, Any] = json.loads(FILE.read_text())[scheme]
    return vectors
