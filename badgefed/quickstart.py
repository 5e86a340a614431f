"""The first run: something to grant, and how to grant it."""

from __future__ import annotations

import secrets

from badgefed.issuing.api_keys import create_key
from badgefed.issuing.badges import NewBadge, create_badge
from badgefed.issuing.issuers import NewIssuer
from badgefed.issuing.organizations import create_organization, create_user
from badgefed.model.badge import BadgeType
from badgefed.model.organization import Dialect, Role
from badgefed.store.organizations import count_organizations
from badgefed.work.services import Services

OWNER = "owner@example.org"
SLUG = "org"


async def quickstart(services: Services) -> str:
    """Makes organization `org` with owner, issuer, badge and keys where the store is empty; tells how to go on."""
    base = services.addresses.base
    if await count_organizations(services.database):
        return f"""
  badgefed at {base}
  The store has an organization already; its keys were shown when they were made.
  A new key:  .venv/bin/badgefed create-key {OWNER} --name "another key"
"""
    password = secrets.token_urlsafe(12)
    organization, issuer = await create_organization(
        services,
        slug=SLUG,
        name="My Organization",
        issuer=NewIssuer(
            username=SLUG, name="My Organization", summary="We give badges to people who earn them."
        ),
    )
    await create_user(services, email=OWNER, organization=organization, role=Role.OWNER, password=password)
    badge = await create_badge(
        services,
        issuer=issuer,
        new=NewBadge(
            title="First Steps",
            description="Given to those who were there at the beginning.",
            criteria="Took part in the first hour of this server.",
            badge_type=BadgeType.ACHIEVEMENT,
        ),
    )
    keys = {
        dialect: (await create_key(services, email=OWNER, name=f"first {dialect} key", dialect=dialect)).key
        for dialect in Dialect
    }
    return f"""
  badgefed at {base}

  sign-in          {base}/console/sign-in   {OWNER}   password {password}
  issuer           @{issuer.username}@{services.addresses.host}   {issuer.actor_id}
  badge            {badge.title} (id {badge.id})   {services.addresses.badge_page(badge.id)}
  badges key       {keys[Dialect.BADGES]}
  issuers key      {keys[Dialect.ISSUERS]}
  credentials key  {keys[Dialect.CREDENTIALS]}
  Keys and password are shown this once. Mails are written to {services.settings.data_dir / "mail"}.

  Grant the badge (use "profileUri": "@user@server" for a Fediverse profile):

  curl -s {base}/api/badges/grant -H 'X-ApiKey: {keys[Dialect.BADGES]}' -H 'Content-Type: application/json' \\
    -d '{{"badgeId": {badge.id}, "name": "Jane Doe", "email": "jane@example.org", "evidence": "Was there from the first minute."}}'
"""
