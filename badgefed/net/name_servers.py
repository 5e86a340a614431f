"""Asking the DNS for TXT records: the one look-up that this server does besides finding the hosts of its requests."""

from __future__ import annotations

import asyncio
from typing import Protocol

import dns.asyncresolver
import dns.exception
import dns.name
import dns.nameserver
import dns.resolver
from dns.rdtypes.ANY.TXT import TXT

from badgefed.errors import FetchFailed
from badgefed.texts import say

DEADLINE = 5.0
TRY = 2.0
MAX_RECORDS = 50
MAX_LENGTH = 500


class TextRecords(Protocol):
    """Something that knows TXT records."""

    async def find_texts(self, name: str) -> tuple[str, ...]:
        """The texts at a name; none where there is no such name. Raises `FetchFailed` where no server gave an answer."""
        ...


class NameServers:
    """Asks the name servers at these addresses and ports; without any those of the system. `deadline`: seconds for all tries."""

    def __init__(self, servers: tuple[tuple[str, int], ...] = (), *, deadline: float = DEADLINE) -> None:
        self._servers = servers
        self._deadline = deadline

    async def find_texts(self, name: str) -> tuple[str, ...]:
        """At most 50 texts of at most 500 characters; what is longer is left out."""
        try:
            resolver = await asyncio.to_thread(self._make_resolver)
            answer = await resolver.resolve(dns.name.from_text(name), "TXT", search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return ()
        except dns.exception.Timeout as error:
            raise FetchFailed(
                "timeout",
                say("no name server answered within %(seconds)s seconds", seconds=round(self._deadline)),
            ) from error
        except (dns.exception.DNSException, OSError) as error:
            raise FetchFailed("dns", say("the name servers gave no usable answer")) from error
        texts = [_text(record) for record in answer if isinstance(record, TXT)][:MAX_RECORDS]
        return tuple(text for text in texts if len(text) <= MAX_LENGTH)

    def _make_resolver(self) -> dns.asyncresolver.Resolver:
        """Anew for each question: the system's settings may change while the server runs."""
        resolver = dns.asyncresolver.Resolver(configure=not self._servers)
        if self._servers:
            resolver.nameservers = [
                dns.nameserver.Do53Nameserver(address, port) for address, port in self._servers
            ]
        resolver.lifetime, resolver.timeout = self._deadline, TRY
        return resolver


def _text(record: TXT) -> str:
    """The strings of a record are one text (RFC 7208 §3.3)."""
    return b"".join(record.strings).decode("utf-8", "replace")
