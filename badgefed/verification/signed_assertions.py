"""Open Badges 2.0, signed badges: an Assertion in a JWS, and the issuer's key and revocation list (§6.2)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from badgefed.errors import BadgefedError, CannotCheck, FetchFailed
from badgefed.protocol import did_documents, jose, revocation_lists, verification_keys
from badgefed.protocol.jose import Jws
from badgefed.texts import say
from badgefed.verification.hosted_documents import Hosted, fetch_hosted, require_there
from badgefed.verification.inquiry import Inquiry
from badgefed.verification.members import object_of, reference_of, text_of, web_only
from badgefed.verification.openbadges2 import (
    Parts,
    conclude_assertion,
    fetch_parts,
    revoked,
    unread_parts,
)
from badgefed.verification.own_grants import find_standing
from badgefed.verification.publication import check_published
from badgefed.verification.results import (
    Check,
    CheckName,
    Kind,
    Outcome,
    Verification,
    failed,
    passed,
    unchecked,
)
from badgefed.verification.shown import show_assertion


async def verify_signed(inquiry: Inquiry, token: str, signed: Jws, *, source: str | None) -> Verification:
    """The payload of `signed` is an Assertion; nothing of it has been believed yet."""
    assertion = signed.payload
    parts = await fetch_parts(inquiry, assertion)
    key_url = _key_url(assertion, parts)
    integrity, key = await _check_signature(inquiry, signed, key_url)
    if key is None:
        return inquiry.conclude(
            kind=Kind.OB2_SIGNED,
            document=assertion,
            badge=show_assertion(assertion, parts.badge, parts.issuer),
            token=token,
            source=source,
            checks=(integrity,),
        )
    identity = await asyncio.to_thread(_check_key, key, parts, inquiry.now)
    issuer_id = text_of(parts.issuer, "id")
    is_identified = identity.outcome is Outcome.PASS
    assertion_id = text_of(assertion, "id") or ""
    standing = await find_standing(inquiry.services, assertion_id, issuer_id) if is_identified else None
    return await conclude_assertion(
        inquiry,
        assertion=assertion,
        parts=parts,
        kind=Kind.OB2_SIGNED,
        integrity=integrity,
        identity=identity,
        revocation=await _check_revoked(inquiry, assertion, parts)
        if is_identified and standing is None
        else None,
        standing=standing,
        published=await check_published(inquiry, assertion, issuer_id, standing) if is_identified else None,
        token=token,
        source=source,
    )


def _key_url(assertion: Mapping[str, Any], parts: Parts) -> str | None:
    """The creator that the Assertion names, else the issuer's one key."""
    creator = reference_of(object_of(assertion, "verification"), "creator")
    return web_only(creator or reference_of(parts.issuer, "publicKey"))


async def _check_signature(inquiry: Inquiry, signed: Jws, key_url: str | None) -> tuple[Check, Hosted | None]:
    """Whether the signature fits the key that it names; without a key document nothing can be concluded."""
    name = CheckName.INTEGRITY
    if key_url is None:
        detail = "neither verification.creator nor the issuer's publicKey is a web address"
        return failed(name, say("The badge does not say with which key it is signed."), detail), None
    try:
        document = require_there(await fetch_hosted(inquiry.sources, key_url))
        key = await asyncio.to_thread(verification_keys.from_pem, document.members.get("publicKeyPem"))
        await asyncio.to_thread(jose.verify_jws, signed, key.public_key)
    except (FetchFailed, CannotCheck) as error:
        sentence = say("The key with which it was signed could not be had. Try again later.")
        return unchecked(name, sentence, f"{key_url}: {error}"), None
    except BadgefedError as error:
        sentence = say("It was changed after it was signed, or was signed with another key.")
        return failed(name, sentence, f"{key_url}: {error}"), None
    return passed(name, say("Its signature is intact: nothing was changed."), key_url), document


def _check_key(key: Hosted, parts: Parts, now: int) -> Check:
    """The key must name the issuer as its owner, and the issuer must name the key (OB 2.0 §6.2)."""
    name = CheckName.ISSUER_IDENTITY
    if parts.failure is not None:
        return unread_parts(parts.failure)
    issuer_id = text_of(parts.issuer, "id") or ""
    named = text_of(parts.issuer, "name") or issuer_id
    try:
        did_documents.find_linked_key(
            dict(key.members),
            dict(parts.issuer),
            key_id=key.id,
            owner=issuer_id,
            now=now,
            relationship="publicKey",
        )
    except BadgefedError as error:
        sentence = say("The key with which it was signed is not one of %(issuer)s.", issuer=named)
        return failed(name, sentence, str(error))
    return passed(
        name,
        say("Signed with a key that %(issuer)s publishes as its own.", issuer=named),
        key.id,
    )


async def _check_revoked(inquiry: Inquiry, assertion: Mapping[str, Any], parts: Parts) -> Check:
    name, url = CheckName.NOT_REVOKED, reference_of(parts.issuer, "revocationList")
    if url is None:
        return passed(
            name, say("Its issuer keeps no list by which it could be revoked."), "no revocationList"
        )
    try:
        hosted = require_there(await fetch_hosted(inquiry.sources, url))
        found = revocation_lists.read_open_badges_2(
            dict(hosted.members), issuer=text_of(parts.issuer, "id") or ""
        )
    except BadgefedError as error:
        sentence = say("Its issuer's list of revoked badges could not be read. Try again later.")
        return unchecked(name, sentence, f"{url}: {error}")
    for identifier in (text_of(assertion, "id"), text_of(assertion, "uid")):
        if identifier is not None and identifier in found:
            return revoked(found[identifier].reason, f"{url} lists {identifier}")
    return passed(name, say("Its issuer has not revoked it."), url)
