"""Requests of the people at the doors, with bodies that would do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
from starlette.routing import BaseRoute, Route

from badgefed.api.resources import Resource
from badgefed.web.browsers import BrowserRoute
from tests.access.people import Pass
from tests.access.things import SECRET, Names
from tests.html_pages import BROWSER
from tests.issuers_api import BADGE, ISSUED_ON

_BADGE = {"name": "Another", "description": "Finished it.", "criteria": "Pass the exam."}
_RECIPIENT = {"name": "Gina Example", "email": f"gina@{SECRET}"}
_HOOK = {"url": f"https://{SECRET}/other", "events": ["grant.created"]}
_REASON = {"reason": "By mistake"}
_ISSUER = {"name": "Another School", "url": "https://another.example", "email": f"another@{SECRET}"}

# `$name`: of the scene's names under "bodies".
BODIES: dict[str, dict[str, Any]] = {
    "POST /api/badges/grant": {"badgeId": "$badge_id", "email": f"gina@{SECRET}"},
    "POST /api/badges/grant/{noteId}/revoke": _REASON,
    "POST /api/badges/grant/{noteId}/suspend": _REASON,
    "POST /api/bulk": {"badge": "$badge_id", "rows": [{"email": f"gina@{SECRET}"}]},
    "POST /api/webhooks": _HOOK,
    "PATCH /api/webhooks/{webhookId}": {"description": "Changed"},
    "POST /api/v1/badges": _BADGE,
    "PUT /api/v1/badges/{badgeId}": {**_BADGE, "name": "Advanced Training"},
    "PATCH /api/v1/badges/{badgeId}": {"description": "Changed"},
    "POST /api/v1/credentials": {"badgeId": "$badge", "recipient": _RECIPIENT},
    "POST /api/v1/credentials/bulk": {"badgeId": "$badge", "recipients": [_RECIPIENT]},
    "POST /api/v1/credentials/{id}/revoke": _REASON,
    "POST /api/organizations/{orgId}/badges": _BADGE,
    "PUT /api/organizations/{orgId}/badges/{badgeId}": {**_BADGE, "name": "Advanced Training"},
    "PATCH /api/organizations/{orgId}/badges/{badgeId}": {"description": "Changed"},
    "POST /api/organizations/{orgId}/credentials": {"badgeId": "$badge", "recipient": _RECIPIENT},
    "DELETE /api/organizations/{orgId}/credentials/{id}": _REASON,
    "POST /api/organizations/{orgId}/keys": {"name": SECRET, "scopes": ["badges:read"]},
    "POST /api/auth/login": {"email": "$who", "password": "none of ours"},
    "POST /issuers": _ISSUER,
    "POST /issuers/{issuerId}/verify": {"code": "$code"},
    "PUT /issuers/{issuerId}": {"name": "A School"},
    "POST /badges": {**BADGE, "issuerId": "$issuer"},
    "PUT /badges/{badgeId}": {"description": "Changed"},
    "POST /awards": {"badgeId": "$badge", "recipient": _RECIPIENT, "issuedOn": ISSUED_ON},
    "DELETE /awards/{awardId}": _REASON,
    "POST /api/verify": {"id": "$shown"},
    "POST /api/webhooks/{webhookId}/rotate-secret": {},
}

QUERIES: dict[str, str] = {
    "GET /.well-known/webfinger": "resource=acct:org@badges.example",
    "GET /oembed": "url=https://badges.example/awards/{uuid}",
    "GET /api/embed/badges": "recipient=@ann@social.example",
    "GET /console/o/{organization}/granting/avatar": "profile=https://social.example/users/fan",
    "GET /console/o/{organization}/badges/preview.svg": "issuer={issuer}&kind=Badge&title=New",
}


def addresses(routes: list[BaseRoute]) -> Iterator[tuple[str, bool]]:
    """Method and path of all that is served, and whether it is there for browsers alone.

    `ANY`: where an API says that there is nothing.
    """
    for route in routes:
        assert isinstance(route, Route), route
        path = re.sub(r":\w+}", "}", route.path)
        if isinstance(route.endpoint, Resource):
            methods = set(route.endpoint._operations) or {"ANY"}
        else:
            methods = set(route.methods or ()) - {"HEAD"}
        for method in sorted(methods):
            yield f"{method} {path}", isinstance(route, BrowserRoute)


def fill_in(names: Names, route: str, text: str) -> str:
    """A text with the names that the scene has for a route's parameters."""
    beginnings = sorted((one for one in names if route.startswith(one)), key=len)
    values: dict[str, str] = {"rest": "nothing/here"}
    for beginning in beginnings:
        values |= names[beginning]
    return re.sub(r"{(\w+)}", lambda found: values[found[1]], text)


def body_of(names: Names, address: str, who: str) -> dict[str, Any] | None:
    values = {**names["bodies"], "who": who}

    def fill(value: Any) -> Any:
        if isinstance(value, str) and value.startswith("$"):
            return values[value[1:]]
        return value

    body = BODIES.get(address)
    return None if body is None else {name: fill(value) for name, value in body.items()}


async def knock(
    client: httpx.AsyncClient, names: Names, address: str, shown: Pass, *, is_page: bool
) -> httpx.Response:
    """The answer to a request with all that somebody has; at pages a browser sends cookies alone."""
    method, _, route = address.partition(" ")
    wanted = f"{route}?{QUERIES[address]}" if address in QUERIES else route
    headers = {"accept": BROWSER if is_page else "*/*"}
    if shown.key and not is_page:
        headers["X-ApiKey"] = shown.key
    if shown.token and not is_page:
        headers["Authorization"] = f"Bearer {shown.token}"
    cookies = {"__Host-badgefed-console": shown.session, "__Host-badgefed-me": shown.holder_session}
    headers["cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items() if value)
    body = body_of(names, address, f"{shown.name}@example.org")
    form = {"token": "none"} if is_page and method == "POST" else None
    return await client.request(
        "GET" if method == "ANY" else method,
        fill_in(names, route, wanted),
        headers=headers,
        json=body,
        data=form,
    )
