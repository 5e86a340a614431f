"""What the link previews of badges and awards show, and where they are."""

from __future__ import annotations

from badgefed.model.addresses import Addresses
from badgefed.model.badge import Badge
from badgefed.model.image import Image
from badgefed.model.issuer import Issuer
from badgefed.protocol.share_card import Card
from badgefed.texts import Translate, untranslated
from badgefed.web.people import Person


def badge_card(
    badge: Badge,
    issuer: Issuer,
    image: Image,
    addresses: Addresses,
    *,
    recipient: Person | None = None,
    translate: Translate = untranslated,
) -> Card:
    """Of a badge, or of its award to a recipient. Somebody who is known by an address alone stays unnamed."""
    name = (recipient.name or recipient.handle) if recipient else None
    return Card(
        image=image.sha256,
        colour=issuer.colour,
        kind=translate(badge.badge_type),
        title=badge.title,
        recipient=(translate("Awarded to"), name) if name else None,
        issuer=(translate("Issued by"), issuer.name),
        host=addresses.host,
    )
