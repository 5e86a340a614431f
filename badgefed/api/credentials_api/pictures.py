"""Pictures of credentials: one with its documents inside, and verifying one that somebody hands in. No key is needed."""

from __future__ import annotations

import asyncio

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from badgefed.api.credential_lookup import CREDENTIAL_ID, NO_CREDENTIAL, PRIVATE, find_credential
from badgefed.api.credentials_api.views import PictureVerification
from badgefed.api.errors import json_bytes
from badgefed.api.operations import Content, Open, Operation, Refusal, Success
from badgefed.api.requests import read_bytes, services_of
from badgefed.api.verify_definitions import REPORT_EXAMPLE
from badgefed.api.verify_views import view_standing
from badgefed.errors import Gone, Invalid, NotFound, UnsupportedMedia
from badgefed.model.grant import Grant, Presence, presence
from badgefed.model.image import PNG
from badgefed.model.visibility import Surface
from badgefed.protocol import multipart
from badgefed.store import badges, documents
from badgefed.store.database import Reader
from badgefed.store.documents import DocumentKind
from badgefed.verification.disclosure import without_withdrawn
from badgefed.verification.json_report import to_json
from badgefed.verification.results import Verdict, Verification
from badgefed.verification.verify import verify
from badgefed.work import award_files
from badgefed.work.award_files import Picture

PER_MINUTE = 100
VERIFIED_PER_MINUTE = 30
MAX_BYTES = 5_500_000
FIELDS = ("file", "image")

REVOKED = "This credential was revoked."
NO_FILE = "Send the picture as file in multipart/form-data"


async def show_baked(request: Request) -> Response:
    services = services_of(request)

    async def load(reader: Reader) -> tuple[Picture, bytes, bytes]:
        grant = await _find(reader, request.path_params[CREDENTIAL_ID.name])
        badge = await badges.find_badge(reader, grant.badge_id)
        assertion = await documents.find_document(reader, grant.id, DocumentKind.ASSERTION)
        credential = await documents.find_document(reader, grant.id, DocumentKind.CREDENTIAL)
        if badge is None or assertion is None or credential is None:
            raise NotFound(NO_CREDENTIAL)
        picture = await award_files.load_picture(reader, grant)
        hosted = award_files.hosted_assertion(assertion.body, grant, badge, services.addresses)
        return picture, hosted, credential.body

    picture, hosted, signed = await services.database.read(load)
    body = await asyncio.to_thread(award_files.baked_png, picture, hosted.decode(), signed.decode())
    headers = {"Cache-Control": "public, max-age=60", "Cross-Origin-Resource-Policy": "cross-origin"}
    return Response(body, headers=headers, media_type=PNG)


async def _find(reader: Reader, identifier: str) -> Grant:
    """One that can be verified. Raises `NotFound`, `Forbidden` for a private one, `Gone` for a revoked one."""
    grant = await find_credential(reader, identifier)
    found = presence(grant, Surface.VERIFICATION)
    if found is Presence.WITHDRAWN:
        raise Gone(REVOKED)
    if found is Presence.HIDDEN:
        raise NotFound(NO_CREDENTIAL)
    return grant


async def verify_picture(request: Request) -> Response:
    services = services_of(request)
    data = await read_bytes(request, max_bytes=MAX_BYTES)
    picture = await asyncio.to_thread(_read_picture, data, request.headers.get("content-type", ""))
    found = without_withdrawn(await verify(services, picture))
    return json_bytes(await asyncio.to_thread(_encode, found))


def _read_picture(data: bytes, content_type: str) -> bytes:
    if content_type.partition(";")[0].strip().lower() != multipart.MEDIA_TYPE:
        raise UnsupportedMedia(NO_FILE)
    parts = multipart.read_multipart(data, content_type)
    files = [part.data for part in parts if part.filename and part.name in FIELDS]
    if len(files) != 1:
        raise Invalid(NO_FILE, field=FIELDS[0])
    return files[0]


def _encode(found: Verification) -> bytes:
    report = {
        **to_json(found),
        "valid": found.verdict in (Verdict.VALID, Verdict.WARNING),
        "verification": msgspec.to_builtins(view_standing(found)),
        "ob3Credential": dict(found.document) or None,
    }
    return msgspec.json.encode(msgspec.convert(report, PictureVerification))


_BUSY = "Too many badges are being verified at this moment. Try again in a few seconds."

OPERATIONS = (
    Operation(
        id="showBakedPicture",
        method="GET",
        path=f"/api/credentials/{{{CREDENTIAL_ID.name}}}/baked",
        summary="Get a credential as picture",
        description="The badge's picture as PNG, with the signed credential and the Open Badges 2.0 Assertion inside.",
        door=Open(per_minute=PER_MINUTE, handle=show_baked),
        parameters=(CREDENTIAL_ID,),
        success=Success(shape=None, description="The picture.", example={}, media_type=PNG),
        refusals=(
            Refusal(status=403, texts=(PRIVATE,)),
            Refusal(status=404, texts=(NO_CREDENTIAL,)),
            Refusal(status=410, texts=(REVOKED,)),
        ),
    ),
    Operation(
        id="verifyPicture",
        method="POST",
        path="/api/credentials/verify-image",
        summary="Verify a picture with a credential inside",
        description="Takes the credential out of a PNG or SVG and verifies it, anybody's; nothing is stored.",
        door=Open(per_minute=VERIFIED_PER_MINUTE, handle=verify_picture),
        contents=(
            Content(
                media_type=multipart.MEDIA_TYPE,
                description="The picture as `file`.",
                schema={
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "contentMediaType": "application/octet-stream"}
                    },
                },
            ),
        ),
        success=Success(
            shape=PictureVerification,
            description="What was found.",
            example={
                **REPORT_EXAMPLE,
                "valid": True,
                "verification": {"signatureValid": True, "notRevoked": True, "notExpired": True},
                "ob3Credential": REPORT_EXAMPLE["document"],
            },
        ),
        refusals=(
            Refusal(status=400, texts=(NO_FILE, "This picture carries no badge inside, …")),
            Refusal(status=404, texts=("There is no such badge here.",)),
            Refusal(status=413, texts=(f"Request body cannot exceed {MAX_BYTES} bytes",)),
            Refusal(status=415, texts=(NO_FILE, "This file is no badge: it must be …")),
            Refusal(status=422, texts=("This is JSON, but no badge: …",)),
            Refusal(status=503, texts=(_BUSY,)),
        ),
    ),
)
