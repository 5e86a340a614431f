"""The command line. Commands that make or change something print one JSON object; errors go to standard error."""

from __future__ import annotations

import click

from badgefed.cli import badges, blocks, grants, keys, people, server

COMMANDS: tuple[click.Command, ...] = (
    server.serve,
    server.worker,
    server.migrate,
    server.quickstart,
    server.set_up_link,
    people.create_user,
    people.deactivate_user,
    people.reactivate_user,
    people.set_role,
    people.set_operator,
    people.set_organization,
    people.verify_domain,
    keys.create_key,
    keys.list_keys,
    keys.revoke_key,
    badges.create_issuer,
    badges.rotate_keys,
    badges.create_badge,
    badges.edit_badge,
    grants.revoke,
    grants.suspend,
    grants.reinstate,
    blocks.block,
    blocks.unblock,
)


@click.group(commands=COMMANDS)
@click.version_option(package_name="badgefed")
def main() -> None:
    """An ActivityPub server for open badges. Settings: environment variables BADGEFED_*, see docs/settings.md."""
