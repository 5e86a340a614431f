"""Accept links: who holds one may accept or decline the grant.

The secret in a link is derived from the grant and the channel that the link is sent through, so it is stored nowhere and an
acceptance tells which channel it came by. It is worth nothing once the grant is not pending any more.
"""

from __future__ import annotations

from collections.abc import Callable

from badgefed.model.grant import Grant, ProofKind
from badgefed.protocol.sealing import derive_token, tokens_match
from badgefed.work.services import Services

CHANNELS = (ProofKind.LINK, ProofKind.MAIL_LINK, ProofKind.DIRECT_MESSAGE_LINK)
NOBODY = "00000000-0000-0000-0000-000000000000"


def accept_key(secret_key: str, grant: Grant, channel: ProofKind) -> str:
    """The secret for one of `CHANNELS`."""
    return _accept_key(secret_key, grant.uuid, channel)


def _accept_key(secret_key: str, uuid: str, channel: ProofKind) -> str:
    return derive_token(secret_key, purpose="accept", subject=f"{channel}:{uuid}")


def channel_of(secret_key: str, grant: Grant | None, key: str) -> ProofKind | None:
    """Which channel's link this key is from; None if it is no key of this grant, or if there is no grant.

    Takes the same time in each case.
    """
    uuid = grant.uuid if grant else NOBODY
    found = None
    for channel in CHANNELS:
        if tokens_match(key, _accept_key(secret_key, uuid, channel)):
            found = channel
    return found if grant else None


def accept_url(services: Services, grant: Grant, channel: ProofKind) -> str:
    """The link to send through a channel."""
    return services.addresses.accept(grant.id, accept_key(services.settings.secret_key, grant, channel))


def unsubscribe_key(secret_key: str, grant: Grant) -> str:
    """The secret in the link that stops reminders to the grant's e-mail address."""
    return derive_token(secret_key, purpose="unsubscribe", subject=grant.uuid)


def unsubscribe_url(services: Services, grant: Grant) -> str:
    """The link of a reminder's List-Unsubscribe header (RFC 8058)."""
    return f"{services.addresses.base}/unsubscribe/{grant.id}/{unsubscribe_key(services.settings.secret_key, grant)}"


def manage_key(secret_key: str, grant: Grant) -> str:
    """The secret of the recipient's own page about a grant that they have answered."""
    return derive_token(secret_key, purpose="manage", subject=grant.uuid)


def manage_url(services: Services, grant: Grant) -> str:
    """The recipient's own page."""
    return f"{services.addresses.base}/grants/{grant.id}/{manage_key(services.settings.secret_key, grant)}"


def opens(secret_key: str, grant: Grant | None, key: str, key_of: Callable[[str, Grant], str]) -> bool:
    """Whether `key` is what `key_of` makes for the grant. Takes the same time where there is no grant."""
    expected = (
        key_of(secret_key, grant) if grant else derive_token(secret_key, purpose="none", subject=NOBODY)
    )
    return tokens_match(key, expected) and grant is not None
