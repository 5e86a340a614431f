"""The world of the access table: one organization with something of everything, and all kinds of people who come to its doors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from badgefed.issuing import api_sessions, sessions
from badgefed.issuing.api_keys import SCOPES, create_key
from badgefed.issuing.organizations import create_user
from badgefed.issuing.people import set_active, set_operator
from badgefed.model.audit import SYSTEM
from badgefed.model.organization import Dialect, Role, User
from badgefed.model.session import SignInMethod
from badgefed.model.session import Visitor as Browser
from badgefed.model.times import DAY
from badgefed.store.database import Transaction
from badgefed.web.console.access import SESSION_COOKIE
from badgefed.web.cookies import sign_value
from badgefed.web.me.visits import COOKIE as HOLDER_COOKIE
from badgefed.work.services import Services
from tests.access.holdings import enter, hold
from tests.access.things import JANE, SECRET, Names, fill, offer
from tests.api import make_stranger
from tests.conftest import World
from tests.verification.school import School
from tests.world import Mailbox

YEAR = 365 * DAY
_BROWSER = Browser(device="tests", network="192.0.2.9")


ROLES = (Role.VIEWER, Role.ISSUER, Role.ADMIN, Role.OWNER)
"""From the least to the one that may do everything."""


class Who(StrEnum):
    """`unscoped`: a key of the owner that lacks what the route asks for. `foreign`: another organization's owner, or holder.

    At the end stand those who may do something, the least in front.
    """

    NOBODY = "nobody"
    WRONG = "wrong"
    UNSCOPED = "unscoped"
    FOREIGN = "foreign"
    DEACTIVATED = "deactivated"
    OPERATOR = "operator"
    VIEWER_SESSION = "viewer's session"
    VIEWER_TOKEN = "viewer's token"
    VIEWER_KEY = "viewer's key"
    ISSUER = "issuer"
    ADMIN = "admin"
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


async def make_scene(services: Services, world: World, mailbox: Mailbox, school: School) -> Scene:
    """Fills the store."""
    other = await make_stranger(services, world)
    of_viewer = await _join(services, world, Role.VIEWER)
    passes = {
        Who.NOBODY: Pass(),
        Who.WRONG: Pass(key="0" * 64, token="a.b.c", session="forged", holder_session="forged"),
        Who.FOREIGN: await _admit(services, other.owner, key=other.key),
        Who.DEACTIVATED: await _join(services, world, Role.OWNER, name="gone"),
        Who.OPERATOR: await _join(services, other, Role.VIEWER, name="operator"),
        Who.VIEWER_SESSION: Pass(session=of_viewer.session),
        Who.VIEWER_TOKEN: Pass(token=of_viewer.token),
        Who.VIEWER_KEY: Pass(key=of_viewer.key),
        Who.ISSUER: await _join(services, world, Role.ISSUER),
        Who.ADMIN: await _join(services, world, Role.ADMIN),
        Who.OWNER: await _admit(services, world.owner, key=world.key),
    }
    unscoped = {}
    for scope in SCOPES:
        others = tuple(one for one in SCOPES if one != scope)
        unscoped[scope] = Pass(key=await _make_key(services, world.owner, scopes=others))
    await services.database.write(lambda tx: tx.execute("UPDATE badges SET post_hashtags = 1"))
    names = await fill(services, world, world.key, mailbox)
    await offer(services, other, "them@example.net")
    for who, email in ((Who.FOREIGN, "them@example.net"), (Who.OWNER, JANE)):
        token, _ = await enter(services, email)
        passes[who] = replace(passes[who], holder_session=sign_value(services, HOLDER_COOKIE, token))
    later = f"UPDATE grants SET expires_at = {services.clock() + YEAR} + id"
    await services.database.write(lambda tx: tx.execute(later))
    names = {**names, **await hold(services, world, school)}
    passes = {who: replace(one, name=who.replace(" ", "-").replace("'", "")) for who, one in passes.items()}
    await set_active(services, f"gone@{SECRET}", is_active=False, by=SYSTEM)
    return Scene(names=names, passes=passes, unscoped=unscoped)


async def _join(services: Services, world: World, role: Role, *, name: str | None = None) -> Pass:
    """A new person; an operator's keys are no operator's."""
    email = f"{name or role}@{SECRET}"
    user = await create_user(services, email=email, organization=world.organization, role=role)
    if name != "operator":
        return await _admit(services, user)
    await set_operator(services, email, is_operator=True, by=SYSTEM)
    return replace(await _admit(services, user), key=None)


async def _make_key(services: Services, user: User, *, scopes: tuple[str, ...] = ()) -> str:
    new = await create_key(
        services, email=user.email, name="Secret key", dialect=Dialect.BADGES, scopes=scopes, rate=0
    )
    return new.key


async def _admit(services: Services, user: User, *, key: str | None = None) -> Pass:
    now = services.clock()

    async def enter_console(tx: Transaction) -> str:
        return await sessions.sign_in(tx, user, method=SignInMethod.LINK, visitor=_BROWSER, now=now)

    return Pass(
        key=key or await _make_key(services, user),
        token=api_sessions.make_token(services, user, None, now=now),
        session=sign_value(services, SESSION_COOKIE, await services.database.write(enter_console)),
    )
