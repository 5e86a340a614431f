"""What an API offers: operations, each described once, for the routes, for OpenAPI and for the page that people read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from badgefed.api.authentication import KeyTexts
from badgefed.api.bodies import Body
from badgefed.errors import BadgefedError
from badgefed.model.organization import ApiKey

Handler = Callable[[Request, ApiKey], Awaitable[Response]]
Shape = type[msgspec.Struct]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A value in the path or in a header (`place`). `spans`: a value in the path that may have slashes in it."""

    name: str
    place: str
    description: str
    schema: Mapping[str, Any]
    example: str
    spans: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Success:
    shape: Shape
    description: str
    example: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A status that isn't a success, with the texts that it may come with."""

    status: int
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """`path` is a template as in OpenAPI; `scope` is what the API key must have; success is always 200."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    scope: str
    handle: Handler
    success: Success
    refusals: tuple[Refusal, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
    body_example: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """Operations under one path `root`, in the order in which paths are tried, with one dialect of errors.

    `respond` makes the response of an error, `error_shapes` says what is in it, by status, and under 0 for all others.
    `refusals` may come from every operation.
    """

    name: str
    root: str
    description: str
    texts: KeyTexts
    operations: tuple[Operation, ...]
    refusals: tuple[Refusal, ...]
    respond: Callable[[BadgefedError], Response]
    error_shapes: Mapping[int, Shape]

    def error_shape(self, status: int) -> Shape:
        return self.error_shapes.get(status, self.error_shapes[0])

    def refusals_of(self, operation: Operation) -> list[Refusal]:
        """Its own and everybody's, one for each status, ascending."""
        texts: dict[int, tuple[str, ...]] = {}
        for refusal in (*operation.refusals, *self.refusals):
            texts[refusal.status] = (*texts.get(refusal.status, ()), *refusal.texts)
        return [Refusal(status=status, texts=texts[status]) for status in sorted(texts)]
