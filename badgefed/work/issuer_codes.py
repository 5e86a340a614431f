"""What is mailed to an issuer's address to prove it: a code to type and a link to follow, derived and stored nowhere."""

from __future__ import annotations

from badgefed.model.issuer import Issuer
from badgefed.protocol.sealing import codes_match, derive_code, derive_token, tokens_match
from badgefed.store.issuer_verifications import IssuerVerification
from badgefed.work.services import Services


def issuer_code(secret_key: str, verification: IssuerVerification) -> str:
    """As `sealing.derive_code` makes it."""
    return derive_code(secret_key, purpose="issuer-code", subject=verification.nonce)


def is_issuer_code(secret_key: str, verification: IssuerVerification, typed: str) -> bool:
    """Whether this is the code, however it was typed."""
    return codes_match(typed, issuer_code(secret_key, verification))


def _key(secret_key: str, verification: IssuerVerification) -> str:
    return derive_token(secret_key, purpose="issuer-link", subject=verification.nonce)


def link_opens(secret_key: str, verification: IssuerVerification | None, key: str) -> bool:
    """Whether it is the key of the verification's link. Takes the same time where there is no verification."""
    expected = (
        _key(secret_key, verification)
        if verification
        else derive_token(secret_key, purpose="none", subject="issuer-link")
    )
    return tokens_match(key, expected) and verification is not None


def verification_url(services: Services, issuer: Issuer, verification: IssuerVerification) -> str:
    """The link."""
    key = _key(services.settings.secret_key, verification)
    return services.addresses.verify_issuer(issuer.uuid, key)
