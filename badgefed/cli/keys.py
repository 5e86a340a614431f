"""API keys."""

from __future__ import annotations

from typing import Any

import click

from badgefed.cli.running import run_with_services
from badgefed.errors import NotFound
from badgefed.issuing import api_keys as issuing_keys
from badgefed.model.audit import COMMAND
from badgefed.model.organization import ApiKey, Dialect
from badgefed.model.times import format_rfc3339
from badgefed.protocol.bodies import MAX_INTEGER
from badgefed.store import api_keys
from badgefed.store import organizations as stored_organizations
from badgefed.work.services import Services


@click.command()
@click.argument("email")
@click.option("--name", required=True, metavar="N", help="What the key is for.")
@click.option("--organization", metavar="SLUG", help="Default: the one that the user joined first.")
@click.option(
    "--dialect",
    type=click.Choice([dialect.value for dialect in Dialect]),
    default="badges",
    show_default=True,
    help="Which API's keys it looks like; it works in all of them.",
)
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(issuing_keys.SCOPES),
    metavar="S",
    help="What it may do, like badges:read; repeatable. Default: all that the user's role covers.",
)
@click.option(
    "--rate",
    default=None,
    show_default="600, of the Credentials API 60",
    type=click.IntRange(0, issuing_keys.MAX_RATE),
    help="Requests per minute; 0: no limit.",
)
@click.option(
    "--expires-in-days",
    type=click.IntRange(1, issuing_keys.MAX_DAYS),
    metavar="N",
    help="Default: it works until it is revoked.",
)
def create_key(email: str, dialect: str, **values: Any) -> None:
    """Make an API key for an organization of the user's. It is shown this once."""

    async def run(services: Services) -> dict[str, Any]:
        new = await issuing_keys.create_key(
            services, email=email, dialect=Dialect(dialect), by=COMMAND, **values
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
        return {"keys": [_show(key) for key in keys]}

    run_with_services(run)


def _show(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "prefix": key.prefix,
        "last4": key.last4,
        "scopes": list(key.scopes),
        "lastUsed": format_rfc3339(key.last_used_at) if key.last_used_at else None,
        "expires": format_rfc3339(key.expires_at) if key.expires_at else None,
    }


@click.command()
@click.argument("key_id", type=click.IntRange(1, MAX_INTEGER))
def revoke_key(key_id: int) -> None:
    """Revoke an API key, by its id from list-keys: it works no more, from now on."""

    async def run(services: Services) -> dict[str, Any]:
        key = await issuing_keys.revoke_key(services, key_id, by=COMMAND)
        return {"id": key.id, "name": key.name, "revoked": True}

    run_with_services(run)
