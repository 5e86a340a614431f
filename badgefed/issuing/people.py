"""Who works for an organization: invitations, roles, leaving; and accounts that are switched off."""

from __future__ import annotations

from dataclasses import dataclass

from badgefed.errors import Conflict, Forbidden, Invalid, NotFound
from badgefed.issuing.accounts import check_name
from badgefed.issuing.organizations import add_member, add_user
from badgefed.issuing.passwords import hash_new_password
from badgefed.issuing.sessions import record_for_user, sign_in
from badgefed.model.audit import SYSTEM, Action, Author, Target, author_of_user
from badgefed.model.organization import (
    Invitation,
    Membership,
    Organization,
    Permission,
    Role,
    User,
    check_permission,
    may_give,
)
from badgefed.model.recipient import check_email
from badgefed.model.session import SignedIn, SignInMethod, Visitor
from badgefed.store import account_links, audit, invitations, members, organizations, sessions, users
from badgefed.store.database import Transaction
from badgefed.texts import N_, Message, say
from badgefed.work.account_mails import send_invitation
from badgefed.work.services import Services

MAX_INVITATIONS = 200
LAST_OWNER = N_("An organization needs an owner: make somebody else one first.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """`token` is that of a new session, for an account that the invitation made."""

    organization: Organization
    token: str | None


async def invite(
    tx: Transaction, membership: Membership, *, email: str, role: Role, by: Author, name: str, now: int
) -> Invitation:
    """A letter goes to the address; `name` is whom it says it is from. It takes the place of an earlier invitation.

    Raises `Forbidden`, `Invalid`, `Conflict`.
    """
    organization = membership.organization
    _check_invitation(membership, email, role)
    user = await users.find_user(tx, email)
    if user is not None and await members.find_role(tx, organization_id=organization.id, user_id=user.id):
        raise Conflict(
            say(
                "%(email)s belongs to %(organization)s already.",
                email=user.email,
                organization=organization.name,
            )
        )
    waiting = await invitations.list_open_invitations(tx, organization.id, now=now, limit=MAX_INVITATIONS)
    if len(waiting) >= MAX_INVITATIONS:
        raise Invalid(
            say("%(most)s invitations wait already; withdraw some.", most=MAX_INVITATIONS), field="email"
        )
    invitation = await invitations.add_invitation(
        tx, organization_id=organization.id, email=email, role=role, invited_by=name, now=now
    )
    await send_invitation(tx, invitation.uuid, now=now)
    await _record_invitation(tx, Action.INVITATION_CREATE, invitation, by=by, now=now)
    return invitation


def _check_invitation(membership: Membership, email: str, role: Role) -> None:
    check_permission(membership, Permission.INVITE)
    check_email(email)
    if not may_give(membership.role, role):
        raise Forbidden(
            say(
                "Your role here is %(role)s; you can't make anybody %(given)s.",
                role=Message(text=membership.role),
                given=Message(text=role),
            )
        )


async def _record_invitation(
    tx: Transaction, action: Action, invitation: Invitation, *, by: Author, now: int
) -> None:
    await audit.record(
        tx,
        by=by,
        action=action,
        target=Target(id=invitation.id, label=invitation.email),
        organization_id=invitation.organization_id,
        now=now,
        details={"role": invitation.role},
    )


async def withdraw_invitation(services: Services, membership: Membership, uuid: str, *, by: Author) -> None:
    """Raises `Forbidden`; `NotFound` where no such invitation waits (any more)."""
    check_permission(membership, Permission.INVITE)
    now = services.clock()

    async def withdraw(tx: Transaction) -> None:
        invitation = await invitations.close_invitation(tx, uuid, now=now)
        if invitation is None or invitation.organization_id != membership.organization.id:
            raise NotFound("This invitation doesn't wait any more.")
        await _record_invitation(tx, Action.INVITATION_WITHDRAW, invitation, by=by, now=now)

    await services.database.write(withdraw)


async def accept_invitation(
    services: Services,
    uuid: str,
    *,
    name: str,
    password: str,
    visitor: Visitor,
    signed_in: SignedIn | None,
) -> Accepted | None:
    """Joins the account of the invited address to the organization, and makes it where there is none.

    An account that is there already has to be signed in to in its usual way. None where the invitation is gone. Raises
    `Forbidden` for whoever is signed in with another address, `Invalid` for name or password.
    """
    now = services.clock()
    waiting = await invitations.find_open_invitation(services.database, uuid, now=now)
    if waiting is None:
        return None
    known = await users.find_user(services.database, waiting.email)
    if signed_in is not None and signed_in.user.email != waiting.email:
        raise Forbidden(
            say(
                "This invitation is for %(email)s, and you are signed in as %(own)s. Sign out first, then open it again.",
                email=waiting.email,
                own=signed_in.user.email,
            )
        )
    if known is None:
        name = check_name(name)
    password_hash = await hash_new_password(services, password) if known is None and password else None

    async def accept(tx: Transaction) -> Accepted | None:
        invitation = await invitations.close_invitation(tx, uuid, now=now)
        if invitation is None:
            return None
        return await _join(tx, invitation, name, password_hash, visitor, now)

    return await services.database.write(accept)


async def _join(
    tx: Transaction,
    invitation: Invitation,
    name: str,
    password_hash: str | None,
    visitor: Visitor,
    now: int,
) -> Accepted:
    organization = await organizations.get_organization(tx, invitation.organization_id)
    if not organization.is_active:
        raise Forbidden(
            say(
                "%(organization)s is suspended on this server: nobody can join it.",
                organization=organization.name,
            )
        )
    by = Author(kind=SYSTEM.kind, label=invitation.email, network=visitor.network)
    user, token = await users.find_user(tx, invitation.email), None
    is_new = user is None
    if user is None:
        user = await add_user(
            tx, email=invitation.email, name=name, password_hash=password_hash, by=by, now=now
        )
    elif not user.is_active:
        raise Forbidden("The account with this address is deactivated. Ask the operator of this server.")
    by = author_of_user(user, visitor.network)
    await _record_invitation(tx, Action.INVITATION_ACCEPT, invitation, by=by, now=now)
    if await members.find_role(tx, organization_id=organization.id, user_id=user.id) is None:
        await add_member(tx, organization, user, invitation.role, by=by, now=now)
    if is_new:
        token = await sign_in(tx, user, method=SignInMethod.INVITATION, visitor=visitor, now=now)
    return Accepted(organization=organization, token=token)


async def set_role(
    services: Services, organization: Organization, user: User, role: Role, *, by: Author
) -> None:
    """Raises `NotFound` for somebody who is no member, `Conflict` for the last owner."""
    now = services.clock()

    async def change(tx: Transaction) -> None:
        before = await _find_role(tx, organization, user)
        if before is role:
            return
        await members.set_member(tx, organization_id=organization.id, user_id=user.id, role=role, now=now)
        await _check_owners(tx, organization, before)
        await _record_member(
            tx,
            Action.MEMBER_CHANGE_ROLE,
            organization,
            user,
            by=by,
            now=now,
            before=before,
            role=role,
        )

    await services.database.write(change)


async def remove_member(services: Services, organization: Organization, user: User, *, by: Author) -> None:
    """Whoever is removed is out at once, and so are their keys. Raises `NotFound`; `Conflict` for the last owner."""
    now = services.clock()

    async def remove(tx: Transaction) -> None:
        before = await _find_role(tx, organization, user)
        await members.remove_member(tx, organization_id=organization.id, user_id=user.id)
        await _check_owners(tx, organization, before)
        await _record_member(tx, Action.MEMBER_REMOVE, organization, user, by=by, now=now, before=before)

    await services.database.write(remove)


async def _find_role(tx: Transaction, organization: Organization, user: User) -> Role:
    """The member's role, which nobody else changes in the meantime."""
    await organizations.lock_organization(tx, organization.id)
    role = await members.find_role(tx, organization_id=organization.id, user_id=user.id)
    if role is None:
        raise NotFound(
            say(
                "%(email)s doesn't belong to %(organization)s.",
                email=user.email,
                organization=organization.name,
            )
        )
    return role


async def _check_owners(tx: Transaction, organization: Organization, before: Role) -> None:
    if before is Role.OWNER and not await members.count_owners(tx, organization.id):
        raise Conflict(LAST_OWNER)


async def _record_member(
    tx: Transaction,
    action: Action,
    organization: Organization,
    user: User,
    *,
    by: Author,
    now: int,
    **details: str | int | None,
) -> None:
    await audit.record(
        tx,
        by=by,
        action=action,
        target=Target(id=user.id, label=user.email),
        organization_id=organization.id,
        now=now,
        details=details,
    )


async def set_active(services: Services, email: str, *, is_active: bool, by: Author) -> User:
    """A deactivated user is out at once: sessions, links and keys end. Raises `NotFound`, `Conflict` if it is so already."""
    now = services.clock()
    action = Action.USER_REACTIVATE if is_active else Action.USER_DEACTIVATE

    async def change(tx: Transaction) -> User:
        user = await _get_user(tx, email)
        if not await users.set_active(tx, user.id, is_active=is_active):
            raise Conflict(f"{user.email} is {'active' if is_active else 'deactivated'} already")
        await sessions.end_sessions(tx, user.id)
        await account_links.void_links(tx, user.id)
        await record_for_user(tx, action, user, by=by, now=now)
        return user

    return await services.database.write(change)


async def set_operator(services: Services, email: str, *, is_operator: bool, by: Author) -> User:
    """Raises `NotFound`, `Conflict` if it is so already."""
    now = services.clock()

    async def change(tx: Transaction) -> User:
        user = await _get_user(tx, email)
        if not await users.set_operator(tx, user.id, is_operator=is_operator):
            raise Conflict(f"{user.email} is {'an' if is_operator else 'no'} operator already")
        await audit.record(
            tx,
            by=by,
            action=Action.USER_SET_OPERATOR,
            target=Target(id=user.id, label=user.email),
            organization_id=None,
            now=now,
            details={"is_operator": int(is_operator)},
        )
        return user

    return await services.database.write(change)


async def _get_user(tx: Transaction, email: str) -> User:
    user = await users.find_user(tx, email)
    if user is None:
        raise NotFound(say("there is no user %(email)s", email=email))
    return user
