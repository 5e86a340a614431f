"""A granted badge as a small page for frames on other sites: it runs nothing and loads nothing but the badge's picture."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from typing import Any

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from badgefed.model.badge import Badge
from badgefed.model.grant import CredentialStatus, Grant, Presence, credential_status, presence
from badgefed.model.image import Image
from badgefed.model.issuer import Issuer
from badgefed.model.visibility import Surface, Visibility
from badgefed.store import badges, grants, images, issuers, remote_actors
from badgefed.store.database import Reader
from badgefed.web.languages import ANONYMOUS_VARY, tongue_of
from badgefed.web.people import Person, recipient_of
from badgefed.web.templating import services_of
from badgefed.work.templating import Tongue

MAX_AGE = 60


async def embed(request: Request) -> Response:
    """Public badges, and of those that were taken back the word that they were; all else is not found."""
    services = services_of(request)
    identifier: str = request.path_params["id"]

    async def load(reader: Reader) -> dict[str, Any] | None:
        grant = await find_framed(reader, identifier)
        return await _load(reader, grant) if grant else None

    found = await services.database.read(load)
    if found is None:
        return _answer(tongue_of(request), 404, {"status": None, "addresses": services.addresses})
    status = credential_status(found["grant"], now=services.clock())
    code = 410 if status is CredentialStatus.REVOKED else 200
    return _answer(tongue_of(request), code, {**found, "status": status, "addresses": services.addresses})


async def find_framed(reader: Reader, identifier: str) -> Grant | None:
    """What may be shown in a frame: what may be listed, or what could be before it was taken back."""
    if identifier[:4].upper() == "CRD-":
        grant = await grants.find_grant_by_code(reader, identifier.upper())
    else:
        grant = await grants.find_grant_by_uuid(reader, identifier.lower())
    if grant is None or grant.visibility is not Visibility.PUBLIC:
        return None
    return None if presence(grant, Surface.LINK) is Presence.HIDDEN else grant


async def _load(reader: Reader, grant: Grant) -> dict[str, Grant | Badge | Issuer | Image | Person]:
    badge = await badges.get_granted_badge(reader, grant)
    actor = await remote_actors.find_actor(reader, grant.actor_id) if grant.actor_id else None
    return {
        "grant": grant,
        "badge": badge,
        "issuer": await issuers.get_issuer(reader, grant.issuer_id),
        "image": await images.get_image(reader, badge.image_id),
        "recipient": recipient_of(grant, actor),
    }


@lru_cache(maxsize=8)
def _style(tongue: Tongue) -> tuple[str, str]:
    """The style sheet, and the policy that allows it and pictures of ours, in everybody's frames."""
    style = tongue.environment.get_template("embed.css").render()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; img-src 'self'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none';"
        " frame-ancestors *"
    )
    return style, policy


def _answer(tongue: Tongue, code: int, context: dict[str, Any]) -> Response:
    style, policy = _style(tongue)
    page = tongue.environment.get_template("embed.html").render({**context, "style": Markup(style)})  # noqa: S704
    headers = {
        "Content-Security-Policy": policy,
        "Cache-Control": f"public, max-age={MAX_AGE}",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "X-Robots-Tag": "noindex",
        "Vary": ANONYMOUS_VARY,
    }
    return HTMLResponse(page, code, headers)


routes: list[BaseRoute] = [Route("/api/embed/{id}", embed)]
