"""Grants of this server: the store says whether they are revoked or suspended."""

from __future__ import annotations

import re
from dataclasses import dataclass

from badgefed.model.grant import Grant, Status
from badgefed.store import grants, issuers
from badgefed.store.database import Reader
from badgefed.texts import say
from badgefed.verification.results import Check, CheckName, failed, passed
from badgefed.work.services import Services

_UUID = r"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
_PATH = re.compile(rf"/(?:credentials/{_UUID}(?:/.*)?|certify-badge/award/{_UUID}(?:/.*)?)")
_URN = re.compile(rf"urn:uuid:{_UUID}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A grant that was issued here under the document's id and by the document's issuer."""

    grant: Grant


async def find_standing(services: Services, document_id: str, issuer_id: str | None) -> Standing | None:
    """The grant behind a document whose signature or address was verified; None if it isn't one of this server's issuers.

    `issuer_id` as the document has it: an issuer's `did:web` or Open Badges 2.0 Profile.
    """
    uuid = grant_uuid(services, document_id)
    if uuid is None or issuer_id is None:
        return None

    async def load(reader: Reader) -> Standing | None:
        grant = await grants.find_grant_by_uuid(reader, uuid)
        if grant is None:
            return None
        issuer = await issuers.get_issuer(reader, grant.issuer_id)
        own = (services.addresses.did(issuer.username), services.addresses.issuer_profile(issuer.uuid))
        return Standing(grant=grant) if issuer_id in own else None

    return await services.database.read(load)


async def find_own_standing(services: Services, url: str) -> Standing | None:
    """The grant whose document this server serves at this address."""
    uuid = grant_uuid(services, url)
    grant = await grants.find_grant_by_uuid(services.database, uuid) if uuid else None
    return Standing(grant=grant) if grant is not None else None


def grant_uuid(services: Services, document_id: str) -> str | None:
    """The UUID in the id of a credential or an Assertion of this server."""
    match = _URN.fullmatch(document_id)
    if match is None and document_id.startswith(f"{services.addresses.base}/"):
        match = _PATH.fullmatch(document_id.removeprefix(services.addresses.base))
    return next(filter(None, match.groups()), None) if match else None


def check_standing(standing: Standing) -> tuple[Check, ...]:
    """What the store says: revoked or not, suspended or not."""
    return (_check_revoked(standing.grant), _check_suspended(standing.grant))


def _check_revoked(grant: Grant) -> Check:
    name = CheckName.NOT_REVOKED
    if grant.status not in (Status.REVOKED, Status.DECLINED):
        return passed(
            name, say("Its issuer has not revoked it."), "as this server, which issued it, knows now"
        )
    reason = grant.closed_reason or ""
    if reason:
        return failed(
            name, say("Its issuer has revoked it: %(reason)s", reason=reason), f"state {grant.status}"
        )
    return failed(name, say("Its issuer has revoked it."), f"state {grant.status}")


def _check_suspended(grant: Grant) -> Check:
    name = CheckName.NOT_SUSPENDED
    if grant.suspended_at is None:
        return passed(name, say("It is not suspended."))
    if grant.suspended_reason:
        return failed(
            name,
            say("Its issuer has suspended it for the time being: %(reason)s", reason=grant.suspended_reason),
        )
    return failed(name, say("Its issuer has suspended it for the time being."))
