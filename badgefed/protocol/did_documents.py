"""Which key a foreign identifier stands for, and whether it may: DID documents and the documents of https issuers.

Fetching is done elsewhere; what was fetched comes in as it came, and may be of any shape. Everything that does not hold
raises Unprocessable, and what can't be known here CannotCheck.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from badgefed.errors import Invalid, Unprocessable
from badgefed.model.times import from_rfc3339
from badgefed.protocol import strict_json, verification_keys
from badgefed.protocol.jsonld import Document
from badgefed.protocol.plain_terms import listed
from badgefed.protocol.verification_keys import VerificationKey

MAX_METHODS = 100

_DID_KEY = "did:key:"
_DID_JWK = "did:jwk:"
_MAX_JWK = 3_000
_MAX_NAME = 2_000


def controller_of(method_id: str) -> str:
    """Who a verification method belongs to by its id: what stands before the `#`. Raises Unprocessable for what is neither DID nor URL."""
    controller, _, _ = method_id.partition("#")
    if len(method_id) > _MAX_NAME or not _is_identifier(controller):
        raise Unprocessable(f"the verification method {method_id[:200]!r} is neither a DID nor an https URL")
    return controller


def derive(did: str) -> Document | None:
    """The document of a `did:key` or `did:jwk`, which say all by themselves; None for other identifiers.

    Raises Unprocessable for a malformed one, and CannotCheck for keys that nothing here can use.
    """
    if did.startswith(_DID_KEY):
        name = did.removeprefix(_DID_KEY)
        verification_keys.from_multikey(name)
        return _document(did, name, "Multikey", publicKeyMultibase=name)
    if did.startswith(_DID_JWK):
        jwk = _decode_jwk(did.removeprefix(_DID_JWK))
        verification_keys.from_jwk(jwk)
        return _document(did, "0", "JsonWebKey2020", publicKeyJwk=jwk)
    return None


def find_method(
    document: object, method_id: str, *, now: int, relationship: str = "assertionMethod"
) -> VerificationKey:
    """The key with this id in the document of its controller (Controlled Identifiers 1.0 §3.3): a DID document, or that of an https URL.

    The document must be the controller's own, the method must have this id and name it as controller, not be revoked or
    expired at the instant `now`, and the document must list it under `relationship`. A `did:key` without fragment means its one key.
    """
    controller = controller_of(method_id)
    if method_id == controller and controller.startswith(_DID_KEY):
        method_id = f"{controller}#{controller.removeprefix(_DID_KEY)}"
    found = _require_object(document, f"the document of {controller}")
    if found.get("id") != controller:
        raise Unprocessable(
            f"the document that should be {controller}'s says that it is {_show(found.get('id'))}"
        )
    method = _authorized_method(found, controller, method_id, relationship)
    if method.get("controller") != controller:
        raise Unprocessable(
            f"the key {method_id} is controlled by {_show(method.get('controller'))}, not {controller}"
        )
    _check_in_use(method, method_id, now)
    return verification_keys.from_method(method)


def find_linked_key(
    key_document: object, owner_document: object, *, key_id: str, owner: str, now: int, relationship: str
) -> VerificationKey:
    """A key with a document of its own at `key_id`, if it names its owner and the owner's document lists it (both directions).

    For OB 2.0 `relationship` is `publicKey` (CryptographicKey and Profile), for https issuers of credentials `assertionMethod`.
    """
    key = _require_object(key_document, f"the document of the key {key_id}")
    if key.get("id") != key_id:
        raise Unprocessable(f"the document at {key_id} says that it is {_show(key.get('id'))}")
    named = [key[name] for name in ("controller", "owner") if name in key]
    if not named or any(name != owner for name in named):
        raise Unprocessable(
            f"the key {key_id} names {_show(named[0] if named else None)} as its owner, not {owner}"
        )
    profile = _require_object(owner_document, f"the document of {owner}")
    if profile.get("id") != owner:
        raise Unprocessable(f"the document at {owner} says that it is {_show(profile.get('id'))}")
    if not any(_names(item) == key_id for item in _entries(profile, relationship)):
        raise Unprocessable(f"{owner} does not list the key {key_id} under {relationship}")
    _check_in_use(key, key_id, now)
    return verification_keys.from_method(key)


def _authorized_method(document: Document, controller: str, method_id: str, relationship: str) -> Document:
    """The method, embedded under the relationship, or listed there by its id and standing among the methods."""
    for item in _entries(document, relationship):
        if _absolute(_names(item), controller) != method_id:
            continue
        if isinstance(item, dict):
            return item
        methods = [method for method in _entries(document, "verificationMethod") if isinstance(method, dict)]
        found = [method for method in methods if _absolute(_names(method), controller) == method_id]
        if len(found) == 1:
            return found[0]
        raise Unprocessable(f"{controller} has {len(found) or 'no'} keys with the id {method_id}")
    raise Unprocessable(f"{controller} does not list the key {method_id[:200]} under {relationship}")


def _entries(document: Document, name: str) -> Iterator[object]:
    entries = listed(document.get(name))
    if len(entries) > MAX_METHODS:
        raise Unprocessable(f"more than {MAX_METHODS} keys under {name}")
    yield from entries


def _names(item: object) -> object:
    return item.get("id") if isinstance(item, dict) else item


def _absolute(name: object, controller: str) -> object:
    return f"{controller}{name}" if isinstance(name, str) and name.startswith("#") else name


def _check_in_use(method: Document, method_id: str, now: int) -> None:
    for name in ("revoked", "expires"):
        ended = method.get(name)
        if ended is None:
            continue
        try:
            instant = from_rfc3339(ended)
        except (ValueError, TypeError, OverflowError) as error:
            raise Unprocessable(
                f"the key {method_id} has the time {_show(ended)} as {name}, which can't be read"
            ) from error
        if instant <= now:
            raise Unprocessable(f"the key {method_id} is no longer in use ({name} {ended})")


def _document(did: str, fragment: str, kind: str, **key: object) -> Document:
    method = {"id": f"{did}#{fragment}", "type": kind, "controller": did, **key}
    return {"id": did, "verificationMethod": [method], "assertionMethod": [method["id"]]}


def _decode_jwk(text: str) -> dict[str, Any]:
    try:
        if len(text) > _MAX_JWK:
            raise Unprocessable(f"a did:jwk of more than {_MAX_JWK} characters")
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        return strict_json.loads(data, all_unique=True)
    except (binascii.Error, ValueError, Invalid) as error:
        raise Unprocessable(f"the did:jwk {text[:80]!r} can't be read") from error


def _is_identifier(text: str) -> bool:
    if text.startswith("did:"):
        return len(text.split(":")) > 2 and text.isprintable() and " " not in text
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None


def _require_object(value: object, name: str) -> Document:
    if not isinstance(value, dict):
        raise Unprocessable(f"{name} is not a JSON object")
    return value


def _show(value: object) -> str:
    return (
        repr(value[:200])
        if isinstance(value, str)
        else "nobody"
        if value is None
        else "something that is no text"
    )
