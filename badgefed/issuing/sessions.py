"""Signing in and out of the console.

Nothing here tells whether an address has an account: neither by words, nor by the time that an answer takes.
"""

from __future__ import annotations

import secrets

from badgefed.errors import NotFound, RateLimited, Unauthenticated
from badgefed.issuing.passwords import password_fits
from badgefed.model.audit import Action, Author, Target, author_of_user
from badgefed.model.organization import User
from badgefed.model.recipient import check_email
from badgefed.model.session import LinkKind, SignedIn, SignInMethod, Visitor
from badgefed.model.times import MINUTE, SECOND
from badgefed.store import account_links, audit, members, sessions, throttles, users
from badgefed.store.database import Transaction
from badgefed.store.throttles import throttle_name
from badgefed.texts import N_, Message, say
from badgefed.work.account_mails import ask_for_link
from badgefed.work.services import Services

FREE_PER_ACCOUNT = 5
FREE_PER_NETWORK = 30
FREE_ASKS = 10
WRONG = N_("This address and this password don't belong together.")


async def sign_in(
    tx: Transaction,
    user: User,
    *,
    method: SignInMethod,
    visitor: Visitor,
    now: int,
    replaces: str | None = None,
) -> str:
    """The token of a new session, known to the caller alone; `replaces` is one that the browser brought, which ends.

    Raises `Unauthenticated` for a user who is deactivated.
    """
    if not user.is_active:
        raise Unauthenticated("This account is deactivated.")
    token = secrets.token_urlsafe(32)
    if replaces is not None:
        await sessions.end_session(tx, replaces)
    await sessions.add_session(tx, token=token, user_id=user.id, method=method, visitor=visitor, now=now)
    by = author_of_user(user, visitor.network)
    await record_for_user(tx, Action.SESSION_SIGN_IN, user, by=by, now=now, method=method)
    return token


async def record_for_user(
    tx: Transaction, action: Action, user: User, *, by: Author, now: int, **details: str | int | None
) -> None:
    """Writes into the log of each organization that the user belongs to; where there is none, into the server's."""
    memberships = await members.list_memberships(tx, user.id)
    concerned: list[int | None] = [one.organization.id for one in memberships]
    for organization_id in concerned or [None]:
        await audit.record(
            tx,
            by=by,
            action=action,
            target=Target(id=user.id, label=user.email),
            organization_id=organization_id,
            now=now,
            details=details,
        )


async def check_password(services: Services, *, email: str, password: str, network: str) -> User:
    """The active user with this address and password. Each try counts against both the address and the network.

    Raises `Unauthenticated`, `RateLimited`, `Unavailable`.
    """
    await _count_attempt(services, email=email, network=network)
    user = await users.find_user(services.database, email)
    password_hash = await users.find_password_hash(services.database, user.id if user else 0)
    fits = await password_fits(services, password, password_hash)
    if not fits or user is None or not user.is_active:
        raise Unauthenticated(WRONG)

    async def forget(tx: Transaction) -> None:
        await throttles.forget_attempts(tx, throttle_name("account", email.lower()))
        await throttles.give_back(tx, throttle_name("network", network))

    await services.database.write(forget)
    return user


async def sign_in_with_password(
    services: Services, *, email: str, password: str, visitor: Visitor, replaces: str | None = None
) -> str:
    """The token of a new session. Raises as `check_password` does."""
    user = await check_password(services, email=email, password=password, network=visitor.network)
    return await services.database.write(
        lambda tx: sign_in(
            tx,
            user,
            method=SignInMethod.PASSWORD,
            visitor=visitor,
            now=services.clock(),
            replaces=replaces,
        )
    )


async def _count_attempt(services: Services, *, email: str, network: str) -> None:
    now = services.clock()

    async def count(tx: Transaction) -> int:
        by_network = await throttles.take_attempt(
            tx, throttle_name("network", network), free=FREE_PER_NETWORK, now=now
        )
        if by_network:
            return by_network
        name = throttle_name("account", email.lower())
        return await throttles.take_attempt(tx, name, free=FREE_PER_ACCOUNT, now=now)

    _check_wait(await services.database.write(count), say("A link by mail gets you in at once."))


def _check_wait(wait: int, advice: Message) -> None:
    if wait:
        seconds = -(-wait // SECOND)
        text = (
            say(
                "Too many attempts. Try again in %(seconds)s seconds. %(advice)s",
                seconds=seconds,
                advice=advice,
            )
            if seconds < 2 * 60
            else say(
                "Too many attempts. Try again in %(minutes)s minutes. %(advice)s",
                minutes=-(-wait // MINUTE),
                advice=advice,
            )
        )
        raise RateLimited(text, retry_after=seconds)


async def ask_link(
    services: Services, kind: LinkKind, *, email: str, network: str, language: str | None = None
) -> None:
    """Whoever has an account with this address gets a link by mail, in that language. Raises `Invalid` for what is no address, `RateLimited`."""
    check_email(email)
    now = services.clock()

    async def ask(tx: Transaction) -> int:
        name = throttle_name("links", network)
        wait = await throttles.take_attempt(tx, name, free=FREE_ASKS, now=now)
        if not wait:
            await ask_for_link(tx, kind, email, now=now, language=language)
        return wait

    _check_wait(await services.database.write(ask), say("The links that you asked for are on their way."))
    services.wake.set()


async def sign_in_by_link(
    services: Services, uuid: str, *, visitor: Visitor, replaces: str | None = None
) -> str | None:
    """The token of a new session; None where the link leads nowhere (any more)."""
    now = services.clock()

    async def use(tx: Transaction) -> str | None:
        link = await account_links.use_link(tx, uuid, now=now)
        user = await users.find_user_by_id(tx, link.user_id or 0) if link else None
        if link is None or link.kind is not LinkKind.SIGN_IN or user is None or not user.is_active:
            return None
        await account_links.void_links_of_kind(tx, user.id, LinkKind.SIGN_IN)
        return await sign_in(tx, user, method=SignInMethod.LINK, visitor=visitor, now=now, replaces=replaces)

    return await services.database.write(use)


async def find_signed_in(services: Services, token: str) -> SignedIn | None:
    """Who is signed in with this token now; read anew for each request."""
    now = services.clock()
    found = await sessions.find_session(services.database, token, now=now)
    if found is not None and found.session.seen_at < now - sessions.SEEN_EVERY:
        session_id = found.session.id
        await services.database.write(lambda tx: sessions.touch_session(tx, session_id, now=now))
    return found


async def sign_out(services: Services, signed_in: SignedIn, token: str, *, network: str) -> None:
    """Ends this session."""
    by = author_of_user(signed_in.user, network)

    async def end(tx: Transaction) -> None:
        if await sessions.end_session(tx, token):
            await record_for_user(tx, Action.SESSION_SIGN_OUT, signed_in.user, by=by, now=services.clock())

    await services.database.write(end)


async def end_session(services: Services, signed_in: SignedIn, uuid: str, *, network: str) -> None:
    """Signs another browser of the user out. Raises `NotFound` where there is no such session (any more)."""
    by = author_of_user(signed_in.user, network)

    async def end(tx: Transaction) -> None:
        if not await sessions.end_session_of(tx, signed_in.user.id, uuid):
            raise NotFound("This browser is signed out already.")
        await record_for_user(tx, Action.SESSION_END, signed_in.user, by=by, now=services.clock())

    await services.database.write(end)


async def end_other_sessions(services: Services, signed_in: SignedIn, *, network: str) -> int:
    """Signs all the user's browsers out but this one; returns how many."""
    by = author_of_user(signed_in.user, network)

    async def end(tx: Transaction) -> int:
        ended = await sessions.end_sessions(tx, signed_in.user.id, but=signed_in.session.id)
        if ended:
            await record_for_user(
                tx, Action.SESSION_END, signed_in.user, by=by, now=services.clock(), sessions=ended
            )
        return ended

    return await services.database.write(end)
