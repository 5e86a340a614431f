"""The Open Badges documents of issuers and badges, from the store: one way for the doors that serve them and for verifying here.

What was awarded stays verifiable when its issuer has left: these documents outlive the actor. Each function raises
`NotFound` where strangers find nothing. Those of one award are in `awards`.
"""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from badgefed.errors import NotFound
from badgefed.model.addresses import Addresses
from badgefed.model.badge import Badge
from badgefed.model.issuer import Issuer
from badgefed.protocol import dids, jose, keys, openbadges2, openbadges3
from badgefed.protocol.jsonld import Document
from badgefed.store import badges, images, issuers, signing_keys
from badgefed.store.database import Reader
from badgefed.store.signing_keys import KeyKind, StoredKey

NOT_FOUND = "There is nothing here."


async def get_issuer(reader: Reader, uuid: str) -> Issuer:
    """Also one that has left."""
    issuer = await issuers.find_issuer_by_uuid(reader, uuid, with_deleted=True)
    if issuer is None:
        raise NotFound(NOT_FOUND)
    return issuer


async def get_issuer_by_name(reader: Reader, username: str) -> Issuer:
    """As `get_issuer`; nothing for another spelling of the name, for a DID has one."""
    issuer = await issuers.find_issuer(reader, username, with_deleted=True)
    if issuer is None or issuer.username != username:
        raise NotFound(NOT_FOUND)
    return issuer


async def get_badge(reader: Reader, uuid: str) -> Badge:
    badge = await badges.find_badge_by_uuid(reader, uuid)
    if badge is None:
        raise NotFound(NOT_FOUND)
    return badge


async def get_badge_by_slug(reader: Reader, organization: str, slug: str) -> Badge:
    badge = await badges.find_badge_by_slug(reader, organization, slug)
    if badge is None:
        raise NotFound(NOT_FOUND)
    return badge


async def issuer_profile(reader: Reader, addresses: Addresses, *, uuid: str) -> Document:
    """The OB 2.0 Issuer."""
    issuer = await get_issuer(reader, uuid)
    stored = await signing_keys.list_keys(reader, issuer.id, KeyKind.RSA)
    return openbadges2.issuer_profile(issuer, addresses, keys=range(len(stored), 0, -1))


async def cryptographic_key(reader: Reader, addresses: Addresses, *, uuid: str, number: int) -> Document:
    """An OB 2.0 CryptographicKey; an issuer's RSA keys are numbered from 1, in the order in which they came."""
    issuer = await get_issuer(reader, uuid)
    stored = await signing_keys.list_keys(reader, issuer.id, KeyKind.RSA)
    if not 1 <= number <= len(stored):
        raise NotFound(NOT_FOUND)
    pem = stored[len(stored) - number].public_key
    return openbadges2.cryptographic_key(issuer, addresses, number=number, public_key_pem=pem)


async def badge_class(reader: Reader, addresses: Addresses, *, uuid: str) -> Document:
    """The OB 2.0 BadgeClass."""
    badge = await get_badge(reader, uuid)
    issuer = await issuers.get_issuer(reader, badge.issuer_id)
    return openbadges2.badge_class(badge, issuer, addresses)


async def badge_class_version(reader: Reader, addresses: Addresses, *, uuid: str, version: int) -> Document:
    """The OB 2.0 BadgeClass as it was, or is, in one of its versions."""
    present = await get_badge(reader, uuid)
    badge = await badges.find_badge_version(reader, present.id, version)
    if badge is None:
        raise NotFound(NOT_FOUND)
    issuer = await issuers.get_issuer(reader, badge.issuer_id)
    image = await images.get_image(reader, badge.image_id)
    return openbadges2.badge_class(badge, issuer, addresses, image=addresses.image(image.sha256))


async def achievement(reader: Reader, addresses: Addresses, *, organization: str, badge: str) -> Document:
    """The OB 3.0 Achievement of the badge with this slug."""
    found = await get_badge_by_slug(reader, organization, badge)
    part = openbadges3.achievement(found, organization_slug=organization, addresses=addresses)
    return openbadges3.as_document(part)


async def profile(reader: Reader, addresses: Addresses, *, username: str) -> Document:
    """The OB 3.0 Profile of the issuer."""
    issuer = await get_issuer_by_name(reader, username)
    return openbadges3.as_document(openbadges3.profile(issuer, addresses))


async def did_document(reader: Reader, addresses: Addresses, *, username: str) -> Document:
    """The issuer's `did:web` document, with the keys that signed earlier too."""
    issuer = await get_issuer_by_name(reader, username)
    ed25519 = await signing_keys.list_keys(reader, issuer.id, KeyKind.ED25519)
    rsa = await signing_keys.list_keys(reader, issuer.id, KeyKind.RSA)
    return dids.did_document(
        addresses.did(issuer.username),
        multikeys=[key.public_key for key in ed25519],
        jwks=_jwks(rsa),
        also_known_as=[issuer.actor_id],
    )


def _jwks(stored: Sequence[StoredKey]) -> dict[str, dict[str, str]]:
    loaded = [keys.load_public_pem(key.public_key) for key in stored]
    return {jose.thumbprint(key): jose.public_jwk(key) for key in loaded if isinstance(key, RSAPublicKey)}
