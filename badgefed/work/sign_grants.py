"""Signing a grant: its Open Badges 2.0 assertion, its signed Open Badges 3.0 credential and the VC-JWT of it, stored once.

Most grants are signed when they are processed. One whose credential must be verifiable from the start is signed as soon as
it is issued, by `sign_grant`; the job `sign` is there for a process that ends in between.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from badgefed.model.actor import RemoteActor
from badgefed.model.badge import Badge
from badgefed.model.grant import Grant, Status
from badgefed.model.image import Image
from badgefed.model.issuer import Issuer
from badgefed.model.organization import Organization
from badgefed.model.visibility import Surface, is_visible
from badgefed.protocol import openbadges2, openbadges3
from badgefed.protocol.sealing import derive_token
from badgefed.protocol.status_list import status_entry
from badgefed.store import badges, documents, grants, images, issuers, jobs, organizations, remote_actors
from badgefed.store.database import Reader, Transaction
from badgefed.store.documents import Document, DocumentKind
from badgefed.store.jobs import Job
from badgefed.work.credentials import sign_credential
from badgefed.work.leases import LeaseLost
from badgefed.work.services import Services
from badgefed.work.status_lists import reserve_entry

UNSIGNED = (Status.PENDING, Status.ACCEPTED)
"""The states in which a grant may be signed before it is published."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What a grant's documents are made from. `badge` is the version that was granted, `image` its picture."""

    grant: Grant
    badge: Badge
    issuer: Issuer
    organization: Organization
    image: Image
    recipient: RemoteActor | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """The documents of a grant as they are stored, once."""

    assertion: bytes
    credential: bytes
    jwt: bytes
    fingerprint: str


async def load_material(reader: Reader, grant_id: int, *states: Status) -> Material | None:
    """None if there is no such grant in one of these states."""
    grant = await grants.find_grant(reader, grant_id)
    if grant is None or grant.status not in states:
        return None
    badge = await badges.get_granted_badge(reader, grant)
    issuer = await issuers.get_issuer(reader, grant.issuer_id)
    return Material(
        grant=grant,
        badge=badge,
        issuer=issuer,
        organization=await organizations.get_organization(reader, grant.organization_id),
        image=await images.get_image(reader, badge.image_id),
        recipient=await remote_actors.find_actor(reader, grant.actor_id) if grant.actor_id else None,
    )


async def make_documents(services: Services, material: Material) -> Signed:
    """Builds and signs, and stores nothing but the grant's place in a status list."""
    grant, addresses = material.grant, services.addresses
    salt = derive_token(services.settings.secret_key, purpose="email-salt", subject=grant.uuid)
    entry = await reserve_entry(services, grant)
    unsigned = openbadges3.credential(
        grant,
        material.badge,
        material.issuer,
        organization_slug=material.organization.slug,
        addresses=addresses,
        salt=salt,
        image=addresses.image(material.image.sha256),
        status=status_entry(addresses.status_list(entry.list_uuid), entry.position),
    )
    signed = await sign_credential(services, unsigned, material.issuer)
    is_seen = is_visible(grant.visibility, Surface.LINK)
    assertion = openbadges2.assertion(
        grant,
        material.badge,
        addresses,
        salt=salt,
        image=addresses.baked_png(grant.uuid) if is_seen else None,
    )
    return Signed(
        assertion=encode(assertion),
        credential=encode(signed.document),
        jwt=signed.jwt.encode("ascii"),
        fingerprint=signed.fingerprint,
    )


async def keep_documents(tx: Transaction, grant_id: int, signed: Signed, *, now: int) -> bool:
    """Stores the documents with their fingerprint; False if the grant has others."""
    if not await grants.claim_fingerprint(tx, grant_id, signed.fingerprint):
        return False
    for kind, body in (
        (DocumentKind.ASSERTION, signed.assertion),
        (DocumentKind.CREDENTIAL, signed.credential),
        (DocumentKind.JWT, signed.jwt),
    ):
        await documents.add_document(tx, Document(grant_id=grant_id, kind=kind, body=body), now=now)
    return True


async def load_documents(reader: Reader, grant: Grant) -> Signed | None:
    """What was signed before; None for a grant that wasn't."""
    if grant.fingerprint is None:
        return None
    return Signed(
        assertion=await _body(reader, grant, DocumentKind.ASSERTION),
        credential=await _body(reader, grant, DocumentKind.CREDENTIAL),
        jwt=await _body(reader, grant, DocumentKind.JWT),
        fingerprint=grant.fingerprint,
    )


async def _body(reader: Reader, grant: Grant, kind: DocumentKind) -> bytes:
    found = await documents.find_document(reader, grant.id, kind)
    if found is None:
        raise LookupError(f"{kind} of grant {grant.id}")
    return found.body


async def sign_grant(services: Services, grant_id: int) -> None:
    """Signs a grant that waits for its recipient, so that it can be verified already. Does nothing where there is nothing to do."""
    material = await services.database.read(lambda reader: load_material(reader, grant_id, *UNSIGNED))
    if material is None or material.grant.fingerprint is not None:
        return
    signed = await make_documents(services, material)

    async def keep(tx: Transaction) -> bool:
        grant = await grants.find_grant(tx, grant_id)
        if grant is None or grant.status not in UNSIGNED:
            return False
        return await keep_documents(tx, grant_id, signed, now=services.clock())

    if await services.database.write(keep):
        log.info("grant signed", grant=grant_id, issuer=material.issuer.username)


async def sign(services: Services, job: Job) -> None:
    """The job: as `sign_grant`."""
    await sign_grant(services, job.grant_id or 0)
    if not await services.database.write(lambda tx: jobs.finish_job(tx, job)):
        raise LeaseLost(job)


def encode(document: Mapping[str, Any]) -> bytes:
    """As it is stored and sent: compact UTF-8."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
