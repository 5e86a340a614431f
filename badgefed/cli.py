"""The command line. Commands that make or change something print one JSON object; errors go to standard error."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import click
import uvloop

from badgefed import quickstart as first_run
from badgefed.app import open_services, serve_forever, work_forever
from badgefed.errors import BadgefedError, Invalid, NotFound, SettingsError
from badgefed.inbox import moderation
from badgefed.issuing import badges, grants, issuers, organizations
from badgefed.logs import configure_logging
from badgefed.model.badge import BadgeType
from badgefed.model.issuer import ActorType
from badgefed.model.organization import Dialect, Role
from badgefed.model.visibility import Posting
from badgefed.settings import Settings, load_settings
from badgefed.store import blocks
from badgefed.store import issuers as stored_issuers
from badgefed.store import organizations as stored_organizations
from badgefed.store.blocks import BlockKind
from badgefed.store.migrate import migrate as migrate_database
from badgefed.store.migrate import open_database
from badgefed.work.services import Services

T = TypeVar("T")

HOST = re.compile(r"[^\s/@]+\.[^\s/@]+|[^\s/@]+:\d+")


def _settings() -> Settings:
    settings = load_settings()
    configure_logging(settings)
    return settings


def _run(work: Callable[[Settings], Awaitable[T]]) -> T:
    """Runs a command's work; what goes wrong becomes words and exit code 1."""
    try:
        settings = _settings()
        return uvloop.run(_as_coroutine(work(settings)))
    except SettingsError as error:
        for problem in error.problems:
            click.echo(f"error: {problem}", err=True)
    except BadgefedError as error:
        click.echo(f"error: {error}", err=True)
    except OSError as error:
        click.echo(f"error: {error.strerror or error}", err=True)
    sys.exit(1)


async def _as_coroutine(awaitable: Awaitable[T]) -> T:
    return await awaitable


def _run_with_services(work: Callable[[Services], Awaitable[dict[str, Any]]]) -> None:
    async def open_and_work(settings: Settings) -> dict[str, Any]:
        services = await open_services(settings)
        try:
            return await work(services)
        finally:
            await services.close()

    click.echo(json.dumps(_run(open_and_work), ensure_ascii=False))


@click.group()
@click.version_option(package_name="badgefed")
def main() -> None:
    """An ActivityPub server for open badges. Settings: environment variables BADGEFED_*, see docs/settings.md."""


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
def serve(host: str, port: int) -> None:
    """Serve, with a worker inside unless BADGEFED_EMBEDDED_WORKER=0. Migrates the database first."""
    _run(lambda settings: serve_forever(settings, host=host, port=port))


@main.command()
def worker() -> None:
    """Do the queued work: notify, sign, publish, deliver. Any number may run on one PostgreSQL."""
    _run(work_forever)


@main.command()
def migrate() -> None:
    """Bring the database to this program's version. Safe to repeat, also by several processes at once."""

    async def run(settings: Settings) -> dict[str, Any]:
        database = await open_database(settings.database_url)
        try:
            return {"version": await migrate_database(database)}
        finally:
            await database.close()

    click.echo(json.dumps(_run(run)))


@main.command()
@click.argument("email")
@click.option(
    "--organization", required=True, metavar="SLUG", help="Made, with its default issuer, if it is new."
)
@click.option("--organization-name", metavar="N", help="For a new organization; default: the slug.")
@click.option("--role", type=click.Choice([role.value for role in Role]), default="owner", show_default=True)
@click.option(
    "--password-stdin", is_flag=True, help="Read the password from the first line of standard input."
)
def create_user(
    email: str, organization: str, organization_name: str | None, role: str, password_stdin: bool
) -> None:
    """Make a user, or make one a member of another organization."""
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None

    async def run(services: Services) -> dict[str, Any]:
        found = await stored_organizations.find_organization(services.database, organization)
        if found is None:
            found, _ = await organizations.create_organization(
                services, slug=organization, name=organization_name or organization
            )
        user = await organizations.create_user(
            services, email=email, organization=found, role=Role(role), password=password
        )
        return {
            "user": {"id": user.id, "email": user.email},
            "organization": {"id": found.id, "slug": found.slug},
        }

    _run_with_services(run)


@main.command()
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
    default=organizations.DEFAULT_RATE,
    show_default=True,
    type=click.IntRange(0),
    help="Requests per minute; 0: no limit.",
)
def create_key(email: str, name: str, dialect: str, scopes: tuple[str, ...], rate: int) -> None:
    """Make an API key for the user's organization. It is shown this once."""

    async def run(services: Services) -> dict[str, Any]:
        new = await organizations.create_key(
            services, email=email, name=name, dialect=Dialect(dialect), scopes=scopes, rate=rate
        )
        return {"key": new.key, "prefix": new.prefix}

    _run_with_services(run)


@main.command()
@click.option("--organization", required=True, metavar="SLUG")
@click.option("--username", required=True, metavar="U")
@click.option("--name", required=True, metavar="N")
@click.option("--url")
@click.option("--email")
@click.option("--summary", default="")
@click.option(
    "--type",
    "actor_type",
    type=click.Choice([kind.value for kind in ActorType]),
    default="Organization",
    show_default=True,
)
@click.option("--colour", help="Of the drawn pictures, like #2f6fed.")
@click.option(
    "--posting",
    type=click.Choice([posting.value for posting in Posting]),
    default="quiet",
    show_default=True,
    help="quiet: out of public timelines.",
)
def create_issuer(organization: str, actor_type: str, posting: str, **values: Any) -> None:
    """Make an issuer: an actor that can be followed and grants badges."""

    async def run(services: Services) -> dict[str, Any]:
        found = await stored_organizations.find_organization(services.database, organization)
        if found is None:
            raise NotFound(f"there is no organization {organization!r}; `badgefed create-user` makes one")
        new = issuers.NewIssuer(actor_type=ActorType(actor_type), posting=Posting(posting), **values)
        issuer = await issuers.create_issuer(services, organization_id=found.id, new=new)
        return {"id": issuer.id, "uuid": issuer.uuid, "username": issuer.username, "actor": issuer.actor_id}

    _run_with_services(run)


@main.command()
@click.option("--issuer", required=True, metavar="U")
@click.option("--title", required=True, metavar="T")
@click.option("--description", required=True, metavar="D")
@click.option("--criteria", required=True, metavar="C")
@click.option(
    "--image",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="PNG, JPEG or WebP; default: one is drawn.",
)
@click.option("--image-alt", help="What the picture shows, for people who don't see it.")
@click.option(
    "--type",
    "badge_type",
    type=click.Choice([kind.value for kind in BadgeType]),
    default="Badge",
    show_default=True,
)
@click.option("--slug")
@click.option("--hashtags", help="Space-separated.")
@click.option("--post-hashtags", is_flag=True, help="Put the hashtags into Fediverse posts.")
@click.option("--info-uri")
@click.option("--certificate", "is_certificate", is_flag=True)
@click.option("--expires-in-days", type=int, metavar="N")
def create_badge(issuer: str, image: Path | None, badge_type: str, **values: Any) -> None:
    """Define a badge."""
    data = image.read_bytes() if image else None

    async def run(services: Services) -> dict[str, Any]:
        found = await stored_issuers.find_issuer(services.database, issuer)
        if found is None:
            raise NotFound(f"there is no issuer {issuer!r}")
        new = badges.NewBadge(image=data, badge_type=BadgeType(badge_type), **values)
        badge = await badges.create_badge(services, issuer=found, new=new)
        return {"id": badge.id, "uuid": badge.uuid, "slug": badge.slug}

    _run_with_services(run)


@main.command()
@click.argument("grant_id", type=int)
@click.option("--reason", required=True, metavar="R")
def revoke(grant_id: int, reason: str) -> None:
    """Revoke a grant: its Note is deleted everywhere, its documents say so."""
    if not reason.strip():
        raise click.UsageError("--reason must say why")

    async def run(services: Services) -> dict[str, Any]:
        now = services.clock()
        grant = await services.database.write(
            lambda tx: grants.revoke(tx, grant_id, reason=reason.strip(), now=now)
        )
        return {"id": grant.id, "status": grant.status}

    _run_with_services(run)


def _block_kind(target: str) -> BlockKind:
    if target.startswith(("https://", "http://")):
        return BlockKind.ACTOR
    if HOST.fullmatch(target):
        return BlockKind.HOST
    raise Invalid(
        f"{target!r} is neither a host like social.example nor an actor's https:// id", field="target"
    )


@main.command()
@click.argument("target")
def block(target: str) -> None:
    """Block a host (with its subdomains) or an actor: nothing comes from it, nothing goes to it, its traces go."""

    async def run(services: Services) -> dict[str, Any]:
        kind = _block_kind(target)
        now = services.clock()
        await services.database.write(lambda tx: moderation.block(tx, kind, target, now=now))
        return {"blocked": target, "kind": kind}

    _run_with_services(run)


@main.command()
@click.argument("target")
def unblock(target: str) -> None:
    """End a block."""

    async def run(services: Services) -> dict[str, Any]:
        kind = _block_kind(target)
        if not await services.database.write(lambda tx: blocks.remove_block(tx, kind, target)):
            raise NotFound(f"{target} is not blocked")
        return {"unblocked": target, "kind": kind}

    _run_with_services(run)


@main.command()
def quickstart() -> None:
    """On an empty store: make an organization with owner, issuer, badge and key, and print how to go on."""

    async def run(settings: Settings) -> str:
        services = await open_services(settings)
        try:
            return await first_run.quickstart(services)
        finally:
            await services.close()

    click.echo(_run(run))
