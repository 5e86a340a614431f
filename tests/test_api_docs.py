"""The OpenAPI document and the page for people: complete, consistent, and there without a key."""

from __future__ import annotations

import html
import re
import shlex
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from starlette.routing import Match, Route

from badgefed.api.badge_definitions import GRANT_BODY
from badgefed.api.docs import prose, show_curl
from badgefed.api.openapi import APIS, build_document
from badgefed.api.operations import Keyed, Operation
from badgefed.protocol.bodies import InvalidBody
from badgefed.work.services import Services
from tests.api import call, grant, make_app
from tests.conftest import BASE, World

DOCUMENT = build_document(APIS, base=BASE)
OPERATIONS = [operation for api in APIS for operation in api.operations]


def conform(value: object, name: str) -> None:
    """Raises where the value breaks the schema of this name."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    jsonschema.Draft202012Validator(schema).validate(value)


def walk(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for child in value.values():
            yield from walk(child)
    elif isinstance(value, list):
        for child in value:
            yield from walk(child)


async def test_the_document_is_there_for_everybody(services: Services) -> None:
    async with call(services) as client:
        response = await client.get("/api/openapi.json")
        again = await client.get("/api/openapi.json", headers={"If-None-Match": response.headers["etag"]})
        head = await client.head("/api/openapi.json")
    assert response.status_code == head.status_code == 200
    assert response.json() == DOCUMENT
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert response.headers["access-control-allow-origin"] == "*"
    assert (again.status_code, again.content) == (304, b"")


def test_the_document_names_this_server_and_its_keys() -> None:
    assert DOCUMENT["openapi"] == "3.1.0"
    assert DOCUMENT["servers"] == [{"url": BASE}]
    schemes = DOCUMENT["components"]["securitySchemes"]
    assert schemes["header"] == {"type": "apiKey", "in": "header", "name": "X-ApiKey"}
    assert {name for choice in DOCUMENT["security"] for name in choice} == set(schemes) - {"session"}


def test_every_reference_leads_somewhere() -> None:
    names = {node["$ref"].rpartition("/")[2] for node in walk(DOCUMENT) if "$ref" in node}
    assert names == set(DOCUMENT["components"]["schemas"])
    for schema in DOCUMENT["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
def test_every_operation_is_described_and_routed(operation: Operation) -> None:
    described = DOCUMENT["paths"][operation.path][operation.method.lower()]
    placed = {parameter["name"] for parameter in described.get("parameters", []) if parameter["in"] == "path"}
    assert placed == set(re.findall(r"{(\w+)}", operation.path))
    path = operation.path
    for parameter in operation.parameters:
        path = path.replace(f"{{{parameter.name}}}", parameter.example)
    scope = {"type": "http", "method": operation.method, "path": path, "root_path": ""}
    routes = [route for route in make_app().routes if route.matches(scope)[0] is Match.FULL]
    assert isinstance(routes[0], Route)
    assert routes[0].endpoint.__name__ in {one.id for one in OPERATIONS if one.path == operation.path}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
def test_every_example_holds(operation: Operation) -> None:
    if operation.success.shape is not None:
        conform(operation.success.example, operation.success.shape.__name__)
    if operation.body is not None:
        conform(operation.body_example, operation.body.name)
        operation.body.read(operation.body_example)


async def test_examples_have_the_members_of_real_answers(services: Services, world: World) -> None:
    examples = {operation.id: operation.success.example for operation in OPERATIONS}
    async with call(services, world.key) as client:
        granted = await grant(
            client, {"badgeId": world.badge.id, "profileUri": "https://social.example/@jane"}
        )
        listed = (await client.get("/api/badges")).json()
        status = (await client.get(f"/api/badges/grant/{granted['badgeRecord']['noteId']}/status")).json()
    for name, answer in (("grantBadge", granted), ("listBadges", listed), ("getGrantStatus", status)):
        assert list(answer) == list(examples[name])
    assert list(granted["badgeRecord"]) == list(examples["grantBadge"]["badgeRecord"])
    assert list(listed["badges"][0]) == list(examples["listBadges"]["badges"][0])


@pytest.mark.parametrize(
    ("field", "limit"), [("profileUri", 500), ("name", 200), ("email", 254), ("evidence", 2000)]
)
def test_the_document_has_the_limits_that_are_checked(field: str, limit: int) -> None:
    schema = DOCUMENT["components"]["schemas"]["GrantRequest"]
    assert schema["properties"][field]["maxLength"] == limit
    assert schema["properties"][field]["type"] == ["string", "null"]


@pytest.mark.parametrize(
    ("body", "holds"),
    [
        ({"badgeId": 1, "email": "jane@example.org"}, True),
        ({"badgeId": 1, "profileUri": "https://social.example/@jane", "email": None}, True),
        ({"badgeId": 1}, False),
        ({"badgeId": 1, "email": ""}, False),
        ({"badgeId": 1, "profileUri": None, "email": None}, False),
        ({"badgeId": 0, "email": "jane@example.org"}, False),
        ({"email": "jane@example.org"}, False),
        ({"badgeId": 1, "email": "jane@example.org", "name": "n" * 201}, False),
        ({"badgeId": 1, "email": "jane@example.org", "name": 5}, False),
    ],
)
def test_schema_and_server_agree(body: dict[str, Any], holds: bool) -> None:
    validator = jsonschema.Draft202012Validator(GRANT_BODY.schema())
    assert validator.is_valid(body) is holds
    if holds:
        GRANT_BODY.read(body)
    else:
        with pytest.raises(InvalidBody):
            GRANT_BODY.read(body)


async def test_the_page_has_everything_and_loads_nothing_from_elsewhere(services: Services) -> None:
    async with call(services) as client:
        response = await client.get("/api/docs")
    page = response.text
    assert (response.status_code, response.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert not re.search(r"<style|<img|<iframe|\sstyle=|\son\w+=", page)
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)
    assert html.escape("API key is required. Provide it via X-ApiKey header") in page
    for operation in OPERATIONS:
        assert f'id="{operation.id}"' in page
        assert operation.path in page
    for field in GRANT_BODY.fields:
        assert f"<code>{field.name}</code>" in page
    for rule in GRANT_BODY.rules:
        assert html.escape(rule.text) in page


async def test_the_page_is_well_built(services: Services) -> None:
    async with call(services) as client:
        page = (await client.get("/api/docs")).text
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)
    assert set(re.findall(r'aria-labelledby="([^"]+)"', page)) <= set(ids)
    assert page.count("<h1") == 1
    assert '<div class="api-docs" lang="en" dir="ltr">' in page


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
def test_commands_can_be_pasted(operation: Operation) -> None:
    words = shlex.split(show_curl(operation, BASE).replace("\\\n", " "))
    assert words[0] == "curl"
    assert words[1].startswith(f"{BASE}/")
    assert "{" not in words[1]
    assert ("X-ApiKey: YOUR_KEY" in words) is isinstance(operation.door, Keyed)
    assert ("-d" in words) is (operation.body is not None)


def test_prose_is_escaped() -> None:
    assert prose("a <b> & `c<d`\n\ne") == "<p>a &lt;b&gt; &amp; <code>c&lt;d</code></p>\n<p>e</p>"
