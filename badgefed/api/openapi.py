"""The OpenAPI 3.1 document of all APIs, made from the definitions by which requests are read and answers written."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from badgefed import __version__
from badgefed.api import badges, bulk, verify, webhooks
from badgefed.api.authentication import KEY_HEADERS, KEY_PARAMETER
from badgefed.api.credentials_api.api import API as CREDENTIALS_API
from badgefed.api.errors import JSON
from badgefed.api.issuers_api import api as issuers_api
from badgefed.api.operations import Api, Keyed, Operation, Parameter, Personal, Sensitive, Shape, Success
from badgefed.api.requests import services_of

APIS: tuple[Api, ...] = (badges.API, bulk.API, webhooks.API, verify.API, CREDENTIALS_API, issuers_api.API)
PATH = "/api/openapi.json"

_REFERENCE = "#/components/schemas/{name}"
_QUOTA_HEADERS = {
    "X-RateLimit-Limit": "How many requests may be made at once; they come back over a minute.",
    "X-RateLimit-Remaining": "How many of them are left.",
    "X-RateLimit-Reset": "When all of them are there again, in seconds since 1970.",
}
_SECURITY_SCHEMES: Mapping[str, Any] = {
    "header": {"type": "apiKey", "in": "header", "name": KEY_HEADERS[0]},
    "bearer": {"type": "http", "scheme": "bearer"},
    "query": {"type": "apiKey", "in": "query", "name": KEY_PARAMETER},
}
_SESSION_SCHEMES: Mapping[str, Any] = {
    "session": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
}


def build_document(apis: tuple[Api, ...], *, base: str) -> dict[str, Any]:
    """The document of a server at this origin."""
    paths: dict[str, dict[str, Any]] = {}
    for api in apis:
        for operation in api.operations:
            paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(api, operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "badgefed",
            "version": __version__,
            "description": "Grant Open Badges over the Fediverse and by mail, and verify anybody's.",
        },
        "servers": [{"url": base}],
        "tags": [{"name": api.name, "description": api.description} for api in apis],
        "security": [{name: []} for name in _SECURITY_SCHEMES],
        "paths": paths,
        "components": {
            "schemas": _schemas(apis),
            "securitySchemes": {**_SECURITY_SCHEMES, **_SESSION_SCHEMES},
        },
    }


def _schemas(apis: tuple[Api, ...]) -> dict[str, Any]:
    shapes = [one.success.shape for api in apis for one in api.operations if one.success.shape is not None]
    shapes += [shape for api in apis for shape in api.error_shapes.values()]
    _, components = msgspec.json.schema_components(dict.fromkeys(shapes), ref_template=_REFERENCE)
    bodies = [operation.body for api in apis for operation in api.operations if operation.body is not None]
    return components | {body.name: body.schema() for body in bodies}


def _operation(api: Api, operation: Operation) -> dict[str, Any]:
    document: dict[str, Any] = {
        "operationId": operation.id,
        "tags": [api.name],
        "summary": operation.summary,
        "description": operation.description,
    }
    if isinstance(operation.door, Keyed):
        document["description"] += f"\n\nScope: `{operation.door.scope}`."
        if operation.door.permission:
            document["description"] += f" Its maker needs the permission `{operation.door.permission}`."
    elif isinstance(operation.door, Personal):
        document["description"] += f"\n\nPermission: `{operation.door.permission}`."
        document["security"] = [{name: []} for name in _SESSION_SCHEMES]
    else:
        document["security"] = []
    if operation.parameters:
        document["parameters"] = [_parameter(parameter) for parameter in operation.parameters]
    content = _request_content(operation)
    if content:
        document["requestBody"] = {"required": True, "content": content}
    return document | {"responses": _responses(api, operation)}


def _request_content(operation: Operation) -> dict[str, Any]:
    """Each media type with what it may hold; JSON members come first."""
    content: dict[str, Any] = {}
    if operation.body is not None:
        content["application/json"] = {"schema": {"$ref": _REFERENCE.format(name=operation.body.name)}}
        if operation.body_example is not None:
            content["application/json"]["example"] = operation.body_example
    for other in operation.contents:
        content[other.media_type] = {"schema": other.schema} if other.schema else {}
    return content


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.place == "path",
        "description": parameter.description,
        "schema": parameter.schema,
        "example": parameter.example,
    }


def _responses(api: Api, operation: Operation) -> dict[str, Any]:
    success = _success(
        operation.success, {} if isinstance(operation.door, Personal | Sensitive) else _QUOTA_HEADERS
    )
    responses = {str(operation.success.status): success}
    for refusal in api.refusals_of(operation):
        shape = api.error_shape(refusal.status)
        description = " · ".join(f"`{text}`" for text in refusal.texts)
        extra = {"Retry-After": "How many seconds to wait."} if refusal.status == 429 else {}
        responses[str(refusal.status)] = _response(description, shape, extra)
    return responses


def _success(success: Success, headers: Mapping[str, str]) -> dict[str, Any]:
    if success.shape is None:
        return {"description": success.description, "content": {success.media_type: {}}}
    response = _response(success.description, success.shape, headers)
    response["content"]["application/json"]["example"] = success.example
    return response


def _response(description: str, shape: Shape, headers: Mapping[str, str]) -> dict[str, Any]:
    response: dict[str, Any] = {
        "description": description,
        "content": {"application/json": {"schema": {"$ref": _REFERENCE.format(name=shape.__name__)}}},
    }
    if headers:
        response["headers"] = {
            name: {"description": text, "schema": {"type": "integer"}} for name, text in headers.items()
        }
    return response


@lru_cache(maxsize=8)
def _encoded(base: str) -> tuple[bytes, str]:
    """The document as bytes, and their ETag."""
    body = msgspec.json.encode(build_document(APIS, base=base))
    return body, f'"{hashlib.sha256(body).hexdigest()[:32]}"'


async def openapi(request: Request) -> Response:
    """The document, for programs on any origin; no key is needed."""
    body, etag = _encoded(services_of(request).addresses.base)
    headers = {"ETag": etag, "Cache-Control": "public, max-age=300", "Access-Control-Allow-Origin": "*"}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=JSON)


routes: list[BaseRoute] = [Route(PATH, openapi)]
