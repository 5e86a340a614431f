"""Issuers and badges."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from badgefed.cli.running import run_with_services
from badgefed.errors import NotFound
from badgefed.issuing import badges, issuers, key_rotation
from badgefed.model.audit import COMMAND
from badgefed.model.badge import Alignment, BadgeType
from badgefed.model.issuer import ActorType
from badgefed.model.visibility import Posting
from badgefed.store import badges as stored_badges
from badgefed.store import issuers as stored_issuers
from badgefed.store import organizations as stored_organizations
from badgefed.work.services import Services


@click.command()
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
        issuer = await issuers.create_issuer(services, organization_id=found.id, new=new, by=COMMAND)
        return {"id": issuer.id, "uuid": issuer.uuid, "username": issuer.username, "actor": issuer.actor_id}

    run_with_services(run)


@click.command()
@click.argument("issuer", metavar="ISSUER")
def rotate_keys(issuer: str) -> None:
    """Give an issuer, by its username, new keys. What the old ones signed stays valid."""

    async def run(services: Services) -> dict[str, Any]:
        found = await stored_issuers.find_issuer(services.database, issuer)
        if found is None:
            raise NotFound(f"there is no issuer {issuer!r}")
        number = await key_rotation.rotate_keys(services, found, by=COMMAND)
        return {"id": found.id, "username": found.username, "number": number}

    run_with_services(run)


@click.command()
@click.option("--issuer", required=True, metavar="U")
@click.option("--title", required=True, metavar="T")
@click.option("--description", required=True, metavar="D")
@click.option("--criteria", required=True, metavar="C")
@click.option(
    "--image",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="PNG, JPEG, WebP or SVG of at most 5 MB; default: one is drawn.",
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
@click.option("--language", metavar="TAG", help="Of the texts, e.g. en or pt-BR.")
@click.option(
    "--alignment",
    "alignments",
    multiple=True,
    metavar="NAME=URL",
    help="Of a skill or standard; repeatable.",
)
def create_badge(
    issuer: str, image: Path | None, badge_type: str, alignments: tuple[str, ...], **values: Any
) -> None:
    """Define a badge."""
    data = image.read_bytes() if image else None
    values["alignments"] = tuple(map(_alignment, alignments))

    async def run(services: Services) -> dict[str, Any]:
        found = await stored_issuers.find_issuer(services.database, issuer)
        if found is None:
            raise NotFound(f"there is no issuer {issuer!r}")
        new = badges.NewBadge(image=data, badge_type=BadgeType(badge_type), **values)
        badge = await badges.create_badge(services, issuer=found, new=new, by=COMMAND)
        return {"id": badge.id, "uuid": badge.uuid, "slug": badge.slug}

    run_with_services(run)


@click.command()
@click.argument("badge_id", type=int)
@click.option("--title", metavar="T")
@click.option("--description", metavar="D")
@click.option("--criteria", metavar="C")
@click.option("--image", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--image-alt")
@click.option("--type", "badge_type", type=click.Choice([kind.value for kind in BadgeType]))
@click.option("--hashtags")
@click.option("--info-uri")
@click.option("--expires-in-days", type=int, metavar="N")
@click.option("--language", metavar="TAG")
@click.option(
    "--alignment", "alignments", multiple=True, metavar="NAME=URL", help="Repeatable; replaces them all."
)
def edit_badge(badge_id: int, image: Path | None, **options: Any) -> None:
    """Change a badge, as its next version. What was awarded stays as it was."""
    changes = {name: value for name, value in options.items() if value is not None and value != ()}
    if "badge_type" in changes:
        changes["badge_type"] = BadgeType(changes["badge_type"])
    if "alignments" in changes:
        changes["alignments"] = tuple(map(_alignment, changes["alignments"]))
    if image is not None:
        changes["image"] = image.read_bytes()

    async def run(services: Services) -> dict[str, Any]:
        badge = await stored_badges.find_badge(services.database, badge_id)
        if badge is None:
            raise NotFound(f"there is no badge {badge_id}")
        issuer = await stored_issuers.get_issuer(services.database, badge.issuer_id)
        edited = await badges.edit_badge(services, badge=badge, issuer=issuer, changes=changes, by=COMMAND)
        return {"id": edited.id, "uuid": edited.uuid, "slug": edited.slug, "version": edited.version}

    run_with_services(run)


def _alignment(text: str) -> Alignment:
    name, equals, url = text.partition("=")
    if not equals:
        raise click.UsageError(f"--alignment must be NAME=URL, not {text!r}")
    return Alignment(target_name=name.strip(), target_url=url.strip())
