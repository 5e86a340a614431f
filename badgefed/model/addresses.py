"""Every URL of this server is made here. Ids are stored once published; nothing recomputes one that went out."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """`base` is the public origin without a trailing slash, e.g. `https://badges.example`."""

    base: str

    @property
    def host(self) -> str:
        """Host with its port where one is in the origin: what follows `@` in our handles."""
        return urlsplit(self.base).netloc

    @property
    def shared_inbox(self) -> str:
        return f"{self.base}/inbox"

    @property
    def instance_actor(self) -> str:
        return f"{self.base}/actor"

    def actor(self, username: str) -> str:
        return f"{self.base}/actor/{username}"

    def note(self, actor_id: str, note_id: str) -> str:
        return f"{actor_id}/statuses/{note_id}"

    def quote(self, actor_id: str, uuid: str) -> str:
        """The authorization of somebody's Note to quote one of this actor's."""
        return f"{actor_id}/quotes/{uuid}"

    def accept(self, grant_id: int, key: str) -> str:
        return f"{self.base}/accept/grant/{grant_id}/{key}"

    def badge_image(self, badge_id: int) -> str:
        """The picture as PNG."""
        return f"{self.base}/badge-image/{badge_id}"

    def image(self, sha256: str) -> str:
        """A picture by its content; it never changes."""
        return f"{self.base}/images/{sha256}.png"

    def badge_page(self, badge_id: int) -> str:
        return f"{self.base}/badge/{badge_id}"

    def actor_image(self, username: str) -> str:
        return f"{self.base}/actor-image/{username}"

    def hashtag(self, name: str) -> str:
        return f"{self.base}/tags/{quote(name.lower(), safe='')}"

    def issuer_profile(self, uuid: str) -> str:
        """The Open Badges 2.0 Issuer."""
        return f"{self.base}/certify-badge/issuer/{uuid}"

    def badge_class(self, uuid: str) -> str:
        """The Open Badges 2.0 BadgeClass."""
        return f"{self.base}/certify-badge/badge/{uuid}"

    def assertion(self, uuid: str) -> str:
        """The Open Badges 2.0 Assertion."""
        return f"{self.base}/certify-badge/award/{uuid}"

    def credential(self, uuid: str) -> str:
        """The Open Badges 3.0 credential."""
        return f"{self.base}/credentials/{uuid}/ob3"

    def achievement(self, organization_slug: str, badge_slug: str) -> str:
        return f"{self.base}/achievements/{organization_slug}/{badge_slug}"

    def did(self, username: str) -> str:
        """`did:web` of an issuer; it resolves to `/issuers/{username}/did.json`."""
        return f"did:web:{quote(self.host, safe='.-')}:issuers:{username}"

    def did_document(self, username: str) -> str:
        return f"{self.base}/issuers/{username}/did.json"
