"""Many awards at once, as verifiers read them."""

from __future__ import annotations

from collections.abc import Sequence

from badgefed.model.addresses import Addresses
from badgefed.store import badges, documents, grants
from badgefed.store.database import Reader
from badgefed.store.documents import DocumentKind
from badgefed.work.award_files import hosted_assertion


async def list_assertions(reader: Reader, grant_ids: Sequence[int], addresses: Addresses) -> list[bytes]:
    """The OB 2.0 Assertions of these grants, in this order; what has none is left out."""
    stored = await documents.list_documents(reader, grant_ids, DocumentKind.ASSERTION)
    found = {grant.id: grant for grant in await grants.list_by_id(reader, grant_ids)}
    their_badges = {
        badge.id: badge
        for badge in await badges.list_by_id(reader, [grant.badge_id for grant in found.values()])
    }
    return [
        hosted_assertion(stored[number], found[number], their_badges[found[number].badge_id], addresses)
        for number in grant_ids
        if number in stored and number in found
    ]
