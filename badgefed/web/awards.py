"""The documents of one award: Assertion and credential, hosted and signed, and the picture with both inside.

They are what the recipient carries away: `?download` names a file for each. Bytes that were signed are served as they were
stored; the hosted Assertion and the signed one say of the badge what it was when it was granted.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from badgefed.model.image import PNG, SVG
from badgefed.model.issuer import Issuer
from badgefed.protocol import openbadges2
from badgefed.protocol.jsonld import Document
from badgefed.protocol.negotiation import best_type
from badgefed.store import documents, signing_keys
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
from badgefed.work import award_files, credentials
from badgefed.work.award_files import Picture
from badgefed.work.awards import Award, load_award
from badgefed.work.services import Services

HOSTED_MAX_AGE = 3600
CREDENTIAL_MAX_AGE = 60
CREDENTIAL = "application/vc+ld+json"
CREDENTIAL_TYPES = (CREDENTIAL, "application/vc", LINKED_DATA, JSON)
TEXT = "text/plain"
DOWNLOAD = "download"

# As for every picture: a drawing may use its own styles and what it embeds, and nothing else.
_PICTURE_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox",
    "cross-origin-resource-policy": "cross-origin",
}

_linked_data = partial(best_type, offers=(LINKED_DATA, JSON, HTML))
_credential_type = partial(best_type, offers=(*CREDENTIAL_TYPES, HTML))
_jws_type = partial(best_type, offers=(TEXT, "application/jose"))
_jwt_type = partial(best_type, offers=(TEXT, "application/vc+jwt", "application/jwt"))


async def assertion(request: Request, wanted: str) -> Answer:
    """The OB 2.0 Assertion; of a revoked or suspended one, 410 with the reason (OB 2.0 hosted revocation)."""
    services = services_of(request)
    award = await services.database.read(partial(_load, request=request))
    revoked = award.revoked_assertion(services.addresses)
    if revoked is not None:
        return _withdrawn_assertion(award, revoked, wanted)
    body = award.hosted_assertion(services.addresses)
    return answer(body, wanted, max_age=HOSTED_MAX_AGE, headers=_file_header(request, award, "ob2.json"))


def _withdrawn_assertion(award: Award, revoked: Document, wanted: str) -> Answer:
    max_age = CREDENTIAL_MAX_AGE if award.is_suspended else HOSTED_MAX_AGE
    return json_answer(revoked, wanted, max_age=max_age, status=410)


async def signed_assertion(request: Request, wanted: str) -> Answer:
    """The Assertion as compact JWS (OB 2.0 signed verification), made with the issuer's present key; 410 as `assertion`."""
    services = services_of(request)
    award = await services.database.read(partial(_load, request=request))
    revoked = award.revoked_assertion(services.addresses)
    if revoked is not None:
        return _withdrawn_assertion(award, revoked, JSON)
    document = openbadges2.signed_assertion(
        json.loads(award.assertion),
        award.badge,
        services.addresses,
        uuid=award.grant.uuid,
        version=award.grant.badge_version,
        key=await _present_key_id(services, award.issuer),
    )
    text = await credentials.sign_assertion(services, document, award.issuer)
    headers = _file_header(request, award, "jws")
    return answer(text.encode(), wanted, max_age=CREDENTIAL_MAX_AGE, headers=headers)


async def _present_key_id(services: Services, issuer: Issuer) -> str:
    """The address of the CryptographicKey that signs now; keys are numbered from 1, in the order in which they came."""
    present = await services.keyring.rsa(issuer.id)
    stored = await signing_keys.list_keys(services.database, issuer.id, KeyKind.RSA)
    number = next(
        len(stored) - index for index, key in enumerate(stored) if key.public_key == present.public_key
    )
    return services.addresses.cryptographic_key(issuer.uuid, number)


async def credential(request: Request, wanted: str) -> Answer:
    """The signed OB 3.0 credential, as stored; of a revoked one, 410 with `revoked` and the reason.

    Of a suspended one, its status list tells.
    """
    services = services_of(request)
    award = await services.database.read(partial(_load, request=request))
    if award.is_withdrawn:
        return _revoked(services, award)
    headers = _file_header(request, award, "json")
    return answer(award.credential, wanted, max_age=CREDENTIAL_MAX_AGE, headers=headers)


async def credential_jwt(request: Request, wanted: str) -> Answer:
    """The same as VC-JWT (OB 3.0 §8.2.4); what was signed before there was one gets it now."""
    services = services_of(request)

    async def load(reader: Reader) -> tuple[Award, bytes | None]:
        award = await _load(reader, request=request)
        stored = await documents.find_document(reader, award.grant.id, DocumentKind.JWT)
        return award, stored.body if stored else None

    award, body = await services.database.read(load)
    if award.is_withdrawn:
        return _revoked(services, award)
    if body is None:
        made = await credentials.make_jwt(services, json.loads(award.credential), award.issuer)
        body = made.encode()
    headers = _file_header(request, award, "jwt")
    return answer(body, wanted, max_age=CREDENTIAL_MAX_AGE, headers=headers)


async def baked_png(request: Request, _wanted: str) -> Answer:
    """The picture of the badge as it was granted, with Assertion and credential inside."""
    return await _bake(request, PNG, award_files.baked_png)


async def baked_svg(request: Request, _wanted: str) -> Answer:
    """The same as SVG: the drawing if the picture is one, else around the PNG."""
    return await _bake(request, SVG, award_files.baked_svg)


async def _bake(request: Request, media_type: str, bake: Callable[[Picture, str, str], bytes]) -> Answer:
    services = services_of(request)

    async def load(reader: Reader) -> tuple[Award, Picture]:
        award = await _load(reader, request=request)
        return award, await award_files.load_picture(reader, award.grant)

    award, picture = await services.database.read(load)
    if award.is_withdrawn:
        return _revoked(services, award)
    hosted, signed = award.hosted_assertion(services.addresses).decode(), award.credential.decode()
    body = await asyncio.to_thread(bake, picture, hosted, signed)
    headers = {**_PICTURE_HEADERS, **_file_header(request, award, media_type.partition("/")[2][:3])}
    return answer(body, media_type, max_age=CREDENTIAL_MAX_AGE, headers=headers)


async def _assertion_page(request: Request) -> Response:
    return await _page(request, partial(assertion, wanted=LINKED_DATA))


async def _credential_page(request: Request) -> Response:
    return await _page(request, partial(credential, wanted=CREDENTIAL))


async def _page(request: Request, document: Callable[[Request], Awaitable[Answer]]) -> Response:
    """People are sent to the page of the badge, which stands at its Note's address, or get the file that they ask for.

    One that was not published yet has no page but that which verifies it.
    """
    if DOWNLOAD in request.query_params:
        return (await document(request)).as_response()
    services = services_of(request)
    grant = (await services.database.read(partial(_load, request=request))).grant
    page = grant.note_uri if grant.processed_at is not None else services.addresses.verify(grant.code)
    return RedirectResponse(page, 302)


async def _load(reader: Reader, *, request: Request) -> Award:
    return await load_award(reader, request.path_params["uuid"])


def _revoked(services: Services, award: Award) -> Answer:
    """Plain JSON: nothing that could be taken for a credential."""
    reason = {"revocationReason": award.grant.closed_reason} if award.grant.closed_reason else {}
    document = {"id": services.addresses.credential(award.grant.uuid), "revoked": True, **reason}
    return json_answer(document, JSON, max_age=CREDENTIAL_MAX_AGE, status=410)


def _file_header(request: Request, award: Award, extension: str) -> Mapping[str, str]:
    """For `?download`, with a name that says which badge it is; slug and code are plain ASCII."""
    if DOWNLOAD not in request.query_params:
        return {}
    name = f"{award.badge.slug}-{award.grant.code}.{extension}"
    return {"content-disposition": f'attachment; filename="{name}"'}


_TABLES = ("grants", "documents", "badges")

routes: list[BaseRoute] = [
    Route(
        "/certify-badge/award/{uuid}",
        Door(assertion, page=_assertion_page, choose=_linked_data, tables=_TABLES, by_query=True),
        methods=["GET"],
    ),
    Route(
        "/certify-badge/award/{uuid}/jws",
        Door(signed_assertion, choose=_jws_type, tables=(*_TABLES, "signing_keys"), by_query=True),
        methods=["GET"],
    ),
    Route(
        "/credentials/{uuid}/ob3",
        Door(credential, page=_credential_page, choose=_credential_type, tables=_TABLES, by_query=True),
        methods=["GET"],
    ),
    Route(
        "/credentials/{uuid}/jwt",
        Door(credential_jwt, choose=_jwt_type, tables=_TABLES, by_query=True),
        methods=["GET"],
    ),
    Route(
        "/credentials/{uuid}/badge.png",
        Door(baked_png, tables=(*_TABLES, "images"), by_query=True),
        methods=["GET"],
    ),
    Route(
        "/credentials/{uuid}/badge.svg",
        Door(baked_svg, tables=(*_TABLES, "images", "renditions"), by_query=True),
        methods=["GET"],
    ),
]
