"""A user's own account: name, e-mail address, password, and the profiles that sign in to it.

Address and password change by mailed links only. Whoever is signed in without being the owner can't take an account over:
the old address gets a link that undoes it all.
"""

from __future__ import annotations

import re

from badgefed.errors import Conflict, Forbidden, Invalid, NotFound
from badgefed.issuing.passwords import hash_new_password
from badgefed.issuing.sessions import check_password, record_for_user, sign_in
from badgefed.model.audit import Action, Author, author_of_user
from badgefed.model.organization import User
from badgefed.model.recipient import check_email
from badgefed.model.session import AccountLink, LinkKind, SignedIn, SignInMethod, Visitor
from badgefed.model.times import MINUTE
from badgefed.store import account_links, sessions, users
from badgefed.store.database import Transaction
from badgefed.texts import say
from badgefed.work.account_mails import send_link, send_password_changed
from badgefed.work.services import Services

MAX_NAME = 100
FRESH = 15 * MINUTE
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")


def check_name(name: str) -> str:
    """The name without outer spaces. Raises `Invalid`."""
    name = name.strip()
    if not 1 <= len(name) <= MAX_NAME or _CONTROL.search(name):
        raise Invalid(say("The name must have 1 to %(most)s characters.", most=MAX_NAME), field="name")
    return name


async def change_name(services: Services, user: User, name: str, *, by: Author) -> None:
    """Raises `Invalid`."""
    name = check_name(name)

    async def change(tx: Transaction) -> None:
        await users.set_name(tx, user.id, name)
        await record_for_user(tx, Action.USER_CHANGE_NAME, user, by=by, now=services.clock())

    if name != user.name:
        await services.database.write(change)


async def ask_email_change(
    services: Services,
    signed_in: SignedIn,
    *,
    email: str,
    password: str,
    network: str,
    language: str | None = None,
) -> None:
    """Mails a link to the new address, which confirms it, and one to the old address, which undoes it.

    Raises `Invalid`, `RateLimited`; `Unauthenticated` where the password is wrong; `Forbidden` where there is none and
    signing in was long ago.
    """
    user = signed_in.user
    check_email(email)
    if email.lower() == user.email:
        raise Invalid("This is the address that your account has already.", field="email")
    if await users.find_password_hash(services.database, user.id) is not None:
        await check_password(services, email=user.email, password=password, network=network)
    elif signed_in.session.created_at < services.clock() - FRESH:
        raise Forbidden("To change the address, sign out, sign in again, and do it within 15 minutes.")
    now = services.clock()

    async def ask(tx: Transaction) -> None:
        await account_links.void_links_of_kind(tx, user.id, LinkKind.EMAIL)
        await send_link(tx, LinkKind.EMAIL, user, email=email, now=now, language=language)
        await send_link(tx, LinkKind.KEEP_EMAIL, user, email=user.email, now=now, language=language)

    await services.database.write(ask)
    services.wake.set()


async def ask_password_link(services: Services, user: User, *, language: str | None = None) -> None:
    """Mails a link with which a signed-in user chooses a new password."""
    now = services.clock()

    async def ask(tx: Transaction) -> None:
        await account_links.void_links_of_kind(tx, user.id, LinkKind.PASSWORD)
        await send_link(tx, LinkKind.PASSWORD, user, email=None, now=now, language=language)

    await services.database.write(ask)
    services.wake.set()


async def confirm_email(services: Services, uuid: str, *, network: str) -> str | None:
    """The account's new address; None where the link leads nowhere. Raises `Conflict` if the address has another account."""
    now = services.clock()

    async def confirm(tx: Transaction) -> str | None:
        used = await _use(tx, uuid, LinkKind.EMAIL, now)
        if used is None:
            return None
        user, link = used
        email = link.email or user.email
        if not await users.set_email(tx, user.id, email):
            raise Conflict("This address belongs to another account. Ask for the change with another one.")
        await account_links.void_links(tx, user.id, but=LinkKind.KEEP_EMAIL)
        by = author_of_user(user, network)
        await record_for_user(tx, Action.USER_CHANGE_EMAIL, user, by=by, now=now, to=email)
        return email

    return await services.database.write(confirm)


async def keep_email(services: Services, uuid: str, *, network: str) -> str | None:
    """The address that the account has (again); None where the link leads nowhere.

    Every session, link and profile of the account ends, and its password: who has the mailbox signs in by a link.
    """
    now = services.clock()

    async def keep(tx: Transaction) -> str | None:
        used = await _use(tx, uuid, LinkKind.KEEP_EMAIL, now)
        if used is None:
            return None
        user, link = used
        email = link.email or user.email
        if not await users.set_email(tx, user.id, email):
            raise Conflict("This address belongs to another account by now. Ask the operator of this server.")
        await users.set_password(tx, user.id, None)
        await sessions.end_sessions(tx, user.id)
        await account_links.void_links(tx, user.id)
        for identity in await users.list_identities(tx, user.id):
            await users.remove_identity(tx, user.id, identity.actor_id)
        by = author_of_user(user, network)
        await record_for_user(tx, Action.USER_CHANGE_EMAIL, user, by=by, now=now, back_to=email)
        return email

    return await services.database.write(keep)


async def choose_password(
    services: Services, uuid: str, password: str, *, visitor: Visitor, replaces: str | None = None
) -> str | None:
    """The token of a new session, while all others end; None where the link leads nowhere. Raises `Invalid`."""
    password_hash = await hash_new_password(services, password)
    now = services.clock()

    async def choose(tx: Transaction) -> str | None:
        used = await _use(tx, uuid, LinkKind.PASSWORD, now)
        if used is None:
            return None
        user, _ = used
        await users.set_password(tx, user.id, password_hash)
        await sessions.end_sessions(tx, user.id)
        await account_links.void_links(tx, user.id, but=LinkKind.KEEP_EMAIL)
        await send_password_changed(tx, user, now=now)
        by = author_of_user(user, visitor.network)
        await record_for_user(tx, Action.USER_CHANGE_PASSWORD, user, by=by, now=now)
        return await sign_in(tx, user, method=SignInMethod.LINK, visitor=visitor, now=now, replaces=replaces)

    token = await services.database.write(choose)
    services.wake.set()
    return token


async def _use(tx: Transaction, uuid: str, kind: LinkKind, now: int) -> tuple[User, AccountLink] | None:
    link = await account_links.use_link(tx, uuid, now=now)
    user = await users.find_user_by_id(tx, link.user_id or 0) if link else None
    if link is None or link.kind is not kind or user is None or not user.is_active:
        return None
    return user, link


def require_fresh(signed_in: SignedIn, *, now: int) -> None:
    """Raises `Forbidden` where signing in was long ago: somebody else may sit at the browser by now."""
    if signed_in.session.created_at < now - FRESH:
        raise Forbidden("For that, sign out, sign in again, and do it within 15 minutes.")


async def link_profile(
    tx: Transaction, user: User, *, actor_id: str, handle: str | None, by: Author, now: int
) -> None:
    """From now on whoever proves to be this actor signs in as the user. Raises `Conflict` if it is another user's."""
    if not await users.add_identity(tx, user.id, actor_id=actor_id, handle=handle, now=now):
        owner = await users.find_user_by_identity(tx, actor_id)
        if owner is not None and owner.id == user.id:
            return
        raise Conflict("This profile signs in to another account on this server.")
    await record_for_user(tx, Action.USER_LINK_PROFILE, user, by=by, now=now, profile=actor_id)


async def unlink_profile(services: Services, user: User, actor_id: str, *, by: Author) -> None:
    """Raises `NotFound` where the profile is none of the user's."""

    async def unlink(tx: Transaction) -> None:
        if not await users.remove_identity(tx, user.id, actor_id):
            raise NotFound("This profile doesn't sign in to your account.")
        await record_for_user(
            tx, Action.USER_UNLINK_PROFILE, user, by=by, now=services.clock(), profile=actor_id
        )

    await services.database.write(unlink)
