"""The console's addresses."""

from __future__ import annotations

from starlette.routing import BaseRoute

from badgefed.web.console import (
    account,
    audit,
    badge_editing,
    badges,
    domain,
    federation,
    followers,
    grant,
    granting,
    grants,
    invitations,
    issuers,
    keys,
    links,
    list_report,
    lists,
    overview,
    people,
    pictures,
    profiles,
    sign_in,
    webhook_deliveries,
    webhooks,
)

routes: list[BaseRoute] = [
    *sign_in.routes,
    *links.routes,
    *invitations.routes,
    *account.routes,
    *profiles.routes,
    *overview.routes,
    *grants.routes,
    *grant.routes,
    *granting.routes,
    *lists.routes,
    *list_report.routes,
    *issuers.routes,
    *badge_editing.routes,
    *badges.routes,
    *pictures.routes,
    *people.routes,
    *domain.routes,
    *keys.routes,
    *webhooks.routes,
    *webhook_deliveries.routes,
    *federation.routes,
    *followers.routes,
    *audit.routes,
]
