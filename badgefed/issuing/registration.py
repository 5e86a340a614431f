"""Issuers that people register themselves: under a username of their choice, once their e-mail address is proved."""

from __future__ import annotations

from badgefed.errors import Invalid
from badgefed.issuing import issuer_verification, issuers, quotas
from badgefed.issuing.issuers import NewIssuer, PreparedIssuer
from badgefed.model.audit import Author
from badgefed.model.issuer import Issuer
from badgefed.store.database import Transaction
from badgefed.work.services import Services


async def prepare_registration(services: Services, new: NewIssuer) -> PreparedIssuer:
    """As `issuers.prepare`; raises `Invalid` for an issuer without an e-mail address too."""
    if not new.email:
        raise Invalid("An issuer needs an e-mail address, which is proved by a code.", field="email")
    return await issuers.prepare(services, new)


async def register(
    tx: Transaction,
    services: Services,
    organization_id: int,
    prepared: PreparedIssuer,
    *,
    account_email: str,
    by: Author,
) -> Issuer:
    """An issuer that is verified at once by the account's own address, and by a mail to any other.

    Raises `Conflict` if the username is or was taken, `Forbidden` where the plan has no more issuers, `RateLimited` as
    `issuer_verification.begin`.
    """
    await quotas.check_issuers(tx, organization_id)
    issuer = await issuers.add_issuer(tx, services, organization_id, prepared, is_verified=False, by=by)
    return await issuer_verification.begin(
        tx, issuer, account_email=account_email, by=by, now=services.clock()
    )
