"""The addresses of links that are mailed to people with an account. Their secrets are derived and stored nowhere."""

from __future__ import annotations

from badgefed.model.organization import Invitation
from badgefed.model.session import AccountLink
from badgefed.protocol.sealing import derive_token, tokens_match
from badgefed.work.services import Services


def link_key(secret_key: str, uuid: str) -> str:
    """The secret of an account link."""
    return derive_token(secret_key, purpose="account-link", subject=uuid)


def link_opens(secret_key: str, uuid: str, key: str) -> bool:
    return tokens_match(key, link_key(secret_key, uuid))


def link_url(services: Services, link: AccountLink) -> str:
    key = link_key(services.settings.secret_key, link.uuid)
    return f"{services.addresses.base}/console/link/{link.uuid}/{key}"


def invitation_key(secret_key: str, uuid: str) -> str:
    """The secret of an invitation."""
    return derive_token(secret_key, purpose="invitation", subject=uuid)


def invitation_opens(secret_key: str, uuid: str, key: str) -> bool:
    return tokens_match(key, invitation_key(secret_key, uuid))


def invitation_url(services: Services, invitation: Invitation) -> str:
    key = invitation_key(services.settings.secret_key, invitation.uuid)
    return f"{services.addresses.base}/console/invitation/{invitation.uuid}/{key}"
