"""The job `process`: an accepted grant becomes an Open Badges 2.0 assertion, a signed Open Badges 3.0 credential and a Note.

All that is made before one transaction, which stores it together with the grant's new state and the deliveries. What was
signed when the grant was issued stays as it is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import structlog

from badgefed.model.grant import Grant, Status
from badgefed.model.visibility import Visibility
from badgefed.model.webhook import Event
from badgefed.protocol import activities, openbadges2
from badgefed.protocol.notes import Picture, badge_note
from badgefed.store import documents, grants, jobs
from badgefed.store.database import Reader, Transaction
from badgefed.store.documents import Document, DocumentKind
from badgefed.store.jobs import Job, Priority
from badgefed.work import outbox, webhooks
from badgefed.work.leases import LeaseLost
from badgefed.work.services import Services
from badgefed.work.sign_grants import (
    Material,
    Signed,
    encode,
    keep_documents,
    load_documents,
    load_material,
    make_documents,
)
from badgefed.work.withdraw import recipient_targets

log = structlog.get_logger(__name__)


class _Overtaken(Exception):
    """The grant was signed by somebody else meanwhile."""


async def process(services: Services, job: Job) -> None:
    """Makes the grant processed. Does nothing but end the job where the grant is not accepted (any more)."""
    while True:
        loaded = await services.database.read(lambda reader: _load(reader, job.grant_id or 0))
        if loaded is None:
            await services.database.write(lambda tx: jobs.finish_job(tx, job))
            return
        try:
            await _publish(services, job, *loaded)
        except _Overtaken:
            continue
        return


async def _load(reader: Reader, grant_id: int) -> tuple[Material, Signed | None] | None:
    material = await load_material(reader, grant_id, Status.ACCEPTED)
    return (material, await load_documents(reader, material.grant)) if material else None


async def _publish(services: Services, job: Job, material: Material, known: Signed | None) -> None:
    signed = known or await make_documents(services, material)
    named = replace(material, grant=replace(material.grant, fingerprint=signed.fingerprint))
    note = make_note(services, named, json.loads(signed.assertion))

    async def finish(tx: Transaction) -> Grant | None:
        if not await jobs.finish_job(tx, job):
            raise LeaseLost(job)
        return await _store(tx, material.grant.id, signed, note, services.clock())

    if await services.database.write(finish) is not None:
        log.info("grant processed", grant=material.grant.id, issuer=material.issuer.username)
        services.wake.set()


def make_note(
    services: Services,
    material: Material,
    assertion: Mapping[str, Any],
    *,
    published: int | None = None,
    updated: int | None = None,
) -> dict[str, Any]:
    """The grant's Note; `published` where that is not the moment of acceptance, `updated` is the instant of an edit."""
    image, language = material.image, material.badge.language
    tongue = services.templates.tongue(language)
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
        assertion=openbadges2.for_note(assertion),
        profile_url=material.recipient.url if material.recipient else None,
        published=published,
        updated=updated,
        language=language or tongue.tag,
        translate=tongue.translate,
    )


async def _store(
    tx: Transaction, grant_id: int, signed: Signed, note: Mapping[str, Any], now: int
) -> Grant | None:
    grant = await grants.move_grant(tx, grant_id, Status.PROCESSED, processed_at=now)
    if grant is None:
        return None
    if not await keep_documents(tx, grant.id, signed, now=now):
        raise _Overtaken
    await documents.add_document(
        tx, Document(grant_id=grant.id, kind=DocumentKind.NOTE, body=encode(note)), now=now
    )
    create = activities.create(f"{grant.note_uri}/activity", note)
    await publish_note(tx, grant, create, priority=Priority.PUBLIC, now=now)
    published = replace(grant, fingerprint=signed.fingerprint)
    await webhooks.emit_grant(tx, Event.GRANT_PROCESSED, published, now=now)
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
