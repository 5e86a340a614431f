"""A worker that publishes and delivers: the program that `test_crash.py` starts and kills.

Its arguments are how many activities there shall be in the end, and `publish` or `deliver` for whether it publishes them. It
ends by itself once all of them have been delivered.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys

from badgefed.model.addresses import Addresses
from badgefed.model.times import system_clock
from badgefed.net.client import Client
from badgefed.net.name_servers import NameServers
from badgefed.net.transport import AiohttpTransport
from badgefed.settings import load_settings
from badgefed.store.database import Transaction
from badgefed.store.migrate import open_database
from badgefed.work import outbox
from badgefed.work.keyring import Keyring
from badgefed.work.outbox import Target
from badgefed.work.services import Services
from badgefed.work.worker import Worker
from tests.sinks import HANDLERS
from tests.world import Mailbox


async def open_services() -> Services:
    settings = load_settings()
    database = await open_database(settings.database_url)
    transport = AiohttpTransport(user_agent="badgefed-tests", allow_private=True)
    return Services(
        settings=settings,
        addresses=Addresses(base=settings.base_url),
        database=database,
        client=Client(transport, allow_private=True),
        mailer=Mailbox(),
        text_records=NameServers(settings.dns_servers),
        keyring=Keyring(database, settings.secret_key),
        clock=system_clock,
    )


async def publish_next(tx: Transaction, total: int) -> bool:
    """Publishes the activity with the next number, to the followers and to the recipient; False if all are there."""
    row = await tx.one("SELECT COUNT(*) AS n FROM activities")
    issuer = await tx.one("SELECT id, actor_id FROM issuers")
    recipient = await tx.one("SELECT inbox FROM remote_actors WHERE username = 'recipient'")
    assert row is not None
    assert issuer is not None
    assert recipient is not None
    if row["n"] >= total:
        return False
    note = f"{issuer['actor_id']}/statuses/{row['n']}"
    await outbox.publish(
        tx,
        uri=f"{note}/activity",
        issuer_id=issuer["id"],
        activity_type="Create",
        object_uri=note,
        body=json.dumps({"id": f"{note}/activity", "object": note}).encode(),
        to_followers=True,
        inboxes=[Target(inbox=recipient["inbox"])],
        now=system_clock(),
    )
    return True


async def publish_all(services: Services, total: int) -> None:
    while await services.database.write(lambda tx: publish_next(tx, total)):
        services.wake.set()
        await asyncio.sleep(0.02)


async def wait_until_done(services: Services, total: int) -> None:
    sql = (
        "SELECT (SELECT COUNT(*) FROM activities) AS published, (SELECT COUNT(*) FROM deliveries)"
        " + (SELECT COUNT(*) FROM jobs WHERE kind <> 'clean') AS waiting"
    )
    while await services.database.one(sql) != {"published": total, "waiting": 0}:
        await asyncio.sleep(0.05)


async def main(total: int, *, publishes: bool) -> None:
    services = await open_services()
    stop = asyncio.Event()
    worker = asyncio.create_task(Worker(services, HANDLERS).run(stop))
    print("ready", flush=True)
    if publishes:
        await publish_all(services, total)
    await wait_until_done(services, total)
    stop.set()
    services.wake.set()
    await worker
    await services.client.close()
    await services.database.close()


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        asyncio.run(main(int(sys.argv[1]), publishes=sys.argv[2] == "publish"))
