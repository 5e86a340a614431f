"""The first organization of a server, and its owner: made by whoever opens the link that the server prints once."""

from __future__ import annotations

from dataclasses import dataclass

from badgefed.errors import Conflict, Invalid
from badgefed.issuing.accounts import check_name
from badgefed.issuing.issuers import NewIssuer
from badgefed.issuing.organizations import add_member, add_organization, add_user, prepare_organization
from badgefed.issuing.passwords import hash_new_password
from badgefed.issuing.sessions import sign_in
from badgefed.model.audit import SYSTEM
from badgefed.model.organization import Organization, Role
from badgefed.model.recipient import check_email
from badgefed.model.session import AccountLink, LinkKind, SignInMethod, Visitor
from badgefed.store import account_links, users
from badgefed.store.database import Transaction
from badgefed.work.account_links import link_url
from badgefed.work.services import Services

_FIELDS = {"name": "organization_name", "username": "slug", "organization": "slug"}
"""What a first owner calls the fields of an organization and its issuer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstOwner:
    """What the set-up page asks for."""

    slug: str
    organization_name: str
    name: str
    email: str
    password: str


async def set_up_url(services: Services) -> str | None:
    """The link that makes the first owner, good for a day and one use; None where the server has users.

    While it is good, it is the same one each time.
    """
    now = services.clock()

    async def find(tx: Transaction) -> AccountLink | None:
        if await users.exist_users(tx):
            return None
        link = await account_links.find_set_up_link(tx)
        if link is not None and link.expires_at > now:
            return link
        await account_links.delete_set_up_link(tx)
        return await account_links.add_link(tx, LinkKind.SET_UP, user_id=None, email=None, now=now)

    link = await services.database.write(find)
    return link_url(services, link) if link else None


async def set_up(
    services: Services, uuid: str, first: FirstOwner, *, visitor: Visitor
) -> tuple[Organization, str] | None:
    """The organization and the token of the owner's session; None where the link leads nowhere. Raises `Invalid`, `Conflict`."""
    name = check_name(first.name)
    check_email(first.email)
    issuer = NewIssuer(username=first.slug, name=first.organization_name)
    try:
        prepared = await prepare_organization(
            services, slug=first.slug, name=first.organization_name, issuer=issuer
        )
    except Invalid as error:
        raise Invalid(error.message, field=_FIELDS.get(error.field or "")) from error
    password_hash = await hash_new_password(services, first.password)
    now = services.clock()

    async def make(tx: Transaction) -> tuple[Organization, str] | None:
        link = await account_links.use_link(tx, uuid, now=now)
        if link is None or link.kind is not LinkKind.SET_UP:
            return None
        if await users.exist_users(tx):
            raise Conflict("This server has an owner already.")
        organization, _ = await add_organization(
            tx,
            services,
            slug=first.slug,
            name=first.organization_name,
            prepared=prepared,
            by=SYSTEM,
        )
        user = await add_user(
            tx, email=first.email, name=name, password_hash=password_hash, by=SYSTEM, now=now
        )
        await users.set_operator(tx, user.id, is_operator=True)
        await add_member(tx, organization, user, Role.OWNER, by=SYSTEM, now=now)
        token = await sign_in(tx, user, method=SignInMethod.SET_UP, visitor=visitor, now=now)
        return organization, token

    return await services.database.write(make)
