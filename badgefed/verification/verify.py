"""The verifier: anything that somebody holds for a badge comes in, named checks and a verdict come out. Nothing is stored."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from badgefed.errors import (
    AddressRefused,
    BadgefedError,
    FetchFailed,
    Invalid,
    TooLarge,
    Unavailable,
    Unprocessable,
)
from badgefed.protocol import jose
from badgefed.protocol.conformance.recognition import Version, recognise
from badgefed.texts import say
from badgefed.verification.inquiry import Inquiry, is_certain
from badgefed.verification.locating import Located, locate
from badgefed.verification.members import text_of, types_of
from badgefed.verification.openbadges2 import revoked, verify_hosted
from badgefed.verification.openbadges3 import verify_credential
from badgefed.verification.presented import FIELD, Link, Presented, Token, read_presented
from badgefed.verification.recipients import clean_recipient, names_of
from badgefed.verification.results import Check, CheckName, Kind, ShownBadge, Verification, unchecked
from badgefed.verification.secured import examine_document, examine_token, refused_token
from badgefed.verification.signed_assertions import verify_signed
from badgefed.verification.sources import Sources
from badgefed.work.services import Services

PATIENCE = 5.0
"""Seconds for which a verification waits for others to end."""


async def verify(
    services: Services,
    presented: bytes | str,
    *,
    recipient: str | None = None,
    patience: float = PATIENCE,
) -> Verification:
    """Verifies a file, a paste, a link, or the number of a badge of this server; `recipient` is whom it should name.

    `patience`: for how many seconds it waits for its turn. Raises for what is no badge at all: Invalid, UnsupportedMedia, TooLarge, Unprocessable, NotFound for a number that is
    none of ours; and Unavailable if too many verifications are under way. Whatever is wrong with a badge is in the result.
    """
    expected = clean_recipient(recipient)
    async with _turn(services, patience):
        read = await asyncio.to_thread(read_presented, presented)
        inquiry = Inquiry(
            services=services,
            sources=Sources(services),
            recipient=expected,
            recipient_names=await names_of(services, expected) if expected else (),
            now=services.clock(),
        )
        try:
            located = await locate(inquiry, read)
        except FetchFailed as failure:
            return _conclude_unread(inquiry, read, failure)
        if isinstance(located.badge, Token):
            return await _verify_token(inquiry, located.badge.text, located.source)
        return await _verify_document(inquiry, located.badge.members, located)


@asynccontextmanager
async def _turn(services: Services, patience: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(patience):
            await services.verifications.acquire()
    except TimeoutError as error:
        raise Unavailable(
            "Too many badges are being verified at this moment. Try again in a few seconds."
        ) from error
    try:
        yield
    finally:
        services.verifications.release()


async def _verify_document(inquiry: Inquiry, document: dict[str, Any], located: Located) -> Verification:
    version, types = recognise(document), types_of(document)
    if version is Version.OPEN_BADGES_2 or (version is None and "Assertion" in types):
        return await _verify_assertion(inquiry, document, located.source)
    if version is Version.OPEN_BADGES_1:
        raise Unprocessable(
            "This is a badge of Open Badges 1, which this server does not verify; it verifies Open Badges 2.0 and 3.0."
        )
    if "VerifiablePresentation" in types:
        raise Unprocessable("This is a collection of badges. Hand in the badges one by one.")
    if version is Version.OPEN_BADGES_3 or "VerifiableCredential" in types:
        secured = await examine_document(inquiry, document)
        return await verify_credential(inquiry, secured, token=None, source=located.source)
    if located.is_gone:
        return _conclude_gone(inquiry, document, located.source)
    raise Unprocessable(
        "This is JSON, but no badge: it must be an Open Badges 2.0 Assertion or 3.0 credential."
    )


async def _verify_assertion(
    inquiry: Inquiry, assertion: Mapping[str, Any], source: str | None
) -> Verification:
    """A hosted one: what counts is what stands at its id."""
    types = types_of(assertion)
    if types and "Assertion" not in types and "badge" not in assertion:
        shown = ", ".join(sorted(types))[:100]
        raise Unprocessable(
            say("This is part of a badge (%(shown)s), but not the award of it to somebody.", shown=shown)
        )
    address = text_of(assertion, "id") or source
    if address is None:
        raise Invalid("This Assertion has no id, so there is nowhere to ask for it.", field=FIELD)
    return await verify_hosted(inquiry, source or address, presented=assertion, source=source)


async def _verify_token(inquiry: Inquiry, token: str, source: str | None) -> Verification:
    try:
        signed = await asyncio.to_thread(jose.read_jws, token)
    except (Invalid, TooLarge):
        raise
    except BadgefedError as error:
        return _conclude_empty(inquiry, None, refused_token(error), source, token=token)
    payload = signed.payload
    if recognise(payload) is Version.OPEN_BADGES_2 or "Assertion" in types_of(payload):
        return await verify_signed(inquiry, token, signed, source=source)
    secured = await examine_token(inquiry, signed)
    return await verify_credential(inquiry, secured, token=token, source=source)


def _conclude_unread(inquiry: Inquiry, presented: Presented, failure: FetchFailed) -> Verification:
    if is_certain(failure):
        sentence = say("There is nothing at this address.")
    elif isinstance(failure, AddressRefused):
        sentence = say("This address is none that this server asks.")
    elif failure.reason in ("content-type", "malformed"):
        sentence = say("What stands at this address is no badge.")
    else:
        sentence = say(
            "The server at this address could not be asked. That says nothing about the badge; try again later."
        )
    check = unchecked(CheckName.INTEGRITY, sentence, str(failure))
    source = presented.url if isinstance(presented, Link) else None
    return _conclude_empty(inquiry, None, check, source)


def _conclude_empty(
    inquiry: Inquiry, kind: Kind | None, check: Check, source: str | None, *, token: str | None = None
) -> Verification:
    return inquiry.conclude(
        kind=kind, document={}, badge=ShownBadge(), checks=(check,), token=token, source=source
    )


def _conclude_gone(inquiry: Inquiry, document: Mapping[str, Any], source: str | None) -> Verification:
    """The server answers 410 with no more than the word that the badge was revoked."""
    check = revoked(text_of(document, "revocationReason"), f"{source} answers 410 Gone")
    return inquiry.conclude(kind=None, document=document, badge=ShownBadge(), checks=(check,), source=source)
