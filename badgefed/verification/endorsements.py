"""Endorsements: what others say for the badge. Each is verified by itself; theirs aren't looked at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from badgefed.errors import BadgefedError, FetchFailed
from badgefed.model.hosts import same_host
from badgefed.protocol import jose
from badgefed.texts import say
from badgefed.verification.dates import check_dates
from badgefed.verification.hosted_documents import fetch_hosted, fetch_linked
from badgefed.verification.inquiry import Inquiry
from badgefed.verification.members import (
    items_of,
    object_of,
    reference_of,
    text_of,
    types_of,
    web_only,
)
from badgefed.verification.results import Check, CheckName, Outcome, passed, unchecked, warned
from badgefed.verification.secured import Secured, examine_document, examine_token

MAX_ENDORSEMENTS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Endorsement:
    """`value` as it stands at what it endorses, whose id is `endorsed`."""

    value: object
    endorsed: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Finding:
    outcome: Outcome
    detail: str


async def check_endorsements(inquiry: Inquiry, credential: Mapping[str, Any]) -> Check | None:
    """Those inside of a credential, its achievement and its issuer (OB 3.0); None where there are none."""
    achievement = object_of(object_of(credential, "credentialSubject"), "achievement")
    places = (credential, achievement, object_of(credential, "issuer"))
    found = [item for place in places for item in _inside(place, ("endorsement", "endorsementJwt"))]
    return await _check_all(inquiry, found, _check_credential)


async def check_hosted_endorsements(inquiry: Inquiry, *places: Mapping[str, Any]) -> Check | None:
    """Those of an Assertion, its BadgeClass and its issuer (OB 2.0); None where there are none."""
    found = [item for place in places for item in _inside(place, ("endorsement",))]
    return await _check_all(inquiry, found, _check_hosted)


def _inside(place: Mapping[str, Any], names: tuple[str, ...]) -> Iterator[Endorsement]:
    for name in names:
        for value in items_of(place, name):
            yield Endorsement(value=value, endorsed=text_of(place, "id"))


async def _check_all(
    inquiry: Inquiry,
    found: list[Endorsement],
    check: Callable[[Inquiry, Endorsement], Awaitable[_Finding]],
) -> Check | None:
    if not found:
        return None
    findings = [await check(inquiry, item) for item in found[:MAX_ENDORSEMENTS]]
    return _summarize(findings, len(found))


def _summarize(findings: list[_Finding], total: int) -> Check:
    good = sum(finding.outcome is Outcome.PASS for finding in findings)
    numbers = {"good": str(good), "total": str(total)}
    detail = "; ".join(finding.detail for finding in findings if finding.outcome is not Outcome.PASS)[:2000]
    name = CheckName.ENDORSEMENTS
    if good == total:
        return passed(name, say("%(total)s of %(total)s endorsements by others hold.", **numbers))
    if any(finding.outcome is Outcome.FAIL for finding in findings):
        return warned(
            name,
            say(
                "%(good)s of %(total)s endorsements by others hold. That changes nothing about the badge itself.",
                **numbers,
            ),
            detail,
        )
    return unchecked(
        name,
        say("%(good)s of %(total)s endorsements by others hold; the rest could not be checked.", **numbers),
        detail or f"only the first {MAX_ENDORSEMENTS} are checked",
    )


async def _check_credential(inquiry: Inquiry, item: Endorsement) -> _Finding:
    secured = await _examine(inquiry, item.value)
    if isinstance(secured, _Finding):
        return secured
    name = text_of(secured.credential, "id") or "an endorsement"
    if not secured.holds:
        problem = secured.problem
        outcome = Outcome.FAIL if problem.outcome is Outcome.FAIL else Outcome.COULD_NOT_CHECK
        return _Finding(outcome=outcome, detail=f"{name}: {problem.detail or problem.sentence.text}")
    if "EndorsementCredential" not in types_of(secured.credential):
        return _Finding(outcome=Outcome.FAIL, detail=f"{name}: not an EndorsementCredential")
    subject = text_of(object_of(secured.credential, "credentialSubject"), "id")
    return _judge_content(name, subject, item, check_dates(secured.credential, now=inquiry.now))


async def _examine(inquiry: Inquiry, value: object) -> Secured | _Finding:
    try:
        if isinstance(value, dict):
            return await examine_document(inquiry, value)
        if isinstance(value, str):
            return await examine_token(inquiry, jose.read_jws(value))
    except BadgefedError as error:
        return _Finding(outcome=Outcome.FAIL, detail=f"an endorsement: {error}")
    return _Finding(outcome=Outcome.FAIL, detail="an endorsement is neither an object nor a token")


async def _check_hosted(inquiry: Inquiry, item: Endorsement) -> _Finding:
    url = item.value if isinstance(item.value, str) else text_of(item.value, "id")
    if url is None or web_only(url) is None:
        return _Finding(outcome=Outcome.FAIL, detail="an endorsement has no address of its own")
    try:
        hosted = await fetch_hosted(inquiry.sources, url)
        issuer = await fetch_linked(inquiry.sources, hosted.members, "issuer")
    except FetchFailed as failure:
        return _Finding(outcome=Outcome.COULD_NOT_CHECK, detail=f"{url}: {failure}")
    if hosted.is_gone or not same_host(hosted.id, issuer.id):
        return _Finding(outcome=Outcome.FAIL, detail=f"{url}: taken back, or not on its issuer's server")
    claimed = reference_of(hosted.members, "claim")
    return _judge_content(url, claimed, item, check_dates(hosted.members, now=inquiry.now))


def _judge_content(name: str, subject: str | None, item: Endorsement, dates: Check) -> _Finding:
    if subject is None or subject != item.endorsed:
        return _Finding(outcome=Outcome.FAIL, detail=f"{name}: endorses {subject}, not {item.endorsed}")
    if dates.outcome is not Outcome.PASS:
        return _Finding(outcome=Outcome.FAIL, detail=f"{name}: {dates.sentence.render()}")
    return _Finding(outcome=Outcome.PASS, detail=name)
