"""Organizations, their people, and the keys of their programs."""

from __future__ import annotations

import re

from badgefed.errors import Conflict, Invalid, NotFound
from badgefed.issuing.issuers import NewIssuer, PreparedIssuer, add_issuer, prepare
from badgefed.issuing.passwords import hash_new_password
from badgefed.model.audit import SYSTEM, Action, Author, Target
from badgefed.model.issuer import USERNAME, Issuer
from badgefed.model.organization import Organization, OrganizationStatus, Role, User
from badgefed.model.plan import PLANS
from badgefed.model.recipient import check_email
from badgefed.store import audit, award_usage, members, organizations, users
from badgefed.store.database import Transaction
from badgefed.work.services import Services

_NOT_IN_SLUG = re.compile(r"[^a-z0-9_]+")


async def prepare_organization(
    services: Services, *, slug: str, name: str, issuer: NewIssuer | None = None
) -> PreparedIssuer:
    """Checks slug and name, and makes the default issuer ready. Raises `Invalid`."""
    if not USERNAME.fullmatch(slug):
        raise Invalid(
            "The short name must be 1 to 30 of the characters a-z, 0-9 and _.", field="organization"
        )
    return await prepare(services, issuer or NewIssuer(username=slug, name=name))


async def add_organization(
    tx: Transaction, services: Services, *, slug: str, name: str, prepared: PreparedIssuer, by: Author
) -> tuple[Organization, Issuer]:
    """The organization with the issuer that was made ready for it. Raises `Conflict`."""
    now = services.clock()
    organization = await organizations.add_organization(tx, slug=slug, name=name, now=now)
    if organization is None:
        raise Conflict(f"there is an organization {slug!r} already")
    await audit.record(
        tx,
        by=by,
        action=Action.ORGANIZATION_CREATE,
        target=Target(id=organization.id, label=slug),
        organization_id=organization.id,
        now=now,
    )
    return organization, await add_issuer(tx, services, organization.id, prepared, by=by)


async def create_organization(
    services: Services, *, slug: str, name: str, issuer: NewIssuer | None = None, by: Author = SYSTEM
) -> tuple[Organization, Issuer]:
    """The organization with its default issuer, whose username is the slug. Raises `Invalid`, `Conflict`."""
    prepared = await prepare_organization(services, slug=slug, name=name, issuer=issuer)
    return await services.database.write(
        lambda tx: add_organization(tx, services, slug=slug, name=name, prepared=prepared, by=by)
    )


async def change_organization(
    services: Services,
    slug: str,
    *,
    status: OrganizationStatus | None = None,
    plan: str | None = None,
    by: Author = SYSTEM,
) -> Organization:
    """What only an operator changes; what is None stays, an empty plan is none. Raises `NotFound`, `Invalid`.

    Awards of this month that were made before count against a new plan.
    """
    if plan and plan not in PLANS:
        raise Invalid(f"there is no plan {plan!r}; there are {', '.join(PLANS)}", field="plan")

    async def change(tx: Transaction) -> Organization:
        found = await organizations.find_organization(tx, slug)
        if found is None:
            raise NotFound(f"there is no organization {slug!r}")
        if status is not None:
            await organizations.set_status(tx, found.id, status)
        if plan is not None:
            await organizations.set_plan(tx, found.id, plan or None)
            await award_usage.forget_usage(tx, found.id)
        await audit.record(
            tx,
            by=by,
            action=Action.ORGANIZATION_CHANGE,
            target=Target(id=found.id, label=slug),
            organization_id=found.id,
            now=services.clock(),
            details={"status": status, "plan": plan},
        )
        return await organizations.get_organization(tx, found.id)

    return await services.database.write(change)


async def create_user(
    services: Services,
    *,
    email: str,
    organization: Organization,
    role: Role,
    password: str | None = None,
    by: Author = SYSTEM,
) -> User:
    """The user as a member of the organization; one that is there already joins it, with this role and this password."""
    check_email(email)
    password_hash = None if password is None else await hash_new_password(services, password)
    now = services.clock()

    async def add(tx: Transaction) -> User:
        user = await users.find_user(tx, email)
        if user is None:
            user = await add_user(tx, email=email, password_hash=password_hash, by=by, now=now)
        elif password_hash is not None:
            await users.set_password(tx, user.id, password_hash)
        await add_member(tx, organization, user, role, by=by, now=now)
        return user

    return await services.database.write(add)


async def add_user(
    tx: Transaction,
    *,
    email: str,
    password_hash: str | None,
    by: Author,
    now: int,
    name: str | None = None,
) -> User:
    """Named by the address where no name is given. Raises `Conflict` if the address has an account."""
    user = await users.add_user(
        tx, email=email, name=name or email.partition("@")[0], password_hash=password_hash, now=now
    )
    if user is None:
        raise Conflict(f"there is a user {email} already")
    target = Target(id=user.id, label=user.email)
    await audit.record(tx, by=by, action=Action.USER_CREATE, target=target, organization_id=None, now=now)
    return user


async def add_member(
    tx: Transaction, organization: Organization, user: User, role: Role, *, by: Author, now: int
) -> None:
    """A member who is there already gets this role."""
    await members.set_member(tx, organization_id=organization.id, user_id=user.id, role=role, now=now)
    await audit.record(
        tx,
        by=by,
        action=Action.MEMBER_ADD,
        target=Target(id=user.id, label=user.email),
        organization_id=organization.id,
        now=now,
        details={"role": role},
    )


def make_slug(text: str) -> str:
    """A slug of up to 30 characters from a name; may be empty where the name has no Latin letters or digits."""
    return _NOT_IN_SLUG.sub("_", text.lower()).strip("_")[:30]
