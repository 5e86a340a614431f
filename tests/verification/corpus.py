"""The samples beside this project, and a network that serves them at the addresses that they name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from badgefed.net.transport import Request, Response
from tests.world import Network, answer

DATA = Path(__file__).parents[3] / "shared" / "data"
JSON = "application/json"

Document = dict[str, Any]


def require_data() -> Path:
    if not DATA.is_dir():
        pytest.skip(f"the samples are not here: {DATA}")
    return DATA


def serve(
    network: Network, documents: dict[str, Document | bytes], *, statuses: dict[str, int] | None = None
) -> None:
    """Answers GETs of these URLs; any other path of their hosts with 404."""

    async def handle(request: Request) -> Response:
        found = documents.get(request.url)
        if found is None:
            return answer(404, b"", "text/plain")
        status = (statuses or {}).get(request.url, 200)
        if isinstance(found, bytes):
            return answer(status, found, "application/octet-stream")
        return answer(status, json.dumps(found).encode(), JSON)

    for url in documents:
        network.mount(urlsplit(url).netloc, handle)


def read(path: str) -> bytes:
    return (require_data() / path).read_bytes()


def load(path: str) -> Document:
    document: Document = json.loads(read(path))
    return document


def controller_document(method_id: str, *, public_key: Document | None = None) -> Document:
    """The document that the controller of a method serves, made from the key in the method's fragment, or from a JWK."""
    controller, _, fragment = method_id.partition("#")
    key = {"publicKeyJwk": public_key} if public_key else {"publicKeyMultibase": fragment}
    kind = "JsonWebKey" if public_key else "Multikey"
    return {
        "id": controller,
        "verificationMethod": [{"id": method_id, "type": kind, "controller": controller, **key}],
        "assertionMethod": [method_id],
    }
