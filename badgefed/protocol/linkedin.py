"""Links to LinkedIn: putting an award into one's profile."""

from __future__ import annotations

from urllib.parse import urlencode

from badgefed.model.badge import Badge
from badgefed.model.grant import Grant
from badgefed.model.issuer import Issuer
from badgefed.model.times import to_datetime

ADD_TO_PROFILE = "https://www.linkedin.com/profile/add"


def add_to_profile_url(grant: Grant, badge: Badge, issuer: Issuer, *, url: str) -> str:
    """LinkedIn's form, filled in with the award; `url` is the award's page.

    It names the issuer's page there, or its name where it has told us of none.
    """
    organization = (
        {"organizationId": issuer.linkedin_organization_id}
        if issuer.linkedin_organization_id
        else {"organizationName": issuer.name}
    )
    issued = to_datetime(grant.issued_at)
    values = {
        "startTask": "CERTIFICATION_NAME",
        "name": badge.title,
        **organization,
        "issueYear": str(issued.year),
        "issueMonth": str(issued.month),
        "certUrl": url,
        "certId": grant.code,
    }
    if grant.expires_at is not None:
        expires = to_datetime(grant.expires_at)
        values |= {"expirationYear": str(expires.year), "expirationMonth": str(expires.month)}
    return f"{ADD_TO_PROFILE}?{urlencode(values)}"
