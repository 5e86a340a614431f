"""HTTP signatures of either scheme: reading, verifying and making them.

The key has to be fetched between reading and verifying: `parse` the request, `check` what needs no key, fetch the key
of `Signature.key_id`, `verify`. That the key's owner is the activity's actor is for the caller to say.
"""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from badgefed.errors import Invalid, SignatureRejected
from badgefed.protocol import http_signatures, keys, message_signatures
from badgefed.protocol.message_signatures import accept_signature
from badgefed.protocol.signed_request import (
    Authorities,
    InboundRequest,
    OutboundRequest,
    Scheme,
    Signature,
    require_host,
)

__all__ = [
    "Authorities",
    "InboundRequest",
    "OutboundRequest",
    "Scheme",
    "Signature",
    "accept_signature",
    "check",
    "parse",
    "sign",
    "verify",
    "verify_checked",
]


def parse(request: InboundRequest) -> Signature:
    """The request's only signature, well-formed and covering all that it must. Raises `SignatureRejected`."""
    request.require_wellformed()
    if "signature-input" in request.headers:
        return message_signatures.parse(request)
    if "signature" in request.headers:
        return http_signatures.parse(request)
    raise SignatureRejected("missing", "The request is not signed.")


def check(signature: Signature, request: InboundRequest, *, authorities: Authorities, now: float) -> None:
    """All that `verify` checks without the key: our host, the time, the body's digest. Raises `SignatureRejected`.

    Worth calling before a key is fetched. `now` in seconds since 1970.
    """
    require_host(request, authorities)
    if signature.scheme == "rfc9421":
        message_signatures.check(signature, request, now=now)
    else:
        http_signatures.check(signature, request, now=now)


def verify(
    signature: Signature,
    request: InboundRequest,
    public_key: keys.PublicKey,
    *,
    authorities: Authorities,
    now: float,
) -> None:
    """That the key made the signature of `parse(request)` for this request, to us, in time.

    Raises `SignatureRejected`. `now` in seconds since 1970.
    """
    check(signature, request, authorities=authorities, now=now)
    verify_checked(signature, request, public_key, authorities=authorities)


def verify_checked(
    signature: Signature,
    request: InboundRequest,
    public_key: keys.PublicKey,
    *,
    authorities: Authorities,
) -> None:
    """What of `verify` needs the key, for a request that went through `check`. Raises `SignatureRejected`."""
    digests = _digests(signature, public_key)
    if signature.scheme == "rfc9421":
        texts = message_signatures.signature_bases(signature, request, authorities)
    else:
        texts = http_signatures.signing_strings(signature, request, authorities)
    for text in texts:
        for digest in digests:
            if keys.verify(public_key, signature.value, text, digest=digest):
                return
    raise SignatureRejected("mismatch", "The signature does not verify with the key.")


def sign(
    request: OutboundRequest, *, scheme: Scheme, key_id: str, private_key: keys.PrivateKey, now: float
) -> dict[str, str]:
    """The headers to send with the request, the signature among them. `now` in seconds since 1970."""
    if scheme == "rfc9421":
        return message_signatures.sign(request, key_id=key_id, private_key=private_key, now=now)
    if not isinstance(private_key, RSAPrivateKey):
        raise Invalid("draft-cavage signatures need an RSA key")
    return http_signatures.sign(request, key_id=key_id, private_key=private_key, now=now)


def _digests(signature: Signature, public_key: keys.PublicKey) -> tuple[hashes.HashAlgorithm, ...]:
    """The key decides the algorithm, and a stated one must agree; only hs2019 leaves the hash open."""
    if isinstance(public_key, RSAPublicKey):
        agreeing = {"rsa-sha256", "hs2019", message_signatures.RSA, None}
    else:
        agreeing = {"hs2019", message_signatures.ED25519, None}
    if signature.algorithm not in agreeing:
        raise SignatureRejected("algorithm", "The stated algorithm does not fit the key.")
    if (
        isinstance(public_key, RSAPublicKey)
        and signature.scheme == "cavage"
        and signature.algorithm != "rsa-sha256"
    ):
        return (keys.SHA256, keys.SHA512)
    return (keys.SHA256,)
