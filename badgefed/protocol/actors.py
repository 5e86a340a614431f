"""Our actor documents and what stands in their place once they are gone."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from badgefed.model.addresses import Addresses
from badgefed.model.issuer import Issuer
from badgefed.model.times import format_rfc3339
from badgefed.protocol.activities import AS2
from badgefed.protocol.html import clip, escape, link, paragraph
from badgefed.protocol.openbadges import web_url

SECURITY = "https://w3id.org/security/v1"
MAX_NAME = 128
MAX_SUMMARY = 2000

_TERMS: dict[str, Any] = {
    "manuallyApprovesFollowers": "as:manuallyApprovesFollowers",
    "toot": "http://joinmastodon.org/ns#",
    "featured": {"@id": "toot:featured", "@type": "@id"},
    "discoverable": "toot:discoverable",
    "indexable": "toot:indexable",
    "attributionDomains": {"@id": "toot:attributionDomains", "@container": "@set"},
    "schema": "http://schema.org#",
    "PropertyValue": "schema:PropertyValue",
    "value": "schema:value",
    "webfinger": "https://purl.archive.org/socialweb/webfinger#webfinger",
    "implements": {
        "@id": "https://w3id.org/fep/844e/implements",
        "@type": "@id",
        "@container": "@list",
    },
}
_MULTIKEY_TERMS: dict[str, Any] = {
    "sec": "https://w3id.org/security#",
    "Multikey": "sec:Multikey",
    "assertionMethod": {"@id": "sec:assertionMethod", "@type": "@id", "@container": "@set"},
    "controller": {"@id": "sec:controller", "@type": "@id"},
    "publicKeyMultibase": {"@id": "sec:publicKeyMultibase", "@type": "sec:multibase"},
}
# ActivityStreams has the value of `formerType` as a relative address; it is a name from the vocabulary.
_TOMBSTONE_TERMS: dict[str, Any] = {"formerType": {"@id": "as:formerType", "@type": "@vocab"}}
_GENERATOR: dict[str, Any] = {
    "type": "Application",
    "implements": [
        {
            "type": "Link",
            "href": "https://datatracker.ietf.org/doc/html/rfc9421",
            "name": "RFC-9421: HTTP Message Signatures",
        }
    ],
}


def main_key_id(actor_id: str, number: int = 1) -> str:
    """Id of the RSA key that signs an actor's requests; they are numbered from 1, in the order in which they came."""
    return f"{actor_id}#main-key{_suffix(number)}"


def ed25519_key_id(actor_id: str, number: int = 1) -> str:
    """Id of the Ed25519 key that signs an actor's objects; numbered as `main_key_id`."""
    return f"{actor_id}#ed25519-key{_suffix(number)}"


def _suffix(number: int) -> str:
    return f"-{number}" if number > 1 else ""


def instance_username(addresses: Addresses) -> str:
    """The instance actor's username: the host without its port."""
    return (urlsplit(addresses.base).hostname or addresses.host).lower()


def issuer_icon(issuer: Issuer, addresses: Addresses) -> str:
    """Address of the issuer's picture; it changes with the issuer, because peers fetch an address once only."""
    return f"{addresses.actor_image(issuer.username)}?v={issuer.updated_at}"


def issuer_actor(
    issuer: Issuer,
    addresses: Addresses,
    *,
    rsa_public_pem: str,
    ed25519_multikey: str | None = None,
    key_number: int = 1,
) -> dict[str, Any]:
    """The actor document of an issuer: RSA key as SPKI PEM in `publicKey`, Ed25519 (`z6Mk…`) in `assertionMethod` (FEP-521a).

    `key_number`: see `main_key_id`. A new key has a new id, so that nobody takes an old one from a cache for it.
    """
    actor_id, name = issuer.actor_id, clip(issuer.name, MAX_NAME) or issuer.username
    return {
        "@context": _context(ed25519_multikey),
        "id": actor_id,
        "type": str(issuer.actor_type),
        "preferredUsername": issuer.username,
        "webfinger": f"{issuer.username}@{addresses.host}",
        "name": name,
        "summary": _summary(issuer.summary),
        "url": actor_id,
        "inbox": f"{actor_id}/inbox",
        "outbox": f"{actor_id}/outbox",
        "followers": f"{actor_id}/followers",
        "following": f"{actor_id}/following",
        "featured": f"{actor_id}/featured",
        "endpoints": {"sharedInbox": addresses.shared_inbox},
        "manuallyApprovesFollowers": False,
        "discoverable": True,
        "indexable": True,
        "attributionDomains": [instance_username(addresses)],
        "published": format_rfc3339(issuer.created_at),
        "updated": format_rfc3339(issuer.updated_at),
        "icon": {
            "type": "Image",
            "mediaType": "image/png",
            "url": issuer_icon(issuer, addresses),
            "name": name,
        },
        "attachment": _fields(issuer),
        "generator": _GENERATOR,
        **_keys(actor_id, rsa_public_pem, ed25519_multikey, key_number),
    }


def instance_actor(
    addresses: Addresses,
    *,
    rsa_public_pem: str,
    name: str,
    created_at: int,
    ed25519_multikey: str | None = None,
) -> dict[str, Any]:
    """The actor of the server itself (FEP-d556), which signs our GETs; it is not there to be followed."""
    actor_id, username = addresses.instance_actor, instance_username(addresses)
    return {
        "@context": _context(ed25519_multikey),
        "id": actor_id,
        "type": "Application",
        "preferredUsername": username,
        "webfinger": f"{username}@{addresses.host}",
        "name": clip(name, MAX_NAME) or username,
        "summary": "",
        "url": f"{addresses.base}/",
        "inbox": f"{actor_id}/inbox",
        "outbox": f"{actor_id}/outbox",
        "endpoints": {"sharedInbox": addresses.shared_inbox},
        "manuallyApprovesFollowers": True,
        "discoverable": False,
        "indexable": False,
        "published": format_rfc3339(created_at),
        "generator": _GENERATOR,
        **_keys(actor_id, rsa_public_pem, ed25519_multikey, 1),
    }


def tombstone(object_id: str, *, former_type: str, deleted: int) -> dict[str, Any]:
    """What is served with 410 at the id of something that was deleted at the instant `deleted`."""
    return {
        "@context": [AS2, _TOMBSTONE_TERMS],
        "id": object_id,
        "type": "Tombstone",
        "formerType": former_type,
        "deleted": format_rfc3339(deleted),
    }


def _context(ed25519_multikey: str | None) -> list[Any]:
    return [AS2, SECURITY, _TERMS | _MULTIKEY_TERMS if ed25519_multikey else _TERMS]


def _keys(actor_id: str, rsa_public_pem: str, ed25519_multikey: str | None, number: int) -> dict[str, Any]:
    keys: dict[str, Any] = {
        "publicKey": {
            "id": main_key_id(actor_id, number),
            "owner": actor_id,
            "publicKeyPem": rsa_public_pem,
        }
    }
    if ed25519_multikey is not None:
        keys["assertionMethod"] = [
            {
                "id": ed25519_key_id(actor_id, number),
                "type": "Multikey",
                "controller": actor_id,
                "publicKeyMultibase": ed25519_multikey,
            }
        ]
    return keys


def _summary(text: str) -> str:
    blocks = (block.strip() for block in clip(text, MAX_SUMMARY).split("\n\n"))
    return "".join(paragraph(escape(block)) for block in blocks if block)


def _fields(issuer: Issuer) -> list[dict[str, str]]:
    """The website as a profile field; `rel="me"` and a text equal to the address let Mastodon verify it."""
    if (url := web_url(issuer.url)) is None:
        return []
    website = link(url, url, rel="me noopener")
    return [{"type": "PropertyValue", "name": "Website", "value": website}]
