"""Bodies that operations take: what may be in them is said once, and read, checked and put into OpenAPI from there.

A body has fields and, in the order in which they are checked, rules. Member names are taken in any case, texts are
trimmed, an empty text counts as absent, whole numbers may come as strings, and unknown members are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from badgefed.errors import Invalid
from badgefed.model.recipient import EMAIL, parse_handle

MAX_INTEGER = 2**53 - 1
MAX_EMAIL = 254

Failures = Mapping[str, list[str]]
Values = Mapping[str, Any]
Schema = Mapping[str, Any]

_INTEGER = re.compile(r"[+-]?[0-9]{1,20}")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_CONTROL_IN_LINES = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_URL = re.compile(r"https?://[^\s\x00-\x20\x7f-\x9f<>\"\\^`{|}]+", re.IGNORECASE)
# All that is read as a URL matches, white space around it and an empty text for none included; not all that matches is one.
_URL_SCHEMA = r"[Hh][Tt][Tt][Pp][Ss]?://[^\s\x00-\x20\x7f-\x9f<>\"\\^`{|}]+"
_HANDLE_SCHEMA = r"(acct:|@)[A-Za-z0-9_][A-Za-z0-9_.-]*@[A-Za-z0-9.:\[\]-]+"
_LOOSE_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+")


class InvalidBody(Invalid):
    """A body that breaks rules: `failures` has all of them by field, the error's own text is the first."""

    def __init__(self, text: str, *, failures: Failures, field: str | None = None) -> None:
        super().__init__(text, field=field)
        self.failures = failures


class Kind(StrEnum):
    """JSON types of fields, by the name that JSON Schema has for them."""

    INTEGER = "integer"
    TEXT = "string"
    BOOLEAN = "boolean"
    OBJECT = "object"
    LIST = "array"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A member of a body. `wrong_kind` is the answer to a value of another JSON type.

    `parts` says what is in an object, which is read by it, or in each item of a list, which is left to who takes it.
    `format` is for the schema alone. `is_exact`: a text that is not trimmed.
    """

    name: str
    kind: Kind
    wrong_kind: str
    description: str
    example: str | int | Sequence[Any] | Mapping[str, Any]
    parts: Body | None = None
    format: str | None = None
    is_exact: bool = False

    @property
    def label(self) -> str:
        """The name under which its failures are listed."""
        return self.name[0].upper() + self.name[1:]

    def schema(self) -> dict[str, Any]:
        described: dict[str, Any] = {
            "type": self.kind.value,
            "description": self.description,
            "examples": [self.example],
        }
        if self.format is not None:
            described["format"] = self.format
        if self.kind is Kind.LIST:
            return {**described, "items": self.parts.schema() if self.parts else {"type": Kind.TEXT.value}}
        return {**self.parts.schema(), **described} if self.parts else described

    def read(self, value: object) -> Any:
        """The value as the body gives it on. Raises ValueError for another JSON type, `InvalidBody` for what is in an object."""
        found = _READERS[self.kind](value)
        if self.is_exact:
            return value
        if self.kind is not Kind.OBJECT or self.parts is None or found is None:
            return found
        return self.parts.read(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What must hold of some fields, what is said where it doesn't, and what JSON Schema can say of it.

    `tell` makes the text where it depends on the values; `text` then is what the documentation shows.
    """

    fields: tuple[str, ...]
    text: str
    holds: Callable[[Values], bool]
    tell: Callable[[Values], str] | None = None
    schema: Schema = field(default_factory=dict)


class Body:
    """A JSON object that an operation takes."""

    def __init__(
        self, *, name: str, description: str, fields: tuple[Field, ...], rules: tuple[Rule, ...]
    ) -> None:
        self.name = name
        self.description = description
        self.fields = fields
        self.rules = rules
        self._by_name = {item.name.lower(): item for item in fields}

    def read(self, document: object) -> Values:
        """The value of each field, None where it is absent. Raises `InvalidBody` with everything that is wrong."""
        members = self._members(document)
        values: dict[str, Any] = {}
        failures: dict[str, list[str]] = {}
        first: list[tuple[str, str]] = []
        for item in self.fields:
            values[item.name] = None
            try:
                values[item.name] = item.read(members.get(item.name))
            except ValueError:
                failures[item.label] = [item.wrong_kind]
                first.append((item.wrong_kind, item.name))
            except InvalidBody as inner:
                failures[item.label] = [str(inner)]
                first.append((str(inner), f"{item.name}.{inner.field}"))
        unreadable = set(failures)
        for rule in self.rules:
            labels = [self._by_name[name.lower()].label for name in rule.fields]
            if not unreadable.intersection(labels) and not rule.holds(values):
                text = rule.tell(values) if rule.tell else rule.text
                first.append((text, rule.fields[0]))
                for label in labels:
                    failures.setdefault(label, []).append(text)
        if first:
            text, name = first[0]
            raise InvalidBody(text, failures=failures, field=name)
        return values

    def given(self, document: object) -> frozenset[str]:
        """The names of the fields that are there, whatever their values."""
        return frozenset(self._members(document))

    def _members(self, document: object) -> dict[str, Any]:
        if document is None:
            raise Invalid("Request body is required")
        if not isinstance(document, dict):
            raise Invalid("Request body must be a JSON object")
        members: dict[str, Any] = {}
        for name, value in document.items():
            known = self._by_name.get(name.lower())
            if known is None:
                continue
            if known.name in members:
                raise Invalid(f"Request body has {known.name} more than once", field=known.label)
            members[known.name] = value
        return members

    def schema(self) -> dict[str, Any]:
        """JSON Schema 2020-12 of the body in its plain form."""
        return self.members_schema()

    def members_schema(self) -> dict[str, Any]:
        """The schema of the object whose members are the fields."""
        schema: dict[str, Any] = {
            "type": "object",
            "description": self.description,
            "properties": {item.name: item.schema() for item in self.fields},
        }
        for rule in self.rules:
            _merge(schema, rule.schema)
        required = schema.get("required", [])
        for name, member in schema["properties"].items():
            if name not in required:
                member["type"] = [member["type"], "null"]
        return schema


def _merge(schema: dict[str, Any], addition: Schema) -> None:
    for name, value in addition.items():
        present = schema.get(name)
        if isinstance(present, dict) and isinstance(value, Mapping):
            _merge(present, value)
        elif isinstance(present, list):
            present.extend(value)
        else:
            schema[name] = list(value) if isinstance(value, list) else value


def _read_text(value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise ValueError
    return (value.strip() or None) if value else None


def _read_integer(value: object) -> int | None:
    if isinstance(value, str):
        value = value.strip()
        if value and not _INTEGER.fullmatch(value):
            raise ValueError
        value = int(value) if value else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > MAX_INTEGER:
        raise ValueError
    return value


def _read_object(value: object) -> dict[str, Any] | None:
    if value is not None and not isinstance(value, dict):
        raise ValueError
    return value


def _read_boolean(value: object) -> bool | None:
    if value is not None and not isinstance(value, bool):
        raise ValueError
    return value


def _read_list(value: object) -> list[Any] | None:
    if value is not None and not isinstance(value, list):
        raise ValueError
    return value


_READERS: Mapping[Kind, Callable[[object], Any]] = {
    Kind.TEXT: _read_text,
    Kind.INTEGER: _read_integer,
    Kind.BOOLEAN: _read_boolean,
    Kind.OBJECT: _read_object,
    Kind.LIST: _read_list,
}


def _property(name: str, **keywords: Any) -> Schema:
    return {"properties": {name: keywords}}


def required(name: str, text: str) -> Rule:
    """Given; a text that isn't blank, an object or a list also where it is empty."""
    return Rule(
        fields=(name,),
        text=text,
        holds=lambda values: values[name] is not None,
        schema={"required": [name], **_property(name, minLength=1)},
    )


def positive(name: str, text: str) -> Rule:
    """Required, and greater than 0."""
    return Rule(
        fields=(name,),
        text=text,
        holds=lambda values: (values[name] or 0) > 0,
        schema={"required": [name], **_property(name, minimum=1, maximum=MAX_INTEGER)},
    )


def one_of(names: tuple[str, ...], text: str) -> Rule:
    """At least one of the texts is given."""
    return Rule(
        fields=names,
        text=text,
        holds=lambda values: any(values[name] is not None for name in names),
        schema={
            "allOf": [
                {
                    "anyOf": [
                        {"required": [name], "properties": {name: {"type": "string", "minLength": 1}}}
                        for name in names
                    ]
                }
            ]
        },
    )


def exactly_one_of(names: tuple[str, ...], text: str) -> Rule:
    """One of the members is given, and no other of them."""
    given = [{"required": [name], "properties": {name: {"not": {"type": "null"}}}} for name in names]
    return Rule(
        fields=names,
        text=text,
        holds=lambda values: sum(values[name] is not None for name in names) == 1,
        schema={"oneOf": given},
    )


def web_address_schema(name: str) -> Schema:
    """What JSON Schema can say of a field that holds an http(s) URL."""
    return _property(name, format="uri", pattern=rf"^\s*({_URL_SCHEMA})?\s*$")


def web_address(name: str, text: str) -> Rule:
    """An absolute http(s) URL."""
    return Rule(
        fields=(name,),
        text=text,
        holds=lambda values: values[name] is None or is_web_address(values[name]),
        schema=web_address_schema(name),
    )


def matching(name: str, pattern: str, text: str, *, may_be_blank: bool = False) -> Rule:
    """A text that matches the regular expression from its beginning to its end; `may_be_blank`: none at all does as well."""
    whole = re.compile(pattern)
    return Rule(
        fields=(name,),
        text=text,
        holds=lambda values: values[name] is None or whole.fullmatch(values[name]) is not None,
        schema=_property(name, pattern=rf"^\s*(?:{pattern})?\s*$" if may_be_blank else f"^(?:{pattern})$"),
    )


def email_address(name: str, text: str) -> Rule:
    """One that mail can be sent to. Of one that is too long anyway only the rough form is looked at."""

    def holds(values: Values) -> bool:
        value = values[name]
        if value is None:
            return True
        pattern = EMAIL if len(value) <= MAX_EMAIL else _LOOSE_EMAIL
        return pattern.fullmatch(value) is not None

    return Rule(fields=(name,), text=text, holds=holds, schema=_property(name, format="email"))


def profile(name: str, text: str) -> Rule:
    """An http(s) URL with a host, or a Fediverse handle."""
    return Rule(
        fields=(name,),
        text=text,
        holds=lambda values: (
            values[name] is None or is_web_address(values[name]) or parse_handle(values[name]) is not None
        ),
        schema=_property(
            name, format="fediverse-profile", pattern=rf"^\s*({_URL_SCHEMA}|{_HANDLE_SCHEMA})?\s*$"
        ),
    )


def longest(name: str, limit: int, text: str) -> Rule:
    """At most `limit` characters (Unicode code points)."""
    return Rule(
        fields=(name,),
        text=text,
        holds=lambda values: len(values[name] or "") <= limit,
        schema=_property(name, maxLength=limit),
    )


def plain(name: str, text: str, *, lines: bool = False) -> Rule:
    """No control characters; line breaks and tabs only where there may be several `lines`."""
    pattern = _CONTROL_IN_LINES if lines else _CONTROL
    excluded = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f" if lines else r"\x00-\x1f\x7f-\x9f"
    return Rule(
        fields=(name,),
        text=text,
        holds=lambda values: pattern.search(values[name] or "") is None,
        schema=_property(name, format="plain-text", pattern=rf"^\s*[^{excluded}]*\s*$"),
    )


def is_web_address(text: str) -> bool:
    """Whether it is an absolute http or https URL with a host and without user name or password."""
    if not _URL.fullmatch(text):
        return False
    try:
        parts = urlsplit(text)
        return bool(parts.hostname) and "@" not in parts.netloc and (parts.port is None or parts.port > 0)
    except ValueError:
        return False
