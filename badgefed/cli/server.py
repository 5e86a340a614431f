"""Serving, working, migrating, and the first run."""

from __future__ import annotations

import json
from typing import Any

import click

from badgefed import quickstart as first_run
from badgefed.app import open_services, serve_forever, work_forever
from badgefed.cli.running import run_command, run_with_services
from badgefed.errors import Conflict
from badgefed.issuing.set_up import set_up_url
from badgefed.settings import Settings
from badgefed.store.migrate import migrate as migrate_database
from badgefed.store.migrate import open_database
from badgefed.work.services import Services


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
def serve(host: str, port: int) -> None:
    """Serve, with a worker inside unless BADGEFED_EMBEDDED_WORKER=0. Migrates the database first."""
    run_command(lambda settings: serve_forever(settings, host=host, port=port))


@click.command()
def worker() -> None:
    """Do the queued work: notify, sign, publish, deliver. Any number may run on one PostgreSQL."""
    run_command(work_forever)


@click.command()
def migrate() -> None:
    """Bring the database to this program's version. Safe to repeat, also by several processes at once."""

    async def run(settings: Settings) -> dict[str, Any]:
        database = await open_database(settings.database_url)
        try:
            return {"version": await migrate_database(database)}
        finally:
            await database.close()

    click.echo(json.dumps(run_command(run)))


@click.command()
def quickstart() -> None:
    """On an empty store: make an organization with owner, issuer, badge and key, and print how to go on."""

    async def run(settings: Settings) -> str:
        services = await open_services(settings)
        try:
            return await first_run.quickstart(services)
        finally:
            await services.close()

    click.echo(run_command(run))


@click.command()
def set_up_link() -> None:
    """Print the link at which the first owner is made; only on a server without users. It works once, within a day."""

    async def run(services: Services) -> dict[str, Any]:
        url = await set_up_url(services)
        if url is None:
            raise Conflict("this server has users already; `badgefed create-user` makes another one")
        return {"url": url}

    run_with_services(run)
