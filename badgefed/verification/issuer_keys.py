"""Who may speak for an issuer: keys count only if the issuer's own document lists them for making statements.

- `did:key` and `did:jwk` are their own key.
- `did:web` and https issuers: the document at their address has the issuer's id and lists the key under `assertionMethod`,
  as its own. A redirect to another host does not count.
- A JWT's `kid` that leads to a lone JWK, and a `jwk` in its header, say nothing by themselves: anybody can publish a key.
  They count if the issuer's document lists the same key. A JWK on the issuer's own host that the issuer does not list is
  neither believed nor called false: who may write there isn't known.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from badgefed.errors import AddressRefused, BadgefedError, CannotCheck, FetchFailed, Invalid, Unprocessable
from badgefed.net import media_types
from badgefed.protocol import did_documents, dids, verification_keys
from badgefed.protocol.jose import Jws
from badgefed.protocol.plain_terms import listed
from badgefed.protocol.verification_keys import VerificationKey
from badgefed.texts import say
from badgefed.verification.inquiry import Inquiry, is_certain
from badgefed.verification.known_issuers import host_of_issuer
from badgefed.verification.members import web_only
from badgefed.verification.results import Check, CheckName, failed, passed, unchecked
from badgefed.verification.sources import read_object, require_present

RELATIONSHIP = "assertionMethod"
DID_TYPES = (
    "application/did+json, application/did+ld+json, application/did, application/ld+json, application/json"
)

_NAME = CheckName.ISSUER_IDENTITY


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerKey:
    """The key that a signature names, None if it can't be had, and whether it is the issuer's."""

    key: VerificationKey | None
    identity: Check


async def find_key(inquiry: Inquiry, issuer_id: str | None, method_id: str) -> IssuerKey:
    """The key behind a verification method (a DID URL, or an https URL)."""
    if issuer_id is None:
        return _refused(_key_in(method_id), "the credential names no issuer")
    try:
        _check_controller(issuer_id, method_id)
        document = await _controller_document(inquiry, issuer_id)
    except (FetchFailed, CannotCheck) as error:
        return _unreachable(_key_in(method_id), issuer_id, error)
    except BadgefedError as error:
        return _refused(_key_in(method_id), str(error))
    try:
        key = await _read_key(inquiry, document, issuer_id, method_id)
    except (FetchFailed, CannotCheck) as error:
        return IssuerKey(key=None, identity=_unknown(str(error)))
    except BadgefedError as error:
        return _refused(_key_in(method_id), str(error))
    return IssuerKey(key=key, identity=_proved(issuer_id, method_id))


async def find_token_key(inquiry: Inquiry, issuer_id: str | None, signed: Jws) -> IssuerKey:
    """The key of a JWT: its `kid` as a verification method, else the JWK that it carries or leads to."""
    kid = signed.kid
    if kid is not None and (kid.startswith("did:") or "#" in kid):
        return await find_key(inquiry, issuer_id, _absolute(kid, issuer_id))
    try:
        jwk = signed.jwk or (await _fetch_jwk(inquiry, kid) if kid is not None else None)
        if jwk is None:
            return IssuerKey(key=None, identity=_unknown("the token's header has neither kid nor jwk"))
        key = await asyncio.to_thread(verification_keys.from_jwk, jwk)
    except (FetchFailed, CannotCheck) as error:
        return IssuerKey(key=None, identity=_unknown(str(error)))
    except BadgefedError as error:
        return _refused(None, str(error))
    return IssuerKey(key=key, identity=await _check_bare_key(inquiry, issuer_id, key, kid))


async def _check_bare_key(
    inquiry: Inquiry, issuer_id: str | None, key: VerificationKey, kid: str | None
) -> Check:
    if issuer_id is None:
        return _refused(key, "the credential names no issuer").identity
    try:
        document = await _controller_document(inquiry, issuer_id)
        if await asyncio.to_thread(_lists, document, issuer_id, key, inquiry.now):
            return _proved(issuer_id, kid or "jwk")
    except (FetchFailed, CannotCheck) as error:
        return _unreachable(key, issuer_id, error).identity
    except BadgefedError as error:
        return _refused(key, str(error)).identity
    detail = f"{issuer_id} does not list the key{f' at {kid}' if kid else ' in the header'}"
    host = host_of_issuer(issuer_id)
    if kid is not None and web_only(kid) and host and host_of_issuer(kid) == host:
        sentence = say(
            "The key lies on the issuer's own server, but the issuer does not say that it is its key."
        )
        return unchecked(_NAME, sentence, detail)
    return _refused(key, detail).identity


async def _controller_document(inquiry: Inquiry, issuer_id: str) -> Mapping[str, Any]:
    """The document in which the issuer lists its keys. Raises FetchFailed, CannotCheck, or Unprocessable for what is no issuer."""
    derived = await asyncio.to_thread(did_documents.derive, issuer_id)
    if derived is not None:
        return derived
    addresses = inquiry.services.addresses
    if issuer_id.startswith(addresses.did("")):
        url = addresses.did_document(issuer_id.removeprefix(addresses.did("")))
    elif issuer_id.startswith("did:web:"):
        return await _fetch_did_web(inquiry, issuer_id)
    elif web_only(issuer_id):
        url = issuer_id
    elif issuer_id.startswith("did:"):
        raise CannotCheck(f"the method of {issuer_id[:200]} is none that is known here (web, key, jwk)")
    else:
        raise Unprocessable(
            f"nobody can prove to be {issuer_id[:200]}: it is neither a DID nor a web address"
        )
    return await _fetch_own(inquiry, url)


async def _fetch_did_web(inquiry: Inquiry, did: str) -> Mapping[str, Any]:
    """Over https as did:web wants it; where private networks are let in, peers without https are asked as well."""
    try:
        url = dids.resolve_did_web(did)
    except Invalid as error:
        raise Unprocessable(str(error)) from error
    try:
        return await _fetch_own(inquiry, url)
    except FetchFailed:
        if not inquiry.services.settings.allow_private_network:
            raise
    return await _fetch_own(inquiry, f"http{url.removeprefix('https')}")


async def _fetch_own(inquiry: Inquiry, url: str) -> Mapping[str, Any]:
    found = require_present(await inquiry.sources.get(url, accept=DID_TYPES, content_types=media_types.JSON))
    if found.is_elsewhere:
        raise FetchFailed("redirects", f"{url} redirects to another host, which can't speak for it.")
    return await read_object(found.body, url)


def _check_controller(issuer_id: str, method_id: str) -> None:
    """A key of somebody else needs no asking. A web address may be that of a key with a document of its own."""
    controller = did_documents.controller_of(method_id)
    if controller != issuer_id and not (web_only(method_id) and web_only(issuer_id)):
        raise Unprocessable(f"the key belongs to {controller[:200]}, not to the issuer {issuer_id[:200]}")


async def _read_key(
    inquiry: Inquiry, document: Mapping[str, Any], issuer_id: str, method_id: str
) -> VerificationKey:
    if did_documents.controller_of(method_id) != issuer_id:
        return await _linked_key(inquiry, document, issuer_id, method_id)
    return await asyncio.to_thread(
        did_documents.find_method, document, method_id, now=inquiry.now, relationship=RELATIONSHIP
    )


async def _linked_key(
    inquiry: Inquiry, document: Mapping[str, Any], issuer_id: str, method_id: str
) -> VerificationKey:
    """A key of an https issuer that has an address of its own."""
    key_document = await _fetch_own(inquiry, method_id)
    return await asyncio.to_thread(
        did_documents.find_linked_key,
        key_document,
        document,
        key_id=method_id,
        owner=issuer_id,
        now=inquiry.now,
        relationship=RELATIONSHIP,
    )


async def _fetch_jwk(inquiry: Inquiry, kid: str) -> Mapping[str, Any]:
    if web_only(kid) is None:
        raise CannotCheck(f"the kid {kid[:200]!r} is neither a DID URL nor a web address")
    found = await inquiry.sources.get(
        kid,
        accept="application/jwk+json, application/json",
        content_types=("application/jwk+json", *media_types.JSON),
    )
    return await read_object(require_present(found).body, kid)


def _lists(document: Mapping[str, Any], issuer_id: str, key: VerificationKey, now: int) -> bool:
    return any(own.public_key == key.public_key for own in _own_keys(document, issuer_id, now))


def _own_keys(document: Mapping[str, Any], issuer_id: str, now: int) -> Iterator[VerificationKey]:
    """The keys with which the issuer makes statements, those apart that can't be used here."""
    for item in listed(document.get(RELATIONSHIP))[: did_documents.MAX_METHODS]:
        name = item.get("id") if isinstance(item, dict) else item
        if not isinstance(name, str):
            continue
        try:
            yield did_documents.find_method(document, _absolute(name, issuer_id), now=now)
        except Unprocessable:
            continue


def _absolute(method_id: str, issuer_id: str | None) -> str:
    return f"{issuer_id}{method_id}" if method_id.startswith("#") and issuer_id else method_id


def _key_in(method_id: str) -> VerificationKey | None:
    """The key that the method's own id spells out: with it the signature can be checked, whoever it belongs to."""
    controller, _, fragment = method_id.partition("#")
    for text in (fragment, controller.removeprefix("did:key:")):
        try:
            return verification_keys.from_multikey(text)
        except Unprocessable:
            continue
    return None


def _proved(issuer_id: str, method_id: str) -> Check:
    host = host_of_issuer(issuer_id)
    if host:
        return passed(
            _NAME, say("The key with which it was signed is the issuer's (%(host)s).", host=host), method_id
        )
    return passed(
        _NAME,
        say("The issuer is the holder of this key; the key says nothing about a name or an organization."),
        method_id,
    )


def _refused(key: VerificationKey | None, detail: str) -> IssuerKey:
    sentence = say("The key with which it was signed is not the issuer's. Anybody could have made this.")
    return IssuerKey(key=key, identity=failed(_NAME, sentence, detail))


def _unknown(detail: str) -> Check:
    return unchecked(_NAME, say("Whether the key is the issuer's can't be found out."), detail)


def _unreachable(key: VerificationKey | None, issuer_id: str, error: BadgefedError) -> IssuerKey:
    detail = f"{issuer_id}: {error}"
    if isinstance(error, FetchFailed) and is_certain(error):
        sentence = say("The issuer publishes no keys (any more), so nobody can tell whether this is its key.")
    elif isinstance(error, AddressRefused):
        sentence = say("The issuer's address is none that can be asked from here.")
    else:
        sentence = say("The issuer could not be asked whether this is its key. Try again later.")
    return IssuerKey(key=key, identity=unchecked(_NAME, sentence, detail))
