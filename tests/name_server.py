"""A name server on loopback, for tests: it answers over UDP what it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rrset


@dataclass
class NameServer:
    """`texts` are the TXT records by name; a name without any does not exist. `rcode` is said instead, `is_mute` says nothing."""

    port: int = 0
    texts: dict[str, list[str]] = field(default_factory=dict)
    rcode: dns.rcode.Rcode = dns.rcode.NOERROR
    is_mute: bool = False
    asked: list[str] = field(default_factory=list)

    def answer(self, query: dns.message.Message) -> dns.message.Message | None:
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True)
        self.asked.append(name)
        response = dns.message.make_response(query, recursion_available=True)
        texts = self.texts.get(name, [])
        if self.rcode != dns.rcode.NOERROR:
            response.set_rcode(self.rcode)
        elif name not in self.texts:
            response.set_rcode(dns.rcode.NXDOMAIN)
        elif texts:
            response.answer.append(dns.rrset.from_text(question.name, 60, "IN", "TXT", *texts))
        return None if self.is_mute else response


class _Protocol(asyncio.DatagramProtocol):
    def __init__(self, server: NameServer) -> None:
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        response = self._server.answer(dns.message.from_wire(data))
        if response is not None:
            self._transport.sendto(response.to_wire(max_size=65_000), addr)


@asynccontextmanager
async def run_name_server() -> AsyncIterator[NameServer]:
    server = NameServer()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Protocol(server), local_addr=("127.0.0.1", 0))
    server.port = transport.get_extra_info("sockname")[1]
    try:
        yield server
    finally:
        transport.close()
