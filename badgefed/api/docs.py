"""The APIs as a page for people, from the same definitions as OpenAPI. It runs nothing."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from badgefed.api import openapi
from badgefed.api.authentication import KEY_HEADERS
from badgefed.api.operations import Keyed, Operation, Personal
from badgefed.api.requests import services_of
from badgefed.protocol.bodies import Body
from badgefed.work.templating import Templates

PATH = "/api/docs"

_CODE = re.compile(r"`([^`]+)`")


def prose(text: str) -> Markup:
    """Paragraphs between empty lines, `code` between backticks."""
    paragraphs = (_CODE.sub(r"<code>\1</code>", str(escape(paragraph))) for paragraph in text.split("\n\n"))
    return Markup("\n").join(Markup("<p>{}</p>").format(Markup(paragraph)) for paragraph in paragraphs)  # noqa: S704


def show_json(value: object) -> str:
    """Indented, for people."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def describe_body(body: Body) -> list[dict[str, Any]]:
    """A row for each field: name, type, required, limit and description."""
    schema = body.members_schema()
    return [
        {
            "name": field.name,
            "type": field.kind.value,
            "required": field.name in schema.get("required", []),
            "limit": schema["properties"][field.name].get("maxLength"),
            "description": field.description,
        }
        for field in body.fields
    ]


def show_curl(operation: Operation, base: str) -> str:
    """The operation's example as a command to paste."""
    path = operation.path
    for parameter in operation.parameters:
        path = path.replace(f"{{{parameter.name}}}", parameter.example)
    lines = [f"curl {base}{path}"]
    if isinstance(operation.door, Keyed):
        lines.append(f"-H '{KEY_HEADERS[0]}: YOUR_KEY'")
    elif isinstance(operation.door, Personal):
        lines.append("-H 'Authorization: Bearer TOKEN'")
    if operation.body_example is not None:
        lines += [
            "-H 'Content-Type: application/json'",
            f"-d {shlex.quote(json.dumps(operation.body_example))}",
        ]
    return " \\\n  ".join(lines)


@lru_cache(maxsize=8)
def _describe(templates: Templates, base: str) -> Markup:
    """All operations; in English, as the APIs are."""
    page = templates.get_template("api-operations.html").render(
        apis=openapi.APIS,
        base=base,
        prose=prose,
        show_json=show_json,
        show_curl=show_curl,
        describe_body=describe_body,
    )
    return Markup(page)  # noqa: S704 - escaped by the template


def make_routes(render: Callable[..., Response]) -> list[BaseRoute]:
    """The page, which needs no key. `render(request, template, **context)` makes pages as the server's others are."""

    async def docs(request: Request) -> Response:
        services = services_of(request)
        operations = _describe(services.templates, services.addresses.base)
        return render(
            request, "api-docs.html", apis=openapi.APIS, openapi=openapi.PATH, operations=operations
        )

    return [Route(PATH, docs)]
