"""What requests of the Issuers API carry: `{"parameters": {…}}`, or the parameters themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from typing import Any

from starlette.requests import Request

from badgefed.api.requests import MAX_BYTES, is_json, parse_json, read_bytes
from badgefed.errors import Invalid, UnsupportedMedia
from badgefed.protocol.bodies import Body, Field, Kind, Rule, Values

ENVELOPE = "parameters"
MAX_PICTURE_BYTES = 7_500_000
NO_PARAMETERS = "parameters must be an object"
MISSING = "missing required parameters: {names}"


class Parameters(Body):
    """A body that may stand in an envelope."""

    def read(self, document: object) -> Values:
        """As `Body.read`, of the parameters in either form."""
        return super().read(_unwrap(document))

    def given(self, document: object) -> frozenset[str]:
        """As `Body.given`, of the parameters in either form."""
        return super().given(_unwrap(document))

    def schema(self) -> dict[str, Any]:
        """Of both forms."""
        members = self.members_schema()
        return {
            "type": "object",
            "description": self.description,
            "properties": {ENVELOPE: members},
            "anyOf": [{"required": [ENVELOPE]}, members],
        }


def _unwrap(document: object) -> object:
    """Raises `Invalid` for an envelope with anything else in it."""
    if not isinstance(document, dict) or ENVELOPE not in document:
        return document
    if not isinstance(document[ENVELOPE], dict):
        raise Invalid(NO_PARAMETERS)
    return document[ENVELOPE]


async def read_parameters(request: Request, parameters: Parameters, *, max_bytes: int = MAX_BYTES) -> Values:
    """The value of each parameter, None where it is absent. Raises `TooLarge`, `UnsupportedMedia`, `Invalid`."""
    return parameters.read(await _read_document(request, max_bytes))


async def read_changes(
    request: Request, parameters: Parameters, *, clearable: Collection[str], max_bytes: int = MAX_BYTES
) -> Mapping[str, Any]:
    """The parameters that are given. One that is empty counts as not given, but where it is `clearable`: then it is None.

    Raises as `read_parameters`.
    """
    document = await _read_document(request, max_bytes)
    values, given = parameters.read(document), parameters.given(document)
    return {
        name: value
        for name, value in values.items()
        if name in given and (value is not None or name in clearable)
    }


async def read_optional(request: Request, parameters: Parameters) -> Values:
    """As `read_parameters`, where there may be no body at all."""
    data = await read_bytes(request)
    return parameters.read(parse_json(data) if data.strip() else {})


async def _read_document(request: Request, max_bytes: int) -> object:
    data = await read_bytes(request, max_bytes=max_bytes)
    if data.strip() and not is_json(request.headers.get("content-type", "")):
        raise UnsupportedMedia("Content-Type must be application/json")
    if not data.strip():
        return {}
    document = parse_json(data) if len(data) <= MAX_BYTES else await asyncio.to_thread(parse_json, data)
    if not isinstance(document, dict):
        raise Invalid("request body must be a JSON object")
    return document


def text_field(
    name: str, description: str, example: str, *, form: str | None = None, wrong_kind: str | None = None
) -> Field:
    """A parameter that is a text; `form` is its format in the schema."""
    return Field(
        name=name,
        kind=Kind.TEXT,
        wrong_kind=wrong_kind or f"{name} must be a string",
        description=description,
        example=example,
        format=form,
    )


def _required(names: Collection[str]) -> dict[str, Any]:
    return {"required": list(names), "properties": {name: {"minLength": 1} for name in names}}


def all_given(*names: str, parts: Mapping[str, tuple[str, ...]] | None = None) -> Rule:
    """All of the parameters are there, and what `parts` names in those that are objects; else lists what is missing."""

    def missing(values: Values) -> list[str]:
        found: list[str] = []
        for name in names:
            value = values[name]
            if value is None:
                found.append(name)
            else:
                wanted = (parts or {}).get(name, ())
                found += [f"{name}.{part}" for part in wanted if value[part] is None]
        return found

    return Rule(
        fields=names,
        text=MISSING.format(names=", ".join(names)),
        holds=lambda values: not missing(values),
        tell=lambda values: MISSING.format(names=", ".join(missing(values))),
        schema=_required(names),
    )


def expected(*names: str) -> Rule:
    """Says in the schema that these are required, where a rule of the whole body sees to it."""
    return Rule(fields=names, text="", holds=lambda _: True, schema=_required(names))


def shortest(name: str, limit: int, text: str) -> Rule:
    """At least `limit` characters."""
    return Rule(
        fields=(name,),
        text=text,
        holds=lambda values: values[name] is None or len(values[name]) >= limit,
        schema={"properties": {name: {"minLength": limit}}},
    )


def within(name: str, rule: Rule) -> Rule:
    """The rule, of the members of an object."""
    return Rule(
        fields=(name,),
        text=rule.text,
        holds=lambda values: values[name] is None or rule.holds(values[name]),
        schema={"properties": {name: rule.schema}},
    )
