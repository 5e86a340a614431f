"""What verifiers fetch about issuers and badges: Profiles and keys, definitions, lists of what is not valid any more.

What was awarded stays verifiable when its issuer has left: these documents outlive the actor. Those of one award are in
`awards`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from badgefed.errors import Invalid, NotFound
from badgefed.model.badge import Badge
from badgefed.model.issuer import Issuer
from badgefed.protocol import openbadges2, openbadges3, revocation_lists
from badgefed.protocol.jsonld import Document
from badgefed.protocol.negotiation import best_type
from badgefed.store import badges, organizations, status_lists, withdrawals
from badgefed.store.database import Reader
from badgefed.store.withdrawals import Withdrawal
from badgefed.web import awards
from badgefed.web.awards import CREDENTIAL_TYPES, HOSTED_MAX_AGE
from badgefed.web.documents import HTML, JSON, LINKED_DATA, Answer, Door, answer, encode, json_answer
from badgefed.web.templating import services_of
from badgefed.work import open_badges_documents as published
from badgefed.work.open_badges_documents import NOT_FOUND

LIST_MAX_AGE = 60
PART_MAX_AGE = 300
MAX_PAGE = 100
DID = "application/did+json"

_Build = Callable[..., Awaitable[Document]]

_NUMBER = re.compile(r"[1-9][0-9]{0,8}")

_linked_data = partial(best_type, offers=(LINKED_DATA, JSON, HTML))
_json_only = partial(best_type, offers=(JSON,))
_data_only = partial(best_type, offers=(LINKED_DATA, JSON))
_list_type = partial(best_type, offers=CREDENTIAL_TYPES)
_did_type = partial(best_type, offers=(DID, "application/did+ld+json", "application/did", LINKED_DATA, JSON))


async def _serve(request: Request, wanted: str, build: _Build, *, max_age: int, **parts: Any) -> Answer:
    services = services_of(request)
    document = await services.database.read(lambda reader: build(reader, services.addresses, **parts))
    return json_answer(document, wanted, max_age=max_age)


async def issuer_profile(request: Request, wanted: str) -> Answer:
    """The OB 2.0 Issuer."""
    uuid = request.path_params["uuid"]
    return await _serve(request, wanted, published.issuer_profile, max_age=HOSTED_MAX_AGE, uuid=uuid)


async def issuer_profile_page(request: Request) -> Response:
    issuer = await published.get_issuer(services_of(request).database, request.path_params["uuid"])
    return RedirectResponse(issuer.actor_id, 302)


async def cryptographic_key(request: Request, wanted: str) -> Answer:
    """An OB 2.0 CryptographicKey; an issuer's RSA keys are numbered from 1, in the order in which they came."""
    uuid, number = request.path_params["uuid"], _number(request, "number")
    return await _serve(
        request, wanted, published.cryptographic_key, max_age=HOSTED_MAX_AGE, uuid=uuid, number=number
    )


async def revocation_list(request: Request, wanted: str) -> Answer:
    """The OB 2.0 RevocationList, for signed Assertions: what is revoked or suspended, by the ids of both its forms."""
    services = services_of(request)

    async def load(reader: Reader) -> tuple[Issuer, list[Withdrawal]]:
        issuer = await published.get_issuer(reader, request.path_params["uuid"])
        return issuer, await withdrawals.list_withdrawals(reader, issuer.id)

    issuer, withdrawn = await services.database.read(load)

    def build() -> bytes:
        revoked = (
            (identifier, openbadges2.withdrawal_reason(one.reason, is_suspended=one.is_suspended))
            for one in withdrawn
            for identifier in (services.addresses.assertion(one.uuid), openbadges2.signed_id(one.uuid))
        )
        document = revocation_lists.build_open_badges_2(
            url=services.addresses.revocation_list(issuer.uuid),
            issuer=services.addresses.issuer_profile(issuer.uuid),
            revoked=revoked,
        )
        return encode(document)

    return answer(await asyncio.to_thread(build), wanted, max_age=LIST_MAX_AGE)


async def status_list(request: Request, wanted: str) -> Answer:
    """A signed BitstringStatusListCredential, as it was signed last."""
    body = await status_lists.find_body(services_of(request).database, request.path_params["uuid"])
    if body is None:
        raise NotFound(NOT_FOUND)
    return answer(body, wanted, max_age=LIST_MAX_AGE)


def _number(request: Request, name: str) -> int:
    text: str = request.path_params[name]
    if not _NUMBER.fullmatch(text):
        raise NotFound(NOT_FOUND)
    return int(text)


async def badge_class(request: Request, wanted: str) -> Answer:
    """The OB 2.0 BadgeClass."""
    uuid = request.path_params["uuid"]
    return await _serve(request, wanted, published.badge_class, max_age=HOSTED_MAX_AGE, uuid=uuid)


async def badge_class_version(request: Request, wanted: str) -> Answer:
    """The OB 2.0 BadgeClass as it was, or is, in one of its versions."""
    uuid, version = request.path_params["uuid"], _number(request, "version")
    return await _serve(
        request, wanted, published.badge_class_version, max_age=HOSTED_MAX_AGE, uuid=uuid, version=version
    )


async def badge_class_page(request: Request) -> Response:
    services = services_of(request)
    badge = await published.get_badge(services.database, request.path_params["uuid"])
    return RedirectResponse(services.addresses.badge_page(badge.id), 302)


async def achievement(request: Request, wanted: str) -> Answer:
    """The OB 3.0 Achievement of a badge."""
    return await _serve(request, wanted, published.achievement, max_age=PART_MAX_AGE, **request.path_params)


async def achievements(request: Request, wanted: str) -> Answer:
    """The Achievements of an issuer's active badges, in pages; each is a document of its own."""
    services = services_of(request)
    limit, offset = (
        _query_number(request, name, default) for name, default in (("limit", 50), ("offset", 0))
    )
    if not 1 <= limit <= MAX_PAGE:
        raise Invalid(f"limit must be a whole number from 1 to {MAX_PAGE}", field="limit")

    async def load(reader: Reader) -> tuple[str, list[Badge]]:
        issuer = await published.get_issuer_by_name(reader, request.path_params["username"])
        organization = await organizations.get_organization(reader, issuer.organization_id)
        return organization.slug, await badges.list_badges_of_issuer(reader, issuer.id)

    slug, found = await services.database.read(load)
    shown = found[::-1][offset : offset + limit]
    parts = (
        openbadges3.achievement(badge, organization_slug=slug, addresses=services.addresses)
        for badge in shown
    )
    document = {
        "data": [openbadges3.as_document(part) for part in parts],
        "pagination": {"limit": limit, "offset": offset, "total": len(found)},
    }
    return json_answer(document, wanted, max_age=PART_MAX_AGE)


def _query_number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, str(default))
    if text != "0" and not _NUMBER.fullmatch(text):
        raise Invalid(f"{name} must be a whole number", field=name)
    return int(text)


async def achievement_page(request: Request) -> Response:
    services, parts = services_of(request), request.path_params
    badge = await published.get_badge_by_slug(services.database, parts["organization"], parts["badge"])
    return RedirectResponse(services.addresses.badge_page(badge.id), 302)


async def did_document(request: Request, wanted: str) -> Answer:
    """The issuer's `did:web` document, with the keys that signed earlier too."""
    return await _serve(request, wanted, published.did_document, max_age=PART_MAX_AGE, **request.path_params)


async def profile(request: Request, wanted: str) -> Answer:
    """The issuer's OB 3.0 Profile."""
    return await _serve(request, wanted, published.profile, max_age=PART_MAX_AGE, **request.path_params)


async def profile_page(request: Request) -> Response:
    username = request.path_params["username"]
    issuer = await published.get_issuer_by_name(services_of(request).database, username)
    return RedirectResponse(issuer.actor_id, 302)


routes: list[BaseRoute] = [
    *awards.routes,
    Route(
        "/certify-badge/badge/{uuid}",
        Door(badge_class, page=badge_class_page, choose=_linked_data, tables=("badges", "issuers")),
        methods=["GET"],
    ),
    Route(
        "/certify-badge/issuer/{uuid}",
        Door(
            issuer_profile,
            page=issuer_profile_page,
            choose=_linked_data,
            tables=("issuers", "signing_keys"),
        ),
        methods=["GET"],
    ),
    Route(
        "/certify-badge/badge/{uuid}/versions/{version}",
        Door(
            badge_class_version,
            page=badge_class_page,
            choose=_linked_data,
            tables=("badges", "badge_versions", "issuers"),
        ),
        methods=["GET"],
    ),
    Route(
        "/certify-badge/issuer/{uuid}/keys/{number}",
        Door(cryptographic_key, choose=_data_only, tables=("issuers", "signing_keys")),
        methods=["GET"],
    ),
    Route(
        "/certify-badge/issuer/{uuid}/revocations",
        Door(revocation_list, choose=_data_only, tables=("issuers", "grants"), seconds=10),
        methods=["GET"],
    ),
    Route(
        "/status-lists/{uuid}",
        Door(status_list, choose=_list_type, tables=("status_lists",)),
        methods=["GET"],
    ),
    Route(
        "/achievements/{organization}/{badge}",
        Door(achievement, page=achievement_page, choose=_linked_data, tables=("badges", "organizations")),
        methods=["GET"],
    ),
    Route(
        "/issuers/{username}/achievements",
        Door(
            achievements,
            choose=_json_only,
            tables=("badges", "issuers", "organizations"),
            by_query=True,
        ),
        methods=["GET"],
    ),
    Route(
        "/issuers/{username}/did.json",
        Door(did_document, choose=_did_type, tables=("issuers", "signing_keys")),
        methods=["GET"],
    ),
    Route(
        "/issuers/{username}",
        Door(profile, page=profile_page, choose=_linked_data, tables=("issuers",)),
        methods=["GET"],
    ),
]
