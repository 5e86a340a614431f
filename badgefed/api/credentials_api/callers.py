"""Who acts for an organization: a program with an API key, or a person with a session. Handlers are the same for both."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from badgefed.api.authentication import network_of
from badgefed.api.operations import Keyed, Personal
from badgefed.issuing.api_sessions import Caller
from badgefed.model.audit import Author, author_of_key
from badgefed.model.organization import ApiKey, Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """`subject` is what no other caller is called: a person is another one in each organization."""

    organization_id: int
    author: Author
    subject: str


Handle = Callable[[Request, Actor], Awaitable[Response]]


def by_key(scope: str, handle: Handle) -> Keyed:
    """The door for programs."""

    async def call(request: Request, key: ApiKey) -> Response:
        author = author_of_key(key, network_of(request))
        return await handle(
            request, Actor(organization_id=key.organization_id, author=author, subject=key.subject)
        )

    return Keyed(scope=scope, handle=call)


def by_session(permission: Permission, handle: Handle) -> Personal:
    """The door for people; the path names the organization."""

    async def call(request: Request, caller: Caller) -> Response:
        if caller.membership is None:
            raise LookupError("the path names no organization")
        organization = caller.membership.organization
        subject = f"user:{caller.person.user.id}:{organization.id}"
        actor = Actor(organization_id=organization.id, author=caller.author, subject=subject)
        return await handle(request, actor)

    return Personal(permission=permission, handle=call)
