"""A real SMTP server on loopback."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session


class Postman:
    """Keeps what it gets, or answers with the given replies."""

    def __init__(self, *, mail: str = "", rcpt: str = "", data: str = "") -> None:
        self._mail, self._rcpt, self._data = mail, rcpt, data
        self.received: list[tuple[str | None, list[str], bytes]] = []

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self._mail or "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if not self._rcpt:
            envelope.rcpt_tos.append(address)
        return self._rcpt or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.received.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return self._data or "250 OK"


@asynccontextmanager
async def post_office(
    postman: Postman, *, tls: ssl.SSLContext | None = None, **options: Any
) -> AsyncIterator[int]:
    """The port that it listens on."""
    connections: list[SMTP] = []

    def accept() -> SMTP:
        connections.append(SMTP(postman, hostname="127.0.0.1", **options))
        return connections[-1]

    server = await asyncio.get_running_loop().create_server(accept, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for connection in connections:
            if isinstance(connection.transport, asyncio.WriteTransport):
                connection.transport.abort()
        await asyncio.sleep(0)
