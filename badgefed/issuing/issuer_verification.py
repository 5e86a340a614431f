"""Proving that an issuer's e-mail address is its own: by a code, or by the link in the same mail.

An address that equals the one of the account is proved already.
"""

from __future__ import annotations

from badgefed.errors import Invalid, RateLimited
from badgefed.issuing.issuers import record_issuer
from badgefed.model.audit import SYSTEM, Action, Author, AuthorKind
from badgefed.model.issuer import Issuer
from badgefed.model.times import HOUR, SECOND
from badgefed.model.webhook import Event
from badgefed.store import issuer_verifications, issuers
from badgefed.store.database import Reader, Transaction
from badgefed.work import webhooks
from badgefed.work.account_mails import send_issuer_verification
from badgefed.work.issuer_codes import is_issuer_code, link_opens

WRONG_CODE = "invalid verification code"
VERIFIED_ALREADY = "issuer is verified already"
LETTERS_PER_HOUR = 60


async def begin(
    tx: Transaction, issuer: Issuer, *, account_email: str, by: Author = SYSTEM, now: int
) -> Issuer:
    """The issuer, verified at once, or with a fresh mail on its way: what was mailed before is worth nothing any more.

    Raises `RateLimited` after too many mails to one issuer, or from one organization, within an hour.
    """
    email = issuer.email or ""
    if email.lower() == account_email.lower():
        return await _verify(tx, issuer, email=email, by=by, now=now)
    sent = await issuer_verifications.count_recent(tx, issuer.organization_id, since=now - HOUR)
    verification = None
    if sent < LETTERS_PER_HOUR:
        verification = await issuer_verifications.replace_verification(tx, issuer, email=email, now=now)
    if verification is None:
        raise RateLimited("too many verification mails; try again in an hour", retry_after=HOUR // SECOND)
    await send_issuer_verification(tx, issuer.uuid, verification.nonce, now=now)
    return issuer


async def rotate(tx: Transaction, issuer: Issuer, *, account_email: str, by: Author, now: int) -> None:
    """Sends a new code and a new link. Raises `Invalid` for a verified issuer, `RateLimited` as `begin`."""
    if issuer.is_verified:
        raise Invalid(VERIFIED_ALREADY, field="issuerId")
    await record_issuer(tx, Action.ISSUER_SEND_CODE, issuer, by=by, now=now)
    await begin(tx, issuer, account_email=account_email, by=by, now=now)


async def confirm_code(
    tx: Transaction, issuer: Issuer, typed: str, *, secret_key: str, by: Author, now: int
) -> bool:
    """Whether the issuer is verified now. A wrong code counts, so commit; five of them make the right one worthless."""
    if issuer.is_verified:
        return True
    verification = await issuer_verifications.count_try(tx, issuer.id, now=now)
    if verification is None:  # worth nothing any more; or the right code came twice, and this is the second
        return (await issuers.get_issuer(tx, issuer.id)).is_verified
    if not is_issuer_code(secret_key, verification, typed):
        return False
    return (await _verify(tx, issuer, email=verification.email, by=by, now=now)).is_verified


async def confirm_link(
    tx: Transaction, issuer_uuid: str, key: str, *, secret_key: str, now: int
) -> Issuer | None:
    """The issuer, verified by the link's key; None for every link that opens nothing (any more)."""
    issuer = await find_by_link(tx, issuer_uuid, key, secret_key=secret_key, now=now)
    if issuer is None:
        return None
    by = Author(kind=AuthorKind.SYSTEM, label=issuer.email or "")
    verified = await _verify(tx, issuer, email=issuer.email or "", by=by, now=now)
    return verified if verified.is_verified else None


async def find_by_link(
    reader: Reader, issuer_uuid: str, key: str, *, secret_key: str, now: int
) -> Issuer | None:
    """The unverified issuer whose link has this key."""
    issuer = await issuers.find_issuer_by_uuid(reader, issuer_uuid)
    verification = await issuer_verifications.find_verification(reader, issuer.id if issuer else 0, now=now)
    return issuer if link_opens(secret_key, verification, key) else None


async def _verify(tx: Transaction, issuer: Issuer, *, email: str, by: Author, now: int) -> Issuer:
    """As it is, where the address was changed in the same instant."""
    verified = await issuers.set_verified(tx, issuer.id, email=email, now=now)
    if verified is None:
        return issuer
    await issuer_verifications.delete_verification(tx, issuer.id)
    await record_issuer(tx, Action.ISSUER_VERIFY, verified, by=by, now=now, details={"email": email})
    await webhooks.emit_issuer(tx, Event.ISSUER_VERIFIED, verified, now=now)
    return verified
