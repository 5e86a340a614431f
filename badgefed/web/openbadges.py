"""What verifiers fetch: hosted Open Badges 2.0 documents, Open Badges 3.0 credentials and parts, DID documents.

What was awarded stays verifiable when its issuer has left: these documents outlive the actor.
"""

from __future__ import annotations

from functools import partial

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from badgefed.errors import NotFound
from badgefed.model.badge import Badge
from badgefed.model.grant import Grant, Presence, presence
from badgefed.model.issuer import Issuer
from badgefed.model.visibility import Surface
from badgefed.protocol import dids, openbadges2, openbadges3
from badgefed.protocol.jsonld import Document
from badgefed.protocol.negotiation import best_type
from badgefed.store import badges, documents, grants, issuers, signing_keys
from badgefed.store.database import Reader
from badgefed.store.documents import DocumentKind
from badgefed.store.signing_keys import KeyKind
from badgefed.web.documents import (
    HTML,
    JSON,
    LINKED_DATA,
    Answer,
    Door,
    answer,
    json_answer,
)
from badgefed.web.templating import services_of

HOSTED_MAX_AGE = 3600
CREDENTIAL_MAX_AGE = 60
PART_MAX_AGE = 300
CREDENTIAL = "application/vc+ld+json"
DID = "application/did+json"
NOT_FOUND = "There is nothing here."

_linked_data = partial(best_type, offers=(LINKED_DATA, JSON, HTML))
_credential_type = partial(best_type, offers=(CREDENTIAL, "application/vc", LINKED_DATA, JSON, HTML))
_did_type = partial(best_type, offers=(DID, "application/did+ld+json", "application/did", LINKED_DATA, JSON))


async def assertion(request: Request, wanted: str) -> Answer:
    """The stored OB 2.0 Assertion; of a revoked one, 410 with the reason (OB 2.0 hosted revocation)."""
    services = services_of(request)

    async def load(reader: Reader) -> Answer:
        grant = await _grant(reader, request)
        if presence(grant, Surface.LINK) is Presence.WITHDRAWN:
            document = openbadges2.revoked_assertion(grant, services.addresses)
            return json_answer(document, wanted, max_age=HOSTED_MAX_AGE, status=410)
        return answer(await _stored(reader, grant, DocumentKind.ASSERTION), wanted, max_age=HOSTED_MAX_AGE)

    return await services.database.read(load)


async def credential(request: Request, wanted: str) -> Answer:
    """The signed OB 3.0 credential, as stored; of a revoked one, 410 with `revoked` and the reason."""
    services = services_of(request)

    async def load(reader: Reader) -> Answer:
        grant = await _grant(reader, request)
        if presence(grant, Surface.LINK) is Presence.WITHDRAWN:
            document = _revoked_credential(services.addresses.credential(grant.uuid), grant)
            return json_answer(document, JSON, max_age=CREDENTIAL_MAX_AGE, status=410)
        return answer(
            await _stored(reader, grant, DocumentKind.CREDENTIAL), wanted, max_age=CREDENTIAL_MAX_AGE
        )

    return await services.database.read(load)


def _revoked_credential(credential_id: str, grant: Grant) -> Document:
    """Plain JSON: nothing that could be taken for a credential."""
    reason = {"revocationReason": grant.closed_reason} if grant.closed_reason else {}
    return {"id": credential_id, "revoked": True, **reason}


async def award_page(request: Request) -> Response:
    """People are sent to the page of the badge, which stands at its Note's address."""
    grant = await _grant(services_of(request).database, request)
    return RedirectResponse(grant.note_uri, 302)


async def _grant(reader: Reader, request: Request) -> Grant:
    grant = await grants.find_grant_by_uuid(reader, request.path_params["uuid"])
    if grant is None or presence(grant, Surface.LINK) is Presence.HIDDEN:
        raise NotFound(NOT_FOUND)
    return grant


async def _stored(reader: Reader, grant: Grant, kind: DocumentKind) -> bytes:
    document = await documents.find_document(reader, grant.id, kind)
    if document is None:
        raise NotFound(NOT_FOUND)
    return document.body


async def issuer_profile(request: Request, wanted: str) -> Answer:
    """The OB 2.0 Issuer."""
    services = services_of(request)
    issuer = await _issuer_by_uuid(services.database, request)
    document = openbadges2.issuer_profile(issuer, services.addresses)
    return json_answer(document, wanted, max_age=HOSTED_MAX_AGE)


async def issuer_profile_page(request: Request) -> Response:
    issuer = await _issuer_by_uuid(services_of(request).database, request)
    return RedirectResponse(issuer.actor_id, 302)


async def _issuer_by_uuid(reader: Reader, request: Request) -> Issuer:
    issuer = await issuers.find_issuer_by_uuid(reader, request.path_params["uuid"], with_deleted=True)
    if issuer is None:
        raise NotFound(NOT_FOUND)
    return issuer


async def badge_class(request: Request, wanted: str) -> Answer:
    """The OB 2.0 BadgeClass."""
    services = services_of(request)

    async def load(reader: Reader) -> Document:
        badge = await _badge_by_uuid(reader, request)
        issuer = await issuers.get_issuer(reader, badge.issuer_id)
        return openbadges2.badge_class(badge, issuer, services.addresses)

    return json_answer(await services.database.read(load), wanted, max_age=HOSTED_MAX_AGE)


async def badge_class_page(request: Request) -> Response:
    services = services_of(request)
    badge = await _badge_by_uuid(services.database, request)
    return RedirectResponse(services.addresses.badge_page(badge.id), 302)


async def _badge_by_uuid(reader: Reader, request: Request) -> Badge:
    badge = await badges.find_badge_by_uuid(reader, request.path_params["uuid"])
    if badge is None:
        raise NotFound(NOT_FOUND)
    return badge


async def achievement(request: Request, wanted: str) -> Answer:
    """The OB 3.0 Achievement of a badge."""
    services = services_of(request)
    badge = await _badge_by_slug(services.database, request)
    part = openbadges3.achievement(
        badge, organization_slug=request.path_params["organization"], addresses=services.addresses
    )
    return json_answer(openbadges3.as_document(part), wanted, max_age=PART_MAX_AGE)


async def achievement_page(request: Request) -> Response:
    services = services_of(request)
    badge = await _badge_by_slug(services.database, request)
    return RedirectResponse(services.addresses.badge_page(badge.id), 302)


async def _badge_by_slug(reader: Reader, request: Request) -> Badge:
    parameters = request.path_params
    badge = await badges.find_badge_by_slug(reader, parameters["organization"], parameters["badge"])
    if badge is None:
        raise NotFound(NOT_FOUND)
    return badge


async def did_document(request: Request, wanted: str) -> Answer:
    """The issuer's `did:web` document, with the keys that signed earlier too."""
    services = services_of(request)

    async def load(reader: Reader) -> Document:
        issuer = await _issuer(reader, request)
        keys = await signing_keys.list_keys(reader, issuer.id, KeyKind.ED25519)
        return dids.did_document(
            services.addresses.did(issuer.username),
            multikeys=[key.public_key for key in keys],
            also_known_as=[issuer.actor_id],
        )

    return json_answer(await services.database.read(load), wanted, max_age=PART_MAX_AGE)


async def profile(request: Request, wanted: str) -> Answer:
    """The issuer's OB 3.0 Profile."""
    services = services_of(request)
    issuer = await _issuer(services.database, request)
    document = openbadges3.as_document(openbadges3.profile(issuer, services.addresses))
    return json_answer(document, wanted, max_age=PART_MAX_AGE)


async def profile_page(request: Request) -> Response:
    issuer = await _issuer(services_of(request).database, request)
    return RedirectResponse(issuer.actor_id, 302)


async def _issuer(reader: Reader, request: Request) -> Issuer:
    """Raises `NotFound`, also for another spelling of the name: a DID has one."""
    username = request.path_params["username"]
    issuer = await issuers.find_issuer(reader, username, with_deleted=True)
    if issuer is None or issuer.username != username:
        raise NotFound(NOT_FOUND)
    return issuer


_AWARD = ("grants", "documents")

routes: list[BaseRoute] = [
    Route(
        "/certify-badge/award/{uuid}",
        Door(assertion, page=award_page, choose=_linked_data, tables=_AWARD),
        methods=["GET"],
    ),
    Route(
        "/certify-badge/badge/{uuid}",
        Door(badge_class, page=badge_class_page, choose=_linked_data, tables=("badges", "issuers")),
        methods=["GET"],
    ),
    Route(
        "/certify-badge/issuer/{uuid}",
        Door(issuer_profile, page=issuer_profile_page, choose=_linked_data, tables=("issuers",)),
        methods=["GET"],
    ),
    Route(
        "/credentials/{uuid}/ob3",
        Door(credential, page=award_page, choose=_credential_type, tables=_AWARD),
        methods=["GET"],
    ),
    Route(
        "/achievements/{organization}/{badge}",
        Door(achievement, page=achievement_page, choose=_linked_data, tables=("badges", "organizations")),
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
