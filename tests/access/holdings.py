"""What the people of the access table hold for themselves: links, drafts, a badge from elsewhere, profiles, a follower."""

from __future__ import annotations

import base64
import hashlib
import json

from badgefed.issuing import accounts, holders, people, public_profiles
from badgefed.issuing.external_badges import import_badge
from badgefed.issuing.holders import Holder
from badgefed.issuing.public_profiles import Wanted
from badgefed.model.audit import SYSTEM
from badgefed.model.holder import HolderLinkKind
from badgefed.model.organization import Membership, Role
from badgefed.model.recipient import email_alias
from badgefed.model.session import LinkKind
from badgefed.model.times import DAY
from badgefed.store import account_links, bulk_drafts, picture_drafts
from badgefed.store.database import Transaction
from badgefed.store.holders import add_link
from badgefed.work.account_links import invitation_url, link_url
from badgefed.work.holder_links import hash_token
from badgefed.work.services import Services
from tests.access.things import ANN, JANE, SECRET, Names
from tests.conftest import World
from tests.issuers_api import picture
from tests.test_console_federation import follow, pause, send
from tests.verification.school import SALT, School

_ACTOR = "https://social.example/users/owner"
HOLDER_LINK = "a-link-of-a-holder"
_PROFILE = Wanted(handle="ann", name="Ann", bio="", links=[], is_public=True, is_indexed=True)


async def enter(services: Services, email: str) -> tuple[str, Holder]:
    """A session of whoever has the badges of this address."""
    now, database = services.clock(), services.database
    token = await database.write(
        lambda tx: holders.sign_in_proved(tx, email_alias(email), None, adds_to=None, now=now)
    )
    session = await holders.find_session(database, token, now=now)
    assert session is not None
    return token, await holders.load_holder(database, session.holder_id)


async def hold(services: Services, world: World, school: School) -> Names:
    """Jane has a badge from the school, Ann a public profile, the owner a file and a picture in forms that aren't sent yet."""
    _, jane = await enter(services, JANE)
    _, ann = await enter(services, ANN)
    brought = await import_badge(services, jane, json.dumps(_granted_to_jane(school)))
    now, by = services.clock(), {"organization_id": world.organization.id, "user_id": world.owner.id}
    rows = f"email\nlou@{SECRET}\n".encode()

    async def keep(tx: Transaction) -> tuple[str, str]:
        await public_profiles.save(tx, ann, _PROFILE, now=now)
        draft = await bulk_drafts.replace_draft(tx, badge=str(world.badge.id), data=rows, now=now, **by)
        image = await picture_drafts.replace_draft(tx, data=base64.b64decode(picture()), now=now, **by)
        await accounts.link_profile(tx, world.owner, actor_id=_ACTOR, handle=None, by=SYSTEM, now=now)
        return draft.uuid, image

    await follow(services, world, "fan")
    await send(services, world, "down.example")
    await pause(services, "down.example")
    file, image = await services.database.write(keep)
    return {
        "/me/imported": {"uuid": brought},
        "/u/{handle}": {"handle": _PROFILE.handle},
        "/console/o/{organization}/lists/drafts": {"uuid": file},
        "/console/o/{organization}/pictures": {"uuid": image},
        **await _send_links(services, world),
    }


def _granted_to_jane(school: School) -> dict[str, object]:
    document = school.unsigned()
    [identity] = document["credentialSubject"]["identifier"]
    identity["identityHash"] = f"sha256${hashlib.sha256((JANE + SALT).encode()).hexdigest()}"
    return school.sign(document)


async def _send_links(services: Services, world: World) -> Names:
    """One that signs the owner in, one that signs a recipient in, and an invitation."""
    now, owner = services.clock(), Membership(organization=world.organization, role=Role.OWNER)

    async def add(tx: Transaction) -> Names:
        link = await account_links.add_link(tx, LinkKind.SIGN_IN, user_id=world.owner.id, email=None, now=now)
        assert link is not None
        invitation = await people.invite(
            tx, owner, email=f"ivy@{SECRET}", role=Role.ISSUER, by=SYSTEM, name="Pat", now=now
        )
        await add_link(
            tx,
            token_hash=hash_token(HOLDER_LINK),
            alias=email_alias(JANE),
            holder_id=None,
            kind=HolderLinkKind.SIGN_IN,
            expires_at=now + DAY,
            now=now,
        )
        return {
            "/console/link": _ends(link_url(services, link)),
            "/console/invitation": _ends(invitation_url(services, invitation)),
            "/me/link": {"token": HOLDER_LINK},
        }

    return await services.database.write(add)


def _ends(url: str) -> dict[str, str]:
    uuid, key = url.split("/")[-2:]
    return {"uuid": uuid, "key": key}
