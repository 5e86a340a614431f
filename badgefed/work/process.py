"""The job `process`: an accepted grant becomes an Open Badges 2.0 assertion, a signed Open Badges 3.0 credential and a Note.

All that is made before one transaction, which stores it together with the grant's new state and the deliveries.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from badgefed.model.actor import RemoteActor
from badgefed.model.badge import Badge
from badgefed.model.grant import Grant, Status
from badgefed.model.image import Image
from badgefed.model.issuer import Issuer
from badgefed.model.organization import Organization
from badgefed.model.visibility import Visibility
from badgefed.protocol import activities, dids, openbadges2, openbadges3, proofs
from badgefed.protocol.notes import Picture, badge_note
from badgefed.protocol.sealing import derive_token
from badgefed.store import badges, documents, grants, images, issuers, jobs, organizations, remote_actors
from badgefed.store.database import Reader, Transaction
from badgefed.store.documents import Document, DocumentKind
from badgefed.store.jobs import Job, Priority
from badgefed.work import outbox
from badgefed.work.leases import LeaseLost
from badgefed.work.services import Services
from badgefed.work.withdraw import recipient_targets

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What a grant's documents are made from."""

    grant: Grant
    badge: Badge
    issuer: Issuer
    organization: Organization
    image: Image
    recipient: RemoteActor | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What is made of a grant: ready to be stored and sent."""

    assertion: bytes
    credential: bytes
    note: Mapping[str, Any]
    fingerprint: str


async def process(services: Services, job: Job) -> None:
    """Makes the grant processed. Does nothing but end the job where the grant is not accepted (any more)."""
    material = await services.database.read(
        lambda reader: load_material(reader, job.grant_id or 0, Status.ACCEPTED)
    )
    if material is None:
        await services.database.write(lambda tx: jobs.finish_job(tx, job))
        return
    published = await _make(services, material)

    async def finish(tx: Transaction) -> Grant | None:
        if not await jobs.finish_job(tx, job):
            raise LeaseLost(job)
        return await _store(tx, material, published, services.clock())

    if await services.database.write(finish) is not None:
        log.info("grant processed", grant=material.grant.id, issuer=material.issuer.username)
        services.wake.set()


async def load_material(reader: Reader, grant_id: int, status: Status) -> Material | None:
    """None if there is no such grant in this state."""
    grant = await grants.find_grant(reader, grant_id)
    if grant is None or grant.status is not status:
        return None
    badge = await badges.find_badge(reader, grant.badge_id)
    if badge is None:
        raise LookupError(f"badge {grant.badge_id}")
    issuer = await issuers.get_issuer(reader, grant.issuer_id)
    return Material(
        grant=grant,
        badge=badge,
        issuer=issuer,
        organization=await organizations.get_organization(reader, grant.organization_id),
        image=await images.get_image(reader, badge.image_id),
        recipient=await remote_actors.find_actor(reader, grant.actor_id) if grant.actor_id else None,
    )


async def _make(services: Services, material: Material) -> Published:
    key = await services.keyring.ed25519(material.issuer.id)
    salt = derive_token(services.settings.secret_key, purpose="email-salt", subject=material.grant.uuid)
    unsigned = openbadges3.credential(
        material.grant,
        material.badge,
        material.issuer,
        organization_slug=material.organization.slug,
        addresses=services.addresses,
        salt=salt,
        image=services.addresses.image(material.image.sha256),
    )
    credential = await asyncio.to_thread(
        proofs.sign,
        unsigned,
        private_key=cast("Ed25519PrivateKey", key.private_key),
        verification_method=dids.verification_method(
            services.addresses.did(material.issuer.username), key.public_key
        ),
        created=services.clock(),
    )
    assertion = openbadges2.assertion(material.grant, material.badge, services.addresses, salt=salt)
    fingerprint = proofs.fingerprint(credential)
    return Published(
        assertion=encode(assertion),
        credential=encode(credential),
        note=make_note(
            services, replace(material, grant=replace(material.grant, fingerprint=fingerprint)), assertion
        ),
        fingerprint=fingerprint,
    )


def make_note(
    services: Services, material: Material, assertion: Mapping[str, Any], *, updated: int | None = None
) -> dict[str, Any]:
    """The grant's Note; `updated` is the instant of an edit."""
    image = material.image
    return badge_note(
        grant=material.grant,
        badge=material.badge,
        issuer=material.issuer,
        addresses=services.addresses,
        picture=Picture(
            url=services.addresses.image(image.sha256),
            media_type=image.media_type,
            width=image.width,
            height=image.height,
            blurhash=image.blurhash,
        ),
        assertion=assertion,
        profile_url=material.recipient.url if material.recipient else None,
        updated=updated,
    )


async def _store(tx: Transaction, material: Material, published: Published, now: int) -> Grant | None:
    grant = await grants.move_grant(
        tx, material.grant.id, Status.PROCESSED, processed_at=now, fingerprint=published.fingerprint
    )
    if grant is None:
        return None
    note = published.note
    for kind, body in (
        (DocumentKind.ASSERTION, published.assertion),
        (DocumentKind.CREDENTIAL, published.credential),
        (DocumentKind.NOTE, encode(note)),
    ):
        await documents.add_document(tx, Document(grant_id=grant.id, kind=kind, body=body), now=now)
    create = activities.create(f"{grant.note_uri}/activity", note)
    await publish_note(tx, grant, create, priority=Priority.PUBLIC, now=now)
    return grant


async def publish_note(
    tx: Transaction, grant: Grant, activity: Mapping[str, Any], *, priority: Priority, now: int
) -> None:
    """Sends an activity about the grant's Note to its recipient and, if the grant is public, to the followers."""
    is_public = grant.visibility is Visibility.PUBLIC
    await outbox.publish(
        tx,
        uri=activity["id"],
        issuer_id=grant.issuer_id,
        activity_type=activity["type"],
        object_uri=grant.note_uri,
        body=encode(activity),
        grant_id=grant.id,
        is_public=is_public,
        to_followers=is_public,
        inboxes=await recipient_targets(tx, grant),
        ordering_key=grant.note_uri,
        priority=priority,
        now=now,
    )


def encode(document: Mapping[str, Any]) -> bytes:
    """As it is stored and sent: compact UTF-8."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
