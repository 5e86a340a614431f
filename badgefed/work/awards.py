"""One award as strangers may see it, with its Assertion and its credential as they were stored."""

from __future__ import annotations

from dataclasses import dataclass

from badgefed.errors import NotFound
from badgefed.model.addresses import Addresses
from badgefed.model.badge import Badge
from badgefed.model.grant import Grant, Presence, Status, presence
from badgefed.model.issuer import Issuer
from badgefed.model.visibility import Surface
from badgefed.protocol import openbadges2
from badgefed.protocol.jsonld import Document
from badgefed.store import badges, documents, grants, issuers
from badgefed.store.database import Reader
from badgefed.store.documents import DocumentKind
from badgefed.work import award_files
from badgefed.work.open_badges_documents import NOT_FOUND


@dataclass(frozen=True, slots=True, kw_only=True)
class Award:
    """A grant that strangers may know of, with its badge as it is now; `assertion` and `credential` as stored.

    Of one whose recipient had everything erased, nothing is stored: both are empty.
    """

    grant: Grant
    badge: Badge
    issuer: Issuer
    assertion: bytes
    credential: bytes

    @property
    def is_withdrawn(self) -> bool:
        """It was taken back for good."""
        return presence(self.grant, Surface.VERIFICATION) is Presence.WITHDRAWN

    @property
    def is_suspended(self) -> bool:
        """It was taken back for a time, and not for good."""
        return self.grant.status is not Status.REVOKED and self.grant.suspended_at is not None

    def hosted_assertion(self, addresses: Addresses) -> bytes:
        """The OB 2.0 Assertion of the version that was granted."""
        return award_files.hosted_assertion(self.assertion, self.grant, self.badge, addresses)

    def revoked_assertion(self, addresses: Addresses) -> Document | None:
        """What stands in its place, with 410, while it is withdrawn or suspended (OB 2.0 hosted revocation)."""
        if self.is_withdrawn or self.is_suspended:
            return openbadges2.revoked_assertion(self.grant, addresses)
        return None


async def load_award(reader: Reader, uuid: str) -> Award:
    """Raises `NotFound` for one that nobody may see, or that was not signed."""
    grant = await grants.find_grant_by_uuid(reader, uuid)
    if grant is None or presence(grant, Surface.VERIFICATION) is Presence.HIDDEN:
        raise NotFound(NOT_FOUND)
    badge = await badges.find_badge(reader, grant.badge_id)
    if badge is None:
        raise LookupError(f"badge {grant.badge_id}")
    return Award(
        grant=grant,
        badge=badge,
        issuer=await issuers.get_issuer(reader, grant.issuer_id),
        assertion=await _stored(reader, grant, DocumentKind.ASSERTION),
        credential=await _stored(reader, grant, DocumentKind.CREDENTIAL),
    )


async def _stored(reader: Reader, grant: Grant, kind: DocumentKind) -> bytes:
    document = await documents.find_document(reader, grant.id, kind)
    if document is not None:
        return document.body
    if presence(grant, Surface.VERIFICATION) is Presence.WITHDRAWN:
        return b""
    raise NotFound(NOT_FOUND)
