"""The world of the access table: one organization with something of everything, and all kinds of people who come to its doors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from badgefed.issuing import api_sessions, holders, sessions
from badgefed.issuing.api_keys import SCOPES, create_key
from badgefed.issuing.organizations import create_user
from badgefed.issuing.people import set_active
from badgefed.model.audit import SYSTEM
from badgefed.model.organization import Dialect, Role, User
from badgefed.model.recipient import email_alias
from badgefed.model.session import SignInMethod
from badgefed.model.session import Visitor as Browser
from badgefed.store.database import Transaction
from badgefed.work.services import Services
from tests.access.things import JANE, Names, fill, offer
from tests.api import make_stranger
from tests.conftest import World
from tests.world import Mailbox

_BROWSER = Browser(device="tests", network="192.0.2.9")


class Who(StrEnum):
    """`unscoped`: a key of the owner that lacks what the route asks for. `foreign`: another organization's owner, or holder."""

    NOBODY = "nobody"
    WRONG = "wrong"
    UNSCOPED = "unscoped"
    FOREIGN = "foreign"
    DEACTIVATED = "deactivated"
    VIEWER_SESSION = "viewer's session"
    VIEWER_TOKEN = "viewer's token"
    VIEWER_KEY = "viewer's key"
    OWNER = "owner"


@dataclass(frozen=True, kw_only=True)
class Pass:
    """What somebody shows at a door."""

    name: str = "nobody"
    key: str | None = None
    token: str | None = None
    session: str | None = None
    holder_session: str | None = None


@dataclass(frozen=True, kw_only=True)
class Scene:
    """`names`: what the routes' parameters stand for, by the route's beginning; `unscoped`: keys by the scope they lack."""

    names: Names
    passes: dict[Who, Pass]
    unscoped: dict[str, Pass]


async def make_scene(services: Services, world: World, mailbox: Mailbox) -> Scene:
    """Fills the store."""
    other = await make_stranger(services, world)
    viewer = await _add(services, world, "viewer@secret.example", Role.VIEWER)
    gone = await _add(services, world, "gone@secret.example", Role.OWNER)
    passes = {
        Who.NOBODY: Pass(),
        Who.WRONG: Pass(key="0" * 64, token="a.b.c", session="forged", holder_session="forged"),
        Who.FOREIGN: await _admit(services, other.owner, key=other.key),
        Who.DEACTIVATED: await _admit(services, gone),
        Who.OWNER: await _admit(services, world.owner, key=world.key),
    }
    of_viewer = await _admit(services, viewer)
    passes[Who.VIEWER_SESSION] = Pass(session=of_viewer.session)
    passes[Who.VIEWER_TOKEN] = Pass(token=of_viewer.token)
    passes[Who.VIEWER_KEY] = Pass(key=of_viewer.key)
    unscoped = {}
    for scope in SCOPES:
        others = tuple(one for one in SCOPES if one != scope)
        unscoped[scope] = Pass(key=await _make_key(services, world.owner, scopes=others))
    names = await fill(services, world, passes[Who.OWNER].key or "", mailbox)
    await offer(services, other, "them@example.net")
    for who, email in ((Who.FOREIGN, "them@example.net"), (Who.OWNER, JANE)):
        passes[who] = replace(passes[who], holder_session=await _hold(services, email))
    passes = {who: replace(one, name=who.replace(" ", "-").replace("'", "")) for who, one in passes.items()}
    await set_active(services, gone.email, is_active=False, by=SYSTEM)
    return Scene(names=names, passes=passes, unscoped=unscoped)


async def _add(services: Services, world: World, email: str, role: Role) -> User:
    return await create_user(services, email=email, organization=world.organization, role=role)


async def _make_key(services: Services, user: User, *, scopes: tuple[str, ...] = ()) -> str:
    new = await create_key(
        services, email=user.email, name="Secret key", dialect=Dialect.BADGES, scopes=scopes, rate=0
    )
    return new.key


async def _admit(services: Services, user: User, *, key: str | None = None) -> Pass:
    now = services.clock()

    async def enter(tx: Transaction) -> str:
        return await sessions.sign_in(tx, user, method=SignInMethod.LINK, visitor=_BROWSER, now=now)

    return Pass(
        key=key or await _make_key(services, user),
        token=api_sessions.make_token(services, user, None, now=now),
        session=await services.database.write(enter),
    )


async def _hold(services: Services, email: str) -> str:
    """A session of whoever has the badges of this address."""
    now = services.clock()
    return await services.database.write(
        lambda tx: holders.sign_in_proved(tx, email_alias(email), None, adds_to=None, now=now)
    )
