"""Sessions of programs that act for a person: tokens that live for a quarter of an hour, signed with a key that changes daily.

A token is a JWT (RFC 7519, HS256). The key of a day is derived from the server's secret key and stored nowhere; yesterday's
is accepted as long as one of its tokens may live. Nothing in a token is believed but who it is for: user, role and
organization are read anew with each request, and a changed password ends all tokens.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from badgefed.errors import Forbidden, NotFound, Unauthenticated
from badgefed.issuing.sessions import check_password, record_for_user
from badgefed.model.audit import Action, Author, author_of_user
from badgefed.model.identifiers import new_uuid
from badgefed.model.organization import Membership, Permission, User, may
from badgefed.model.times import DAY, MINUTE, SECOND
from badgefed.protocol.sealing import derive_token, tokens_match
from badgefed.store import members, users
from badgefed.store.database import Reader, Transaction
from badgefed.work.services import Services

LIFETIME = 15 * MINUTE
ALGORITHM = "HS256"
AUDIENCE = "badgefed-api"
MAX_TOKEN = 2_000

BAD_SIGN_IN = "Wrong e-mail address or password."
BAD_TOKEN = "This token is not valid (any more); get a new one by POST /api/auth/login."  # noqa: S105 - a sentence
NO_ORGANIZATION = "There is no such organization."
NOT_ALLOWED = "Your role in this organization does not allow that."
SUSPENDED = "This organization is suspended: it can only be looked at."


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A user with the organizations that they belong to, as it is now."""

    user: User
    memberships: tuple[Membership, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A new session. `token` is shown to nobody but its owner; it ends at `expires_at`, in microseconds."""

    token: str
    expires_at: int
    person: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who makes a request by a session; `membership` is in the organization that the request is about, if it is about one."""

    person: Person
    membership: Membership | None
    author: Author


async def sign_in(services: Services, email: str, password: str, *, network: str) -> Opened:
    """A session for who knows the password. The same answer, after the same time, whatever is wrong.

    Raises `Unauthenticated`; `RateLimited`, `Unavailable` as `sessions.check_password`, which counts the guesses of all doors.
    """
    try:
        user = await check_password(services, email=email, password=password, network=network)
    except Unauthenticated as error:
        raise Unauthenticated(BAD_SIGN_IN) from error
    now = services.clock()
    by = author_of_user(user, network)

    async def open_session(tx: Transaction) -> tuple[Person, str | None]:
        await record_for_user(tx, Action.SESSION_SIGN_IN, user, by=by, now=now, method="api")
        return await _person(tx, user), await users.find_password_hash(tx, user.id)

    person, password_hash = await services.database.write(open_session)
    token = make_token(services, user, password_hash, now=now)
    return Opened(token=token, expires_at=now + LIFETIME, person=person)


async def _person(reader: Reader, user: User) -> Person:
    return Person(user=user, memberships=tuple(await members.list_memberships(reader, user.id)))


def make_token(services: Services, user: User, password_hash: str | None, *, now: int) -> str:
    """A token for the user, as of `now`."""
    day = now // DAY
    claims = {
        "iss": services.addresses.base,
        "aud": AUDIENCE,
        "sub": user.uuid,
        "iat": now // SECOND,
        "exp": (now + LIFETIME) // SECOND,
        "jti": new_uuid(now),
        "pwd": _stamp(services, user, password_hash),
    }
    header = {"alg": ALGORITHM, "kid": str(day)}
    return jwt.encode(header, claims, _key(services, day), algorithms=[ALGORITHM])


def _key(services: Services, day: int) -> OctKey:
    secret = services.settings.secret_key
    halves = (derive_token(secret, purpose="api-session", subject=f"{day}:{half}") for half in (1, 2))
    return OctKey.import_key("".join(halves))


def _stamp(services: Services, user: User, password_hash: str | None) -> str:
    """Changes with the password."""
    subject = f"{user.uuid}:{password_hash or ''}"
    return derive_token(services.settings.secret_key, purpose="api-session-stamp", subject=subject)


async def authenticate(services: Services, token: str, *, network: str) -> Caller:
    """Whose token this is. Raises `Unauthenticated` for one that is false, over, or of a user who may not sign in any more."""
    claims = _read_token(services, token)

    async def load(reader: Reader) -> tuple[Person, str | None] | None:
        user = await users.find_user_by_uuid(reader, str(claims.get("sub")))
        if user is None or not user.is_active:
            return None
        return await _person(reader, user), await users.find_password_hash(reader, user.id)

    found = await services.database.read(load)
    if found is None:
        raise Unauthenticated(BAD_TOKEN)
    person, password_hash = found
    if not tokens_match(str(claims.get("pwd")), _stamp(services, person.user, password_hash)):
        raise Unauthenticated(BAD_TOKEN)
    return Caller(person=person, membership=None, author=author_of_user(person.user, network))


def _read_token(services: Services, token: str) -> dict[str, Any]:
    """The claims of a token that we signed and that lives. Raises `Unauthenticated`."""
    now = services.clock()
    claims: dict[str, Any] | None = None
    for day in (now // DAY, (now - LIFETIME) // DAY):
        try:
            claims = jwt.decode(token[:MAX_TOKEN], _key(services, day), algorithms=[ALGORITHM]).claims
            break
        except (JoseError, ValueError):
            continue
    if claims is None or claims.get("aud") != AUDIENCE or claims.get("iss") != services.addresses.base:
        raise Unauthenticated(BAD_TOKEN)
    if not isinstance(claims.get("exp"), int) or claims["exp"] * SECOND <= now:
        raise Unauthenticated(BAD_TOKEN)
    return claims


def enter(caller: Caller, organization: str, permission: Permission) -> Membership:
    """The caller's membership in the organization with this UUID or slug.

    Raises `NotFound` for one that they don't belong to, as for one that isn't there; `Forbidden` where their role doesn't do.
    """
    wanted = organization.lower()
    for membership in caller.person.memberships:
        if wanted in (membership.organization.uuid, membership.organization.slug):
            break
    else:
        raise NotFound(NO_ORGANIZATION)
    if not may(membership.role, permission):
        raise Forbidden(NOT_ALLOWED)
    if not membership.organization.is_active and permission is not Permission.READ:
        raise Forbidden(SUSPENDED)
    return membership
