"""Badges from elsewhere: imported into their recipient's collection, verified when they come and whenever that is asked for."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from functools import reduce
from typing import Any

import rfc8785

from badgefed.errors import BadgefedError, Conflict, Unprocessable
from badgefed.issuing.holders import Holder
from badgefed.model.identifiers import new_uuid
from badgefed.net import media_types
from badgefed.protocol import baking
from badgefed.protocol.data_uris import read_base64
from badgefed.protocol.raster import UPLOAD_BYTES
from badgefed.protocol.svg import is_svg
from badgefed.store import external_badges
from badgefed.store.database import Transaction
from badgefed.store.external_badges import ExternalBadge, Finding
from badgefed.texts import Message, pack, say
from badgefed.verification.json_report import to_json
from badgefed.verification.members import reference_of, text_of
from badgefed.verification.ownership import with_owner
from badgefed.verification.results import CheckName, Outcome, Verification
from badgefed.verification.verify import verify
from badgefed.work.artwork import Picture, read_upload, store_picture
from badgefed.work.services import Services

MAX_BADGES = 500
MAX_BYTES = 100_000_000
MAX_DOCUMENT = 2_000_000
MAX_TEXT = 2_000
MAX_EVIDENCE = 10

_REFUSED = (CheckName.INTEGRITY, CheckName.ISSUER_IDENTITY, CheckName.RECIPIENT)
_DRAWING = "image/svg+xml"
_IMAGE_TYPES = (*media_types.IMAGES, _DRAWING)
_PNG = b"\x89PNG\r\n\x1a\n"


async def import_badge(services: Services, holder: Holder, presented: bytes | str) -> str:
    """Verifies a file, a text or a link and keeps the badge; returns the UUID under which it is in the collection.

    Raises Unprocessable, with the reason, for a badge that is false or somebody else's, Conflict for one of this server or
    beyond the 500th, and whatever `verify` raises for what is no badge. What could not be checked is kept as such.
    """
    verification = await _verify(services, holder, presented)
    _require_acceptable(verification)
    document = _document_of(verification)
    if len(document) > MAX_DOCUMENT:
        raise Unprocessable("This badge has more than 2 MB of text, which is more than is kept here.")
    badge_key = _key_of(verification, document)
    await _require_room(services, holder.id, badge_key)
    picture = await _find_picture(services, presented, verification.badge.image)
    now = services.clock()

    async def keep(tx: Transaction) -> str:
        image = await store_picture(tx, picture, now=now) if picture is not None else None
        return await external_badges.put_badge(
            tx,
            uuid=new_uuid(now),
            holder_id=holder.id,
            badge_key=badge_key,
            document=document,
            source=verification.source,
            image_id=image.id if image is not None else None,
            finding=_finding(verification),
        )

    return await services.database.write(keep)


async def check_again(services: Services, holder: Holder, badge: ExternalBadge) -> None:
    """Verifies it anew and keeps what is found, whatever that is; where there is nothing to show of it any more, what was shown.

    Raises as `verify`; then the result before stays.
    """
    document = await external_badges.find_document(services.database, badge.id)
    if document is None:
        return
    verification = await _verify(services, holder, document)
    found = _finding(replace(verification, source=badge.source))
    known = {} if found.result["badge"]["name"] else {"badge": badge.result["badge"]}
    kind = found.result["kind"] or badge.result["kind"]
    finding = replace(found, result={**found.result, **known, "kind": kind})
    await services.database.write(lambda tx: external_badges.set_finding(tx, badge.id, finding))


async def remove(tx: Transaction, holder_id: int, uuid: str) -> None:
    """Nothing happens where it is gone already."""
    badge = await external_badges.find_badge(tx, holder_id, uuid)
    if badge is not None:
        await external_badges.delete_badge(tx, badge)


async def _verify(services: Services, holder: Holder, presented: bytes | str) -> Verification:
    """With the holder's names as recipients, unless the badge is false: of such a one nothing can be said."""
    verification = await verify(services, presented)
    integrity = verification.check(CheckName.INTEGRITY)
    if not verification.document or (integrity is not None and integrity.outcome is Outcome.FAIL):
        return verification
    return await with_owner(verification, holder.spellings)


def _require_acceptable(verification: Verification) -> None:
    for name in _REFUSED:
        check = verification.check(name)
        if check is not None and check.outcome is Outcome.FAIL:
            raise Unprocessable(say("%(reason)s It was not imported.", reason=check.sentence))
    if not verification.document or verification.kind is None:
        reasons = reduce(_join, (check.sentence for check in verification.checks))
        raise Unprocessable(say("%(reason)s It was not imported.", reason=reasons))
    if verification.grant_id is not None:
        raise Conflict(
            "This badge was issued here. If it is yours, it is in your collection without being imported."
        )


def _join(first: Message, second: Message) -> Message:
    return Message(text="%(first)s %(second)s", values={"first": first, "second": second})


async def _require_room(services: Services, holder_id: int, badge_key: str) -> None:
    count, size = await external_badges.measure_badges(services.database, holder_id, besides=badge_key)
    if count >= MAX_BADGES:
        raise Conflict(
            say(
                "There are %(most)s imported badges in your collection. Remove one to make room.",
                most=MAX_BADGES,
            )
        )
    if size >= MAX_BYTES:
        raise Conflict(
            say(
                "Your imported badges take up %(count)s MB, which is as much as is kept. Remove one to make room.",
                count=MAX_BYTES // 1_000_000,
            )
        )


def _document_of(verification: Verification) -> bytes:
    if verification.token is not None:
        return verification.token.encode()
    return json.dumps(dict(verification.document), ensure_ascii=False).encode("utf-8", "replace")


def _key_of(verification: Verification, document: bytes) -> str:
    """One for all forms of a badge (OB 3.0 §9.1.2: same issuer, same id); without an id, of the document itself."""
    own_id = text_of(verification.document, "id")
    if own_id is None:
        return hashlib.sha256(document).hexdigest()
    issuer = reference_of(verification.document, "issuer") or ""
    return hashlib.sha256(rfc8785.dumps([issuer, own_id])).hexdigest()


def _finding(verification: Verification) -> Finding:
    """What is shown of it: long texts cut, without document, token and the picture itself, which are stored beside it."""
    report = to_json(verification)
    badge = report["badge"]
    image = badge["image"]
    shown = {
        **badge,
        "image": None if image and image.startswith("data:") else image,
        "evidence": badge["evidence"][:MAX_EVIDENCE],
    }
    result = {name: value for name, value in report.items() if name not in ("document", "token")}
    sentences = [pack(check.sentence) for check in verification.checks]
    return Finding(
        verdict=verification.verdict,
        result=_cut({**result, "badge": shown, "sentences": sentences}),
        verified_at=verification.checked_at,
    )


def _cut(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= MAX_TEXT else f"{value[:MAX_TEXT]}…"
    if isinstance(value, Mapping):
        return {name: _cut(item) for name, item in value.items()}
    return [_cut(item) for item in value] if isinstance(value, list) else value


async def _find_picture(services: Services, presented: bytes | str, image: str | None) -> Picture | None:
    """The picture that the badge came in, else the one that it names; None where neither can be had."""
    try:
        if isinstance(presented, bytes) and await asyncio.to_thread(_is_baked, presented):
            data = presented
        elif image is not None:
            data = await _read_image(services, image)
        else:
            return None
        async with services.drawing:
            return await read_upload(data)
    except BadgefedError:
        return None


def _is_baked(presented: bytes) -> bool:
    if is_svg(presented):
        return True
    if not presented.startswith(_PNG):
        return False
    baked = baking.unbake_png(presented)
    return bool(baked.credential or baked.assertion)


async def _read_image(services: Services, image: str) -> bytes:
    """Raises what a data URI or a fetch may fail with."""
    if image.startswith("data:"):
        return await asyncio.to_thread(read_base64, image)
    answer = await services.client.get(
        image, accept=", ".join(_IMAGE_TYPES), content_types=_IMAGE_TYPES, max_bytes=UPLOAD_BYTES
    )
    return answer.body
