"""What use cases and jobs need: one value, made once in `app.create_app` and by each command."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import jinja2

from badgefed.model.addresses import Addresses
from badgefed.model.times import Clock
from badgefed.net.client import Client
from badgefed.net.mail import Mailer
from badgefed.settings import Settings
from badgefed.store.database import Database
from badgefed.work.key_cache import KeyCache
from badgefed.work.keyring import Keyring
from badgefed.work.templating import make_environment


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """`wake` is set after a commit that made work, so that an embedded worker need not wait for its next look."""

    settings: Settings
    addresses: Addresses
    database: Database
    client: Client
    mailer: Mailer
    keyring: Keyring
    clock: Clock
    templates: jinja2.Environment = field(default_factory=make_environment)
    key_cache: KeyCache = field(default_factory=KeyCache)
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    async def close(self) -> None:
        await self.client.close()
        await self.database.close()
