"""Who acts for an organization: a program with an API key, or a person with a session. Handlers are the same for both, and
so are their operations but for what `Side` says.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from badgefed.api.authentication import network_of
from badgefed.api.credentials_api.definitions import NO_ORGANIZATION_REFUSAL, ORGANIZATION_ID
from badgefed.api.operations import Keyed, Parameter, Personal, Refusal
from badgefed.issuing.api_sessions import Caller
from badgefed.model.audit import Author, author_of_key
from badgefed.model.organization import ApiKey, Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """`user_id` is the person, or who made the key. `subject` is what no other caller is called: a person is another one in
    each organization.
    """

    organization_id: int
    user_id: int
    author: Author
    subject: str


Handle = Callable[[Request, Actor], Awaitable[Response]]


def by_key(scope: str, permission: Permission, handle: Handle) -> Keyed:
    """The door for programs."""

    async def call(request: Request, key: ApiKey) -> Response:
        author = author_of_key(key, network_of(request))
        actor = Actor(
            organization_id=key.organization_id, user_id=key.user_id, author=author, subject=key.subject
        )
        return await handle(request, actor)

    return Keyed(scope=scope, permission=permission, handle=call)


def by_session(permission: Permission, handle: Handle) -> Personal:
    """The door for people; the path names the organization."""

    async def call(request: Request, caller: Caller) -> Response:
        if caller.membership is None:
            raise LookupError("the path names no organization")
        organization, user_id = caller.membership.organization, caller.person.user.id
        actor = Actor(
            organization_id=organization.id,
            user_id=user_id,
            author=caller.author,
            subject=f"user:{user_id}:{organization.id}",
        )
        return await handle(request, actor)

    return Personal(permission=permission, handle=call)


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A way to the operations: `name` stands in their ids, the rest is what each of them has besides its own."""

    name: str
    root: str
    is_personal: bool
    parameters: tuple[Parameter, ...] = ()
    refusals: tuple[Refusal, ...] = ()

    def door(self, scope: str, permission: Permission, handle: Handle) -> Keyed | Personal:
        return by_session(permission, handle) if self.is_personal else by_key(scope, permission, handle)


PROGRAMS = Side(name="", root="/api/v1", is_personal=False)
PEOPLE = Side(
    name="Organization",
    root=f"/api/organizations/{{{ORGANIZATION_ID.name}}}",
    is_personal=True,
    parameters=(ORGANIZATION_ID,),
    refusals=(NO_ORGANIZATION_REFUSAL,),
)
SIDES = (PROGRAMS, PEOPLE)
