"""What an API offers: operations, each described once, for the routes, for OpenAPI and for the page that people read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from badgefed.api.authentication import ROLE_TOO_LOW, KeyTexts
from badgefed.errors import BadgefedError
from badgefed.issuing.api_sessions import Caller
from badgefed.model.organization import ApiKey, Permission
from badgefed.protocol.bodies import Body

Shape = type[msgspec.Struct]


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyed:
    """For callers with an API key that has this scope; the key's own rate limit counts.

    With a `permission`, who made the key must have it too: for what is more than the scope stands for.
    """

    scope: str
    handle: Callable[[Request, ApiKey], Awaitable[Response]]
    permission: Permission | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """For everybody, without a key: so many requests per minute from one address."""

    per_minute: int
    handle: Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitive:
    """For who has something to prove, without a key: a few requests per quarter of an hour from one address."""

    handle: Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Personal:
    """For people with a session's token; where the path has an `orgId`, for those whose role there gives the permission."""

    permission: Permission
    handle: Callable[[Request, Caller], Awaitable[Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A value in the path, in the query or in a header (`place`). `spans`: a value in the path that may have slashes in it."""

    name: str
    place: str
    description: str
    schema: Mapping[str, Any]
    example: str
    spans: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A form in which a body may come besides JSON members: an empty `schema` stands for bytes (OpenAPI 3.1)."""

    media_type: str
    description: str
    schema: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Success:
    """JSON of a `shape`; without one, bytes of the `media_type`."""

    shape: Shape | None
    description: str
    example: Mapping[str, Any]
    status: int = 200
    media_type: str = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A status that isn't a success, with the texts that it may come with."""

    status: int
    texts: tuple[str, ...]


ROLE_REFUSAL = Refusal(status=403, texts=(ROLE_TOO_LOW,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """`path` is a template as in OpenAPI. A `body` is JSON members; `contents` are the other forms that are taken instead."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    door: Keyed | Open | Sensitive | Personal
    success: Success
    refusals: tuple[Refusal, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
    body_example: Mapping[str, Any] | None = None
    contents: tuple[Content, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """Operations in the order in which paths are tried, with one dialect of errors.

    Below each of `roots`, what is no path of an operation is not found in this dialect.
    `respond` makes the response of an error, `error_shapes` says what is in it, by status, and under 0 for all others;
    its sentence is in the member `sentence`. `refusals` may come from every operation. `texts` is for what needs a key.
    """

    name: str
    roots: tuple[str, ...]
    description: str
    operations: tuple[Operation, ...]
    refusals: tuple[Refusal, ...]
    respond: Callable[[BadgefedError], Response]
    error_shapes: Mapping[int, Shape]
    sentence: str = "error"
    texts: KeyTexts = field(default_factory=KeyTexts)

    def error_shape(self, status: int) -> Shape:
        return self.error_shapes.get(status, self.error_shapes[0])

    def refusals_of(self, operation: Operation) -> list[Refusal]:
        """Its own and everybody's, one for each status, ascending."""
        texts: dict[int, tuple[str, ...]] = {}
        door = operation.door
        lacking = (ROLE_REFUSAL,) if isinstance(door, Keyed) and door.permission else ()
        for refusal in (*operation.refusals, *self.refusals, *lacking):
            texts[refusal.status] = (*texts.get(refusal.status, ()), *refusal.texts)
        return [Refusal(status=status, texts=texts[status]) for status in sorted(texts)]
