"""Does the issuer still publish the badge?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from badgefed.errors import FetchFailed
from badgefed.model.grant import Presence, presence
from badgefed.model.visibility import Surface
from badgefed.texts import say
from badgefed.verification.inquiry import Inquiry
from badgefed.verification.known_issuers import host_of_issuer
from badgefed.verification.members import object_of, text_of, web_only
from badgefed.verification.own_grants import Standing
from badgefed.verification.results import Check, CheckName, failed, passed, unchecked, warned
from badgefed.verification.sources import ANYTHING, GONE, Found, read_object

_ANY_TYPE = (
    "application/json",
    "application/ld+json",
    "application/vc",
    "application/vc+ld+json",
    "application/vc+jwt",
    "application/jwt",
    "text/plain",
    "text/html",
    "image/png",
    "image/svg+xml",
)


_COMPARED = ("credentialSubject", "validFrom", "validUntil", "issuanceDate", "expirationDate")


async def check_published(
    inquiry: Inquiry, document: Mapping[str, Any], issuer_id: str | None, standing: Standing | None
) -> Check | None:
    """Asks at the badge's own address, or at its achievement's; None where it has neither on the web.

    Many issuers publish credentials only to their holders: that nothing is there is no more than a warning.
    """
    if standing is not None and presence(standing.grant, Surface.VERIFICATION) is Presence.HIDDEN:
        return passed(CheckName.PUBLISHED, say("It is not public, as its issuer or its holder wants it."))
    achievement = object_of(object_of(document, "credentialSubject"), "achievement")
    for url, is_badge in ((text_of(document, "id"), True), (text_of(achievement, "id"), False)):
        if web_only(url) is not None and url is not None:
            return await _look(inquiry, url, document if is_badge else None, issuer_id or "")
    return None


async def _look(inquiry: Inquiry, url: str, badge: Mapping[str, Any] | None, issuer_id: str) -> Check:
    """`badge` is what should stand there, None where that is an achievement."""
    name = CheckName.PUBLISHED
    try:
        found: Found = await inquiry.sources.get(url, accept=ANYTHING, content_types=_ANY_TYPE)
    except FetchFailed as failure:
        if failure.http_status in (401, 403, 404, 410):
            return warned(name, say("Its issuer publishes nothing at its address."), f"{url}: {failure}")
        return unchecked(name, say("Its address could not be asked."), f"{url}: {failure}")
    if found.status == GONE:
        return _gone(url, issuer_id, is_badge=badge is not None)
    if badge is not None and await _differs(badge, found):
        sentence = say("What its issuer publishes at its address differs from it; perhaps it was renewed.")
        return warned(name, sentence, url)
    if badge is not None:
        return passed(name, say("Its issuer publishes it at its own address."), url)
    return passed(name, say("Its issuer still publishes what it is awarded for."), url)


async def _differs(badge: Mapping[str, Any], found: Found) -> bool:
    """Whether a credential stands there that says something else in what matters; pages and pictures aren't compared."""
    if not found.body.lstrip().startswith(b"{"):
        return False
    try:
        published = await read_object(found.body, found.url)
    except FetchFailed:
        return False
    return "credentialSubject" in published and any(
        published.get(member) != badge.get(member) for member in _COMPARED
    )


def _gone(url: str, issuer_id: str, *, is_badge: bool) -> Check:
    """Only the issuer's own server can take back a badge by no longer having it."""
    sentence = say("Its issuer has taken it off its address for good.")
    if is_badge and host_of_issuer(url) == host_of_issuer(issuer_id):
        return failed(CheckName.PUBLISHED, sentence, f"{url} answers 410 Gone")
    return warned(CheckName.PUBLISHED, sentence, f"{url} answers 410 Gone")
