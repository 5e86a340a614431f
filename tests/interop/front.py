"""A door before a peer that refuses POST requests unless an RFC 9421 signature covers what it must, body included.

The peer itself verifies such a signature, whatever it covers.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

from tests.interop.processes import HOST

COVERED = ("@method", "@target-uri", "content-digest")
CHALLENGE = 'sig1=("@method" "@target-uri" "content-digest");created'
_OWN_HEADERS = ("connection", "transfer-encoding", "content-length", "date", "server", "keep-alive")


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """`knocks` are the scheme and the status of each signed POST, oldest first."""

    origin: str
    knocks: list[tuple[str, int]] = field(default_factory=list)


@contextlib.contextmanager
def open_door(port: int) -> Iterator[Door]:
    """Passes on to the peer at `port` what may pass."""
    knocks: list[tuple[str, int]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._pass_on(b"")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            scheme = "rfc9421" if "signature-input" in self.headers else "cavage"
            if scheme == "rfc9421" and _covers_all(self.headers, body):
                knocks.append((scheme, self._pass_on(body)))
            else:
                knocks.append((scheme, 401))
                self._answer(401, b"", {"accept-signature": CHALLENGE})

        def _pass_on(self, body: bytes) -> int:
            url = f"http://{HOST}:{port}{self.path}"
            response = httpx.request(
                self.command, url, headers=list(self.headers.items()), content=body, timeout=60
            )
            self._answer(response.status_code, response.content, response.headers)
            return response.status_code

        def _answer(self, status: int, body: bytes, headers: httpx.Headers | dict[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() not in _OWN_HEADERS:
                    self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the peer keeps its own record."""

    server = ThreadingHTTPServer((HOST, 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Door(origin=f"http://{HOST}:{server.server_address[1]}", knocks=knocks)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _covers_all(headers: Message, body: bytes) -> bool:
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    return headers["content-digest"] == f"sha-256=:{digest}:" and all(
        f'"{component}"' in headers["signature-input"] for component in COVERED
    )
