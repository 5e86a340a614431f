"""Open Badges 3.0: credentials with an embedded proof or as JWT."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from badgefed.errors import BadgefedError
from badgefed.protocol.conformance import openbadges3
from badgefed.texts import say
from badgefed.verification.dates import check_dates
from badgefed.verification.endorsements import check_endorsements
from badgefed.verification.inquiry import Inquiry
from badgefed.verification.known_issuers import check_issuer_known
from badgefed.verification.members import instant_of, object_of, text_of, types_of, web_only
from badgefed.verification.own_grants import check_standing, find_standing
from badgefed.verification.publication import check_published
from badgefed.verification.recipients import check_recipient, identities_of_credential
from badgefed.verification.results import Check, CheckName, Outcome, Verification, unchecked
from badgefed.verification.schema import check_schema
from badgefed.verification.secured import Secured, examine_secured
from badgefed.verification.shown import show_credential
from badgefed.verification.status import Status, check_status

REFRESH = "1EdTechCredentialRefresh"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refreshed:
    """`newer` is what the issuer offers in place of the credential, `problem` why that could not be had."""

    newer: Secured | None = None
    problem: Check | None = None


async def verify_credential(
    inquiry: Inquiry, secured: Secured, *, token: str | None, source: str | None
) -> Verification:
    """All checks of a credential; a broken signature leaves nothing else to say."""
    if secured.integrity.outcome is not Outcome.PASS:
        return _conclude(inquiry, secured, (secured.integrity, secured.identity), token, source)
    refreshed = await _refresh(inquiry, secured) if secured.holds else _Refreshed()
    if refreshed.newer is not None:
        secured, token = refreshed.newer, None
        source = text_of(object_of(secured.credential, "refreshService"), "id") or source
    content = await _content_checks(inquiry, secured.credential)
    if not secured.holds or secured.issuer_id is None:
        return _conclude(inquiry, secured, (secured.integrity, secured.identity, *content), token, source)
    return await _ask_issuer(inquiry, secured, content, refreshed.problem, token, source)


async def _content_checks(inquiry: Inquiry, credential: Mapping[str, Any]) -> tuple[Check | None, ...]:
    """What can be told from the credential alone."""
    violations = await asyncio.to_thread(openbadges3.check, dict(credential))
    recipient = inquiry.recipient
    return (
        check_dates(credential, now=inquiry.now),
        check_recipient(recipient, identities_of_credential(credential), names=inquiry.recipient_names)
        if recipient
        else None,
        check_schema(violations, version="3.0"),
    )


async def _ask_issuer(
    inquiry: Inquiry,
    secured: Secured,
    content: tuple[Check | None, ...],
    refresh_problem: Check | None,
    token: str | None,
    source: str | None,
) -> Verification:
    """What only the issuer can tell, who is known by now; for a grant of this server, the store."""
    credential, issuer_id = secured.credential, secured.issuer_id or ""
    standing = await find_standing(inquiry.services, text_of(credential, "id") or "", issuer_id)
    if standing is not None:
        status = Status(checks=check_standing(standing))
    else:
        status = await check_status(inquiry, credential, issuer_id)
    published = refresh_problem or await check_published(inquiry, credential, issuer_id, standing)
    return inquiry.conclude(
        kind=secured.kind,
        document=credential,
        badge=show_credential(credential),
        token=token,
        source=source,
        status=status.source,
        grant_id=standing.grant.id if standing else None,
        checks=(
            secured.integrity,
            secured.identity,
            await check_issuer_known(inquiry, issuer_id),
            *status.checks,
            *content,
            await check_endorsements(inquiry, credential),
            published,
        ),
    )


def _conclude(
    inquiry: Inquiry,
    secured: Secured,
    checks: tuple[Check | None, ...],
    token: str | None,
    source: str | None,
) -> Verification:
    return inquiry.conclude(
        kind=secured.kind,
        document=secured.credential,
        badge=show_credential(secured.credential),
        token=token,
        source=source,
        checks=checks,
    )


async def _refresh(inquiry: Inquiry, secured: Secured) -> _Refreshed:
    """Follows refreshService once (OB 3.0 §8.3): a credential of the same issuer and id that holds replaces an older one."""
    service = object_of(secured.credential, "refreshService")
    url = web_only(text_of(service, "id"))
    if url is None or REFRESH not in types_of(service):
        return _Refreshed()
    try:
        newer = await examine_secured(inquiry, await inquiry.sources.secured(url))
    except BadgefedError as error:
        return _Refreshed(problem=_unrefreshed(f"{url}: {error}"))
    if not newer.holds:
        problem = newer.problem
        return _Refreshed(problem=_unrefreshed(f"{url}: {problem.detail or problem.sentence.text}"))
    if newer.issuer_id != secured.issuer_id or _name(newer) != _name(secured):
        return _Refreshed(problem=_unrefreshed(f"{url}: another badge"))
    return _Refreshed(newer=newer) if _begins(newer) > _begins(secured) else _Refreshed()


def _unrefreshed(detail: str) -> Check:
    sentence = say("Its issuer offers a renewed form of it, which could not be read.")
    return unchecked(CheckName.PUBLISHED, sentence, detail)


def _name(secured: Secured) -> str:
    """Ids are compared without percent-encoding and blanks (OB 3.0, comparing credentials)."""
    return unquote(text_of(secured.credential, "id") or "").strip()


def _begins(secured: Secured) -> int:
    return instant_of(secured.credential, "validFrom", "issuanceDate") or 0
