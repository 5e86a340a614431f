"""Is the credential revoked or suspended? What the lists say that its credentialStatus names (OB 3.0 §8.2.4, Bitstring Status List)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from badgefed.errors import BadgefedError, CannotCheck, FetchFailed, Invalid, Unprocessable
from badgefed.model.times import to_datetime
from badgefed.protocol import revocation_lists, status_list
from badgefed.protocol.status_list import StatusEntry
from badgefed.texts import Message, say
from badgefed.verification.dates import LEEWAY
from badgefed.verification.inquiry import Inquiry
from badgefed.verification.members import instant_of, items_of, text_of, types_of
from badgefed.verification.results import Check, CheckName, StatusSource, failed, passed, unchecked
from badgefed.verification.secured import examine_secured

MAX_ENTRIES = 4
REVOCATION_LIST = "1EdTechRevocationList"

_PURPOSES = {"revocation": CheckName.NOT_REVOKED, "suspension": CheckName.NOT_SUSPENDED}
_SET: Mapping[CheckName, Message] = {
    CheckName.NOT_REVOKED: say("Its issuer has revoked it."),
    CheckName.NOT_SUSPENDED: say("Its issuer has suspended it for the time being."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    checks: tuple[Check, ...]
    source: StatusSource | None = None


async def check_status(inquiry: Inquiry, credential: Mapping[str, Any], issuer_id: str) -> Status:
    """What the issuer's lists say now; `credential` is what was signed."""
    entries = items_of(credential, "credentialStatus")
    if not entries:
        sentence = say("Its issuer keeps no list by which it could be revoked.")
        return Status(checks=(passed(CheckName.NOT_REVOKED, sentence, "no credentialStatus"),))
    if len(entries) > MAX_ENTRIES:
        detail = f"more than {MAX_ENTRIES} entries in credentialStatus"
        return Status(checks=(_unknown(CheckName.NOT_REVOKED, detail),))
    found = [await _check_entry(inquiry, credential, entry, issuer_id) for entry in entries]
    sources = [status.source for status in found if status.source is not None]
    return Status(
        checks=tuple(check for status in found for check in status.checks),
        source=min(sources, key=lambda source: source.as_of, default=None),
    )


async def _check_entry(
    inquiry: Inquiry, credential: Mapping[str, Any], entry: object, issuer_id: str
) -> Status:
    try:
        if REVOCATION_LIST in types_of(entry):
            return await _check_revocation_list(inquiry, credential, entry, issuer_id)
        return await _check_bit(inquiry, status_list.read_entry(entry), issuer_id)
    except (CannotCheck, Invalid) as error:
        return Status(checks=(_unknown(CheckName.NOT_REVOKED, str(error)),))


async def _check_revocation_list(
    inquiry: Inquiry, credential: Mapping[str, Any], entry: object, issuer_id: str
) -> Status:
    name, url = CheckName.NOT_REVOKED, text_of(entry, "id") or ""
    try:
        document, _ = await inquiry.sources.document(url)
        revoked = revocation_lists.read_1edtech(document, issuer=issuer_id)
    except FetchFailed as failure:
        return Status(checks=(_unread(name, url, failure),))
    except BadgefedError as error:
        return Status(checks=(_unknown(name, f"{url}: {error}"),))
    source = StatusSource(url=url, as_of=inquiry.now)
    entry_of_it = revoked.get(text_of(credential, "id") or "")
    if entry_of_it is None:
        return Status(checks=(passed(name, say("Its issuer has not revoked it."), url),), source=source)
    sentence = (
        say("Its issuer has revoked it: %(reason)s", reason=entry_of_it.reason)
        if entry_of_it.reason
        else _SET[name]
    )
    return Status(checks=(failed(name, sentence, url),), source=source)


async def _check_bit(inquiry: Inquiry, entry: StatusEntry, issuer_id: str) -> Status:
    name = _PURPOSES.get(entry.purpose)
    if name is None:
        return Status(checks=())
    try:
        credential = await _fetch_list(inquiry, entry, issuer_id)
        is_set = await asyncio.to_thread(status_list.read_status, credential, entry, issuer=issuer_id)
    except FetchFailed as failure:
        return Status(checks=(_unread(name, entry.list_url, failure),))
    except BadgefedError as error:
        return Status(checks=(_unknown(name, f"{entry.list_url}: {error}"),))
    as_of = instant_of(credential, "validFrom", "issuanceDate") or inquiry.now
    source = StatusSource(url=entry.list_url, as_of=as_of)
    detail = f"bit {entry.index} of {entry.list_url}"
    if is_set:
        return Status(checks=(failed(name, _SET[name], detail),), source=source)
    return Status(checks=(passed(name, _clear(name, as_of), detail),), source=source)


async def _fetch_list(inquiry: Inquiry, entry: StatusEntry, issuer_id: str) -> dict[str, Any]:
    """The list, if it is signed by the badge's own issuer and within its dates. Raises FetchFailed, or Unprocessable if not."""
    found = await inquiry.sources.secured(entry.list_url)
    secured = await examine_secured(inquiry, found)
    credential = dict(secured.credential)
    status_list.check_list(credential, issuer=issuer_id, purpose=entry.purpose)
    if not secured.holds:
        problem = secured.problem
        raise Unprocessable(
            f"the list's own signature does not count: {problem.detail or problem.sentence.text}"
        )
    until = instant_of(credential, "validUntil", "expirationDate")
    if until is not None and until < inquiry.now - LEEWAY:
        raise Unprocessable("the list is out of date")
    return credential


def _clear(name: CheckName, as_of: int) -> Message:
    day = to_datetime(as_of).date()
    if name is CheckName.NOT_SUSPENDED:
        return say("It is not suspended (its issuer's list of %(day)s).", day=day)
    return say("Its issuer has not revoked it (its list of %(day)s).", day=day)


def _unread(name: CheckName, url: str, failure: FetchFailed) -> Check:
    return unchecked(
        name,
        say("Its issuer's list of revoked badges could not be read. Try again later."),
        f"{url}: {failure}",
    )


def _unknown(name: CheckName, detail: str) -> Check:
    return unchecked(
        name, say("Whether it was revoked can't be found out: its issuer's list can't be used."), detail
    )
