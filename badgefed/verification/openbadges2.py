"""Open Badges 2.0: hosted badges (§6.1), and what both kinds have in common."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from badgefed.errors import FetchFailed
from badgefed.protocol.conformance import openbadges2
from badgefed.protocol.conformance.violations import Severity, Violation
from badgefed.texts import say
from badgefed.verification.dates import check_dates
from badgefed.verification.endorsements import check_hosted_endorsements
from badgefed.verification.hosted_documents import Hosted, embedded, fetch_hosted, fetch_linked
from badgefed.verification.inquiry import Inquiry, is_certain
from badgefed.verification.known_issuers import check_issuer_known
from badgefed.verification.members import items_of, object_of, text_of, types_of, web_only
from badgefed.verification.own_grants import Standing, check_standing, find_own_standing, find_standing
from badgefed.verification.recipients import check_recipient, identities_of_assertion
from badgefed.verification.results import (
    Check,
    CheckName,
    Kind,
    Outcome,
    Verification,
    failed,
    passed,
    unchecked,
    warned,
)
from badgefed.verification.schema import check_schema
from badgefed.verification.shown import show_assertion

HOSTED_TYPES = frozenset({"HostedBadge", "hosted"})
SIGNED_TYPES = frozenset({"SignedBadge", "signed"})

_COMPARED = ("recipient", "badge", "issuedOn", "expires", "evidence", "narrative", "verification")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The documents behind an Assertion; empty where `failure` says why they can't be had."""

    badge: Mapping[str, Any]
    issuer: Mapping[str, Any]
    failure: FetchFailed | None = None


def is_signed_kind(assertion: Mapping[str, Any]) -> bool:
    return not SIGNED_TYPES.isdisjoint(types_of(object_of(assertion, "verification")))


async def verify_hosted(
    inquiry: Inquiry, assertion_id: str, *, presented: Mapping[str, Any] | None = None, source: str | None
) -> Verification:
    """The Assertion at its own address; `presented` is the copy that was handed in, which only leads there."""
    shown = presented or {}
    try:
        hosted = await fetch_hosted(inquiry.sources, assertion_id)
    except FetchFailed as failure:
        return _conclude_unhosted(inquiry, shown, _explain_fetch(failure, assertion_id), source)
    if hosted.is_gone or hosted.members.get("revoked") is True:
        return await _conclude_revoked(inquiry, hosted, shown, source)
    if is_signed_kind(hosted.members):
        check = failed(
            CheckName.INTEGRITY,
            say("This badge is of the signed kind, but its signature is missing."),
            "an Assertion with verification SignedBadge must be given as JWS",
        )
        return _conclude_unhosted(inquiry, hosted.members, check, source)
    return await _examine(inquiry, hosted, shown, source)


async def _examine(
    inquiry: Inquiry, hosted: Hosted, presented: Mapping[str, Any], source: str | None
) -> Verification:
    parts = await fetch_parts(inquiry, hosted.members)
    identity = check_origin(hosted.id, parts)
    standing = await find_standing(inquiry.services, hosted.id, text_of(parts.issuer, "id"))
    return await conclude_assertion(
        inquiry,
        assertion=hosted.members,
        parts=parts,
        kind=Kind.OB2_HOSTED,
        integrity=_integrity(hosted, presented),
        identity=identity,
        revocation=_not_revoked(standing),
        standing=standing,
        published=passed(CheckName.PUBLISHED, say("The issuer publishes it at its own address."), hosted.id),
        source=source,
    )


async def fetch_parts(inquiry: Inquiry, assertion: Mapping[str, Any]) -> Parts:
    """BadgeClass and issuer as they stand at their addresses; no other host may answer for the issuer."""
    badge: Mapping[str, Any] = embedded(assertion, "badge")
    try:
        hosted_badge = await fetch_linked(inquiry.sources, assertion, "badge")
        badge = hosted_badge.members
        hosted_issuer = await fetch_linked(inquiry.sources, badge, "issuer")
        if hosted_issuer.is_elsewhere:
            raise FetchFailed("redirects", hosted_issuer.remark or "")
    except FetchFailed as failure:
        return Parts(badge=badge, issuer=embedded(badge, "issuer"), failure=failure)
    return Parts(badge=badge, issuer=hosted_issuer.members)


def check_origin(assertion_id: str, parts: Parts) -> Check:
    """May documents at this address speak for the issuer? Its `startsWith` and `allowedOrigins` say so (OB 2.0 §6.1)."""
    name = CheckName.ISSUER_IDENTITY
    if parts.failure is not None:
        return unread_parts(parts.failure)
    issuer_id = text_of(parts.issuer, "id") or ""
    rules = object_of(parts.issuer, "verification")
    prefixes = [prefix for prefix in items_of(rules, "startsWith") if isinstance(prefix, str)]
    origins = [origin.lower() for origin in items_of(rules, "allowedOrigins") if isinstance(origin, str)]
    host, allowed = _authority(assertion_id), origins or [_authority(issuer_id)]
    if prefixes and not any(assertion_id.startswith(prefix) for prefix in prefixes):
        return failed(
            name,
            say("It stands at an address where %(issuer)s issues no badges.", issuer=_named(parts.issuer)),
            f"{assertion_id} begins with none of {', '.join(prefixes)[:500]}",
        )
    if not host or host not in allowed:
        return failed(
            name,
            say("It stands on a server that is not that of %(issuer)s.", issuer=_named(parts.issuer)),
            f"{host or assertion_id} is none of {', '.join(allowed)[:500]}",
        )
    return passed(
        name,
        say("Issued by %(issuer)s (%(host)s).", issuer=_named(parts.issuer), host=_authority(issuer_id)),
        issuer_id,
    )


def unread_parts(failure: FetchFailed) -> Check:
    """The issuer can't be asked, or says that there is no such badge."""
    if is_certain(failure) or failure.reason in ("malformed", "id-mismatch"):
        return failed(
            CheckName.ISSUER_IDENTITY,
            say("The definition of the badge or its issuer can't be found, so nobody vouches for it."),
            str(failure),
        )
    return unchecked(
        CheckName.ISSUER_IDENTITY,
        say("The issuer's server could not be asked who issued it. Try again later."),
        str(failure),
    )


async def conclude_assertion(
    inquiry: Inquiry,
    *,
    assertion: Mapping[str, Any],
    parts: Parts,
    kind: Kind,
    integrity: Check,
    identity: Check,
    revocation: Check | None,
    standing: Standing | None,
    published: Check | None,
    token: str | None = None,
    source: str | None = None,
) -> Verification:
    """The checks that both kinds of Open Badges 2.0 have."""
    is_identified = identity.outcome is Outcome.PASS
    violations = await asyncio.to_thread(_violations, assertion, parts)
    return inquiry.conclude(
        kind=kind,
        document=assertion,
        badge=show_assertion(assertion, parts.badge, parts.issuer),
        token=token,
        source=source,
        grant_id=standing.grant.id if standing else None,
        checks=(
            integrity,
            identity,
            await check_issuer_known(inquiry, text_of(parts.issuer, "id")) if is_identified else None,
            revocation,
            *(check_standing(standing) if standing else ()),
            check_dates(assertion, now=inquiry.now),
            check_recipient(
                inquiry.recipient, identities_of_assertion(assertion), names=inquiry.recipient_names
            )
            if inquiry.recipient
            else None,
            check_schema(violations, version="2.0"),
            await check_hosted_endorsements(inquiry, assertion, parts.badge, parts.issuer)
            if is_identified
            else None,
            published,
        ),
    )


def _integrity(hosted: Hosted, presented: Mapping[str, Any]) -> Check:
    name = CheckName.INTEGRITY
    differing = [
        member
        for member in _COMPARED
        if member in presented and presented[member] != hosted.members.get(member)
    ]
    if differing:
        return warned(
            name,
            say(
                "The copy that you have differs from the badge; what you see here is what its issuer publishes."
            ),
            f"different: {', '.join(differing)}",
        )
    if hosted.remark is not None:
        return warned(
            name,
            say("It is what its issuer publishes, though by a detour over another address."),
            hosted.remark,
        )
    return passed(name, say("It is exactly what its issuer publishes."), hosted.id)


def _not_revoked(standing: Standing | None) -> Check | None:
    if standing is not None:
        return None
    return passed(CheckName.NOT_REVOKED, say("Its issuer has not revoked it."))


async def _conclude_revoked(
    inquiry: Inquiry, hosted: Hosted, presented: Mapping[str, Any], source: str | None
) -> Verification:
    """What was revoked can be shown from the copy that was handed in, though nobody vouches for that."""
    assertion = {**presented, **hosted.members}
    badge = embedded(assertion, "badge")
    standing = await find_own_standing(inquiry.services, hosted.id)
    detail = f"{hosted.id} answers 410 Gone" if hosted.is_gone else "revoked is true"
    checks = (
        check_standing(standing)
        if standing is not None
        else (revoked(text_of(hosted.members, "revocationReason"), detail),)
    )
    return inquiry.conclude(
        kind=Kind.OB2_HOSTED,
        document=assertion,
        badge=show_assertion(assertion, badge, embedded(badge, "issuer")),
        source=source,
        grant_id=standing.grant.id if standing else None,
        checks=checks,
    )


def revoked(reason: str | None, detail: str) -> Check:
    """The check of a badge that its issuer took back."""
    if reason:
        return failed(
            CheckName.NOT_REVOKED, say("Its issuer has revoked it: %(reason)s", reason=reason[:500]), detail
        )
    return failed(CheckName.NOT_REVOKED, say("Its issuer has revoked it."), detail)


def _conclude_unhosted(
    inquiry: Inquiry, assertion: Mapping[str, Any], check: Check, source: str | None
) -> Verification:
    badge = embedded(assertion, "badge")
    return inquiry.conclude(
        kind=Kind.OB2_HOSTED,
        document=assertion,
        badge=show_assertion(assertion, badge, embedded(badge, "issuer")),
        source=source,
        checks=(check,),
    )


def _explain_fetch(failure: FetchFailed, url: str) -> Check:
    if is_certain(failure):
        return failed(
            CheckName.INTEGRITY,
            say("There is no such badge at the address where its issuer should publish it."),
            f"{url}: {failure}",
        )
    if failure.reason in ("malformed", "id-mismatch", "content-type"):
        return failed(
            CheckName.INTEGRITY,
            say("What stands at the badge's address is not this badge."),
            f"{url}: {failure}",
        )
    return unchecked(
        CheckName.INTEGRITY,
        say("The issuer's server could not be asked. That says nothing about the badge; try again later."),
        f"{url}: {failure}",
    )


def _violations(assertion: Mapping[str, Any], parts: Parts) -> list[Violation]:
    """Of the three documents, each by itself; those that could not be had are not judged."""
    found = list(openbadges2.check(assertion, "Assertion"))
    if parts.failure is None:
        found += openbadges2.check(parts.badge, "BadgeClass")
        found += openbadges2.check(parts.issuer, "Profile")
    return sorted(found, key=lambda violation: violation.severity is not Severity.ERROR)


def _authority(url: str) -> str:
    return urlsplit(url).netloc.lower() if web_only(url) else ""


def _named(issuer: Mapping[str, Any]) -> str:
    return (text_of(issuer, "name") or text_of(issuer, "id") or "?")[:200]
