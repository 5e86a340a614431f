"""What an issuer does to grants."""

from __future__ import annotations

from typing import Any

import click

from badgefed.cli.running import run_with_services
from badgefed.issuing import grants
from badgefed.model.audit import COMMAND
from badgefed.work.services import Services


@click.command()
@click.argument("grant_id", type=int)
@click.option("--reason", required=True, metavar="R")
def revoke(grant_id: int, reason: str) -> None:
    """Revoke a grant: its Note is deleted everywhere, its documents say so."""
    if not reason.strip():
        raise click.UsageError("--reason must say why")

    async def run(services: Services) -> dict[str, Any]:
        now = services.clock()
        grant = await services.database.write(
            lambda tx: grants.revoke(tx, grant_id, reason=reason.strip(), by=COMMAND, now=now)
        )
        return {"id": grant.id, "status": grant.status}

    run_with_services(run)


@click.command()
@click.argument("grant_id", type=int)
@click.option("--reason", required=True, metavar="R")
def suspend(grant_id: int, reason: str) -> None:
    """Suspend a published grant: until it is reinstated, its status list, documents and Note say that it isn't valid."""
    if not reason.strip():
        raise click.UsageError("--reason must say why")

    async def run(services: Services) -> dict[str, Any]:
        now = services.clock()
        grant = await services.database.write(
            lambda tx: grants.suspend(tx, grant_id, reason=reason.strip(), by=COMMAND, now=now)
        )
        return {"id": grant.id, "status": grant.status, "suspended": True}

    run_with_services(run)


@click.command()
@click.argument("grant_id", type=int)
def reinstate(grant_id: int) -> None:
    """End the suspension of a grant."""

    async def run(services: Services) -> dict[str, Any]:
        now = services.clock()
        grant = await services.database.write(lambda tx: grants.reinstate(tx, grant_id, by=COMMAND, now=now))
        return {"id": grant.id, "status": grant.status, "suspended": False}

    run_with_services(run)
