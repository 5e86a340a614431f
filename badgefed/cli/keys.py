"""API keys."""

from __future__ import annotations

from typing import Any

import click

from badgefed.cli.running import run_with_services
from badgefed.errors import NotFound
from badgefed.issuing import api_keys as issuing_keys
from badgefed.model.audit import COMMAND
from badgefed.model.organization import Dialect
from badgefed.model.times import format_rfc3339
from badgefed.store import api_keys
from badgefed.store import organizations as stored_organizations
from badgefed.work.services import Services


@click.command()
@click.argument("email")
@click.option("--name", required=True, metavar="N", help="What the key is for.")
@click.option(
    "--dialect",
    type=click.Choice([dialect.value for dialect in Dialect]),
    default="badges",
    show_default=True,
)
@click.option("--scope", "scopes", multiple=True, metavar="S", help="Repeatable; default: every scope.")
@click.option(
    "--rate",
    default=None,
    show_default="600, of the Credentials API 60",
    type=click.IntRange(0),
    help="Requests per minute; 0: no limit.",
)
def create_key(email: str, name: str, dialect: str, scopes: tuple[str, ...], rate: int | None) -> None:
    """Make an API key for the user's organization. It is shown this once."""

    async def run(services: Services) -> dict[str, Any]:
        new = await issuing_keys.create_key(
            services, email=email, name=name, dialect=Dialect(dialect), scopes=scopes, rate=rate, by=COMMAND
        )
        return {"key": new.key, "prefix": new.prefix}

    run_with_services(run)


@click.command()
@click.option("--organization", required=True, metavar="SLUG")
def list_keys(organization: str) -> None:
    """The organization's keys that are neither revoked nor expired."""

    async def run(services: Services) -> dict[str, Any]:
        found = await stored_organizations.find_organization(services.database, organization)
        if found is None:
            raise NotFound(f"there is no organization {organization!r}")
        keys = await api_keys.list_live_keys(services.database, found.id, now=services.clock())
        return {
            "keys": [
                {
                    "id": key.id,
                    "name": key.name,
                    "prefix": key.prefix,
                    "scopes": list(key.scopes),
                    "lastUsed": format_rfc3339(key.last_used_at) if key.last_used_at else None,
                }
                for key in keys
            ]
        }

    run_with_services(run)


@click.command()
@click.argument("key_id", type=int)
def revoke_key(key_id: int) -> None:
    """Revoke an API key, by its id from list-keys."""

    async def run(services: Services) -> dict[str, Any]:
        key = await issuing_keys.revoke_key(services, key_id, by=COMMAND)
        return {"id": key.id, "name": key.name, "revoked": True}

    run_with_services(run)
