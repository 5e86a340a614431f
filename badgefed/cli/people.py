"""Users, their roles and rights, and organizations."""

from __future__ import annotations

import sys
from typing import Any

import click

from badgefed.cli.running import run_with_services
from badgefed.errors import NotFound
from badgefed.issuing import domains, organizations, people
from badgefed.model.audit import COMMAND
from badgefed.model.organization import Organization, OrganizationStatus, Role
from badgefed.model.plan import PLANS
from badgefed.store import organizations as stored_organizations
from badgefed.store import users
from badgefed.work.services import Services


@click.command()
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
                services, slug=organization, name=organization_name or organization, by=COMMAND
            )
        user = await organizations.create_user(
            services, email=email, organization=found, role=Role(role), password=password, by=COMMAND
        )
        return {
            "user": {"id": user.id, "email": user.email},
            "organization": {"id": found.id, "slug": found.slug},
        }

    run_with_services(run)


@click.command()
@click.argument("email")
def deactivate_user(email: str) -> None:
    """Switch an account off: its sessions, links and API keys stop working at once."""
    _set_active(email, is_active=False)


@click.command()
@click.argument("email")
def reactivate_user(email: str) -> None:
    """Switch an account on again; its API keys work again, its sessions don't."""
    _set_active(email, is_active=True)


def _set_active(email: str, *, is_active: bool) -> None:
    async def run(services: Services) -> dict[str, Any]:
        user = await people.set_active(services, email, is_active=is_active, by=COMMAND)
        return {"user": {"id": user.id, "email": user.email}, "active": is_active}

    run_with_services(run)


@click.command()
@click.argument("email")
@click.option("--organization", required=True, metavar="SLUG")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]))
def set_role(email: str, organization: str, role: str) -> None:
    """Give a member another role. An organization keeps at least one owner."""

    async def run(services: Services) -> dict[str, Any]:
        found = await stored_organizations.find_organization(services.database, organization)
        user = await users.find_user(services.database, email)
        if found is None:
            raise NotFound(f"there is no organization {organization!r}")
        if user is None:
            raise NotFound(f"there is no user {email}; `badgefed create-user` makes one")
        await people.set_role(services, found, user, Role(role), by=COMMAND)
        return {
            "user": {"id": user.id, "email": user.email},
            "organization": {"id": found.id, "slug": found.slug},
            "role": role,
        }

    run_with_services(run)


@click.command()
@click.argument("email")
@click.option("--off", is_flag=True, help="Take the right away.")
def set_operator(email: str, off: bool) -> None:
    """Make a user an operator of this server, who may look into every organization and the server's log."""

    async def run(services: Services) -> dict[str, Any]:
        user = await people.set_operator(services, email, is_operator=not off, by=COMMAND)
        return {"user": {"id": user.id, "email": user.email}, "operator": not off}

    run_with_services(run)


@click.command()
@click.argument("slug")
@click.option("--status", type=click.Choice([status.value for status in OrganizationStatus]))
@click.option("--plan", metavar="P", help=f"One of {', '.join(PLANS)}; empty for none.")
def set_organization(slug: str, status: str | None, plan: str | None) -> None:
    """Suspend an organization or make it active again, or set its plan. What it issued stays valid."""

    async def run(services: Services) -> dict[str, Any]:
        changed = await organizations.change_organization(
            services,
            slug,
            status=OrganizationStatus(status) if status else None,
            plan=plan,
            by=COMMAND,
        )
        return {
            "organization": {"id": changed.id, "slug": changed.slug},
            "status": changed.status,
            "plan": changed.plan,
        }

    run_with_services(run)


@click.command()
@click.argument("slug")
@click.argument("domain")
@click.option("--show", is_flag=True, help="Show what proves the domain, and look at nothing.")
def verify_domain(slug: str, domain: str, show: bool) -> None:
    """Note that a domain is the organization's, where a TXT record or a link with rel="me" on its front page proves it."""

    async def run(services: Services) -> dict[str, Any]:
        found = await stored_organizations.find_organization(services.database, slug)
        if found is None:
            raise NotFound(f"there is no organization {slug!r}")
        if show:
            return await _show_proofs(services, found, domains.read_domain(domain))
        changed = await domains.verify_domain(services, found, domain, by=COMMAND)
        return {"organization": {"id": changed.id, "slug": changed.slug}, "domain": changed.domain}

    run_with_services(run)


async def _show_proofs(services: Services, organization: Organization, domain: str) -> dict[str, Any]:
    wanted = await domains.load_instructions(services.database, services, organization, domain)
    return {
        "domain": domain,
        "record": {"name": wanted.record_name, "type": "TXT", "value": wanted.record_value},
        "links": list(wanted.links),
    }
