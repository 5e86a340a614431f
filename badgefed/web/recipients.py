"""What the recipients' pages have in common: their headers, the one answer to wrong links, and what they show of a grant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from badgefed.model.actor import RemoteActor
from badgefed.model.badge import Badge
from badgefed.model.grant import Grant
from badgefed.model.image import Image
from badgefed.model.issuer import Issuer
from badgefed.store import badges, grants, images, issuers, remote_actors
from badgefed.store.database import Reader
from badgefed.web.people import mask_email, recipient_of
from badgefed.web.templating import render, services_of

HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    "Content-Security-Policy": (
        "default-src 'none'; img-src 'self'; style-src 'self'; font-src 'self'; form-action 'self';"
        " base-uri 'none'; frame-ancestors 'none'"
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a page about one grant shows."""

    grant: Grant
    badge: Badge
    issuer: Issuer
    image: Image
    actor: RemoteActor | None

    @property
    def context(self) -> dict[str, Any]:
        """For the template. The e-mail address is there in a form that only its owner recognises."""
        return {
            "grant": self.grant,
            "badge": self.badge,
            "issuer": self.issuer,
            "image": self.image,
            "recipient": recipient_of(self.grant, self.actor),
            "masked_email": mask_email(self.grant.email) if self.grant.email else None,
        }


def lost(request: Request) -> Response:
    """The one answer to every address that is wrong: mistyped, used, withdrawn, never there."""
    return render(request, "lost.html", status=404, headers=HEADERS)


async def find_grant(request: Request) -> Grant | None:
    """By the number in the address; one look into the store, whatever stands there."""
    number: str = request.path_params["grant_id"]
    is_number = number.isascii() and number.isdigit() and len(number) <= 18
    return await grants.find_grant(services_of(request).database, int(number) if is_number else 0)


async def load_subject(reader: Reader, grant: Grant) -> Subject:
    badge = await badges.find_badge(reader, grant.badge_id)
    if badge is None:
        raise LookupError(f"badge {grant.badge_id}")
    return Subject(
        grant=grant,
        badge=badge,
        issuer=await issuers.get_issuer(reader, grant.issuer_id),
        image=await images.get_image(reader, badge.image_id),
        actor=await remote_actors.find_actor(reader, grant.actor_id) if grant.actor_id else None,
    )


def form_subject(request: Request, grant: Grant) -> str:
    """What the form token of a page is for: the grant, and the key by which the page was opened."""
    return f"{grant.uuid}:{request.path_params['key']}"
