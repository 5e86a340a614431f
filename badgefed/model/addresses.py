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

    def image_svg(self, sha256: str) -> str:
        """An SVG by its content; it never changes."""
        return f"{self.base}/images/{sha256}.svg"

    def thumbnail(self, sha256: str) -> str:
        """At most 320 pixels wide and high, of the PNG with this content."""
        return f"{self.base}/images/{sha256}/thumbnail.png"

    def badge_card(self, badge_id: int, digest: str) -> str:
        """The badge's picture for link previews; `digest` changes with what it shows."""
        return f"{self.base}/badge-card/{badge_id}.png?v={digest}"

    def award_card(self, uuid: str, digest: str) -> str:
        """The same of a granted badge."""
        return f"{self.base}/award-card/{uuid}.png?v={digest}"

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

    def badge_class_version(self, uuid: str, version: int) -> str:
        """The BadgeClass as it was before an edit; it never changes."""
        return f"{self.base}/certify-badge/badge/{uuid}/versions/{version}"

    def revocation_list(self, issuer_uuid: str) -> str:
        """The Open Badges 2.0 RevocationList, for signed Assertions."""
        return f"{self.base}/certify-badge/issuer/{issuer_uuid}/revocations"

    def cryptographic_key(self, issuer_uuid: str, key_number: int) -> str:
        """The Open Badges 2.0 CryptographicKey."""
        return f"{self.base}/certify-badge/issuer/{issuer_uuid}/keys/{key_number}"

    def status_list(self, uuid: str) -> str:
        """The BitstringStatusListCredential in which a credential has its bit."""
        return f"{self.base}/status-lists/{uuid}"

    def signed_assertion(self, uuid: str) -> str:
        """The Assertion as a compact JWS."""
        return f"{self.base}/certify-badge/award/{uuid}/jws"

    def credential_jwt(self, uuid: str) -> str:
        """The credential as VC-JWT."""
        return f"{self.base}/credentials/{uuid}/jwt"

    def baked_png(self, uuid: str) -> str:
        """The picture with the Assertion and the credential inside."""
        return f"{self.base}/credentials/{uuid}/badge.png"

    def baked_svg(self, uuid: str) -> str:
        return f"{self.base}/credentials/{uuid}/badge.svg"

    def verify(self, identifier: str) -> str:
        """The page that verifies one of our grants, by its UUID or CRD code."""
        return f"{self.base}/verify/{identifier}"

    def fediverse_sign_in(self, host: str) -> str:
        """Where another server sends people back to after they signed in there; each host has its own."""
        return f"{self.base}/sign-in/fediverse/{quote(host, safe=':')}"

    def award_page(self, uuid: str) -> str:
        """The page of a granted badge, by its UUID."""
        return f"{self.base}/awards/{uuid}"

    def share_page(self, uuid: str) -> str:
        """Ways to share a granted badge."""
        return f"{self.base}/awards/{uuid}/share"

    def verify_issuer(self, issuer_uuid: str, key: str) -> str:
        """The link that proves an issuer's e-mail address."""
        return f"{self.base}/verify-issuer/{issuer_uuid}/{key}"

    def credential(self, uuid: str) -> str:
        """The Open Badges 3.0 credential."""
        return f"{self.base}/credentials/{uuid}/ob3"

    def public_profile(self, handle: str) -> str:
        """A holder's page, with what they show of their badges."""
        return f"{self.base}/u/{handle}"

    def organization_page(self, slug: str) -> str:
        """An organization and its badges."""
        return f"{self.base}/o/{slug}"

    def public_badge(self, organization_slug: str, badge_slug: str) -> str:
        """The page of a badge, by its organization and its slug."""
        return f"{self.base}/o/{organization_slug}/badges/{badge_slug}"

    def embed(self, identifier: str) -> str:
        """A granted badge as a small page for other sites' frames, by its UUID or CRD code."""
        return f"{self.base}/api/embed/{identifier}"

    def award_label(self, uuid: str) -> str:
        """A granted badge as a small picture for READMEs and other pages, as SVG."""
        return f"{self.base}/award-label/{uuid}.svg"

    def follow(self, username: str) -> str:
        """The form that leads to one's own server, to follow an issuer there."""
        return f"{self.base}/follow/{username}"

    def share(self, uuid: str) -> str:
        """The form that leads to one's own server, to share a granted badge there."""
        return f"{self.base}/share/{uuid}"

    def oembed(self, url: str, *, is_xml: bool = False) -> str:
        """What embeds the thing at `url` (oEmbed)."""
        return f"{self.base}/oembed?url={quote(url, safe='')}&format={'xml' if is_xml else 'json'}"

    def achievement(self, organization_slug: str, badge_slug: str) -> str:
        return f"{self.base}/achievements/{organization_slug}/{badge_slug}"

    def did(self, username: str) -> str:
        """`did:web` of an issuer; it resolves to `/issuers/{username}/did.json`."""
        return f"did:web:{quote(self.host, safe='.-')}:issuers:{username}"

    def did_document(self, username: str) -> str:
        return f"{self.base}/issuers/{username}/did.json"
