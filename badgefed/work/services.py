"""What use cases and jobs need: one value, made once in `app.create_app` and by each command."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from badgefed.model.addresses import Addresses
from badgefed.model.times import Clock
from badgefed.net.client import Client
from badgefed.net.mail import Mailer
from badgefed.net.name_servers import TextRecords
from badgefed.settings import Settings
from badgefed.store.database import Database
from badgefed.work.key_cache import KeyCache
from badgefed.work.keyring import Keyring
from badgefed.work.templating import Templates

MAX_VERIFICATIONS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """`wake` is set after a commit that made work, so that an embedded worker need not wait for its next look.

    `drawing` is held while a picture is drawn for a request, `hashing` while a password is hashed or verified, `reading`
    while a long list is read: two at once of each, so that threads and memory are left for other work.
    """

    settings: Settings
    addresses: Addresses
    database: Database
    client: Client
    mailer: Mailer
    text_records: TextRecords
    keyring: Keyring
    clock: Clock
    templates: Templates = field(default_factory=Templates)
    key_cache: KeyCache = field(default_factory=KeyCache)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    verifications: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MAX_VERIFICATIONS))
    drawing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))
    hashing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))
    reading: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))

    async def close(self) -> None:
        await self.client.close()
        await self.database.close()
